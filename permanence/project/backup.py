# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run backup DIR` and `./run restore DIR`: a whole house copied while it runs, and put back into an empty folder.

The database is copied by SQLite's own online backup, so that it is one moment of it. The journal is copied before and
after it: an event that the worker stored and the exchange dropped in between is in one of the two copies, and an event
that is in both is stored once (handlers are idempotent).
"""

import argparse
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.project import config
from permanence.project.supervisor import folder
from permanence.project.supervisor.start import DEMONSTRATION, configuration_of, say

FOLDERS = ("keys", "journal", "table", "prompts", "spool", "audio", "mail")
MANIFEST = "manifest.json"
LAST = Path("log") / "last-backup"
VERSION = 1


class BackupRefused(Refusal):
    """The copy cannot be made or put back; `why` is the sentence to print."""

    code = "backup_refused"


def back_up(data: Path, target: Path, *, stamp: str, database_url: str = "") -> Path:
    """Copies the house in `data` to `target/permanence-<stamp>`, whose name appears only when all of it is on the disk.

    Raises BackupRefused, OSError and sqlite3.Error.
    """
    if database_url:
        raise BackupRefused(
            "This house keeps its data in PostgreSQL: copy that with pg_dump, and the folder beside it."
        )
    if not (data / "db.sqlite3").exists():
        raise BackupRefused(f"There is no house in {data}.")
    finished = target / f"permanence-{stamp}"
    partial = target / f".permanence-{stamp}.partial"
    if finished.exists() or target.resolve().is_relative_to(data):
        raise BackupRefused(f"{target} is inside the house, or holds this copy already.")
    partial.mkdir(mode=0o700, parents=True)
    _copy_folder(data / "journal", partial / "journal")
    _copy_database(data / "db.sqlite3", partial / "db.sqlite3")
    for name in FOLDERS:
        _copy_folder(data / name, partial / name)
    if (data / config.FILE_NAME).exists():
        shutil.copy2(data / config.FILE_NAME, partial / config.FILE_NAME)
    files = {str(path.relative_to(partial)): _digest(path) for path in _files(partial)}
    (partial / MANIFEST).write_text(json.dumps({"version": VERSION, "made": stamp, "files": files}, indent=1))
    for path in (*_files(partial), partial):
        _sync(path)
    partial.rename(finished)
    _sync(target)
    (data / LAST).parent.mkdir(exist_ok=True)
    (data / LAST).write_text(f"{stamp} {finished}\n")
    return finished


def restore(copy: Path, data: Path) -> int:
    """Puts a copy back into `data`, which must be absent or empty; the number of files.

    Every file is compared with the manifest before the first one is written. Raises BackupRefused and OSError.
    """
    try:
        manifest = json.loads((copy / MANIFEST).read_text(encoding="utf-8"))
        files = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupRefused(f"{copy} is not a copy made by ./run backup.") from error
    if folder.is_running(data) or (data.exists() and any(data.iterdir())):
        raise BackupRefused(f"{data} is not empty: a copy is put back into an empty folder only.")
    for name, digest in files.items():
        if not (copy / name).resolve().is_relative_to(copy.resolve()) or not (copy / name).is_file():
            raise BackupRefused(f"{name} is missing from the copy.")
        if _digest(copy / name) != digest:
            raise BackupRefused(f"{name} is not what was copied: the disk of the copy cannot be trusted.")
    folder.make_parts(data)
    for name in files:
        target = data / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy2(copy / name, target)
        _sync(target)
    return len(files)


def _copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise BackupRefused("The copied database does not pass SQLite's integrity check.")
    target.chmod(0o600)


def _copy_folder(source: Path, target: Path) -> None:
    """Copies what is there now; a file that goes away meanwhile (taken over, dropped) is left out."""
    for path in _files(source):
        copied = target / path.relative_to(source)
        copied.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            shutil.copy2(path, copied)
        except FileNotFoundError:
            continue


def _files(top: Path) -> Iterator[Path]:
    return (path for path in sorted(top.rglob("*")) if path.is_file() and not path.is_symlink())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
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
    made = back_up(data, options.target.resolve(), stamp=stamp, database_url=database_url)
    say(f"The house is copied to {made}. It holds the keys: keep it where only you can read it.")
    return 0
