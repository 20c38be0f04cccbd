# SPDX-License-Identifier: AGPL-3.0-or-later
"""The waiting list's rule: whose turn it is, which slot he is offered, for how long; against an oracle in words."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.agenda.rules import free
from permanence.agenda.rules import waiting as rules
from permanence.agenda.rules.kinds import HalfDay
from permanence.agenda.rules.waiting import (
    LEAST_LEFT,
    NEAREST,
    OFFER_MINUTES,
    FreeSlots,
    Span,
    Waiting,
    in_turn,
    outside,
    timing,
)
from permanence.agenda.rules.wishes import Preferences
from permanence.countries.quiet import heard_from
from tests.rules.agenda.house import NOW, TUESDAY, later, on, practice, visit, weber, wish
from tests.rules.agenda.made import books
from tests.rules.agenda.oracle import Oracle, minute

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
LUXEMBOURG = {"country": "LU", "time_zone": "Europe/Luxembourg"}


def fitting(book, who, freed, *, at, asked=()):
    return rules.fitting(FreeSlots(book, at=at), who, freed, asked=asked)


def waits(place="p", *, days=0, reason="CS", **more):
    preferences = more.pop("preferences", Preferences())
    asked = NOW - timedelta(days=days)
    return Waiting(place=place, asked_at=asked, wish=wish(reason, preferences=preferences), **more)


def comes_before(one, other):
    """The rule as it is told to a patient, sentence by sentence."""
    if one.is_urgent != other.is_urgent:
        return one.is_urgent
    if one.silent != other.silent:
        return one.silent < other.silent
    if one.asked_at != other.asked_at:
        return one.asked_at < other.asked_at
    return one.place < other.place


@st.composite
def lists(draw):
    return [
        waits(
            f"p{number}",
            days=draw(st.integers(0, 3)),
            is_urgent=draw(st.booleans()),
            silent=draw(st.integers(0, 2)),
        )
        for number in range(draw(st.integers(0, 8)))
    ]


@given(lists(), st.randoms(use_true_random=False))
def test_whose_turn_it_is_depends_on_nothing_but_the_rule(waiting, chance):
    left, order = list(waiting), []
    while left:
        first = next(one for one in left if all(one is other or comes_before(one, other) for other in left))
        left.remove(first)
        order.append(first.place)
    chance.shuffle(waiting)
    assert [each.place for each in in_turn(waiting)] == order


def test_who_did_not_answer_goes_behind_who_waits_less_long():
    patient = waits("long", days=90, silent=1)
    assert [each.place for each in in_turn([patient, waits("short", days=1)])] == ["short", "long"]


def test_urgent_comes_first_even_after_a_silence():
    assert [each.place for each in in_turn([waits("long", days=90), waits("urgent", silent=2, is_urgent=True)])] == [
        "urgent",
        "long",
    ]


FREED = Span(starts=on("15:00"), ends=on("15:20"))


def full_but(*spans, day=TUESDAY):
    """Dr Weber's day, booked whole but for these."""
    edges = [("08:00", "12:00"), ("14:00", "18:00")]
    taken = []
    for opens, until in edges:
        inside = sorted(each for each in spans if opens <= each[0] < until)
        at = opens
        for starts, ends in inside:
            if at < starts:
                taken.append(visit(at, starts, day))
            at = ends
        if at < until:
            taken.append(visit(at, until, day))
    return weber(*taken)


def test_the_freed_slot_itself_is_offered():
    slot = fitting(full_but(("15:00", "15:20")), waits(), FREED, at=NOW)
    assert (slot.starts, slot.ends) == (on("15:00"), on("15:20"))


def test_a_longer_visit_fits_with_what_is_free_beside_it():
    book = full_but(("14:40", "15:20"))
    new_patient = Waiting(place="p", asked_at=NOW, wish=wish("CS", is_new=True))
    assert fitting(book, new_patient, FREED, at=NOW).starts == on("14:40")
    assert fitting(full_but(("15:00", "15:20")), new_patient, FREED, at=NOW) is None


def test_a_slot_that_the_freed_time_did_not_make_possible_is_not_offered():
    book = full_but(("15:00", "15:20"), ("16:00", "16:20"))
    assert fitting(book, waits(), Span(starts=on("16:20"), ends=on("16:40")), at=NOW) is None


@pytest.mark.parametrize(
    ("preferences", "fits"),
    [
        (Preferences(), True),
        (Preferences(half_days=frozenset({HalfDay.MORNING})), False),
        (Preferences(half_days=frozenset({HalfDay.AFTERNOON})), True),
        (Preferences(weekdays_out=frozenset({1})), False),
        (Preferences(agendas=("klein",)), False),
        (Preferences(agendas=("klein", "weber")), True),
        (Preferences(from_date=later(1)), False),
        (Preferences(until_date=TUESDAY), False),
        (Preferences(from_date=TUESDAY, until_date=later(1)), True),
    ],
)
def test_he_is_offered_what_he_would_come_to(preferences, fits):
    slot = fitting(full_but(("15:00", "15:20")), waits(preferences=preferences), FREED, at=NOW)
    assert (slot is not None) is fits


