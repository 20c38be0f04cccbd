# SPDX-License-Identifier: AGPL-3.0-or-later
"""RTP (RFC 3550): reading packets and writing one continuous stream whoever speaks in it."""

import struct

from permanence.telephony.media.g711 import FRAME_SAMPLES, SAMPLES_PER_SECOND

HEADER = struct.Struct("!BBHII")
RtpPacket = tuple[int, int, int, int, bytes]
"""(payload type, sequence number, timestamp, SSRC, payload)."""
PCMA, PCMU = 8, 0
_MARKER = 0x80
_PAUSE_S = 1.0  # after a longer pause of the same source the numbering goes on without the jump


def parse_rtp(data: bytes) -> RtpPacket | None:
    """Read one packet: CSRCs, header extension and padding are stepped over. None on anything that is not RTP v2."""
    size = len(data)
    if size < 12:
        return None
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first == 0x80:
        return second & 0x7F, sequence, timestamp, ssrc, data[12:]
    if first >> 6 != 2:
        return None
    start = 12 + 4 * (first & 0x0F)
    if first & 0x10:
        if start + 4 > size:
            return None
        start += 4 + 4 * (data[start + 2] << 8 | data[start + 3])
    end = size - data[-1] if first & 0x20 else size
    if start > end or (first & 0x20 and data[-1] == 0):
        return None
    return second & 0x7F, sequence, timestamp, ssrc, data[start:end]


def is_rtcp(data: bytes) -> bool:
    """Whether a packet on a multiplexed port is RTCP (RFC 5761 section 4)."""
    return len(data) > 1 and 192 <= data[1] <= 223


class OutgoingStream:
    """One outgoing RTP stream: one SSRC, sequence numbers without a gap, timestamps that follow real time.

    A browser stays silent on an SSRC that comes back and a jump is heard, so whoever feeds the stream (another party,
    a prompt, the mixer) is re-numbered into it. A `source` is any object that stays the same while one numbering of
    the feeder goes on. Moments are monotonic seconds.
    """

    __slots__ = ("_marker", "_sequence_offset", "_timestamp_offset", "last", "packets", "sequence", "source", "ssrc",
                 "timestamp")  # fmt: skip

    def __init__(self, seed: bytes) -> None:
        """`seed`: 10 unpredictable bytes (RFC 3550 section 5.1)."""
        self.ssrc = int.from_bytes(seed[:4], "big")
        self.sequence = int.from_bytes(seed[4:6], "big") & 0x7FFF
        self.timestamp = int.from_bytes(seed[6:10], "big")
        self.source: object = None
        self.last: float | None = None
        self.packets = 0
        self._marker = 0
        self._sequence_offset = 0
        self._timestamp_offset = 0

    def relay(  # noqa: PLR0917 - 100 times a second and call: positional arguments are the cheapest
        self, source: object, sequence: int, timestamp: int, payload: bytes, kind: int, now: float
    ) -> bytes:
        """A packet of another stream, re-numbered into this one; gaps and order of that stream are kept."""
        if source is not self.source or self.last is None or now - self.last > _PAUSE_S:
            self._take_over(source, now)
            self._sequence_offset = self.sequence + 1 - sequence
            self._timestamp_offset = self.timestamp - timestamp
        sequence = (sequence + self._sequence_offset) & 0xFFFF
        timestamp = (timestamp + self._timestamp_offset) & 0xFFFFFFFF
        if (sequence - self.sequence) & 0xFFFF < 0x8000:  # a late packet does not take the stream back
            self.sequence, self.timestamp, self.last = sequence, timestamp, now
        marker, self._marker = self._marker, 0
        self.packets += 1
        return HEADER.pack(0x80, marker | kind, sequence, timestamp, self.ssrc) + payload

    def frame(self, source: object, payload: bytes, kind: int, now: float) -> bytes:
        """20 ms of audio that has no numbering of its own (a prompt, the mixer)."""
        if source is self.source and self.last is not None and now - self.last <= _PAUSE_S:
            self.timestamp = (self.timestamp + FRAME_SAMPLES) & 0xFFFFFFFF
        else:
            self._take_over(source, now)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.last = now
        marker, self._marker = self._marker, 0
        self.packets += 1
        return HEADER.pack(0x80, marker | kind, self.sequence, self.timestamp, self.ssrc) + payload

    def event(self, payload: bytes, kind: int, *, first: bool, now: float) -> bytes:
        """One packet of an RFC 4733 event: the timestamp stays that of its first packet."""
        if first:
            self._take_over(None, now)
        self._marker = 0
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.packets += 1
        return HEADER.pack(0x80, (_MARKER if first else 0) | kind, self.sequence, self.timestamp, self.ssrc) + payload

    def _take_over(self, source: object, now: float) -> None:
        """Move the timestamp by the time that went by since the last packet, in whole frames, at least one."""
        elapsed = 0 if self.last is None else int((now - self.last) * SAMPLES_PER_SECOND) + FRAME_SAMPLES // 2
        gap = max(FRAME_SAMPLES, elapsed // FRAME_SAMPLES * FRAME_SAMPLES)
        self.timestamp = (self.timestamp + gap) & 0xFFFFFFFF
        self.source = source
        self.last = now
        self._marker = _MARKER
