# SPDX-License-Identifier: AGPL-3.0-or-later
"""One socket of the line reads what a page sends as the library alone would, whatever comes and however it is cut."""

import asyncio
import itertools
import struct
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from permanence.engine.exchange import line_socket
from permanence.engine.exchange.line_socket import LineSocket, whole_text

MOST = 1_000
HANDSHAKE = (
    b"GET /line HTTP/1.1\r\nHost: house.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: https://house.example\r\n\r\n"
)
TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
MASK = b"\x11\x22\x33\x44"


def masked(data: bytes, mask: bytes = MASK) -> bytes:
    return bytes(octet ^ mask[place % 4] for place, octet in enumerate(data))


def frame(data: bytes, first: int = 0x80 | TEXT, width: int = 0, *, mask: bytes = MASK, bare: bool = False) -> bytes:
    """A frame as a page sends it. `width`: the octets of its length, 0 for as short as it can be; `bare`: no mask."""
    length = len(data)
    width = width or (1 if length < 126 else 3 if length < 1 << 16 else 9)
    bit = 0 if bare else 0x80
    if width == 1:
        head = bytes((first, bit | length))
    elif width == 3:
        head = struct.pack("!BBH", first, bit | 126, length)
    else:
        head = struct.pack("!BBQ", first, bit | 127, length)
    return head + data if bare else head + mask + masked(data, mask)


@dataclass(eq=False)
class Transport:
    """Takes what is written, until it is closed."""

    written: bytes = b""
    closed: bool = False

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def get_write_buffer_size(self) -> int:
        return 0


@dataclass(eq=False)
class Owner:
    """Answers each message by its length; says goodbye to "bye"; fails at "fail"."""

    heard: list[tuple[bytes, bool]] = field(default_factory=list)
    gone_count: int = 0

    def admit(self, _request: Request) -> tuple[HTTPStatus, str] | None:
        return None

    def opened(self, _socket: LineSocket, _origin: str) -> None:
        pass

    def received(self, socket: LineSocket, data: bytes, *, is_text: bool) -> None:
        self.heard.append((data, is_text))
        if data == b"fail":
            raise ValueError(data)
        socket.send(b"%d" % len(data))
        if data == b"bye":
            socket.close(4401)

    def gone(self, _socket: LineSocket) -> None:
        self.gone_count += 1

    def flush_soon(self, socket: LineSocket) -> None:
        socket.flush()


def ours(chunks: list[bytes]) -> tuple[list[tuple[bytes, bool]], bytes, bool]:
    """What the socket hears, writes, and whether it closes."""

    async def run() -> tuple[list[tuple[bytes, bool]], bytes, bool]:
        owner, transport = Owner(), Transport()
        socket: Any = LineSocket(owner, MOST)
        socket.connection_made(transport)
        for chunk in chunks:
            if not transport.closed:
                socket.data_received(chunk)
        socket.connection_lost(None)
        return owner.heard, transport.written, transport.closed

    return asyncio.run(run())


def librarys(chunks: list[bytes]) -> tuple[list[tuple[bytes, bool]], bytes, bool]:
    """The same through the library alone."""
    protocol = ServerProtocol(max_size=MOST)
    heard: list[tuple[bytes, bool]] = []
    written, pieces, is_text, said_bye = b"", b"", True, False
    for chunk in chunks:
        protocol.receive_data(chunk)
        for event in protocol.events_received():
            if isinstance(event, Request):
                protocol.send_response(protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode in (TEXT, BINARY, CONT):
                is_text = event.opcode == TEXT if event.opcode != CONT else is_text
                pieces += event.data
                if event.fin and not said_bye:
                    whole, pieces = pieces, b""
                    heard.append((whole, is_text))
                    said_bye = whole in {b"bye", b"fail"}
                    if protocol.state is State.OPEN and whole != b"fail":
                        protocol.send_text(b"%d" % len(whole))
                    if protocol.state is State.OPEN and said_bye:
                        protocol.send_close(4401 if whole == b"bye" else 1011)
        sent = protocol.data_to_send()
        written += b"".join(sent)
        if sent and not sent[-1]:
            return heard, written, True
    return heard, written, False


def same(chunks: list[bytes]) -> list[tuple[bytes, bool]]:
    heard = ours(chunks)
    # The two dates of the handshake's answer may be a second apart.
    (mine, written, closed), (theirs, expected, ends) = heard, librarys(chunks)
    assert mine == theirs
    assert closed == ends
    assert written.partition(b"\r\n\r\n")[2] == expected.partition(b"\r\n\r\n")[2]
    return mine


texts = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"", b"bye", b"fail", b'{"t":"answer"}', b"x" * 125, b"x" * 126, b"y" * MOST, b"z" * (MOST + 1)]),
)
masks = st.binary(min_size=4, max_size=4)
plain_frames = st.builds(lambda data, mask: frame(data, mask=mask), texts, masks)
other_frames = st.builds(
    lambda data, first, width, bare: frame(data, first, width, bare=bare) if width != 1 or len(data) < 126 else b"",
    texts,
    st.sampled_from([0x81, 0x81, 0x82, 0x80, 0x01, 0x02, 0x00, 0x89, 0x8A, 0x88, 0x83, 0x91, 0xC1, 0xF1, 0x09]),
    st.sampled_from([0, 0, 1, 3, 9]),
    st.sampled_from([False, False, False, True]),
)
pieces = st.lists(st.one_of(plain_frames, plain_frames, other_frames, st.binary(max_size=6)), max_size=8)


