# SPDX-License-Identifier: AGPL-3.0-or-later
"""A day on a client's clock as the grid draws it: its steps, and an hour that comes twice when clocks go back."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

STEP = 5
"""Minutes of a step."""
DAY = 24 * 60 // STEP
REMEMBERED = 4096
"""Places and spans that are remembered: there are few, and each stands in a grid many times."""
ONCE, AGAIN = 1, 2
"""The halves of a lane in an hour that comes twice: its first time, and its second."""
_DAY = timedelta(days=1)
_STEP = timedelta(minutes=STEP)
_INSTANT = timedelta(microseconds=1)


class Twice(NamedTuple):
    """The steps from `first` until `until` that come twice, each time with its offset ("+02:00"); the moments (UTC) at
    which they begin, begin again and are over.
    """

    first: int
    until: int
    once: str
    again: str
    begins: datetime
    turns: datetime
    over: datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """What a span has of a local day: its first step and how many (0: none); when it begins, as a minute of the day and
    in figures; until when.

    `half`: which of two hours it has alone, `ONCE` or `AGAIN`; 0 for both of them, or for other ones. `ends_again`:
    `until` comes for the second time.
    """

    first: int
    span: int
    minute: int
    starts: str
    until: str
    half: int = 0
    ends_again: bool = False


@dataclass(frozen=True, slots=True)
class Wall:
    """A local day on a client's clock, on which it is `today`."""

    day: date
    zone: ZoneInfo
    today: date

    def minute(self, at: datetime) -> int:
        """Minutes after its midnight, 0 to 1440."""
        local = at.astimezone(self.zone)
        return min(max((local.date() - self.day).days * 1440 + local.hour * 60 + local.minute, 0), 1440)

    def steps(self, starts: datetime, ends: datetime) -> tuple[int, int]:
        """First step and how many; 0 where the day is not touched."""
        first, last = self.minute(starts) // STEP, -(-self.minute(ends) // STEP)
        if self.twice is not None and starts < ends == self.twice.turns:
            last = self.twice.until  # the clock has gone back already, to where that hour begins
        elif ends > starts and last <= first and self.touches(starts, ends):
            last = first + max(int((ends - starts).total_seconds()) // 60 // STEP, 1)  # the hour that came twice
        return first, max(min(last, DAY) - first, 0)

    def touches(self, starts: datetime, ends: datetime) -> bool:
        """Whether the span has something of this day."""
        last = max(ends - _INSTANT, starts)  # the midnight at which it ends is the next day's
        return starts.astimezone(self.zone).date() <= self.day <= last.astimezone(self.zone).date()

    def clock(self, at: datetime) -> str:
        """14:05"""
        local = at.astimezone(self.zone)
        return f"{local.hour:02d}:{local.minute:02d}"

    def until(self, ends: datetime) -> str:
        """14:05; 24:00 for the midnight that ends the day."""
        midnight = datetime.combine(self.day + _DAY, time(), tzinfo=self.zone)
        return "24:00" if ends == midnight else self.clock(ends)

    def hours(self, starts: datetime, ends: datetime) -> Hours:
        """What the span has of this day."""
        return _hours(self.day, self.zone, starts, ends)

    @property
    def twice(self) -> Twice | None:
        """The hour that comes twice, on the day clocks go back."""
        return twice_of(self.day, self.zone)

    def half(self, starts: datetime, ends: datetime) -> int:
        """Which of two hours the span has alone, as `Hours` has it."""
        twice = self.twice
        if twice is None:
            return 0
        once, again = starts < twice.turns and ends > twice.begins, starts < twice.over and ends > twice.turns
        return 0 if once == again else ONCE if once else AGAIN


@lru_cache(maxsize=REMEMBERED)
def _hours(day: date, zone: ZoneInfo, starts: datetime, ends: datetime) -> Hours:
    wall = Wall(day, zone, today=day)
    first, span = wall.steps(starts, ends)
    ends_again = ends.astimezone(zone).fold == 1
    return Hours(
        first, span, wall.minute(starts), wall.clock(starts), wall.until(ends), wall.half(starts, ends), ends_again
    )


@lru_cache(maxsize=REMEMBERED)
def twice_of(day: date, zone: ZoneInfo) -> Twice | None:
    """The hour of a local day that comes twice; None for all days but the one on which clocks go back."""
    begins, ends = (datetime.combine(each, time(), tzinfo=zone) for each in (day, day + _DAY))
    if _offset(begins) <= _offset(ends):
        return None
    steps = [step for step in range(DAY) if _offset(_at(day, step, zone)) > _offset(_at(day, step, zone, fold=1))]
    if not steps:
        return None
    first, until = steps[0], steps[-1] + 1
    once, again = _at(day, first, zone), _at(day, first, zone, fold=1)
    starts, turns = once.astimezone(UTC), again.astimezone(UTC)
    over = turns + (until - first) * _STEP
    return Twice(first, until, once.isoformat()[-6:], again.isoformat()[-6:], starts, turns, over)


def _at(day: date, step: int, zone: ZoneInfo, *, fold: int = 0) -> datetime:
    hour, minute = divmod(step * STEP, 60)
    return datetime.combine(day, time(hour, minute, fold=fold), tzinfo=zone)


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()
