# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stories of death: kill -9 of the exchange and of media, with calls in every state."""

from permanence.telephony import commands
from tests.stories import cast
from tests.stories.world import World


def test_a_conversation_survives_the_exchange(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    world.forward(5)
    world.kill_exchange()
    assert caller.hears("Claire")
    counts = world.start_exchange()
    assert counts == {"calls": 1, "seats": 1, "lost": 0}
    assert caller.hears("Claire")
    world.claire.opens_page(offer=None)
    assert world.claire.call["call"] == caller.call
    world.claire.does(commands.HoldCall(caller.call))
    assert caller.hears("music")
    world.claire.does(commands.ResumeCall(caller.call))
    assert caller.hears("Claire")
    world.claire.hangs_up()
    assert (caller.state, caller.ended_by) == ("over", "remote")
    assert world.events("CallEnded")[0]["by"] == "secretary"


def test_the_caller_hangs_up_on_the_new_exchange(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    world.kill_exchange()
    world.start_exchange()
    world.claire.opens_page(offer=None)
    caller.hangs_up()
    assert caller.state == "over"
    assert world.claire.presence == "wrap_up"
    assert world.events("CallEnded")[0]["by"] == "caller"


def test_the_queue_keeps_its_order(world: World) -> None:
    first = world.caller().dials(cast.WEBER_LINE)
    world.forward(2)
    second = world.caller("+33612345678").dials(cast.DUPONT_LINE)
    world.forward(15)
    world.kill_exchange()
    world.start_exchange()
    assert first.sound in ("music", "fr/place-1")
    world.claire.sits_down()
    assert world.claire.last("queue")["waiting"] == 1
    assert world.claire.offered["call"] == first.call
    world.claire.answers()
    assert first.hears("Claire")
    world.claire.hangs_up()
    world.claire.wraps_up()
    assert world.claire.offered["call"] == second.call


def test_a_ringing_call_is_answered_by_the_new_exchange(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.kill_exchange()
    world.start_exchange()
    assert caller.hears("ringing")
    world.claire.opens_page(offer=None)
    world.claire.answers()
    assert caller.state == "answered"
    assert caller.hears("Claire")


def test_a_held_call_stays_held(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    world.claire.does(commands.HoldCall(caller.call))
    world.kill_exchange()
    world.start_exchange()
    world.claire.opens_page(offer=None)
    assert world.claire.call["held"]
    assert caller.hears("music")
    world.claire.does(commands.ResumeCall(caller.call))
    assert caller.hears("Claire")


def test_a_seat_that_does_not_come_back_after_the_restart_is_off(world: World) -> None:
    world.claire.sits_down()
    world.kill_exchange()
    world.start_exchange()
    world.forward(31)
    assert world.events("PresenceChanged")[-1]["state"] == "off"
    assert world.gateway.living().lines == ()


def test_what_was_abandoned_meanwhile_ends(world: World) -> None:
    """The caller gave up while the exchange was dead: his CANCEL is repeated to the new one."""
    caller = world.caller().dials(cast.WEBER_LINE)
    world.kill_exchange()
    world.carrier.end(caller.session, now=world.clock.monotonic())
    world.start_exchange()
    world.forward(5)
    assert caller.state == "refused"
    assert world.conductor.parts.calls == {}
    assert world.events("CallEnded")[0]["why"] == "abandoned"


def test_a_broken_record_costs_one_call(world: World) -> None:
    world.claire.sits_down()
    first = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    second = world.caller("+352621000148").dials(cast.WEBER_LINE)
    world.kill_exchange()
    session = world.conductor.parts.calls[second.call].session
    world.journal.states[f"sip/{session}"] = {"kind": "incoming"}
    counts = world.start_exchange()
    assert counts["lost"] == 1
    world.claire.opens_page(offer=None)
    assert first.hears("Claire")
    assert world.events("CallEnded")[0]["call"] == second.call
    assert world.events("CallEnded")[0]["why"] == "exchange_lost"


def test_the_death_of_media_rebuilds_every_leg(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    waiting = world.caller("+352621000148").dials(cast.DUPONT_LINE)
    world.forward(12)
    port = world.conductor.parts.calls[caller.call].port
    world.gateway.die()
    world.settle()
    assert "media" in world.conductor.parts.alarms
    world.gateway.come_back()
    world.settle()
    assert world.conductor.parts.alarms == {}
    assert world.claire.last("line") == {"t": "line", "state": "down", "renew": True}
    assert {leg.leg for leg in world.gateway.living().legs} == {caller.call, waiting.call}
    assert world.gateway.leg(caller.call).port == port  # type: ignore[union-attr]
    assert caller.hears("music")
    assert waiting.hears("music")
    world.claire.does(commands.NegotiateLine("a new offer of the same page"))
    assert world.claire.last("line")["state"] == "up"
    assert caller.hears("Claire")


def test_strangers_in_media_are_closed(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    world.kill_exchange()
    world.journal.states.clear()
    world.start_exchange()
    assert world.gateway.living().legs == ()
    assert world.gateway.living().lines == ()
    caller.hangs_up()
    world.forward(1)
    assert caller.state == "over"
