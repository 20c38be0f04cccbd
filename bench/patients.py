# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding one of 200,000 patients of a client: `python -m bench.patients` prints one object.

The house stands in a folder of its own (SQLite), or in the empty database that PERMANENCE_DATABASE_URL names
(PostgreSQL). `patients_p95_ms`: the 95th percentile over all ways of asking, from the words to the persons shown.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

from bench.figures import Figures

PATIENTS, ASKS = 200_000, 1_200
QUICK = 2_000, 80
"""The same, small: does it work?"""
_CHILD = "import django; django.setup(); from bench import patients_house; patients_house.main()"
"""The tables can be imported once Django is set up, and that once the folder is known."""


def measured(*, patients: int = PATIENTS, asks: int = ASKS, runs: int = 1) -> list[Figures]:
    """The figures of the runs, in one house and in a process of its own. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory(prefix="permanence-bench-") as folder:
        given = {"PERMANENCE_DATA": folder, "DJANGO_SETTINGS_MODULE": "permanence.project.settings"}
        command = [sys.executable, "-c", _CHILD, str(patients), str(asks), str(runs)]
        environment = {**os.environ, **given}
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: list[Figures] = json.loads(done.stdout)
    return found


def main(arguments: list[str]) -> int:
    """Runs the bench and prints the figures of its runs."""
    parser = argparse.ArgumentParser(prog="python -m bench.patients", description=__doc__)
    parser.add_argument("--patients", type=int, default=PATIENTS)
    parser.add_argument("--asks", type=int, default=ASKS)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="small numbers, does it work?")
    given = parser.parse_args(arguments)
    patients, asks = QUICK if given.quick else (given.patients, given.asks)
    print(json.dumps(measured(patients=patients, asks=asks, runs=given.runs)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
