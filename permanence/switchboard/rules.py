# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decisions about forwardings: what a test call showed, how long it may take, when the next is due; and the watchdog:
when a client's silence is longer than chance allows, and which calls came when none should."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from permanence.countries.forwarding import USUAL_SECONDS, ForwardingMode
from permanence.kernel.span import Span


class ProofWay(StrEnum):
    """Who calls the client's number: the house itself, or a person with a telephone while the house watches."""

    DIALLED = "dialled"
    WATCHED = "watched"


class ProofState(StrEnum):
    """Where a test stands. `due`: the worker has not taken it yet; `stopped`: a person gave it up."""

    DUE = "due"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    STOPPED = "stopped"


OPEN_STATES = (ProofState.DUE, ProofState.RUNNING)


class Why(StrEnum):
    """Why a test failed. The first group says something of the client's line, the second that nobody knows."""

    OTHER_LINE = "other_line"
    NOBODYS_LINE = "nobodys_line"
    ANSWERED = "answered"
    BUSY = "busy"
    NO_SUCH_NUMBER = "no_such_number"
    REFUSED = "refused"
    RANG_OUT = "rang_out"
    NOTHING_CAME = "nothing_came"
    HIDDEN = "hidden"

    NO_TRUNK = "no_trunk"
    CANNOT_DIAL = "cannot_dial"
    EXCHANGE_ABSENT = "exchange_absent"
    LOST = "lost"


UNTESTED = frozenset({Why.HIDDEN, Why.NO_TRUNK, Why.CANNOT_DIAL, Why.EXCHANGE_ABSENT, Why.LOST})
"""What went wrong is the test, not (as far as anybody knows) the client's forwarding."""


class Note(StrEnum):
    """What is worth knowing of a test that passed."""

    NONE = ""
    UNNAMED = "unnamed"
    OTHER_FORWARDER = "other_forwarder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a test ended. `why` is None when it passed, `detail` what its words speak of (a number, a status)."""

    state: ProofState
    why: Why | None = None
    note: Note = Note.NONE
    detail: str = ""


RING_S = 45
"""How long the house lets the client's number ring, in seconds, beside what it rings there before it is forwarded."""
WATCH_FOR = timedelta(minutes=5)
"""How long a person has to call while the house watches."""
LATE = timedelta(hours=2)
"""A daily test that could not be made for so long (the worker stood still) is left to the next day."""
SLACK = timedelta(seconds=30)
"""After the last moment at which the exchange tells the end of a test call: then nobody will any more."""
KEPT = timedelta(days=400)
"""How long a test is kept after its end: longer than a year, so that a year's mornings can be shown."""

_BUSY = frozenset({486, 600, 603})
_NO_NUMBER = frozenset({404, 410, 484, 485, 604})
_RANG = frozenset({0, 408, 480, 487})


def can_be_dialled(mode: ForwardingMode) -> bool:
    """Whether a call of the house proves it: not where the client would have to be busy at that moment."""
    return mode is not ForwardingMode.BUSY


def ring_seconds(mode: ForwardingMode, seconds: int | None) -> int:
    """How long a test call may ring, in seconds: longer where it rings at the client's first."""
    first = mode in {ForwardingMode.NO_ANSWER, ForwardingMode.OVERFLOW}
    return RING_S + ((seconds or USUAL_SECONDS) if first else 0)


def judge_return(*, line: str, called: str, known: bool, dialled: str, forwarded_by: str | None) -> Verdict:
    """A call for the client's number `dialled` arrived on `called` and should have on `line`.

    `known`: whether `called` is some client's. `forwarded_by`: the number the carrier names, None or "" for none.
    """
    if called != line:
        return Verdict(state=ProofState.FAILED, why=Why.OTHER_LINE if known else Why.NOBODYS_LINE, detail=called[:40])
    if dialled == line:  # a direct line: nobody forwards
        return Verdict(state=ProofState.PASSED)
    if not forwarded_by:
        return Verdict(state=ProofState.PASSED, note=Note.UNNAMED)
    if dialled and forwarded_by != dialled:
        return Verdict(state=ProofState.PASSED, note=Note.OTHER_FORWARDER, detail=forwarded_by[:40])
    return Verdict(state=ProofState.PASSED)


def judge_end(*, answered: bool, status: int, other_call: bool) -> Verdict:
    """Our call ended and nothing of it came back. `status`: the refusal, 0 for none; `other_call`: whether another call
    came on the line meanwhile, which may have been ours without our number."""
    if other_call:
        return Verdict(state=ProofState.FAILED, why=Why.HIDDEN)
    if answered:
        return Verdict(state=ProofState.FAILED, why=Why.ANSWERED)
    if status in _RANG:
        return Verdict(state=ProofState.FAILED, why=Why.RANG_OUT)
    if status in _BUSY:
        return Verdict(state=ProofState.FAILED, why=Why.BUSY)
    if status in _NO_NUMBER:
        return Verdict(state=ProofState.FAILED, why=Why.NO_SUCH_NUMBER, detail=str(status))
    return Verdict(state=ProofState.FAILED, why=Why.REFUSED, detail=str(status))


def is_clock(text: str) -> bool:
    """Whether it is a time of day as "07:30"."""
    try:
        return time.fromisoformat(text).strftime("%H:%M") == text
    except ValueError:
        return False


