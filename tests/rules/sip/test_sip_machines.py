# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of the state machines: no state without entry, none without a way out."""

import pytest

from permanence.telephony.sip.client import INVITE_CLIENT, OTHER_CLIENT, InviteClient, OtherClient
from permanence.telephony.sip.machine import Machine, State, Table
from permanence.telephony.sip.phases import PHASES, Phase
from permanence.telephony.sip.server import INVITE_SERVER, OTHER_SERVER, InviteServer, OtherServer

MACHINES: list[tuple[Table, type[Machine], State]] = [
    (INVITE_SERVER, InviteServer, State.PROCEEDING),
    (OTHER_SERVER, OtherServer, State.TRYING),
    (INVITE_CLIENT, InviteClient, State.CALLING),
    (OTHER_CLIENT, OtherClient, State.TRYING),
]


def reached(table: Table, first: State) -> set[State]:
    found = {first}
    while more := {after for (before, _), (after, _) in table.items() if before in found} - found:
        found |= more
    return found


@pytest.mark.parametrize(("table", "machine", "first"), MACHINES)
def test_every_state_is_reached_and_ends(table: Table, machine: type[Machine], first: State) -> None:
    states = {before for before, _ in table} | {after for after, _ in table.values()}
    assert reached(table, first) == states
    for state in states:
        assert State.TERMINATED in reached(table, state)
    assert State.TERMINATED not in {before for before, _ in table}


@pytest.mark.parametrize(("table", "machine", "first"), MACHINES)
def test_every_action_exists(table: Table, machine: type[Machine], first: State) -> None:
    for _, actions in table.values():
        assert all(callable(getattr(machine, action, None)) for action in actions)


@pytest.mark.parametrize(("table", "machine", "first"), MACHINES)
def test_every_timer_that_is_started_ends_something(table: Table, machine: type[Machine], first: State) -> None:
    happenings = {happening for _, happening in table}
    started = {
        action.removeprefix("start_").partition("_")[0]
        for _, acts in table.values()
        for action in acts
        if action.startswith("start_")
    }
    assert started <= happenings


def test_phases_are_reached_and_end() -> None:
    found = {Phase.INVITED, Phase.CALLING}
    while more := {after for phase in found for after in PHASES[phase]} - found:
        found |= more
    assert found == set(Phase)
    assert PHASES[Phase.ENDED] == frozenset()
    assert all(
        Phase.ENDED in after or Phase.ACCEPTED in after for phase, after in PHASES.items() if phase is not Phase.ENDED
    )
