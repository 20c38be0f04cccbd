# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reason or a recipient that something leads to is not taken away; who takes it away is told what does."""

from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings

from permanence.clients import absences, operations, script_operations, script_queries
from permanence.clients.models import Reason, Recipient
from permanence.clients.rules import RecipientKind, Scope
from permanence.kernel.system import SystemClock
from tests.rooms.test_backstage import Form

pytestmark = pytest.mark.django_db


@pytest.fixture
def marc(cast, browser_of):
    browser = browser_of(cast.marc)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return browser


@pytest.fixture
def about(cast):
    """A client's key, who writes for him, and now."""
    return {"client": cast.weber, "by": cast.marc, "at": SystemClock().now()}


def saved(marc, cast, table, key, **changes):
    """The part of the page with messages, with one row of a table changed; gives what the page says, "" when saved."""
    url = f"/backstage/clients/client/{cast.weber}/change/?part=messages"
    page = Form(marc.get(url).content.decode()).data
    (row,) = [
        name for name, value in page.items() if name.startswith(f"{table}-") and name.endswith("-id") and value == key
    ]
    for name, value in changes.items():
        place = row.replace("-id", f"-{name}")
        page = {**page, place: value} if value is not None else {k: v for k, v in page.items() if k != place}
    answer = marc.post(url, page)
    assert answer.status_code in {200, 302}
    return unescape(answer.content.decode())


@pytest.fixture
def reason(cast, about):
    operations.add_reason(code="pump", label="Broken pump", **about)
    return str(Reason.objects.get(code="pump").pk)


def test_a_reason_that_an_instruction_is_about_stays_until_that_is_changed(cast, marc, about, reason):
    told = {"text": "Ask for **the model**.", "author": cast.marc.person, "scope": Scope(reason="pump")}
    key = operations.write_instruction(**told, **about, starts_at=about["at"] + timedelta(days=9))
    text = saved(marc, cast, "reason", reason, DELETE="on")
    assert "“Broken pump” is still used: instruction “Ask for the model.”. Change these first." in text
    assert Reason.objects.filter(pk=reason).exists()
    operations.retire_instruction(instruction=key, author=cast.marc.person, **about)
    assert saved(marc, cast, "reason", reason, DELETE="on") == ""
    assert not Reason.objects.filter(pk=reason).exists()


SCRIPT = """{"format": 1, "title": "T", "language": "en", "questions": [{"id": "q", "kind": "choice", "ask": "What?",
"label": "Subject", "required": true, "choices": [{"code": "%s", "label": "%s"}, {"code": "b", "label": "B"}]}],
"routes": [{"id": "r", "act": "message", "label": "To the desk", "recipient": "%s"}],
"red_flags": [], "samples": []}"""


def write(cast, about, *parts):
    """A draft after whatever script there is."""
    held = script_queries.states(house=cast.house).get(cast.weber)
    after = max(held.in_force, held.draft) if held else 0
    script_operations.write_draft(text=SCRIPT % parts, after=after, **about)


@pytest.mark.usefixtures("reason")
@pytest.mark.parametrize(("code", "label"), [("pump", "It leaks"), ("other", "broken PUMP")])
def test_a_reason_that_an_answer_of_the_script_chooses_stays(cast, marc, about, code, label):
    """A draft counts too: published, it would choose a reason that is not there."""
    write(cast, about, code, label, cast.recipients["Dr Weber"])
    reason = str(Reason.objects.get(code="pump").pk)
    text = saved(marc, cast, "reason", reason, DELETE="on")
    assert "“Broken pump” is still used: question “Subject” of the script. Change these first." in text
    assert Reason.objects.filter(pk=reason).exists()


def test_a_recipient_to_whom_the_script_or_an_absence_leads_is_not_made_inactive(cast, marc, about):
    weber = cast.recipients["Dr Weber"]
    desk = operations.add_recipient(kind=RecipientKind.DESK, name="Desk", email="", **about)
    write(cast, about, "a", "A", desk)
    starts = about["at"] + timedelta(days=2)
    given = {
        "starts": starts,
        "ends": starts + timedelta(days=1),
        "words": "Away.",
        "recipient": weber,
        "urgent_to": desk,
    }
    absence = absences.announce_absence(announced_by=cast.marc.person, **given, **about)
    text = saved(marc, cast, "recipient", desk, active=None)
    assert (
        "Calls are still sent to him: route “To the desk” of the script, absence “Away.”. Change these first." in text
    )
    assert Recipient.objects.get(pk=desk).active
    write(cast, about, "a", "A", weber)
    absences.withdraw_absence(absence=absence, **about)
    assert saved(marc, cast, "recipient", desk, active=None) == ""
    assert not Recipient.objects.get(pk=desk).active
