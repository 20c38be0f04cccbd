# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a rule for a greeting, or an absence, can stand beside the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from permanence.reception.greeting import CHOSEN, DAY_TYPES, ties
from permanence.reception.hours import minutes_of
from permanence.reception.table import AbsenceEntry, GreetingEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingWhen:
    """Where and when a phrase holds, as `reception.table.GreetingEntry` says; by default everywhere and always."""

    line: str = ""
    day_type: str = ""
    weekdays: tuple[int, ...] = ()
    opens: str = ""
    until: str = ""


ALWAYS = GreetingWhen()


def greeting_entry(language: str, text: str, when: GreetingWhen) -> GreetingEntry:
    """The rule as the routing table has it. Raises ValueError for days or hours that cannot be."""
    days = tuple(sorted(set(when.weekdays)))
    if when.day_type not in DAY_TYPES or bool(days) != (when.day_type == CHOSEN) or not set(days) <= set(range(7)):
        raise ValueError(f"no such days: {when.day_type} {days}")
    if (when.opens or when.until) and (
        minutes_of(when.opens) == minutes_of(when.until) or minutes_of(when.opens) == 24 * 60
    ):
        raise ValueError(f"no such hours: {when.opens}-{when.until}")
    return GreetingEntry(
        language=language,
        text=text,
        line=when.line,
        day_type=when.day_type,
        weekdays=days,
        opens=when.opens,
        until=when.until,
    )


def when_of(entry: GreetingEntry) -> GreetingWhen:
    """Where and when that rule holds: two rules of one language that say the same here are one rule."""
    return GreetingWhen(
        line=entry.line, day_type=entry.day_type, weekdays=entry.weekdays, opens=entry.opens, until=entry.until
    )


def usual_phrases(greetings: Iterable[GreetingEntry]) -> dict[str, str]:
    """The phrase of each language that holds everywhere and always, where no other does."""
    return {each.language: each.text for each in greetings if when_of(each) == ALWAYS}


def tie_with(new: GreetingEntry, others: Iterable[GreetingEntry]) -> GreetingEntry | None:
    """The rule with which `new` would be a tie; one it replaces is none. None when there is none."""
    for other in others:
        same = other.language == new.language and when_of(other) == when_of(new)
        if not same and ties((other, new)):
            return other
    return None


def meets(one: AbsenceEntry, starts: datetime, ends: datetime) -> bool:
    """Whether the absence and the time from `starts` until `ends` have a moment in common."""
    return one.starts < ends and starts < one.ends
