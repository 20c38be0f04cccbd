# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is proposed: as preferred, Dr A before Dr B of a day, no useless holes; and what instead when there is none."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings

from permanence.agenda.rules.free import explain, free_slots
from permanence.agenda.rules.index import Index
from permanence.agenda.rules.kinds import HalfDay, Need, Opening, Use, VisitReason
from permanence.agenda.rules.search import is_preferred, propose, taken_by
from permanence.agenda.rules.wishes import Moving, Preferences
from tests.rules.agenda.house import (
    ECG,
    NOW,
    REASONS,
    TUESDAY,
    away,
    block,
    later,
    on,
    practice,
    visit,
    weber,
    wish,
)
from tests.rules.agenda.made import books

FEW = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


def proposed(books, asked, days=10, **more):
    found = propose(books, asked, first=TUESDAY, days=days, at=NOW, **more)
    return [(each.slot.agenda, each.slot.starts, each.hole) for each in found.proposals]


def full(day):
    return block("08:00", "12:00", day), block("14:00", "18:00", day)


def test_dr_weber_else_dr_klein_day_by_day():
    weber_is_full = weber(*full(TUESDAY), *full(later(1)))
    asked = wish(preferences=Preferences(agendas=("weber", "klein"), half_days=frozenset({HalfDay.AFTERNOON})))
    klein = practice("klein", visit("14:20", "17:40"), *full(later(1)))
    assert proposed([klein, weber_is_full], asked, most=4) == [
        ("klein", on("17:40"), 0),
        ("weber", on("14:00", later(2)), 0),
        ("weber", on("14:20", later(2)), 0),
        ("klein", on("14:00", later(2)), 0),
    ]


def test_dr_weber_or_else_dr_klein_and_nobody_else():
    weber_is_full = weber(*full(TUESDAY))
    klein = practice("klein", visit("14:20", "17:40"), *full(later(1)), *full(later(2)))
    asked = wish(preferences=Preferences(agendas=("weber", "klein"), half_days=frozenset({HalfDay.AFTERNOON})))
    assert proposed([practice("all day free"), klein, weber_is_full], asked, most=6) == [
        ("klein", on("17:40"), 0),
        ("weber", on("14:00", later(1)), 0),
        ("weber", on("14:20", later(1)), 0),
        ("weber", on("14:00", later(2)), 0),
        ("weber", on("14:20", later(2)), 0),
        ("weber", on("14:00", later(3)), 0),
    ]


def test_an_agenda_that_is_not_named_is_not_proposed():
    asked = wish(preferences=Preferences(agendas=("weber",)))
    assert {agenda for agenda, *_ in proposed([practice("klein"), weber()], asked)} == {"weber"}


def test_starts_that_leave_no_useless_hole_come_first_and_the_others_say_so():
    short = VisitReason(id="CS", client="c", name="", minutes=20)
    book = weber(visit("14:00", "14:45"), visit("15:15", "18:00"), reasons=(short,), step=5)
    assert proposed([book], wish(), days=1) == [("weber", on("14:45"), 10), ("weber", on("14:50"), 10)]
    book = weber(visit("14:00", "14:45"), visit("15:40", "18:00"), reasons=(short,), step=5)
    assert proposed([book], wish(), days=1) == [("weber", on("14:45"), 0), ("weber", on("15:20"), 0)]


def test_without_anything_as_preferred_the_nearest_instead_says_what_is_given_up():
    asked = wish(preferences=Preferences(weekdays_out=frozenset({1, 2}), half_days=frozenset({HalfDay.MORNING})))
    found = propose([weber()], asked, first=TUESDAY, days=2, at=NOW)
    assert found.proposals == ()
    assert [(each.dropped, each.proposal.slot.starts) for each in found.alternatives] == [
        ("weekdays_out", on("08:00", later(1)))
    ]
    both = wish(preferences=Preferences(half_days=frozenset({HalfDay.MORNING}), from_date=later(3)))
    found = propose([weber(*full(later(1)))], both, first=TUESDAY, days=2, at=NOW)
    assert [(each.dropped, each.proposal.slot.starts) for each in found.alternatives] == [("all", on("14:20"))]


def instead(books, preferences, *, days=10):
    found = propose(books, wish(preferences=preferences), first=TUESDAY, days=days, at=NOW)
    assert found.proposals == ()
    return [(each.dropped, each.proposal.slot.agenda, each.proposal.slot.starts) for each in found.alternatives]


def test_who_wants_a_late_hour_is_offered_the_latest_of_the_day_and_not_its_first():
    evening = Preferences(from_time="18:30")
    assert instead([weber()], evening) == [("time", "weber", on("17:40"))]
    early = Preferences(until_time="07:30", from_date=later(1))
    assert instead([weber()], early)[0] == ("time", "weber", on("08:00", later(1)))
    assert instead([weber(block("16:00", "18:00")), practice("klein")], evening) == [("time", "klein", on("17:40"))]


