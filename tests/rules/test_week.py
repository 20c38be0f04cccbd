# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hours of a day as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.clients.rules.week import TYPICAL_WEEK, HoursOverlap, HoursUnclear, read_day, write_day

MORNING, AFTERNOON = ("08:00", "12:00"), ("14:00", "18:30")


@pytest.mark.parametrize(
    ("text", "openings"),
    [
        ("8-12", (MORNING,)),
        ("8h-12h 14-18:30", (MORNING, AFTERNOON)),
        ("8:00–12:00, 14:00–18:30", (MORNING, AFTERNOON)),
        ("8h00 à 12h00 et 14h à 18h30", (MORNING, AFTERNOON)),
        ("14-18.30 / 8-12", (MORNING, AFTERNOON)),
        ("22-6", (("22:00", "06:00"),)),
        ("24h", (("00:00", "24:00"),)),
        ("Fermé", ()),
        ("", ()),
    ],
)
def test_hours_are_read(text: str, openings: tuple[tuple[str, str], ...]) -> None:
    assert read_day(text) == openings


@pytest.mark.parametrize(
    "text", ["8", "8-25", "8-8", "8-12 11-14", "matin", "8:75-9", "24-6", "8-12 oops", "22-6 23-24"]
)
def test_what_is_not_hours_is_refused(text: str) -> None:
    with pytest.raises(HoursUnclear):
        read_day(text)


@pytest.mark.parametrize(
    ("text", "spans"),
    [("8-12, 10-14", ("8:00-12:00", "10:00-14:00")), ("10-14 8-12", ("8:00-12:00", "10:00-14:00"))],
)
def test_of_two_that_overlap_both_are_said(text: str, spans: tuple[str, str]) -> None:
    with pytest.raises(HoursOverlap) as refused:
        read_day(text)
    assert refused.value.spans == spans


@given(edges=st.lists(st.integers(0, 24 * 60 - 1), min_size=2, max_size=8, unique=True))
def test_what_is_written_is_read_back(edges: list[int]) -> None:
    clocks = [f"{each // 60:02d}:{each % 60:02d}" for each in sorted(edges)]
    openings = tuple(zip(clocks[::2], clocks[1::2], strict=False))
    assert read_day(write_day(openings)) == openings


def test_the_typical_week_is_hours() -> None:
    assert [len(read_day(day)) for day in TYPICAL_WEEK] == [2] * 5 + [0] * 2
