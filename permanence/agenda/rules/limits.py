# SPDX-License-Identifier: AGPL-3.0-or-later
"""How many visits of a reason a day and a half-day bear."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, tzinfo

from permanence.agenda.rules.kinds import NOON, HalfDay, Taken, VisitReason
from permanence.agenda.rules.why_not import MaxNewPerDay, MaxPerDay, MaxPerHalfDay, WhyNot


def half_of(local: datetime) -> HalfDay:
    """The half-day of a local time."""
    return HalfDay.MORNING if local.hour * 60 + local.minute < NOON else HalfDay.AFTERNOON


def binds(reason: VisitReason, *, is_new: bool) -> bool:
    """Whether there is a maximum for such a visit."""
    return bool(reason.max_per_day or reason.max_per_half_day or (is_new and reason.max_new_per_day))


class Limits:
    """What stands of `reason` in `taken` (of one agenda, holds that do not count left out), by local day."""

    def __init__(self, reason: VisitReason, taken: Iterable[Taken], *, is_new: bool, zone: tzinfo) -> None:
        self._reason, self._is_new = reason, is_new
        self.bind = binds(reason, is_new=is_new)
        self._days: Counter[date] = Counter()
        self._halves: Counter[tuple[date, HalfDay]] = Counter()
        self._new: Counter[date] = Counter()
        for each in taken if self.bind else ():
            if each.is_visit and each.reason == reason.id:
                local = each.starts.astimezone(zone)
                self._days[local.date()] += 1
                self._halves[local.date(), half_of(local)] += 1
                self._new[local.date()] += each.is_new

    def causes(self, day: date, half: HalfDay) -> tuple[WhyNot, ...]:
        """Which maxima are reached there."""
        reason, found = self._reason, list[WhyNot]()
        if 0 < reason.max_per_day <= self._days[day]:
            found.append(MaxPerDay(most=reason.max_per_day))
        if 0 < reason.max_per_half_day <= self._halves[day, half]:
            found.append(MaxPerHalfDay(most=reason.max_per_half_day))
        if self._is_new and 0 < reason.max_new_per_day <= self._new[day]:
            found.append(MaxNewPerDay(most=reason.max_new_per_day))
        return tuple(found)

    def reached(self) -> set[tuple[date, HalfDay]]:
        """The half-days that bear no more."""
        days = self._days.keys() if self.bind else ()
        return {(day, half) for day in days for half in HalfDay if self.causes(day, half)}
