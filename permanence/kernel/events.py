# SPDX-License-Identifier: AGPL-3.0-or-later
"""The base of every event: a frozen dataclass, past tense, that knows how to become JSON and back.

Fields are str, int, float, bool, None, datetime (aware) or tuples and frozen dataclasses of these.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self, cast

import orjson

from permanence.kernel.fast_json import encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, at a moment, in a house."""

    version: ClassVar[int] = 1
    house: str
    at: datetime

    @classmethod
    def kind_of(cls, _data: Mapping[str, Any], /) -> "type[Event]":
        """Which kind an object of this name is by now: another one where a former shape of it has a name of its own."""
        return cls


def to_plain(value: Any) -> Any:
    """`value` as what `json.dumps` accepts: datetimes in RFC 3339, tuples as lists, dataclasses as objects."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if kind in _FIELDS or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        return {name: to_plain(getattr(value, name)) for name in _fields(kind)}
    if isinstance(value, (tuple, list, frozenset)):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    return value


_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})
_FIELDS: dict[type, tuple[str, ...]] = {}


def _fields(kind: type[Any]) -> tuple[str, ...]:
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(field.name for field in dataclasses.fields(kind))
    return _FIELDS[kind]


def from_plain[T](kind: type[T], data: Any) -> T:
    """The inverse of `to_plain` for the type `kind`. Unknown keys are ignored (n reads n-1 and n+1).

    Raises ValueError, TypeError or KeyError when the data does not fit.
    """
    return cast("T", _read(kind, data))


def _read(kind: Any, data: Any) -> Any:  # noqa: PLR0911 - one return per kind reads best
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        if data is None:
            return None
        inner = [part for part in typing.get_args(kind) if part is not type(None)]
        return _read(inner[0], data)
    if origin is tuple:
        if not isinstance(data, (list, tuple)):
            raise TypeError(f"expected a list, found {type(data).__name__}")
        return tuple(_read(typing.get_args(kind)[0], item) for item in data)
    if origin is dict:
        if not isinstance(data, dict):
            raise TypeError(f"expected an object, found {type(data).__name__}")
        return {key: _read(typing.get_args(kind)[1], item) for key, item in data.items()}
    if kind is datetime:
        return datetime.fromisoformat(data)
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if dataclasses.is_dataclass(kind):
        hints = _hints(cast("type", kind))
        return cast("Any", kind)(**{name: _read(hints[name], data[name]) for name in hints if name in data})
    if kind is Any:
        return data
    if isinstance(kind, type) and not isinstance(data, kind):
        raise TypeError(f"expected {kind.__name__}, found {type(data).__name__}")
    return data


_HINTS: dict[type, dict[str, Any]] = {}


def _hints(kind: type) -> dict[str, Any]:
    if kind not in _HINTS:
        names = {field.name for field in dataclasses.fields(kind)}
        _HINTS[kind] = {name: hint for name, hint in typing.get_type_hints(kind).items() if name in names}
    return _HINTS[kind]


class EventCatalogue:
    """The events a room announces, by name; reads and writes their envelopes."""

    def __init__(self, *kinds: type[Event]) -> None:
        self._kinds = {kind.__name__: kind for kind in kinds}
        self._heads = {kind: b'{"type":"%b","v":%d,' % (kind.__name__.encode(), kind.version) for kind in kinds}

    def encode(self, event: Event) -> bytes:
        """What `write` gives, as JSON. Raises KeyError for an event that is not in the catalogue."""
        return self._heads[type(event)] + encode(event)[1:]

    def write(self, event: Event) -> dict[str, Any]:
        """The event as an object: its name under "type", its version under "v", then its fields."""
        try:
            plain = orjson.loads(orjson.dumps(event))
        except TypeError:  # text that is not UTF-8
            plain = to_plain(event)
        return {"type": type(event).__name__, "v": event.version, **plain}

    def read(self, data: dict[str, Any]) -> Event:
        """The event behind an object, also of a former shape. Raises KeyError for a name that is not there."""
        return from_plain(self._kinds[data["type"]].kind_of(data), data)

    def union(self, other: Self) -> "EventCatalogue":
        """A catalogue that knows both."""
        return EventCatalogue(*self._kinds.values(), *other._kinds.values())
