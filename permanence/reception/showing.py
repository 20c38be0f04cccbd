# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a card showed, as the events tell it; and why a secretary is the one who gets a call."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from permanence.reception.card import Card
from permanence.reception.events import Reason, ShownAbsence, ShownInstruction, ShownScript
from permanence.reception.presence import Seat
from permanence.reception.table import ScriptEntry
from permanence.reception.waiting import Call


def told(card: Card) -> dict[str, Any]:
    """The fields of an event that say what the card showed, in its order: what is written in versions by their names,
    everything else in the words shown."""
    entries = card.instructions
    return {
        "greeting": card.greetings[0].text if card.greetings else "",
        "shown": tuple([f"{entry.id}:{entry.version}" for entry in entries]),
        "name": card.name,
        "greetings": card.greetings,
        "instructions": tuple(
            [
                ShownInstruction(
                    id=entry.id,
                    version=entry.version,
                    is_new=entry.is_new,
                    author=entry.author,
                    recipient=entry.recipient_name,
                    reason=entry.reason_label,
                    until_ms=entry.until_ms,
                )
                for entry in entries
            ]
        ),
        "absences": tuple(
            [
                ShownAbsence(
                    name=entry.name,
                    starts_ms=entry.starts_ms,
                    ends_ms=entry.ends_ms,
                    words=entry.words,
                    by=entry.by,
                    urgent_name=entry.urgent_name,
                    urgent_away=entry.urgent_away,
                )
                for entry in card.absences
            ]
        ),
        "script": None if card.script is None else _script(card.script),
    }


def _script(entry: ScriptEntry) -> ShownScript:
    return ShownScript(version=entry.version, validated_date=entry.validated_date, digest=digest_of(entry.text))


def digest_of(text: str) -> str:
    """What a script's text, its red flags in it, is known by: 32 hexadecimal figures of its SHA-256."""
    return sha256(text.encode()).hexdigest()[:32]


def why_her(
    call: Call,
    seat: Seat,
    *,
    spoken: tuple[str, ...],
    alone: bool,
    freed: bool,
    beside: tuple[Reason, ...],
    passed_by: str,
    at: datetime,
) -> tuple[Reason, ...]:
    """Why this call rings at her console.

    `spoken`: her languages. `alone`: nobody else who fits is ready. `freed`: she became free while the call waited.
    `beside`: what her pool and her training have to do with it.
    `passed_by`: the name of the secretary at whom it rang before, where that was somebody else.
    """
    if freed:
        why = [Reason(code="waited", detail=_seconds(call.arrived, at))]
    elif alone:
        why = [Reason(code="only_ready")]
    else:
        why = [Reason(code="longest_ready", detail=_seconds(seat.ready_since, at))]
    shared = [language for language in call.languages if language in spoken]
    why.append(Reason(code="speaks", detail=shared[0]) if shared else Reason(code="any_language"))
    if call.client is None:
        why.append(Reason(code="unknown_line", detail=call.called_line))
    why += beside
    if call.passed_how and call.passed_by != seat.secretary:
        why.append(Reason(code="offer_ended", detail=call.passed_how, name=passed_by))
    return tuple(why)


def _seconds(since: datetime | None, at: datetime) -> str:
    return "0" if since is None else str(max(int((at - since).total_seconds()), 0))
