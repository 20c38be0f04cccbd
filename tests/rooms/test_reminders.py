# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reminders, with the movable clock: by SMS or mail, answered by digit or link; another appointment is let be."""

import email
import email.policy
import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace

import pytest
from django.test import Client as Browser

from permanence.agenda.models import Appointment, Occupancy
from permanence.agenda.operations import appointments, visits
from permanence.agenda.rules.states import AppointmentState, CancelCause
from permanence.booking import parts
from permanence.clients.models import Client
from permanence.dispatch import reminder_operations
from permanence.dispatch.models import Reminder, Sms
from permanence.dispatch.reminder_operations import HoursImpossible, ReminderOver, ReminderUnknown
from permanence.dispatch.rules import ReminderState
from permanence.foundation.models import AuditEntry
from tests.rooms.agenda_cast import MONDAY, after
from tests.rooms.messaging_cast import NOON
from tests.rooms.reminders_cast import (
    DUE,
    book,
    cast,
    link,
    patient_says,
    provider,
    relay,
    reply,
    rule,
    send,
    state,
    told,
)

__all__ = ["cast", "provider", "relay"]

pytestmark = pytest.mark.django_db
LINK = re.compile(r"http://\S+/r/(\S+)")


@pytest.fixture
def clock(monkeypatch):
    """The page's own clock, moved by hand."""
    now = SimpleNamespace(at=DUE)
    monkeypatch.setattr(parts, "CLOCK", SimpleNamespace(now=lambda: now.at))
    return now


def test_due_by_the_rule_and_confirmed_by_digit(cast, provider, deliver_all):
    book(cast)
    deliver_all(NOON)
    assert send(DUE - timedelta(minutes=1)) == 0
    assert send() == 1
    assert send() == 0
    row = Reminder.objects.get()
    assert (row.state, row.channel) == (ReminderState.SENT, "sms")
    assert link() in told(provider)[0]
    assert not [word for word in ("Consultation", "Dupont", "Hoffmann") if word in told(provider)[0]]
    assert reply("1")
    deliver_all(DUE)
    assert state() is AppointmentState.CONFIRMED
    assert Reminder.objects.get().answer == "yes"


def test_a_rule_that_changes_holds_for_what_is_booked_already(cast, provider, deliver_all):
    """Put off: nobody is reminded any more. Put on again: those who are to come are, once."""
    book(cast)
    deliver_all(NOON)
    rule(cast, 0)
    assert send() == 0
    rule(cast, 24)
    rule(cast, 72)
    assert Reminder.objects.count() == 1
    earlier = Reminder.objects.get().next_attempt_at
    assert earlier < DUE
    assert (send(earlier - timedelta(minutes=1)), send(earlier), send()) == (0, 1, 0)
    rule(cast, 24)  # he was told: not again
    assert send() == 0
    assert Reminder.objects.get().state == ReminderState.SENT


@pytest.mark.parametrize(("hours", "due"), [(6, 6), (14, 24)])
def test_who_waits_for_his_reminder_gets_it_when_the_new_hours_are_past(cast, provider, deliver_all, hours, due):
    """Saturday at 14:00, a visit on Monday at 8:00: from 24 to 48 hours before. At 22:00 nobody is written to."""
    rule(cast, 24)
    book(cast)
    deliver_all(NOON)
    at = DUE + timedelta(hours=hours)
    rule(cast, 48, at=at)
    assert Reminder.objects.get().next_attempt_at == DUE + timedelta(hours=due)
    assert (send(at), send(DUE + timedelta(hours=due))) == ((1, 0) if due == hours else (0, 1))
    assert len(told(provider)) == 1


def test_what_is_tried_again_is_left_alone_when_something_else_of_the_rule_changes(cast, provider, relay, deliver_all):
    patient_says(cast, mail=True)
    book(cast)
    deliver_all(NOON)
    assert send() == 1  # the relay is away
    before = Reminder.objects.values().get()
    rule(cast, 48, named=True, at=DUE + timedelta(seconds=30))
    assert Reminder.objects.values().get() == before
    assert send(DUE + timedelta(minutes=1), relay) == 1


