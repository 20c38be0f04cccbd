# SPDX-License-Identifier: AGPL-3.0-or-later
"""The head of the doctor's day: its hours and what they are for, in one line, or that he is away."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.translation import pgettext

from permanence.agenda.queries.views import AgendaDays
from permanence.agenda.rules.busy import MIDNIGHT, busy_span
from permanence.agenda.rules.kinds import OpeningKind
from permanence.agenda.rules.openings import OpenSpan
from permanence.agenda.rules.waiting import Span, outside
from permanence.agenda.setting_forms import KIND_WORDS
from permanence.foundation import moments


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Hours that follow one another, on the agenda's clock ("08:00–12:00"), and what all of them are for."""

    hours: tuple[str, ...]
    kind: str


def hours_of(known: AgendaDays, zone: ZoneInfo) -> tuple[Hours, ...]:
    """The openings of a day, the earliest first, less what he is away or busy all day for; those of one kind that touch
    one another are one.
    """
    openings = _less(known.openings, [*_away(known), *_whole_days(known)])
    return tuple(
        Hours(
            hours=tuple(
                f"{moments.clock(starts, zone)}–{moments.clock_until(ends, zone)}" for starts, ends in _joined([*group])
            ),
            kind=_words(kind),
        )
        for kind, group in groupby(openings, key=lambda each: each.opening.kind)
    )


def gone(known: AgendaDays) -> str:
    """Why nothing is left of a day that has openings, in words; "" where something is left, or nothing was open."""
    if not known.openings or _less(known.openings, [*_away(known), *_whole_days(known)]):
        return ""
    if _less(known.openings, _away(known)):
        return pgettext("a day", "busy all day")
    return pgettext("a day", "away on this day")


def _away(known: AgendaDays) -> list[Span]:
    return [Span(starts=each.starts, ends=each.ends) for each in known.absences]


def _whole_days(known: AgendaDays) -> list[Span]:
    begins, closes = busy_span(day=known.first, starts=0, until=MIDNIGHT, zone=known.agenda.time_zone)
    blocks = (Span(starts=each.starts_at, ends=each.ends_at) for each in known.blocks)
    return [each for each in blocks if each.starts <= begins and closes <= each.ends]


def _less(openings: Sequence[OpenSpan], taken: Sequence[Span]) -> list[OpenSpan]:
    return [
        replace(each, starts=left.starts, ends=left.ends)
        for each in openings
        for left in outside(Span(starts=each.starts, ends=each.ends), taken)
    ]


def _words(kind: OpeningKind) -> str:
    if kind is OpeningKind.SAME_DAY:  # the words of the page that sets them are too long for a head
        return pgettext("what hours are for", "urgent visits")
    return str(KIND_WORDS[kind])


def _joined(openings: Sequence[OpenSpan]) -> list[tuple[datetime, datetime]]:
    found = list[tuple[datetime, datetime]]()
    for each in openings:
        if found and each.starts <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], each.ends)
        else:
            found.append((each.starts, each.ends))
    return found
