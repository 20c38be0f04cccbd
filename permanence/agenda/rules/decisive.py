# SPDX-License-Identifier: AGPL-3.0-or-later
"""What of all that is taken can decide about a visit at one start: the rest need not be known to judge it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.rules.kinds import CELL
from permanence.agenda.rules.limits import binds
from permanence.agenda.rules.wishes import Book, Wish
from permanence.reception.hours import moment_of

_CELL, _DAY = timedelta(minutes=CELL), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Decisive:
    """From `begins` to before `ends`: what is taken wholly outside of it, absences aside, decides nothing.

    `resources`: what is taken of rooms and equipment decides too.
    """

    begins: datetime
    ends: datetime
    resources: bool


def decisive(book: Book, wish: Wish, *, starts: datetime) -> Decisive | None:
    """For `free.slot_at` of that start, which says the same as if everything were known; None: nothing decides.

    Nothing that is taken has to stand in `book`. Raises ZoneInfoNotFoundError.
    """
    reason = book.reason(wish.reason)
    if reason is None:
        return None
    openings = (*book.openings, *(opening for each in book.exceptions for opening in each.openings))
    travel = max((each.travel for each in openings), default=0)
    before = max(reason.before + travel, *(each.before for each in reason.needs), 0)
    after = max(reason.after, *(each.after for each in reason.needs), 0)
    begins = starts - timedelta(minutes=before) - _CELL  # what is taken takes the cells it touches whole
    ends = starts + timedelta(minutes=wish.length(reason) + after) + _CELL
    if binds(reason, is_new=wish.is_new):
        day = starts.astimezone(ZoneInfo(book.agenda.zone)).date()
        begins = min(begins, moment_of(day, 0, book.agenda.zone, fold=0))
        ends = max(ends, moment_of(day + _DAY, 0, book.agenda.zone, fold=0))
    return Decisive(begins, ends, bool(reason.needs) or any(each.resources for each in openings))
