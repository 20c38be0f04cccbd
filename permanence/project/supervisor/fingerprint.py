# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether the database must be prepared again: a start that finds nothing new does not load Django for it."""

import hashlib
from pathlib import Path

from permanence.project.config import Configuration

STAMP = "prepared"


def fingerprint(package: Path, configuration: Configuration) -> str:
    """Changes with any migration, the demonstration house, the choice of database. `package` is `permanence/`."""
    digest = hashlib.sha256(f"{configuration.database_url}|{configuration.demonstration}".encode())
    watched = [*package.glob("*/migrations/*.py"), *package.glob("project/demo_house*.py")]
    for path in sorted(watched):
        digest.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def is_prepared(package: Path, configuration: Configuration) -> bool:
    """Whether the last preparation of this data folder was for the present code, and its database is still there."""
    stamp = configuration.data / "run" / STAMP
    if not configuration.database_url and not configuration.database.exists():
        return False
    return stamp.exists() and stamp.read_text() == fingerprint(package, configuration)


def mark_prepared(package: Path, configuration: Configuration) -> None:
    """Remembers that the database is current."""
    (configuration.data / "run" / STAMP).write_text(fingerprint(package, configuration))
