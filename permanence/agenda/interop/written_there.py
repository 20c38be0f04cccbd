# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bookings of an agenda in another calendar whose owner allows it: written and taken away, never over his changes.

Each is an object of its own by the appointment's id; what the calendar called it last (its ETag) is its condition. What
somebody changed or removed there is a conflict: it is told and left alone until a person says that ours is right. What
we wrote ourselves, and the answer was lost on the way, is none: before each writing it is noted what is sent.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import translation

from permanence.agenda.interop import ics
from permanence.agenda.interop.caldav_calendar import MARK_LIMIT, CalDavBackend, ChangedThere, NotTaken
from permanence.agenda.interop.entries import DOMAIN, visit_entry
from permanence.agenda.interop.parsing import parsed
from permanence.agenda.interop.places import NOWHERE, whereabouts
from permanence.agenda.interop.written import check_part, moment, word
from permanence.agenda.models import Appointment, OtherCalendar, OtherEntry
from permanence.agenda.operations.acts import touch
from permanence.agenda.queries.asked import taking
from permanence.agenda.queries.views import appointment_view, loaded
from permanence.agenda.refusals import EventRefused
from permanence.agenda.rules.states import AppointmentState
from permanence.foundation import audit
from permanence.foundation.who import system_of

_END = ".ics"
MOST = 100
"""Objects that are written in one look; the others wait for the next."""


def look_for_conflicts(
    row: OtherCalendar, etags: Mapping[str, str], texts: Mapping[str, str], *, at: datetime, until: datetime
) -> None:
    """What stands there otherwise than we wrote it is a conflict from now on, but for what was sent and not answered;
    inside a transaction. `etags`, `texts`: of the objects there, by name.
    """
    mine = OtherEntry.objects.filter(calendar=row, conflict=False).exclude(etag="")
    found = mine.filter(appointment__ends_at__gt=at, appointment__starts_at__lt=until)
    otherwise = [each for each in found if etags.get(each.name, "") != each.etag]
    # What was moved since it was written may stand outside the days that were read: its writing finds out.
    missing = any(each.name not in etags for each in otherwise)
    now = {visit.pk: _digest(text) for visit, text in _wanted(row, at=at, until=until)} if missing else {}
    for entry in otherwise:
        if entry.name in etags and _is_ours(entry.tried, texts.get(entry.name, "")):
            _arrived(entry, etags[entry.name])
        elif entry.name in etags or now.get(entry.appointment_id) == entry.digest:
            _conflict(row, entry, at=at)


def adopt(row: OtherCalendar, etags: Mapping[str, str], texts: Mapping[str, str], *, at: datetime) -> None:
    """What stands there from before, when this calendar was taken away, is known as ours again, by its name and UID,
    for visits of this agenda to come, cancelled ones too, and those that were moved to a colleague meanwhile; inside a
    transaction.
    """
    keys = {name.removesuffix(_END): name for name in etags if name.endswith(_END)}
    # A calendar that several share has another address for each of them: what any other calendar writes, or still has
    # to take away, may stand in this very one, and is its own.
    others = OtherCalendar.objects.filter(house=row.house_id, client=row.client_id, removed_at=None)
    others = others.exclude(agenda=row.agenda_id)
    elsewhere = OtherEntry.objects.filter(calendar__in=others)
    theirs = taking(others.filter(writes=True).values_list("agenda", flat=True))
    theirs |= Q(pk__in=elsewhere.values("appointment"))
    here = {"house_id": row.house_id, "client_id": row.client_id, "starts_at__gt": at, "key__in": keys}
    known = OtherEntry.objects.filter(calendar=row).values("appointment")
    visits = Appointment.objects.filter(**here).exclude(pk__in=known)
    whose: dict[int, list[OtherEntry]] = {}
    for each in elsewhere.filter(appointment__in=visits):
        whose.setdefault(each.appointment_id, []).append(each)
    left_behind = {*visits.filter(theirs).exclude(taking([row.agenda_id])).values_list("pk", flat=True)}
    found = []
    for visit in visits:
        name = keys[visit.key]
        said = _known_by(texts.get(name, ""))
        is_former = visit.pk not in left_behind or _is_left(visit, said, etags[name], whose.get(visit.pk, []))
        if said.get("uid") == f"{visit.key}@{DOMAIN}" and is_former:
            etag = etags[name] if len(etags[name]) <= MARK_LIMIT else ""
            mine = {"house_id": row.house_id, "client_id": row.client_id, "agenda_id": row.agenda_id}
            found.append(OtherEntry(**mine, calendar=row, appointment=visit, name=name, etag=etag, written_at=at))
    OtherEntry.objects.bulk_create(found)


