# SPDX-License-Identifier: AGPL-3.0-or-later
"""A combined visit through the doors: the console's grid, FHIR, the doctor's portal, subscribed calendars."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from permanence.agenda.interop import feeds
from permanence.agenda.models import Appointment, SlotHold
from permanence.agenda.operations import appointments
from permanence.agenda.queries.agendas import reasons as reasons_of
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemClock, SystemEntropy
from tests.rooms.agenda_cast import MONDAY, make_agenda_cast, reason
from tests.rooms.fhir_client import System, fixed, stamp, token_for
from tests.rooms.messaging_cast import NOON, person
from tests.rooms.test_console_agenda import GRID, PARIS, START, WHY, act, at_wall, page
from tests.rooms.test_fhir_scheduling import parameters, whom

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_agenda_cast()


@pytest.fixture
def both(cast):
    return reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)


def test_one_act_of_the_console_books_both_and_the_grid_shows_it_in_both(cast, both, browser_of):
    claire = browser_of(cast.claire)
    today = SystemClock().now().astimezone(PARIS).date()
    monday = today + timedelta(days=14 - today.weekday())
    told = json.loads(page(claire, START, client=cast.cabinet.id, patient=cast.jeanne))
    assert next(each["takes"] for each in told["reasons"] if each["id"] == both) == ["Dr Lemaire"]
    asked = {"agenda": cast.dupont, "reason": both, "patient": cast.jeanne}
    starts = at_wall(monday, 9).isoformat()
    kept = act(claire, "hold", key=cast.key(), starts_at=starts, **asked)
    assert kept.status_code == 201, kept.content
    grid = page(claire, GRID, client=cast.cabinet.id, day=monday.isoformat())
    assert grid.count(f'data-key="{kept.json()["hold"]}"') == 2
    made = act(claire, "book", key=cast.key(), starts_at=starts, hold=kept.json()["hold"], **asked)
    assert made.status_code == 201, made.content
    grid = page(claire, GRID, client=cast.cabinet.id, day=monday.isoformat())
    shown = re.findall(rf'<button class="appt ([^"]*)"[^>]*data-key="{made.json()["appointment"]}"[^>]*>', grid)
    assert len(shown) == 2
    assert all("appt--tied" in classes for classes in shown)
    assert "avec Dr Lemaire" in grid
    assert "avec Dr Dupont" in grid
    listed = page(claire, GRID, client=cast.cabinet.id, day=monday.isoformat(), view="list")
    assert "avec Dr Lemaire" in listed
    why = json.loads(page(claire, WHY, agenda=cast.dupont, reason=both, starts_at=starts))
    assert not why["free"]
    moved = act(
        claire, "move", key=cast.key(), appointment=made.json()["appointment"], agenda=cast.lemaire,
        starts_at=at_wall(monday, 10).isoformat(),
    )  # fmt: skip
    assert (moved.status_code, moved.json()["agenda"]) == (200, cast.dupont)


def test_the_reasons_editor_chooses_who_is_taken_too_and_tells_what_it_brings(cast, browser_of):
    olga = browser_of(person("owner@centre.example", "Olga", {Role.SUPERVISOR, Role.OWNER}, by=cast.marc))
    address = reverse("accounts:agenda-reason", args=[cast.cabinet.id, "new"])
    given = {"name": "À deux", "minutes": "20", "way": "practice", "bookable_by": ["secretary"], "colour": "0"}
    given |= {"also": cast.lemaire}
    effect = olga.post(address, {**given, "do": "check"}).context["page"].effect
    assert {row.agenda for row in effect.rows} == {"Dr Dupont"}
    assert olga.post(address, {**given, "do": "save"}).status_code == 302
    [kept] = [each for each in reasons_of(by=cast.marc, client=cast.cabinet.id) if each.name == "À deux"]
    assert kept.also == cast.lemaire
    again = olga.get(reverse("accounts:agenda-reason", args=[cast.cabinet.id, kept.id])).context["form"]
    assert (again["also"].value(), "Dr Weber" in str(again["also"])) == (cast.lemaire, False)
    assert olga.post(address, {**given, "name": "À deux 2", "also": cast.weber_agenda, "do": "save"}).status_code == 422


def test_the_console_is_told_which_of_the_two_refuses(cast, both, browser_of):
    claire = browser_of(cast.claire)
    today = SystemClock().now().astimezone(PARIS).date()
    monday = today + timedelta(days=14 - today.weekday())
    appointments.book(
        key=cast.key(), agenda=cast.lemaire, starts_at=at_wall(monday, 9), booking=cast.booking(), by=cast.claire,
        at=SystemClock().now(),
    )  # fmt: skip
    answer = act(
        claire, "book", key=cast.key(), agenda=cast.dupont, reason=both, patient=cast.jeanne,
        starts_at=at_wall(monday, 9).isoformat(),
    )  # fmt: skip
    assert answer.status_code == 422
    assert "Lemaire" in answer.json()["why"]


def test_fhir_proposes_holds_and_books_with_two_practitioners(cast, both, monkeypatch):
    fixed(monkeypatch)
    system = System(token_for(cast.cabinet.id, by=cast.marc).token)
    people = {f"Practitioner/{cast.cabinet.doctor}", f"Practitioner/{cast.lemaire_recipient}"}

    def actors(resource):
        named = {each["actor"]["reference"] for each in resource["participant"]}
        return {each for each in named if not each.startswith("Patient/")}

    span = {"start": stamp(MONDAY), "end": stamp(MONDAY + timedelta(minutes=1)), "visit-type": both}
    asked = "Appointment/$find?" + "&".join(f"{name}={value}" for name, value in span.items())
    [proposal] = system.get(asked).resources
    assert actors(proposal) == people
    answer = system.post("Appointment/$hold", parameters(appointment_reference=f"Appointment/{proposal['id']}"))
    [held] = answer.resources
    assert (answer.status, actors(held)) == (200, people)
    assert str(SlotHold.objects.get().also_id) == cast.lemaire
    sent = parameters(appointment_reference=f"Appointment/{held['id']}", patient_resource=whom(cast.jeanne))
    answer = system.post("Appointment/$book", sent)
    [booked] = answer.resources
    assert (answer.status, actors(booked)) == (200, people)
    assert str(Appointment.objects.get().also_id) == cast.lemaire
    for recipient in (cast.cabinet.doctor, cast.lemaire_recipient):
        found = system.get(f"Appointment?practitioner=Practitioner/{recipient}").resources
        assert [each["id"] for each in found] == [booked["id"]]
    day = f"start=ge{stamp(MONDAY)}&start=lt{stamp(MONDAY + timedelta(hours=1))}&status=busy"
    busy = [system.get(f"Slot?schedule=Schedule/{each}&{day}").resources for each in (cast.dupont, cast.lemaire)]
    assert [len(each) for each in busy] == [1, 1]
    [one], [two] = busy
    assert one["id"] != two["id"]
    assert two["schedule"]["reference"] == f"Schedule/{cast.lemaire}"
    assert system.get(f"Slot/{two['id']}").body["schedule"] == two["schedule"]


def test_both_doctors_see_it_in_the_portal_and_in_their_calendars_and_either_marks_it(cast, both, browser_of):
    at = SystemClock().now()
    today = at.astimezone(PARIS).date()
    monday = today + timedelta(days=14 - today.weekday())
    visit = appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=at_wall(monday, 9), booking=cast.booking(reason=both),
        by=cast.claire, at=at,
    )  # fmt: skip
    for who, agenda in ((cast.dr_dupont, cast.dupont), (cast.dr_lemaire, cast.lemaire)):
        day = reverse("portal_day_of", args=[cast.cabinet.id, agenda])
        shown = browser_of(who).get(f"{day}?day={monday.isoformat()}").content.decode()
        assert "HOFFMANN" in shown
        assert ("Dr Lemaire" if who is cast.dr_dupont else "Dr Dupont") in re.search(r"À deux, [^<]*", shown)[0]
        given = {"label": "x", "names": True, "by": who, "at": NOON, "entropy": SystemEntropy()}
        _made, secret = feeds.make_feed(agenda=agenda, **given)
        assert visit.appointment in feeds.read_feed(secret=secret, at=at).body.decode()
    mark = reverse("portal_visit", args=[cast.cabinet.id, cast.lemaire, visit.appointment, "arrived"])
    assert browser_of(cast.dr_lemaire).post(mark).status_code == 303
    assert Appointment.objects.get().state == "arrived"
