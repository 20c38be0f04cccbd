# SPDX-License-Identifier: AGPL-3.0-or-later
"""A supervisor in the back office: what she reads, what she writes, and the clients who are not hers."""

import re

import pytest

from permanence.backstage import supervised
from permanence.clients import operations as clients
from permanence.clients import script_operations
from permanence.clients.access import choose_clients
from permanence.clients.approval_queries import proposals
from permanence.clients.models import Absence, Client, Contact, Instruction, PortalUser
from permanence.foundation import operations
from permanence.foundation.access import ASKED_IN_VAIN
from permanence.foundation.models import AuditEntry, Person
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemClock
from tests.rooms.conftest import NOW, OTHER_PASSWORD, person
from tests.rooms.test_backstage import errors, fill
from tests.rooms.test_doors import addresses

CLIENT = "/backstage/clients/client/{}/change/"
INSTRUCTIONS = "/backstage/clients/instruction/"
PERSONS = "/backstage/foundation/person/"


def supervisor(cast, name, only=None):
    email = f"{name}@permanence.example"
    given = {"email": email, "name": name.title(), "language": "fr", "password": OTHER_PASSWORD}
    key = operations.add_person(roles=frozenset({Role.SUPERVISOR}), by=cast.marc, at=NOW, **given)
    if only:
        choose_clients(person=key, clients=only, by=cast.marc, at=NOW)
    return person(email)


@pytest.fixture
def vera(cast, browser_of):
    """She supervises the whole house."""
    return browser_of(supervisor(cast, "vera"))


@pytest.fixture
def sam(cast, browser_of):
    """He answers for Dr Weber alone."""
    return browser_of(supervisor(cast, "sam", (cast.weber,)))


def write(cast, client, text="Ne jamais donner le numéro privé."):
    return clients.write_instruction(
        client=client,
        text=text,
        author=cast.marc.person,
        starts_at=None,
        ends_at=None,
        priority=0,
        by=cast.marc,
        at=NOW,
    )


def shown(answer):
    assert answer.status_code == 200
    return answer.content.decode()


# -- what she reads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["", "lines", "greetings", "instructions", "messages", "agendas"])
def test_she_reads_each_part_of_a_clients_page_and_can_send_nothing(cast, vera, browser_of, part):
    """The very form of an owner, shut: no button, and a POST of what the owner would post changes nothing."""
    address = CLIENT.format(cast.weber) + (f"?part={part}" if part else "")
    page = shown(vera.get(address))
    owners = shown(browser_of(cast.marc).get(address))
    assert 'type="submit"' not in page.partition('id="client_form"')[2]
    assert 'type="submit"' in owners.partition('id="client_form"')[2]
    assert page.count('class="looks" disabled') == 2
    before = list(Client.objects.order_by("pk").values())
    assert vera.post(address, {"name": "Autre"}).status_code == 403
    assert list(Client.objects.order_by("pk").values()) == before


def test_who_is_ill_telephones_and_she_announces_his_absence(cast, vera, sam):
    """The owner is not there at seven in the morning: days and absences are hers to change, shown as they will be."""
    address = CLIENT.format(cast.weber) + "?part=days"
    page = shown(vera.get(address))
    assert 'class="looks"' not in page
    assert 'type="submit"' in page.partition('id="client_form"')[2]
    typed = {"starts_at": "2036-01-01 08:00", "ends_at": "2036-01-02 08:00", "words": "Malade.", "treatment": "answer"}
    lines = {"absence-TOTAL_FORMS": "1", **{f"absence-0-{name}": value for name, value in typed.items()}}
    answer = fill(vera, address, **lines, **{"absence-0-recipient": cast.recipients["Dr Weber"]})
    assert (answer.status_code, errors(answer)) == (302, [])
    assert [(each.words, each.announced_by.name) for each in Absence.objects.all()] == [("Malade.", "Vera")]
    assert fill(sam, address, **{"absence-0-DELETE": "on"}).status_code == 302
    assert Absence.objects.get().withdrawn_at is not None
    assert AuditEntry.objects.filter(action="client.absence_announced", by_name="Vera").count() == 1
    assert sam.get(CLIENT.format(cast.dupont) + "?part=days").status_code == 404


