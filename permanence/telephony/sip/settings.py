# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the owner of a SIP endpoint decides: addresses, limits, timers."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """The account on a carrier's digest challenge (RFC 3261 section 22)."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SipSettings:
    """Durations are seconds, sizes octets.

    `public_host` replaces the local address in Contact and Via (the machine stands behind a NAT); `public_ports` gives
    the port to publish per transport where it is not the local one. T1, T2, T4: RFC 3261 table 4.
    """

    user_agent: str = "Permanence"
    public_host: str | None = None
    public_ports: Mapping[str, int] = field(default_factory=dict)
    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    max_message: int = 65_535
    max_headers: int = 256
    max_sessions: int = 5_000
    session_expires: int = 1_800
    """Session-Expires we ask for when we dial (RFC 4028)."""
    min_se: int = 90
    """The shortest session interval we accept, below it 422 (RFC 4028 section 5)."""
    refused_per_second: float = 2.0
    """Answers (403) given to one source that no trunk has; above it silence."""
    refused_burst: int = 10
    invites_per_second: float = 500.0
    """New calls one source of a trunk may bring; above it 503."""
    invites_burst: int = 1_000
    keep_alive: float = 25.0
    """An empty message this often keeps the way of a registration open through a NAT; 0 sends none (RFC 5626)."""
    no_answer: float = 180.0
    """A call of ours that is not answered after this is cancelled."""
