# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small jitter buffer, used before the mixer and only there: a two-party conversation is switched undelayed."""

from permanence.telephony.media.g711 import FRAME_SAMPLES, SILENT_FRAME

_FORGET = 50  # packets (1 s): a jump by more starts again
_DEEP = 25  # frames (0.5 s) above the target before one is dropped


class JitterBuffer:
    """Frames of 20 ms in order. `target`: frames held back, 20 ms each."""

    __slots__ = ("_deep", "_frames", "_last", "_next", "_rest", "_sequence", "_target", "late", "missed")

    def __init__(self, target: int = 2) -> None:
        self._target = target
        self._frames: dict[int, bytes] = {}
        self._next: int | None = None
        self._last = SILENT_FRAME
        self._deep = 0
        self._rest = b""
        self._sequence = 0
        self.late = 0
        self.missed = 0

    def push(self, sequence: int, payload: bytes) -> None:
        """One packet. Other sizes than 20 ms are cut and joined into frames, in the order of their arrival."""
        if len(payload) == FRAME_SAMPLES and not self._rest:
            self._put(sequence, payload)
            self._sequence = sequence
            return
        self._rest += payload
        while len(self._rest) >= FRAME_SAMPLES:
            self._sequence = (self._sequence + 1) & 0xFFFF
            self._put(self._sequence, self._rest[:FRAME_SAMPLES])
            self._rest = self._rest[FRAME_SAMPLES:]

    def pop(self) -> bytes | None:
        """The next 20 ms, the last frame again once for a missing one, None while there is nothing to hear."""
        frames = self._frames
        if self._next is None:
            if len(frames) < self._target:
                return None
            self._next = _oldest(frames)
        if not frames:
            self._next = None
            return None
        if len(frames) > self._target + 3:
            self._deep += 1
            if self._deep > _DEEP:
                self._deep = 0
                frames.pop(self._next, None)
                self._next = (self._next + 1) & 0xFFFF
        else:
            self._deep = 0
        frame = frames.pop(self._next, None)
        self._next = (self._next + 1) & 0xFFFF
        if frame is None:
            self.missed += 1
            frame, self._last = self._last, SILENT_FRAME
            return frame
        self._last = frame
        return frame

    def _put(self, sequence: int, frame: bytes) -> None:
        if self._next is not None:
            ahead = (sequence - self._next) & 0xFFFF
            if ahead >= 0x10000 - _FORGET:
                self.late += 1
                return
            if ahead > _FORGET:
                self._frames.clear()
                self._next = None
        elif len(self._frames) >= _FORGET:
            self._frames.clear()
        self._frames[sequence] = frame


def _oldest(frames: dict[int, bytes]) -> int:
    """The first sequence number in circular order."""
    anchor = next(iter(frames))
    return min(frames, key=lambda sequence: (sequence - anchor + 0x8000) & 0xFFFF)
