# SPDX-License-Identifier: AGPL-3.0-or-later
"""The RTP ports of the callers' legs: even ones of the configured range, the longest unused first."""

from collections import deque

FAULTY_S = 600.0


class PortPool:
    """Hands out the ports of a range. RTCP has the odd port above each (RFC 3550 section 11)."""

    def __init__(self, first: int, last: int) -> None:
        """Even ports from `first` to `last` included. Raises ValueError for an empty range."""
        even = range(first + first % 2, last, 2)
        if not 0 < first <= last < 65536 or not even:
            raise ValueError("not a range of RTP ports")
        self._free: deque[int] = deque(even)
        self._faulty: dict[int, float] = {}
        self._used: set[int] = set()

    @property
    def used(self) -> int:
        """How many are in use."""
        return len(self._used)

    @property
    def has_room(self) -> bool:
        """Whether a port rests."""
        return bool(self._free)

    def take(self, now: float) -> int | None:
        """The port that has rested longest (late packets of its last call are over); None when all are used (503)."""
        for port, until in list(self._faulty.items()):
            if until <= now:
                del self._faulty[port]
                self._free.append(port)
        if not self._free:
            return None
        port = self._free.popleft()
        self._used.add(port)
        return port

    def claim(self, port: int) -> None:
        """Marks `port` as used by a call taken over."""
        self._free = deque(one for one in self._free if one != port)
        self._used.add(port)

    def give_back(self, port: int, now: float, *, faulty: bool = False) -> None:
        """The call is over, or (`faulty`) the port is somebody else's: it is left alone for `FAULTY_S`."""
        if port not in self._used:
            return
        self._used.discard(port)
        if faulty:
            self._faulty[port] = now + FAULTY_S
        else:
            self._free.append(port)
