# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run backup DIR`: a whole house copied while it runs.

The database is copied as it was at one moment: by SQLite's own online backup, or by PostgreSQL's own pg_dump. Journal
and spool are copied before that moment and again right after it: an event that the worker stored and the exchange
dropped in between, or a recording taken over in between, is in one of the two, and what is in both is stored once
(handlers are idempotent). The rest comes after, so that it holds at least what the database names; the keys come first
and last, so that whatever was sealed meanwhile can be opened.
"""

import argparse
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from permanence.kernel.system import SystemClock
from permanence.project import backup_postgres, config
from permanence.project.backup_postgres import BackupRefused
from permanence.project.supervisor.start import DEMONSTRATION, configuration_of, say

FOLDERS = ("keys", "journal", "table", "prompts", "spool", "audio", "mail")
DATABASE = "db.sqlite3"
DUMP = "db.dump"
"""In a copy: the database of a house on PostgreSQL, in pg_dump's custom format."""
MANIFEST = "manifest.json"
LAST = Path("log") / "last-backup"
VERSION = 2
"""Of a copy: 2 may hold `DUMP`, 1 never does."""


def back_up(data: Path, target: Path, *, stamp: str, database_url: str = "") -> Path:
    """Copies the house in `data` to `target/permanence-<stamp>`, whose name appears only when all of it is on the disk.

    Raises BackupRefused, OSError and sqlite3.Error.
    """
    if not (data / "keys").is_dir() or not (database_url or (data / DATABASE).exists()):
        raise BackupRefused(
            f"There is no house in {data}. (One on PostgreSQL is found where house.database_url is set.)"
        )
    finished = target / f"permanence-{stamp}"
    partial = target / f".permanence-{stamp}.partial"
    if finished.exists() or target.resolve().is_relative_to(data):
        raise BackupRefused(f"{target} is inside the house, or holds this copy already.")
    partial.mkdir(mode=0o700, parents=True)
    try:
        _copy_house(data, partial, database_url)
        files = {str(path.relative_to(partial)): digest(path) for path in _files(partial)}
        (partial / MANIFEST).write_text(json.dumps({"version": VERSION, "made": stamp, "files": files}, indent=1))
        for path in (*_files(partial), partial):
            sync(path)
        partial.rename(finished)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)  # half a copy is of no use, and holds keys
        raise
    sync(target)
    (data / LAST).parent.mkdir(exist_ok=True)
    (data / LAST).write_text(f"{stamp} {finished}\n")
    if os.geteuid() == 0:  # the house's own user reads it
        shutil.chown(data / LAST, data.stat().st_uid, data.stat().st_gid)
    return finished


def _copy_house(data: Path, copy: Path, database_url: str) -> None:
    moving = ("journal", "spool")
    for name in moving:
        _copy_folder(data / name, copy / name)
    held = backup_postgres.moment(database_url) if database_url else sqlite_moment(data / DATABASE)
    with held as write:
        for name in moving:
            _copy_folder(data / name, copy / name)
        write(copy / (DUMP if database_url else DATABASE))
    for name in FOLDERS:
        if name not in moving:
            _copy_folder(data / name, copy / name)
    _copy_folder(data / "keys", copy / "keys", only_missing=True)
    if (data / config.FILE_NAME).exists():
        shutil.copy2(data / config.FILE_NAME, copy / config.FILE_NAME)


@contextmanager
def sqlite_moment(source: Path) -> Iterator[Callable[[Path], None]]:
    """Holds one moment of the embedded database; what it gives writes that moment to a file. Raises sqlite3.Error."""
    with closing(sqlite3.connect(source, timeout=30, isolation_level=None)) as live:
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment is that of the first read

        def write(target: Path) -> None:
            target.touch(mode=0o600)
            with closing(sqlite3.connect(target)) as copy:
                live.backup(copy)
                if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                    raise BackupRefused("The copied database does not pass SQLite's integrity check.")

        yield write


def _copy_folder(source: Path, target: Path, *, only_missing: bool = False) -> None:
    """Copies what is there now; a file that goes away meanwhile (taken over, dropped) is left out."""
    for path in _files(source):
        copied = target / path.relative_to(source)
        if only_missing and copied.exists():
            continue
        copied.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            shutil.copy2(path, copied)
        except FileNotFoundError:
            continue


def _files(top: Path) -> Iterator[Path]:
    return (path for path in sorted(top.rglob("*")) if path.is_file() and not path.is_symlink())


def digest(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Brings a file or a folder to the disk. Raises OSError."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def main(arguments: Sequence[str]) -> int:
    """`./run backup DIR [--data DIR]`."""
    parser = argparse.ArgumentParser(prog="./run backup", description="Copies a house while it runs.")
    parser.add_argument("target", type=Path, help="the folder that receives the copy")
    parser.add_argument("--data", type=Path, default=DEMONSTRATION, help="the house's data folder (default: var/demo)")
    options = parser.parse_args(arguments)
    stamp = f"{SystemClock().now():%Y%m%dT%H%M%SZ}"
    data = options.data.resolve()
    database_url = configuration_of(data, os.environ).database_url
    try:
        made = back_up(data, options.target.resolve(), stamp=stamp, database_url=database_url)
    except (OSError, sqlite3.Error) as error:
        raise BackupRefused(f"The house could not be copied: {error}.") from error
    say(f"The house is copied to {made}. It holds the keys: keep it where only you can read it.")
    return 0
