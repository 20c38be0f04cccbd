# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stories of what should not happen: a fault inside a turn, a journal that had to be set aside, a house that stops."""

from collections.abc import Callable
from typing import Any

import pytest

from permanence.engine.exchange import takeover
from permanence.engine.exchange.closing import close_house, is_busy
from permanence.engine.exchange.rebuild import rebuild
from permanence.reception.desk import Reception
from permanence.telephony import commands
from tests.stories import cast
from tests.stories.world import OFFER, World


class SeededFault(Exception):
    """What a fault of ours would raise."""


def faulty(monkeypatch: pytest.MonkeyPatch, kind: type[Any], method: str) -> Callable[[], None]:
    """`method` does its work, then fails; gives what repairs it."""
    real = getattr(kind, method)

    def fails(*arguments: Any, **named: Any) -> Any:
        real(*arguments, **named)
        raise SeededFault

    monkeypatch.setattr(kind, method, fails)
    return lambda: monkeypatch.setattr(kind, method, real)


def test_a_fault_while_she_answers_lets_the_call_ring_at_her_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    repair = faulty(monkeypatch, Reception, "answer")
    with pytest.raises(SeededFault):
        world.claire.answers()
    repair()
    rebuild(world.conductor, world.clock.moment)
    world.settle()
    assert "turn_failed" in world.conductor.parts.alarms
    assert (world.claire.presence, caller.state) == ("offered", "dialling")
    world.claire.answers()
    assert caller.hears("Claire")
    world.claire.hangs_up()
    world.claire.wraps_up()
    assert world.claire.presence == "ready"


def test_a_fault_in_one_call_costs_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.claire.sits_down()
    talking = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    waiting = world.caller("+33612345678").dials(cast.DUPONT_LINE)
    world.forward(11)
    repair = faulty(monkeypatch, Reception, "call_arrived")
    with pytest.raises(SeededFault):
        world.caller("+352621000149").dials(cast.WEBER_LINE)
    repair()
    lost = next(reversed(world.callers.values()))
    rebuild(world.conductor, world.clock.moment)
    world.forward(1)
    assert (lost.state, lost.status) == ("refused", 480)
    assert talking.hears("Claire")
    assert waiting.state == "answered"
    assert len(world.conductor.parts.calls) == 2
    assert world.conductor.parts.ports.used == 2
    world.claire.hangs_up()
    world.claire.wraps_up()
    assert world.claire.offered["call"] == waiting.call


def test_a_fault_while_the_caller_hangs_up_ends_his_call_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    repair = faulty(monkeypatch, Reception, "call_gone")
    with pytest.raises(SeededFault):
        caller.hangs_up()
    repair()
    rebuild(world.conductor, world.clock.moment)
    world.settle()
    assert caller.state == "over"
    assert world.conductor.parts.calls == {}
    assert world.gateway.living().legs == ()
    assert world.claire.presence == "wrap_up"
    assert world.events("CallEnded")[0]["why"] == "exchange_lost"


def test_what_could_not_be_written_is_not_told_as_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.claire.sits_down()

    def fails(*_arguments: Any) -> None:
        raise SeededFault

    with monkeypatch.context() as broken:
        broken.setattr(world.journal, "write", fails)
        with pytest.raises(SeededFault):
            world.conductor.page_command(world.claire.page, commands.GoOff(), 77, world.clock.moment)
    rebuild(world.conductor, world.clock.moment)
    world.settle()
    assert [told for told in world.claire.messages if told.get("id") == 77] == []
    assert world.claire.presence == "ready"


def aside(world: World) -> dict[str, Any]:
    """The exchange crashed three times: its journal's states, set aside; the next one has none."""
    world.kill_exchange()
    states, world.journal.states = world.journal.states, {}
    return states


def start_without_journal(world: World, states: dict[str, Any]) -> tuple[int, int]:
    """The exchange of after that, and what it adopted."""
    world.conductor = world._new_exchange()
    takeover.restore(world.conductor, world.clock.moment)
    adopted = takeover.adopt(world.conductor, states, world.clock.moment)
    takeover.media_connected(world.conductor, world.gateway.living(), world.clock.moment)
    world.settle()
    return adopted


