# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tests of the forwardings as rows: who may ask, what is refused, who takes them, what the exchange is asked."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from permanence.clients import forwarding as lines
from permanence.clients import operations as clients
from permanence.clients.models import Line, Quarantine
from permanence.clients.rules import ClientState
from permanence.countries.forwarding import ForwardingMode
from permanence.foundation.exchange import Exchange
from permanence.foundation.models import AuditEntry, LiveTouch
from permanence.switchboard import forwarding, queries, rules, tasks
from permanence.switchboard.handlers import apply_engine_event
from permanence.switchboard.models import ForwardingCheck, ForwardingProof, Trunk
from permanence.switchboard.rules import ProofState, Why
from permanence.telephony import commands
from permanence.telephony.events import CallArrived, DialEnded, DialReturned
from tests.rooms.conftest import NOW, SeededEntropy
from tests.rooms.control_socket import ControlSocket, Journal, Table

PUBLIC, LINE = "+35226000001", "+35220000101"
MINUTE = timedelta(minutes=1)


class Dialling(Table):
    """An exchange that takes every call of ours, and says what it was asked."""

    def __init__(self, folder):
        super().__init__(folder)
        self.dialled = []

    def command(self, command):
        if isinstance(command, commands.Dial) and not self.refuse:
            self.dialled.append(command)
            return {"dial": command.dial}
        return super().command(command)


@pytest.fixture
def exchange(tmp_path):
    table = Dialling(tmp_path / "table")
    with ControlSocket(tmp_path / "exchange.sock", commands=table, journal=Journal()):
        yield table


@pytest.fixture
def weber(cast):
    write(cast)
    return cast.weber


def write(cast, **fields):
    asked = {"mode": ForwardingMode.ALL, "public_number": PUBLIC, "by": cast.marc, "at": NOW}
    lines.set_forwarding(client=cast.weber, number=LINE, **{**asked, **fields})


def ask(cast, **fields):
    return forwarding.ask_proof(**{"client": cast.weber, "number": LINE, "by": cast.marc, "at": NOW, **fields})


CHANCE = SeededEntropy()


def run(tmp_path, at=NOW):
    return tasks.run_forwarding_tests(at=at, exchange=Exchange(tmp_path / "exchange.sock"), entropy=CHANCE)


def last(cast):
    return queries.proofs_of(house=cast.house, client=cast.weber)[0]


def hear(event, sequence):
    apply_engine_event("e1", sequence, event)


def test_the_exchange_is_asked_once_with_an_id_that_was_kept_before(cast, weber, exchange, tmp_path):
    ask(cast)
    assert run(tmp_path) == 1
    assert run(tmp_path) == 0
    [asked] = exchange.dialled
    row = ForwardingProof.objects.get()
    assert (asked.number, asked.expect_line, asked.dial, asked.house) == (PUBLIC, LINE, row.dial, cast.house)
    assert asked.caller == LINE  # never the number of another client, who would be heard by calling it back
    assert (asked.seconds, asked.ring_seconds) == (1, rules.RING_S)
    assert (row.state, row.trunk) == (ProofState.RUNNING, "loopback")


def test_where_the_client_has_two_lines_the_other_one_is_shown(cast, weber, exchange, tmp_path):
    clients.give_line(client=weber, number="+35220000109", by=cast.marc, at=NOW)
    ask(cast)
    run(tmp_path)
    assert exchange.dialled[0].caller == "+35220000109"  # some networks take the tested one for a loop


def test_who_asked_is_noted_and_the_pages_are_told(cast, weber):
    touches = LiveTouch.objects.count()
    ask(cast)
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.client_key, entry.by_name) == ("forwarding.test_asked", int(cast.weber), "Marc")
    assert LiveTouch.objects.count() == touches + 1


