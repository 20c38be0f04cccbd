# SPDX-License-Identifier: AGPL-3.0-or-later
"""RTP: reading, and the one stream that every feeder is numbered into."""

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.telephony.media.rtp import OutgoingStream, is_rtcp, parse_rtp

SEED = bytes(range(10))


def packet(first: int = 0x80, payload: bytes = b"x" * 160, head: bytes = b"") -> bytes:
    return struct.pack("!BBHII", first, 8, 7, 9, 11) + head + payload


def fields(data: bytes) -> tuple[int, int, int, int, bool]:
    """(SSRC, sequence, timestamp, payload type, marker)."""
    _, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", data)
    return ssrc, sequence, timestamp, second & 0x7F, second > 127


def test_plain_packet() -> None:
    assert parse_rtp(packet()) == (8, 7, 9, 11, b"x" * 160)


def test_csrcs_extension_and_padding_are_stepped_over() -> None:
    head = b"cccc" * 2 + b"\xbe\xde\x00\x01" + b"eeee"
    assert parse_rtp(packet(0xB2, b"audio\0\0\x03", head)) == (8, 7, 9, 11, b"audio")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        packet()[:11],
        packet(0x40),  # version 1
        packet(0x8F, b"short"),  # fifteen CSRCs that are not there
        packet(0x90, b"ab"),  # an extension without its header
        packet(0x90, b"\0\0\xff\xff"),  # an extension longer than the packet
        packet(0xA0, b"abc\xff"),  # more padding than packet
        packet(0xA0, b"abc\x00"),  # padding of nothing
    ],
)
def test_what_is_no_rtp(data: bytes) -> None:
    assert parse_rtp(data) is None


def test_rtcp_is_told_apart() -> None:
    assert is_rtcp(b"\x80\xc8")
    assert not is_rtcp(b"\x80\x88")  # PCMA with the marker
    assert not is_rtcp(b"\x80")


@given(
    st.lists(
        st.tuples(st.sampled_from("abcf"), st.integers(0, 65535), st.integers(0, 2**32 - 1), st.floats(0.02, 3)),
        min_size=2,
        max_size=30,
    )
)
def test_whoever_speaks_it_is_one_stream(turns: list[tuple[str, int, int, float]]) -> None:
    """Each turn: a feeder begins (anywhere in its own numbering) and says three packets."""
    stream, now, sent = OutgoingStream(SEED), 0.0, []
    for feeder, sequence, timestamp, pause in turns:
        source = object()
        now += pause
        for step in range(3):
            at = now + step * 0.02
            if feeder == "f":
                sent.append((stream.frame(source, b"", 8, at), at))
            else:
                number, moment = (sequence + step) & 0xFFFF, (timestamp + 160 * step) & 0xFFFFFFFF
                sent.append((stream.relay(source, number, moment, b"", 8, at), at))
        now += 0.04
    for (before, was), (after, at) in itertools.pairwise(sent):
        old, new = fields(before), fields(after)
        assert new[0] == old[0]
        assert new[1] == (old[1] + 1) & 0xFFFF
        step = (new[2] - old[2]) & 0xFFFFFFFF
        assert step % 160 == 0
        assert step == pytest.approx(max(160, (at - was) * 8000), abs=161)
    assert [fields(data)[4] for data, _ in sent] == [True, False, False] * len(turns)


def test_a_late_packet_keeps_its_number_and_the_stream_goes_on() -> None:
    stream, source = OutgoingStream(SEED), object()
    numbers = [fields(stream.relay(source, number, number * 160, b"", 8, 0.0))[1] for number in (1, 3, 2, 4)]
    assert [number - numbers[0] for number in numbers] == [0, 2, 1, 3]
    assert fields(stream.frame(object(), b"", 8, 0.1))[1] == numbers[3] + 1


def test_the_packets_of_a_key_share_their_timestamp() -> None:
    stream = OutgoingStream(SEED)
    before = fields(stream.frame(stream, b"", 8, 0.0))
    events = [fields(stream.event(b"", 101, first=at == 0, now=0.02 * (at + 1))) for at in range(3)]
    assert {one[2] for one in events} == {before[2] + 160}
    assert [one[1] - before[1] for one in events] == [1, 2, 3]
    assert [one[4] for one in events] == [True, False, False]
