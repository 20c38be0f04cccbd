# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is booked in an absence and was not given to the secretaries: nobody has said yet what becomes of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial, reduce
from operator import or_

from django.db.models import Q

from permanence.agenda.models import Appointment, FollowUp
from permanence.agenda.queries.agendas import clients_seen, in_order
from permanence.agenda.queries.first import first_kept
from permanence.agenda.queries.returns import over_by_now, unmoved
from permanence.agenda.queries.views import AppointmentView, appointment_view, loaded
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.agenda.rules.states import STANDING
from permanence.clients import away
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.reception.table import AbsenceEntry

LIST_LIMIT = 500
"""So many appointments the list holds."""
TOGETHER = 100
"""Absences that one question asks for: SQLite takes no condition of a thousand parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBooked:
    """An absence of a client (his id) and those booked in it of whom nobody said what becomes of them, the earliest
    first. `recipient`: who is away, an id, "" for the whole client.
    """

    absence: str
    client: str
    recipient: str
    starts: datetime
    ends: datetime
    visits: tuple[AppointmentView, ...]


def left_booked(*, by: Who, at: datetime, client: str | None = None) -> tuple[LeftBooked, ...]:
    """The absences not over at `at`, of the clients `by` sees or of one of them, in which somebody is booked who was
    not given to the secretaries; the one with the earliest appointment first.

    An entry holds for the moment and the agenda at which the appointment stood: who is moved within the absence, or to
    a colleague who is away too, has to be given anew.
    Four queries and one for each `TOGETHER` absences; two where nobody is away.
    """
    keys = in_order(by=by).values_list("client", flat=True) if client is None else [row_key(client)]
    found = away.absences_of(house=by.house, clients=clients_seen(by, set(keys)), at=at)
    return left_among([(key, each) for key, absences in found.items() for each in absences], by=by, at=at)


def left_among(entries: Sequence[tuple[int, AbsenceEntry]], *, by: Who, at: datetime) -> tuple[LeftBooked, ...]:
    """The same of absences that are known, each with its client (his key), whom `by` may see, with the first
    `LIST_LIMIT` visits of whom nothing was said. A query for each `TOGETHER`, and two more where somebody is booked.
    """
    found = _left(entries, by=by, at=at)
    told = []
    for key, entry in entries:
        left = tuple(visit for visit, of in found if entry.id in of)
        if left:
            told.append(
                LeftBooked(
                    absence=entry.id,
                    client=str(key),
                    recipient=entry.recipient,
                    starts=entry.starts,
                    ends=entry.ends,
                    visits=left,
                )
            )
    return tuple(sorted(told, key=lambda each: (each.visits[0].starts_at, each.absence)))


def left_in(*, by: Who, client: str, absence: str, at: datetime) -> int:
    """How many are booked in one absence and were not given to the secretaries; 0 for one that is not there."""
    found = left_booked(by=by, at=at, client=client)
    return next((len(each.visits) for each in found if each.absence == absence), 0)


def _left(
    entries: Sequence[tuple[int, AbsenceEntry]], *, by: Who, at: datetime
) -> list[tuple[AppointmentView, frozenset[str]]]:
    """The visits of whom nothing was said in one of the absences, the earliest first, each with these (ids)."""
    states = [each.value for each in STANDING]
    rows = Appointment.objects.for_house(by.house_key).filter(state__in=states, starts_at__gt=at)
    found: dict[str, tuple[AppointmentView, frozenset[str]]] = {}
    for first in range(0, len(entries), TOGETHER):
        some = entries[first : first + TOGETHER]
        meeting = rows.filter(reduce(or_, (_condition(*each) for each in some))).order_by("starts_at", "pk")
        for visit, of in first_kept(loaded(meeting), partial(_not_given, some, by=by), most=LIST_LIMIT):
            found[visit.appointment] = visit, of | (found[visit.appointment][1] if visit.appointment in found else of)
    return sorted(found.values(), key=lambda each: (each[0].starts_at, each[0].appointment))[:LIST_LIMIT]


def _not_given(
    entries: Sequence[tuple[int, AbsenceEntry]], rows: list[Appointment], *, by: Who
) -> Iterator[tuple[AppointmentView, frozenset[str]]]:
    visits = [appointment_view(each) for each in rows]
    given = _given([each.appointment for each in visits], by=by)
    for visit in visits:
        of = (entry.id for key, entry in entries if _meets(visit, key, entry) and not given.has(visit, entry.id))
        if left := frozenset(of):
            yield visit, left


def _condition(client: int, entry: AbsenceEntry) -> Q:
    met = Q(client=client, starts_at__lt=entry.ends, ends_at__gt=entry.starts)
    if entry.recipient:
        met &= Q(agenda__recipient=row_key(entry.recipient)) | Q(also__recipient=row_key(entry.recipient))
    return met


def _meets(visit: AppointmentView, client: int, entry: AbsenceEntry) -> bool:
    return (
        visit.client == str(client)
        and visit.starts_at < entry.ends
        and visit.ends_at > entry.starts
        and entry.recipient in {"", visit.recipient, visit.also_recipient}
    )


@dataclass(frozen=True, slots=True)
class _Given:
    """Of visits (ids): which are on the secretaries' list, and with which absence (its id) one was seen to."""

    listed: frozenset[str]
    settled: frozenset[tuple[str, str]]

    def has(self, visit: AppointmentView, absence: str) -> bool:
        return visit.appointment in self.listed or not self.settled.isdisjoint(
            {(visit.appointment, absence), (visit.appointment, "")}
        )


def _given(visits: list[str], *, by: Who) -> _Given:
    """Who was called because of an absence that was withdrawn, and was not told that he can come, was seen to whichever
    absence meets him now: so it is when an absence is announced again with a person for what is urgent. Who comes all
    the same does so in that absence alone.
    """
    rows = unmoved(FollowUp.objects.for_house(by.house_key).filter(appointment__key__in=visits))
    entries = list(rows.select_related("appointment").order_by("asked_at", "pk")) if visits else []
    over = over_by_now(entries, house=by.house) if entries else set()
    open_now = {each.appointment.key: each for each in entries if each.done_at is None}
    called = {each.appointment.key: each for each in entries if each.outcome == Outcome.CALLED}
    kept = {(each.appointment.key, each.absence) for each in entries if each.outcome == Outcome.KEPT and not each.alone}
    return _Given(
        listed=frozenset(key for key, each in open_now.items() if each.wanted != Wanted.STANDS and each.pk not in over),
        settled=frozenset(
            (key, "" if each.pk in over else each.absence)
            for key, each in called.items()
            if each.wanted != Wanted.STANDS and key not in open_now
        )
        | kept,
    )
