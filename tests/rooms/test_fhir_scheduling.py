# SPDX-License-Identifier: AGPL-3.0-or-later
"""IHE ITI Scheduling through the door, update by PUT, and bodies nobody should send."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.agenda.models import Appointment, SlotHold
from permanence.agenda.operations import appointments, reasons
from permanence.agenda.queries.agendas import reasons as reasons_of
from permanence.agenda.rules.kinds import Asker, Question, Way
from permanence.callers.merge_operations import merge
from permanence.callers.models import NoShowRule, Patient
from permanence.clients.models import Client
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.fhir_client import System, fixed, stamp, token_for
from tests.rooms.messaging_cast import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def agendas():
    return make_agenda_cast()


@pytest.fixture
def clock(monkeypatch):
    return fixed(monkeypatch)


@pytest.fixture
def system(agendas, clock):
    return System(token_for(agendas.cabinet.id, by=agendas.marc).token)


def parameters(**given):
    found = []
    for word, value in given.items():
        name = word.replace("_", "-")
        if isinstance(value, dict):
            found.append({"name": name, "resource": value})
        elif name == "appointment-reference":
            found.append({"name": name, "valueReference": {"reference": value}})
        else:
            found.append({"name": name, "valueString": value})
    return {"resourceType": "Parameters", "parameter": found}


def proposed(agendas, system, minutes=0, **more):
    """The proposal at that moment of Dr Dupont's."""
    query = {"start": stamp(after(minutes)), "end": stamp(after(minutes + 1)), "visit-type": agendas.consultation}
    query |= {"practitioner": f"Practitioner/{agendas.cabinet.doctor}"} | more
    found = system.get("Appointment/$find?" + "&".join(f"{name}={value}" for name, value in query.items()))
    assert found.status == 200
    return found


def reference(agendas, system, minutes=0):
    return f"Appointment/{proposed(agendas, system, minutes).resources[0]['id']}"


def whom(patient):
    return {"resourceType": "Patient", "id": patient}


def held(agendas, system, minutes=0):
    answer = system.post("Appointment/$hold", parameters(appointment_reference=reference(agendas, system, minutes)))
    assert answer.status == 200
    return answer.resources[0]


def booked(agendas, system, minutes=0):
    answer = system.post(
        "Appointment/$book",
        parameters(appointment_reference=reference(agendas, system, minutes), patient_resource=whom(agendas.jeanne)),
    )
    assert answer.status == 200
    return answer.resources[0]


def kept():
    return {
        table.__name__: list(table._default_manager.order_by("pk").values())
        for table in apps.get_models()
        if table._meta.managed
    }


# find


def test_find_proposes_what_the_rules_offer(agendas, system):
    found = proposed(agendas, system, end=stamp(after(61)))
    assert [each["start"] for each in found.resources] == [stamp(after(minutes)) for minutes in range(0, 61, 5)]
    assert {each["status"] for each in found.resources} == {"proposed"}
    asked = parameters(
        start=stamp(MONDAY),
        end=stamp(after(61)),
        visit_type=agendas.consultation,
        practitioner=f"Practitioner/{agendas.cabinet.doctor}",
    )
    assert system.post("Appointment/$find", asked).body == found.body


def test_find_knows_that_a_new_patient_stays_longer(agendas, system):
    found = proposed(agendas, system, **{"patient-reference": f"Patient/{agendas.paul}"}).resources[0]
    assert (found["start"], found["end"]) == (stamp(MONDAY), stamp(after(30)))


def test_find_for_somebody_who_comes_first_and_what_he_books_is_as_long(agendas, system):
    found = proposed(agendas, system, **{"first-visit": "true"}).resources[0]
    assert (found["start"], found["end"]) == (stamp(MONDAY), stamp(after(30)))
    kept = system.post("Appointment/$hold", parameters(appointment_reference=f"Appointment/{found['id']}")).resources[0]
    assert kept["end"] == found["end"]
    anna = {"resourceType": "Patient", "name": [{"family": "Neu", "given": ["Anna"]}], "birthDate": "1990-01-02"}
    given = parameters(appointment_reference=f"Appointment/{kept['id']}", patient_resource=anna)
    assert system.post("Appointment/$book", given).resources[0]["end"] == found["end"]
    asked = [("start", "valueDate", stamp(MONDAY)[:10]), ("end", "valueDate", stamp(MONDAY)[:10])]
    body = [{"name": name, kind: value} for name, kind, value in [*asked, ("first-visit", "valueBoolean", True)]]
    again = system.post("Appointment/$find", {"resourceType": "Parameters", "parameter": body})
    assert again.resources[0]["id"].endswith(".n")
    assert system.get("Appointment/$find?start=2026-11-30&end=2026-11-30&first-visit=maybe").status == 400


