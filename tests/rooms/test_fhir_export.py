# SPDX-License-Identifier: AGPL-3.0-or-later
"""A practice taken out whole: one valid Bundle, everything of it and nothing of others, noted, with its own right."""

import json

import pytest

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, blocks
from permanence.agenda.queries import interface
from permanence.agenda.rules.states import CancelCause
from permanence.api.fhir import export, gate
from permanence.callers import by_traits
from permanence.callers.models import Patient
from permanence.clients.models import Client, Site
from permanence.foundation.models import AuditEntry
from tests.rooms.agenda_cast import after, make_agenda_cast, patient
from tests.rooms.fhir_client import System, fixed, token_for, valid
from tests.rooms.messaging_cast import NOON

pytestmark = pytest.mark.django_db
PATH = "$export-practice"
WEEK = {"start": "2026-11-30", "end": "2026-12-06"}


@pytest.fixture
def agendas():
    return make_agenda_cast()


@pytest.fixture
def clock(monkeypatch):
    found = fixed(monkeypatch)
    monkeypatch.setattr(gate, "EXPORTS", gate.Rate(gate.EXPORTS_A_MINUTE, found))
    return found


def systems(agendas, *scopes):
    return System(token_for(agendas.cabinet.id, by=agendas.marc, scopes=scopes).token)


@pytest.fixture
def system(agendas, clock):
    return systems(agendas, "export")


def asked(**given):
    named = [{"name": name, "valueDate": value} for name, value in given.items()]
    return {"resourceType": "Parameters", "parameter": named}


def taken_out(system, **given):
    """The Bundle, valid; and its resources by type and id."""
    body = json.dumps(asked(**WEEK | given))
    response = system.browser.post(f"/fhir/{PATH}", body, "application/fhir+json", headers=system.headers)
    assert response.status_code == 200
    assert response.streaming
    found = json.loads(b"".join(response.streaming_content))
    valid(found)
    return found, {(each["resource"]["resourceType"], each["resource"]["id"]): each for each in found["entry"]}


def booked(agendas, minutes, agenda=None, **changes):
    return appointments.book(
        key=agendas.key(), agenda=agenda or agendas.dupont, starts_at=after(minutes),
        booking=agendas.booking(**changes), by=agendas.claire, at=NOON,
    ).appointment  # fmt: skip


@pytest.fixture
def filled(agendas):
    """Two visits, one of them cancelled, one in the week after, a busy time, a site; one at another client."""
    row = Client.objects.get(pk=int(agendas.cabinet.id))
    Site.objects.create(house_id=row.house_id, client=row, name="Cabinet", address="1 rue Haute", position=1)
    kept, gone, later = booked(agendas, 0), booked(agendas, 60), booked(agendas, 7 * 24 * 60, patient=agendas.paul)
    appointments.cancel(key=agendas.key(), appointment=gone, cause=CancelCause.PATIENT, by=agendas.claire, at=NOON)
    booked(agendas, 0, agenda=agendas.weber_agenda, patient=agendas.greta, reason=agendas.webers)
    busy = blocks.block(
        key=agendas.key(), agenda=agendas.lemaire, starts_at=after(120), ends_at=after(180), words="Secret",
        by=agendas.claire, at=NOON,
    ).block  # fmt: skip
    return {"kept": kept, "gone": gone, "later": later, "busy": busy}


def test_everything_of_the_practice_is_in_it_once_and_nothing_of_another(agendas, system, filled):
    bundle, found = taken_out(system)
    assert (bundle["type"], bundle["timestamp"]) == ("collection", "2026-11-24T11:00:00Z")
    assert len(found) == len(bundle["entry"])
    kinds = {kind for kind, _key in found}
    assert kinds == {
        "Practitioner", "PractitionerRole", "Location", "HealthcareService", "Schedule", "Slot", "Appointment",
        "Patient",
    }  # fmt: skip
    for kind, key in found:
        entry = found[kind, key]
        assert entry["fullUrl"] == f"http://testserver/fhir/{kind}/{key}"
    assert {key for kind, key in found if kind == "Appointment"} == {f"a.{filled[each]}" for each in ("kept", "gone")}
    assert {key for kind, key in found if kind == "Slot"} == {f"a.{filled['kept']}", f"b.{filled['busy']}"}
    everybody = {
        str(key) for key in Patient.objects.filter(client=int(agendas.cabinet.id)).values_list("pk", flat=True)
    }
    assert {key for kind, key in found if kind == "Patient"} == everybody
    assert agendas.greta not in everybody
    assert "Secret" not in json.dumps(bundle)


