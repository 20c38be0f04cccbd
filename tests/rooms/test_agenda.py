# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a secretary does with agendas: hold, book, move, cancel, mark; what is refused, and why."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permanence.agenda import tasks
from permanence.agenda.models import Agenda, AgendaAct, Appointment, Occupancy
from permanence.agenda.operations import appointments, blocks, holds, setting, visits
from permanence.agenda.queries import agendas, days
from permanence.agenda.queries import appointments as found
from permanence.agenda.refusals import (
    ActKeyMalformed,
    ActKeyTaken,
    AgendaUnknown,
    AppointmentUnknown,
    BlockUnknown,
    CauseMissing,
    HoldOver,
    HoldUnknown,
    NotNow,
    SlotAlreadyTaken,
    SlotRefused,
    SpanImpossible,
    TooManyHolds,
)
from permanence.agenda.rules import free
from permanence.agenda.rules.states import AppointmentState, CancelCause, Door
from permanence.callers.models import Patient
from permanence.callers.queries import PatientUnknown
from permanence.clients import absences
from permanence.clients.models import Client
from permanence.foundation.models import AuditEntry, LiveTouch, OutboxEvent
from permanence.foundation.operations import house_system
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, opened, openings, reason
from tests.rooms.messaging_cast import NOON


@pytest.fixture
def cast(db):
    return make_agenda_cast()


def book(cast, minutes=0, *, by=None, key=None, agenda=None, at=NOON, hold="", starts_at=None, **booking):
    return appointments.book(
        key=key or cast.key(),
        agenda=agenda or cast.dupont,
        starts_at=starts_at or after(minutes),
        booking=cast.booking(**booking),
        hold=hold,
        by=by or cast.claire,
        at=at,
    )


def hold(cast, minutes=0, *, by=None, key=None, at=NOON, call="call-1", agenda=None, **more):
    return holds.hold_slot(
        key=key or cast.key(),
        agenda=agenda or cast.dupont,
        reason=more.pop("reason", cast.consultation),
        starts_at=after(minutes),
        by=by or cast.claire,
        at=at,
        call=call,
        **more,
    )


def codes(refusal):
    return [each.code for each in refusal.value.causes]


def names():
    return list(OutboxEvent.objects.order_by("pk").values_list("name", flat=True))


def told(name):
    return OutboxEvent.objects.filter(name=name).latest("pk").body


def test_a_booked_slot_is_seen_announced_noted_and_taken(cast):
    version = Agenda.objects.get(pk=cast.dupont).version
    visit = book(cast, call="call-9")
    assert (visit.starts_at, visit.ends_at) == (MONDAY, after(20))
    assert (visit.state, visit.patient_name, visit.booked_by_name) == (
        AppointmentState.BOOKED,
        "HOFFMANN Jeanne",
        "Claire",
    )
    shown = days.day(by=cast.claire, agendas=[cast.dupont, cast.lemaire], day=date(2026, 11, 30), at=NOON)
    assert [len(each.appointments) for each in shown] == [1, 0]
    assert shown[0].appointments[0] == visit == found.of_call(by=cast.claire, call="call-9")[0]
    body = told("AppointmentBooked")
    assert (body["agenda"], body["call"], body["door"], body["series"]) == (cast.dupont, "call-9", "console", "")
    assert "HOFFMANN" not in str(body).upper()
    assert AuditEntry.objects.filter(action="appointment.booked", client_key=int(cast.cabinet.id)).count() == 1
    topics = set(LiveTouch.objects.values_list("topic", flat=True))
    assert {f"house/centre/agenda/{cast.dupont}", f"client/{cast.cabinet.id}/agenda/{cast.dupont}"} <= topics
    assert Agenda.objects.get(pk=cast.dupont).version > version
    with pytest.raises(SlotAlreadyTaken) as refusal:
        book(cast, 10)
    assert codes(refusal) == ["taken"]


def test_a_new_patient_takes_longer(cast):
    assert book(cast, patient=cast.paul).ends_at == after(30)
    assert book(cast, 60, patient=cast.paul, new_here=False).ends_at == after(80)


@pytest.mark.parametrize(
    ("minutes", "code"), [(-60, "closed"), (4 * 60, "closed"), (3, "off_step"), (-7 * 24 * 60, "past")]
)
def test_the_rules_say_why_not(cast, minutes, code):
    with pytest.raises(SlotRefused) as refusal:
        book(cast, minutes)
    assert code in codes(refusal)
    assert refusal.value.as_fields()[0]["code"] == codes(refusal)[0]
    assert not isinstance(refusal.value, SlotAlreadyTaken)
    assert not Appointment.objects.exists()


