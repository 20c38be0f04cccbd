# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said at each minute of a span: the proof, by the very functions that choose when a call comes.

The span is cut where something may change: an opening begins or ends, a local day begins, a greeting's hours begin or
end, clocks change, an instruction or an absence begins or ends. Between two cuts nothing can change, so each function
is asked once a cut. Days that the wall shows alike (weekday, public holiday or not, the day after one or not) have the
same greetings at the same times, and are asked once for the whole span; the day on which clocks change is asked anew.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from permanence.countries.holidays import holiday_on
from permanence.reception.absence import closing_absence, in_force
from permanence.reception.closing import closing_words
from permanence.reception.greeting import WallMoment, greeting_rule, spoken_language, wall_moment
from permanence.reception.hours import KeptDays, Opening, minutes_of, moment_of
from permanence.reception.instructions import instructions_for, instructions_in_force
from permanence.reception.table import AbsenceEntry, ClientSlice, GreetingEntry, InstructionEntry
from permanence.reception.treatment import Treatment, treatment_at

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)

type Phrases = tuple[tuple[GreetingEntry | None, ...], ...]
"""For each line of the proof, for each of its languages, the rule that says what is said; None where none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """From `starts` until `ends` (UTC, half-open) exactly this holds."""

    starts: datetime
    ends: datetime
    treatment: Treatment
    phrases: Phrases
    instructions: tuple[InstructionEntry, ...]
    absences: tuple[AbsenceEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The segments of a span, in order and without a hole. Without lines: as if there were one ("")."""

    client: ClientSlice
    lines: tuple[str, ...]
    languages: tuple[str, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What holds on one line at one moment. `greetings`: language and its rule, None where nothing is said.

    `prompts`: the closing words by their names, in the client's usual language; empty when the call is answered.
    """

    at: datetime
    line: str
    treatment: Treatment
    greetings: tuple[tuple[str, GreetingEntry | None], ...]
    instructions: tuple[InstructionEntry, ...]
    absences: tuple[AbsenceEntry, ...]
    prompts: tuple[str, ...] = ()


class LocalDay(NamedTuple):
    """A day on the client's wall, from when to when (UTC) it lasts."""

    day: date
    begins: datetime
    ends: datetime


def languages_of(client: ClientSlice) -> tuple[str, ...]:
    """The languages in which something has to be said: the client's, then those he has phrases in all the same."""
    return tuple(dict.fromkeys((*client.languages, *(entry.language for entry in client.greetings))))


def said_at(client: ClientSlice, *, line: str, at: datetime) -> Said:
    """What is said on `line` (E.164) at `at` (aware), and why."""
    moment = wall_moment(client, at)
    treatment = treatment_at(client, KeptDays(client), at=at)
    return Said(
        at=at,
        line=line,
        treatment=treatment,
        prompts=_closing_prompts(client, treatment, at) if treatment.reason else (),
        greetings=tuple(
            (language, greeting_rule(client.greetings, line=line, language=language, moment=moment))
            for language in languages_of(client)
        ),
        instructions=instructions_for(client.instructions, at=at, line=line),
        absences=_away(client, at),
    )


def cover(client: ClientSlice, *, starts: datetime, until: datetime, days: KeptDays | None = None) -> Coverage:
    """What is said from `starts` until `until` (aware, `starts` before `until`). `days`: those of this client.

    Raises ValueError for hours that are none, ZoneInfoNotFoundError for a time zone that does not exist.
    """
    starts, until = starts.astimezone(UTC), until.astimezone(UTC)
    days = KeptDays(client) if days is None else days
    lines, languages = client.lines or ("",), languages_of(client)
    wall = list(_local_days(client, starts, until))
    changes = _merged(
        until,
        _asked(starts, _treatment_cuts(client, days, wall), _treatments(client, days)),
        _phrases(client, lines, languages, wall, starts),
        _asked(
            starts,
            _ends(client.instructions),
            lambda at: instructions_in_force(client.instructions, at=at),
        ),
        _asked(starts, _ends(client.absences), lambda at: _away(client, at)),
    )
    segments = tuple(
        Segment(starts=since, ends=ends, treatment=held[0], phrases=held[1], instructions=held[2], absences=held[3])
        for (since, held), (ends, _) in pairwise(changes)
    )
    return Coverage(client=client, lines=lines, languages=languages, segments=segments)


def _closing_prompts(client: ClientSlice, treatment: Treatment, at: datetime) -> tuple[str, ...]:
    language = spoken_language((), client.languages, "")
    away = closing_absence(client, at=at)
    return closing_words(client, reason=treatment.reason, language=language, on=at.date(), absence=away).prompts


def _away(client: ClientSlice, at: datetime) -> tuple[AbsenceEntry, ...]:
    return tuple(entry for entry in client.absences if in_force(entry, at))


def _local_days(client: ClientSlice, starts: datetime, until: datetime) -> Iterator[LocalDay]:
    """The local days of the span, and the one before, whose openings may go on into it."""
    zone = ZoneInfo(client.time_zone)
    day, last = starts.astimezone(zone).date() - _DAY, until.astimezone(zone).date()
    begins = moment_of(day, 0, client.time_zone, fold=0)
    while day <= last:
        ends = moment_of(day + _DAY, 0, client.time_zone, fold=0)
        yield LocalDay(day, begins, ends)
        day, begins = day + _DAY, ends


def _treatment_cuts(client: ClientSlice, days: KeptDays, wall: Iterable[LocalDay]) -> Iterator[datetime]:
    for entry in client.absences:
        yield from (entry.starts, entry.ends)
    if client.hours.always:
        return
    for day, begins, _ends_at in wall:
        yield begins
        for span in days.spans(day):
            yield from span


def _treatments(client: ClientSlice, days: KeptDays) -> Callable[[datetime], Treatment]:
    """What `treatment_at` says at a moment, asked once for each state of all that it looks at: hours and absences."""
    known: dict[tuple[Opening, str], Treatment] = {}

    def treated(at: datetime) -> Treatment:
        away = closing_absence(client, at=at)
        state = days.of(client, at=at), "" if away is None else away.id
        if state not in known:
            known[state] = treatment_at(client, days, at=at)
        return known[state]

    return treated


def _ends(entries: Iterable[InstructionEntry | AbsenceEntry]) -> Iterator[datetime]:
    for entry in entries:
        yield from (each for each in (entry.starts, entry.ends) if each is not None)


def _asked[T](starts: datetime, cuts: Iterable[datetime], ask: Callable[[datetime], T]) -> Iterator[tuple[datetime, T]]:
    """What holds from `starts` and from each later cut."""
    for moment in sorted({starts, *(cut.astimezone(UTC) for cut in cuts if cut > starts)}):
        yield moment, ask(moment)


def _phrases(
    client: ClientSlice, lines: Sequence[str], languages: Sequence[str], wall: Iterable[LocalDay], starts: datetime
) -> Iterator[tuple[datetime, Phrases]]:
    """What is said from `starts` and from each later moment at which that may change."""
    known: dict[WallMoment, Phrases] = {}

    def said(moment: WallMoment) -> Phrases:
        if moment not in known:
            known[moment] = tuple(
                tuple(
                    greeting_rule(client.greetings, line=line, language=language, moment=moment)
                    for language in languages
                )
                for line in lines
            )
        return known[moment]

    def is_holiday(day: date) -> bool:
        return holiday_on(day, country=client.country, region=client.region) is not None

    yield starts, said(wall_moment(client, starts))
    minutes = _greeting_minutes(client)
    if minutes == [0] and all(not entry.day_type for entry in client.greetings):
        return
    for day, midnight, ends in wall:
        if ends <= starts:
            continue
        if ends - midnight == _DAY:
            today = day.weekday(), is_holiday(day), is_holiday(day - _DAY)
            cuts = [
                (midnight + minute * _MINUTE, WallMoment(today[0], minute, today[1], today[2])) for minute in minutes
            ]
        else:
            cuts = [(cut, wall_moment(client, cut)) for cut in _uneven_cuts(client.time_zone, day, minutes)]
        yield from ((cut, said(moment)) for cut, moment in cuts if cut > starts)


def _greeting_minutes(client: ClientSlice) -> list[int]:
    """The minutes of a day at which a greeting's hours begin or end, midnight among them."""
    clocks = {clock for entry in client.greetings for clock in (entry.opens, entry.until) if clock}
    return sorted({0, *(minutes_of(clock) % (24 * 60) for clock in clocks)})


def _uneven_cuts(zone: str, day: date, minutes: Iterable[int]) -> list[datetime]:
    """The moments of those wall times on a day on which clocks change, each reading of them, and the change itself."""
    low, high = moment_of(day, 0, zone, fold=0), moment_of(day + _DAY, 0, zone, fold=0)
    cuts = {moment_of(day, minute, zone, fold=fold) for minute in minutes for fold in (0, 1)}
    wall = ZoneInfo(zone)
    before = low.astimezone(wall).utcoffset()
    left, right = low, high
    while right - left > timedelta(seconds=1):
        middle = left + (right - left) / 2
        left, right = (middle, right) if middle.astimezone(wall).utcoffset() == before else (left, middle)
    return sorted({*cuts, right.replace(microsecond=0)})


def _merged(until: datetime, *timelines: Iterable[tuple[datetime, Any]]) -> list[tuple[datetime, tuple[Any, ...]]]:
    """The moments at which the state of all timelines together changes, with it, and `until` at the end."""
    changes: dict[datetime, list[tuple[int, Any]]] = {}
    for place, timeline in enumerate(timelines):
        for moment, value in timeline:
            if moment < until:
                changes.setdefault(moment, []).append((place, value))
    state: list[Any] = [None] * len(timelines)
    found: list[tuple[datetime, tuple[Any, ...]]] = []
    for moment in sorted(changes):
        for place, value in changes[moment]:
            state[place] = value
        if not found or found[-1][1] != tuple(state):
            found.append((moment, tuple(state)))
    return [*found, (until, ())]
