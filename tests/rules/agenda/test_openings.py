# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is open on which day: weeks, exceptions, holidays, absences, releases, and the two nights clocks change."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from permanence.agenda.rules.free import free_slots
from permanence.agenda.rules.kinds import Agenda, ExceptionKind, Opening, OpeningException, OpeningKind, VisitReason
from permanence.agenda.rules.openings import absences_of, open_at, open_spans, openings_of_day, overlapped
from permanence.agenda.rules.wishes import Book, Wish
from permanence.reception.table import AbsenceEntry
from tests.rules.agenda.house import TUESDAY, away, later, on, weber

FORWARD, BACK = date(2026, 3, 29), date(2026, 10, 25)
NIGHT = Opening(id="n", agenda="a", weekday=6, opens="02:30", until="03:30")
EARLY = replace(NIGHT, opens="01:30", until="02:30")
REASON = VisitReason(id="r", client="c", name="", minutes=30)
COUNTRIES = {"Europe/Paris": "FR", "Europe/Luxembourg": "LU", "Europe/Dublin": "IE"}


def book(*openings, zone="Europe/Paris", exceptions=(), **more):
    agenda = Agenda(id="a", client="c", recipient="r", zone=zone, country=COUNTRIES[zone], step=30, **more)
    return Book(agenda=agenda, openings=openings, exceptions=exceptions, reasons=(REASON,))


