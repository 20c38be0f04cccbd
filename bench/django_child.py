# SPDX-License-Identifier: AGPL-3.0-or-later
"""A part of a bench that needs the tables: a process of its own, with Django set up on a house's own folder."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figures
from bench.programs import CLONE

_BEGIN = "import django; django.setup(); from bench import {0}; {0}.main()"
"""Tables can be imported once Django is set up, and that once the folder is known."""


def figures_of(module: str, arguments: Sequence[str], *, folder: Path, url: str = "") -> list[Figures]:
    """What `main` of `bench.<module>` prints, as JSON, on an empty house: SQLite's in `folder`, or in the empty
    PostgreSQL database that `url` names. Raises CalledProcessError."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(CLONE),
        "PERMANENCE_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "permanence.project.settings",
        "PERMANENCE_DATABASE_URL": url,
    }
    if not url:
        del environment["PERMANENCE_DATABASE_URL"]
    command = [sys.executable, "-P", "-c", _BEGIN.format(module), *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment, cwd=CLONE)
    found: list[Figures] = json.loads(done.stdout.splitlines()[-1])
    return found
