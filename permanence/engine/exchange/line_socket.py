# SPDX-License-Identifier: AGPL-3.0-or-later
"""One websocket of the line: the sans-I/O protocol of `websockets` (RFC 6455) on an asyncio transport.

No task and no queue a socket: what comes in is handled as it comes, what goes out in one turn of the loop leaves in
one write. This is what makes a message cost a fifth of what it costs through the library's own connection.

What a call brings, one text message in one frame in one packet, is read and written here without the library
(`whole_text`, `LineSocket.send`), and so are the question whether a page lives and its answer. Everything else goes
through it: the handshake, frames that came in pieces or together, other control frames, the goodbye, and whatever is
wrong.
"""

import asyncio
import logging
import struct
from http import HTTPStatus
from typing import Protocol, cast

from websockets.frames import Frame, Opcode, apply_mask  # type: ignore[attr-defined]  # in C where that was built
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

HANDSHAKE_S = 10.0
CLOSE_S = 2.0
MAX_UNSENT = 1 << 20
_FAULT = 1011
_WHOLE_TEXT = 0x81  # FIN, opcode 1
_MASKED = 0x80
_PING = b"\x89\0"
_EMPTY_PONG, _PONG_SIZE = b"\x8a\x80", 6  # masked: four octets follow
_HEAD_END = b"\r\n\r\n"
_HEAD_16, _HEAD_64 = struct.Struct("!BBH"), struct.Struct("!BBQ")
_log = logging.getLogger("permanence.exchange.line")
_quiet = logging.getLogger("permanence.exchange.websocket")


class Owner(Protocol):
    """What becomes of the sockets."""

    def admit(self, request: Request) -> tuple[HTTPStatus, str] | None:
        """The refusal of a handshake, or None."""
        ...

    def opened(self, socket: "LineSocket", origin: str) -> None:
        """The handshake is done."""
        ...

    def received(self, socket: "LineSocket", data: bytes, *, is_text: bool) -> None:
        """A whole message."""
        ...

    def gone(self, socket: "LineSocket") -> None:
        """The socket is closed; told once for each that was opened."""
        ...

    def flush_soon(self, socket: "LineSocket") -> None:
        """Something waits to be written: `flush` is to be called before the loop sleeps."""
        ...


def whole_text(data: bytes, most: int) -> bytes | None:
    """The text of a message of at most `most` octets whose only frame is all of `data`, masked as a browser has to
    (RFC 6455 section 5.2); None for anything else, which is the library's to judge."""
    if len(data) < 6 or data[0] != _WHOLE_TEXT or not data[1] & _MASKED:
        return None
    length, start = data[1] - _MASKED, 6
    if length == 126:
        length, start = data[2] << 8 | data[3], 8
    if length > most or start + length != len(data):  # a length of 64 bits never fits: nothing is that long here
        return None
    return apply_mask(data[start:], data[start - 4 : start])


def _least_size(frame: Frame) -> int:
    """The octets of a masked frame whose length is written as short as it can be (RFC 6455 section 5.2)."""
    length = len(frame.data)
    return length + (6 if length < 126 else 8 if length < 1 << 16 else 14)


