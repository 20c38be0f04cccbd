# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables as the migrations make them, made once for every process and every suite of this code."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parents[1]


def _state_of_the_code() -> str:
    """A name that changes with whatever the migrations are made of: every line of ours, Django, Python."""
    said = sha256(f"{sys.version} {version('django')}".encode())
    for path in sorted((ROOT / "permanence").rglob("*.py")):
        said.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return said.hexdigest()[:20]


@contextmanager
def one_at_a_time(lock_file: Path) -> Iterator[None]:
    """One process after the other."""
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(data: Path, **environment: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "permanence.project.settings",
            "PERMANENCE_DATA": str(data),
            **environment,
        },
        cwd=ROOT,
        check=True,
    )


def migrated_file(folder: Path) -> Path:
    """A database of SQLite with every table and nothing in them, to be copied. `folder` keeps it for the next run."""
    kept = folder / f"{_state_of_the_code()}.sqlite3"
    with one_at_a_time(folder / "sqlite.lock"):
        if not kept.exists():
            for old in folder.glob("*.sqlite3"):
                old.unlink()
            with tempfile.TemporaryDirectory(dir=folder) as made:
                database = Path(made) / "db.sqlite3"
                database.touch(mode=0o600)
                _migrate(Path(made), PERMANENCE_DATABASE_URL="")
                whole = Path(made) / "whole.sqlite3"
                with closing(sqlite3.connect(database)) as connection:
                    connection.execute("VACUUM INTO ?", (str(whole),))
                shutil.move(whole, kept)
    return kept


def migrated_template(folder: Path, url: str) -> str:
    """The name of such a database of PostgreSQL, in the cluster of `url`, as a template for others."""
    name = f"migrated_{_state_of_the_code()}"
    with one_at_a_time(folder / "postgresql.lock"), psycopg.connect(url, autocommit=True) as server:
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            server.execute(f'DROP DATABASE IF EXISTS "{name}_half"')
            server.execute(f'CREATE DATABASE "{name}_half"')
            half = urlsplit(url)._replace(path=f"/{name}_half").geturl()
            with tempfile.TemporaryDirectory(dir=folder) as made:
                _migrate(Path(made), PERMANENCE_DATABASE_URL=half)
            server.execute(f'ALTER DATABASE "{name}_half" RENAME TO "{name}"')
    return name
