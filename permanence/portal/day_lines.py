# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lines of the doctor's day: visits with what may be said of each, times held, busy time, absences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from permanence.agenda.answer_words import answers_told
from permanence.agenda.place_words import where
from permanence.agenda.queries import agendas, appointments
from permanence.agenda.queries.listed import ListedVisit, listed_visits
from permanence.agenda.queries.views import AgendaDays, AgendaView, AppointmentView, HoldView
from permanence.agenda.rules.busy import MIDNIGHT, busy_span
from permanence.agenda.rules.marks import UNKNOWN, Mark, marks_of
from permanence.agenda.rules.states import OF_THE_DAY, STANDING, AppointmentState, Door
from permanence.agenda.state_words import STATES
from permanence.callers import queries as callers
from permanence.clients.directory_queries import told_sites
from permanence.dispatch.cancel_queries import told_of_cancelling
from permanence.dispatch.cancel_words import TOLD
from permanence.foundation import moments
from permanence.foundation.who import Who

TONES: Mapping[AppointmentState, str] = {
    AppointmentState.CONFIRMED: "new",
    AppointmentState.ARRIVED: "warn",
    AppointmentState.NO_SHOW: "danger",
}
"""How the badge of a state looks, where it is no plain one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the day: a visit, busy time or an absence. `acts`: what may be said of the visit now; `cancel`: what
    its patient hears where it may be cancelled, "" where not, `number`: where he is to be called then (E.164),
    `starts`: of which hour that is said; `stays`: room is left where that stood a moment ago; `asked`: what the
    secretaries are to do with it, or did; `typed`: what he wrote to them and was refused. `block`: the id of busy time
    that he may take away. `mark` of the visit's reason; `said`: what was asked before it was booked. `whole`: busy or
    away all day, which `at` says in words; `until` is empty then. `video`: where the practice meets a patient by video,
    "" for none; `address`: where one at home is visited; `overbooked`: that it was put where another stands, and why,
    in a sentence.
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
    overbooked: str = ""
    cancel: str = ""
    number: str = ""
    starts: str = ""
    stays: bool = False
    asked: ListedVisit | None = None
    typed: str = ""


class End(NamedTuple):
    """What a line says of a visit that may be cancelled, as `Line` has it."""

    cancel: str = ""
    number: str = ""
    starts: str = ""


NO_END = End()


def lines_of(by: Who, known: AgendaDays, zone: ZoneInfo, at: datetime, *, is_own: bool) -> list[Line]:
    """The day in order: `is_own`, with what may be said of each. What patients answered and why one was overbooked is
    for the practitioner to whom they come, not for his colleagues.
    """
    plain = partial(_plain, day=known.first, agenda=known.agenda, at=at)
    marks = marks_of(agendas.reasons(by=by, client=known.agenda.client, retired=True))
    asked = [each.appointment for each in known.appointments if each.answered and is_own]
    said = appointments.readable_answers_of(by=by, appointments=asked) if asked else {}
    unread = set(asked) - said.keys()
    sites = told_sites(house=by.house, clients=[known.agenda.client])
    # Where answers cannot be read he may have said another place than his file has: none is told.
    placed = [each for each in known.appointments if each.appointment not in unread]
    homes = appointments.home_addresses(visits=placed, said=said) if is_own else {}
    ends = ends_of(by, known.appointments, at=at) if is_own else {}
    here = [each.appointment for each in known.appointments if is_own and at < each.ends_at]
    listed = listed_visits(by=by, appointments=here) if here else {}
    found = []
    for each in known.appointments:
        told = [one for one in said.get(each.appointment, ()) if not one.address]
        line = replace(
            _visit(each, zone, at, agenda=known.agenda.id, sites=sites),
            mark=marks.get(each.reason, UNKNOWN),
            said=answers_told(None if each.appointment in unread else told),
            address=homes.get(each.appointment, ""),
            cancel=ends.get(each.appointment, NO_END).cancel,
            number=ends.get(each.appointment, NO_END).number,
            starts=ends.get(each.appointment, NO_END).starts,
            stays=each.appointment in here and each.appointment not in ends,
            asked=listed.get(each.appointment),
        )
        found.append((each.starts_at, line if is_own else replace(line, acts=(), video="", overbooked="")))
    held = [each for each in known.holds if each.stands(at)]
    found += [(each.starts_at, plain(each.starts_at, each.ends_at, _held_words(each, zone, at=at))) for each in held]
    for block in known.blocks:
        line = plain(block.starts_at, block.ends_at, block.words or str(_("busy")))
        is_ours = is_own and block.door is not Door.CALENDAR
        found.append((block.starts_at, replace(line, block=block.block if is_ours else "")))
    found += [(each.starts, plain(each.starts, each.ends, str(_("away")))) for each in known.absences]
    return [line for _when, line in sorted(found, key=lambda each: each[0])]


def _held_words(hold: HoldView, zone: ZoneInfo, *, at: datetime) -> str:
    """Who keeps a time for somebody, and until when; on which day, where that is not today."""
    by = _("a patient online") if hold.online else hold.held_by_name or _("the waiting list")
    if hold.expires_at.astimezone(zone).date() != at.astimezone(zone).date():
        when = moments.day_and_hour(hold.expires_at, zone, now=at)
        return str(_("Held by %(name)s, ends %(when)s") % {"name": by, "when": when})
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
        overbooked=_overbooked(each, agenda=agenda),
        video=each.video_link if each.state in STANDING | {AppointmentState.ARRIVED} else "",
    )


def _overbooked(each: AppointmentView, *, agenda: str) -> str:
    """Of a combined visit only its own agenda is overbooked, not the other one that it takes."""
    said = each.overbooked if agenda == each.agenda else ""
    return str(_("overbooked: %(cause)s")) % {"cause": said} if said else ""


def ends_of(by: Who, visits: Sequence[AppointmentView], *, at: datetime) -> dict[str, End]:
    """Of each that may be cancelled: what its patient hears of that, and his number where somebody has to call him."""
    asked = [each for each in visits if each.state in STANDING and each.starts_at > at]
    told = told_of_cancelling(by=by, visits=asked, at=at) if asked else {}
    persons = callers.standing_of(pairs=[(each.client, each.patient) for each in asked])
    found = {}
    for each in asked:
        how, person = told[each.appointment], persons.get((each.client, each.patient))
        calls = person is not None and how.asks_a_call
        found[each.appointment] = End(
            cancel=str(TOLD[how]),
            number=next(iter(person.numbers), "") if person is not None and calls else "",
            starts=each.starts_at.isoformat(),
        )
    return found


def _acts(each: AppointmentView, zone: ZoneInfo, at: datetime) -> tuple[str, ...]:
    """What he may say of a visit now, and whether what was said last may be taken back. That somebody has arrived is of
    the day itself: of a day that is over he came or he did not, and what was said of it can be put right.
    """
    today, day = at.astimezone(zone).date(), each.starts_at.astimezone(zone).date()
    back = ("back",) if each.state in OF_THE_DAY and each.state_at.astimezone(zone).date() == today else ()
    if day < today:
        became = {AppointmentState.DONE: ("no-show",), AppointmentState.NO_SHOW: ("done",)}
        open_still = ("done",) if each.state is AppointmentState.ARRIVED else ("done", "no-show")
        return (*became.get(each.state, open_still), *back)
    here = ("arrived",) if day == today else ()
    coming = ("arrived", "no-show") if each.starts_at <= at else here
    acts = {
        AppointmentState.BOOKED: coming,
        AppointmentState.CONFIRMED: coming,
        AppointmentState.ARRIVED: ("done",),
        AppointmentState.NO_SHOW: ("arrived",),
    }
    return (*acts.get(each.state, ()), *back)
