# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cutting a stream into messages (RFC 3261 section 18.3: Content-Length; RFC 5626 section 3.5.1: CRLF keep-alive)."""

from permanence.telephony.sip.grammar import decimal
from permanence.telephony.sip.message import canonical_name

_CR = 13
_END = b"\r\n\r\n"


KEEP_ALIVE = b"\r\n\r\n"
"""Keeps a way open and, on a stream, asks for a CRLF back (RFC 5626 section 4.4.1)."""


class BadFraming(ValueError):
    """Where the next message begins cannot be known any more: the connection must be closed."""


class Framer:
    """Collects the bytes of one connection. `pings` counts the keep-alives that still want their CRLF back; `asked` is
    set by whoever sent one: the next single CRLF is its answer, and no half of a ping of the other side.

    Work is linear in the bytes fed: what was searched is not searched again.
    """

    def __init__(self, max_message: int = 65_535) -> None:
        self.pings = 0
        self.asked = False
        self._half = False  # a single CRLF was the last thing that came
        self._limit = max_message
        self._buffer = bytearray()
        self._searched = 0
        self._wanted = 0

    @property
    def pending(self) -> int:
        """Octets of a message that has not come whole."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Takes bytes in; the messages that are whole now. Raises BadFraming."""
        self._buffer += data
        messages: list[bytes] = []
        while (message := self._next()) is not None:
            messages.append(message)
        if len(self._buffer) > self._limit:
            raise BadFraming("message too long")
        return messages

    def _next(self) -> bytes | None:
        if not self._wanted and not self._find_end():
            return None
        if len(self._buffer) < self._wanted:
            return None
        message = bytes(self._buffer[: self._wanted])
        del self._buffer[: self._wanted]
        self._wanted = self._searched = 0
        return message

    def _find_end(self) -> bool:
        self._skip_keep_alives()
        end = self._buffer.find(_END, max(0, self._searched - 3))
        self._searched = len(self._buffer)
        if end < 0:
            return False
        self._wanted = end + len(_END) + content_length(bytes(self._buffer[:end]))
        if self._wanted > self._limit:
            raise BadFraming("message too long")
        return True

    def _skip_keep_alives(self) -> None:
        skipped = 0
        while self._buffer.startswith(b"\r\n", skipped):
            if self._half:
                self.pings += 1
                self._half = False
                skipped += 2
            elif self._buffer.startswith(_END, skipped):
                self.pings += 1
                skipped += 4
            else:
                self._half = not self.asked
                self.asked = False
                skipped += 2
        if len(self._buffer) > skipped and self._buffer[skipped] != _CR:
            self._half = False
        if skipped:
            del self._buffer[:skipped]
            self._searched = 0


def content_length(head: bytes) -> int:
    """The Content-Length of a header section. Raises BadFraming when it is absent or cannot be read."""
    for line in head.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon and canonical_name(name.strip().decode("latin-1")[:64]) == "Content-Length":
            length = decimal(value.strip().decode("latin-1"), 2**31)
            if length is None:
                break
            return length
    raise BadFraming("no Content-Length")
