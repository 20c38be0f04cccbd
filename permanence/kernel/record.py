# SPDX-License-Identifier: AGPL-3.0-or-later
"""The kinds of class in which a room of the telephone hands something out: values that nobody changes.

They are frozen for the type checker alone. Two dozen are made for every call, and a dataclass frozen at run time sets
each of its fields through `object.__setattr__`, which costs more than twice as much.
"""

from dataclasses import dataclass, field, fields, make_dataclass
from typing import Any, dataclass_transform

from permanence.kernel.events import Event


@dataclass_transform(kw_only_default=True, frozen_default=True)
def record[T](kind: type[T]) -> type[T]:
    """A dataclass with slots, keyword arguments, equality and a hash."""
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(kind)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def event[T: Event](kind: type[T]) -> type[T]:
    """The same for an event. Its base is frozen, so it has to be; it gets back how fields are set elsewhere."""
    made: Any = dataclass(frozen=True, slots=True, kw_only=True)(kind)
    parts = [(part.name, part.type, field(default=part.default)) for part in fields(made)]
    plain: Any = make_dataclass(made.__name__, parts, kw_only=True)
    made.__init__ = plain.__init__
    made.__setattr__, made.__delattr__ = object.__setattr__, object.__delattr__
    return made  # type: ignore[no-any-return]
