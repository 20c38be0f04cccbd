# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mixer: any topology (conference, listening, whispering) is a matrix of gains."""

import numpy as np

from permanence.engine.mediaplane.party import Party
from permanence.telephony.media.g711 import ALAW_TO_LINEAR, FRAME_SAMPLES, nearest_codes

_DECODE = np.array(ALAW_TO_LINEAR, np.float32)
_ENCODE = np.frombuffer(nearest_codes(ALAW_TO_LINEAR, range(-32768, 32768)), np.uint8)


class Mixer:
    """Every 20 ms: what party i hears is the sum of `matrix[i][j]` times what party j says."""

    def __init__(self, name: str, parties: list[Party], matrix: tuple[tuple[float, ...], ...]) -> None:
        self.name = name
        self._matrix = np.array(matrix, np.float32)
        self._parties: list[Party | None] = list(parties)
        self._said = np.zeros((len(parties), FRAME_SAMPLES), np.float32)
        for party in parties:
            party.new_buffer()
            party.mixer = self

    def step(self, now: float) -> None:
        """Mix 20 ms and send it to the parties nothing is played to."""
        said = self._said
        for at, party in enumerate(self._parties):
            frame = None if party is None else party.buffer.pop()
            said[at] = 0 if frame is None else _DECODE[np.frombuffer(frame, np.uint8)]
        sums = np.clip(self._matrix @ said, -32768, 32767).astype(np.int32) + 32768
        heard = _ENCODE[sums]
        for at, party in enumerate(self._parties):
            if party is not None and party.player is None:
                party.hear_frame(self, heard[at].tobytes(), now)

    def remove(self, party: Party) -> None:
        """The party leaves; the others go on."""
        self._parties = [None if one is party else one for one in self._parties]
        party.mixer = None

    def close(self) -> None:
        """Everybody leaves."""
        for party in self._parties:
            if party is not None:
                party.mixer = None
        self._parties = [None] * len(self._parties)

    @property
    def empty(self) -> bool:
        """Whether nobody is left."""
        return all(party is None for party in self._parties)
