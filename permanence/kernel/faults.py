# SPDX-License-Identifier: AGPL-3.0-or-later
"""The faults of one process: how many there were, and of which kind the last one was. No word of what was processed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

STANDS_FOR = timedelta(hours=1)
"""How long after the last fault a process still complains of it."""


@dataclass(slots=True)
class FaultBook:
    """`count` since the start of the process; `kind` is the class of the last exception, `where` who wrote it down."""

    count: int = 0
    kind: str = ""
    where: str = ""
    at: datetime | None = None

    def note(self, kind: str, where: str, at: datetime) -> None:
        """One more."""
        self.count, self.kind, self.where, self.at = self.count + 1, kind, where, at

    def is_standing(self, at: datetime) -> bool:
        """Whether the last one is recent enough to be complained of."""
        return self.at is not None and at - self.at < STANDS_FOR