def test_one_test_of_a_line_at_a_time(cast, weber):
    ask(cast)
    with pytest.raises(forwarding.ProofRunning):
        ask(cast)
    with pytest.raises(forwarding.ProofRunning):
        forwarding.watch_arrival(client=weber, number=LINE, by=cast.marc, at=NOW)
    row = ForwardingProof.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    assert forwarding.stop_proof(client=weber, test=last(cast).key, by=cast.marc, at=NOW)
    assert not forwarding.stop_proof(client=weber, test=last(cast).key, by=cast.marc, at=NOW)
    ask(cast)


def test_one_call_of_a_house_at_a_time(cast, weber, exchange, tmp_path):
    [dupont] = lines.lines_of(house=cast.house, client=cast.dupont)[:1]
    lines.set_forwarding(
        client=cast.dupont,
        number=dupont.number,
        mode=ForwardingMode.ALL,
        public_number="+33388000000",
        by=cast.marc,
        at=NOW,
    )
    ask(cast)
    forwarding.ask_proof(client=cast.dupont, number=dupont.number, by=cast.marc, at=NOW)
    assert run(tmp_path) == 1
    assert run(tmp_path) == 0
    event = DialReturned(house=cast.house, at=NOW, dial=exchange.dialled[0].dial, trunk="loopback", called_line=LINE)
    hear(event, 1)
    assert run(tmp_path) == 1
    assert [asked.number for asked in exchange.dialled] == [PUBLIC, "+33388000000"]


@pytest.mark.parametrize("mode", [ForwardingMode.BUSY, ForwardingMode.ALL])
def test_where_there_is_nothing_to_dial_it_is_said(cast, mode):
    write(cast, mode=mode, public_number=PUBLIC if mode is ForwardingMode.BUSY else "")
    with pytest.raises(forwarding.NothingToDial):
        ask(cast)
    with pytest.raises(forwarding.NothingToDial):
        forwarding.repeat_daily(client=cast.weber, number=LINE, clock="07:30", by=cast.marc, at=NOW)
    assert not ForwardingProof.objects.exists()


def test_a_direct_line_is_called_itself(cast, exchange, tmp_path):
    write(cast, mode=ForwardingMode.DIRECT)
    ask(cast)
    run(tmp_path)
    assert (exchange.dialled[0].number, exchange.dialled[0].expect_line) == (LINE, LINE)


def test_the_other_house_and_the_other_client_have_nothing_of_it(cast, weber):
    for client, by in ((cast.weber, cast.nadia), (cast.dupont, cast.marc), ("x", cast.marc)):
        for act in (forwarding.ask_proof, forwarding.watch_arrival):
            with pytest.raises(lines.LineUnknown):
                act(client=client, number=LINE, by=by, at=NOW)
        with pytest.raises(lines.LineUnknown):
            forwarding.repeat_daily(client=client, number=LINE, clock="", by=by, at=NOW)
    test = ask(cast)
    assert not forwarding.stop_proof(client=cast.weber, test=test, by=cast.nadia, at=NOW)
    assert not forwarding.stop_proof(client=cast.dupont, test=test, by=cast.marc, at=NOW)
    assert queries.proofs_of(house=cast.other_house, client=cast.weber) == ()
    assert queries.proofs_of(house=cast.house, client=cast.dupont) == ()


def test_events_of_another_house_end_nothing(cast, weber, exchange, tmp_path):
    ask(cast)
    run(tmp_path)
    dial = exchange.dialled[0].dial
    event = DialReturned(house=cast.other_house, at=NOW, dial=dial, trunk="x", called_line=LINE)
    hear(event, 1)
    hear(DialEnded(house=cast.other_house, at=NOW, dial=dial, by="carrier", why="x", status=404), 2)
    assert last(cast).state is ProofState.RUNNING
    forwarding.stop_proof(client=weber, test=last(cast).key, by=cast.marc, at=NOW)
    forwarding.watch_arrival(client=weber, number=LINE, by=cast.marc, at=NOW)
    arrived = {"call": "c", "trunk": "x", "called_line": LINE, "caller": None}
    hear(CallArrived(house=cast.other_house, at=NOW, client=weber, **arrived), 3)
    assert last(cast).state is ProofState.RUNNING
    hear(CallArrived(house=cast.house, at=NOW, client=weber, **arrived), 4)
    assert last(cast).state is ProofState.PASSED


