# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rooms and equipment that a visit or a hold gave up are free for the client's other agendas too, and offered to who
waits there.
"""

from datetime import timedelta

import pytest

from permanence.agenda.models import FreedTime
from permanence.agenda.operations import appointments, holds, offer_answers, setting
from permanence.agenda.queries import waiting
from permanence.agenda.rules.kinds import HalfDay, Need
from permanence.agenda.rules.waiting import TAKEN_BACK
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, opened, openings, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import LATER, booked, cancelled, held, last_offer, offered, person, place, pursue, waits

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


@pytest.fixture
def visit(cast):
    """Dr Dupont has the only ECG on Monday at eight."""
    return booked(cast, MONDAY, reason=cast.tracing)


def at_lemaires(cast, name, **more):
    return waits(cast, person(cast, name), agendas=(cast.lemaire,), **more)


def test_who_waits_for_the_device_with_a_colleague_is_offered_its_time(cast, visit, deliver_all):
    mine = at_lemaires(cast, "First", reason=cast.tracing)
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    assert (offered(), last_offer().starts_at) == ([("First", "open")], MONDAY)
    assert str(last_offer().agenda_id) == cast.lemaire
    offer_answers.take(offer=last_offer().key, by=cast.claire, at=LATER)
    assert place(mine).state == "booked"


def test_moved_away_it_leaves_the_device_too(cast, visit, deliver_all):
    at_lemaires(cast, "First", reason=cast.tracing)
    where = {"agenda": cast.dupont, "starts_at": after(24 * 60), "by": cast.claire, "at": LATER - TAKEN_BACK}
    appointments.move(key=cast.key(), appointment=visit.appointment, **where)
    assert pursue(deliver_all, LATER) == 1
    assert (last_offer().starts_at, str(last_offer().agenda_id)) == (MONDAY, cast.lemaire)


def test_who_waits_there_for_something_else_is_not_offered_what_was_free_all_along(cast, visit, deliver_all):
    at_lemaires(cast, "Consultation")
    at_lemaires(cast, "Tracing", reason=cast.tracing, half_days=frozenset({HalfDay.AFTERNOON}))
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 0
    assert offered() == []


def test_where_nobody_waits_for_the_device_its_time_is_the_agendas_alone(cast, visit, deliver_all):
    at_lemaires(cast, "Consultation")
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    assert [str(each.agenda_id) for each in FreedTime.objects.all()] == [cast.dupont]


def test_a_visit_without_a_device_frees_its_agenda_alone(cast, deliver_all):
    plain = booked(cast, MONDAY)
    at_lemaires(cast, "First", reason=cast.tracing)
    cancelled(cast, plain)
    pursue(deliver_all, LATER)
    assert [str(each.agenda_id) for each in FreedTime.objects.all()] == [cast.dupont]


def test_what_he_declines_there_is_no_secretarys_work(cast, visit, deliver_all):
    at_lemaires(cast, "First", reason=cast.tracing)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    offer_answers.decline(offer=last_offer().key, by=cast.claire, at=LATER)
    pursue(deliver_all, LATER)
    assert [each for each in waiting.freed_times(by=cast.claire, at=LATER) if each.agenda == cast.lemaire] == []


MINUTES = timedelta(minutes=1)
AFTERNOONS = [(day, "14:00", "18:00") for day in range(5)]
MORNINGS = [(day, "08:00", "12:00") for day in range(5)]


@pytest.fixture
def room(cast, deliver_all):
    """Both doctors receive in the only room in the morning, each has his own in the afternoon."""
    found = setting.add_resource(client=cast.cabinet.id, name="Salle 1", kind="room", by=cast.claire, at=NOON).id
    for agenda in (cast.dupont, cast.lemaire):
        week = (*openings(agenda, MORNINGS, resources=(found,)), *openings(agenda, AFTERNOONS))
        setting.set_openings(agenda=agenda, openings=week, by=cast.claire, at=NOON)
    deliver_all(NOON)
    return found


def lemaires():
    """The times of which the list took notice for Dr Lemaire's agenda."""
    return [each for each in FreedTime.objects.order_by("pk") if each.agenda.name == "Dr Lemaire"]


