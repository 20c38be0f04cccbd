# SPDX-License-Identifier: AGPL-3.0-or-later
"""The grid of many visits: what is read of each, how it is written, and how much work one more is."""

import sys
from dataclasses import fields
from datetime import timedelta

import pytest

from permanence.agenda.models import Agenda, Appointment
from permanence.agenda.queries import days, shown
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.states import AppointmentState
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import make_agenda_cast, reason
from tests.rooms.test_console_agenda import GRID, PARIS, at_wall, booked, page

pytestmark = pytest.mark.django_db
MOST_STEPS = 120
"""Calls that one more visit may cost a page, those of the database's driver among them; some 80 are needed."""


@pytest.fixture
def cast():
    made = make_agenda_cast()
    Agenda.objects.update(closed_on_holidays=False)  # the days are counted from the real present: any may be one
    return made


@pytest.fixture
def monday():
    """The Monday of the week after next: what a page asks for is judged at the real moment."""
    today = SystemClock().now().astimezone(PARIS).date()
    return today + timedelta(days=14 - today.weekday())


def test_what_is_shown_of_a_visit_is_what_is_known_of_it(cast, monday):
    both = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)
    ordinary, other = booked(cast, monday, 9), booked(cast, monday, 10, reason=both)
    Appointment.objects.filter(key=ordinary.appointment).update(
        state=AppointmentState.ARRIVED.value, overbook_cause="Urgence", sealed_answers="x"
    )
    asked = {"by": cast.claire, "agendas": [cast.dupont, cast.lemaire], "day": monday, "at": SystemClock().now()}
    known, seen = days.day(**asked), shown.day(**asked)
    told = {each.name for each in fields(AppointmentView)}
    assert set(shown.ShownVisit._fields) <= told
    for whole, lean in zip(known, seen, strict=True):
        assert len(whole.appointments) == len(lean.appointments) >= 1
        for one, short in zip(whole.appointments, lean.appointments, strict=True):
            assert short._asdict() == {name: getattr(one, name) for name in short._fields}
        for part in ("agenda", "openings", "exceptions", "absences", "holds", "blocks"):
            assert getattr(whole, part) == getattr(lean, part)
    assert other.appointment in {each.appointment for each in seen[1].appointments}


def test_signs_of_a_pattern_stay_words(cast, browser_of, monday):
    words = "100 % %s %(key)s {0}"
    cast_reason = reason(cast.cabinet.id, words, 60, by=cast.claire)
    visit = booked(cast, monday, 9, reason=cast_reason)
    row = Appointment.objects.get(key=visit.appointment)
    row.patient.used_name, row.patient.first_name = "50 %", "%(name)s"
    row.patient.save()
    text = page(browser_of(cast.claire), GRID, client=cast.cabinet.id, day=monday.isoformat())
    assert text.count('<span class="appt__name">50 % %(name)s</span>') == 1
    assert f'aria-label="09:00 à 10:00, 50 % %(name)s, {words}, réservé"' in text
    assert f'<span class="appt__note">{words}</span>' in text


def steps(work):
    """How many functions are called by `work`."""
    count = 0

    def called(_frame, event, _argument):
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_one_more_visit_is_little_work(cast, browser_of, monday):
    def fill(first, count):
        Appointment.objects.bulk_create(
            Appointment(
                house_id=agenda.house_id,
                client_id=agenda.client_id,
                agenda=agenda,
                key=f"visit-{number:020d}",
                patient_id=int(cast.jeanne),
                reason_id=int(cast.consultation),
                starts_at=at_wall(monday, 8) + timedelta(minutes=5 * number),
                ends_at=at_wall(monday, 8) + timedelta(minutes=5 * number + 5),
                state_at=at_wall(monday, 8),
                booked_at=at_wall(monday, 8),
                door="console",
            )
            for number in range(first, first + count)
        )

    def work():
        page(browser, GRID, client=cast.cabinet.id, day=monday.isoformat())

    agenda, browser = Agenda.objects.get(pk=int(cast.dupont)), browser_of(cast.claire)
    fill(0, 60)
    work()
    few = steps(work)
    fill(60, 60)
    work()
    assert (steps(work) - few) / 60 < MOST_STEPS