def _is_left(visit: Appointment, said: Mapping[str, str], etag: str, theirs: list[OtherEntry]) -> bool:
    """Whether an object is what this calendar was told before the visit went to a colleague: older than the visit is,
    and not what another calendar has written, be that this very one.
    """
    cancelled = visit.state == AppointmentState.CANCELLED.value  # that is a change of its own, wherever it stood
    if not said or not said["sequence"].isdecimal() or int(said["sequence"]) >= visit.revision - cancelled:
        return False
    return all(not each.conflict and not each.tried and each.etag not in {"", etag} for each in theirs)


def write(
    row: OtherCalendar, backend: CalDavBackend, *, at: datetime, until: datetime, stop: Callable[[], bool]
) -> bool:
    """Bring what stands there up to date, outside of every transaction; gives whether something is left to be done.

    Raises OutsideRefused, CalendarFaulty; what was written until then is kept as written.
    """
    to_come = OtherEntry.objects.filter(calendar=row, appointment__starts_at__gt=at)
    there = {each.appointment_id: each for each in to_come}
    count = 0
    for visit, text in _wanted(row, at=at, until=until):
        entry = there.pop(visit.pk, None)
        if entry is not None and (entry.conflict or entry.digest == _digest(text)):
            continue
        if count >= MOST or stop():
            return True
        count += 1
        _forget_mark(row)
        _put(row, backend, visit, text, entry, at=at)
    for entry in OtherEntry.objects.filter(pk__in=[each.pk for each in there.values()], conflict=False):
        if count >= MOST or stop():
            return True
        count += 1
        _forget_mark(row)
        _delete(row, backend, entry, at=at)
    return False


def write_again(row: OtherCalendar) -> int:
    """Ours is right: what is in conflict is written at the next look as it stands here; gives how many."""
    return OtherEntry.objects.filter(calendar=row, conflict=True).update(conflict=False, etag="", digest="", tried={})


def _forget_mark(row: OtherCalendar) -> None:
    """The next look reads whole: a calendar may call itself as it did before we wrote, once somebody undoes that."""
    OtherCalendar.objects.filter(pk=row.pk, turn=row.turn).update(etag="")


def _wanted(row: OtherCalendar, *, at: datetime, until: datetime) -> list[tuple[Appointment, str]]:
    """The appointments that begin from now on, with the object each should be, by moment."""
    rows = Appointment.objects.filter(taking([row.agenda_id]), starts_at__gt=at, starts_at__lt=until)
    rows = rows.exclude(state=AppointmentState.CANCELLED.value).order_by("starts_at", "pk")
    with translation.override(row.house.language):
        found = [(each, appointment_view(each)) for each in loaded(rows)]
        where = whereabouts([view for _row, view in found], house=row.house, homes=row.homes) if row.names else {}
        return [
            (each, ics.single(visit_entry(view, names=row.names, where=where.get(each.key, NOWHERE))))
            for each, view in found
        ]


def _put(
    row: OtherCalendar, backend: CalDavBackend, visit: Appointment, text: str, entry: OtherEntry | None, *, at: datetime
) -> None:
    name = f"{visit.key}{_END}"
    found = entry or OtherEntry(
        house_id=row.house_id, client_id=row.client_id, agenda_id=row.agenda_id, calendar=row, appointment=visit
    )
    before = found.etag
    if not before:  # new; or a try was killed before it was noted; or a person said that ours is right
        before = backend.etag_of(name)
    earlier, found.tried = found.tried, _known_by(text) | {"digest": _digest(text)}
    found.name, found.written_at = name, at
    found.save()  # before it is sent: whatever becomes of the answer
    try:
        found.etag = _on_condition(backend, name, earlier, before, lambda etag: backend.put(name, text, etag=etag))
        found.digest, found.tried = _digest(text), {}
        found.save()
    except (ChangedThere, NotTaken):
        found.tried = {}
        found.save()
        with transaction.atomic():
            _conflict(row, found, at=at)


