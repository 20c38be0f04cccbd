# SPDX-License-Identifier: AGPL-3.0-or-later
"""Token buckets per source, in bounded memory: a flood from one address must not be answered, nor remembered at length.

Theory: a source owns at most `burst` tokens and regains `per_second` of them each second; each permission costs one.
Only the `capacity` sources seen last are remembered; one forgotten starts again with a full bucket, so an attacker who
changes his address for every packet gains one bucket per address and costs no memory.
"""

import ipaddress
from collections import OrderedDict


class Throttle:
    """Says how often one source may be served."""

    def __init__(self, per_second: float, burst: int, capacity: int = 10_000) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._capacity = capacity
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, source: str, now: float) -> bool:
        """Takes a token of `source` at `now` (monotonic seconds); False when it has none left."""
        tokens, since = self._buckets.pop(source, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._per_second)
        allowed = tokens >= 1.0
        self._buckets[source] = (tokens - 1.0 if allowed else tokens, now)
        if len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        return allowed

    def __len__(self) -> int:
        return len(self._buckets)


class RefusedSources:
    """Counts what strangers sent, and says when it is worth telling: at most once a minute and source, and at most
    `most` times a minute in all, since sources can be forged."""

    def __init__(self, interval: float = 60.0, capacity: int = 10_000, most: int = 30) -> None:
        self._told = Throttle(most / interval, most)
        self._interval = interval
        self._capacity = capacity
        self._seen: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def count(self, source: str, now: float) -> int:
        """Counts one message; returns the count to announce, 0 when it is too early to announce again."""
        count, told_at = self._seen.pop(source, (0, now - self._interval))
        count += 1
        due = now - told_at >= self._interval and self._told.allow("", now)
        self._seen[source] = (0, now) if due else (count, told_at)
        if len(self._seen) > self._capacity:
            self._seen.popitem(last=False)
        return count if due else 0


def source_of(host: str) -> str:
    """What counts as one source: the IPv4 address, or the /64 network of an IPv6 address."""
    if ":" not in host:
        return host
    try:
        address = ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
