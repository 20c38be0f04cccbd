# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who waits for an earlier time has a visit already: what is moved, over or cancelled of it, and what it leaves him."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permanence.agenda import tasks
from permanence.agenda.models import Appointment, WaitingPlace
from permanence.agenda.operations import appointments, moving_back, offer_answers, visits, whose_turn
from permanence.agenda.operations.waiting_offers import at_night
from permanence.agenda.rules.states import CancelCause, Door
from permanence.agenda.rules.waiting import PlaceState, Span
from permanence.foundation.models import AuditEntry
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import LATER, booked, cancelled, held, last_offer, offered, person, place, pursue, waits

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)  # how the agendas were set is heard before anybody waits
    return made


def moved(cast, visit, *, to, at=LATER, door=Door.CONSOLE, agenda=""):
    """The id of the act."""
    key, there = cast.key(), {"agenda": agenda or cast.dupont, "starts_at": after(to), "at": at, "door": door}
    appointments.move(key=key, appointment=visit.appointment, by=cast.claire, **there)
    return key


@pytest.mark.parametrize("door", [Door.CONSOLE, Door.PUBLIC])
@pytest.mark.parametrize("is_named", [True, False])
def test_whose_visit_is_put_off_still_waits_for_an_earlier_one(cast, deliver_all, door, is_named):
    who = person(cast, "First")
    mine = booked(cast, MONDAY, who=who)
    kept = waits(cast, who, instead_of=mine.appointment if is_named else "", at=NOON + MINUTE)
    moved(cast, mine, to=40, door=door)
    deliver_all(LATER)
    assert (place(kept).state, place(kept).appointment) == (PlaceState.WAITING, "")


def test_with_a_colleague_at_the_same_hour_he_waits_as_before(cast, deliver_all):
    who = person(cast, "First")
    mine = booked(cast, MONDAY, who=who)
    kept = waits(cast, who, instead_of=mine.appointment)
    moved(cast, mine, to=0, agenda=cast.lemaire)
    deliver_all(LATER)
    assert place(kept).state == PlaceState.WAITING


def test_put_off_and_put_back_by_a_slip_he_waits_and_put_forward_he_does_not(cast, deliver_all):
    who = person(cast, "First")
    mine = booked(cast, after(40), who=who)
    kept = waits(cast, who, instead_of=mine.appointment)
    slip = moved(cast, mine, to=80)
    deliver_all(LATER)
    moving_back.move_back(key=cast.key(), move=slip, by=cast.claire, at=LATER + MINUTE / 6)
    deliver_all(LATER + MINUTE / 6)
    assert place(kept).state == PlaceState.WAITING
    slip = moved(cast, mine, to=0, at=LATER + MINUTE)
    deliver_all(LATER + MINUTE)
    assert (place(kept).state, place(kept).appointment) == (PlaceState.BOOKED, mine.appointment)
    moving_back.move_back(key=cast.key(), move=slip, by=cast.claire, at=LATER + 1.2 * MINUTE)
    deliver_all(LATER + 1.2 * MINUTE)
    assert place(kept).state == PlaceState.WAITING


def test_a_held_time_that_begins_while_she_books_it_is_the_earlier_one_he_waits_for(cast, deliver_all):
    who = person(cast, "First")
    later = booked(cast, after(40), who=who)
    kept = waits(cast, who, instead_of=later.appointment)
    hold = held(cast, MONDAY, at=MONDAY - MINUTE / 2, reason=cast.consultation)
    asked = {"agenda": cast.dupont, "starts_at": MONDAY, "booking": cast.booking(patient=who), "hold": hold}
    made = appointments.book(key=cast.key(), by=cast.claire, at=MONDAY + MINUTE, **asked)
    deliver_all(MONDAY + MINUTE)
    assert (place(kept).state, place(kept).appointment) == (PlaceState.BOOKED, made.appointment)
    assert Appointment.objects.get(key=later.appointment).state == "cancelled"


def test_who_waits_for_an_earlier_time_is_offered_no_later_one_and_no_other_at_that_hour(cast, deliver_all):
    who = person(cast, "First")
    mine, later = booked(cast, MONDAY, who=who), booked(cast, after(40))
    same_hour = booked(cast, MONDAY, agenda=cast.lemaire)
    waits(cast, who, instead_of=mine.appointment)
    cancelled(cast, later)
    cancelled(cast, same_hour)
    assert pursue(deliver_all, LATER) == 0
    waits(cast, person(cast, "Second"))
    cancelled(cast, booked(cast, after(60), at=LATER), at=LATER + MINUTE)
    assert pursue(deliver_all, LATER + MINUTE) == 1
    assert offered() == [("Second", "open")]


def test_once_the_one_he_gives_up_is_cancelled_any_time_is_earlier_than_none(cast, deliver_all):
    who = person(cast, "First")
    mine, later = booked(cast, MONDAY, who=who), booked(cast, after(40))
    waits(cast, who, instead_of=mine.appointment)
    appointments.cancel(
        key=cast.key(), appointment=mine.appointment, cause=CancelCause.DOCTOR, by=cast.claire, at=NOON + MINUTE
    )
    cancelled(cast, later)
    assert pursue(deliver_all, LATER) == 1
    assert offered() == [("First", "open")]


MARKS = {"arrived": visits.mark_arrived, "done": visits.mark_done, "no_show": visits.mark_no_show}


