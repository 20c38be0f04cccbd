# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stories of death: kill -9 of the exchange and of media, with calls in every state."""

from datetime import UTC, datetime

import pytest

from permanence.engine.exchange import takeover
from permanence.engine.exchange.parts import MEDIA_AWAY_S
from permanence.telephony import commands
from permanence.telephony.media.control import MediaEvent, MediaLost, MediaSilent
from tests.stories import cast
from tests.stories.world import OFFER, World

SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


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
    world.forward(1)  # the queue is told a few times a second at most
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


def test_she_is_told_at_once_when_media_dies_and_nobody_rings_at_her(world: World) -> None:
    world.claire.sits_down()
    world.gateway.die()
    world.settle()
    assert world.claire.last("line") == {"t": "line", "state": "down", "renew": False}
    assert world.claire.presence == "reconnecting"
    waiting = world.caller().dials(cast.WEBER_LINE)
    assert not world.claire.rings
    world.gateway.come_back()
    world.settle()
    assert world.claire.last("line") == {"t": "line", "state": "down", "renew": True}
    world.claire.does(commands.NegotiateLine("a new offer of the same page"))
    assert world.claire.presence == "offered"
    assert waiting.state == "dialling"


def test_a_media_process_that_was_only_out_of_reach_leaves_the_conversation(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    living = world.gateway.living()
    world.conductor.media_happened(MediaLost(), world.clock.moment)
    assert world.claire.last("line")["state"] == "down"
    assert world.claire.presence == "reconnecting"
    takeover.media_connected(world.conductor, living, world.clock.moment)
    world.settle()
    assert world.claire.last("line")["state"] == "up"
    assert world.claire.presence == "on_call"
    assert caller.hears("Claire")
    world.forward(40)
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


def test_a_call_whose_recording_is_still_written_ends_after_the_restart() -> None:
    world = World(SUNDAY)
    caller = world.caller().dials(cast.DUPONT_LINE)
    world.forward(14)
    assert world.conductor.parts.calls[caller.call].state == "voice_message"
    world.carrier.end(caller.session, now=world.clock.monotonic())
    for data, _ in world.carrier.drain_output():
        world.endpoint.receive(data, world.exchange_flow, world.clock.monotonic())
    world.conductor.sip_happened(world.clock.moment)  # stop_record was asked; media's answer meets the next exchange
    world.kill_exchange()
    world.start_exchange()
    world.forward(11)
    assert world.conductor.parts.calls == {}
    assert [event["type"] for event in world.journal.events][-2:] == ["VoiceMessageKept", "CallEnded"]


def test_a_call_only_the_reception_remembers_is_gone(world: World) -> None:
    caller = world.caller().dials(cast.WEBER_LINE)
    world.kill_exchange()
    del world.journal.states[f"call/{caller.call}"]
    world.start_exchange()
    world.claire.sits_down()
    assert not world.claire.rings
    assert world.claire.presence == "ready"


def test_a_refresh_of_the_dialog_is_kept(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    session = world.conductor.parts.calls[caller.call].session
    before = world.journal.states[f"sip/{session}"]
    world.endpoint.offer(session, OFFER.replace("192.0.2.10", "192.0.2.1"), now=world.clock.monotonic())
    world.conductor.keep_sessions()
    assert world.journal.states[f"sip/{session}"] != before


def test_a_port_that_is_lost_after_the_answer_moves_by_re_invite(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    world.gateway.die()
    world.gateway.busy_ports = {10000}
    world.gateway.come_back()
    world.settle()
    leg = world.gateway.leg(caller.call)
    assert leg is not None
    assert leg.port == 10002
    assert any(data.startswith(b"INVITE") and b"m=audio 10002 " in data for data in world.on_the_wire)
    world.claire.does(commands.NegotiateLine("a new offer"))
    assert caller.hears("Claire")


@pytest.mark.parametrize(("event", "seconds"), [(MediaSilent(), 0.0), (MediaLost(), MEDIA_AWAY_S)])
def test_nobody_is_let_into_dead_air(world: World, event: MediaEvent, seconds: float) -> None:
    world.claire.sits_down()
    world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    world.conductor.media_happened(event, world.clock.moment)
    assert "media" in world.conductor.parts.alarms
    assert world.claire.last("line") == {"t": "line", "state": "down", "renew": False}
    if seconds:
        early = world.caller("+352621000148").dials(cast.DUPONT_LINE)
        assert early.state == "dialling"  # a media process that is started again is back before anybody minds
        early.hangs_up()
        world.forward(seconds)
    refused = world.caller("+352621000149").dials(cast.DUPONT_LINE)
    assert (refused.state, refused.status) == ("refused", 503)
    assert b"\r\nRetry-After: 10\r\n" in world.on_the_wire[-1]
    takeover.media_connected(world.conductor, world.gateway.living(), world.clock.moment)
    world.settle()
    assert "media" not in world.conductor.parts.alarms
    assert world.claire.last("line")["state"] == "up"
    assert world.caller("+352621000150").dials(cast.DUPONT_LINE).state == "dialling"
