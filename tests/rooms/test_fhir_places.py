# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where an Appointment is: a Location of the practice, or one of its own for a visit by video or at a home (FHIR R4 has
no other element for it). Every answer is checked against the definitions by `fhir_client`.
"""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments
from permanence.agenda.rules.answers import ADDRESS
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.states import CancelCause
from permanence.api.fhir import gate
from permanence.callers.models import Patient
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.fhir_client import System, fixed, stamp, token_for
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_fhir_export import taken_out
from tests.rooms.test_fhir_scheduling import booked as booked_here
from tests.rooms.test_fhir_scheduling import parameters, proposed, reference, whom
from tests.rooms.test_visit_places import LINK, booked, by_way, sites, two_sites

pytestmark = pytest.mark.django_db
LILAC, PARK = "3 rue des Lilas", "9 avenue du Parc"


@pytest.fixture
def cast():
    return make_agenda_cast()


@pytest.fixture
def clock(monkeypatch):
    found = fixed(monkeypatch)
    monkeypatch.setattr(gate, "EXPORTS", gate.Rate(gate.EXPORTS_A_MINUTE, found))
    return found


@pytest.fixture
def system(cast, clock):
    return System(token_for(cast.cabinet.id, by=cast.marc).token)


def with_scopes(cast, *scopes):
    return System(token_for(cast.cabinet.id, by=cast.marc, scopes=scopes).token)


def there(resource):
    """The Locations that take part, as they are named; what they are must be accepted like everybody's part."""
    found = [each for each in resource["participant"] if "Location" in str(each["actor"]) or "#" in str(each["actor"])]
    assert all(each["required"] == "required" for each in found)
    assert {each["status"] for each in resource["participant"]} == {found[0]["status"]} if found else True
    return [each["actor"] for each in found]


def at_home(cast, minutes=240, **more):
    by_way(cast, Way.HOME)
    return booked(cast, after(minutes), **more)


def of(visit):
    return f"Appointment/a.{visit.appointment}"


# a site of the practice


def test_an_appointment_names_the_site_of_its_opening(cast, system):
    at = two_sites(cast)
    found = system.get(of(booked(cast, after(400))))
    assert there(found) == [{"reference": f"Location/{at['Meinau']}", "display": "Meinau"}]
    assert "contained" not in found.body
    assert system.get(there(found)[0]["reference"])["address"] == {"text": "1 rue de Meinau"}
    assert [there(each) for each in system.get("Appointment").resources] == [there(found)]


def test_the_only_site_is_named_and_none_where_none_is_known(cast, system):
    visit = booked(cast, after(40))
    assert there(system.get(of(visit))) == []
    at = sites(cast, "Neudorf")
    assert there(system.get(of(visit))) == [{"reference": f"Location/{at['Neudorf']}", "display": "Neudorf"}]


def test_what_is_proposed_held_and_booked_is_at_the_site_that_it_will_be(cast, system):
    at = two_sites(cast)
    place = [{"reference": f"Location/{at['Meinau']}", "display": "Meinau"}]
    assert [there(each) for each in proposed(cast, system, 400).resources] == [place]
    named = parameters(appointment_reference=reference(cast, system, 400))
    held = system.post("Appointment/$hold", named).resources[0]
    assert there(held) == there(system.get(f"Appointment/{held['id']}").body) == place
    book = parameters(appointment_reference=f"Appointment/{held['id']}", patient_resource=whom(cast.jeanne))
    assert there(system.post("Appointment/$book", book).resources[0]) == place


def test_it_is_moved_with_the_place_that_was_read_and_to_no_other(cast, system):
    at = two_sites(cast)
    visit = booked_here(cast, system, 400)
    path, seen = f"Appointment/{visit['id']}", {"If-Match": f'W/"{visit["meta"]["versionId"]}"'}
    elsewhere = json.loads(json.dumps(visit).replace(f"Location/{at['Meinau']}", f"Location/{at['Neudorf']}"))
    later = {"start": stamp(after(420)), "end": stamp(after(440))}
    refused = system.put(path, elsewhere | later, **seen)
    assert (refused.status, refused["issue"][0]["expression"]) == (422, ["Appointment.participant"])
    moved = system.put(path, visit | later, **seen)
    assert (moved.status, moved["start"]) == (200, stamp(after(420)))


def elsewhere(resource, place):
    """The same with another place among who takes part."""
    kept = [each for each in resource["participant"] if "Location" not in str(each["actor"])]
    return resource | {"participant": [*kept, {"actor": {"reference": place}, "status": "needs-action"}]}


@pytest.mark.parametrize("was", ["proposed", "held"])
def test_it_is_booked_at_the_place_that_was_said_and_at_no_other(cast, system, was):
    at = two_sites(cast)
    named = proposed(cast, system, 400).resources[0]
    if was == "held":
        kept = parameters(appointment_reference=f"Appointment/{named['id']}")
        named = system.post("Appointment/$hold", kept).resources[0]
    given = {"patient_resource": whom(cast.jeanne)}
    for wrong in (f"Location/{at['Neudorf']}", f"https://elsewhere.example/Location/{at['Meinau']}", "#place"):
        refused = system.post("Appointment/$book", parameters(appointment_resource=elsewhere(named, wrong), **given))
        assert (refused.status, refused["issue"][0]["expression"]) == (422, ["Appointment.participant"])
    assert not Appointment.objects.exists()
    right = f"http://testserver/fhir/Location/{at['Meinau']}"
    made = system.post("Appointment/$book", parameters(appointment_resource=elsewhere(named, right), **given))
    assert there(made.resources[0]) == [{"reference": f"Location/{at['Meinau']}", "display": "Meinau"}]


