# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which phrase the secretary says, and in which language the house speaks to a caller.

The most specific rule wins. Rules of one language that hold at a moment are compared in this order:

1. the line: a rule for one line comes before one for every line;
2. the days: a rule for public holidays comes before all others, then the rule for fewer days of the week (Saturday and
   Sunday are one day each, chosen weekdays as many as were chosen, Monday to Friday five, every day seven);
3. the hours: the rule for the shorter stretch of the day comes first, one without hours is for all 24.

Two rules equal in all three that can hold at one moment are a tie, which is refused when it is saved (`ties`); were
there one all the same, the phrase written first is said. Saturday, Sunday and weekdays are days of the calendar, public
holiday or not. Times are the clock on the client's wall: an hour that exists twice is the same hour twice, one that
does not exist is nobody's. A stretch past midnight belongs to the day on which it began.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import NamedTuple
from zoneinfo import ZoneInfo

from permanence.countries.emergency import LANGUAGES
from permanence.countries.holidays import holiday_on
from permanence.kernel.record import record
from permanence.reception.hours import minutes_of
from permanence.reception.table import ClientSlice, GreetingEntry, SecretaryEntry

NAME = "{name}"
EVERY_DAY, WEEKDAY, SATURDAY, SUNDAY, HOLIDAY, CHOSEN = "", "weekday", "saturday", "sunday", "holiday", "chosen"
DAY_TYPES = (EVERY_DAY, WEEKDAY, SATURDAY, SUNDAY, HOLIDAY, CHOSEN)

_DAYS = {EVERY_DAY: range(7), WEEKDAY: range(5), SATURDAY: range(5, 6), SUNDAY: range(6, 7)}
_MINUTES = 24 * 60
_WEEK = 7 * _MINUTES


@record
class CardGreeting:
    """A phrase as she says it, with her name in it."""

    language: str
    text: str


class WallMoment(NamedTuple):
    """What a rule looks at: the weekday (0 is Monday) and minutes since midnight on the client's wall, whether the
    day, and the one before, is a public holiday."""

    weekday: int
    minutes: int
    holiday: bool
    after_holiday: bool


_ANY = WallMoment(weekday=0, minutes=0, holiday=False, after_holiday=False)


def wall_moment(client: ClientSlice, at: datetime) -> WallMoment:
    """`at` (aware) as the client's wall shows it. Raises ZoneInfoNotFoundError for a time zone that does not exist."""
    local = at.astimezone(ZoneInfo(client.time_zone))
    day, country, region = local.date(), client.country, client.region
    return WallMoment(
        weekday=day.weekday(),
        minutes=local.hour * 60 + local.minute,
        holiday=holiday_on(day, country=country, region=region) is not None,
        after_holiday=holiday_on(day - timedelta(days=1), country=country, region=region) is not None,
    )


def holds_at(entry: GreetingEntry, moment: WallMoment) -> bool:
    """Whether the rule's days and hours are these. Raises ValueError for hours that are none."""
    today = _on_day(entry, moment.weekday, holiday=moment.holiday)
    if not entry.opens:
        return today
    opens, until = minutes_of(entry.opens), minutes_of(entry.until)
    if opens < until:
        return today and opens <= moment.minutes < until
    yesterday = _on_day(entry, (moment.weekday - 1) % 7, holiday=moment.after_holiday)
    return (today and opens <= moment.minutes) or (yesterday and moment.minutes < until)


def narrowness(entry: GreetingEntry) -> tuple[int, int, int]:
    """How specific the rule is, by the order of this module: the smallest wins. Raises ValueError for no hours."""
    days = 0 if entry.day_type == HOLIDAY else len(_days(entry))
    return (0 if entry.line else 1, days, _length(entry))


def greeting_rule(
    entries: Iterable[GreetingEntry], *, line: str, language: str, moment: WallMoment
) -> GreetingEntry | None:
    """The rule that says what is said in that language on that line (E.164) then; None when none holds."""
    holding = [
        entry
        for entry in entries
        if entry.language == language and entry.line in {"", line} and holds_at(entry, moment)
    ]
    return min(holding, key=narrowness, default=None)


