# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who came once is known: his second visit has the length for the known; a mark that was a slip makes nobody known."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, visits
from permanence.callers import merge_operations
from permanence.callers.models import KeptVisit, Patient
from permanence.callers.operations import change_patient
from permanence.callers.rules.form import PatientForm
from permanence.callers.visit_operations import count_visit, forget_visit
from permanence.clients.queries import ClientUnknown
from permanence.foundation.models import AuditEntry
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, patient
from tests.rooms.messaging_cast import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_agenda_cast()


def book(cast, minutes, who, *, at=NOON):
    booking = cast.booking(patient=who, reason=cast.consultation)
    starts = after(minutes)
    said = {"key": cast.key(), "agenda": cast.dupont, "starts_at": starts, "booking": booking}
    return appointments.book(**said, by=cast.claire, at=at)


def mark(cast, act, visit, *, at=MONDAY):
    return act(key=cast.key(), appointment=visit.appointment, by=cast.claire, at=at)


def is_known(who):
    return Patient.objects.get(pk=int(who)).known


def minutes(visit):
    return (visit.ends_at - visit.starts_at) // timedelta(minutes=1)


@pytest.mark.parametrize("act", [visits.mark_arrived, visits.mark_done])
def test_the_second_visit_is_that_of_somebody_known(cast, act):
    first = book(cast, 0, cast.paul)
    assert not first.known
    assert not is_known(cast.paul)
    mark(cast, act, first)
    assert is_known(cast.paul)
    second = book(cast, 60, cast.paul)
    assert second.known
    assert minutes(second) < minutes(first)
    assert not Appointment.objects.get(key=first.appointment).known  # it was booked as his first, and was


def test_who_did_not_come_after_all_is_not_known(cast):
    visit = book(cast, 0, cast.paul)
    mark(cast, visits.mark_arrived, visit)
    mark(cast, visits.mark_no_show, visit, at=MONDAY + timedelta(hours=5))
    assert not is_known(cast.paul)
    assert not KeptVisit.objects.exists()
    mark(cast, visits.mark_done, visit, at=MONDAY + timedelta(hours=5))
    assert is_known(cast.paul)


def test_who_came_another_time_or_was_known_before_stays_known(cast):
    first, second = book(cast, 0, cast.paul), book(cast, 60, cast.paul)
    known = book(cast, 120, cast.jeanne)
    for each in (first, second, known):
        mark(cast, visits.mark_arrived, each)
    late = MONDAY + timedelta(hours=5)
    mark(cast, visits.mark_no_show, first, at=late)
    mark(cast, visits.mark_no_show, known, at=late)
    assert is_known(cast.paul)
    assert is_known(cast.jeanne)
    mark(cast, visits.mark_no_show, second, at=late)
    assert not is_known(cast.paul)


def test_each_visit_counts_once_and_no_stranger_counts(cast):
    said = {"client": cast.cabinet.id, "act": "a" * 20, "at": NOON}
    for _ in range(2):
        count_visit(patient=cast.paul, by=cast.claire, **said)
    assert KeptVisit.objects.count() == 1
    assert AuditEntry.objects.filter(action="patient.known_by_visit").count() == 1
    with pytest.raises(ClientUnknown):
        forget_visit(by=cast.dr_weber, **said)
    for _ in range(2):
        forget_visit(by=cast.claire, **said)
    assert not is_known(cast.paul)


def test_who_was_merged_is_known_by_the_visits_of_both(cast):
    twin = patient(cast.cabinet.id, "Martine", known=False)
    visit = book(cast, 0, twin)
    mark(cast, visits.mark_arrived, visit)
    merge_operations.merge(client=cast.cabinet.id, kept=cast.paul, merged=twin, by=cast.claire, at=MONDAY)
    assert is_known(cast.paul)
    mark(cast, visits.mark_no_show, visit, at=MONDAY + timedelta(hours=5))
    assert (is_known(cast.paul), is_known(twin)) == (False, False)


def test_who_was_said_to_be_unknown_is_so_until_he_comes_again(cast):
    mark(cast, visits.mark_arrived, book(cast, 0, cast.paul))
    form = PatientForm(birth_name="Martin", first_name="Paul", known=False)
    change_patient(client=cast.cabinet.id, patient=cast.paul, form=form, by=cast.claire, at=MONDAY)
    assert not is_known(cast.paul)
    mark(cast, visits.mark_arrived, book(cast, 60, cast.paul))
    assert is_known(cast.paul)


def test_who_came_before_this_was_counted_is_known_too(cast):
    twin = patient(cast.cabinet.id, "Martine", known=False)
    came, gone, known = (book(cast, n * 30, who) for n, who in enumerate((twin, cast.paul, cast.jeanne)))
    Appointment.objects.filter(key__in=[came.appointment, known.appointment]).update(state="done")
    Patient.objects.filter(pk=int(twin)).update(merged_into=int(cast.paul))
    count = import_module("permanence.agenda.migrations.0018_known_by_visit").count_visits
    count(apps, None)
    count(apps, None)
    assert is_known(cast.paul)
    assert {(each.act, each.made_known) for each in KeptVisit.objects.all()} == {
        (came.appointment, True),
        (known.appointment, False),
    }
    assert gone.appointment not in KeptVisit.objects.values_list("act", flat=True)


@pytest.fixture
def parted(cast, deliver_all):
    """Two who were one for a day: what happened at a visit is said meanwhile."""

    def told(twin, act, visit):
        who = {"client": cast.cabinet.id, "by": cast.claire}
        made = merge_operations.merge(kept=cast.paul, merged=twin, at=MONDAY, **who)
        deliver_all(MONDAY)
        mark(cast, act, visit, at=MONDAY + timedelta(hours=5))
        merge_operations.part(merge=made.id, at=MONDAY + timedelta(hours=6), **who)
        deliver_all(MONDAY + timedelta(hours=6))

    return told


def test_who_did_not_come_while_he_was_taken_for_another_has_it_on_his_own_file(cast, parted):
    twin = patient(cast.cabinet.id, "Martine")
    parted(twin, visits.mark_no_show, book(cast, 0, twin))
    assert [Patient.objects.get(pk=int(each)).no_shows for each in (cast.paul, twin)] == [0, 1]


@pytest.mark.parametrize("known", [False, True])
def test_who_came_while_he_was_taken_for_another_makes_the_other_known_to_nobody(cast, parted, known):
    twin = patient(cast.cabinet.id, "Martine", known=known)
    parted(twin, visits.mark_arrived, book(cast, 0, twin))
    assert (is_known(cast.paul), is_known(twin)) == (False, True)


def test_who_came_himself_stays_known_when_the_two_are_parted(cast, parted):
    twin = patient(cast.cabinet.id, "Martine", known=True)
    visit = book(cast, 0, cast.paul)
    parted(twin, visits.mark_arrived, visit)
    assert (is_known(cast.paul), is_known(twin)) == (True, True)
    mark(cast, visits.take_back, visit, at=MONDAY + timedelta(hours=7))
    assert (is_known(cast.paul), is_known(twin)) == (False, True)
