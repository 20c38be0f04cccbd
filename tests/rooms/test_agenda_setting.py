# SPDX-License-Identifier: AGPL-3.0-or-later
"""How agendas are set: openings, exceptions, reasons and their retirement, rooms; series; what is free and proposed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from permanence.agenda.models import Agenda, Appointment, OpeningPattern, VisitReason
from permanence.agenda.operations import appointments, reasons, series, setting
from permanence.agenda.operations.series import SeriesEmpty, SeriesPattern
from permanence.agenda.queries import agendas, days, slots
from permanence.agenda.refusals import (
    ActKeyTaken,
    AgendaUnknown,
    NameTaken,
    ReplacementImpossible,
    ReplacementNeeded,
    ResourceUnknown,
    SettingImpossible,
    SiteUnknown,
    SlotRefused,
    VisitReasonUnknown,
    WordsTooLong,
)
from permanence.agenda.rules import kinds
from permanence.agenda.rules.states import CancelCause
from permanence.agenda.rules.wishes import Preferences, SeriesWish, Wish
from permanence.foundation.models import OutboxEvent
from tests.rooms.agenda_cast import MONDAY, WEEK, after, make_agenda_cast, openings, patient, reason
from tests.rooms.messaging_cast import NOON

DAY = date(2026, 11, 30)


@pytest.fixture
def cast(db):
    return make_agenda_cast()


def book(cast, minutes=0, **booking):
    return appointments.book(
        key=cast.key(),
        agenda=cast.dupont,
        starts_at=after(minutes),
        booking=cast.booking(**booking),
        by=cast.claire,
        at=NOON,
    )


def free(cast, **wish):
    asked = Wish(**{"reason": cast.consultation} | wish)
    return slots.free_days(
        by=cast.claire, agenda=cast.dupont, wish=asked, first=DAY, until=DAY + timedelta(days=1), at=NOON
    )


def test_every_free_slot_can_be_booked_and_every_other_start_says_why(cast):
    book(cast, 60)
    found = free(cast)
    starts = {each.starts for each in found.slots}
    assert MONDAY in starts
    for minutes in range(-30, 120, 5):
        causes = slots.explain(
            by=cast.claire,
            agenda=cast.dupont,
            wish=Wish(reason=cast.consultation),
            starts=after(minutes),
            at=NOON,
        )
        assert bool(causes) != (after(minutes) in starts)
    assert [why.code for _, why in found.counted][:2] == ["too_short", "taken"]
    assert sum(count for count, _ in found.counted) == sum(each.count for each in found.hidden)


def test_a_proposal_prefers_as_it_was_asked_and_names_what_else_there_is(cast):
    wish = Wish(reason=cast.consultation, preferences=Preferences(agendas=(cast.lemaire, cast.dupont)))
    found = slots.next_free(by=cast.claire, agendas=[cast.dupont, cast.lemaire], wish=wish, first=DAY, at=NOON, days=7)
    assert found.proposals[0].slot.agenda == cast.lemaire
    night = replace(wish, preferences=Preferences(from_time="20:00"))
    found = slots.next_free(by=cast.claire, agendas=[cast.dupont], wish=night, first=DAY, at=NOON, days=7)
    assert (found.proposals, found.alternatives[0].dropped) == ((), "time")
    with pytest.raises(AgendaUnknown):
        slots.next_free(by=cast.dr_weber, agendas=[cast.dupont], wish=wish, first=DAY, at=NOON)
    with pytest.raises(slots.WishTooWide):
        slots.next_free(by=cast.claire, agendas=[cast.dupont], wish=wish, first=DAY, at=NOON, days=9999)


def test_the_week_is_replaced_and_what_is_booked_stays(cast):
    visit = book(cast)
    version = Agenda.objects.get(pk=cast.dupont).version
    afternoons = [each for each in WEEK if each[1] == "14:00"]
    setting.set_openings(agenda=cast.dupont, openings=openings(cast.dupont, afternoons), by=cast.dr_dupont, at=NOON)
    assert len(agendas.week_openings(by=cast.claire, agenda=cast.dupont)) == 5
    assert Agenda.objects.get(pk=cast.dupont).version > version
    shown = days.week(by=cast.claire, agenda=cast.dupont, first=DAY, at=NOON)
    assert [each.appointment for each in shown.appointments] == [visit.appointment]
    assert len(shown.openings) == 5
    assert OutboxEvent.objects.filter(name="AgendaChanged").latest("pk").body["agenda"] == cast.dupont


def test_a_day_that_differs_holds_until_it_is_taken_back(cast):
    one = openings(cast.dupont, [(0, "20:00", "21:00")])
    setting.set_exception(
        agenda=cast.dupont,
        day=DAY,
        kind=kinds.ExceptionKind.REPLACED,
        openings=one,
        label="Soirée",
        by=cast.claire,
        at=NOON,
    )
    assert {each.starts for each in free(cast).slots} == {after(12 * 60 + 5 * each) for each in range(9)}
    setting.set_exception(agenda=cast.dupont, day=DAY, kind=kinds.ExceptionKind.CLOSED, by=cast.claire, at=NOON)
    assert free(cast).slots == ()
    shown = days.day(by=cast.claire, agendas=[cast.dupont], day=DAY, at=NOON)[0]
    assert [each.kind for each in shown.exceptions] == [kinds.ExceptionKind.CLOSED]
    setting.clear_exception(agenda=cast.dupont, day=DAY, by=cast.claire, at=NOON)
    assert len(free(cast).slots) > 20
    with pytest.raises(kinds.OpeningImpossible):
        setting.set_exception(agenda=cast.dupont, day=DAY, kind=kinds.ExceptionKind.REPLACED, by=cast.claire, at=NOON)


def test_settings_name_nothing_of_another_client(cast):
    def week(**more):
        return openings(cast.dupont, [(0, "08:00", "09:00")], **more)

    for refusal, wrong in (
        (VisitReasonUnknown, week(reasons=(cast.webers,))),
        (VisitReasonUnknown, week(reasons=("none",))),
        (ResourceUnknown, week(resources=("999",))),
        (SiteUnknown, week(site="999")),
        (SettingImpossible, week() * 201),
    ):
        with pytest.raises(refusal):
            setting.set_openings(agenda=cast.dupont, openings=wrong, by=cast.claire, at=NOON)
    need = kinds.Need(ids=(cast.ecg,))
    foreign = kinds.VisitReason(id="", client=cast.everybody.weber.id, name="ECG", minutes=20, needs=(need,))
    with pytest.raises(ResourceUnknown):
        reasons.set_reason(client=cast.everybody.weber.id, reason=foreign, by=cast.claire, at=NOON)
    for stranger in (cast.dr_weber, cast.other_secretary):
        with pytest.raises(AgendaUnknown):
            setting.set_openings(agenda=cast.dupont, openings=(), by=stranger, at=NOON)
        with pytest.raises(AgendaUnknown):
            reason(cast.cabinet.id, "Autre", 20, by=stranger)
        with pytest.raises(AgendaUnknown):
            reasons.retire_reason(client=cast.cabinet.id, reason=cast.consultation, by=stranger, at=NOON)
        assert agendas.reasons(by=stranger, client=cast.cabinet.id) == ()
        assert agendas.resources(by=stranger, client=cast.cabinet.id) == ()
    assert OpeningPattern.objects.filter(agenda=int(cast.dupont)).count() == 11


def test_names_are_there_once_short_and_not_empty(cast):
    for refusal, name in ((NameTaken, "Consultation"), (WordsTooLong, "x" * 81), (SettingImpossible, "  ")):
        with pytest.raises(refusal):
            reason(cast.cabinet.id, name, 20, by=cast.claire)
    with pytest.raises(NameTaken):
        setting.open_agenda(
            client=cast.cabinet.id, recipient=cast.cabinet.doctor, name="Dr Lemaire", by=cast.claire, at=NOON
        )
    with pytest.raises(NameTaken):
        setting.add_resource(client=cast.cabinet.id, name="ECG", kind="ecg", by=cast.claire, at=NOON)
    long = kinds.VisitReason(id="", client="", name="Long", minutes=20, horizon=99999)
    with pytest.raises(SettingImpossible):
        reasons.set_reason(client=cast.cabinet.id, reason=long, by=cast.claire, at=NOON)


def test_a_reason_is_changed_and_what_is_booked_keeps_its_length(cast):
    visit = book(cast)
    asked = agendas.reason(by=cast.claire, client=cast.cabinet.id, reason=cast.consultation)
    assert (
        reasons.set_reason(client=cast.cabinet.id, reason=replace(asked, minutes=40), by=cast.claire, at=NOON).minutes
        == 40
    )
    assert book(cast, 60).ends_at == after(100)
    assert Appointment.objects.get(key=visit.appointment).ends_at == after(20)


def test_a_reason_in_use_goes_only_when_another_takes_its_place(cast):
    kept, unlike, gone = book(cast), book(cast, 60, patient=cast.paul), book(cast, 120)
    appointments.cancel(
        key=cast.key(), appointment=gone.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=NOON
    )
    week = openings(cast.dupont, reasons=(cast.consultation, cast.tracing))
    setting.set_openings(agenda=cast.dupont, openings=week, by=cast.claire, at=NOON)
    other = reason(cast.cabinet.id, "Visite", 20, by=cast.claire)

    def retire(which, replacement=""):
        return reasons.retire_reason(
            client=cast.cabinet.id, reason=which, replacement=replacement, by=cast.dr_dupont, at=NOON
        )

    with pytest.raises(ReplacementNeeded):
        retire(cast.consultation)
    for wrong in (cast.consultation, cast.webers, "none"):
        with pytest.raises(ReplacementImpossible):
            retire(cast.consultation, wrong)
    plan = reasons.plan_retirement(
        client=cast.cabinet.id, reason=cast.consultation, replacement=other, by=cast.dr_dupont, at=NOON
    )
    assert VisitReason.objects.get(pk=cast.consultation).retired_at is None
    assert retire(cast.consultation, other) == plan
    assert [each.appointment for each in plan.kept] == [kept.appointment, unlike.appointment]
    assert [each.appointment for each in plan.unlike] == [unlike.appointment]
    assert set(Appointment.objects.filter(state="booked").values_list("reason", "ends_at")) == {
        (int(other), after(20)),
        (int(other), after(90)),
    }
    assert Appointment.objects.get(key=gone.appointment).reason_id == int(cast.consultation)
    assert {each.reasons for each in agendas.week_openings(by=cast.claire, agenda=cast.dupont)} == {
        (other, cast.tracing)
    }
    with pytest.raises(SlotRefused):
        book(cast, 200)
    with pytest.raises(VisitReasonUnknown):
        retire(cast.consultation, other)
    retire(cast.class_of_three)  # nobody has it


def test_a_series_is_one_act_and_says_what_it_could_not_book(cast):
    key = cast.key()
    pattern = SeriesPattern(first=DAY, days=(0, 1, 5, 7))

    def make(key, **booking):
        return series.book_series(
            key=key, agendas=[cast.dupont], pattern=pattern, booking=cast.booking(**booking), by=cast.claire, at=NOON
        )

    made = make(key)
    assert [each.position for each in made.appointments] == [1, 2, 4]
    assert {each.series for each in made.appointments} == {key}
    assert [(each["number"], each["wanted"]) for each in made.missing] == [(3, "2026-12-05")]
    assert made.missing[0]["why"]
    assert made.wanted == 4
    assert make(key) == made
    assert Appointment.objects.count() == 3
    assert OutboxEvent.objects.filter(name="AppointmentBooked").latest("pk").body["series"] == key
    with pytest.raises(ActKeyTaken):
        make(key, patient=cast.paul)
    with pytest.raises(SeriesEmpty):
        make(cast.key(), reason=cast.webers)
    assert Appointment.objects.count() == 3
    with pytest.raises(AgendaUnknown):
        series.book_series(
            key=cast.key(),
            agendas=[cast.dupont, cast.weber_agenda],
            pattern=pattern,
            booking=cast.booking(),
            by=cast.claire,
            at=NOON,
        )


def test_the_plan_of_a_series_is_what_is_booked(cast):
    pattern = SeriesPattern(first=DAY, days=(0, 7), tolerance=2)
    wish = SeriesWish(wish=Wish(reason=cast.consultation, is_new=True), first=DAY, days=(0, 7), tolerance=2)
    plan = slots.series_plan(by=cast.claire, agendas=[cast.dupont], wish=wish, at=NOON)
    made = series.book_series(
        key=cast.key(),
        agendas=[cast.dupont],
        pattern=pattern,
        booking=cast.booking(patient=cast.paul),
        by=cast.claire,
        at=NOON,
    )
    planned = [(each.slot.starts, each.slot.ends) for each in plan.sessions if each.slot]
    assert [(each.starts_at, each.ends_at) for each in made.appointments] == planned
    assert [each.known for each in made.appointments] == [False, True]


def test_age_comes_from_the_file_where_it_is_certain(cast):
    child = patient(cast.cabinet.id, "Petit", birth_date="2020-01-01")
    unsure = patient(cast.cabinet.id, "Vague", birth_date="2008")
    adults = reason(cast.cabinet.id, "Adultes", 20, by=cast.claire, youngest=18)
    with pytest.raises(SlotRefused) as refusal:
        book(cast, patient=child, reason=adults)
    assert [each.code for each in refusal.value.causes] == ["age"]
    book(cast, patient=unsure, reason=adults)
