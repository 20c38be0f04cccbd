# SPDX-License-Identifier: AGPL-3.0-or-later
"""Agendas in the site's database: Dr Weber's and a colleague's, open all day every day, and persons to book for."""

import json
import subprocess
import sys
from dataclasses import dataclass

from tests.screens.fakes.site import ROOT, Site, environment

NUMBER = "+352621000147"


@dataclass(frozen=True)
class Made:
    """Ids of the client, his agendas, reasons and persons."""

    client: str
    weber: str
    klein: str
    consultation: str
    tracing: str
    scan: str
    review: str
    jeanne: str
    paul: str


def make(site: Site, many: int = 0) -> Made:
    """The agendas of Dr Weber's practice; `many` more, each with a full day tomorrow."""
    command = [sys.executable, "-m", "tests.screens.fakes.agendas_made", str(many)]
    done = subprocess.run(command, env=environment(site.data), cwd=ROOT, check=True, capture_output=True, text=True)
    return Made(**json.loads(done.stdout.splitlines()[-1]))
