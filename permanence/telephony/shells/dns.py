# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asks the DNS what `sip.location` wants to know, and remembers each answer for its time to live.

The machine's hosts file goes before the DNS for addresses. When no server answers, the last answer holds on: a carrier
does not become a stranger because a resolver sleeps.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver

from permanence.kernel.clock import Entropy
from permanence.telephony.sip.location import (
    AddressRecord,
    NaptrRecord,
    Place,
    Question,
    Record,
    SrvRecord,
    Target,
    is_address,
    locate,
)

_log = logging.getLogger(__name__)
_HOSTS = Path("/etc/hosts")
_LIFETIME_S = 6.0
_MAX_TTL_S = 86_400.0
_NOTHING_TTL_S = 60.0
"""How long "there is no such record" is believed (RFC 2308 allows what the zone says; carriers repair within less)."""
_MAX_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class _Kept:
    records: tuple[Record, ...]
    until: float


class NameService:
    """Locates carriers. `clock` gives monotonic seconds; `servers` replaces the machine's own resolvers.

    `asked` counts the questions that went to the DNS: a house that names its carriers by address asks none.
    """

    def __init__(
        self,
        entropy: Entropy,
        clock: Callable[[], float],
        *,
        servers: Sequence[tuple[str, int]] = (),
        hosts: Path = _HOSTS,
    ) -> None:
        self.asked = 0
        self._entropy = entropy
        self._clock = clock
        self._servers = tuple(servers)
        self._hosts = hosts
        self._kept: dict[Question, _Kept] = {}
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def locate(self, place: Place) -> tuple[Target, ...]:
        """The targets of a place in the order in which they are tried. Raises OSError when there is none."""
        asking = locate(place, self._entropy)
        answer: Sequence[Record] | None = None
        while True:
            try:
                question = asking.send(answer)  # type: ignore[arg-type]
            except StopIteration as done:
                targets: tuple[Target, ...] = done.value
                break
            answer = await self._answer(question)
        if not targets:
            raise OSError(f"the name {place.host} leads to no address")
        return targets

    async def addresses(self, host: str) -> tuple[str, ...]:
        """Every address of a host, IPv4 first; the host itself when it is an address. Raises OSError."""
        return tuple(target.host for target in await self.locate(Place(host, 5060, "udp")))

    async def _answer(self, question: Question) -> tuple[Record, ...]:
        kept = self._kept.get(question)
        now = self._clock()
        if kept is not None and now < kept.until:
            return kept.records
        if question.kind in {"A", "AAAA"}:
            known = tuple(_in_hosts(self._hosts, question.name))
            if known:
                return tuple(row for row in known if (":" in row.address) == (question.kind == "AAAA"))
        try:
            records, ttl = await self._ask(question)
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            _log.warning("dns: %s %s: %s", question.kind, question.name, error)
            if kept is None:
                raise OSError(f"no answer of the DNS about {question.name}") from error
            return kept.records
        if len(self._kept) >= _MAX_KEPT:
            self._kept.clear()
        self._kept[question] = _Kept(records, now + ttl)
        return records

    async def _ask(self, question: Question) -> tuple[tuple[Record, ...], float]:
        """The records and their time to live (seconds). Raises DNSException or OSError."""
        self.asked += 1
        resolver = self._resolver or self._make_resolver()
        try:
            answer = await resolver.resolve(question.name, question.kind, search=False, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return (), _NOTHING_TTL_S
        if answer.rrset is None:
            return (), _NOTHING_TTL_S
        records = tuple(_record(question.kind, row) for row in answer.rrset)
        ttl = min((rrset.ttl for rrset in answer.response.answer), default=answer.rrset.ttl)
        return records, min(float(ttl), _MAX_TTL_S)

    def _make_resolver(self) -> dns.asyncresolver.Resolver:
        made = dns.asyncresolver.Resolver(configure=not self._servers)
        if self._servers:
            made.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in self._servers]
        made.lifetime = _LIFETIME_S
        self._resolver = made
        return made


def _record(kind: str, row: Any) -> Record:
    """A record of the library as one of ours."""
    if kind == "SRV":
        return SrvRecord(int(row.priority), int(row.weight), int(row.port), str(row.target))
    if kind == "NAPTR":
        flags, service = row.flags.decode("ascii", "replace"), row.service.decode("ascii", "replace")
        return NaptrRecord(int(row.order), int(row.preference), flags, service, str(row.replacement))
    return AddressRecord(str(row.address))


def _in_hosts(path: Path, host: str) -> Iterable[AddressRecord]:
    """What the hosts file says of a host (hosts(5)): an address, then its names."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        address, *names = line.partition("#")[0].split() or [""]
        if is_address(address) and host.lower() in [name.lower() for name in names]:
            yield AddressRecord(address)
