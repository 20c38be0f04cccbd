# SPDX-License-Identifier: AGPL-3.0-or-later
"""Gaps and conflicts in what is said over a span, each with the rules that cause it.

A conflict is two rules that contradict each other, or one that the law forbids: it is never saved. A gap is a moment at
which something is missing: it warns. `CONFLICTS` and `GAPS` are all the codes there are.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from permanence.clients.rules.account import ClientState
from permanence.clients.rules.coverage import Coverage, Segment, cover
from permanence.clients.rules.spoken import meets
from permanence.reception.absence import ANSWER, VOICE_MESSAGE
from permanence.reception.closing import voice_message_allowed
from permanence.reception.greeting import holds_at, ties, wall_moment
from permanence.reception.hours import KeptDays, minutes_of
from permanence.reception.table import (
    ANSWERED,
    AbsenceEntry,
    ClientSlice,
    GreetingEntry,
    InstructionEntry,
    Interval,
)

CONFLICTS = (
    "greeting_tie",
    "openings_overlap",
    "exception_twice",
    "voice_message_without_consent",
    "absences_overlap",
)
GAPS = (
    "replacement_away",
    "no_greeting",
    "no_greeting_after_closing",
    "greeting_never_said",
    "instruction_never_shown",
    "never_answered",
    "no_line",
    "no_phrase",
    "nobody_speaks",
)

_DAY = timedelta(days=1)
_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursRule:
    """An opening of the week (`weekday`, 0 is Monday) or of one day (`date`); no `interval`: that day is closed."""

    weekday: int
    interval: Interval | None
    date: str = ""


type _Stretch = tuple[datetime, datetime]
type Cause = GreetingEntry | AbsenceEntry | InstructionEntry | HoursRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A gap or a conflict. `starts` and `ends` of the first time (UTC), None when it is not a matter of moments.

    `times`: how often it happens in the span, 0 when it is not counted. `line` "": every line, or none in particular.
    """

    code: str
    causes: tuple[Cause, ...] = ()
    starts: datetime | None = None
    ends: datetime | None = None
    times: int = 0
    language: str = ""
    line: str = ""

    @property
    def is_conflict(self) -> bool:
        """Whether it is never saved."""
        return self.code in CONFLICTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A span, what is said in it, and what is wrong with that: conflicts first."""

    coverage: Coverage
    findings: tuple[Finding, ...]

    @property
    def conflicts(self) -> tuple[Finding, ...]:
        """Those that are never saved."""
        return tuple(each for each in self.findings if each.is_conflict)

    @property
    def gaps(self) -> tuple[Finding, ...]:
        """Those that warn."""
        return tuple(each for each in self.findings if not each.is_conflict)


def prove(client: ClientSlice, *, starts: datetime, until: datetime, spoken: frozenset[str] | None = None) -> Proof:
    """What is said from `starts` until `until` (aware), and every gap and conflict. Raises what `cover` raises.

    `spoken`: the languages of those who may answer for him; None: that is not looked at.
    """
    starts, until = starts.astimezone(UTC), until.astimezone(UTC)
    days = KeptDays(client)
    coverage = cover(client, starts=starts, until=until, days=days)
    findings = (
        *_ties(client, coverage.segments),
        *_overlapping_openings(client, days, starts, until),
        *_exceptions_twice(client, starts, until),
        *_without_consent(client, starts, until),
        *_clashing_absences(client, starts, until),
        *_gaps(client, coverage),
        *_nobody_speaks(client, spoken),
    )
    return Proof(coverage=coverage, findings=findings)


def _ties(client: ClientSlice, segments: Sequence[Segment]) -> Iterator[Finding]:
    for one, other in ties(client.greetings):
        first = next((each.starts for each in segments if _both_hold(client, one, other, each.starts)), None)
        yield Finding(code="greeting_tie", causes=(one, other), starts=first, language=one.language, line=one.line)


def _both_hold(client: ClientSlice, one: GreetingEntry, other: GreetingEntry, at: datetime) -> bool:
    moment = wall_moment(client, at)
    return holds_at(one, moment) and holds_at(other, moment)


def _overlapping_openings(client: ClientSlice, days: KeptDays, starts: datetime, until: datetime) -> Iterator[Finding]:
    """Openings of one day, or of one that goes on after midnight and the next day, with minutes in common."""
    if client.hours.always:
        return
    zone = ZoneInfo(client.time_zone)
    day, last = starts.astimezone(zone).date() - _DAY, until.astimezone(zone).date()
    seen: set[tuple[HoursRule, HoursRule]] = set()
    open_until, opened_by = 0, None
    while day <= last:
        for rule, opens, closes in _openings(days, day):
            if opened_by is not None and opens < open_until and (opened_by, rule) not in seen:
                seen.add((opened_by, rule))
                at = datetime.combine(day, datetime.min.time(), tzinfo=zone) + opens * timedelta(minutes=1)
                yield Finding(code="openings_overlap", causes=(opened_by, rule), starts=at.astimezone(UTC))
            if closes > open_until:
                open_until, opened_by = closes, rule
        open_until, day = open_until - _MINUTES, day + _DAY


def _openings(days: KeptDays, day: date) -> list[tuple[HoursRule, int, int]]:
    """The openings that begin on a day, with the minutes after its midnight at which they begin and end."""
    hours = days.hours(day)
    written = day.isoformat() if hours.because == "exception" else ""
    found = []
    for interval in hours.intervals:
        opens, closes = minutes_of(interval.opens), minutes_of(interval.until)
        rule = HoursRule(weekday=day.weekday(), interval=interval, date=written)
        found.append((rule, opens, closes if closes > opens else closes + _MINUTES))
    return sorted(found, key=lambda each: each[1:])


def _exceptions_twice(client: ClientSlice, starts: datetime, until: datetime) -> Iterator[Finding]:
    zone = ZoneInfo(client.time_zone)
    first, last = (moment.astimezone(zone).date().isoformat() for moment in (starts, until))
    for one, other in combinations(client.hours.exceptions, 2):
        if one.date == other.date and one.intervals != other.intervals and first <= one.date <= last:
            day = date.fromisoformat(one.date)
            causes = tuple(
                HoursRule(weekday=day.weekday(), interval=interval, date=one.date)
                for each in (one, other)
                for interval in (each.intervals or (None,))
            )
            yield Finding(
                code="exception_twice",
                causes=causes,
                starts=datetime.combine(day, datetime.min.time(), tzinfo=zone).astimezone(UTC),
            )


def _without_consent(client: ClientSlice, starts: datetime, until: datetime) -> Iterator[Finding]:
    code = "voice_message_without_consent"
    if voice_message_allowed(client)[1].code == code:
        yield Finding(code=code)
    for absence in client.absences:
        closing = not absence.recipient and absence.treatment == VOICE_MESSAGE and meets(absence, starts, until)
        if closing and voice_message_allowed(client, absence)[1].code == code:
            yield Finding(code=code, causes=(absence,), starts=absence.starts, ends=absence.ends)


def _clashing_absences(client: ClientSlice, starts: datetime, until: datetime) -> Iterator[Finding]:
    near = [each for each in client.absences if meets(each, starts, until)]
    for one, other in combinations(near, 2):
        if not meets(one, other.starts, other.ends):
            continue
        first, last = max(one.starts, other.starts), min(one.ends, other.ends)
        if one.recipient == other.recipient:
            yield Finding(code="absences_overlap", causes=(one, other), starts=first, ends=last)
        for away, replacement in ((one, other), (other, one)):
            if replacement.recipient and away.urgent_to == replacement.recipient:
                yield Finding(code="replacement_away", causes=(away, replacement), starts=first, ends=last)


def _gaps(client: ClientSlice, coverage: Coverage) -> Iterator[Finding]:
    if not client.lines:
        yield Finding(code="no_line")
    if client.state not in ANSWERED:
        if client.state != ClientState.ENDED and not client.greetings:
            yield Finding(code="no_phrase")
        return
    answered = list(_joined((each.starts, each.ends) for each in coverage.segments if each.treatment.kind == ANSWER))
    if not answered:
        yield Finding(code="never_answered")
        return
    # Who waits when the line closes is still offered: what is said then counts too.
    waiting, end = timedelta(seconds=client.max_wait_s), coverage.segments[-1].ends
    offered = list(_joined((starts, min(ends + waiting, end)) for starts, ends in answered))
    yield from _unsaid(client, coverage, answered, offered)
    yield from _never_said(client, coverage, offered)
    yield from _never_shown(client, offered, end)


def _nobody_speaks(client: ClientSlice, spoken: frozenset[str] | None) -> Iterator[Finding]:
    """Whether those who may answer for him speak none of his languages: his calls wait for nobody."""
    if (
        spoken is not None
        and client.languages
        and client.state != ClientState.ENDED
        and not spoken & set(client.languages)
    ):
        yield Finding(code="nobody_speaks")


def _unsaid(
    client: ClientSlice, coverage: Coverage, answered: Sequence[_Stretch], offered: Sequence[_Stretch]
) -> Iterator[Finding]:
    """Languages of the client in which nothing is said while calls are answered, or to those who waited at closing."""
    if not coverage.languages:
        starts, ends = answered[0]
        yield Finding(code="no_greeting", starts=starts, ends=ends, times=len(answered))
    for place, language in enumerate(coverage.languages):
        if client.languages and language not in client.languages:
            continue
        found: dict[tuple[str, datetime, datetime, int], list[str]] = {}
        for number, line in enumerate(coverage.lines):
            silent = ((each.starts, each.ends) for each in coverage.segments if each.phrases[number][place] is None)
            for gap in _gap(list(_joined(silent)), answered, offered):
                found.setdefault(gap, []).append(line)
        causes = tuple(entry for entry in client.greetings if entry.language == language)
        for (code, starts, ends, times), lines in found.items():
            for line in [""] if len(lines) == len(coverage.lines) else lines:
                where = {"language": language, "line": line}
                yield Finding(code=code, causes=causes, starts=starts, ends=ends, times=times, **where)


def _never_said(client: ClientSlice, coverage: Coverage, offered: Sequence[_Stretch]) -> Iterator[Finding]:
    said: set[int] = set()
    seen: set[int] = set()
    place = 0
    for each in coverage.segments:
        while place < len(offered) and offered[place][1] <= each.starts:
            place += 1
        if place == len(offered):
            break
        if offered[place][0] < each.ends and id(each.phrases) not in seen:
            seen.add(id(each.phrases))
            said.update(id(rule) for line in each.phrases for rule in line)
    for entry in client.greetings:
        if id(entry) not in said:
            yield Finding(code="greeting_never_said", causes=(entry,), language=entry.language, line=entry.line)


def lost_scope(client: ClientSlice, entry: InstructionEntry) -> str:
    """What the instruction is for and the client has no more: "line", "recipient", "reason"; "" for nothing."""
    if entry.line and client.lines and entry.line not in client.lines:
        return "line"
    if entry.recipient and all(each.id != entry.recipient for each in client.recipients):
        return "recipient"
    return "reason" if entry.reason and all(each.code != entry.reason for each in client.reasons) else ""


def _never_shown(client: ClientSlice, offered: Sequence[_Stretch], end: datetime) -> Iterator[Finding]:
    """Instructions for what is not there any more, and those that hold only while nobody is offered a call; one that
    begins after the span's `end` is still to be judged."""
    ends = [until for _starts, until in offered]
    for entry in client.instructions:
        place = 0 if entry.starts is None else bisect_right(ends, entry.starts)
        shown = place < len(offered) and (entry.ends is None or offered[place][0] < entry.ends)
        begins = entry.starts is None or entry.starts < end
        if lost_scope(client, entry) or (begins and not shown):
            yield Finding(code="instruction_never_shown", causes=(entry,), starts=entry.starts, ends=entry.ends)