def ties(entries: Sequence[GreetingEntry]) -> tuple[tuple[GreetingEntry, GreetingEntry], ...]:
    """The pairs of rules of one language of which neither is the more specific though both can hold at one moment.

    Raises ValueError for hours that are none.
    """
    return tuple((one, other) for one, other in combinations(entries, 2) if _tie(one, other))


def greetings_for(
    client: ClientSlice, secretary: SecretaryEntry, *, line: str, at: datetime
) -> tuple[CardGreeting, ...]:
    """The phrases that hold on `line` at `at`, one a language, with her first name: in a language she speaks first.

    Among these the client's order of languages decides, then the order in which they were written. A phrase in a
    language she does not speak is shown too: the client's own words are never hidden from her.
    """
    first_name = secretary.name.split(" ", 1)[0]
    order = {language: place for place, language in enumerate(client.languages)}
    languages = sorted(
        dict.fromkeys(entry.language for entry in client.greetings),
        key=lambda language: (language not in secretary.languages, order.get(language, len(order))),
    )
    # Most clients say the same at every moment: the wall is looked at for the others alone.
    same = all(entry.day_type == EVERY_DAY and not entry.opens for entry in client.greetings)
    moment = _ANY if same else wall_moment(client, at)
    found = []
    for language in languages:
        entry = greeting_rule(client.greetings, line=line, language=language, moment=moment)
        if entry is not None:
            found.append(CardGreeting(language=language, text=entry.text.replace(NAME, first_name)))
    return tuple(found)


def announcement_for(client: ClientSlice, *, line: str, language: str, at: datetime) -> GreetingEntry | None:
    """The rule whose recorded announcement a caller on `line` hears when he is put to wait at `at`; None for none.

    The rule is the one that says what is said then: one more specific, without an announcement, silences the others.
    """
    if not any(entry.announcement for entry in client.greetings):
        return None
    entry = greeting_rule(client.greetings, line=line, language=language, moment=wall_moment(client, at))
    return entry if entry is not None and entry.announcement else None


def spoken_language(hints: Iterable[str], offered: Iterable[str], house: str) -> str:
    """The language of the house's own prompts for a caller.

    `hints`: what is known of the caller, the best first. `offered`: the client's languages, in his order. The first
    hint the client offers wins, then the client's first language that has prompts, then the house's, then English.
    """
    known = [language for language in offered if language in LANGUAGES]
    for hint in hints:
        if hint in known:
            return hint
    if known:
        return known[0]
    return house if house in LANGUAGES else "en"


def _days(entry: GreetingEntry) -> Sequence[int]:
    return tuple(dict.fromkeys(entry.weekdays)) if entry.day_type == CHOSEN else _DAYS.get(entry.day_type, ())


def _on_day(entry: GreetingEntry, weekday: int, *, holiday: bool) -> bool:
    return holiday if entry.day_type == HOLIDAY else weekday in _days(entry)


def _length(entry: GreetingEntry) -> int:
    if not entry.opens:
        return _MINUTES
    lasts = minutes_of(entry.until) - minutes_of(entry.opens)
    return lasts if lasts > 0 else lasts + _MINUTES


def _tie(one: GreetingEntry, other: GreetingEntry) -> bool:
    if (one.language, one.line) != (other.language, other.line) or narrowness(one) != narrowness(other):
        return False
    if one.day_type == HOLIDAY:  # public holidays can follow one another: 25 and 26 December
        return any(_overlap(*_hours(one), *_hours(other), shift) for shift in (-_MINUTES, 0, _MINUTES))
    shifts = (-_WEEK, 0, _WEEK)
    return any(
        _overlap(*mine, *theirs, shift) for mine in _stretches(one) for theirs in _stretches(other) for shift in shifts
    )


def _hours(entry: GreetingEntry) -> tuple[int, int]:
    opens = minutes_of(entry.opens) if entry.opens else 0
    return opens, opens + _length(entry)


def _stretches(entry: GreetingEntry) -> Iterator[tuple[int, int]]:
    """When the rule holds, in minutes since Monday's midnight."""
    opens, until = _hours(entry)
    return ((day * _MINUTES + opens, day * _MINUTES + until) for day in _days(entry))


def _overlap(opens: int, until: int, other_opens: int, other_until: int, shift: int) -> bool:
    return opens < other_until + shift and other_opens + shift < until
