# SPDX-License-Identifier: AGPL-3.0-or-later
"""The contracts of pyproject.toml hold, and each of them catches a violation seeded into a copy of the package."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((CLONE / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]

SEEDS = {
    "layers": [
        ("kernel/seed.py", "import permanence.reception"),
        ("console/seed.py", "import permanence.engine"),
        ("unlisted/__init__.py", ""),
    ],
    "no-django": [("engine/seed.py", "import django"), ("telephony/seed.py", "import permanence.foundation")],
    "sans-io": [
        ("reception/seed.py", "import asyncio"),
        ("telephony/sip/seed.py", "import socket"),
        ("countries/seed.py", "import logging"),
        ("messaging/rules.py", "import random"),
    ],
    "edges-read-the-clock": [("reception/seed.py", "import permanence.kernel.system")],
    "inside-a-room": [("messaging/rules.py", "import permanence.messaging.models")],
    "inside-telephony": [("telephony/commands.py", "import permanence.telephony.core")],
    "screens": [("console/seed.py", "import permanence.messaging.models")],
    "channels": [("dispatch/channels/email/seed.py", "import permanence.dispatch.channels.portal")],
    "no-cycles": [("clients/__init__.py", "import permanence.switchboard")],
    **{
        f"models-of-{room}": [("supervision/seed.py", f"import permanence.{room}.models")]
        for room in ("staff", "clients", "callers", "agenda", "switchboard", "calls", "messaging", "dispatch")
    },
}


def lint(folder, *arguments):
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(
        [*command, "--no-cache", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeded")
    shutil.copytree(
        CLONE / "permanence",
        folder / "permanence",
        ignore=shutil.ignore_patterns("__pycache__", "static", "templates", "sounds", "migrations"),
    )
    shutil.copy(CLONE / "pyproject.toml", folder)
    return folder


def test_every_contract_holds(copy):
    result = lint(copy)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(CONTRACTS)} kept, 0 broken" in result.stdout


def test_every_contract_has_a_seeded_violation():
    assert {contract["id"] for contract in CONTRACTS} == set(SEEDS)


@pytest.mark.parametrize(("contract", "path", "line"), [(key, *seed) for key, seeds in SEEDS.items() for seed in seeds])
def test_a_seeded_violation_is_caught(copy, contract, path, line):
    seeded = copy / "permanence" / path
    before = seeded.read_bytes() if seeded.exists() else None
    made = [folder for folder in (seeded.parent,) if not folder.exists()]
    seeded.parent.mkdir(exist_ok=True)
    seeded.write_bytes((before or b"") + f"\n{line}\n".encode())
    try:
        result = lint(copy, "--contract", contract)
    finally:
        if before is None:
            seeded.unlink()
        else:
            seeded.write_bytes(before)
        for folder in made:
            shutil.rmtree(folder)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "1 broken" in result.stdout
