# SPDX-License-Identifier: AGPL-3.0-or-later
"""What decides about one wish on one agenda, prepared once for some days, then asked about many starts.

`causes` scans what is in the way of one start and names it; `starts` cuts what is taken out of what is open: two ways
to the same answer. Starts are seconds since 1970, as in `seconds`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from operator import itemgetter
from zoneinfo import ZoneInfo

from permanence.agenda.rules import why_not
from permanence.agenda.rules.admission import (
    PlaceKey,
    against_opening,
    against_wish,
    asks_age,
    is_outside,
    new_patient_days,
    place_of,
    same_site,
)
from permanence.agenda.rules.kinds import Need, Opening, Taken, TakenKind, VisitReason
from permanence.agenda.rules.limits import Limits, half_of
from permanence.agenda.rules.openings import OpenSpan, open_spans, openings_of_day
from permanence.agenda.rules.resources import Assigned, Shelf, together
from permanence.agenda.rules.seconds import Forbidden, Near, Pair, cells, crowded, merged, moment, up, whole
from permanence.agenda.rules.why_not import WhyNot
from permanence.agenda.rules.wishes import Also, Book, Slot, Wish
from permanence.reception.hours import moment_of

_DAY = timedelta(days=1)
_DAY_S = 24 * 60 * 60
_CODES = {TakenKind.APPOINTMENT: "taken", TakenKind.HOLD: "held", TakenKind.BLOCK: "blocked"}


@dataclass(slots=True)
class Place:
    """Openings that are one to a visit of this wish, merged."""

    opening: Opening
    needs: tuple[Need, ...]
    before: int
    spans: list[OpenSpan] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)

    def around(self, start: int) -> Pair | None:
        """The stretch of it in which `start` lies."""
        place = bisect_right(self.pairs, start, key=itemgetter(0)) - 1
        return self.pairs[place] if place >= 0 and start < self.pairs[place][1] else None


class Judge:
    """One wish on one agenda, for starts on the local days from `first` to before `until`, as known at `at`.

    `spans`: what `spans_around` gave for this book and these days, if it is at hand. Raises ZoneInfoNotFoundError.
    """

    def __init__(
        self, book: Book, wish: Wish, *, first: date, until: date, at: datetime, spans: list[OpenSpan] | None = None
    ) -> None:
        self.book, self.wish, self.at = book, wish, at
        self.zone = ZoneInfo(book.agenda.zone)
        self.begins, self.ends = (int(self._midnight(day).timestamp()) for day in (first, until))
        near = self.begins - 2 * _DAY_S, self.ends + 2 * _DAY_S
        taken = [
            (pair, each)
            for each in book.taken
            if each.lasts and each.counts(at=at, holder=wish.holder) and _meets(pair := whole(each), near)
        ]
        self.spans = spans_around(book, first=first, until=until) if spans is None else spans
        own = [(pair, each) for pair, each in taken if each.takes(book.agenda.id)]
        self.away = [each for _, each in own if each.kind is TakenKind.ABSENCE]
        self._blocks = [(pair, each) for pair, each in own if each.kind is TakenKind.BLOCK]
        self._visits = [(pair, each) for pair, each in own if each.is_visit]
        self.blocks, self.visits = ([each for _, each in some] for some in (self._blocks, self._visits))
        self.reason = book.reason(wish.reason)
        self.places: list[Place] = []
        self._days = first, until
        self._other: Judge | None = None
        self._by_site: dict[str, dict[int, Place]] = {}
        self._crowds: dict[int, list[Pair]] = {}
        if self.reason is not None:
            self._prepare(self.reason, [each for _, each in taken])

    def _prepare(self, reason: VisitReason, taken: list[Taken]) -> None:
        self.length = self.wish.length(reason) * 60
        self.after = reason.after * 60
        self.of_wish = against_wish(reason, self.wish)
        self.limits = Limits(reason, self.visits, is_new=self.wish.is_new, zone=self.zone)
        others = (each for each in taken if not each.takes(self.book.agenda.id))
        self.shelf = Shelf(self.book.resources, others, length=self.length)
        self._too = self._of_other_age(reason)
        self._new_days = new_patient_days(self.book, reason, self.wish) if self.wish.is_new else ()
        now = self.at.timestamp()
        self._now, self._soonest = now, now + reason.notice * 60
        self._last = self.at.astimezone(self.zone).date() + timedelta(days=reason.horizon) if reason.horizon else None
        found: dict[PlaceKey, Place] = {}
        for span in self.spans:
            if self._against(span, reason):
                continue
            place = found.get(place_of(span))
            if place is None:
                needs = self.shelf.concrete(reason, span.opening)
                before = (reason.before + span.opening.travel) * 60
                place = found[place_of(span)] = Place(opening=span.opening, needs=needs, before=before)
            place.spans.append(span)
        for place in found.values():
            place.pairs = merged((int(each.starts.timestamp()), int(each.ends.timestamp())) for each in place.spans)
        self.places = list(found.values())

    def _of_other_age(self, reason: VisitReason) -> list[Pair]:
        """The local days on which he is too young or too old."""
        if not asks_age(reason, self.wish):
            return []
        (first, until), found = self._days, list[Pair]()
        for day in (first + number * _DAY for number in range((until - first).days)):
            if is_outside(self.wish.age_on(day), youngest=reason.youngest, oldest=reason.oldest):
                found.append((int(self._midnight(day).timestamp()), int(self._midnight(day + _DAY).timestamp())))
        return merged(found)

    def other(self) -> "Judge | None":
        """Who judges the other agenda of a combined visit; None for an ordinary one."""
        if self.reason is None or not self.reason.also:
            return None
        if self._other is None:
            book, (first, until) = self.book.other(self.reason), self._days
            self._other = None if book is None else Judge(book, self.wish, first=first, until=until, at=self.at)
        return self._other

    def starts(self, *, site: str = "") -> Iterator[tuple[int, Place]]:
        """Every start against which there is no cause, with its place; by place, the earliest first in each. `site`:
        only where a visit can be with somebody who is there.
        """
        if self.reason is None or self.of_wish or self._too == [(self.begins, self.ends)]:
            return
        step, seen = self.book.agenda.step * 60, set[int]()
        away = Forbidden((cells(each.starts, each.ends) for each in self.away), before=0, length=self.length, after=0)
        for place in (each for each in self.places if same_site(each.opening.site, site)):
            taken = self._forbidden(place)
            for lo, hi in place.pairs:
                start = up(max(lo, self.begins), step)
                while start + self.length <= hi and start < self.ends:
                    free = up(max(away.until(start), taken.until(start)), step)
                    if free == start:
                        if (
                            start not in seen
                            and not self._elsewhere(start)
                            and self._assigned(place, start) is not None
                            and self.fits(place, start)
                        ):
                            seen.add(start)
                            yield start, place
                        free += step
                    start = free

    def fits(self, place: Place, start: int) -> bool:
        """Whether the other agenda of a combined visit is free for it then; an ordinary visit has none."""
        other = self.other()
        return other is None or start in other.starts_at(place.opening.site)

    def starts_at(self, site: str) -> dict[int, Place]:
        """What `starts` gives for that site, with the place of each."""
        if site not in self._by_site:
            self._by_site[site] = dict(self.starts(site=site))
        return self._by_site[site]

    def causes(self, start: int, *, site: str = "") -> tuple[WhyNot, ...]:
        """All that is against a visit that begins then, the main cause first; () when it is free. `site` as in
        `starts`.
        """
        if self.reason is None:
            return (why_not.ReasonUnknown(),)
        found = [*self._of_patient(start, self.reason), *self._of_time(start)]
        around = [place for place in self.places if place.around(start)]
        by_place = [self._of_place(each, start) for each in around if same_site(each.opening.site, site)]
        if around and not by_place:
            found.append(why_not.OtherSite(site=around[0].opening.site))
        else:
            found += min(by_place, key=bool) if by_place else self._of_openings(start, self.reason)
        found += self._of_limits(start)
        return tuple(dict.fromkeys(found))

    def slot(self, start: int) -> Slot | None:
        """The slot that begins then, None when something is against it."""
        if self.reason is None or self.causes(start):
            return None
        place = next(each for each in self.places if each.around(start) and not self._of_place(each, start))
        return self.slot_at(start, place)

    def slot_at(self, start: int, place: Place) -> Slot:
        """The slot of a start that `starts` gave with this place."""
        starts, ends = moment(start), moment(start + self.length)
        opening = next(each.opening for each in place.spans if each.starts <= starts < each.ends)
        resources, also, other = self._assigned(place, start) or (), None, self.other()
        if other is not None:
            theirs = other.slot_at(start, other.starts_at(opening.site)[start])
            resources = together(resources, theirs.resources)
            also = Also(agenda=theirs.agenda, before=theirs.before, after=theirs.after, capacity=theirs.capacity)
        return Slot(
            agenda=self.book.agenda.id,
            reason=self.wish.reason,
            starts=starts,
            ends=ends,
            before=place.before // 60,
            after=self.after // 60,
            resources=resources,
            site=opening.site,
            kind=opening.kind,
            opening=opening.id,
            capacity=opening.capacity,
            also=also,
        )

    def local(self, start: int) -> datetime:
        """On the agenda's wall."""
        return datetime.fromtimestamp(start, self.zone)

    def _midnight(self, day: date) -> datetime:
        return moment_of(day, 0, self.book.agenda.zone, fold=0)

    def _against(self, span: OpenSpan, reason: VisitReason) -> tuple[WhyNot, ...]:
        return against_opening(span, reason, self.wish, new_days=self._new_days, at=self.at)

    def _assigned(self, place: Place, start: int) -> Assigned | None:
        return self.shelf.assign(place.needs, start)

    def _forbidden(self, place: Place) -> Forbidden:
        busy = [*(pair for pair, _ in self._blocks), *self._crowded(place.opening.capacity)]
        return Forbidden(busy, before=place.before, length=self.length, after=self.after)

    def _elsewhere(self, start: int) -> bool:
        """Whether his age on that day, notice, horizon or a maximum is against it."""
        return any(lo <= start < hi for lo, hi in self._too) or bool(self._of_time(start) or self._of_limits(start))

    def _of_patient(self, start: int, reason: VisitReason) -> tuple[WhyNot, ...]:
        """Why he cannot come on that day, whatever the hour."""
        if not asks_age(reason, self.wish):
            return self.of_wish
        return against_wish(reason, self.wish, on=self.local(start).date())

    def _of_time(self, start: int) -> list[WhyNot]:
        reason, found = self.reason, list[WhyNot]()
        if reason is None:
            return found
        if start % (self.book.agenda.step * 60):
            found.append(why_not.OffStep(step=self.book.agenda.step))
        if start < self._now:
            found.append(why_not.Past())
        elif start < self._soonest:
            found.append(why_not.TooSoon(notice=reason.notice, earliest=self.at + timedelta(minutes=reason.notice)))
        if self._last is not None and self.local(start).date() > self._last:
            found.append(why_not.BeyondHorizon(days=reason.horizon, last=self._last))
        return found

    def _of_limits(self, start: int) -> tuple[WhyNot, ...]:
        if not self.limits.bind:
            return ()
        local = self.local(start)
        return self.limits.causes(local.date(), half_of(local))

    def _of_openings(self, start: int, reason: VisitReason) -> tuple[WhyNot, ...]:
        """Why no opening in which it lies is for this wish; away when it lies in none because of that."""
        starts = moment(start)
        away = [
            why_not.Absent(who=each.by, starts=each.starts, until=each.ends)
            for each in self._near_absences.meeting(start, start + 1)
            if each.starts <= starts < each.ends
        ]
        around = [self._against(each, reason) for each in self._near_spans.meeting(start, start + 1)]
        if around:
            return *away, *min(around, key=len)
        day = openings_of_day(self.book, self.local(start).date())
        return *away, why_not.Closed(because=day.because, label=day.label)

    def _of_place(self, place: Place, start: int) -> list[WhyNot]:
        found, short = list[WhyNot](), list[why_not.TooShort]()
        ends = start + self.length
        for each in self._near_absences.meeting(start, ends):
            lo, _ = cells(each.starts, each.ends)
            if lo > start:
                short.append(self._short(start, lo, "absent"))
            else:
                found.append(why_not.Absent(who=each.by, starts=each.starts, until=each.ends))
        one, around = place.opening.capacity == 1, (start - place.before, ends + self.after)
        visits = self._near_visits.meeting(*around) if one else []
        for each in (*self._near_blocks.meeting(*around), *visits):
            self._meet(each, start, found, short)
        if not one and self._is_full(place, start):
            found.append(why_not.Full(places=place.opening.capacity))
        found += self.shelf.causes(place.needs, start, place.opening.site)
        stretch = place.around(start)
        if stretch is not None and stretch[1] < ends:
            short.append(self._short(start, stretch[1], self._follows(stretch[1])))
        nearest = {each.then: each for each in sorted(short, key=lambda each: -each.left)}
        return [*found, *sorted(nearest.values(), key=lambda each: each.left), *self._of_other(place, start)]

    def _of_other(self, place: Place, start: int) -> list[WhyNot]:
        """What the other agenda of a combined visit has against it, but for what is against it here as well."""
        other = self.other()
        if other is None:
            return []
        own = set(self._of_time(start))
        if self.reason is not None:
            own.update(self._of_patient(start, self.reason))
        who = other.book.agenda.recipient
        causes = other.causes(start, site=place.opening.site)
        return [why_not.AlsoRefuses(who=who, why=each) for each in causes if each not in own]

    def _meet(self, each: Taken, start: int, found: list[WhyNot], short: list[why_not.TooShort]) -> None:
        """Notes what a visit at `start`, which meets `each`, has against it."""
        ends, inner = start + self.length, cells(each.starts, each.ends)
        if inner[1] <= start or ends <= inner[0]:
            found.append(why_not.Buffer(starts=each.from_buffer, until=each.until_buffer))
        elif inner[0] > start:
            short.append(self._short(start, inner[0], _CODES[each.kind]))
        else:
            found.append(_named(each))

    def _is_full(self, place: Place, start: int) -> bool:
        crowds = self._crowded(place.opening.capacity)
        lo, hi = start - place.before, start + self.length + self.after
        last = bisect_left(crowds, hi, key=itemgetter(0)) - 1
        return last >= 0 and lo < crowds[last][1]

    def _crowded(self, places: int) -> list[Pair]:
        """Where so many visits are at once, the earliest first."""
        if places not in self._crowds:
            self._crowds[places] = crowded([pair for pair, _ in self._visits], places)
        return self._crowds[places]

    @cached_property
    def _near_absences(self) -> Near[Taken]:
        return Near((cells(each.starts, each.ends), each) for each in self.away)

    @cached_property
    def _near_blocks(self) -> Near[Taken]:
        return Near(self._blocks)

    @cached_property
    def _near_visits(self) -> Near[Taken]:
        return Near(self._visits)

    @cached_property
    def _near_spans(self) -> Near[OpenSpan]:
        return Near(((int(each.starts.timestamp()), int(each.ends.timestamp())), each) for each in self.spans)

    def _short(self, start: int, until: int, then: str) -> why_not.TooShort:
        left, needed = (until - start) // 60, self.length // 60
        return why_not.TooShort(left=left, needed=needed, until=moment(until), then=then)

    def _follows(self, second: int) -> str:
        """The code of what begins there for this wish, where a place ends."""
        if self.reason is None:
            return "closed"
        return next(iter(self._of_openings(second, self.reason)), why_not.Closed(because="week")).code


def spans_around(book: Book, *, first: date, until: date) -> list[OpenSpan]:
    """The openings of these local days and of a day on either side, into which a visit may reach."""
    return open_spans(book, first=first - _DAY, until=until + _DAY)


def _meets(one: Pair, other: Pair) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _named(each: Taken) -> WhyNot:
    if each.kind is TakenKind.HOLD:
        return why_not.Held(by=each.by, until=each.until, hold=each.id)
    if each.elsewhere:
        return why_not.BusyElsewhere(starts=each.starts, until=each.ends, label=each.label)
    if each.kind is TakenKind.BLOCK:
        return why_not.Blocked(starts=each.starts, until=each.ends, label=each.label)
    return why_not.Occupied(starts=each.starts, until=each.ends, reason=each.reason)
