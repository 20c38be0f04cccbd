# SPDX-License-Identifier: AGPL-3.0-or-later
"""The operations are what the statement says they are: each parameter it names works as it says, and no other one."""

from urllib.parse import urlsplit

import pytest

from permanence.agenda.operations import setting
from permanence.clients.models import Client, Site
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, openings
from tests.rooms.fhir_client import System, fixed, stamp, token_for
from tests.rooms.messaging_cast import NOON

pytestmark = pytest.mark.django_db
IHE = "https://profiles.ihe.net/ITI/Scheduling/OperationDefinition/appointment-"
IHE_ONLY = {
    "find": (
        "specialty",
        "organization",
        "location-string",
        "patient-resource",
        "reason",
        "referral-identifier",
        "timing",
        "insurance-reference",
    ),
    "hold": (),
    "book": ("comment",),
}
"""What IHE's operations know besides, and this house does not."""


@pytest.fixture
def agendas():
    return make_agenda_cast()


@pytest.fixture
def system(agendas, monkeypatch):
    fixed(monkeypatch)
    return System(token_for(agendas.cabinet.id, by=agendas.marc, scopes=("read", "book", "export")).token)


def declared(system):
    """Code -> OperationDefinition, of each operation that the statement names; read at the address it gives."""
    [rest] = System().get("metadata")["rest"]
    named = {each["name"]: each["definition"] for each in rest["operation"]}
    for kind in rest["resource"]:
        named |= {each["name"]: each["definition"] for each in kind.get("operation", ())}
    found = {code: System().get(urlsplit(url).path.removeprefix("/fhir/")) for code, url in named.items()}
    assert {code: (each.status, each["url"]) for code, each in found.items()} == {
        code: (200, url) for code, url in named.items()
    }
    return {code: each.body for code, each in found.items()}


def taken(definition):
    return {each["name"]: each for each in definition["parameter"] if each["use"] == "in"}


def site(agendas):
    row = Client.objects.get(pk=int(agendas.cabinet.id))
    return Site.objects.create(house_id=row.house_id, client=row, name="Cabinet", address="1 rue Haute", position=1)


VALUES = {"string": "valueString", "dateTime": "valueDateTime", "boolean": "valueBoolean", "integer": "valueInteger"}


def entry(parameter, value):
    """As a client writes it that has read the definition, and nothing else."""
    name, kind = parameter["name"], parameter["type"]
    if kind in VALUES:
        return {"name": name, VALUES[kind]: value}
    if kind == "Reference":
        return {"name": name, "valueReference": {"reference": value}}
    return {"name": name, "resource": {"resourceType": kind, **value}}


def body(*entries):
    return {"resourceType": "Parameters", "parameter": list(entries)}


def proposal_of(agendas, system, minutes=0):
    """The id of a proposal at that moment of Dr Dupont's."""
    [first] = system.get(
        f"Appointment/$find?start={stamp(after(minutes))}&end={stamp(after(minutes + 1))}"
        f"&visit-type={agendas.consultation}&practitioner={agendas.cabinet.doctor}"
    ).resources
    return first["id"]


def of_find(agendas):
    """A value for each parameter, with which something is found."""
    place = str(site(agendas).pk)
    setting.set_openings(
        agenda=agendas.dupont, openings=openings(agendas.dupont, site=place), by=agendas.claire, at=NOON
    )
    return {
        "start": stamp(MONDAY),
        "end": stamp(after(60)),
        "visit-type": agendas.consultation,
        "practitioner": f"Practitioner/{agendas.cabinet.doctor}",
        "location-reference": f"Location/{place}",
        "patient-reference": f"Patient/{agendas.jeanne}",
        "first-visit": True,
        "_count": 3,
        "_offset": 0,
    }


def where(definition):
    [kind] = definition.get("resource", [""])
    assert (definition["type"], definition["system"], definition["instance"]) == (kind != "", kind == "", False)
    return f"{kind}/${definition['code']}".lstrip("/")


