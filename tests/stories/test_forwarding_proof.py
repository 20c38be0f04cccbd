# SPDX-License-Identifier: AGPL-3.0-or-later
"""The morning test of a forwarding: the house calls the doctor's public number, and his carrier forwards it or not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from permanence.calls.models import Call
from permanence.clients import forwarding as lines
from permanence.countries.forwarding import ForwardingMode
from permanence.foundation.models import AuditEntry
from permanence.switchboard import forwarding, queries
from permanence.switchboard.models import ForwardingCheck, ForwardingProof, Trunk
from permanence.switchboard.queries import ProofView
from permanence.switchboard.rules import Note, ProofState, ProofWay, Why
from permanence.telephony.sip.events import InviteReceived
from tests.stories import cast
from tests.stories.mailbox import Relay
from tests.stories.office import Office, person
from tests.stories.world import OFFER, Caller

pytestmark = pytest.mark.django_db
TUESDAY = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
"""07:00 in Luxembourg."""
PUBLIC = "+35226000001"


@pytest.fixture
def relay() -> Iterator[Relay]:
    one = Relay()
    one.up()
    yield one
    one.down()


class Carrier:
    """The doctor's carrier: what it does with a call for his number."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self._seen = 0
        self.legs: list[Caller] = []

    def next_call(self) -> InviteReceived:
        """The call of the house that came and was not looked at yet."""
        self.office.works()
        [*_, invite] = self.office.called[self._seen :]
        self._seen = len(self.office.called)
        assert invite.invite.request_user == PUBLIC
        return invite

    def forwards(self, to: str = cast.WEBER_LINE, *, named: str = PUBLIC, shown: str | None = None) -> Caller:
        """Sends it on, as a switch does, with the number of who called."""
        invite = self.next_call()
        headers = (("Diversion", f"<sip:{named}@192.0.2.10>;reason=unconditional"),) if named else ()
        leg = self.office.caller(shown or str(invite.invite.caller)).dials(to, headers=headers)
        self.legs.append(leg)
        self.office.works()
        return leg

    def rings(self, seconds: float) -> None:
        """Lets the doctor's own telephone ring."""
        invite = self.next_call()
        self.office.carrier.ring(invite.session, now=self.office.clock.monotonic())
        self.office.forward(seconds)

    def answers(self) -> None:
        """Somebody at the doctor's takes it, or his answering machine."""
        invite = self.next_call()
        self.office.carrier.accept(invite.session, OFFER, now=self.office.clock.monotonic())
        self.office.settle()
        self.office.forward(3)

    def refuses(self, status: int) -> None:
        invite = self.next_call()
        self.office.carrier.reject(invite.session, status, now=self.office.clock.monotonic())
        self.office.settle()
        self.office.works()


@pytest.fixture
def office(relay: Relay, settings: Any, tmp_path: Path) -> Office:
    settings.PERMANENCE = django_settings.PERMANENCE.changed(
        data=tmp_path / "data", run=tmp_path / "run", demonstration=True, mail_from="house@permanence.example"
    )
    found = Office(TUESDAY, relay)
    Trunk.objects.update(name="carrier")  # the carrier of the stories
    return found


@pytest.fixture
def carrier(office: Office) -> Carrier:
    return Carrier(office)


@pytest.fixture
def weber(office: Office) -> str:
    """Dr Weber's id; his number is forwarded with all its calls."""
    client = str(office.conductor.parts.slices.table.lines[cast.WEBER_LINE][1])
    lines.set_forwarding(
        client=client,
        number=cast.WEBER_LINE,
        mode=ForwardingMode.ALL,
        public_number=PUBLIC,
        by=person("marc@permanence.example"),
        at=office.clock.now(),
    )
    return client


def asks(office: Office, weber: str) -> None:
    by = person("marc@permanence.example")
    forwarding.ask_proof(client=weber, number=cast.WEBER_LINE, by=by, at=office.clock.now())


def last(office: Office, weber: str) -> ProofView:
    return queries.proofs_of(house=cast.HOUSE, client=weber)[0]


def test_each_morning_it_passes_and_rings_nobody(office: Office, carrier: Carrier, weber: str) -> None:
    by = person("marc@permanence.example")
    office.claire.sits_down()
    forwarding.repeat_daily(client=weber, number=cast.WEBER_LINE, clock="07:30", by=by, at=office.clock.now())
    office.forward(minutes=29)
    assert office.called == []
    for day in range(3):
        office.clock.move((TUESDAY + timedelta(days=day, minutes=30) - office.clock.now()).total_seconds())
        leg = carrier.forwards()
        assert leg.status == 603
        found = last(office, weber)
        assert (found.state, found.why, found.note, found.daily) == (ProofState.PASSED, None, Note.NONE, True)
    assert ForwardingProof.objects.count() == 3
    assert not office.claire.rings
    assert not Call.objects.exists()
    assert queries.standing_failures(house=cast.HOUSE) == ()