def test_a_description_of_the_provider_that_is_broken_stops_no_mail(cast, tmp_path, settings, relay, deliver_all):
    settings.PERMANENCE = settings.PERMANENCE.changed(data=tmp_path)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "sms.json").write_text("{")
    patient_says(cast, sms=True, mail=True)
    book(cast)
    deliver_all(NOON)
    assert send(relay=relay) == 1
    assert Reminder.objects.get().channel == "email"


def test_cancelled_by_word_frees_the_slot_at_once(cast, provider, deliver_all):
    book(cast)
    deliver_all(NOON)
    send()
    assert reply("Annuler")
    deliver_all(DUE)
    assert state() is AppointmentState.CANCELLED
    assert Appointment.objects.get().cancel_cause == CancelCause.PATIENT
    assert not Occupancy.objects.exists()
    assert book(cast, at=DUE).starts_at == MONDAY


def test_the_answer_to_another_moment_changes_nothing(cast, provider, deliver_all):
    visit = book(cast)
    deliver_all(NOON)
    send()
    old = link()
    appointments.move(
        key=cast.key(),
        appointment=visit.appointment,
        agenda=cast.dupont,
        starts_at=after(7 * 24 * 60),
        by=cast.claire,
        at=DUE,
    )
    deliver_all(DUE)
    assert reply("2")
    deliver_all(DUE)
    with pytest.raises(ReminderOver):
        reminder_operations.answer(link=old, yes=False, at=DUE)
    assert state() is AppointmentState.BOOKED
    assert Reminder.objects.count() == 2
    assert send(DUE + timedelta(days=7)) == 1
    assert reply("1", DUE + timedelta(days=7))  # the digit of the old moment
    deliver_all(DUE + timedelta(days=7))
    assert state() is AppointmentState.BOOKED
    assert reply("3", DUE + timedelta(days=7))
    deliver_all(DUE + timedelta(days=7))
    assert state() is AppointmentState.CONFIRMED


def test_an_answer_on_its_way_while_the_appointment_moves(cast, provider, deliver_all):
    """The patient's No was taken before the move was heard of: the appointment that he never meant stays."""
    visit = book(cast)
    deliver_all(NOON)
    send()
    reply("2")
    appointments.move(
        key=cast.key(), appointment=visit.appointment, agenda=cast.dupont, starts_at=after(60), by=cast.claire, at=DUE
    )
    deliver_all(DUE)
    assert state() is AppointmentState.BOOKED


def test_a_cancelled_appointment_is_not_reminded_of(cast, provider, deliver_all):
    visit = book(cast)
    deliver_all(NOON)
    appointments.cancel(
        key=cast.key(), appointment=visit.appointment, cause=CancelCause.DOCTOR, by=cast.claire, at=NOON
    )
    assert send() == 1
    deliver_all(NOON)
    assert provider.asked == []
    assert Reminder.objects.get().state == ReminderState.OVERTAKEN


@pytest.mark.parametrize(("hours", "booked"), [(0, NOON), (48, DUE)])
def test_no_reminder_without_a_rule_or_when_booked_late(cast, provider, deliver_all, hours, booked):
    rule(cast, hours)
    book(cast, at=booked)
    deliver_all(booked)
    assert not Reminder.objects.exists()


def test_quiet_hours_hold_it_back(cast, provider, deliver_all):
    rule(cast, 49)
    book(cast)
    deliver_all(NOON)
    assert send(DUE - timedelta(hours=1)) == 0
    assert send(DUE) == 1


EVENING = MONDAY - timedelta(hours=12, minutes=15)
"""Sunday, 19:45 in Paris."""


