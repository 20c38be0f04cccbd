# SPDX-License-Identifier: AGPL-3.0-or-later
"""Absences that were announced raise no false alarm, and calls outside the contract raise one."""

from datetime import date, timedelta

import pytest

from permanence.clients import absences, directory_operations, ending_operations
from permanence.clients import forwarding as lines
from permanence.clients import operations as clients
from permanence.clients.rules import ClientState
from permanence.countries.forwarding import ForwardingMode
from permanence.foundation.models import House
from permanence.project.forwarding_watch import ForwardingWatch
from permanence.reception.absence import ANNOUNCE, ANSWER
from permanence.switchboard import forwarding
from permanence.switchboard.models import ForwardingCheck, ForwardingProof
from permanence.switchboard.rules import ProofState
from tests.rooms.conftest import NOW
from tests.rooms.test_project_watch import EVERY_DAY, HOUR, MONDAY, calls_came, usual_weeks

pytestmark = pytest.mark.django_db
PUBLIC, LINE = "+35226000001", "+35220000101"


def found(cast, at):
    return {(each.code, each.about): each for each in ForwardingWatch().alarms([cast.house], at=at)[cast.house]}


def away(cast, starts, ends, treatment=ANNOUNCE, recipient=None):
    return absences.announce_absence(
        client=cast.weber,
        starts=starts,
        ends=ends,
        words="Le docteur est en congé.",
        announced_by=cast.marc.person,
        recipient=recipient,
        treatment=treatment,
        by=cast.marc,
        at=starts - timedelta(days=7),
    )


def forward(cast, mode):
    fields = {"mode": mode, "public_number": PUBLIC, "by": cast.marc, "at": NOW}
    lines.set_forwarding(client=cast.weber, number=LINE, **fields)


def each_morning(cast, at):
    """The daily test at 09:30 of his clock, when he is open; its moment."""
    forwarding.repeat_daily(client=cast.weber, number=LINE, clock="09:30", by=cast.marc, at=at)
    return ForwardingCheck.objects.get().next_at


@pytest.mark.parametrize(
    ("mode", "treatment", "tested"),
    [
        (ForwardingMode.HOURS, ANNOUNCE, False),
        (ForwardingMode.HOURS, ANSWER, True),
        (ForwardingMode.ALL, ANNOUNCE, True),
    ],
)
def test_who_switches_the_forwarding_himself_is_not_tested_while_he_is_away(cast, mode, treatment, tested):
    clients.set_hours(client=cast.weber, week=EVERY_DAY, closed_on_holidays=False, by=cast.marc, at=NOW)
    forward(cast, mode)
    due = each_morning(cast, MONDAY)
    away(cast, due - HOUR, due + HOUR, treatment)
    forwarding.make_daily(at=due)
    assert ForwardingProof.objects.exists() is tested
    assert ForwardingCheck.objects.get().next_at == due + timedelta(days=1)


def test_he_is_tested_again_once_he_is_back(cast):
    clients.set_hours(client=cast.weber, week=EVERY_DAY, closed_on_holidays=False, by=cast.marc, at=NOW)
    forward(cast, ForwardingMode.HOURS)
    due = each_morning(cast, MONDAY)
    away(cast, due - HOUR, due)
    forwarding.make_daily(at=due)
    assert ForwardingProof.objects.get().state == ProofState.DUE


def test_one_practitioner_who_is_away_closes_nothing(cast):
    clients.set_hours(client=cast.weber, week=EVERY_DAY, closed_on_holidays=False, by=cast.marc, at=NOW)
    forward(cast, ForwardingMode.HOURS)
    due = each_morning(cast, MONDAY)
    away(cast, due - HOUR, due + HOUR, ANSWER, recipient=cast.recipients["Dr Weber"])
    forwarding.make_daily(at=due)
    assert ForwardingProof.objects.exists()


def test_nobody_misses_the_calls_of_who_is_away(cast):
    clients.set_hours(client=cast.weber, week=EVERY_DAY, closed_on_holidays=False, by=cast.marc, at=NOW)
    usual_weeks(cast, MONDAY)
    assert ("forwarding_silent", cast.weber) in found(cast, MONDAY + 7 * HOUR)
    absence = away(cast, MONDAY, MONDAY + 8 * HOUR)
    assert found(cast, MONDAY + 7 * HOUR) == {}
    absences.withdraw_absence(client=cast.weber, absence=absence, by=cast.marc, at=MONDAY)
    assert ("forwarding_silent", cast.weber) in found(cast, MONDAY + 7 * HOUR)


