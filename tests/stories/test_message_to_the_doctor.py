# SPDX-License-Identifier: AGPL-3.0-or-later
"""From the caller to the doctor and back: the call, the message, the mail, the acknowledgement on her screen."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from permanence.calls.models import Call
from permanence.messaging import operations as messaging
from permanence.staff.models import PresenceSpan
from tests.stories import cast
from tests.stories.mailbox import Relay
from tests.stories.office import Office

pytestmark = pytest.mark.django_db
TUESDAY = datetime(2026, 11, 24, 13, 15, tzinfo=UTC)
"""14:15 in Luxembourg and Strasbourg: both practices are open."""
TEXT = "Renouvellement du traitement, joignable jusqu’à 18 heures."


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


def takes_a_call(office: Office, line: str, *, for_: str) -> str:
    """A caller, Claire, a message, and the call is over."""
    office.claire.sits_down()
    caller = office.caller().dials(line)
    office.claire.answers()
    assert caller.hears("Claire")
    office.forward(40)
    message = office.claire.takes_message(for_=for_, text=TEXT)
    caller.hangs_up()
    office.claire.wraps_up("message")
    office.works()
    return message


def test_the_doctor_acknowledges_and_she_sees_it(office: Office) -> None:
    message = takes_a_call(office, cast.WEBER_LINE, for_="Dr Weber")
    mail = office.dr_weber.mailbox.expects_mail()
    assert TEXT not in mail.as_string()
    assert office.dr_weber.mailbox.link == message
    office.claire.sees("unknown", "delivery unknown")
    office.forward(minutes=15)
    assert office.dr_weber.opens() == TEXT
    office.claire.sees("read", "Read by Dr Weber at 14:30")
    office.dr_weber.acknowledges()
    office.claire.sees("acknowledged", "Acknowledged by Dr Weber at 14:30")
    office.forward(minutes=15)
    office.nothing_more_arrives()


def test_the_call_is_recorded_as_it_went(office: Office) -> None:
    takes_a_call(office, cast.WEBER_LINE, for_="Dr Weber")
    row = Call.objects.get()
    assert (row.outcome, row.ended_by, row.why, row.secretary_id) == (
        "message",
        "caller",
        "hang_up",
        int(office.claire.id),
    )
    assert row.answered_at is not None
    assert row.ended_at is not None
    assert (row.ended_at - row.answered_at).total_seconds() == pytest.approx(40, abs=1)
    spans = PresenceSpan.objects.filter(secretary=int(office.claire.id)).order_by("starts_at", "pk")
    assert list(spans.values_list("state", flat=True))[-4:] == ["offered", "on_call", "wrap_up", "ready"]


def test_the_relay_is_down_then_up_again(office: Office, relay: Relay) -> None:
    relay.down()
    takes_a_call(office, cast.WEBER_LINE, for_="Dr Weber")
    office.claire.sees("waiting", "Being sent")
    office.forward(minutes=10)  # tried at once, after 1 and after 5 minutes more
    office.dr_weber.mailbox.nothing_more_arrives()
    relay.up()
    office.forward(minutes=10)  # the next try is 15 minutes after the last
    office.dr_weber.mailbox.nothing_more_arrives()
    office.claire.sees("waiting")
    office.forward(minutes=2)
    office.dr_weber.mailbox.expects_mail()
    office.claire.sees("unknown")
    office.dr_weber.acknowledges()
    office.claire.sees("acknowledged")
    office.forward(minutes=120)
    office.nothing_more_arrives()


def test_a_colleague_at_dupont_acknowledges_in_his_own_name(office: Office) -> None:
    message = takes_a_call(office, cast.DUPONT_LINE, for_="Dr Anne Dupont")
    office.dr_dupont.mailbox.expects_mail()
    office.dr_lemaire.acknowledges(message)
    office.claire.sees("unknown", "Dr Marc Lemaire acknowledged at 14:15, not for the recipient")
    office.dr_dupont.acknowledges()
    office.claire.sees("acknowledged", "Acknowledged by Dr Anne Dupont")
    office.forward(minutes=15)
    office.nothing_more_arrives()


def test_a_refused_address_is_corrected_and_the_message_sent_again(office: Office, relay: Relay) -> None:
    relay.refused.add(office.dr_weber.mailbox.address)
    message = takes_a_call(office, cast.WEBER_LINE, for_="Dr Weber")
    office.claire.sees("failed", "550")
    office.forward(minutes=15)
    office.nothing_more_arrives()
    office.dr_weber.moves_to("anne@weber.example")
    office.claire.sends_again(message)
    office.dr_weber.mailbox.expects_mail()
    office.claire.sees("unknown")
    office.dr_weber.acknowledges()
    office.claire.sees("acknowledged")
    office.forward(minutes=15)
    office.nothing_more_arrives()


def test_dupont_never_sees_what_is_webers(office: Office) -> None:
    message = takes_a_call(office, cast.WEBER_LINE, for_="Dr Weber")
    office.dr_weber.mailbox.expects_mail()
    assert office.dr_weber.portal() == [message]
    for other in (office.dr_dupont, office.dr_lemaire):
        assert other.portal() == []
        with pytest.raises(messaging.NoSuchMessage):
            other.acknowledges(message)
    office.claire.sees("unknown")
    office.nothing_more_arrives()


def test_an_event_heard_twice_changes_nothing(office: Office) -> None:
    takes_a_call(office, cast.WEBER_LINE, for_="Dr Weber")
    office.dr_weber.mailbox.expects_mail()
    before = (list(Call.objects.values()), list(PresenceSpan.objects.values()))
    office.hears_all_again()
    assert (list(Call.objects.values()), list(PresenceSpan.objects.values())) == before
    office.forward(minutes=15)
    office.nothing_more_arrives()
