# SPDX-License-Identifier: AGPL-3.0-or-later
"""Series as one act: what has a slot has one that can be booked, what has none says why."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.agenda.rules.around import Around
from permanence.agenda.rules.free import free_slots, hidden, slot_at
from permanence.agenda.rules.kinds import HalfDay, Taken, TakenKind
from permanence.agenda.rules.search import taken_by
from permanence.agenda.rules.series import plan_series
from permanence.agenda.rules.wishes import Preferences, SeriesWish
from tests.rules.agenda.house import FOLLOW_UP, NOW, TUESDAY, ZONE, away, block, later, on, practice, visit, weber, wish
from tests.rules.agenda.made import books


def planned(books, asked):
    plan = plan_series(books, asked, at=NOW)
    return [(each.number, each.slot.starts if each.slot else None, each.shift) for each in plan.sessions]


def test_six_sessions_a_week_apart_at_the_same_hour():
    asked = SeriesWish.regular(wish(), first=later(1), sessions=6, every_days=7)
    book = weber(visit("08:00", "09:00", later(1)), visit("09:00", "10:00", later(15)))
    assert planned([book], asked) == [
        (1, on("09:00", later(1)), 0),
        (2, on("09:00", later(8)), 0),
        (3, on("08:40", later(15)), 0),
        (4, on("09:00", later(22)), 0),
        (5, on("09:00", later(29)), 0),
        (6, on("09:00", later(36)), 0),
    ]


def test_after_an_operation_the_holiday_moves_and_the_absence_is_told():
    """30 days after Wednesday is Friday the 25th of December; two days of tolerance lead to the Thursday before."""
    asked = SeriesWish(wish=wish(), first=later(1), days=(1, 7, 30), tolerance=2)
    book = weber(*(away("00:00", "23:55", later(day)) for day in range(6, 11)))
    plan = plan_series([book], asked, at=NOW)
    starts = [each.slot.starts if each.slot else None for each in plan.sessions]
    assert starts == [on("08:00", later(2)), None, on("08:00", date(2026, 12, 24))]
    assert [each.number for each in plan.missing] == [2]
    assert {(count, why.code) for count, why in plan.missing[0].why} == {(24, "absent")}
    assert plan.missing[0].instead is None
    assert plan.sessions[2].shift == -1


def test_a_day_that_is_free_at_other_hours_only_offers_them_instead():
    asked = SeriesWish(wish=wish(), first=later(1), days=(0, 1))
    plan = plan_series([weber(block("08:00", "12:00", later(2)))], asked, at=NOW)
    missing = plan.missing[0]
    assert (missing.why, missing.instead.starts) == ((), on("14:00", later(2)))
    preferred = wish(preferences=Preferences(half_days=frozenset({HalfDay.MORNING})))
    plan = plan_series([weber(block("08:00", "12:00", later(2)))], replace(asked, wish=preferred), at=NOW)
    assert plan.missing[0].instead.starts == on("14:00", later(2))


def test_a_closed_day_is_told():
    asked = SeriesWish(wish=wish(), first=later(4), days=(0,))
    plan = plan_series([weber()], asked, at=NOW)
    assert [(count, why.code, why.because) for count, why in plan.missing[0].why] == [(0, "closed", "week")]


def test_only_the_first_session_is_that_of_a_new_patient():
    asked = SeriesWish.regular(wish(is_new=True), first=later(1), sessions=2, every_days=1)
    plan = plan_series([weber()], asked, at=NOW)
    lengths = [(each.slot.ends - each.slot.starts) // timedelta(minutes=1) for each in plan.sessions]
    assert lengths == [FOLLOW_UP.minutes_new, FOLLOW_UP.minutes]


def test_the_first_agenda_that_has_room_that_day_gives_the_slot():
    asked = SeriesWish.regular(wish(), first=later(1), sessions=2, every_days=1)
    plan = plan_series([weber(away("00:00", "23:55", later(2))), practice("klein")], asked, at=NOW)
    assert [each.slot.agenda for each in plan.sessions] == ["weber", "klein"]


def test_a_series_without_end_is_refused():
    with pytest.raises(ValueError, match="1000"):
        plan_series([weber()], SeriesWish.regular(wish(), first=TUESDAY, sessions=1000, every_days=1), at=NOW)
    with pytest.raises(ValueError, match="-1"):
        plan_series([weber()], SeriesWish(wish=wish(), first=TUESDAY, days=(0,), tolerance=-1), at=NOW)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=books(), days=st.lists(st.integers(0, 8), min_size=1, max_size=4, unique=True), tolerance=st.integers(0, 2))
def test_every_slot_of_a_plan_can_be_booked_one_after_the_other(made, days, tolerance):
    book, asked, day, at = made
    plan = plan_series([book], SeriesWish(wish=asked, first=day, days=tuple(days), tolerance=tolerance), at=at)
    assert [each.number for each in plan.sessions] == list(range(1, len(days) + 1))
    zone, before = ZoneInfo(book.agenda.zone), None
    for session, offset in zip(plan.sessions, days, strict=True):
        assert session.wanted == day + timedelta(days=offset)
        if session.slot is None:
            assert session.why or session.instead or tolerance or before is not None
            continue
        assert slot_at(book, asked, starts=session.slot.starts, at=at) == session.slot
        local = session.slot.starts.astimezone(zone).date()
        assert abs((local - session.wanted).days) <= tolerance
        assert before is None or local > before
        before = local
        book = replace(book, taken=(*book.taken, *taken_by(session.slot, is_new=asked.is_new)))
        asked = replace(asked, is_new=False)


def test_the_wall_decides_on_which_hour_a_series_stays():
    """Over the night clocks go back the hour on the wall stays, not the moment of the day."""
    asked = SeriesWish.regular(wish(), first=date(2026, 10, 22), sessions=2, every_days=7)
    at = on("08:00", date(2026, 10, 20))
    plan = plan_series([weber(block("08:00", "10:00", date(2026, 10, 22)))], asked, at=at)
    hours = [each.slot.starts.astimezone(ZoneInfo(ZONE)).hour for each in plan.sessions]
    assert hours == [10, 10]


def looks(book, asked, day, at):
    span = {"first": day, "until": day + timedelta(days=1), "at": at}
    return free_slots(book, asked, **span), hidden(book, asked, **span)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=books(), other=books(), after=st.integers(-4, 4))
def test_what_a_book_is_cut_to_says_of_the_day_what_the_book_says(made, other, after):
    (book, asked, day, at), (nurse, *_) = made, other
    reasons = tuple(replace(each, also="b") for each in book.reasons)
    theirs = tuple(replace(each, subject="b" if each.subject == "a" else each.subject) for each in nurse.taken)
    nurse = replace(nurse, agenda=replace(nurse.agenda, id="b"), reasons=reasons, taken=theirs)
    day += timedelta(days=after)
    for whole in (book, replace(book, reasons=reasons, beside=(nurse,))):
        around = Around(whole)
        assert looks(around.on(day), asked, day, at) == looks(whole, asked, day, at)
        slots = free_slots(whole, asked, first=day, until=day + timedelta(days=1), at=at)
        if slots:
            taken = tuple(taken_by(slots[0], is_new=asked.is_new))
            around.take(taken)
            assert looks(around.on(day), asked, day, at) == looks(whole.taking(taken), asked, day, at)


def test_an_absence_without_end_stands_in_every_cut_and_a_visit_in_those_around_it():
    """In the order of the book: of two that are in the way the first is named."""
    gone = replace(away("08:00", "12:00"), ends=on("08:00", later(9000)))
    ends = [visit("09:00", "09:20", later(day)) for day in (-2, 0, 2)]
    book = weber(ends[0], gone, *ends[1:], visit("09:00", "09:20", later(40)))
    assert Around(book).on(TUESDAY).taken == book.taken[:4]
    assert [each.kind for each in Around(book).on(later(300)).taken] == [TakenKind.ABSENCE]


def test_a_long_series_looks_only_at_what_stands_around_each_session(monkeypatch):
    asked = SeriesWish.regular(wish(), first=later(1), sessions=60, every_days=7, tolerance=2)
    of_a_day = [
        visit(f"{hour}:{minute:02d}", f"{hour}:{minute + 10}") for hour in range(14, 18) for minute in (0, 20, 40)
    ]
    visits = [
        replace(each, starts=each.starts + day, ends=each.ends + day)
        for day in (timedelta(days=number) for number in range(400))
        for each in of_a_day
    ]
    steps, look = 0, Taken.counts

    def counts(taken, **known):
        nonlocal steps
        steps += 1
        return look(taken, **known)

    monkeypatch.setattr(Taken, "counts", counts)
    plan = plan_series([weber(*visits)], asked, at=NOW)
    assert (len(plan.sessions), plan.missing) == (60, ())
    assert 0 < steps < 60 * len(visits) / 10
