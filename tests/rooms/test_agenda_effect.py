# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a change would bring is told before it is saved: free visits by week, and who would fall outside."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, timedelta

import pytest
from django.template.loader import render_to_string

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, reasons, rooms, setting, visits, week
from permanence.agenda.operations.beginning import begin_agenda
from permanence.agenda.queries import agendas, effect
from permanence.agenda.refusals import (
    AgendaUnknown,
    ChangedMeanwhile,
    NameTaken,
    OpeningUnknown,
    ResourceInUse,
    ResourceUnknown,
)
from permanence.agenda.rules import kinds
from permanence.agenda.rules.usual import Trade
from permanence.agenda.setting_pages import choices_of
from permanence.agenda.setting_words import SHOWN, drawn
from permanence.foundation.models import AuditEntry
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, openings, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_visit_places import sites

pytestmark = pytest.mark.django_db
MORNINGS = tuple((day, "08:00", "12:00") for day in range(5))


@pytest.fixture
def made(db):
    return make_agenda_cast()


def looked(made, change, **more):
    return effect.effect(by=made.claire, agendas=[made.lemaire], change=change, at=NOON, **more)


def counts(found, name):
    [row] = [each for each in found.rows if each.reason_name == name]
    return [(each.before, each.after) for each in row.weeks]


def test_half_the_hours_leave_half_the_visits_in_each_of_four_weeks(made):
    found = looked(made, effect.with_week(openings(made.lemaire, MORNINGS)))
    weeks = counts(found, "Consultation")
    assert len(weeks) == 4
    assert weeks[1:] == [(5 * 24, 5 * 12)] * 3  # twenty minutes in eight hours, in four hours
    assert [each.first - date(2026, 11, 24) for each in found.rows[0].weeks] == [
        timedelta(weeks=week) for week in range(4)
    ]
    assert found.outside == ()


def test_hours_kept_for_the_same_day_count_as_room_though_they_are_still_to_be_released(made):
    urgent = {"kind": kinds.OpeningKind.SAME_DAY, "released_at": "07:30"}
    found = looked(made, effect.with_week(openings(made.lemaire, MORNINGS, **urgent)))
    assert counts(found, "Consultation")[1:] == [(5 * 24, 5 * 12)] * 3


def test_hours_of_a_group_count_every_place_and_who_is_in_takes_one_of_them(made):
    group = openings(made.lemaire, [(0, "14:00", "16:00")], capacity=4)
    one_by_one = openings(made.lemaire, [(0, "14:00", "16:00")])
    setting.set_openings(agenda=made.lemaire, openings=one_by_one, by=made.marc, at=NOON)
    asked = effect.with_week(group)
    weeks = counts(looked(made, asked), "Consultation")
    assert weeks[1:] == [(6, 6 * 4)] * 3  # twenty minutes in two hours, four patients at once
    setting.set_openings(agenda=made.lemaire, openings=group, by=made.marc, at=NOON)
    for who in (made.jeanne, made.paul):
        appointments.book(
            key=made.key(),
            agenda=made.lemaire,
            starts_at=after(6 * 60),
            booking=made.booking(patient=who),
            by=made.claire,
            at=NOON,
        )
    full = [later for _, later in counts(looked(made, asked), "Consultation")]
    assert sorted(full) == [6 * 4 - 3, 6 * 4, 6 * 4, 6 * 4]  # Paul is new: his half hour reaches into the next time


def test_a_device_that_everybody_in_the_group_needs_for_himself_leaves_one_place_at_a_time(made):
    group = openings(made.lemaire, [(0, "14:00", "16:00")], capacity=4)
    [ecg] = [each for each in looked(made, effect.with_week(group)).rows if each.reason_name == "ECG"]
    alone = openings(made.lemaire, [(0, "14:00", "16:00")])
    [one] = [each for each in looked(made, effect.with_week(alone)).rows if each.reason_name == "ECG"]
    assert ecg.weeks[1].after == one.weeks[1].after > 0


