# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is set aside in a full practice is said day by day: twice the days cost twice as much, not four times."""

import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.agenda.rules.free import hidden
from permanence.agenda.rules.kinds import Opening
from permanence.agenda.rules.seconds import Near
from tests.rules.agenda.house import NOW, away, block, later, practice, visit, wish

WEEK = 7
STEPS = [(f"{minute // 60:02d}:{minute % 60:02d}", f"{(minute + 20) // 60:02d}:{(minute + 20) % 60:02d}")
         for opens in (8 * 60, 14 * 60) for minute in range(opens, opens + 240, 20)]  # fmt: skip


def each_step(make, **more):
    """Something at each step of three weeks."""
    return [make(*step, later(day), **more) for day in range(-1, 3 * WEEK) for step in STEPS]


def groups():
    return [
        Opening(id=f"{day}", agenda="weber", weekday=day, opens="08:00", until="12:00", capacity=2) for day in range(5)
    ]


FULL = {
    "visits": (practice("weber", *each_step(visit)), wish()),
    "visits with buffers": (practice("weber", *each_step(visit, before=5, after=5)), wish()),
    "busy times": (practice("weber", *each_step(block)), wish()),
    "absences": (practice("weber", *each_step(away)), wish()),
    "a group": (practice("weber", *each_step(visit), *each_step(visit), openings=groups()), wish()),
    "its device": (practice("weber", *each_step(visit, subject="ecg1", of_resource=True, agenda="klein")), wish("ECG")),
}


def calls_of(ask):
    """How many functions are called to answer."""
    count = 0

    def called(_frame, event, _what):
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(called)
    try:
        ask()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("what", FULL)
def test_twice_as_many_full_days_are_twice_as_much_work(what):
    book, asked = FULL[what]
    first = later(6)  # the Monday after, when nothing is past

    def count(weeks):
        # The book of these days, as it is loaded: with what is there a day before and after.
        until = later(6 + weeks * WEEK)
        near = replace(book, taken=tuple(each for each in book.taken if each.starts.date() <= until))
        stretches = hidden(near, asked, first=first, until=until, at=NOW)
        assert sum(each.count for each in stretches) >= weeks * 5 * 12
        return calls_of(lambda: hidden(near, asked, first=first, until=until, at=NOW))

    assert count(2) < 2.3 * count(1)


SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda each: (each[0], sum(each))), max_size=12)


@given(spans=SPANS, lo=st.integers(0, 40), length=st.integers(1, 10))
def test_what_meets_a_stretch_is_found_in_the_order_in_which_it_was_given(spans, lo, length):
    named = [(span, number) for number, span in enumerate(spans)]
    found = Near(named).meeting(lo, lo + length)
    assert found == [number for span, number in named if span[0] < lo + length and lo < span[1]]
