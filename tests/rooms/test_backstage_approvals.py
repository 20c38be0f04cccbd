# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the house changes for a client whose contract asks for a second person waits, whichever page it came from."""

import re

import pytest

from permanence.clients import bulk_operations, operations
from permanence.clients.bulk_rules import EntryLine
from permanence.clients.models import Absence, Client, Contact, Instruction, Proposal, ProposalMail
from permanence.clients.rules.approvals import URGENT_PRIORITY
from permanence.dispatch import approval_mails
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.foundation.models import AuditEntry, Person
from permanence.foundation.rules import Role
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
from permanence.project.mail_sink import start_mail_sink
from tests.processes import free_port
from tests.rooms.messaging_cast import person
from tests.rooms.test_backstage import errors, fill

CONTACT = {"contact-TOTAL_FORMS": "1", "contact-0-name": "Garde", "contact-0-numbers": "621 000 158"}


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


@pytest.fixture
def second(cast, browser_of):
    """Another owner."""
    return browser_of(person("olga@permanence.example", "Olga", [Role.OWNER], by=cast.marc, language="en"))


@pytest.fixture
def asked(cast):
    """Dr Weber's contract asks; his directory is empty."""
    Contact.objects.filter(client=int(cast.weber)).delete()
    Client.objects.filter(pk=int(cast.weber)).update(second_approval=True)
    return Client.objects.filter(pk=int(cast.weber))


def change(cast, part=""):
    return f"/backstage/clients/client/{cast.weber}/change/" + (f"?part={part}" if part else "")


def page_of(cast):
    return f"/backstage/accounts/{cast.weber}/approvals/{Proposal.objects.latest('pk').pk}"


def test_the_owner_sets_what_the_contract_asks(cast, marc):
    assert (
        fill(marc, change(cast), second_approval="on").status_code,
        Client.objects.get(pk=int(cast.weber)).second_approval,
    ) == (302, True)


def test_a_number_written_on_the_clients_page_waits_and_a_second_owner_approves_it(cast, asked, marc, second):
    answer = fill(marc, change(cast, "directory"), **CONTACT, **{"contact-0-number_for": "callers"})
    assert (answer.status_code, errors(answer), Contact.objects.filter(client=int(cast.weber)).count()) == (302, [], 0)
    card = second.get(f"/backstage/accounts/{cast.weber}/").content.decode()
    assert re.search(rf'id="t-waiting".*href="{page_of(cast)}">[^<]*Garde</a>', card, re.S)
    assert marc.post(page_of(cast), {"act": "approve"}).status_code == 422, "not her own"
    for body in ({}, {"act": "refuse", "cause": ""}, {"act": "take_back"}):
        assert second.post(page_of(cast), body).status_code == 422
    assert second.get(page_of(cast)).status_code == second.head(page_of(cast)).status_code == 200
    assert not Contact.objects.filter(client=int(cast.weber)).exists()
    assert second.post(page_of(cast), {"act": "approve"}).status_code == 303
    assert Contact.objects.get(client=int(cast.weber)).numbers == ["+352621000158"]
    entry = AuditEntry.objects.filter(action="client.contact_put").latest("pk")
    assert (entry.by_name, entry.detail["approved_by"]) == (cast.marc.name, "Olga")


def test_what_is_not_urgent_is_saved_with_the_page(cast, asked, marc):
    answer = fill(marc, change(cast, "directory"), **CONTACT, **{"contact-0-number_for": "nobody"})
    assert answer.status_code == 302
    assert Contact.objects.filter(client=int(cast.weber)).count() == 1
    again = fill(
        marc, change(cast, "directory"), **{"contact-0-number_for": "professionals", "contact-0-function": "garde"}
    )
    assert (again.status_code, errors(again)) == (302, [])
    assert Contact.objects.get(client=int(cast.weber)).number_for == "nobody"
    assert Proposal.objects.get().body["instead_of"] == "Garde"


def test_a_contact_deleted_on_the_page_stays_until_it_is_approved(cast, asked, marc, second):
    row = Contact.objects.create(
        house_id=cast.marc.house_key, client_id=int(cast.weber), name="Garde", numbers=["+352621000158"],
        number_for="callers",
    )  # fmt: skip
    assert fill(marc, change(cast, "directory"), **{"contact-0-DELETE": "on"}).status_code == 302
    assert Contact.objects.filter(pk=row.pk).exists()
    assert second.post(page_of(cast), {"act": "approve"}).status_code == 303
    assert not Contact.objects.filter(pk=row.pk).exists()


def test_the_duty_contact_stays_as_it_was_and_the_rest_of_the_page_is_saved(cast, asked, marc, second):
    before = asked.get().duty_contact
    answer = fill(marc, change(cast), duty_contact="Dr Neu", max_wait_s="241")
    assert (answer.status_code, errors(answer)) == (302, [])
    row = asked.get()
    assert (row.duty_contact, row.max_wait_s) == (before, 241)
    assert second.post(page_of(cast), {"act": "approve"}).status_code == 303
    assert asked.get().duty_contact == "Dr Neu"


def test_checking_without_saving_leaves_nothing_waiting(cast, asked, marc):
    fill(marc, change(cast, "directory"), **CONTACT, **{"contact-0-number_for": "callers"}, _check="1")
    fill(marc, change(cast), duty_contact="X", _check="1")
    assert not Proposal.objects.exists()


