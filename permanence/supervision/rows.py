# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calls as the list draws them: moments in the house's time zone, numbers spelt, codes in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from permanence.agenda.call_words import ByCall, ToldAct
from permanence.calls.queries import CallRow
from permanence.countries.numbers import spell_international
from permanence.foundation import dates
from permanence.kernel.phone import PhoneNumber
from permanence.supervision import words


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCall:
    """One call. `state`: running, talking, answered, abandoned, unanswered; the words say it, colour only helps."""

    row: CallRow
    state: str
    state_words: str
    when: str
    client: str
    line: str
    caller: str
    wait: str
    talk: str
    who: str
    rang: tuple[str, ...]
    unread: bool
    outcome: str
    acts: tuple[str, ...]
    end: str
    voice: str
    called_back: str


def drawn_calls(found: Iterable[CallRow], *, zone: ZoneInfo, acts: ByCall | None = None) -> tuple[DrawnCall, ...]:
    """The rows in the order given; `acts`: what was done with appointments, by call."""
    return tuple(_drawn(row, zone, (acts or {}).get(row.call, ())) for row in found)


def _drawn(row: CallRow, zone: ZoneInfo, acts: tuple[ToldAct, ...]) -> DrawnCall:
    state, state_words = _state(row)
    return DrawnCall(
        row=row,
        state=state,
        state_words=state_words,
        when=when(row.arrived_at, zone),
        client=words.client_words(row),
        line=spelt(row.called_line),
        caller=spelt(row.caller) or words.caller_words(row),
        wait=words.duration(row.wait_ms),
        talk=words.duration(row.talked_ms),
        who=row.secretary_name,
        rang=words.offer_words(row.offers),
        unread=row.unread,
        outcome=words.outcome_words(row.outcome),
        acts=tuple(each.words for each in acts if each.client == row.client),
        end=words.end_words(row),
        voice="" if row.voice_seconds is None else words.duration(int(row.voice_seconds * 1000)),
        called_back="" if row.called_back_at is None else when(row.called_back_at, zone),
    )


def _state(row: CallRow) -> tuple[str, str]:
    if row.ended_at is None and row.closed_reason and not row.answered_at:
        spoken = row.voice_begun_at is not None or row.voice_seconds is not None
        return "running", _("Voice message") if spoken else _("Hears the closing words")
    if row.ended_at is None:
        return ("talking", _("On a call")) if row.answered_at else ("running", _("Waiting"))
    if row.abandoned:
        return "abandoned", _("Abandoned")
    return ("answered", _("Answered")) if row.answered_at else ("unanswered", _("Not answered"))


def when(at: datetime, zone: ZoneInfo) -> str:
    """A moment as day and time of the house, the month in letters: 11/12 is another day in Dublin than elsewhere."""
    return dates.short_moment(at.astimezone(zone))


def spelt(number: str) -> str:
    """A number as it is read; what is not E.164 (an unknown line's) stays as the carrier sent it."""
    try:
        return spell_international(PhoneNumber(number))
    except ValueError:
        return number
