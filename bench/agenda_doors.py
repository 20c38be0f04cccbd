# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many processes that book at the same moment through a door of the house: its addresses, its tokens, its refusals.

One more door is a function in `agenda_doors_work.DOORS`. `race_door_overlaps` counts what `agenda_race` counts, and any
answer that is neither a booking nor a refusal with its name. `python -m bench.agenda_doors --attempts 20000` runs it
alone; `--slots 1` lets all of them want the same moment.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.agenda_race import CLONE, PROCESSES, Figures
from tests.wire.postgres_cluster import running_cluster

NAMES = ("fhir",)
"""The doors that are raced through."""
SLOTS = 200


def measure(*, attempts: int, slots: int = SLOTS, processes: int = PROCESSES) -> dict[str, Figures]:
    """Each door on both databases: "fhir sqlite" and so on."""
    found = {}
    for door in NAMES:
        with tempfile.TemporaryDirectory(prefix="doors") as folder:
            found[f"{door}_sqlite"] = run(
                Path(folder), "", door=door, attempts=attempts, slots=slots, processes=processes
            )
        found[f"{door}_postgresql"] = asyncio.run(_on_server(door, attempts, slots, processes))
    return found


def run(folder: Path, url: str, *, door: str, attempts: int, slots: int, processes: int = PROCESSES) -> Figures:
    """The race through one door, in an empty database: SQLite's in `folder`, or the one that `url` names."""
    environment = {
        **os.environ,
        "PERMANENCE_DATA": str(folder),
        "PERMANENCE_DATABASE_URL": url,
        "PYTHONPATH": str(CLONE),
        "DJANGO_SETTINGS_MODULE": "permanence.project.settings",
    }
    if not url:
        environment.pop("PERMANENCE_DATABASE_URL")
    command = [sys.executable, "-m", "bench.agenda_doors_work", door, str(attempts), str(slots), str(processes)]
    done = subprocess.run(command, cwd=CLONE, env=environment, check=True, stdout=subprocess.PIPE)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


async def _on_server(door: str, attempts: int, slots: int, processes: int) -> Figures:
    async with running_cluster() as cluster:
        with tempfile.TemporaryDirectory(prefix="doors") as folder:
            given = {"door": door, "attempts": attempts, "slots": slots, "processes": processes}
            return await asyncio.to_thread(run, Path(folder), cluster.url, **given)


def main() -> int:
    """Run it alone and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=2_000, help="through each door, on each database")
    parser.add_argument("--slots", type=int, default=SLOTS, help="moments that are wanted")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    given = parser.parse_args()
    figures = measure(attempts=given.attempts, slots=given.slots, processes=given.processes)
    print(json.dumps(figures, indent=1))
    return int(any(each["race_overlaps"] for each in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
