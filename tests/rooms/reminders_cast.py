# SPDX-License-Identifier: AGPL-3.0-or-later
"""Patients who are reminded, and answer: a practice that reminds, the provider of SMS, what is sent and said."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from aiosmtpd.controller import Controller

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments
from permanence.agenda.rules.states import AppointmentState
from permanence.callers.models import Patient, PatientNumber
from permanence.dispatch import answer_operations, reminder_operations, reminder_tasks, sms_tasks
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.channels.sms.http import Incoming
from permanence.dispatch.models import Reminder
from permanence.dispatch.reminder_operations import link_of
from permanence.kernel.system import SystemEntropy
from tests.processes import free_port
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_sms import BEARER, JEANNES, describe, served

DUE = MONDAY - timedelta(hours=48)
"""Saturday, 8:00 in Paris."""


@pytest.fixture
def cast():
    made = make_agenda_cast()
    rule(made, 48)
    patient_says(made, sms=True)
    return made


@pytest.fixture
def provider(settings, tmp_path):
    with served() as asked:
        describe(settings, tmp_path, BEARER, asked.url)
        yield asked


@pytest.fixture
def relay():
    taken = []

    class Handler:
        async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
            taken.append(envelope)
            return "250 taken"

    running = Controller(Handler(), hostname="127.0.0.1", port=free_port())
    running.start()
    yield SimpleNamespace(taken=taken, settings=RelaySettings(host="127.0.0.1", port=running.port))
    running.stop()


def rule(cast, hours, *, named=False, at=NOON):
    reminder_operations.change_contact_rule(
        client=cast.cabinet.id,
        names_practice=named,
        remind_hours=hours,
        by=cast.claire,
        at=at,
        entropy=SystemEntropy(),
    )


def patient_says(cast, *, sms=False, mail=False):
    row = Patient.objects.get(pk=int(cast.jeanne))
    agreed = {"sms_agreed_at": NOON if sms else None, "mail_agreed_at": NOON if mail else None}
    Patient.objects.filter(pk=row.pk).update(mail="jeanne@jeanne.example", language="fr", **agreed)
    owner = {"house_id": row.house_id, "client_id": row.client_id, "patient": row}
    PatientNumber.objects.get_or_create(number=JEANNES, **owner)


def book(cast, minutes=0, *, at=NOON, **more):
    return appointments.book(
        key=cast.key(),
        agenda=cast.dupont,
        starts_at=after(minutes),
        booking=cast.booking(**more),
        by=cast.claire,
        at=at,
    )


def send(at=DUE, relay=None):
    taken = reminder_tasks.run_reminders(
        at=at, relay=relay.settings if relay else RelaySettings(host="127.0.0.1", port=1)
    )
    sms_tasks.run_sms(at=at)
    return taken


def reply(text, at=DUE):
    return answer_operations.take_reply(Incoming(number=JEANNES, text=text), at=at, entropy=SystemEntropy())


def state():
    return AppointmentState(Appointment.objects.get().state)


def link():
    return link_of(Reminder.objects.latest("pk").key).rpartition("/")[2]


def told(asked):
    return [body.decode() for _path, _headers, body in asked.asked]
