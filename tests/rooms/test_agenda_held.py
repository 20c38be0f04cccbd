# SPDX-License-Identifier: AGPL-3.0-or-later
"""A time that is held by any door is taken by no other one: it is refused by its name, and nothing is written."""

import json
from datetime import UTC, timedelta

import pytest
from django.test import Client as Browser

from permanence.agenda.models import (
    AgendaAct,
    Appointment,
    Block,
    CalendarObject,
    Occupancy,
    PublicForm,
    Series,
    SlotHold,
)
from permanence.agenda.operations.importing import import_lines
from permanence.agenda.rules.imports import ImportLine
from permanence.callers.models import Patient
from permanence.foundation.models import OutboxEvent
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemClock
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.fhir_client import token_for
from tests.rooms.messaging_cast import person
from tests.rooms.public_cast import SLUG, Hands, Visitor, switch_on
from tests.rooms.test_agenda_busy import keeps_free
from tests.rooms.test_agenda_caldav import event, home, phone
from tests.rooms.test_console_agenda import act, at_wall, booked, cast, monday
from tests.rooms.test_fhir_scheduling import parameters, whom
from tests.rooms.test_portal_book import KEY, address, shown

__all__ = ("cast", "monday")

pytestmark = pytest.mark.django_db
CLOCK = SystemClock()
WRITTEN = (
    AgendaAct,
    Appointment,
    Block,
    CalendarObject,
    Occupancy,
    OutboxEvent,
    Patient,
    PublicForm,
    Series,
    SlotHold,
)
JUST_TAKEN = "Somebody has just taken this time."


