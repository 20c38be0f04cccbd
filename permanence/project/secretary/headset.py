# SPDX-License-Identifier: AGPL-3.0-or-later
"""Her headset: one audio session to the house's media, in which frames of 20 ms go out whether she speaks or not."""

import asyncio
import itertools
from collections.abc import Callable, Iterator

from permanence.engine.mediaplane.dtls import DtlsIdentity
from permanence.kernel.clock import Entropy
from permanence.project.config import is_loopback
from permanence.project.phone.audio import next_beat
from permanence.project.phone.sound import Ear
from permanence.project.secretary.browser_end import CHECK_S, CONSENT_S, BrowserEnd, read_far
from permanence.telephony.media import g711, rtp


class Headset(asyncio.DatagramProtocol):
    """`offer` goes to the exchange, its answer to `accept`; `speak` and `hush` change what she says."""

    def __init__(self, identity: DtlsIdentity, entropy: Entropy, heard: Callable[[str], None]) -> None:
        """`heard` is called with the words of `phone.sound.Ear`."""
        self._end = BrowserEnd(identity, entropy, self._send)
        self._stream = rtp.OutgoingStream(entropy.token(10))
        self._ear = Ear()
        self._heard = heard
        self._frames = silence()
        self._transport: asyncio.DatagramTransport | None = None
        self._work: list[asyncio.Task[None]] = []

    @property
    def fault(self) -> str:
        """Why the line cannot come up; "" while nothing is known against it."""
        return self._end.fault

    def offer(self) -> str:
        """The SDP that the exchange is to answer."""
        return self._end.describe(ssrc=self._stream.ssrc)

    async def accept(self, sdp: str) -> None:
        """The answer: checks, handshake and audio begin. Raises NoCandidate where it names nothing on loopback."""
        far = read_far(sdp, usable=is_loopback)
        self._end.accept(far)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, remote_addr=far.address)
        self._work = [asyncio.create_task(self._check()), asyncio.create_task(self._beat())]

    def speak(self, frames: Iterator[bytes]) -> None:
        """What she says from now on."""
        self._frames = frames

    def hush(self) -> None:
        """She says nothing; her microphone stays open."""
        self._frames = silence()

    def close(self) -> None:
        """Ends the session as a page does that is closed."""
        for task in self._work:
            task.cancel()
        self._end.close()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket is there."""
        self._transport = transport if isinstance(transport, asyncio.DatagramTransport) else None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 - asyncio's signature
        """asyncio: one datagram of media."""
        plain = self._end.receive(data)
        packet = None if plain is None or rtp.is_rtcp(plain) else rtp.parse_rtp(plain)
        if packet is None or packet[0] != rtp.PCMA:
            return
        word = self._ear.hears(packet[4])
        if word is not None:
            self._heard(word)

    def error_received(self, exc: Exception) -> None:
        """asyncio: media is away for the moment; the exchange says when it is back."""

    async def _check(self) -> None:
        while True:
            self._end.check()
            await asyncio.sleep(CONSENT_S if self._end.is_up else CHECK_S)

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        beat = loop.time()
        while True:
            frames = self._frames
            self._end.send_rtp(self._stream.frame(frames, next(frames), rtp.PCMA, loop.time()))
            beat = await next_beat(beat)

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(data)


def silence() -> Iterator[bytes]:
    """20 ms of nothing at a time, for ever."""
    return itertools.repeat(g711.SILENT_FRAME)
