# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor's day on his telephone: who comes, who has come, how late he is; who is booked in an absence."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from permanence.agenda.answer_words import answers_told
from permanence.agenda.calendar_pages import unread_lines
from permanence.agenda.interop.owners import own_agendas
from permanence.agenda.operations import day as day_acts
from permanence.agenda.operations import visits
from permanence.agenda.place_words import where
from permanence.agenda.queries import agendas, appointments, days
from permanence.agenda.queries.calendars import unread_for_long
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.queries.kept_booked import still_booked
from permanence.agenda.queries.left_booked import left_in
from permanence.agenda.queries.views import AgendaDays, AgendaView, AppointmentView, HoldView
from permanence.agenda.refusals import AgendaBusy, AgendaUnknown, AppointmentUnknown, NotNow, SpanImpossible
from permanence.agenda.rules.busy import MIDNIGHT, busy_span
from permanence.agenda.rules.follow_ups import ASKED, Wanted
from permanence.agenda.rules.marks import UNKNOWN, Mark, marks_of
from permanence.agenda.rules.states import OF_THE_DAY, STANDING, AppointmentState, Door
from permanence.agenda.state_words import STATES
from permanence.clients import away
from permanence.clients import queries as clients
from permanence.clients.directory_queries import told_sites
from permanence.clients.queries import ClientView
from permanence.foundation import dates, moments
from permanence.foundation.access import NotHers
from permanence.foundation.who import Who, portal_only, who
from permanence.kernel.ids import new_id
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.account import own
from permanence.portal.days import back_to_day, read_day
from permanence.portal.late_reached import late_shown
from permanence.portal.line import SAVED

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()
READS = frozenset({"GET", "HEAD"})
ACTS = {
    "arrived": visits.mark_arrived,
    "done": visits.mark_done,
    "no-show": visits.mark_no_show,
    "back": visits.take_back,
}
TONES: Mapping[AppointmentState, str] = {
    AppointmentState.CONFIRMED: "new",
    AppointmentState.ARRIVED: "warn",
    AppointmentState.NO_SHOW: "danger",
}
"""How the badge of a state looks, where it is no plain one."""
BUSY = _("Others are booking at this moment: try once more. Nothing was changed.")
WANTED: Mapping[Wanted, str | Promise] = {
    Wanted.MOVE: _("Find them another appointment"),
    Wanted.CALL: _("Call them, I decide then"),
    Wanted.CANCEL: _("Cancel their appointment and tell them"),
}
ANNOUNCED = frozenset({"absence", "absence_waits"})
"""What may have been saved just before the booked of an absence are shown."""
BECOMES = {
    "arrived": frozenset({AppointmentState.ARRIVED}),
    "done": frozenset({AppointmentState.DONE}),
    "no-show": frozenset({AppointmentState.NO_SHOW}),
    "back": STANDING,
}
"""Where a visit stands once that is said of it."""
LATE = (5, 10, 15, 20, 25, 30, 40, 45, 50, 60, 90, 120)
"""Minutes that the button offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the day: a visit, busy time or an absence. `acts`: what may be said of the visit now; `block`: the id
    of busy time that he may take away. `mark` of the visit's reason; `said`: what was asked before it was booked.
    `whole`: busy or away all day, which `at` says in words; `until` is empty then. `video`: where the practice meets a
    patient by video, "" for none; `address`: where one at home is visited.
    """

    at: str
    until: str
    name: str
    what: str
    state: str = ""
    tone: str = ""
    key: str = ""
    acts: tuple[str, ...] = ()
    now: bool = False
    over: bool = False
    new: bool = False
    block: str = ""
    mark: Mark | None = None
    said: tuple[tuple[str, str], ...] = ()
    whole: bool = False
    video: str = ""
    address: str = ""


@never_cache
@require_safe
@portal_only
def mine(request: HttpRequest) -> HttpResponse:
    """The agenda of a person; of several, his own first and the choice above."""
    by = who(request)
    found = agendas.agendas(by=by)
    if not found:
        return render(request, "portal/agenda_none.html", {"tab": "agenda"})
    first = next((each for each in found if each.recipient in _recipients(by)), found[0])
    return HttpResponseRedirect(reverse("portal_day_of", args=[first.client, first.id]))