class Ground:
    """The moment that is held, ten o'clock for twenty minutes, and the doors."""

    def __init__(self, cast, monday, hands):
        self.cast, self.day, self.hands = cast, monday, hands
        self.starts = at_wall(monday, 10)
        switch_on(cast)

    def secretary(self, name):
        who = person(f"{name}@centre.example", name, {Role.SECRETARY}, by=self.cast.marc)
        return SignedInBrowser(who)

    def asked(self, **more):
        where = {"agenda": self.cast.dupont, "reason": self.cast.consultation, "patient": self.cast.paul}
        return {"key": self.cast.key(), **where, "new": "0", "starts_at": self.starts.isoformat(), **more}

    def visitor(self, number):
        return Visitor(self.cast, self.hands, address=f"203.0.113.{number}", language="en")

    def takes(self, visitor):
        self.hands.forward(seconds=20)
        return visitor.post(f"/rdv/{SLUG}/times", **visitor.fields(), starts=self.starts.isoformat())

    def system(self):
        """What it posts, with a token of its own; that answers are valid FHIR is tested elsewhere."""
        token = token_for(self.cast.cabinet.id, by=self.cast.marc, at=CLOCK.now()).token
        browser = Browser(headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"})
        return lambda path, body: browser.post(f"/fhir/{path}", json.dumps(body), "application/fhir+json")

    @property
    def proposal(self):
        at = self.starts.astimezone(UTC)
        return f"Appointment/p.{self.cast.dupont}.{self.cast.consultation}.{at:%Y%m%dT%H%M%SZ}"


@pytest.fixture
def ground(cast, monday, monkeypatch):
    hands = Hands(at=CLOCK.now())
    monkeypatch.setattr("permanence.booking.parts.CLOCK", hands)
    return Ground(cast, monday, hands)


def held_for_a_call(ground):
    told = ground.asked(call="call-1", patient=ground.cast.jeanne)
    made = act(SignedInBrowser(ground.cast.claire), "hold", **told)
    assert made.status_code == 201, made.content


def held_by_the_public_page(ground):
    visitor = ground.visitor(1)
    visitor.times(day=ground.day.isoformat())
    assert ground.takes(visitor).status_code == 303, visitor.text()


def held_by_a_system(ground):
    made = ground.system()("Appointment/$hold", parameters(appointment_reference=ground.proposal))
    assert made.status_code == 200


# Each door, prepared: it gives what is done at it, and that says whether it was refused by its name.


def refused_at_console(answer):
    return (answer.status_code, answer.json().get("code")) == (422, "slot_already_taken") and answer.json()["why"]


def another_secretary(what, **more):
    def prepare(ground):
        browser = ground.secretary("anne")
        return lambda: refused_at_console(act(browser, what, **ground.asked(**more)))

    return prepare


def the_same_secretary_for_another_call(ground):
    browser = SignedInBrowser(ground.cast.claire)
    return lambda: refused_at_console(act(browser, "book", **ground.asked(call="call-2")))


def another_secretary_moves(ground):
    visit, browser = booked(ground.cast, ground.day, 15), ground.secretary("anne")
    asked = {"appointment": visit.appointment, "agenda": ground.cast.dupont, "starts_at": ground.starts.isoformat()}
    return lambda: refused_at_console(act(browser, "move", key=ground.cast.key(), **asked))


def another_secretary_blocks(ground):
    browser = ground.secretary("anne")
    asked = {"agenda": ground.cast.dupont, "day": ground.day.isoformat(), "minute": "610", "until": "11h", "words": "X"}
    return lambda: refused_at_console(act(browser, "block", key=ground.cast.key(), **asked))


def the_public_page(ground):
    visitor = ground.visitor(2)
    visitor.times(day=(ground.day + timedelta(days=1)).isoformat())

    def do():
        return ground.takes(visitor).status_code == 409 and JUST_TAKEN in visitor.text()

    return do


def a_system(act, **more):
    def prepare(ground):
        system = ground.system()

        def do():
            given = parameters(appointment_reference=ground.proposal, **{k: of(ground) for k, of in more.items()})
            answer = system(f"Appointment/${act}", given)
            codes = [each["details"]["coding"][0]["code"] for each in answer.json().get("issue", ())]
            return (answer.status_code, codes) == (409, ["slot_already_taken"])

        return do

    return prepare


def a_phone(ground):
    device, at = phone(ground.cast), ground.starts.astimezone(UTC)
    text = event("x", f"{at + timedelta(minutes=10):%Y%m%dT%H%M%SZ}", f"{at + timedelta(hours=1):%Y%m%dT%H%M%SZ}")

    def do():
        answer = device.put(f"{home(ground.cast)}x.ics", text)
        return answer.status_code == 409 and answer.content.strip()

    return do


def the_doctor_books(ground):
    cast, browser = ground.cast, SignedInBrowser(ground.cast.dr_dupont)
    said = {"reason": cast.consultation, "patient": cast.paul, "day": ground.day.isoformat()}
    said |= {"step": "book", "key": KEY.search(shown(cast, browser, **said))[1], "starts": ground.starts.isoformat()}

    def do():
        answer = browser.post(address(cast), said)
        return answer.status_code == 422 and 'id="failed"' in answer.content.decode()

    return do


def the_doctor_keeps_it_free(ground):
    browser = SignedInBrowser(ground.cast.dr_dupont)

    def do():
        answer = keeps_free(browser, ground.cast, ground.day, ground.cast.dupont, **{"from": "10:10", "until": "11:00"})
        return answer.status_code == 422 and "Il y a déjà quelque chose à ce moment" in answer.content.decode()

    return do


def another_product(**said):
    def prepare(ground):
        ends = ground.starts + timedelta(minutes=20)
        line = ImportLine(line=1, starts=ground.starts, ends=ends, **said)

        def do():
            asked = {"agenda": ground.cast.dupont, "lines": [line], "by": ground.cast.claire, "at": CLOCK.now()}
            report = import_lines(write=True, **asked)
            found = [(each.code, [why.code for why in each.why]) for each in report.faults]
            return not report.written and found == [("already_taken", ["held"])]

        return do

    return prepare


HOLDERS = (held_for_a_call, held_by_the_public_page, held_by_a_system)
DOORS = {
    "console books": another_secretary("book"),
    "console holds": another_secretary("hold"),
    "console overbooks": another_secretary("overbook", words="urgence"),
    "console moves": another_secretary_moves,
    "console blocks": another_secretary_blocks,
    "console, another call": the_same_secretary_for_another_call,
    "public page": the_public_page,
    "$book": a_system("book", patient_resource=lambda ground: whom(ground.cast.paul)),
    "$hold": a_system("hold"),
    "CalDAV": a_phone,
    "portal books": the_doctor_books,
    "portal keeps free": the_doctor_keeps_it_free,
    "import of busy time": another_product(note="Réunion"),
    "import of a visit": another_product(name="Neu", first_name="Anne", reason="Consultation"),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("hold", HOLDERS)
def test_what_is_held_by_one_door_is_taken_by_no_other(ground, hold, door):
    attempt = DOORS[door](ground)
    hold(ground)
    assert SlotHold.objects.get().starts_at == ground.starts
    before = [list(each.objects.order_by("pk").values()) for each in WRITTEN]
    assert attempt()
    assert [list(each.objects.order_by("pk").values()) for each in WRITTEN] == before


@pytest.mark.parametrize("door", DOORS)
def test_each_door_takes_what_nobody_holds(ground, door):
    """Or the test above would be green for a door that takes nothing at all."""
    attempt = DOORS[door](ground)
    before = Occupancy.objects.count(), Appointment.objects.filter(starts_at=ground.starts).count()
    assert not attempt()
    assert (Occupancy.objects.count(), Appointment.objects.filter(starts_at=ground.starts).count()) != before
