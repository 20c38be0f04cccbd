# SPDX-License-Identifier: AGPL-3.0-or-later
"""Another writer keeps the database, or the agenda, for longer than anybody waits: the act says so by its name."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.db import connection
from django.urls import reverse

from permanence.agenda.models import Appointment, SlotHold
from permanence.agenda.operations import appointments, holds
from permanence.agenda.refusals import AgendaBusy
from permanence.clients import absences
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.messaging_cast import NOON

SHORT = {"sqlite": ("SELECT 1", "SELECT 1"), "postgresql": ("SET lock_timeout = '20ms'", "RESET lock_timeout")}
"""That our own connection does not wait, and then again as before. A database in memory never waits."""
KEEP = {"sqlite": ("BEGIN IMMEDIATE",), "postgresql": ("BEGIN", "SELECT id FROM agenda_agenda FOR UPDATE")}


@pytest.fixture
def cast(transactional_db):
    return make_agenda_cast()


@contextmanager
def agendas_kept_by_another():
    short, again = SHORT[connection.vendor]
    connection.cursor().execute(short)
    other = connection.copy()
    for order in KEEP[other.vendor]:
        other.cursor().execute(order)
    try:
        yield
    finally:
        other.cursor().execute("ROLLBACK")
        other.connection.close()  # Django leaves those of a database in memory open
        connection.cursor().execute(again)


def test_a_hold_that_cannot_be_given_back_now_is_refused_by_name_and_stands(cast):
    slot = {"agenda": cast.dupont, "reason": cast.consultation, "starts_at": after(0), "by": cast.claire}
    kept = holds.hold_slot(key=cast.key(), at=NOON, **slot)
    with agendas_kept_by_another(), pytest.raises(AgendaBusy):
        holds.release_hold(hold=kept.hold, by=cast.claire, at=NOON)
    assert SlotHold.objects.get(key=kept.hold).ended_at is None
    holds.release_hold(hold=kept.hold, by=cast.claire, at=NOON)


def test_the_doctor_reads_that_others_are_booking_and_nothing_is_said_of_a_visit(cast):
    visit = appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=after(0), booking=cast.booking(), by=cast.claire, at=NOON
    ).appointment
    doctor = SignedInBrowser(cast.dr_dupont)
    said = reverse("portal_visit", args=[cast.cabinet.id, cast.dupont, visit, "arrived"])
    with agendas_kept_by_another():
        refused = doctor.post(said, HTTP_ACCEPT_LANGUAGE="en")
    assert refused.status_code == 422
    assert "Others are booking at this moment" in refused.content.decode()
    assert Appointment.objects.get().state == "booked"
    assert doctor.post(said).status_code == 303


def test_the_doctor_reads_that_others_are_booking_when_he_hands_those_booked_over(cast, monkeypatch):
    monkeypatch.setattr("permanence.portal.agenda._CLOCK", SimpleNamespace(now=lambda: NOON))
    appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=after(0), booking=cast.booking(), by=cast.claire, at=NOON
    )
    absence = absences.announce_absence(
        client=cast.cabinet.id,
        starts=after(-60),
        ends=after(600),
        words="Absent.",
        announced_by=cast.claire.person,
        by=cast.claire,
        at=NOON,
    )
    doctor, address = SignedInBrowser(cast.dr_dupont), reverse("portal_booked", args=[cast.cabinet.id, absence])
    with agendas_kept_by_another():
        refused = doctor.post(address, {"wanted": "move"}, HTTP_ACCEPT_LANGUAGE="en")
    assert refused.status_code == 422
    assert "Others are booking at this moment" in refused.content.decode()
    assert doctor.post(address, {"wanted": "move"}).status_code == 303
