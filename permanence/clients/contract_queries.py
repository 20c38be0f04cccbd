# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads: what is agreed with each client, for whoever looks at the calls that should not come."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from permanence.clients.models import Client, Quarantine
from permanence.clients.rules import ClientState
from permanence.clients.rules.contract import OutsideContract, outside_contract
from permanence.countries.forwarding import ForwardingMode


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractView:
    """What is agreed with a client. `direct`: the numbers that rest after his contract and never were forwarded: that
    his callers still dial them is why they rest."""

    name: str
    state: ClientState
    time_zone: str
    starts: date | None
    ends: date | None
    direct: frozenset[str]

    def outside(self, line: str, *, at: datetime) -> OutsideContract | None:
        """Why a call on that line (E.164) at that moment is outside his contract; None where it is not."""
        day = at.astimezone(ZoneInfo(self.time_zone)).date()
        found = outside_contract(self.state, starts=self.starts, ends=self.ends, day=day)
        return None if found is OutsideContract.ENDED and line in self.direct else found


def contracts(*, house: str) -> dict[str, ContractView]:
    """What is agreed with every client of a house, those who left too, by his id. Two queries."""
    direct: dict[int, set[str]] = {}
    resting = Quarantine.objects.for_house(house).values_list("client_id", "number", "kept")
    for client, number, kept in resting:
        if kept.get("forwarding") == ForwardingMode.DIRECT:
            direct.setdefault(client, set()).add(number)
    rows = Client.objects.for_house(house).values_list(
        "pk", "name", "state", "time_zone", "contract_from", "contract_until"
    )
    return {
        str(key): ContractView(
            name=name,
            state=ClientState(state),
            time_zone=zone,
            starts=starts,
            ends=ends,
            direct=frozenset(direct.get(key, ())),
        )
        for key, name, state, zone, starts, ends in rows
    }
