# SPDX-License-Identifier: AGPL-3.0-or-later
"""Is the client's line open, and when does that change.

A day's hours come from its exception if it has one, else from its public holiday (closed) if these count, else from
the week. Times are the clock on the client's wall. On the day clocks go forward, a time that does not exist is the
moment of the jump; on the day they go back, a time that exists twice opens at its first and closes at its second
occurrence: nobody who may call is turned away. "24:00" is the midnight that ends the day. An interval whose end is
not after its beginning goes on into the next day ("22:00" to "06:00"), and belongs to the day on which it began.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from permanence.countries.holidays import holiday_on
from permanence.kernel.record import record
from permanence.reception.table import ClientSlice, Interval, OpeningHours

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)

HORIZON_DAYS = 400
"""How far the next change is looked for: past every yearly holiday and closing."""

NEAR_DAYS = 4
"""Days looked at for every question, yesterday included; what lies further is worked out once a day and client."""


class _Rule(NamedTuple):
    hours: OpeningHours
    zone: str
    country: str
    region: str


@record
class Opening:
    """Open or closed at a moment. `changes_at` (UTC): when that changes, None when it never does.

    `because`: always, week, exception, holiday; `label`: the holiday's or the exception's name.
    """

    is_open: bool
    changes_at: datetime | None
    because: str
    label: str = ""


ALWAYS = Opening(is_open=True, changes_at=None, because="always")


@dataclass(frozen=True, slots=True)
class DayHours:
    """What holds on one local day, and why."""

    intervals: tuple[Interval, ...]
    because: str
    label: str = ""


def hours_of_day(hours: OpeningHours, day: date, *, country: str, region: str = "") -> DayHours:
    """The intervals of one local day: exceptions before holidays before the week."""
    written = day.isoformat()
    for exception in hours.exceptions:
        if exception.date == written:
            return DayHours(exception.intervals, "exception", exception.label)
    if hours.closed_on_holidays:
        holiday = holiday_on(day, country=country, region=region)
        if holiday is not None:
            return DayHours((), "holiday", holiday)
    intervals = tuple(
        interval for entry in hours.week if entry.weekday == day.weekday() for interval in entry.intervals
    )
    return DayHours(intervals, "week")


def is_open_at(hours: OpeningHours, *, zone: str, country: str, region: str = "", at: datetime) -> bool:
    """Whether the line is open at `at` (aware). Cheap: looks at the day and the day before."""
    if hours.always:
        return True
    rule = _Rule(hours, zone, country, region)
    return _is_open(partial(_spans, rule), at.astimezone(ZoneInfo(zone)).date(), at)


def opening_at(hours: OpeningHours, *, zone: str, country: str, region: str = "", at: datetime) -> Opening:
    """Open or closed at `at` (aware), because of what, and the next change.

    Raises `zoneinfo.ZoneInfoNotFoundError` for a time zone that does not exist.
    """
    if hours.always:
        return ALWAYS
    rule = _Rule(hours, zone, country, region)
    today = at.astimezone(ZoneInfo(zone)).date()
    is_open = is_open_at(hours, zone=zone, country=country, region=region, at=at)
    changes_at = _scan(rule, today - _DAY, NEAR_DAYS, at, is_open)
    if changes_at is None:
        changes_at = _far_change(rule, today + (NEAR_DAYS - 1) * _DAY, is_open)
    reason = hours_of_day(hours, today, country=country, region=region)
    return Opening(is_open=is_open, changes_at=changes_at, because=reason.because, label=reason.label)


class Openings:
    """Open or closed, worked out once a client for as long as the answer stays the same."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[ClientSlice, datetime, datetime, Opening]] = {}

    def forget(self) -> None:
        """Keep nothing: what was kept of clients that are gone is of no use."""
        self._kept.clear()

    def of(self, client: ClientSlice, *, at: datetime) -> Opening:
        """What `opening_at` says of this client at `at` (aware). All clients asked about are of one house."""
        if client.hours.always:
            return ALWAYS
        kept = self._kept.get(client.client)
        if kept is not None and kept[0] is client and kept[1] <= at < kept[2]:
            return kept[3]
        zone = client.time_zone
        opening = opening_at(client.hours, zone=zone, country=client.country, region=client.region, at=at)
        # Why he is open or closed may be another reason tomorrow, though nothing changes.
        midnight = moment_of(at.astimezone(ZoneInfo(zone)).date() + _DAY, 0, zone, fold=0)
        until = midnight if opening.changes_at is None else min(midnight, opening.changes_at)
        self._kept[client.client] = client, at, until, opening
        return opening


