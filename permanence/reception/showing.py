# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a card showed, as the events tell it; and why a secretary is the one who gets a call."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from permanence.kernel.fast_json import encode
from permanence.reception.card import Card, CardForm
from permanence.reception.events import Reason, ShownAbsence, ShownInstruction, ShownScript
from permanence.reception.parts import CardParts
from permanence.reception.presence import Seat
from permanence.reception.table import ClientSlice, ScriptEntry
from permanence.reception.waiting import Call


def told(card: Card, client: ClientSlice | None) -> dict[str, Any]:
    """The fields of an event that say what the card of a call for `client` showed, in its order: what is written in
    versions by their names, what the house keeps by its digests, everything else in the words shown."""
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
        "place": card.place,
        "time_zone": card.time_zone,
        "open_until_ms": card.open_until_ms,
        "parts": None if client is None else client.parts,
    }


def _script(entry: ScriptEntry) -> ShownScript:
    return ShownScript(version=entry.version, validated_date=entry.validated_date, digest=digest_of(entry.text))


def digest_of(text: str) -> str:
    """What the text of a script, its red flags in it, or of a part of a card is known by: 32 hexadecimal figures of its
    SHA-256."""
    return sha256(text.encode()).hexdigest()[:32]


def part_texts(client: ClientSlice) -> dict[str, str]:
    """The parts of the client's card that no version names, as JSON by the names of `CardParts`; none that is empty."""
    has_form = client.recipients or client.reasons
    parts = {
        "form": CardForm(recipients=client.recipients, reasons=client.reasons) if has_form else None,
        "sites": client.sites,
        "contacts": client.contacts,
        "agendas": client.agendas,
    }
    return {name: encode(part).decode() for name, part in parts.items() if part}


def parts_of(client: ClientSlice) -> CardParts:
    """By what they are known again."""
    return CardParts(**{name: digest_of(text) for name, text in part_texts(client).items()})


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
    `beside`: what her pool and her training have to do with it, and that she has read what others who are ready have
    not: then that is the reason, and neither that she is the only one nor that she is ready longest.
    `passed_by`: the name of the secretary at whom it rang before, where that was somebody else.
    """
    read = [each for each in beside if each.code == "has_read"]
    if freed:
        why = [Reason(code="waited", detail=_seconds(call.arrived, at))]
    elif read:
        why = read
    elif alone:
        why = [Reason(code="only_ready")]
    else:
        why = [Reason(code="longest_ready", detail=_seconds(seat.ready_since, at))]
    shared = [language for language in call.languages if language in spoken]
    why.append(Reason(code="speaks", detail=shared[0]) if shared else Reason(code="any_language"))
    if call.client is None:
        why.append(Reason(code="unknown_line", detail=call.called_line))
    why += [each for each in beside if each not in why]
    if call.passed_how and call.passed_by != seat.secretary:
        why.append(Reason(code="offer_ended", detail=call.passed_how, name=passed_by))
    return tuple(why)


def _seconds(since: datetime | None, at: datetime) -> str:
    return "0" if since is None else str(max(int((at - since).total_seconds()), 0))