def _gap(
    silent: Sequence[_Stretch],
    answered: Sequence[_Stretch],
    offered: Sequence[_Stretch],
) -> Iterator[tuple[str, datetime, datetime, int]]:
    while_answered = _common(silent, answered)
    if while_answered:
        yield ("no_greeting", *while_answered[0], len(while_answered))
        return
    after = _common(silent, offered)
    if after:
        yield ("no_greeting_after_closing", *after[0], len(after))


def _joined(spans: Iterable[_Stretch]) -> Iterator[_Stretch]:
    """Spans in order, those that touch or overlap made one."""
    held: _Stretch | None = None
    for starts, ends in spans:
        if held is not None and starts <= held[1]:
            held = held[0], max(held[1], ends)
            continue
        if held is not None:
            yield held
        held = starts, ends
    if held is not None:
        yield held


def _common(one: Sequence[_Stretch], other: Sequence[_Stretch]) -> list[_Stretch]:
    """The spans that both have, of spans in order that do not touch."""
    found, mine, theirs = [], 0, 0
    while mine < len(one) and theirs < len(other):
        starts, ends = max(one[mine][0], other[theirs][0]), min(one[mine][1], other[theirs][1])
        if starts < ends:
            found.append((starts, ends))
        if one[mine][1] <= other[theirs][1]:
            mine += 1
        else:
            theirs += 1
    return found
