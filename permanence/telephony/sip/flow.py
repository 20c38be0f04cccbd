# SPDX-License-Identifier: AGPL-3.0-or-later
"""A flow: the pair of addresses over which SIP messages travel (the word is of RFC 5626, section 3)."""

from dataclasses import dataclass
from typing import Any, Self

Address = tuple[str, int]
"""(host, port); the host is a literal IPv4 or IPv6 address, without brackets."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Where a message came from, and where its answer goes.

    `transport` is `udp`, `tcp` or `tls`. `stream` tells two connections between the same addresses apart; 0 for UDP.
    """

    transport: str
    local: Address
    remote: Address
    stream: int = 0

    @property
    def reliable(self) -> bool:
        """True when the transport itself retransmits (RFC 3261 section 17: timers A, E, G are not used)."""
        return self.transport != "udp"

    def to_plain(self) -> list[Any]:
        """The flow as JSON values, for the journal."""
        return [self.transport, list(self.local), list(self.remote), self.stream]

    @classmethod
    def from_plain(cls, data: list[Any]) -> Self:
        """The inverse of `to_plain`. Raises ValueError, TypeError or IndexError when the data does not fit."""
        transport, local, remote, stream = data
        return cls(str(transport), (str(local[0]), int(local[1])), (str(remote[0]), int(remote[1])), int(stream))


def host_in_uri(host: str) -> str:
    """`host` as it stands in a URI or a Via: an IPv6 address in brackets (RFC 3261 section 25.1, IPv6reference)."""
    return f"[{host}]" if ":" in host else host