def test_who_is_back_is_missed_again(cast):
    clients.set_hours(client=cast.weber, week=EVERY_DAY, closed_on_holidays=False, by=cast.marc, at=NOW)
    usual_weeks(cast, MONDAY)
    away(cast, MONDAY, MONDAY + 2 * HOUR)
    assert found(cast, MONDAY + 6 * HOUR) == {}  # ten calls are missing since Friday: that happens
    assert ("forwarding_silent", cast.weber) in found(cast, MONDAY + 9 * HOUR)


def test_calls_while_he_is_away_are_not_outside_his_hours(cast):
    """He leaves the forwarding on at night too, so that his callers hear the closing words."""
    clients.set_hours(client=cast.weber, week=EVERY_DAY, closed_on_holidays=False, by=cast.marc, at=NOW)
    forward(cast, ForwardingMode.HOURS)
    evening = MONDAY + 12 * HOUR
    calls_came(cast, evening, evening + HOUR)
    assert ("forwarding_outside", LINE) in found(cast, evening + 2 * HOUR)
    away(cast, MONDAY, MONDAY + 24 * HOUR)
    assert found(cast, evening + 2 * HOUR) == {}


def contract(cast, begins, ends):
    fields = {"begins": begins, "ends": ends, "notes": "", "by": cast.marc, "at": NOW}
    directory_operations.set_contract(client=cast.weber, **fields)


def test_calls_before_and_after_the_days_of_the_contract_are_told(cast):
    monday = MONDAY.date()
    calls_came(cast, MONDAY, MONDAY + HOUR)
    contract(cast, monday, monday + timedelta(days=1))
    assert found(cast, MONDAY + 2 * HOUR) == {}
    contract(cast, monday + timedelta(days=1), None)
    early = found(cast, MONDAY + 2 * HOUR)["forwarding_early", cast.weber]
    assert (early.params, early.since) == ({"client": "Dr Weber", "count": 2}, MONDAY)
    clients.set_state(client=cast.weber, state=ClientState.TRIAL, by=cast.marc, at=NOW)
    assert found(cast, MONDAY + 2 * HOUR) == {}  # a trial comes before the contract
    contract(cast, None, monday)
    assert set(found(cast, MONDAY + 2 * HOUR)) == {("forwarding_late", cast.weber)}


def test_the_day_is_that_of_the_clients_clock(cast):
    """Half past eleven in the evening by the clock of the world is the next day in Luxembourg."""
    late = MONDAY.replace(hour=23, minute=30)
    calls_came(cast, late, late)
    contract(cast, None, MONDAY.date() + timedelta(days=1))
    assert set(found(cast, late + HOUR)) == {("forwarding_late", cast.weber)}


def test_one_call_alone_may_be_a_wrong_number(cast):
    calls_came(cast, MONDAY)
    contract(cast, None, MONDAY.date())
    assert found(cast, MONDAY + HOUR) == {}


def test_calls_of_a_prospect_are_told_but_not_those_that_test_his_forwarding(cast):
    clients.set_state(client=cast.weber, state=ClientState.PROSPECT, by=cast.marc, at=NOW)
    calls_came(cast, MONDAY, MONDAY + HOUR)
    assert set(found(cast, MONDAY + 2 * HOUR)) == {("forwarding_prospect", cast.weber)}
    forwarding.watch_arrival(client=cast.weber, number=LINE, by=cast.marc, at=MONDAY - timedelta(minutes=1))
    arrived = {"caller": None, "forwarded_by": None, "known": True, "at": MONDAY}
    forwarding.note_arrival(house=cast.house, called=LINE, **arrived)
    assert found(cast, MONDAY + 2 * HOUR) == {}


@pytest.mark.parametrize(("mode", "told"), [(ForwardingMode.ALL, True), (ForwardingMode.DIRECT, False)])
def test_who_left_and_still_forwards_his_line_is_told_of(cast, mode, told):
    """A number his callers dial themselves rests because they do; a line still forwarded is a mistake of his."""
    forward(cast, mode)
    ending_operations.end_contract(
        client=cast.weber, last=None, until=date(2027, 6, 1), reason="x", by=cast.marc, at=MONDAY - timedelta(days=2)
    )
    calls_came(cast, MONDAY, MONDAY + HOUR)
    assert (("forwarding_ended", cast.weber) in found(cast, MONDAY + 2 * HOUR)) is told


def test_the_other_house_hears_nothing_of_it(cast):
    contract(cast, None, MONDAY.date())
    calls_came(cast, MONDAY, MONDAY + HOUR)
    other = House.objects.exclude(slug=cast.house).get().slug
    away(cast, MONDAY, MONDAY + HOUR, ANNOUNCE)
    told = ForwardingWatch().alarms([cast.house, other], at=MONDAY + 2 * HOUR)
    assert [each.code for each in told[cast.house]] == ["forwarding_late"]
    assert told[other] == []
