# SPDX-License-Identifier: AGPL-3.0-or-later
"""Far ends for the tests and the bench: a browser's line (real ICE, DTLS, SRTP) and a caller's RTP, over loopback."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from OpenSSL import SSL
from pylibsrtp import Error as SrtpError
from pylibsrtp import Session

from permanence.engine.mediaplane.dtls import DtlsIdentity, datagrams, peer_fingerprint, srtp_sessions
from permanence.kernel.system import SystemEntropy
from permanence.telephony.media import stun
from permanence.telephony.media.g711 import ALAW_TO_LINEAR, nearest_codes
from permanence.telephony.media.rtp import HEADER, is_rtcp, parse_rtp
from permanence.telephony.media.sdp import parse_sdp

DEADLINE_S = 10.0
_ENCODE = np.frombuffer(nearest_codes(ALAW_TO_LINEAR, range(-32768, 32768)), np.uint8)
_DECODE = np.array(ALAW_TO_LINEAR, np.float64)
_ENTROPY = SystemEntropy()


def tone(frequency: float, seconds: float = 1.0, amplitude: float = 8000) -> bytes:
    """A-law of a sine; a whole number of periods a second loops without a seam."""
    time = np.arange(int(seconds * 8000)) / 8000
    linear = np.round(amplitude * np.sin(2 * np.pi * frequency * time)).astype(np.int32)
    return _ENCODE[linear + 32768].tobytes()


def frequencies(audio: bytes, floor: float = 0.2) -> set[int]:
    """The frequencies (to 50 Hz) that make up A-law audio, those weaker than `floor` times the strongest left out."""
    linear = _DECODE[np.frombuffer(audio, np.uint8)]
    spectrum = np.abs(np.fft.rfft(linear * np.hanning(len(linear))))
    if len(linear) == 0 or np.sqrt(np.mean(linear**2)) < 200:
        return set()
    peaks = np.flatnonzero(spectrum > floor * spectrum.max())
    return {int(round(peak * 8000 / len(linear) / 50) * 50) for peak in peaks}


@dataclass
class Packet:
    """One RTP packet that was heard."""

    kind: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    moment: float


@dataclass
class Ear:
    """What one end heard; `until` waits for it to hear something."""

    packets: list[Packet] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, data: bytes, moment: float) -> None:
        packet = parse_rtp(data)
        if packet is not None:
            self.packets.append(Packet(*packet, moment))
            self.changed.set()

    def audio(self, frames: int) -> bytes:
        """The last `frames` packets' audio."""
        return b"".join(packet.payload for packet in self.packets[-frames:] if packet.kind in (0, 8))

    async def until(self, done: Callable[[], bool], seconds: float = DEADLINE_S) -> None:
        """Return when `done()`, asked again after every packet, is true. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not done():
                self.changed.clear()
                await self.changed.wait()

    async def until_tone(self, *wanted: int, frames: int = 10) -> None:
        """Return when the last `frames` packets, all of them heard from now on, are exactly these tones."""
        start = len(self.packets)
        await self.until(lambda: len(self.packets) >= start + frames and frequencies(self.audio(frames)) == set(wanted))


class Mouth:
    """Sends audio every 20 ms, for ever, or nothing: `frames` may be changed at any moment."""

    def __init__(self, send: Callable[[bytes], None], *, kind: int = 8) -> None:
        seed = _ENTROPY.token(10)
        self.ssrc = int.from_bytes(seed[:4], "big")
        self.sequence = int.from_bytes(seed[4:6], "big")
        self.timestamp = int.from_bytes(seed[6:], "big")
        self.kind = kind
        self.audio = b"\xd5" * 160
        self._send = send
        self._at = 0
        self._task: asyncio.Task[None] | None = None

    def say(self, audio: bytes) -> None:
        """Say this from now on, again and again."""
        self.audio, self._at = audio, 0
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def hush(self) -> None:
        """Stop sending packets."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def packet(self, payload: bytes, *, kind: int | None = None, advance: int = 160, marker: bool = False) -> bytes:
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + advance) & 0xFFFFFFFF
        number = self.kind if kind is None else kind
        return HEADER.pack(0x80, number | (0x80 if marker else 0), self.sequence, self.timestamp, self.ssrc) + payload

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        moment = loop.time()
        while True:
            end = self._at + 160
            payload = self.audio[self._at : end]
            self._at = 0 if end >= len(self.audio) else end
            self._send(self.packet(payload))
            moment += 0.02
            await asyncio.sleep(max(0.0, moment - loop.time()))


