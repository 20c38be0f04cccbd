# SPDX-License-Identifier: AGPL-3.0-or-later
"""Another writer keeps the database, or the agenda, for longer than anybody waits: the act says so by its name."""

import re
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from permanence.agenda.models import Agenda, Appointment, FollowUp, SlotHold
from permanence.agenda.operations import acts, appointments, day, holds
from permanence.agenda.refusals import AgendaBusy
from permanence.agenda.rules.follow_ups import Wanted
from permanence.clients import absences
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, offered, person, pursue, waits

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


@pytest.fixture
def booked_in_an_absence(cast, monkeypatch):
    """The visit, and the absence that was announced over it; the screens' clocks stand."""
    for module in ("follow_ups", "left_booked", "waiting"):
        monkeypatch.setattr(f"permanence.console.{module}._CLOCK", SimpleNamespace(now=lambda: NOON))
    visit = appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=after(0), booking=cast.booking(), by=cast.claire, at=NOON
    ).appointment
    absence = absences.announce_absence(
        client=cast.cabinet.id,
        starts=after(-60),
        ends=after(600),
        words="Absent.",
        announced_by=cast.claire.person,
        by=cast.claire,
        at=NOON,
    )
    return visit, absence


def told_that_others_are_booking(secretary, address, **said):
    with agendas_kept_by_another():
        answer = secretary.post(address, said, HTTP_ACCEPT_LANGUAGE="en")
    if answer.status_code != 422:
        assert answer.status_code == 302
        answer = secretary.get(answer["Location"], HTTP_ACCEPT_LANGUAGE="en")
    assert "Others are booking at this moment" in answer.content.decode()


@pytest.mark.parametrize("outcome", ["called", "kept", "cancelled"])
def test_the_work_list_says_that_others_are_booking_and_keeps_the_entry(cast, booked_in_an_absence, outcome):
    _visit, absence = booked_in_an_absence
    day.ask_follow_up(client=cast.cabinet.id, absence=absence, wanted=Wanted.CALL, by=cast.marc, at=NOON)
    secretary, row = SignedInBrowser(cast.claire), FollowUp.objects.get()
    address = reverse("console:follow-up", args=[row.pk])
    told_that_others_are_booking(secretary, address, outcome=outcome)
    assert FollowUp.objects.get().done_at is None
    assert secretary.post(address, {"outcome": outcome}).status_code == 302
    assert FollowUp.objects.get().outcome == outcome


def test_that_he_comes_all_the_same_is_said_and_taken_back_once_others_have_booked(cast, booked_in_an_absence):
    visit, absence = booked_in_an_absence
    secretary = SignedInBrowser(cast.claire)
    address = reverse("console:left-booked", args=[absence, visit])
    told_that_others_are_booking(secretary, address)
    secretary.post(address)
    kept = FollowUp.objects.get()
    back = reverse("console:follow-up-back", args=[kept.pk])
    told_that_others_are_booking(secretary, back)
    assert FollowUp.objects.get().outcome == "kept"


@pytest.mark.parametrize("answer", ["take", "decline"])
def test_what_he_says_of_an_offer_is_said_once_more_when_others_are_booking(cast, deliver_all, monkeypatch, answer):
    monkeypatch.setattr("permanence.console.waiting._CLOCK", SimpleNamespace(now=lambda: LATER))
    monkeypatch.setattr("permanence.console.follow_ups._CLOCK", SimpleNamespace(now=lambda: LATER))
    deliver_all(NOON)
    gone, place = booked(cast, after(0)), waits(cast, person(cast, "First"))
    cancelled(cast, gone)
    pursue(deliver_all, LATER)
    secretary = SignedInBrowser(cast.claire)
    told_that_others_are_booking(secretary, reverse("console:waiting-offer", args=[last_offer().key]), act=answer)
    told_that_others_are_booking(secretary, reverse("console:waiting-place", args=[place]), act="withdraw")
    assert offered() == [("First", "open")]


def test_what_changes_for_all_agendas_of_a_client_is_written_in_the_order_of_every_other_act(cast):
    Agenda.objects.filter(pk=int(cast.dupont)).update(name="Zacharie")  # by name he would be the last
    with CaptureQueriesContext(connection) as asked:
        acts.renew(client=cast.cabinet.id, at=NOON)
    written = [re.search(r'^UPDATE "agenda_agenda" .* = (\d+)$', each["sql"]) for each in asked]
    assert [each[1] for each in written if each] == [cast.dupont, cast.lemaire]
