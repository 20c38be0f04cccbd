# SPDX-License-Identifier: AGPL-3.0-or-later
"""Urgent paths where the contract asks for a second person: nothing holds before, the same operation after."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.clients import absences, approvals, directory_operations, duty_contact, queries
from permanence.clients import operations as clients
from permanence.clients import script_operations as scripts
from permanence.clients.approval_queries import count_waiting, proposal, proposals
from permanence.clients.models import Absence, Client, Contact, Instruction, PortalUser, Proposal, ProposalMail
from permanence.clients.rules.approvals import LASTS, MOST_WAITING, URGENT_PRIORITY, ProposalKind, ProposalState
from permanence.clients.script_queries import last_validation
from permanence.clients.urgent_paths import ApprovalNeeded
from permanence.foundation.models import AuditEntry
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.reception.table import ContactEntry
from tests.rooms.messaging_cast import make_cast, person
from tests.rooms.test_portal_line import hidden, signed_in, text_of

pytestmark = pytest.mark.django_db
ENTROPY = SystemEntropy()
GARDE = {"name": "Garde", "function": "", "numbers": ["+33123456789"], "number_for": "callers", "may_say": ""}


@pytest.fixture
def cast():
    found = make_cast()
    Client.objects.filter(pk=int(found.cabinet.id)).update(second_approval=True)
    return found


@pytest.fixture
def now():
    return SystemClock().now()


def submit(cast, kind, body, *, by=None, at, client=None):
    key = client or cast.cabinet.id
    return approvals.submit(client=key, kind=kind, body=body, by=by or cast.dr_dupont, at=at, entropy=ENTROPY)


def contact(cast, *, at, by=None, **changes):
    body = {**GARDE, "instead_of": None, "began_from": None, **changes}
    return submit(cast, ProposalKind.CONTACT, body, by=by, at=at)


def urgent(**changes):
    return {
        "instruction": "", "text": "Urgences au 15.", "starts_at": None, "ends_at": None, "priority": URGENT_PRIORITY,
        "recipient": "", "line": "", "reason": "", "caller": "", "acknowledge": False, "began_from": None, **changes,
    }  # fmt: skip


def file_of(cast, at):
    return queries.client_file(house=cast.house, client=cast.cabinet.id, at=at)


def approve(cast, key, *, by, at):
    return approvals.approve(client=cast.cabinet.id, proposal=key, by=by, at=at)


def state(cast, key, at):
    return proposal(house=cast.house, proposal=key, at=at).state


def script_with_flags(cast, now):
    version = scripts.begin_from_template(client=cast.cabinet.id, code="doctor", language="fr", by=cast.marc, at=now)
    scripts.publish(client=cast.cabinet.id, version=version, by=cast.marc, at=now)
    text = scripts.read_text(scripts.ScriptRow.objects.get(client=int(cast.cabinet.id), version=version).text)[0]
    return {
        "version": version,
        "red_flags": scripts.red_flags_text(text),
        "doctor": cast.cabinet.doctor,
        "validated": now.date().isoformat(),
        "last": 0,
    }


def test_a_number_that_may_be_given_holds_only_once_another_person_approved_it(cast, now):
    key = contact(cast, at=now)
    assert file_of(cast, now).contacts == ()
    assert approve(cast, key, by=cast.dr_lemaire, at=now) is ProposalState.APPROVED
    (kept,) = file_of(cast, now).contacts
    assert (kept.name, kept.numbers, kept.number_for) == ("Garde", ("+33123456789",), "callers")
    entry = AuditEntry.objects.get(action="client.contact_put")
    assert (entry.by_name, entry.detail["approved_by"]) == (cast.dr_dupont.name, cast.dr_lemaire.name), "both names"
    decided = AuditEntry.objects.get(action="proposal.approved")
    assert (decided.by_name, decided.detail["author"]) == (cast.dr_lemaire.name, cast.dr_dupont.name)


@pytest.mark.parametrize("changes", [{"number_for": "nobody"}, {"numbers": []}])
def test_a_contact_whose_number_nobody_is_given_holds_at_once(cast, now, changes):
    assert contact(cast, at=now, **changes) == ""
    assert [each.name for each in file_of(cast, now).contacts] == ["Garde"]


def test_where_the_contract_does_not_ask_everything_holds_at_once(cast, now):
    body = {**GARDE, "instead_of": None, "began_from": None}
    assert submit(cast, ProposalKind.CONTACT, body, by=cast.dr_weber, at=now, client=cast.weber.id) == ""
    assert not Proposal.objects.exists()


def test_a_number_is_taken_from_the_card_only_by_two_persons(cast, now):
    approve(cast, contact(cast, at=now), by=cast.marc, at=now)
    assert contact(cast, at=now, number_for="nobody"), "to give it no longer is a change of the path too"
    key = submit(cast, ProposalKind.CONTACT_REMOVED, {"name": "Garde", "began_from": None}, at=now)
    assert [each.number_for for each in file_of(cast, now).contacts] == ["callers"]
    approve(cast, key, by=cast.assistant, at=now)
    assert file_of(cast, now).contacts == ()


def test_an_urgent_instruction_waits_its_change_and_its_end_too(cast, now):
    key = submit(cast, ProposalKind.INSTRUCTION, urgent(), at=now)
    assert file_of(cast, now).instructions == ()
    approve(cast, key, by=cast.dr_lemaire, at=now)
    (held,) = file_of(cast, now).instructions
    assert (held.text, held.author, held.priority) == ("Urgences au 15.", cast.dr_dupont.name, URGENT_PRIORITY)
    changed = urgent(instruction=held.id, text="Non urgent.", priority=0, began_from=held.version)
    assert submit(cast, ProposalKind.INSTRUCTION, changed, at=now), "to make it less urgent changes the path"
    ended = submit(cast, ProposalKind.RETIREMENT, {"instruction": held.id, "began_from": held.version}, at=now)
    assert [each.text for each in file_of(cast, now).instructions] == ["Urgences au 15."]
    approve(cast, ended, by=cast.marc, at=now)
    assert file_of(cast, now).instructions == ()
    assert submit(cast, ProposalKind.INSTRUCTION, urgent(priority=URGENT_PRIORITY - 1), at=now) == ""


def announce(cast, now, **changes):
    words = {"starts": now, "ends": now + timedelta(hours=3), "words": "Absent.", "announced_by": cast.dr_dupont.person}
    given = {"recipient": cast.cabinet.doctor, "urgent_to": cast.lemaire_recipient, **words, **changes}
    by = cast.dr_dupont
    return approvals.announce_absence(client=cast.cabinet.id, by=by, at=now, entropy=ENTROPY, **given).proposal


def test_an_absence_holds_at_once_and_its_urgent_path_once_it_is_approved(cast, now):
    key = announce(cast, now)
    (held,) = file_of(cast, now).absences
    assert (held.words, held.urgent_to) == ("Absent.", "")
    later = now + timedelta(hours=1)
    assert approve(cast, key, by=cast.dr_lemaire, at=later) is ProposalState.APPROVED
    (held,) = file_of(cast, later).absences
    assert (held.starts, held.ends, held.urgent_to) == (now, now + timedelta(hours=3), cast.lemaire_recipient)
    assert Absence.objects.count() == 2, "what was announced stays as it was"
    assert announce(cast, now, urgent_to=None, recipient=cast.cabinet.practice) == ""


def test_the_end_of_an_absence_with_an_urgent_path_waits_and_without_one_holds_at_once(cast, now):
    """To end it takes the path away, whoever asks at whichever door; nothing is kept of what a second one refuses."""
    approve(cast, announce(cast, now), by=cast.dr_lemaire, at=now)
    (held,) = file_of(cast, now).absences
    body = {"absence": held.id}
    for by in (cast.dr_dupont, cast.dr_lemaire, cast.marc):
        with pytest.raises(ApprovalNeeded):
            absences.withdraw_absence(client=cast.cabinet.id, absence=held.id, by=by, at=now)
    key = submit(cast, ProposalKind.ABSENCE_OVER, body, at=now)
    refused = submit(cast, ProposalKind.ABSENCE_OVER, body, by=cast.marc, at=now)
    given = {"client": cast.cabinet.id, "by": cast.dr_lemaire, "at": now}
    approvals.refuse(proposal=refused, cause="Il est encore absent.", **given)
    assert file_of(cast, now).absences == (held,)
    with pytest.raises(approvals.SamePerson):
        approve(cast, key, by=cast.dr_dupont, at=now)
    assert approve(cast, key, by=cast.dr_lemaire, at=now) is ProposalState.APPROVED
    assert file_of(cast, now).absences == ()
    entry = AuditEntry.objects.get(action="client.absence_withdrawn", detail__absence=held.id)
    assert (entry.by_name, entry.detail["approved_by"]) == (cast.dr_dupont.name, cast.dr_lemaire.name)
    assert announce(cast, now, urgent_to=None) == ""
    (plain,) = file_of(cast, now).absences
    assert submit(cast, ProposalKind.ABSENCE_OVER, {"absence": plain.id}, at=now) == ""
    assert file_of(cast, now).absences == ()


def test_an_end_that_comes_after_another_end_is_overtaken(cast, now):
    approve(cast, announce(cast, now), by=cast.dr_lemaire, at=now)
    body = {"absence": file_of(cast, now).absences[0].id}
    first, second = (submit(cast, ProposalKind.ABSENCE_OVER, body, at=now) for _each in range(2))
    assert approve(cast, first, by=cast.marc, at=now) is ProposalState.APPROVED
    assert approve(cast, second, by=cast.marc, at=now) is ProposalState.OVERTAKEN
    assert proposal(house=cast.house, proposal=second, at=now).cause == "absence_unknown"


def test_in_the_portal_the_end_of_such_an_absence_waits_and_says_so(cast, now):
    approve(cast, announce(cast, now), by=cast.dr_lemaire, at=now)
    absence, line = file_of(cast, now).absences[0].id, f"/portal/line/{cast.cabinet.id}"
    browser = signed_in(cast.dr_dupont)
    told = browser.post(f"{line}/absences/{absence}/end")
    while told.status_code == 422:  # what it brings to what is said is shown first, once
        told = browser.post(f"{line}/absences/{absence}/end", {"seen": hidden(told, "seen")})
    assert told.status_code == 303
    assert [each.id for each in file_of(cast, now).absences] == [absence]
    shown = browser.get(told["Location"])
    assert "The end of the absence waits for a second person" in text_of(shown)
    assert "Its end waits for a second person; until then it holds." in text_of(shown)
    assert f"{line}/absences/{absence}/end" not in shown.content.decode()
    (waiting,) = [each for each in proposals(house=cast.house, clients=[cast.cabinet.id], at=now) if each.waits]
    page = signed_in(cast.dr_lemaire).get(f"/portal/approvals/{waiting.id}")
    assert "End of the absence of Dr Dupont" in text_of(page)
    assert "What is urgent goes to Dr Lemaire" in text_of(page)
    approved = signed_in(cast.dr_lemaire).post(f"/portal/approvals/{waiting.id}/approve")
    assert (approved.status_code, file_of(cast, SystemClock().now()).absences) == (303, ())


@pytest.mark.parametrize("after", ["withdrawn", "over"])
def test_an_urgent_path_of_an_absence_that_is_no_more_is_overtaken(cast, now, after):
    key = announce(cast, now)
    absence, later = file_of(cast, now).absences[0].id, now + timedelta(hours=1 if after == "withdrawn" else 4)
    if after == "withdrawn":
        absences.withdraw_absence(client=cast.cabinet.id, absence=absence, by=cast.dr_dupont, at=now)
    assert approve(cast, key, by=cast.dr_lemaire, at=later) is ProposalState.OVERTAKEN
    assert file_of(cast, later).absences == ()


def test_the_duty_contact_waits_with_the_voice_messages_it_stands_for(cast, now):
    body = {
        "voice_message": True, "agreed": now.date().isoformat(), "duty_contact": "Dr Klein",
        "was": [False, "", ""],
    }  # fmt: skip
    key = submit(cast, ProposalKind.DUTY_CONTACT, body, by=cast.marc, at=now)
    assert duty_contact.standing(Client.objects.get(pk=int(cast.cabinet.id))) == (False, "", "")
    assert approve(cast, key, by=cast.dr_dupont, at=now) is ProposalState.APPROVED
    standing = duty_contact.standing(Client.objects.get(pk=int(cast.cabinet.id)))
    assert standing == (True, now.date().isoformat(), "Dr Klein")


def test_red_flags_wait_for_a_second_person_and_are_dated_on_the_doctors_day(cast, now):
    body = script_with_flags(cast, now)
    key = submit(cast, ProposalKind.RED_FLAGS, body, at=now)
    assert last_validation(house=cast.house, client=cast.cabinet.id) is None
    assert approve(cast, key, by=cast.dr_lemaire, at=now + timedelta(days=2)) is ProposalState.APPROVED
    valid = last_validation(house=cast.house, client=cast.cabinet.id)
    assert valid is not None
    assert (valid.validated_date, valid.recorded_by) == (now.date(), cast.dr_dupont.name)


def test_a_validation_of_somebody_else_overtakes_it(cast, now):
    body = script_with_flags(cast, now)
    first, second = (submit(cast, ProposalKind.RED_FLAGS, body, at=now) for _each in range(2))
    assert approve(cast, first, by=cast.marc, at=now) is ProposalState.APPROVED
    assert approve(cast, second, by=cast.marc, at=now) is ProposalState.OVERTAKEN


def test_what_was_changed_meanwhile_is_not_written_over(cast, now):
    approve(cast, contact(cast, at=now), by=cast.marc, at=now)
    mark = directory_operations.mark_of(GARDE)
    first = contact(cast, at=now, function="a", began_from=mark, instead_of="Garde")
    second = contact(cast, at=now, by=cast.dr_lemaire, function="b", began_from=mark, instead_of="Garde")
    assert approve(cast, first, by=cast.dr_lemaire, at=now) is ProposalState.APPROVED
    assert approve(cast, second, by=cast.dr_dupont, at=now) is ProposalState.OVERTAKEN
    assert file_of(cast, now).contacts[0].function == "a"
    held = proposal(house=cast.house, proposal=second, at=now)
    assert (held.cause, held.decided_by) == ("entry_changed", cast.dr_dupont.name)


def test_nobody_approves_his_own_change_nor_one_of_another_client(cast, now):
    key = contact(cast, at=now)
    for act in (approvals.approve, approvals.refuse):
        more = {"cause": "Non."} if act is approvals.refuse else {}
        given = {"client": cast.cabinet.id, "proposal": key, "at": now, **more}
        with pytest.raises(approvals.SamePerson):
            act(by=cast.dr_dupont, **given)
        for stranger in (cast.dr_weber, cast.claire):
            with pytest.raises(approvals.NotEntitled):
                act(by=stranger, **given)
        with pytest.raises(queries.ClientUnknown):
            act(by=cast.other_doctor, **given)
        with pytest.raises(approvals.ProposalUnknown):
            act(by=cast.dr_weber, **{**given, "client": cast.weber.id})
    assert state(cast, key, now) is ProposalState.WAITING
    assert file_of(cast, now).contacts == ()
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.update(state="approved", decided_by=int(cast.dr_dupont.person))


def test_who_left_meanwhile_changes_and_approves_nothing(cast, now):
    key, other = contact(cast, at=now), contact(cast, at=now, name="Autre")
    PortalUser.objects.filter(person_id=int(cast.dr_lemaire.person)).update(active=False)
    with pytest.raises(approvals.NotEntitled):
        approve(cast, key, by=cast.dr_lemaire, at=now)
    PortalUser.objects.filter(person_id=int(cast.dr_dupont.person)).update(active=False)
    assert approve(cast, other, by=cast.assistant, at=now) is ProposalState.OVERTAKEN
    assert proposal(house=cast.house, proposal=other, at=now).cause == "author_gone"
    assert file_of(cast, now).contacts == ()


def test_a_change_is_refused_with_a_cause_or_taken_back_by_its_author_once(cast, now):
    first, second = contact(cast, at=now), contact(cast, at=now, name="Autre")
    given = {"client": cast.cabinet.id, "at": now}
    for cause in ("", " \n ", "x" * 301):
        with pytest.raises(approvals.CauseMissing):
            approvals.refuse(proposal=first, cause=cause, by=cast.dr_lemaire, **given)
    with pytest.raises(approvals.NotTheAuthor):
        approvals.take_back(proposal=second, by=cast.dr_lemaire, **given)
    approvals.refuse(proposal=first, cause="Ce numéro est faux.", by=cast.dr_lemaire, **given)
    approvals.take_back(proposal=second, by=cast.dr_dupont, **given)
    assert [state(cast, key, now).value for key in (first, second)] == ["refused", "taken_back"]
    for key in (first, second):
        with pytest.raises(approvals.ProposalOver):
            approve(cast, key, by=cast.marc, at=now)
    assert file_of(cast, now).contacts == ()


def test_after_seven_days_it_lapses(cast, now):
    key = contact(cast, at=now)
    assert (
        count_waiting(house=cast.house, clients=[cast.cabinet.id], person="", at=now + LASTS - timedelta(seconds=1))
        == 1
    )
    assert count_waiting(house=cast.house, clients=[cast.cabinet.id], person="", at=now + LASTS) == 0
    with pytest.raises(approvals.ProposalOver):
        approve(cast, key, by=cast.marc, at=now + LASTS)
    assert state(cast, key, now + LASTS) is ProposalState.LAPSED
    (shown,) = proposals(house=cast.house, clients=[cast.cabinet.id], at=now + LASTS)
    assert shown.state is ProposalState.LAPSED


def test_no_operation_lets_one_person_pass_whatever_door_calls_it(cast, now):
    by, at, client = cast.marc, now, cast.cabinet.id
    entry = ContactEntry(name="Garde", numbers=("+33123456789",), number_for="professionals")
    with pytest.raises(ApprovalNeeded):
        directory_operations.put_contact(client=client, contact=entry, by=by, at=at)
    with pytest.raises(ApprovalNeeded):
        clients.write_instruction(client=client, text="15", author=by.person, priority=7, by=by, at=at)
    with pytest.raises(ApprovalNeeded):
        clients.agree_to_voice_messages(client=client, agreed=now.date(), duty_contact="X", by=by, at=at)
    assert not Contact.objects.exists()
    assert not Instruction.objects.exists()
    assert not AuditEntry.objects.filter(action__in=["client.contact_put", "instruction.written"]).exists()


def test_what_cannot_be_is_refused_at_once_and_does_not_wait(cast, now):
    with pytest.raises(directory_operations.EntryUnfit):
        contact(cast, at=now, number_for="everybody")
    with pytest.raises(queries.RecipientUnknown):
        submit(cast, ProposalKind.INSTRUCTION, urgent(recipient=cast.weber.doctor), at=now)
    assert not Proposal.objects.exists()


def test_a_client_has_only_so_many_changes_waiting(cast, now):
    for number in range(MOST_WAITING):
        contact(cast, at=now, name=f"Garde {number}")
    with pytest.raises(approvals.TooManyWaiting):
        contact(cast, at=now)
    assert Proposal.objects.count() == MOST_WAITING


def test_the_others_of_the_client_are_told_by_mail_and_nobody_else(cast, now):
    contact(cast, at=now)
    told = set(ProposalMail.objects.values_list("person_id", flat=True))
    assert told == {int(cast.dr_lemaire.person), int(cast.assistant.person)}


kinds = st.sampled_from(["contact", "nobody", "instruction", "plain"])
acts = st.tuples(
    kinds, st.integers(0, 2), st.sampled_from(["approve", "refuse", "take_back", "lapse", "none"]), st.integers(0, 3)
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(acts, max_size=6))
def test_nothing_urgent_holds_that_two_persons_did_not_stand_for(cast, now, steps):
    """Whatever is proposed and decided by whom: what holds is what was approved by another, and what is not urgent."""
    people = [cast.dr_dupont, cast.dr_lemaire, cast.assistant, cast.marc]
    ProposalMail.objects.all().delete()
    Proposal.objects.all().delete()
    start = {each.name for each in file_of(cast, now).contacts} | {
        each.text for each in file_of(cast, now).instructions
    }
    expected = set(start)
    for place, (kind, author, act, other) in enumerate(steps):
        name = f"{kind} {place} {len(start)}"
        if kind in {"contact", "nobody"}:
            number_for = "callers" if kind == "contact" else "nobody"
            key = contact(cast, at=now, by=people[author], name=name, number_for=number_for)
        else:
            priority = URGENT_PRIORITY if kind == "instruction" else 0
            body = urgent(text=name, priority=priority)
            key = submit(cast, ProposalKind.INSTRUCTION, body, by=people[author], at=now)
        if kind in {"nobody", "plain"}:
            expected.add(name)
            assert key == ""
            continue
        given = {"client": cast.cabinet.id, "proposal": key, "by": people[other]}
        at = now + LASTS if act == "lapse" else now
        try:
            if act in {"approve", "lapse"}:
                approvals.approve(**given, at=at)
                expected.add(name)
            elif act == "refuse":
                approvals.refuse(**given, at=at, cause="Non.")
            elif act == "take_back":
                approvals.take_back(**given, at=at)
        except (approvals.SamePerson, approvals.ProposalOver, approvals.NotTheAuthor):
            assert act == "lapse" or (author == other) == (act in {"approve", "refuse"})
    found = file_of(cast, now)
    assert {each.name for each in found.contacts} | {each.text for each in found.instructions} == expected


def test_both_see_it_in_the_portal_and_the_second_approves_it_there(cast, now):
    mine, other = signed_in(cast.dr_dupont), signed_in(cast.dr_lemaire)
    address = f"/portal/line/{cast.cabinet.id}/contacts/new"
    mark = hidden(mine.get(address), "mark")
    saved = mine.post(address, {**GARDE, "numbers": ["01 23 45 67 89"], "mark": mark, "step": "save"})
    assert saved.status_code == 303
    assert "waits for a second person" in text_of(mine.get(saved["Location"]))
    (row,) = Proposal.objects.all()
    page = f"/portal/approvals/{row.pk}"
    assert "Yours, waiting for another person Directory: Garde" in text_of(mine.get("/portal/approvals"))
    assert "To approve: Directory: Garde" in text_of(other.get("/portal")), "the portal's first page"
    badge = 'aria-label="1 waiting for you"'
    assert badge in other.get("/portal/approvals").content.decode()
    assert badge not in mine.get("/portal/approvals").content.decode()
    assert "Waits for your word Directory: Garde" in text_of(other.get("/portal/approvals"))
    shown = text_of(other.get(page))
    assert "Directory: what the secretary sees now Nothing stands here." in shown
    assert "Directory: what she will see once approved Garde 01 23 45 67 89 number may be given" in shown
    assert "Take it back" in text_of(mine.get(page))
    assert mine.post(f"{page}/approve").status_code == 422
    assert other.post(f"{page}/take-back").status_code == 422
    assert other.post(f"{page}/refuse", {"cause": " "}).status_code == 422
    assert file_of(cast, now).contacts == ()
    assert other.post(f"{page}/approve").status_code == 303
    assert [each.name for each in file_of(cast, SystemClock().now()).contacts] == ["Garde"]
    assert other.post(f"{page}/approve").status_code == 422, "once"
    assert "approved" in text_of(mine.get(page))


def test_get_and_head_decide_nothing_and_another_clients_is_not_there(cast, now):
    key = contact(cast, at=now)
    other, stranger, neighbour = (signed_in(each) for each in (cast.dr_lemaire, cast.dr_weber, cast.other_doctor))
    for part in ("", "/approve", "/refuse", "/take-back"):
        for way in ("get", "head"):
            assert getattr(other, way)(f"/portal/approvals/{key}{part}").status_code == (405 if part else 200)
        way = "post" if part else "get"
        for browser in (stranger, neighbour):
            assert getattr(browser, way)(f"/portal/approvals/{key}{part}").status_code == 404
    assert state(cast, key, now) is ProposalState.WAITING
    assert AuditEntry.objects.filter(action="security.not_hers", by_name=cast.dr_weber.name).count() == 4


def test_the_absence_page_says_what_waits(cast, now):
    browser = signed_in(cast.dr_dupont)
    typed = {
        "recipient": cast.cabinet.doctor, "starts": "", "ends": "2036-01-01T12:00", "treatment": "answer",
        "urgent_to": cast.lemaire_recipient, "words": "Absent.", "step": "check",
    }  # fmt: skip
    address = f"/portal/line/{cast.cabinet.id}/absences/new"
    assert "until then the absence holds without it." in text_of(browser.post(address, typed))
    saved = browser.post(address, {**typed, "step": "save"})
    assert "waits for a second person; until then the absence holds without it." in text_of(
        browser.get(saved["Location"])
    )


def test_an_urgent_instruction_of_the_portal_waits_and_a_plain_one_does_not(cast, now):
    browser, address = signed_in(cast.dr_dupont), f"/portal/line/{cast.cabinet.id}/instructions/new"
    typed = {"text": "Urgences au 15.", "starts": "", "ends": "", "version": "0", "asked": "urgent", "urgent": "1"}
    assert "It waits for a second person" in text_of(browser.post(address, {**typed, "step": "check"}))
    assert browser.post(address, {**typed, "step": "save"}).status_code == 303
    assert file_of(cast, now).instructions == ()
    approve(cast, str(Proposal.objects.get().pk), by=cast.assistant, at=now)
    (held,) = file_of(cast, now).instructions
    seen = {"version": str(held.version)}
    ended = browser.post(f"/portal/line/{cast.cabinet.id}/instructions/{held.id}/end", seen)
    assert ended.status_code == 303
    assert file_of(cast, now).instructions == (held,)
    plain = {**typed, "urgent": "", "text": "Simple.", "step": "save"}
    assert browser.post(address, plain).status_code == 303
    assert {each.text for each in file_of(cast, SystemClock().now()).instructions} == {"Urgences au 15.", "Simple."}


def test_a_doctor_validates_the_red_flags_himself_and_an_assistant_only_sees_them(cast, now):
    Client.objects.update(second_approval=False)
    body = script_with_flags(cast, now)
    address = f"/portal/line/{cast.cabinet.id}/red-flags"
    doctor, assistant = signed_in(cast.dr_dupont), signed_in(cast.assistant)
    assert "Red flags to validate" in text_of(doctor.get("/portal"))
    asked, seen = (text_of(each.get("/portal/approvals")) for each in (doctor, assistant))
    assert "They are not in force until you validate them." in asked
    assert "No change waits" not in asked, "the page says what its badge counts"
    assert "A practitioner validates them." in seen
    assert "No change waits for you." in seen
    seen = assistant.get(address)
    assert "Alerts" in text_of(seen)
    assert "I validate this list today" not in text_of(seen)
    form = {"version": str(body["version"]), "red_flags": body["red_flags"]}
    assert assistant.post(address, form).status_code == 403
    assert doctor.post(address, {**form, "red_flags": "[]"}).status_code == 422
    for version in ("", "x", "99", "9" * 30):
        assert doctor.post(address, {**form, "version": version}).status_code == 422
    assert last_validation(house=cast.house, client=cast.cabinet.id) is None
    assert doctor.post(address, form).status_code == 303
    valid = last_validation(house=cast.house, client=cast.cabinet.id)
    assert valid is not None
    assert (valid.doctor, valid.recorded_by) == ("Dr Dupont", cast.dr_dupont.name)
    entry = file_of(cast, SystemClock().now()).script
    assert entry is not None
    assert entry.validated_date
    assert "recorded by Paul Dupont" in text_of(doctor.get(address))
    assert "Red flags to validate" not in text_of(doctor.get("/portal"))


def test_a_doctor_of_another_client_or_house_validates_nothing(cast, now):
    Client.objects.update(second_approval=False)
    body = script_with_flags(cast, now)
    for stranger in (cast.dr_weber, cast.other_doctor):
        browser = signed_in(stranger)
        address = f"/portal/line/{cast.cabinet.id}/red-flags"
        assert browser.get(address).status_code == 404
        assert browser.post(address, {"version": "1", "red_flags": body["red_flags"]}).status_code == 404
    assert last_validation(house=cast.house, client=cast.cabinet.id) is None


def test_an_owner_of_the_house_approves_who_answers_for_the_client(cast, now):
    owner = person("owner@centre.example", "Olga", [Role.OWNER], by=cast.marc)
    assert approve(cast, contact(cast, at=now), by=owner, at=now) is ProposalState.APPROVED
