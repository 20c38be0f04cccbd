# SPDX-License-Identifier: AGPL-3.0-or-later
"""What lines and legs have in common: one outgoing stream, and whatever feeds it at the moment."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from typing import Protocol

from permanence.engine.mediaplane.player import Player
from permanence.telephony.media.dtmf import DtmfReceiver, event_payloads
from permanence.telephony.media.g711 import SILENT_FRAME
from permanence.telephony.media.jitter import JitterBuffer
from permanence.telephony.media.rtp import PCMA, OutgoingStream

_JUMP_PACKETS = 3000
_JUMP_TIME = 80000  # timestamp units, 10 s
_PAUSE_STEPS = 5  # 100 ms between two key presses
_IDLE_S = 1.9  # looked at every second: goes out every two
_SILENCE = SILENT_FRAME[:1]


class Ear(Protocol):
    """Something that takes down what a party says: a recording."""

    def put(self, timestamp: int, payload: bytes, now: float) -> None:
        """One packet of A-law."""


class Table(Protocol):
    """Something that brings parties together: a mixer."""

    def remove(self, party: "Party") -> None:
        """The party leaves."""


class Party(ABC):
    """One side of a conversation. It hears, in this order: keys being sent, its player, its mixer, its peer.

    Everything a party hears goes through `out`, so it is one stream whoever speaks. Moments are monotonic seconds.
    """

    def __init__(self, name: str, seed: bytes, buffer_frames: int) -> None:
        self.name = name
        self.out = OutgoingStream(seed)
        self.peer: Party | None = None
        self.player: Player | None = None
        self.mixer: Table | None = None
        self.recording: Ear | None = None
        self.buffer = JitterBuffer(buffer_frames)
        self.muted = False
        self.payload_type = PCMA
        self.dtmf_payload_type: int | None = None
        self.octets = 0
        self._buffer_frames = buffer_frames
        self._keys: deque[str] = deque()
        self._key: Iterator[bytes] | None = None
        self._key_first = False
        self._pause = 0
        self._received_keys = DtmfReceiver()
        self._feed = object()
        self._feed_ssrc: int | None = None
        self._feed_sequence = 0
        self._feed_timestamp = 0

    @abstractmethod
    def can_hear(self) -> bool:
        """Whether a packet would go anywhere at all."""

    @property
    def sends_keys(self) -> bool:
        """Whether keys wait or are being sent."""
        return self._key is not None or bool(self._keys)

    @abstractmethod
    def emit(self, packet: bytes) -> None:
        """Send one RTP packet of `out`."""

    def key_heard(self, timestamp: int, payload: bytes) -> str | None:
        """The digit a telephone-event packet brings, once a key press."""
        return self._received_keys.packet(timestamp, payload)

    def said(self, sequence: int, timestamp: int, ssrc: int, payload: bytes, now: float) -> None:
        """Audio came from this party (A-law): to its recording, its mixer or its peer."""
        if (
            ssrc != self._feed_ssrc
            or _JUMP_PACKETS < (sequence - self._feed_sequence) & 0xFFFF < 0x10000 - _JUMP_PACKETS
            or _JUMP_TIME < (timestamp - self._feed_timestamp) & 0xFFFFFFFF < 0x100000000 - _JUMP_TIME
        ):
            self._new_feed(ssrc)
        self._feed_sequence, self._feed_timestamp = sequence, timestamp
        if self.recording is not None:
            self.recording.put(timestamp, payload, now)
        if self.muted:
            payload = _SILENCE * len(payload)
        if self.mixer is not None:
            self.buffer.push(sequence, payload)
        elif self.peer is not None:
            self.peer.hear(self._feed, sequence, timestamp, payload, now)

    def hear(self, feed: object, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        """Audio of the peer, unless a prompt or a key is being sent to this party."""
        if self.player is None and self._key is None and self.can_hear():
            self.octets += len(payload)
            self.emit(self.out.relay(feed, sequence, timestamp, payload, self.payload_type, now))

    def hear_frame(self, feed: object, payload: bytes, now: float) -> None:
        """20 ms of the player, of the mixer or of silence."""
        if self._key is None and self.can_hear():
            self.octets += len(payload)
            self.emit(self.out.frame(feed, payload, self.payload_type, now))

    def send_keys(self, digits: str) -> None:
        """Queue keys to be sent, after those that wait already; nothing where events were not negotiated."""
        if self.dtmf_payload_type is not None and len(self._keys) < 256:
            self._keys.extend(digits)

    def step(self, now: float) -> str | None:
        """20 ms went by: the next packet of a key or of the player. Gives the player's tag when it came to its end."""
        if self._keys or self._key is not None:
            self._key_step(now)
        player = self.player
        if player is None:
            return None
        frame = player.next()
        if frame is None:
            self.player = None
            return player.tag
        self.hear_frame(player, frame, now)
        return None

    def keep_alive(self, now: float) -> None:
        """A frame of silence where nothing went out for 2 s: keeps NAT bindings and the carrier's media timer alive."""
        if self.out.last is None or now - self.out.last >= _IDLE_S:
            self.hear_frame(None, SILENT_FRAME, now)

    def leave(self) -> None:
        """Hear nothing: out of the plug (both sides), out of the mix, nothing played."""
        if self.peer is not None:
            self.peer.peer = None
            self.peer = None
        if self.mixer is not None:
            self.mixer.remove(self)
        self.player = None

    def new_buffer(self) -> JitterBuffer:
        """An empty jitter buffer, for a new mix."""
        self.buffer = JitterBuffer(self._buffer_frames)
        return self.buffer

    def _new_feed(self, ssrc: int) -> None:
        """The numbering of this party starts again: whoever hears it must not see the jump."""
        self._feed = object()
        self._feed_ssrc = ssrc

    def _key_step(self, now: float) -> None:
        if self._key is None:
            if self._pause > 0:
                self._pause -= 1
                return
            self._key = event_payloads(self._keys.popleft())
            self._key_first = True
        payload = next(self._key, None)
        if payload is None or self.dtmf_payload_type is None:
            self._key = None
            self._pause = _PAUSE_STEPS
            return
        if self.can_hear():
            self.emit(self.out.event(payload, self.dtmf_payload_type, first=self._key_first, now=now))
        self._key_first = False