def test_nobody_is_asked_twice_for_an_hour():
    book = full_but(("15:00", "15:40"))
    wide = Span(starts=on("15:00"), ends=on("15:40"))
    assert fitting(book, waits(), wide, at=NOW).starts == on("15:00")
    assert fitting(book, waits(), wide, at=NOW, asked={on("15:00")}).starts == on("15:20")
    assert fitting(book, waits(), wide, at=NOW, asked={on("15:00"), on("15:20")}) is None


def test_he_is_offered_only_what_begins_before_the_visit_that_he_has():
    book = full_but(("15:00", "15:40"))
    wide = Span(starts=on("15:00"), ends=on("15:40"))
    assert fitting(book, waits(before=on("15:05")), wide, at=NOW).starts == on("15:00")
    assert fitting(book, waits(before=on("15:00")), wide, at=NOW) is None


def test_nothing_is_offered_that_meets_an_hour_he_gave_up_or_has_another_visit_at():
    book = full_but(("15:00", "15:40"))
    wide = Span(starts=on("15:00"), ends=on("15:40"))
    met = (Span(starts=on("15:10"), ends=on("15:20")),)
    assert fitting(book, waits(left_out=met), wide, at=NOW).starts == on("15:20")
    assert fitting(book, waits(left_out=(*met, Span(starts=on("15:30"), ends=on("15:35")))), wide, at=NOW) is None


def is_free(book, asked, moment, at):
    day = moment.astimezone(ZoneInfo(book.agenda.zone)).date()
    return Oracle(book, asked, day=day, at=at).is_free(int(minute(moment)))