def test_the_same_act_again_gives_the_first_result_and_does_nothing(cast):
    key = cast.key()
    first = book(cast, key=key)
    before = names()
    assert book(cast, key=key) == first
    assert (Appointment.objects.count(), names()) == (1, before)
    cancelled = appointments.cancel(
        key=cast.key(), appointment=first.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=NOON
    )
    assert book(cast, key=key).state is AppointmentState.CANCELLED  # the same one, as it stands now
    assert cancelled.appointment == key
    with pytest.raises(ActKeyTaken):
        book(cast, 60, key=key)
    with pytest.raises(ActKeyTaken):
        hold(cast, 60, key=key)


def test_an_act_that_was_refused_may_come_again(cast):
    first, key = book(cast), cast.key()
    with pytest.raises(SlotAlreadyTaken):
        book(cast, key=key)
    appointments.cancel(key=cast.key(), appointment=first.appointment, cause=CancelCause.PATIENT, by=cast.marc, at=NOON)
    assert book(cast, key=key).appointment == key


def test_who_is_refused_keeps_nobody_waiting(cast):
    book(cast)
    for act in (lambda: book(cast), lambda: hold(cast, 10)):
        with CaptureQueriesContext(connection) as queries, pytest.raises(SlotAlreadyTaken):
            act()
        assert {each["sql"].split()[0] for each in queries} == {"SELECT"}
        assert not any("FOR UPDATE" in each["sql"] for each in queries)


@pytest.mark.parametrize("key", ["", "short", "k" * 41, "k" * 19 + "é", "k" * 20 + "\n"])
def test_a_key_is_what_a_page_makes(cast, key):
    with pytest.raises(ActKeyMalformed):
        appointments.book(
            key=key, agenda=cast.dupont, starts_at=MONDAY, booking=cast.booking(), by=cast.claire, at=NOON
        )
    assert not AgendaAct.objects.exists()


def test_a_held_slot_is_held_for_everybody_else_and_becomes_the_booking(cast):
    kept = hold(cast)
    assert kept.expires_at == NOON + timedelta(minutes=2)
    with pytest.raises(SlotAlreadyTaken) as refusal:
        book(cast, by=cast.dr_dupont, door=Door.PORTAL)
    assert codes(refusal) == ["held"]
    assert refusal.value.causes[0].by == "Claire"
    shown = days.day(by=cast.dr_dupont, agendas=[cast.dupont], day=date(2026, 11, 30), at=NOON)[0]
    assert [each.hold for each in shown.holds] == [kept.hold]
    visit = book(cast, hold=kept.hold, call="call-1")
    assert visit.starts_at == MONDAY
    assert told("HoldReleased")["ended"] == "booked"
    assert Occupancy.objects.count() == 1
    with pytest.raises(HoldOver):
        book(cast, 60, hold=kept.hold, call="call-1")


def test_who_holds_books_without_naming_the_hold(cast):
    hold(cast)
    book(cast, call="call-1")
    assert Occupancy.objects.get().appointment is not None


def test_a_hold_lapses_by_itself_and_is_cleared_by_the_worker_or_by_who_comes_next(cast):
    first = hold(cast)
    late = NOON + timedelta(minutes=2)
    visit = book(cast, at=late, by=cast.marc)
    assert told("HoldReleased")["ended"] == "expired"
    with pytest.raises(HoldOver):
        book(cast, 60, at=late, hold=first.hold, call="call-1")
    hold(cast, 100, at=late)
    assert tasks.expire_holds(at=late + timedelta(seconds=119)) == 0
    assert tasks.expire_holds(at=late + timedelta(seconds=120)) == 1
    assert tasks.expire_holds(at=late + timedelta(seconds=121)) == 0
    assert [row.appointment.key for row in Occupancy.objects.all()] == [visit.appointment]


def test_a_hold_of_a_device_lapses_for_the_other_agenda_too(cast):
    hold(cast, reason=cast.tracing)
    with pytest.raises(SlotAlreadyTaken) as refusal:
        book(cast, agenda=cast.lemaire, reason=cast.tracing)
    assert codes(refusal) == ["equipment_taken"]
    book(cast, agenda=cast.lemaire, reason=cast.tracing, at=NOON + timedelta(minutes=2))


