# SPDX-License-Identifier: AGPL-3.0-or-later
"""One house on IPv4 and IPv6 at once: the supervisor's sockets, the real exchange and media, a carrier on each side."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from permanence.project.config import Configuration, PortRange
from permanence.project.supervisor import plan, sockets
from permanence.reception.table import TrunkEntry
from tests.processes import free_port
from tests.stories import cast
from tests.wire.echo_carrier import EchoCarrier
from tests.wire.line_house import RealHouse, start
from tests.wire.test_trunks_real import dial, of

BOTH = ("127.0.0.1", "::1")


class BothHouse(RealHouse):
    """Its processes are started as the supervisor starts them, with the sockets that it would hand down."""

    async def start_both(self) -> sockets.Sockets:
        first, _, last = self.rtp.partition("-")
        wanted = Configuration(
            self.folder, self.folder, sip_hosts=BOTH, media_hosts=BOTH, media_rtp=PortRange(int(first), int(last))
        )
        ports = {name: free_port() for name in ("web_port", "line_port", "sip_port", "sip_tls_port", "media_port")}
        taken = sockets.take_ports(wanted.changed(**ports))
        made = {one.name: one for one in plan.programs(taken.configuration, taken.fds())}
        for name in ("media", "exchange"):
            _, module, *arguments = made[name].arguments
            process = await start(module, arguments, made[name].fds, dict(os.environ))
            setattr(self, name, process)
        self.sip_port = taken.configuration.sip_port
        return taken


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[BothHouse]:
    running = BothHouse(tmp_path)
    taken = None
    try:
        taken = await running.start_both()
        yield running
    finally:
        await running.close()
        if taken is not None:
            taken.close()


async def test_a_carrier_of_each_family_is_called_from_its_own_address(house: BothHouse) -> None:
    carriers = {host: await EchoCarrier(host=host).start() for host in BOTH}
    trunks = tuple(
        TrunkEntry(name=name, addresses=(host,), country="LU", target=f"{shown}:{carriers[host].port}")
        for name, host, shown in (("four", "127.0.0.1", "127.0.0.1"), ("six", "::1", "[::1]"))
    )
    await house.publish(replace(cast.house(), trunks=trunks), cast.weber())
    for name, host, shown in (("four", "127.0.0.1", "127.0.0.1"), ("six", "::1", "[::1]")):
        events = await dial(house, trunk=name, record=True)
        assert of(events, "DialAnswered")["media_host"] == host
        assert of(events, "DialEnded")["heard"]
        [invite] = carriers[host].took("INVITE")
        assert f"{shown}:{house.sip_port}" in (invite.get("Contact") or "")
    for carrier in carriers.values():
        await carrier.close()


@pytest.mark.parametrize("host", BOTH)
async def test_calls_are_heard_over_udp_and_tcp_of_each_family(house: BothHouse, host: str) -> None:
    trunk = TrunkEntry(name="both", addresses=BOTH, country="LU")
    await house.publish(replace(cast.house(), trunks=(trunk,)), cast.weber())
    shown = f"[{host}]" if ":" in host else host
    reader, writer = await asyncio.open_connection(host, house.sip_port)
    port = writer.get_extra_info("sockname")[1]
    writer.write(options(shown, house.sip_port, port, "TCP"))
    async with asyncio.timeout(10):
        assert (await reader.readline()).startswith(b"SIP/2.0 200")
    writer.close()
    with contextlib.closing(
        socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    ) as phone:
        phone.setblocking(False)
        phone.bind((host, 0))
        phone.connect((host, house.sip_port))
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(phone, options(shown, house.sip_port, phone.getsockname()[1], "UDP"))
        async with asyncio.timeout(10):
            assert (await loop.sock_recv(phone, 4096)).startswith(b"SIP/2.0 200")


def options(host: str, to: int, port: int, transport: str) -> bytes:
    """An OPTIONS from `host:port`."""
    lines = (
        f"OPTIONS sip:{host}:{to} SIP/2.0",
        f"Via: SIP/2.0/{transport} {host}:{port};branch=z9hG4bK{transport}{port}",
        "Max-Forwards: 70",
        f"From: <sip:carrier@{host}>;tag=1",
        f"To: <sip:{host}:{to}>",
        f"Call-ID: {transport}-{port}",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
        "",
        "",
    )
    return "\r\n".join(lines).encode()
