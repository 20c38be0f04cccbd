# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many accounts at once: what a line of a table says of a client, a site or a contact, and what is wrong in a line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong in a line, counted from 1 with the head of the table. `code` says what, `value` stood there."""

    line: int
    code: str
    column: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """A client as a line gives him: only what it gives. `fields` are those of the table of clients.

    `numbers` (E.164) and `greetings` (by language) are added or changed, never taken away. `week`: by weekday from 0,
    the openings of that day; days that are not there stay as they are. `initials`: for a new client who is given none.
    """

    line: int
    name: str
    fields: Mapping[str, Any]
    numbers: tuple[str, ...] = ()
    week: Mapping[int, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    greetings: Mapping[str, str] = field(default_factory=dict)
    initials: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """A site or a contact of the client of that name, as a line gives it: only what it gives, `name` always."""

    line: int
    client: str
    fields: Mapping[str, Any]


NEEDED_OF_A_NEW_CLIENT = ("kind", "sector")


def consent_fault(sector: str, fields: Mapping[str, Any]) -> str:
    """The column that lacks for voice messages of a health client; "" when all is there."""
    if not fields["voice_message"] or sector != "health":
        return ""
    if fields["voice_message_agreed_date"] is None:
        return "voice_message_agreed_date"
    return "" if str(fields["duty_contact"]).strip() else "duty_contact"


def contract_runs_forward(begins: date | None, ends: date | None) -> bool:
    """Whether the contract ends after it begins, as far as both are known."""
    return begins is None or ends is None or begins < ends