def test_hanging_up_frees_what_was_held_for_the_call(cast):
    hold(cast)
    hold(cast, 60)
    hold(cast, 120, call="call-2")
    assert holds.release_call(house="centre", call="call-1", at=NOON) == 2
    assert holds.release_call(house="centre", call="call-1", at=NOON) == 0
    assert Occupancy.objects.count() == 1
    assert told("HoldReleased")["ended"] == "hung_up"


def test_a_hold_is_given_back_by_who_has_it_alone(cast):
    kept = hold(cast)
    for other in (cast.dr_dupont, cast.marc, cast.dr_weber, cast.other_secretary):
        with pytest.raises(HoldUnknown):
            holds.release_hold(hold=kept.hold, by=other, at=NOON)
        with pytest.raises((HoldUnknown, AgendaUnknown, PatientUnknown)):
            book(cast, hold=kept.hold, by=other)
    holds.release_hold(hold=kept.hold, by=cast.claire, at=NOON)
    holds.release_hold(hold=kept.hold, by=cast.claire, at=NOON)
    assert names().count("HoldReleased") == 1
    book(cast, by=cast.marc)


def test_strangers_of_the_public_page_do_not_share_a_hold(cast):
    system = house_system(house="centre")
    mine = hold(cast, call="", holder="page:one", by=system, door=Door.PUBLIC)
    for holder in ("", "page:two"):
        with pytest.raises(SlotAlreadyTaken):
            book(cast, by=system, door=Door.PUBLIC, holder=holder)
        with pytest.raises(HoldUnknown):
            book(cast, by=system, door=Door.PUBLIC, holder=holder, hold=mine.hold)
    book(cast, by=system, door=Door.PUBLIC, holder="page:one")


def test_nobody_holds_the_whole_day(cast):
    for number in range(holds.HOLDS_AT_ONCE):
        hold(cast, number * 20)
    with pytest.raises(TooManyHolds):
        hold(cast, 200)
    hold(cast, 200, at=NOON + timedelta(minutes=2))


def test_move_takes_the_new_place_and_leaves_the_old_one(cast):
    visit = book(cast)
    visits.confirm(key=cast.key(), appointment=visit.appointment, by=cast.claire, at=NOON)
    near = move(cast, visit, 10)  # over itself
    assert (near.starts_at, near.state, near.revision) == (after(10), AppointmentState.BOOKED, 1)
    far = move(cast, visit, 60, agenda=cast.lemaire)
    assert (far.agenda, far.recipient) == (cast.lemaire, cast.lemaire_recipient)
    body = told("AppointmentMoved")
    assert (body["from_agenda"], body["agenda"], body["revision"]) == (cast.dupont, cast.lemaire, 2)
    assert Occupancy.objects.count() == 1
    book(cast, 10)


def move(cast, visit, minutes, *, agenda=None, by=None, key=None, starts_at=None, **more):
    return appointments.move(
        key=key or cast.key(),
        appointment=visit.appointment,
        agenda=agenda or cast.dupont,
        starts_at=starts_at or after(minutes),
        by=by or cast.claire,
        at=NOON,
        **more,
    )


def test_a_move_that_is_refused_changes_nothing(cast):
    visit, other = book(cast), book(cast, 60)
    for minutes, agenda, refusal in (
        (60, None, SlotAlreadyTaken),
        (-60, None, SlotRefused),
        (60, cast.weber_agenda, appointments.AnotherClient),
    ):
        with pytest.raises(refusal):
            move(cast, visit, minutes, agenda=agenda)
    assert found.appointment(by=cast.claire, appointment=visit.appointment) == visit
    assert Occupancy.objects.filter(appointment__key=visit.appointment).count() == 1
    assert other.starts_at == after(60)


