# SPDX-License-Identifier: AGPL-3.0-or-later
"""Combined visits: one act that takes two agendas or nothing, seen in both, moved and cancelled in both, told once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from permanence.agenda.interop import entries
from permanence.agenda.models import Agenda, AgendaAct, Appointment, FreedTime, Occupancy, SlotHold
from permanence.agenda.operations import (
    appointments,
    blocks,
    day,
    holds,
    offer_answers,
    reasons,
    setting,
    taking,
    visits,
)
from permanence.agenda.queries import agendas, days, slots
from permanence.agenda.queries import appointments as found
from permanence.agenda.refusals import AgendaTakenToo, AgendaUnknown, SlotAlreadyTaken, SlotRefused
from permanence.agenda.rules.follow_ups import Wanted
from permanence.agenda.rules.states import CancelCause
from permanence.agenda.rules.wishes import Wish
from permanence.clients import absences
from permanence.foundation.models import AuditEntry, LiveTouch, OutboxEvent
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, opened, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, person, pursue, waits


@pytest.fixture
def cast(db):
    return make_agenda_cast()


@pytest.fixture
def both(cast):
    """A reason for which Dr Lemaire is wanted too."""
    return reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire, after=5)


def book(cast, both, minutes=0, *, agenda=None, hold="", by=None, **booking):
    return appointments.book(
        key=cast.key(), agenda=agenda or cast.dupont, starts_at=after(minutes), hold=hold, at=NOON,
        booking=cast.booking(reason=both, **booking), by=by or cast.claire,
    )  # fmt: skip


def plain(cast, agenda, minutes=0):
    return appointments.book(
        key=cast.key(), agenda=agenda, starts_at=after(minutes), at=NOON, booking=cast.booking(), by=cast.claire
    )


def shown(cast, at=NOON):
    return days.day(by=cast.claire, agendas=[cast.dupont, cast.lemaire], day=MONDAY.date(), at=at)


def versions():
    return dict(Agenda.objects.values_list("pk", "version"))


def test_it_takes_both_agendas_and_stands_in_both_as_one(cast, both):
    before = versions()
    visit = book(cast, both)
    assert (visit.agenda, visit.also, visit.also_name) == (cast.dupont, cast.lemaire, "Dr Lemaire")
    assert [[each.appointment for each in lane.appointments] for lane in shown(cast)] == [[visit.appointment]] * 2
    rows = Occupancy.objects.order_by("agenda")
    assert {str(row.agenda_id) for row in rows} == {cast.dupont, cast.lemaire}
    assert {(row.starts_at, row.ends_at) for row in rows} == {(MONDAY, after(25))}
    assert all(versions()[int(each)] > before[int(each)] for each in (cast.dupont, cast.lemaire))
    topics = set(LiveTouch.objects.values_list("topic", flat=True))
    assert {f"house/centre/agenda/{cast.dupont}", f"house/centre/agenda/{cast.lemaire}"} <= topics
    told = OutboxEvent.objects.get(name="AppointmentBooked").body
    assert (told["agenda"], told["also"]) == (cast.dupont, cast.lemaire)
    assert AuditEntry.objects.filter(action="appointment.booked").count() == 1
    for agenda in (cast.dupont, cast.lemaire):
        with pytest.raises(SlotAlreadyTaken):
            plain(cast, agenda, 10)


def test_all_or_nothing_and_the_refusal_names_which_of_the_two(cast, both):
    plain(cast, cast.lemaire)
    acts, occupied = AgendaAct.objects.count(), Occupancy.objects.count()
    with pytest.raises(SlotAlreadyTaken) as refusal:
        book(cast, both, 10)
    [why] = refusal.value.causes
    assert (why.code, why.who, why.why.code) == ("also_refuses", cast.lemaire_recipient, "taken")
    assert (AgendaAct.objects.count(), Occupancy.objects.count()) == (acts, occupied)
    with pytest.raises(SlotAlreadyTaken) as refusal:
        plain(cast, cast.dupont, 60), book(cast, both, 65)
    assert [each.code for each in refusal.value.causes] == ["taken"]
    with pytest.raises(SlotRefused) as closed:
        book(cast, both, 5 * 60)
    assert not isinstance(closed.value, SlotAlreadyTaken)


def test_the_database_refuses_what_the_rules_did_not_see_and_names_the_agenda(cast, both, monkeypatch):
    blocks.block(
        key=cast.key(), agenda=cast.lemaire, starts_at=after(0), ends_at=after(30), by=cast.claire, at=NOON, words="x"
    )
    real = taking.judged
    monkeypatch.setattr(
        taking, "judged", lambda row, wish, *, starts, at, without: replace(real(row, wish, starts=after(60), at=at),
                                                                           starts=after(0), ends=after(20))
    )  # fmt: skip
    with pytest.raises(SlotAlreadyTaken) as refusal:
        book(cast, both)
    assert [(each.code, each.why.code) for each in refusal.value.causes] == [("also_refuses", "blocked")]
    assert not Appointment.objects.exists()


def test_it_is_booked_in_the_agenda_of_the_one_not_of_the_other(cast, both):
    with pytest.raises(SlotRefused) as refusal:
        book(cast, both, agenda=cast.lemaire)
    assert [each.code for each in refusal.value.causes] == ["reason_unknown"]


def test_the_search_finds_the_next_common_time_and_says_why_others_are_not(cast, both):
    plain(cast, cast.dupont), plain(cast, cast.lemaire, 20)
    wish = Wish(reason=both)
    agendas_of = [cast.dupont, cast.lemaire]
    first = slots.next_free(by=cast.claire, agendas=agendas_of, wish=wish, first=MONDAY.date(), at=NOON)
    assert (first.proposals[0].slot.agenda, first.proposals[0].slot.starts) == (cast.dupont, after(40))
    hidden = slots.free_days(
        by=cast.claire, agenda=cast.dupont, wish=wish, first=MONDAY.date(), until=MONDAY.date() + timedelta(1), at=NOON
    )
    assert {(why.code, getattr(why, "why", why).code) for _, why in hidden.counted} >= {("also_refuses", "taken")}


def test_a_hold_keeps_both_and_becomes_the_booking_or_is_given_back_in_both(cast, both):
    asked = {"agenda": cast.dupont, "reason": both, "starts_at": after(0), "by": cast.claire, "call": "call-1"}
    kept = holds.hold_slot(key=cast.key(), at=NOON, **asked)
    assert kept.also == cast.lemaire
    assert [len(lane.holds) for lane in shown(cast)] == [1, 1]
    with pytest.raises(SlotAlreadyTaken):
        plain(cast, cast.lemaire)
    visit = book(cast, both, hold=kept.hold, call="call-1")
    assert [len(lane.holds) for lane in shown(cast)] == [0, 0]
    assert visit.also == cast.lemaire
    again = holds.hold_slot(key=cast.key(), at=NOON, **{**asked, "starts_at": after(60)})
    before = versions()
    holds.release_hold(hold=again.hold, by=cast.claire, at=NOON)
    assert all(versions()[int(each)] > before[int(each)] for each in (cast.dupont, cast.lemaire))
    assert plain(cast, cast.lemaire, 60).starts_at == after(60)


def test_a_hold_that_lapsed_hinders_neither_before_nor_after_it_is_swept(cast, both):
    holds.hold_slot(
        key=cast.key(), agenda=cast.dupont, reason=both, starts_at=after(0), by=cast.marc, at=NOON, call="call-2"
    )
    late = NOON + timedelta(minutes=2)
    visit = appointments.book(
        key=cast.key(), agenda=cast.lemaire, starts_at=after(0), at=late, booking=cast.booking(), by=cast.claire
    )
    assert visit.agenda == cast.lemaire
    assert SlotHold.objects.get().ended == "expired"
    assert not Occupancy.objects.filter(hold__isnull=False).exists()
    holds.hold_slot(
        key=cast.key(), agenda=cast.dupont, reason=both, starts_at=after(60), by=cast.marc, at=late, call="call-3"
    )
    assert holds.expire_due(at=late + timedelta(minutes=2)) == 1
    assert not Occupancy.objects.filter(hold__isnull=False).exists()


def test_what_she_holds_of_the_one_becomes_the_combined_booking(cast, both):
    one = {"reason": cast.consultation, "starts_at": after(0), "by": cast.claire, "at": NOON, "call": "call-1"}
    holds.hold_slot(key=cast.key(), agenda=cast.lemaire, **one)
    assert book(cast, both, call="call-1").also == cast.lemaire
    assert SlotHold.objects.get().ended == "booked"


def test_it_is_moved_in_both_whichever_lane_it_is_put_into(cast, both):
    visit = book(cast, both)
    moved = appointments.move(
        key=cast.key(), appointment=visit.appointment, agenda=cast.lemaire, starts_at=after(60), by=cast.claire, at=NOON
    )
    assert (moved.agenda, moved.also, moved.starts_at) == (cast.dupont, cast.lemaire, after(60))
    assert set(Occupancy.objects.values_list("starts_at", flat=True)) == {after(60)}
    told = OutboxEvent.objects.get(name="AppointmentMoved").body
    assert (told["from_also"], told["also"]) == (cast.lemaire, cast.lemaire)
    plain(cast, cast.lemaire, 120)
    with pytest.raises(SlotAlreadyTaken) as refusal:
        appointments.move(
            key=cast.key(), appointment=visit.appointment, agenda=cast.dupont, starts_at=after(120), by=cast.claire,
            at=NOON,
        )  # fmt: skip
    assert [each.code for each in refusal.value.causes] == ["also_refuses"]
    assert set(Occupancy.objects.filter(appointment__key=visit.appointment).values_list("starts_at", flat=True)) == {
        after(60)
    }


def test_it_is_cancelled_in_both_and_both_times_are_free(cast, both):
    visit = book(cast, both)
    before = versions()
    appointments.cancel(
        key=cast.key(), appointment=visit.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=NOON
    )
    assert all(versions()[int(each)] > before[int(each)] for each in (cast.dupont, cast.lemaire))
    assert not Occupancy.objects.exists()
    assert plain(cast, cast.lemaire).agenda == cast.lemaire


def test_a_reason_that_takes_nobody_else_any_more_lets_go_at_the_next_move(cast, both):
    visit = book(cast, both)
    rule = next(each for each in agendas.reasons(by=cast.claire, client=cast.cabinet.id) if each.id == both)
    reasons.set_reason(client=cast.cabinet.id, reason=replace(rule, also=""), by=cast.claire, at=NOON)
    assert [len(lane.appointments) for lane in shown(cast)] == [1, 1]
    before = versions()
    moved = appointments.move(
        key=cast.key(), appointment=visit.appointment, agenda=cast.dupont, starts_at=after(60), by=cast.claire, at=NOON
    )
    assert moved.also == ""
    assert versions()[int(cast.lemaire)] > before[int(cast.lemaire)]
    assert [len(lane.appointments) for lane in shown(cast)] == [1, 0]


def test_each_sees_it_in_his_calendar_without_the_name_of_anybody_else(cast, both):
    visit = book(cast, both)
    for agenda in (cast.dupont, cast.lemaire):
        row = Agenda.objects.select_related("client", "house").get(pk=agenda)
        span = {"starts": after(-60), "ends": after(600), "language": "en"}
        assert [(each.key, each.summary) for each in entries.entries(row, names=False, **span)] == [
            (visit.appointment, "Busy")
        ]


def test_an_absence_of_the_other_one_puts_it_on_the_secretaries_list_once(cast, both):
    visit = book(cast, both)
    absence = absences.announce_absence(
        client=cast.cabinet.id, recipient=cast.lemaire_recipient, starts=after(-60), ends=after(300), words="Congrès",
        announced_by=cast.claire.person, by=cast.claire, at=NOON,
    )  # fmt: skip
    met = found.in_absence(by=cast.claire, client=cast.cabinet.id, absence=absence, at=NOON)
    assert [each.appointment for each in met] == [visit.appointment]
    assert day.ask_follow_up(client=cast.cabinet.id, absence=absence, wanted=Wanted.MOVE, by=cast.claire, at=NOON) == 1
    with pytest.raises(SlotRefused) as refusal:
        book(cast, both, 60)
    assert [(each.code, each.why.code) for each in refusal.value.causes] == [("also_refuses", "absent")]


def test_a_visit_is_marked_once_and_shown_so_in_both(cast, both):
    visit = book(cast, both)
    visits.mark_arrived(key=cast.key(), appointment=visit.appointment, by=cast.claire, at=after(0))
    assert [[each.state.value for each in lane.appointments] for lane in shown(cast)] == [["arrived"]] * 2


def test_only_an_agenda_of_the_same_client_that_is_kept_can_be_taken_too(cast, both):
    other = opened(cast.weber.id, cast.weber.doctor, "Dr Weber 2", by=cast.claire)
    for also in (other, "999999", "x"):
        with pytest.raises(AgendaUnknown):
            reason(cast.cabinet.id, f"À deux {also}", 20, by=cast.claire, also=also)
    change = {"step": 5, "closed_on_holidays": True, "overbookings_per_day": 0}
    with pytest.raises(AgendaTakenToo):
        setting.change_agenda(
            agenda=cast.lemaire, name="Dr Lemaire", active=False, by=cast.claire, at=NOON, **change
        )  # fmt: skip
    assert Agenda.objects.get(pk=cast.lemaire).active


def test_the_table_knows_no_visit_with_itself(cast, both):
    visit = book(cast, both)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(key=visit.appointment).update(also=int(cast.dupont))


def test_a_time_of_the_other_agenda_that_got_free_is_offered_to_who_waits_for_both(cast, both, deliver_all):
    deliver_all(NOON)
    visit = booked(cast, MONDAY, agenda=cast.lemaire)
    waits(cast, person(cast, "Waiting"), reason=both)
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    hold = SlotHold.objects.get(ended_at=None)
    assert (str(hold.agenda_id), str(hold.also_id), hold.starts_at) == (cast.dupont, cast.lemaire, MONDAY)
    offer_answers.take(offer=last_offer().key, by=cast.claire, at=LATER)
    made = Appointment.objects.get(state="booked")
    assert (str(made.agenda_id), str(made.also_id)) == (cast.dupont, cast.lemaire)


def test_a_combined_visit_that_is_cancelled_frees_both_for_who_waits(cast, both, deliver_all):
    deliver_all(NOON)
    visit = book(cast, both)
    waits(cast, person(cast, "First"), agendas=(cast.lemaire,))
    waits(cast, person(cast, "Second"), agendas=(cast.dupont,))
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 2
    assert {str(each) for each in SlotHold.objects.filter(ended_at=None).values_list("agenda", flat=True)} == {
        cast.dupont,
        cast.lemaire,
    }


def test_an_absence_of_the_other_one_that_is_withdrawn_is_offered_to_who_waits_for_both(cast, both, deliver_all):
    absence = absences.announce_absence(
        client=cast.cabinet.id, recipient=cast.lemaire_recipient, starts=after(-60), ends=after(300), words="Congrès",
        announced_by=cast.claire.person, by=cast.claire, at=NOON,
    )  # fmt: skip
    deliver_all(NOON)
    waits(cast, person(cast, "Waiting"), reason=both)
    absences.withdraw_absence(client=cast.cabinet.id, absence=absence, by=cast.claire, at=LATER)
    assert pursue(deliver_all, LATER) == 1
    hold = SlotHold.objects.get(ended_at=None)
    assert (str(hold.agenda_id), str(hold.also_id), hold.starts_at) == (cast.dupont, cast.lemaire, MONDAY)
    freed = FreedTime.objects.order_by("agenda").values_list("agenda", "starts_at")
    assert list(freed) == [(int(each), after(-60)) for each in sorted((cast.dupont, cast.lemaire), key=int)]