def moments(night, day, zone):
    """The starts of that night, in UTC, and the same on the wall."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    slots = free_slots(book(night, zone=zone), Wish(reason="r"), first=day, until=day + timedelta(days=1), at=at)
    return [each.starts.strftime("%H:%M") for each in slots]


@pytest.mark.parametrize("zone", ["Europe/Paris", "Europe/Luxembourg"])
def test_half_past_two_on_the_two_nights_on_the_continent(zone):
    """Forward at 02:00 to 03:00 (01:00 UTC), back at 03:00 to 02:00 (01:00 UTC)."""
    assert moments(NIGHT, FORWARD, zone) == ["01:00"]  # 03:00 on the wall: 02:30 does not exist
    assert moments(NIGHT, BACK, zone) == ["00:30", "01:00", "01:30", "02:00"]  # 02:30, 02:00 again, 02:30 again, 03:00
    assert moments(replace(NIGHT, opens="02:00", until="02:30"), FORWARD, zone) == []
    assert moments(replace(NIGHT, opens="02:00", until="03:30"), FORWARD, zone) == ["01:00"]
    assert moments(EARLY, FORWARD, zone) == ["00:30"]
    assert moments(EARLY, BACK, zone) == ["23:30", "00:00", "00:30", "01:00"]  # until the second 02:30
    assert moments(NIGHT, FORWARD + timedelta(days=7), zone) == ["00:30", "01:00"]


def test_half_past_two_and_half_past_one_on_the_two_nights_in_dublin():
    """Forward at 01:00 to 02:00, back at 02:00 to 01:00, both at 01:00 UTC: 02:30 exists once on either."""
    zone = "Europe/Dublin"
    assert moments(NIGHT, FORWARD, zone) == ["01:30", "02:00"]
    assert moments(NIGHT, BACK, zone) == ["02:30", "03:00"]
    assert moments(EARLY, FORWARD, zone) == ["01:00"]
    assert moments(EARLY, BACK, zone) == ["00:30", "01:00", "01:30", "02:00"]


def test_what_is_free_at_half_past_two_is_free_twice():
    """Each of the two 02:30 is a moment of its own: who has the first leaves the second free."""
    known = book(NIGHT)
    first = on("02:30", BACK, zone="Europe/Paris")
    second = on("02:30", BACK, zone="Europe/Paris", fold=1)
    assert second - first == timedelta(hours=1)
    taken = replace(away("00:00", "00:30"), subject="a", starts=first, ends=first + timedelta(minutes=30))
    slots = free_slots(
        replace(known, taken=(taken,)), Wish(reason="r"), first=BACK, until=later(0), at=first - timedelta(days=1)
    )
    assert first not in [each.starts for each in slots]
    assert second in [each.starts for each in slots]


def test_every_other_week_counts_from_the_anchor_in_both_directions():
    other = replace(NIGHT, weekday=1, every_weeks=2, anchor=TUESDAY + timedelta(days=3))
    days = [day for day in range(-28, 29, 7) if openings_of_day(book(other), later(day)).openings]
    assert days == [-28, -14, 0, 14, 28]


def test_a_pattern_holds_from_its_first_day_to_before_its_last():
    some = replace(NIGHT, weekday=1, valid_from=later(7), valid_until=later(21))
    assert [day for day in range(0, 29, 7) if openings_of_day(book(some), later(day)).openings] == [7, 14]


def exception(kind, *openings):
    return OpeningException(id="e", agenda="a", date=BACK, kind=kind, label="Garde", openings=openings)


def test_exceptions_close_replace_and_add():
    own = replace(NIGHT, id="own", weekday=0, opens="09:00", until="10:00")

    def ids(*exceptions):
        return [each.id for each in openings_of_day(book(NIGHT, exceptions=exceptions), BACK).openings]

    assert ids(exception(ExceptionKind.CLOSED)) == []
    assert ids(exception(ExceptionKind.REPLACED, own)) == ["own"]
    assert ids(exception(ExceptionKind.ONE_OFF, own)) == ["n", "own"]
    assert ids(exception(ExceptionKind.ONE_OFF, own), exception(ExceptionKind.CLOSED)) == ["own"]
    found = openings_of_day(book(NIGHT, exceptions=(exception(ExceptionKind.CLOSED),)), BACK)
    assert (found.because, found.label) == ("exception", "Garde")


def test_a_public_holiday_closes_the_week_but_not_what_was_opened_for_it():
    armistice = date(2026, 11, 11)
    week = replace(NIGHT, weekday=2)
    assert openings_of_day(book(week), armistice).because == "holiday"
    assert openings_of_day(book(week), armistice).openings == ()
    assert openings_of_day(book(week, closed_on_holidays=False), armistice).openings == (week,)
    always = replace(week, on_holidays=True)
    assert openings_of_day(book(week, always), armistice).openings == (always,)
    one_off = replace(exception(ExceptionKind.ONE_OFF, week), date=armistice)
    assert openings_of_day(book(week, exceptions=(one_off,)), armistice).openings == (week,)
    assert openings_of_day(book(week, zone="Europe/Luxembourg"), armistice).openings == (week,)


def test_what_is_open_now_leaves_out_absences_and_what_is_not_yet_released():
    same_day = Opening(
        id="s", agenda="weber", weekday=1, opens="14:00", until="15:00",
        kind=OpeningKind.SAME_DAY, released_at="08:00", released_days=1,
    )  # fmt: skip
    rest = replace(same_day, id="t", opens="15:00", until="18:00", kind=OpeningKind.NORMAL, released_at="",
                   released_days=0)  # fmt: skip
    known = weber(away("16:00", "17:00"), openings=(same_day, rest))
    early, released = on("07:59", later(-1)), on("08:00", later(-1))

    def spans(at):
        found = open_at(known, first=TUESDAY, until=later(1), at=at)
        return [(each.opening.id, each.starts, each.ends) for each in found]

    afternoon = [("t", on("15:00"), on("16:00")), ("t", on("17:00"), on("18:00"))]
    assert spans(early) == afternoon
    assert spans(released) == [("s", on("14:00"), on("15:00")), *afternoon]
    assert [each.released for each in open_spans(known, first=TUESDAY, until=later(1))] == [released, None]


def test_absences_of_the_recipient_and_of_the_whole_client_count():
    agenda = weber().agenda

    def entry(recipient, starts="08:00", ends="09:00"):
        return AbsenceEntry(
            id="x", starts=on(starts), ends=on(ends), words="", by="", announced_at=on("00:00"), recipient=recipient
        )

    found = absences_of(agenda, [entry("r-weber"), entry(""), entry("r-klein"), entry("", "09:00", "09:00")])
    assert [(each.subject, each.by) for each in found] == [("weber", "r-weber"), ("weber", "")]


MORNING = Opening(id="m", agenda="a", weekday=0, opens="08:00", until="12:00")


@pytest.mark.parametrize(
    ("other", "meets"),
    [
        ({}, True),
        ({"opens": "11:55", "until": "14:00"}, True),
        ({"opens": "12:00", "until": "14:00"}, False),
        ({"weekday": 1}, False),
        ({"valid_until": date(2026, 11, 24)}, True),
        ({"valid_until": date(2026, 11, 23)}, False),  # over before that Monday
        ({"valid_from": date(2027, 1, 1), "valid_until": date(2027, 1, 4)}, False),  # no Monday in it
        ({"every_weeks": 3, "anchor": date(2026, 1, 5)}, True),
    ],
)
def test_hours_laid_over_others_are_those_that_some_monday_has_twice(other, meets):
    laid = replace(MORNING, **other)
    assert overlapped((laid,), (MORNING,), since=date(2026, 11, 20)) == ((MORNING,) if meets else ())


def test_hours_that_begin_where_days_end_are_laid_over_nothing():
    late = replace(MORNING, valid_from=date(9999, 12, 28))
    assert overlapped((late,), (MORNING,), since=date(2026, 11, 20)) == ()
    assert overlapped((MORNING,), (replace(late, valid_from=date.max),), since=date(2026, 11, 20)) == ()


def test_hours_of_other_weeks_are_laid_over_nothing():
    one = replace(MORNING, every_weeks=2, anchor=date(2026, 1, 5))
    for weeks, every, meets in ((0, 2, True), (1, 2, False), (1, 4, False), (2, 4, True), (1, 3, True)):
        other = replace(one, every_weeks=every, anchor=one.anchor + timedelta(weeks=weeks))
        assert bool(overlapped((other,), (one,), since=date(2026, 11, 20))) is meets
