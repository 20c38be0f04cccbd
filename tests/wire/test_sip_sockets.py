# SPDX-License-Identifier: AGPL-3.0-or-later
"""The endpoint over real sockets of this machine: UDP, TCP and TLS, IPv4 and IPv6, and what must not hurt it."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from permanence.kernel.system import SystemEntropy
from permanence.telephony.shells.sip_runner import SipRunner
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.events import (
    AnswerReceived,
    DialFailed,
    InviteReceived,
    OfferAnswered,
    SessionConfirmed,
    SessionEnded,
)
from permanence.telephony.sip.flow import Flow, host_in_uri
from permanence.telephony.sip.settings import SipSettings
from tests.wire.answerer import Answerer
from tests.wire.carrier import Trunk, sdp

_FOUR_SIX_SIX = (socket.AF_INET, socket.AF_INET6, socket.AF_INET6)


@pytest.fixture
async def house() -> AsyncIterator[Answerer]:
    answerer = Answerer()
    yield answerer
    answerer.close()
    await asyncio.sleep(0)


@pytest.fixture
async def caller() -> AsyncIterator[Answerer]:
    answerer = Answerer()
    yield answerer
    answerer.close()
    await asyncio.sleep(0)


async def converse(caller: Answerer, house: Answerer, flow: Flow) -> None:
    """One call with a re-INVITE, ended by the caller."""
    host, port = flow.remote
    transport = "" if flow.transport == "udp" else f";transport={flow.transport}"
    target = f"sip:+35226000001@{host_in_uri(host)}:{port}{transport}"
    session = caller.endpoint.dial(target, flow, "sip:caller@127.0.0.1", sdp(4000), now=caller.runner.now())
    caller.runner.pump()
    await caller.until(AnswerReceived)
    await house.until(SessionConfirmed)
    caller.endpoint.offer(session, sdp(4000, 2, "a=sendonly\r\n"), now=caller.runner.now())
    caller.runner.pump()
    await caller.until(OfferAnswered)
    caller.endpoint.end(session, now=caller.runner.now())
    caller.runner.pump()
    ended = await house.until(SessionEnded)
    assert ended[0].by == "remote"
    assert house.took(InviteReceived)[0].trunk == "loopback"


def test_a_timer_rings_once_it_is_due_and_not_again_and_again_before() -> None:
    """On uvloop, on which the exchange runs: its timers count whole milliseconds."""

    class Counted(SipEndpoint):
        ticks = 0

        def tick(self, now: float) -> None:
            self.ticks += 1
            super().tick(now)

    async def run() -> int:
        done = asyncio.Event()
        endpoint = Counted(SipSettings(), SystemEntropy(), lambda _flow: None)
        runner = SipRunner(endpoint, lambda _event: None)
        for number in range(20):
            endpoint._stack.timers.at(runner.now() + 0.005 + number * 0.0073, done.set if number == 19 else int)
        runner.pump()
        await done.wait()
        runner.close()
        return endpoint.ticks

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        assert loop.run(run()) <= 20


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_call_over_udp(caller: Answerer, house: Answerer, host: str) -> None:
    ours = await house.runner.listen_udp(host=host)
    theirs = await caller.runner.listen_udp(host=host)
    await converse(caller, house, theirs.flow(ours.address))


@pytest.mark.parametrize(("wildcard", "seen"), [("0.0.0.0", "127.0.0.1"), ("::", "::1")])
async def test_socket_on_every_address_names_the_one_that_is_seen(
    caller: Answerer, house: Answerer, wildcard: str, seen: str
) -> None:
    ours = await house.runner.listen_udp(host=wildcard)
    theirs = await caller.runner.listen_udp(host=wildcard)
    flow = theirs.flow((seen, ours.address[1]))
    assert flow.local == (seen, theirs.address[1])
    await converse(caller, house, flow)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_call_over_tcp(caller: Answerer, house: Answerer, host: str) -> None:
    address = await house.runner.open_streams("tcp").listen(host=host)
    flow = await caller.runner.open_streams("tcp").connect(*address)
    await converse(caller, house, flow)


async def test_call_over_tls(caller: Answerer, house: Answerer, tmp_path: Path) -> None:
    server, client = contexts(tmp_path)
    address = await house.runner.open_streams("tls").listen(server_tls=server)
    flow = await caller.runner.open_streams("tls", client_tls=client).connect(*address)
    await converse(caller, house, flow)


async def test_tls_without_the_carriers_authority_is_refused(house: Answerer, caller: Answerer, tmp_path: Path) -> None:
    server, _ = contexts(tmp_path)
    address = await house.runner.open_streams("tls").listen(server_tls=server)
    streams = caller.runner.open_streams("tls", client_tls=ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        await streams.connect(*address)


async def test_tls_connection_that_was_lost_is_made_again_under_the_same_name(
    caller: Answerer, house: Answerer, tmp_path: Path
) -> None:
    server, client = contexts(tmp_path, host="carrier.example")
    address = await house.runner.open_streams("tls").listen(server_tls=server)
    streams = caller.runner.open_streams("tls", client_tls=client)
    flow = await streams.connect(*address, server_hostname="carrier.example")
    for connection in streams.connections():
        connection.close()
    async with asyncio.timeout(5):
        while streams.connections():
            await asyncio.sleep(0)  # the loop tells the transport that the connection is gone
    await converse(caller, house, flow)


async def test_inherited_socket_is_served(caller: Answerer, house: Answerer) -> None:
    inherited = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    inherited.bind(("127.0.0.1", 0))
    ours = await house.runner.listen_udp(fd=inherited.detach())
    theirs = await caller.runner.listen_udp()
    await converse(caller, house, theirs.flow(ours.address))


async def test_what_waits_for_a_socket_that_is_not_open_yet_is_not_lost(house: Answerer) -> None:
    first, second, carrier = (socket.socket(family, socket.SOCK_DGRAM) for family in _FOUR_SIX_SIX)
    for one, host in ((first, "127.0.0.1"), (second, "::1"), (carrier, "::1")):
        one.bind((host, 0))
    carrier.setblocking(False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as early:
        early.sendto(b"\r\n\r\n", first.getsockname())
    ours, theirs = second.getsockname()[:2], carrier.getsockname()[:2]
    target = f"sip:+35226000001@[::1]:{theirs[1]}"
    house.endpoint.dial(target, Flow("udp", ours, theirs), "sip:house@[::1]", sdp(4000), now=house.runner.now())
    with house.runner.opening():
        for one in (first, second):
            await house.runner.listen_udp(fd=one.detach())
    with carrier:
        assert carrier.recv(65536).startswith(b"INVITE ")


async def test_closed_port_fails_the_call_over_tcp(caller: Answerer) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    caller.runner.open_streams("tcp")
    flow = Flow("tcp", ("127.0.0.1", 1), ("127.0.0.1", port), 77)
    caller.endpoint.dial(f"sip:x@127.0.0.1:{port}", flow, "sip:c@127.0.0.1", sdp(), now=caller.runner.now())
    caller.runner.pump()
    assert [event.status for event in await caller.until(DialFailed)] == [503]


async def test_icmp_error_of_a_closed_port_does_not_stop_the_socket(caller: Answerer, house: Answerer) -> None:
    theirs = await caller.runner.listen_udp()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    theirs.send(b"into the void", theirs.flow(("127.0.0.1", closed)))
    theirs.send(b"impossible port", Flow("udp", theirs.address, ("127.0.0.1", 0)))
    ours = await house.runner.listen_udp()
    await converse(caller, house, theirs.flow(ours.address))


async def test_stream_answers_keep_alives_and_takes_messages_in_pieces(house: Answerer) -> None:
    address = await house.runner.open_streams("tcp").listen()
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"\r\n\r\n")
    assert await reader.readexactly(2) == b"\r\n"
    writer.write(b"\r\n\r\n\r\n\r\n")
    assert await reader.readexactly(4) == b"\r\n\r\n"  # each ping has its pong (RFC 5626 section 4.4.1)
    text = Trunk(transport="tcp").request("OPTIONS").encode()
    writer.write(text[:50])
    await writer.drain()
    writer.write(text[50:] + text[:10])
    assert (await reader.readline()).startswith(b"SIP/2.0 200")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("nonsense", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"x" * 70_000])
async def test_stream_that_is_no_sip_is_cut(house: Answerer, nonsense: bytes) -> None:
    address = await house.runner.open_streams("tcp").listen()
    reader, writer = await asyncio.open_connection(*address)
    writer.write(nonsense)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await reader.readexactly(1)
    writer.close()


async def test_stranger_is_not_let_in(house: Answerer) -> None:
    address = await house.runner.open_streams("tcp", admit=lambda _flow: False).listen()
    reader, writer = await asyncio.open_connection(*address)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await reader.readexactly(1)
    writer.close()


def contexts(folder: Path, *, host: str = "") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with its own certificate, and a client's that knows only that one."""
    loopback = ipaddress.ip_address("127.0.0.1")
    bears: x509.GeneralName = x509.DNSName(host) if host else x509.IPAddress(loopback)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "carrier.example")])
    begun = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(begun)
        .not_valid_after(begun + datetime.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([bears]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "both.pem").write_bytes(pem + secret)
    (folder / "authority.pem").write_bytes(pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "both.pem")
    return server, ssl.create_default_context(cafile=str(folder / "authority.pem"))
