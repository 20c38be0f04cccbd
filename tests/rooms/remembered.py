# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands before most tests (houses, persons, clients, agendas) is made by the operations once a process. After
that its rows are laid down as the operations wrote them: every test has its own, and pays for the writing alone.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Protocol

from django.db import connection

from permanence.foundation.models import House


class _Sqlite:
    """The values as they are kept: a unary plus takes a column's type from it, so that nothing converts them."""

    def read(self, table):
        with connection.cursor() as cursor:
            columns = [f'"{row[1]}"' for row in cursor.execute(f'PRAGMA table_info("{table}")').fetchall()]
            kept = ", ".join(f"+{each}" for each in columns)
            return columns, cursor.execute(f'SELECT {kept} FROM "{table}"').fetchall()  # noqa: S608 - names of tables

    def write(self, table, noted):
        columns, rows = noted
        marks = ", ".join("?" * len(columns))
        order = f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES ({marks})'  # noqa: S608 - names of tables
        connection.connection.executemany(order, rows)


class _Postgres:
    """The binary form of COPY. Sequences never go back, not even when a test is undone: no key is given twice."""

    def read(self, table):
        """In the order of the first column: where a row lies in the table is chance."""
        asked = f'SELECT {_columns(table)} FROM "{table}" ORDER BY 1'  # noqa: S608 - names of tables and columns
        with connection.cursor() as cursor, cursor.copy(f"COPY ({asked}) TO STDOUT (FORMAT BINARY)") as copy:
            return b"".join(copy)

    def write(self, table, noted):
        with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" FROM STDIN (FORMAT BINARY)') as copy:
            copy.write(noted)


@cache
def _columns(table):
    """Those of a table of PostgreSQL that are written, in their order."""
    written = "attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT attname FROM pg_attribute WHERE {written} ORDER BY attnum", [f'"{table}"'])  # noqa: S608
        return ", ".join(f'"{name}"' for (name,) in cursor.fetchall())


_NOTES = {"sqlite": _Sqlite(), "postgresql": _Postgres()}


class Maker[T](Protocol):
    """Makes houses in a database that has none; gives who and what is in them."""

    def __call__(self) -> T: ...


def remembered[T](again: Callable[[T], T]) -> Callable[[Maker[T]], Maker[T]]:
    """A maker of houses that works once, and remembers. `again` gives of what it gave a copy for one more test.

    Only rows are remembered, and only for the transaction of a test that has no house yet: every row belongs to one,
    so that nothing of ours stands. Elsewhere the maker works as ever.
    """

    def of(make: Maker[T]) -> Maker[T]:
        kept: list[tuple[dict[str, object], T]] = []

        @wraps(make)
        def lay_down() -> T:
            if not connection.in_atomic_block or House.objects.exists():
                return make()
            if not kept:
                kept.append(_made(make))
            else:
                for table, rows in kept[0][0].items():
                    _NOTES[connection.vendor].write(table, rows)
            return again(kept[0][1])

        return lay_down

    return of


def _made[T](make: Maker[T]) -> tuple[dict[str, object], T]:
    """What the maker gave, and the rows it wrote: all of them in tables that were empty."""
    before = rows_of_tables()
    made = make()
    after = rows_of_tables()
    changed = [table for table, rows in before.items() if rows != after[table]]
    assert changed == [], "rows that stood already were changed"
    return {table: rows for table, rows in after.items() if table not in before}, made


def rows_of_tables() -> dict[str, object]:
    """The rows of every table that has any, as they are kept: to be compared, or laid down again."""
    read = _NOTES[connection.vendor].read
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        asked = ((table, f'SELECT 1 FROM "{table}" LIMIT 1') for table in tables)  # noqa: S608 - names of tables
        filled = [table for table, question in asked if cursor.execute(question).fetchone()]
    return {table: read(table) for table in filled}