def test_each_operation_has_a_definition_and_says_whose_profile_it_is(system):
    found = declared(system)
    assert set(found) == {"find", "hold", "book", "export-practice"}
    assert {code: each.get("base") for code, each in found.items()} == {
        **{code: f"{IHE}{code}" for code in IHE_ONLY},
        "export-practice": None,
    }
    assert {code: each["affectsState"] for code, each in found.items()} == {
        "find": False,
        "hold": True,
        "book": True,
        "export-practice": True,
    }


def test_each_parameter_of_find_works_as_it_is_declared(agendas, system):
    definition, given = declared(system)["find"], of_find(agendas)
    known = taken(definition)
    assert set(known) == set(given)
    needed = [name for name, each in known.items() if each["min"]]
    assert needed == ["start", "end"]
    for name, parameter in known.items():
        others = [entry(known[each], given[each]) for each in needed if each != name]
        mine = entry(parameter, given[name])
        answer = system.post(where(definition), body(*others, mine))
        assert (answer.status, bool(answer.resources)) == (200, True), (name, answer.body)
        twice = system.post(where(definition), body(*others, mine, mine))
        assert twice.status == (200 if parameter["max"] == "*" else 400), name
        if name in needed:
            assert system.post(where(definition), body(*others)).status == 400, name
        if parameter["type"] == "Reference":
            assert system.post(where(definition), body(*others, entry(parameter, "Slot/1"))).status == 400, name
            targets = {each.rpartition("/")[2] for each in parameter["targetProfile"]}
            assert given[name].partition("/")[0] in targets


def test_each_parameter_of_hold_and_book_works_as_it_is_declared(agendas, system):
    found = declared(system)
    hold, book = taken(found["hold"]), taken(found["book"])
    assert (set(hold), {name: each["min"] for name, each in hold.items()}) == (
        {"appointment-reference"},
        {"appointment-reference": 1},
    )
    either = ("appointment-reference", "appointment-resource", "patient-resource")
    assert {name: (each["min"], each["max"]) for name, each in book.items()} == dict.fromkeys(either, (0, "1"))

    def reference(known, minutes):
        return entry(known["appointment-reference"], f"Appointment/{proposal_of(agendas, system, minutes)}")

    jeanne = entry(book["patient-resource"], {"id": agendas.jeanne})
    wanted = {"status": "proposed", "id": proposal_of(agendas, system, 80)}
    wanted["participant"] = [{"actor": {"reference": f"Patient/{agendas.jeanne}"}, "status": "accepted"}]
    whole = entry(book["appointment-resource"], wanted)
    for code, *entries in (("hold", reference(hold, 0)), ("book", reference(book, 40), jeanne), ("book", whole)):
        path = where(found[code])
        for each in entries:
            assert system.post(path, body(*entries, each)).status == 422
        assert system.post(path, body()).status == 422
        assert system.post(path, body(*entries)).status == 200


def test_the_export_is_given_what_it_declares(system):
    definition = declared(system)["export-practice"]
    assert {name: (each["min"], each["max"]) for name, each in taken(definition).items()} == {
        "start": (1, "1"),
        "end": (1, "1"),
    }
    start = entry(taken(definition)["start"], "2026-11-30")
    assert system.post(where(definition), body(start)).status == 400


def test_what_is_not_declared_is_not_known(agendas, system):
    for code, definition in declared(system).items():
        for name in ("anything", *IHE_ONLY.get(code, ())):
            assert name not in taken(definition)
            refused = system.post(where(definition), body({"name": name, "valueString": "x"}))
            assert (refused.status, refused.codes) == (400, ["parameter_unknown"]), (code, name)
            assert refused["issue"][0]["expression"] == [name]
    assert System().get("OperationDefinition/appointment-cancel").status == 404


