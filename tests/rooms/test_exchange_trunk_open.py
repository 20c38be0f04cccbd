# SPDX-License-Identifier: AGPL-3.0-or-later
"""The way to a trunk that is known by its address is kept open through a NAT, between the signs of life it is asked."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from permanence.engine.exchange.options import read_options
from permanence.engine.exchange.trunk_edge import TrunkEdge
from permanence.engine.exchange.trunks import TrunkBook
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.reception.table import RoutingTable, TrunkEntry
from permanence.telephony.shells.dns import NameService
from permanence.telephony.shells.sip_runner import SipRunner
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.events import PingAnswered, SipEvent
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.framing import KEEP_ALIVE
from permanence.telephony.sip.message import parse_message
from permanence.telephony.sip.responses import write_response
from permanence.telephony.sip.settings import SipSettings
from tests.processes import free_port
from tests.stories import cast
from tests.stories.edges import MovableClock

SHORTEST_BINDING_S = 30.0
"""What the meanest NAT gives a UDP binding without traffic (RFC 4787 asks for 120)."""


def answer(options: bytes) -> bytes:
    """The 200 of a carrier that lives."""
    return write_response(parse_message(options), 200, "carrier")


class CountingEndpoint(SipEndpoint):
    """Knows how many signs of life it asked for."""

    asked = 0

    def ping(self, uri: str, flow: Flow, *, now: float) -> str:
        self.asked += 1
        return super().ping(uri, flow, now=now)


class Carrier:
    """A trunk that is known by its address: datagrams as they come; it answers OPTIONS."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.got.put_nowait(data)
        if data.startswith(b"OPTIONS "):
            self.transport.sendto(answer(data), addr)

    def error_received(self, _error: Exception) -> None: ...

    def connection_lost(self, _error: Exception | None) -> None:
        self.got.put_nowait(b"")


class Edge:
    """The edge of one exchange, on a clock that is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.clock = MovableClock(cast.MONDAY_MORNING)
        self.trunks = TrunkBook()
        self.endpoint = CountingEndpoint(SipSettings(), SystemEntropy(), self.trunks.trust)
        self.answers: asyncio.Queue[int] = asyncio.Queue()
        self.answered = 0
        self.runner = SipRunner(self.endpoint, self._event, self.clock.monotonic)
        names = NameService(SystemEntropy(), SystemClock().monotonic)
        self.edge = TrunkEdge(self.runner, self.trunks, folder, {}, names)

    def _event(self, event: SipEvent) -> None:
        if isinstance(event, PingAnswered):
            self.edge.ping_answered(event)
            self.answers.put_nowait(event.status)

    def trunk(self, **fields: object) -> None:
        entry = TrunkEntry(name="a", addresses=("127.0.0.1",), country="LU", **fields)  # type: ignore[arg-type]
        self.trunks.table_changed(RoutingTable().put(replace(cast.house(), trunks=(entry,))))

    async def looks(self, seconds: float) -> None:
        """Time goes by, looked at as the edge does it."""
        for _ in range(round(seconds / 5)):
            self.clock.move(5)
            await self.edge.look()
            while self.answered < self.endpoint.asked:
                async with asyncio.timeout(10):
                    assert await self.answers.get() == 200
                self.answered += 1


@pytest.fixture
async def carrier():
    transport, made = await asyncio.get_running_loop().create_datagram_endpoint(Carrier, local_addr=("127.0.0.1", 0))
    made.port = transport.get_extra_info("sockname")[1]
    yield made
    transport.close()


@pytest.fixture
async def edge(tmp_path: Path):
    (tmp_path / "keys").mkdir()
    made = Edge(tmp_path)
    folders = ["--data", str(tmp_path), "--run", str(tmp_path)]
    try:
        await made.edge.listen(read_options([*folders, "--engine", "e", "--sip-port", str(free_port())]))
        yield made
    finally:
        made.runner.close()
        await asyncio.sleep(0)


async def taken(carrier, count: int) -> list[bytes]:
    async with asyncio.timeout(10):
        return [await carrier.got.get() for _ in range(count)]


async def test_between_two_signs_of_life_the_way_of_an_address_is_kept_open(edge, carrier) -> None:
    edge.trunk(target=f"127.0.0.1:{carrier.port}", keep_alive_s=60)
    await edge.looks(5)
    assert (await taken(carrier, 1))[0].startswith(b"OPTIONS ")
    await edge.looks(25)
    assert await taken(carrier, 1) == [KEEP_ALIVE]
    await edge.looks(25)
    await edge.looks(10)
    kinds = [data[:4] for data in await taken(carrier, 2)]
    assert kinds == [b"\r\n\r\n", b"OPTI"]


async def test_a_way_that_is_asked_often_enough_needs_nothing_else(edge, carrier) -> None:
    edge.trunk(target=f"127.0.0.1:{carrier.port}", keep_alive_s=15)
    await edge.looks(60)
    assert {data[:8] for data in await taken(carrier, 4)} == {b"OPTIONS "}
    assert carrier.got.empty()


async def test_a_trunk_that_is_not_asked_for_a_sign_of_life_gets_nothing(edge, carrier) -> None:
    edge.trunk(target=f"127.0.0.1:{carrier.port}", keep_alive_s=0)
    await edge.looks(60)
    edge.trunk(target=f"127.0.0.1:{carrier.port}", keep_alive_s=60)
    await edge.looks(5)
    assert (await taken(carrier, 1))[0].startswith(b"OPTIONS ")
    edge.trunks.table_changed(RoutingTable())  # the trunk is no more
    await edge.looks(60)
    assert carrier.got.empty()


async def test_a_stream_is_kept_open_too_and_a_pong_is_not_taken_for_a_ping(edge) -> None:
    heard: asyncio.Queue[tuple[bytes, asyncio.StreamWriter]] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(answer(data) if data.startswith(b"OPTIONS ") else b"\r\n" if data == KEEP_ALIVE else b"")
            heard.put_nowait((data, writer))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    edge.trunk(target=f"127.0.0.1:{port}", transport="tcp", keep_alive_s=3000)
    await edge.looks(5)
    async with asyncio.timeout(10):
        assert (await heard.get())[0].startswith(b"OPTIONS ")
        for _ in range(4):
            await edge.looks(20)
            data, writer = await heard.get()
            assert data == KEEP_ALIVE
        writer.write(KEEP_ALIVE)  # and what it pings is answered, after whatever was sent before
        assert (await heard.get())[0] == b"\r\n"
    edge.runner.close()
    server.close()


@pytest.mark.parametrize("period", [1, 20, 25, 60, 300])
async def test_no_binding_is_left_to_die(edge, carrier, period: int) -> None:
    edge.trunk(target=f"127.0.0.1:{carrier.port}", keep_alive_s=period)
    silent = 0.0
    for _ in range(40):
        await edge.looks(5)
        silent += 5
        async with asyncio.timeout(10):
            while silent >= SHORTEST_BINDING_S or not carrier.got.empty():
                await carrier.got.get()
                silent = 0.0
    assert silent < SHORTEST_BINDING_S
