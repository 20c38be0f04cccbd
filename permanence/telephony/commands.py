# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the exchange can be told: by a seat's browser over the line, by the house over the control socket.

The wire form is one JSON object: `{"t": name, ...}` from a browser, `{"command": name, ...}` from the house; both may
carry `id`, an integer the answer repeats. `docs/contracts.md` is the map; these classes are the truth. Reading checks
every field's type and size, so what is behind a command object never meets a half-formed one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

from permanence.kernel.refusals import Refusal

PROTOCOL = 1
MAX_TEXT = 256
MAX_SDP = 16_384
MAX_TICKET = 2_048
_DIGITS = re.compile(r"[0-9*#A-D]{1,32}\Z")
_LONG = {"sdp": MAX_SDP, "offer": MAX_SDP, "ticket": MAX_TICKET}
BREAK_REASONS = ("lunch", "pause", "training", "other")


class BadMessage(Refusal):
    """Not a message of this protocol; `why` says what is wrong with it."""

    code = "bad_message"


@dataclass(frozen=True, slots=True)
class SeatCommand:
    """Something a seat's browser asks for."""


@dataclass(frozen=True, slots=True)
class Hello(SeatCommand):
    """The first message: who she is (`ticket`) and, when the page has its audio ready, an SDP `offer` for the line."""

    protocol: int
    ticket: str
    page_host: str = ""
    offer: str | None = None


@dataclass(frozen=True, slots=True)
class RenewTicket(SeatCommand):
    """A fresh ticket of the same secretary and seat."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Ping(SeatCommand):
    """Measures the line; answered by `pong` with the same `n`."""

    n: int


@dataclass(frozen=True, slots=True)
class NegotiateLine(SeatCommand):
    """An SDP offer for the permanent line (also an ICE restart). `page_host` when it changed with the network."""

    sdp: str
    page_host: str = ""


@dataclass(frozen=True, slots=True)
class GoReady(SeatCommand):
    """She may be offered calls."""


@dataclass(frozen=True, slots=True)
class TakeBreak(SeatCommand):
    """She pauses; `reason` is one of BREAK_REASONS. During a call or wrap-up it holds from its end."""

    reason: str


@dataclass(frozen=True, slots=True)
class GoOff(SeatCommand):
    """Her shift is over."""


@dataclass(frozen=True, slots=True)
class AnswerCall(SeatCommand):
    """She takes the call she is offered."""

    call: str


@dataclass(frozen=True, slots=True)
class DeclineCall(SeatCommand):
    """She does not take it: it goes to the next."""

    call: str


@dataclass(frozen=True, slots=True)
class EndCall(SeatCommand):
    """She hangs up."""

    call: str


@dataclass(frozen=True, slots=True)
class HoldCall(SeatCommand):
    """The caller hears the music."""

    call: str


@dataclass(frozen=True, slots=True)
class ResumeCall(SeatCommand):
    """She takes the caller back."""

    call: str


@dataclass(frozen=True, slots=True)
class MuteSeat(SeatCommand):
    """The caller does not hear her (`on`), or hears her again."""

    on: bool


@dataclass(frozen=True, slots=True)
class SendDigits(SeatCommand):
    """DTMF towards the caller: 1 to 32 of 0-9 * # A-D (RFC 4733)."""

    call: str
    digits: str


@dataclass(frozen=True, slots=True)
class CloseWrapUp(SeatCommand):
    """The outcome of the call is settled; she leaves wrap-up."""

    call: str
    outcome: str


SEAT_COMMANDS: Mapping[str, type[SeatCommand]] = {
    "hello": Hello,
    "ticket": RenewTicket,
    "ping": Ping,
    "sdp": NegotiateLine,
    "ready": GoReady,
    "break": TakeBreak,
    "off": GoOff,
    "answer": AnswerCall,
    "decline": DeclineCall,
    "end": EndCall,
    "hold": HoldCall,
    "resume": ResumeCall,
    "mute": MuteSeat,
    "dtmf": SendDigits,
    "wrapup_done": CloseWrapUp,
}


@dataclass(frozen=True, slots=True)
class HouseCommand:
    """Something web or worker asks for."""


@dataclass(frozen=True, slots=True)
class Publish(HouseCommand):
    """A slice of the routing table (`reception.table.write_slice`)."""

    slice: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Withdraw(HouseCommand):
    """The client is no longer ours."""

    house: str
    client: str


@dataclass(frozen=True, slots=True)
class Versions(HouseCommand):
    """Which versions of which slices are held."""


