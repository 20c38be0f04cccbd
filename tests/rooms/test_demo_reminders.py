# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the demonstration's telephone promises: book for tomorrow, and the reminder is seen and answered at once."""

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client as Browser

from permanence.agenda.models import Appointment
from permanence.agenda.operations.appointments import Booking, book
from permanence.agenda.queries import agendas, slots
from permanence.agenda.rules.states import AppointmentState
from permanence.agenda.rules.wishes import Wish
from permanence.callers.models import Patient
from permanence.clients import queries
from permanence.dispatch import answer_operations, reminder_operations, sms_tasks
from permanence.dispatch.channels.sms.http import Incoming
from permanence.dispatch.channels.sms.replies import codes
from permanence.dispatch.models import Reminder, Sms
from permanence.dispatch.reminder_operations import ReminderUnknown
from permanence.foundation import secrecy
from permanence.foundation.models import House
from permanence.portal import smsbox
from permanence.project import demo_cast, demo_house
from permanence.project.demo_knowledge import load_demonstration
from tests.rooms.conftest import SeededEntropy, person
from tests.rooms.remembered import remembered
from tests.rooms.test_sms import BEARER, describe, served

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Luxembourg")
LATE = datetime(2026, 11, 27, 22, 50, tzinfo=ZONE)
"""A Friday evening: the office hours are over, and nobody is written to who did not ask for it."""


class Clock:
    def now(self):
        return LATE


@pytest.fixture
def provider(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(smsbox, "_CLOCK", Clock())
    with served() as told:
        describe(settings, tmp_path, BEARER, told.url)
        yield told


@remembered(str)
def _opened_late() -> str:
    load_demonstration(at=LATE, entropy=SeededEntropy(2))
    return demo_house.HOUSE


@pytest.fixture
def late():
    """The demonstration, opened that evening; its key in the test's folder."""
    secrecy.make_key(demo_house.HOUSE, entropy=SeededEntropy(2))
    return _opened_late()


@pytest.fixture
def tomorrow(late, deliver_all, provider):
    """A visit at SOS Glacis, booked late in the evening for the next day."""
    return booked(deliver_all, days=1)


def booked(deliver_all, *, days, since=time(0)):
    """The first that is free there then, so many days later."""
    by = person(demo_cast.CLAIRE)
    client = next(each for each in queries.clients(house="demo") if each.name == "SOS Glacis")
    [agenda] = agendas.agendas(by=by, client=client.id)
    reason = next(each for each in agendas.reasons(by=by, client=client.id) if each.name == "Consultation")
    day = LATE.date() + timedelta(days=days)
    free = slots.free_days(
        by=by, agenda=agenda.id, wish=Wish(reason=reason.id), first=day, until=day + timedelta(days=1), at=LATE
    ).slots
    patient = Patient.objects.get(birth_name="Vandermoere")
    visit = book(
        key="a-visit-of-the-evening",
        agenda=agenda.id,
        starts_at=next(each.starts for each in free if each.starts.astimezone(ZONE).time() >= since),
        booking=Booking(patient=str(patient.pk), reason=reason.id),
        by=by,
        at=LATE,
    )
    deliver_all(LATE)
    return visit


def test_the_reminder_of_a_visit_of_tomorrow_comes_when_it_is_let_and_is_answered(
    tomorrow, provider, deliver_all, entropy
):
    browser = Browser()
    html = browser.get("/demo/sms", headers={"accept-language": "en"}).content.decode()
    addresses = re.findall(r'action="(/demo/sms/to-come/[^"]+)"', html)
    assert "+352\u00a0621\u00a0000\u00a0253" in html
    reminder = Reminder.objects.get(appointment=tomorrow.appointment)
    assert addresses[0] == f"/demo/sms/to-come/{reminder.key}"  # the last booked stands first
    answer = browser.post(addresses[0])
    assert (answer.status_code, answer["Location"]) == (303, "/demo/sms")
    assert sms_tasks.run_sms(at=LATE) == 1
    assert len(provider.asked) == 1
    sms = Sms.objects.get(about=reminder.key)
    assert sms.number == "+352621000253"
    yes, _no = codes(sms.slot)
    answered = LATE + timedelta(minutes=2)
    answer_operations.take_reply(Incoming(number=sms.number, text=str(yes)), at=answered, entropy=entropy)
    deliver_all(answered)
    assert Appointment.objects.get(key=tomorrow.appointment).state == AppointmentState.CONFIRMED.value
    assert browser.post(addresses[0]).status_code == 404  # it came already


def test_the_telephone_says_that_he_is_reminded_of_an_early_visit_the_evening_before(late, deliver_all, provider):
    visit = booked(deliver_all, days=2, since=time(8))
    assert visit.starts_at.astimezone(ZONE).time() < time(10)
    html = Browser().get("/demo/sms", headers={"accept-language": "fr"}).content.decode()
    assert re.search(r"le rappel part sam\. 28/11/2026.19:45", html)


def test_it_is_of_the_demonstration_alone(tomorrow, entropy, settings):
    reminder = Reminder.objects.get(appointment=tomorrow.appointment)
    House.objects.update(demonstration=False)
    with pytest.raises(ReminderUnknown):
        reminder_operations.come_now(reminder=reminder.key, at=LATE, entropy=entropy)
    assert "to-come" not in Browser().get("/demo/sms").content.decode()
    settings.DEMONSTRATION = False
    assert Browser().post(f"/demo/sms/to-come/{reminder.key}").status_code == 404
    assert not Sms.objects.exists()


def test_in_the_evening_and_at_night_a_doctor_is_answered_and_has_free_time(late):
    lines = queries.lines(house="demo")
    client = lines[demo_cast.SOS_LINE]
    file = queries.client_file(house="demo", client=client, at=LATE)
    assert file.hours.always
    by = person(demo_cast.CLAIRE)
    [agenda] = agendas.agendas(by=by, client=client)
    reason = agendas.reasons(by=by, client=client)[0]
    found = slots.next_free(
        by=by, agendas=[agenda.id], wish=Wish(reason=reason.id), first=LATE.date(), at=LATE, days=2, most=20
    )
    starts = [each.slot.starts.astimezone(ZONE) for each in found.proposals]
    assert starts
    assert starts[0] - LATE < timedelta(hours=12)
    assert Appointment.objects.filter(agenda=int(agenda.id), state=AppointmentState.BOOKED.value).exists()
    shared = Patient.objects.filter(birth_name="Kaltenbrunn")
    assert shared.count() == 2
