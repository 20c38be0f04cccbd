# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the exchange's `status` and the machine say is wrong, as alarms of each house that it concerns. Pure.

What a code names a house for goes to that house alone; what concerns the machine goes to all, without a name in it.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from permanence.foundation.alarms import Alarm

OF_A_HOUSE = frozenset({"line", "restore", "silent", "slice", "trunk"})
"""Alarms of the exchange whose code goes on with `:<house>` or `:<house>/<what>`."""
NEAR = {4: 24, 6: 48}
"""The network of a carrier's known address in which a refused source is likely another address of his."""
QUIET = timedelta(hours=24)
"""A house without a call for so long is told of every refused source: it may be its own carrier."""


@dataclass(slots=True)
class Findings:
    """`machine`: what concerns every house; `of_house`: slug -> what concerns that one."""

    machine: list[Alarm] = field(default_factory=list)
    of_house: dict[str, list[Alarm]] = field(default_factory=dict)

    def add(self, house: str, alarm: Alarm) -> None:
        """One more of a house."""
        self.of_house.setdefault(house, []).append(alarm)

    def told_to(self, houses: Iterable[str]) -> dict[str, list[Alarm]]:
        """What each of these houses is told."""
        return {house: [*self.machine, *self.of_house.get(house, ())] for house in houses}


def of_status(status: Mapping[str, Any]) -> Findings:
    """The alarms of the exchange, and the trunks whose carrier turned us away or is silent."""
    found = Findings()
    codes = {str(alarm["code"]) for alarm in status.get("alarms", ())}
    states = {str(one["trunk"]): one for one in status.get("trunk_states", ())}
    for code in sorted(codes):
        kind, _, about = code.partition(":")
        house, _, rest = about.partition("/")
        if kind in OF_A_HOUSE:
            found.add(house, Alarm(code=kind, about=rest, params=_answer(kind, states.get(about))))
        elif kind != "fault" or "turn_failed" not in codes:
            found.machine.append(Alarm(code=kind, params=_faults(status) if kind == "fault" else {}))
    for name, state in states.items():
        house, _, trunk = name.partition("/")
        if state["registration"] == "failed" and f"trunk:{name}" not in codes:
            found.add(house, Alarm(code="trunk", about=trunk, params=_answer("trunk", state)))
        if state["alive"] is False and f"silent:{name}" not in codes:
            found.add(house, Alarm(code="silent", about=trunk, params=_answer("silent", state)))
    return found


def _answer(kind: str, state: Mapping[str, Any] | None) -> dict[str, Any]:
    """The carrier's last answer; 0: nothing came back."""
    if state is None:
        return {}
    return {"status": state["registration_status" if kind == "trunk" else "alive_status"] or 0}


def _faults(status: Mapping[str, Any]) -> dict[str, Any]:
    faults = status.get("faults") or {}
    return {"count": faults.get("count", 0), "kind": faults.get("kind", "")}


def refused_source(
    sources: Iterable[Mapping[str, Any]], addresses: Iterable[str], *, last_call_at: datetime | None, at: datetime
) -> Alarm | None:
    """The refused source that may well be the house's carrier; None for none.

    Every machine on the Internet is knocked at by strangers: a source is told only when it is a neighbour of an address
    (or network) of a trunk, or when no call has come for `QUIET`.
    """
    quiet = last_call_at is None or at - last_call_at > QUIET
    networks = [network for address in addresses for network in _around(address)]
    likely = [one for one in sources if quiet or any(_inside(one["source"], network) for network in networks)]
    if not likely:
        return None
    last = max(likely, key=lambda one: str(one["at"]))
    return Alarm(code="refused", params={"source": last["source"], "count": last["count"]})


def _around(address: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return []  # a name
    near = NEAR[network.version]
    return [network.supernet(new_prefix=near) if network.prefixlen > near else network]


def _inside(source: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        found = ipaddress.ip_network(source, strict=False)
    except ValueError:
        return False
    return found.version == network.version and found.network_address in network
