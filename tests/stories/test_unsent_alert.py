# SPDX-License-Identifier: AGPL-3.0-or-later
"""A red flag is heard, the time after the call runs out, and the secretary has sent nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from permanence.calls.flag_operations import FlagForm, note_red_flag
from permanence.messaging import alerts
from permanence.messaging import operations as messaging
from permanence.messaging import queries as messages
from permanence.messaging.rules import ALERT_TOLD_AFTER
from tests.stories import cast
from tests.stories.mailbox import Relay
from tests.stories.office import Office

pytestmark = pytest.mark.django_db
TUESDAY = datetime(2026, 11, 24, 13, 15, tzinfo=UTC)
TEXT = "Douleur dans la poitrine depuis une heure"


@pytest.fixture
def relay() -> Iterator[Relay]:
    one = Relay()
    one.up()
    yield one
    one.down()


@pytest.fixture
def office(relay: Relay, settings: Any, tmp_path: Path) -> Office:
    settings.PERMANENCE = django_settings.PERMANENCE.changed(
        data=tmp_path / "data",
        run=tmp_path / "run",
        demonstration=True,
        mail_from="house@permanence.example",
        public_host="permanence.example",
    )
    return Office(TUESDAY, relay)


def hears_a_red_flag(office: Office) -> str:
    """Claire hears it in a call for Dr Weber; her page tells the house and keeps her words. The call's id."""
    office.claire.sits_down()
    caller = office.caller().dials(cast.WEBER_LINE)
    office.claire.answers()
    call, card = office.claire.call["call"], office.claire.call["card"]
    alerted = next(each["id"] for each in card["form"]["recipients"] if each["name"] == "Dr Weber")
    form = FlagForm(call=call, flag="chest", label="Douleur thoracique", what="heard", alerts=alerted)
    common = {"by": office.claire.who, "at": office.clock.now()}
    note_red_flag(client=card["client"], form=form, **common)
    body = {"card": card, "fields": {"text": TEXT, "recipient": alerted, "urgency": "urgent"}}
    messaging.save_draft(house=cast.HOUSE, call=call, body=body, **common)
    office.forward(30)
    caller.hangs_up()
    return str(call)


def told(office: Office) -> list[str]:
    """The calls whose alert the supervisors are told of now."""
    return [each.call for each in alerts.unsent_alerts(at=office.clock.now(), after=ALERT_TOLD_AFTER)]


def test_the_supervisors_are_told_and_then_the_doctor(office: Office) -> None:
    call = hears_a_red_flag(office)
    office.forward(100)  # the wrap-up ends by itself after 90 seconds
    assert office.claire.presence == "ready"
    assert told(office) == []
    office.forward(30)
    assert told(office) == [call]
    office.nothing_more_arrives()
    office.forward(minutes=3)
    mail = office.dr_weber.mailbox.expects_mail()
    assert TEXT not in mail.as_string()
    assert TEXT in office.dr_weber.opens()
    assert told(office) == []
    office.claire.sees("read", "Read by Dr Weber")
    assert [each.call for each in messages.drafts(cast.HOUSE, office.claire.who.person)] == [call]
    office.forward(minutes=60)
    office.nothing_more_arrives()


def test_a_message_that_she_sends_in_time_is_the_only_one(office: Office) -> None:
    hears_a_red_flag(office)
    office.forward(100)
    office.claire.takes_message(for_="Dr Weber", text=TEXT, urgency="urgent")
    office.dr_weber.mailbox.expects_mail()
    office.forward(minutes=60)
    assert told(office) == []
    office.nothing_more_arrives()
