# SPDX-License-Identifier: AGPL-3.0-or-later
"""The data folder of a demonstration house as its first start prepares it, made once for every process of a run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from permanence.kernel.system import SystemEntropy
from permanence.project.supervisor.folder import make_keys, make_parts
from tests.migrated import ROOT, migrated_file, one_at_a_time


def prepared_demonstration(factory: pytest.TempPathFactory, config: pytest.Config) -> Path:
    """The folder, to be copied. It is of this run: the demonstration's agendas begin today."""
    own = factory.getbasetemp()
    run = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    data = run / "demonstration"
    with one_at_a_time(run / "demonstration.lock"):
        if not data.exists():
            half = run / "demonstration-half"
            make_parts(half)
            shutil.copyfile(migrated_file(config.cache.mkdir("migrated")), half / "db.sqlite3")
            (half / "db.sqlite3").chmod(0o600)
            make_keys(half, SystemEntropy())
            told = {
                "DJANGO_SETTINGS_MODULE": "permanence.project.settings",
                "PERMANENCE_DATA": str(half),
                "PERMANENCE_DATABASE_URL": "",
                "PERMANENCE_DEMONSTRATION": "true",
            }
            command = [sys.executable, "-m", "permanence.project.supervisor.prepare"]
            subprocess.run(command, env={**os.environ, **told}, cwd=ROOT, check=True)
            half.rename(data)
    return data
