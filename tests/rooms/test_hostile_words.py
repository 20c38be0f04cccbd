# SPDX-License-Identifier: AGPL-3.0-or-later
"""Markup, formulas and line breaks in what callers, clients and doctors write stay words on every page and file."""

import csv
import io
from datetime import UTC, datetime

import pytest

from permanence.backstage.parts import PARTS
from permanence.calls.models import Call
from permanence.clients import operations as clients
from permanence.clients.models import Client, Instruction, Recipient
from permanence.foundation.models import House, Person
from permanence.messaging import operations as messaging
from permanence.messaging.rules import MessageForm

pytestmark = pytest.mark.django_db
MARKUP = "</script><img src=x onerror=alert(1)>\"'{{7*7}}"
FORMULA = '=HYPERLINK("http://evil.example","x")'
MESSAGE = "m" * 20


@pytest.fixture
def hostile(cast):
    """Dr Weber's account, a message and a call, all of it markup."""
    now = datetime.now(UTC)
    Client.objects.filter(pk=cast.weber).update(name=MARKUP, place=MARKUP)
    Recipient.objects.filter(client=int(cast.weber)).update(name=MARKUP)
    Person.objects.filter(pk=cast.dr_weber.person_key).update(name=MARKUP)
    House.objects.filter(slug=cast.house).update(name=MARKUP)
    key = clients.write_instruction(
        client=cast.weber,
        text="Avant",
        author=cast.marc.person,
        starts_at=None,
        ends_at=None,
        priority=9,
        by=cast.marc,
        at=now,
    )
    Instruction.objects.filter(pk=key).update(text=MARKUP)  # from before HTML was refused
    Call.objects.create(
        house=House.objects.get(slug=cast.house),
        client_id=int(cast.weber),
        call="c1",
        called_line="+35220000101",
        caller="+352621000147",
        display=MARKUP,
        arrived_at=now,
        ended_at=now,
        abandoned=True,
        outcome=MARKUP[:40],
        why=MARKUP[:40],
    )
    recipient = Recipient.objects.filter(client=int(cast.weber)).first()
    form = MessageForm(
        message=MESSAGE, recipient=str(recipient.pk), caller_name=MARKUP, caller_number=MARKUP[:40], text=MARKUP
    )
    messaging.take_message(house=cast.house, client_id=cast.weber, call="c1", by=cast.claire, at=now, form=form)
    messaging.acknowledge(house=cast.house, message=MESSAGE, by=cast.dr_weber, at=now)
    messaging.answer(house=cast.house, message=MESSAGE, answer="a" * 20, by=cast.dr_weber, at=now, text=MARKUP)
    return cast


def pages(cast):
    """Every page that shows what others wrote, with who sees it."""
    instruction = Instruction.objects.filter(text=MARKUP).first().pk
    yield cast.claire, "/console"
    yield cast.claire, "/console/fragments/messages"
    yield cast.claire, f"/console/history?client={cast.weber}&number=%2B352621000147"
    yield cast.claire, f"/console/history?client={cast.weber}&number=%2B352621000147&short=1"
    yield cast.dr_weber, "/portal"
    yield cast.dr_weber, "/portal?part=list"
    yield cast.dr_weber, f"/portal/messages/{MESSAGE}"
    yield cast.marc, "/supervision/calls"
    yield cast.marc, "/supervision/calls?part=list"
    yield cast.marc, "/supervision/calls/c1"
    yield cast.marc, "/supervision/instructions"
    for page in ("", "clients/client/", "clients/instruction/"):
        yield cast.marc, f"/backstage/{page}"
    for part in PARTS:
        yield cast.marc, f"/backstage/clients/client/{cast.weber}/change/?part={part}"
    for page in (f"clients/instruction/{instruction}/change/", "foundation/person/", "foundation/auditentry/"):
        yield cast.marc, f"/backstage/{page}"


def test_no_page_takes_words_for_markup(hostile, browser_of):
    shown = 0
    for somebody, path in pages(hostile):
        answer = browser_of(somebody).get(path)
        assert answer.status_code == 200, path
        body = answer.content.decode()
        assert "<img src=x" not in body, path
        shown += "&lt;img src=x" in body or "\\u003Cimg src=x" in body
    assert shown >= 10


def test_no_cell_of_the_export_is_a_formula(cast, browser_of):
    for number, display in enumerate((FORMULA, "+1+cmd", "-1", "@SUM(A1)", "\t=1", "\r=1", "a\r\n=2", 'x";=1')):
        Call.objects.create(
            house=House.objects.get(slug=cast.house),
            client_id=int(cast.weber),
            call=f"c{number}",
            display=display,
            caller="+352621000147",
            arrived_at=datetime(2026, 11, 3, 9, number, tzinfo=UTC),
        )
    for language, delimiter in (("fr", ";"), ("en", ",")):
        answer = browser_of(cast.marc).get(
            f"/supervision/calls.csv?client={cast.weber}&month=2026-11", HTTP_ACCEPT_LANGUAGE=language
        )
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=delimiter))
        assert len(rows) == 9
        assert {len(row) for row in rows} == {len(rows[0])}
        assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))] == []
        assert 'filename="calls-' in answer["Content-Disposition"]
