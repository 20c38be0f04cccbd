# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run restore COPY --data DIR`: puts a copy of a house back, where there is nothing yet.

DIR is absent or empty, or holds the new house's `permanence.toml` alone, which then stays in place of the copied one. A
house on PostgreSQL goes into the empty database that this file or the environment names.
"""

import argparse
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from permanence.project import backup_postgres, config
from permanence.project.backup import DATABASE, DUMP, MANIFEST, VERSION, digest, sync
from permanence.project.backup_postgres import BackupRefused
from permanence.project.supervisor import folder
from permanence.project.supervisor.start import say


def restore(copy: Path, data: Path, *, environment: Mapping[str, str]) -> int:
    """Puts a copy back into `data`; the number of files, the database's among them.

    Every file is compared with the manifest before the first one is written. Raises BackupRefused, OSError and
    ConfigurationRefused.
    """
    files = _manifest(copy)
    if folder.is_running(data) or (data.exists() and any(path.name != config.FILE_NAME for path in data.iterdir())):
        raise BackupRefused(f"{data} is not empty: a copy is put back into an empty folder only.")
    for name, known in files.items():
        if not (copy / name).resolve().is_relative_to(copy.resolve()) or not (copy / name).is_file():
            raise BackupRefused(f"{name} is missing from the copy.")
        if digest(copy / name) != known:
            raise BackupRefused(f"{name} is not what was copied: the disk of the copy cannot be trusted.")
    url = _database_url(copy, data, environment)
    if DUMP in files and not url:
        raise BackupRefused(
            "This copy is of a house on PostgreSQL: name an empty database in PERMANENCE_DATABASE_URL, "
            f"or as house.database_url in {data / config.FILE_NAME}."
        )
    if DATABASE in files and url:
        raise BackupRefused(
            "This copy is of a house on SQLite, and the settings name a database of PostgreSQL: take "
            "PERMANENCE_DATABASE_URL, or house.database_url of permanence.toml, away."
        )
    if DUMP in files:
        backup_postgres.refuse_unless_empty(url)
        backup_postgres.load(url, copy / DUMP)
    folder.make_parts(data)
    for name in files:
        target = data / name
        if name == DUMP or (name == config.FILE_NAME and target.exists()):
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy2(copy / name, target)
        sync(target)
    return len(files)


def _manifest(copy: Path) -> dict[str, str]:
    """The files of a copy and their digests. Raises BackupRefused."""
    try:
        manifest = json.loads((copy / MANIFEST).read_text(encoding="utf-8"))
        version, files = int(manifest["version"]), dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupRefused(f"{copy} is not a copy made by ./run backup.") from error
    if version > VERSION:
        raise BackupRefused(f"{copy} was made by a later Permanence: put it back with that one.")
    return files


def _database_url(copy: Path, data: Path, environment: Mapping[str, str]) -> str:
    """`house.database_url` of the house that will stand in `data`; empty: SQLite. Raises BackupRefused.

    The file that the house will have may not name another database than the environment of this moment: started
    without that environment, the new house would lead the old one's rows, beside it.
    """
    file = config.read_file(data if (data / config.FILE_NAME).exists() else copy)
    written = config.configuration(data, file=file, environment={}).database_url
    meant = config.configuration(data, file=file, environment=environment).database_url
    if written and meant != written:
        raise BackupRefused(
            "The permanence.toml of this house names another database than PERMANENCE_DATABASE_URL: lay one that names "
            f"the new database into {data} first; it will be kept."
        )
    return meant


def main(arguments: Sequence[str]) -> int:
    """Status 0 when every file is back."""
    parser = argparse.ArgumentParser(prog="./run restore", description="Puts a copy back into an empty folder.")
    parser.add_argument("copy", type=Path, help="a folder permanence-... made by ./run backup")
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="the empty data folder that receives it; a permanence.toml that is there already stays",
    )
    options = parser.parse_args(arguments)
    data = options.data.resolve()
    kept = (data / config.FILE_NAME).exists()
    try:
        count = restore(options.copy.resolve(), data, environment=os.environ)
    except OSError as error:
        raise BackupRefused(
            f"The copy could not be put back whole: {error}. Empty {data}, and on PostgreSQL the database, before "
            "the next try."
        ) from error
    say(f"{count} files are back in {data}, each as it was copied.")
    if kept:
        say(f"The {config.FILE_NAME} that was there stayed as it was.")
    return 0