@pytest.mark.parametrize("mark", MARKS)
def test_who_was_seen_is_offered_nothing_and_once_his_hour_is_over_waits_no_more(cast, deliver_all, mark):
    who = person(cast, "First")
    mine, later = booked(cast, MONDAY, who=who), booked(cast, after(24 * 60))
    kept = waits(cast, who, instead_of=mine.appointment)
    MARKS[mark](key=cast.key(), appointment=mine.appointment, by=cast.claire, at=MONDAY + 10 * MINUTE)
    cancelled(cast, later, at=MONDAY + 11 * MINUTE)
    assert pursue(deliver_all, MONDAY + 11 * MINUTE) == 0
    assert tasks.end_waiting(at=MONDAY + 19 * MINUTE) == 0
    assert place(kept).state == PlaceState.WAITING
    assert [tasks.end_waiting(at=MONDAY + 20 * MINUTE) for _ in range(2)] == [1, 0]
    row = place(kept)
    assert (row.state, row.appointment, row.sealed_answers) == (PlaceState.BOOKED, mine.appointment, "")
    trace = AuditEntry.objects.filter(subject=f"agenda.waitingplace:{row.pk}").order_by("pk")
    assert [each.action for each in trace] == ["waiting.added", "waiting.over"]


def test_nobodys_waiting_ends_while_his_visit_is_to_come_was_cancelled_or_an_offer_is_his_to_answer(cast, deliver_all):
    names = ("ToCome", "Cancelled", "None")
    people = [person(cast, each) for each in names]
    own = [booked(cast, after(20 + 20 * number), who=who) for number, who in enumerate(people[:2])]
    waits(cast, people[0], instead_of=own[0].appointment)
    waits(cast, people[1], instead_of=own[1].appointment)
    waits(cast, people[2])
    cancelled(cast, own[1])
    assert tasks.end_waiting(at=MONDAY) == 0
    asked = person(cast, "Asked")
    last, early = booked(cast, after(24 * 60), who=asked), booked(cast, after(200))
    kept = waits(cast, asked, instead_of=last.appointment, is_urgent=True)
    cancelled(cast, early)
    pursue(deliver_all, LATER)
    assert [each for each in offered() if each[0] == "Asked"] == [("Asked", "open")]
    Appointment.objects.filter(key=last.appointment).update(starts_at=MONDAY, ends_at=after(20))
    assert tasks.end_waiting(at=after(20)) == 0
    assert place(kept).state == PlaceState.WAITING


def test_who_cancels_is_not_offered_the_hour_that_he_has_just_given_up(cast, deliver_all):
    who = person(cast, "First")
    mine = booked(cast, MONDAY, who=who)
    waits(cast, who, instead_of=mine.appointment)
    cancelled(cast, mine)
    assert pursue(deliver_all, LATER) == 0
    waits(cast, person(cast, "Second"))
    cancelled(cast, booked(cast, MONDAY, at=LATER), at=LATER + MINUTE)
    assert pursue(deliver_all, LATER + MINUTE) == 1
    assert offered() == [("Second", "open")]


def test_of_an_hour_that_he_gives_up_at_night_nobody_is_told_that_it_will_be_offered_to_him(cast):
    night, who = MONDAY - timedelta(hours=4), person(cast, "First")
    mine = booked(cast, after(24 * 60), who=who)
    waits(cast, who)
    cancelled(cast, mine, at=night)
    span = {"starts_at": mine.starts_at, "ends_at": mine.ends_at}
    assert at_night(agenda=cast.dupont, by=cast.claire, at=night, **span) is None


def test_a_later_visit_that_is_cancelled_while_he_takes_the_earlier_one_is_in_nobodys_way(
    cast, deliver_all, monkeypatch
):
    visit, who = booked(cast, MONDAY), person(cast, "First")
    later = booked(cast, after(24 * 60), who=who)
    waits(cast, who, instead_of=later.appointment)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    real = offer_answers.locked

    def cancelled_meanwhile(agendas):
        monkeypatch.setattr(offer_answers, "locked", real)
        cancelled(cast, later)
        return real(agendas)

    monkeypatch.setattr(offer_answers, "locked", cancelled_meanwhile)
    offer_answers.take(offer=last_offer().key, by=cast.claire, at=LATER)
    assert offered() == [("First", "taken")]


def test_the_hour_that_the_doctor_cancelled_is_his_again_as_it_gets_free(cast, deliver_all):
    who = person(cast, "First")
    mine = booked(cast, MONDAY, who=who)
    waits(cast, who)
    appointments.cancel(
        key=cast.key(), appointment=mine.appointment, cause=CancelCause.ABSENCE, by=cast.claire, at=LATER
    )
    assert pursue(deliver_all, LATER) == 1
    assert (offered(), last_offer().starts_at) == ([("First", "open")], MONDAY)


def test_who_is_with_a_colleague_at_that_hour_is_not_offered_it(cast, deliver_all):
    who = person(cast, "First")
    free = booked(cast, MONDAY)
    booked(cast, MONDAY, who=who, agenda=cast.lemaire, reason=cast.tracing)
    waits(cast, who)
    cancelled(cast, free)
    assert pursue(deliver_all, LATER) == 0
    other = booked(cast, after(60), at=LATER)
    cancelled(cast, other, at=LATER + MINUTE)
    assert pursue(deliver_all, LATER + MINUTE) == 1
    assert (offered(), last_offer().starts_at) == ([("First", "open")], after(60))


def test_their_own_visits_are_asked_for_once_however_many_wait(cast):
    def asks():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            some = list(whose_turn.some_at_once(WaitingPlace.objects.all(), Span(starts=MONDAY, ends=after(20))))
        assert sum(len(each.known) for each in some) == WaitingPlace.objects.count()
        return len(asked)

    for number in range(4):
        who = person(cast, f"Patient{chr(65 + number)}")
        waits(cast, who, instead_of=booked(cast, after(60 + 20 * number), who=who).appointment)
        if not number:
            alone = asks()
    assert asks() == alone