def test_the_tables_are_looked_at_once_however_many_agendas_and_reasons(agendas, system):
    def cost(query):
        with CaptureQueriesContext(connection) as caught:
            assert system.get(f"Appointment/$find?start=2026-11-30&end=2026-12-04{query}").resources
        return len(caught)

    one = f"&practitioner=Practitioner/{agendas.cabinet.doctor}&visit-type={agendas.consultation}"
    assert cost("") == cost(one)


def test_where_nothing_is_free_it_says_why_and_nothing_of_anybody(agendas, system):
    booked(agendas, system)
    found = proposed(agendas, system)
    assert found.resources == []
    told = found["entry"][0]
    assert told["search"]["mode"] == "outcome"
    assert [each["details"]["text"] for each in told["resource"]["issue"]] == ["This time is not available"]
    assert "Hoffmann" not in str(found.body)


@pytest.mark.parametrize("query", ["", "start=2026-11-30", "start=2026-11-30&end=2026-11-29", "start=2026&end=2027"])
def test_find_wants_a_span_it_can_answer(agendas, system, query):
    assert system.get(f"Appointment/$find?{query}").status == 400


# hold and book


def test_a_proposal_is_held_for_two_minutes_then_booked_by_its_system(agendas, system, clock):
    kept_slot = held(agendas, system)
    assert (kept_slot["status"], kept_slot["start"]) == ("pending", stamp(MONDAY))
    assert system.get(f"Appointment/{kept_slot['id']}").body == kept_slot
    assert proposed(agendas, system).resources == []
    clock.at += timedelta(seconds=119)
    wanted = parameters(appointment_reference=f"Appointment/{kept_slot['id']}", patient_resource=whom(agendas.jeanne))
    visit = system.post("Appointment/$book", wanted).resources[0]
    assert visit["status"] == "booked"
    assert visit["participant"][0]["actor"]["reference"] == f"Patient/{agendas.jeanne}"
    row = Appointment.objects.get()
    assert (row.door, row.booked_by_name, row.starts_at) == ("api", "Cabinet web", MONDAY)
    clock.at += timedelta(minutes=5)
    again = system.post("Appointment/$book", wanted)
    assert (again.status, again.resources, Appointment.objects.count()) == (200, [visit], 1)


def in_a_group(agendas, system, patient):
    """A body that books one of the three places of the session on Saturday at nine."""
    where = f"Appointment/p.{agendas.dupont}.{agendas.class_of_three}.20261205T080000Z"
    return parameters(appointment_reference=where, patient_resource=patient)


@pytest.mark.parametrize("known", [True, False])
def test_a_proposal_that_is_booked_twice_on_the_wire_is_booked_once_in_a_group_too(agendas, system, clock, known):
    wanted = in_a_group(agendas, system, whom(agendas.jeanne) if known else newcomer())
    first = system.post("Appointment/$book", wanted)
    clock.at += timedelta(seconds=30)
    again = system.post("Appointment/$book", wanted)
    assert (first.status, again.status) == (200, 200)
    assert again.resources == first.resources
    assert Appointment.objects.count() == 1
    other = system.post("Appointment/$book", in_a_group(agendas, system, whom(agendas.paul)))
    assert other.status == 200
    assert Appointment.objects.count() == 2
    assert Patient.objects.filter(birth_name="Lefèvre").count() == (0 if known else 1)


