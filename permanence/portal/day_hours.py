# SPDX-License-Identifier: AGPL-3.0-or-later
"""The head of the doctor's day: its hours and what they are for, in one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.translation import pgettext

from permanence.agenda.rules.kinds import OpeningKind
from permanence.agenda.rules.openings import OpenSpan
from permanence.agenda.setting_forms import KIND_WORDS
from permanence.foundation import moments


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Hours that follow one another, on the agenda's clock ("08:00–12:00"), and what all of them are for."""

    hours: tuple[str, ...]
    kind: str


def hours_of(openings: Sequence[OpenSpan], zone: ZoneInfo) -> tuple[Hours, ...]:
    """The openings of a day, the earliest first; those of one kind that touch one another are one."""
    return tuple(
        Hours(
            hours=tuple(
                f"{moments.clock(starts, zone)}–{moments.clock_until(ends, zone)}" for starts, ends in _joined([*group])
            ),
            kind=_words(kind),
        )
        for kind, group in groupby(openings, key=lambda each: each.opening.kind)
    )


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
