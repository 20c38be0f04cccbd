# SPDX-License-Identifier: AGPL-3.0-or-later
"""The free slots of one agenda for a wish, exactly, and the explanation of every other start.

What is offered here has no cause against it in `explain`, and what is refused has at least one. Preferences are not
looked at (they do not make a slot less free): `search` does.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.rules.judge import Judge
from permanence.agenda.rules.kinds import Asker
from permanence.agenda.rules.seconds import moment, up
from permanence.agenda.rules.why_not import (
    Absent,
    AlsoRefuses,
    Blocked,
    Buffer,
    BusyElsewhere,
    CauseMissing,
    Full,
    MaxNewPerDay,
    MaxPerDay,
    MaxPerHalfDay,
    Occupied,
    OverbookedEnough,
    OverbookingNot,
    TooShort,
    WhyNot,
)
from permanence.agenda.rules.wishes import Book, Slot, Wish

_DAY = timedelta(days=1)
_OVERBOOKABLE = (Occupied, Buffer, Full, MaxPerDay, MaxPerHalfDay, MaxNewPerDay)
"""What the doctor can decide to bear. Nobody bears an absence, a taken device or another one's hold."""
_AWAY = (Absent, Blocked, BusyElsewhere)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A stretch of `count` starts one after the other, from `starts` to `last`, not offered for one main cause.

    Causes of one kind count as one when their arguments differ, as two visits that follow one another; `why` is the
    first of them. `away`: for what nobody consults at the first of them, be it the main cause or not; None: somebody
    does.
    """

    starts: datetime
    last: datetime
    count: int
    why: WhyNot
    away: WhyNot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overbooking:
    """A slot where there is no room, and what is borne for it."""

    slot: Slot
    cause: str
    borne: tuple[WhyNot, ...]


def free_slots(book: Book, wish: Wish, *, first: date, until: date, at: datetime) -> list[Slot]:
    """Every slot that begins on the local days from `first` to before `until`, the earliest first."""
    judge = Judge(book, wish, first=first, until=until, at=at)
    return [judge.slot_at(start, place) for start, place in sorted(judge.starts(), key=lambda each: each[0])]


def explain(book: Book, wish: Wish, *, starts: datetime, at: datetime) -> tuple[WhyNot, ...]:
    """All causes against a visit that begins at `starts`, the main one first; () when it is free."""
    judge, start = _judge_of(book, wish, starts, at)
    return judge.causes(start)


def slot_at(book: Book, wish: Wish, *, starts: datetime, at: datetime) -> Slot | tuple[WhyNot, ...]:
    """The slot that begins at `starts`, or the causes against it."""
    judge, start = _judge_of(book, wish, starts, at)
    return judge.slot(start) or judge.causes(start)


def hidden(book: Book, wish: Wish, *, first: date, until: date, at: datetime) -> list[Hidden]:
    """The stretches of open hours on those local days that are not offered, the earliest first.

    A start counts when an opening of any kind lies around it, at the agenda's step, and it is not past.
    """
    judge = Judge(book, wish, first=first, until=until, at=at)
    step, found, seen = book.agenda.step * 60, list[Hidden](), set[int]()
    for span in judge.spans:
        start = up(max(int(span.starts.timestamp()), judge.begins, math.ceil(at.timestamp())), step)
        while start < min(int(span.ends.timestamp()), judge.ends):
            seen.add(start)
            start += step
    free = {start for start, _ in judge.starts()}
    before = None
    for start in sorted(seen - free):
        causes = judge.causes(start)
        why, away = causes[0], next((each for each in causes if isinstance(each, _AWAY)), None)
        last = found[-1] if found and before == start - step else None
        if last is not None and (_sort_of(last.why), last.away is None) == (_sort_of(why), away is None):
            found[-1] = replace(last, last=moment(start), count=last.count + 1)
        else:
            found.append(Hidden(starts=moment(start), last=moment(start), count=1, why=why, away=away))
        before = start
    return found


def counted(stretches: Sequence[Hidden]) -> list[tuple[int, WhyNot]]:
    """How many starts are hidden for which cause, the most frequent first: an absence counts apart from another one."""
    found: dict[object, tuple[int, WhyNot]] = {}
    for each in stretches:
        key = _sort_of(each.why)
        count, why = found.get(key, (0, each.why))
        found[key] = count + each.count, why
    return sorted(found.values(), key=lambda each: -each[0])


def overbook(book: Book, wish: Wish, *, starts: datetime, cause: str, at: datetime) -> Overbooking | tuple[WhyNot, ...]:
    """A visit where there is no room, if the doctor allows that; else what is against it.

    Only when agenda and reason allow it, not for patients who book themselves, with a cause in words, as often a day
    as the agenda says, and only over what a doctor can bear. A start that is free is given with nothing borne.
    """
    judge, start = _judge_of(book, wish, starts, at)
    against = judge.causes(start)
    reason = judge.reason
    if reason is None:
        return against
    if not against:
        slot = judge.slot(start)
        return Overbooking(slot=slot, cause=cause, borne=()) if slot is not None else against
    most, day = book.agenda.overbookings_per_day, judge.local(start).date()
    refused = [each for each in against if not isinstance(each, _OVERBOOKABLE) and not _only_next(each)]
    if wish.asked_by is Asker.ONLINE:
        refused.append(OverbookingNot())
    elif not most or not reason.overbooking:
        refused.append(OverbookingNot(by="reason" if most else "agenda", who=book.agenda.recipient))
    elif sum(each.overbooked and each.starts.astimezone(judge.zone).date() == day for each in judge.visits) >= most:
        refused.append(OverbookedEnough(most=most))
    if not cause.strip():
        refused.append(CauseMissing())
    place = next((each for each in judge.places if each.around(start) and judge.fits(each, start)), None)
    if refused or place is None:
        return tuple(refused)
    return Overbooking(slot=judge.slot_at(start, place), cause=cause.strip(), borne=against)


def _only_next(why: WhyNot) -> bool:
    """Whether the visit is too long only because another visit begins."""
    return isinstance(why, TooShort) and why.then == "taken"


def _sort_of(why: WhyNot) -> object:
    """The same for causes that count as one."""
    if isinstance(why, AlsoRefuses):
        return why.who, _sort_of(why.why)
    return why if why.code in {"absent", "equipment_taken", "closed"} else why.code


def _judge_of(book: Book, wish: Wish, starts: datetime, at: datetime) -> tuple[Judge, int]:
    day = starts.astimezone(ZoneInfo(book.agenda.zone)).date()
    return Judge(book, wish, first=day, until=day + _DAY, at=at), math.floor(starts.timestamp())