def test_what_was_cancelled_or_moved_since_is_booked_anew_from_the_same_proposal(agendas, system):
    wanted = in_a_group(agendas, system, whom(agendas.jeanne))
    first = system.post("Appointment/$book", wanted).resources[0]
    gone = parameters(appointment_resource=first | {"status": "cancelled"})
    assert system.post("Appointment/$book", gone).status == 200
    second = system.post("Appointment/$book", wanted).resources[0]
    assert (second["status"], second["start"]) == ("booked", first["start"])
    assert second["id"] != first["id"]
    assert system.post("Appointment/$book", wanted).resources[0]["id"] == second["id"]
    row = Appointment.objects.get(state="booked")
    appointments.move(
        key=agendas.key(),
        appointment=row.key,
        agenda=agendas.dupont,
        starts_at=after(5 * 24 * 60 + 120),
        by=agendas.claire,
        at=NOON,
    )
    third = system.post("Appointment/$book", wanted).resources[0]
    assert (third["start"], third["id"] != second["id"]) == (first["start"], True)
    assert Appointment.objects.filter(state="booked").count() == 2


def test_a_hold_that_is_over_is_refused_by_name(agendas, system, clock):
    kept_slot = held(agendas, system)
    clock.at += timedelta(minutes=2)
    wanted = parameters(appointment_reference=f"Appointment/{kept_slot['id']}", patient_resource=whom(agendas.jeanne))
    refused = system.post("Appointment/$book", wanted)
    assert (refused.status, refused.codes, refused["issue"][0]["code"]) == (409, ["hold_over"], "expired")
    assert system.get(f"Appointment/{kept_slot['id']}").status == 404
    assert Appointment.objects.count() == 0


def test_what_another_system_holds_is_not_booked_by_this_one(agendas, system):
    other = System(token_for(agendas.cabinet.id, by=agendas.marc).token)
    kept_slot = held(agendas, other)
    wanted = parameters(appointment_reference=f"Appointment/{kept_slot['id']}", patient_resource=whom(agendas.jeanne))
    assert system.post("Appointment/$book", wanted).status == 404


def test_a_system_holds_twenty_slots_and_no_more(agendas, system):
    query = f"start={stamp(MONDAY)}&end={stamp(after(12 * 60))}&visit-type={agendas.consultation}&_count=200"
    found = system.get(f"Appointment/$find?{query}").resources
    apart = [each for each in found if (each["start"][14:16]) in {"00", "20", "40"}]
    answers = [
        system.post("Appointment/$hold", parameters(appointment_reference=f"Appointment/{each['id']}"))
        for each in apart[:21]
    ]
    assert [each.status for each in answers] == [200] * 20 + [409]
    assert answers[-1].codes == ["too_many_holds"]


def test_a_taken_slot_is_a_conflict_in_soft_words_in_three_languages(agendas, system):
    where = reference(agendas, system)
    booked(agendas, system)
    wanted = parameters(appointment_reference=where, patient_resource=whom(agendas.paul))
    refused = system.post("Appointment/$book", wanted)
    assert (refused.status, refused.codes) == (409, ["slot_already_taken"])
    said = [system.post("Appointment/$book", wanted, **{"Accept-Language": language}).said for language in ("fr", "de")]
    assert refused.said == ["This time is not available"]
    assert len({*refused.said, *said[0], *said[1]}) == 3
    assert "Hoffmann" not in str(refused.body)
    assert system.post("Appointment/$hold", parameters(appointment_reference=where)).status == 409


def test_the_rules_refuse_with_their_sentence(agendas, system):
    closed = f"Appointment/p.{agendas.dupont}.{agendas.consultation}.20261129T070000Z"
    refused = system.post("Appointment/$hold", parameters(appointment_reference=closed))
    assert (refused.status, refused.codes, refused.said) == (422, ["closed"], ["Closed at this time"])
    past = f"Appointment/p.{agendas.dupont}.{agendas.consultation}.20261123T070000Z"
    assert system.post("Appointment/$hold", parameters(appointment_reference=past)).codes == ["past"]


@pytest.mark.parametrize("start", ["99991231T235900Z", "99991231T235930Z", "00010101T000000Z"])
def test_what_lies_at_the_end_of_all_calendars_is_neither_held_nor_booked(agendas, system, start):
    far = f"p.{agendas.dupont}.{agendas.consultation}.{start}"
    held = system.post("Appointment/$hold", parameters(appointment_reference=f"Appointment/{far}"))
    asked = {"resourceType": "Appointment", "id": far, "status": "proposed"}
    asked["participant"] = [{"actor": {"reference": "Location/1"}, "status": "accepted"}]
    given = parameters(appointment_resource=asked, patient_resource=whom(agendas.jeanne))
    assert (held.status, system.post("Appointment/$book", given).status) == (404, 404)


