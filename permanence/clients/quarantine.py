# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers that rest after a contract: callers still have them, so that nobody else is given one before a stated day.

While a number rests, its calls hear the closing words of the client who left (`queries.client_file`). Once the day has
come it may be given to another client; until somebody is given it, it stays as it is. Called within transactions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from permanence.clients.models import Client, Line, Quarantine

USUAL_DAYS = 180
"""How long a number rests when nobody says otherwise: until most printed and stored copies of it are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A number that rests: whose it was, and until which day it is given to nobody else."""

    house: int
    house_slug: str
    client: int
    until: date


def usual_end(at: datetime) -> date:
    """The first day on which the number may be given away, when nobody says otherwise."""
    return (at + timedelta(days=USUAL_DAYS)).date()


def lay_to_rest(client: Client, *, until: date, reason: str, at: datetime) -> tuple[str, ...]:
    """All numbers of the client rest from now on; gives them."""
    lines = list(Line.objects.for_client(client).order_by("number"))
    Quarantine.objects.bulk_create(
        Quarantine(
            house_id=client.house_id,
            client=client,
            number=line.number,
            label=line.label,
            since=at,
            until=until,
            reason=reason,
        )
        for line in lines
    )
    Line.objects.for_client(client).delete()
    return tuple(line.number for line in lines)


def wake(client: Client) -> tuple[str, ...]:
    """The numbers that rest for the client are his lines again; gives them."""
    rows = list(Quarantine.objects.for_client(client).order_by("number"))
    Quarantine.objects.for_client(client).delete()
    Line.objects.bulk_create(
        Line(house_id=client.house_id, client=client, number=row.number, label=row.label) for row in rows
    )
    return tuple(row.number for row in rows)


def rest_of(number: str) -> Rest | None:
    """Whether the number rests, in whichever house, its day come or not. One query."""
    row = Quarantine.objects.filter(number=number).select_related("house").first()
    return None if row is None else _rest(row)


def barred(rest: Rest | None, *, client: int | None, at: datetime) -> bool:
    """Whether the number may not be given to that client (None: a new one) at `at`."""
    return rest is not None and rest.client != client and rest.until > at.date()


def release(numbers: Iterable[str]) -> tuple[Rest, ...]:
    """The numbers rest no longer, for somebody has been given them; gives who had them, so that he is announced."""
    rows = Quarantine.objects.filter(number__in=list(numbers)).select_related("house")
    found = tuple(_rest(row) for row in rows)
    rows.delete()
    return found


def _rest(row: Quarantine) -> Rest:
    return Rest(house=row.house_id, house_slug=row.house.slug, client=row.client_id, until=row.until)
