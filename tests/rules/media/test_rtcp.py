# SPDX-License-Identifier: AGPL-3.0-or-later
"""RTCP: our reports are read back, and loss is counted as RFC 3550 says."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from permanence.telephony.media.rtcp import ReceptionCount, Reports, build_block, build_report, parse_rtcp


def test_our_own_report_is_read_back() -> None:
    block = build_block(ssrc=77, lost=0.25, lost_total=-3, highest=70000, jitter=80, ntp_middle=5, delay=1.5)
    data = build_report(ssrc=5, unix_seconds=0.5, timestamp=1, packets=2, octets=3, blocks=(block,), name="permanence")
    reports = parse_rtcp(data)
    assert reports is not None
    (one,) = reports.blocks
    assert (one.ssrc, one.lost, one.lost_total, one.highest, one.jitter) == (77, 0.25, -3, 70000, 0.01)
    seconds, fraction = struct.unpack_from("!II", data, 8)
    assert (seconds, fraction) == (2208988800, 1 << 31)
    assert reports.ntp_middle == (2208988800 & 0xFFFF) << 16 | 1 << 15
    assert len(data) % 4 == 0


def test_receiver_report_and_goodbye() -> None:
    report = struct.pack("!BBHI", 0x81, 201, 7, 1) + bytes(24)
    goodbye = struct.pack("!BBHI", 0x81, 203, 1, 1)
    reports = parse_rtcp(report + goodbye)
    assert reports is not None
    assert (len(reports.blocks), reports.goodbye) == (1, True)


def test_what_is_no_rtcp() -> None:
    assert parse_rtcp(b"") is None
    assert parse_rtcp(b"\x80\xc8\x00") is None
    assert parse_rtcp(b"\x80\xc8\x00\x40" + bytes(20)) is None  # longer than the packet
    assert parse_rtcp(b"\x00\xc8\x00\x00") is None  # version 0
    assert parse_rtcp(b"\x9f\xc9\x00\x01" + bytes(4)) == Reports()  # 31 blocks promised, none there


@given(st.integers(0, 65535), st.lists(st.booleans(), min_size=1, max_size=300))
def test_loss_is_what_did_not_arrive(first: int, arrives: list[bool]) -> None:
    arrives[0] = arrives[-1] = True
    count = ReceptionCount(first)
    for at, one in enumerate(arrives):
        if one:
            count.packet((first + at) & 0xFFFF)
    lost, total, highest = count.report()
    assert total == arrives.count(False)
    assert lost == arrives.count(False) / len(arrives)
    assert highest == first + len(arrives) - 1
    assert count.report()[0] == 0.0  # nothing since
