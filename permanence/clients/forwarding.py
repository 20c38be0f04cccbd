# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the clients' lines come to the house: acts and reads. The telephone needs none of it; who takes a client in does.

The number of the house stands on the line; beside it the client's public number, which his operator forwards to us.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from permanence.clients import acts, operations
from permanence.clients.models import ForwardingCode, Line
from permanence.clients.queries import LineUnknown
from permanence.clients.rules import ClientState
from permanence.countries.forwarding import (
    SECONDS,
    Access,
    ForwardingKind,
    ForwardingMode,
    ForwardingRecipe,
    Keys,
    SecondsImpossible,
    check_recipe,
    keys_to_dial,
)
from permanence.foundation import audit
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal

RINGS_FIRST = frozenset({ForwardingMode.NO_ANSWER, ForwardingMode.OVERFLOW})
"""The modes in which it rings at the client's before it is forwarded."""
_OPERATOR = re.compile(r"[a-z0-9-]{0,40}\Z")


class PublicNumberOurs(Refusal):
    """The public number is a number of the house itself: it would be forwarded to us for ever."""

    code = "public_number_ours"


class PublicNumberTaken(Refusal):
    """Another line of the house has that public number."""

    code = "public_number_taken"


class ShortNameMalformed(Refusal):
    """The operator's short name has small letters, digits and hyphens only."""

    code = "short_name_malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A line of a client and how his calls come to it. `seconds`: of ringing at his first, None as his network does."""

    key: int
    client: str
    number: str
    label: str
    public_number: str
    mode: ForwardingMode
    access: Access
    operator: str
    seconds: int | None

    @property
    def dialled_by_callers(self) -> str:
        """The number his callers dial; "" where nobody wrote it down."""
        return self.number if self.mode is ForwardingMode.DIRECT else self.public_number


@transaction.atomic
def set_forwarding(
    *,
    client: str,
    number: str,
    mode: ForwardingMode,
    public_number: str = "",
    access: Access = Access.FIXED,
    operator: str = "",
    seconds: int | None = None,
    by: Who,
    at: datetime,
) -> None:
    """Write down how the line `number` (E.164) comes to us.

    `public_number` (E.164) may be "" where it is not known yet, and is dropped for a direct line; `seconds` (5 to 30 by
    five) is kept for the modes that ring first. Raises LineUnknown, operations.NumberMalformed, PublicNumberOurs,
    PublicNumberTaken, SecondsImpossible, ShortNameMalformed.
    """
    row = _locked(client, number, by)
    public = "" if mode is ForwardingMode.DIRECT else _checked(public_number, row)
    if seconds is not None and seconds not in SECONDS:
        raise SecondsImpossible(str(seconds))
    if _OPERATOR.match(operator) is None:
        raise ShortNameMalformed(operator[:40])
    row.public_number, row.forwarding, row.access, row.operator = public, mode.value, access.value, operator
    row.no_answer_s = seconds if mode in RINGS_FIRST else None
    row.save(update_fields=["public_number", "forwarding", "access", "operator", "no_answer_s"])
    detail = {"number": row.number, "mode": mode.value}
    acts.changed(client=client, action="client.forwarding_set", by=by, at=at, detail=detail)


def _locked(client: str, number: str, by: Who) -> Line:
    rows = Line.objects.for_house(by.house_key).select_for_update().filter(number=number[:16])
    row = rows.for_client(row_key(client)).first()
    if row is None:
        raise LineUnknown(f"no line {number[:20]} of client {client[:20]}")
    return row


def _checked(public_number: str, row: Line) -> str:
    """The public number in E.164, or "". Raises operations.NumberMalformed, PublicNumberOurs, PublicNumberTaken."""
    if not public_number.strip():
        return ""
    try:
        e164 = str(PhoneNumber.parse_global(public_number))
    except ValueError as error:
        raise operations.NumberMalformed(public_number[:40]) from error
    mine = Line.objects.for_house(row.house_id)
    if mine.filter(number=e164).exists():
        raise PublicNumberOurs(e164)
    if mine.filter(public_number=e164).exclude(pk=row.pk).exists():
        raise PublicNumberTaken(e164)
    return e164