def test_a_reason_that_is_not_for_the_public_is_not_booked_here(agendas, system):
    where = reference(agendas, system)
    found = next(
        each for each in reasons_of(by=agendas.claire, client=agendas.cabinet.id) if each.name == "Consultation"
    )
    own = replace(found, bookable_by=frozenset({Asker.SECRETARY}))
    reasons.set_reason(client=agendas.cabinet.id, reason=own, by=agendas.claire, at=NOON)
    assert proposed(agendas, system).resources == []
    refused = system.post("Appointment/$hold", parameters(appointment_reference=where))
    assert (refused.status, refused.codes) == (422, ["not_bookable"])


def newcomer(**changes):
    return {
        "resourceType": "Patient",
        "name": [{"use": "official", "family": "Lefèvre", "given": ["Anne", "Marie"]}],
        "birthDate": "1984-02-29",
        "gender": "female",
        "telecom": [{"system": "phone", "value": "06 39 98 12 34"}],
    } | changes


def test_somebody_new_is_added_with_a_provisional_identity(agendas, system):
    kept_slot = held(agendas, system)
    wanted = parameters(appointment_reference=f"Appointment/{kept_slot['id']}", patient_resource=newcomer())
    answers = [system.post("Appointment/$book", wanted) for _ in range(2)]
    assert [each.status for each in answers] == [200, 200]
    visit = answers[0].resources[0]
    assert answers[1].resources == [visit]
    row = Patient.objects.get(birth_name="Lefèvre")
    assert (row.first_name, row.birth_date, row.sex, row.identity_status) == (
        "Anne Marie",
        "1984-02-29",
        "f",
        "provisional",
    )
    assert visit["participant"][0]["actor"]["reference"] == f"Patient/{row.pk}"
    assert visit["end"] == stamp(after(30))  # longer than what was held, for he comes for the first time


@pytest.mark.parametrize(
    "changes",
    [
        {"birthDate": "2090-01-01"},
        {"birthDate": "1984-02-30"},
        {"birthDate": 1984},
        {"name": []},
        {"name": "Lefèvre"},
        {"name": [{"family": "L\u0000f"}]},
        {"telecom": [{"system": "phone", "value": "call me"}]},
        {"gender": "f"},
        {"note": "x"},
        {"resourceType": "Person"},
        {"id": "999999"},
    ],
)
def test_a_newcomer_who_cannot_be_kept_is_refused_and_nothing_changed(agendas, system, changes):
    where, before = f"Appointment/p.{agendas.dupont}.{agendas.consultation}.20261130T070000Z.n", kept()
    wanted = parameters(appointment_reference=where, patient_resource=newcomer(**changes))
    refused = system.post("Appointment/$book", wanted)
    assert 400 <= refused.status < 500
    assert kept() == before


def known_here(agendas, system, minutes=0, **changes):
    """A booking for the Patient of Jeanne's id of whom this is said too."""
    where = reference(agendas, system, minutes)
    said = whom(agendas.jeanne) | changes
    return system.post("Appointment/$book", parameters(appointment_reference=where, patient_resource=said))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": [{"family": "Martin", "given": ["Jeanne"]}]},
        {"name": [{"family": "Hoffmann", "given": ["Paul"]}]},
        {"name": [{"text": "Paul Martin"}]},
        {"birthDate": "1984-02-29"},
        {"name": [{"family": "Hoffmann", "given": ["Jeanne"]}], "birthDate": "1961-03"},
        {"identifier": [{"system": "urn:permanence:patient", "value": "999999"}]},
    ],
)
def test_whose_name_or_birth_date_is_another_than_in_the_file_of_that_id_is_not_booked(agendas, system, changes):
    Patient.objects.filter(pk=int(agendas.jeanne)).update(birth_date="1958-07-09")
    refused = known_here(agendas, system, **changes)
    assert (refused.status, refused.codes) == (422, ["contradictory"])
    assert refused["issue"][0]["expression"] == ["patient-resource"]
    assert "Hoffmann" not in str(refused.body)
    assert Appointment.objects.count() == 0