def test_the_room_of_the_hours_got_free_with_a_colleague(cast, room, deliver_all):
    plain = booked(cast, MONDAY)
    mine = at_lemaires(cast, "First")
    cancelled(cast, plain)
    assert pursue(deliver_all, LATER) == 1
    assert (last_offer().starts_at, str(last_offer().agenda_id)) == (MONDAY, cast.lemaire)
    offer_answers.take(offer=last_offer().key, by=cast.claire, at=LATER)
    assert place(mine).state == "booked"


def test_moved_out_of_the_room_to_the_afternoon(cast, room, deliver_all):
    plain = booked(cast, MONDAY)
    at_lemaires(cast, "First")
    where = {"agenda": cast.dupont, "starts_at": after(6 * 60), "by": cast.claire, "at": LATER - TAKEN_BACK}
    appointments.move(key=cast.key(), appointment=plain.appointment, **where)
    assert pursue(deliver_all, LATER) == 1
    assert (last_offer().starts_at, str(last_offer().agenda_id)) == (MONDAY, cast.lemaire)


def test_who_waits_for_the_room_as_equipment_is_offered_it_too(cast, room, deliver_all):
    """Dr Lemaire's hours name no room any more; a reason of hers needs one."""
    setting.set_openings(agenda=cast.lemaire, openings=openings(cast.lemaire), by=cast.claire, at=NOON)
    stitches = reason(cast.cabinet.id, "Sutures", 20, by=cast.claire, needs=(Need(kind="room"),))
    plain = booked(cast, MONDAY)
    at_lemaires(cast, "Consultation")
    at_lemaires(cast, "Sutures", reason=stitches)
    deliver_all(NOON)
    cancelled(cast, plain)
    assert pursue(deliver_all, LATER) == 1
    assert offered() == [("Sutures", "open")]


def test_a_visit_in_no_room_frees_its_agenda_alone(cast, room, deliver_all):
    plain = booked(cast, after(6 * 60))
    at_lemaires(cast, "First")
    cancelled(cast, plain)
    pursue(deliver_all, LATER)
    assert lemaires() == []


def test_the_room_is_no_matter_at_hours_that_are_elsewhere(cast, room, deliver_all):
    """Dr Lemaire is in that room in the afternoon alone; her morning was free all along."""
    week = (*openings(cast.lemaire, MORNINGS), *openings(cast.lemaire, AFTERNOONS, resources=(room,)))
    setting.set_openings(agenda=cast.lemaire, openings=week, by=cast.claire, at=NOON)
    deliver_all(NOON)
    plain = booked(cast, MONDAY)
    at_lemaires(cast, "First")
    cancelled(cast, plain)
    pursue(deliver_all, LATER)
    assert lemaires() == []


@pytest.mark.parametrize("ends", ["lapsed", "hung up"])
def test_held_when_it_got_free_it_is_offered_once_it_is_held_no_more(cast, visit, deliver_all, ends):
    """The device of Monday at eight is free; before anybody could be asked a secretary holds it for a call."""
    at_lemaires(cast, "First", reason=cast.tracing)
    cancelled(cast, visit)
    held(cast, MONDAY, at=LATER, call="call-1")
    assert pursue(deliver_all, LATER) == 0
    later = LATER + 3 * MINUTES
    if ends == "lapsed":
        holds.expire_due(at=later)
    else:
        holds.release_call(house=cast.claire.house, call="call-1", at=later)
    assert pursue(deliver_all, later) == 1
    assert (last_offer().starts_at, str(last_offer().agenda_id)) == (MONDAY, cast.lemaire)


def test_what_one_declines_the_other_agenda_has_the_device_for(cast, visit, deliver_all):
    """It was kept for him who was asked first, at Dr Dupont's; nobody else waits there."""
    waits(cast, person(cast, "Dupont"), agendas=(cast.dupont,), reason=cast.tracing, at=NOON - MINUTES)
    at_lemaires(cast, "Lemaire", reason=cast.tracing)
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    assert offered() == [("Dupont", "open")]
    offer_answers.decline(offer=last_offer().key, by=cast.claire, at=LATER + MINUTES)
    assert pursue(deliver_all, LATER + MINUTES) == 1
    assert (offered()[1:], str(last_offer().agenda_id)) == ([("Lemaire", "open")], cast.lemaire)
    offer_answers.decline(offer=last_offer().key, by=cast.claire, at=LATER + 2 * MINUTES)
    assert [pursue(deliver_all, LATER + 2 * MINUTES) for _ in range(3)] == [0, 0, 0]  # nobody is asked twice


