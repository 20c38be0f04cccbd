# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands in an agenda, as a calendar of another product gets it: appointments, busy time, absences.

A calendar shows from the first day of the month before to the last of the thirteenth month to come, on the client's
clock: it begins elsewhere once a month, not at every moment. Without `names` an entry says that the time is taken, and
nothing else: not where, for that may be a patient's home. That home is told where `homes` was chosen beside the names.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.utils import translation
from django.utils.translation import gettext as _

from permanence.agenda.interop.places import NOWHERE, Where, whereabouts
from permanence.agenda.models import Agenda, Appointment, Block, CalendarObject
from permanence.agenda.queries.agendas import known_key
from permanence.agenda.queries.asked import blocks_near, taking, visits_near
from permanence.agenda.queries.books import books
from permanence.agenda.queries.views import AppointmentView, appointment_views
from permanence.agenda.rules.kinds import LONGEST_BLOCK, Taken, TakenKind
from permanence.agenda.rules.states import AppointmentState, Door
from permanence.reception.hours import moment_of

DOMAIN = "permanence"
BACK, AHEAD = 1, 13
"""Months."""
_ABSENCE = "absence-"
_BEYOND = timedelta(minutes=LONGEST_BLOCK) + timedelta(days=2)
"""What began before an event's horizon may go on so long, in parts; and clocks are put back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. `key` names it in the agenda for good, `uid` in the world; `sequence` grows when it moves.

    `changed_at` is the last moment that is known to have changed it. `confirmed`: the patient said that he comes.
    `place`: where it is, in a line; `link`: where one meets by video. Both are "" for who is told no names, the place
    of a visit at home for who is told no homes.
    """

    key: str
    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    changed_at: datetime
    sequence: int = 0
    confirmed: bool = True
    place: str = ""
    link: str = ""


def window(*, zone: str, today: date) -> tuple[datetime, datetime]:
    """What a calendar shows, [begin, end)."""
    return moment_of(_month(today, -BACK), 0, zone, fold=0), moment_of(_month(today, AHEAD + 1), 0, zone, fold=0)


def entries(
    row: Agenda, *, names: bool, starts: datetime, ends: datetime, language: str, homes: bool = False
) -> tuple[Entry, ...]:
    """What stands in the agenda (its client and house loaded) in [starts, ends), by moment.

    Eleven queries, twelve where a device wrote something; with names one more, and with homes five where visits are at
    home.
    """
    with translation.override(language):
        found = _kept(row, names=names, homes=homes, starts=starts, ends=ends)
        book = books([row], starts=starts, ends=ends)[str(row.pk)]
        away = [each for each in book.taken if each.kind is TakenKind.ABSENCE]
        found += [_away(each, names=names) for each in away if each.starts < ends and starts < each.ends]
        return tuple(sorted(found, key=lambda each: (each.starts_at, each.key)))


def entry_with(
    row: Agenda, key: str, *, names: bool, starts: datetime, ends: datetime, language: str, homes: bool = False
) -> Entry | None:
    """That one of `entries` which has this key, or None.

    Two queries, three for what a device wrote, seven for an absence; as many more with names as `entries` asks.
    """
    if key.startswith(_ABSENCE):
        every = entries(row, names=names, homes=homes, starts=starts, ends=ends, language=language)
        return next((each for each in every if each.key == key), None)
    with translation.override(language):
        found = _kept(row, names=names, homes=homes, starts=starts, ends=ends, key=known_key(key))
        return next(iter(found), None)


def _kept(row: Agenda, *, names: bool, homes: bool, starts: datetime, ends: datetime, **which: str) -> list[Entry]:
    """The visits that take the agenda, combined ones of others too, then its busy times; `which`: those alone."""
    visits = Appointment.objects.filter(visits_near(starts, ends), taking([row.pk]), **which).exclude(
        state=AppointmentState.CANCELLED.value
    )
    views = appointment_views(visits.order_by("starts_at", "pk"))
    where = whereabouts(views, house=row.house, homes=homes) if names else {}
    found = [visit_entry(each, names=names, where=where.get(each.appointment, NOWHERE)) for each in views]
    rows = Block.objects.filter(blocks_near(starts, ends), agenda=row, removed_at=None, **which)
    blocks = list(rows.order_by("starts_at", "pk"))
    written = {each.key: each.starts_at for each in blocks if each.door == Door.CALDAV}
    if written:
        # No event is busy later than it is known: those of the years before have nothing here.
        since = min(written.values()) - _BEYOND
        events = CalendarObject.objects.filter(agenda=row, known_until__gt=since).values_list("blocks", flat=True)
        left = written.keys() - {key for keys in events for key in keys}
        # Past days of an event that is gone: what it was is gone from the device that wrote it, and comes to none back.
        blocks = [each for each in blocks if each.key not in left]
    return found + [_block(each, names=names) for each in blocks]


def visit_entry(view: AppointmentView, *, names: bool, where: Where = NOWHERE) -> Entry:
    """An appointment; without `names` it says that the time is taken, in the language that is active."""
    if not names:
        where = NOWHERE
    return Entry(
        key=view.appointment,
        uid=f"{view.appointment}@{DOMAIN}",
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        summary=view.patient_name if names else _("Busy"),
        description=", ".join(filter(None, (view.reason_name, where.way))) if names else "",
        changed_at=max(view.booked_at, view.state_at),
        sequence=view.revision,
        confirmed=view.state is not AppointmentState.BOOKED,
        place=where.line,
        link=where.link,
    )


def _block(row: Block, *, names: bool) -> Entry:
    return Entry(
        key=row.key,
        uid=f"{row.key}@{DOMAIN}",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        summary=(row.words if names else "") or _("Busy"),
        description="",
        changed_at=row.made_at,
    )


def _away(taken: Taken, *, names: bool) -> Entry:
    return Entry(
        key=f"{_ABSENCE}{taken.id}",
        uid=f"{_ABSENCE}{taken.id}@{DOMAIN}",
        starts_at=taken.starts,
        ends_at=taken.ends,
        summary=_("Absent") if names else _("Busy"),
        description="",
        changed_at=min(taken.starts, datetime(2020, 1, 1, tzinfo=UTC)),
    )


def _month(day: date, offset: int) -> date:
    months = day.year * 12 + day.month - 1 + offset
    return date(months // 12, months % 12 + 1, 1)
