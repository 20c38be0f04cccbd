# SPDX-License-Identifier: AGPL-3.0-or-later
"""The back office's instruction, looked at before it is saved as in the portal, and refused in words."""

from datetime import timedelta

import pytest

from permanence.clients import instructions, operations, queries, script_operations
from permanence.clients.approvals import MOST_WAITING
from permanence.clients.models import (
    Client,
    Instruction,
    Line,
    Proposal,
    ProposalMail,
    Recipient,
    RedFlagValidation,
    WeeklyOpening,
)
from permanence.clients.queries import RecipientUnknown
from permanence.clients.rules import Scope
from permanence.clients.rules.approvals import LASTS, URGENT_PRIORITY, ProposalKind
from permanence.foundation.models import AuditEntry
from permanence.kernel.system import SystemClock
from tests.rooms.test_backstage import Form, errors, fill

WORDS = "Le dimanche, tout au **Dr Klein**."
TOLD = "Avec cela, il manquera quelque chose"
FULL = "Trop de changements attendent une deuxième personne"


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


@pytest.fixture
def new(cast):
    return f"/backstage/clients/instruction/add/?client={cast.weber}"


@pytest.fixture
def never_shown(cast):
    """A time at which nobody is offered a call of Dr Weber's: a Sunday, as the form asks for it."""
    WeeklyOpening.objects.for_client(int(cast.weber)).filter(weekday=6).delete()
    Client.objects.filter(pk=int(cast.weber)).update(open_always=False)
    today = SystemClock().now().date()
    sunday = (today + timedelta(days=7 + 6 - today.weekday())).isoformat()
    return {"starts_at_0": sunday, "starts_at_1": "03:00", "ends_at_0": sunday, "ends_at_1": "04:00"}


def written(text=WORDS):
    return Instruction.objects.filter(text=text).exists()


def test_looked_at_first_it_is_shown_among_the_others_and_nothing_is_written(cast, marc, new):
    entries = AuditEntry.objects.count()
    answer = fill(marc, new, text=WORDS, _check="1")
    page = answer.content.decode()
    assert (answer.status_code, written(), AuditEntry.objects.count()) == (200, False, entries)
    card = page[page.index("card-title") :]
    assert "celle-ci" in card
    assert "<strong>Dr Klein</strong>" in card
    kept = Form(page).data
    assert kept["text"] == WORDS
    assert marc.post(new, kept).status_code == 302
    assert written()


def test_the_page_asks_to_look_before_it_offers_to_save(marc, new):
    assert 'name="_save"' not in marc.get(new).content.decode()
    assert 'name="_check"' in marc.get(new).content.decode()
    assert 'name="_save"' in fill(marc, new, text=WORDS, _check="1").content.decode()


def test_what_is_new_is_told_before_it_is_saved_once(marc, new, never_shown):
    answer = fill(marc, new, text=WORDS, **never_shown)
    page = answer.content.decode()
    assert (answer.status_code, written()) == (200, False)
    assert TOLD in page
    assert marc.post(new, Form(page).data).status_code == 302
    assert written()


def test_a_version_is_looked_at_too_and_is_not_saved_over_another(cast, marc):
    key = operations.write_instruction(
        client=cast.weber, text="Avant", author=cast.marc.person, by=cast.marc, at=SystemClock().now()
    )
    url = f"/backstage/clients/instruction/{key}/change/"
    answer = fill(marc, url, text=WORDS, _check="1")
    assert "celle-ci" in answer.content.decode()
    assert instructions.current(house="demo", client=cast.weber, instruction=key).version == 1
    operations.revise_instruction(
        client=cast.weber,
        instruction=key,
        text="Autre",
        author=cast.marc.person,
        by=cast.marc,
        at=SystemClock().now(),
    )
    late = marc.post(url, Form(answer.content.decode()).data)
    assert (late.status_code, written()) == (200, False)
    assert "meanwhile" in late.content.decode()


def test_an_urgent_one_is_shown_as_it_would_be_and_is_said_to_wait(cast, marc, new):
    Client.objects.filter(pk=int(cast.weber)).update(second_approval=True)
    page = fill(marc, new, text=WORDS, priority=str(URGENT_PRIORITY), _check="1").content.decode()
    assert not Proposal.objects.exists()
    assert not ProposalMail.objects.exists()
    assert "celle-ci" in page
    assert "attend une deuxième personne" in page
    assert marc.post(new, Form(page).data)["Location"] == f"/backstage/accounts/{cast.weber}/"
    assert (Proposal.objects.get().body["text"], written()) == (WORDS, False)


