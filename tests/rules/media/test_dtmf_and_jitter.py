# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys (RFC 4733) and the mixer's jitter buffer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.telephony.media.dtmf import DIGITS, DtmfReceiver, are_digits, event_payloads
from permanence.telephony.media.g711 import SILENT_FRAME
from permanence.telephony.media.jitter import JitterBuffer


@given(st.lists(st.tuples(st.sampled_from(DIGITS), st.integers(40, 400)), max_size=20), st.integers(0, 2**32 - 1))
def test_every_key_is_heard_once(keys: list[tuple[str, int]], start: int) -> None:
    receiver, heard = DtmfReceiver(), []
    for at, (digit, milliseconds) in enumerate(keys):
        timestamp = (start + at * 4000) & 0xFFFFFFFF
        heard += [receiver.packet(timestamp, payload) for payload in event_payloads(digit, milliseconds)]
    assert "".join(filter(None, heard)) == "".join(digit for digit, _ in keys)


def test_the_packets_of_a_key() -> None:
    payloads = list(event_payloads("#", 60))
    assert [payload.hex() for payload in payloads] == ["0b0a00a0", "0b0a0140", "0b8a01e0", "0b8a01e0", "0b8a01e0"]


def test_late_packets_of_an_older_key_are_not_heard_again() -> None:
    receiver = DtmfReceiver()
    one, two = next(event_payloads("1")), next(event_payloads("2"))
    assert receiver.packet(1000, one) == "1"
    assert receiver.packet(3000, two) == "2"
    assert receiver.packet(1000, one) is None


def test_what_is_no_key() -> None:
    receiver = DtmfReceiver()
    assert receiver.packet(1, b"\x10\0\0\0") is None  # flash
    assert receiver.packet(1, b"\x01") is None
    with pytest.raises(ValueError, match="substring"):
        next(event_payloads("x"))
    assert are_digits("0123456789*#ABCD")
    assert not are_digits("")
    assert not are_digits("1" * 65)
    assert not are_digits("12x")


def frame(number: int) -> bytes:
    return bytes([number]) * 160


def test_frames_come_out_in_order_whatever_the_order_of_arrival() -> None:
    buffer = JitterBuffer(target=2)
    assert buffer.pop() is None
    for number in (65534, 0, 65535, 1):
        buffer.push(number, frame(number & 7))
    assert [buffer.pop() for _ in range(4)] == [frame(6), frame(7), frame(0), frame(1)]
    assert buffer.pop() is None


def test_a_missing_frame_is_bridged_once_then_silence() -> None:
    buffer = JitterBuffer(target=2)
    for number in (1, 2, 5):
        buffer.push(number, frame(number))
    assert [buffer.pop() for _ in range(5)] == [frame(1), frame(2), frame(2), SILENT_FRAME, frame(5)]
    assert buffer.missed == 2


def test_a_late_frame_is_left_out() -> None:
    buffer = JitterBuffer(target=2)
    buffer.push(1, frame(1))
    buffer.push(2, frame(2))
    assert buffer.pop() == frame(1)
    buffer.push(1, frame(9))
    assert buffer.late == 1
    assert buffer.pop() == frame(2)


def test_a_clock_that_runs_fast_does_not_add_delay_for_ever() -> None:
    buffer, number = JitterBuffer(target=2), 0
    for _ in range(500):
        for _ in range(2):  # twice real time
            buffer.push(number & 0xFFFF, frame(number & 0xFF))
            number += 1
        buffer.pop()
    rest = sum(buffer.pop() is not None for _ in range(500))
    assert rest <= 60


def test_other_packet_sizes_are_cut_into_frames() -> None:
    buffer = JitterBuffer(target=2)
    audio = b"".join(frame(number) for number in range(6))
    for at in range(0, len(audio), 240):
        buffer.push(at // 240, audio[at : at + 240])
    assert b"".join(filter(None, (buffer.pop() for _ in range(6)))) == audio
