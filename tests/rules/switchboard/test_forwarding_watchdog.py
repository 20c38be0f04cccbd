# SPDX-License-Identifier: AGPL-3.0-or-later
"""The watchdog's rule: how many calls are usual, and when their absence is no chance any more."""

import math
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.kernel.span import Span
from permanence.switchboard.rules import (
    EARLY_OR_LATE,
    LONGEST_SILENCE,
    SHORTEST_NORM,
    SILENCE_LEVEL,
    expected_calls,
    is_silent,
    left_of,
    may_be_silent,
    norm,
    outside,
    silence_chance,
)

HOUR, MINUTE, WEEK = timedelta(hours=1), timedelta(minutes=1), timedelta(weeks=1)
BEGIN = datetime(2026, 10, 19, tzinfo=UTC)
"""A Monday; the clocks go back on the Sunday after it."""
ZONES = st.sampled_from(["Europe/Luxembourg", "Europe/Dublin", "UTC"])
USUAL = st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 23)), st.floats(0, 20), max_size=40)
SPAN = st.tuples(st.integers(0, 14 * 24 * 60), st.integers(0, 3 * 24 * 60)).map(
    lambda drawn: (BEGIN + drawn[0] * MINUTE, BEGIN + sum(drawn) * MINUTE)
)


@given(USUAL, st.lists(SPAN, max_size=3), ZONES)
def test_what_is_usual_is_the_sum_over_every_minute(usual, spans, zone):
    place = ZoneInfo(zone)
    brute = 0.0
    for starts, ends in spans:
        at = starts
        while at < ends:
            local = at.astimezone(place)
            brute += usual.get((local.weekday(), local.hour), 0.0) / 60
            at += MINUTE
    assert expected_calls(usual, spans, zone=zone) == pytest.approx(brute, abs=1e-6)


def test_a_norm_is_calls_an_hour_over_the_weeks_counted():
    after = {"first": BEGIN, "last": BEGIN + 8 * WEEK - 3 * HOUR}
    for at in (BEGIN + 8 * WEEK, BEGIN + 14 * WEEK):  # what came of a silence since does not make it usual
        assert norm({(0, 9): 24, (0, 10): 4}, **after, at=at) == {(0, 9): 3.0, (0, 10): 0.5}
    now = BEGIN + SHORTEST_NORM
    assert norm({(0, 9): 24}, first=BEGIN + MINUTE, last=now, at=now) == {}
    assert norm({(0, 9): 1}, first=BEGIN, last=BEGIN, at=now) == {(0, 9): 1.0}


@pytest.mark.parametrize("calls_a_week", [2, 5, 15, 100])
def test_the_norm_is_about_the_pace_at_which_calls_were_drawn_and_rather_less(calls_a_week):
    chance, found = random.Random(calls_a_week), []
    for _ in range(400):
        at, moments = 0.0, []
        while (at := at + chance.expovariate(calls_a_week)) < 8:
            moments.append(BEGIN + at * WEEK)
        usual = norm({(0, 9): len(moments)}, first=moments[0], last=moments[-1], at=BEGIN + 20 * WEEK)
        found.append(sum(usual.values()))
    assert 0.9 * calls_a_week < sum(found) / len(found) < 1.1 * calls_a_week


@pytest.mark.parametrize(("calls_a_week", "days"), [(2, 41), (5, 17), (15, 6)])
def test_also_who_has_few_calls_is_told_of_in_time(calls_a_week, days):
    """One who has a call on each working day is silent too long after seventeen days, not never."""
    last = BEGIN + 8 * WEEK - HOUR
    for day in range(1, LONGEST_SILENCE.days + 1):
        usual = norm({(0, 9): calls_a_week * 8}, first=BEGIN, last=last, at=last + day * 24 * HOUR)
        if is_silent(sum(usual.values()) * day / 7):
            break
    assert day == days


@pytest.mark.parametrize(("expected", "silent"), [(0.0, False), (11.5, False), (11.52, True), (30.0, True)])
def test_eleven_and_a_half_missing_calls_are_no_chance(expected, silent):
    """exp(-11.5129) = 1 / 100,000."""
    assert is_silent(expected) is silent


@given(st.floats(0, 100), st.floats(0, 100))
def test_the_chance_of_silence_multiplies(one, other):
    """Poisson: two stretches of time have nothing to do with each other."""
    together = silence_chance(one + other)
    assert together == pytest.approx(silence_chance(one) * silence_chance(other))
    assert 0 <= together <= 1


def test_the_chance_of_silence_against_calls_that_are_drawn():
    """Calls are drawn with exponential gaps; how often none comes in an hour with two usual calls."""
    chance = random.Random(7)
    hours = 20_000
    silent = sum(chance.expovariate(2.0) > 1.0 for _ in range(hours))
    assert silent / hours == pytest.approx(silence_chance(2.0), abs=0.01)


def test_a_steady_client_is_told_of_once_in_100_000_gaps():
    assert silence_chance(-math.log(SILENCE_LEVEL)) == pytest.approx(SILENCE_LEVEL)


@given(USUAL, SPAN, ZONES)
def test_who_is_silent_too_long_is_always_looked_at(usual, span, zone):
    since, at = span
    if is_silent(expected_calls(usual, [span], zone=zone)):
        assert may_be_silent(usual, since=since, at=at)


def test_without_a_norm_nothing_is_said():
    assert not may_be_silent({}, since=BEGIN, at=BEGIN + 500 * HOUR)
    assert not is_silent(expected_calls({}, [(BEGIN, BEGIN + 500 * HOUR)], zone="UTC"))


@given(st.lists(st.integers(0, 24 * 60 - 1), max_size=20), st.integers(0, 1000), st.integers(1, 400))
def test_a_call_is_outside_when_he_is_closed_then_and_half_an_hour_around(minutes, opens, lasts):
    def is_open(at):
        return BEGIN + opens * MINUTE <= at < BEGIN + (opens + lasts) * MINUTE

    arrivals = [BEGIN + minute * MINUTE for minute in minutes]
    found = outside(arrivals, is_open=is_open)
    assert list(found) == sorted(
        at for at in arrivals if not is_open(at) and not is_open(at - EARLY_OR_LATE) and not is_open(at + EARLY_OR_LATE)
    )


PIECE = st.tuples(st.integers(0, 200), st.integers(0, 100)).map(lambda drawn: (drawn[0], sum(drawn)))


@given(st.lists(PIECE, max_size=4), st.lists(PIECE, max_size=4))
def test_what_is_left_is_what_no_absence_has_minute_by_minute(spans, away):
    gone = [Span(BEGIN + one * MINUTE, BEGIN + other * MINUTE) for one, other in away]
    asked = [(BEGIN + one * MINUTE, BEGIN + other * MINUTE) for one, other in spans]
    minutes = [
        minute
        for one, other in spans
        for minute in range(one, other)
        if not any(begins <= minute < until for begins, until in away)
    ]
    found = [
        int((at - BEGIN) / MINUTE)
        for starts, ends in left_of(asked, gone)
        for at in (starts + n * MINUTE for n in range(int((ends - starts) / MINUTE)))
    ]
    assert found == minutes