class KeptDays:
    """The days of one client, each worked out once: for who asks about many moments of a year, in any order.

    Raises `zoneinfo.ZoneInfoNotFoundError` when asked, for a time zone that does not exist.
    """

    def __init__(self, client: ClientSlice) -> None:
        self._client = client
        self._rule = _Rule(client.hours, client.time_zone, client.country, client.region)
        self._zone: ZoneInfo | None = None
        self._spans: dict[date, list[tuple[datetime, datetime]]] = {}
        self._hours: dict[date, DayHours] = {}
        self._last: tuple[datetime, Opening] | None = None

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """From when to when (UTC) the openings last that begin on that local day, the earliest first."""
        if day not in self._spans:
            none = self._client.hours.always
            self._spans[day] = [] if none else _spans_of(self.hours(day).intervals, day, self._rule.zone)
        return self._spans[day]

    def hours(self, day: date) -> DayHours:
        """What `hours_of_day` says of that local day."""
        if day not in self._hours:
            rule = self._rule
            self._hours[day] = hours_of_day(rule.hours, day, country=rule.country, region=rule.region)
        return self._hours[day]

    def of(self, client: ClientSlice, *, at: datetime) -> Opening:
        """What `opening_at` says of this client at `at` (aware), but for the next change."""
        if client.hours.always:
            return ALWAYS
        if self._last is not None and self._last[0] == at:  # who asks whether asks why in the same breath
            return self._last[1]
        if self._zone is None:  # asked at every moment of a year
            self._zone = ZoneInfo(client.time_zone)
        day = at.astimezone(self._zone).date()
        reason = self.hours(day)
        is_open = _is_open(self.spans, day, at)
        opening = Opening(is_open=is_open, changes_at=None, because=reason.because, label=reason.label)
        self._last = at, opening
        return opening


def _is_open(spans_of: Callable[[date], Iterable[tuple[datetime, datetime]]], day: date, at: datetime) -> bool:
    for each in (day - _DAY, day):  # asked at every moment of a year: two loops cost half of one generator
        for starts, ends in spans_of(each):
            if starts <= at < ends:
                return True
    return False


def _scan(rule: _Rule, first: date, days: int, edge: datetime, is_open: bool) -> datetime | None:
    """The next change after `edge`, looked for in the spans that begin on `days` days from `first`."""
    for offset in range(days):
        day = first + offset * _DAY
        if is_open and edge < moment_of(day, 0, rule.zone, fold=0):
            return edge
        for starts, ends in _spans(rule, day):
            if is_open and starts > edge:
                return edge
            if is_open:
                edge = max(edge, ends)
            elif starts > edge and ends > starts:
                return starts
    return edge if is_open and edge < moment_of(first + days * _DAY, 0, rule.zone, fold=0) else None


@lru_cache(maxsize=4096)
def _far_change(rule: _Rule, day: date, is_open: bool) -> datetime | None:
    """The next change after the midnight that begins `day`, when nothing changed until then."""
    return _scan(rule, day - _DAY, HORIZON_DAYS, moment_of(day, 0, rule.zone, fold=0), is_open)


def _spans(rule: _Rule, day: date) -> list[tuple[datetime, datetime]]:
    hours = hours_of_day(rule.hours, day, country=rule.country, region=rule.region)
    return _spans_of(hours.intervals, day, rule.zone)


def _spans_of(intervals: Iterable[Interval], day: date, zone: str) -> list[tuple[datetime, datetime]]:
    found = []
    for interval in intervals:
        opens, until = minutes_of(interval.opens), minutes_of(interval.until)
        if until <= opens:
            until += 24 * 60
        found.append((moment_of(day, opens, zone, fold=0), moment_of(day, until, zone, fold=1)))
    return sorted(found)


@lru_cache(maxsize=1024)
def minutes_of(text: str) -> int:
    """Minutes since midnight of "HH:MM", from "00:00" to "24:00". Raises ValueError."""
    hours, _, minutes = text.partition(":")
    if not (len(hours) == len(minutes) == 2 and text.isascii() and hours.isdigit() and minutes.isdigit()):
        raise ValueError(f"not a time of day: {text[:20]!r}")
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > 24 * 60:
        raise ValueError(f"not a time of day: {text[:20]!r}")
    return total


def moment_of(day: date, minutes: int, zone: str, *, fold: int) -> datetime:
    """The moment (UTC) of that wall time, `minutes` after midnight. One that does not exist is that of the jump."""
    midnight = _even_midnight(day, zone) if 0 <= minutes < 24 * 60 else None
    if midnight is not None:
        return midnight + minutes * _MINUTE
    days, minutes = divmod(minutes, 24 * 60)
    local = datetime.combine(
        day + timedelta(days=days), time(minutes // 60, minutes % 60, fold=fold), tzinfo=ZoneInfo(zone)
    )
    moment = local.astimezone(UTC)
    if moment.astimezone(local.tzinfo).replace(tzinfo=None, fold=0) == local.replace(tzinfo=None, fold=0):
        return moment
    return _jump(local)


@lru_cache(maxsize=4096)
def _even_midnight(day: date, zone: str) -> datetime | None:
    """The moment (UTC) at which a local day begins whose clocks do not change until the next; None for other days."""
    wall = ZoneInfo(zone)
    begins, ends = (datetime.combine(each, time(), tzinfo=wall) for each in (day, day + _DAY))
    if begins.utcoffset() != ends.utcoffset() or begins.replace(fold=1).utcoffset() != begins.utcoffset():
        return None
    return begins.astimezone(UTC)


def _jump(local: datetime) -> datetime:
    """The moment clocks went forward over `local`, a wall time that does not exist."""
    before = local.replace(fold=1).astimezone(UTC)
    after = local.replace(fold=0).astimezone(UTC)
    low, high = min(before, after), max(before, after)
    start = low.astimezone(local.tzinfo).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(local.tzinfo).utcoffset() == start:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
