# SPDX-License-Identifier: AGPL-3.0-or-later
"""Until when the consultation runs that is on at a moment, or comes next: what a delay said now concerns."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

BREAK = timedelta(hours=1)
"""What is that long takes up a delay: what comes after it is another consultation."""

type Hours = tuple[datetime, datetime]


def runs_until(*, hours: Iterable[Hours], visits: Iterable[Hours], at: datetime) -> datetime | None:
    """The end of the consultation that holds `at`, else of the next in which somebody is booked; None for none.

    Opening hours and visits (begin, end) that are less than BREAK apart are one consultation; within it, so long a time
    between two visits ends it too.
    """
    booked = sorted(visits)
    for starts, ends in _parted(_joined([*hours, *booked]), booked):
        if at < ends and (starts <= at or any(starts <= each[0] < ends for each in booked)):
            return ends
    return None


def _joined(spans: Iterable[Hours]) -> list[Hours]:
    found: list[Hours] = []
    for starts, ends in sorted(spans):
        if found and starts - found[-1][1] < BREAK:
            found[-1] = found[-1][0], max(found[-1][1], ends)
        else:
            found.append((starts, ends))
    return found


def _parted(spans: Iterable[Hours], booked: Iterable[Hours]) -> Iterator[Hours]:
    busy = _joined(booked)
    for starts, ends in spans:
        inside = [each for each in busy if starts <= each[0] < ends]
        begins = [starts, *(again for again, _over in inside[1:])]
        yield from zip(begins, [*(over for _again, over in inside[:-1]), ends], strict=True)
