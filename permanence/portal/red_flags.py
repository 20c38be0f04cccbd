# SPDX-License-Identifier: AGPL-3.0-or-later
"""The red flags of the client's script in plain words, validated by the doctor himself, on the day he does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.clients import approvals, remark_operations, script_operations
from permanence.clients import queries as clients
from permanence.clients.queries import PortalAccess
from permanence.clients.rules.approvals import REMARK_LIMIT, ProposalKind
from permanence.clients.rules.script import NO, YES, Clause, RedFlag, Sample, Script
from permanence.clients.rules.script_run import progress
from permanence.clients.validation_queries import FlagList, flag_lists, validations_so_far
from permanence.foundation.who import Who, portal_only
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.account import own
from permanence.portal.waiting import is_doctor
from permanence.reception.table import RecipientEntry

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()
SAID = {
    "valid": gettext_lazy("The red flags are validated and in force."),
    "ahead": gettext_lazy("The red flags are validated. They are in force once this version is published."),
    "remarked": gettext_lazy("Your remark is with the house. It changes the list or answers you here."),
    "waits": gettext_lazy("Your validation waits for a second person; the red flags are not in force before."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One red flag in words. `heard` in what is written, `answers` that raise it, `asks`, `say`; `alerts`: a name."""

    label: str
    heard: tuple[str, ...]
    answers: tuple[str, ...]
    asks: tuple[str, ...]
    say: str
    alerts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A sample call: what was answered and heard, which red flags it raises ("" none); `right`: as it says it must."""

    name: str
    said: tuple[str, ...]
    raises: str
    route: str
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One list with what its sample calls come to."""

    listed: FlagList
    flags: tuple[Flag, ...]
    samples: tuple[Tried, ...]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def red_flags(request: HttpRequest, client: str) -> HttpResponse:
    """The lists of the draft and of the script in force. POST validates one, or says what is not right in it (`act`:
    "remark"), as the practitioner who is signed in."""
    by, _view = own(request, client)
    me = next(each for each in clients.portal_access(house=by.house, person=by.person) if each.client.id == client)
    if request.method != "POST":
        return _page(request, by, me)
    if not is_doctor(me):
        raise PermissionDenied("red flags are validated by a practitioner of the client")
    act = _remark if request.POST.get("act") == "remark" else _validate
    try:
        said = act(request, by, me, at=_CLOCK.now())
    except (Refusal, ValueError) as refusal:
        return _page(request, by, me, failed=_why(refusal))
    return HttpResponseRedirect(f"{reverse('portal_flags', args=[client])}?said={said}#t-page", status=303)


def _validate(request: HttpRequest, by: Who, me: PortalAccess, *, at: datetime) -> str:
    """What to say of it. Raises the refusals of `validate_red_flags`, ValueError for a version that is no number."""
    client = me.client.id
    body = {
        "version": _version(request),
        "red_flags": request.POST.get("red_flags", ""),
        "doctor": me.recipient.id if me.recipient else "",
        "validated": at.astimezone(ZoneInfo(me.client.time_zone)).date().isoformat(),
        "last": validations_so_far(house=by.house, client=client),
    }
    waits = approvals.submit(client=client, kind=ProposalKind.RED_FLAGS, body=body, by=by, at=at, entropy=_ENTROPY)
    if waits:
        return "waits"
    lists = flag_lists(house=by.house, client=client, at=at)
    return "ahead" if any(each.draft and each.version == body["version"] for each in lists) else "valid"


def _remark(request: HttpRequest, by: Who, me: PortalAccess, *, at: datetime) -> str:
    """What to say of it. Raises the refusals of `remark`."""
    remark_operations.remark(
        client=me.client.id,
        version=_version(request),
        red_flags=request.POST.get("red_flags", ""),
        doctor=me.recipient.id if me.recipient else "",
        words=request.POST.get("words", ""),
        by=by,
        at=at,
    )
    return "remarked"


def _version(request: HttpRequest) -> int:
    """The version of the form, 0 for none."""
    version = request.POST.get("version", "")
    return int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else 0