def code_changed(*, code: str, action: str, by: Who, at: datetime) -> None:
    """Note that a code of an operator was added, changed or removed. Called in the transaction of the change."""
    audit.note(by=by, at=at, action=action, subject="clients.forwarding_code", detail={"label": code})


@transaction.atomic
def keep_code(
    *,
    country: str,
    operator: str,
    access: Access,
    kind: ForwardingKind,
    activate: str,
    deactivate: str = "",
    query: str = "",
    source: str = "",
    by: Who,
    at: datetime,
) -> None:
    """The house's own keys for this forwarding, instead of those there were.

    Raises RecipeMalformed, ShortNameMalformed.
    """
    check_recipe(activate=activate, deactivate=deactivate, query=query)
    if _OPERATOR.match(operator) is None:
        raise ShortNameMalformed(operator[:40])
    place: dict[str, Any] = {
        "country": country.upper(),
        "operator": operator,
        "access": access.value,
        "kind": kind.value,
    }
    keys = {"activate": activate, "deactivate": deactivate, "query": query, "source": source[:200]}
    row, made = ForwardingCode.objects.update_or_create(house_id=by.house_key, **place, defaults=keys)
    action = "forwarding_code.added" if made else "forwarding_code.changed"
    code_changed(code=str(row), action=action, by=by, at=at)


def lines_of(*, house: str, client: str) -> tuple[LineView, ...]:
    """The lines of a client, by number; empty for a client of another house. One query."""
    return tuple(line_view(row) for row in Line.objects.for_house(house).for_client(row_key(client)).order_by("number"))


def number_to_call(*, house: str, client: str, named: bool = True) -> str:
    """What a patient of the client dials (E.164), "" for none: what its callers dial; where nobody wrote that down, or
    the practice is not to be `named`, the house's own line. One query.
    """
    line = next(iter(lines_of(house=house, client=client)), None)
    if line is None:
        return ""
    return (named and line.dialled_by_callers) or line.number


def lines_of_house(*, house: str) -> tuple[LineView, ...]:
    """Every line of a house whose client has not ended, by number. One query."""
    rows = Line.objects.for_house(house).exclude(client__state=ClientState.ENDED).order_by("number")
    return tuple(line_view(row) for row in rows)


def line_view(row: Line) -> LineView:
    """The row as a frozen view."""
    return LineView(
        key=row.pk,
        client=str(row.client_id),
        number=row.number,
        label=row.label,
        public_number=row.public_number,
        mode=ForwardingMode(row.forwarding),
        access=Access(row.access),
        operator=row.operator,
        seconds=row.no_answer_s,
    )


def own_recipes(*, house: str) -> tuple[ForwardingRecipe, ...]:
    """The house's own codes. One query."""
    return tuple(
        ForwardingRecipe(
            country=row.country,
            operator=row.operator,
            access=Access(row.access),
            kind=ForwardingKind(row.kind),
            activate=row.activate,
            deactivate=row.deactivate,
            query=row.query,
            source=row.source,
            checked=True,
        )
        for row in ForwardingCode.objects.for_house(house).order_by("pk")
    )


def keys_for(line: LineView, *, house: str, country: str, on: date) -> tuple[Keys, ...]:
    """What the client dials on his telephone to forward it to this line. One query."""
    return keys_to_dial(
        country=country,
        operator=line.operator,
        access=line.access,
        mode=line.mode,
        number=PhoneNumber(line.number),
        seconds=line.seconds,
        own=own_recipes(house=house),
        on=on,
    )


def number_is_public(number: str, *, house_key: int) -> bool:
    """Whether some client of the house has this as his public number: it cannot be a number of the house too."""
    return Line.objects.for_house(house_key).filter(public_number=number).exists()
