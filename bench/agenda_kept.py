# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pieces of the long race found, kept in the repository: it takes hours, and goes on wherever it was stopped.

Of each piece it is kept what it has read of our code (`agenda_read`): it counts as long as that is the same. A piece
that is to count elsewhere is committed. The seconds of pieces are those of the machines they ran on.
"""

import fcntl
import hashlib
import json
from pathlib import Path
from typing import Any

from bench.agenda_read import digests
from bench.programs import CLONE

Figures = dict[str, Any]
FILE = CLONE / "bench" / "agenda_race.json"


class Pieces:
    """The pieces of one size in a file. `root`: where what they have read stands."""

    def __init__(self, size: object, *, file: Path = FILE, root: Path = CLONE) -> None:
        self._size, self._root = repr(size), root
        self.file = file

    def found(self) -> dict[int, Figures]:
        """By number those for which all that they have read is as it was."""
        there = self._there()
        now = digests({path for read in there["read"].values() for path in read}, root=self._root)
        same = {name for name, read in there["read"].items() if read.items() <= now.items()}
        ours = [each for each in there["pieces"] if each["size"] == self._size]
        return {each["nth"]: each["found"] for each in ours if each["read"] in same}

    def keep(self, nth: int, found: Figures, read: list[str], *, machine: str) -> None:
        """One more, raced on that machine. What several have read is written once."""
        with self.file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._keep(nth, found, read, machine)

    def _keep(self, nth: int, found: Figures, read: list[str], machine: str) -> None:
        there = self._there()
        said = digests(read, root=self._root)
        name = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
        there["read"][name] = said
        there["pieces"].append({"size": self._size, "nth": nth, "read": name, "on": machine, "found": found})
        half = self.file.with_suffix(".half")
        half.write_text(json.dumps(there, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        half.replace(self.file)

    def _there(self) -> Figures:
        if not self.file.exists():
            return {"read": {}, "pieces": []}
        there: Figures = json.loads(self.file.read_text(encoding="utf-8"))
        return there
