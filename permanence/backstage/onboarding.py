# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page on which a client is set up, from his number to the first call that arrives: for owner and supervisor.

One column of steps; each is done by one operation, ticks itself by what is there, and can be left and taken up again.
The state of the test call is a part of its own, fetched again when something arrives.
"""

from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as now_in_words
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.backstage import flag_warnings
from permanence.backstage import onboarding_forms as forms
from permanence.backstage.client_list import state_words
from permanence.backstage.onboarding_acts import ACTS, Scene
from permanence.backstage.onboarding_agenda import AgendaStep, agenda_step
from permanence.backstage.onboarding_refusals import FIELDS, told
from permanence.backstage.start import phone_command
from permanence.calls import queries as calls
from permanence.clients import forwarding as lines
from permanence.clients import queries
from permanence.clients.forwarding import LineView
from permanence.clients.models.forwarding import KINDS
from permanence.clients.opening_words import status
from permanence.clients.proving import NotSeen, SaidContradicts
from permanence.clients.said_words import ChangeWords, change_words
from permanence.clients.unflagged import why_unflagged
from permanence.countries.forwarding import Access, ForwardingMode, Keys
from permanence.foundation import access, moments
from permanence.foundation.folded import folded
from permanence.foundation.rules import Role
from permanence.foundation.who import supervisor_only, who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.reception.absence import closes, in_force
from permanence.reception.table import ANSWERED
from permanence.switchboard import queries as switchboard
from permanence.switchboard.queries import ProofView
from permanence.switchboard.rules import ProofState, ProofWay, can_be_dialled
from permanence.switchboard.words import direct_words, note_words, spelt, why_words

_CLOCK = SystemClock()
SHOWN_TESTS = 6


def _scene(request: HttpRequest, client: str, number: str) -> Scene:
    by, at = who(request), _CLOCK.now()
    access.demand(by, client=client, subject=f"clients.client:{client}")
    try:
        file = queries.client_file(house=by.house, client=client, at=at)
    except queries.ClientUnknown as error:
        raise Http404(client) from error
    found = lines.lines_of(house=by.house, client=client)
    chosen = next((each for each in found if each.number == number), None)
    if number and chosen is None:
        raise Http404(number)
    return Scene(by=by, at=at, file=file, lines=found, line=chosen or next(iter(found), None))


class DrawnTest(NamedTuple):
    """One test in words. `tone`: run, good, bad or none; `numbers`: who called and what was forwarded."""

    key: str
    open: bool
    tone: str
    when: str
    by: str
    what: str
    next: str
    numbers: str = ""


def _drawn(test: ProofView, scene: Scene, numbers: str) -> DrawnTest:
    zone = ZoneInfo(scene.file.view.time_zone)
    when = moments.day_and_hour(test.asked_at, zone, now=scene.at)
    by = test.asked_by or now_in_words("each day")
    if test.is_open:
        until = moments.hour(test.ends_at, zone)
        watched = test.way is ProofWay.WATCHED
        words = _("Waiting for the call, until %(until)s.") if watched else _("The house calls %(number)s.")
        what = str(words) % {"until": until, "number": spelt(test.called)}
        return DrawnTest(test.key, True, "run", when, by, what, "")
    if test.why is not None:
        told = why_words(test.why, test.detail)
        return DrawnTest(test.key, False, "bad", when, by, told.what, told.next)
    if test.state is ProofState.STOPPED:
        return DrawnTest(test.key, False, "none", when, by, now_in_words("Stopped."), "")
    if test.is_direct:
        direct = direct_words(test.called)
        return DrawnTest(test.key, False, "none", when, by, direct.what, direct.next, numbers)
    noted = note_words(test.note, test.detail)
    more = f"{noted.what} {noted.next}".strip()
    return DrawnTest(test.key, False, "good", when, by, now_in_words("The call arrived."), more, numbers)


def _drawn_tests(tests: tuple[ProofView, ...], scene: Scene) -> list[DrawnTest]:
    """The tests, with the numbers that the calls of persons showed."""
    made = {each.ended_at for each in tests if each.is_passed and each.way is ProofWay.WATCHED}
    arrived = {each for each in made if each is not None}
    shown = calls.numbers_shown(house=scene.by.house, client=scene.client, moments=arrived) if arrived else {}

    def numbers(test: ProofView) -> str:
        found = shown.get((test.number, test.ended_at)) if test.ended_at in arrived and test.ended_at else None
        return "" if found is None else _said_numbers(*found)

    return [_drawn(each, scene, numbers(each)) for each in tests]


def _said_numbers(caller: str, forwarded: str) -> str:
    """Who called and which number was forwarded, as the call showed them ("": it did not)."""
    words = {"caller": spelt(caller), "forwarded": spelt(forwarded)}
    if caller:
        said = _("From %(caller)s, forwarded from %(forwarded)s.") if forwarded else _("From %(caller)s.")
    elif forwarded:
        said = _("From a withheld number, forwarded from %(forwarded)s.")
    else:
        said = _("From a withheld number.")
    return str(said) % words


class DrawnKeys(NamedTuple):
    """What to dial for one kind of forwarding; `tel` for a telephone that opens it."""

    kind: str
    activate: str
    deactivate: str
    query: str
    tel: str
    checked: bool


def _drawn_keys(keys: Keys) -> DrawnKeys:
    kind = str(dict(KINDS)[keys.kind.value])
    tel = "tel:" + quote(keys.activate, safe="*+")
    return DrawnKeys(kind, keys.activate, keys.deactivate, keys.query, tel, keys.checked)


class Step(NamedTuple):
    """One step as the list at the top shows it. `waits`: what has to be done before it, "" for nothing."""

    code: str
    title: str | Promise
    done: bool
    can_wait: bool = False
    waits: str | Promise = ""


def _dial_waits(line: LineView | None, *, has_trunk: bool) -> str | Promise:
    """Why the house cannot call his number, now or each day; "" where it can."""
    if not has_trunk:
        return _("The house has no trunk yet: it can call nobody.")
    if settings.DEMONSTRATION:
        return _("The demonstration has no outside line: it can call nobody.")
    if line is None or not line.dialled_by_callers:
        return _("First write down, under “His telephone”, the number that his callers dial.")
    if not can_be_dialled(line.mode):
        return _("Only calls that find him busy come to us: a call of the house would find him free.")
    return ""


def _played(line: LineView | None) -> str:
    """The command that plays a caller to his line in the demonstration; "" in a real house, or before it is known."""
    if not settings.DEMONSTRATION or line is None or not line.dialled_by_callers:
        return ""
    forwarded = "" if line.mode is ForwardingMode.DIRECT else line.public_number
    return phone_command(line.number, forwarded_from=forwarded)


class Minute(NamedTuple):
    """How his calls fare at this minute. `words`: until when he is open or closed."""

    is_open: bool
    words: str


def _minute(scene: Scene) -> Minute:
    file = scene.file
    away = [each.ends for each in file.absences if closes(each) and in_force(each, scene.at)]
    if away:
        when = moments.day_and_hour(max(away), ZoneInfo(file.view.time_zone), now=scene.at)
        return Minute(False, now_in_words("Closed by an absence (ends %(when)s).") % {"when": when})
    return Minute(*status(file.hours, file.view, at=scene.at))


def _steps(scene: Scene, tests: tuple[ProofView, ...], clock: str, agenda: AgendaStep | None) -> tuple[Step, ...]:
    line, file = scene.line, scene.file
    ended = [each for each in tests if each.state in {ProofState.PASSED, ProofState.FAILED}]
    proved = bool(ended) and ended[0].proves
    waits = _("First give him a number of the house.") if line is None else ""
    booked = () if agenda is None else (Step("agenda", _("Agenda"), agenda.done, can_wait=True),)
    return (
        Step("number", _("Number"), line is not None),
        Step("phone", _("His telephone"), line is not None and bool(line.dialled_by_callers), waits=waits),
        Step("greeting", _("Greeting"), bool(file.greetings)),
        Step("hours", _("Hours"), file.hours.always or bool(file.hours.week)),
        *booked,
        Step("codes", _("Codes"), proved or (line is not None and line.mode is ForwardingMode.DIRECT), waits=waits),
        Step("test", _("Test call"), proved, waits=waits),
        Step("answer", _("In service"), file.view.state in ANSWERED, waits=waits),
        Step("daily", _("Each day"), bool(clock), can_wait=True, waits=waits),
    )


def _context(scene: Scene) -> dict[str, Any]:
    line, view, house = scene.line, scene.file.view, scene.by.house
    number = "" if line is None else line.number
    found = switchboard.proofs_of(house=house, client=scene.client, limit=40)
    tests = tuple(each for each in found if each.number == number)
    checks, has_trunk = switchboard.dialling(house=house, client=scene.client)
    clock = checks.get(number, "")
    keys = () if line is None else lines.keys_for(line, house=house, country=view.country, on=scene.at.date())
    agenda = agenda_step(scene.file, by=scene.by, at=scene.at)
    steps = _steps(scene, tests, clock, agenda)
    return {
        "client": view,
        "house": house,
        "lines": [(each, spelt(each.number)) for each in scene.lines],
        "line": line,
        "number": spelt(number),
        "public": "" if line is None else spelt(line.dialled_by_callers),
        "direct": line is not None and line.mode is ForwardingMode.DIRECT,
        "has_trunk": has_trunk,
        "dial_waits": _dial_waits(line, has_trunk=has_trunk),
        "mobile": line is not None and line.access is Access.MOBILE,
        "keys": [_drawn_keys(each) for each in keys],
        "unchecked": any(not each.checked for each in keys),
        "steps": steps,
        "agenda": agenda,
        "left": sum(1 for each in steps if not each.done and not each.can_wait),
        "tests": _drawn_tests(tests[:SHOWN_TESTS], scene),
        "clock": clock,
        "state": state_words().get(view.state, view.state),
        "answered": view.state in ANSWERED,
        "minute": _minute(scene),
        "flags": flag_warnings.warning(why_unflagged(view, house=house, script=scene.file.script, at=scene.at)),
        "demonstration": settings.DEMONSTRATION,
        "played": _played(line),
        "here": quote(_address(scene.client, number, "answer")),
        "is_secretary": Role.SECRETARY in scene.by.roles,
        "is_owner": Role.OWNER in scene.by.roles,
    }


def _forms(scene: Scene, clock: str) -> dict[str, forms.StepForm]:
    found: dict[str, forms.StepForm] = {
        name: act.form(file=scene.file, line=scene.line) for name, act in ACTS.items() if act.form is not forms.StepForm
    }
    found["daily"].initial["clock"] = clock
    return found


PARTS = {"steps": "backstage/onboarding_steps.html", "test": "backstage/onboarding_test.html"}


@never_cache
@require_safe
@supervisor_only
def overview(request: HttpRequest) -> HttpResponse:
    """Every client, and whether his calls are proved to come to us."""
    by, at = who(request), _CLOCK.now()
    wanted = request.GET.get("name", "").strip()[:80]
    proved = switchboard.last_proofs(house=by.house)
    numbers: dict[str, list[str]] = {}
    for each in lines.lines_of_house(house=by.house):
        numbers.setdefault(each.client, []).append(each.number)
    rows = [
        (
            client,
            [
                (spelt(number), *_proved(proved.get((client.id, number)), client.time_zone, at))
                for number in numbers.get(client.id, ())
            ],
        )
        for client in queries.clients(house=by.house)
        if by.may_see(client.id) and folded(wanted) in folded(client.name)
    ]
    roles = {"is_secretary": Role.SECRETARY in by.roles, "is_owner": Role.OWNER in by.roles}
    return render(request, "backstage/onboarding_clients.html", {"rows": rows, "wanted": wanted, **roles})


def _proved(test: ProofView | None, zone: str, at: datetime) -> tuple[str, str]:
    if test is None or test.ended_at is None:
        return "none", now_in_words("never tested")
    when = moments.day_and_hour(test.ended_at, ZoneInfo(zone), now=at)
    if test.proves:
        return "good", now_in_words("arrived %(when)s") % {"when": when}
    if test.is_direct:
        return "none", now_in_words("arrived directly %(when)s: forwarding is not proved") % {"when": when}
    return "bad", now_in_words("did not arrive %(when)s") % {"when": when}


def _address(client: str, number: str, step: str) -> str:
    """The page of a client at a step, about his line of this number ("": the first)."""
    line = f"?{urlencode({'line': number})}" if number else ""
    return f"{reverse('onboarding:page', args=(client,))}{line}#{step}"


@never_cache
@require_safe
@supervisor_only
def page(request: HttpRequest, client: str) -> HttpResponse:
    """The page of one client, or with `part` (steps, test) only that part of it, which changes by itself."""
    scene = _scene(request, client, request.GET.get("line", ""))
    context = _context(scene)
    part = PARTS.get(request.GET.get("part", ""))
    if part is not None:
        return render(request, part, context)
    return render(request, "backstage/onboarding.html", {**context, "forms": _forms(scene, context["clock"])})


@never_cache
@require_POST
@supervisor_only
def act(request: HttpRequest, client: str, act: str) -> HttpResponse:
    """Do one step; back to the page, or the page again with what is wrong in it (422)."""
    step = ACTS.get(act)
    if step is None:
        raise Http404(act)
    scene = _scene(request, client, request.POST.get("line", ""))
    change: ChangeWords | None = None
    form = step.form(request.POST, file=scene.file, line=scene.line)
    if form.is_valid():
        try:
            number = step.save(scene, form, seen=request.POST.get("seen", "")) or request.POST.get("line", "")
        except (NotSeen, SaidContradicts) as seen:
            change = change_words(seen.found)
        except Refusal as refusal:
            field = FIELDS.get(refusal.code)
            form.add_error(field if field in form.fields else None, told(refusal))
        else:
            return HttpResponseRedirect(_address(client, number, step.step), status=303)
    context = _context(scene)
    shown = {**_forms(scene, context["clock"]), act: form}
    return render(
        request, "backstage/onboarding.html", {**context, "forms": shown, "wrong": act, "change": change}, status=422
    )