def test_our_side_ended_first_and_it_came_back_late(cast, weber, exchange, tmp_path):
    ask(cast)
    run(tmp_path)
    dial = exchange.dialled[0].dial
    hear(DialEnded(house=cast.house, at=NOW, dial=dial, by="carrier", why="x", status=480), 1)
    assert last(cast).why is Why.RANG_OUT
    late = DialReturned(house=cast.house, at=NOW, dial=dial, trunk="loopback", client=weber, called_line=LINE)
    hear(late, 2)
    assert (last(cast).state, last(cast).why) == (ProofState.PASSED, None)
    hear(DialEnded(house=cast.house, at=NOW, dial=dial, by="carrier", why="x", status=487), 3)
    assert last(cast).state is ProofState.PASSED


def test_what_keeps_the_house_from_calling_is_said(cast, weber, exchange, tmp_path):
    ask(cast)
    exchange.refuse = True
    run(tmp_path)
    assert (last(cast).why, last(cast).detail) == (Why.CANNOT_DIAL, "the exchange refuses today")
    ask(cast)
    tasks.run_forwarding_tests(at=NOW, exchange=Exchange(tmp_path / "nobody.sock"), entropy=SeededEntropy(2))
    assert last(cast).why is Why.EXCHANGE_ABSENT
    Trunk.objects.for_house(cast.house).delete()
    ask(cast)
    run(tmp_path)
    assert last(cast).why is Why.NO_TRUNK


def test_a_test_that_nobody_ends_is_ended(cast, weber, exchange, tmp_path):
    ask(cast)
    run(tmp_path)
    run(tmp_path, at=NOW + timedelta(seconds=rules.RING_S) + rules.SLACK)
    assert last(cast).why is Why.LOST


def test_a_line_given_away_meanwhile_is_not_called(cast, weber, exchange, tmp_path):
    ask(cast)
    row = ForwardingProof.objects.get()
    ForwardingProof.objects.filter(pk=row.pk).update(client=int(cast.dupont))
    run(tmp_path)
    assert exchange.dialled == []
    assert ForwardingProof.objects.get().why == Why.LOST


def daily(cast, clock="07:30", at=NOW):
    forwarding.repeat_daily(client=cast.weber, number=LINE, clock=clock, by=cast.marc, at=at)


def test_each_day_at_the_clients_clock_once(cast, weber, exchange, tmp_path):
    daily(cast)
    check = ForwardingCheck.objects.get()
    assert check.next_at == datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
    assert queries.dialling(house=cast.house, client=weber)[0] == {LINE: "07:30"}
    stale = ForwardingCheck.objects.get()
    assert run(tmp_path, at=check.next_at) == 1
    assert ForwardingCheck.objects.get().next_at == check.next_at + timedelta(days=1)
    ForwardingCheck.objects.filter(pk=stale.pk, next_at=stale.next_at).update(next_at=NOW)  # a second worker: too late
    forwarding.make_daily(at=check.next_at)
    assert ForwardingProof.objects.count() == 1
    assert last(cast).daily
    daily(cast, "")
    assert queries.dialling(house=cast.house, client=weber)[0] == {}


def test_whether_the_house_can_call_out_is_told_with_the_daily_tests(cast, weber, exchange, django_assert_num_queries):
    daily(cast)
    with django_assert_num_queries(1):
        assert queries.dialling(house=cast.house, client=weber) == ({LINE: "07:30"}, True)
    assert queries.dialling(house=cast.house, client=cast.dupont) == ({}, True)
    assert queries.dialling(house=cast.other_house, client=weber) == ({}, False)
    Trunk.objects.for_house(cast.house).delete()
    assert queries.dialling(house=cast.house, client=weber) == ({LINE: "07:30"}, False)