@given(pieces)
@example([frame(b"one"), frame(b"two")])
@example([b"\x81\x85", frame(b"hello")])
@example([frame(b"hel", 0x01), frame(b"between"), frame(b"lo", 0x80)])
@example([frame(b"hel", 0x01), frame(b"", 0x89), frame(b"lo", 0x80), frame(b"next")])
@example([frame(b"a", width=3), frame(b"b", width=9), frame(b"c")])
@example([frame(b"bye"), frame(b"more")])
@example([frame(b"fail"), frame(b"more")])
@example([frame(b"", 0x88), frame(b"more")])
@example([frame(b"z" * (MOST + 1)), frame(b"more")])
@example([frame(b"bare", bare=True)])
@example([frame(b"", 0x80 | PONG), frame(b"hel", 0x01), frame(b"", 0x80 | PONG), frame(b"lo", 0x80)])
@example([b"\x81\x86", frame(b"", 0x80 | PONG)])
def test_frames_are_heard_as_the_library_hears_them(frames: list[bytes]) -> None:
    same([HANDSHAKE, *(one for one in frames if one)])


@given(pieces, st.lists(st.integers(0, 400), max_size=6))
def test_so_are_frames_cut_anywhere(frames: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(frames)
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    chunks = [stream[start:end] for start, end in itertools.pairwise(places)]
    same([HANDSHAKE, *(one for one in chunks if one)])


@given(pieces, st.integers(0, len(HANDSHAKE) + 20))
def test_so_are_frames_behind_a_handshake_cut_anywhere(frames: list[bytes], cut: int) -> None:
    opening = HANDSHAKE + b"".join(frames[:1])
    same([part for part in (opening[:cut], opening[cut:], *frames[1:]) if part])


@given(st.binary(max_size=300))
@example(frame(b"x" * MOST))
@example(frame(b"x" * (MOST + 1)))
@example(frame(b"short", width=3))
def test_a_whole_text_is_what_the_library_reads_of_it(data: bytes) -> None:
    protocol = ServerProtocol(state=State.OPEN, max_size=MOST)
    protocol.receive_data(data)
    events = protocol.events_received()
    text = whole_text(data, MOST)
    if text is not None:
        assert [(event.opcode, event.fin, bytes(event.data)) for event in events if isinstance(event, Frame)] == [
            (TEXT, True, text)
        ]
        assert protocol.state is State.OPEN
        assert not protocol.reader.buffer


@given(st.binary(max_size=200), masks)
def test_a_whole_text_is_found(data: bytes, mask: bytes) -> None:
    assert whole_text(frame(data, mask=mask), MOST) == data


def test_a_message_in_one_piece_does_not_need_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[bytes] = []

    class Watched(ServerProtocol):
        def receive_data(self, data: bytes | bytearray) -> None:
            reads.append(bytes(data))
            super().receive_data(data)

    monkeypatch.setattr(line_socket, "ServerProtocol", Watched)
    asked = frame(b"", 0x80 | PING)
    heard, written, _ = ours([
        HANDSHAKE, frame(b"one"), frame(b"", 0x80 | PONG), asked, frame(b"two"), frame(b"x" * 500)
    ])  # fmt: skip
    assert [data for data, _ in heard] == [b"one", b"two", b"x" * 500]
    assert reads == [HANDSHAKE, asked]
    assert written.partition(b"\r\n\r\n")[2] == b"\x81\x013\x8a\x00\x81\x013\x81\x03500"


def test_a_page_that_does_not_answer_is_cut_off() -> None:
    async def run() -> tuple[bytes, list[bool]]:
        transport, cut = Transport(), []
        socket: Any = LineSocket(Owner(), MOST)
        socket.connection_made(transport)
        socket.data_received(HANDSHAKE)
        transport.written = b""
        for answers in (True, False, False, False):
            socket.ping(2)
            cut.append(transport.closed)
            if answers:
                socket.data_received(frame(b"", 0x80 | PONG))
        socket.connection_lost(None)
        return transport.written, cut

    protocol = ServerProtocol(state=State.OPEN)
    protocol.send_ping(b"")
    assert asyncio.run(run()) == (3 * protocol.data_to_send()[0], [False, False, False, True])
