# SPDX-License-Identifier: AGPL-3.0-or-later
"""An Appointment that comes in names its slot: where a practitioner has several agendas it says which is meant."""

import pytest

from permanence.agenda.models import Appointment, VisitReason
from permanence.agenda.operations import setting
from tests.rooms.agenda_cast import after, make_agenda_cast, opened
from tests.rooms.fhir_client import System, fixed, stamp, token_for
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_fhir_scheduling import booked, held, kept, parameters, proposed, whom

pytestmark = pytest.mark.django_db
LATER = {"start": stamp(after(60)), "end": stamp(after(80))}


@pytest.fixture
def agendas():
    return make_agenda_cast()


@pytest.fixture
def system(agendas, monkeypatch):
    fixed(monkeypatch)
    return System(token_for(agendas.cabinet.id, by=agendas.marc).token)


@pytest.fixture
def second(agendas):
    """Dr Lemaire has another agenda, which comes first by name."""
    return opened(agendas.cabinet.id, agendas.lemaire_recipient, "Ambulatoire", by=agendas.claire)


def free(agendas, agenda, minutes=60, reason=""):
    """The free slot of that agenda, as a search of Slots gives it."""
    at = after(minutes).strftime("%Y%m%dT%H%M%SZ")
    return {"slot": [{"reference": f"Slot/f.{agenda}.{reason or agendas.consultation}.{at}"}]}


def of(visit, *practitioners):
    """Who takes part: the patient, and these instead of his practitioner."""
    taking = [{"actor": {"reference": f"Practitioner/{each}"}, "status": "accepted"} for each in practitioners]
    return {"participant": [visit["participant"][0], *taking]}


def put(system, visit, *changes):
    wanted = dict(visit)
    for each in changes:
        wanted |= each
    return system.put(f"Appointment/{visit['id']}", wanted, **{"If-Match": f'W/"{visit["meta"]["versionId"]}"'})


def stands():
    row = Appointment.objects.get()
    return str(row.agenda_id), row.starts_at


def test_a_visit_goes_into_the_agenda_of_the_slot_that_is_named(agendas, system, second):
    visit = booked(agendas, system)
    found = system.get(
        f"Slot?start=ge{stamp(after(60))}&start=lt{stamp(after(61))}&schedule=Schedule/{second}"
    ).resources
    [slot] = [each for each in found if f".{agendas.consultation}." in each["id"]]
    named = {"slot": [{"reference": f"http://testserver/fhir/Slot/{slot['id']}"}]}
    moved = put(system, visit, LATER, of(visit, agendas.lemaire_recipient), named)
    assert (moved.status, stands()) == (200, (second, after(60)))
    again = put(system, visit, LATER, of(visit, agendas.lemaire_recipient), named)
    assert (again.status, again.body) == (200, moved.body)
    back = put(system, moved.body, LATER, free(agendas, agendas.lemaire))
    assert (back.status, stands()) == (200, (agendas.lemaire, after(60)))


def test_where_several_agendas_fit_it_has_to_say_which(agendas, system, second):
    visit, before = booked(agendas, system), kept()
    refused = put(system, visit, LATER, of(visit, agendas.lemaire_recipient))
    assert (refused.status, refused.codes) == (422, ["agenda_unclear"])
    assert refused["issue"][0]["expression"] == ["Appointment.slot"]
    assert kept() == before
    closed = {"step": 5, "closed_on_holidays": True, "overbookings_per_day": 0, "active": False}
    setting.change_agenda(agenda=second, name="Ambulatoire", by=agendas.claire, at=NOON, **closed)
    assert put(system, visit, LATER, of(visit, agendas.lemaire_recipient)).status == 200
    assert stands() == (agendas.lemaire, after(60))


def test_a_visit_whose_practitioner_stays_stays_in_its_agenda(agendas, system, second):
    visit = booked(agendas, system)
    named = free(agendas, second), of(visit, agendas.lemaire_recipient)
    there = put(system, visit, LATER, *named).body
    later = {"start": stamp(after(100)), "end": stamp(after(120))}
    assert put(system, there, later).status == 200
    assert stands() == (second, after(100))


