# SPDX-License-Identifier: AGPL-3.0-or-later
"""The database of a house on PostgreSQL, copied and put back by PostgreSQL's own programs.

The moment that is copied is a snapshot that our own connection holds and `pg_dump` writes down: whoever copies files
beside it knows when it was. A password goes to a program in its environment, never in an argument.
"""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from permanence.kernel.refusals import Refusal

PLACES = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each version: `<major version>/bin`."""
PACKAGE = "postgresql-client"
"""The package of Debian and Ubuntu; with `-<major version>` it is that version's."""
ANSWER_LIMIT_S = 10
_FIELDS = ("host", "port", "user", "password", "dbname")
_OBJECTS = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""
"""Tables, views and sequences that are neither the system's nor an extension's."""


class BackupRefused(Refusal):
    """The copy cannot be made or put back; `why` is the sentence to print."""

    code = "backup_refused"


@contextmanager
def moment(url: str) -> Iterator[Callable[[Path], None]]:
    """Holds one moment of the database; what it gives writes that moment to a file, in pg_dump's custom format.

    The house goes on writing meanwhile. Raises BackupRefused.
    """
    with _connected(url) as connection:
        program = chosen("pg_dump", _major(connection), installed("pg_dump"))
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        found = connection.execute("SELECT pg_export_snapshot()").fetchone()
        snapshot = str(found[0]) if found else ""

        def write(target: Path) -> None:
            target.touch(mode=0o600)
            wanted = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}")
            _run(program, url, *wanted, f"--file={target}")

        yield write


def refuse_unless_empty(url: str) -> None:
    """Raises BackupRefused when the database does not answer, or holds anything."""
    with _connected(url) as connection:
        found = connection.execute(_OBJECTS).fetchone()
        if found and found[0]:
            raise BackupRefused(
                f"The database {connection.info.dbname} is not empty: a copy is put back into an empty one only. "
                "Make one (createdb NAME) and name it in PERMANENCE_DATABASE_URL, or in a permanence.toml that you lay "
                "into the new data folder."
            )


def load(url: str, dump: Path) -> None:
    """Puts what `moment` wrote into an empty database, all of it or nothing. Raises BackupRefused."""
    with _connected(url) as connection:
        program = chosen("pg_restore", _major(connection), installed("pg_restore"))
    _run(program, url, "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", str(dump))


def installed(name: str) -> dict[int, Path]:
    """The programs of this name on this machine, by their major version: Debian's folders, and the PATH."""
    found: dict[int, Path] = {}
    on_path = shutil.which(name)
    for program in (*sorted(PLACES.glob(f"*/bin/{name}")), *((Path(on_path),) if on_path else ())):
        with contextlib.suppress(OSError):
            done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
            if version := re.search(r"\(PostgreSQL\) (\d+)", done.stdout):
                found.setdefault(int(version[1]), program)
    return found


def missing(name: str) -> str:
    """What to say where there is no such program."""
    return f"PostgreSQL's {name} is not installed here: sudo apt-get install {PACKAGE}"


def chosen(name: str, server: int, found: Mapping[int, Path]) -> Path:
    """The program for a server of this major version: its own, else the next newer one. An older one does not know all
    that the server holds. Raises BackupRefused with what to install."""
    if not found:
        raise BackupRefused(missing(name))
    fitting = [version for version in found if version >= server]
    if not fitting:
        raise BackupRefused(
            f"The newest {name} here is version {max(found)}, older than the database's server ({server}): "
            f"sudo apt-get install {PACKAGE}-{server}"
        )
    return found[min(fitting)]


def _address(url: str) -> dict[str, Any]:
    """What the house's own connections take from the setting. Raises BackupRefused, which never repeats the address:
    it holds the password."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise BackupRefused(
            "house.database_url is no address of a PostgreSQL database: docs/configuration.md shows one."
        ) from error
    return {name: given[name] for name in _FIELDS if given.get(name)}


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    address = _address(url)
    try:
        with psycopg.connect(**address, connect_timeout=ANSWER_LIMIT_S) as connection:
            yield connection
    except psycopg.Error as error:
        raise BackupRefused(f"The database: {_first_line(str(error))}.") from error


def _major(connection: psycopg.Connection) -> int:
    return connection.info.server_version // 10000


def _run(program: Path, url: str, *arguments: str) -> None:
    """One of PostgreSQL's programs on the database of `url`, which never asks for a password."""
    address = _address(url)
    password = address.pop("password", None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PERMANENCE_")}
    environment |= {"LC_ALL": "C.UTF-8", **({"PGPASSWORD": str(password)} if password else {})}
    command = [str(program), "--no-password", f"--dbname={make_conninfo(**address)}", *arguments]
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BackupRefused(f"{program.name} could not do it: {_complaint(done.stderr)}")


def _complaint(said: str) -> str:
    """The first error among what a program said; the lines after it may hold rows."""
    lines = said.splitlines() or ["it said nothing"]
    return next((line for line in lines if "error:" in line), lines[0])


def _first_line(said: str) -> str:
    return (said.splitlines() or ["it does not answer"])[0].rstrip(". ")
