# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which days belong to a contract."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from permanence.clients.rules import ClientState
from permanence.clients.rules.contract import OutsideContract, outside_contract

DAY = date(2026, 11, 23)
DAYS = st.none() | st.integers(-3, 3).map(lambda days: DAY + timedelta(days=days))
ANSWERED = (ClientState.TRIAL, ClientState.ACTIVE)


@given(st.sampled_from(ClientState), DAYS, DAYS)
def test_a_day_is_in_the_contract_or_it_is_said_why_not(state, starts, ends):
    found = outside_contract(state, starts=starts, ends=ends, day=DAY)
    if state not in ANSWERED:
        assert found == state.value
        return
    over = ends is not None and ends <= DAY
    early = starts is not None and starts > DAY and state is ClientState.ACTIVE
    assert (found is None) == (not over and not early)
    assert found in ({OutsideContract.LATE} if over else {OutsideContract.EARLY} if early else {None})