def test_what_is_not_kept_of_somebody_known_is_refused_and_named(agendas, system):
    refused = known_here(agendas, system, address=[{"city": "Metz"}])
    assert (refused.status, refused.codes) == (422, ["element_unknown"])
    assert Appointment.objects.count() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": [{"use": "official", "family": "HOFFMANN", "given": ["jeanne"]}], "birthDate": "1958-07-09"},
        {"name": [{"use": "usual", "family": "Muller"}], "birthDate": "1958-07"},
        {"name": [{"text": "Jeanne Müller"}]},
    ],
)
def test_who_is_known_is_booked_under_the_birth_or_the_used_name_accents_and_case_aside(agendas, system, changes):
    Patient.objects.filter(pk=int(agendas.jeanne)).update(birth_date="1958-07-09", used_name="Müller")
    booked_for = known_here(agendas, system, **changes).resources[0]["participant"][0]["actor"]["reference"]
    assert booked_for == f"Patient/{agendas.jeanne}"


def test_a_patient_that_was_read_here_is_booked_as_it_was_read_also_when_another_file_stands_for_him(agendas, system):
    first = system.get(f"Patient/{agendas.jeanne}").body
    assert known_here(agendas, system, **first).status == 200
    merging = {"client": agendas.cabinet.id, "kept": agendas.paul, "merged": agendas.jeanne}
    Patient.objects.filter(pk=int(agendas.paul)).update(birth_name="Lang", first_name="Johanna")
    merge(**merging, by=agendas.claire, at=NOON)
    read = system.get(f"Patient/{agendas.jeanne}").body
    assert read["link"]
    assert known_here(agendas, system, 60, **read).status == 200
    assert known_here(agendas, system, 120, name=[{"family": "Lang", "given": ["Johanna"]}]).status == 200


def test_a_patient_of_another_client_is_not_known_here(agendas, system):
    wanted = parameters(appointment_reference=reference(agendas, system), patient_resource=whom(agendas.greta))
    refused = system.post("Appointment/$book", wanted)
    assert (refused.status, refused.codes) == (422, ["patient_unknown"])
    assert Appointment.objects.count() == 0


def test_who_did_not_come_too_often_calls(agendas, system):
    row = Client.objects.get(pk=int(agendas.cabinet.id))
    NoShowRule.objects.create(house_id=row.house_id, client=row, block_online_from=2)
    Patient.objects.filter(pk=int(agendas.jeanne)).update(no_shows=2)
    wanted = parameters(appointment_reference=reference(agendas, system), patient_resource=whom(agendas.jeanne))
    refused = system.post("Appointment/$book", wanted)
    assert (refused.status, refused.codes) == (422, ["not_by_himself"])


# update


def test_an_appointment_is_moved_by_who_has_read_it(agendas, system):
    visit = booked(agendas, system)
    moved = visit | {"start": stamp(after(60)), "end": stamp(after(80))}
    path, seen = f"Appointment/{visit['id']}", {"If-Match": f'W/"{visit["meta"]["versionId"]}"'}
    assert system.put(path, moved).codes == ["version_missing"]
    answer = system.put(path, moved, **seen)
    assert (answer.status, answer["start"], answer.response["ETag"] != seen["If-Match"]) == (
        200,
        stamp(after(60)),
        True,
    )
    assert system.get(path).body == answer.body
    late = system.put(path, visit | {"status": "cancelled"}, **seen)
    assert (late.status, late.codes) == (412, ["changed_meanwhile"])
    gone = system.put(path, answer.body | {"status": "cancelled"}, **{"If-Match": answer.response["ETag"]})
    assert (gone["status"], gone["cancelationReason"]["coding"][0]["code"]) == ("cancelled", "pat")
    refused = system.put(path, answer.body, **{"If-Match": gone.response["ETag"]})
    assert (refused.status, refused.codes) in ((409, ["not_now"]), (422, ["nothing_changed"]))
    assert len(proposed(agendas, system).resources) == 1


def test_a_change_that_is_sent_again_is_done_once_and_answered_again(agendas, system):
    visit = booked(agendas, system)
    path, seen = f"Appointment/{visit['id']}", {"If-Match": f'W/"{visit["meta"]["versionId"]}"'}
    there = visit | {"start": stamp(after(60)), "end": stamp(after(80))}
    first, revision = system.put(path, there, **seen), Appointment.objects.get().revision
    again = system.put(path, there, **seen)
    assert (again.status, again.body) == (200, first.body)
    assert Appointment.objects.get().revision == revision
    other = visit | {"start": stamp(after(120)), "end": stamp(after(140))}
    assert system.put(path, other, **seen).codes == ["changed_meanwhile"]
    gone = {"If-Match": first.response["ETag"]}
    assert system.put(path, first.body | {"status": "cancelled"}, **gone)["status"] == "cancelled"
    assert system.put(path, first.body | {"status": "cancelled"}, **gone)["status"] == "cancelled"
    assert Appointment.objects.get().revision == revision + 1


