# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lists of work are cut where they grow too long: never by what is another's, or is done already."""

from dataclasses import replace
from datetime import timedelta

import pytest

from permanence.agenda.models import FollowUp, FreedTime, Newcomer, Occupancy, OtherBusy, OtherCalendar
from permanence.agenda.operations import waiting_list
from permanence.agenda.operations.day import ask_follow_up, keep_booked, settle
from permanence.agenda.queries import (
    appointments,
    calendars,
    follow_ups,
    kept_booked,
    left_booked,
    newcomers,
    returns,
    waiting,
)
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.agenda.rules.waiting import FreedState
from tests.rooms.agenda_cast import make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_booked_in_absence import asks, left, practice, start
from tests.rooms.test_portal_agenda import Practice
from tests.rooms.test_portal_line import text_of
from tests.rooms.waiting_cast import person, waits

__all__ = ["practice", "start"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def colleague(practice, cast):
    """The cabinet Dupont, which another secretary answers for; its visits come before Dr Weber's."""
    [first, *_] = [each for name, each in cast.recipients.items() if "Dupont" in name]
    theirs = replace(cast, weber=cast.dupont, dr_weber=cast.dr_dupont, recipients={"Dr Weber": first})
    made = Practice(theirs)
    made.used = 1000
    return made


@pytest.fixture
def weber_only(cast):
    """A secretary who answers for Dr Weber alone."""
    return replace(cast.claire, clients=frozenset({cast.weber}))


@pytest.fixture
def two_at_most(monkeypatch):
    for module in (follow_ups, kept_booked, left_booked):
        monkeypatch.setattr(module, "LIST_LIMIT", 2)
    monkeypatch.setattr(appointments, "ABSENT_LIMIT", 2)


def booked(practice, start, number=3):
    return [practice.book(start + timedelta(hours=hour)) for hour in range(1, number + 1)]


def seen(entries):
    return [each.visit.appointment for each in entries]


def test_what_others_have_to_do_first_hides_nothing_from_her(practice, colleague, weber_only, start, two_at_most):
    mine, theirs = booked(practice, start + timedelta(hours=6), 2), booked(colleague, start)
    absence, other = practice.away(start), colleague.away(start)
    asks(practice, absence)
    asks(colleague, other)
    assert seen(follow_ups.open_follow_ups(by=weber_only)) == mine
    for each in follow_ups.open_follow_ups(by=practice.cast.claire):
        assert each.visit.appointment in theirs
    done = {"outcome": Outcome.CALLED, "by": practice.cast.claire, "at": practice.now}
    for _ in range(3):
        for entry in follow_ups.open_follow_ups(by=practice.cast.claire):
            settle(follow_up=entry.id, **done)
    assert seen(kept_booked.still_booked(by=weber_only, at=practice.now)) == mine
    assert seen(kept_booked.still_booked(by=practice.cast.dr_weber, at=practice.now)) == mine


def test_newcomers_of_others_hide_none_of_hers(practice, colleague, weber_only, start, monkeypatch):
    monkeypatch.setattr(newcomers, "LIST_LIMIT", 2)
    monkeypatch.setattr(newcomers, "alike", lambda _person, *, house: (house,))
    mine = booked(practice, start + timedelta(hours=6), 1)
    for each in appointments.Appointment.objects.filter(key__in=[*booked(colleague, start), *mine]):
        Newcomer.objects.create(
            house_id=each.house_id,
            client_id=each.client_id,
            agenda_id=each.agenda_id,
            appointment=each,
            patient_id=each.patient_id,
            noted_at=practice.now,
        )
    assert seen(newcomers.open_newcomers(by=weber_only, at=practice.now)) == mine


def test_all_booked_in_an_absence_are_handed_over_at_once(practice, start, two_at_most):
    visits = booked(practice, start, 5)
    absence = practice.away(start)
    assert asks(practice, absence) == 5
    told = []
    while entries := follow_ups.open_follow_ups(by=practice.cast.claire):
        told += seen(entries)
        for each in entries:
            settle(follow_up=each.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    assert told == visits


def test_the_doctor_reads_how_many_more_he_hands_over_than_his_page_shows(practice, start, two_at_most, browser_of):
    visits = booked(practice, start, 5)
    absence = practice.away(start)
    address, doctor = practice.url("portal_booked", absence), browser_of(practice.cast.dr_weber)
    shown = text_of(doctor.get(address, HTTP_ACCEPT_LANGUAGE="en"))
    assert "and 3 more: what you say here is for them too" in shown
    visit_rows = appointments.Appointment.objects.filter(key__in=visits[2:])
    visit_rows.update(starts_at=start + timedelta(days=9), ends_at=start + timedelta(days=9, minutes=15))
    assert "more, given" not in text_of(doctor.get(address, HTTP_ACCEPT_LANGUAGE="en"))


def test_who_was_booked_behind_those_given_already_is_not_forgotten(practice, start, two_at_most):
    first = booked(practice, start, 3)
    absence = practice.away(start)
    asks(practice, absence)
    late = booked(practice, start + timedelta(hours=24), 1)
    appointments.Appointment.objects.filter(key__in=late).update(
        starts_at=start + timedelta(hours=5), ends_at=start + timedelta(hours=5, minutes=15)
    )  # as one that was booked while the absence was written
    assert left(practice) == late
    keep_booked(
        client=practice.cast.weber, absence=absence, appointment=late[0], by=practice.cast.claire, at=practice.now
    )
    assert left(practice) == []
    asked = {"client": practice.cast.weber, "absence": absence, "by": practice.cast.dr_weber, "at": practice.now}
    assert ask_follow_up(wanted=Wanted.CANCEL, **asked) == len(first)


@pytest.fixture
def waiting_cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


def test_who_waits_stands_before_who_waits_no_more_and_what_is_anothers_hides_nobody(waiting_cast, monkeypatch):
    monkeypatch.setattr(waiting, "LIST_LIMIT", 2)
    cast = waiting_cast
    for name in ("Ended", "Gone"):
        place = waits(cast, person(cast, name), at=NOON - timedelta(hours=2))
        waiting_list.withdraw(place=place, by=cast.claire, at=NOON)
    for name in ("First", "Second"):
        waits(cast, person(cast, name), at=NOON)
    names = {
        each.person.birth_name for each in waiting.waiting_list(by=cast.claire, at=NOON, since=NOON - timedelta(days=7))
    }
    assert names == {"First", "Second"}
    for number in range(2):
        waits(cast, person(cast, f"Urgent{number}"), at=NOON, is_urgent=True, agendas=(cast.dupont,))
    found = waiting.waiting_list(by=cast.claire, at=NOON, agenda=cast.lemaire)
    assert [each.person.birth_name for each in found] == ["First", "Second"]


def test_the_waiting_list_says_that_it_is_cut(waiting_cast, browser_of, monkeypatch):
    cast, browser = waiting_cast, browser_of(waiting_cast.claire)
    for number, cut in enumerate((False, False, True)):
        waits(cast, person(cast, f"Nr{number}"), at=NOON)
        monkeypatch.setattr(waiting, "LIST_LIMIT", 2)
        page = browser.get("/console/waiting", HTTP_ACCEPT_LANGUAGE="en").content.decode()
        assert ("The first 2 of 3 who wait stand here." in page) == cut


def test_times_of_others_that_got_free_hide_none_of_hers(practice, colleague, weber_only, start, monkeypatch):
    monkeypatch.setattr(waiting, "LIST_LIMIT", 2)
    mine, theirs = booked(practice, start + timedelta(hours=6), 2), booked(colleague, start)
    free = appointments.Appointment.objects.filter(key__in=[*mine[1:], *theirs])
    Occupancy.objects.filter(appointment__in=free).delete()  # the first of hers is filled again
    for each in appointments.Appointment.objects.filter(key__in=[*mine, *theirs]):
        FreedTime.objects.create(
            house_id=each.house_id,
            client_id=each.client_id,
            agenda_id=each.agenda_id,
            source=each.key,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            freed_at=practice.now,
            state=FreedState.NOBODY.value,
        )
    found = waiting.freed_times(by=weber_only, at=practice.now)
    assert [each.starts_at for each in found] == [free.get(key=mine[1]).starts_at]


def test_doctors_of_others_who_are_back_hide_none_of_hers(practice, colleague, weber_only, start, monkeypatch):
    monkeypatch.setattr(returns, "MOST_TOLD", 2)
    mine = booked(practice, start + timedelta(hours=6), 1)
    booked(colleague, start)
    for each in (practice, colleague):
        asks(each, each.away(start))
    FollowUp.objects.update(done_at=practice.now, outcome=Outcome.BACK.value)
    monkeypatch.setattr(returns, "is_away", lambda *_of: False)
    [back] = returns.doctors_back(by=weber_only, at=practice.now)
    assert [each.appointment for each in back.visits] == mine


def test_what_others_are_busy_with_elsewhere_hides_none_of_hers(practice, colleague, weber_only, start, monkeypatch):
    monkeypatch.setattr(calendars, "LIST_LIMIT", 2)
    mine, theirs = booked(practice, start + timedelta(hours=6), 1), booked(colleague, start)
    for each in appointments.Appointment.objects.filter(key__in=[*mine, *theirs]):
        its = {"house_id": each.house_id, "client_id": each.client_id, "agenda_id": each.agenda_id}
        made = {"kind": "feed", "label": "Cal", "host": "cal.example", "made_at": practice.now}
        calendar = OtherCalendar.objects.create(**its, **made, next_at=practice.now)
        OtherBusy.objects.create(**its, calendar=calendar, starts_at=each.starts_at, ends_at=each.ends_at)
    assert seen(calendars.collisions(by=weber_only, at=practice.now)) == mine


def test_the_doctor_reads_of_how_many_his_page_shows_the_first(waiting_cast, monkeypatch, browser_of):
    monkeypatch.setattr(waiting, "LIST_LIMIT", 2)
    cast = waiting_cast
    path = f"/portal/line/{cast.cabinet.id}/agenda/{cast.dupont}/waiting"
    doctor = browser_of(cast.dr_dupont)
    for number, name in enumerate(("First", "Second", "Third")):
        waits(cast, person(cast, f"Other{name}"), agendas=(cast.lemaire,))
        waits(cast, person(cast, name), agendas=(cast.dupont,) if number else ())
        page = text_of(doctor.get(path, HTTP_ACCEPT_LANGUAGE="en"))
        assert ("The first 2 of 3 who wait stand here." in page) == (name == "Third")
