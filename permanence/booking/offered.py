# SPDX-License-Identifier: AGPL-3.0-or-later
"""The times that a public page offers: a week of days, each with its times or with the words why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from permanence.agenda.queries.public import FormView, Offer, PageView
from permanence.agenda.queries.slots import FreeDays, free_days, next_free
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.free import Hidden, counted
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.why_not import Absent, NewPatientsNot, TooShort, TooSoon, WhyNot, innermost
from permanence.agenda.rules.wishes import Slot, Wish
from permanence.agenda.words import Names, public_sentence
from permanence.booking.parts import day_words, moment_words, read_moment, zone_of
from permanence.clients.directory_queries import told_sites
from permanence.foundation import moments

WEEK = timedelta(days=7)
FURTHEST = timedelta(days=365)
NEXT_DAYS = 90
NEXT_MOST = 3
NOON = 12
FIRST = 4
"""So many times of a day are seen at once, a row of a telephone; the others are unfolded."""
UNFOLDED = 8
"""A day with no more times than this has nothing to unfold."""
TAKEN = frozenset({
    "taken", "held", "full", "buffer", "equipment_taken", "max_per_day", "max_per_half_day", "max_new_per_day",
})  # fmt: skip
"""Causes of which the public learns only that everything is taken."""
AWAY = frozenset({"absent", "blocked", "busy_elsewhere"})
"""Causes for which nobody consults: taken by nobody. The public does not learn which of them it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """A time that can be chosen. `value` as the form sends it; `who` receives him, where he left that open.

    `where`: at which site, where the practice has several and the day's times are not all at one; and whether others
    are there at the same time. `kept`: for him who looks, since he took it before.
    """

    value: str
    words: str
    who: str = ""
    where: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Halves:
    """Times of one day."""

    morning: tuple[Time, ...] = ()
    afternoon: tuple[Time, ...] = ()

    @property
    def every(self) -> tuple[Time, ...]:
        """In order."""
        return self.morning + self.afternoon


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day on which the agenda is open: the times seen at once, and those to unfold. `why`: "" where there are any.

    `where`: the site at which all of them are, and whether they are a group's, "" where that needs not be told.
    """

    name: str
    first: Halves
    more: Halves
    why: str
    where: str = ""

    @property
    def keeps_more(self) -> bool:
        """Whether the time that is kept for him is one of those to unfold."""
        return any(each.kept for each in self.more.every)

    @property
    def last(self) -> str:
        """The last time of the day, as it is read."""
        return (self.first.every + self.more.every)[-1].words


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Seven days. `before`, `after`: the first day of the week before and after, None where there is none to show, as
    where the one before would show the same days.
    """

    days: tuple[Day, ...]
    first: date
    before: date | None
    after: date | None

    @property
    def is_wide(self) -> bool:
        """Whether a time has more words than its hour."""
        return any(time.who or time.where for day in self.days for time in day.first.every + day.more.every)


