# SPDX-License-Identifier: AGPL-3.0-or-later
"""A move that was a slip and is taken back: patients are what they were, and who heard of nothing hears of nothing."""

from datetime import timedelta

import pytest

from permanence.agenda.events import AppointmentMoved
from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, moving_back, public_mails
from permanence.agenda.rules.public import OVERTAKEN
from permanence.agenda.rules.states import AppointmentState
from permanence.agenda.rules.waiting import PlaceState
from permanence.booking import parts
from permanence.dispatch.public_mails import run_public
from permanence.dispatch.rules import LEASE
from permanence.foundation.models import OutboxEvent, OutboxReceipt
from permanence.project.wiring import WIRING
from tests.rooms import test_public_again as online
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.public_cast import Hands, Visitor, switch_on
from tests.rooms.reminders_cast import DUE, book, patient_says, provider, reply, rule, send, state
from tests.rooms.test_calendar_mails import relay
from tests.rooms.waiting_cast import FRIDAY_NOON, place, waits

__all__ = ["provider", "relay"]

pytestmark = pytest.mark.django_db
SECONDS = timedelta(seconds=8)


@pytest.fixture
def cast():
    return make_agenda_cast()


@pytest.fixture
def online_hands(cast, monkeypatch):
    hands = Hands()
    monkeypatch.setattr(parts, "CLOCK", hands)
    switch_on(cast)
    return hands


def slip(cast, visit, *, at, minutes=60):
    """She moves it an hour later, or as said; gives the id of that act."""
    key = cast.key()
    there = {"agenda": cast.dupont, "starts_at": after(minutes), "by": cast.claire, "at": at}
    appointments.move(key=key, appointment=visit, **there)
    return key


def as_it_was_told_before():
    """What waits is told as a house before this one told it: a move that was taken back had no name of its own."""
    for row in OutboxEvent.objects.filter(name="AppointmentMovedBack", delivered_at=None):
        row.name, row.body = "AppointmentMoved", row.body | {"type": "AppointmentMoved", "door": "console"}
        row.save()


def test_a_move_that_was_taken_back_is_told_as_that_and_all_who_hear_of_a_move_hear_of_it(cast):
    visit = book(cast)
    back(cast, slip(cast, visit.appointment, at=NOON), at=NOON)
    body = OutboxEvent.objects.get(name="AppointmentMovedBack").body
    assert (body["slip_at"], "door" in body) == (NOON.isoformat(), False)
    former = body | {"type": "AppointmentMoved", "door": "console"}
    assert WIRING.catalogue.read(former) == WIRING.catalogue.read(body)
    moved = WIRING.catalogue.read(OutboxEvent.objects.get(name="AppointmentMoved").body)
    assert type(moved) is AppointmentMoved
    assert WIRING.hearers["AppointmentMovedBack"] == WIRING.hearers["AppointmentMoved"]


def back(cast, move, *, at):
    return moving_back.move_back(key=cast.key(), move=move, by=cast.claire, at=at + SECONDS)


@pytest.mark.parametrize("former", [True, False])
@pytest.mark.parametrize("heard", [True, False])
def test_the_reminder_that_he_has_is_answered_as_before(cast, provider, deliver_all, heard, former):
    rule(cast, 48)
    patient_says(cast, sms=True)
    visit = book(cast)
    deliver_all(NOON)
    assert send() == 1
    move = slip(cast, visit.appointment, at=DUE)
    if heard:
        deliver_all(DUE)
    back(cast, move, at=DUE)
    if former:
        as_it_was_told_before()
    deliver_all(DUE + SECONDS)
    assert reply("1", at=DUE + 2 * SECONDS)
    deliver_all(DUE + 2 * SECONDS)
    assert state() is AppointmentState.CONFIRMED


def test_moved_and_left_there_the_reminder_is_over(cast, provider, deliver_all):
    rule(cast, 48)
    patient_says(cast, sms=True)
    visit = book(cast)
    deliver_all(NOON)
    assert send() == 1
    slip(cast, visit.appointment, at=DUE)
    deliver_all(DUE)
    reply("1", at=DUE + SECONDS)
    deliver_all(DUE + SECONDS)
    assert state() is AppointmentState.BOOKED


