# SPDX-License-Identifier: AGPL-3.0-or-later
"""Telephone events (RFC 4733): one key press heard once, and the packets of a key press sent."""

import struct
from collections.abc import Iterator

from permanence.telephony.media.g711 import FRAME_SAMPLES

DIGITS = "0123456789*#ABCD"
_REORDER = 16000  # timestamp units (2 s): an older event within this is a late packet, not a new stream
_END_COPIES = 3  # RFC 4733 section 2.5.1.4: the last packet goes out three times
_VOLUME = 10  # -10 dBm0


class DtmfReceiver:
    """Recognises key presses: packets of one event share their timestamp (RFC 4733 section 2.5.1.3)."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: int | None = None

    def packet(self, timestamp: int, payload: bytes) -> str | None:
        """The digit at the first packet of its event, None on every other packet and on what is no digit."""
        if len(payload) < 4 or payload[0] >= len(DIGITS):
            return None
        if self._last is not None and (self._last - timestamp) & 0xFFFFFFFF < _REORDER:
            return None
        self._last = timestamp
        return DIGITS[payload[0]]


def event_payloads(digit: str, milliseconds: int = 120) -> Iterator[bytes]:
    """The payloads of one key press, one each 20 ms. Raises ValueError on what is no digit."""
    event = DIGITS.index(digit)
    steps = max(2, milliseconds // 20)
    for step in range(1, steps + _END_COPIES):
        end = step >= steps
        yield struct.pack("!BBH", event, (0x80 if end else 0) | _VOLUME, min(step, steps) * FRAME_SAMPLES)


def are_digits(digits: str) -> bool:
    """Whether every character is a digit of RFC 4733, at most 64 of them."""
    return 0 < len(digits) <= 64 and all(digit in DIGITS for digit in digits)
