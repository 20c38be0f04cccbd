# SPDX-License-Identifier: AGPL-3.0-or-later
"""A change that waits is shown in its whole context: the card as it is, and as the operation itself would make it."""

import re
from dataclasses import replace

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.clients import approvals, directory_operations, duty_contact, queries
from permanence.clients.approval_context import SHOWN_WHOLE, in_context
from permanence.clients.approval_queries import proposal
from permanence.clients.models import Client, Contact, EntryChange, Instruction, Proposal, ProposalMail
from permanence.clients.rules.approvals import URGENT_PRIORITY, ProposalKind, ProposalState
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.kernel.system import SystemClock
from permanence.reception.table import ContactEntry
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.messaging_cast import make_cast
from tests.rooms.test_approvals import announce, approve, contact, file_of, script_with_flags, submit, urgent
from tests.rooms.test_portal_line import signed_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    found = make_cast()
    Client.objects.filter(pk=int(found.cabinet.id)).update(second_approval=True)
    return found


@pytest.fixture
def now():
    return SystemClock().now()


def put(cast, name, now, **facts):
    entry = ContactEntry(name=name, **facts)
    directory_operations.put_contact(client=cast.cabinet.id, contact=entry, by=cast.marc, at=now)


def ahead(cast, key, now):
    return approvals.look_ahead(client=cast.cabinet.id, proposal=key, by=cast.dr_lemaire, at=now)


def context(cast, key, now):
    view = proposal(house=cast.house, proposal=key, at=now)
    return in_context(view, file_of(cast, now), ahead(cast, key, now))


def names(side):
    return [(row.contact.name, row.changed) for row in side.rows]


def test_a_contact_is_shown_among_all_the_others_before_and_after(cast, now):
    for name in ("Ambulance", "Garde", "Pharmacie"):
        put(cast, name, now)
    key = contact(cast, at=now, instead_of="Garde")
    found = context(cast, key, now)
    assert names(found.before) == [("Ambulance", False), ("Garde", True), ("Pharmacie", False)]
    assert names(found.after) == [("Ambulance", False), ("Garde", True), ("Pharmacie", False)]
    assert [row.contact.numbers for row in (found.before.rows[1], found.after.rows[1])] == [(), ("+33123456789",)]
    assert found.after.rows[1].contact.shown == ("01 23 45 67 89",)


def test_of_a_long_directory_what_changes_and_its_neighbours_are_shown(cast, now):
    for number in range(SHOWN_WHOLE + 4):
        put(cast, f"Contact {number:02d}", now)
    key = contact(cast, at=now, name="Contact 05", instead_of="Contact 05")
    found = context(cast, key, now)
    for side in (found.before, found.after):
        assert names(side) == [("Contact 04", False), ("Contact 05", True), ("Contact 06", False)]
        assert side.others == SHOWN_WHOLE + 1
    page = text_of(signed_in(cast.dr_lemaire).get(f"/portal/approvals/{key}"))
    assert f"{SHOWN_WHOLE + 1} others stay as they are." in page


def test_an_instruction_stands_among_those_in_force_where_it_will_stand(cast, now):
    submit(cast, ProposalKind.INSTRUCTION, urgent(text="Ordonnances : noter.", priority=0), at=now)
    first = submit(cast, ProposalKind.INSTRUCTION, urgent(), at=now)
    approve(cast, first, by=cast.dr_lemaire, at=now)
    held = file_of(cast, now).instructions[0]
    changed = urgent(instruction=held.id, text="Urgences : Dr Klein.", began_from=held.version)
    key = submit(cast, ProposalKind.INSTRUCTION, changed, at=now)
    page = text_of(signed_in(cast.dr_lemaire).get(f"/portal/approvals/{key}"))
    before, after = page.split("Instructions: what she will see")
    assert before.index("Urgences au 15.") < before.index("Ordonnances : noter.")
    assert "until now urgent Urgences au 15." in before
    assert "once approved urgent Urgences : Dr Klein." in after
    assert "Ordonnances : noter." in after


def test_the_end_of_an_absence_shows_the_absence_that_goes_and_those_that_stay(cast, now):
    approve(cast, announce(cast, now), by=cast.dr_lemaire, at=now)
    announce(cast, now, recipient=cast.cabinet.practice, urgent_to=None, words="Formation.")
    held = next(each for each in file_of(cast, now).absences if each.urgent_to)
    found = context(cast, submit(cast, ProposalKind.ABSENCE_OVER, {"absence": held.id}, at=now), now)
    assert sorted((row.lines[-1], row.changed) for row in found.before.rows) == [
        ("«\u00a0Absent.\u00a0»", True),
        ("«\u00a0Formation.\u00a0»", False),
    ]
    assert [(row.lines[-1], row.changed) for row in found.after.rows] == [("«\u00a0Formation.\u00a0»", False)]


