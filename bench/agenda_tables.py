# SPDX-License-Identifier: AGPL-3.0-or-later
"""The next free slot as a secretary's page asks for it, through the tables of a house on SQLite.

`bench.agenda_search` measures the index alone; here the queries, the rows and who may see them are in it too.
`python -m bench.agenda_tables` runs it alone and prints the figures of its runs.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bench.django_child import figures_of
from bench.figures import Figures

AGENDAS, QUICK = 100, 10


def measured(*, agendas: int = AGENDAS, runs: int = 1) -> list[Figures]:
    """The figures of the runs, in one house and in a process of its own. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory(prefix="permanence-bench-") as folder:
        return figures_of("agenda_tables_house", [str(agendas), str(runs)], folder=Path(folder))


def main(arguments: list[str]) -> int:
    """Runs the bench and prints the figures of its runs."""
    parser = argparse.ArgumentParser(prog="python -m bench.agenda_tables", description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="small numbers, does it work?")
    given = parser.parse_args(arguments)
    print(json.dumps(measured(agendas=QUICK if given.quick else AGENDAS, runs=given.runs)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