class RtpCaller(asyncio.DatagramProtocol):
    """A caller's RTP on a port of its own; `to` is the leg's address."""

    def __init__(self, to: tuple[str, int], kind: int = 8) -> None:
        self.to = to
        self.ear = Ear()
        self.mouth = Mouth(self.send, kind=kind)
        self.transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def make(cls, to: tuple[str, int], *, kind: int = 8, host: str = "127.0.0.1") -> "RtpCaller":
        _, caller = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(to, kind), local_addr=(host, 0)
        )
        return caller

    @property
    def address(self) -> tuple[str, int]:
        assert self.transport is not None
        host, port = self.transport.get_extra_info("sockname")[:2]
        return str(host), int(port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.ear.heard(data, asyncio.get_running_loop().time())

    def send(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.sendto(data, self.to)

    def close(self) -> None:
        self.mouth.hush()
        if self.transport is not None:
            self.transport.close()


class BrowserLine(asyncio.DatagramProtocol):
    """A browser's side of a line: `offer()`, `accept(answer)`, `await connected()`."""

    def __init__(self, identity: DtlsIdentity | None = None) -> None:
        self.identity = identity or DtlsIdentity(datetime.now(UTC))
        self.fingerprint = self.identity.fingerprint
        self.ear = Ear()
        self.reports: list[bytes] = []
        self.mouth = Mouth(self.send_rtp)
        self.ufrag, self.password = _ENTROPY.token(4).hex(), _ENTROPY.token(12).hex()
        self.up = asyncio.Event()
        self.checked = asyncio.Event()
        self.mapped: tuple[str, int] | None = None
        self.error = ""
        self.transport: asyncio.DatagramTransport | None = None
        self.drop_dtls = 0
        self._dtls = self.identity.connection(server=False)
        self._remote: tuple[str, int] | None = None
        self._remote_fingerprint = ""
        self._username = b""
        self._key = b""
        self._transaction = b""
        self._consent: asyncio.Task[None] | None = None
        self._receive: Session | None = None
        self._send: Session | None = None
        self._tcp: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    def offer(self) -> str:
        """An offer in the shape of Chromium's."""
        return "\r\n".join([
            "v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
            "a=msid-semantic: WMS", "m=audio 9 UDP/TLS/RTP/SAVPF 111 8 126", "c=IN IP4 0.0.0.0",
            f"a=ice-ufrag:{self.ufrag}", f"a=ice-pwd:{self.password}", "a=ice-options:trickle",
            f"a=fingerprint:sha-256 {self.fingerprint}", "a=setup:actpass", "a=mid:0", "a=sendrecv", "a=rtcp-mux",
            "a=rtpmap:111 opus/48000/2", "a=rtpmap:8 PCMA/8000", "a=rtpmap:126 telephone-event/8000",
            f"a=ssrc:{self.mouth.ssrc} cname:test", "",
        ])  # fmt: skip

    def new_credentials(self) -> None:
        """For an ICE restart."""
        self.ufrag, self.password = _ENTROPY.token(4).hex(), _ENTROPY.token(12).hex()

    async def accept(self, answer: str, *, tcp: bool = False) -> None:
        """Take the answer's first UDP (or TCP) candidate and begin checks, handshake and audio."""
        description = parse_sdp(answer)
        media = description.media[0]
        wanted = " tcp " if tcp else " udp "
        words = next(value.split() for name, value in media.attributes if name == "candidate" and wanted in value)
        self._remote = (words[4], int(words[5]))
        self._username = f"{media.attribute('ice-ufrag')}:{self.ufrag}".encode()
        self._key = (media.attribute("ice-pwd") or "").encode()
        self._remote_fingerprint = (media.attribute("fingerprint") or "").split()[1]
        if tcp:
            await self._connect_tcp()
        elif self.transport is None:
            await self.rebind()
        if self._consent is None:
            self._consent = asyncio.create_task(self._checks())

    async def _connect_tcp(self) -> None:
        assert self._remote is not None
        reader, self._tcp = await asyncio.open_connection(*self._remote)
        remote = self._remote

        async def read() -> None:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                self.datagram_received(await reader.readexactly(size), remote)

        self._reading = asyncio.create_task(read())

    async def rebind(self) -> None:
        """Send from a new local port from now on, as after a change of network."""
        assert self._remote is not None
        family_host = "::1" if ":" in self._remote[0] else "127.0.0.1"
        old, self.transport = self.transport, None
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(family_host, 0))
        if old is not None:
            old.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self.transport = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

    async def connected(self) -> None:
        """Wait for SRTP. Raises TimeoutError."""
        async with asyncio.timeout(DEADLINE_S):
            await self.up.wait()

    def send_rtp(self, packet: bytes) -> None:
        if self._send is not None:
            self._to_wire(self._send.protect(packet))

    def hang_up(self) -> None:
        """Close as a page does: close_notify, then nothing any more."""
        if self.up.is_set():
            self._dtls.shutdown()
            self._flush()
        self.vanish()

    def vanish(self) -> None:
        """Say nothing any more."""
        self.mouth.hush()
        if self._consent is not None:
            self._consent.cancel()
            self._consent = None
        if self._reading is not None and self._tcp is not None:
            self._reading.cancel()
            self._tcp.close()
            self._reading = None
        if self.transport is not None:
            self.transport.close()
            self.transport = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data[0] < 4:
            message = stun.parse_stun(data)
            if message is not None and message.transaction == self._transaction:
                self._check_answered(message)
        elif data[0] < 64:
            if self.drop_dtls > 0:
                self.drop_dtls -= 1
                return
            self._dtls.bio_write(data)
            self._handshake()
        elif self._receive is not None:
            try:
                if is_rtcp(data):
                    self.reports.append(self._receive.unprotect_rtcp(data))
                    self.ear.changed.set()
                else:
                    self.ear.heard(self._receive.unprotect(data), asyncio.get_running_loop().time())
            except SrtpError:
                return

    async def _checks(self) -> None:
        """A connectivity check at once, every 50 ms until the first answer, then every 2 s (consent)."""
        while True:
            self._transaction = _ENTROPY.token(12)
            attributes = [
                (stun.USERNAME, self._username),
                (stun.PRIORITY, (1853817087).to_bytes(4, "big")),
                (stun.ICE_CONTROLLING, bytes(8)),
                (stun.USE_CANDIDATE, b""),
            ]
            self._to_wire(stun.build_stun(stun.BINDING_REQUEST, self._transaction, attributes, self._key))
            if self.checked.is_set() and not self.up.is_set() and self._dtls.DTLSv1_handle_timeout():
                self._flush()
            await asyncio.sleep(2.0 if self.up.is_set() else 0.05)

    def check_now(self) -> None:
        """Begin the checks again, as after a change of network or credentials."""
        self.checked.clear()
        if self._consent is not None:
            self._consent.cancel()
        self._consent = asyncio.create_task(self._checks())

    def _check_answered(self, message: stun.StunMessage) -> None:
        if message.kind != stun.BINDING_SUCCESS or not stun.integrity_holds(message, self._key):
            return
        self.mapped = stun.read_xor_address(message.attributes[stun.XOR_MAPPED_ADDRESS], message.transaction)
        first = not self.checked.is_set()
        self.checked.set()
        if first and not self.up.is_set():
            self._handshake()

    def _handshake(self) -> None:
        if self.up.is_set():
            with contextlib.suppress(SSL.Error):
                self._dtls.recv(2048)
            return
        try:
            self._dtls.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return
        except SSL.Error as error:
            self.error = repr(error)
            return
        self._flush()
        assert peer_fingerprint(self._dtls) == self._remote_fingerprint
        self._receive, self._send = srtp_sessions(self._dtls, server=False)
        self.up.set()

    def _flush(self) -> None:
        for datagram in datagrams(self._dtls):
            self._to_wire(datagram)

    def throw(self, data: bytes) -> None:
        """Send anything, unprotected."""
        self._to_wire(data)

    def _to_wire(self, data: bytes) -> None:
        if self._tcp is not None:
            self._tcp.write(len(data).to_bytes(2, "big") + data)
        elif self.transport is not None and self._remote is not None:
            self.transport.sendto(data, self._remote)
