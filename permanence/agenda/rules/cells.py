# SPDX-License-Identifier: AGPL-3.0-or-later
"""Arrays with one place for each cell (kinds.CELL minutes) of some days, counted from a midnight of UTC.

They are booleans while one agenda is worked out, and bits, 64 to a word, where many are kept.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from permanence.agenda.rules.kinds import CELL, NOON, HalfDay, clock
from permanence.agenda.rules.seconds import CELL_S, Pair
from permanence.agenda.rules.wishes import Preferences

type Flags = NDArray[np.bool_]
type Words = NDArray[np.uint64]

_DAY = timedelta(days=1)
_WORD = 64
_HOUR_S = 3600
MARGIN_DAYS = 2
"""Days kept on either side: for zones, buffers and visits that reach over the edge."""


@dataclass(frozen=True, slots=True)
class Window:
    """The cells from MARGIN_DAYS before `first` for `days` local days."""

    first: date
    days: int

    @property
    def until(self) -> date:
        """The day after the last."""
        return self.first + timedelta(days=self.days)

    @property
    def base(self) -> int:
        """The second since 1970 with which the first cell begins."""
        first = self.first - MARGIN_DAYS * _DAY
        return int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp())

    @property
    def words(self) -> int:
        """Words of a row."""
        return -(-(self.days + 2 * MARGIN_DAYS) * 24 * 60 // CELL // _WORD)

    @property
    def size(self) -> int:
        """Cells of a row: whole words."""
        return self.words * _WORD

    def cell(self, second: float) -> int:
        """The first cell that does not begin before `second`; may lie outside."""
        return int(-(-(second - self.base) // CELL_S))

    def inside(self, pair: Pair) -> slice:
        """The cells that lie wholly in a half-open pair of seconds."""
        lo, hi = self.cell(pair[0]), (pair[1] - self.base) // CELL_S
        return slice(min(max(lo, 0), self.size), min(max(hi, 0), self.size))


def painted(window: Window, pairs: Iterable[Pair]) -> Flags:
    """True in the cells that lie in one of the pairs (widened or narrowed to cells before)."""
    return counted(window, pairs) > 0


def counted(window: Window, pairs: Iterable[Pair]) -> NDArray[np.int32]:
    """How many of the pairs each cell lies in."""
    edges = np.array(list(pairs), dtype=np.int64).reshape(-1, 2) - window.base
    lo, hi = np.clip(-(-edges[:, 0] // CELL_S), 0, window.size), np.clip(edges[:, 1] // CELL_S, 0, window.size)
    changes = np.zeros(window.size + 1, dtype=np.int32)
    np.add.at(changes, lo, 1)
    np.add.at(changes, np.maximum(lo, hi), -1)
    return np.cumsum(changes[:-1], dtype=np.int32)


def runs(flags: Flags, *, length: int, before: int = 0) -> Flags:
    """True where `length` cells one after the other are True, from `before` cells earlier on; never over the edge."""
    found, have = flags.copy(), 1
    while have < length:
        shift = min(have, length - have)
        found[:-shift] &= found[shift:]
        found[-shift:] = False
        have += shift
    if before:
        found[before:] = found[:-before].copy()
        found[:before] = False
    return found


def packed(flags: Flags) -> Words:
    """As bits, the first cell lowest."""
    return np.packbits(flags, bitorder="little").view("<u8")


def unpacked(words: Words) -> Flags:
    """The other way round."""
    return np.unpackbits(words.view(np.uint8), bitorder="little").view(np.bool_)


@dataclass(frozen=True, slots=True)
class Wall:
    """For each cell what the wall shows when it begins: the day (its ordinal) and minutes after midnight."""

    days: NDArray[np.int64]
    minutes: NDArray[np.int64]


@lru_cache(maxsize=16)
def wall_of(window: Window, zone: str) -> Wall:
    """The wall of a zone; clocks change on a multiple of a quarter of an hour. Raises ZoneInfoNotFoundError."""
    info, quarter = ZoneInfo(zone), 15 * 60
    hours = range(window.base, window.base + (window.size + 12) * CELL_S, _HOUR_S)
    offsets = [_offset(second, info) for second in hours]
    fine = np.repeat(np.array(offsets, dtype=np.int64), _HOUR_S // CELL_S)
    for number in range(len(offsets) - 1):
        if offsets[number] != offsets[number + 1]:
            for part in range(4):
                lo = number * 12 + part * 3
                fine[lo : lo + 3] = _offset(hours[number] + part * quarter, info)
    local = window.base + np.arange(window.size, dtype=np.int64) * CELL_S + fine[: window.size]
    epoch = date(1970, 1, 1).toordinal()
    return Wall(days=local // 86400 + epoch, minutes=local % 86400 // 60)


def wanted(window: Window, zone: str, preferences: Preferences, *, length: int) -> Flags:
    """The cells in which a visit of `length` minutes may begin as far as the preferences go."""
    wall = wall_of(window, zone)
    flags = np.ones(window.size, dtype=np.bool_)
    if preferences.half_days:
        morning, afternoon = (half in preferences.half_days for half in (HalfDay.MORNING, HalfDay.AFTERNOON))
        flags &= np.where(wall.minutes < NOON, morning, afternoon)
    for weekday in preferences.weekdays_out:
        flags &= (wall.days - 1) % 7 != weekday  # ordinal 1 is a Monday
    if preferences.from_date is not None:
        flags &= wall.days >= preferences.from_date.toordinal()
    if preferences.until_date is not None:
        flags &= wall.days < preferences.until_date.toordinal()
    if preferences.from_time:
        flags &= wall.minutes >= clock(preferences.from_time)
    if preferences.until_time:
        flags &= wall.minutes + length <= clock(preferences.until_time)
    return flags


def on_days(window: Window, zone: str, takes: Callable[[date], bool]) -> Flags:
    """The cells that begin on local days for which `takes` says yes."""
    days = wall_of(window, zone).days
    first = int(days[0])
    said = np.array([takes(date.fromordinal(each)) for each in range(first, int(days[-1]) + 1)], dtype=np.bool_)
    return said[days - first]


def _offset(second: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0
