# SPDX-License-Identifier: AGPL-3.0-or-later
"""No value of an agenda can be made that means nothing."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.agenda.rules.kinds import (
    Agenda,
    AgendaImpossible,
    ExceptionKind,
    HalfDay,
    Need,
    Opening,
    OpeningException,
    OpeningImpossible,
    OpeningKind,
    Taken,
    TakenKind,
    VisitReason,
    VisitReasonImpossible,
)
from permanence.agenda.rules.limits import half_of
from permanence.agenda.rules.resources import matched

AT = datetime(2026, 11, 24, 13, 15, tzinfo=UTC)
BAD_OPENINGS = (
    {"opens": "12:00", "until": "08:00"},
    {"opens": "08:00", "until": "08:00"},
    {"opens": "22:00", "until": "06:00"},
    {"opens": "8", "until": "12:00"},
    {"until": "24:05"},
    {"opens": "１2:00", "until": "13:00"},
    {"weekday": 7},
    {"every_weeks": 0, "anchor": date(2026, 1, 5)},
    {"every_weeks": 2},
    {"every_weeks": 54, "anchor": date(2026, 1, 5)},
    {"valid_from": date(2026, 2, 1), "valid_until": date(2026, 2, 1)},
    {"kind": OpeningKind.SAME_DAY},
    {"released_at": "08:00"},
    {"kind": OpeningKind.SAME_DAY, "released_at": "24:00"},
    {"kind": OpeningKind.SAME_DAY, "released_at": "08:00", "released_days": -1},
    {"capacity": 0},
    {"capacity": 501},
    {"travel": 15},
    {"kind": OpeningKind.HOME_VISIT, "travel": 7},
)
BAD_REASONS = (
    {"minutes": 0},
    {"minutes": 12},
    {"minutes": -15},
    {"minutes": 725},
    {"minutes_new": 725},
    {"before": 3},
    {"after": -5},
    {"notice": -1},
    {"max_per_day": -1},
    {"bookable_by": frozenset()},
    {"youngest": 18, "oldest": 17},
)


@pytest.mark.parametrize("wrong", BAD_OPENINGS, ids=str)
def test_an_opening_that_means_nothing_is_refused(wrong):
    with pytest.raises(OpeningImpossible):
        Opening(**{"id": "o", "agenda": "a", "opens": "08:00", "until": "12:00", **wrong})


@pytest.mark.parametrize("wrong", BAD_REASONS, ids=str)
def test_a_reason_that_means_nothing_is_refused(wrong):
    with pytest.raises(VisitReasonImpossible):
        VisitReason(**{"id": "r", "client": "c", "name": "Suivi", "minutes": 20, **wrong})


def test_a_need_of_nothing_and_an_agenda_without_a_step_are_refused():
    with pytest.raises(VisitReasonImpossible):
        Need()
    with pytest.raises(VisitReasonImpossible):
        Need(kind="ecg", after=4)
    with pytest.raises(AgendaImpossible):
        Agenda(id="a", client="c", recipient="r", zone="Europe/Paris", country="FR", step=7)


def test_an_exception_closes_or_brings_openings_never_both():
    day = date(2026, 11, 24)
    opening = Opening(id="o", agenda="a", opens="08:00", until="24:00")
    with pytest.raises(OpeningImpossible):
        OpeningException(id="e", agenda="a", date=day, kind=ExceptionKind.CLOSED, openings=(opening,))
    with pytest.raises(OpeningImpossible):
        OpeningException(id="e", agenda="a", date=day, kind=ExceptionKind.ONE_OFF)
    assert OpeningException(id="e", agenda="a", date=day, kind=ExceptionKind.CLOSED).openings == ()


def test_a_new_patients_visit_is_as_long_as_another_unless_said_otherwise():
    reason = VisitReason(id="r", client="c", name="Suivi", minutes=20)
    assert (reason.length(is_new=True), reason.length(is_new=False)) == (20, 20)
    reason = VisitReason(id="r", client="c", name="Suivi", minutes=20, minutes_new=30)
    assert (reason.length(is_new=True), reason.length(is_new=False)) == (30, 20)


def test_a_hold_hinders_others_until_it_is_over():
    hold = Taken(
        subject="a", starts=AT, ends=AT + timedelta(minutes=20), kind=TakenKind.HOLD,
        holder="call", until=AT + timedelta(minutes=2), before=5, after=10,
    )  # fmt: skip
    assert hold.counts(at=AT)
    assert hold.counts(at=AT, holder="other call")
    assert not hold.counts(at=AT, holder="call")
    assert not hold.counts(at=AT + timedelta(minutes=2))
    assert (hold.from_buffer, hold.until_buffer) == (AT - timedelta(minutes=5), AT + timedelta(minutes=30))
    assert Taken(subject="a", starts=AT, ends=AT, kind=TakenKind.BLOCK, until=AT).counts(at=AT)


def test_the_afternoon_begins_at_one_on_the_wall():
    assert half_of(datetime(2026, 11, 24, 12, 55, tzinfo=UTC)) is HalfDay.MORNING
    assert half_of(datetime(2026, 11, 24, 13, 0, tzinfo=UTC)) is HalfDay.AFTERNOON


@given(free=st.lists(st.lists(st.sampled_from("abcd"), max_size=4, unique=True), max_size=4))
def test_each_need_gets_a_resource_of_its_own_whenever_that_can_be(free):
    """One that has the first choice takes another when somebody else has no other."""
    assert matched(["ab", "a"]) == ("b", "a")
    possible = any(len(set(chosen)) == len(chosen) for chosen in product(*free))
    chosen = matched(free)
    assert (chosen is not None) == possible
    if chosen is not None:
        assert len(set(chosen)) == len(chosen) == len(free)
        assert all(each in row for each, row in zip(chosen, free, strict=True))