def test_what_cannot_be_done_any_more_says_so_before_it_is_approved(cast, now):
    put(cast, "Garde", now)
    mark = directory_operations.mark_of({"name": "Garde", "numbers": []})
    key = contact(cast, at=now, instead_of="Garde")
    Proposal.objects.filter(pk=key).update(body={**Proposal.objects.get(pk=key).body, "began_from": mark})
    assert context(cast, key, now).after is None
    page = text_of(signed_in(cast.dr_lemaire).get(f"/portal/approvals/{key}"))
    assert "It cannot be done any more" in page
    assert approve(cast, key, by=cast.dr_lemaire, at=now) is ProposalState.OVERTAKEN
    assert ahead(cast, key, now) is None, "it waits no longer"
    assert "what she will see" not in text_of(signed_in(cast.dr_lemaire).get(f"/portal/approvals/{key}"))


def test_the_house_sees_it_in_its_context_too(cast, now):
    put(cast, "Ambulance", now)
    key = contact(cast, at=now)
    page = text_of(SignedInBrowser(cast.marc).get(f"/backstage/accounts/{cast.cabinet.id}/approvals/{key}"))
    assert re.search(r"Ambulance [^0-9]+ Garde 01 23 45 67 89", page)


def everything():
    tables = (Contact, EntryChange, Instruction, AuditEntry, OutboxEvent, Proposal, ProposalMail)
    return [list(table.objects.order_by("pk").values()) for table in tables]


kinds = st.sampled_from(["contact", "removed", "instruction", "retired", "absence", "absence over", "flags", "duty"])


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(kind=kinds)
def test_what_is_shown_is_what_approving_brings_and_looking_changes_nothing(cast, now, kind):
    """The oracle is the approval itself: the card afterwards is the card that was shown, row for row."""
    with transaction.atomic():
        key = proposed(cast, now, kind)
        kept = everything()
        shown = ahead(cast, key, now)
        assert everything() == kept
        assert shown is not None
        assert approve(cast, key, by=cast.dr_lemaire, at=now) is ProposalState.APPROVED
        after = file_of(cast, now)
        assert without_ids(after) == without_ids(shown)
        transaction.set_rollback(True)


def without_ids(file):
    """What the card shows of a client: a row made again has another id."""
    rows = [replace(each, id="") for each in (*file.instructions, *file.absences)]
    return rows, file.contacts, file.voice_message_consent, file.script


def proposed(cast, now, kind):
    """A change of that kind, with what it needs to stand on."""
    if kind in {"contact", "removed"}:
        key = contact(cast, at=now)
        if kind == "contact":
            return key
        approve(cast, key, by=cast.marc, at=now)
        return submit(cast, ProposalKind.CONTACT_REMOVED, {"name": "Garde", "began_from": None}, at=now)
    if kind in {"instruction", "retired"}:
        key = submit(cast, ProposalKind.INSTRUCTION, urgent(priority=URGENT_PRIORITY), at=now)
        if kind == "instruction":
            return key
        approve(cast, key, by=cast.marc, at=now)
        held = file_of(cast, now).instructions[0]
        return submit(cast, ProposalKind.RETIREMENT, {"instruction": held.id, "began_from": held.version}, at=now)
    if kind in {"absence", "absence over"}:
        key = announce(cast, now)
        if kind == "absence":
            return key
        approve(cast, key, by=cast.marc, at=now)
        return submit(cast, ProposalKind.ABSENCE_OVER, {"absence": file_of(cast, now).absences[0].id}, at=now)
    if kind == "flags":
        return submit(cast, ProposalKind.RED_FLAGS, script_with_flags(cast, now), at=now)
    standing = list(duty_contact.standing(Client.objects.get(pk=int(cast.cabinet.id))))
    body = {"voice_message": False, "agreed": "", "duty_contact": "Dr Klein", "was": standing}
    return submit(cast, ProposalKind.DUTY_CONTACT, body, at=now)


def test_nobody_looks_ahead_at_another_clients_or_another_houses(cast, now):
    key = contact(cast, at=now)
    with pytest.raises(approvals.ProposalUnknown):
        approvals.look_ahead(client=cast.weber.id, proposal=key, by=cast.marc, at=now)
    with pytest.raises(queries.ClientUnknown):
        approvals.look_ahead(client=cast.cabinet.id, proposal=key, by=cast.other_doctor, at=now)