def test_what_is_booked_counts_before_and_after(made):
    booking = made.booking()
    for minutes in (0, 20, 40):
        appointments.book(
            key=made.key(), agenda=made.lemaire, starts_at=after(minutes), booking=booking, by=made.claire, at=NOON
        )
    same = looked(made, effect.with_week(agendas.week_openings(by=made.claire, agenda=made.lemaire)))
    weeks = counts(same, "Consultation")
    assert all(before == later for before, later in weeks)
    assert weeks[0][0] < weeks[1][0]


def test_who_would_fall_outside_is_listed_with_the_cause_and_who_stays_inside_is_not(made):
    def book(minutes):
        return appointments.book(
            key=made.key(),
            agenda=made.lemaire,
            starts_at=after(minutes),
            booking=made.booking(),
            by=made.claire,
            at=NOON,
        )

    inside, outside = book(0), book(7 * 60)
    far = book(60 * 24 * 70 + 7 * 60)
    gone = book(8 * 60 + 20)
    appointments.cancel(
        key=made.key(), appointment=gone.appointment, cause=appointments.CancelCause.PATIENT, by=made.claire, at=NOON
    )
    found = looked(made, effect.with_week(openings(made.lemaire, MORNINGS)))
    assert [each.visit.appointment for each in found.outside] == [outside.appointment, far.appointment]
    assert {each.why.code for each in found.outside} == {"closed"}
    assert {each.visit.patient_name for each in found.outside} == {"HOFFMANN Jeanne"}
    assert inside.appointment not in {each.visit.appointment for each in found.outside}


def test_a_visit_that_begins_inside_and_ends_outside_is_outside(made):
    appointments.book(
        key=made.key(), agenda=made.lemaire, starts_at=after(40), booking=made.booking(), by=made.claire, at=NOON
    )
    early = effect.with_week(openings(made.lemaire, [(0, "08:00", "08:50")]))
    assert [each.why.code for each in looked(made, early).outside] == ["too_short"]
    enough = effect.with_week(openings(made.lemaire, [(0, "08:00", "09:00")]))
    assert looked(made, enough).outside == ()


def test_what_lies_outside_already_is_not_the_fault_of_the_change(made):
    appointments.book(
        key=made.key(), agenda=made.lemaire, starts_at=after(7 * 60), booking=made.booking(), by=made.claire, at=NOON
    )
    setting.set_openings(agenda=made.lemaire, openings=openings(made.lemaire, MORNINGS), by=made.marc, at=NOON)
    assert looked(made, effect.with_week(openings(made.lemaire, MORNINGS[:4]))).outside == ()


def booked(made, start, agenda="", **changes):
    booking = made.booking(**changes)
    agenda = agenda or made.lemaire
    return appointments.book(
        key=made.key(), agenda=agenda, starts_at=start, booking=booking, by=made.claire, at=NOON
    ).appointment