def test_whatever_it_refers_to_is_in_it(system, filled):
    bundle, found = taken_out(system)
    referred = set()

    def look(value):
        if isinstance(value, dict):
            referred.update([value["reference"]] if "reference" in value else [])
            value = list(value.values())
        for each in value if isinstance(value, list) else []:
            look(each)

    look(bundle)
    assert referred
    assert {tuple(each.split("/")) for each in referred} <= set(found)


def test_each_resource_is_the_one_that_is_read(agendas, system, filled):
    _bundle, found = taken_out(system)
    reader = systems(agendas, "read")
    for kind, key in found:
        assert reader.get(f"{kind}/{key}").body == found[kind, key]["resource"]


def test_it_is_read_in_chunks_without_loss(agendas, system, filled, monkeypatch):
    for number in range(5):
        patient(agendas.cabinet.id, f"Patient{number}")
    whole, _found = taken_out(system)
    gate.EXPORTS.clock.seconds += 60
    monkeypatch.setattr(interface, "CHUNK", 1)
    monkeypatch.setattr(by_traits, "CHUNK", 2)
    parts, _found = taken_out(system)
    assert parts == whole


def test_it_stands_in_the_trail_and_needs_its_own_right(agendas, clock, system, filled):
    for scopes in (("read",), ("book",), ("read", "book")):
        refused = systems(agendas, *scopes).post(PATH, asked(**WEEK))
        assert (refused.status, refused.codes) == (403, ["scope_missing"])
    assert System("wrong").post(PATH, asked(**WEEK)).status == 401
    assert not AuditEntry.objects.filter(action="interface.exported").exists()
    taken_out(system)
    noted = AuditEntry.objects.get(action="interface.exported")
    assert (noted.client_key, noted.by_name) == (int(agendas.cabinet.id), "Cabinet web")
    assert noted.detail["since"] == "2026-11-29T23:00:00+00:00"
    assert noted.detail["before"] == "2026-12-06T23:00:00+00:00"
    only = System(token_for(agendas.cabinet.id, by=agendas.marc, scopes=("export",)).token)
    assert only.get("Patient?family=Hoffmann").status == 403


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "span_missing"),
        ({"start": "2026-11-30"}, "span_missing"),
        ({"start": "2026-11-30", "end": "2026-11-29"}, "value_unfit"),
        ({"start": "2026-11-30", "end": "2027-12-15"}, "value_unfit"),
        ({"start": "ge2026-11-30", "end": "2026-12-06"}, "value_unfit"),
        ({"start": "30.11.2026", "end": "2026-12-06"}, "value_unfit"),
        ({"start": "2026-11-30", "end": "9999-12-31"}, "value_unfit"),
        ({"start": "2026-11-30", "end": "2026-12-06", "_type": "Patient"}, "parameter_unknown"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_noted(system, given, code):
    refused = system.post(PATH, asked(**given))
    assert (refused.status, refused.codes) == (400, [code])
    assert system.post(PATH, {"resourceType": "Bundle"}).status in {400, 422}
    assert system.get(PATH).status == 405
    assert not AuditEntry.objects.filter(action="interface.exported").exists()


def test_once_a_minute_and_not_without_bound(system, clock, filled, monkeypatch):
    taken_out(system)
    again = system.post(PATH, asked(**WEEK))
    assert (again.status, again.codes, again.response["Retry-After"]) == (429, ["too_often"], "61")
    clock.seconds += 61
    monkeypatch.setattr(export, "MOST", 4)
    assert system.post(PATH, asked(**WEEK)).codes == ["too_wide"]


def test_the_statement_names_it_and_its_definition_is_told(clock):
    anybody = System()
    (declared,) = anybody.get("metadata")["rest"][0]["operation"]
    definition = anybody.get(declared["definition"])
    assert (definition.status, definition["code"], definition["url"]) == (
        200,
        declared["name"],
        declared["definition"],
    )
    assert {each["name"] for each in definition["parameter"] if each["use"] == "in"} == {"start", "end"}
    assert Appointment.objects.count() == 0