def test_a_hold_over_what_was_free_all_along_is_no_time_that_got_free_elsewhere(cast, deliver_all):
    at_lemaires(cast, "First", reason=cast.tracing)
    held(cast, MONDAY, at=LATER, call="call-1")
    holds.release_call(house=cast.claire.house, call="call-1", at=LATER)
    pursue(deliver_all, LATER)
    assert lemaires() == []


def test_a_time_that_is_too_near_stands_once_on_her_list_however_often_she_holds_it(cast, deliver_all):
    soon = MONDAY - 30 * MINUTES
    plain = booked(cast, MONDAY)
    waits(cast, person(cast, "First"))
    cancelled(cast, plain, at=soon)
    pursue(deliver_all, soon)
    assert len(waiting.freed_times(by=cast.claire, at=soon)) == 1
    hold = held(cast, MONDAY, at=soon + MINUTES)
    holds.release_hold(hold=hold, by=cast.claire, at=soon + 2 * MINUTES)
    pursue(deliver_all, soon + 2 * MINUTES)
    (time,) = waiting.freed_times(by=cast.claire, at=soon + 2 * MINUTES)
    assert [each.person.birth_name for each in time.suggested] == ["First"]


def test_a_time_that_nobody_took_is_off_her_list_while_it_is_offered_again(cast, deliver_all):
    plain = booked(cast, MONDAY)
    waits(cast, person(cast, "First"))
    cancelled(cast, plain)
    pursue(deliver_all, LATER)
    offer_answers.decline(offer=last_offer().key, by=cast.claire, at=LATER)
    pursue(deliver_all, LATER)
    assert len(waiting.freed_times(by=cast.claire, at=LATER)) == 1
    waits(cast, person(cast, "Second"), at=LATER + MINUTES)
    hold = held(cast, MONDAY, at=LATER + MINUTES)
    later = LATER + 2 * MINUTES
    holds.release_hold(hold=hold, by=cast.claire, at=later)
    assert pursue(deliver_all, later) == 1
    assert offered() == [("First", "declined"), ("Second", "open")]
    assert waiting.freed_times(by=cast.claire, at=later) == ()


def test_the_colleague_of_a_combined_visit_is_asked_once_it_is_kept_for_nobody(cast, deliver_all):
    """A visit of both doctors is cancelled; the same is kept for one who waits, who declines it."""
    both = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)
    deliver_all(NOON)
    visit = booked(cast, MONDAY, reason=both)
    waits(cast, person(cast, "Both"), reason=both, at=NOON - MINUTES)
    at_lemaires(cast, "Lemaire")
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    offer_answers.decline(offer=last_offer().key, by=cast.claire, at=LATER + MINUTES)
    assert pursue(deliver_all, LATER + MINUTES) == 1
    assert (offered()[1:], last_offer().starts_at) == ([("Lemaire", "open")], MONDAY)


def test_in_the_room_of_who_is_seen_together_with_him(cast, room, deliver_all):
    """A visit of Dr Dupont that takes Dr Lemaire too needs the room in which she is; a third doctor gives it up."""
    both = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)
    third = opened(cast.cabinet.id, cast.cabinet.doctor, "Dr Roth", by=cast.claire, resources=(room,))
    setting.set_openings(agenda=cast.dupont, openings=openings(cast.dupont), by=cast.claire, at=NOON)
    visit = booked(cast, MONDAY, agenda=third)
    waits(cast, person(cast, "Both"), reason=both, agendas=(cast.dupont,))
    deliver_all(NOON)
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    assert (offered(), last_offer().starts_at, last_offer().agenda_id) == ([("Both", "open")], MONDAY, int(cast.dupont))
