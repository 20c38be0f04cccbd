# SPDX-License-Identifier: AGPL-3.0-or-later
"""Counting of packets that carry the moment they were sent: what was lost, how late the others came.

The first 8 bytes of a payload are the sender's CLOCK_REALTIME nanoseconds; the receiver takes the kernel's stamp of
arrival (SO_TIMESTAMPNS), so that neither the generator's ticks nor its own lateness count as delay.
"""

import array
import socket
import struct
import time

STAMP = struct.Struct("!Q")
FILLER = bytes((at * 37) & 0xFF for at in range(160 - STAMP.size))
SO_TIMESTAMPNS = 35
_ANCILLARY = socket.CMSG_SPACE(16)
_TIMESPEC = struct.Struct("@qq")


def payload() -> bytes:
    """20 ms of A-law that says when it was sent."""
    return STAMP.pack(time.time_ns()) + FILLER


def stamped(made: socket.socket, receive_buffer: int = 1 << 20) -> socket.socket:
    """Prepares a socket: no blocking, room, the kernel's stamps."""
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    return made


def receive(made: socket.socket) -> tuple[bytes, int, tuple[str, int]]:
    """(datagram, nanoseconds of its arrival, sender). Raises BlockingIOError when there is none."""
    data, ancillary, _, address = made.recvmsg(2048, _ANCILLARY)
    for _, kind, value in ancillary:
        if kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(value)
            return data, seconds * 1_000_000_000 + nanoseconds, address
    return data, time.time_ns(), address


class Tap:
    """Counts one side's packets whose stamp lies in the window (nanoseconds, half-open)."""

    def __init__(self) -> None:
        self.since = self.until = 0
        self.sent = self.heard = 0
        self.delays_us = array.array("i")

    def open(self, since: int, until: int) -> None:
        """A new window; the counts begin again."""
        self.since, self.until = since, until
        self.sent = self.heard = 0
        self.delays_us = array.array("i")

    def said(self, content: bytes) -> None:
        """A packet goes out."""
        if self.since <= STAMP.unpack_from(content)[0] < self.until:
            self.sent += 1

    def hears(self, content: bytes, arrived: int) -> None:
        """A packet came in."""
        if len(content) < STAMP.size:
            return
        sent = STAMP.unpack_from(content)[0]
        if self.since <= sent < self.until:
            self.heard += 1
            self.delays_us.append((arrived - sent) // 1000)