def test_what_is_cancelled_is_free_at_once_and_stays_cancelled(cast):
    visit = book(cast)
    with pytest.raises(CauseMissing):
        appointments.cancel(
            key=cast.key(), appointment=visit.appointment, cause=CancelCause.OTHER, by=cast.claire, at=NOON
        )
    gone = appointments.cancel(
        key=cast.key(), appointment=visit.appointment, cause=CancelCause.PATIENT, by=cast.dr_dupont, at=NOON
    )
    assert (gone.state, gone.cancel_cause, gone.cancelled_by_name) == (
        AppointmentState.CANCELLED,
        "patient",
        "Paul Dupont",
    )
    book(cast)
    for act in (
        lambda: move(cast, visit, 60),
        lambda: visits.mark_arrived(key=cast.key(), appointment=visit.appointment, by=cast.claire, at=NOON),
        lambda: appointments.cancel(
            key=cast.key(), appointment=visit.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=NOON
        ),
    ):
        with pytest.raises(NotNow):
            act()


def test_the_day_itself_can_be_corrected_and_a_no_show_counts_on_the_file(cast):
    visit = book(cast)

    def mark(act, at=MONDAY):
        return act(key=cast.key(), appointment=visit.appointment, by=cast.dr_dupont, at=at)

    with pytest.raises(NotNow):
        mark(visits.mark_no_show, at=NOON)  # it has not begun
    assert mark(visits.mark_no_show).state is AppointmentState.NO_SHOW
    assert Patient.objects.get(pk=cast.jeanne).no_shows == 1
    assert mark(visits.mark_arrived).state is AppointmentState.ARRIVED
    assert Patient.objects.get(pk=cast.jeanne).no_shows == 0
    assert mark(visits.mark_done).state is AppointmentState.DONE
    assert names()[-1] == "AppointmentDone"
    with pytest.raises(NotNow):
        mark(visits.confirm)


def test_busy_time_covers_nothing_that_is_booked(cast):
    def block(minutes, length, **more):
        return blocks.block(
            key=cast.key(),
            agenda=cast.dupont,
            starts_at=after(minutes),
            ends_at=after(minutes + length),
            words="réunion",
            by=cast.dr_dupont,
            at=NOON,
            door=Door.PORTAL,
            **more,
        )

    book(cast, 30)
    with pytest.raises(SlotAlreadyTaken) as refusal:
        block(0, 60)
    assert codes(refusal) == ["taken"]
    made = block(50, 60)
    with pytest.raises(SlotAlreadyTaken) as refusal:
        book(cast, 60)
    assert refusal.value.causes[0].label == "réunion"
    blocks.unblock(key=cast.key(), block=made.block, by=cast.claire, at=NOON)
    book(cast, 60)
    with pytest.raises(BlockUnknown):
        blocks.unblock(key=cast.key(), block=made.block, by=cast.claire, at=NOON)
    for minutes, length in ((0, 0), (0, -5), (0, 60 * 24 * 32)):
        with pytest.raises(SpanImpossible):
            block(minutes, length)


def test_overbooking_wants_leave_and_a_cause(cast):
    def over(minutes, cause="urgence", **more):
        return appointments.overbook(
            key=cast.key(),
            agenda=more.pop("agenda", cast.dupont),
            starts_at=after(minutes),
            booking=cast.booking(**more),
            cause=cause,
            by=cast.claire,
            at=NOON,
        )

    book(cast)
    for refused, code in (
        (lambda: over(0, cause=" "), "cause_missing"),
        (lambda: over(0, reason=cast.tracing), "overbooking_not"),
    ):
        with pytest.raises(SlotRefused) as refusal:
            refused()
        assert code in codes(refusal)
    extra = over(0)
    assert extra.overbooked == "urgence"
    assert sorted(Occupancy.objects.values_list("blocking", flat=True)) == [False, True]
    assert over(60).overbooked == ""  # there was room
    over(0)
    with pytest.raises(SlotRefused) as refusal:
        over(0)
    assert "overbooked_enough" in codes(refusal)
    assert move(cast, extra, 100).overbooked == ""
    assert Occupancy.objects.get(appointment__key=extra.appointment).blocking


def test_a_device_is_taken_with_its_cleaning_by_one_visit_at_a_time(cast):
    visit = book(cast, reason=cast.tracing)
    rows = Occupancy.objects.filter(appointment__key=visit.appointment)
    spans = {row.agenda_id is None: (row.starts_at, row.ends_at) for row in rows}
    assert spans == {False: (MONDAY, after(30)), True: (MONDAY, after(25))}
    with pytest.raises(SlotAlreadyTaken):
        book(cast, 20, agenda=cast.lemaire, reason=cast.tracing)
    book(cast, 25, agenda=cast.lemaire, reason=cast.tracing)


def cancel(cast, visit):
    appointments.cancel(
        key=cast.key(), appointment=visit.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=NOON
    )


