# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ids of this door: rows have their decimal key; what stands in an agenda, or could, begins with a letter and a dot.

`a.` an appointment, `h.` a hold, `c.` and `i.` what they take of another agenda, `b.` busy time, `p.` and `f.` a slot
that can be booked: agenda, reason, moment, and `n` for who comes for the first time. FHIR allows letters, digits, `-`
and `.`, 64 of them; `_` of a key becomes `.`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from permanence.foundation.keys import NO_ROW, row_key

ID = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")
_START = re.compile(r"[pf]\.([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{8}T[0-9]{6}Z)(\.n)?\Z")
_KEYED = re.compile(r"([ahbci])\.([0-9A-Za-z.-]{16,40})\Z")
EARLIEST_YEAR, LATEST_YEAR = 2000, 2199
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Start:
    """A slot that could be booked."""

    agenda: str
    reason: str
    starts: datetime
    is_new: bool

    def id(self, letter: str) -> str:
        """As it is written."""
        stamp = self.starts.astimezone(UTC).strftime(_STAMP)
        return f"{letter}.{self.agenda}.{self.reason}.{stamp}{'.n' if self.is_new else ''}"


def start_of(text: str) -> Start | None:
    """The slot behind an id; None where it is none, or lies in no year in which anything is booked."""
    found = _START.match(text)
    if found is None:
        return None
    try:
        starts = datetime.strptime(found[3], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    if not EARLIEST_YEAR <= starts.year <= LATEST_YEAR:
        return None
    return Start(found[1], found[2], starts, bool(found[4]))


def keyed(letter: str, key: str) -> str:
    """The id of what has a key made by a page."""
    return f"{letter}.{key.replace('_', '.')}"


def key_of(text: str) -> tuple[str, str]:
    """Letter and key behind an id; ("", "") where it is none."""
    found = _KEYED.match(text)
    return (found[1], found[2].replace(".", "_")) if found else ("", "")


def is_row(text: str) -> bool:
    """Whether it can be the key of a row."""
    return row_key(text) != NO_ROW