@pytest.mark.parametrize("changed", [False, True])
def test_of_a_visit_early_in_the_morning_he_is_reminded_the_evening_before(cast, provider, deliver_all, changed):
    """Four hours before is four at night, and at 8:00 he would have to be there."""
    rule(cast, 48 if changed else 4)
    book(cast)
    deliver_all(NOON)
    if changed:
        rule(cast, 4, at=DUE - timedelta(hours=2))
    assert Reminder.objects.get().next_attempt_at == EVENING
    assert (send(EVENING - timedelta(minutes=1)), send(EVENING)) == (0, 1)
    assert len(told(provider)) == 1
    assert reply("2", at=EVENING + timedelta(minutes=5))
    deliver_all(EVENING + timedelta(minutes=5))
    assert state() is AppointmentState.CANCELLED


def test_who_books_in_the_night_before_is_reminded_as_nobody_sleeps_any_more(cast, provider, deliver_all):
    rule(cast, 4)
    late = EVENING + timedelta(hours=2)
    book(cast, 40, at=late)
    deliver_all(late)
    assert Reminder.objects.get().next_attempt_at == MONDAY


def test_by_mail_where_he_agreed_to_mail_alone(cast, provider, relay, deliver_all):
    patient_says(cast, mail=True)
    rule(cast, 48, named=True)
    book(cast)
    deliver_all(NOON)
    assert send(relay=relay) == 1
    envelope = relay.taken[0]
    assert envelope.rcpt_tos == ["jeanne@jeanne.example"]
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    text = mail.get_body(("plain",)).get_content()
    assert link() in text
    assert Client.objects.get(pk=int(cast.cabinet.id)).name in text
    whole = f"{mail['Subject']} {text} {mail.get_body(('html',)).get_content()}"
    assert not [word for word in ("Consultation", "Dr ", "Hoffmann", "HOFFMANN") if word in whole]
    assert (Reminder.objects.get().channel, Sms.objects.count()) == ("email", 0)


def test_a_relay_that_is_away_is_asked_again(cast, provider, relay, deliver_all):
    patient_says(cast, mail=True)
    book(cast)
    deliver_all(NOON)
    assert send() == 1
    assert send(DUE + timedelta(minutes=1), relay) == 1
    assert (Reminder.objects.get().state, Reminder.objects.get().attempts) == (ReminderState.SENT, 2)


def test_who_agreed_to_nothing_is_written_to_by_nobody(cast, provider, relay, deliver_all):
    patient_says(cast)
    book(cast)
    deliver_all(NOON)
    assert send(relay=relay) == 1
    assert (Reminder.objects.get().state, relay.taken, provider.asked) == (ReminderState.UNREACHABLE, [], [])


def test_the_page_shows_and_posts_act(cast, provider, deliver_all, clock):
    book(cast)
    deliver_all(NOON)
    send()
    address, browser = f"/r/{link()}", Browser()
    shown = browser.get(address)
    html = shown.content.decode()
    assert (shown.status_code, shown["X-Robots-Tag"]) == (200, "noindex, nofollow")
    assert "8\u00a0h<" in html
    assert not [word for word in ("Consultation", "Dupont", "Hoffmann", "HOFFMANN") if word in html]
    assert state() is AppointmentState.BOOKED
    for _ in range(2):
        assert browser.post(address, {"act": "confirm"}).status_code == 303
    assert state() is AppointmentState.CONFIRMED
    assert browser.post(address, {"act": "cancel"}).status_code == 303
    assert state() is AppointmentState.CANCELLED
    assert browser.post(address, {"act": "confirm"}).status_code == 409
    assert state() is AppointmentState.CANCELLED
    clock.at = MONDAY
    assert browser.get(address).status_code == 410


