# SPDX-License-Identifier: AGPL-3.0-or-later
"""What to propose: the next free slots over several agendas as the patient would like it, gaps kept useful.

Proposals come by day, within a day by the order of the agendas ("Dr A else B"), and there those first that leave no
hole: free minutes beside the visit too short for any other (`gaps`). Each says what hole it leaves. Where nothing is as
preferred, what is nearest to it: the soonest, and of its day the hour beside the hours that were wanted.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.rules.free import counted, hidden
from permanence.agenda.rules.gaps import Gaps
from permanence.agenda.rules.judge import Judge
from permanence.agenda.rules.kinds import Taken, TakenKind, clock
from permanence.agenda.rules.limits import half_of
from permanence.agenda.rules.why_not import WhyNot
from permanence.agenda.rules.wishes import Also, Book, Moving, Preferences, Slot, Wish

_DAY = timedelta(days=1)
_STRIDE = 7
"""Days worked out at once at most, until there are enough."""

NEAR = 20
"""Agendas whose hours are compared, the preferred first."""

CAUSES_DAYS = 14
"""Days whose hidden starts are counted when nothing is found."""

DROPPED = ("time", "half_days", "weekdays_out", "dates", "agendas")
"""What is given up, one at a time and in this order, when nothing is as preferred; "all" when that is not enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A free slot. `hole`: minutes it leaves beside it in which no visit has room, 0 for none."""

    slot: Slot
    hole: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """The nearest slot when one preference (`dropped`, see DROPPED) is given up, or "all"."""

    proposal: Proposal
    dropped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`proposals` as preferred; without any, `alternatives`; without these too, how many starts of the next
    CAUSES_DAYS are `hidden` for which cause.
    """

    proposals: tuple[Proposal, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    hidden: tuple[tuple[int, WhyNot], ...] = ()


def is_preferred(slot: Slot, preferences: Preferences, zone: ZoneInfo) -> bool:
    """Whether a slot is as the patient would like it, the agendas not looked at."""
    starts = slot.starts.astimezone(zone)
    begins = starts.hour * 60 + starts.minute
    lasts = int((slot.ends - slot.starts).total_seconds()) // 60
    return (
        (not preferences.half_days or half_of(starts) in preferences.half_days)
        and starts.weekday() not in preferences.weekdays_out
        and (preferences.from_date is None or preferences.from_date <= starts.date())
        and (preferences.until_date is None or starts.date() < preferences.until_date)
        and (not preferences.from_time or clock(preferences.from_time) <= begins)
        and (not preferences.until_time or begins + lasts <= clock(preferences.until_time))
    )


def propose(
    books: Sequence[Book], wish: Wish, *, first: date, days: int, at: datetime, most: int = 4, a_day: int = 2,
    earliest: Callable[[Preferences], Mapping[str, datetime]] | None = None, moving: Moving | None = None,
) -> Found:  # fmt: skip
    """At most `most` slots on `days` local days from `first`, at most `a_day` of one agenda a day.

    `earliest`: the first free start of each agenda that has one on these days, for this wish with such preferences, if
    an index knows it: then only the agendas that can be proposed are looked at; it need not know of `moving`, the visit
    for which it is asked. Raises ZoneInfoNotFoundError.
    """
    freed = frozenset[str]()
    if moving is not None:
        pairs = [(book, book.without(moving.visit)) for book in books]
        freed = frozenset(book.agenda.id for book, now in pairs if now != book)
        books = [now for _, now in pairs]
    quest = _Quest(books=books, wish=wish, first=first, days=days, at=at, earliest=earliest, moving=moving, freed=freed)
    proposals = tuple(quest.proposals(wish.preferences, most=most, a_day=a_day))
    if proposals:
        return Found(proposals=proposals)
    alternatives = list[Alternative]()
    looser = [(dropped, _without(wish.preferences, dropped)) for dropped in DROPPED]
    for dropped, preferences in (*looser, ("all", Preferences())):
        if preferences != wish.preferences and (dropped != "all" or not alternatives):
            nearest = quest.nearest(preferences)
            if nearest is not None:
                alternatives.append(Alternative(proposal=nearest, dropped=dropped))
    if alternatives:
        return Found(alternatives=tuple(alternatives))
    until = first + min(days, CAUSES_DAYS) * _DAY
    named = wish.preferences.agendas
    asked = [book for book in books if not named or book.agenda.id in named]
    stretches = [each for book in asked for each in hidden(book, wish, first=first, until=until, at=at)]
    return Found(hidden=tuple(counted(stretches)))


def taken_by(slot: Slot, *, is_new: bool) -> tuple[Taken, ...]:
    """What a slot takes once it is booked: its agenda, the other one of a combined visit, and each of its resources."""
    own = Taken(
        subject=slot.agenda, starts=slot.starts, ends=slot.ends, kind=TakenKind.APPOINTMENT, agenda=slot.agenda,
        reason=slot.reason, is_new=is_new, before=slot.before, after=slot.after,
    )  # fmt: skip
    also = () if slot.also is None else (_of_other(own, slot.also),)
    others = (
        replace(
            own, subject=use.resource, of_resource=True, before=use.before, after=use.after, shared_by=use.shared_by
        )
        for use in slot.resources
    )
    return own, *also, *others


def _of_other(own: Taken, also: Also) -> Taken:
    return replace(own, subject=also.agenda, before=also.before, after=also.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quest:
    """What is looked for, but for the preferences."""

    books: Sequence[Book]
    wish: Wish
    first: date
    days: int
    at: datetime
    earliest: Callable[[Preferences], Mapping[str, datetime]] | None
    moving: Moving | None
    freed: frozenset[str]

    def proposals(self, preferences: Preferences, *, most: int, a_day: int) -> Iterator[Proposal]:
        """The best of each day, at most `a_day` of an agenda, until there are `most`."""
        order = preferences.agendas or tuple(book.agenda.id for book in self.books)
        rank = {agenda: number for number, agenda in enumerate(order)}
        books = self._soonest(preferences, rank, most)
        for since, until in _strides(self.first, self.days):
            some = list[tuple[tuple[date, int], Proposal]]()
            for begins, book in books:
                zone = ZoneInfo(book.agenda.zone)
                if begins < until:
                    some += [
                        ((each.slot.starts.astimezone(zone).date(), rank[book.agenda.id]), each)
                        for each in self._of_agenda(book, preferences, since, until)
                    ]
            picked = _picked(some, most=most, a_day=a_day)
            most -= len(picked)
            yield from picked
            if not most:
                return

    def nearest(self, looser: Preferences) -> Proposal | None:
        """The soonest for `looser`; where the hour is given up, on that day the nearest to the hours that were wanted,
        by the order of the agendas where two are as near.
        """
        soonest, wanted = next(self.proposals(looser, most=1, a_day=1), None), self.wish.preferences
        if soonest is None or (looser.from_time, looser.until_time) == (wanted.from_time, wanted.until_time):
            return soonest
        known = {book.agenda.id: book for book in self.books}
        order = [each for each in looser.agendas or known if each in known]
        some = list[tuple[int, int, bool, datetime, Proposal]]()
        for rank, agenda in enumerate(dict.fromkeys((*order[:NEAR], soonest.slot.agenda))):
            zone = ZoneInfo(known[agenda].agenda.zone)
            day = soonest.slot.starts.astimezone(zone).date()
            some += [
                (_minutes_off(each.slot, wanted, zone), rank, each.hole > 0, each.slot.starts, each)
                for each in self._of_agenda(known[agenda], looser, day, day + _DAY)
            ]
        return min(some, key=lambda each: each[:-1])[-1]

    def _soonest(self, preferences: Preferences, rank: Mapping[str, int], most: int) -> list[tuple[date, Book]]:
        """The books that can be among the first `most` proposals, each with the day before which it has none.

        By day and rank, each agenda's first proposal comes where its first free start is: those of the `most` agendas
        that begin first come before any of another one.
        """
        asked = [each for each in self.books if each.agenda.id in rank]
        if self.earliest is None:
            return [(self.first, book) for book in asked]
        known = self._with_freed(self.earliest(preferences), preferences)
        begins = [
            (known[book.agenda.id].astimezone(ZoneInfo(book.agenda.zone)).date(), book)
            for book in asked
            if book.agenda.id in known
        ]
        return sorted(begins, key=lambda each: (each[0], rank[each[1].agenda.id]))[:most]

    def _with_freed(self, known: Mapping[str, datetime], preferences: Preferences) -> Mapping[str, datetime]:
        """An index counts the visit that is moved: on its day the agendas in whose way it was may begin earlier. Where
        others have room beside it, it takes the visit's own place for free: that agenda begins with what comes after.
        """
        found = dict(known)
        for book in self.books:
            agenda = book.agenda.id
            if self.moving is None or agenda not in self.freed:
                continue
            zone = ZoneInfo(book.agenda.zone)
            day = self.moving.starts.astimezone(zone).date()
            if self.first <= day < self.first + self.days * _DAY:
                is_own = (agenda, found.get(agenda)) == (self.moving.agenda, self.moving.starts)
                if is_own:
                    del found[agenda]
                many = (self.first - day).days + self.days if is_own else 1
                there = self._first_of(book, preferences, day, many)
                begins = list(filter(None, [there, found.get(agenda)]))
                found |= {agenda: min(begins)} if begins else {}
        return found

    def _first_of(self, book: Book, preferences: Preferences, first: date, days: int) -> datetime | None:
        """When its first slot on `days` local days from `first` begins."""
        for since, until in _strides(first, days):
            there = (each.slot.starts for each in self._of_agenda(book, preferences, since, until))
            if (begins := min(there, default=None)) is not None:
                return begins
        return None

    def _of_agenda(self, book: Book, preferences: Preferences, first: date, until: date) -> Iterator[Proposal]:
        judge = Judge(book, self.wish, first=first, until=until, at=self.at)
        gaps = Gaps(judge)
        for start, place in judge.starts():
            slot = judge.slot_at(start, place)
            if self.moving is not None and (slot.agenda, slot.starts) == (self.moving.agenda, self.moving.starts):
                continue
            if is_preferred(slot, preferences, judge.zone):
                yield Proposal(slot=slot, hole=gaps.hole(place, start))


def _strides(first: date, days: int) -> Iterator[tuple[date, date]]:
    """One day, then two, four and _STRIDE at once: several agendas have enough in a day, one of them in a week."""
    since, many = 0, 1
    while since < days:
        yield first + since * _DAY, first + min(since + many, days) * _DAY
        since, many = since + many, min(2 * many, _STRIDE)


def _minutes_off(slot: Slot, wanted: Preferences, zone: ZoneInfo) -> int:
    """How many minutes a slot lies before or after the hours that are wanted."""
    starts = slot.starts.astimezone(zone)
    begins = starts.hour * 60 + starts.minute
    ends = begins + int((slot.ends - slot.starts).total_seconds()) // 60
    early = clock(wanted.from_time) - begins if wanted.from_time else 0
    late = ends - clock(wanted.until_time) if wanted.until_time else 0
    return max(early, late, 0)


def _picked(some: list[tuple[tuple[date, int], Proposal]], *, most: int, a_day: int) -> list[Proposal]:
    """At most `a_day` for each day and agenda, those without a hole first; in the order in which they are proposed."""
    some.sort(key=lambda each: (each[0], each[1].hole > 0, each[1].slot.starts))
    counts, picked = Counter[tuple[date, int]](), list[tuple[tuple[date, int], Proposal]]()
    for key, proposal in some:
        counts[key] += 1
        if counts[key] <= a_day and len(picked) < most:
            picked.append((key, proposal))
    picked.sort(key=lambda each: (each[0], each[1].slot.starts))
    return [proposal for _, proposal in picked]


def _without(preferences: Preferences, dropped: str) -> Preferences:
    if dropped == "time":
        return replace(preferences, from_time="", until_time="")
    if dropped == "half_days":
        return replace(preferences, half_days=frozenset())
    if dropped == "weekdays_out":
        return replace(preferences, weekdays_out=frozenset())
    if dropped == "dates":
        return replace(preferences, from_date=None, until_date=None)
    return replace(preferences, agendas=())
