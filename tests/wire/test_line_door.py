# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door of the line, by a real websocket: Origin, ticket, bad messages, floods, takeover, renewal, going down."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from permanence.engine.exchange import line
from permanence.engine.exchange.line import LineServer
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.kernel.tickets import SeatTicket, sign_ticket
from permanence.telephony.commands import Hello, SeatCommand

KEY = b"k" * 32
ORIGIN = "https://house.example"


class RecordingSeats:
    """What came through the door."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, SeatTicket]] = []
        self.closed: list[str] = []
        self.commands: list[tuple[str, SeatCommand, int | None]] = []
        self.renewed: list[SeatTicket] = []
        self.refuse = ""
        self.moved = asyncio.Event()

    def page_opened(self, page: str, ticket: SeatTicket, hello: Hello) -> None:
        if self.refuse:
            raise Refusal(self.refuse)
        self.opened.append((page, ticket))

    def page_renewed(self, page: str, ticket: SeatTicket) -> None:
        self.renewed.append(ticket)

    def page_command(self, page: str, command: SeatCommand, request: int | None) -> None:
        if self.refuse:
            raise Refusal(self.refuse)
        self.commands.append((page, command, request))

    def page_closed(self, page: str) -> None:
        self.closed.append(page)
        self.moved.set()


class Door:
    """A running door and a way to knock."""

    def __init__(self, server: LineServer, seats: RecordingSeats, port: int) -> None:
        self.server, self.seats, self.port = server, seats, port

    def knock(self, *, origin: str | None = ORIGIN, path: str = "/line") -> Any:
        return connect(f"ws://127.0.0.1:{self.port}{path}", origin=origin, compression=None)  # type: ignore[arg-type]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    seats = RecordingSeats()
    server = LineServer(seats, SystemClock(), KEY, [ORIGIN])
    [port] = await server.start()
    yield Door(server, seats, port)
    await server.stop()


def ticket(*, key: bytes = KEY, age: int = 0, lifetime: int = 600) -> str:
    issued = int(datetime.now(UTC).timestamp()) - age
    return sign_ticket(SeatTicket("demo", "1", "Claire", "seat", ("answer",), issued, issued + lifetime), key)


def hello(text: str) -> str:
    return json.dumps({"t": "hello", "protocol": 1, "ticket": text, "page_host": "localhost"})


async def heard(socket: Any) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(socket.recv(), 10))


async def last_message(socket: Any) -> dict[str, Any]:
    """Reads to the end."""
    found: dict[str, Any] = {}
    with contextlib.suppress(ConnectionClosed):
        async for text in socket:
            found = json.loads(text)
    return found


async def turned_away(socket: Any, code: int) -> str:
    """The reason a socket was closed for, which it was, with that code, and with no word before the goodbye."""
    bye = await heard(socket)
    assert (bye["t"], bye["code"]) == ("bye", code)
    await asyncio.wait_for(socket.wait_closed(), 10)
    assert socket.close_code == code
    return str(bye["why"])


@pytest.mark.parametrize("origin", [None, "https://evil.example", "http://house.example", "https://house.example:444"])
async def test_another_origin_is_told_why_and_turned_away(door: Door, origin: str | None) -> None:
    async with door.knock(origin=origin) as socket:
        assert "not allowed" in await turned_away(socket, 4403)
    assert door.seats.opened == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (hello(""), "not a ticket"),
        (hello("a.b"), "not a ticket"),
        (hello(ticket(key=b"x" * 32)), "the signature is not ours"),
        (hello(ticket(age=700)), "out of date"),
        (json.dumps({"t": "ready"}), "the first message is hello, protocol 1"),
        (json.dumps({"t": "hello", "protocol": 2, "ticket": ticket()}), "the first message is hello, protocol 1"),
        ("not json", "not JSON"),
        ("[" * 20_000, "not JSON"),
    ],
)
async def test_without_a_good_hello_nothing_opens(door: Door, text: str, why: str) -> None:
    async with door.knock() as socket:
        await socket.send(text)
        reason = await turned_away(socket, 4401)
    assert reason == why or (why == "not a ticket" and reason == "the signature is not ours")
    assert door.seats.opened == []
    assert door.seats.closed == []


async def test_another_path_is_not_here(door: Door) -> None:
    with pytest.raises(InvalidStatus, match="404"):
        async with door.knock(path="/other"):
            pass


async def test_commands_come_through_with_their_request(door: Door) -> None:
    async with door.knock() as socket:
        await socket.send(hello(ticket()))
        await socket.send(json.dumps({"t": "answer", "call": "c1", "id": 7}))
        await socket.send(json.dumps({"t": "ping", "n": 3}))
        assert await heard(socket) == {"t": "pong", "n": 3}
    [(page, command, request)] = door.seats.commands
    assert (type(command).__name__, request) == ("AnswerCall", 7)
    await asyncio.wait_for(door.seats.moved.wait(), 10)
    assert door.seats.closed == [page]


@pytest.mark.parametrize(
    "bad",
    [
        "[]",
        "1",
        "{}",
        '{"t":"fly"}',
        '{"t":"answer"}',
        '{"t":"answer","call":1}',
        '{"t":"answer","call":"' + "x" * 300 + '"}',
        '{"t":"dtmf","call":"c","digits":"1;"}',
        '{"t":"break","reason":"beach"}',
        '{"t":"mute","on":"yes"}',
        '{"t":"ping","n":1e300}',
        '{"t":"hello","protocol":1,"ticket":"x"}',
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
async def test_a_bad_message_is_an_error_and_nothing_else(door: Door, bad: str) -> None:
    async with door.knock() as socket:
        await socket.send(hello(ticket()))
        await socket.send(bad)
        found = await heard(socket)
        assert (found["t"], found["code"]) == ("error", "bad_message")
        await socket.send(json.dumps({"t": "ready", "id": 1}))
        await socket.send(json.dumps({"t": "ping", "n": 1}))
        assert (await heard(socket))["t"] == "pong"
    assert [type(command).__name__ for _, command, _ in door.seats.commands] == ["GoReady"]


async def test_a_refusal_is_the_reply_to_its_request(door: Door) -> None:
    async with door.knock() as socket:
        await socket.send(hello(ticket()))
        await socket.send(json.dumps({"t": "ping", "n": 1}))
        await heard(socket)
        door.seats.refuse = "not now"
        await socket.send(json.dumps({"t": "ready", "id": 5}))
        assert await heard(socket) == {"t": "reply", "id": 5, "ok": False, "code": "refused", "why": "not now"}


async def test_a_refused_seat_is_turned_away(door: Door) -> None:
    door.seats.refuse = "the seat was withdrawn"
    async with door.knock() as socket:
        await socket.send(hello(ticket()))
        assert await turned_away(socket, 4401) == "the seat was withdrawn"
    assert door.seats.closed == []


async def test_a_flood_of_messages_closes_the_socket(door: Door) -> None:
    async with door.knock() as socket:
        await socket.send(hello(ticket()))
        last = asyncio.create_task(last_message(socket))
        with contextlib.suppress(ConnectionClosed):
            for number in range(400):
                await socket.send(json.dumps({"t": "ping", "n": number}))
        assert (await asyncio.wait_for(last, 10))["code"] == "too_fast"
        assert socket.close_code == 1008
    assert door.seats.commands == []


async def test_a_message_over_the_limit_closes_the_socket(door: Door) -> None:
    async with door.knock() as socket:
        await socket.send(hello(ticket()))
        await socket.send(json.dumps({"t": "sdp", "sdp": "x" * (line.MAX_MESSAGE + 1)}))
        await asyncio.wait_for(socket.wait_closed(), 10)
        assert socket.close_code == 1009


async def test_the_last_word_of_a_page_that_closes_at_once_is_heard(door: Door) -> None:
    async with door.knock() as socket:
        await socket.send(hello(ticket()))
        await socket.send(json.dumps({"t": "ping", "n": 1}))
        await heard(socket)
        socket.protocol.send_text(json.dumps({"t": "ready", "id": 2}).encode())
        socket.protocol.send_close(1001)
        socket.transport.write(b"".join(socket.protocol.data_to_send()))
        await asyncio.wait_for(door.seats.moved.wait(), 10)
    assert [request for _, _, request in door.seats.commands] == [2]


async def test_an_expired_ticket_warns_once_and_a_new_one_renews(door: Door) -> None:
    async with door.knock() as socket:
        await socket.send(hello(ticket(age=1, lifetime=2)))
        await socket.send(json.dumps({"t": "ping", "n": 1}))
        await heard(socket)
        [page] = door.server._pages.values()
        page.expires -= 10
        door.server.check_tickets()
        door.server.check_tickets()
        assert (await heard(socket))["code"] == "ticket_expired"
        await socket.send(json.dumps({"t": "ready"}))
        await socket.send(json.dumps({"t": "ticket", "ticket": ticket(), "id": 2}))
        assert await heard(socket) == {"t": "reply", "id": 2, "ok": True}
        await socket.send(json.dumps({"t": "ticket", "ticket": "nonsense", "id": 3}))
        assert (await heard(socket))["code"] == "ticket_refused"
    assert len(door.seats.commands) == 1
    assert len(door.seats.renewed) == 1


async def test_going_down_says_goodbye(door: Door, tmp_path: Path) -> None:
    async with door.knock() as socket:
        await socket.send(hello(ticket()))
        await socket.send(json.dumps({"t": "ping", "n": 1}))
        await heard(socket)
        stopping = asyncio.create_task(door.server.stop())
        await turned_away(socket, 4500)
        await stopping


async def test_without_a_list_only_pages_of_this_machine_come_in() -> None:
    seats = RecordingSeats()
    server = LineServer(seats, SystemClock(), KEY)
    [port] = await server.start()
    door = Door(server, seats, port)
    async with door.knock(origin="http://localhost:8000") as socket:
        await socket.send(hello(ticket()))
        await socket.send(json.dumps({"t": "ping", "n": 1}))
        assert (await heard(socket))["t"] == "pong"
    async with door.knock(origin="http://192.0.2.7:8000") as socket:
        await turned_away(socket, 4403)
    await server.stop()