def test_what_was_moved_and_put_back_is_moved_again_by_who_has_read_it_since(agendas, system):
    visit = booked(agendas, system)
    path, there = f"Appointment/{visit['id']}", {"start": stamp(after(60)), "end": stamp(after(80))}
    seen = {"If-Match": f'W/"{visit["meta"]["versionId"]}"'}
    assert system.put(path, visit | there, **seen)["start"] == stamp(after(60))
    row = Appointment.objects.get()
    back = {"agenda": agendas.dupont, "starts_at": MONDAY, "by": agendas.claire, "at": NOON}
    appointments.move(key=agendas.key(), appointment=row.key, **back)
    again = system.get(path)
    assert (again["start"], again.response["ETag"] != seen["If-Match"]) == (stamp(MONDAY), True)
    assert system.put(path, again.body | there, **{"If-Match": again.response["ETag"]})["start"] == stamp(after(60))
    assert Appointment.objects.get().starts_at == after(60)
    told = Appointment.objects.get().revision
    assert system.put(path, again.body | there, **{"If-Match": again.response["ETag"]})["start"] == stamp(after(60))
    assert Appointment.objects.get().revision == told


def test_a_visit_that_has_begun_is_neither_cancelled_nor_moved(agendas, system, clock):
    visit = booked(agendas, system)
    path, seen = f"Appointment/{visit['id']}", {"If-Match": f'W/"{visit["meta"]["versionId"]}"'}
    there = visit | {"start": stamp(after(60)), "end": stamp(after(80))}
    for minutes in (1, 60 * 24 * 3):
        clock.at = after(minutes)
        before = kept()
        later = visit | {"start": stamp(after(minutes + 60)), "end": stamp(after(minutes + 80))}
        for wanted in (visit | {"status": "cancelled"}, there, later):
            refused = system.put(path, wanted, **seen)
            assert (refused.status, refused.codes) == (409, ["not_now"])
        refused = system.post("Appointment/$book", parameters(appointment_resource=visit | {"status": "cancelled"}))
        assert (refused.status, refused.codes) == (409, ["not_now"])
        assert kept() == before


def test_a_change_that_was_done_is_answered_again_after_the_visit_has_begun(agendas, system, clock):
    visit = booked(agendas, system)
    path, seen = f"Appointment/{visit['id']}", {"If-Match": f'W/"{visit["meta"]["versionId"]}"'}
    gone = visit | {"status": "cancelled"}
    assert system.put(path, gone, **seen)["status"] == "cancelled"
    clock.at = after(1)
    assert system.put(path, gone, **seen)["status"] == "cancelled"


def test_book_moves_and_cancels_as_ihe_has_it(agendas, system):
    visit = booked(agendas, system)
    there = visit | {"start": stamp(after(60)), "end": stamp(after(80))}
    moved = system.post("Appointment/$book", parameters(appointment_resource=there)).resources[0]
    assert (moved["id"], moved["start"]) == (visit["id"], stamp(after(60)))
    stale = system.post("Appointment/$book", parameters(appointment_resource=visit | {"status": "cancelled"}))
    assert stale.status == 412
    gone = system.post("Appointment/$book", parameters(appointment_resource=moved | {"status": "cancelled"}))
    assert gone.resources[0]["status"] == "cancelled"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "a.other-other-other"},
        {"resourceType": "Slot"},
        {"status": "fulfilled"},
        {"status": 5},
        {"start": "2026-11-30"},
        {"start": "2090-01-01T08:00:00"},
        {"end": "2026-11-30T07:25:00Z"},
        {"comment": "x"},
        {"participant": {}},
        {"serviceType": []},
        {"created": "2026-11-23T11:00:00Z"},
        {"participant": [{"actor": {"reference": "Patient/2"}, "status": "accepted"}]},
        {"start": "2026-11-29T07:00:00Z", "end": "2026-11-29T07:20:00Z"},
    ],
)
def test_nothing_else_of_it_is_changed(agendas, system, change):
    visit = booked(agendas, system)
    before, seen = kept(), {"If-Match": f'W/"{visit["meta"]["versionId"]}"'}
    refused = system.put(f"Appointment/{visit['id']}", visit | change, **seen)
    assert 400 <= refused.status < 500
    assert kept() == before


