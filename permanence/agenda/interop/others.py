# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calendars of other products at an agenda: added, taken away, looked at.

A look speaks to the calendar outside of every transaction; what it brings is written under the lock of the agenda, so
that no booking is judged meanwhile. Nothing that is booked moves: what meets busy time is told (`queries.calendars`).
While a calendar does not answer, what is known of it stays.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, Q

from permanence.agenda.events import TimeUnblocked
from permanence.agenda.interop import written_there
from permanence.agenda.interop.access import check_login, note, opened, sealed
from permanence.agenda.interop.backends import (
    Access,
    CalendarBackend,
    CalendarFaulty,
    FeedBackend,
    Mark,
    Reading,
    Window,
)
from permanence.agenda.interop.caldav_calendar import CalDavBackend
from permanence.agenda.interop.chosen import choose
from permanence.agenda.interop.entries import DOMAIN, window
from permanence.agenda.interop.foreign import Foreign, Occurrence, busy_of
from permanence.agenda.interop.written import Busy, merged
from permanence.agenda.models import Appointment, Block, OtherBusy, OtherCalendar, OtherEntry
from permanence.agenda.operations.acts import busy, changed, locked, reach, touch
from permanence.agenda.queries.asked import taking
from permanence.agenda.refusals import CalendarUnknown, SettingImpossible, TooManyCalendars
from permanence.agenda.rules.calendars import READ, SOON, STOPS, BackendKind, Fault, next_look
from permanence.clients.rules import ClientState
from permanence.foundation import outbox, secrecy
from permanence.foundation.keys import row_key
from permanence.foundation.outside import Guard, OutsideRefused, read_address
from permanence.foundation.who import Who, system_of
from permanence.kernel.clock import Clock, Entropy

type Stop = Callable[[], bool]

MOST = 5
"""Calendars of other products at one agenda."""
LEASE = timedelta(minutes=3)
"""A look that was not ended by then was killed; another one begins."""
TOLD = 10
"""Times that got free at once and are told one by one."""
OLD = timedelta(days=62)
"""What was busy so long ago is forgotten."""
GOES_ON = timedelta(seconds=30)
"""Where more was to be written than fits into one look."""
PUT_OFF = timedelta(minutes=1)
"""Where another calendar of its host was just asked, and the host kept silent."""
ASKED_AGAIN = timedelta(seconds=30)
"""Whoever presses more often than that is not listened to."""


def house_guard() -> Guard:
    """Which addresses this installation asks."""
    return Guard(own=settings.PERMANENCE.own_networks)


@transaction.atomic
def add_calendar(
    *,
    agenda: str,
    kind: BackendKind,
    label: str,
    access: Access,
    by: Who,
    at: datetime,
    entropy: Entropy,
    guard: Guard,
    writes: bool = False,
    names: bool = False,
    homes: bool = False,
) -> str:
    """A calendar whose busy time is the agenda's from its first look on, which the worker takes at once; gives its id.

    `homes`: the addresses of visits at home are written too, where `names` are; nobody of the house chooses that.
    Raises AgendaUnknown, TooManyCalendars, SettingImpossible, those of `chosen.choose`, and OutsideRefused for what is
    no address that may be asked.
    """
    row = reach(agenda, by=by)
    chosen = choose(label=label, names=names and writes, homes=homes, by=by, house_names=True)
    if kind not in READ or (writes and kind is not BackendKind.CALDAV):
        raise SettingImpossible(f"{kind}, written: {writes}")
    check_login(access)
    host = read_address(access.address, guard=guard).hostname or ""
    kept = locked([row.pk])[row.pk]
    if OtherCalendar.objects.filter(agenda=kept, removed_at=None).count() >= MOST:
        raise TooManyCalendars(str(MOST))
    made = OtherCalendar.objects.create(
        house_id=kept.house_id,
        client_id=kept.client_id,
        agenda=kept,
        kind=kind.value,
        label=chosen.label,
        host=host,
        access=sealed(access, house=kept.house.slug, entropy=entropy),
        writes=writes,
        names=chosen.names,
        homes=chosen.homes,
        made_by_name=by.name,
        made_at=at,
        next_at=at,
    )
    note("agenda.calendar_added", made, by=by, at=at)
    return str(made.pk)


