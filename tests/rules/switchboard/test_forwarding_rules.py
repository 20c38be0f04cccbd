# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a test call proves, and when the next one is due."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.countries.forwarding import ForwardingMode
from permanence.switchboard.rules import (
    RING_S,
    Note,
    ProofState,
    Why,
    can_be_dialled,
    choose_shown,
    choose_trunk,
    is_clock,
    judge_end,
    judge_return,
    next_at,
    ring_seconds,
)

LINE, OTHER, PUBLIC = "+35220000101", "+35220000102", "+35226000001"
ZONES = ("Europe/Luxembourg", "Europe/Paris", "Europe/Dublin", "UTC")
CLOCKS = st.times().map(lambda at: at.strftime("%H:%M"))
MOMENTS = st.integers(0, 3 * 366 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@pytest.mark.parametrize(
    ("called", "known", "forwarded_by", "proved"),
    [
        (LINE, True, PUBLIC, (ProofState.PASSED, None, Note.NONE)),
        (LINE, True, None, (ProofState.PASSED, None, Note.UNNAMED)),
        (LINE, True, "", (ProofState.PASSED, None, Note.UNNAMED)),
        (LINE, True, "+35226999999", (ProofState.PASSED, None, Note.OTHER_FORWARDER)),
        (OTHER, True, PUBLIC, (ProofState.FAILED, Why.OTHER_LINE, Note.NONE)),
        (OTHER, False, PUBLIC, (ProofState.FAILED, Why.NOBODYS_LINE, Note.NONE)),
    ],
)
def test_what_a_call_that_arrives_proves(called, known, forwarded_by, proved):
    found = judge_return(line=LINE, called=called, known=known, dialled=PUBLIC, forwarded_by=forwarded_by)
    assert (found.state, found.why, found.note) == proved


def test_a_direct_line_is_forwarded_by_nobody_and_nothing_is_noted():
    found = judge_return(line=LINE, called=LINE, known=True, dialled=LINE, forwarded_by=None)
    assert (found.state, found.note) == (ProofState.PASSED, Note.NONE)


@pytest.mark.parametrize(
    ("answered", "status", "other_call", "why"),
    [
        (True, 0, False, Why.ANSWERED),
        (False, 487, False, Why.RANG_OUT),
        (False, 480, False, Why.RANG_OUT),
        (False, 0, False, Why.RANG_OUT),
        (False, 486, False, Why.BUSY),
        (False, 603, False, Why.BUSY),
        (False, 404, False, Why.NO_SUCH_NUMBER),
        (False, 403, False, Why.REFUSED),
        (False, 503, False, Why.REFUSED),
        (True, 0, True, Why.HIDDEN),
        (False, 487, True, Why.HIDDEN),
    ],
)
def test_why_a_call_did_not_come_back(answered, status, other_call, why):
    found = judge_end(answered=answered, status=status, other_call=other_call)
    assert (found.state, found.why) == (ProofState.FAILED, why)


@given(st.booleans(), st.integers(0, 699), st.booleans())
def test_a_call_that_did_not_come_back_never_passes(answered, status, other_call):
    assert judge_end(answered=answered, status=status, other_call=other_call).state is ProofState.FAILED


@given(CLOCKS, st.sampled_from(ZONES), MOMENTS)
def test_the_next_one_is_the_first_after_now_at_that_time_of_the_clients_clock(clock, zone, after):
    """Against an oracle that looks at every minute."""
    found = next_at(clock, zone=zone, after=after)
    assert after < found <= after + timedelta(hours=25)
    place = ZoneInfo(zone)
    minute = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    shown = {}
    while minute <= after + timedelta(hours=26):
        shown.setdefault(minute.astimezone(place).strftime("%H:%M"), minute)
        minute += timedelta(minutes=1)
    wall = found.astimezone(place).strftime("%H:%M")
    if wall == clock:
        assert found == shown[clock] or shown[clock].astimezone(place).fold == 1
    else:  # the night in which clocks go forward: an hour later
        skipped = datetime.combine(found.astimezone(place).date(), time.fromisoformat(clock))
        assert found.astimezone(place).replace(tzinfo=None) == skipped + timedelta(hours=1)


@given(st.text(max_size=8))
def test_a_time_of_day_is_two_digits_a_colon_and_two_digits(text):
    assert is_clock(text) == (text in {f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in range(60)})


def test_it_rings_longer_where_it_rings_at_the_clients_first():
    assert ring_seconds(ForwardingMode.ALL, 30) == RING_S
    assert ring_seconds(ForwardingMode.NO_ANSWER, 30) == RING_S + 30
    assert ring_seconds(ForwardingMode.OVERFLOW, None) == RING_S + 20


def test_a_line_forwarded_only_when_busy_cannot_be_proved_by_a_call():
    assert [mode for mode in ForwardingMode if not can_be_dialled(mode)] == [ForwardingMode.BUSY]


def test_the_number_shown_is_another_line_of_the_client():
    assert choose_shown([LINE, OTHER], tested=LINE) == OTHER
    assert choose_shown([LINE], tested=LINE) == LINE


def test_the_trunk_is_one_of_the_clients_country():
    trunks = (("first", "LU"), ("second", "FR"))
    assert choose_trunk(trunks, country="FR") == "second"
    assert choose_trunk(trunks, country="IE") == "first"
    assert choose_trunk((), country="FR") is None
