# SPDX-License-Identifier: AGPL-3.0-or-later
"""The printed days: the lanes shared out over sheets, as many on each as are read on a page across."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from permanence.console.agenda_grid import Grid, Lane, grid_of

MOST_ON_A_SHEET = 7
"""Lanes on a page of 297 mm, as many as a week has: each has 38 mm, in which a name and a code are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheets:
    """A grid a page, each with the hours of its own lanes; `left_out`: the names of whom nothing is printed."""

    grids: tuple[Grid, ...]
    left_out: tuple[str, ...]


def sheets_of(lanes: Sequence[Lane], *, every: bool, at: datetime, zone: ZoneInfo) -> Sheets:
    """The whole days, their past hours too. `every`: a lane on which nothing is printed has its place all the same."""
    kept = [lane for lane in lanes if every or _has_something(lane)]
    grids = tuple(grid_of(some, at=at, zone=zone, show_past=True) for some in shared_out(kept))
    there = {lane.key for lane in kept}
    return Sheets(grids=grids, left_out=tuple(lane.name for lane in lanes if lane.key not in there))


def shared_out[Each](lanes: Sequence[Each]) -> list[Sequence[Each]]:
    """In their order, evenly: nine are five and four, not eight and one."""
    pages = -(-len(lanes) // MOST_ON_A_SHEET)
    ends = [len(lanes) * number // pages for number in range(pages + 1)] if pages else []
    return [lanes[first:until] for first, until in pairwise(ends)]


def _has_something(lane: Lane) -> bool:
    """A time that is held is not printed."""
    return any(item.look.kind != "hold" for item in lane.items)
