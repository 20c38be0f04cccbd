# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hours of groups in a lane: how many places are taken at once, of how many, and in which room."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from permanence.agenda.queries.shown import ShownDays
from permanence.agenda.rules.openings import OpenSpan
from permanence.console.agenda_wall import Wall


class Group(NamedTuple):
    """A time at which several come together: its steps, and "2/4 · Room 1"."""

    first: int
    span: int
    words: str


class _Taken(NamedTuple):
    starts: datetime
    ends: datetime
    appointment: str = ""


def groups_of(found: ShownDays, wall: Wall, *, rooms: Mapping[str, Sequence[str]]) -> tuple[Group, ...]:
    """The groups of that day in which somebody is, or a place is held. `rooms`: by appointment, the names of what it
    takes; what all of a group take is said with it.
    """
    taken = [_Taken(each.starts_at, each.ends_at, each.appointment) for each in found.appointments]
    taken += [_Taken(each.starts_at, each.ends_at) for each in found.holds]
    taken.sort()
    return tuple(
        _group(span, those, wall, rooms)
        for span in found.openings
        if span.opening.capacity > 1 and wall.touches(span.starts, span.ends)
        for those in _together(each for each in taken if span.starts <= each.starts < span.ends)
    )


def _together(taken: Iterable[_Taken]) -> Iterator[list[_Taken]]:
    """Those that overlap, or are linked by others between them; `taken` in order."""
    those: list[_Taken] = []
    for each in taken:
        if those and each.starts >= max(one.ends for one in those):
            yield those
            those = []
        those.append(each)
    if those:
        yield those


def _group(span: OpenSpan, those: Sequence[_Taken], wall: Wall, rooms: Mapping[str, Sequence[str]]) -> Group:
    most = max(sum(one.starts <= each.starts < one.ends for one in those) for each in those)
    told = [rooms.get(each.appointment, ()) for each in those if each.appointment]
    room = [name for name in told[0] if all(name in each for each in told)] if told else []
    first, count = wall.steps(those[0].starts, max(each.ends for each in those))
    return Group(first, count, " · ".join([f"{most}/{span.opening.capacity}", *room]))
