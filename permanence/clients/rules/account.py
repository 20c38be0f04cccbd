# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decisions about client accounts: kinds, sectors, states, which version of an instruction holds when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from permanence.kernel.span import Span


class ClientKind(StrEnum):
    """What the client is."""

    PRACTITIONER = "practitioner"
    PRACTICE = "practice"
    COMPANY = "company"
    ASSOCIATION = "association"
    PUBLIC_BODY = "public_body"


class Sector(StrEnum):
    """The trade; `health` brings the law of health with it (see `reception.table.HEALTH_SECTOR`)."""

    HEALTH = "health"
    AFTER_SALES = "after_sales"
    LEGAL = "legal"
    PROPERTY = "property"
    BANK = "bank"
    INSURANCE = "insurance"
    TELECOM = "telecom"
    OTHER = "other"


class ClientState(StrEnum):
    """Where the contract stands. His calls are answered in `trial` and `active` alone (`reception.table.ANSWERED`).

    `prospect`: not yet, his callers hear the closing words; `suspended`: not for now; `ended`: no more, his numbers are
    in quarantine.
    """

    PROSPECT = "prospect"
    TRIAL = "trial"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class RecipientKind(StrEnum):
    """For whom a message can be."""

    PRACTITIONER = "practitioner"
    PRACTICE = "practice"
    DESK = "desk"


INSTRUCTION_LIMIT = 2000
"""Characters of an instruction: what can be read while the phone rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an instruction is about; "" for everything. Several together: the call has to fit them all.

    `recipient`: his id; `line` and `caller`: E.164; `reason`: its code.
    """

    recipient: str = ""
    line: str = ""
    reason: str = ""
    caller: str = ""


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionVersion:
    """One version of one instruction. `series` names the instruction across its versions."""

    series: str
    version: int
    text: str
    author: str
    written_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    priority: int
    retired: bool
    scope: Scope = EVERYTHING
    recipient_name: str = ""
    acknowledge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionStretch:
    """A version and the time during which it is the one in force of its series."""

    version: InstructionVersion
    span: Span


def stretches(versions: Iterable[InstructionVersion]) -> tuple[InstructionStretch, ...]:
    """For every version the time it holds: until its own end, or until a later version of its series begins.

    A later version without a beginning takes over at the moment it was written. Versions that never hold are left out,
    and so are retired ones (a retired version only ends its predecessors). Ordered by series, then version.
    """
    ordered = sorted(versions, key=lambda each: (each.series, each.version), reverse=True)
    found: list[InstructionStretch] = []
    series, cut = "", None
    for each in ordered:
        if each.series != series:
            series, cut = each.series, None
        starts = each.starts_at
        ends = _earlier(each.ends_at, cut)
        if not each.retired and (starts is None or ends is None or starts < ends):
            found.append(InstructionStretch(version=each, span=Span(starts, ends)))
        cut = _earlier(starts or each.written_at, cut)
    return tuple(reversed(found))


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def next_colour(used: Iterable[int]) -> int:
    """The colour (1 to 8) least used among `used`, the lowest first: so that neighbours in a pool differ."""
    counts = dict.fromkeys(range(1, 9), 0)
    for colour in used:
        if colour in counts:
            counts[colour] += 1
    return min(counts, key=lambda colour: (counts[colour], colour))
