# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many processes that book at the same moment through the doors of the house: their addresses, keys and refusals.

Each racer comes through all the doors of a heat in turn (`agenda_door_acts.DOORS`), so that the doors race each other
too. `race_overlaps` counts what `agenda_race` counts, and: events without their span, bookings that were promised and
do not stand or stand unpromised, answers that are neither a booking nor a refusal with its name.
`python -m bench.agenda_doors --attempts 20000` runs it alone; `--slots 1` lets all of them want the same moment.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.agenda_race import PROCESSES, Figures, in_memory
from bench.programs import CLONE, told
from tests.wire.postgres_cluster import running_cluster

NAMES = ("console", "public", "api", "caldav")
"""The doors that are raced through; `api` is `$book`."""
SLOTS = 240
BACK = 0.8
"""Of what is taken, the part that is given back at once, so that there is something to take until the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """So many attempts through each of these doors, for so many moments."""

    attempts: int
    doors: Sequence[str] = NAMES
    slots: int = SLOTS
    processes: int = PROCESSES
    back: float = BACK
    seed: int = 0


def measure(heat: Heat) -> dict[str, Figures]:
    """The heat on both databases, side by side: while one waits for its locks the other goes on."""
    both = asyncio.run(_side_by_side(heat))
    for name, each in both.items():
        told(f"doors: {each['race_attempts']} attempts on {name} took {each['seconds']} s")
    return both


def run(folder: Path, url: str, heats: Sequence[Heat]) -> list[Figures]:
    """Heats one after the other in an empty database: SQLite's in `folder`, or the one that `url` names."""
    environment = {
        **os.environ,
        "PERMANENCE_DATA": str(folder),
        "PERMANENCE_DATABASE_URL": url,
        "PYTHONPATH": str(CLONE),
        "DJANGO_SETTINGS_MODULE": "permanence.project.settings",
    }
    if not url:
        environment.pop("PERMANENCE_DATABASE_URL")
    command = [sys.executable, "-m", "bench.agenda_doors_work", json.dumps([asdict(each) for each in heats])]
    done = subprocess.run(command, cwd=CLONE, env=environment, check=True, stdout=subprocess.PIPE)
    found: list[Figures] = json.loads(done.stdout.splitlines()[-1])
    return found


async def _side_by_side(heat: Heat) -> dict[str, Figures]:
    with tempfile.TemporaryDirectory(prefix="doors", dir=in_memory()) as folder:
        embedded = asyncio.to_thread(run, Path(folder), "", [heat])
        (found,), server = await asyncio.gather(embedded, _on_server(heat))
    return {"sqlite": found, "postgresql": server}


async def _on_server(heat: Heat) -> Figures:
    async with running_cluster() as cluster:
        with tempfile.TemporaryDirectory(prefix="doors", dir=in_memory()) as folder:
            return (await asyncio.to_thread(run, Path(folder), cluster.url, [heat]))[0]


def main() -> int:
    """Run it alone and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=480, help="through each door, on each database")
    parser.add_argument("--slots", type=int, default=SLOTS, help="moments that are wanted")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--back", type=float, default=BACK, help="part of what is taken that is given back")
    parser.add_argument("--doors", nargs="+", default=NAMES, choices=NAMES)
    parser.add_argument("--seed", type=int, default=0, help="another one is another race")
    figures = measure(Heat(**vars(parser.parse_args())))
    print(json.dumps(figures, indent=1))
    return int(any(each["race_overlaps"] for each in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