def saturday(minutes):
    return datetime(2026, 12, 5, 8, 0, tzinfo=UTC) + timedelta(minutes=minutes)


def test_a_group_has_as_many_places_as_its_opening(cast):
    def join(minutes=0):
        return book(cast, reason=cast.class_of_three, starts_at=saturday(minutes))

    first = [join() for _ in range(3)]
    with pytest.raises(SlotAlreadyTaken) as refusal:
        join()
    assert codes(refusal) == ["full"]
    cancel(cast, first[1])
    join()
    assert sorted(Occupancy.objects.values_list("place_from", flat=True)) == [0, 1, 2]


def in_its_room(cast):
    """The class of three takes the ECG's room, the visits of everybody else's ECG too."""
    saturday = openings(cast.dupont, [(5, "09:00", "12:00")], reasons=(cast.class_of_three,), capacity=3)[0]
    week = (*openings(cast.dupont), replace(saturday, resources=(cast.ecg,)))
    setting.set_openings(agenda=cast.dupont, openings=week, by=cast.claire, at=NOON)
    others = openings(cast.lemaire, [(5, "09:00", "12:00")])
    setting.set_openings(agenda=cast.lemaire, openings=others, by=cast.claire, at=NOON)


def test_a_group_has_its_room_together_and_nobody_else_has_it(cast):
    in_its_room(cast)
    ecg = {"agenda": cast.lemaire, "reason": cast.tracing}
    first = [book(cast, reason=cast.class_of_three, starts_at=saturday(0)) for _ in range(3)]
    with pytest.raises(SlotAlreadyTaken) as refusal:
        book(cast, **ecg, starts_at=saturday(30))
    assert codes(refusal) == ["equipment_taken"]
    for each in first[:2]:
        cancel(cast, each)
        with pytest.raises(SlotAlreadyTaken):
            book(cast, **ecg, starts_at=saturday(30))
    agenda = {"reason": cast.class_of_three, "starts_at": saturday(0)}
    kept = holds.hold_slot(key=cast.key(), agenda=cast.dupont, by=cast.claire, at=NOON, call="call-1", **agenda)
    cancel(cast, first[2])
    holds.release_hold(hold=kept.hold, by=cast.claire, at=NOON, holder="call:call-1")
    told = OutboxEvent.objects.filter(name="AppointmentCancelled").order_by("pk")
    assert [event.body["resources"] for event in told] == [[], [], [cast.ecg]]  # a place that is held is nobody's yet
    book(cast, **ecg, starts_at=saturday(30))
    with pytest.raises(SlotAlreadyTaken) as refusal:
        book(cast, reason=cast.class_of_three, starts_at=saturday(0))
    assert codes(refusal) == ["equipment_taken"]


def test_the_database_keeps_the_room_of_a_group_against_others(cast, blind):
    in_its_room(cast)
    blind()
    for _ in range(2):
        book(cast, reason=cast.class_of_three, starts_at=saturday(0))
    with pytest.raises(SlotAlreadyTaken) as refusal:
        book(cast, agenda=cast.lemaire, reason=cast.tracing, starts_at=saturday(30))
    assert codes(refusal) == ["equipment_taken"]


def test_places_of_a_group_are_given_anew_when_gaps_are_in_the_way(cast):
    def join(minutes):
        return book(cast, reason=cast.class_of_three, starts_at=saturday(minutes))

    first = [join(0), join(30), join(30)]  # places 0, 1, 2
    join(60)  # 0
    cancel(cast, first[1])
    join(90)  # 1: then there is no place that is free from 60 to 120, though there are never three at once
    book(cast, reason=cast.class_of_three, starts_at=saturday(60))
    rows = list(Occupancy.objects.filter(blocking=True))
    assert len(rows) == 5
    assert {row.place_until - row.place_from for row in rows} == {1}
    assert max(row.place_until for row in rows) == 3


@pytest.fixture
def blind(monkeypatch):
    """Rules that see nothing of what is taken: the database alone stands in the way."""
    real = free.slot_at

    def seeing_nothing(book, wish, **asked):
        return real(replace(book, taken=()), wish, **asked)

    return lambda: monkeypatch.setattr(free, "slot_at", seeing_nothing)