class LineSocket(asyncio.Protocol):
    """One socket, from the first octet of its handshake."""

    def __init__(self, owner: Owner, max_message: int) -> None:
        self._owner = owner
        self._most = max_message
        self._protocol = ServerProtocol(max_size=max_message, logger=_quiet)
        self._transport: asyncio.Transport | None = None
        self._parts: list[bytes] = []
        self._out: list[bytes] = []
        self._is_text = True
        self._opened = self._closing = False
        self._open = False  # messages may be sent
        # Octets given to the library of which it made nothing yet. Never too few; too many, for good, after a handshake
        # that came in pieces or a length written longer than need be: all that page says then goes through the library.
        self._unread = 0
        self._unanswered = 0
        self._limit: asyncio.TimerHandle | None = None
        self.waits = False
        """Whether `flush_soon` was asked for and `flush` has not come yet."""

    # -- asyncio ---------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._limit_to(HANDSHAKE_S)

    def data_received(self, data: bytes) -> None:
        """asyncio: octets."""
        self._unanswered = 0
        between = self._open and not self._unread and not self._parts
        if between and len(data) == _PONG_SIZE and data.startswith(_EMPTY_PONG):
            return  # the answer to `ping`: that it came is all
        text = whole_text(data, self._most) if between else None
        self.waits = True  # what this brings about is written below
        try:
            if text is not None:
                self._owner.received(self, text, is_text=True)
            else:
                self._read(data)
        except Exception:
            _log.exception("page_failed")
            self.close(_FAULT)
        self.flush()

    def eof_received(self) -> bool:
        """asyncio: the other side sends no more."""
        self._protocol.receive_eof()
        self._open = False
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        """asyncio: the socket is gone."""
        self._transport = None
        self._limit_to(None)
        if self._opened:
            self._opened = False
            self._owner.gone(self)

    # -- what the owner does with it -----------------------------------------------------------------------------------

    def send(self, text: bytes) -> None:
        """A text message (UTF-8), written with the others of this turn; nothing happens once the socket closes.

        The frame is put together here: what a server sends is not masked, so it is a head of 2 to 10 octets
        (RFC 6455 section 5.2), and this is done for every message of every call.
        """
        if not self._open:
            return
        length = len(text)
        if length < 126:
            head = bytes((_WHOLE_TEXT, length))
        elif length < 1 << 16:
            head = _HEAD_16.pack(_WHOLE_TEXT, 126, length)
        else:
            head = _HEAD_64.pack(_WHOLE_TEXT, 127, length)
        self._out.append(head + text)
        if not self.waits:
            self.waits = True
            self._owner.flush_soon(self)

    def close(self, code: int) -> None:
        """Says goodbye after what waits was written; cut off when the other side does not answer it."""
        self._closing = True
        if self._open:
            self._protocol.send_close(code)
            self._take_over()
            self._limit_to(CLOSE_S)
            self._flush_soon()

    def abort(self) -> None:
        """Cuts it off."""
        if self._transport is not None:
            self._transport.abort()

    def ping(self, most: int) -> None:
        """Asks whether the other side lives, or cuts it off when nothing came since `most` such questions."""
        if self._unanswered >= most:
            self.abort()
        elif self._open:
            self._unanswered += 1
            self._out.append(_PING)
            self._flush_soon()

    def flush(self) -> None:
        """Writes what waits. A page that does not read is cut off."""
        self.waits = False
        transport, writes = self._transport, self._out
        if transport is None or not writes:
            return
        self._out = []
        ends = not writes[-1]  # the library asks by an empty write for the end of what we send
        transport.write(b"".join(writes))
        if ends:
            transport.close()
        elif transport.get_write_buffer_size() > MAX_UNSENT:
            transport.abort()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _flush_soon(self) -> None:
        if not self.waits:
            self.waits = True
            self._owner.flush_soon(self)

    def _read(self, data: bytes) -> None:
        """Any octets, through the library."""
        self._unread += len(data)
        self._protocol.receive_data(data)
        self._take_over()
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                if data.find(_HEAD_END) + len(_HEAD_END) == self._unread:  # it came whole and alone
                    self._unread = 0
                self._shake_hands(event)
            elif isinstance(event, Frame):
                self._unread -= _least_size(event)
                self._frame(event)

    def _take_over(self) -> None:
        """What the library wants to send, and whether it still is open: to be called after everything it was told."""
        self._out += self._protocol.data_to_send()
        self._open = self._protocol.state is State.OPEN

    def _shake_hands(self, request: Request) -> None:
        refusal = self._owner.admit(request)
        response = self._protocol.reject(*refusal) if refusal is not None else self._protocol.accept(request)
        self._protocol.send_response(response)
        self._take_over()
        if self._open:
            self._opened = True
            self._limit_to(None)
            self._owner.opened(self, request.headers.get("Origin", ""))

    def _frame(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        if not frame.fin:
            self._parts.append(bytes(frame.data))
            return
        data = bytes(frame.data)
        if self._parts:
            data, self._parts = b"".join((*self._parts, data)), []
        if not self._closing:  # what a page says right before its own goodbye still counts
            self._owner.received(self, data, is_text=self._is_text)

    def _limit_to(self, seconds: float | None) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self._limit = None if seconds is None else asyncio.get_running_loop().call_later(seconds, self.abort)
