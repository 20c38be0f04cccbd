# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may be the same person, and what becomes of two who are."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.callers.rules.birth import BirthDate
from permanence.callers.rules.identity import IdentityStatus
from permanence.callers.rules.likeness import Like, Traits, likeness
from permanence.callers.rules.merging import (
    PLAIN,
    NotesTooLong,
    Record,
    TwoValidatedIdentities,
    may_be_undone,
    merge_plan,
)

JEANNE = Traits(
    birth_name="Lefèvre",
    used_name="Dupont",
    first_name="Jeanne",
    birth=BirthDate(1961, 3, 14),
    sex="f",
    numbers=frozenset({"+33612345678"}),
)
NOON = datetime(2026, 11, 27, 11, tzinfo=UTC)


BIRTH, NEAR_BIRTH = Like.SAME_BIRTH_DATE, Like.NEAR_BIRTH_DATE
NAME, NEAR_NAME = Like.SAME_NAME, Like.NEAR_NAME
FIRST, NEAR_FIRST = Like.SAME_FIRST_NAME, Like.NEAR_FIRST_NAME


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        (Traits(birth_name="LEFEBVRE", first_name="Jeanne", birth=JEANNE.birth), {BIRTH, NEAR_NAME, FIRST}),
        (Traits(used_name="Dupond", first_name="Jeane", birth=JEANNE.birth), {BIRTH, NEAR_NAME, NEAR_FIRST}),
        (Traits(used_name="Martin", first_name="Jeanne", numbers=JEANNE.numbers), {FIRST, Like.SAME_NUMBER}),
        (Traits(birth_name="Lefèvre", first_name="Jeanne", birth=BirthDate(1961)), {NEAR_BIRTH, NAME, FIRST}),
        (Traits(birth_name="Lefèvre", first_name="Jeanne", birth=BirthDate(1961, 3, 15)), {NEAR_BIRTH, NAME, FIRST}),
    ],
)
def test_who_may_be_the_same_is_shown_with_the_reasons(other, reasons):
    found = likeness(JEANNE, other)
    assert found.is_likely
    assert set(found.reasons) == reasons


@pytest.mark.parametrize(
    "other",
    [
        Traits(birth_name="Lefèvre", first_name="Marie", birth=JEANNE.birth, sex="f", numbers=JEANNE.numbers),
        Traits(birth_name="Lefèvre", first_name="Jeanne", birth=BirthDate(1988, 7, 2), sex="f"),
        Traits(birth_name="Lefèvre", first_name="Paul", sex="m", numbers=JEANNE.numbers),
        Traits(birth_name="Martin", first_name="Luc", birth=JEANNE.birth),
        Traits(),
    ],
)
def test_twins_mothers_and_strangers_are_others(other):
    assert not likeness(JEANNE, other).is_likely


NAMES = st.sampled_from(["", "Martin", "Le Roy", "Leroy", "Dupont", "Dupond", "Jean", "Jean-Pierre"])
TRAITS = st.builds(
    Traits,
    birth_name=NAMES,
    used_name=NAMES,
    first_name=NAMES,
    birth=st.none() | st.builds(BirthDate, st.integers(1950, 1952), st.integers(1, 12), st.integers(0, 12)),
    sex=st.sampled_from(["", "f", "m"]),
    numbers=st.frozensets(st.sampled_from(["+33612345678", "+33612345679"])),
)


@given(one=TRAITS, other=TRAITS)
def test_it_does_not_matter_who_comes_first(one, other):
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other).score <= 100


def record(**changes):
    fields = {name: changes.pop(name, "") for name in PLAIN}
    return Record(fields=fields, **changes)


def test_the_one_that_stays_takes_what_it_lacks_and_keeps_its_own():
    kept = record(birth_name="Lefevre", first_name="Jeanne", birth_date="1961", notes="a")
    merged = record(birth_name="Lefebvre", mail="j@example.org", birth_date="1961-03-14", known=True, notes="b")
    plan = merge_plan(kept, merged)
    assert plan.changes == {"mail": "j@example.org", "birth_date": "1961-03-14", "known": True, "notes": "a\n\nb"}
    assert plan.left == {"birth_name": "Lefebvre"}


def test_a_proved_identity_stands_whichever_stays():
    proved = record(
        birth_name="Lefèvre",
        first_name="Jeanne",
        birth_date="1961-03-14",
        status=IdentityStatus.VALIDATED,
        document=("passport", NOON, "Claire"),
    )
    plan = merge_plan(record(birth_name="Lefebvre", first_name="Jane", birth_date="1961-03-15"), proved)
    assert plan.changes["birth_name"] == "Lefèvre"
    assert plan.changes["birth_date"] == "1961-03-14"
    assert plan.changes["identity_status"] == "validated"
    assert plan.changes["identity_seen_by"] == "Claire"
    other = record(first_name="Jeanne", birth_date="1961-03-15", status=IdentityStatus.VALIDATED)
    with pytest.raises(TwoValidatedIdentities):
        merge_plan(other, proved)


def test_notes_that_do_not_fit_together_are_refused_rather_than_cut():
    with pytest.raises(NotesTooLong):
        merge_plan(record(notes="a" * 3000), record(notes="b" * 3000))


def test_a_day_later_it_stands():
    assert may_be_undone(merged_at=NOON, at=NOON + timedelta(hours=24))
    assert not may_be_undone(merged_at=NOON, at=NOON + timedelta(hours=24, seconds=1))
