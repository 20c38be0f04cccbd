# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers that rest after a contract or a line: callers still have them, so that nobody else is given one before a
stated day.

While a number rests, its calls hear the closing words of the client who left (`queries.client_file`); where only the
line was taken off, it is a line that nobody has. Once the day has come it may be given to another client; until
somebody is given it, it stays as it is. Called within transactions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q

from permanence.clients.models import Client, Greeting, Line, Quarantine
from permanence.clients.rules import ClientState

USUAL_DAYS = 180
"""How long a number rests when nobody says otherwise: until most printed and stored copies of it are gone."""
LINE_KEEPS = ("public_number", "forwarding", "access", "operator", "no_answer_s")
GREETING_KEEPS = ("language", "text", "day_type", "weekdays", "opens", "until")
"""What is kept of a line, and of each phrase that is said on it alone, while its number rests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A number that rests: whose it was, whether his contract has `ended`, until which day nobody else is given it."""

    house: int
    house_slug: str
    client: int
    ended: bool
    until: date


def usual_end(at: datetime) -> date:
    """The first day on which the number may be given away, when nobody says otherwise."""
    return (at + timedelta(days=USUAL_DAYS)).date()


def lay_to_rest(client: Client, *, until: date, reason: str, at: datetime) -> tuple[str, ...]:
    """All numbers of the client rest from now on, each with what its line knew and said; gives them."""
    lines = list(Line.objects.for_client(client).order_by("number"))
    greetings = Greeting.objects.for_client(client).filter(line__in=lines)
    said: dict[int, list[dict[str, Any]]] = {line.pk: [] for line in lines}
    for row in greetings.order_by("pk").values("line_id", *GREETING_KEEPS):
        said[row.pop("line_id")].append(row)
    Quarantine.objects.bulk_create(
        Quarantine(
            house_id=client.house_id,
            client=client,
            number=line.number,
            label=line.label,
            since=at,
            until=until,
            reason=reason,
            kept={**{field: getattr(line, field) for field in LINE_KEEPS}, "greetings": said[line.pk]},
        )
        for line in lines
    )
    greetings.delete()
    Line.objects.for_client(client).delete()
    return tuple(line.number for line in lines)


def rest_removed(line: Line, *, at: datetime) -> date:
    """The number of a line that is taken off, or gets another number, rests for the usual time; gives its day.

    Only he may have it before, and without what the line knew: that he does without it is what was meant.
    """
    until = usual_end(at)
    Quarantine.objects.create(
        house_id=line.house_id,
        client_id=line.client_id,
        number=line.number,
        label=line.label,
        since=at,
        until=until,
        reason="",
        removed=True,
    )
    return until


def wake(client: Client) -> tuple[str, ...]:
    """The numbers that rest since his contract ended are his lines again, with what they knew and said; gives them.

    A public number that another line of the house has meanwhile is left out.
    """
    resting = Quarantine.objects.for_client(client).filter(removed=False)
    rows = list(resting.order_by("number"))
    resting.delete()
    taken = _taken(client, [public for row in rows if (public := row.kept.get("public_number"))])
    for row in rows:
        known = {field: row.kept[field] for field in LINE_KEEPS if field in row.kept}
        if known.get("public_number") in taken:
            del known["public_number"]
        line = Line.objects.create(house_id=client.house_id, client=client, number=row.number, label=row.label, **known)
        Greeting.objects.bulk_create(
            Greeting(house_id=client.house_id, client=client, line=line, **each)
            for each in row.kept.get("greetings", ())
        )
    return tuple(row.number for row in rows)


def rest_of(number: str) -> Rest | None:
    """Whether the number rests, in whichever house, its day come or not. One query."""
    row = Quarantine.objects.filter(number=number).select_related("house", "client").first()
    return None if row is None else _rest(row)


def barred(rest: Rest | None, *, client: int | None, at: datetime) -> bool:
    """Whether the number may not be given to that client (None: a new one) at `at`.

    His own comes back with all it knew when his contract is taken up again, and not before.
    """
    if rest is None:
        return False
    return rest.ended if rest.client == client else rest.until > at.date()


def release(numbers: Iterable[str]) -> tuple[Rest, ...]:
    """The numbers rest no longer, for somebody has been given them; gives who had them, so that he is announced."""
    rows = Quarantine.objects.filter(number__in=list(numbers)).select_related("house", "client")
    found = tuple(_rest(row) for row in rows)
    rows.delete()
    return found


def _taken(client: Client, numbers: list[str]) -> set[str]:
    """Those that are meanwhile a number of the house or the public number of one of its lines."""
    lines = Line.objects.for_house(client.house_id).filter(Q(number__in=numbers) | Q(public_number__in=numbers))
    return {number for pair in lines.values_list("number", "public_number") for number in pair}


def _rest(row: Quarantine) -> Rest:
    return Rest(
        house=row.house_id,
        house_slug=row.house.slug,
        client=row.client_id,
        ended=row.client.state == ClientState.ENDED,
        until=row.until,
    )
