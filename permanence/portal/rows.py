# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages as the portal draws them: the four boxes, the sentence beside them, the age, whose message it is."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from permanence.callers.words import person_words
from permanence.foundation import dates, moments
from permanence.messaging import words
from permanence.messaging.queries import MessageRow, MessageView
from permanence.messaging.rules import Fill, Urgency

_STEP = {Fill.DONE: "is-done", Fill.FAILED: "is-failed", Fill.EMPTY: ""}
_AGE = {"calm": "muted", "late": "age--late", "overdue": "age--over"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message of the list. `steps`: the classes of the four boxes. `mine_done`: this person acknowledged it.
    `taken` is figures, for the list; `taken_words` day and hour. `voice`: the length of what the caller spoke ("0:32"),
    else "". `about`: name, birth date and age of the person it is about, "" where it names nobody.
    """

    row: MessageRow
    steps: tuple[str, ...]
    track: str
    sentence: str
    others: tuple[str, ...]
    urgency: str
    is_urgent: bool
    is_unread: bool
    is_final: bool
    mine_done: bool
    age: str
    age_class: str
    taken: str
    taken_words: str
    taken_day: str
    voice: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a person of the client wrote to the secretary; `when` on the client's clock."""

    name: str
    text: str
    at: datetime
    when: str


def replies(found: MessageView, *, at: datetime) -> tuple[Reply, ...]:
    """The answers to the message, the oldest first, as they are drawn at the moment `at`."""
    zone = ZoneInfo(found.time_zone)
    return tuple(
        Reply(name=each.name, text=each.text, at=each.at, when=moments.day_and_hour(each.at, zone, now=at))
        for each in found.answer_texts
    )


def letter(row: MessageRow, *, person: str, at: datetime) -> Letter:
    """The row as drawn for a person, on the client's clock."""
    state, zone = row.state, ZoneInfo(row.time_zone)
    failed = state.failed is not None
    taken = row.taken_at.astimezone(zone)
    today = taken.date() == at.astimezone(zone).date()
    return Letter(
        row=row,
        steps=tuple(_STEP[fill] for _, fill in state.boxes),
        track="track--failed" if failed else "track--final" if state.is_acknowledged else "",
        sentence=words.state_sentence(state, zone),
        others=tuple(words.others_sentence(act, zone) for act in state.others_acknowledged if act.person != person),
        urgency=str(words.URGENCY[row.urgency]),
        is_urgent=row.urgency is Urgency.URGENT and not state.is_acknowledged,
        is_unread=all(act.person != person for act in state.read_by),
        is_final=state.is_acknowledged,
        mine_done=any(act.person == person for act in state.acknowledged_by),
        age=words.age_words(state.age),
        age_class=_AGE[state.age_level.value],
        taken_words=moments.day_and_hour(row.taken_at, zone, now=at),
        taken=moments.clock(row.taken_at, zone),
        taken_day="" if today else dates.say(taken, dates.Form.OF_MONTH),
        voice="" if row.voice_seconds is None else moments.length(row.voice_seconds),
        about="" if row.patient is None else person_words(row.patient, at.astimezone(zone).date()),
    )
