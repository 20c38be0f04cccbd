# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor asks the secretaries to move one visit of his day: it stands on their list, and as it is until they do."""

from datetime import timedelta

import pytest
from django.urls import reverse

from permanence.agenda.models import Appointment, FollowUp
from permanence.agenda.operations import appointments
from permanence.agenda.operations.moves_asked import ask_to_move, take_back_move
from permanence.agenda.queries import appointments as found
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.queries.kept_booked import still_booked
from permanence.agenda.queries.left_booked import left_booked
from permanence.agenda.queries.received import is_received
from permanence.agenda.refusals import AppointmentUnknown, NotNow, WordsTooLong
from permanence.foundation.models import AuditEntry
from tests.rooms.test_portal_agenda import ZONE, claire, doctor, practice, state
from tests.rooms.test_portal_line import text_of

__all__ = ["claire", "doctor", "practice"]

pytestmark = pytest.mark.django_db
LIST = "/console/follow-ups"


@pytest.fixture
def visit(practice):
    return practice.book((practice.now + timedelta(days=5)).replace(minute=0))


def hour(visit):
    return Appointment.objects.get(key=visit).starts_at


def day_of(practice, doctor, visit):
    day = hour(visit).astimezone(ZONE).date()
    return doctor.get(f"{practice.url('portal_day_of', practice.agenda)}?day={day}").content.decode()


def asks(practice, doctor, visit, words="Plutôt le matin", act="to-move", **more):
    body = {f"words-{visit}": words, "starts": hour(visit).isoformat()} | more
    return doctor.post(practice.url("portal_visit", practice.agenda, visit, act), body)


def listed(practice):
    return [(each.visit.appointment, each.words) for each in open_follow_ups(by=practice.cast.claire)]


def test_a_visit_that_the_doctor_wants_moved_comes_to_the_secretaries_and_stands_as_it_is(
    practice, doctor, claire, visit
):
    before = hour(visit)
    assert "À déplacer" in day_of(practice, doctor, visit)
    assert asks(practice, doctor, visit).status_code == 303
    assert asks(practice, doctor, visit).status_code == 303  # pressed twice
    assert listed(practice) == [(visit, "Plutôt le matin")]
    assert FollowUp.objects.count() == 1
    assert (hour(visit), state(visit)) == (before, "booked")
    shown = day_of(practice, doctor, visit)
    assert "à déplacer" in shown
    assert "Plutôt le matin" in shown
    page = text_of(claire.get(LIST))
    assert "Plutôt le matin" in page
    assert "trouver un autre rendez-vous" in page.lower()
    assert not left_booked(by=practice.cast.claire, at=practice.now)
    assert is_received(by=practice.cast.claire, visit=found.appointment(by=practice.cast.claire, appointment=visit))


def test_another_word_takes_the_place_of_the_first(practice, doctor, visit):
    asks(practice, doctor, visit)
    asks(practice, doctor, visit, words="Pas le lundi")
    assert listed(practice) == [(visit, "Pas le lundi")]


def test_he_takes_it_back_and_it_leaves_the_list(practice, doctor, visit):
    asks(practice, doctor, visit)
    for _twice in range(2):
        assert asks(practice, doctor, visit, act="not-to-move").status_code == 303
    assert listed(practice) == []
    assert "Plutôt le matin" not in day_of(practice, doctor, visit)
    actions = AuditEntry.objects.filter(action__startswith="agenda.move_").order_by("pk")
    assert [each.action for each in actions] == ["agenda.move_asked", "agenda.move_not_asked"]


def test_who_is_moved_or_cancelled_leaves_the_list_by_himself(practice, doctor, visit):
    asks(practice, doctor, visit)
    moved = {"key": practice.key(), "appointment": visit, "agenda": practice.agenda, "by": practice.cast.claire}
    appointments.move(starts_at=hour(visit) + timedelta(days=1), at=practice.now, **moved)
    assert listed(practice) == []
    assert "Plutôt le matin" not in day_of(practice, doctor, visit)
    asks(practice, doctor, visit)  # once more, of the new hour
    assert listed(practice) == [(visit, "Plutôt le matin")]


def test_the_secretary_says_that_it_stays_or_cancels_it_and_does_not_merely_call(practice, doctor, claire, visit):
    other = practice.book(hour(visit) + timedelta(hours=1))
    for each in (visit, other):
        asks(practice, doctor, each)
    first, second = (reverse("console:follow-up", args=[each.id]) for each in open_follow_ups(by=practice.cast.claire))
    assert claire.post(first, {"outcome": "called"}).status_code == 422
    assert claire.post(first, {"outcome": "kept"}).status_code == 302
    assert claire.post(second, {"outcome": "cancelled"}).status_code == 302
    assert (state(visit), state(other)) == ("booked", "cancelled")
    assert Appointment.objects.get(key=other).cancel_cause == "doctor"
    assert listed(practice) == []
    assert still_booked(by=practice.cast.claire, at=practice.now) == ()  # in no absence and no closed agenda


def test_an_absence_that_is_announced_later_asks_what_becomes_of_him_all_the_same(practice, doctor, claire, visit):
    asks(practice, doctor, visit)
    [entry] = open_follow_ups(by=practice.cast.claire)
    claire.post(reverse("console:follow-up", args=[entry.id]), {"outcome": "kept"})
    practice.away(hour(visit) - timedelta(hours=1))
    [left] = left_booked(by=practice.cast.claire, at=practice.now)
    assert [each.appointment for each in left.visits] == [visit]


def test_what_cannot_be_asked_is_refused_in_words(practice, doctor, visit):
    for wrong in ({"words": "x" * 201}, {"starts": (hour(visit) + timedelta(hours=1)).isoformat()}, {"starts": "soon"}):
        answer = asks(practice, doctor, visit, **wrong)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
    past = practice.now - timedelta(hours=3)
    over = practice.book(past, asked=past - timedelta(days=2))
    assert asks(practice, doctor, over).status_code == 422
    assert listed(practice) == []
    with pytest.raises(NotNow):
        ask_to_move(appointment=over, by=practice.cast.dr_weber, at=practice.now)
    with pytest.raises(WordsTooLong):
        ask_to_move(appointment=visit, words="x" * 201, by=practice.cast.dr_weber, at=practice.now)


def test_strangers_ask_nothing_and_take_nothing_back(practice, doctor, cast, browser_of, visit):
    asks(practice, doctor, visit)
    for stranger in (cast.dr_dupont, cast.nadia):
        with pytest.raises(AppointmentUnknown):
            ask_to_move(appointment=visit, words="mine", by=stranger, at=practice.now)
        with pytest.raises(AppointmentUnknown):
            take_back_move(appointment=visit, by=stranger, at=practice.now)
    other = browser_of(cast.dr_dupont)
    for act in ("to-move", "not-to-move"):
        assert asks(practice, other, visit, act=act).status_code in {403, 404}
    assert listed(practice) == [(visit, "Plutôt le matin")]
