# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run restore COPY --data DIR`: puts a copy of a house back."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from permanence.project.backup import restore
from permanence.project.supervisor.start import say


def main(arguments: Sequence[str]) -> int:
    """Status 0 when every file is back."""
    parser = argparse.ArgumentParser(prog="./run restore", description="Puts a copy back into an empty folder.")
    parser.add_argument("copy", type=Path, help="a folder permanence-... made by ./run backup")
    parser.add_argument("--data", type=Path, required=True, help="the empty data folder that receives it")
    options = parser.parse_args(arguments)
    count = restore(options.copy.resolve(), options.data.resolve())
    say(f"{count} files are back in {options.data}, each as it was copied.")
    return 0
