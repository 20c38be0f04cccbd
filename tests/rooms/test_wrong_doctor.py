# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nobody reads a message that is not his (any more), whatever changed between the call and the reading."""

import pytest
from django.test import Client as Browser

from permanence.clients.models import PortalUser
from permanence.foundation.models import Person
from permanence.messaging import operations as messaging
from permanence.messaging.models import Message, MessageAcknowledged, MessageRead
from permanence.messaging.rules import MessageForm
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.django_db
KEY = "m" * 20
PAGES = (f"/portal/messages/{KEY}", f"/portal/messages/{KEY}/audio")
ACTS = ("read", "acknowledge", "answer")


@pytest.fixture
def taken(cast):
    form = MessageForm(message=KEY, recipient=cast.recipients["Dr Weber"], text="renouvellement-canari")
    messaging.take_message(house=cast.house, client_id=cast.weber, call="c1", by=cast.claire, at=NOW, form=form)
    return cast


def closed_to(browser: Browser) -> bool:
    """Whether each way to the message is shut for this browser and leaves no trace."""
    answers = [browser.get(path) for path in PAGES]
    answers += [browser.post(f"/portal/messages/{KEY}/{act}", {"text": "x", "answer": "a" * 20}) for act in ACTS]
    shut = all(answer.status_code in {302, 403, 404} for answer in answers)
    silent = not any("canari" in answer.content.decode() for answer in (*answers, browser.get("/portal")))
    return shut and silent and not MessageRead.objects.exists() and not MessageAcknowledged.objects.exists()


@pytest.mark.parametrize("somebody", ["dr_dupont", "dr_lemaire", "niamh", "claire", "marc", "nadia"])
def test_a_message_is_closed_to_everybody_else(taken, browser_of, somebody):
    assert closed_to(browser_of(getattr(taken, somebody)))


@pytest.mark.parametrize("how", ["not_active", "removed", "person_stopped", "role_taken", "moved"])
def test_who_lost_his_access_after_the_mail_left_finds_a_closed_door(taken, browser_of, how):
    browser = browser_of(taken.dr_weber)
    assert browser.get(PAGES[0]).status_code == 200
    mine = PortalUser.objects.filter(person=taken.dr_weber.person_key)
    if how == "not_active":
        mine.update(active=False)
    elif how == "removed":
        mine.delete()
    elif how == "moved":
        mine.update(client=int(taken.dupont), recipient=int(taken.recipients["Dr Anne Dupont"]))
    elif how == "person_stopped":
        Person.objects.filter(pk=taken.dr_weber.person_key).update(is_active=False)
    else:
        Person.objects.filter(pk=taken.dr_weber.person_key).update(is_portal_user=False)
    assert closed_to(browser)


def test_the_page_cannot_send_a_message_of_one_client_to_another(taken, browser_of):
    """Each id of the form by that of another client, or of another house; the call by that of another client."""
    good = {"message": "n" * 20, "call": "c1", "client": taken.weber, "recipient": taken.recipients["Dr Weber"]}
    wrong = (
        {"recipient": taken.recipients["Dr Anne Dupont"]},
        {"recipient": taken.other_recipient},
        {"client": taken.dupont},
        {"client": taken.dupont, "recipient": taken.recipients["Dr Anne Dupont"]},
        {"client": taken.other_client, "recipient": taken.other_recipient, "call": ""},
        {"client": taken.other_client},
        {"client": "", "recipient": ""},
    )
    for change in wrong:
        body = {**good, "text": "canari", "urgency": "today", **change}
        answer = browser_of(taken.claire).post("/console/messages", body, content_type="application/json")
        assert answer.status_code == 422, change
    stranger = browser_of(taken.nadia).post(
        "/console/messages", {**good, "text": "canari", "urgency": "today"}, content_type="application/json"
    )
    assert stranger.status_code == 422
    assert list(Message.objects.values_list("key", flat=True)) == [KEY]