def test_of_another_client_nothing_is_held_booked_or_changed(agendas, system, clock):
    other = System(token_for(agendas.weber.id, by=agendas.marc).token)
    where, visit, kept_slot = reference(agendas, system, 40), booked(agendas, system), held(agendas, system, 80)
    before = kept()
    tries = [
        other.post("Appointment/$hold", parameters(appointment_reference=where)),
        other.post("Appointment/$book", parameters(appointment_reference=where, patient_resource=whom(agendas.greta))),
        other.post(
            "Appointment/$book",
            parameters(appointment_reference=f"Appointment/{kept_slot['id']}", patient_resource=whom(agendas.greta)),
        ),
        other.post("Appointment/$book", parameters(appointment_resource=visit | {"status": "cancelled"})),
        other.put(f"Appointment/{visit['id']}", visit | {"status": "cancelled"}, **{"If-Match": '"x"'}),
    ]
    assert [each.status for each in tries] == [404] * 5
    assert kept() == before


def test_looking_is_not_booking(agendas, clock):
    reader = System(token_for(agendas.cabinet.id, by=agendas.marc, scopes=("read",)).token)
    where = reference(agendas, reader)
    for path in ("Appointment/$hold", "Appointment/$book"):
        refused = reader.post(path, parameters(appointment_reference=where))
        assert (refused.status, refused.codes) == (403, ["scope_missing"])
    assert (SlotHold.objects.count(), Appointment.objects.count()) == (0, 0)


# bodies


def test_bodies_nobody_should_send_are_refused_and_change_nothing(agendas, system):
    before = kept()
    deep = b"[" * 5000 + b"]" * 5000
    wrong = [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (deep, 400),
        (b"[]", 422),
        (b"null", 422),
        (b'{"resourceType":"Patient"}', 422),
        (b'{"resourceType":"Parameters","parameter":{}}', 422),
        (b'{"resourceType":"Parameters","parameter":[7]}', 422),
        (b'{"resourceType":"Parameters","parameter":[{"name":"x","valueString":"y"}]}', 400),
        (b'{"resourceType":"Parameters","more":1}', 422),
        (b" " * (10 * 1024 * 1024), 413),
    ]
    for path in ("Appointment/$hold", "Appointment/$book", "Appointment/$find"):
        assert [system.send("POST", path, body).status for body, _status in wrong] == [status for _b, status in wrong]
        assert system.send("POST", path, b"<Parameters/>", "application/fhir+xml").status == 415
    assert kept() == before


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_whatever_is_changed_of_a_request_it_is_answered_and_nothing_is_kept(agendas, system, data):
    """One part of a good request is put away for something else: no 500, and nothing booked but what was asked."""
    visit = {
        "resourceType": "Appointment",
        "id": f"p.{agendas.dupont}.{agendas.consultation}.20261129T070000Z",  # a Sunday: it is never free
        "status": "pending",
        "participant": [{"actor": {"reference": f"Patient/{agendas.jeanne}"}, "status": "accepted"}],
    }
    good = parameters(appointment_resource=visit, patient_resource=newcomer())
    spots = list(_spots(good))
    body = json.loads(json.dumps(good))
    path = data.draw(st.sampled_from(spots))
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = data.draw(values)
    before = (Appointment.objects.count(), SlotHold.objects.count(), Patient.objects.count())
    where = data.draw(st.sampled_from(["$book", "$hold", "$find"]))
    try:
        raw = json.dumps(body).encode()
    except UnicodeEncodeError:
        raw = b"{"
    answer = system.send("POST", f"Appointment/{where}", raw)
    assert 400 <= answer.status < 500
    assert (Appointment.objects.count(), SlotHold.objects.count(), Patient.objects.count()) == before


def _spots(body, path=()):
    steps = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from _spots(inner, (*path, step))


# what is asked first


