# SPDX-License-Identifier: AGPL-3.0-or-later
"""The waiting list: a freed slot goes to who waits, in turn, held for him; taken exactly once, by nobody twice."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from permanence.agenda.models import Agenda, Appointment, FreedTime, SlotHold, SlotOffer, WaitingPlace
from permanence.agenda.operations import (
    appointments,
    blocks,
    holds,
    offer_answers,
    setting,
    waiting_list,
    waiting_offers,
)
from permanence.agenda.operations.importing import import_lines
from permanence.agenda.operations.waiting_list import Waits
from permanence.agenda.queries import offers, waiting
from permanence.agenda.refusals import (
    ActKeyMalformed,
    ActKeyTaken,
    AgendaUnknown,
    AlreadyWaiting,
    AppointmentUnknown,
    FreedUnknown,
    OfferMinutesImpossible,
    OfferOver,
    OfferUnknown,
    PlaceUnknown,
    SlotAlreadyTaken,
    VisitReasonUnknown,
    WindowImpossible,
)
from permanence.agenda.rules.imports import ImportLine
from permanence.agenda.rules.kinds import ExceptionKind, HalfDay
from permanence.agenda.rules.states import AppointmentState
from permanence.agenda.rules.waiting import TAKEN_BACK, FreedState, OfferState, OfferWay, PlaceState
from permanence.callers.models import Patient
from permanence.callers.queries import PatientUnknown
from permanence.dispatch.models import OfferNotice
from permanence.dispatch.rules import DeliveryState
from permanence.foundation.models import AuditEntry
from tests.rooms import waiting_cast
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, openings
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import (
    LATER,
    booked,
    cancelled,
    last_offer,
    offered,
    person,
    place,
    waits,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def pursue(deliver_all, at):
    """The worker's turn, in which what is written to who is asked leaves too."""
    made = waiting_cast.pursue(deliver_all, at)
    OfferNotice.objects.filter(state=DeliveryState.PENDING).update(state=DeliveryState.SENT, sent_at=at)
    return made


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)  # how the agendas were set is heard before anybody waits
    return made


def take(offer, *, cast, at=LATER, **more):
    return offer_answers.take(offer=offer.key, by=cast.claire, at=at, **more)


def decline(offer, *, cast, at=LATER):
    return offer_answers.decline(offer=offer.key, by=cast.claire, at=at)