def test_a_line_that_was_given_meanwhile_to_nobody_is_refused_on_the_page(cast, marc, new):
    line = queries.client_file(house="demo", client=cast.weber, at=SystemClock().now()).lines[0]
    opened = {**Form(marc.get(new).content.decode()).data, "text": WORDS, "line": line}
    Line.objects.filter(number=line).delete()
    answer = marc.post(new, opened)
    assert (answer.status_code, bool(errors(answer)), written()) == (200, True, False)


# -- who left ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def left(cast):
    """A recipient of Dr Weber's who left, and an instruction about him from before."""
    key = operations.add_recipient(
        client=cast.weber,
        kind=operations.rules.RecipientKind.PRACTITIONER,
        name="Dr Parti",
        email="",
        by=cast.marc,
        at=SystemClock().now(),
    )
    about = {"client": cast.weber, "author": cast.marc.person, "by": cast.marc, "at": SystemClock().now()}
    held = operations.write_instruction(text="Avant", scope=Scope(recipient=key), **about)
    Recipient.objects.filter(pk=int(key)).update(active=False)
    return key, held


def test_who_left_is_neither_offered_nor_taken(cast, marc, new, left):
    key, _held = left
    assert f'<option value="{key}"' not in marc.get(new).content.decode()
    answer = fill(marc, new, text=WORDS, recipient=key)
    assert (answer.status_code, bool(errors(answer)), written()) == (200, True, False)
    with pytest.raises(RecipientUnknown):
        operations.write_instruction(
            client=cast.weber,
            text=WORDS,
            author=cast.marc.person,
            scope=Scope(recipient=key),
            by=cast.marc,
            at=SystemClock().now(),
        )


def test_what_was_about_him_stays_about_him_when_it_is_changed(marc, left):
    key, held = left
    url = f"/backstage/clients/instruction/{held}/change/"
    answer = fill(marc, url, text=WORDS)
    if answer.status_code == 200:
        answer = marc.post(url, Form(answer.content.decode()).data)
    assert answer.status_code == 302
    assert str(Instruction.objects.get(text=WORDS).recipient_id) == key


# -- as many wait as there may -----------------------------------------------------------------------------------------


@pytest.fixture
def full(cast):
    Client.objects.filter(pk=int(cast.weber)).update(second_approval=True)
    row, at = Client.objects.get(pk=int(cast.weber)), SystemClock().now()
    Proposal.objects.bulk_create(
        Proposal(
            house_id=row.house_id,
            client=row,
            kind=ProposalKind.CONTACT.value,
            body={},
            author_id=cast.marc.person_key,
            author_name="Marc",
            made_at=at,
            lapses_at=at + LASTS,
        )
        for _number in range(MOST_WAITING)
    )


def test_an_urgent_instruction_is_refused_in_words_and_what_was_typed_stays(marc, new, full):
    answer = fill(marc, new, text=WORDS, priority=str(URGENT_PRIORITY))
    page = answer.content.decode()
    assert (answer.status_code, Form(page).data["text"]) == (200, WORDS)
    assert FULL in page
    assert Proposal.objects.count() == MOST_WAITING


def test_the_end_of_an_urgent_one_too(cast, marc, full):
    Client.objects.update(second_approval=False)
    key = operations.write_instruction(
        client=cast.weber,
        text="Urgent",
        priority=URGENT_PRIORITY,
        author=cast.marc.person,
        by=cast.marc,
        at=SystemClock().now(),
    )
    Client.objects.filter(pk=int(cast.weber)).update(second_approval=True)
    answer = fill(marc, f"/backstage/clients/instruction/{key}/delete/")
    assert answer.status_code == 200
    assert FULL in answer.content.decode()
    assert not Instruction.objects.filter(retired=True).exists()


def test_the_validation_of_red_flags_too(cast, marc, full):
    at = SystemClock().now()
    script_operations.begin_from_template(client=cast.weber, code="doctor", language="fr", by=cast.marc, at=at)
    url = f"/backstage/scripts/{cast.weber}/"
    page = marc.get(url).content.decode()
    shown = Form(page[page.index('value="validate"') : page.index("</form>", page.index('value="validate"'))]).data
    data = {**shown, "act": "validate", "doctor": cast.recipients["Dr Weber"], "validated": "2026-11-02"}
    answer = marc.post(url, data)
    again = answer.content.decode()
    assert answer.status_code == 422
    assert FULL in again
    assert 'value="2026-11-02"' in again
    assert not RedFlagValidation.objects.exists()