def _recipients(by: Who) -> set[str]:
    return {
        each.recipient.id
        for each in clients.portal_access(house=by.house, person=by.person)
        if each.recipient is not None
    }


@never_cache
@require_safe
@portal_only
def day(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """One day of one agenda. `?part=list` gives its lines alone."""
    by, view, found = reached(request, client, agenda)
    if request.GET.get("part") == "list":
        return _part(request, by, view, found)
    return day_page(request, by, view, found)


@never_cache
@require_POST
@portal_only
def mark(request: HttpRequest, client: str, agenda: str, appointment: str, act: str) -> HttpResponse:
    """The patient is there, was seen, or did not come; said again of a visit of which it is so, nothing changes."""
    by, view, found = reached(request, client, agenda)
    at = _CLOCK.now()
    try:
        visit = appointments.appointment(by=by, appointment=appointment)
    except AppointmentUnknown as unknown:
        raise Http404(appointment) from unknown
    if found.id not in {visit.agenda, visit.also} or act not in ACTS:
        raise Http404(appointment)
    shown, refused = visit.starts_at.astimezone(ZoneInfo(found.time_zone)).date(), ""
    try:
        if visit.state not in BECOMES[act]:
            ACTS[act](key=_act_key(act, visit), appointment=appointment, by=by, at=at)
    except NotNow:
        refused = str(_("That cannot be said of this appointment now."))
    except AgendaBusy:
        refused = str(BUSY)
    if refused:
        return day_page(request, by, view, found, day=shown, refused=refused)
    return back_to_day(request, found, shown, part=f"v-{appointment}")


def _act_key(act: str, visit: AppointmentView) -> str:
    """The id of what is said of a visit: one for as long as nothing else is said of it."""
    about = f"{act} {visit.appointment} {visit.state_at.isoformat()}"
    return f"portal-{hashlib.sha256(about.encode()).hexdigest()}"[:40]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def booked(request: HttpRequest, client: str, absence: str) -> HttpResponse:
    """Those booked whom an absence meets, and what a secretary is to do with them."""
    by, view = own(request, client)
    at, zone = _CLOCK.now(), ZoneInfo(view.time_zone)
    entry = away.absence(house=by.house, client=int(client), absence=absence)
    if entry is None:
        raise Http404(absence)
    failed = ""
    if request.method == "POST":
        wanted, words = request.POST.get("wanted", ""), request.POST.get("words", "")[:200]
        try:
            if wanted in ASKED:
                day_acts.ask_follow_up(client=client, absence=absence, wanted=Wanted(wanted), words=words, by=by, at=at)
                return HttpResponseRedirect(reverse("portal_booked", args=[client, absence]), status=303)
            failed = str(_("Choose what is to be done."))
        except AgendaBusy:
            failed = str(BUSY)
    met = appointments.in_absence(by=by, client=client, absence=absence, at=at)
    asked = {each.visit.appointment: each for each in open_follow_ups(by=by, client=client, at=at)}
    still = {
        each.visit.appointment: each for each in still_booked(by=by, at=at, client=client) if each.absence == absence
    }
    context = {
        "client": view,
        "tab": "line",
        "absence": absence,
        "saved": SAVED[said] if (said := request.GET.get("saved", "")) in ANNOUNCED else "",
        "left": left_in(by=by, client=client, absence=absence, at=at),
        "rows": [
            (
                moments.day_and_hour(each.starts_at, zone, now=at),
                each,
                asked.get(each.appointment),
                still.get(each.appointment),
            )
            for each in met
        ],
        "more": appointments.how_many_in_absence(by=by, client=client, absence=absence, at=at) - len(met),
        "asked": next((asked[each.appointment] for each in met if each.appointment in asked), None),
        "choices": [(each.value, WANTED[each]) for each in ASKED],
        "wanted": WANTED,
        "failed": failed,
    }
    return render(request, "portal/booked_in_absence.html", context, status=422 if failed else 200)


def reached(request: HttpRequest, client: str, agenda: str) -> tuple[Who, ClientView, AgendaView]:
    """The person, his client, and the agenda of that client: a colleague's is there to read, not to change.

    Raises Http404, NotHers, PermissionDenied.
    """
    by, view = own(request, client)
    try:
        found = agendas.agenda(by=by, agenda=agenda)
    except AgendaUnknown as unknown:
        raise Http404(agenda) from unknown
    if found.client != client:
        raise NotHers(subject=f"agenda.agenda:{agenda[:20]}", client=client)
    if request.method not in READS and not is_own(found, by=by):
        raise PermissionDenied("another practitioner's agenda")
    return by, view, found


def is_own(found: AgendaView, *, by: Who) -> bool:
    """Whether the agenda is his to change: a practitioner's own, any for one who sees all of the client."""
    return found.id in {each.id for each in own_agendas(client=found.client, by=by)}


def _asked(request: HttpRequest, today: date) -> date:
    return read_day(request.GET.get("day", "")) or today


def _known(by: Who, found: AgendaView, shown: date, *, at: datetime) -> AgendaDays:
    """What stands in the agenda on a day. Raises Http404 for a day that is none of an agenda."""
    try:
        return days.day(by=by, agendas=[found.id], day=shown, at=at)[0]
    except SpanImpossible as impossible:
        raise Http404(str(shown)) from impossible


def _part(request: HttpRequest, by: Who, view: ClientView, found: AgendaView) -> HttpResponse:
    """The lines of a day, which the page fetches when something of it changed."""
    at, zone = _CLOCK.now(), ZoneInfo(found.time_zone)
    known = _known(by, found, _asked(request, at.astimezone(zone).date()), at=at)
    lines = _lines(by, known, zone, at, is_own=is_own(found, by=by))
    return render(request, "portal/agenda_lines.html", {"client": view, "agenda": found, "lines": lines})


def day_page(
    request: HttpRequest, by: Who, view: ClientView, found: AgendaView, *, day: date | None = None, refused: str = ""
) -> HttpResponse:
    """One day of one agenda: `day`, None for the one that the address names. `refused`: why what was just asked for was
    not done.
    """
    at, zone = _CLOCK.now(), ZoneInfo(found.time_zone)
    today = at.astimezone(zone).date()
    shown = day or _asked(request, today)
    known = _known(by, found, shown, at=at)
    mine = is_own(found, by=by)
    context = late_shown(found, day=shown, is_today=shown == today and mine, by=by, at=at) | {
        "client": view,
        "agenda": found,
        "others": [each for each in agendas.agendas(by=by) if each.id != found.id],
        "tab": "agenda",
        "day": shown,
        "day_name": dates.say(shown, dates.Form.NAMED),
        "is_today": shown == today,
        "before": shown - timedelta(days=1),
        "after": shown + timedelta(days=1),
        "today": today,
        "is_own": mine,
        "lines": _lines(by, known, zone, at, is_own=mine),
        "open": [
            f"{moments.clock(each.starts, zone)}–{moments.clock_until(each.ends, zone)}" for each in known.openings
        ],
        "key": new_id(at, _ENTROPY),
        "busy_key": new_id(at, _ENTROPY),
        "unread": unread_lines(unread_for_long(by=by, agenda=found.id, at=at), at=at) if mine else [],
        "late_before": request.GET.get("before", "0")[:3],
        "late_open": bool(refused) and "minutes" in request.POST,
        "minutes": LATE,
        "refused": refused,
        "typed": request.POST if "words" in request.POST else {},
        "topic": f"client/{found.client}/agenda/{found.id}",
    }
    return render(request, "portal/agenda.html", context, status=422 if refused else 200)


def _lines(by: Who, known: AgendaDays, zone: ZoneInfo, at: datetime, *, is_own: bool) -> list[Line]:
    """The day in order. What patients answered is for the practitioner to whom they come, not for his colleagues."""
    plain = partial(_plain, day=known.first, agenda=known.agenda, at=at)
    marks = marks_of(agendas.reasons(by=by, client=known.agenda.client, retired=True))
    asked = [each.appointment for each in known.appointments if each.answered and is_own]
    said = appointments.readable_answers_of(by=by, appointments=asked) if asked else {}
    unread = set(asked) - said.keys()
    sites = told_sites(house=by.house, clients=[known.agenda.client])
    # Where answers cannot be read he may have said another place than his file has: none is told.
    placed = [each for each in known.appointments if each.appointment not in unread]
    homes = appointments.home_addresses(visits=placed, said=said) if is_own else {}
    found = []
    for each in known.appointments:
        told = [one for one in said.get(each.appointment, ()) if not one.address]
        line = replace(
            _visit(each, zone, at, agenda=known.agenda.id, sites=sites),
            mark=marks.get(each.reason, UNKNOWN),
            said=answers_told(None if each.appointment in unread else told),
            address=homes.get(each.appointment, ""),
        )
        found.append((each.starts_at, line if is_own else replace(line, acts=(), video="")))
    held = [each for each in known.holds if each.stands(at)]
    found += [(each.starts_at, plain(each.starts_at, each.ends_at, _held_words(each, zone))) for each in held]
    for block in known.blocks:
        line = plain(block.starts_at, block.ends_at, block.words or str(_("busy")))
        is_ours = is_own and block.door is not Door.CALENDAR
        found.append((block.starts_at, replace(line, block=block.block if is_ours else "")))
    found += [(each.starts, plain(each.starts, each.ends, str(_("away")))) for each in known.absences]
    return [line for _when, line in sorted(found, key=lambda each: each[0])]


def _held_words(hold: HoldView, zone: ZoneInfo) -> str:
    """Who keeps a time for somebody, and until when."""
    by = _("a patient online") if hold.online else hold.held_by_name or _("the waiting list")
    return str(_("Held by %(name)s until %(hour)s") % {"name": by, "hour": moments.clock(hold.expires_at, zone)})


def _plain(starts: datetime, ends: datetime, what: str, *, day: date, agenda: AgendaView, at: datetime) -> Line:
    """Busy time or an absence: what it takes of the `day`, on the clock of the agenda."""
    zone = ZoneInfo(agenda.time_zone)
    begins, closes = busy_span(day=day, starts=0, until=MIDNIGHT, zone=agenda.time_zone)
    if starts <= begins and ends >= closes:
        words = pgettext("busy time in the list of a day", "all day")
        return Line(at=words, until="", name="", what=what, over=ends <= at, whole=True)
    return Line(
        at=moments.clock(max(starts, begins), zone),
        until=moments.clock_until(min(ends, closes), zone),
        name="",
        what=what,
        over=ends <= at,
    )


def _visit(each: AppointmentView, zone: ZoneInfo, at: datetime, *, agenda: str, sites: Mapping[str, str]) -> Line:
    """A visit in one of its agendas: where it is, with whom a combined one. `sites`: those that are told apart."""
    other = each.also_name if agenda == each.agenda else each.agenda_name
    others = str(_("with %(name)s")) % {"name": other} if each.also else ""
    what = ", ".join(filter(None, (each.reason_name, where(each.way, each.site, sites=sites), others)))
    return Line(
        at=moments.clock(each.starts_at, zone),
        until=moments.clock_until(each.ends_at, zone),
        name=each.patient_name,
        what=what,
        state="" if each.state is AppointmentState.BOOKED else str(STATES[each.state]),
        tone=TONES.get(each.state, ""),
        key=each.appointment,
        acts=_acts(each, zone, at),
        now=each.starts_at <= at < each.ends_at,
        over=each.state in {AppointmentState.DONE, AppointmentState.NO_SHOW},
        new=not each.known,
        video=each.video_link if each.state in STANDING | {AppointmentState.ARRIVED} else "",
    )


def _acts(each: AppointmentView, zone: ZoneInfo, at: datetime) -> tuple[str, ...]:
    """What he may say of a visit now, and whether what was said last may be taken back."""
    today = at.astimezone(zone).date()
    here = ("arrived",) if each.starts_at.astimezone(zone).date() <= today else ()
    coming = ("arrived", "no-show") if each.starts_at <= at else here
    back = ("back",) if each.state in OF_THE_DAY and each.state_at.astimezone(zone).date() == today else ()
    acts = {
        AppointmentState.BOOKED: coming,
        AppointmentState.CONFIRMED: coming,
        AppointmentState.ARRIVED: ("done",),
        AppointmentState.NO_SHOW: ("arrived",),
    }
    return (*acts.get(each.state, ()), *back)
