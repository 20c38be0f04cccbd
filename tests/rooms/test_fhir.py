# SPDX-License-Identifier: AGPL-3.0-or-later
"""FHIR R4: what the statement declares works, nothing else does, and a token opens one practice alone."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from permanence.agenda.operations import appointments, blocks, holds, reasons
from permanence.agenda.operations.interface import make_token, revoke_token
from permanence.agenda.queries import interface
from permanence.agenda.queries.agendas import reasons as reasons_of
from permanence.agenda.refusals import TokenUnfit, TokenUnknown
from permanence.agenda.rules.kinds import Question
from permanence.api.fhir import searches
from permanence.api.fhir.declared import KINDS
from permanence.callers import index
from permanence.callers.models import Patient
from permanence.clients.models import Client, Site
from permanence.clients.queries import ClientUnknown
from permanence.foundation.models import AuditEntry
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.conftest import SeededEntropy
from tests.rooms.fhir_client import System, fixed, stamp, token_for
from tests.rooms.messaging_cast import NOON

pytestmark = pytest.mark.django_db
FRENCH = {"Accept-Language": "fr"}


@pytest.fixture
def agendas():
    return make_agenda_cast()


@pytest.fixture
def clock(monkeypatch):
    return fixed(monkeypatch)


@pytest.fixture
def made(agendas):
    return token_for(agendas.cabinet.id, by=agendas.marc)


@pytest.fixture
def system(made, clock):
    return System(made.token)


def book(agendas, minutes=0, **changes):
    return appointments.book(
        key=agendas.key(),
        agenda=agendas.dupont,
        starts_at=after(minutes),
        booking=agendas.booking(**changes),
        by=agendas.claire,
        at=NOON,
    )


def hold(agendas, minutes):
    return holds.hold_slot(
        key=agendas.key(),
        agenda=agendas.dupont,
        reason=agendas.consultation,
        starts_at=after(minutes),
        by=agendas.claire,
        at=NOON,
    )


def block(agendas, minutes):
    return blocks.block(
        key=agendas.key(),
        agenda=agendas.dupont,
        starts_at=after(minutes),
        ends_at=after(minutes + 20),
        words="Bloc-canari",
        by=agendas.claire,
        at=NOON,
    )


# tokens


def test_a_token_is_shown_once_and_only_its_hash_is_kept(agendas, made):
    row = interface.InterfaceToken.objects.get()
    assert made.token not in str(list(interface.InterfaceToken.objects.values()))
    assert made.token not in str(list(AuditEntry.objects.values()))
    assert len(row.digest) == 64
    assert made.view.hint == made.token[:10]
    noted = AuditEntry.objects.get(action="interface.token_made")
    assert (noted.by_name, noted.client_key, noted.detail["system"]) == ("Marc", int(agendas.cabinet.id), "Cabinet web")


def test_a_token_opens_until_it_is_over_or_revoked(agendas, made):
    access = interface.bearer(token=made.token, at=NOON)
    assert (access.client.id, access.by.clients) == (agendas.cabinet.id, {agendas.cabinet.id})
    interface.bearer(token=made.token, at=NOON + timedelta(days=30, seconds=-1))
    with pytest.raises(TokenUnknown):
        interface.bearer(token=made.token, at=NOON + timedelta(days=30))
    revoke_token(client=agendas.cabinet.id, token=made.view.id, by=agendas.marc, at=NOON)
    with pytest.raises(TokenUnknown):
        interface.bearer(token=made.token, at=NOON)
    assert AuditEntry.objects.filter(action="interface.token_revoked").count() == 1


def test_a_token_of_a_client_who_left_opens_nothing(agendas, made):
    Client.objects.filter(pk=int(agendas.cabinet.id)).update(state="ended")
    with pytest.raises(TokenUnknown):
        interface.bearer(token=made.token, at=NOON)


@pytest.mark.parametrize(
    "changes",
    [
        {"system": "  "},
        {"system": "x" * 81},
        {"scopes": ()},
        {"scopes": ("write",)},
        {"days": 0},
        {"days": 731},
    ],
)
def test_a_token_that_means_nothing_is_refused(agendas, changes):
    wanted = {"system": "Web", "scopes": ("read",), "days": 1} | changes
    with pytest.raises(TokenUnfit):
        make_token(client=agendas.cabinet.id, by=agendas.marc, at=NOON, entropy=SeededEntropy(), **wanted)
    assert interface.tokens(by=agendas.marc, client=agendas.cabinet.id, at=NOON) == ()


def test_a_token_of_another_house_or_client_is_not_there(agendas, made):
    with pytest.raises(ClientUnknown):
        token_for("999999", by=agendas.marc)
    with pytest.raises(TokenUnknown):
        revoke_token(client=agendas.weber.id, token=made.view.id, by=agendas.marc, at=NOON)


# the gate


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", "Basic abc", "Bearer \u00e9", "Bearer " + "x" * 300])
def test_without_a_good_token_nothing_opens(agendas, clock, header):
    answer = System().get("Schedule", **({"Authorization": header} if header else {}))
    assert (answer.status, answer.codes) == (401, ["token_unknown"])
    assert answer.response["WWW-Authenticate"] == "Bearer"


def test_a_session_opens_nothing(agendas, clock, browser_of):
    answer = browser_of(agendas.marc).get("/fhir/Schedule")
    assert answer.status_code == 401


def test_a_token_without_the_scope_is_refused(agendas, clock):
    only = token_for(agendas.cabinet.id, by=agendas.marc, scopes=("book",))
    assert System(only.token).get("Schedule").codes == ["scope_missing"]


def test_too_many_requests_wait(agendas, system, clock, monkeypatch):
    monkeypatch.setattr("permanence.api.fhir.gate.REQUESTS.most", 3)
    found = [system.get("Location").status for _ in range(4)]
    assert found == [200, 200, 200, 429]
    refused = system.get("Location")
    assert (refused.codes, refused.response["Retry-After"]) == (["too_often"], "21")
    clock.seconds += 21
    assert system.get("Location").status == 200


def test_wrong_tokens_of_an_address_are_counted(agendas, clock, system):
    found = [System("wrong").get("Location").status for _ in range(31)]
    assert found[-2:] == [401, 429]
    assert system.get("Location").status == 429  # the same address
    clock.seconds += 3
    assert system.get("Location").status == 200


# the statement


def test_the_statement_is_told_to_everybody_and_valid(clock):
    answer = System().get("metadata")
    assert (answer.status, answer["fhirVersion"], answer["kind"]) == (200, "4.0.1", "instance")
    assert {each["type"] for each in answer["rest"][0]["resource"]} == set(KINDS)


def examples(agendas):
    """A value for every parameter, by which something is found."""
    day = stamp(MONDAY)[:10]
    return {
        "_count": "5",
        "_offset": "0",
        "active": "true",
        "actor": f"Practitioner/{agendas.cabinet.doctor}",
        "birthdate": "1961-03-14",
        "date": day,
        "family": "hoff",
        "given": "jea",
        "patient": f"Patient/{agendas.jeanne}",
        "practitioner": agendas.cabinet.doctor,
        "schedule": f"Schedule/{agendas.dupont}",
        "service-type": agendas.consultation,
        "start": day,
        "status": None,
    }


def test_everything_declared_works_and_finds_something(agendas, system):
    book(agendas)
    site(agendas)
    index_words()
    given = examples(agendas)
    for described in system.get("metadata")["rest"][0]["resource"]:
        kind = described["type"]
        assert {each["code"] for each in described["interaction"]} >= {"read", "search-type"}
        needed = {"Slot": f"start={given['start']}", "Patient": "birthdate=1961-03-14"}.get(kind, "")
        every = system.get(f"{kind}?{needed}")
        assert every.status == 200
        assert every["total"] >= len(every.resources) > 0, kind
        for each in every.resources:
            read = system.get(f"{kind}/{each['id']}")
            assert (read.status, read.body) == (200, each)
            assert read.response["ETag"] == f'W/"{each["meta"]["versionId"]}"'
        first = every.resources[0]
        for name in (each["name"] for each in described["searchParam"]):
            value = {
                "_id": first["id"],
                "name": str(first.get("name", [{}])[0].get("text", "Hoffmann"))
                if isinstance(first.get("name"), list)
                else first.get("name"),
                "status": {"Slot": "free", "Appointment": "booked"}.get(kind),
                "phone": "+352621000147",
            }.get(name) or given[name]
            rest = "" if needed.startswith(f"{name}=") else f"&{needed}"
            found = system.get(f"{kind}?{name}={value}{rest}")
            assert found.status == 200, (kind, name, found.body)
            if name not in {"phone", "_count"}:
                assert 0 < found["total"] <= every["total"], (kind, name)


def site(agendas):
    row = Client.objects.get(pk=int(agendas.cabinet.id))
    return Site.objects.create(house_id=row.house_id, client=row, name="Cabinet", address="1 rue Haute", position=1)


def test_nothing_undeclared_works(agendas, system):
    book(agendas)
    for kind, declared in KINDS.items():
        for name in {"_lastUpdated", "identifier", "_include", "code"} - declared.names:
            refused = system.get(f"{kind}?{name}=1")
            assert (refused.status, refused.codes) == (400, ["parameter_unknown"])
            assert refused["issue"][0]["expression"] == [name]
        assert system.post(kind, {"resourceType": kind}).status == 405
        for method in ("PATCH", "DELETE", *(() if declared.update else ("PUT",))):
            assert system.send(method, f"{kind}/1", {"resourceType": kind}).status == 405, (method, kind)
    for path in ("Observation", "Organization/1", "Patient/1/$everything", "Patient/1/_history", "", "metadata/x"):
        refused = system.get(path) if path else None
        assert refused is None or refused.status == 404, path


# what is read


def test_slots_are_those_of_the_rules_and_say_nothing_of_who_takes_them(agendas, system):
    book(agendas, 0)
    held, busy = hold(agendas, 40), block(agendas, 80)
    found = system.get(f"Slot?schedule={agendas.dupont}&start=ge{stamp(MONDAY)}&start=lt{stamp(after(120))}")
    taken = {each["start"]: each for each in found.resources if each["status"] != "free"}
    assert {start: each["status"] for start, each in taken.items()} == {
        stamp(after(0)): "busy",
        stamp(after(40)): "busy-tentative",
        stamp(after(80)): "busy-unavailable",
    }
    assert all("serviceType" not in each for each in taken.values())
    assert "canari" not in str(found.body)
    free = [each for each in found.resources if each["status"] == "free"]
    mine = [each for each in free if each["serviceType"][0]["coding"][0]["code"] == agendas.consultation]
    assert [each["start"] for each in mine][:2] == [stamp(after(20)), stamp(after(60))]
    assert held.hold
    assert busy.block


def test_what_is_free_no_more_reads_as_busy(agendas, system):
    free = system.get(f"Slot?service-type={agendas.consultation}&start={stamp(MONDAY)[:10]}").resources[0]
    assert free["start"] == stamp(MONDAY)
    book(agendas, 0)
    assert system.get(f"Slot/{free['id']}")["status"] == "busy-unavailable"


def test_what_is_free_no_more_says_why_in_soft_words(agendas, system):
    free = system.get(f"Slot?service-type={agendas.consultation}&start={stamp(MONDAY)[:10]}").resources[0]
    assert "comment" not in free
    book(agendas, 0)
    gone = system.get(f"Slot/{free['id']}").body
    assert gone["comment"] == "This time is not available"
    assert "Hoffmann" not in str(gone)
    closed = system.get(f"Slot/f.{agendas.dupont}.{agendas.consultation}.20261129T070000Z", **FRENCH)
    assert (closed["status"], closed["comment"]) == ("busy-unavailable", "Fermé à cette heure")
    every = reasons_of(by=agendas.claire, client=agendas.cabinet.id)
    asking = next(each for each in every if each.id == agendas.consultation)
    question = Question(id="q-pacemaker", text="Portez-vous un stimulateur ?")
    asking = replace(asking, contra_indications=(question,))
    reasons.set_reason(client=agendas.cabinet.id, reason=asking, by=agendas.claire, at=NOON)
    asked = system.get(f"Slot/{free['id']}").body
    assert (asked["status"], "call us" in asked["comment"]) == ("busy-unavailable", True)


def test_a_patient_shows_who_he_is_and_nothing_of_his_health(agendas, system):
    read = system.get(f"Patient/{agendas.jeanne}")
    assert read["name"] == [{"use": "official", "family": "Hoffmann", "given": ["Jeanne"]}]
    assert read["birthDate"] == "1961-03-14"
    assert set(read.body) == {"resourceType", "id", "meta", "identifier", "active", "name", "birthDate"}


@pytest.mark.parametrize("query", ["", "given=Jeanne", "_count=3"])
def test_the_register_is_not_given_away(agendas, system, query):
    assert system.get(f"Patient?{query}").codes == ["traits_missing"]


TRAITS = {
    "family=HÖFFMANN": 1,
    "family=hof&given=jeanne": 1,
    "name=jeanne+hoffmann": 1,
    "family=Jeanne": 0,
    "birthdate=1961": 2,
    "birthdate=1961-03-14&family=Martin": 1,
    "birthdate=1962": 0,
    "family=Schmit": 0,
}


def test_patients_are_found_by_exact_traits(agendas, system):
    index_words()
    assert {query: system.get(f"Patient?{query}")["total"] for query in TRAITS} == TRAITS


def index_words():
    for row in Patient.objects.all():
        index.rewrite_words(row)


def test_pages_lead_to_each_other_and_hold_everything_once(agendas, system):
    for minutes in (0, 20, 40, 60, 80):
        book(agendas, minutes)
    seen, where = [], "Appointment?_count=2"
    while where:
        page = system.get(where)
        assert page["total"] == 5
        seen += [each["start"] for each in page.resources]
        where = page.link("next")
    assert seen == [stamp(after(minutes)) for minutes in (0, 20, 40, 60, 80)]
    assert system.get(page.link("previous")).resources[-1]["start"] == stamp(after(60))
    assert system.get("Appointment?_count=0").resources == []


WHEN = {
    "date=2026-11-30": 2,
    "date=ge2026-11-30&date=lt2026-12-01": 2,
    "date=gt2026-11-30": 0,
    "date=le2026-11": 2,
    "date=2026": 2,
    "date=ge2026-11-30T07:20:00Z": 1,
    "date=ge2026-11-30T08:20:00%2B01:00": 1,
    "status=booked,arrived": 2,
    "status=cancelled": 0,
    "status=http://hl7.org/fhir/appointmentstatus|booked": 2,
    "status=nonsense": 0,
}


def test_appointments_are_found(agendas, system):
    book(agendas, 0)
    book(agendas, 20)
    assert {query: system.get(f"Appointment?{query}")["total"] for query in WHEN} == WHEN


def test_an_id_beside_other_traits_finds_only_what_has_them_all(agendas, system):
    """Who asks whether an appointment is of a patient is not told yes because it is there."""
    visit = system.get(f"Appointment/a.{book(agendas).appointment.replace('_', '.')}")
    other, held = book(agendas, 20), hold(agendas, 40)
    key, day = visit["id"], visit["start"][:10]
    assert other.patient == agendas.jeanne
    fits = {
        "patient": (f"Patient/{agendas.jeanne}", f"Patient/{agendas.greta}"),
        "practitioner": (f"Practitioner/{agendas.cabinet.doctor}", "Practitioner/999"),
        "status": ("booked", "cancelled"),
        "date": (day, "2026-12-24"),
    }
    for name, (fit, unfit) in fits.items():
        for value, ids in ((fit, [key]), (unfit, [])):
            found = system.get(f"Appointment?_id={key}&{name}={value}")
            assert (found["total"], [each["id"] for each in found.resources]) == (len(ids), ids), (name, value)
    for query, total in {"": 2, "&_count=1": 2, "&date=2026-12-24": 0}.items():
        both = f"{key},a.{other.appointment.replace('_', '.')},{key},h.{held.hold.replace('_', '.')},a.,x,1"
        assert system.get(f"Appointment?_id={both}{query}")["total"] == total, query
    assert system.get(f"Appointment?_id={key}&patient=Patient/1,Patient/2").status == 400


@pytest.mark.parametrize(
    ("kind", "name", "unfit"),
    [
        ("Patient", "birthdate", "1962"),
        ("Patient", "family", "Schmit"),
        ("Patient", "phone", "+352621999999"),
        ("Practitioner", "name", "Nobody"),
        ("Practitioner", "active", "false"),
        ("PractitionerRole", "practitioner", "Practitioner/999"),
        ("Location", "name", "Nobody"),
        ("HealthcareService", "name", "Nobody"),
        ("Schedule", "actor", "Practitioner/999"),
    ],
)
def test_an_id_beside_a_trait_that_it_has_not_finds_nothing(agendas, system, kind, name, unfit):
    site(agendas)
    index_words()
    one = system.get(f"{kind}?birthdate=1961-03-14" if kind == "Patient" else kind).resources[0]["id"]
    assert system.get(f"{kind}?_id={one}")["total"] == 1
    assert system.get(f"{kind}?_id={one}&{name}={unfit}")["total"] == 0


def test_the_statement_says_how_a_birth_date_is_asked_for(system):
    kinds = system.get("metadata")["rest"][0]["resource"]
    assert "no prefix but eq" in next(each for each in kinds if each["type"] == "Patient")["documentation"]


def test_the_statement_says_what_a_search_of_slots_has_to_say(system, monkeypatch):
    kinds = system.get("metadata")["rest"][0]["resource"]
    told = next(each for each in kinds if each["type"] == "Slot")["documentation"]
    days = int(re.search(r"([0-9]+) days apart", told)[1])

    def asked(first, last):
        return system.get(f"Slot?start=ge{first.isoformat()}&start=lt{last.isoformat()}&status=busy")

    for first in (date(2026, 11, 30), date(2027, 9, 1)):  # in the second span the clocks are put back
        assert asked(first, first + timedelta(days=days)).status == 200
        assert asked(first, first + timedelta(days=days + 1)).codes == ["value_unfit"]
    for few in ("Slot", "Slot?start=ge2026-11-30", "Slot?start=lt2026-11-30"):
        [code] = system.get(few).codes
        assert code in told, few
    assert f"{searches.CELLS} at most" in told
    monkeypatch.setattr(searches, "CELLS", 60)
    [code] = system.get("Slot?start=ge2026-11-30&start=lt2026-12-31").codes
    assert code in told


@pytest.mark.parametrize("stamp", ["99991231T235900Z", "99991231T235930Z", "00010101T000000Z", "22000101T000000Z"])
@pytest.mark.parametrize("letter", ["f", "p"])
def test_a_slot_of_another_age_is_not_there(agendas, system, stamp, letter):
    assert system.get(f"Slot/{letter}.{agendas.dupont}.{agendas.consultation}.{stamp}").status == 404


BAD = [
    "Appointment?date=2026-13-01",
    "Appointment?date=yesterday",
    "Appointment?date=0000",
    "Appointment?date=9999-12-31",
    "Appointment?date=2026-11-30T07:20:00",
    "Appointment?date=sa2026",
    "Appointment?date=",
    "Appointment?patient=Practitioner/1",
    "Appointment?patient=1,2",
    "Appointment?_count=-1",
    "Appointment?_count=many",
    "Appointment?_count=1&_count=2",
    "Appointment?_offset=99999999",
    "Appointment?status=other|booked",
    "Slot",
    "Slot?start=2026",
    "Slot?start=ge2026-11-30",
    "Slot?start=ge2026-12-02&start=lt2026-12-01",
    "Patient?birthdate=ge1961",
    "Patient?phone=abc",
    "Schedule?active=perhaps",
    "Schedule?actor=Location/1",
    "Appointment?status=%00",
    "Slot?start=ge2250-01-01&start=lt2250-01-05",
]


def test_what_cannot_be_read_is_refused(agendas, system):
    assert {path: system.get(path).status for path in BAD} == dict.fromkeys(BAD, 400)


def test_only_json_is_told(agendas, system):
    assert system.get("Location", Accept="application/fhir+xml").status == 406
    assert system.get("Location?_format=xml").status == 406
    assert system.get("Location?_format=json", Accept="text/html, */*").status == 200


# walls


def test_of_another_client_nothing_is_there(agendas, system, clock):
    other = System(token_for(agendas.weber.id, by=agendas.marc).token)
    visit, held, busy = book(agendas), hold(agendas, 40), block(agendas, 80)
    site(agendas)
    mine = [
        *(
            each
            for kind in ("Schedule", "Practitioner", "PractitionerRole", "HealthcareService", "Location")
            for each in system.get(kind).resources
        ),
        *system.get("Patient?birthdate=1961").resources,
        *system.get("Appointment").resources,
        *system.get(f"Slot?start={stamp(MONDAY)[:10]}").resources,
    ]
    assert {each["resourceType"] for each in mine} == set(KINDS)
    for each in mine:
        refused = other.get(f"{each['resourceType']}/{each['id']}")
        assert (refused.status, refused.body["resourceType"]) == (404, "OperationOutcome"), each
    theirs = [
        *(other.get(kind).body for kind in ("Schedule", "HealthcareService", "Appointment")),
        other.get("Patient?birthdate=1961").body,
        other.get(f"Slot?start={stamp(MONDAY)[:10]}").body,
    ]
    assert not [word for word in ("Dupont", "Hoffmann", "Consultation", visit.appointment) if word in str(theirs)]
    assert held.hold
    assert busy.block


def test_looking_writes_nothing(agendas, system):
    before = AuditEntry.objects.count()
    for kind in KINDS:
        system.get(kind)
    assert AuditEntry.objects.count() == before
