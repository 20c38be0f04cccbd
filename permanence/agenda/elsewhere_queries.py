# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of what was done in external agendas: frozen rows, scoped to the house and, where asked, to clients.

An act that was undone is in none of them but `act`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count

from permanence.agenda.models import BookedElsewhere
from permanence.agenda.rules.elsewhere import ActElsewhere
from permanence.clients import queries as clients
from permanence.foundation.keys import NO_ROW, row_key
from permanence.foundation.tenancy import ClientQuerySet

LIST_LIMIT = 200
PORTAL_DAYS = 30
"""How far back the client sees in his portal what was done in his agenda."""
_JOINED = ("client", "recipient")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """One act. `day` and `hour` on the client's clock, None where they were not said; `time_zone` is that clock."""

    key: str
    client: str
    client_name: str
    client_initials: str
    client_colour: int
    time_zone: str
    call: str
    recipient: str
    recipient_name: str
    act: ActElsewhere
    day: date | None
    hour: time | None
    patient_name: str
    product: str
    host: str
    recorded_by_name: str
    recorded_at: datetime
    corrected_at: datetime | None
    undone_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedActs:
    """How many acts one client's agenda saw."""

    client: str
    booked: int = 0
    moved: int = 0
    cancelled: int = 0


def act(*, house: str, key: str) -> ActRow | None:
    """One act of a house by its key, undone or not; None for another house's. One query."""
    row = BookedElsewhere.objects.for_house(house).filter(key=key).select_related(*_JOINED).first()
    return None if row is None else view_of(row)


def todays_acts(*, house: str, at: datetime, zone: ZoneInfo, only: frozenset[str] | None = None) -> tuple[ActRow, ...]:
    """What was recorded today on the house's clock `zone`, the newest first. One query."""
    today = at.astimezone(zone).date()
    rows = _hers(_standing(house).filter(recorded_at__gte=_midnight(today, zone)), only)
    return tuple(view_of(row) for row in rows.order_by("-recorded_at", "-pk")[:LIST_LIMIT])


def earlier_acts(*, house: str, client: str, number: str, before: datetime, limit: int = 20) -> tuple[ActRow, ...]:
    """Earlier acts for the callers of a number (E.164) with one client, and with no other, newest first. One query."""
    if not number or row_key(client) == NO_ROW:
        return ()
    rows = _standing(house).for_client(client).filter(caller_number=number, recorded_at__lt=before)
    return tuple(view_of(row) for row in rows.order_by("-recorded_at", "-pk")[:limit])


def acts_of_calls(*, house: str, calls: Iterable[str]) -> dict[str, tuple[ActRow, ...]]:
    """What was done in each of these calls, the first act first. One query."""
    rows = _standing(house).filter(call__in=[each for each in calls if each])
    return _by_call(rows.order_by("recorded_at", "pk"))


def acts_for_person(*, house: str, access: Iterable[clients.PortalAccess], at: datetime) -> tuple[ActRow, ...]:
    """What a portal user with this `access` sees: his clients' last acts, newest first. One query."""
    mine = [int(each.client.id) for each in access]
    rows = _standing(house).filter(client__in=mine, recorded_at__gte=at - timedelta(days=PORTAL_DAYS))
    return tuple(view_of(row) for row in rows.order_by("-recorded_at", "-pk")[:LIST_LIMIT])


def counted_acts(
    *, house: str, first: date, last: date, zone: ZoneInfo, only: frozenset[str] | None = None
) -> tuple[CountedActs, ...]:
    """How many acts each client had in those days (both included, on the clock `zone`). One query."""
    rows = _hers(_between(house, first, last, zone), only).order_by("client_id", "act")
    counts: dict[str, dict[str, int]] = {}
    for client, name, count in rows.values_list("client_id", "act").annotate(count=Count("pk")):
        counts.setdefault(str(client), {})[name] = count
    return tuple(CountedActs(client=client, **found) for client, found in counts.items())


def acts_of_month(*, house: str, client: str, first: date, last: date, zone: ZoneInfo) -> dict[str, tuple[ActRow, ...]]:
    """All acts of one client in those days (both included) by their call, the first act first. One query."""
    rows = _between(house, first, last, zone).for_client(client).order_by("recorded_at", "pk")
    return _by_call(rows)


def view_of(row: BookedElsewhere) -> ActRow:
    """The row as a frozen view; client and recipient are joined."""
    return ActRow(
        key=row.key,
        client=str(row.client_id),
        client_name=row.client.name,
        client_initials=row.client.initials,
        client_colour=row.client.colour,
        time_zone=row.client.time_zone,
        call=row.call,
        recipient=str(row.recipient_id),
        recipient_name=row.recipient.name,
        act=ActElsewhere(row.act),
        day=row.day,
        hour=row.hour,
        patient_name=row.patient_name,
        product=row.product,
        host=row.host,
        recorded_by_name=row.recorded_by_name,
        recorded_at=row.recorded_at,
        corrected_at=row.corrected_at,
        undone_at=row.undone_at,
    )


def _by_call(rows: Iterable[BookedElsewhere]) -> dict[str, tuple[ActRow, ...]]:
    found: dict[str, list[ActRow]] = {}
    for row in rows:
        found.setdefault(row.call, []).append(view_of(row))
    return {call: tuple(acts) for call, acts in found.items()}


def _standing(house: str) -> ClientQuerySet[BookedElsewhere]:
    return BookedElsewhere.objects.for_house(house).filter(undone_at__isnull=True).select_related(*_JOINED)


def _between(house: str, first: date, last: date, zone: ZoneInfo) -> ClientQuerySet[BookedElsewhere]:
    begin, end = _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
    return _standing(house).filter(recorded_at__gte=begin, recorded_at__lt=end)


def _hers(found: ClientQuerySet[BookedElsewhere], only: frozenset[str] | None) -> ClientQuerySet[BookedElsewhere]:
    return found if only is None else found.filter(client__in=[int(each) for each in only])


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
