# SPDX-License-Identifier: AGPL-3.0-or-later
"""Far ends for the tests and the bench: a browser's line (real ICE, DTLS, SRTP) and a caller's RTP, over loopback."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from permanence.engine.mediaplane.dtls import DtlsIdentity
from permanence.kernel.system import SystemEntropy
from permanence.project.secretary.browser_end import CHECK_S, CODECS, CONSENT_S, BrowserEnd, read_far
from permanence.telephony.media.g711 import ALAW_TO_LINEAR, nearest_codes
from permanence.telephony.media.rtp import HEADER, is_rtcp, parse_rtp

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
    """A browser's side of a line: `offer()`, `accept(answer)`, `await connected()`. The protocol is the product's."""

    def __init__(self, identity: DtlsIdentity | None = None) -> None:
        self.identity = identity or DtlsIdentity(datetime.now(UTC))
        self.end = BrowserEnd(self.identity, _ENTROPY, self.throw, changed=self._changed)
        self.ear = Ear()
        self.reports: list[bytes] = []
        self.mouth = Mouth(self.end.send_rtp)
        self.up = asyncio.Event()
        self.transport: asyncio.DatagramTransport | None = None
        self.drop_dtls = 0
        self._remote: tuple[str, int] | None = None
        self._consent: asyncio.Task[None] | None = None
        self._tcp: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def mapped(self) -> tuple[str, int] | None:
        return self.end.mapped

    def offer(self) -> str:
        """An offer with the codecs of a Chromium that was not told which to take."""
        return self.end.describe(ssrc=self.mouth.ssrc, codecs={"111": "opus/48000/2", **CODECS})

    async def accept(self, answer: str, *, tcp: bool = False) -> None:
        """Take the answer's first UDP (or TCP) candidate and begin checks, handshake and audio."""
        far = read_far(answer, transport="tcp" if tcp else "udp")
        self._remote = far.address
        self.end.accept(far)
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

    def hang_up(self) -> None:
        """Close as a page does: close_notify, then nothing any more."""
        self.end.close()
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
        if 20 <= data[0] < 64 and self.drop_dtls > 0:
            self.drop_dtls -= 1
            return
        packet = self.end.receive(data)
        if packet is not None and is_rtcp(packet):
            self.reports.append(packet)
            self.ear.changed.set()
        elif packet is not None:
            self.ear.heard(packet, asyncio.get_running_loop().time())

    def _changed(self) -> None:
        if self.end.is_up:
            self.up.set()

    async def _checks(self) -> None:
        while True:
            self.end.check()
            await asyncio.sleep(CONSENT_S if self.end.is_up else CHECK_S)

    def check_now(self) -> None:
        """Begin the checks again, as after a change of network or credentials."""
        self.end.check_anew()
        if self._consent is not None:
            self._consent.cancel()
        self._consent = asyncio.create_task(self._checks())

    def throw(self, data: bytes) -> None:
        """Send anything, unprotected."""
        if self._tcp is not None:
            self._tcp.write(len(data).to_bytes(2, "big") + data)
        elif self.transport is not None and self._remote is not None:
            self.transport.sendto(data, self._remote)
