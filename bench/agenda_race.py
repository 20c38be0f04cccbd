# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many processes that book at the same moment in the same agendas, at the level of operations, on both databases.

`race_attempts` counts the acts that try to take a slot (book, overbook, hold, move, block), `race_overlaps` what must
not be: two visits at one moment in one agenda (of combined ones in either), more than its places in a group, two spans
of one device or room but for those of the group that is in it, a standing appointment without its occupancies, what was
put over an overbooked visit later without being overbooked itself, an act that ended in anything but success or a named
refusal.
`python -m bench.agenda_race --attempts 1000000` runs it alone.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.programs import CLONE, told
from tests.wire.postgres_cluster import running_cluster

PROCESSES = 24
AGENDAS = 4
AT = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
"""A Friday. The house's moment grows by a second with each act of a process: holds of two minutes lapse on the way."""
DAYS = [datetime(2026, 11, 30, 7, 0, tzinfo=UTC) + timedelta(days=day) for day in range(5)]
STEP_MIN = 5
MEMORY, ROOM = Path("/dev/shm"), 4 << 30

Figures = dict[str, Any]


def in_memory() -> Path | None:
    """Where the databases of a race stand, None for the usual place: they race for locks, and a disk makes them wait.

    Only where there is room: some systems leave 64 MB.
    """
    has_room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if has_room else None


def measure(*, attempts: int, processes: int = PROCESSES, seed: int = 0) -> Figures:
    """The race on both databases, side by side: while one waits for its locks the other goes on.

    `attempts` on each; overlaps and attempts of both together, the rest by database.
    """
    both = asyncio.run(_side_by_side(attempts, processes, seed))
    for name, each in both.items():
        told(f"race: {attempts} attempts on {name} took {each['seconds']} s")
    summed = {key: sum(each[key] for each in both.values()) for key in ("race_attempts", "race_overlaps")}
    return {**summed, "race_processes": processes, "race": both}


def run(folder: Path, url: str, *, attempts: int, processes: int = PROCESSES, seed: int = 0) -> Figures:
    """The race in an empty database: SQLite's in `folder`, or the one that `url` names. In processes of its own.

    Another `seed` is another race.
    """
    environment = {
        **os.environ,
        "PERMANENCE_DATA": str(folder),
        "PERMANENCE_DATABASE_URL": url,
        "PYTHONPATH": str(CLONE),
        "DJANGO_SETTINGS_MODULE": "permanence.project.settings",
    }
    if not url:
        environment.pop("PERMANENCE_DATABASE_URL")
    command = [sys.executable, "-m", "bench.agenda_race_work", str(attempts), str(processes), str(seed)]
    done = subprocess.run(command, cwd=CLONE, env=environment, check=True, stdout=subprocess.PIPE)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


async def _side_by_side(attempts: int, processes: int, seed: int) -> dict[str, Figures]:
    given = {"attempts": attempts, "processes": processes, "seed": seed}
    with tempfile.TemporaryDirectory(prefix="race", dir=in_memory()) as folder:
        embedded = asyncio.to_thread(run, Path(folder), "", **given)
        found = await asyncio.gather(embedded, _on_server(attempts, processes, seed))
    return dict(zip(("sqlite", "postgresql"), found, strict=True))


async def _on_server(attempts: int, processes: int, seed: int) -> Figures:
    async with running_cluster() as cluster:
        with tempfile.TemporaryDirectory(prefix="race", dir=in_memory()) as folder:
            given = {"attempts": attempts, "processes": processes, "seed": seed}
            return await asyncio.to_thread(run, Path(folder), cluster.url, **given)


@dataclass(slots=True)
class Tally:
    """What became of the acts of one process."""

    attempts: int = 0
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unnamed: list[str] = field(default_factory=list)

    def plain(self) -> Figures:
        """For the parent."""
        return {
            "attempts": self.attempts,
            "done": dict(self.done),
            "refused": dict(self.refused),
            "unnamed": self.unnamed[:5],
        }


def together(tallies: list[Figures], wrong: dict[str, int], seconds: float) -> Figures:
    """The figures of a race."""
    done, refused = Counter[str](), Counter[str]()
    for each in tallies:
        done.update(each["done"])
        refused.update(each["refused"])
    unnamed = [said for each in tallies for said in each["unnamed"]]
    return {
        "race_attempts": sum(each["attempts"] for each in tallies),
        "race_overlaps": sum(wrong.values()) + len(unnamed),
        "wrong": wrong,
        "unnamed": unnamed,
        "done": dict(done),
        "refused": dict(refused),
        "seconds": round(seconds, 1),
        "read": sorted({file for each in tallies for file in each["read"]}),
    }


def main() -> int:
    """Run it alone and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=10_000, help="on each database")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--seed", type=int, default=0, help="another one is another race")
    figures = measure(**vars(parser.parse_args()))
    print(json.dumps(figures, indent=1))
    return int(figures["race_overlaps"] > 0)


if __name__ == "__main__":
    sys.exit(main())