# by video


def test_a_visit_by_video_has_its_link_once_it_is_booked(cast, system):
    sites(cast, "Neudorf")
    by_way(cast, Way.TELE, video_link=LINK)
    before = proposed(cast, system, 240)
    assert LINK not in str(before.body)
    [place] = before.resources[0]["contained"]
    assert (place["resourceType"], place["name"], there(before.resources[0])) == (
        "Location", "Video", [{"reference": f"#{place['id']}"}],
    )  # fmt: skip
    patient = {"actor": {"reference": f"Patient/{cast.jeanne}"}, "status": "accepted"}
    named = before.resources[0] | {"participant": [patient]}
    wrong = named | {"contained": [place | {"name": "Zoom"}]}
    assert system.post("Appointment/$book", parameters(appointment_resource=wrong)).status == 422
    visit = system.post("Appointment/$book", parameters(appointment_resource=named)).resources[0]
    [room] = visit["contained"]
    assert room["telecom"] == [{"system": "url", "value": LINK}]
    assert there(visit) == [{"reference": f"#{room['id']}"}]
    assert system.get(f"Appointment/{visit['id']}").body == visit
    seen = {"If-Match": f'W/"{visit["meta"]["versionId"]}"'}
    later = visit | {"start": stamp(after(260)), "end": stamp(after(280))}
    other = later | {"contained": [room | {"telecom": [{"system": "url", "value": "https://evil.example"}]}]}
    refused = system.put(f"Appointment/{visit['id']}", other, **seen)
    assert (refused.status, refused["issue"][0]["expression"]) == (422, ["Appointment.contained"])
    assert system.put(f"Appointment/{visit['id']}", later, **seen)["start"] == stamp(after(260))


def test_the_place_is_said_in_codes_not_in_a_language(cast, system):
    by_way(cast, Way.TELE)
    visit = booked(cast, after(240))
    said = [system.get(of(visit), **{"Accept-Language": each}).body for each in ("fr", "de", "en")]
    assert said[0] == said[1] == said[2]


# at a home


def test_a_visit_at_home_is_where_it_was_said_to_be_else_where_he_lives(cast, system):
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=PARK)
    said, lives = at_home(cast, 240, said={ADDRESS: LILAC}), booked(cast, after(280), said={})
    for visit, line in ((said, LILAC), (lives, PARK)):
        [place] = system.get(of(visit))["contained"]
        assert place["address"] == {"use": "home", "text": line}
        assert place["type"][0]["coding"][0]["code"] == "PTRES"
        assert there(system.get(of(visit))) == [{"reference": f"#{place['id']}"}]
    found = system.get("Appointment").resources
    assert [each["contained"][0]["address"]["text"] for each in found] == [LILAC, PARK]


def test_who_may_only_book_is_told_no_home(cast, clock):
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=PARK)
    visit, system = at_home(cast, said={ADDRESS: LILAC}), with_scopes(cast, "book")
    wanted = {"resourceType": "Appointment", "id": f"a.{visit.appointment}", "status": "booked"}
    later = {"start": stamp(after(280)), "end": stamp(after(300))}
    moved = system.post("Appointment/$book", parameters(appointment_resource=wanted | later)).resources[0]
    assert (moved["start"], "address" in moved["contained"][0]) == (stamp(after(280)), False)
    assert not [each for each in (LILAC, PARK) if each in str(moved)]
    again = moved | {"start": stamp(after(300)), "end": stamp(after(320))}
    seen = {"If-Match": f'W/"{moved["meta"]["versionId"]}"'}
    assert system.put(f"Appointment/{moved['id']}", again, **seen)["start"] == stamp(after(300))


def test_taken_time_and_what_was_cancelled_say_no_place(cast, system):
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=PARK)
    visit = at_home(cast, said={ADDRESS: LILAC})
    slots = system.get(f"Slot?start={stamp(after(0))[:10]}&status=busy")
    assert len(slots.resources) == 1
    assert not [each for each in (LILAC, PARK, "contained") if each in str(slots.body)]
    appointments.cancel(
        key=cast.key(), appointment=visit.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=NOON
    )
    gone = system.get(of(visit))
    assert (gone["status"], "contained" in gone.body, there(gone)) == ("cancelled", False, [])


def test_the_practice_that_is_taken_out_has_the_places(cast, clock):
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=PARK)
    at_home(cast, 240, said={ADDRESS: LILAC}), booked(cast, after(280), said={})
    _bundle, found = taken_out(with_scopes(cast, "export"))
    visits = [each["resource"] for (kind, _id), each in found.items() if kind == "Appointment"]
    assert [each["contained"][0]["address"]["text"] for each in visits] == [LILAC, PARK]


def test_however_many_visits_at_home_the_same_questions_are_asked(cast, system):
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=PARK)
    at_home(cast, 240, said={ADDRESS: LILAC}), booked(cast, after(260), said={})
    counts = []
    for minutes in (280, 300):
        with CaptureQueriesContext(connection) as caught:
            assert len(system.get("Appointment").resources) == len(counts) + 2
        counts.append(len(caught))
        booked(cast, after(minutes), said={})
    assert counts[0] == counts[1]
