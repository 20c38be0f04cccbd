# SPDX-License-Identifier: AGPL-3.0-or-later
"""Text as one looks for it: small letters without accents, in both databases as in Python.

SQLite knows capitals of ASCII alone, and PostgreSQL loses accents only by an extension that a house may not have: so
the letters of our languages are named here.
"""

import unicodedata
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, TextField
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

_MARKED = {
    "a": "àáâãäå",
    "c": "ç",
    "e": "èéêë",
    "i": "ìíîï",
    "n": "ñ",
    "o": "òóôõö",
    "u": "ùúûü",
    "y": "ýÿ",
}
_LONGER = (("æ", "ae"), ("Æ", "ae"), ("œ", "oe"), ("Œ", "oe"), ("ß", "ss"), ("ẞ", "ss"), ("’", "'"))
_PAIRS = tuple((mark, plain) for plain, marks in _MARKED.items() for mark in marks + marks.upper())
"""Capitals too: `lower` of SQLite leaves them."""
_PLAIN = str.maketrans(dict(_PAIRS))


def folded(text: str) -> str:
    """Small letters without accents: "Médecin" and "MEDECIN" are one."""
    small = unicodedata.normalize("NFC", text).lower().translate(_PLAIN)
    for letter, plain in _LONGER:
        small = small.replace(letter, plain)
    return small


type _Sql = tuple[str, tuple[Any, ...]]


class Folded(Func):
    """The same of a column, for `__contains` with `folded` words."""

    output_field = TextField()

    def __init__(self, expression: str | Combinable) -> None:
        super().__init__(expression)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_more: Any) -> _Sql:  # noqa: ARG002 - Django names it
        """One letter after the other: SQLite has no `translate`."""
        return self._replaced(compiler, "lower(%s)", (*_PAIRS, *_LONGER))

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_more: Any) -> _Sql:  # noqa: ARG002 - Django names it
        """All letters at once."""
        marked, plain = ("".join(one) for one in zip(*_PAIRS, strict=True))
        return self._replaced(compiler, f"translate(lower(%s), '{marked}', '{plain}')", _LONGER)

    def _replaced(self, compiler: SQLCompiler, inner: str, pairs: tuple[tuple[str, str], ...]) -> _Sql:
        [source] = self.get_source_expressions()
        sql, params = compiler.compile(source)
        found = inner % sql
        for letter, plain in pairs:
            found = "replace({}, '{}', '{}')".format(found, letter.replace("'", "''"), plain.replace("'", "''"))
        return found, tuple(params)
