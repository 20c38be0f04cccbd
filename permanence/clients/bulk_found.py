# SPDX-License-Identifier: AGPL-3.0-or-later
"""What came of many accounts brought in at once."""

from dataclasses import dataclass

from permanence.clients.bulk_rules import Fault
from permanence.clients.rules.compared import Compared


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFound:
    """What the proof says of the client of a line: what the line brings, leaves and ends."""

    line: int
    found: Compared


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtIn:
    """How many rows are new, changed, as they were; with `faults` or a new conflict in `proved` nothing was saved.

    `proved`: the lines of which there is something to say.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: tuple[Fault, ...] = ()
    proved: tuple[LineFound, ...] = ()
