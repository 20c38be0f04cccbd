# SPDX-License-Identifier: AGPL-3.0-or-later
"""JSON of the control messages, one object a line; the messages are described in `control`."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from permanence.kernel.fast_json import decode, encode
from permanence.telephony.media.control import (
    COMMANDS,
    EVENTS,
    MediaCommand,
    MediaEvent,
    Mix,
    Reply,
)
from permanence.telephony.media.control_fields import FieldReader, reader_for
from permanence.telephony.media.living import Living, LivingLeg, LivingLine

MESSAGE_LIMIT = 65536
"""Longest control message, bytes, without its newline."""


class ControlError(ValueError):
    """A control message that is not what the contract says. The text names the field."""


_COMMANDS: dict[str, type[MediaCommand]] = {kind.NAME: kind for kind in COMMANDS}
_EVENTS: dict[str, type[MediaEvent]] = {kind.NAME: kind for kind in EVENTS}
_READERS: dict[type[Any], dict[str, FieldReader]] = {
    kind: {field.name: reader_for(get_type_hints(kind)[field.name]) for field in dataclasses.fields(kind) if field.name}
    for kind in (*_COMMANDS.values(), *_EVENTS.values(), LivingLine, LivingLeg)
}
_HEADS: dict[type[Any], bytes] = {
    **{kind: b'{"command":"%b",' % name.encode() for name, kind in _COMMANDS.items()},
    **{kind: b'{"event":"%b",' % name.encode() for name, kind in _EVENTS.items()},
}


def command_to_json(command: MediaCommand, request: int | None = None) -> bytes:
    """One line of JSON with its newline. `request` asks for a reply under that id."""
    head = _HEADS[type(command)] if request is None else b'%b"id":%d,' % (_HEADS[type(command)], request)
    fields = encode(command)
    return b"%b%b\n" % (head, fields[1:]) if fields != b"{}" else head[:-1] + b"}\n"


def command_from_json(line: bytes) -> tuple[MediaCommand, int | None]:
    """The command and the id of the wanted reply. Raises ControlError on anything else."""
    document = _document(line)
    request = document.get("id")
    if request is not None and (type(request) is not int or not 0 <= request < 1 << 53):
        raise ControlError("id")
    kind = _COMMANDS.get(_text(document, "command"))
    if kind is None:
        raise ControlError("command")
    return _build(kind, document), request


def event_to_json(event: MediaEvent) -> bytes:
    """One line of JSON with its newline."""
    return b"%b%b\n" % (_HEADS[type(event)], encode(event)[1:])


def reply_to_json(reply: Reply) -> bytes:
    """One line of JSON with its newline."""
    return encode(reply) + b"\n"


def message_from_json(line: bytes) -> MediaEvent | Reply | None:
    """What media sent: an event, a reply, or None for an event this version does not know. Raises ControlError."""
    document = _document(line)
    if "event" in document:
        kind = _EVENTS.get(_text(document, "event"))
        return None if kind is None else _build(kind, document)
    request, ok, result = document.get("id"), document.get("ok"), document.get("result", {})
    code, why = document.get("code", ""), document.get("why", "")
    if type(request) is not int or type(ok) is not bool or not isinstance(result, dict):
        raise ControlError("reply")
    return Reply(id=request, ok=ok, result=result, code=str(code), why=str(why))


def living_from_result(result: Mapping[str, Any]) -> Living:
    """The `Living` of a reply to `AskStatus`. Raises ControlError."""
    lines, legs = result.get("lines"), result.get("legs")
    if not isinstance(lines, list) or not isinstance(legs, list):
        raise ControlError("status")
    return Living(
        instance=_text(result, "instance"),
        lines=tuple(_build(LivingLine, one) for one in lines),
        legs=tuple(_build(LivingLeg, one) for one in legs),
        beats=result.get("beats") is True,
    )


def _build[Kind](kind: type[Kind], document: object) -> Kind:
    if not isinstance(document, Mapping):
        raise ControlError(kind.__name__)
    readers: Mapping[str, Callable[[object], Any]] = _READERS[kind]
    values: dict[str, Any] = {}
    for name, read in readers.items():
        if name in document:
            try:
                values[name] = read(document[name])
            except (ValueError, TypeError, OverflowError):
                raise ControlError(name) from None
    try:
        return kind(**values)
    except TypeError as error:
        raise ControlError(str(error)) from None


def _document(line: bytes) -> dict[str, Any]:
    if len(line) > MESSAGE_LIMIT + 1:
        raise ControlError("length")
    try:
        document = decode(line)
    except ValueError:
        raise ControlError("not JSON") from None
    if not isinstance(document, dict):
        raise ControlError("not an object")
    return document


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise ControlError(name)
    return value


def matrix_is_square(mix: Mix) -> bool:
    """Whether the matrix of a mix fits its parties and holds only finite gains between 0 and 4."""
    size = len(mix.parties)
    return (
        0 < size <= 32
        and len(set(mix.parties)) == size
        and len(mix.matrix) == size
        and all(len(row) == size and all(math.isfinite(gain) and 0 <= gain <= 4 for gain in row) for row in mix.matrix)
    )