@pytest.mark.parametrize("heard", [True, False])
def test_what_he_had_already_is_not_what_he_waits_for(cast, deliver_all, heard):
    visit = book(cast, 60, at=FRIDAY_NOON - timedelta(hours=2))
    waiting = waits(cast, cast.jeanne)
    deliver_all(FRIDAY_NOON)
    at = FRIDAY_NOON + SECONDS
    move = slip(cast, visit.appointment, at=at, minutes=0)  # earlier: what he waits for
    if heard:
        deliver_all(at)
        assert place(waiting).state == PlaceState.BOOKED
    back(cast, move, at=at)
    deliver_all(at + SECONDS)
    assert (place(waiting).state, place(waiting).appointment) == (PlaceState.WAITING, "")


def test_whose_booking_was_what_he_waited_for_waits_no_more(cast, deliver_all):
    waiting = waits(cast, cast.jeanne)
    at = FRIDAY_NOON + SECONDS
    visit = book(cast, at=at)
    deliver_all(at)
    back(cast, slip(cast, visit.appointment, at=at + SECONDS), at=at + SECONDS)
    deliver_all(at + 3 * SECONDS)
    assert place(waiting).state == PlaceState.BOOKED


def booked_online(cast, hands, relay):
    """Jeanne booked by herself and was told so; gives the id of her visit."""
    jeanne = Visitor(cast, hands)
    jeanne.take()
    jeanne.tell()
    run_public(at=hands.at, relay=relay.settings)
    jeanne.code()
    run_public(at=hands.at, relay=relay.settings)
    relay.taken.clear()
    return Appointment.objects.get().key


def test_who_booked_online_and_was_not_told_of_the_slip_is_told_of_nothing(cast, online_hands, relay, deliver_all):
    visit = booked_online(cast, online_hands, relay)
    back(cast, slip(cast, visit, at=online_hands.at), at=online_hands.at)
    online_hands.forward(minutes=1)
    deliver_all(online_hands.at)
    run_public(at=online_hands.at, relay=relay.settings)
    assert relay.taken == []
    move = slip(cast, visit, at=online_hands.at)
    deliver_all(online_hands.at)
    run_public(at=online_hands.at, relay=relay.settings)  # he was told: he is told again
    back(cast, move, at=online_hands.at)
    online_hands.forward(minutes=1)
    deliver_all(online_hands.at)
    run_public(at=online_hands.at, relay=relay.settings)
    assert online.subjects(relay) == ["Votre rendez-vous est déplacé"] * 2


@pytest.mark.parametrize("heard", ["heard at once", "heard late", "heard twice"])
def test_two_slips_in_a_row_are_told_to_nobody_who_booked_online(cast, online_hands, relay, deliver_all, heard):
    visit = booked_online(cast, online_hands, relay)
    hears = (lambda: None) if heard == "heard late" else (lambda: deliver_all(online_hands.at))
    for _each in range(2):
        move = slip(cast, visit, at=online_hands.at)
        hears()
        back(cast, move, at=online_hands.at)
        online_hands.forward(minutes=1)
        hears()
    if heard == "heard twice":
        OutboxReceipt.objects.all().delete()
        OutboxEvent.objects.update(delivered_at=None, next_attempt_at=online_hands.at)
    deliver_all(online_hands.at)
    run_public(at=online_hands.at, relay=relay.settings)
    assert relay.taken == []
    slip(cast, visit, at=online_hands.at)  # and this one stands
    deliver_all(online_hands.at)
    run_public(at=online_hands.at, relay=relay.settings)
    assert online.subjects(relay) == ["Votre rendez-vous est déplacé"]


@pytest.mark.parametrize("why", ["451 later", OVERTAKEN])
def test_the_mail_of_a_booking_that_was_on_its_way_during_a_slip_arrives(cast, online_hands, relay, deliver_all, why):
    """It did not at first: the relay put it off, or it was looked at while the visit stood elsewhere."""
    jeanne = Visitor(cast, online_hands)
    jeanne.take()
    jeanne.tell()
    run_public(at=online_hands.at, relay=relay.settings)
    jeanne.code()
    relay.taken.clear()
    taken = public_mails.take_due(at=online_hands.at, lease=LEASE)
    back(cast, slip(cast, taken.visit, at=online_hands.at), at=online_hands.at)
    deliver_all(online_hands.at + SECONDS)
    again = None if why == OVERTAKEN else timedelta(minutes=1)
    public_mails.finish(taken, at=online_hands.at, sent=False, again=again, why=why)
    online_hands.forward(minutes=2)
    for _each in range(2):
        run_public(at=online_hands.at, relay=relay.settings)
    assert online.subjects(relay) == ["Votre rendez-vous est réservé"]
