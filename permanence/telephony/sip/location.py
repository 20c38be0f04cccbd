# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a carrier's server is (RFC 3263 section 4): which names to ask for, and in what order to try what they give.

Nothing is asked here: `locate` is a generator that yields `Question`s, is sent the records that answer each, and
returns the targets. `shells/dns.py` asks them of a resolver.
"""

import ipaddress
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from permanence.kernel.clock import Entropy

DEFAULT_PORT = {"udp": 5060, "tcp": 5060, "tls": 5061}
_SRV_NAME = {"udp": "_sip._udp.", "tcp": "_sip._tcp.", "tls": "_sips._tcp."}
_SERVICES = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}
_MAX_TARGETS = 16


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the resolver: `kind` is NAPTR, SRV, A or AAAA."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """A or AAAA."""

    address: str


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """SRV (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str


@dataclass(frozen=True, slots=True)
class NaptrRecord:
    """NAPTR (RFC 3403) as far as SIP uses it."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


Record = AddressRecord | SrvRecord | NaptrRecord


@dataclass(frozen=True, slots=True)
class Place:
    """What a trunk's registrar or target names. `port` 0 and `transport` "" are for the DNS to say."""

    host: str
    port: int = 0
    transport: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """One address to try. `name` is what a certificate must bear: the name asked for, not what SRV led to.

    RFC 5922 section 4: a redirection by DNS does not change whom we mean to speak to.
    """

    transport: str
    host: str
    port: int
    name: str


Asking = Generator[Question, Sequence[Record], tuple[Target, ...]]


def is_address(host: str) -> bool:
    """Whether `host` is a literal address (a zone, as in fe80::1%eth0, may stand behind it)."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def locate(place: Place, entropy: Entropy) -> Asking:
    """Asks, and returns the targets in the order in which they are tried; none when the name leads nowhere.

    A literal address is never asked about. A name with a port is an A and an AAAA question (section 4.2); a name
    without one is asked by SRV, and first by NAPTR when the transport is not settled (section 4.1).
    """
    if is_address(place.host):
        transport = place.transport or "udp"
        return (Target(transport, place.host, place.port or DEFAULT_PORT[transport], place.host),)
    if place.port:
        transport = place.transport or "udp"
        return (yield from _at_host(place.host, place.port, transport, place.host))
    services = yield from _services(place)
    found: list[Target] = []
    served = False
    for transport, name in services:
        records = yield Question("SRV", name)
        rows = [record for record in records if isinstance(record, SrvRecord)]
        served = served or bool(rows)
        for row in by_weight(rows, entropy):
            if row.target.strip("."):  # "." says that the service is not offered (RFC 2782)
                found += yield from _at_host(row.target.rstrip("."), row.port, transport, place.host)
            if len(found) >= _MAX_TARGETS:
                return tuple(found[:_MAX_TARGETS])
    if served:
        return tuple(found)
    transport = place.transport or "udp"
    return (yield from _at_host(place.host, DEFAULT_PORT[transport], transport, place.host))


def _services(place: Place) -> Generator[Question, Sequence[Record], list[tuple[str, str]]]:
    """The transports to try with the SRV name of each."""
    if place.transport:
        return [(place.transport, _SRV_NAME[place.transport] + place.host)]
    records = yield Question("NAPTR", place.host)
    rows = [row for row in records if isinstance(row, NaptrRecord) and row.flags.upper() == "S"]
    rows = [row for row in rows if row.service.upper() in _SERVICES]
    rows.sort(key=lambda row: (row.order, row.preference))
    if rows:
        return [(_SERVICES[row.service.upper()], row.replacement.rstrip(".")) for row in rows]
    return [(transport, _SRV_NAME[transport] + place.host) for transport in ("udp", "tcp")]


def _at_host(host: str, port: int, transport: str, name: str) -> Asking:
    """A target per address, IPv4 before IPv6."""
    found: list[Target] = []
    for kind in ("A", "AAAA"):
        records = yield Question(kind, host)
        found += [
            Target(transport, record.address, port, name) for record in records if isinstance(record, AddressRecord)
        ]
    return tuple(found)


def by_weight(records: Iterable[SrvRecord], entropy: Entropy) -> list[SrvRecord]:
    """Lower priorities first; within one, drawn one after the other by weight (RFC 2782, "Usage rules")."""
    ordered: list[SrvRecord] = []
    rows = sorted(records, key=lambda row: (row.priority, row.weight, row.target, row.port))
    for priority in sorted({row.priority for row in rows}):
        left = [row for row in rows if row.priority == priority]
        while left:
            ordered.append(left.pop(_draw(left, entropy)))
    return ordered


def _draw(rows: Sequence[SrvRecord], entropy: Entropy) -> int:
    """The place of the one drawn: those of weight 0 come first in the list, and so have a very small chance."""
    total = sum(row.weight for row in rows)
    aim = int.from_bytes(entropy.token(4), "big") % (total + 1)
    running = 0
    for index, row in enumerate(rows):
        running += row.weight
        if running >= aim:
            return index
    return len(rows) - 1