def test_a_doctor_who_forgot_is_found_out(office: Office, carrier: Carrier, weber: str) -> None:
    by = person("marc@permanence.example")
    forwarding.repeat_daily(client=weber, number=cast.WEBER_LINE, clock="07:30", by=by, at=office.clock.now())
    office.forward(minutes=30)
    carrier.rings(50)
    found = last(office, weber)
    assert (found.state, found.why) == (ProofState.FAILED, Why.RANG_OUT)
    [standing] = queries.standing_failures(house=cast.HOUSE)
    assert (standing.number, standing.called) == (cast.WEBER_LINE, PUBLIC)
    asks(office, weber)  # he forwards now, and Marc looks again
    carrier.forwards()
    assert last(office, weber).state is ProofState.PASSED
    assert queries.standing_failures(house=cast.HOUSE) == ()


def test_somebody_answers_at_the_doctors(office: Office, carrier: Carrier, weber: str) -> None:
    asks(office, weber)
    carrier.answers()
    assert last(office, weber).why is Why.ANSWERED


@pytest.mark.parametrize(("status", "why"), [(486, Why.BUSY), (404, Why.NO_SUCH_NUMBER), (403, Why.REFUSED)])
def test_the_carrier_refuses(office: Office, carrier: Carrier, weber: str, status: int, why: Why) -> None:
    asks(office, weber)
    carrier.refuses(status)
    assert last(office, weber).why is why


def test_it_is_forwarded_to_another_client(office: Office, carrier: Carrier, weber: str) -> None:
    office.claire.sits_down()
    asks(office, weber)
    carrier.forwards(to=cast.ATLAS_LINE)
    found = last(office, weber)
    assert (found.why, found.detail) == (Why.OTHER_LINE, cast.ATLAS_LINE)
    assert not office.claire.rings
    assert not Call.objects.exists()


def test_a_carrier_that_does_not_say_who_forwarded(office: Office, carrier: Carrier, weber: str) -> None:
    asks(office, weber)
    carrier.forwards(named="")
    found = last(office, weber)
    assert (found.state, found.note) == (ProofState.PASSED, Note.UNNAMED)


def test_a_carrier_that_hides_our_number_cannot_prove_it(office: Office, carrier: Carrier, weber: str) -> None:
    asks(office, weber)
    leg = carrier.forwards(shown=PUBLIC)
    assert leg.call  # it is a call like any other
    office.forward(50)
    assert last(office, weber).why is Why.HIDDEN


def test_a_patient_at_the_same_moment_is_a_patient(office: Office, carrier: Carrier, weber: str) -> None:
    office.clock.move(timedelta(hours=3).total_seconds())  # he is open
    office.claire.sits_down()
    asks(office, weber)
    office.works()
    patient = office.caller("+352621000147").dials(cast.WEBER_LINE)
    assert office.claire.rings
    carrier.forwards()
    assert last(office, weber).state is ProofState.PASSED
    assert Call.objects.get().call == patient.call


def test_a_person_calls_and_the_house_watches(office: Office, weber: str) -> None:
    by = person("marc@permanence.example")

    def watch(caller: str = "") -> None:
        forwarding.watch_arrival(client=weber, number=cast.WEBER_LINE, caller=caller, by=by, at=office.clock.now())

    watch()
    other = office.caller("+352621000001").dials(cast.ATLAS_LINE)
    office.works()
    assert last(office, weber).is_open
    mine = office.caller("+352621000147").dials(cast.WEBER_LINE)
    office.works()
    found = last(office, weber)
    assert (found.state, found.way, found.note) == (ProofState.PASSED, ProofWay.WATCHED, Note.UNNAMED)
    other.hangs_up()
    mine.hangs_up()
    watch("+352621000147")
    office.caller("+352621000001").dials(cast.WEBER_LINE).hangs_up()
    office.works()
    assert last(office, weber).is_open
    office.caller("+352621000147").dials(cast.ATLAS_LINE).hangs_up()
    office.works()
    found = last(office, weber)
    assert (found.why, found.detail) == (Why.OTHER_LINE, cast.ATLAS_LINE)
    watch()
    office.forward(minutes=6)
    assert last(office, weber).why is Why.NOTHING_CAME


def test_a_line_that_is_switched_by_hours_is_tested_only_while_he_is_open(office: Office, weber: str) -> None:
    by = person("marc@permanence.example")
    [line] = [each for each in lines.lines_of(house=cast.HOUSE, client=weber) if each.number == cast.WEBER_LINE]
    lines.set_forwarding(
        client=weber,
        number=line.number,
        mode=ForwardingMode.HOURS,
        public_number=PUBLIC,
        by=by,
        at=office.clock.now(),
    )
    forwarding.repeat_daily(client=weber, number=line.number, clock="03:00", by=by, at=office.clock.now())
    office.clock.move(timedelta(hours=20, minutes=1).total_seconds())
    office.works()
    assert not ForwardingProof.objects.exists()
    assert ForwardingCheck.objects.get().next_at == datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


def test_the_events_come_twice_and_change_nothing(office: Office, carrier: Carrier, weber: str) -> None:
    asks(office, weber)
    carrier.forwards()
    found = last(office, weber)
    entries = AuditEntry.objects.count()
    office.hears_all_again()
    assert last(office, weber) == found
    assert AuditEntry.objects.count() == entries
