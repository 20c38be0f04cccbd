# SPDX-License-Identifier: AGPL-3.0-or-later
"""Persons who answer for some clients only: what they see, what is offered to them, what they asked in vain."""

from datetime import timedelta

import pytest

from permanence.calls import operations as calls
from permanence.calls.models import Call
from permanence.clients import queries as clients
from permanence.clients.access import choose_clients
from permanence.dispatch import operations as dispatch
from permanence.foundation import access, alarms, operations
from permanence.foundation.alarms import Alarm
from permanence.foundation.models import AuditEntry, House, OutboxEvent
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemClock
from permanence.messaging import operations as messaging
from permanence.messaging.rules import MessageForm
from permanence.switchboard import queries as switchboard
from tests.rooms.conftest import NOW, SeededEntropy, person
from tests.rooms.test_backstage import errors, fill

SAM = "sam@permanence.example"
PASSWORD = "quatre mots bien longs"


@pytest.fixture
def sam(cast):
    """A supervisor of Dr Weber's account alone."""
    key = operations.add_person(
        email=SAM,
        name="Sam",
        language="fr",
        roles=frozenset({Role.SUPERVISOR}),
        password=PASSWORD,
        by=cast.marc,
        at=NOW,
    )
    choose_clients(person=key, clients=(cast.weber,), by=cast.marc, at=NOW)
    return person(SAM)


def call(cast, name, client, *, caller="+33199000001", abandoned=True):
    at = SystemClock().now() - timedelta(hours=1)
    return Call.objects.create(
        house=House.objects.get(slug="demo"),
        call=name,
        client_id=client and int(client),
        called_line="+35220777777" if client is None else "+35220000101",
        caller=caller,
        display=f"shown-{name}",
        arrived_at=at,
        ended_at=at + timedelta(minutes=1),
        abandoned=abandoned,
    )


def test_everybody_answers_for_all_until_some_are_chosen(cast, sam):
    assert cast.claire.clients is None
    assert sam.clients == {cast.weber}
    assert clients.clients_visible_to(sam) == {cast.weber}
    assert clients.clients_visible_to(cast.claire) >= {cast.weber, cast.dupont, cast.atlas}
    for client, seen in ((cast.weber, True), (cast.dupont, False), (None, False), ("", False)):
        assert sam.may_see(client) is seen
        assert cast.marc.may_see(client) is True
    choose_clients(person=sam.person, clients=None, by=cast.marc, at=NOW)
    assert person(SAM).clients is None


def test_refusals_of_the_choice(cast, sam):
    for wrong in ((cast.other_client,), (cast.weber, cast.other_client), (), ("x",)):
        with pytest.raises(clients.ClientUnknown):
            choose_clients(person=sam.person, clients=wrong, by=cast.marc, at=NOW)
    with pytest.raises(operations.OwnerSeesAll):
        choose_clients(person=cast.marc.person, clients=(cast.weber,), by=cast.marc, at=NOW)
    with pytest.raises(operations.PersonUnknown):
        choose_clients(person=cast.nadia.person, clients=(cast.weber,), by=cast.marc, at=NOW)
    assert person(SAM).clients == {cast.weber}


def test_who_becomes_owner_answers_for_all(cast, sam):
    operations.grant(person=sam.person, role=Role.OWNER, by=cast.marc, at=NOW)
    assert person(SAM).clients is None


def test_the_telephone_knows_it(cast, deliver_all):
    deliver_all(NOW)
    choose_clients(person=cast.claire.person, clients=(cast.weber, cast.dupont), by=cast.marc, at=NOW)
    assert OutboxEvent.objects.filter(name="PersonChanged", delivered_at=None).count() == 1
    house = switchboard.house_slice(house="demo", version=1)
    entries = {each.name: each.clients for each in house.secretaries}
    assert entries == {"Aoife": None, "Claire": tuple(sorted((cast.weber, cast.dupont), key=int))}


def test_the_supervisors_page_shows_his_clients_alone(cast, sam, browser_of):
    call(cast, "hers", cast.weber)
    call(cast, "others", cast.dupont, caller="+33199000002")
    call(cast, "nobodys", None, caller="+33199000003")
    calls.mark_called_back(call="others", by=cast.marc, at=SystemClock().now())
    call(cast, "others2", cast.dupont, caller="+33199000004")
    for part in ("", "?part=list", "?part=undelivered", f"?client={cast.dupont}", f"?client={cast.dupont}&part=list"):
        page = browser_of(sam).get(f"/supervision/calls{part}").content.decode()
        for hidden in ("Dupont", "99 00 00 02", "99 00 00 03", "99 00 00 04", "20 77 77 77", "shown-others"):
            assert hidden not in page, (part, hidden)
    page = browser_of(sam).get("/supervision/calls").content.decode()
    assert "99 00 00 01" in page
    assert "99 00 00 02" in browser_of(cast.marc).get("/supervision/calls").content.decode()


