# SPDX-License-Identifier: AGPL-3.0-or-later
"""ITU-T G.711: A-law and mu-law tables. Linear samples are 16-bit signed; one code is one byte."""

from bisect import bisect_left


def _alaw_value(code: int) -> int:
    """ITU-T G.711 table 1a, on a 16-bit scale."""
    bits = code ^ 0x55
    exponent, mantissa = (bits >> 4) & 7, bits & 15
    size = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return size if bits & 0x80 else -size


def _ulaw_value(code: int) -> int:
    """ITU-T G.711 table 2a, on a 16-bit scale."""
    bits = code ^ 0xFF
    size = ((((bits & 15) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84
    return -size if bits & 0x80 else size


ALAW_TO_LINEAR: tuple[int, ...] = tuple(_alaw_value(code) for code in range(256))
ULAW_TO_LINEAR: tuple[int, ...] = tuple(_ulaw_value(code) for code in range(256))


def nearest_codes(values: tuple[int, ...], samples: range | tuple[int, ...]) -> bytes:
    """For every linear sample the code whose value is nearest; the positive zero where two values are equal."""
    ordered = sorted({value: code for code, value in enumerate(values)}.items())
    sizes = [value for value, _ in ordered]
    codes = bytearray()
    for sample in samples:
        at = bisect_left(sizes, sample)
        if at == len(sizes) or (at > 0 and sample - sizes[at - 1] < sizes[at] - sample):
            at -= 1
        codes.append(ordered[at][1])
    return bytes(codes)


ULAW_TO_ALAW: bytes = nearest_codes(ALAW_TO_LINEAR, ULAW_TO_LINEAR)
"""A table for `bytes.translate`: transcodes without decoding."""
ALAW_TO_ULAW: bytes = nearest_codes(ULAW_TO_LINEAR, ALAW_TO_LINEAR)
"""A table for `bytes.translate`: transcodes without decoding."""
ALAW_SILENCE = 0xD5
SAMPLES_PER_SECOND = 8000
FRAME_SAMPLES = 160
"""Samples, and bytes, of 20 ms."""
SILENT_FRAME = bytes([ALAW_SILENCE]) * FRAME_SAMPLES