def next_at(clock: str, *, zone: str, after: datetime) -> datetime:
    """The first moment after `after` at which the client's clock shows `clock` ("07:30").

    A time that clocks jump over is the one an hour later; one that exists twice is its first. Raises ValueError.
    """
    wall = time.fromisoformat(clock)
    place = ZoneInfo(zone)
    day = after.astimezone(place).date() - timedelta(days=1)
    while True:
        found = datetime.combine(day, wall, tzinfo=place).astimezone(after.tzinfo)
        if found > after:
            return found
        day += timedelta(days=1)


def choose_shown(lines: Iterable[str], *, tested: str) -> str:
    """The number of the house a test call shows, of the client's own `lines`: another one than the tested, which some
    networks take for a loop; where he has no other, that one.

    Never another client's: who finds it on his telephone and calls back would hear for whom else the house works.
    """
    return next((line for line in sorted(lines) if line != tested), tested)


def choose_trunk(trunks: Iterable[tuple[str, str]], *, country: str) -> str | None:
    """Of (name, country) the first of the client's country, else the first; None where there is none."""
    known = tuple(trunks)
    return next((name for name, place in known if place == country), next((name for name, _place in known), None))


# -- the watchdog --------------------------------------------------------------------------------------------------
#
# Calls that have nothing to do with each other come as a Poisson process: while lambda of them are expected, none comes
# with the probability exp(-lambda). A client is silent too long when that is below SILENCE_LEVEL, lambda being the sum
# of his usual calls an hour, by weekday and hour, over the time he was open since his last call. Each gap between two
# calls is then taken for a fault with that probability: one false alarm in 100,000 calls. Real days differ more than
# chance alone would have it (a holiday of the doctor nobody wrote down), hence the low level.

type Hours = Mapping[tuple[int, int], float]
"""By weekday (0: Monday) and hour of the house's clock: a number of calls."""

SILENCE_LEVEL = 1e-5
NORM_WEEKS = 16
"""Weeks that are looked at for a client's own calls: his norm is made from the time between the first and the last,"""
SHORTEST_NORM = timedelta(days=14)
"""and this long he must have had calls before anything is said of him."""
LONGEST_SILENCE = timedelta(weeks=8)
"""A silence is looked at this far back: time enough that also who has a call or two a week is told of."""
EARLY_OR_LATE = timedelta(minutes=30)
"""So far outside his hours a client may switch his forwarding on or off."""
TOO_MANY_OUTSIDE = 2
"""Calls outside his hours in a day from which on somebody is told: one alone may be a wrong number."""


def norm(counts: Hours, *, first: datetime, last: datetime, at: datetime) -> Hours:
    """Calls an hour by weekday and hour, from the `counts` between his `first` call and his `last`; empty where he has
    had calls for too short a time `at` this moment.

    Counted over the weeks that these calls lie in, begun ones whole but for the present one. A silence since the last
    is not in them, or it would make itself usual.
    """
    if at - first < SHORTEST_NORM:
        return {}
    week = timedelta(weeks=1)
    weeks = min(-((first - last) // week), (at - first) / week)
    return {cell: count / max(weeks, 1.0) for cell, count in counts.items()}


def left_of(spans: Iterable[tuple[datetime, datetime]], away: Iterable[Span]) -> Iterator[tuple[datetime, datetime]]:
    """What of these spans of time is left without those in which he is away, in order."""
    gone = list(away)
    for starts, ends in spans:
        pieces = [(starts, ends)]
        for each in gone:
            begins, until = each.starts or starts, each.ends or ends
            pieces = [
                piece
                for one, other in pieces
                for piece in ((one, min(other, begins)), (max(one, until), other))
                if piece[0] < piece[1]
            ]
        yield from pieces


def expected_calls(usual: Hours, spans: Iterable[tuple[datetime, datetime]], *, zone: str) -> float:
    """How many calls usually come in these spans of time (lambda): each hour in proportion to what of it is in them."""
    place = ZoneInfo(zone)
    total = 0.0
    for starts, ends in spans:
        at = starts
        while at < ends:
            local = at.astimezone(place)
            left = timedelta(hours=1) - timedelta(
                minutes=local.minute, seconds=local.second, microseconds=local.microsecond
            )
            until = min(at + left, ends)
            total += usual.get((local.weekday(), local.hour), 0.0) * ((until - at) / timedelta(hours=1))
            at = until
    return total


def silence_chance(expected: float) -> float:
    """The probability that none of `expected` calls comes by chance alone."""
    return math.exp(-expected)


def may_be_silent(usual: Hours, *, since: datetime, at: datetime) -> bool:
    """Whether a silence from `since` to `at` can be too long at all, were he open all the time at his busiest."""
    busiest = max(usual.values(), default=0.0)
    return silence_chance(busiest * ((at - since) / timedelta(hours=1))) < SILENCE_LEVEL


def is_silent(expected: float) -> bool:
    """Whether so many calls were expected that none of them is no chance any more."""
    return silence_chance(expected) < SILENCE_LEVEL


def outside(arrivals: Iterable[datetime], *, is_open: Callable[[datetime], bool]) -> tuple[datetime, ...]:
    """Of these arrivals those that came clearly outside his hours, in order."""
    near = (timedelta(0), EARLY_OR_LATE, -EARLY_OR_LATE)
    return tuple(at for at in sorted(arrivals) if not any(is_open(at + shift) for shift in near))