def week(
    page: PageView,
    offers: Sequence[Offer],
    wish: Wish,
    *,
    asked: str,
    at: datetime,
    without: AppointmentView | None = None,
    kept: FormView | None = None,
) -> Week:
    """The week that begins on the day asked for: today at the earliest, in a year at the latest.

    With several `offers` of one reason: of who is free at the same moment the first one. `without`: the visit (one of
    the only offer) that is to be moved: it is in no way of itself, and its own time is none; where that would leave
    nothing of a day, the times that overlap it are offered. `kept`: his form whose time is among them (its holder is
    the wish's), though its notice has run out since he took it.
    """
    zone = zone_of(page)
    today = at.astimezone(zone).date()
    first = min(max(_day(asked) or today, today), today + FURTHEST)
    since = first if first - WEEK >= today else today  # what the first week has before it is looked at too
    moved, own = ("", None) if without is None else (without.appointment, without.starts_at)
    found = [
        free_days(by=page.by, agenda=each.agenda.id, wish=wish, first=since, until=first + WEEK, at=at, without=moved)
        for each in offers
    ]
    if kept is not None:
        found = _with_own(page, offers, found, wish, kept=kept, since=since, until=first + WEEK)
    others = [tuple(slot for slot in each.slots if slot.starts != own) for each in found]
    slots = [each for each in _soonest([apart(each.slots) for each in found]) if each.starts != own]
    closer = _soonest([apart(each) for each in others])
    alone = {slot.starts.astimezone(zone).date() for each in found for slot in each.slots if slot.starts == own}
    closed = [hidden for each in found for hidden in each.hidden]
    names, sites = Names(asked=offers[0].reason(wish.reason).name), _sites(page, offers, wish)
    days = []
    for day in (first + timedelta(days=number) for number in range(WEEK.days)):
        times = _of_day(slots, day, zone) or _of_day(closer, day, zone)
        hidden = [each for each in closed if each.starts.astimezone(zone).date() == day]
        if times or hidden or day in alone:
            why = "" if times else _why(day, hidden, names, zone, at) if hidden else _("Fully booked")
            told = [(each, replace(_time(each, offers, zone, sites), kept=_is_kept(each, kept))) for each in times]
            days.append(_shown(day, told, why, zone))
    known = [*(slot.starts for each in found for slot in each.slots), *(each.starts for each in closed)]
    is_other = since == first > today or any(each.astimezone(zone).date() < first for each in known)
    return Week(
        days=tuple(days),
        first=first,
        before=max(first - WEEK, today) if is_other else None,
        after=first + WEEK if first < today + FURTHEST else None,
    )


def nearest(page: PageView, offers: Sequence[Offer], wish: Wish, *, near: datetime, at: datetime) -> tuple[Time, ...]:
    """The next three times from that day on, each as a whole moment in words."""
    zone = zone_of(page)
    first = max(near, at).astimezone(zone).date()
    agendas = [each.agenda.id for each in offers]
    found = next_free(by=page.by, agendas=agendas, wish=wish, first=first, at=at, days=NEXT_DAYS, most=NEXT_MOST)
    slots = sorted((each.slot for each in found.proposals), key=lambda each: each.starts)
    sites = _sites(page, offers, wish)
    return tuple(replace(_time(each, offers, zone, sites), words=moment_words(each.starts, zone)) for each in slots)


def chosen_of(value: str, offers: Sequence[Offer]) -> tuple[Offer, datetime] | None:
    """With whom and when, of a value that our own page wrote; None for anything else."""
    agenda, _at, moment = value[:80].rpartition("@")
    offer = next((each for each in offers if agenda in {"", each.agenda.id}), None)
    starts = read_moment(moment)
    return None if offer is None or starts is None or (not agenda and len(offers) > 1) else (offer, starts)


def public_causes(page: PageView, causes: tuple[WhyNot, ...], *, reason: str, at: datetime) -> str:
    """The main cause, softened."""
    return public_sentence(causes[0], names=Names(asked=reason), zone=zone_of(page), at=at)


def apart(slots: tuple[Slot, ...]) -> list[Slot]:
    """Of slots that overlap one another the earliest: a list one can read, and no hole is left between two of them."""
    kept: list[Slot] = []
    for each in slots:
        if not kept or each.starts >= kept[-1].ends:
            kept.append(each)
    return kept


def _with_own(
    page: PageView,
    offers: Sequence[Offer],
    found: list[FreeDays],
    wish: Wish,
    *,
    kept: FormView,
    since: date,
    until: date,
) -> list[FreeDays]:
    """The time of his form among what is free with each, where it is on those days: judged as when he took it."""
    day = kept.starts_at.astimezone(zone_of(page)).date()
    if not since <= day < until:
        return found
    then = free_days(
        by=page.by, agenda=kept.agenda, wish=wish, first=day, until=day + timedelta(days=1), at=kept.made_at
    )
    own = tuple(each for each in then.slots if each.starts == kept.starts_at)
    return [
        replace(days, slots=tuple(sorted((*days.slots, *own), key=lambda each: each.starts)))
        if offer.agenda.id == kept.agenda and all(each.starts != kept.starts_at for each in days.slots)
        else days
        for offer, days in zip(offers, found, strict=True)
    ]