def full(made, many):
    """That many visits from Monday on, twelve a day, five days a week."""
    [first] = Appointment.objects.filter(key=booked(made, MONDAY))
    rows = []
    for number in range(1, many):
        days, place = divmod(number, 12)
        starts = after(24 * 60 * (days // 5 * 7 + days % 5) + 20 * place)
        row = Appointment.objects.get(pk=first.pk)
        row.pk, row.key = None, f"visit-{number:020d}"
        row.starts_at, row.ends_at = starts, starts + timedelta(minutes=20)
        rows.append(row)
    Appointment.objects.bulk_create(rows)


def closed_on(day, agenda):
    return kinds.OpeningException(id="", agenda=agenda, date=day, kind=kinds.ExceptionKind.CLOSED)


def test_however_many_come_before_it_a_visit_weeks_ahead_that_falls_outside_is_told(
    made, django_assert_max_num_queries
):
    full(made, 201)
    far = after(24 * 60 * 35 + 7 * 60)  # a Monday in five weeks, 15:00
    visit = booked(made, far)
    day = looked(made, effect.with_day(far.date(), closed_on(far.date(), made.lemaire)))
    assert [each.visit.appointment for each in day.outside] == [visit]
    nearer = replace_from(made, date(2027, 1, 1))
    with django_assert_max_num_queries(24):
        week = looked(made, effect.with_week(nearer))
    assert [each.visit.appointment for each in week.outside] == [visit]
    none = looked(made, effect.with_week(()))
    assert len(none.outside) == 202
    asked = {"choices": choices_of(by=made.claire, client=made.cabinet.id), "zone": UTC, "at": NOON}
    page = render_to_string("agenda/effect.html", {"effect": drawn(none, **asked), "page": {}})
    at_once, _, when_asked = page.partition("<details>")
    assert (at_once.count("HOFFMANN Jeanne"), when_asked.count("HOFFMANN Jeanne")) == (SHOWN, 202 - SHOWN)


def replace_from(made, day):
    """The week as it is until that day, mornings alone from then on."""
    now = agendas.week_openings(by=made.claire, agenda=made.lemaire)
    mornings = openings(made.lemaire, MORNINGS, valid_from=day)
    return (*(replace(each, valid_until=day) for each in now), *mornings)


def test_a_visit_years_ahead_is_told_too(made):
    visit = booked(made, MONDAY)
    far = after(24 * 60 * 7 * 120)
    Appointment.objects.filter(key=visit).update(starts_at=far, ends_at=far + timedelta(minutes=20))
    assert [each.visit.appointment for each in looked(made, effect.with_week(())).outside] == [visit]


def test_a_visit_that_takes_the_agenda_too_is_told_to_him_who_closes_his_day(made):
    both = reason(made.cabinet.id, "À deux", 20, by=made.claire, also=made.lemaire)
    visit = booked(made, after(60), agenda=made.dupont, reason=both)
    booked(made, after(120), agenda=made.dupont)
    found = looked(made, effect.with_day(MONDAY.date(), closed_on(MONDAY.date(), made.lemaire)))
    assert [(each.visit.appointment, each.why.code) for each in found.outside] == [(visit, "also_refuses")]
    assert [each.visit.appointment for each in looked(made, effect.with_week(())).outside] == [visit]
    # Where he who keeps it closes his own, it is told once, with the cause itself.
    his = effect.effect(
        by=made.claire,
        agendas=[made.dupont],
        change=effect.with_day(MONDAY.date(), closed_on(MONDAY.date(), made.dupont)),
        at=NOON,
    )
    assert [each.why.code for each in his.outside if each.visit.appointment == visit] == ["closed"]


def test_the_free_places_of_combined_visits_are_counted_for_him_whom_they_take_too(made):
    reason(made.cabinet.id, "À deux", 20, by=made.claire, also=made.lemaire)
    found = looked(made, effect.with_week(openings(made.lemaire, MORNINGS)))
    [row] = [each for each in found.rows if each.reason_name == "À deux"]
    assert row.agenda_name == "Dr Dupont"
    assert [(each.before, each.after) for each in row.weeks][1:] == [(120, 60)] * 3


def test_a_day_that_differs_and_the_reason_and_the_agenda_itself(made):
    appointments.book(
        key=made.key(), agenda=made.lemaire, starts_at=MONDAY, booking=made.booking(), by=made.claire, at=NOON
    )
    closed = kinds.OpeningException(id="", agenda=made.lemaire, date=MONDAY.date(), kind=kinds.ExceptionKind.CLOSED)
    day = looked(made, effect.with_day(MONDAY.date(), closed))
    assert [each.why.code for each in day.outside] == ["closed"]
    week = [each.before - each.after for each in day.rows[0].weeks]
    assert week[0] > 0
    assert week[1:] == [0, 0, 0]
    reason = agendas.reason(by=made.claire, client=made.cabinet.id, reason=made.consultation)
    longer = looked(made, effect.with_reason(replace(reason, minutes=40)), reason=reason.id)
    assert [each.reason_name for each in longer.rows] == ["Consultation"]
    assert counts(longer, "Consultation")[1:] == [(120, 60)] * 3
    assert longer.outside == ()  # it keeps its span
    home = looked(made, effect.with_reason(replace(reason, way=kinds.Way.HOME)), reason=reason.id)
    assert [each.why.code for each in home.outside] == ["other_way"]
    new = looked(made, effect.with_reason(replace(reason, id="", name="Neu")), reason="new")
    assert counts(new, "Neu")[1:] == [(0, 120)] * 3
    coarse = looked(made, effect.with_setting(step=60, closed_on_holidays=True))
    assert counts(coarse, "Consultation")[1:] == [(120, 40)] * 3


def test_nothing_is_written_and_nobody_looks_over_the_wall(made):
    trail = AuditEntry.objects.count()
    versions = [each.version for each in agendas.agendas(by=made.claire)]
    looked(made, effect.with_week(()))
    assert AuditEntry.objects.count() == trail
    assert [each.version for each in agendas.agendas(by=made.claire)] == versions
    for stranger in (made.other_secretary, made.dr_weber):
        with pytest.raises(AgendaUnknown):
            effect.effect(by=stranger, agendas=[made.lemaire], change=effect.with_week(()), at=NOON)


def test_one_opening_is_changed_as_it_was_seen_or_not_at_all(made):
    seen = agendas.week_openings(by=made.claire, agenda=made.lemaire)
    mark, first = week.mark_of(seen), seen[0]
    new = replace(first, id="", opens="09:00")
    asked = {"agenda": made.lemaire, "mark": mark, "by": made.marc, "at": NOON}
    with pytest.raises(OpeningUnknown):
        week.change_opening(instead_of="999999", openings=[new], **asked)
    week.change_opening(instead_of=first.id, openings=[new], **asked)
    now = agendas.week_openings(by=made.claire, agenda=made.lemaire)
    assert len(now) == len(seen)
    assert now[0].opens == "09:00"
    with pytest.raises(ChangedMeanwhile):
        week.change_opening(instead_of=now[1].id, openings=[], **asked)
    assert agendas.week_openings(by=made.claire, agenda=made.lemaire) == now
    week.change_opening(instead_of=now[0].id, openings=[], **{**asked, "mark": week.mark_of(now)})
    assert len(agendas.week_openings(by=made.claire, agenda=made.lemaire)) == len(seen) - 1


def test_an_opening_keeps_its_address_when_it_or_another_one_is_changed(made):
    seen = agendas.week_openings(by=made.claire, agenda=made.lemaire)
    first, second = seen[:2]
    parts = [replace(first, id="", opens="09:00", until="10:00"), replace(first, id="", opens="10:30")]
    week.change_opening(
        agenda=made.lemaire, instead_of=first.id, openings=parts, mark=week.mark_of(seen), by=made.marc, at=NOON
    )
    now = {each.id: each.opens for each in agendas.week_openings(by=made.claire, agenda=made.lemaire)}
    assert (now[first.id], now[second.id]) == ("09:00", second.opens)
    assert len(now) == len(seen) + 1
    theirs = agendas.week_openings(by=made.claire, agenda=made.dupont)[0]
    with pytest.raises(OpeningUnknown):
        setting.replace_opening(agenda=made.lemaire, instead_of=theirs.id, openings=parts, by=made.marc, at=NOON)
    assert agendas.week_openings(by=made.claire, agenda=made.dupont)[0] == theirs


def test_a_first_agenda_brings_the_reasons_of_the_trade_and_a_second_one_does_not(made):
    weber = made.weber.id
    before = [each.name for each in agendas.reasons(by=made.marc, client=weber)]
    begin_agenda(
        client=weber,
        recipient=made.weber.doctor,
        name="Zwei",
        trade=Trade.DOCTOR,
        language="de",
        by=made.marc,
        at=NOON,
    )
    assert [each.name for each in agendas.reasons(by=made.marc, client=weber)] == before
    begin_agenda(
        client=made.other_client.id,
        recipient=made.other_client.doctor,
        name="Eins",
        trade=Trade.DENTIST,
        language="de",
        by=made.other_secretary,
        at=NOON,
    )
    names = [each.name for each in agendas.reasons(by=made.other_secretary, client=made.other_client.id)]
    assert names[:2] == ["Kontrolle", "Zahnreinigung"]


def test_the_last_device_of_a_kind_stays_while_a_reason_needs_any_of_it(made):
    asked = {"client": made.cabinet.id, "by": made.marc, "at": NOON}
    north, south = sites(made, "Nord", "Sud").values()
    setting.add_resource(name="Saal", kind="room", **asked)
    there = setting.add_resource(name="EKG Nord", kind="ecg", site=north, **asked)
    with pytest.raises(ResourceInUse, match="1 reasons"):  # it serves the other site too
        rooms.retire_resource(resource=made.ecg, **asked)
    setting.add_resource(name="EKG Sud", kind="ecg", site=south, **asked)
    rooms.retire_resource(resource=made.ecg, **asked)
    with pytest.raises(ResourceInUse, match="1 reasons"):
        rooms.retire_resource(resource=there.id, **asked)
    kept = next(each for each in agendas.reasons(by=made.marc, client=made.cabinet.id) if each.id == made.tracing)
    reasons.set_reason(client=made.cabinet.id, reason=replace(kept, sites=(south,)), by=made.marc, at=NOON)
    rooms.retire_resource(resource=there.id, **asked)


def test_a_device_that_serves_every_site_goes_where_the_sites_of_the_reason_have_their_own(made):
    asked = {"client": made.cabinet.id, "by": made.marc, "at": NOON}
    north, south = sites(made, "Nord", "Sud").values()
    setting.add_resource(name="EKG Nord", kind="ecg", site=north, **asked)
    kept = next(each for each in agendas.reasons(by=made.marc, client=made.cabinet.id) if each.id == made.tracing)
    for site, goes in ((south, False), (north, True)):
        reasons.set_reason(client=made.cabinet.id, reason=replace(kept, sites=(site,)), by=made.marc, at=NOON)
        with nullcontext() if goes else pytest.raises(ResourceInUse, match="1 reasons"):
            rooms.retire_resource(resource=made.ecg, **asked)


def test_a_room_goes_out_of_use_only_when_nothing_to_come_needs_it(made):
    cabinet = made.cabinet.id
    asked = {"client": cabinet, "by": made.marc, "at": NOON}
    rooms.rename_resource(resource=made.ecg, name="EKG", **asked)
    assert [each.name for each in agendas.resources(by=made.marc, client=cabinet)] == ["EKG"]
    tracing = appointments.book(
        key=made.key(),
        agenda=made.lemaire,
        starts_at=MONDAY,
        booking=made.booking(reason=made.tracing),
        by=made.claire,
        at=NOON,
    )
    with pytest.raises(ResourceInUse):
        rooms.retire_resource(resource=made.ecg, **asked)
    visits.mark_done(key=made.key(), appointment=tracing.appointment, by=made.claire, at=MONDAY)
    spare = setting.add_resource(name="EKG 2", kind="ecg", **asked)
    rooms.retire_resource(resource=made.ecg, client=cabinet, by=made.marc, at=after(60))
    assert [each.id for each in agendas.resources(by=made.marc, client=cabinet)] == [spare.id]
    with pytest.raises(ResourceUnknown):
        rooms.retire_resource(resource=made.ecg, **asked)
    setting.add_resource(name="Saal", kind="room", **asked)
    second = setting.add_resource(name="Zimmer", kind="room", **asked)
    with pytest.raises(NameTaken):
        rooms.rename_resource(resource=second.id, name="Saal", **asked)
    with pytest.raises(AgendaUnknown):
        rooms.rename_resource(resource=second.id, name="Saal", client=cabinet, by=made.other_secretary, at=NOON)