def test_the_daily_test_waits_for_a_client_who_left_and_goes_on_when_he_is_back(cast, weber, exchange, tmp_path):
    daily(cast)
    due = ForwardingCheck.objects.get().next_at
    clients.set_state(client=weber, state=ClientState.ENDED, by=cast.marc, at=NOW)
    run(tmp_path, at=due)
    assert (ForwardingCheck.objects.get().next_at, ForwardingProof.objects.count()) == (due + timedelta(days=1), 0)
    clients.set_state(client=weber, state=ClientState.ACTIVE, by=cast.marc, at=due)
    assert queries.dialling(house=cast.house, client=weber)[0] == {LINE: "07:30"}
    assert run(tmp_path, at=due + timedelta(days=1)) == 1
    assert last(cast).daily


def test_the_daily_test_of_a_line_that_was_taken_away_goes_with_it(cast, weber, exchange, tmp_path):
    daily(cast)
    due = ForwardingCheck.objects.get().next_at
    run(tmp_path, at=due)
    forwarding.end_overdue(at=due + timedelta(hours=1))
    assert [each.number for each in queries.standing_failures(house=cast.house)] == [LINE]
    Line.objects.filter(number=LINE).delete()
    assert queries.standing_failures(house=cast.house) == ()
    run(tmp_path, at=due + timedelta(days=1))
    assert not ForwardingCheck.objects.exists()


def test_a_number_given_to_somebody_else_has_no_daily_test_of_the_one_before(cast, weber, exchange, tmp_path):
    daily(cast)
    due = ForwardingCheck.objects.get().next_at
    clients.set_state(client=weber, state=ClientState.ENDED, by=cast.marc, at=NOW)
    Quarantine.objects.update(until=NOW.date())
    clients.give_line(client=cast.dupont, number=LINE, by=cast.marc, at=NOW)
    assert queries.dialling(house=cast.house, client=cast.dupont)[0] == {}
    assert run(tmp_path, at=due) == 0


def test_a_morning_long_gone_by_is_left_out(cast, weber, exchange, tmp_path):
    daily(cast)
    run(tmp_path, at=ForwardingCheck.objects.get().next_at + rules.LATE)
    assert not ForwardingProof.objects.exists()


def test_a_client_whose_calls_are_not_answered_is_not_tested(cast, weber, exchange, tmp_path):
    daily(cast)
    clients.set_state(client=weber, state=ClientState.SUSPENDED, by=cast.marc, at=NOW)
    run(tmp_path, at=ForwardingCheck.objects.get().next_at)
    assert not ForwardingProof.objects.exists()


@pytest.mark.parametrize("clock", ["7:30", "24:00", "07:60", "morning", "07:30:00", "<b>"])
def test_what_is_no_time_of_day_is_refused(cast, weber, clock):
    with pytest.raises(forwarding.ClockMalformed):
        daily(cast, clock)
    assert not ForwardingCheck.objects.exists()


@pytest.mark.parametrize("caller", ["621000147", "+352x", "<b>"])
def test_what_is_no_number_of_a_caller_is_refused(cast, weber, caller):
    with pytest.raises(forwarding.CallerMalformed):
        forwarding.watch_arrival(client=weber, number=LINE, caller=caller, by=cast.marc, at=NOW)


def test_only_the_last_daily_test_of_a_line_stands(cast, weber, exchange, tmp_path):
    daily(cast)
    ask(cast)
    exchange.refuse = True
    run(tmp_path)
    assert [each.why for each in queries.standing_failures(house=cast.house)] == [Why.CANNOT_DIAL]
    assert queries.standing_failures(house=cast.other_house) == ()
    daily(cast, "")
    assert queries.standing_failures(house=cast.house) == ()


def test_old_tests_are_swept(cast, weber, exchange, tmp_path):
    ask(cast)
    exchange.refuse = True
    run(tmp_path)
    assert forwarding.sweep(at=NOW + rules.KEPT - MINUTE) == 0
    assert forwarding.sweep(at=NOW + rules.KEPT + MINUTE) == 1
