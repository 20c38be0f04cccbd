# SPDX-License-Identifier: AGPL-3.0-or-later
"""The telephone's audio: one UDP socket, a frame of 20 ms out at each beat, what comes in recorded and judged."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping

from permanence.kernel.clock import Entropy
from permanence.project.phone.sound import Ear, Recorder
from permanence.telephony.media import dtmf, g711, rtp
from permanence.telephony.media.sdp_audio import Negotiated

FRAME_S = g711.FRAME_SAMPLES / g711.SAMPLES_PER_SECOND


class Audio(asyncio.DatagramProtocol):
    """The RTP side of one call. Plays `frames` from `speak` on; `heard` is called with the words of `Ear`."""

    def __init__(
        self,
        frames: Iterator[bytes],
        entropy: Entropy,
        heard: Callable[[str], None],
        known: Mapping[bytes, str] | None = None,
    ) -> None:
        self.recorder = Recorder()
        self._frames = frames
        self._stream = rtp.OutgoingStream(entropy.token(10))
        self._heard = heard
        self._ear = Ear(known or {})
        self._keys: deque[str] = deque()
        self._transport: asyncio.DatagramTransport | None = None
        self._agreed: Negotiated | None = None
        self._beat: asyncio.Task[None] | None = None
        self.received = 0
        self.sent = 0

    @property
    def port(self) -> int:
        """The local port, even or not."""
        if self._transport is None:
            raise RuntimeError("the audio is not open")
        return int(self._transport.get_extra_info("sockname")[1])

    async def open(self, host: str) -> None:
        """Binds a free port on `host`. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))

    def speak(self, agreed: Negotiated) -> None:
        """Sends to where the answer said from now on; called again after a new negotiation."""
        self._agreed = agreed
        if self._beat is None:
            self._beat = asyncio.create_task(self._speak())

    def press(self, digits: str) -> None:
        """Sends keys as telephone events (RFC 4733), after those that wait."""
        self._keys.extend(digits)

    def close(self) -> None:
        """Ends the beat and lets the port go."""
        if self._beat is not None:
            self._beat.cancel()
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 - asyncio's signature
        """One RTP packet from the house."""
        packet = rtp.parse_rtp(data)
        if packet is None or rtp.is_rtcp(data):
            return
        kind, _, timestamp, source, payload = packet
        if kind == rtp.PCMU:
            payload = payload.translate(g711.ULAW_TO_ALAW)
        elif kind != rtp.PCMA:
            return
        self.received += 1
        self.recorder.hear(source, timestamp, payload)
        word = self._ear.hears(payload)
        if word is not None:
            self._heard(word)

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        beat = loop.time()
        while True:
            if self._keys and self._agreed is not None and self._agreed.dtmf_payload_type is not None:
                for number, payload in enumerate(dtmf.event_payloads(self._keys.popleft())):
                    packet = self._stream.event(
                        payload, self._agreed.dtmf_payload_type, first=number == 0, now=loop.time()
                    )
                    self._send(packet)
                    beat = await next_beat(beat)
            frame = next(self._frames)
            if self._agreed is not None and self._agreed.payload_type == rtp.PCMU:
                frame = frame.translate(g711.ALAW_TO_ULAW)
            kind = rtp.PCMA if self._agreed is None else self._agreed.payload_type
            self._send(self._stream.frame(self._frames, frame, kind, loop.time()))
            beat = await next_beat(beat)

    def _send(self, packet: bytes) -> None:
        agreed = self._agreed
        if self._transport is None or agreed is None or agreed.held:
            return
        if agreed.remote_host is not None and agreed.remote_port is not None:
            self._transport.sendto(packet, (agreed.remote_host, agreed.remote_port))
            self.sent += 1


async def next_beat(beat: float) -> float:
    """Waits for the next beat; after a stall the beat starts again instead of hurrying behind."""
    loop = asyncio.get_running_loop()
    due = beat + FRAME_S
    if loop.time() - due > 10 * FRAME_S:
        due = loop.time()
    await asyncio.sleep(max(0.0, due - loop.time()))
    return due