def test_the_page_asks_before_it_cancels(cast, provider, deliver_all, clock):
    book(cast)
    deliver_all(NOON)
    send()
    address, browser, button = f"/r/{link()}", Browser(), 'value="cancel"'
    assert button not in browser.get(address).content.decode()
    asked = unescape(browser.get(f"{address}?cancel=1&lang=fr").content.decode())
    assert "<h1>Annuler le rendez-vous\u202f?</h1>" in asked
    assert "8\u00a0h<" in asked
    assert button in asked
    assert f'href="{address}?lang=fr">Garder</a>' in asked
    assert state() is AppointmentState.BOOKED
    assert browser.post(address, {"act": "cancel"}).status_code == 303
    assert button not in browser.get(f"{address}?cancel=1").content.decode()  # it is cancelled: nothing to ask


def taken_back(cast, at):
    visits.take_back(key=cast.key(), appointment=Appointment.objects.get().key, by=cast.claire, at=at)
    assert state() is AppointmentState.BOOKED


def test_a_yes_after_the_house_took_the_first_back_is_a_yes_again(cast, provider, deliver_all, clock):
    book(cast)
    deliver_all(NOON)
    send()
    address, browser = f"/r/{link()}", Browser()
    for minutes in (0, 10, 20):
        clock.at = DUE + timedelta(minutes=minutes)
        for _ in range(2):
            assert browser.post(address, {"act": "confirm"}).status_code == 303
        assert state() is AppointmentState.CONFIRMED
        row = Reminder.objects.get()
        assert (row.answer, row.answered_at) == ("yes", clock.at)
        taken_back(cast, clock.at + timedelta(minutes=5))
    clock.at += timedelta(minutes=6)
    assert browser.post(address, {"act": "cancel"}).status_code == 303
    assert state() is AppointmentState.CANCELLED
    noted = AuditEntry.objects.filter(action="appointment.confirmed")
    assert noted.count() == 3


def test_an_answer_by_sms_that_is_heard_again_later_is_not_said_again(cast, provider, deliver_all):
    book(cast)
    deliver_all(NOON)
    send()
    assert reply("1")
    deliver_all(DUE)
    assert state() is AppointmentState.CONFIRMED
    taken_back(cast, DUE + timedelta(minutes=5))
    reminder_operations.act(key=Reminder.objects.get().key, yes=True, at=DUE)
    assert state() is AppointmentState.BOOKED


def test_moved_by_link_to_a_moment_that_is_proposed(cast, provider, deliver_all, clock):
    book(cast)
    deliver_all(NOON)
    send()
    address, browser = f"/r/{link()}", Browser()
    html = browser.get(f"{address}?move=1").content.decode()
    moments = re.findall(r'name="starts" value="([^"]+)"', html)
    key = re.search(r'name="key" value="([^"]+)"', html)[1]
    assert moments
    for wrong in ("2090-01-01T10:00:00+00:00", "x", "2026-12-01T10:00", ""):
        assert browser.post(address, {"act": "move", "starts": wrong, "key": key}).status_code == 409
    assert Appointment.objects.get().starts_at == MONDAY
    assert browser.post(address, {"act": "move", "starts": moments[0], "key": key}).status_code == 303
    assert Appointment.objects.get().starts_at.isoformat() == moments[0]
    assert browser.post(address, {"act": "cancel"}).status_code == 409
    assert state() is AppointmentState.BOOKED


@pytest.mark.parametrize("wrong", ["x", "x-x", "none-none", "-", "é", "a" * 500])
def test_a_link_that_is_not_ours(cast, provider, deliver_all, wrong):
    book(cast)
    deliver_all(NOON)
    key, _dash, signature = link().partition("-")
    other = f"{key[:-1]}{'1' if key[-1] == '0' else '0'}"
    for each in (wrong, f"{key}-", f"{key}-{signature[:-1]}", f"{other}-{signature}"):
        with pytest.raises(ReminderUnknown):
            reminder_operations.answer(link=each, yes=False, at=DUE)
    assert state() is AppointmentState.BOOKED


def test_the_rule_is_the_clients_and_noted(cast):
    with pytest.raises(HoursImpossible):
        rule(cast, 337)
    assert AuditEntry.objects.filter(action="contact.changed", client_key=int(cast.cabinet.id)).count() == 1
