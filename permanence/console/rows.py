# SPDX-License-Identifier: AGPL-3.0-or-later
"""Today's messages as the console draws them: what waits first, the oldest urgent one on top, what is done in grey."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from permanence.callers.words import person_words
from permanence.foundation import moments
from permanence.messaging import words
from permanence.messaging.queries import AnswerView, MessageRow, MessageView
from permanence.messaging.rules import Fill, Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnAnswer:
    """What a person of the client wrote back; `when` on the house's clock."""

    name: str
    when: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnRow:
    """One message of the list. `steps` are the classes of the four boxes; `others`: who acknowledged beside him;
    `answers`: what the client wrote back, the oldest first; `voice`: the length of what the caller spoke ("0:32"), else
    ""; `can_send_again`: no way to the client worked."""

    row: MessageRow
    steps: tuple[str, ...]
    track: str
    sentence: str
    others: tuple[str, ...]
    answers: tuple[DrawnAnswer, ...]
    voice: str
    age: str
    age_class: str
    is_urgent: bool
    is_final: bool
    can_send_again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRow:
    """What a row shows when it is opened, on the house's clock. `steps`: how far it went, one sentence each, the first
    step first. `about`: whom the message names, "" for nobody."""

    taken: str
    urgency: str
    voice: str
    about: str
    steps: tuple[str, ...]
    answers: tuple[DrawnAnswer, ...]


_STEP = {Fill.DONE: "is-done", Fill.FAILED: "is-failed", Fill.EMPTY: ""}
_AGE = {"calm": "", "late": "age--late", "overdue": "age--over"}


def message_rows(
    found: Iterable[MessageRow], answers: Mapping[str, tuple[AnswerView, ...]], zone: ZoneInfo
) -> tuple[DrawnRow, ...]:
    """The rows with the answers to them (by message), in the order of what must be done; `zone` is the house's clock.

    Urgent, failed, spoken on the answering machine, waiting, acknowledged; each newest first.
    """
    drawn = [_drawn(row, answers.get(row.message, ()), zone) for row in found]
    return tuple(sorted(drawn, key=_turn))


def _turn(each: DrawnRow) -> tuple[bool, bool, bool, bool]:
    return each.is_final, not each.is_urgent, each.track != "track--failed", not each.voice


def _drawn(row: MessageRow, answers: tuple[AnswerView, ...], zone: ZoneInfo) -> DrawnRow:
    state = row.state
    track = "track--failed" if state.failed is not None else "track--final" if state.is_acknowledged else ""
    return DrawnRow(
        row=row,
        steps=tuple(_STEP[fill] for _box, fill in state.boxes),
        track=track,
        sentence=words.state_sentence(state, zone),
        others=tuple(words.others_sentence(act, zone) for act in state.others_acknowledged),
        answers=tuple(
            DrawnAnswer(name=each.name, when=moments.clock(each.at, zone), text=each.text) for each in answers
        ),
        voice="" if row.voice_seconds is None else moments.length(row.voice_seconds),
        age=words.age_words(state.age),
        age_class=_AGE[state.age_level.value],
        is_urgent=row.urgency is Urgency.URGENT and not state.is_acknowledged,
        is_final=state.is_acknowledged,
        can_send_again=state.failed is not None and not state.is_acknowledged,
    )


def opened(message: MessageView, zone: ZoneInfo, *, now: datetime) -> OpenedRow:
    """The message as its opened row shows it at the moment `now`; `zone` is the house's clock."""
    state = message.state
    read, acknowledged = _("%(name)s read it: %(when)s"), _("%(name)s acknowledged it: %(when)s")
    steps = [words.state_sentence(state, zone)]
    for said, acts in ((read, state.read_by), (acknowledged, state.acknowledged_by)):
        steps += [said % {"name": act.name, "when": moments.day_and_hour(act.at, zone, now=now)} for act in acts]
    return OpenedRow(
        taken=moments.day_and_hour(message.taken_at, zone, now=now),
        urgency=str(words.URGENCY[message.urgency]),
        voice="" if message.voice_seconds is None else moments.length(message.voice_seconds),
        about="" if message.patient is None else person_words(message.patient, now.astimezone(zone).date()),
        steps=tuple(steps),
        answers=tuple(
            DrawnAnswer(name=each.name, when=moments.day_and_hour(each.at, zone, now=now), text=each.text)
            for each in message.answer_texts
        ),
    )