def _delete(row: OtherCalendar, backend: CalDavBackend, entry: OtherEntry, *, at: datetime) -> None:
    name = entry.name
    try:
        _on_condition(backend, name, entry.tried, entry.etag, lambda etag: backend.delete(name, etag=etag))
    except ChangedThere:
        if _is_of_a_colleague(row, backend, entry):
            entry.delete()
            return
        with transaction.atomic():
            _conflict(row, entry, at=at)
    except NotTaken:
        with transaction.atomic():
            _conflict(row, entry, at=at)
    else:
        entry.delete()


def _is_of_a_colleague(row: OtherCalendar, backend: CalDavBackend, entry: OtherEntry) -> bool:
    """Whether what stands there now is the visit as it stands with a colleague, in a calendar that both of them have:
    he has written it meanwhile.
    """
    visit = Appointment.objects.exclude(taking([row.agenda_id])).filter(pk=entry.appointment_id).first()
    if visit is None or visit.state == AppointmentState.CANCELLED.value:
        return False
    view = appointment_view(visit)
    wanted = _known_by(ics.single(visit_entry(view, names=False)))
    return _known_by(backend.get(entry.name)[1]) == wanted


def _conflict(row: OtherCalendar, entry: OtherEntry, *, at: datetime) -> None:
    OtherEntry.objects.filter(pk=entry.pk).update(conflict=True)
    subject, detail = f"agenda.othercalendar:{row.pk}", {"label": row.label, "appointment": entry.appointment_id}
    by = system_of(row.house)
    audit.note(by=by, at=at, action="agenda.calendar_conflict", subject=subject, client=row.client_id, detail=detail)
    touch(row.agenda, at=at)


def _on_condition[T](
    backend: CalDavBackend, name: str, tried: Mapping[str, str], etag: str, act: Callable[[str], T]
) -> T:
    """An act on the object that is as `etag` says, or as it was sent and not answered. Raises ChangedThere, and what
    `act` raises.
    """
    try:
        return act(etag)
    except ChangedThere:
        now, text = backend.get(name) if tried else ("", "")
        if not now or not _is_ours(tried, text):
            raise
        return act(now)


def _arrived(entry: OtherEntry, etag: str) -> None:
    """What was sent stands there, though nobody answered."""
    etag = etag if len(etag) <= MARK_LIMIT else ""
    OtherEntry.objects.filter(pk=entry.pk).update(etag=etag, digest=entry.tried["digest"], tried={})


def _is_ours(tried: Mapping[str, str], text: str) -> bool:
    """Whether an object there is the one that was sent: calendars write texts anew in words of their own."""
    said = _known_by(text) if tried else {}
    return bool(said) and said.items() <= tried.items()


def _known_by(text: str) -> dict[str, str]:
    """By what an object is known again whoever wrote it down: identifier, sequence and moments; {} for what is not one
    event that comes once and is not cancelled.
    """
    try:
        parts = [each for each in parsed(text).subcomponents if each.name == "VEVENT"]
        if len(parts) != 1 or {"RRULE", "RDATE", "RECURRENCE-ID"} & set(parts[0]):
            return {}
        if word(parts[0], "STATUS") == "CANCELLED":
            return {}
        check_part(parts[0])
    except EventRefused:
        return {}
    event: Any = parts[0]
    starts, ends = (moment(each, ZoneInfo("UTC")).astimezone(UTC).isoformat() for each in (event.start, event.end))
    said = {"uid": str(event.get("UID", "")), "sequence": str(event.get("SEQUENCE", 0))}
    return {**said, "starts_at": starts, "ends_at": ends}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
