# SPDX-License-Identifier: AGPL-3.0-or-later
"""RTCP (RFC 3550 section 6): what the far side reports of our stream, and our own sender reports."""

import struct
from dataclasses import dataclass

SENDER_REPORT, RECEIVER_REPORT, SDES, BYE = 200, 201, 202, 203
_NTP_1970 = 2208988800
_PACKETS_LIMIT = 64


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What the far side says of one stream it receives. `lost` since its last report, 0 to 1; `jitter` in seconds."""

    ssrc: int
    lost: float
    lost_total: int
    highest: int
    jitter: float


@dataclass(frozen=True, slots=True)
class Reports:
    """What one compound packet says. `ntp_middle`: of the last sender report (to be echoed as LSR), 0 without one."""

    blocks: tuple[ReportBlock, ...] = ()
    ntp_middle: int = 0
    goodbye: bool = False


def parse_rtcp(data: bytes) -> Reports | None:
    """Read a compound packet (RFC 3550 appendix A.2); unknown packet types are stepped over. None when malformed."""
    blocks: list[ReportBlock] = []
    ntp_middle, goodbye, at, count = 0, False, 0, 0
    while at < len(data):
        if at + 4 > len(data) or data[at] >> 6 != 2 or count == _PACKETS_LIMIT:
            return None
        end = at + 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
        kind = data[at + 1]
        if end > len(data):
            return None
        if kind == SENDER_REPORT and end - at >= 28:
            ntp_middle = int.from_bytes(data[at + 10 : at + 14], "big")
            blocks += _blocks(data[at + 28 : end], data[at] & 31)
        elif kind == RECEIVER_REPORT and end - at >= 8:
            blocks += _blocks(data[at + 8 : end], data[at] & 31)
        elif kind == BYE:
            goodbye = True
        at, count = end, count + 1
    return Reports(tuple(blocks), ntp_middle, goodbye) if count else None


def build_report(
    *, ssrc: int, unix_seconds: float, timestamp: int, packets: int, octets: int, blocks: tuple[bytes, ...], name: str
) -> bytes:
    """A sender report with its SDES CNAME, the least an RTCP packet may hold (RFC 3550 section 6.1).

    `timestamp`: of our stream at that moment; `blocks`: of `build_block`; `name`: the CNAME, ASCII.
    """
    seconds = unix_seconds + _NTP_1970
    body = struct.pack(
        "!IIIIII", ssrc, int(seconds) & 0xFFFFFFFF, int(seconds % 1 * (1 << 32)), timestamp, packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )  # fmt: skip
    body += b"".join(blocks)
    report = struct.pack("!BBH", 0x80 | len(blocks), SENDER_REPORT, len(body) // 4) + body
    item = bytes([1, len(name)]) + name.encode("ascii") + b"\0"
    chunk = struct.pack("!I", ssrc) + item + bytes(-len(item) % 4)
    return report + struct.pack("!BBH", 0x81, SDES, len(chunk) // 4) + chunk


def build_block(
    *, ssrc: int, lost: float, lost_total: int, highest: int, jitter: int, ntp_middle: int, delay: float
) -> bytes:
    """A report block on a stream we receive. `jitter` in timestamp units; `delay`: seconds since its sender report."""
    fraction = min(255, max(0, int(lost * 256)))
    total = max(-0x800000, min(0x7FFFFF, lost_total)) & 0xFFFFFF
    return struct.pack(
        "!IIIIII", ssrc, fraction << 24 | total, highest & 0xFFFFFFFF, jitter & 0xFFFFFFFF, ntp_middle,
        min(0xFFFFFFFF, int(delay * 65536)) if ntp_middle else 0,
    )  # fmt: skip


class ReceptionCount:
    """Counts what arrives of one stream for its report blocks (RFC 3550 appendix A.3)."""

    __slots__ = ("_cycles", "_expected_before", "_first", "_highest", "_received", "_received_before")

    def __init__(self, sequence: int) -> None:
        self._first = self._highest = sequence
        self._cycles = 0
        self._received = 0
        self._expected_before = self._received_before = 0

    def packet(self, sequence: int) -> None:
        """One packet arrived."""
        ahead = (sequence - self._highest) & 0xFFFF
        if ahead < 0x8000:
            if sequence < self._highest:
                self._cycles += 1 << 16
            self._highest = sequence
        self._received += 1

    def report(self) -> tuple[float, int, int]:
        """(lost since the last report 0 to 1, lost in all, extended highest sequence number)."""
        highest = self._cycles + self._highest
        expected = highest - self._first + 1
        expected_now = expected - self._expected_before
        received_now = self._received - self._received_before
        self._expected_before, self._received_before = expected, self._received
        lost = max(0.0, (expected_now - received_now) / expected_now) if expected_now > 0 else 0.0
        return lost, expected - self._received, highest


def _blocks(data: bytes, count: int) -> list[ReportBlock]:
    found: list[ReportBlock] = []
    for at in range(0, min(count * 24, len(data) - len(data) % 24), 24):
        ssrc, lost, highest, jitter = struct.unpack_from("!IIII", data, at)
        total = lost & 0xFFFFFF
        found.append(ReportBlock(ssrc, (lost >> 24) / 256, total - (total & 0x800000) * 2, highest, jitter / 8000))
    return found
