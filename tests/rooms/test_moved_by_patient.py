# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who moves his own visit, by link or SMS: it is not in its own way, and no time is offered at which he is too old."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.test import Client as Browser

from permanence.agenda.models import Appointment
from permanence.agenda.operations import reasons, setting
from permanence.agenda.queries import agendas
from permanence.callers.models import Patient
from permanence.dispatch import answer_operations, sms_tasks
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.channels.sms.http import Incoming
from permanence.dispatch.models import Reminder, Sms
from permanence.dispatch.reminder_operations import link_of
from permanence.dispatch.reply_queries import open_replies
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, openings
from tests.rooms.messaging_cast import NOON
from tests.rooms.public_cast import clock, jeanne, switch_on
from tests.rooms.reminders_cast import DUE, book, patient_says, provider, rule, send
from tests.rooms.test_sms import JEANNES

__all__ = ["clock", "jeanne", "provider"]

pytestmark = pytest.mark.django_db
SOON = DUE + timedelta(minutes=10)
SEVEN_DAYS = 7 * 24 * 60


@pytest.fixture
def cast(clock):
    made = make_agenda_cast()
    switch_on(made)
    rule(made, 48)
    patient_says(made, sms=True)
    return made


def open_on(cast, *hours, **more):
    setting.set_openings(agenda=cast.dupont, openings=openings(cast.dupont, hours, **more), by=cast.claire, at=NOON)


def consultation(cast, **changes):
    (known,) = [each for each in agendas.reasons(by=cast.claire, client=cast.cabinet.id) if each.name == "Consultation"]
    reasons.set_reason(client=cast.cabinet.id, reason=replace(known, **changes), by=cast.claire, at=NOON)


def moments(html):
    return [datetime.fromisoformat(each) for each in re.findall(r'name="starts" value="([^"]+)"', html)]


def reminded(deliver_all):
    """The address at which he chooses another moment."""
    deliver_all(NOON)
    return f"/r/{link_of(Reminder.objects.get().key).rpartition('/')[2]}?move=1"


def chosen_at(address):
    return moments(Browser().get(address).content.decode())


def test_by_the_reminder_he_may_come_a_little_later_where_only_his_own_visit_was_in_the_way(cast, deliver_all):
    open_on(cast, (0, "08:00", "08:30"))
    book(cast)
    address = reminded(deliver_all)
    shown = chosen_at(address)
    assert [each for each in shown if each < after(60)] == [after(5), after(10)]
    browser = Browser()
    key = re.search(r'name="key" value="([^"]+)"', browser.get(address).content.decode())[1]
    assert browser.post(address, {"act": "move", "starts": after(10).isoformat(), "key": key}).status_code == 303
    assert Appointment.objects.get().starts_at == after(10)


def test_by_the_reminder_his_own_visit_is_not_the_one_too_many_of_its_day(cast, clock, deliver_all):
    consultation(cast, max_per_day=1)
    clock.at = DUE
    book(cast)
    shown = chosen_at(reminded(deliver_all))
    assert MONDAY not in shown
    assert [each for each in shown if each.date() == MONDAY.date()] != []


def test_by_the_reminder_nothing_is_proposed_for_a_day_on_which_he_is_too_old(cast, deliver_all):
    consultation(cast, oldest=64)
    open_on(cast, (0, "08:00", "08:40"))
    Patient.objects.filter(pk=int(cast.jeanne)).update(birth_date="1961-12-03")
    book(cast)
    assert chosen_at(reminded(deliver_all)) == [after(5), after(20)]


def test_by_sms_he_gets_the_link_where_his_own_visit_alone_was_in_the_way(cast, provider, deliver_all):
    open_on(cast, (0, "08:00", "08:30"), valid_until=date(2026, 12, 1))
    book(cast)
    deliver_all(NOON)
    send(DUE)
    sms_tasks.run_sms(at=DUE)
    answer_operations.take_reply(Incoming(number=JEANNES, text="déplacer", id="in-1"), at=SOON, entropy=SystemEntropy())
    deliver_all(SOON)
    assert Sms.objects.filter(kind=SmsKind.MOVE).count() == 1
    assert open_replies(by=cast.claire) == ()


def test_by_the_public_link_his_own_visit_is_in_no_way_of_its_move(jeanne, cast):
    consultation(cast, max_per_day=1)
    link = jeanne.book()
    jeanne.get(f"{link}/move")
    shown = moments(jeanne.text())
    assert MONDAY not in shown
    assert after(20) in shown
    assert "Complet" not in jeanne.text()
    assert jeanne.post(f"{link}/move", **jeanne.shown(), starts=after(20).isoformat()).status_code == 303
    assert Appointment.objects.get().starts_at == after(20)


def test_by_the_public_link_times_that_overlap_his_own_are_offered_where_there_are_no_others(jeanne, cast):
    open_on(cast, (0, "08:00", "08:30"))
    link = jeanne.book()
    jeanne.get(f"{link}/move")
    assert moments(jeanne.text()) == [after(5)]
    assert "Complet" not in jeanne.text()


def test_by_the_public_link_a_day_with_his_own_time_alone_is_full(jeanne, cast):
    open_on(cast, (0, "08:00", "08:20"))
    link = jeanne.book()
    jeanne.get(f"{link}/move")
    assert moments(jeanne.text()) == []
    assert "Complet" in jeanne.text()
    jeanne.get(f"{link}/move?day=2026-12-07")
    assert moments(jeanne.text()) == [after(SEVEN_DAYS)]


def test_by_the_public_link_no_time_is_offered_at_which_he_is_too_old(jeanne, cast):
    link = jeanne.book()
    consultation(cast, oldest=64)
    Patient.objects.filter(pk=Appointment.objects.get().patient_id).update(birth_date="1961-12-03")
    jeanne.get(f"{link}/move")
    shown = moments(jeanne.text())
    assert shown
    assert all(each.date() < date(2026, 12, 3) for each in shown)
    jeanne.get(f"{link}/move?day=2026-12-07")
    assert moments(jeanne.text()) == []