def test_an_alarm_about_another_client_is_not_shown(cast, sam, browser_of):
    at, keys = SystemClock().now(), alarms.houses()
    alarms.sign(at=at)
    found = [Alarm(code="line", about=number) for number in ("+33199001234", "+35220000101")]
    found += [Alarm(code="slice", about=name, params={"client": name}) for name in ("Cabinet Dupont", "Dr Weber")]
    alarms.keep({"demo": [*found, Alarm(code="journal")]}, keys=keys, at=at)
    for who, count in ((sam, 3), (cast.marc, 5)):
        page = browser_of(who).get("/supervision/calls?part=alarms").content.decode()
        assert page.count("data-alarm=") == count
        assert ("Dupont" in page) is (who is cast.marc)


def test_what_is_not_hers_is_refused_by_the_act_itself(cast, sam):
    call(cast, "others", cast.dupont)
    call(cast, "nobodys", None)
    for name in ("others", "nobodys"):
        for act in (calls.mark_called_back, calls.undo_called_back):
            with pytest.raises(access.NotHers):
                act(call=name, by=sam, at=NOW)
    assert not Call.objects.filter(called_back_at__isnull=False).exists()
    recipient = cast.recipients["Dr Anne Dupont"]
    form = MessageForm(message="m" * 20, recipient=recipient, caller_name="X", caller_number="0199000001", text="y")
    messaging.take_message(house="demo", client_id=cast.dupont, call="", by=cast.claire, at=NOW, form=form)
    with pytest.raises(access.NotHers):
        dispatch.retry(house="demo", message="m" * 20, by=sam, at=NOW, entropy=SeededEntropy())


def test_who_asked_in_vain_stands_in_the_trail_and_the_act_is_undone(cast, sam, browser_of):
    row = call(cast, "others", cast.dupont)
    assert browser_of(sam).post("/supervision/calls/others/called-back").status_code == 404
    (entry,) = AuditEntry.objects.filter(action=access.ASKED_IN_VAIN)
    assert (entry.by_name, entry.subject, entry.client_key) == ("Sam", f"calls.call:{row.pk}", int(cast.dupont))
    row.refresh_from_db()
    assert row.called_back_at is None
    assert browser_of(sam).post("/supervision/calls/nothing/called-back").status_code == 404
    assert AuditEntry.objects.filter(action=access.ASKED_IN_VAIN).count() == 1


@pytest.mark.parametrize("client", ["x", "9" * 40, "-1", "\u0663", "1e3"])
def test_a_strange_client_in_the_address_is_only_not_there(cast, browser_of, client):
    choose_clients(person=cast.claire.person, clients=(cast.weber,), by=cast.marc, at=NOW)
    answer = browser_of(cast.claire).get("/console/history", {"client": client, "number": "+33199000001"})
    assert answer.status_code == 404
    (entry,) = AuditEntry.objects.filter(action=access.ASKED_IN_VAIN)
    assert entry.client_key in {None, int(client) if client.isascii() and client.isdecimal() else None}


def test_the_trail_never_names_a_client_of_another_house(cast, browser_of):
    choose_clients(person=cast.claire.person, clients=(cast.weber,), by=cast.marc, at=NOW)
    from_other = browser_of(cast.claire).get("/console/history", {"client": cast.other_client, "number": "+331"})
    assert from_other.status_code == 404
    page = browser_of(cast.marc).get("/backstage/foundation/auditentry/").content.decode()
    table = page.partition("result_list")[2]
    row = table.partition("asked in vain")[2].partition("</tr>")[0] or table.partition("vain")[2].partition("</tr>")[0]
    assert "Dr Weber" not in row


def test_a_secretary_of_some_clients_takes_no_message_for_another(cast, browser_of):
    choose_clients(person=cast.claire.person, clients=(cast.weber,), by=cast.marc, at=NOW)
    body = {"client": cast.dupont, "call": "", "message": "m" * 20, "recipient": cast.recipients["Le cabinet"]}
    claire = browser_of(cast.claire)
    answer = claire.post("/console/messages", body, content_type="application/json")
    assert answer.status_code == 404
    assert AuditEntry.objects.filter(action=access.ASKED_IN_VAIN, by_name="Claire").exists()


def test_the_owner_chooses_the_clients_of_a_person(cast, sam, browser_of):
    marc = browser_of(cast.marc)
    url = f"/backstage/foundation/person/{sam.person}/change/"
    assert f'value="{cast.weber}" selected' in marc.get(url).content.decode()
    answer = fill(marc, url, answers_for=[cast.dupont, cast.atlas])
    assert (answer.status_code, errors(answer)) == (302, [])
    assert person(SAM).clients == {cast.dupont, cast.atlas}
    assert fill(marc, url, answers_for=[]).status_code == 302
    assert person(SAM).clients is None
    refused = fill(marc, url, answers_for=[cast.other_client])
    assert refused.status_code == 200
    assert errors(refused)
    refused = fill(marc, url, answers_for=[cast.weber], is_owner="on")
    assert refused.status_code == 200
    assert errors(refused)
    assert person(SAM).clients is None


@pytest.mark.parametrize(
    "address", ["/backstage/clients/client/%00/change/", "/backstage/accounts/transfers?client=%00x"]
)
def test_what_no_database_takes_is_asked_for_in_vain_too(cast, browser_of, address):
    assert browser_of(cast.marc).get(address).status_code == 404
    (entry,) = AuditEntry.objects.filter(action=access.NOT_THERE)
    assert "\x00" not in entry.subject
