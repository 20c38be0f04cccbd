# SPDX-License-Identifier: AGPL-3.0-or-later
"""A flow: the pair of addresses over which SIP messages travel (the word is of RFC 5626, section 3)."""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

Address = tuple[str, int]
"""(host, port); the host is a literal IPv4 or IPv6 address, without brackets."""


_OURS = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


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


def same_way(flow: Flow, lost: Flow) -> bool:
    """Whether what went by `flow` is gone with `lost`; a flow that was not connected yet has no stream's number."""
    if flow.stream or not flow.reliable:
        return flow == lost
    return (flow.transport, flow.remote) == (lost.transport, lost.remote)


def host_in_uri(host: str) -> str:
    """`host` as it stands in a URI or a Via: an IPv6 address in brackets (RFC 3261 section 25.1, IPv6reference)."""
    return f"[{host}]" if ":" in host else host


def is_address(host: str) -> bool:
    """Whether `host` is a literal address that may stand in a URI (RFC 3261 knows no zone of an IPv6 address)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


@lru_cache(maxsize=1_024)
def sees_us_at(remote: str, public: str) -> bool:
    """Whether the machine at `remote` reaches us by our address `public` of the outside.

    Not one of our own network (RFC 1918, RFC 4193, loopback, link), and not one of the other address family.
    """
    try:
        address, ours = ipaddress.ip_address(remote.partition("%")[0]), ipaddress.ip_address(public)
    except ValueError:
        return True
    if address.version != ours.version:
        return False
    return not any(address in network for network in _OURS if network.version == address.version)
