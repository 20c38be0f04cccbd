# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in from another product takes what such a visit takes here: a room, a device, buffers, a second agenda."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from permanence.agenda.models import Appointment, Occupancy
from permanence.agenda.operations import appointments, setting
from permanence.agenda.operations.importing import import_lines
from permanence.agenda.refusals import SlotAlreadyTaken
from permanence.agenda.rules.imports import ImportLine
from tests.rooms.agenda_cast import after, make_agenda_cast, openings, reason
from tests.rooms.messaging_cast import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_agenda_cast()


def line(number, minutes, what="ECG", *, lasts=20, name="Kanari"):
    starts = after(minutes)
    said = {"name": name, "first_name": "Jeanne", "reason": what}
    return ImportLine(line=number, starts=starts, ends=starts + timedelta(minutes=lasts), **said)


def brings(cast, *lines, agenda=""):
    asked = {"agenda": agenda or cast.dupont, "lines": lines, "by": cast.claire, "at": NOON}
    return import_lines(write=True, **asked)


def taken(**of):
    rows = Occupancy.objects.filter(appointment__isnull=False, **of).order_by("starts_at", "pk")
    return [(each.starts_at, each.ends_at) for each in rows]


def books(cast, agenda, starts, what):
    booking = cast.booking(reason=what)
    return appointments.book(key=cast.key(), agenda=agenda, starts_at=starts, booking=booking, by=cast.claire, at=NOON)


def test_its_device_is_free_for_nobody_else(cast):
    assert brings(cast, line(1, 0)).faults == []
    assert taken(resource=int(cast.ecg)) == [(after(0), after(25))]
    assert taken(agenda=int(cast.dupont)) == [(after(0), after(30))]  # the buffer of the reason
    with pytest.raises(SlotAlreadyTaken):
        books(cast, cast.lemaire, after(0), cast.tracing)
    assert books(cast, cast.lemaire, after(25), cast.tracing).starts_at == after(25)


def test_a_device_that_another_has_is_said_and_nothing_comes_in(cast):
    books(cast, cast.lemaire, after(0), cast.tracing)
    report = brings(cast, line(1, 0))
    [fault] = report.faults
    assert (fault.code, [each.code for each in fault.why]) == ("already_taken", ["equipment_taken"])
    assert not report.written
    assert Appointment.objects.count() == 1


def test_what_followed_without_a_gap_follows_without_a_gap(cast):
    report = brings(cast, *(line(number, 20 * number) for number in range(3)))
    assert report.faults == []
    assert taken(resource=int(cast.ecg)) == [(after(0), after(20)), (after(20), after(40)), (after(40), after(65))]
    assert taken(agenda=int(cast.dupont))[-1] == (after(40), after(70))


def test_a_combined_visit_takes_both(cast):
    two = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire, after=5)
    assert brings(cast, line(1, 0, "À deux")).faults == []
    visit = Appointment.objects.get()
    assert (str(visit.agenda_id), str(visit.also_id), str(visit.reason_id)) == (cast.dupont, cast.lemaire, two)
    assert taken(agenda=int(cast.lemaire)) == [(after(0), after(25))]
    report = brings(cast, line(2, 10, "À deux", name="Neu"))
    assert {each.code for each in report.faults[0].why} == {"taken", "also_refuses"}


def test_a_group_has_its_places(cast):
    week = openings(cast.lemaire, [(0, "08:00", "12:00")], capacity=3)
    setting.set_openings(agenda=cast.lemaire, openings=week, by=cast.claire, at=NOON)
    names = ("Un", "Deux", "Trois", "Quatre")
    lines = [line(n, 0, "École du dos", lasts=60, name=name) for n, name in enumerate(names)]
    report = brings(cast, *lines[:3], agenda=cast.lemaire)
    assert (report.appointments, report.faults) == (3, [])
    assert len(brings(cast, lines[3], agenda=cast.lemaire).faults) == 1


def test_a_group_that_comes_in_has_its_room_together(cast):
    week = openings(
        cast.lemaire, [(0, "08:00", "12:00")], reasons=(cast.class_of_three,), capacity=3, resources=(cast.ecg,)
    )
    setting.set_openings(agenda=cast.lemaire, openings=week, by=cast.claire, at=NOON)
    lines = [line(n, 0, "École du dos", lasts=60, name=name) for n, name in enumerate(("Un", "Deux", "Trois"))]
    assert brings(cast, *lines, agenda=cast.lemaire).faults == []
    assert taken(resource=int(cast.ecg)) == [(after(0), after(60))] * 3
    assert len(brings(cast, line(9, 0, "ECG", name="Autre"), agenda=cast.dupont).faults) == 1


def test_the_room_of_the_opening_is_taken(cast):
    week = (replace(openings(cast.dupont, [(0, "08:00", "12:00")])[0], resources=(cast.ecg,)),)
    setting.set_openings(agenda=cast.dupont, openings=week, by=cast.claire, at=NOON)
    brings(cast, line(1, 0, "Consultation"), line(2, 600, "Consultation", name="Tard"))
    assert taken(resource=int(cast.ecg)) == [(after(0), after(20))]
    assert Appointment.objects.count() == 2


class TestWhateverComesIn(TestCase):
    """Random lines, some of them over one another, into two agendas that share a device."""

    @settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["ECG", "Consultation"]), st.booleans()), max_size=6))
    def test_each_ecg_has_the_device_and_each_visit_its_span(self, wanted):
        cast = make_agenda_cast()
        for number, (cell, what, first) in enumerate(wanted):
            brings(
                cast, line(number, cell * 5, what, name=f"N{number}x"), agenda=cast.dupont if first else cast.lemaire
            )
        for visit in Appointment.objects.all():
            used = Occupancy.objects.filter(appointment=visit, resource=int(cast.ecg)).count()
            assert used == (str(visit.reason_id) == cast.tracing)
            own = Occupancy.objects.get(appointment=visit, agenda=visit.agenda)
            assert own.starts_at + timedelta(minutes=own.before) == visit.starts_at
            assert own.ends_at - timedelta(minutes=own.after) == visit.ends_at