@transaction.atomic
def remove_calendar(*, agenda: str, calendar: str, by: Who, at: datetime) -> None:
    """The calendar is asked no more, what it made busy is free, and what opens it is forgotten.

    Raises AgendaUnknown, CalendarUnknown.
    """
    row = reach(agenda, by=by)
    kept = locked([row.pk])[row.pk]
    found = OtherCalendar.objects.filter(agenda=kept, pk=row_key(calendar), removed_at=None).first()
    if found is None:
        raise CalendarUnknown(calendar[:40])
    busy_times = OtherBusy.objects.filter(calendar=found)
    _free(found, list(busy_times), by=by, at=at)
    busy_times.delete()
    OtherEntry.objects.filter(calendar=found).delete()
    OtherCalendar.objects.filter(pk=found.pk).update(removed_at=at, access="", turn=found.turn + 1)
    note("agenda.calendar_removed", found, by=by, at=at)
    changed(kept, action="agenda.changed", subject=f"agenda.agenda:{kept.pk}", by=by, at=at, event=None)


@transaction.atomic
def check_now(*, agenda: str, calendar: str, by: Who, at: datetime) -> None:
    """The worker looks at once. Raises AgendaUnknown, CalendarUnknown."""
    row = reach(agenda, by=by)
    found = OtherCalendar.objects.filter(agenda=row, pk=row_key(calendar), removed_at=None).first()
    if found is None:
        raise CalendarUnknown(calendar[:40])
    if found.looked_at is None or found.looked_at <= at - ASKED_AGAIN:
        OtherCalendar.objects.filter(pk=found.pk).update(next_at=at)


@transaction.atomic
def write_again(*, agenda: str, calendar: str, by: Who, at: datetime) -> None:
    """Ours is right: what somebody changed there is written as it stands here, at once.

    Raises AgendaUnknown, CalendarUnknown.
    """
    row = reach(agenda, by=by)
    found = OtherCalendar.objects.filter(agenda=row, pk=row_key(calendar), removed_at=None, writes=True).first()
    if found is None:
        raise CalendarUnknown(calendar[:40])
    if written_there.write_again(found):
        OtherCalendar.objects.filter(pk=found.pk).update(next_at=at)
        note("agenda.calendar_written_again", found, by=by, at=at)


def write_soon(*, agenda: str, at: datetime) -> None:
    """A booking changed: the calendars into which this agenda is written are looked at at once."""
    rows = OtherCalendar.objects.filter(agenda=row_key(agenda), writes=True, removed_at=None, next_at__gt=at)
    # A login that was refused is not shown to that server at each booking: accounts are locked so.
    rows.exclude(fault__in=STOPS, failures__gt=1).update(next_at=at)


def look_due(*, clock: Clock, guard: Guard, stop: Stop = lambda: False) -> int:
    """Look at every calendar whose time has come; gives how many. Must not be called inside a transaction.

    A host that kept silent is not waited for again at once: its other calendars that are due are put off, and nothing
    is said of them. One that answers slowly may do so for one calendar alone: the others are asked.
    """
    count, silent = 0, dict[str, datetime]()
    while not stop() and (row := _take(at=(at := clock.now()))) is not None:
        if row.host in silent and at < silent[row.host] + SOON:
            OtherCalendar.objects.filter(pk=row.pk, turn=row.turn, next_at=row.next_at).update(next_at=at + PUT_OFF)
            continue
        count += 1
        if not _look(row, at=at, guard=guard, stop=stop):
            silent[row.host] = at
    return count


