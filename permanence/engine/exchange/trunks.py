# SPDX-License-Identifier: AGPL-3.0-or-later
"""The trunks of every house, found by the address a packet comes from. Pure: names are resolved elsewhere."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from permanence.reception.table import RoutingTable, TrunkEntry
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.location import Place

STATE_FIELDS = ("registration", "registration_status", "alive", "alive_status")
TrunkState = dict[str, object]
"""`registration`: registered, failed or unregistered; `alive`: whether the last OPTIONS was answered; each with the
status of the answer (0: it could not be sent). What was never asked is absent."""
_REMEMBERED = 1_024
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
        self._found: dict[str, tuple[HouseTrunk, ...]] = {}
        self._by_key: dict[str, HouseTrunk] = {}
        self._resolved: dict[str, tuple[str, ...]] = {}
        self._table = RoutingTable()
        self._states: dict[str, TrunkState] = {}

    def table_changed(self, table: RoutingTable) -> None:
        """Takes the trunks of a new table."""
        self._table = table
        self._rows, self._by_key, self._found = [], {}, {}
        for house, entry in sorted(table.houses.items()):
            for trunk in entry.trunks:
                row = HouseTrunk(house, trunk)
                self._by_key[row.key] = row
                self._rows += [(network, row) for network in self._networks(_sources(trunk))]
        self._states = {key: state for key, state in self._states.items() if key in self._by_key}

    def resolved(self, addresses: Mapping[str, Iterable[str]]) -> None:
        """The addresses behind the host names the trunks are given by."""
        found = {name: tuple(behind) for name, behind in addresses.items()}
        if found != self._resolved:
            self._resolved = found
            self.table_changed(self._table)

    def named_places(self) -> dict[str, Place]:
        """The host names that need resolving, with the place each stands for."""
        found: dict[str, Place] = {}
        for row in self._by_key.values():
            for name in row.entry.addresses:
                found.setdefault(name, Place(name, 5060, "udp"))
            place = place_of(row.entry)
            if place is not None:
                found[place.host] = place
        return {name: place for name, place in found.items() if not _networks_of(name)}

    def registered(self) -> tuple[HouseTrunk, ...]:
        """The trunks at which we register."""
        return tuple(row for row in self._by_key.values() if row.entry.registrar)

    def trust(self, flow: Flow) -> str | None:
        """The key of the trunk the flow belongs to; None for a stranger."""
        found = self.at(flow.remote[0])
        return found[0].key if found else None

    def at(self, host: str) -> tuple[HouseTrunk, ...]:
        """Every trunk that has this source address, those of the first house first."""
        found = self._found.get(host)
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            found = self._found[host] = self._look_up(host)
        return found

    def _look_up(self, host: str) -> tuple[HouseTrunk, ...]:
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

    def rows(self) -> tuple[HouseTrunk, ...]:
        """All trunks."""
        return tuple(self._by_key.values())

    def state_of(self, key: str) -> TrunkState:
        """What is known of a trunk's carrier, to be read and to be changed."""
        return self._states.setdefault(key, {})

    def states(self) -> list[dict[str, object]]:
        """The same of all trunks, for `status`: what was never asked is null."""
        blank: dict[str, object] = dict.fromkeys(STATE_FIELDS)
        return [{"trunk": key, **blank, **self.state_of(key)} for key in self._by_key]

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
    """Where the calls of a trunk come from: its addresses, and the carrier we register at or call."""
    named = [host_and_port(text)[0] for text in (trunk.registrar, trunk.target) if text]
    return *trunk.addresses, *named


def place_of(trunk: TrunkEntry) -> Place | None:
    """Where our calls and registrations go; None for a trunk that only calls us."""
    named = trunk.target or trunk.registrar or next((one for one in trunk.addresses if "/" not in one), "")
    host, port = host_and_port(named)
    transport = "" if trunk.transport == "auto" else trunk.transport
    return Place(host, port, transport) if host else None


def host_and_port(text: str) -> tuple[str, int]:
    """`host`, `host:port` or `[address]:port`; port 0 where there is none."""
    host, colon, port = text.rpartition(":")
    if colon and port.isdecimal() and (":" not in host or host.startswith("[")):
        return host.strip("[]"), int(port)
    return text.strip("[]"), 0
