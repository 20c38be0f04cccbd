# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the knowledge of a large house costs: the whole routing table, one slice, a year's proof, the client pages.

The house is made and measured in a process of its own (`bench.knowledge_house`), on SQLite, without a network.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

from bench.figures import Figures
from bench.house import CLONE, environment, folder_of_its_own
from tests.processes import new_folder

LIMIT_S = 600


@dataclass(frozen=True, slots=True)
class Size:
    """How large the house is, and how often each small thing is done. `readers`: secretaries who have all read what
    must be read, one instruction a client."""

    clients: int = 2_000
    lines: int = 5_000
    instructions: int = 50_000
    readers: int = 200
    rounds: int = 15


QUICK = Size(clients=20, lines=50, instructions=500, readers=10, rounds=2)


def knowledge(size: Size, runs: int) -> list[Figures]:
    """The figures of each run, each with a house of its own. Raises RuntimeError when the house could not be made."""
    return [_run(size) for _ in range(runs)]


def _run(size: Size) -> Figures:
    with folder_of_its_own() as folder:
        new_folder(folder)
        settings = {"PERMANENCE_DATA": str(folder), "PERMANENCE_RUN": str(folder), "PERMANENCE_HOUSE": "bench"}
        words = [str(each) for each in (size.clients, size.lines, size.instructions, size.readers, size.rounds)]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "bench.knowledge_house", *words], cwd=CLONE,
            env={**environment(), **settings}, capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: Figures = json.loads(done.stdout)
    return found