def _take(*, at: datetime) -> OtherCalendar | None:
    """The calendar that waits longest, taken for a while: another worker does not look meanwhile. That of a closed
    agenda too, while something to come stands there that was written from here: it may be moved or cancelled.
    """
    stands = OtherEntry.objects.filter(calendar=OuterRef("pk"), appointment__starts_at__gt=at)
    rows = OtherCalendar.objects.filter(removed_at=None, next_at__lte=at)
    rows = rows.filter(Q(agenda__active=True) | Q(Exists(stands), writes=True))
    rows = rows.exclude(agenda__client__state=ClientState.ENDED).select_related("agenda__client", "house")
    for row in rows.order_by("next_at", "pk"):
        mine = OtherCalendar.objects.filter(pk=row.pk, turn=row.turn, removed_at=None)
        if mine.update(turn=row.turn + 1, next_at=at + LEASE):
            row.turn, row.next_at = row.turn + 1, at + LEASE
            return row
    return None


def _look(row: OtherCalendar, *, at: datetime, guard: Guard, stop: Stop = lambda: False) -> bool:
    """One look; gives whether its host said anything, be it wrong or too late, or was not asked."""
    zone = row.agenda.client.time_zone
    today = at.astimezone(ZoneInfo(zone))
    _month, until = window(zone=zone, today=today.date())
    wanted = Window(zone=zone, after=today.replace(hour=0, minute=0, second=0, microsecond=0), until=until)
    known = Mark(etag=row.etag, modified=row.modified, digest=row.digest) if row.known_until == until else Mark()
    try:
        backend = _backend(row, guard)
        reading = backend.read(known, window=wanted)
        with transaction.atomic():
            if reading is None:
                _kept(row, at=at, changes=False)
            else:
                _keep(_Look(row, wanted, reading, at))
        if isinstance(backend, CalDavBackend) and row.writes:
            _write(row, backend, at=at, until=until, stop=stop)
    except (OutsideRefused, CalendarFaulty, secrecy.SealBroken) as refusal:
        _failed(row, _fault(refusal), at=at)
        return not (isinstance(refusal, OutsideRefused) and refusal.silent == row.host)
    except OperationalError as error:
        raise busy(error) from error
    return True


def _write(row: OtherCalendar, backend: CalDavBackend, *, at: datetime, until: datetime, stop: Stop) -> None:
    if written_there.write(row, backend, at=at, until=until, stop=stop):
        OtherCalendar.objects.filter(pk=row.pk, turn=row.turn).update(next_at=at + GOES_ON)


@dataclass(frozen=True, slots=True)
class _Look:
    row: OtherCalendar
    window: Window
    reading: Reading
    at: datetime


def _keep(look: _Look) -> None:
    """The agenda is busy as the calendar says now, but for what of it is our own."""
    row, at, found, mark = look.row, look.at, look.reading.found, look.reading.mark
    kept = locked([row.agenda_id])[row.agenda_id]
    if not OtherCalendar.objects.filter(pk=row.pk, turn=row.turn, removed_at=None).exists():
        return
    found.times = _of_others(found, row)
    spans = busy_of(found, after=look.window.after, until=look.window.until)
    OtherBusy.objects.filter(calendar=row, ends_at__lt=look.window.after - OLD).delete()
    there = OtherBusy.objects.filter(calendar=row, ends_at__gt=look.window.after)
    went, came = difference(there, spans, look.window.after)
    OtherBusy.objects.filter(pk__in=[each.pk for each in went]).delete()
    OtherBusy.objects.bulk_create(
        OtherBusy(
            house_id=row.house_id,
            client_id=row.client_id,
            agenda_id=row.agenda_id,
            calendar=row,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
        )
        for each in came
    )
    if row.writes and look.reading.etags is not None:
        if row.read_at is None:
            written_there.adopt(row, look.reading.etags, look.reading.texts, at=at)
        written_there.look_for_conflicts(row, look.reading.etags, look.reading.texts, at=at, until=look.window.until)
    row.etag, row.modified, row.digest = mark.etag, mark.modified, mark.digest
    row.known_until, row.unread = look.window.until, min(len(found.unread), 9999)
    _kept(row, at=at, changes=bool(went or came))
    if went or came:
        by, subject = system_of(row.house), f"agenda.othercalendar:{row.pk}"
        _free(row, went, by=by, at=at)
        numbers = {"came": len(came), "went": len(went)}
        changed(kept, action="agenda.calendar_read", subject=subject, by=by, at=at, event=None, **numbers)


