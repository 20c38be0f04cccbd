# SPDX-License-Identifier: AGPL-3.0-or-later
"""The trunks of every house, found by the address a packet comes from. Pure: names are resolved elsewhere."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from permanence.reception.table import RoutingTable, TrunkEntry
from permanence.telephony.sip.flow import Flow

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class HouseTrunk:
    """One trunk of one house."""

    house: str
    entry: TrunkEntry

    @property
    def key(self) -> str:
        """The trunk's name among those of all houses."""
        return f"{self.house}/{self.entry.name}"


class TrunkBook:
    """Says which trunk a flow belongs to."""

    def __init__(self) -> None:
        self._rows: list[tuple[Network, HouseTrunk]] = []
        self._by_key: dict[str, HouseTrunk] = {}
        self._resolved: dict[str, tuple[str, ...]] = {}
        self._table = RoutingTable()

    def table_changed(self, table: RoutingTable) -> None:
        """Takes the trunks of a new table."""
        self._table = table
        self._rows, self._by_key = [], {}
        for house, entry in sorted(table.houses.items()):
            for trunk in entry.trunks:
                row = HouseTrunk(house, trunk)
                self._by_key[row.key] = row
                self._rows += [(network, row) for network in self._networks(_sources(trunk))]

    def resolved(self, addresses: Mapping[str, Iterable[str]]) -> None:
        """The addresses behind the host names the trunks are given by."""
        self._resolved = {name: tuple(found) for name, found in addresses.items()}
        self.table_changed(self._table)

    def host_names(self) -> tuple[str, ...]:
        """The host names that need resolving."""
        sources = (name for row in self._by_key.values() for name in _sources(row.entry))
        return tuple(sorted({name for name in sources if not _networks_of(name)}))

    def registered(self) -> tuple[HouseTrunk, ...]:
        """The trunks at which we register."""
        return tuple(row for row in self._by_key.values() if row.entry.registrar)

    def trust(self, flow: Flow) -> str | None:
        """The key of the trunk the flow belongs to; None for a stranger."""
        found = self.at(flow.remote[0])
        return found[0].key if found else None

    def at(self, host: str) -> tuple[HouseTrunk, ...]:
        """Every trunk that has this source address, those of the first house first."""
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return ()
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        found: dict[str, HouseTrunk] = {}
        for network, row in self._rows:
            if network.version == address.version and address in network:
                found.setdefault(row.key, row)
        return tuple(found.values())

    def named(self, key: str) -> HouseTrunk | None:
        """The trunk of that key."""
        return self._by_key.get(key)

    def names(self) -> list[str]:
        """The keys of all trunks."""
        return list(self._by_key)

    def _networks(self, addresses: Iterable[str]) -> list[Network]:
        found: list[Network] = []
        for text in addresses:
            found += _networks_of(text)
            for resolved in self._resolved.get(text, ()):
                found += _networks_of(resolved)
        return found


def _networks_of(text: str) -> list[Network]:
    try:
        return [ipaddress.ip_network(text, strict=False)]
    except ValueError:
        return []


def _sources(trunk: TrunkEntry) -> tuple[str, ...]:
    """Where the calls of a trunk come from: its addresses, and the carrier we register at."""
    return (*trunk.addresses, host_and_port(trunk.registrar)[0]) if trunk.registrar else trunk.addresses


def host_and_port(text: str) -> tuple[str, int]:
    """`host`, `host:port` or `[address]:port`; port 0 where there is none."""
    host, colon, port = text.rpartition(":")
    if colon and port.isdecimal() and (":" not in host or host.startswith("[")):
        return host.strip("[]"), int(port)
    return text.strip("[]"), 0
