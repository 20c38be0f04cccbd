# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two files were one person: whoever waited under either waits once, and as before when they were two after all."""

from datetime import date, timedelta

import pytest

from permanence.agenda import handlers
from permanence.agenda.models import Appointment, SlotOffer, WaitingPlace
from permanence.agenda.operations import offer_answers, waiting_list
from permanence.agenda.queries import offers, waiting
from permanence.agenda.rules.waiting import PlaceState
from permanence.callers import merge_operations as merging
from permanence.callers.events import PatientsMerged
from permanence.foundation.models import OutboxEvent
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import (
    LATER,
    booked,
    cancelled,
    last_offer,
    offered,
    person,
    place,
    pursue,
    waits,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


@pytest.fixture
def one(cast, deliver_all):
    """Who is merged is who stands from then on."""

    def merged(kept, gone, *, at=NOON):
        made = merging.merge(client=cast.cabinet.id, kept=kept, merged=gone, by=cast.claire, at=at)
        deliver_all(at)
        return made.id

    return merged


@pytest.fixture
def two(cast, deliver_all):
    def parted(merge, *, at=LATER):
        merging.part(client=cast.cabinet.id, merge=merge, by=cast.claire, at=at)
        deliver_all(at)

    return parted


def in_turn(cast):
    return [each.person.birth_name for each in waiting.waiting_list(by=cast.claire, at=NOON)]


def test_who_waited_as_a_newcomer_and_is_booked_under_his_file_waits_no_more(cast, deliver_all, one):
    file, newcomer = person(cast, "File"), person(cast, "Newcomer")
    mine = waits(cast, newcomer, at=NOON - HOUR)
    one(file, newcomer)
    assert in_turn(cast) == ["File"]
    made = booked(cast, MONDAY, who=file, at=LATER)
    deliver_all(LATER)
    assert (place(mine).state, place(mine).appointment) == (PlaceState.BOOKED, made.appointment)
    cancelled(cast, booked(cast, after(40), at=LATER), at=LATER)
    assert pursue(deliver_all, LATER) == 0


def test_his_later_visit_is_found_though_he_waited_under_the_other_file(cast, deliver_all, one):
    file, newcomer, visit = person(cast, "File"), person(cast, "Newcomer"), booked(cast, MONDAY)
    later = booked(cast, after(24 * 60), who=file)
    waits(cast, newcomer)
    one(file, newcomer)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    page = offers.behind(offers.link_of(last_offer().key).rpartition("/")[2])
    assert page.later == later.starts_at
    offer_answers.take(offer=last_offer().key, gives_up_later=True, by=cast.claire, at=LATER)
    assert Appointment.objects.get(key=later.appointment).state == "cancelled"


def test_who_waited_twice_waits_once_as_early_and_as_urgent_as_the_better_place(cast, deliver_all, one):
    file, double = person(cast, "File"), person(cast, "Double")
    mine = waits(cast, file, at=NOON - HOUR)
    older = waits(cast, double, at=NOON - 3 * HOUR, is_urgent=True)
    waits(cast, person(cast, "Second"), at=NOON - 2 * HOUR)
    first, other = booked(cast, MONDAY), booked(cast, after(60))
    one(file, double)
    assert (place(mine).asked_at, place(mine).is_urgent) == (NOON - 3 * HOUR, True)
    assert place(older).state == PlaceState.WITHDRAWN
    assert in_turn(cast) == ["File", "Second"]
    cancelled(cast, first)
    cancelled(cast, other)
    assert pursue(deliver_all, LATER) == 2
    assert offered() == [("File", "open"), ("Second", "open")]


def test_an_offer_that_is_out_stays_his_and_books_under_his_file(cast, deliver_all, one):
    file, double, visit = person(cast, "File"), person(cast, "Double"), booked(cast, MONDAY)
    waits(cast, double, at=NOON - 2 * HOUR)
    mine = waits(cast, file, at=NOON - HOUR)
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    one(file, double, at=LATER)
    assert pursue(deliver_all, LATER) == 0
    assert offered() == [("File", "open")]
    offer_answers.take(offer=last_offer().key, by=cast.claire, at=LATER)
    deliver_all(LATER)
    assert place(mine).state == PlaceState.BOOKED
    assert not WaitingPlace.objects.filter(state=PlaceState.WAITING).exists()
    assert [str(each.patient_id) for each in Appointment.objects.filter(state="booked")] == [file]


def test_of_two_offers_that_are_out_one_goes_to_the_next(cast, deliver_all, one):
    file, double = person(cast, "File"), person(cast, "Double")
    first, other = booked(cast, MONDAY), booked(cast, after(60))
    waits(cast, file, at=NOON - 2 * HOUR)
    waits(cast, double, at=NOON - HOUR)
    cancelled(cast, first)
    cancelled(cast, other)
    assert pursue(deliver_all, LATER) == 2
    waits(cast, person(cast, "Second"), at=LATER)
    one(file, double, at=LATER)
    assert pursue(deliver_all, LATER) == 1
    assert offered() == [("File", "open"), ("File", "withdrawn"), ("Second", "open")]


def test_what_he_declined_under_the_other_file_is_not_offered_to_him_again(cast, deliver_all, one):
    file, double = person(cast, "File"), person(cast, "Double")
    mine = waits(cast, double, at=NOON - 2 * HOUR)
    cancelled(cast, booked(cast, MONDAY))
    pursue(deliver_all, LATER)
    offer_answers.decline(offer=last_offer().key, by=cast.claire, at=LATER)
    waits(cast, file, at=LATER)
    one(file, double, at=LATER)
    assert place(mine).state == PlaceState.WITHDRAWN
    cancelled(cast, booked(cast, MONDAY, at=LATER), at=LATER + HOUR)
    pursue(deliver_all, LATER + HOUR)
    assert SlotOffer.objects.filter(starts_at=MONDAY).count() == 1


def test_a_place_whose_days_are_over_is_not_the_one_that_stays(cast, one):
    file, double = person(cast, "File"), person(cast, "Double")
    over = waits(cast, file, at=NOON - 2 * HOUR, until_date=date(2026, 11, 28))
    mine = waits(cast, double, at=NOON - HOUR)
    one(file, double, at=MONDAY)
    assert (place(over).state, place(mine).state) == (PlaceState.WITHDRAWN, PlaceState.WAITING)
    assert place(mine).asked_at == NOON - HOUR


def test_two_after_all_each_waits_as_he_did(cast, deliver_all, one, two):
    file, double, visit = person(cast, "File"), person(cast, "Double"), booked(cast, MONDAY)
    mine = waits(cast, file, at=NOON - HOUR)
    his = waits(cast, double, at=NOON - 2 * HOUR, is_urgent=True)
    other = waits(cast, double, reason=cast.tracing)
    WaitingPlace.objects.filter(key=his).update(sealed_answers="what he said")
    fields = "key", "patient", "reason", "asked_at", "is_urgent", "silent", "state", "state_by_name"
    before = list(WaitingPlace.objects.order_by("pk").values(*fields))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    asked = SlotOffer.objects.get()
    assert asked.place.key == his
    merge = one(file, double, at=LATER)
    assert {str(place(each).patient_id) for each in (mine, his, other)} == {file}
    assert SlotOffer.objects.get().place.key == mine
    two(merge, at=LATER + timedelta(minutes=5))
    assert list(WaitingPlace.objects.order_by("pk").values(*fields)) == before
    assert place(his).sealed_answers == ""  # what he said is kept nowhere: he is asked again
    assert (SlotOffer.objects.get().place.key, SlotOffer.objects.get().state) == (his, "open")
    assert pursue(deliver_all, LATER + timedelta(minutes=5)) == 0


def test_who_was_put_on_the_list_anew_before_the_parting_was_heard_waits_once(cast, deliver_all, one):
    file, double = person(cast, "File"), person(cast, "Double")
    his = waits(cast, double, at=NOON - HOUR)
    merge = one(file, double)
    merging.part(client=cast.cabinet.id, merge=merge, by=cast.claire, at=NOON + HOUR)
    anew = waits(cast, double, at=NOON + HOUR)
    deliver_all(NOON + HOUR)
    assert not OutboxEvent.objects.filter(delivered_at=None).exists()
    assert {place(each).state for each in (his, anew)} == {PlaceState.WAITING, PlaceState.WITHDRAWN}
    assert {str(place(each).patient_id) for each in (his, anew)} == {double}
    assert in_turn(cast) == ["Double"]


def test_a_merge_that_is_heard_after_it_was_undone_takes_nothing_away(cast, deliver_all, one):
    file, double = person(cast, "File"), person(cast, "Double")
    his, visit = waits(cast, double, at=NOON - HOUR), booked(cast, MONDAY, who=double)
    merge = merging.merge(client=cast.cabinet.id, kept=file, merged=double, by=cast.claire, at=NOON).id
    merging.part(client=cast.cabinet.id, merge=merge, by=cast.claire, at=NOON + HOUR)
    deliver_all(NOON + HOUR)
    ids = {"client": cast.cabinet.id, "merge": merge, "kept": file, "merged": double}
    handlers.on_patients_merged("again", PatientsMerged(house=cast.claire.house, at=NOON, **ids))
    assert str(place(his).patient_id) == double
    assert str(Appointment.objects.get(key=visit.appointment).patient_id) == double


def test_two_after_all_what_was_done_since_stands(cast, deliver_all, one, two):
    """Booked under the file that stood for both: the other one waits still."""
    file, double = person(cast, "File"), person(cast, "Double")
    mine, his = waits(cast, file, at=NOON - HOUR), waits(cast, double, at=NOON - 2 * HOUR)
    merge = one(file, double, at=LATER)
    waiting_list.mark_urgent(place=mine, is_urgent=True, by=cast.claire, at=LATER)
    booked(cast, MONDAY, who=file, at=LATER)
    deliver_all(LATER)
    two(merge)
    assert (place(mine).state, place(mine).is_urgent) == (PlaceState.BOOKED, True)
    assert (place(his).state, str(place(his).patient_id)) == (PlaceState.WAITING, double)
    assert in_turn(cast) == ["Double"]


def test_a_place_from_before_a_merge_was_followed_ends_with_the_booking_too(cast, deliver_all, one):
    file, double = person(cast, "File"), person(cast, "Double")
    later, visit = booked(cast, after(24 * 60), who=file), booked(cast, MONDAY)
    mine = waits(cast, double)
    one(file, double)
    WaitingPlace.objects.filter(key=mine).update(patient=int(double))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    page = offers.behind(offers.link_of(last_offer().key).rpartition("/")[2])
    assert page.later == later.starts_at
    made = booked(cast, after(40), who=file, at=LATER)
    deliver_all(LATER)
    assert (place(mine).state, place(mine).appointment) == (PlaceState.BOOKED, made.appointment)
