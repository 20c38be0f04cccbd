# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pieces of the long race found, kept in the repository: it takes hours, and goes on wherever it was stopped.

Of all of them together it is kept what they have read of our code and what of it ran (`agenda_read`): they count as
long as that is the same. A piece that is to count elsewhere is committed. The seconds of pieces are those of the
machines they ran on.
"""

import fcntl
import json
from pathlib import Path
from typing import Any

from bench.agenda_read import digests, read_of
from bench.programs import CLONE

Figures = dict[str, Any]
FILE = CLONE / "bench" / "agenda_race.json"


class Pieces:
    """The pieces of one size in a file. `root`: where what they have read stands."""

    def __init__(self, size: object, *, file: Path = FILE, root: Path = CLONE) -> None:
        self._size, self._root = repr(size), root
        self.file = file

    def found(self) -> dict[int, Figures]:
        """By number, if all that counts of what they have read is as it was; else none."""
        ours = [each for each in self._there()["pieces"] if each["size"] == self._size]
        return {each["nth"]: each["found"] for each in ours}

    def keep(self, nth: int, found: Figures, read: list[str], *, machine: str) -> None:
        """One more, raced on that machine. Those that count no more give place to it."""
        with self.file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            there = self._there()
            # What one of them ran the others might have run.
            there["read"] = digests([*read_of(there["read"]), *read], root=self._root)
            there["pieces"].append({"size": self._size, "nth": nth, "on": machine, "found": found})
            half = self.file.with_suffix(".half")
            half.write_text(json.dumps(there, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            half.replace(self.file)

    def _there(self) -> Figures:
        """Those that count."""
        if self.file.exists():
            there: Figures = json.loads(self.file.read_text(encoding="utf-8"))
            if digests(read_of(there["read"]), root=self._root) == there["read"]:
                return there
        return {"read": {}, "pieces": []}