def test_the_total_is_what_was_determined_and_the_pages_lead_through_it(agendas, system):
    query = f"start={stamp(MONDAY)}&end={stamp(after(61))}&visit-type={agendas.consultation}"
    query += f"&practitioner=Practitioner/{agendas.cabinet.doctor}"
    every = system.get(f"Appointment/$find?{query}&_count=200")
    assert (every["total"], len(every.resources), every.link("next")) == (13, 13, None)
    page = system.get(f"Appointment/$find?{query}&_count=5")
    assert (page["total"], len(page.resources), page.link("previous")) == (13, 5, None)
    seen, sizes = list(page.resources), [5]
    while page.link("next"):
        page = system.get(page.link("next"))
        assert page["total"] == 13
        seen += page.resources
        sizes.append(len(page.resources))
    assert (seen, sizes) == (every.resources, [5, 5, 3])
    assert system.get(page.link("previous")).resources == every.resources[5:10]
    asked = body(
        {"name": "start", "valueDateTime": stamp(MONDAY)},
        {"name": "end", "valueDateTime": stamp(after(61))},
        {"name": "visit-type", "valueString": agendas.consultation},
        {"name": "practitioner", "valueReference": {"reference": f"Practitioner/{agendas.cabinet.doctor}"}},
        {"name": "_count", "valueInteger": 5},
    )
    posted = system.post("Appointment/$find", asked)
    assert (posted["total"], len(posted.resources)) == (13, 5)
    assert system.get(posted.link("next")).resources == every.resources[5:10]
    assert system.get(f"Appointment/$find?{query}&_count=0")["total"] == 13


def reason_and_doctor(each):
    actor = each["participant"][0]["actor"]["reference"]
    return each["serviceType"][0]["coding"][0]["code"], actor.partition("/")[2]


def test_what_is_said_twice_means_either(agendas, system):
    one, other = agendas.cabinet.doctor, agendas.lemaire_recipient
    start, end = ({"name": name, "valueDateTime": stamp(at)} for name, at in (("start", MONDAY), ("end", after(1))))

    def found(*more):
        answer = system.post("Appointment/$find", body(start, end, *more))
        assert answer.status == 200
        return {reason_and_doctor(each) for each in answer.resources}

    def by(doctor):
        return {"name": "practitioner", "valueReference": {"reference": f"Practitioner/{doctor}"}}

    def for_a(reason):
        return {"name": "visit-type", "valueString": f"urn:permanence:visit-reason|{reason}"}

    both = found(for_a(agendas.consultation), for_a(agendas.tracing), by(one), by(other))
    assert both == {(reason, doctor) for reason in (agendas.consultation, agendas.tracing) for doctor in (one, other)}
    assert found(for_a(agendas.consultation), by(one)) == {(agendas.consultation, one)}
    query = f"start={stamp(MONDAY)}&end={stamp(after(1))}&visit-type={agendas.consultation}"
    answer = system.get(f"Appointment/$find?{query}&practitioner={one}&practitioner={other}")
    assert {reason_and_doctor(each)[1] for each in answer.resources} == {one, other}


def test_whom_an_identifier_of_ours_names_is_found_and_no_other_is(agendas, system):
    read = system.get(f"Practitioner/{agendas.cabinet.doctor}").body
    [ours] = read["identifier"]
    start, end = ({"name": name, "valueDateTime": stamp(at)} for name, at in (("start", MONDAY), ("end", after(1))))

    def asked(identifier, name="practitioner"):
        named = {"identifier": identifier, "display": "Dr. Pro Vider"}
        return system.post("Appointment/$find", body(start, end, {"name": name, "valueReference": named}))

    found = asked(ours)
    assert {reason_and_doctor(each)[1] for each in found.resources} == {agendas.cabinet.doctor}
    for foreign in (
        {"system": "urn:oid:1.3.6.1.4.1.19376.1.2.999", "value": "PR23143"},
        {"value": agendas.cabinet.doctor},
        {**ours, "value": "x,y"},
        "x",
    ):
        refused = asked(foreign)
        assert (refused.status, refused.codes) == (422, ["identifier_unknown"]), foreign
        assert "reference" in refused.said[0]
    assert asked(ours, "location-reference").status == 400
    patient = system.get(f"Patient/{agendas.jeanne}")["identifier"][0]
    assert asked(patient, "patient-reference").resources
    wanted = {
        "resourceType": "Appointment",
        "status": "proposed",
        "id": proposal_of(agendas, system),
        "participant": [{"actor": {"identifier": patient}, "status": "accepted"}],
    }
    given = body({"name": "appointment-resource", "resource": wanted})
    assert system.post("Appointment/$book", given).resources[0]["status"] == "booked"
