# SPDX-License-Identifier: AGPL-3.0-or-later
"""Symmetric RTP (RFC 4961): from whom a leg hears and where it sends, so that a caller behind a NAT is heard and a
stranger who finds the port cannot take the conversation over.

A source has a rank by what the signalling, which is authenticated, said of it:

3. exactly the address and port of the SDP;
2. the host of the SDP, or the host the signalling came from, with another port (NAT, asymmetric port);
1. anyone, but only when the SDP names a private address and nobody told where the signalling came from;
0. anyone else: never heard, at any moment, however silent the caller is.

The first source of the best rank is locked. A source of higher rank takes over at once (the caller himself, after a
stranger was quicker); one of equal or lower rank only as the continuation of the same stream: same SSRC, sequence
number just ahead, and the locked source silent for 2 s (a NAT that gave a new port). A new address in the SDP starts
again. We send to the locked source, and to the SDP's address until there is one.
"""

import ipaddress

Address = tuple[str, int]
_SILENT_S = 2.0
_AHEAD = 3000  # packets, 60 s: how far the continuing stream may be


class Latch:
    """The state of one leg. Moments are monotonic seconds."""

    __slots__ = ("_expected", "_heard", "_private", "_rank", "_sequence", "_signalled", "_ssrc", "source")

    def __init__(self) -> None:
        self.source: Address | None = None
        self._expected: Address | None = None
        self._signalled: str | None = None
        self._private = False
        self._rank = 0
        self._ssrc = 0
        self._sequence = 0
        self._heard = 0.0

    @property
    def target(self) -> Address | None:
        """Where to send."""
        return self.source or self._expected

    def point(self, expected: Address | None, signalled_host: str | None) -> None:
        """The SDP's address (None: not known, or nothing to be sent there) and the signalling's host.

        A description that changes nothing leaves the lock alone.
        """
        if (expected, signalled_host) == (self._expected, self._signalled):
            return
        self._expected, self._signalled = expected, signalled_host
        self._private = expected is not None and ipaddress.ip_address(expected[0]).is_private
        self.source, self._rank = None, 0

    def accept(self, source: Address, ssrc: int, sequence: int, now: float) -> bool:
        """Whether a packet of `source` is the caller's."""
        if source != self.source and not self._takes_over(source, ssrc, sequence, now):
            return False
        self._ssrc, self._sequence, self._heard = ssrc, sequence, now
        return True

    def _takes_over(self, source: Address, ssrc: int, sequence: int, now: float) -> bool:
        rank = self._rank_of(source)
        if rank == 0:
            return False
        if self.source is not None and rank <= self._rank:
            continues = ssrc == self._ssrc and 0 < (sequence - self._sequence) & 0xFFFF <= _AHEAD
            if not continues or now - self._heard < _SILENT_S:
                return False
        self.source, self._rank = source, rank
        return True

    def _rank_of(self, source: Address) -> int:
        if source == self._expected:
            return 3
        if source[0] == self._signalled or (self._expected is not None and source[0] == self._expected[0]):
            return 2
        return 1 if self._private and self._signalled is None else 0
