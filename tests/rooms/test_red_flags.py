# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was heard of red flags stands with the call: once, for the right client, by whom and why."""

import json

import pytest
from django.db import IntegrityError, transaction

from permanence.calls import shown
from permanence.calls.flag_operations import FlagForm, FlagNoteUnfit, FlagOfAnotherClient, note_red_flag
from permanence.calls.handlers import apply_engine_event
from permanence.calls.models import RedFlagNote
from permanence.calls.rules import FlagAct, FlagCause, fits
from permanence.clients.access import choose_clients
from permanence.foundation.access import NotHers
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.project import demo_cast
from permanence.telephony.events import CallArrived
from tests.rooms.conftest import NOW, SignedInBrowser, person

pytestmark = pytest.mark.django_db
FORM = {"call": "c1", "flag": "chest", "label": "Douleur dans la poitrine", "what": "heard", "cause": ""}


def note(cast, by=None, client=None, **given):
    form = FlagForm(**{**FORM, **given})
    return note_red_flag(client=client or cast.weber, by=by or cast.claire, at=NOW, form=form)


def test_what_became_of_a_red_flag_is_kept_once_with_its_call(cast):
    assert note(cast)
    assert note(cast, what="dismissed", cause="past")
    assert not note(cast, what="dismissed", cause="slip")  # told again: the first stays
    found = shown.red_flags_of(house=cast.house, call="c1")
    assert [(each.label, each.what, each.cause, each.by) for each in found] == [
        (FORM["label"], "heard", "", cast.claire.name),
        (FORM["label"], "dismissed", "past", cast.claire.name),
    ]
    assert shown.red_flags_of(house="another", call="c1") == ()
    assert AuditEntry.objects.filter(action="call.red_flag", client_key=int(cast.weber)).count() == 2
    assert OutboxEvent.objects.filter(name="RedFlagNoted").count() == 2


def test_a_note_needs_its_cause_exactly_where_it_was_dismissed():
    pairs = {(what, cause) for what in FlagAct for cause in ("", *FlagCause) if fits(what, cause)}
    assert pairs == {("heard", ""), ("said", ""), ("unsaid", ""), *(("dismissed", each) for each in FlagCause)}


@pytest.mark.parametrize(
    "given",
    [
        {"what": "shrugged"},
        {"what": "dismissed"},
        {"what": "dismissed", "cause": "bored"},
        {"what": "said", "cause": "slip"},
        {"call": ""},
        {"call": "c" * 41},
        {"flag": ""},
        {"flag": "f" * 81},
        {"label": "l" * 601},
    ],
)
def test_what_does_not_fit_is_refused(cast, given):
    with pytest.raises(FlagNoteUnfit):
        note(cast, **given)
    assert not RedFlagNote.objects.exists()


def test_the_database_refuses_a_dismissal_without_its_cause(cast):
    note(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        RedFlagNote.objects.update(what="dismissed")


def test_a_red_flag_stays_with_the_client_of_its_call(cast):
    arrived = CallArrived(
        house=cast.house, at=NOW, call="c1", client=cast.dupont, trunk="t", called_line="+33100000001", caller=None
    )
    apply_engine_event("e1", 1, arrived)
    with pytest.raises(FlagOfAnotherClient):
        note(cast)
    assert not RedFlagNote.objects.exists()


def test_the_door_is_shut_to_what_is_not_hers_and_refuses_what_does_not_fit(cast):
    browser = SignedInBrowser(cast.claire)

    def tell(**given):
        told = json.dumps({**FORM, "client": cast.weber, **given})
        return browser.post("/console/red-flags", told, content_type="application/json").status_code

    assert (tell(), tell(what=7), tell(what="said", cause="slip"), tell(client=cast.other_client)) == (
        204,
        422,
        422,
        404,
    )
    assert RedFlagNote.objects.count() == 1
    assert AuditEntry.objects.filter(action="security.not_hers").count() == 1
    choose_clients(person=cast.claire.person, clients=(cast.dupont,), by=cast.marc, at=NOW)
    assert tell(what="said") == 404
    with pytest.raises(NotHers):
        note(cast, by=person(demo_cast.CLAIRE), what="said")
    assert RedFlagNote.objects.count() == 1


def test_the_supervisor_reads_with_the_call_what_became_of_a_red_flag(cast):
    arrived = CallArrived(
        house=cast.house, at=NOW, call="c1", client=cast.weber, trunk="t", called_line="+352202000001", caller=None
    )
    apply_engine_event("e1", 1, arrived)
    note(cast)
    note(cast, what="dismissed", cause="past")
    page = SignedInBrowser(cast.marc).get("/supervision/calls/c1")
    text = " ".join(page.content.decode().split())
    assert "Douleur dans la poitrine</strong> fausse alerte, ancien, ou déjà pris en charge" in text
