# SPDX-License-Identifier: AGPL-3.0-or-later
"""The messages of the exchange to a seat's browser (docs/contracts.md, "The line"). Pure: facts in, JSON out."""

from collections.abc import Iterable
from typing import Any

from permanence.engine.exchange.call import Call
from permanence.engine.exchange.moment import milliseconds
from permanence.reception.decisions import Offer, PresenceIs, QueueIs
from permanence.reception.events import Reason
from permanence.reception.table import HouseSlice
from permanence.telephony.core.call import CallState

Message = dict[str, Any]


def welcome(house: HouseSlice, *, secretary: str, name: str, seat: str, presence: str, server_ms: int) -> Message:
    """The first message after a good hello."""
    return {
        "t": "welcome",
        "secretary": secretary,
        "name": name,
        "seat": seat,
        "house": house.house,
        "presence": presence,
        "server_ms": server_ms,
        "config": {"offer_s": house.offer_s, "wrap_up_s": house.wrap_up_s},
        "demonstration": house.demonstration,
    }


def presence(entry: PresenceIs) -> Message:
    """Where she stands. `until_ms`: end of her wrap-up; `pending`: the break or end of shift that follows it."""
    return {
        "t": "presence",
        "state": entry.state,
        "since_ms": milliseconds(entry.since),
        "reason": entry.reason,
        "why": entry.why,
        "until_ms": None if entry.until is None else milliseconds(entry.until),
        "pending": entry.pending,
    }


def queue(entry: QueueIs) -> Message:
    """How many wait, and since when the longest does."""
    longest = None if entry.longest is None else milliseconds(entry.longest)
    return {"t": "queue", "waiting": entry.waiting, "longest_ms": longest}


def offer(entry: Offer) -> Message:
    """Her console rings."""
    return {
        "t": "offer",
        "call": entry.call,
        "offer": entry.offer,
        "until_ms": milliseconds(entry.until),
        "arrived_ms": milliseconds(entry.arrived),
        "card": entry.card.plain(),
        "why": _reasons(entry.why),
    }


def offer_ended(call: str, offer_id: str, how: str) -> Message:
    """Her console stops ringing."""
    return {"t": "offer_ended", "call": call, "offer": offer_id, "how": how}


def call_is(call: Call) -> Message:
    """The call she has. `line_lost` counts as talking: the `line` message says what is wrong."""
    held = call.state is CallState.HELD
    return {
        "t": "call",
        "call": call.id,
        "state": "held" if held else "talking",
        "answered_ms": None if call.answered_at is None else milliseconds(call.answered_at),
        "arrived_ms": milliseconds(call.arrived_at),
        "held": held,
        "muted": call.muted,
        "card": call.card,
    }


def ended(call: Call, *, by: str, why: str, wrap_up_until_ms: int | None, ended_ms: int) -> Message:
    """Her call is over."""
    return {
        "t": "ended",
        "call": call.id,
        "by": by,
        "why": why,
        "answered_ms": None if call.answered_at is None else milliseconds(call.answered_at),
        "ended_ms": ended_ms,
        "wrap_up_until_ms": wrap_up_until_ms,
    }


def line_is(up: bool, *, renew: bool) -> Message:
    """Her audio. `renew`: media holds no such line any more, a new offer (`sdp`) is needed."""
    return {"t": "line", "state": "up" if up else "down", "renew": renew}


def error(code: str, why: str) -> Message:
    """Something did not work; nothing else changed."""
    return {"t": "error", "code": code, "why": why}


def accepted(request: int) -> Message:
    """The request was carried out."""
    return {"t": "reply", "id": request, "ok": True}


def not_safe(request: int) -> Message:
    """The request is carried out, but a power cut would undo it: the disk does not take it yet. `accepted` follows."""
    return {"t": "not_safe", "id": request}


def refused(request: int, code: str, why: str) -> Message:
    """The request was not carried out."""
    return {"t": "reply", "id": request, "ok": False, "code": code, "why": why}


def _reasons(why: Iterable[Reason]) -> list[Message]:
    return [{"code": reason.code, "params": {"detail": reason.detail, "name": reason.name}} for reason in why]