@FEW
@given(books(), st.integers(0, 24 * 12), st.sampled_from([10, 20, 45, 120]))
def test_what_is_offered_is_free_and_meets_the_freed_time_as_the_oracle_sees_it(made, cell, minutes):
    book, asked, day, at = made
    zone = ZoneInfo(book.agenda.zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    starts = max(midnight + timedelta(minutes=5 * cell), at)
    freed = Span(starts=starts, ends=starts + timedelta(minutes=minutes))
    slot = fitting(book, Waiting(place="p", asked_at=at, wish=asked), freed, at=at)
    length = timedelta(minutes=asked.length(next(each for each in book.reasons if each.id == asked.reason)))
    first = freed.starts - length
    near = [first + timedelta(minutes=each) for each in range(int((freed.ends - first).total_seconds() // 60))]
    days = {freed.starts.astimezone(zone).date() + timedelta(days=each) for each in range(2)}
    free = [
        each
        for each in near
        if each + length > freed.starts and each.astimezone(zone).date() in days and is_free(book, asked, each, at)
    ]
    if slot is None:
        assert free == []
    else:
        assert slot.starts in free
        behind = [each for each in free if each >= freed.starts]
        assert slot.starts == (min(behind) if behind else max(free))


def at_hour(text, day=TUESDAY):
    return on(text, day)


def offered(made, starts, minutes=60, **more):
    found = timing(at=made, starts=starts, minutes=minutes, **LUXEMBOURG, **more)
    return None if found is None else (found.begins, found.until)


def test_an_offer_lasts_as_the_agenda_says():
    assert offered(at_hour("10:00"), on("10:00", later(2))) == (at_hour("10:00"), at_hour("11:00"))
    assert offered(at_hour("10:00"), on("10:00", later(2)), 240) == (at_hour("10:00"), at_hour("14:00"))


def test_it_is_shorter_near_the_visit():
    assert offered(at_hour("10:00"), at_hour("12:00")) == (at_hour("10:00"), at_hour("10:30"))
    assert offered(at_hour("10:00"), at_hour("13:00")) == (at_hour("10:00"), at_hour("10:45"))


@pytest.mark.parametrize("starts", ["10:00", "10:30", "11:00", "11:55"])
def test_what_is_too_near_is_a_secretarys_at_once(starts):
    assert offered(at_hour("10:00"), at_hour(starts)) is None


def test_nobody_is_asked_at_night_and_the_night_does_not_count():
    evening = at_hour("19:30"), on("14:00", later(1))
    assert offered(*evening) == (at_hour("19:30"), on("08:30", later(1)))
    assert offered(at_hour("23:00"), on("14:00", later(1))) == (on("08:00", later(1)), on("09:00", later(1)))


def test_in_the_evening_for_the_early_morning_the_evening_is_all_there_is():
    assert offered(at_hour("19:30"), on("08:30", later(1))) == (at_hour("19:30"), at_hour("20:00"))
    assert offered(at_hour("19:50"), on("08:30", later(1))) is None
    assert offered(at_hour("23:00"), on("09:30", later(1))) is None


def test_it_ends_when_the_slot_can_be_booked_no_more():
    day, two = {"notice": 24 * 60}, later(2)
    assert offered(at_hour("10:00"), on("10:00", two), **day) == (at_hour("10:00"), at_hour("11:00"))
    assert offered(at_hour("10:00"), on("10:30", later(1)), **day) == (at_hour("10:00"), at_hour("10:30"))
    assert offered(at_hour("10:00"), on("10:10", later(1)), **day) is None
    assert offered(at_hour("19:30"), on("07:30", two), **day) == (at_hour("19:30"), at_hour("20:00"))
    assert offered(at_hour("19:50"), on("07:30", two), **day) is None
    assert offered(at_hour("19:30"), on("08:10", two), **day) == (at_hour("19:30"), on("08:10", later(1)))


def test_an_agenda_that_offers_nothing_by_itself():
    assert offered(at_hour("10:00"), on("10:00", later(2)), 0) is None


@given(
    st.integers(0, 60 * 24 * 255),
    st.integers(0, 60 * 24 * 4),
    st.sampled_from(OFFER_MINUTES),
    st.sampled_from([("LU", "Europe/Luxembourg"), ("IE", "Europe/Dublin"), ("FR", "Europe/Paris")]),
)
def test_no_offer_begins_or_ends_at_night_and_each_leaves_time(since, ahead, minutes, place):
    country, time_zone = place
    at = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(minutes=since)
    starts = at + timedelta(minutes=ahead)
    found = timing(at=at, starts=starts, minutes=minutes, country=country, time_zone=time_zone)
    if found is None:
        return
    assert found.begins == heard_from(at, country=country, time_zone=time_zone)
    assert starts - found.begins >= NEAREST
    assert starts - found.until >= LEAST_LEFT
    ends = found.until.astimezone(ZoneInfo(time_zone))
    quiet = {"LU": 20, "FR": 20, "IE": 21}[country]
    assert 8 <= ends.hour < quiet or (ends.hour, ends.minute) == (quiet, 0)
    awake = [
        minute
        for minute in range(int((found.until - found.begins).total_seconds() // 60))
        if heard_from(found.begins + timedelta(minutes=minute), country=country, time_zone=time_zone)
        == found.begins + timedelta(minutes=minute)
    ]
    assert 0 < len(awake) <= minutes
    assert len(awake) == minutes or len(awake) >= 15


def test_a_day_apart_nothing_changes_by_the_clock():
    assert offered(on("10:00", date(2026, 3, 28)), on("10:00", date(2026, 3, 30))) == (
        on("10:00", date(2026, 3, 28)),
        on("11:00", date(2026, 3, 28)),
    )


def aged(years: int) -> tuple[date, date]:
    """Born so that he is so old on that Tuesday."""
    day = TUESDAY.replace(year=TUESDAY.year - years)
    return day, day


def test_what_is_free_is_found_once_for_all_of_whom_the_same_is_asked_and_anew_where_it_is_not(monkeypatch):
    looked = []

    def free_slots(book, asked, **more):
        looked.append((asked.reason, asked.is_new, asked.born))
        return free.free_slots(book, asked, **more)

    monkeypatch.setattr(rules, "free_slots", free_slots)
    slots = FreeSlots(full_but(("15:00", "15:20")), at=NOW)
    mornings = Preferences(half_days=frozenset({HalfDay.MORNING}))
    told = [
        wish("CS", born=aged(30)),
        wish("CS", born=aged(61)),
        wish("CS", preferences=mornings),
        wish("CS", is_new=True),
    ]
    people = [Waiting(place="p", asked_at=NOW, wish=each) for each in told]
    assert [rules.fitting(slots, each, FREED) is not None for each in people] == [True, True, False, False]
    assert looked == [("CS", False, None), ("CS", True, None)]


def test_an_age_that_is_too_high_is_not_passed_over_for_another_one(monkeypatch):
    book = full_but(("15:00", "15:20"))
    young = replace(book, reasons=tuple(replace(each, oldest=15) for each in book.reasons))
    slots = FreeSlots(young, at=NOW)
    people = [Waiting(place="p", asked_at=NOW, wish=wish("CS", born=aged(age))) for age in (14, 61, 15)]
    assert [rules.fitting(slots, each, FREED) is not None for each in people] == [True, False, True]


def test_another_agenda_is_no_matter_of_his():
    book = practice("klein")
    assert fitting(book, waits(preferences=Preferences(agendas=("weber",))), FREED, at=NOW) is None


@given(
    begin=st.integers(0, 20),
    length=st.integers(1, 20),
    others=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20))),
)
@FEW
def test_outside_of_others_is_every_minute_that_none_of_them_has(begin, length, others):
    def span(start, minutes):
        return Span(starts=NOW + timedelta(minutes=start), ends=NOW + timedelta(minutes=start + minutes))

    def minutes_of(spans):
        return [n for each in spans for n in range(60) if each.starts <= NOW + timedelta(minutes=n) < each.ends]

    taken = set(minutes_of(span(*each) for each in others))
    parts = outside(span(begin, length), [span(*each) for each in others])
    assert minutes_of(parts) == [n for n in minutes_of([span(begin, length)]) if n not in taken]
    assert all(one.ends < other.starts for one, other in pairwise(parts))