def test_slot_time_and_people_who_contradict_each_other_change_nothing(agendas, system, second):
    visit, before = booked(agendas, system), kept()
    lemaire = of(visit, agendas.lemaire_recipient)
    for changes in (
        (free(agendas, second, 80), lemaire),
        (free(agendas, second),),
        (free(agendas, second), of(visit, agendas.cabinet.doctor)),
        (free(agendas, agendas.dupont), lemaire),
        (free(agendas, second, reason=agendas.tracing), lemaire),
    ):
        refused = put(system, visit, LATER, *changes)
        assert (refused.status, refused.codes) == (422, ["contradictory"]), changes
    both = {"slot": [*free(agendas, second)["slot"], *free(agendas, agendas.lemaire)["slot"]]}
    for named in (both, {"slot": [{"reference": "Slot/b.other-other-other"}]}):
        refused = put(system, visit, LATER, named, lemaire)
        assert (refused.status, refused.codes) == (422, ["slot_not_free"])
    for reference in ("Schedule/1", "Slot/", "https://elsewhere.example/Slot/f.1.1.20261130T080000Z"):
        assert put(system, visit, LATER, {"slot": [{"reference": reference}]}).status == 422
    foreign = {"actor": {"reference": "https://elsewhere.example/fhir/Practitioner/1"}, "status": "accepted"}
    assert put(system, visit, LATER, {"participant": [visit["participant"][0], foreign]}).status == 422
    assert kept() == before


def test_the_slot_of_another_client_is_not_there(agendas, system):
    visit, before = booked(agendas, system), kept()
    refused = put(system, visit, LATER, free(agendas, agendas.weber_agenda))
    assert (refused.status, kept()) == (404, before)


@pytest.mark.parametrize("was", ["proposed", "held"])
def test_it_is_booked_as_it_was_proposed_and_not_otherwise(agendas, system, second, was):
    named = proposed(agendas, system).resources[0] if was == "proposed" else held(agendas, system)
    given, before = {"patient_resource": whom(agendas.jeanne)}, kept()
    lemaire = {"actor": {"reference": f"Practitioner/{agendas.lemaire_recipient}"}, "status": "needs-action"}
    for change in (
        free(agendas, second, 0),
        free(agendas, agendas.dupont, 60),
        LATER,
        {"end": stamp(after(40))},
        {"participant": [lemaire]},
        {"participant": [{"actor": {"reference": "Patient/999999"}, "status": "needs-action"}]},
        {"serviceType": [{"text": "Autre chose"}]},
    ):
        refused = system.post("Appointment/$book", parameters(appointment_resource=named | change, **given))
        assert (refused.status, refused.codes) == (422, ["contradictory"]), change
    assert kept() == before
    made = system.post("Appointment/$book", parameters(appointment_resource=named, **given))
    assert (made.status, stands()) == (200, (agendas.dupont, after(0)))


def test_the_same_request_sent_again_is_answered_also_where_the_reason_is_another_one_by_now(agendas, system):
    """What stands there already by it is not compared with what would be proposed today."""
    named = proposed(agendas, system).resources[0]
    assert "end" in named
    wanted = parameters(appointment_resource=named, patient_resource=whom(agendas.jeanne))
    made = system.post("Appointment/$book", wanted)
    VisitReason.objects.update(minutes=45, minutes_new=45)
    again = system.post("Appointment/$book", wanted)
    assert (made.status, again.status) == (200, 200)
    assert again.resources == made.resources
    assert Appointment.objects.count() == 1
    other = system.post(
        "Appointment/$book", parameters(appointment_resource=named, patient_resource=whom(agendas.paul))
    )
    assert (other.status, other.codes) == (422, ["contradictory"])


def test_the_statement_says_what_a_slot_that_is_named_does(system):
    [rest] = System().get("metadata")["rest"]
    [told] = [each["documentation"] for each in rest["resource"] if each["type"] == "Appointment"]
    assert "agenda_unclear" in told
    assert "contradictory" in told
