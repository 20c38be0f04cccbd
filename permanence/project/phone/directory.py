# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the telephone knows before it dials: how a number is written, whose it is, whether the line is open now."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal
from permanence.project.line_states import line_state
from permanence.reception.table import ClientSlice, RoutingTable

LANGUAGES = {"+33": "fr", "+352": "fr", "+353": "en"}
LEAST_DIGITS = 6
"""A number inside a country has as many at least: three digits of a number name no line."""
_NO_DIGIT = re.compile(r"[^0-9]")
_BRACKETED_ZERO = re.compile(r"\(0\)")


class NotANumber(Refusal):
    """What was typed cannot be dialled; `why` says how to write it."""

    code = "not_a_number"


@dataclass(frozen=True, slots=True)
class Dialled:
    """A number and what is known of it. `remarks` are sentences to print; `known` says that a client has the line."""

    number: PhoneNumber
    known: bool
    remarks: tuple[str, ...]

    @property
    def language(self) -> str:
        """The language of the built-in voice for this number."""
        return look_up_language(self.number.e164)


def look_up_language(number: str) -> str:
    """The language in which a caller of this number (E.164) speaks."""
    return next((spoken for prefix, spoken in LANGUAGES.items() if number.startswith(prefix)), "en")


def read_number(text: str, *, lines: Iterable[str] = ()) -> PhoneNumber:
    """The number as typed, with its country: `+353 20 910 0101`, `00353...`.

    Raises NotANumber, which names those of `lines` (E.164) that are written so in their country.
    """
    spelled = _BRACKETED_ZERO.sub("", text.strip())
    if spelled.startswith("00"):
        spelled = f"+{spelled[2:]}"
    try:
        return PhoneNumber.parse_global(spelled)
    except ValueError as error:
        meant = " or ".join(sorted(line for line in lines if _is_written(spelled, line)))
        example = f"{meant}, a line of this house" if meant else "as in +353209100101"
        raise NotANumber(
            f"{text!r} is not a number with its country. Write it in full: {example} "
            "(+33, +352 or +353, then the number without its leading 0)."
        ) from error


def _is_written(text: str, line: str) -> bool:
    """Whether this is how the line (E.164) is written inside its country: the leading 0 does not count."""
    national = _NO_DIGIT.sub("", text).removeprefix("0")
    return len(national) >= LEAST_DIGITS and any(line == f"{country}{national}" for country in LANGUAGES)


def look_up(number: PhoneNumber, table: RoutingTable, *, at: datetime) -> Dialled:
    """What the table says of a number at a moment."""
    owner = table.lines.get(number.e164)
    if owner is None:
        lines = ", ".join(sorted(table.lines)) or "none yet"
        unknown = f"No client of this house has {number}: the house takes it as an unknown line. Its lines: {lines}."
        return Dialled(number, known=False, remarks=(unknown,))
    client = table.clients[owner]
    place = f" ({client.place})" if client.place else ""
    return Dialled(number, known=True, remarks=(f"{client.name}{place}", *_hours(client, at)))


def _hours(client: ClientSlice, at: datetime) -> tuple[str, ...]:
    found = line_state(client, at=at)
    if found.is_open:
        return ("The line is open.",)
    why = f" ({found.why})" if found.why else ""
    opens = ""
    if found.until is not None:
        local = found.until.astimezone(ZoneInfo(client.time_zone))
        opens = f" until {local:%A %d %B, %H:%M} ({client.time_zone})"
    return (f"The line is closed now{why}{opens}: you will hear its closing words.",)