@dataclass(frozen=True, slots=True)
class RevokeSeat(HouseCommand):
    """The secretary may sit no longer: her seat is closed, her call goes on to its end on nobody else: it is ended."""

    house: str
    secretary: str


@dataclass(frozen=True, slots=True)
class Status(HouseCommand):
    """What lives: calls, seats, queue, trunks, alarms, versions of the process."""


@dataclass(frozen=True, slots=True)
class Dial(HouseCommand):
    """One leg out: `number` (E.164) over `trunk`, showing `caller` (one of the house's lines); it ends by itself
    `seconds` after the answer (1 to 120).

    The called party hears `prompt` again and again ("": a tone), and half-way `digits` as keys (0 to 32 of 0-9*#A-D);
    with `record`, what it says is written to the spool. A call nobody answers is given up after `ring_seconds` (1 to
    180).

    `dial`: the id the call gets, so that its events can be waited for before it is asked for ("": the exchange makes
    one). `expect_line` ("": none): the line of the house on which the call is to come back, because the called party
    forwards it there: it is then told as `DialReturned` and rings nobody.
    """

    house: str
    trunk: str
    number: str
    caller: str
    seconds: int = 10
    prompt: str = ""
    digits: str = ""
    record: bool = False
    ring_seconds: int = 60
    dial: str = ""
    expect_line: str = ""


@dataclass(frozen=True, slots=True)
class Subscribe(HouseCommand):
    """The connection becomes the event bus, from the event after `after`."""

    after: int = 0


HOUSE_COMMANDS: Mapping[str, type[HouseCommand]] = {
    "publish": Publish,
    "withdraw": Withdraw,
    "versions": Versions,
    "revoke_seat": RevokeSeat,
    "status": Status,
    "dial": Dial,
    "subscribe": Subscribe,
}


def read_seat_command(data: Any) -> tuple[SeatCommand, int | None]:
    """The command a browser sent, and its `id`. Raises BadMessage."""
    message = _object(data)
    kind = SEAT_COMMANDS.get(_name(message, "t"))
    if kind is None:
        raise BadMessage("unknown message")
    command = _build(kind, message)
    if isinstance(command, SendDigits) and not _DIGITS.match(command.digits):
        raise BadMessage("digits are 0-9 * # A-D, 32 at most")
    if isinstance(command, TakeBreak) and command.reason not in BREAK_REASONS:
        raise BadMessage("unknown reason of a break")
    return command, read_id(message)


def read_house_command(data: Any) -> HouseCommand:
    """The command web or worker sent. Raises BadMessage."""
    message = _object(data)
    kind = HOUSE_COMMANDS.get(_name(message, "command"))
    if kind is None:
        raise BadMessage("unknown command")
    return _build(kind, message)


def read_id(message: Any) -> int | None:
    """The `id` of a message: an integer of at most 53 bits, or None."""
    found = message.get("id") if isinstance(message, dict) else None
    if isinstance(found, bool) or not isinstance(found, int) or abs(found) > 2**53:
        return None
    return found


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise BadMessage("a message is a JSON object")
    return data


def _name(message: dict[str, Any], key: str) -> str:
    name = message.get(key)
    return name if isinstance(name, str) else ""


def _build[T](kind: type[T], message: dict[str, Any]) -> T:
    values: dict[str, Any] = {}
    for field, hint in _shape(kind):
        if field in message:
            values[field] = _checked(field, message[field], hint)
    try:
        return kind(**values)
    except TypeError as error:
        raise BadMessage("a field is missing") from error


def _checked(field: str, value: Any, hint: Any) -> Any:
    if hint == (str | None):
        if value is None:
            return None
        hint = str
    if hint is str:
        if not isinstance(value, str) or len(value) > _LONG.get(field, MAX_TEXT):
            raise BadMessage(f"{field} is a text of at most {_LONG.get(field, MAX_TEXT)} characters")
    elif hint is int:
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**53:
            raise BadMessage(f"{field} is an integer")
    elif hint is bool:
        if not isinstance(value, bool):
            raise BadMessage(f"{field} is true or false")
    elif not isinstance(value, dict):
        raise BadMessage(f"{field} is an object")
    return value


_SHAPES: dict[type, tuple[tuple[str, Any], ...]] = {}


def _shape(kind: type) -> tuple[tuple[str, Any], ...]:
    if kind not in _SHAPES:
        hints = get_type_hints(kind)
        _SHAPES[kind] = tuple((field.name, hints[field.name]) for field in fields(kind))
    return _SHAPES[kind]
