# SPDX-License-Identifier: AGPL-3.0-or-later
"""The G.711 tables: symmetric, and stable under coding again and again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.telephony.media.g711 import (
    ALAW_SILENCE,
    ALAW_TO_LINEAR,
    ALAW_TO_ULAW,
    ULAW_TO_ALAW,
    ULAW_TO_LINEAR,
    nearest_codes,
)


@pytest.mark.parametrize("table", [ALAW_TO_LINEAR, ULAW_TO_LINEAR])
def test_coding_what_was_decoded_changes_nothing(table: tuple[int, ...]) -> None:
    again = nearest_codes(table, table)
    assert tuple(table[code] for code in again) == table


def test_known_values() -> None:
    """ITU-T G.711 tables 1a and 2a: the ends of the scale and its middle."""
    assert (ALAW_TO_LINEAR[0xD5], ALAW_TO_LINEAR[0x55], ALAW_TO_LINEAR[0xAA], ALAW_TO_LINEAR[0x2A]) == (
        8,
        -8,
        32256,
        -32256,
    )
    assert (ULAW_TO_LINEAR[0xFF], ULAW_TO_LINEAR[0x7F], ULAW_TO_LINEAR[0x80], ULAW_TO_LINEAR[0x00]) == (
        0,
        0,
        32124,
        -32124,
    )
    assert ALAW_SILENCE == 0xD5


@pytest.mark.parametrize("table", [ALAW_TO_LINEAR, ULAW_TO_LINEAR])
def test_positive_and_negative_mirror_each_other(table: tuple[int, ...]) -> None:
    assert all(table[code] == -table[code ^ 0x80] for code in range(256))


@given(st.integers(-32768, 32767))
def test_the_nearest_code_is_taken(sample: int) -> None:
    (code,) = nearest_codes(ALAW_TO_LINEAR, (sample,))
    assert abs(ALAW_TO_LINEAR[code] - sample) == min(abs(value - sample) for value in ALAW_TO_LINEAR)


def test_transcoding_there_and_back_keeps_the_level() -> None:
    """A-law to mu-law and back (G.711 section 3.4): within one step of the coarser of the two scales."""
    for code in range(256):
        there_and_back = ULAW_TO_ALAW[ALAW_TO_ULAW[code]]
        value, again = ALAW_TO_LINEAR[code], ALAW_TO_LINEAR[there_and_back]
        assert abs(value - again) <= max(16, abs(value) // 16)
