# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client copied from another: what comes along, and that nothing which names somebody or a number ever does."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.clients import directory_operations, operations, queries
from permanence.clients.models import Client, Contact, Line, PortalUser, Reason, Recipient, Site
from permanence.clients.queries import ClientUnknown
from permanence.clients.rules import Scope
from permanence.clients.rules.spoken import GreetingWhen, when_of
from permanence.clients.template_operations import open_from_template
from permanence.clients.template_rules import names_nobody_else, renamed
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.reception.table import SiteEntry
from tests.rooms.conftest import NOW
from tests.rooms.test_backstage import errors

NAMES = ("Dr Anne Dupont", "Cabinet Müller", "Le cabinet")


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


def copied(cast, template, name="Atlas Norge", **more):
    given = {"template": template, "name": name, "initials": "AN", "by": cast.marc, "at": NOW, **more}
    return open_from_template(**given)


def file_of(client, house="demo"):
    return queries.client_file(house=house, client=client, at=NOW)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Prévenir Dupont.", "Dupont"),
        ("prévenir dupont", "dupont"),
        ("Praxis Muller", "Muller"),
        ("ANNE rappelle", "ANNE"),
        ("Le docteur rappelle, cabinet fermé.", ""),
        ("Composez le 15 ou le 112, entre 12 h 30 et 13 h 30.", ""),
        ("Appeler 621 000 158", "621 000 158"),
        ("+352-26.12.34", "+352-26.12.34"),
        ("Dupontel rappelle", ""),
    ],
)
def test_what_names_somebody_or_a_number_is_seen(text, named):
    assert names_nobody_else(text, NAMES) == named


@given(
    st.text(max_size=20), st.text(max_size=20), st.sampled_from(["Dupont", "Müller", "621000158", "+33 1 99 00 00 11"])
)
def test_wherever_it_stands_it_is_seen(before, after, named):
    assert names_nobody_else(f"{before} {named} {after}", NAMES)


def test_the_whole_name_alone_is_replaced():
    assert renamed("Atlas, bonjour. Atlas!", old="Atlas", new=r"\1 Roth") == r"\1 Roth, bonjour. \1 Roth!"
    assert renamed("Atlasse", old="Atlas", new="Roth") == "Atlasse"


def test_everything_general_is_copied_and_the_client_is_a_prospect(cast):
    operations.add_exception(client=cast.atlas, day=NOW.date() + timedelta(days=9), by=cast.marc, at=NOW)
    operations.add_exception(client=cast.atlas, day=NOW.date() - timedelta(days=9), by=cast.marc, at=NOW)
    events, entries = OutboxEvent.objects.count(), AuditEntry.objects.count()
    done = copied(cast, cast.atlas, place="Bergen")
    source, made = file_of(cast.atlas), file_of(done.client)
    assert (made.view.kind, made.view.sector, made.view.languages) == (
        source.view.kind,
        source.view.sector,
        source.view.languages,
    )
    assert (made.hours.always, made.hours.week) == (source.hours.always, source.hours.week)
    assert [each.date for each in made.hours.exceptions] == [(NOW.date() + timedelta(days=9)).isoformat()]
    assert made.reasons == source.reasons
    assert [each.text for each in made.greetings] == [
        each.text.replace("Atlas", "Atlas Norge") for each in source.greetings
    ]
    assert [each.text for each in made.instructions] == [each.text for each in source.instructions]
    assert {each.author for each in made.instructions} == {"Marc"}
    assert (made.view.state, made.view.place, done.left_out) == ("prospect", "Bergen", ())
    assert (OutboxEvent.objects.count(), AuditEntry.objects.count()) == (events + 1, entries + 1)


@pytest.mark.parametrize("name", ["weber", "dupont", "atlas"])
def test_numbers_persons_and_recipients_never_come_along(cast, name):
    done = copied(cast, getattr(cast, name), name="Somebody New")
    for table in (Line, Recipient, Contact, PortalUser, Site):
        assert not table.objects.filter(client=int(done.client)).exists()
    made = file_of(done.client)
    assert (made.voice_message, made.voice_message_consent, made.contacts, made.sites) == (False, None, (), ())
    said = " ".join([*(each.text for each in made.greetings), *(each.text for each in made.instructions)])
    assert not [word for word in ("Weber", "Dupont", "Lemaire", "Klein", "Niamh") if word in said]
    row = Client.objects.get(pk=int(done.client))
    assert (row.contract_from, row.contract_until, row.contract_notes, row.duty_contact) == (None, None, "", "")


def test_what_names_the_templates_doctor_is_left_out_and_told(cast):
    done = copied(cast, cast.dupont, name="Cabinet Neuf")
    left = {(each.kind, each.names) for each in done.left_out}
    assert ("greeting", "Dupont") in left
    assert {kind for kind, _names in left} == {"greeting", "instruction"}
    kept = {each.text for each in file_of(done.client).instructions}
    told = {each.text for each in done.left_out if each.kind == "instruction"}
    assert kept | told == {each.text for each in file_of(cast.dupont).instructions}
    assert not kept & told


def instructed(cast, text, **more):
    operations.write_instruction(client=cast.atlas, text=text, author=cast.marc.person, by=cast.marc, at=NOW, **more)


