# SPDX-License-Identifier: AGPL-3.0-or-later
"""What plays to a party: prompts, one after the other, 20 ms at a time."""

from permanence.telephony.media.g711 import ALAW_SILENCE, FRAME_SAMPLES

Frames = tuple[bytes, ...]
"""A prompt cut in frames of 20 ms of A-law."""


def frames_of(audio: bytes) -> Frames:
    """Cut A-law audio in frames; the last one is filled with silence."""
    whole = audio + bytes([ALAW_SILENCE]) * (-len(audio) % FRAME_SAMPLES)
    return tuple(whole[at : at + FRAME_SAMPLES] for at in range(0, len(whole), FRAME_SAMPLES))


class Player:
    """Plays `frames` once, or for ever with `loop`. `holding`: started by media itself because a line was lost."""

    __slots__ = ("_at", "_frames", "_loop", "holding", "tag")

    def __init__(self, frames: Frames, *, loop: bool, tag: str = "", holding: bool = False) -> None:
        self._frames = frames
        self._loop = loop
        self._at = 0
        self.tag = tag
        self.holding = holding

    def next(self) -> bytes | None:
        """The next 20 ms, None after the last."""
        if self._at == len(self._frames):
            if not self._loop or not self._frames:
                return None
            self._at = 0
        frame = self._frames[self._at]
        self._at += 1
        return frame
