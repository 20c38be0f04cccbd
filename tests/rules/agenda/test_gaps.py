# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a visit leaves free beside it is a hole when none of the visits that these hours are for has room there."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.agenda.rules.free import explain
from permanence.agenda.rules.kinds import Opening, OpeningKind, TakenKind, VisitReason, Way
from permanence.agenda.rules.search import propose, taken_by
from tests.rules.agenda.house import TUESDAY, away, later, on, practice, visit, weber, wish

CELL = timedelta(minutes=5)
EARLY = on("07:00")
SPECIALIST = VisitReason(id="CS", client="c", name="Consultation", minutes=30)
NURSE = VisitReason(id="INJ", client="c", name="Injection", minutes=5)


def opening(opens="14:00", until="18:00", **more):
    return Opening(id=opens, agenda="weber", weekday=1, opens=opens, until=until, **more)


def holes(book, asked="CS"):
    """By hour what each proposal of that Tuesday leaves."""
    found = propose([book], wish(asked), first=TUESDAY, days=1, at=EARLY, most=500, a_day=500).proposals
    return {each.slot.starts: each.hole for each in found}


def hours(*openings, reasons=(SPECIALIST, NURSE), taken=()):
    return weber(*taken, openings=openings or (opening(),), reasons=reasons, step=5)


def test_what_the_nurse_does_elsewhere_fills_no_hole_of_the_specialists_day():
    found = holes(hours(opening(reasons=("CS",)), opening("08:00", "12:00", reasons=("INJ",))))
    assert (found[on("14:00")], found[on("14:05")], found[on("14:30")]) == (0, 5, 0)
    found = holes(hours())
    assert found[on("14:05")] == 0


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"way": Way.TELE},
        {"sites": ("north",)},
        {"also": "weber"},
    ],
)
def test_visits_by_video_of_another_site_or_of_a_colleague_fill_no_hole_here(elsewhere):
    assert holes(hours(reasons=(SPECIALIST, replace(NURSE, **elsewhere))))[on("14:05")] == 5


def test_only_the_hours_beside_the_visit_say_for_whom_they_are():
    both = opening("14:00", "15:00", reasons=("CS",)), opening("15:00", "18:00")
    found = holes(hours(*both))
    assert (found[on("14:05")], found[on("17:25")]) == (5, 0)


def test_who_needs_time_before_and_after_has_no_room_in_a_gap_of_his_minutes():
    slow = replace(SPECIALIST, minutes=20, before=5, after=10)
    between = visit("14:00", "14:20"), visit("15:30", "18:00")
    found = holes(hours(reasons=(slow,), taken=between))
    # 14:20-15:30: five to prepare, twenty, ten to tidy up; beside it 35 are wanted once more, 25 are a hole.
    assert (found[on("14:25")], found[on("15:00")], found[on("14:50")]) == (0, 0, 25 + 10)


def test_time_before_and_after_may_lie_outside_the_hours_and_in_an_absence():
    slow = replace(SPECIALIST, minutes=20, before=10, after=10)
    found = holes(hours(opening("14:00", "15:00"), reasons=(slow,)))
    assert found[on("14:40")] == 0  # 14:00 to 14:20 and its ten minutes; the ten of 13:50 lie before the hours
    assert found[on("14:35")] == 25
    found = holes(hours(opening("13:00", "15:00"), reasons=(slow,), taken=(away("13:00", "14:00"),)))
    assert (found[on("14:40")], found[on("14:35")]) == (0, 25)


def test_the_way_to_a_patient_is_wanted_before_the_next_one():
    home = replace(SPECIALIST, minutes=20, way=Way.HOME)
    there = opening("14:00", "15:40", kind=OpeningKind.HOME_VISIT, travel=20)
    found = holes(hours(there, reasons=(home,)))
    assert (found[on("14:40")], found[on("14:45")]) == (0, 35)  # from 15:05 twenty on the way and twenty there are 40


@st.composite
def afternoons(draw):
    """Hours for some reasons, with what stands there; nothing but room decides."""
    reasons = tuple(
        VisitReason(
            id=name, client="c", name=name, minutes=draw(st.sampled_from([5, 10, 20, 30])),
            before=draw(st.sampled_from([0, 0, 5, 10])), after=draw(st.sampled_from([0, 0, 5, 15])),
        )
        for name in ("CS", "INJ", "URG")
    )  # fmt: skip
    named = draw(st.sampled_from([(), ("CS",), ("CS", "URG")]))
    taken = []
    for _ in range(draw(st.integers(0, 3))):
        starts = on("14:00") + draw(st.integers(0, 20)) * CELL
        ends = starts + draw(st.integers(1, 5)) * CELL
        kind = draw(st.sampled_from([TakenKind.APPOINTMENT, TakenKind.BLOCK, TakenKind.ABSENCE]))
        taken.append(replace(visit("14:00", "14:05"), starts=starts, ends=ends, kind=kind))
    return practice("weber", *taken, openings=(opening("14:00", "16:00", reasons=named),), reasons=reasons, step=5)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(book=afternoons())
def test_a_hole_is_where_nobody_could_be_booked_afterwards(book):
    for each in propose([book], wish(), first=TUESDAY, days=1, at=EARLY, most=6, a_day=6).proposals:
        after = book.taking(taken_by(each.slot, is_new=False))
        before = each.slot.starts - timedelta(minutes=each.slot.before)
        left = walked(book, before - CELL, -CELL)
        right = walked(book, each.slot.ends + timedelta(minutes=each.slot.after), CELL)
        wasted = [len(gap) * 5 for gap in (left, right) if gap and not anybody(after, gap)]
        assert each.hole == sum(wasted), each


def walked(book, cell, step):
    """The free cells from that one on, one after the other, until something is there or the hours are over."""
    found = []
    while on("14:00") <= cell < on("16:00") and not any(
        one.starts - timedelta(minutes=one.before) < cell + CELL and cell < one.ends for one in book.taken
    ):
        found.append(cell)
        cell += step
    return found


def anybody(book, gap):
    """Whether some visit could be booked that lies in these cells."""
    first, last = min(gap), max(gap) + CELL
    lasting = {each.id: timedelta(minutes=each.minutes) for each in book.reasons}
    return any(
        first + number * CELL + lasts <= last
        and explain(book, wish(name), starts=first + number * CELL, at=EARLY) == ()
        for name, lasts in lasting.items()
        for number in range(len(gap))
    )


def test_the_rest_of_the_week_changes_nothing_of_a_day():
    week = hours(opening(reasons=("CS",)), replace(opening(), weekday=2))
    found = propose([week], wish(), first=TUESDAY, days=2, at=EARLY, most=500, a_day=500).proposals
    holes_of = {each.slot.starts: each.hole for each in found}
    assert (holes_of[on("14:05")], holes_of[on("14:05", later(1))]) == (5, 0)
