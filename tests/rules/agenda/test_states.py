# SPDX-License-Identifier: AGPL-3.0-or-later
"""What may follow what, and what a mark that is taken back leaves."""

from hypothesis import given
from hypothesis import strategies as st

from permanence.agenda.rules.states import STANDING, AppointmentState, may_follow, taken_back

S = AppointmentState
states = st.sampled_from(S)


@given(st.lists(states, max_size=8))
def test_whatever_was_said_of_a_visit_leads_back_to_booked_but_its_cancelling(wanted):
    now, confirmed = S.BOOKED, False
    for each in wanted:
        if may_follow(each, now):
            now, confirmed = each, confirmed or each is S.CONFIRMED
    if now is S.CANCELLED:
        assert taken_back(now, confirmed=confirmed, same_day=True) is None
        return
    steps = 0
    while now is not S.BOOKED:
        before, now = now, taken_back(now, confirmed=confirmed, same_day=True)
        assert now in STANDING
        confirmed = confirmed and before is not S.CONFIRMED
        steps += 1
    assert steps <= 2


@given(states, st.booleans())
def test_what_was_said_of_the_day_is_taken_back_that_day_alone(now, confirmed):
    later = taken_back(now, confirmed=confirmed, same_day=False)
    assert later is (S.BOOKED if now is S.CONFIRMED else None)


def test_there_is_nothing_to_take_back_of_what_is_booked():
    assert taken_back(S.BOOKED, confirmed=False, same_day=True) is None
