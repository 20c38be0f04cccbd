# SPDX-License-Identifier: AGPL-3.0-or-later
"""The house's one log: every line of every process, with the moment and the process named; turned over by size."""

from collections import deque
from pathlib import Path

from permanence.kernel.clock import Clock

LIMIT = 20_000_000
"""Bytes after which the log becomes `permanence.log.1` (which becomes `.2`, and so on)."""

KEPT = 5
TAIL = 12


class Log:
    """Appends to `log/permanence.log`. A full disk loses lines of the log, never the house."""

    def __init__(self, path: Path, clock: Clock, *, limit: int = LIMIT) -> None:
        self.path = path
        self._clock = clock
        self._limit = limit
        self._tails: dict[str, deque[str]] = {}
        self._size = path.stat().st_size if path.exists() else 0

    def write(self, process: str, text: str) -> None:
        """One line of one process."""
        self._tails.setdefault(process, deque(maxlen=TAIL)).append(text)
        line = f"{self._clock.now().isoformat(timespec='milliseconds')} {process:<8} {text}\n"
        try:
            if self._size + len(line) > self._limit:
                self._turn_over()
            if not self.path.exists():
                self.path.touch(mode=0o600)
                self._size = 0
            with self.path.open("a", encoding="utf-8", errors="replace") as file:
                self._size += file.write(line)
        except OSError:
            return

    def tail(self, process: str) -> list[str]:
        """The last lines of one process."""
        return list(self._tails.get(process, ()))

    def _turn_over(self) -> None:
        for number in range(KEPT - 1, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            if older.exists():
                older.replace(self.path.with_name(f"{self.path.name}.{number + 1}"))
        self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        self._size = 0
