# SPDX-License-Identifier: AGPL-3.0-or-later
"""The house cancels because of an absence: before it, a secretary reads whether anybody tells the patient."""

from datetime import timedelta

import pytest

from permanence.agenda.models import Appointment
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.callers.models import Patient
from permanence.dispatch.cancel_queries import ToldOfCancelling, told_of_cancelling
from permanence.dispatch.models import CalendarMail, ContactRule, Delivery, Sms
from permanence.dispatch.rules import ReminderState
from tests.rooms.test_booked_in_absence import asks, claire, practice, start
from tests.rooms.test_comes_all_the_same import LIST
from tests.rooms.test_portal_line import text_of

__all__ = ["claire", "practice", "start"]

pytestmark = pytest.mark.django_db


def told(practice):
    entries = open_follow_ups(by=practice.cast.claire)
    found = told_of_cancelling(by=practice.cast.claire, visits=[each.visit for each in entries], at=practice.now)
    return [found[each.visit.appointment] for each in entries]


def test_she_is_asked_before_it_is_cancelled_and_reads_that_nobody_writes_to_him(practice, start, claire, deliver_all):
    Patient.objects.update(sms_agreed_at=practice.now, mail="j@jeanne.example", mail_agreed_at=practice.now)
    visit = practice.book(start + timedelta(hours=1))
    asks(practice, practice.away(start))
    page = claire.get(LIST).content.decode()
    question = page.partition("<details><summary")[2].partition("</details>")[0]
    assert "Cancel the appointment" in question.partition("</summary>")[0]
    assert 'value="cancelled"' not in page.replace(question, "")
    asked = question.partition("</summary>")[2]
    assert "Nobody writes to him: telephone him." in asked
    assert 'value="cancelled"' in asked
    [entry] = open_follow_ups(by=practice.cast.claire)
    claire.post(f"{LIST}/{entry.id}", {"outcome": "cancelled"})
    said = text_of(claire.get(LIST))
    assert "CANARIE Jeanne: The appointment is cancelled. Nobody writes to him: telephone him. 621 000 147" in said
    deliver_all(practice.now + timedelta(minutes=5))
    assert Appointment.objects.get(key=visit).state == "cancelled"
    assert (Sms.objects.count(), CalendarMail.objects.count(), Delivery.objects.count()) == (0, 0, 0)


def test_nobody_is_sent_to_telephone_who_has_died(practice, start, claire):
    practice.book(start + timedelta(hours=1))
    asks(practice, practice.away(start))
    Patient.objects.update(is_deceased=True)
    assert told(practice) == [ToldOfCancelling.DECEASED]
    words = "The patient has died: nobody writes to him or telephones."
    assert words in text_of(claire.get(LIST))
    [entry] = open_follow_ups(by=practice.cast.claire)
    claire.post(f"{LIST}/{entry.id}", {"outcome": "cancelled"})
    said = text_of(claire.get(LIST))
    assert f"The appointment is cancelled. {words}" in said
    assert "621 000 147" not in said


def test_who_has_it_in_his_calendar_is_written_that_it_is_gone_from_there(practice, start, claire, deliver_all):
    ContactRule.objects.create(
        house_id=practice.cast.claire.house_key, client_id=int(practice.cast.weber), sends_calendar=True
    )
    Patient.objects.update(mail="j@jeanne.example", mail_agreed_at=practice.now)
    practice.book(start + timedelta(hours=1))
    deliver_all(practice.now)
    asks(practice, practice.away(start))
    assert told(practice) == [ToldOfCancelling.NOBODY]  # not sent yet: then nothing is withdrawn either
    CalendarMail.objects.update(state=ReminderState.SENT, sent_at=practice.now)
    assert told(practice) == [ToldOfCancelling.CALENDAR]
    shown = text_of(claire.get(LIST))
    assert "The entry in his calendar is withdrawn by e-mail, nothing else is written to him: telephone him." in shown
    Patient.objects.update(mail_agreed_at=None)
    assert told(practice) == [ToldOfCancelling.NOBODY]
    Patient.objects.update(mail_agreed_at=practice.now)
    [entry] = open_follow_ups(by=practice.cast.claire)
    claire.post(f"{LIST}/{entry.id}", {"outcome": "cancelled"})
    deliver_all(practice.now + timedelta(minutes=5))
    last = CalendarMail.objects.order_by("revision").last()
    assert (last.is_cancelled, last.state) == (True, "pending")


def test_a_name_and_what_is_said_of_it_have_the_colon_of_the_language(practice, start, claire):
    practice.book(start + timedelta(hours=1))
    asks(practice, practice.away(start))
    [entry] = open_follow_ups(by=practice.cast.claire)
    claire.post(f"{LIST}/{entry.id}", {"outcome": "called"})
    assert "CANARIE Jeanne: The patient was called." in text_of(claire.get(LIST))
    claire.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    claire.post(f"{LIST}/{entry.id}/back")
    claire.post(f"{LIST}/{entry.id}", {"outcome": "called"})
    assert "CANARIE Jeanne\u00a0: Le patient a été appelé." in claire.get(LIST).content.decode()