def _page(request: HttpRequest, by: Who, me: PortalAccess, *, failed: str = "") -> HttpResponse:
    at, view = _CLOCK.now(), me.client
    recipients = clients.client_file(house=by.house, client=view.id, at=at).recipients
    context = {
        "client": view,
        "tab": "line",
        "lists": [_shown(each, recipients) for each in flag_lists(house=by.house, client=view.id, at=at)],
        "is_doctor": is_doctor(me),
        "said": SAID.get(request.GET.get("said", ""), ""),
        "failed": failed,
        "words": request.POST.get("words", "")[:REMARK_LIMIT],
        "about": _version(request),
        "remark_limit": REMARK_LIMIT,
    }
    return render(request, "portal/red_flags.html", context, status=422 if failed else 200)


def _shown(listed: FlagList, recipients: Sequence[RecipientEntry]) -> Shown:
    script, names = listed.script, {each.id: each.name for each in recipients}
    return Shown(
        listed=listed,
        flags=tuple(_flag(each, script, names) for each in script.red_flags),
        samples=tuple(_tried(each, script, names) for each in script.samples),
    )


def _flag(flag: RedFlag, script: Script, names: dict[str, str]) -> Flag:
    return Flag(
        label=flag.label,
        heard=tuple(f"{each.rstrip('*')}…" if each.endswith("*") else each for each in flag.words),
        answers=tuple(_clause(each, script) for each in flag.when),
        asks=flag.asks,
        say=flag.say,
        alerts=names.get(flag.alert.recipient, "") if flag.alert else "",
    )


def _clause(clause: Clause, script: Script) -> str:
    """An answer that raises the flag, as question and answer."""
    question = script.question(clause.question)
    asked = question.ask if question else clause.question
    if clause.one_of:
        said = ", ".join(_answer(each, clause.question, script) for each in clause.one_of)
        return f"{asked} {said}"
    least, below = clause.at_least, clause.below
    if below is None:
        return _("%(question)s at least %(least)g") % {"question": asked, "least": least or 0}
    if least is None:
        return _("%(question)s below %(below)g") % {"question": asked, "below": below}
    return _("%(question)s from %(least)g to below %(below)g") % {"question": asked, "least": least, "below": below}


def _answer(code: str, key: str, script: Script) -> str:
    question = script.question(key)
    choices = {each.code: each.label for each in question.choices} if question else {}
    return str({YES: _("yes"), NO: _("no")}.get(code, choices.get(code, code)))


def _tried(sample: Sample, script: Script, names: dict[str, str]) -> Tried:
    optional = {each.id: "" for each in script.questions if not each.required}
    found = progress(script, {**optional, **sample.answers}, heard=sample.heard, recipients=names)
    labels = {each.id: each.label for each in script.red_flags}
    route = script.route(found.route)
    said = [
        f"{question.ask} {names.get(answer) or _answer(answer, question.id, script)}"
        for question in script.questions
        if (answer := sample.answers.get(question.id, ""))
    ]
    return Tried(
        name=sample.name,
        said=(*said, *([f"«\u00a0{sample.heard}\u00a0»"] if sample.heard else [])),
        raises=", ".join(labels.get(each, each) for each in found.red_flags),
        route=route.label if route else "",
        right=found.red_flags == sample.expect.red_flags and found.route == sample.expect.route,
    )


def _why(refusal: Exception) -> str:
    """The refusal in plain words."""
    if isinstance(refusal, script_operations.ScriptRefused):
        return _("The script is not sound yet: the house has to correct it before it can be validated.")
    if isinstance(refusal, script_operations.DoctorUnknown):
        return _("You receive messages no longer: ask the house.")
    if isinstance(refusal, remark_operations.WordsMissing):
        return _("Say in a few words what is not right.")
    if isinstance(refusal, approvals.TooManyWaiting):
        return _("Too many changes wait for a second person: have some approved first.")
    return _("The red flags have changed since. Look at them again, then validate.")