def test_the_directory_is_hers_to_keep(cast, vera):
    address = CLIENT.format(cast.weber) + "?part=directory"
    held = Contact.objects.filter(client=int(cast.weber)).count()
    typed = {"name": "Dr Nouveau", "number_for": "nobody", "numbers": "621 000 159"}
    lines = {f"contact-{held}-{name}": value for name, value in typed.items()}
    answer = fill(vera, address, **lines, **{"contact-TOTAL_FORMS": str(held + 1)})
    assert (answer.status_code, errors(answer)) == (302, [])
    assert Contact.objects.filter(client=int(cast.weber), numbers=["+352621000159"]).exists()


def test_the_other_parts_stay_the_owners_whatever_the_address_says(cast, vera):
    for part in ("", "?part=lines", "?part=days&part=lines", "?part=days&part="):
        assert vera.post(CLIENT.format(cast.weber) + part, {"name": "Autre"}).status_code == 403, part
    assert vera.post(f"{PERSONS}{cast.claire.person}/change/?part=days", {"name": "Autre"}).status_code == 403


def test_what_stands_in_the_form_is_what_the_owner_sees(cast, vera, browser_of):
    fields = re.compile(r'<(?:input|textarea|select)[^>]* name="(?!csrf|_)([^"]+)"[^>]*?(?: value="([^"]*)")?[^>]*>')
    address = CLIENT.format(cast.weber)
    hers, his = (dict(fields.findall(shown(each.get(address)))) for each in (vera, browser_of(cast.marc)))
    assert hers == his
    assert hers["name"] == "Dr Weber"


def test_she_asks_what_will_be_said(cast, vera):
    page = shown(vera.get(f"/backstage/clients/client/{cast.weber}/said/"))
    assert "Dr Weber" in page


def test_she_reads_the_scripts_and_writes_none(cast, vera):
    script_operations.begin_from_template(
        client=cast.weber, code="doctor", language="fr", after=0, by=cast.marc, at=NOW
    )
    assert "Dr Weber" in shown(vera.get("/backstage/scripts/"))
    page = shown(vera.get(f"/backstage/scripts/{cast.weber}/"))
    assert "script-text" in page
    assert 'name="act"' not in page
    for act in ("begin", "save", "publish", "validate"):
        assert vera.post(f"/backstage/scripts/{cast.weber}/", {"act": act, "after": "1"}).status_code == 403


def test_she_reads_the_register_of_persons(cast, vera):
    page = shown(vera.get(PERSONS))
    assert "Claire" in page
    assert "/backstage/foundation/person/add/" not in page
    card = shown(vera.get(f"{PERSONS}{cast.claire.person}/change/"))
    assert "new_password" not in card
    assert vera.post(f"{PERSONS}{cast.claire.person}/change/", {"is_owner": "on"}).status_code == 403
    assert not Person.objects.get(pk=int(cast.claire.person)).is_owner


def test_every_other_page_of_the_back_office_is_the_owners(cast, vera):
    for path in ("", "foundation/person/add/", "foundation/house/", "switchboard/trunk/", "staff/pool/", "skills/"):
        answer = vera.get(f"/backstage/{path}")
        assert answer.status_code == 302, path
        assert vera.get(answer["Location"]).status_code == 403, path


def test_the_tabs_lead_her_only_where_she_may_go(cast, vera):
    page = shown(vera.get(f"/backstage/clients/client/{cast.weber}/said/"))
    tabs = re.search(r'<nav aria-label="[^"]*">(<a class="tab.*?)</nav>', page, re.S)[1]
    found = re.findall(r'href="([^"]+)"', tabs)
    assert len(found) >= 6
    assert [each for each in found if vera.get(each).status_code != 200] == []


# -- what she writes ---------------------------------------------------------------------------------------------------


def test_she_writes_revises_and_retires_an_instruction(cast, vera):
    address = f"{INSTRUCTIONS}add/?client={cast.weber}"
    answer = fill(vera, address, text="Demander la date de naissance.")
    assert (answer.status_code, errors(answer)) == (302, [])
    row = Instruction.objects.get(text="Demander la date de naissance.")
    assert (row.author.name, row.version) == ("Vera", 1)
    answer = fill(vera, f"{INSTRUCTIONS}{row.pk}/change/", text="Demander aussi le téléphone.")
    assert (answer.status_code, errors(answer)) == (302, [])
    last = Instruction.objects.get(text="Demander aussi le téléphone.")
    assert (last.author.name, last.version) == ("Vera", 2)
    ending = {"post": "yes", "began_from": last.version}
    assert vera.post(f"{INSTRUCTIONS}{last.pk}/delete/", ending).status_code == 302
    assert Instruction.objects.filter(retired=True, root=row.pk).exists()