def _soonest(lists: Sequence[Sequence[Slot]]) -> list[Slot]:
    """All of them by moment, each moment once: with the first who is free then."""
    found: dict[datetime, Slot] = {}
    for each in chain.from_iterable(lists):
        found.setdefault(each.starts, each)
    return [found[starts] for starts in sorted(found)]


def _of_day(slots: Sequence[Slot], day: date, zone: ZoneInfo) -> list[Slot]:
    return [each for each in slots if each.starts.astimezone(zone).date() == day]


def _sites(page: PageView, offers: Sequence[Offer], wish: Wish) -> dict[str, str]:
    """The sites to be told apart, by id; none for a visit that is at none of them."""
    if offers[0].reason(wish.reason).way is not Way.PRACTICE:
        return {}
    return told_sites(house=page.by.house, clients=[page.client.id])


def _time(slot: Slot, offers: Sequence[Offer], zone: ZoneInfo, sites: Mapping[str, str]) -> Time:
    moment, words = slot.starts.isoformat(), moments.hour(slot.starts, zone)
    group = _("in a group") if slot.capacity > 1 else ""
    where = ", ".join(each for each in (sites.get(slot.site, ""), group) if each)
    if len(offers) == 1:
        return Time(value=moment, words=words, where=where)
    who = next(each.agenda.recipient_name for each in offers if each.agenda.id == slot.agenda)
    return Time(value=f"{slot.agenda}@{moment}", words=words, who=who, where=where)


def _is_kept(slot: Slot, kept: FormView | None) -> bool:
    return kept is not None and (kept.agenda, kept.starts_at) == (slot.agenda, slot.starts)


def _shown(day: date, times: Sequence[tuple[Slot, Time]], why: str, zone: ZoneInfo) -> Day:
    seen = len(times) if len(times) <= UNFOLDED else FIRST
    places = {time.where for _slot, time in times}
    where = places.pop() if len(places) == 1 else ""
    if where:
        times = [(slot, replace(time, where="")) for slot, time in times]
    first, more = _halves(times[:seen], zone), _halves(times[seen:], zone)
    return Day(name=day_words(day), first=first, more=more, why=why, where=where)


def _halves(times: Sequence[tuple[Slot, Time]], zone: ZoneInfo) -> Halves:
    return Halves(
        morning=tuple(time for slot, time in times if slot.starts.astimezone(zone).hour < NOON),
        afternoon=tuple(time for slot, time in times if slot.starts.astimezone(zone).hour >= NOON),
    )


def _why(day: date, hidden: list[Hidden], names: Names, zone: ZoneInfo, at: datetime) -> str:
    """Why there is nothing on that day: hours that are not for new patients are no reason on a day that has others,
    nor are those at which nobody consults on a day on which somebody does. Where nobody consults none is told to call.
    """
    named = [each for each in hidden if isinstance(each.why, NewPatientsNot) and day.weekday() in each.why.weekdays]
    open_to_him = [each for each in hidden if each not in named] or hidden
    # The last minutes of an opening are too short for any visit: they say nothing of a day that has others.
    long_enough = [each for each in open_to_him if _code(each.why) != "closed"] or open_to_him
    present = [each for each in long_enough if _code(_main(each)) not in AWAY]
    if not present:
        causes = [_main(each) for each in long_enough]
        everyone = all(isinstance(each, Absent) and not each.who for each in causes)
        return _("The practice is closed on this day") if everyone else _("No consultation on this day")
    why = counted(present)[0][1]
    # Only the last minutes are left: all that was long enough is taken, if only by the visit that is moved.
    if _code(innermost(why)) in TAKEN or _code(why) == "closed":
        return _("Fully booked")
    return public_sentence(why, names=names, zone=zone, at=at, whole_day=True)


def _main(each: Hidden) -> WhyNot:
    """The cause that counts for a whole day: where nobody consults, that it would be too soon does not matter."""
    return each.away if each.away is not None and isinstance(each.why, TooSoon) else each.why


def _code(why: WhyNot) -> str:
    """The code of a cause; of one that leaves too little time, that of what begins then."""
    return why.then if isinstance(why, TooShort) else why.code


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