def test_a_cancelled_visit_is_offered_to_who_waits_longest_and_held_for_him(cast, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Second"), at=NOON - HOUR)
    waits(cast, person(cast, "First"), at=NOON - 2 * HOUR)
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    assert offered() == [("First", "open")]
    offer = last_offer()
    assert (offer.starts_at, offer.expires_at) == (MONDAY, LATER + HOUR)
    with pytest.raises(SlotAlreadyTaken):
        booked(cast, MONDAY, at=LATER + timedelta(minutes=59))
    assert pursue(deliver_all, LATER) == 0


def test_it_is_seen_as_held_by_the_waiting_list(cast, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "First"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    hold = SlotHold.objects.get(ended_at=None)
    assert (hold.door, hold.held_by_name, hold.expires_at) == ("waiting", "", last_offer().expires_at)


def test_without_an_answer_it_goes_to_the_next_and_he_goes_behind(cast, deliver_all):
    visit = booked(cast, MONDAY)
    first = waits(cast, person(cast, "First"), at=NOON - 2 * HOUR)
    waits(cast, person(cast, "Second"), at=NOON - HOUR)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    assert pursue(deliver_all, LATER + HOUR - timedelta(minutes=1)) == 0
    assert pursue(deliver_all, LATER + HOUR) == 1
    assert offered() == [("First", "lapsed"), ("Second", "open")]
    assert place(first).silent == 1
    assert [each.person.birth_name for each in waiting.waiting_list(by=cast.claire, at=NOON)] == ["Second", "First"]


def test_who_was_never_told_is_not_put_behind(cast, deliver_all):
    visit = booked(cast, MONDAY)
    first = waits(cast, person(cast, "First", mail=""))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    assert last_offer().way == OfferWay.PHONE
    pursue(deliver_all, LATER + HOUR)
    assert (place(first).silent, offered()) == (0, [("First", "lapsed")])


def test_to_decline_costs_nothing_and_frees_it_at_once(cast, deliver_all):
    visit = booked(cast, MONDAY)
    first = waits(cast, person(cast, "First"), at=NOON - 2 * HOUR)
    waits(cast, person(cast, "Second"), at=NOON - HOUR)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    decline(last_offer(), cast=cast)
    assert pursue(deliver_all, LATER) == 1
    assert offered() == [("First", "declined"), ("Second", "open")]
    assert (place(first).silent, place(first).state) == (0, PlaceState.WAITING)


def test_nobody_takes_it_a_secretary_is_asked(cast, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "First"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    decline(last_offer(), cast=cast)
    assert pursue(deliver_all, LATER) == 0
    (time,) = waiting.freed_times(by=cast.claire, at=LATER)
    assert (time.state, time.starts_at, [who.birth_name for who, _ in time.offers]) == (
        FreedState.NOBODY,
        MONDAY,
        ["First"],
    )
    assert waiting.freed_times(by=cast.dr_weber, at=LATER) == ()
    offer_answers.settle_freed(freed=time.freed, by=cast.claire, at=LATER)
    assert waiting.freed_times(by=cast.claire, at=LATER) == ()
    with pytest.raises(FreedUnknown):
        offer_answers.settle_freed(freed=time.freed, by=cast.claire, at=LATER)


def test_a_time_that_was_filled_since_is_not_on_the_secretaries_list(cast, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "First"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    decline(last_offer(), cast=cast)
    pursue(deliver_all, LATER)
    booked(cast, MONDAY, at=LATER)
    assert waiting.freed_times(by=cast.claire, at=LATER) == ()


def test_where_nobody_fits_nobody_is_asked_for_anything(cast, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Afternoon"), half_days=frozenset({HalfDay.AFTERNOON}))
    waits(cast, person(cast, "Lemaire"), agendas=(cast.lemaire,))
    waits(cast, person(cast, "Tuesday"), weekdays=frozenset({1}))
    waits(cast, person(cast, "December"), from_date=date(2026, 12, 1))
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 0
    assert FreedTime.objects.get(starts_at=MONDAY).state == FreedState.OVER
    assert waiting.freed_times(by=cast.claire, at=LATER) == ()


def test_a_time_that_is_too_near_is_a_secretarys_at_once_with_whom_to_call(cast, deliver_all):
    visit = booked(cast, MONDAY + 2 * HOUR)
    waits(cast, person(cast, "Second"), at=NOON - HOUR)
    waits(cast, person(cast, "First"), at=NOON - 2 * HOUR)
    near = MONDAY + timedelta(minutes=30)
    cancelled(cast, visit, at=near)
    assert pursue(deliver_all, near) == 0
    (time,) = waiting.freed_times(by=cast.claire, at=near)
    assert time.state is FreedState.TOO_NEAR
    assert [(each.person.birth_name, each.starts_at) for each in time.suggested] == [
        ("First", MONDAY + 2 * HOUR),
        ("Second", MONDAY + 2 * HOUR),
    ]
    assert not SlotOffer.objects.exists()


def test_of_a_long_time_what_is_not_too_near_is_offered(cast, deliver_all):
    """The morning gets free at five past eight: five past ten can be offered, so nobody is telephoned for half past."""
    key = cast.key()
    blocks.block(key=key, agenda=cast.dupont, starts_at=MONDAY, ends_at=after(240), words="", by=cast.claire, at=NOON)
    deliver_all(NOON)
    waits(cast, person(cast, "First"))
    waiting_list.change_offer_minutes(agenda=cast.dupont, minutes=15, by=cast.claire, at=NOON)
    at = MONDAY + timedelta(minutes=5)
    blocks.unblock(key=cast.key(), block=key, by=cast.claire, at=at)
    assert pursue(deliver_all, at) == 1
    assert last_offer().starts_at == MONDAY + timedelta(minutes=125)
    assert waiting.freed_times(by=cast.claire, at=at) == ()


def test_at_night_nobody_is_asked_and_nothing_held_until_the_morning(cast, deliver_all):
    visit = booked(cast, after(24 * 60))
    waits(cast, person(cast, "First"))
    night = MONDAY - timedelta(hours=4)
    cancelled(cast, visit, at=night)
    assert pursue(deliver_all, night) == 0
    assert not SlotHold.objects.filter(ended_at=None).exists()
    assert pursue(deliver_all, MONDAY - timedelta(minutes=1)) == 0
    assert pursue(deliver_all, MONDAY) == 1
    assert offered() == [("First", "open")]


def test_taking_it_books_once_and_ends_the_waiting(cast, deliver_all):
    visit = booked(cast, MONDAY)
    who = person(cast, "First")
    mine = waits(cast, who)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    offer = last_offer()
    assert take(offer, cast=cast).state is OfferState.TAKEN
    assert take(offer, cast=cast, at=LATER + HOUR).state is OfferState.TAKEN
    pursue(deliver_all, LATER)
    made = Appointment.objects.get(patient=int(who))
    assert (made.starts_at, made.state, made.door) == (MONDAY, AppointmentState.BOOKED, "waiting")
    assert (place(mine).state, place(mine).appointment) == (PlaceState.BOOKED, made.key)
    assert FreedTime.objects.get(starts_at=MONDAY).state == FreedState.TAKEN
    assert waiting.waiting_list(by=cast.claire, at=NOON) == ()
    with pytest.raises(OfferOver):
        decline(offer, cast=cast)
    assert Appointment.objects.filter(starts_at=MONDAY, state="booked").count() == 1


@pytest.mark.parametrize("answer", [take, decline])
def test_an_answer_that_comes_too_late_changes_nothing(cast, deliver_all, answer):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "First"), at=NOON - HOUR)
    waits(cast, person(cast, "Second"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    first = last_offer()
    with pytest.raises(OfferOver):
        answer(first, cast=cast, at=LATER + HOUR)
    pursue(deliver_all, LATER + HOUR)
    with pytest.raises(OfferOver):
        answer(first, cast=cast, at=LATER + HOUR)
    assert offered() == [("First", "lapsed"), ("Second", "open")]
    assert Appointment.objects.filter(state="booked").count() == 0


def test_after_no_comes_no_yes(cast, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "First"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    decline(last_offer(), cast=cast)
    assert decline(last_offer(), cast=cast).state is OfferState.DECLINED
    with pytest.raises(OfferOver):
        take(last_offer(), cast=cast)


@pytest.mark.parametrize(("gives_up", "left"), [(True, "cancelled"), (False, "booked"), (None, "cancelled")])
def test_the_later_appointment_is_given_up_or_kept(cast, deliver_all, gives_up, left):
    who, visit = person(cast, "First"), booked(cast, MONDAY)
    later = booked(cast, after(24 * 60), who=who)
    waits(cast, who, instead_of=later.appointment)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    take(last_offer(), cast=cast, gives_up_later=gives_up)
    row = Appointment.objects.get(key=later.appointment)
    assert row.state == left
    assert row.cancel_cause == ("patient" if left == "cancelled" else "")


def test_what_is_given_up_is_offered_to_the_next(cast, deliver_all):
    who, visit = person(cast, "First"), booked(cast, MONDAY)
    later = booked(cast, after(24 * 60), who=who)
    waits(cast, who, instead_of=later.appointment)
    waits(cast, person(cast, "Second"), at=NOON + HOUR)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    take(last_offer(), cast=cast)
    pursue(deliver_all, LATER)
    assert offered() == [("First", "taken"), ("Second", "open")]
    assert last_offer().starts_at == after(24 * 60)


def test_a_later_appointment_that_nobody_spoke_of_is_kept(cast, deliver_all):
    who, visit = person(cast, "First"), booked(cast, MONDAY)
    later = booked(cast, after(24 * 60), who=who)
    waits(cast, who)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    page = offers.behind(offers.link_of(last_offer().key).rpartition("/")[2])
    assert (page.later, page.gives_up) == (later.starts_at, False)
    take(last_offer(), cast=cast)
    assert Appointment.objects.get(key=later.appointment).state == "booked"


def freed_by_moving(cast, visit):
    appointments.move(
        key=cast.key(),
        appointment=visit.appointment,
        agenda=cast.dupont,
        starts_at=after(24 * 60),
        by=cast.claire,
        at=LATER - TAKEN_BACK,
    )


def freed_by_a_hold(cast, visit):
    cancelled(cast, visit, at=LATER - HOUR)
    held = holds.hold_slot(
        key=cast.key(), agenda=cast.dupont, reason=cast.consultation, starts_at=MONDAY, by=cast.claire, at=LATER
    )
    holds.release_hold(hold=held.hold, by=cast.claire, at=LATER)


def freed_by_a_hold_that_lapses(cast, visit):
    cancelled(cast, visit, at=LATER - HOUR)
    held = {"agenda": cast.dupont, "reason": cast.consultation, "starts_at": MONDAY, "by": cast.claire}
    holds.hold_slot(key=cast.key(), at=LATER - timedelta(minutes=2), **held)
    holds.expire_due(at=LATER)


def freed_by_unblocking(cast, visit):
    cancelled(cast, visit, at=LATER - HOUR)
    key, span = cast.key(), {"starts_at": MONDAY, "ends_at": after(20)}
    blocks.block(key=key, agenda=cast.dupont, words="", by=cast.claire, at=LATER, **span)
    blocks.unblock(key=cast.key(), block=key, by=cast.claire, at=LATER)


@pytest.mark.parametrize("free", [freed_by_moving, freed_by_a_hold, freed_by_a_hold_that_lapses, freed_by_unblocking])
def test_however_it_was_freed(cast, deliver_all, free):
    visit = booked(cast, MONDAY)
    deliver_all(NOON)
    free(cast, visit)
    FreedTime.objects.all().delete()
    waits(cast, person(cast, "First"))
    assert pursue(deliver_all, LATER) == 1
    assert (offered(), last_offer().starts_at) == ([("First", "open")], MONDAY)


def test_an_opening_that_is_added_is_offered_to_as_many_as_it_has_room_for(cast, deliver_all):
    for number in range(4):
        waits(
            cast,
            person(cast, f"Patient{chr(65 + number)}"),
            half_days=frozenset({HalfDay.MORNING}),
            weekdays=frozenset({6}),
        )
    deliver_all(NOON)
    sunday = date(2026, 12, 6)
    setting.set_exception(
        agenda=cast.dupont,
        day=sunday,
        kind=ExceptionKind.ONE_OFF,
        openings=openings(cast.dupont, [(6, "09:00", "10:00")]),
        by=cast.claire,
        at=LATER,
    )
    assert pursue(deliver_all, LATER) == 3
    assert offered() == [("PatientA", "open"), ("PatientB", "open"), ("PatientC", "open")]
    assert len(set(SlotOffer.objects.values_list("starts_at", flat=True))) == 3


def test_two_freed_times_go_to_two_persons(cast, deliver_all):
    one, other = booked(cast, MONDAY), booked(cast, after(60))
    waits(cast, person(cast, "First"), at=NOON - HOUR)
    waits(cast, person(cast, "Second"))
    cancelled(cast, one)
    cancelled(cast, other)
    assert pursue(deliver_all, LATER) == 2
    assert offered() == [("First", "open"), ("Second", "open")]


def test_one_person_has_one_offer_and_the_second_time_waits_for_his_answer(cast, deliver_all):
    one, other = booked(cast, MONDAY), booked(cast, after(60))
    waits(cast, person(cast, "First"))
    cancelled(cast, one)
    cancelled(cast, other)
    assert pursue(deliver_all, LATER) == 1
    decline(last_offer(), cast=cast)
    assert pursue(deliver_all, LATER) == 0
    assert pursue(deliver_all, LATER + HOUR) == 1
    assert [each.starts_at for each in SlotOffer.objects.order_by("pk")] == [MONDAY, after(60)]


def test_who_is_booked_by_telephone_waits_no_more(cast, deliver_all):
    visit, who = booked(cast, MONDAY), person(cast, "First")
    mine = waits(cast, who, at=NOON - HOUR)
    waits(cast, person(cast, "Second"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    made = booked(cast, after(40), who=who, at=LATER)
    assert pursue(deliver_all, LATER) == 1
    assert (place(mine).state, place(mine).appointment) == (PlaceState.BOOKED, made.appointment)
    assert offered() == [("First", "withdrawn"), ("Second", "open")]


def test_an_earlier_visit_booked_by_telephone_cancels_the_one_he_gives_up(cast, deliver_all):
    who = person(cast, "First")
    later = booked(cast, after(40), who=who)
    mine = waits(cast, who, instead_of=later.appointment)
    made = booked(cast, MONDAY, who=who, at=LATER)
    deliver_all(LATER)
    row = Appointment.objects.get(key=later.appointment)
    assert (row.state, row.cancel_cause) == ("cancelled", "patient")
    assert (place(mine).state, place(mine).appointment) == (PlaceState.BOOKED, made.appointment)
    trace = AuditEntry.objects.filter(subject=f"agenda.appointment:{row.pk}", action="appointment.cancelled")
    assert trace.count() == 1
    view = appointments.appointment_of(by=cast.claire, appointment=made.appointment)
    assert not offer_answers.follow_booking(appointment=view, by=cast.claire, at=LATER)
    assert trace.count() == 1


@pytest.mark.parametrize(("minutes", "waits_on"), [(0, True), (20 + 24 * 60, False)])
def test_a_visit_that_is_over_when_a_file_brings_it_in_is_not_what_he_waits_for(cast, deliver_all, minutes, waits_on):
    who, tuesday = person(cast, "First"), after(24 * 60)
    later = booked(cast, after(2 * 24 * 60), who=who)
    mine = waits(cast, who, instead_of=later.appointment)
    row = Patient.objects.get(pk=int(who))
    line = ImportLine(
        line=2,
        starts=after(minutes),
        ends=after(minutes + 20),
        name=row.used_name or row.birth_name,
        first_name=row.first_name,
        reason="Consultation",
    )
    report = import_lines(agenda=cast.dupont, lines=[line], by=cast.marc, at=tuesday, write=True)
    assert (report.appointments, report.new_patients) == (1, 0)
    deliver_all(tuesday)
    there = place(mine).state, Appointment.objects.get(key=later.appointment).state
    assert there == ((PlaceState.WAITING, "booked") if waits_on else (PlaceState.BOOKED, "cancelled"))


def test_what_is_booked_later_than_the_one_he_gives_up_leaves_it(cast, deliver_all):
    who = person(cast, "First")
    earlier = booked(cast, MONDAY, who=who)
    mine = waits(cast, who, instead_of=earlier.appointment)
    booked(cast, after(40), who=who, at=LATER)
    deliver_all(LATER)
    assert Appointment.objects.get(key=earlier.appointment).state == "booked"
    assert place(mine).state == PlaceState.BOOKED


def test_the_one_he_gives_up_is_moved_forward_and_stands(cast, deliver_all):
    who = person(cast, "First")
    later = booked(cast, after(40), who=who)
    mine = waits(cast, who, instead_of=later.appointment)
    appointments.move(
        key=cast.key(), appointment=later.appointment, agenda=cast.dupont, starts_at=MONDAY, by=cast.claire, at=LATER
    )
    deliver_all(LATER)
    assert Appointment.objects.get(key=later.appointment).state == "booked"
    assert place(mine).state == PlaceState.BOOKED


def test_one_he_gives_up_that_was_cancelled_already_is_in_nobodys_way(cast, deliver_all):
    who = person(cast, "First")
    later = booked(cast, after(40), who=who)
    mine = waits(cast, who, instead_of=later.appointment)
    cancelled(cast, later)
    booked(cast, MONDAY, who=who, at=LATER)
    deliver_all(LATER)
    assert place(mine).state == PlaceState.BOOKED


def test_who_died_is_asked_nothing(cast, deliver_all):
    visit, who = booked(cast, MONDAY), person(cast, "First")
    waits(cast, who)
    Patient.objects.filter(pk=int(who)).update(is_deceased=True)
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 0


def test_an_agenda_that_offers_nothing_by_itself_asks_a_secretary(cast, deliver_all):
    waiting_list.change_offer_minutes(agenda=cast.dupont, minutes=0, by=cast.claire, at=NOON)
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "First"))
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 0
    assert [each.state for each in waiting.freed_times(by=cast.claire, at=LATER)] == [FreedState.TOO_NEAR]
    with pytest.raises(OfferMinutesImpossible):
        waiting_list.change_offer_minutes(agenda=cast.dupont, minutes=7, by=cast.claire, at=NOON)
    with pytest.raises(AgendaUnknown):
        waiting_list.change_offer_minutes(agenda=cast.dupont, minutes=30, by=cast.dr_weber, at=NOON)
    assert Agenda.objects.get(pk=int(cast.dupont)).offer_minutes == 0


def test_withdrawn_he_is_offered_nothing_and_what_he_was_offered_goes_on(cast, deliver_all):
    visit = booked(cast, MONDAY)
    mine = waits(cast, person(cast, "First"), at=NOON - HOUR)
    waits(cast, person(cast, "Second"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    waiting_list.withdraw(place=mine, by=cast.claire, at=LATER)
    waiting_list.withdraw(place=mine, by=cast.claire, at=LATER)
    assert pursue(deliver_all, LATER) == 1
    assert offered() == [("First", "withdrawn"), ("Second", "open")]
    assert place(mine).state == PlaceState.WITHDRAWN


def test_marked_as_urgent_he_is_first(cast):
    waits(cast, person(cast, "First"), at=NOON - HOUR)
    urgent = waits(cast, person(cast, "Urgent"))
    waiting_list.mark_urgent(place=urgent, is_urgent=True, by=cast.claire, at=NOON)
    assert [each.person.birth_name for each in waiting.waiting_list(by=cast.claire, at=NOON)] == ["Urgent", "First"]
    assert [each.turn for each in waiting.waiting_list(by=cast.claire, at=NOON)] == [1, 2]


def test_who_was_offered_what_and_when_is_kept(cast, deliver_all):
    visit = booked(cast, MONDAY)
    mine = waits(cast, person(cast, "First"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    take(last_offer(), cast=cast)
    acts = [
        each.action
        for each in AuditEntry.objects.order_by("pk")
        if each.action.partition(".")[0] in {"offer", "waiting"}
    ]
    assert acts == ["waiting.added", "offer.made", "offer.told", "offer.taken", "waiting.booked"]
    (offer,) = waiting.place(by=cast.claire, place=mine).offers
    assert (offer.starts_at, offer.offered_at, offer.state) == (MONDAY, LATER, OfferState.TAKEN)
    assert "First" not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


def test_a_row_for_a_time_that_was_heard_of_twice(cast, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "First"))
    cancelled(cast, visit)
    deliver_all(LATER)
    span = {"starts_at": MONDAY, "ends_at": after(20)}
    source = FreedTime.objects.get().source
    waiting_offers.note_freed(house=cast.house, agenda=cast.dupont, source=source, at=LATER, **span)
    assert FreedTime.objects.count() == 1


def put(cast, *, key="", client="", by=None, **more):
    said = {"reason": cast.consultation, "from_date": date(2026, 11, 27), "until_date": date(2026, 12, 28)}
    return waiting_list.put_on_list(
        key=key or cast.key(),
        client=client or cast.cabinet.id,
        waits=Waits(**{"patient": cast.jeanne, **said, **more}),
        by=by or cast.claire,
        at=NOON,
    )


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"until_date": date(2026, 11, 27)}, WindowImpossible),
        ({"from_date": date(2025, 1, 1), "until_date": date(2025, 2, 1)}, WindowImpossible),
        ({"until_date": date(2090, 1, 1)}, WindowImpossible),
        ({"weekdays": frozenset({7})}, WindowImpossible),
        ({"reason": "999999"}, VisitReasonUnknown),
        ({"patient": "999999"}, PatientUnknown),
        ({"agendas": ("999999",)}, AgendaUnknown),
        ({"instead_of": "no-such-appointment"}, AppointmentUnknown),
        ({"key": "short"}, ActKeyMalformed),
    ],
)
def test_what_cannot_be_waited_for_is_refused_by_name(cast, more, refusal):
    with pytest.raises(refusal):
        put(cast, **more)
    assert not WaitingPlace.objects.exists()


def test_nothing_of_another_client_can_be_waited_for(cast):
    for more in ({"patient": cast.greta}, {"reason": cast.webers}, {"agendas": (cast.weber_agenda,)}):
        with pytest.raises((PatientUnknown, VisitReasonUnknown, AgendaUnknown)):
            put(cast, **more)
    other = booked(cast, MONDAY, who=cast.paul)
    with pytest.raises(AppointmentUnknown):
        put(cast, instead_of=other.appointment)
    with pytest.raises(AgendaUnknown):
        put(cast, by=cast.dr_weber)
    assert not WaitingPlace.objects.exists()


def test_once_for_each_reason_and_once_for_each_page(cast):
    key = cast.key()
    first = put(cast, key=key)
    assert put(cast, key=key).place == first.place
    with pytest.raises(AlreadyWaiting):
        put(cast)
    with pytest.raises(ActKeyTaken):
        put(cast, key=key, patient=cast.paul)
    assert WaitingPlace.objects.count() == 1


def test_who_calls_again_after_his_days_are_over_is_put_on_the_list_anew(cast):
    who, until = person(cast, "First"), date(2026, 11, 28)
    over = waits(cast, who, until_date=until, is_urgent=True)
    midnight = datetime(2026, 11, 27, 23, 0, tzinfo=UTC)  # in Paris it is Saturday, on which he waits no more
    with pytest.raises(AlreadyWaiting):
        waits(cast, who, at=midnight - HOUR)
    mine = waits(cast, who, at=midnight)
    assert (place(over).state, place(mine).state) == (PlaceState.WITHDRAWN, PlaceState.WAITING)
    assert (place(over).state_at, place(mine).asked_at, place(mine).is_urgent) == (midnight, midnight, False)
    note = AuditEntry.objects.get(action="waiting.withdrawn")
    assert note.detail["waits_as"] == place(mine).pk
    assert AuditEntry.objects.filter(action="waiting.added").count() == 2


def test_whose_days_are_over_has_no_turn_and_is_not_counted(cast):
    waits(cast, person(cast, "Over"), at=NOON - HOUR, until_date=date(2026, 11, 28))
    waits(cast, person(cast, "Weber"), agendas=(cast.lemaire,))

    def found(at):
        rows = waiting.waiting_list(by=cast.claire, at=at)
        counted = [waiting.how_many_wait(by=cast.claire, agenda=each, at=at) for each in (None, cast.dupont)]
        return [(each.person.birth_name, each.turn) for each in rows], counted

    assert found(NOON) == ([("Over", 1), ("Weber", 2)], [2, 1])
    assert found(MONDAY) == ([("Weber", 1), ("Over", 0)], [1, 0])


def test_behind_the_wall_nothing_is_there(cast, deliver_all):
    visit = booked(cast, MONDAY)
    mine = waits(cast, person(cast, "First"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    key = last_offer().key
    for by in (cast.dr_weber, cast.other_secretary):
        assert waiting.waiting_list(by=by, at=NOON) == ()
        with pytest.raises(PlaceUnknown):
            waiting.place(by=by, place=mine)
        with pytest.raises(PlaceUnknown):
            waiting_list.withdraw(place=mine, by=by, at=LATER)
        with pytest.raises(OfferUnknown):
            offer_answers.take(offer=key, by=by, at=LATER)
    assert [each.place for each in waiting.waiting_list(by=cast.dr_dupont, at=NOON)] == [mine]


class Oracle:
    """The list as a secretary would keep it on paper: pick the next by the rule, strike out, hand on."""

    def __init__(self, people):
        self.people = people

    def next(self, asked):
        left = [each for each in self.people if each["waits"] and each["name"] not in asked]
        left.sort(key=lambda each: (not each["urgent"], each["silent"], each["since"]))
        return left[0] if left else None


@pytest.mark.parametrize("seed", range(6))
def test_whatever_they_answer_it_goes_round_as_on_paper(cast, deliver_all, seed):
    chance = random.Random(seed)
    people = []
    for number in range(5):
        name = f"Patient{chr(65 + number)}"
        since, urgent = NOON - timedelta(minutes=chance.randrange(1000)), chance.random() < 0.3
        key = waits(cast, person(cast, name), at=since, is_urgent=urgent)
        people.append({"name": name, "since": since, "urgent": urgent, "silent": 0, "waits": True, "place": key})
    oracle, at, expected = Oracle(people), LATER, []
    for round_ in range(3):
        visit = booked(cast, after(24 * 60 * (round_ + 1)), at=NOON)
        cancelled(cast, visit, at=at)
        pursue(deliver_all, at)
        asked = set()
        while (one := oracle.next(asked)) is not None:
            asked.add(one["name"])
            offer = last_offer()
            assert (offer.place.key, offer.state) == (one["place"], "open")
            answer = chance.choice(["take", "decline", "silent"])
            if answer == "take":
                take(offer, cast=cast, at=at)
                one["waits"] = False
            elif answer == "decline":
                decline(offer, cast=cast, at=at)
            else:
                at = offer.expires_at
                one["silent"] += 1
            expected.append((one["name"], {"take": "taken", "decline": "declined", "silent": "lapsed"}[answer]))
            pursue(deliver_all, at)
            if answer == "take":
                break
            morning = FreedTime.objects.order_by("pk").last().next_at
            if morning is not None and last_offer().state != "open":  # in the evening it stays until the morning
                at = morning
                pursue(deliver_all, at)
        at += timedelta(minutes=5)
        assert offered() == expected
    standing = Appointment.objects.filter(state="booked").values_list("starts_at", flat=True)
    assert len(set(standing)) == len(standing) == sum(not each["waits"] for each in people)
