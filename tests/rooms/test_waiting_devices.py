# SPDX-License-Identifier: AGPL-3.0-or-later
"""A device that a visit gave up is free for the client's other agendas too, and offered to who waits for it there."""

import pytest

from permanence.agenda.models import FreedTime
from permanence.agenda.operations import appointments, offer_answers
from permanence.agenda.queries import waiting
from permanence.agenda.rules.kinds import HalfDay
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, offered, person, place, pursue, waits

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
    where = {"agenda": cast.dupont, "starts_at": after(24 * 60), "by": cast.claire, "at": LATER}
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
