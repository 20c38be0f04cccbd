# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads one field of a control message by the type its dataclass says, and nothing wider."""

import math
from collections.abc import Callable
from types import NoneType
from typing import Any, get_args

FieldReader = Callable[[object], Any]
"""Gives the value, or raises TypeError or ValueError."""

_TEXT_LIMIT = 65536
_TUPLE_LIMIT = 64


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _TEXT_LIMIT:
        raise TypeError
    value.encode()  # a lone surrogate cannot go back over the wire: UnicodeEncodeError is a ValueError
    return value


def _whole(value: object) -> int:
    if type(value) is not int or not -(1 << 53) < value < 1 << 53:
        raise TypeError
    return value


def _number(value: object) -> float:
    if type(value) not in (int, float):
        raise TypeError
    number = float(value)  # type: ignore[arg-type]  # int or float, checked above
    if not math.isfinite(number):
        raise ValueError
    return number


def _truth(value: object) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value


def reader_for(kind: Any) -> FieldReader:
    """The reader of `str`, `int`, `float`, `bool`, `X | None` and `tuple[X, ...]` of those (at most 64 items)."""
    simple: dict[Any, FieldReader] = {str: _text, int: _whole, float: _number, bool: _truth}
    if kind in simple:
        return simple[kind]
    inner = get_args(kind)
    if NoneType in inner:
        read_value = reader_for(inner[0])
        return lambda value: None if value is None else read_value(value)
    read_item = reader_for(inner[0])

    def read_items(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > _TUPLE_LIMIT:
            raise TypeError
        return tuple(read_item(item) for item in value)

    return read_items
