# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is asked of an agenda and what it answers: wish, slot, and the book of one agenda from which it answers."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from permanence.agenda.rules.kinds import (
    Agenda,
    Asker,
    HalfDay,
    Opening,
    OpeningException,
    OpeningKind,
    Resource,
    Taken,
    Use,
    VisitReason,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What the patient would like, all of it together. Empty: no matter.

    `weekdays_out`: 0 is Monday. `agendas`: only these, the first one before the next one of a same day. `from_date`
    included, `until_date` excluded; `from_time` (the visit begins then or later), `until_time` (it ends by then) on
    the wall.
    """

    half_days: frozenset[HalfDay] = frozenset()
    weekdays_out: frozenset[int] = frozenset()
    agendas: tuple[str, ...] = ()
    from_date: date | None = None
    until_date: date | None = None
    from_time: str = ""
    until_time: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be booked, and for whom. `reason`: its id. `born`: the first and the last day on which he can be born,
    the same where his birth date is known, None when nothing is known of it. His age counts on the day of the visit.

    `yes_to`: ids of contra-indication questions answered by yes. `holder`: whose own holds do not hinder. `sites`: only
    there, () for anywhere. `minutes`: of a visit that has a length of its own already, 0 for the reason's.
    """

    reason: str
    is_new: bool = False
    born: tuple[date, date] | None = None
    asked_by: Asker = Asker.SECRETARY
    holder: str = ""
    yes_to: frozenset[str] = frozenset()
    sites: tuple[str, ...] = ()
    minutes: int = 0
    preferences: Preferences = Preferences()

    def length(self, reason: VisitReason) -> int:
        """Minutes of the visit, for that reason."""
        return self.minutes or reason.length(is_new=self.is_new)

    def age_on(self, day: date) -> int | None:
        """His age in years on a day; None where it is not certain (then nothing is refused for it)."""
        if self.born is None:
            return None
        most, least = (_years(each, day) for each in self.born)
        return least if least == most else None


def _years(born: date, on: date) -> int:
    return max(0, on.year - born.year - ((on.month, on.day) < (born.month, born.day)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Also:
    """What a combined visit takes of the other agenda: minutes before and after, and `capacity`, the places it has."""

    agenda: str
    before: int = 0
    after: int = 0
    capacity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A visit that can be booked: what the occupancies of its agenda and of each of its resources would be.

    `before`, `after`: minutes the agenda is taken besides the visit, travel included. `opening`: id of the one in which
    it begins; `capacity` its places. `also`: of a combined visit.
    """

    agenda: str
    reason: str
    starts: datetime
    ends: datetime
    before: int = 0
    after: int = 0
    resources: tuple[Use, ...] = ()
    site: str = ""
    kind: OpeningKind = OpeningKind.NORMAL
    opening: str = ""
    capacity: int = 1
    also: Also | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One agenda with all that decides about it, for a span the caller chose; `taken` also holds its resources' spans.

    What lies outside that span is not known: ask only within it (a day more on either side for maxima and buffers).
    `beside`: the books of the agendas that combined visits take too.
    """

    agenda: Agenda
    openings: tuple[Opening, ...] = ()
    exceptions: tuple[OpeningException, ...] = ()
    reasons: tuple[VisitReason, ...] = ()
    resources: tuple[Resource, ...] = ()
    taken: tuple[Taken, ...] = field(default=(), repr=False)
    beside: "tuple[Book, ...]" = field(default=(), repr=False)

    def reason(self, wanted: str) -> VisitReason | None:
        """The reason with that id; None where it is not known here, or what it takes too is not."""
        found = next((each for each in self.reasons if each.id == wanted), None)
        return None if found is not None and found.also and self.other(found) is None else found

    def other(self, reason: VisitReason) -> "Book | None":
        """The agenda that visits of a reason take too, as it looks at them: rooms and equipment are taken once, here.

        None for an ordinary reason, in that agenda itself, and where it is not known.
        """
        if reason.also in {"", self.agenda.id}:
            return None
        bare = replace(reason, also="", needs=())
        return next((replace(each, reasons=(bare,)) for each in self.beside if each.agenda.id == reason.also), None)

    def taking(self, taken: Iterable[Taken]) -> "Book":
        """With this taken as well."""
        more = tuple(taken)
        beside = tuple(each.taking(more) for each in self.beside)
        return replace(self, taken=(*self.taken, *more), beside=beside)

    def without(self, visit: str) -> "Book":
        """As if the visit of that id were not there."""
        beside = tuple(each.without(visit) for each in self.beside)
        return replace(self, taken=tuple(each for each in self.taken if each.id != visit), beside=beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A visit (its id) that is to be moved, and the agenda and moment at which it stands: it is in nobody's way, and
    its own place is none for it.
    """

    visit: str
    agenda: str
    starts: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesWish:
    """Several visits as one act: on each of `days` after `first` (0 is that day itself), give or take `tolerance` days.

    `same_half_day`: all on the half-day of the first one that is found, and near its hour.
    """

    wish: Wish
    first: date
    days: tuple[int, ...]
    tolerance: int = 0
    same_half_day: bool = True

    @classmethod
    def regular(cls, wish: Wish, *, first: date, sessions: int, every_days: int, tolerance: int = 0) -> "SeriesWish":
        """So many sessions, one every so many days."""
        return cls(wish=wish, first=first, days=tuple(range(0, sessions * every_days, every_days)), tolerance=tolerance)
