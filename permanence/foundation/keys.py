# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ids that come over a wire, as the primary keys behind them."""

NO_ROW = -1
"""A primary key that no row has."""
_DIGITS_LIMIT = 19


def row_key(text: str) -> int:
    """The primary key that an id names; `NO_ROW` when it names none: not digits, or more than a key can hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS_LIMIT else NO_ROW
