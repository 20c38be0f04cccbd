# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is free is what the oracle says, minute by minute; what is refused has a cause."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from permanence.agenda.rules.free import explain, free_slots, hidden, slot_at
from permanence.agenda.rules.index import Index
from permanence.agenda.rules.kinds import Need, Opening, Resource, Use
from permanence.agenda.rules.seconds import Forbidden, crowded
from tests.rules.agenda.house import ECG, FOLLOW_UP, NOW, TUESDAY, later, on, practice, visit, weber, wish
from tests.rules.agenda.made import books
from tests.rules.agenda.oracle import Oracle, wall

FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(made=books())
def test_what_is_offered_is_free_and_what_is_refused_has_a_cause_and_is_counted_once(made):
    book, wish, day, at = made
    oracle = Oracle(book, wish, day=day, at=at)
    begin = wall(book.agenda.zone, day)[0][0]
    minutes = [each for each, _ in wall(book.agenda.zone, day) if (each - begin) % 5 == 0]
    wanted = [each for each in minutes if oracle.is_free(each)]
    event(f"free: {bool(wanted)}")
    slots = free_slots(book, wish, first=day, until=day + timedelta(days=1), at=at)
    assert [int(each.starts.timestamp() // 60) for each in slots] == wanted
    for each in sorted({*wanted, *minutes[:: 4 - (len(book.taken) % 2)]}):
        starts = datetime.fromtimestamp(each * 60, UTC)
        assert (explain(book, wish, starts=starts, at=at) == ()) == (each in wanted)
    step, now = book.agenda.step, at.timestamp() / 60
    unoffered = [each for each in minutes if each in oracle.open and each % step == 0 and each >= now]
    stretches = hidden(book, wish, first=day, until=day + timedelta(days=1), at=at)
    counts = [int(each.starts.timestamp() // 60) + step * n for each in stretches for n in range(each.count)]
    assert counts == [each for each in unoffered if each not in wanted]


PAIRS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 8)).map(lambda each: (each[0], each[0] + each[1])), max_size=6
)


@given(pairs=PAIRS, places=st.integers(1, 3))
def test_it_is_crowded_where_so_many_overlap(pairs, places):
    found = crowded(pairs, places)
    for second in range(40):
        count = sum(lo <= second < hi for lo, hi in pairs)
        assert any(lo <= second < hi for lo, hi in found) == (count >= places)


@given(pairs=PAIRS, before=st.integers(0, 3), length=st.integers(1, 5), after=st.integers(0, 3))
def test_the_next_start_is_the_first_that_meets_nothing(pairs, before, length, after):
    forbidden = Forbidden(pairs, before=before, length=length, after=after)

    def meets(start):
        return any(start - before < hi and lo < start + length + after for lo, hi in pairs)

    for start in range(45):
        assert forbidden.until(start) == next(each for each in range(start, 200) if not meets(each))


def starts_of(book, **more):
    slots = free_slots(book, wish(**more), first=TUESDAY, until=later(1), at=NOW)
    return [each.starts for each in slots if each.starts < on("16:00")]


def test_a_visit_fits_exactly_between_two_and_its_buffers_do_too():
    between = weber(visit("14:20", "14:40"), visit("15:00", "15:40"))
    assert starts_of(between) == [on("14:40"), on("15:40")]
    early = replace(between, reasons=(replace(FOLLOW_UP, before=5),))
    assert starts_of(early) == []
    late = replace(between, reasons=(replace(FOLLOW_UP, after=5),))
    assert starts_of(late) == [on("15:40")]
    assert starts_of(replace(late, taken=late.taken[1:])) == [on("14:20"), on("15:40")]


def test_two_of_three_places_taken_leave_one():
    group = Opening(id="g", agenda="weber", weekday=1, opens="15:00", until="15:20", capacity=3)
    seats = [visit("15:00", "15:20") for _ in range(3)]
    assert starts_of(weber(*seats[:2], openings=(group,))) == [on("15:00")]
    assert starts_of(weber(*seats, openings=(group,))) == []


@pytest.mark.parametrize(("shared_by", "free"), [("weber", True), ("klein", False), ("", False)])
def test_a_group_is_in_a_room_that_its_own_visits_have_already(shared_by, free):
    room = Resource(id="room", client="c", kind="room")
    group = Opening(id="g", agenda="weber", weekday=1, opens="15:00", until="15:20", capacity=3, resources=("room",))
    seat = visit("15:00", "15:20")
    used = visit("15:00", "15:20", subject="room", of_resource=True, shared_by=shared_by)
    book = replace(weber(seat, used, openings=(group,)), resources=(room,))
    found = [on("15:00")] if free else []
    index = Index(first=TUESDAY, days=1)
    index.put(book)
    assert (starts_of(book), index.starts("weber", wish(), at=NOW)) == (found, found)
    if free:
        assert slot_at(book, wish(), starts=on("15:00"), at=NOW).resources == (Use("room", shared_by="weber"),)


def test_a_device_that_has_the_number_of_an_agenda_is_not_that_agenda():
    device = Resource(id="1", client="c", kind="ecg")
    tracing = replace(ECG, needs=(Need(kind="ecg"),))
    used = visit("14:20", "15:00", subject="1", of_resource=True, agenda="2")
    book = replace(practice("1", used, reasons=(FOLLOW_UP, tracing)), resources=(device,))
    starts = [each.starts for each in free_slots(book, wish(), first=TUESDAY, until=later(1), at=NOW)]
    assert starts[:2] == [on("14:20"), on("14:40")]
    assert [each.code for each in explain(book, wish("ECG"), starts=on("14:20"), at=NOW)] == ["equipment_taken"]
    index = Index(first=TUESDAY, days=1)
    index.put(book)
    assert index.starts("1", wish(), at=NOW) == starts
    assert index.next_free(wish("ECG"), at=NOW) == {"1": on("15:00")}
