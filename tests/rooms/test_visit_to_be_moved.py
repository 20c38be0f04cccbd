# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor asks the secretaries to move one visit of his day: it stands on their list, and as it is until they do."""

from datetime import timedelta

import pytest
from django.urls import reverse

from permanence.agenda.models import Appointment, FollowUp
from permanence.agenda.operations import appointments
from permanence.agenda.operations.day import ask_follow_up, settle
from permanence.agenda.operations.moves_asked import ask_to_move, take_back_move
from permanence.agenda.operations.returns import end_follow_ups
from permanence.agenda.queries import appointments as found
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.queries.kept_booked import still_booked
from permanence.agenda.queries.left_booked import left_booked
from permanence.agenda.queries.received import is_received
from permanence.agenda.refusals import AppointmentUnknown, ListedAlready, NotNow, WordsTooLong
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.clients import absences
from permanence.clients.acts import changed
from permanence.foundation.models import AuditEntry, LiveTouch
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


def is_recounted(practice):
    """Whether the consoles were told, since this was asked last, that something else stands on their list."""
    return LiveTouch.objects.filter(topic=f"house/{practice.cast.house}/tasks").delete()[0] > 0


def test_the_consoles_hear_that_their_list_has_more_or_less(practice, doctor, visit):
    asks(practice, doctor, visit)
    assert is_recounted(practice)
    asks(practice, doctor, visit)  # pressed twice
    assert not is_recounted(practice)
    asks(practice, doctor, visit, act="not-to-move")
    assert is_recounted(practice)
    asks(practice, doctor, visit)
    [entry] = FollowUp.objects.filter(done_at=None)
    settle(follow_up=str(entry.pk), outcome=Outcome.KEPT, by=practice.cast.claire, at=practice.now)
    assert is_recounted(practice)


def test_they_hear_of_an_absence_that_meets_somebody_too_and_of_its_end(practice, visit, deliver_all):
    deliver_all(practice.now)
    is_recounted(practice)
    absence = practice.away(hour(visit) - timedelta(hours=1))
    assert left_booked(by=practice.cast.claire, at=practice.now)
    assert is_recounted(practice)
    given = {"client": practice.cast.weber, "absence": absence, "at": practice.now}
    ask_follow_up(**given, wanted=Wanted.CALL, by=practice.cast.dr_weber)
    assert is_recounted(practice)
    absences.withdraw_absence(**given, by=practice.cast.marc)
    assert is_recounted(practice)
    deliver_all(practice.now)
    assert is_recounted(practice)


def test_another_word_of_a_client_is_nothing_to_their_list(practice, deliver_all):
    deliver_all(practice.now)
    is_recounted(practice)
    changed(client=practice.cast.weber, action="client.test", by=practice.cast.marc, at=practice.now, detail={})
    deliver_all(practice.now)
    assert not is_recounted(practice)


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


LISTED = "Les secrétaires ont déjà ce rendez-vous sur leur liste. Rien n’a été changé."


@pytest.fixture
def listed_for_absence(practice, visit):
    """The doctor is away, and the secretaries have the visit on their list for that."""
    absence = practice.away(hour(visit) - timedelta(hours=1))
    given = {"client": practice.cast.weber, "absence": absence, "wanted": Wanted.CALL, "words": "Congrès"}
    assert ask_follow_up(**given, by=practice.cast.dr_weber, at=practice.now) == 1
    return absence


def row_of(shown, visit):
    return shown.partition(f'id="v-{visit}"')[2].partition("</li>")[0]


def test_what_the_secretaries_have_for_an_absence_is_said_on_its_line_and_not_asked_again(
    practice, doctor, visit, listed_for_absence
):
    row = row_of(day_of(practice, doctor, visit), visit)
    assert "chez les secrétaires" in row
    assert "À déplacer" not in row
    answer = asks(practice, doctor, visit)
    assert answer.status_code == 422
    assert LISTED in text_of(answer)
    with pytest.raises(ListedAlready):
        ask_to_move(appointment=visit, words="mine", by=practice.cast.dr_weber, at=practice.now)
    assert listed(practice) == [(visit, "Congrès")]


def test_he_is_asked_again_once_he_is_there_after_all(practice, doctor, visit, listed_for_absence):
    absences.withdraw_absence(
        client=practice.cast.weber, absence=listed_for_absence, by=practice.cast.marc, at=practice.now
    )
    assert "À déplacer" in row_of(day_of(practice, doctor, visit), visit)
    assert asks(practice, doctor, visit).status_code == 303
    assert listed(practice) == [(visit, "Plutôt le matin")]


