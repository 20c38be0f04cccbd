# SPDX-License-Identifier: AGPL-3.0-or-later
"""Several visits as one act. What can be booked is; what cannot is said with its causes, and a person decides."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any

from permanence.agenda.models import Agenda, Appointment, Series
from permanence.agenda.operations.acts import once
from permanence.agenda.operations.appointments import Booking, put, wanted
from permanence.agenda.operations.holds import clear
from permanence.agenda.queries.agendas import clients_seen, known_key, seen
from permanence.agenda.queries.slots import planned, planned_still
from permanence.agenda.queries.views import AppointmentView, appointment_views
from permanence.agenda.refusals import AgendaUnknown, AppointmentUnknown
from permanence.agenda.rules.series import SeriesPlan, Session
from permanence.agenda.rules.why_not import as_fields
from permanence.agenda.rules.wishes import Preferences, SeriesWish
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class SeriesEmpty(Refusal):
    """No session of the series finds a slot: `causes` say why, each once; none where all is free at other hours."""

    code = "series_empty"

    def __init__(self, sessions: Sequence[Session]) -> None:
        super().__init__(", ".join(str(each.wanted) for each in sessions))
        self.causes = tuple(dict.fromkeys(cause for each in sessions for _count, cause in each.why))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPattern:
    """When the visits of a series are wanted: on each of `days` after `first`, give or take `tolerance` days; where:
    ids of `sites`, () for anywhere.
    """

    first: date
    days: tuple[int, ...]
    tolerance: int = 0
    same_half_day: bool = True
    preferences: Preferences = field(default_factory=Preferences)
    sites: tuple[str, ...] = ()

    @property
    def content(self) -> list[str]:
        """What tells it from another one, the same in every process."""
        liked = [getattr(self.preferences, each.name) for each in fields(self.preferences)]
        said = [str(sorted(each) if isinstance(each, frozenset) else each) for each in liked]
        return [str(self.first), str(self.days), str(self.tolerance), str(self.same_half_day), *said, *self.sites]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesView:
    """A series as it stands: its appointments, cancelled ones too, in their order, and the sessions that found no slot.

    `missing`: number, wanted day, `why` as (how many starts, the cause's fields), `instead` the nearest moment or "".
    """

    series: str
    client: str
    patient: str
    wanted: int
    appointments: tuple[AppointmentView, ...]
    missing: tuple[dict[str, Any], ...]


def book_series(
    *, key: str, agendas: Sequence[str], pattern: SeriesPattern, booking: Booking, by: Who, at: datetime
) -> SeriesView:
    """Book a slot for each session, in the first of the agendas that has one; all of one client. One transaction.

    It is searched before the agendas are locked; under the lock, where something has changed, it is looked whether what
    was found is free still, and only where it is not it is searched again. What is missing is not booked elsewhere.

    Raises SeriesEmpty with no session at all, AgendaUnknown, callers' PatientUnknown, PatientDeceased, queries'
    WishTooWide, SlotAlreadyTaken, and those of `acts.once`.
    """
    rows = seen(agendas, by=by)
    if not rows or len({row.client_id for row in rows}) > 1:
        raise AgendaUnknown("agendas of one client are wanted")
    _, patient, wish = wanted(agendas[0], booking, by=by)
    asked = SeriesWish(
        wish=replace(wish, sites=pattern.sites, preferences=replace(pattern.preferences, agendas=tuple(agendas))),
        first=pattern.first,
        days=pattern.days,
        tolerance=pattern.tolerance,
        same_half_day=pattern.same_half_day,
    )

    search = _Search(rows=rows, asked=asked, at=at)

    def do(locked: dict[int, Agenda]) -> dict[str, str]:
        kept = [locked[row.pk] for row in rows]
        for row in kept:
            clear(row, at=at)
        sessions = search.under_lock(kept).sessions
        found = [(each.number, each.slot) for each in sessions if each.slot is not None]
        series = Series.objects.create(
            house_id=by.house_key,
            client_id=kept[0].client_id,
            key=key,
            patient_id=int(patient.id),
            reason_id=int(booking.reason),
            wanted=len(sessions),
            missing=[_missing(each) for each in sessions if each.slot is None],
            made_by_name=by.name,
            made_at=at,
        )
        for place, (number, slot) in enumerate(found):
            put(
                locked[int(slot.agenda)],
                slot,
                key=f"{hashlib.sha256(key.encode()).hexdigest()[:32]}-{number:03d}",
                booking=booking if place == 0 else replace(booking, new_here=False),
                patient=patient,
                holder=wish.holder,
                by=by,
                at=at,
                series=series,
                position=number,
            )
        return {"series": key}

    content = {**booking.content, "agendas": list(agendas), "pattern": pattern.content}
    result = once(act="series", key=key, agendas=rows, content=content, by=by, at=at, do=do, look=search.look)
    return series_of(by=by, series=result["series"])


@dataclass(slots=True, kw_only=True)
class _Search:
    """What a series finds, before its agendas are locked (`look`), and under the lock. The rows were read before."""

    rows: Sequence[Agenda]
    asked: SeriesWish
    at: datetime
    _found: SeriesPlan | None = field(default=None, init=False)

    def look(self) -> None:
        """Raises SeriesEmpty, WishTooWide."""
        self._found = self._searched(self.rows)

    def under_lock(self, kept: Sequence[Agenda]) -> SeriesPlan:
        """The plan for the rows as they are under the lock. Raises SeriesEmpty."""
        found = self._found
        if found is None:
            return self._searched(kept)
        slots = [each.slot for each in found.sessions if each.slot is not None]
        # What others take of rooms, equipment or another agenda does not show in these versions.
        if any(each.resources or each.also for each in slots) or any(
            row.version != before.version for row, before in zip(kept, self.rows, strict=True)
        ):
            return planned_still(kept, self.asked, found, at=self.at) or self._searched(kept)
        return found

    def _searched(self, rows: Sequence[Agenda]) -> SeriesPlan:
        plan = planned(rows, self.asked, at=self.at)
        if all(each.slot is None for each in plan.sessions):
            raise SeriesEmpty(plan.sessions)
        return plan


def series_of(*, by: Who, series: str) -> SeriesView:
    """A series as it stands. Raises AppointmentUnknown, for one of a client whom `by` does not see too."""
    row = Series.objects.for_house(by.house_key).filter(key=known_key(series)).first()
    if row is None or not clients_seen(by, [row.client_id]):
        raise AppointmentUnknown(series[:40])
    return SeriesView(
        series=row.key,
        client=str(row.client_id),
        patient=str(row.patient_id),
        wanted=row.wanted,
        appointments=appointment_views(Appointment.objects.filter(series=row).order_by("position", "pk")),
        missing=tuple(row.missing),
    )


def _missing(session: Session) -> dict[str, Any]:
    return {
        "number": session.number,
        "wanted": session.wanted.isoformat(),
        "why": [[count, as_fields(cause)] for count, cause in session.why],
        "instead": "" if session.instead is None else session.instead.starts.isoformat(),
    }