def test_where_the_rules_see_nothing_the_database_refuses_and_names_what_is_there(cast, blind):
    book(cast, 0)
    hold(cast, 60)
    blocks.block(
        key=cast.key(),
        agenda=cast.dupont,
        starts_at=after(120),
        ends_at=after(180),
        words="réunion",
        by=cast.marc,
        at=NOON,
    )
    book(cast, 200, agenda=cast.lemaire, reason=cast.tracing)
    for _ in range(3):
        book(cast, reason=cast.class_of_three, starts_at=saturday(0))
    blind()
    before = list(Occupancy.objects.order_by("pk").values()), names()
    for minutes, code, more in (
        (10, "taken", {}),
        (60, "held", {"by": cast.marc}),
        (130, "blocked", {}),
        (205, "equipment_taken", {"reason": cast.tracing}),
        (0, "taken", {"reason": cast.class_of_three, "starts_at": saturday(0)}),
    ):
        with pytest.raises(SlotAlreadyTaken) as refusal:
            book(cast, minutes, **more)
        assert set(codes(refusal)) == {code}
        assert (list(Occupancy.objects.order_by("pk").values()), names()) == before
    visit = book(cast, 30)
    with pytest.raises(SlotAlreadyTaken):
        move(cast, visit, 10)
    assert found.appointment(by=cast.claire, appointment=visit.appointment) == visit


@pytest.mark.parametrize("who", ["dr_weber", "other_secretary", "other_doctor"])
def test_who_has_nothing_to_do_with_the_client_finds_nothing(cast, who):
    visit, kept, stranger = book(cast), hold(cast, 60), getattr(cast, who)
    made = blocks.block(
        key=cast.key(), agenda=cast.dupont, starts_at=after(120), ends_at=after(140), by=cast.claire, at=NOON
    )
    acts = (
        (AgendaUnknown, lambda: book(cast, 200, by=stranger)),
        (AgendaUnknown, lambda: hold(cast, 200, by=stranger)),
        (AgendaUnknown, lambda: days.day(by=stranger, agendas=[cast.dupont], day=MONDAY.date(), at=NOON)),
        (AgendaUnknown, lambda: agendas.agenda(by=stranger, agenda=cast.dupont)),
        (AppointmentUnknown, lambda: move(cast, visit, 200, by=stranger)),
        (AppointmentUnknown, lambda: found.appointment(by=stranger, appointment=visit.appointment)),
        (
            AppointmentUnknown,
            lambda: visits.confirm(key=cast.key(), appointment=visit.appointment, by=stranger, at=NOON),
        ),
        (HoldUnknown, lambda: holds.release_hold(hold=kept.hold, by=stranger, at=NOON)),
        (BlockUnknown, lambda: blocks.unblock(key=cast.key(), block=made.block, by=stranger, at=NOON)),
    )
    for refusal, act in acts:
        with pytest.raises(refusal):
            act()
    assert found.of_call(by=stranger, call="call-1") == ()
    assert found.of_patient(by=stranger, client=cast.cabinet.id, patient=cast.jeanne) == ()
    assert cast.dupont not in {each.id for each in agendas.agendas(by=stranger)}
    assert names().count("AppointmentMoved") == 0


def test_a_patient_a_reason_and_an_agenda_of_another_client_go_with_nothing(cast):
    with pytest.raises(PatientUnknown):
        book(cast, patient=cast.greta)
    with pytest.raises(SlotRefused) as refusal:
        book(cast, reason=cast.webers)
    assert codes(refusal) == ["reason_unknown"]
    for wrong in ("", "0", "-1", "9" * 30, "abc", "²"):
        with pytest.raises(AgendaUnknown):
            book(cast, agenda=wrong or "none")
        with pytest.raises((PatientUnknown, SlotRefused)):
            book(cast, patient=wrong)


NO_MOMENTS = (
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    MONDAY.replace(year=2999),
    MONDAY.replace(tzinfo=None),
)


@pytest.mark.parametrize("starts_at", NO_MOMENTS)
def test_what_is_no_moment_of_an_agenda_is_refused(cast, starts_at):
    visit = book(cast)
    for act in (
        lambda: book(cast, starts_at=starts_at),
        lambda: move(cast, visit, 0, starts_at=starts_at),
        lambda: blocks.block(
            key=cast.key(), agenda=cast.dupont, starts_at=starts_at, ends_at=starts_at, by=cast.claire, at=NOON
        ),
        lambda: days.day(by=cast.claire, agendas=[cast.dupont], day=date.max, at=NOON),
    ):
        with pytest.raises(SpanImpossible):
            act()


