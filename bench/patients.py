# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding one of 200,000 patients of a client, on SQLite and on PostgreSQL: `python -m bench.patients` prints a list of
objects, one a run.

`patients_p95_ms`: the 95th percentile over all ways of asking, from the words to the persons shown; keys with
`postgresql` in them are of the same house in a database of its own, a cluster that is made for it.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from bench.django_child import figures_of
from bench.figures import Figures
from tests.wire.postgres_cluster import running_cluster

PATIENTS, ASKS = 200_000, 1_200
QUICK = 2_000, 80
"""The same, small: does it work?"""
SERVERS = (
    "patients_p95_ms",
    "patients_p50_ms",
    "patients_cpu_p95_ms",
    "patients_missed",
    *(f"patients_beside_{each}_p95_ms" for each in ("small", "large")),
)
"""Which figures of PostgreSQL stand beside SQLite's; `cpu` is our process's, not the server's."""


def measured(*, patients: int = PATIENTS, asks: int = ASKS, runs: int = 1, url: str = "") -> list[Figures]:
    """The figures of the runs, in one house and in a process of its own, in the empty PostgreSQL database that `url`
    names or on SQLite. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory(prefix="permanence-bench-") as folder:
        return figures_of("patients_house", [str(patients), str(asks), str(runs)], folder=Path(folder), url=url)


async def on_both(*, patients: int, asks: int, runs: int) -> list[Figures]:
    """SQLite's figures run by run, and beside them PostgreSQL's by other names. One after the other."""
    embedded = await asyncio.to_thread(measured, patients=patients, asks=asks, runs=runs)
    async with running_cluster() as cluster:
        server = await asyncio.to_thread(measured, patients=patients, asks=asks, runs=runs, url=cluster.url)
    return [
        {**one, **{name.replace("patients_", "patients_postgresql_"): other[name] for name in SERVERS}}
        for one, other in zip(embedded, server, strict=True)
    ]


def main(arguments: list[str]) -> int:
    """Runs the bench and prints the figures of its runs."""
    parser = argparse.ArgumentParser(prog="python -m bench.patients", description=__doc__)
    parser.add_argument("--patients", type=int, default=PATIENTS)
    parser.add_argument("--asks", type=int, default=ASKS)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="small numbers, does it work?")
    given = parser.parse_args(arguments)
    patients, asks = QUICK if given.quick else (given.patients, given.asks)
    print(json.dumps(asyncio.run(on_both(patients=patients, asks=asks, runs=given.runs))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