@pytest.fixture
def conversation(world: World) -> Any:
    """A caller who talks with Claire, and one who waits, on the exchange that starts without its journal."""
    world.claire.sits_down()
    talking = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    waiting = world.caller("+33612345678").dials(cast.DUPONT_LINE)
    world.forward(11)
    assert start_without_journal(world, aside(world)) == (1, 1)
    return talking, waiting


def test_a_conversation_outlives_a_journal_that_is_set_aside(world: World, conversation: Any) -> None:
    talking, waiting = conversation
    assert talking.hears("Claire")
    assert (waiting.state, waiting.ended_by) == ("over", "remote")
    world.forward(60)
    assert talking.hears("Claire")
    talking.hangs_up()
    assert talking.state == "over"
    assert world.gateway.living().legs == ()
    assert world.journal.states.keys() & {f"orphan/{talking.call}"} == set()
    ended = {event["call"]: (event["by"], event["why"]) for event in world.events("CallEnded")}
    assert ended == {waiting.call: ("system", "exchange_lost"), talking.call: ("caller", "hang_up")}


def test_the_conversation_outlives_the_next_exchange_too(world: World, conversation: Any) -> None:
    talking, _ = conversation
    world.kill_exchange()
    world.start_exchange()
    assert talking.hears("Claire")
    talking.hangs_up()
    assert world.gateway.living().legs == ()


def test_a_new_page_leaves_it_plugged_and_ready_ends_it(world: World, conversation: Any) -> None:
    talking, _ = conversation
    world.claire.opens_page()
    assert talking.hears("Claire")
    world.claire.does(commands.GoReady())
    assert (talking.state, talking.ended_by) == ("over", "remote")
    assert world.claire.presence == "ready"
    assert world.gateway.living().legs == ()


def test_a_caller_who_vanished_is_not_kept_for_ever(world: World, conversation: Any) -> None:
    talking, _ = conversation
    world.gateway.fall_silent(talking.call)
    world.forward(125)
    assert world.gateway.living().legs == ()
    assert world.events("CallEnded")[-1]["why"] == "media_lost"


def test_an_offer_of_the_carrier_is_answered_as_before(world: World, conversation: Any) -> None:
    talking, _ = conversation
    world.carrier.offer(talking.session, OFFER, now=world.clock.monotonic())
    world.settle()
    assert talking.state == "answered"
    assert talking.hears("Claire")


@pytest.mark.parametrize("poison", [{}, {"kind": "incoming"}, {"kind": "incoming", "invite": "x", "way_back": 7}])
def test_a_record_that_cannot_be_read_costs_its_call_only(world: World, poison: dict[str, Any]) -> None:
    world.claire.sits_down()
    world.aoife.sits_down()
    first = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    second = world.caller("+353871234567").dials(cast.ATLAS_LINE)
    world.aoife.answers()
    session = world.conductor.parts.calls[second.call].session
    states = aside(world)
    states[f"sip/{session}"] = poison
    assert start_without_journal(world, states) == (1, 1)
    assert first.hears("Claire")
    assert [leg.leg for leg in world.gateway.living().legs] == [first.call]


def test_it_outlives_a_rebuilding(world: World, conversation: Any) -> None:
    talking, _ = conversation
    rebuild(world.conductor, world.clock.moment)
    world.settle()
    assert talking.hears("Claire")


def test_a_house_that_stops_leaves_nobody_in_silence(world: World) -> None:
    world.claire.sits_down()
    world.aoife.sits_down()
    talking = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    ringing = world.caller("+353871234567").dials(cast.ATLAS_LINE)
    waiting = world.caller("+33612345678").dials(cast.DUPONT_LINE)
    world.forward(11)
    close_house(world.conductor, world.clock.moment)
    world.settle()
    late = world.caller("+352621000199").dials(cast.WEBER_LINE)
    assert [(one.state, one.status) for one in (talking, waiting)] == [("over", 0)] * 2
    assert [(one.state, one.status) for one in (ringing, late)] == [("refused", 503)] * 2
    assert world.gateway.living().legs == ()
    assert len(world.events("CallEnded")) == 3
    assert not is_busy(world.conductor)


def test_a_conversation_of_a_journal_set_aside_is_ended_with_the_house(world: World, conversation: Any) -> None:
    talking, _ = conversation
    close_house(world.conductor, world.clock.moment)
    world.settle()
    assert (talking.state, talking.ended_by) == ("over", "remote")
    assert not is_busy(world.conductor)