@pytest.mark.parametrize("name", ["", "\x00", "nul\x00in it, and long enough", "x" * 10_000, "%", "\u202e" * 20])
def test_names_that_no_page_makes_find_nothing(cast, name):
    book(cast)
    for refusal, act in (
        (AppointmentUnknown, lambda: found.appointment(by=cast.claire, appointment=name)),
        (HoldUnknown, lambda: holds.release_hold(hold=name, by=cast.claire, at=NOON)),
        (BlockUnknown, lambda: blocks.unblock(key=cast.key(), block=name, by=cast.claire, at=NOON)),
        (AgendaUnknown, lambda: agendas.agenda(by=cast.claire, agenda=name)),
    ):
        with pytest.raises(refusal):
            act()
    span = {"starts_at": after(60), "ends_at": after(90)}
    words = f"a\x00b {name[:20]}"
    made = blocks.block(key=cast.key(), agenda=cast.dupont, words=words, by=cast.claire, at=NOON, **span)
    assert made.words.startswith("a b")


def test_an_absence_closes_and_names_the_appointments_it_leaves(cast):
    before, during = book(cast), book(cast, 60)
    book(cast, 60, agenda=cast.lemaire)
    absence = absences.announce_absence(
        client=cast.cabinet.id,
        recipient=cast.cabinet.doctor,
        starts=after(30),
        ends=after(24 * 60),
        words="en formation",
        announced_by=cast.dr_dupont.person,
        by=cast.dr_dupont,
        at=NOON,
    )
    with pytest.raises(SlotRefused) as refusal:
        book(cast, 90)
    assert codes(refusal) == ["absent"]
    left = found.in_absence(by=cast.claire, client=cast.cabinet.id, absence=absence, at=NOON)
    assert [each.appointment for each in left] == [during.appointment]
    assert before.appointment not in {each.appointment for each in left}
    begun = {"by": cast.claire, "client": cast.cabinet.id, "absence": absence, "at": after(60)}
    assert found.in_absence(**begun) == ()  # whoever has begun needs no other appointment
    for stranger, client in ((cast.dr_weber, cast.cabinet.id), (cast.claire, cast.weber.id), (cast.claire, "x")):
        assert found.in_absence(by=stranger, client=client, absence=absence, at=NOON) == ()


@pytest.mark.parametrize("zone", ["Europe/Paris", "Europe/Luxembourg", "Europe/Dublin"])
def test_the_two_nights_on_which_clocks_change(cast, zone):
    client = cast.weber.id
    Client.objects.filter(pk=int(client)).update(time_zone=zone)
    night = [(6, "00:00", "05:00")]
    agenda = opened(client, cast.weber.doctor, "Nuits", by=cast.claire, week=night, on_holidays=True)
    short = reason(client, "Nuit", 30, by=cast.claire)
    back = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 2:30 in Paris, 1:30 in Dublin: the first of two
    at = datetime(2026, 3, 1, tzinfo=UTC)

    def night_visit(starts_at):
        booking = cast.booking(patient=cast.greta, reason=short)
        return appointments.book(
            key=cast.key(), agenda=agenda, starts_at=starts_at, booking=booking, by=cast.claire, at=at
        )

    first, second = night_visit(back), night_visit(back + timedelta(hours=1))
    day = days.day(by=cast.claire, agendas=[agenda], day=date(2026, 10, 25), at=at)[0]
    assert [each.appointment for each in day.appointments] == [first.appointment, second.appointment]
    with pytest.raises(SlotAlreadyTaken):
        night_visit(back)
    forward = night_visit(datetime(2026, 3, 29, 1, 0, tzinfo=UTC))
    assert (forward.ends_at - forward.starts_at) == timedelta(minutes=30)


def test_a_day_of_many_agendas_costs_the_same_number_of_questions(cast):
    def asked(wanted):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            days.day(by=cast.claire, agendas=wanted, day=MONDAY.date(), at=NOON)
        return len(queries)

    few = asked([cast.dupont])
    for number in range(6):
        opened(cast.cabinet.id, cast.cabinet.doctor, f"Salle {number}", by=cast.claire)
        book(cast, number * 20)
    everything = [each.id for each in agendas.agendas(by=cast.claire)]
    assert len(everything) == 9
    assert asked(everything) == few <= 14
