# SPDX-License-Identifier: AGPL-3.0-or-later
"""Queries that are asked thousands of times with other values: built and compiled once, then only answered.

Django builds and compiles a query anew each time it is asked, which costs several times what the answer does. Here it
is built once with marks in the place of the values, for each database and each shape of values (how many of a tuple);
an answer puts the values where the marks stand in the SQL. Rows are made by Django's own compiler and iterators.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

type Value = int | str | datetime | date | tuple[int, ...]
"""What a query may be asked with; a tuple is for `__in`."""
MOST = 16
"""Values, each of a tuple counted: of more, and of an empty tuple, nothing is kept, and the query is built anew."""
FIRST_INT, FIRST_MOMENT = 2_000_000_000, datetime(1890, 1, 1, tzinfo=UTC)
"""Marks begin here: no key, day or moment of a house."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The SQL of one shape; `slots`: by parameter the place of its value among the flat ones, None for its own;
    `asking`: what an iterator of rows asks its queryset.
    """

    compiler: SQLCompiler
    sql: str
    given: tuple[Any, ...]
    slots: tuple[int | None, ...]
    converters: dict[int, Any]
    iterable: type
    asking: dict[str, Any]


class Prepared[*Values, Row]:
    """`build(*values)`, a queryset of rows or of `values_list`, as a function that gives its rows as a list.

    Safe for threads. What `build` asks for besides its values is the same each time: it may know nothing but them, or
    the first house that asks would be answered to every other one. Raises ValueError for a `build` that holds values of
    its own, and for a value that the query does not ask the database for as it is.
    """

    def __init__(self, build: Callable[[*Values], QuerySet[Any, Row]]) -> None:
        if (
            getattr(build, "__closure__", None)
            or getattr(build, "__defaults__", None)
            or not hasattr(build, "__code__")
        ):
            raise ValueError(f"{build!r}: a prepared query knows nothing but its values")
        self._build: Callable[..., QuerySet[Any, Row]] = build
        self._known: dict[tuple[object, ...], _Compiled] = {}
        self.__doc__ = build.__doc__

    def __call__(self, *values: *Values) -> list[Row]:
        """The rows for these values. Raises TransactionManagementError where it locks them outside a transaction."""
        if () in values or len(_flat(values)) > MOST:
            return list(self._build(*values))
        shape = connection.vendor, *(len(each) if isinstance(each, tuple) else type(each) for each in values)
        known = self._known.get(shape)
        if known is None:
            known = self._known[shape] = self._compiled(values)
        compiler = copy.copy(known.compiler)
        if compiler.query.select_for_update and not connection.in_atomic_block:
            raise TransactionManagementError("rows are locked inside a transaction alone")
        flat = [_adapted(each) for each in _flat(values)]
        asked = tuple(own if slot is None else flat[slot] for own, slot in zip(known.given, known.slots, strict=True))
        answered: Any = compiler
        answered.connection = connection
        answered.as_sql = lambda **_more: (known.sql, asked)
        answered.get_converters = lambda _expressions: known.converters
        if known.iterable is ModelIterable:
            asking: Any = SimpleNamespace(
                **known.asking, query=SimpleNamespace(get_compiler=lambda **_more: answered), _known_related_objects={}
            )
            return list(ModelIterable(asking))
        return list(answered.results_iter(tuple_expected=True))

    def _compiled(self, values: tuple[Any, ...]) -> _Compiled:
        marks = iter(range(len(_flat(values))))
        marked = [
            tuple(_mark(part, next(marks)) for part in each) if isinstance(each, tuple) else _mark(each, next(marks))
            for each in values
        ]
        found: Any = self._build(*marked)
        compiler = found.query.get_compiler(using=found.db)
        sql, given = compiler.as_sql()
        places = {_adapted(mark): place for place, mark in enumerate(_flat(marked))}
        slots = tuple(places.get(each) if isinstance(each, (int, str, date)) else None for each in given)
        if set(places.values()) != set(slots) - {None}:
            raise ValueError(f"{self._build.__name__}: not every value is asked for as it is")
        return _Compiled(
            compiler=compiler,
            sql=sql,
            given=tuple(given),
            slots=slots,
            converters=compiler.get_converters([each[0] for each in compiler.select[: compiler.col_count]]),
            iterable=found._iterable_class,
            asking={"db": found.db, "model": found.model, "_fetch_mode": found._fetch_mode},
        )


def _flat(values: Any) -> list[Any]:
    return [part for each in values for part in (each if isinstance(each, tuple) else (each,))]


def _mark(value: Any, place: int) -> Any:
    """Something of the same type that stands for it."""
    if isinstance(value, str):
        return f"mark {place:04d}"
    if isinstance(value, datetime):
        return FIRST_MOMENT + timedelta(seconds=place)
    if isinstance(value, date):
        return FIRST_MOMENT.date() + timedelta(days=place)
    if isinstance(value, int) and not isinstance(value, bool):
        return FIRST_INT + place
    raise ValueError(f"no query is prepared for a {type(value).__name__}")


def _adapted(value: Any) -> Any:
    """As the database is asked for it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    return value