def test_an_urgent_instruction_waits_on_its_own_page_and_on_the_clients(cast, asked, marc, second):
    held = Instruction.objects.count()
    url = f"/backstage/clients/instruction/add/?client={cast.weber}"
    answer = fill(marc, url, text="Urgences au 15", priority=str(URGENT_PRIORITY))
    assert (answer.status_code, answer["Location"]) == (302, f"/backstage/accounts/{cast.weber}/")
    assert Instruction.objects.count() == held
    assert second.post(page_of(cast), {"act": "approve"}).status_code == 303
    row = Instruction.objects.get(text="Urgences au 15")
    page = f"/backstage/clients/instruction/{row.pk}/change/"
    assert fill(marc, page, text="Autre chose").status_code == 302
    assert not Instruction.objects.filter(text="Autre chose").exists()
    gone = fill(marc, f"/backstage/clients/instruction/{row.pk}/delete/")
    assert (gone.status_code, gone["Location"]) == (302, f"/backstage/accounts/{cast.weber}/")
    assert not Instruction.objects.filter(root=row.pk).exists()
    assert Proposal.objects.filter(state="waiting").count() == 2
    plain = fill(marc, url, text="Simple", priority="0")
    assert plain.status_code == 302
    assert Instruction.objects.filter(text="Simple").exists()


def test_an_absence_of_the_page_holds_without_its_urgent_path(cast, asked, marc):
    other = operations.add_recipient(
        client=cast.weber, kind=operations.rules.RecipientKind.PRACTITIONER, name="Dr Klein", email="", by=cast.marc,
        at=SystemClock().now(),
    )  # fmt: skip
    lines = {
        "absence-TOTAL_FORMS": "1", "absence-0-recipient": cast.recipients["Dr Weber"], "absence-0-words": "Absente.",
        "absence-0-starts_at": "2036-01-01 08:00", "absence-0-ends_at": "2036-01-02 08:00",
        "absence-0-urgent_to": other, "absence-0-treatment": "answer",
    }  # fmt: skip
    answer = fill(marc, change(cast, "days"), **lines)
    assert (answer.status_code, errors(answer)) == (302, [])
    assert Absence.objects.get(client=int(cast.weber), words="Absente.").urgent_to is None
    assert Proposal.objects.get().body["urgent_to"] == other


def test_a_file_brings_in_no_number_that_callers_are_given(cast, asked):
    line = EntryLine(
        line=2, client="Dr Weber", fields={"name": "Garde", "numbers": ["+352621000158"], "number_for": "callers"}
    )
    free = EntryLine(
        line=3, client="Dr Weber", fields={"name": "Labo", "numbers": ["+352621000159"], "number_for": "nobody"}
    )
    given = {"by": cast.marc, "at": SystemClock().now(), "dry": False}
    refused = bulk_operations.bring_in_contacts(lines=[line, free], **given)
    assert [(each.line, each.code) for each in refused.faults] == [(2, "approval_needed")]
    assert not Contact.objects.filter(client=int(cast.weber)).exists()
    assert bulk_operations.bring_in_contacts(lines=[free], **given).added == 1


def test_the_mail_says_that_something_waits_and_nothing_of_it(cast, asked, marc, settings):
    people = Person.objects.filter(house=cast.marc.house_key, is_portal_user=True)
    assert people.exists()
    fill(marc, change(cast, "directory"), **CONTACT, **{"contact-0-number_for": "callers"})
    at, port = SystemClock().now(), free_port()
    relay = RelaySettings(host="127.0.0.1", port=port)
    sink = start_mail_sink(data=settings.PERMANENCE.data, host="127.0.0.1", port=port)
    try:
        count = ProposalMail.objects.count()
        assert count >= 1
        assert approval_mails.run_approvals(at=at, relay=relay) == count
        assert approval_mails.run_approvals(at=at, relay=relay) == 0
    finally:
        sink.stop()
    for path in settings.PERMANENCE.mailbox.glob("*.eml"):
        mail = path.read_text(encoding="utf-8")
        assert "/portal/approvals" in mail
        for secret in ("Garde", "621", "Weber", cast.marc.name):
            assert secret not in re.sub(r"(?m)^(To|X-[\w-]+|Message-ID|Received):.*$|=+\d{10,}=+", "", mail)
    assert ProposalMail.objects.filter(sent_at=None).count() == 0


def test_what_was_decided_meanwhile_is_told_to_nobody(cast, asked, marc, second):
    fill(marc, change(cast, "directory"), **CONTACT, **{"contact-0-number_for": "callers"})
    second.post(page_of(cast), {"act": "approve"})
    nowhere = RelaySettings(host="127.0.0.1", port=free_port())
    assert approval_mails.run_approvals(at=SystemClock().now(), relay=nowhere) == 0


def test_a_secretary_and_another_house_see_nothing_of_it(cast, asked, marc, browser_of):
    fill(marc, change(cast, "directory"), **CONTACT, **{"contact-0-number_for": "callers"})
    assert browser_of(cast.claire).get(page_of(cast)).status_code == 403
    assert browser_of(cast.nadia).get(page_of(cast)).status_code in {403, 404}
    olga = who_is(Person.objects.select_related("house").get(pk=int(cast.marc.person)))
    other = page_of(cast).replace(f"accounts/{cast.weber}/", f"accounts/{cast.dupont}/")
    assert browser_of(olga).get(other).status_code == 404