def asks(agendas, **more):
    """The tracing is one before which something is asked."""
    every = reasons_of(by=agendas.claire, client=agendas.cabinet.id)
    tracing = replace(next(each for each in every if each.id == agendas.tracing), **more)
    reasons.set_reason(client=agendas.cabinet.id, reason=tracing, by=agendas.claire, at=NOON)


FORBIDDING = {"contra_indications": (Question(id="q-pacemaker", text="Portez-vous un stimulateur ?"),)}
AT_HOME = {"way": Way.HOME}
ASKED_FIRST = pytest.mark.parametrize(
    ("more", "code"), [(FORBIDDING, "questions_unanswered"), (AT_HOME, "address_missing")], ids=["forbids", "at home"]
)


@ASKED_FIRST
def test_what_is_asked_about_first_is_neither_proposed_nor_free(agendas, system, more, code):
    days = f"start={stamp(MONDAY)}&end={stamp(after(24 * 60))}"
    spans = f"start=ge{stamp(MONDAY)}&start=lt{stamp(after(24 * 60))}&status=free&schedule=Schedule/{agendas.dupont}"
    assert system.get(f"Appointment/$find?{days}&visit-type={agendas.tracing}").resources
    assert system.get(f"Slot?{spans}&service-type={agendas.tracing}").resources
    asks(agendas, **more)
    assert system.get(f"Appointment/$find?{days}&visit-type={agendas.tracing}").resources == []
    assert system.get(f"Appointment/$find?{days}").resources
    assert system.get(f"Slot?{spans}&service-type={agendas.tracing}").resources == []


@ASKED_FIRST
def test_where_something_is_asked_first_about_every_reason_it_says_so_when_none_is_named(agendas, system, more, code):
    every = reasons_of(by=agendas.claire, client=agendas.cabinet.id)
    for each in every:
        reason = replace(each, **more) if Asker.ONLINE in each.bookable_by else each
        reasons.set_reason(client=agendas.cabinet.id, reason=reason, by=agendas.claire, at=NOON)
    found = system.get(f"Appointment/$find?start={stamp(MONDAY)}&end={stamp(after(24 * 60))}")
    assert found.resources == []
    [told] = found["entry"]
    assert [each["details"]["coding"][0]["code"] for each in told["resource"]["issue"]] == ["questions_unanswered"]


@ASKED_FIRST
def test_what_is_asked_about_first_is_neither_held_nor_booked_whatever_was_proposed_before(agendas, system, more, code):
    found = proposed(agendas, system, **{"visit-type": agendas.tracing}).resources[0]
    kept_slot = system.post("Appointment/$hold", parameters(appointment_reference=f"Appointment/{found['id']}"))
    asks(agendas, **more)
    for name, key in (("$hold", found["id"]), ("$book", found["id"]), ("$book", kept_slot.resources[0]["id"])):
        given = {"patient_resource": whom(agendas.jeanne)} if name == "$book" else {}
        refused = system.post(f"Appointment/{name}", parameters(appointment_reference=f"Appointment/{key}", **given))
        assert (refused.status, refused.codes) == (422, [code])
        assert "call" in refused.said[0]
        assert "stimulateur" not in str(refused.body)
    assert not Appointment.objects.exists()


def test_what_was_booked_before_anything_was_asked_is_told_again_and_moved(agendas, system):
    found = proposed(agendas, system, **{"visit-type": agendas.tracing}).resources[0]
    kept_slot = system.post("Appointment/$hold", parameters(appointment_reference=f"Appointment/{found['id']}"))
    wanted = parameters(
        appointment_reference=f"Appointment/{kept_slot.resources[0]['id']}", patient_resource=whom(agendas.jeanne)
    )
    visit = system.post("Appointment/$book", wanted).resources[0]
    asks(agendas, **FORBIDDING)
    assert system.post("Appointment/$book", wanted).resources == [visit]
    moved = {"resourceType": "Appointment", "id": visit["id"], "status": "booked", "start": stamp(after(60))}
    answer = system.post("Appointment/$book", parameters(appointment_resource=moved))
    assert (answer.status, Appointment.objects.get().starts_at) == (200, after(60))


def test_the_statement_says_what_is_asked_first(system):
    appointment = next(each for each in system.get("metadata")["rest"][0]["resource"] if each["type"] == "Appointment")
    assert "forbid" in appointment["documentation"]