@pytest.mark.parametrize(
    "narrowed",
    [
        lambda cast: Scope(caller="+352621000147"),
        lambda cast: Scope(line=file_of(cast.atlas).lines[0]),
        lambda cast: Scope(recipient=cast.recipients["Orders and parts"]),
        lambda _cast: Scope(reason="gone"),
        lambda _cast: Scope(reason="klein"),
    ],
)
def test_an_instruction_for_some_calls_never_becomes_one_for_every_call(cast, narrowed):
    operations.add_reason(client=cast.atlas, code="gone", label="Gone", by=cast.marc, at=NOW)
    operations.add_reason(client=cast.atlas, code="klein", label="Call 621 000 158", by=cast.marc, at=NOW)
    instructed(cast, "Put through at once.", scope=narrowed(cast), acknowledge=True)
    Reason.objects.filter(client=cast.atlas, code="gone").delete()
    done = copied(cast, cast.atlas)
    assert "Put through at once." not in {each.text for each in file_of(done.client).instructions}
    (left,) = (each for each in done.left_out if each.kind == "instruction")
    assert left.text == "Put through at once."
    assert left.names


def test_an_instruction_keeps_its_reason_and_that_it_is_to_be_read(cast):
    reason = file_of(cast.atlas).reasons[0].code
    instructed(cast, "Ask for the floor.", scope=Scope(reason=reason), acknowledge=True)
    done = copied(cast, cast.atlas)
    (made,) = (each for each in file_of(done.client).instructions if each.text == "Ask for the floor.")
    assert (made.reason, made.acknowledge, done.left_out) == (reason, True, ())
    kept = [(each.text, each.acknowledge) for each in file_of(cast.atlas).instructions]
    assert [(each.text, each.acknowledge) for each in file_of(done.client).instructions] == kept


def test_greetings_for_days_and_hours_are_copied_and_those_of_a_line_are_not(cast):
    days = GreetingWhen(day_type="chosen", weekdays=(2, 4), opens="09:00", until="12:00")
    line = GreetingWhen(line=file_of(cast.atlas).lines[0])
    for when, text in ((days, "Good morning."), (line, "The number of the adverts.")):
        operations.set_greeting(client=cast.atlas, language="en", text=text, when=when, by=cast.marc, at=NOW)
    made = file_of(copied(cast, cast.atlas).client).greetings
    assert {when_of(each) for each in made if each.text == "Good morning."} == {days}
    assert "The number of the adverts." not in {each.text for each in made}
    assert not [each for each in made if each.line]


def test_the_page_says_that_an_instruction_for_one_caller_was_left_out(cast, marc):
    instructed(cast, "Put through at once.", scope=Scope(caller="+352621000147"))
    answer = marc.post(f"/backstage/accounts/{cast.atlas}/copy", {"name": "Atlas Norge"}, follow=True)
    assert "Put through at once." in answer.content.decode()
    assert "parce que cela ne vaut que pour «\u00a0+352621000147\u00a0»" in answer.content.decode()
    assert "il y est dit" not in answer.content.decode()
    looked = marc.post(f"/backstage/accounts/{cast.atlas}/copy", {"name": "Atlas Sud", "step": "check"})
    assert "car cela ne vaut que pour «\u00a0+352621000147\u00a0»" in looked.content.decode()


def test_sites_come_along_when_asked(cast):
    directory_operations.put_site(
        client=cast.atlas, site=SiteEntry(name="Depot", address="Quay 4"), by=cast.marc, at=NOW
    )
    assert file_of(copied(cast, cast.atlas, with_sites=True).client).sites == file_of(cast.atlas).sites


def test_a_reason_and_a_site_that_name_somebody_stay_behind(cast):
    operations.add_reason(client=cast.dupont, code="lemaire", label="Rendez-vous Dr Lemaire", by=cast.marc, at=NOW)
    done = copied(cast, cast.dupont, name="Cabinet Neuf", with_sites=True)
    made = file_of(done.client)
    assert "Rendez-vous Dr Lemaire" not in {each.label for each in made.reasons}
    assert len(made.reasons) == len(file_of(cast.dupont).reasons) - 1
    assert [(each.name, each.hours) for each in made.sites] == [("Neudorf", ""), ("Meinau", "")]
    assert {("reason", "Lemaire"), ("site", "Lemaire")} <= {(each.kind, each.names) for each in done.left_out}
    assert made.sites[1].access == file_of(cast.dupont).sites[1].access


def test_a_taken_name_and_another_house_are_refused_and_nothing_is_left(cast):
    count = Client.objects.count()
    with pytest.raises(operations.NameTaken):
        copied(cast, cast.atlas, name=" Dr Weber ")
    with pytest.raises(ClientUnknown):
        copied(cast, cast.atlas, by=cast.nadia)
    assert Client.objects.count() == count


def test_the_page_opens_the_client_and_says_what_was_left_out(cast, marc):
    address = f"/backstage/accounts/{cast.dupont}/copy"
    assert marc.get(address).status_code == 200
    assert marc.post(address, {"name": "Atlas"}).status_code == 422
    answer = marc.post(address, {"name": "Cabinet Neuf", "with_sites": "on"}, follow=True)
    assert (answer.status_code, errors(answer)) == (200, [])
    row = Client.objects.get(name="Cabinet Neuf")
    assert answer.redirect_chain[-1][0] == f"/backstage/clients/client/{row.pk}/change/"
    assert "Dupont et Lemaire" in answer.content.decode()
    assert (row.state, row.house_id) == ("prospect", cast.marc.house_key)