def _free(row: OtherCalendar, went: Iterable[OtherBusy], *, by: Who, at: datetime) -> None:
    """Says which times are busy there no more: they are offered to who waits. Of many, as of a rule that is gone, one
    time from the first to the last is told.
    """
    spans = merged(sorted((max(each.starts_at, at), each.ends_at) for each in went if each.ends_at > at))
    if len(spans) > TOLD:
        spans = [(spans[0][0], max(ends for _starts, ends in spans))]
    told = {"block": "", "client": str(row.client_id), "agenda": str(row.agenda_id)}
    for starts, ends in spans:
        event = TimeUnblocked(house=by.house, at=at, starts_at=starts, ends_at=ends, **told)
        outbox.announce(event, house_key=row.house_id)


def difference(
    there: Iterable[OtherBusy], spans: Iterable[Busy], after: datetime
) -> tuple[list[OtherBusy], list[Busy]]:
    """What is there and should not be, and what should be and is not; before `after` nothing is said."""
    wanted = {(each.starts_at, each.ends_at): each for each in spans}
    went = [each for each in there if wanted.pop((max(each.starts_at, after), each.ends_at), None) is None]
    return went, list(wanted.values())


def _of_others(found: Foreign, row: OtherCalendar) -> list[Occurrence]:
    """Without what takes this agenda anyhow, or was written there from here: else a booking would be in its own way.
    Without what his colleagues at this client have, too: they may share a calendar. What he has in another agenda of
    the house makes him busy.
    """
    end = f"@{DOMAIN}"
    keys = {each.uid.removesuffix(end) for each in found.times if each.uid.endswith(end)}
    if not keys:
        return found.times
    whose = row.agenda.recipient_id
    here = {"house": row.house_id, "client": row.client_id, "key__in": keys}
    written = OtherEntry.objects.filter(calendar=row).values("appointment")
    colleagues = ~Q(agenda__recipient=whose) & ~Q(also__recipient=whose)
    visits = Appointment.objects.filter(taking([row.agenda_id]) | Q(pk__in=written) | colleagues, **here)
    blocks = Block.objects.filter(Q(agenda=row.agenda_id) | ~Q(agenda__recipient=whose), **here)
    ours = {*visits.values_list("key", flat=True), *blocks.values_list("key", flat=True)}
    return [each for each in found.times if each.uid.removesuffix(end) not in ours]


def _kept(row: OtherCalendar, *, at: datetime, changes: bool) -> None:
    mine = OtherCalendar.objects.filter(pk=row.pk, turn=row.turn, removed_at=None)
    mine.filter(next_at=row.next_at).update(next_at=at + next_look(changed=changes, fault="", failures=0))
    mine.update(
        looked_at=at,
        read_at=at,
        fault="",
        failures=0,
        etag=row.etag,
        modified=row.modified,
        digest=row.digest,
        known_until=row.known_until,
        unread=row.unread,
    )


def _failed(row: OtherCalendar, fault: str, *, at: datetime) -> None:
    """What is known stays; the first time in a row it is noted, so that the trail says since when."""
    failures = min(row.failures + 1, 999)
    mine = OtherCalendar.objects.filter(pk=row.pk, turn=row.turn, removed_at=None)
    with transaction.atomic():
        if not mine.update(
            looked_at=at,
            fault=fault,
            failures=failures,
            next_at=at + next_look(changed=False, fault=fault, failures=failures),
        ):
            return
        if failures == 1:
            note("agenda.calendar_unread", row, by=system_of(row.house), at=at, fault=fault)
        touch(row.agenda, at=at)


def _fault(refusal: OutsideRefused | CalendarFaulty | secrecy.SealBroken) -> str:
    if isinstance(refusal, CalendarFaulty):
        return refusal.fault.value
    return Fault.SEAL_BROKEN.value if isinstance(refusal, secrecy.SealBroken) else refusal.code


def _backend(row: OtherCalendar, guard: Guard) -> CalendarBackend:
    """Raises SealBroken."""
    kind = CalDavBackend if row.kind == BackendKind.CALDAV else FeedBackend
    return kind(access=opened(row), guard=guard)