def test_what_he_typed_comes_back_to_its_line_where_it_is_refused(practice, doctor, visit):
    words = "Plutôt le matin, " * 15
    for wrong in ({"words": words}, {"words": words[:200], "starts": "soon"}):
        answer = asks(practice, doctor, visit, **wrong)
        row = row_of(answer.content.decode(), visit)
        assert '<details class="visits__more" open><summary class="link">À déplacer' in row
        assert f">{wrong['words']}</textarea>" in row
    assert "Ce rendez-vous a été déplacé entre-temps : regardez-le à nouveau. Rien n’a été changé." in text_of(answer)
    assert "annulé" not in text_of(answer).partition("data-refused")[2].partition("</p>")[0]


def test_the_doctor_reads_that_a_secretary_has_left_it_as_it_is_and_may_ask_again(practice, doctor, claire, visit):
    asks(practice, doctor, visit)
    [entry] = open_follow_ups(by=practice.cast.claire)
    claire.post(reverse("console:follow-up", args=[entry.id]), {"outcome": "kept"})
    row = row_of(day_of(practice, doctor, visit), visit)
    left = f"reste tel quel, {practice.cast.claire.name}"
    assert left in row
    assert "À déplacer" in row
    asks(practice, doctor, visit, words="Il le faut vraiment")
    row = row_of(day_of(practice, doctor, visit), visit)
    assert left not in row
    assert "Il le faut vraiment" in row
    asks(practice, doctor, visit, act="not-to-move")
    assert left not in row_of(day_of(practice, doctor, visit), visit)


def test_a_line_stays_as_high_once_the_patient_is_there(practice, doctor, visit):
    asks(practice, doctor, visit)
    before = row_of(day_of(practice, doctor, visit), visit)
    Appointment.objects.filter(key=visit).update(state="arrived")
    after = row_of(day_of(practice, doctor, visit), visit)
    assert '<p class="visits__kept"><span class="badge badge--warn">à déplacer</span> Plutôt le matin</p>' in after
    for part in ("Plutôt le matin", "Ne plus le déplacer", "<details"):
        assert (part in before, before.count(part)) == (True, after.count(part)), part


def test_what_he_wanted_before_his_absence_is_wanted_again_once_he_is_there_after_all(practice, doctor, visit):
    asks(practice, doctor, visit)
    absence = practice.away(hour(visit) - timedelta(hours=1))
    given = {"client": practice.cast.weber, "absence": absence, "by": practice.cast.dr_weber}
    for minutes, wanted in enumerate((Wanted.CALL, Wanted.CANCEL), start=1):
        ask_follow_up(**given, wanted=wanted, at=practice.now + timedelta(minutes=minutes))
    assert listed(practice) == [(visit, "")]
    at = practice.now + timedelta(minutes=5)
    absences.withdraw_absence(client=practice.cast.weber, absence=absence, by=practice.cast.marc, at=at)
    for _twice in range(2):
        end_follow_ups(house=practice.cast.house, client=practice.cast.weber, absence=absence, at=at)
        assert listed(practice) == [(visit, "Plutôt le matin")]
    assert "Plutôt le matin" in row_of(day_of(practice, doctor, visit), visit)


@pytest.mark.parametrize("first", [0, 1])
def test_what_he_wanted_before_two_absences_is_wanted_again_once_both_are_withdrawn(practice, doctor, visit, first):
    """The second one asked for something else of the same visit; `first`: which is withdrawn first."""
    asks(practice, doctor, visit)
    given = {"client": practice.cast.weber, "by": practice.cast.dr_weber}
    doctor_alone = practice.cast.recipients["Dr Weber"]
    both = [practice.away(hour(visit) - timedelta(hours=1), recipient=each) for each in (doctor_alone, None)]
    for minutes, absence in enumerate(both, start=1):
        at = practice.now + timedelta(minutes=minutes)
        ask_follow_up(**given, absence=absence, wanted=Wanted.CANCEL, at=at)
    assert listed(practice) == [(visit, "")]
    for minutes, absence in enumerate((both[first], both[1 - first]), start=5):
        assert (visit, "Plutôt le matin") not in listed(practice)
        at = practice.now + timedelta(minutes=minutes)
        absences.withdraw_absence(client=practice.cast.weber, absence=absence, by=practice.cast.marc, at=at)
        end_follow_ups(house=practice.cast.house, client=practice.cast.weber, absence=absence, at=at)
    assert listed(practice) == [(visit, "Plutôt le matin")]


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
