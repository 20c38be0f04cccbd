# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands in a house's database, read beside its processes."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any


def sqlite_rows(path: Path, question: str, *values: str) -> list[tuple[Any, ...]]:
    """The rows; a database that is not there is not made."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(question, values).fetchall()