def test_the_only_one_who_is_free_is_found_however_many_are_asked():
    busy = [
        practice(f"busy{number}", *(each for day in range(10) for each in full(later(day)))) for number in range(25)
    ]
    assert instead([*busy, practice("klein")], Preferences(from_time="18:30")) == [("time", "klein", on("17:40"))]


def test_with_nothing_at_all_the_hidden_starts_are_counted():
    found = propose([weber(away("14:00", "18:00"))], wish(), first=TUESDAY, days=1, at=NOW)
    assert (found.proposals, found.alternatives) == ((), ())
    assert [(count, why.code) for count, why in found.hidden] == [(11, "absent")]


def test_the_index_only_saves_work():
    books = [weber(*full(TUESDAY)), practice("klein", *full(later(1)))]
    index = Index(first=TUESDAY, days=30)
    for book in books:
        index.put(book)
    earliest = index.next_free(wish(), at=NOW)
    assert earliest == {"weber": on("08:00", later(1)), "klein": on("14:20")}
    assert proposed(books, wish(), earliest=lambda _: earliest) == proposed(books, wish())
    only = {"klein": on("14:20")}
    assert {agenda for agenda, *_ in proposed(books, wish(), earliest=lambda _: only)} == {"klein"}


def test_who_moves_his_place_in_a_group_is_proposed_the_colleague_who_is_free_before_its_next_day():
    groups = [
        Opening(id=f"group-{day}", agenda="weber", weekday=day, opens="16:00", until="16:20", capacity=3)
        for day in (1, 3)
    ]
    books = [practice("weber", visit("16:00", "16:20", id="his"), openings=groups), practice("klein", *full(TUESDAY))]
    index, earliest = Index(first=TUESDAY, days=30), {"weber": on("16:00"), "klein": on("08:00", later(1))}
    for book in books:
        index.put(book)
    assert index.next_free(wish(), at=NOW) == earliest
    asked = {"moving": Moving(visit="his", agenda="weber", starts=on("16:00")), "most": 1}
    assert proposed(books, wish(), **asked) == [("klein", on("08:00", later(1)), 0)]
    assert proposed(books, wish(), earliest=lambda _: earliest, **asked) == proposed(books, wish(), **asked)
    alone = [books[0]]
    assert proposed(alone, wish(), earliest=lambda _: earliest, **asked) == [("weber", on("16:00", later(2)), 0)]


def test_a_visit_takes_all_resources_of_its_reason():
    reason = replace(ECG, needs=(Need(kind="ecg"), Need(ids=("room1", "room2"))))
    busy = visit("14:20", "17:30", subject="room1")
    slots = free_slots(weber(busy, reasons=(reason,)), wish("ECG"), first=TUESDAY, until=later(1), at=NOW)
    assert slots[0].resources == (Use("ecg1"), Use("room2"))
    taken = taken_by(slots[0], is_new=False)
    assert [each.subject for each in taken] == ["weber", "ecg1", "room2"]
    assert explain(weber(busy, *taken, reasons=(reason,)), wish("ECG"), starts=slots[0].starts, at=NOW) != ()


@FEW
@given(made=books())
def test_what_is_proposed_is_free_as_preferred_and_the_best_of_its_day(made):
    book, asked, day, at = made
    asked = replace(asked, preferences=Preferences(half_days=frozenset({HalfDay.MORNING})))
    zone = ZoneInfo(book.agenda.zone)
    slots = free_slots(book, asked, first=day, until=day + timedelta(days=2), at=at)
    wanted = [each for each in slots if is_preferred(each, asked.preferences, zone)]
    found = propose([book], asked, first=day, days=2, at=at, most=500, a_day=500)
    assert sorted(found.proposals, key=lambda each: each.slot.starts) == list(found.proposals)
    assert [each.slot for each in found.proposals] == wanted
    first = propose([book], asked, first=day, days=2, at=at, most=1, a_day=1).proposals
    if wanted:
        today = wanted[0].starts.astimezone(zone).date()
        same = [each for each in found.proposals if each.slot.starts.astimezone(zone).date() == today]
        assert first == (min(same, key=lambda each: (each.hole > 0, each.slot.starts)),)
    else:
        assert (first, bool(found.alternatives)) == ((), bool(slots))


def test_a_hole_is_what_the_shortest_visit_has_no_room_in():
    """Minute by minute: what lies beside the visit up to the next thing taken, when it is under ten minutes."""
    book = weber(visit("14:20", "14:40"), visit("15:05", "16:00"), reasons=REASONS, step=5)
    found = propose([book], wish("URG"), first=TUESDAY, days=1, at=on("14:20"), most=500, a_day=500).proposals
    holes = {each.slot.starts: each.hole for each in found}
    expected = {"14:40": 0, "14:45": 5, "14:50": 5, "14:55": 0, "16:00": 0, "16:05": 5, "16:10": 0, "17:50": 0}
    assert {starts: holes[on(starts)] for starts in expected} == expected
