# SPDX-License-Identifier: AGPL-3.0-or-later
"""A doctor who is late in the morning and away after it is late for nobody of the afternoon, nor for who has died."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permanence.agenda.models import Appointment
from permanence.agenda.operations.day import keep_booked, say_late
from permanence.callers.models import Patient
from permanence.clients import absences
from permanence.dispatch import late_operations
from permanence.dispatch.models import LateMail, LateNotice, Sms, Unreached
from permanence.dispatch.unreached_queries import open_unreached
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_late import TEN, agrees_to_mail, book, provider, reachable, tell

__all__ = ["provider"]

pytestmark = pytest.mark.django_db
MORNING, LUNCH = "+33639980001", "+33639980002"


@pytest.fixture
def cast():
    """At 10:20 and 11:20 one with SMS; in the afternoon one by SMS, one by mail, one by telephone."""
    made = make_agenda_cast()
    book(made, 140, reachable(made, "Matin", MORNING, True))
    book(made, 200, reachable(made, "Midi", LUNCH, True))
    book(made, 380, reachable(made, "Mobile", "+33639980011", True))
    book(made, 400, reachable(made, "Courriel", "+33123456789", False))
    book(made, 420, reachable(made, "Fixe", "+33123456790", False))
    agrees_to_mail("Courriel")
    return made


def away(cast, *, starts, hours=4):
    return absences.announce_absence(
        client=cast.cabinet.id,
        recipient=cast.cabinet.doctor,
        starts=starts,
        ends=starts + timedelta(hours=hours),
        words="Le docteur est absent.",
        announced_by=cast.claire.person,
        by=cast.claire,
        at=NOON,
    )


def written():
    return sorted(each.number for each in Sms.objects.all()), LateMail.objects.count(), Unreached.objects.count()


def test_who_is_received_by_nobody_hears_of_no_delay_neither_by_sms_nor_mail_nor_telephone(cast, provider):
    away(cast, starts=after(360))
    assert len(tell(cast)) == 2
    assert written() == ([MORNING, LUNCH], 0, 0)
    assert LateNotice.objects.get().untold == []


def test_who_comes_all_the_same_hears_of_it(cast, provider):
    keep = visit_of("Mobile")
    absence = away(cast, starts=after(360))
    keep_booked(client=cast.cabinet.id, appointment=keep, absence=absence, by=cast.claire, at=NOON)
    tell(cast)
    assert written() == ([MORNING, LUNCH, "+33639980011"], 0, 0)


def visit_of(name):
    return Appointment.objects.get(patient__birth_name=name).key


def test_a_consultation_ends_where_the_doctor_goes(cast, provider):
    away(cast, starts=after(180), hours=1)
    coming = late_operations.still_to_come(agenda=cast.dupont, by=cast.claire, at=TEN)
    assert coming.until == after(180)
    assert [each.number for each in coming.now] == [MORNING]


def test_a_consultation_goes_on_after_a_short_errand(cast, provider):
    away(cast, starts=after(170), hours=0.5)  # what lasts an hour takes up a delay
    coming = late_operations.still_to_come(agenda=cast.dupont, by=cast.claire, at=TEN)
    assert (coming.until, len(coming.now)) == (after(240), 2)


def test_who_is_received_is_asked_of_all_at_once(cast, provider):
    asked = [counted(cast)]
    for minutes, name in ((440, "Un"), (460, "Deux"), (160, "Trois")):
        book(cast, minutes, reachable(cast, name, f"+3363998{minutes:04d}", True))
    away(cast, starts=after(360))
    asked.append(counted(cast))
    assert asked[0] == asked[1]


def counted(cast):
    with CaptureQueriesContext(connection) as queries:
        late_operations.still_to_come(agenda=cast.dupont, by=cast.claire, at=TEN)
    return len(queries)


def dies(name):
    Patient.objects.filter(birth_name=name).update(is_deceased=True)


def test_who_has_died_is_neither_told_nor_telephoned(cast, provider):
    for name in ("Midi", "Courriel", "Fixe"):
        dies(name)
    assert [each.patient_name.split()[0] for each in tell(cast)] == ["MATIN", "MOBILE"]
    assert written()[1:] == (0, 0)
    assert LateNotice.objects.get().untold == []


def test_who_dies_while_he_waits_to_be_telephoned_leaves_the_list(cast, provider):
    tell(cast)
    say_late(agenda=cast.dupont, minutes=40, by=cast.claire, at=TEN)
    asked = {"by": cast.claire, "at": TEN}
    assert [each.visit.patient_name.split()[0] for each in open_unreached(**asked)] == ["FIXE"]
    dies("Fixe")
    assert open_unreached(**asked) == ()
