# SPDX-License-Identifier: AGPL-3.0-or-later
"""The RTP ports of the callers' legs: even ones of the configured range, the longest unused first."""

from collections import deque

QUARANTINE_S = 5.0  # late packets of the call before must not reach the next one
_FAULTY_S = 600.0


class PortPool:
    """Hands out the ports of a range. RTCP has the odd port above each (RFC 3550 section 11)."""

    def __init__(self, first: int, last: int) -> None:
        """Even ports from `first` to `last` included. Raises ValueError for an empty range."""
        even = range(first + first % 2, last, 2)
        if not 0 < first <= last < 65536 or not even:
            raise ValueError("not a range of RTP ports")
        self._free: deque[tuple[int, float]] = deque((port, float("-inf")) for port in even)
        self._used: set[int] = set()

    @property
    def used(self) -> int:
        """How many are in use."""
        return len(self._used)

    def take(self, now: float) -> int | None:
        """A port nobody uses; None when there is none (the call gets 503)."""
        for _ in range(len(self._free)):
            port, free_from = self._free.popleft()
            if free_from <= now:
                self._used.add(port)
                return port
            self._free.append((port, free_from))
        return None

    def claim(self, port: int) -> None:
        """Marks `port` as used by a call taken over."""
        self._free = deque(entry for entry in self._free if entry[0] != port)
        self._used.add(port)

    def give_back(self, port: int, now: float, *, faulty: bool = False) -> None:
        """The call is over, or (`faulty`) the port is somebody else's."""
        if port in self._used:
            self._used.discard(port)
            self._free.append((port, now + (_FAULTY_S if faulty else QUARANTINE_S)))