def test_an_urgent_one_waits_for_a_second_person_where_the_contract_asks(cast, vera):
    Client.objects.filter(pk=int(cast.weber)).update(second_approval=True)
    answer = fill(vera, f"{INSTRUCTIONS}add/?client={cast.weber}", text="Appeler le 112 d'abord.", priority="9")
    assert answer.status_code == 302
    assert not Instruction.objects.filter(text="Appeler le 112 d'abord.").exists()
    [waiting] = proposals(house=cast.house, clients=[cast.weber], at=SystemClock().now())
    assert waiting.author_name == "Vera"


# -- the clients who are not his ---------------------------------------------------------------------------------------


def test_what_is_not_his_is_not_there_and_the_trail_keeps_it(cast, sam):
    other = write(cast, cast.dupont)
    asked = (
        CLIENT.format(cast.dupont),
        f"/backstage/clients/client/{cast.dupont}/said/",
        f"/backstage/scripts/{cast.dupont}/",
        f"{INSTRUCTIONS}{other}/change/",
        f"{INSTRUCTIONS}{other}/delete/",
        f"{INSTRUCTIONS}{other}/history/",
        f"{INSTRUCTIONS}add/?client={cast.dupont}",
        f"{INSTRUCTIONS}?client__id__exact={cast.dupont}",
    )
    for number, path in enumerate(asked, start=1):
        assert sam.get(path).status_code == 404, path
        entries = AuditEntry.objects.filter(action=ASKED_IN_VAIN, by_name="Sam")
        assert entries.count() == number, path
        assert entries.latest("pk").client_key == int(cast.dupont), path
    count = Instruction.objects.count()
    for path in (f"{INSTRUCTIONS}{other}/change/", f"{INSTRUCTIONS}add/?client={cast.dupont}"):
        assert sam.post(path, {"text": "x", "priority": "0", "began_from": "1"}).status_code == 404
    assert sam.post(f"{INSTRUCTIONS}{other}/delete/", {"post": "yes"}).status_code == 404
    assert Instruction.objects.count() == count


def test_no_list_and_no_choice_names_a_client_who_is_not_his(cast, sam):
    write(cast, cast.weber, "hers")
    write(cast, cast.atlas, "others")
    script_operations.begin_from_template(
        client=cast.dupont, code="doctor", language="fr", after=0, by=cast.marc, at=NOW
    )
    hidden = ("Dupont", "Atlas", "Lemaire", "atlas.example", "dupont.example")
    pages = (
        INSTRUCTIONS,
        f"{INSTRUCTIONS}add/?client={cast.weber}",
        PERSONS,
        f"{PERSONS}{cast.claire.person}/change/",
        "/backstage/scripts/",
        "/backstage/scripts/?q=rendez-vous",
        *(CLIENT.format(cast.weber) + f"?part={part}" for part in ("", "lines", "greetings", "messages", "days")),
    )
    for path in pages:
        page = shown(sam.get(path))
        assert [word for word in hidden if word in page] == [], path
    assert "hers" in shown(sam.get(INSTRUCTIONS))


def test_a_reader_of_another_client_is_not_in_his_register(cast, sam):
    reader = PortalUser.objects.filter(client=int(cast.dupont)).first().person_id
    assert sam.get(f"{PERSONS}{reader}/change/").status_code == 404
    assert AuditEntry.objects.filter(action=ASKED_IN_VAIN, subject=f"foundation.person:{reader}").exists()
    own = PortalUser.objects.filter(client=int(cast.weber)).first().person_id
    assert sam.get(f"{PERSONS}{own}/change/").status_code == 200


def test_the_filter_of_the_instructions_names_no_client_of_another_house(cast, browser_of):
    """Django's own filter offers every client there is, whatever the house."""
    Client.objects.filter(pk=int(cast.other_client)).update(name="Maison voisine")
    write(cast, cast.weber)
    write(cast, cast.atlas)
    page = shown(browser_of(cast.marc).get(INSTRUCTIONS))
    assert "client__id__exact" in page
    assert "Maison voisine" not in page


def test_nobody_else_enters(cast, browser_of):
    for somebody in (cast.claire, person(PortalUser.objects.filter(client=int(cast.weber)).first().person.email)):
        for path in (CLIENT.format(cast.weber), INSTRUCTIONS, PERSONS, "/backstage/scripts/"):
            answer = browser_of(somebody).get(path)
            assert answer.status_code == 302, path
            assert "login" in answer["Location"], path


def test_every_door_of_hers_is_a_page_there_is():
    assert {f"backstage:{name}" for name in supervised.DOORS} - set(addresses()) == set()
