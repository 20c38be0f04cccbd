# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stories of a seat: one page at a time, lost and back, reloaded, withdrawn."""

import pytest

from permanence.kernel.refusals import Refusal
from permanence.telephony import commands
from tests.stories import cast
from tests.stories.world import World


def in_conversation(world: World) -> object:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    assert caller.hears("Claire")
    return caller


def test_the_first_messages_are_the_full_state(world: World) -> None:
    world.claire.opens_page(offer=None)
    kinds = [message["t"] for message in world.claire.messages]
    assert kinds[0] == "welcome"
    assert {"presence", "queue", "line"} <= set(kinds)
    welcome = world.claire.last("welcome")
    assert (welcome["name"], welcome["house"], welcome["presence"]) == ("Claire", cast.HOUSE, "off")
    assert welcome["config"] == {"offer_s": 12, "wrap_up_s": 90}
    assert world.claire.last("line") == {"t": "line", "state": "down", "renew": True}


def test_without_audio_she_cannot_be_ready(world: World) -> None:
    world.claire.opens_page(offer=None)
    assert world.claire.tries(commands.GoReady()) == "line_down"
    assert world.claire.presence == "off"


def test_a_reload_brings_the_same_call_back(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    before = world.claire.page
    world.claire.closes_page()
    world.gateway.lose_line(world.claire.line)
    world.settle()
    assert caller.hears("music")
    world.forward(4)
    world.claire.opens_page(offer="an offer of the reloaded page")
    assert world.claire.page != before
    assert world.claire.call["call"] == caller.call
    assert world.claire.call["card"]["name"] == "Dr Weber"
    assert world.claire.presence == "on_call"
    assert caller.hears("Claire")
    assert [event["type"] for event in world.journal.events if event["type"].startswith("Line")] == [
        "LineLost",
        "LineBack",
    ]


def test_a_second_page_of_the_same_secretary_takes_over(world: World) -> None:
    caller = in_conversation(world)
    first = world.claire.page
    world.claire.opens_page(offer="the other tab's offer")
    assert world.pages.closed[first] == 4409
    assert world.claire.call["call"] == caller.call  # type: ignore[attr-defined]
    assert caller.hears("Claire")  # type: ignore[attr-defined]
    world.conductor.page_closed(first, world.clock.moment)
    world.settle()
    assert world.claire.presence == "on_call"
    with pytest.raises(Refusal, match="no longer holds"):
        world.conductor.page_command(first, commands.GoOff(), None, world.clock.moment)


def test_a_reload_while_it_rings_brings_the_offer_back_when_it_is_quick(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.reloads()
    assert world.claire.offered["call"] == caller.call
    world.claire.answers()
    assert caller.hears("Claire")


def test_a_lost_seat_back_within_thirty_seconds_is_where_it_was(world: World) -> None:
    world.claire.sits_down()
    world.claire.closes_page()
    waiting = world.caller().dials(cast.WEBER_LINE)
    world.forward(12)
    assert waiting.state == "answered"
    world.forward(14)
    world.claire.opens_page(offer=None)
    assert world.claire.presence in ("ready", "offered")
    assert world.claire.offered["call"] == waiting.call


def test_a_lost_seat_is_off_after_thirty_seconds(world: World) -> None:
    world.claire.sits_down()
    world.claire.closes_page()
    world.forward(31)
    assert world.events("PresenceChanged")[-1]["state"] == "off"
    assert world.gateway.living().lines == ()
    world.claire.opens_page(offer=None)
    assert world.claire.presence == "off"


def test_a_conversation_whose_line_stays_lost_goes_to_the_next_secretary(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.DUPONT_LINE)
    world.claire.answers()
    world.aoife.sits_down()
    world.claire.closes_page()
    world.gateway.lose_line(world.claire.line)
    world.settle()
    assert caller.hears("music")
    world.forward(31)
    assert world.aoife.offered["call"] == caller.call
    world.aoife.answers()
    assert caller.hears("Aoife")
    world.aoife.hangs_up()
    assert caller.state == "over"
    assert world.events("CallEnded")[0]["secretary"] == cast.AOIFE


def test_only_the_socket_is_lost_they_still_hear_each_other(world: World) -> None:
    caller = in_conversation(world)
    world.claire.closes_page()
    world.forward(60)
    assert caller.hears("Claire")  # type: ignore[attr-defined]
    world.claire.opens_page(offer=None)
    assert world.claire.call["call"] == caller.call  # type: ignore[attr-defined]
    world.claire.hangs_up()
    assert world.claire.presence == "wrap_up"


def test_a_reload_in_wrap_up_keeps_the_call_to_be_wrapped_up(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    caller.hangs_up()
    world.claire.reloads()
    assert world.claire.presence == "wrap_up"
    assert world.claire.last("ended")["call"] == caller.call
    assert world.claire.call["card"]["name"] == "Dr Weber"
    world.claire.wraps_up("appointment")
    assert world.claire.presence == "ready"
    assert world.events("WrapUpEnded")[0]["outcome"] == "appointment"
    world.claire.reloads()
    assert not [message for message in world.claire.messages if message["t"] == "ended"]


def test_a_break_asked_during_the_call_comes_after_the_wrap_up(world: World) -> None:
    in_conversation(world)
    world.claire.does(commands.TakeBreak("lunch"))
    assert world.claire.last("presence")["pending"] == "break"
    world.claire.hangs_up()
    world.claire.wraps_up()
    assert (world.claire.presence, world.claire.last("presence")["reason"]) == ("break", "lunch")


def test_a_withdrawn_seat_is_closed_and_its_caller_waits_again(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.DUPONT_LINE)
    world.claire.answers()
    page = world.claire.page
    ticket = world.claire.ticket()
    world.conductor.house_command(commands.RevokeSeat(cast.HOUSE, cast.CLAIRE), world.clock.moment)
    world.settle()
    assert world.pages.closed[page] == 4401
    assert caller.hears("music") or caller.hears("fr/place-1")
    with pytest.raises(Refusal, match="withdrawn"):
        world.conductor.page_opened("page-x", ticket, commands.Hello(1, "", "localhost"), world.clock.moment)
    world.aoife.sits_down()
    world.aoife.answers()
    assert caller.hears("Aoife")


def test_a_ticket_for_another_house_or_nobody_is_refused(world: World) -> None:
    hello = commands.Hello(1, "", "localhost")
    for changes in ({"house": "other"}, {"secretary": "99"}, {"rights": ("listen",)}):
        with pytest.raises(Refusal):
            world.conductor.page_opened("page-x", world.claire.ticket(**changes), hello, world.clock.moment)
    assert list(world.conductor.parts.seats) == []
    assert world.journal.events == []


def test_a_renewal_must_be_her_own(world: World) -> None:
    world.claire.opens_page(offer=None)
    world.conductor.page_renewed(world.claire.page, world.claire.ticket())
    with pytest.raises(Refusal):
        world.conductor.page_renewed(world.claire.page, world.aoife.ticket())


def test_an_ice_restart_is_not_a_new_line(world: World) -> None:
    caller = in_conversation(world)
    restart = "v=0\r\na=fingerprint:sha-256 AA:BB\r\n"
    world.claire.does(commands.NegotiateLine(restart))
    lines_before = len(world.events("LineLost"))
    world.claire.does(commands.NegotiateLine(restart))
    assert len(world.events("LineLost")) == lines_before
    assert caller.hears("Claire")  # type: ignore[attr-defined]


def test_another_secretary_cannot_touch_the_call(world: World) -> None:
    caller = in_conversation(world)
    world.aoife.sits_down()
    call = caller.call  # type: ignore[attr-defined]
    for command in (
        commands.EndCall(call),
        commands.HoldCall(call),
        commands.SendDigits(call, "1"),
        commands.MuteSeat(True),
    ):
        assert world.aoife.tries(command) == "not_your_call"
    assert world.aoife.tries(commands.AnswerCall(call)) == "offer_gone"
    assert caller.hears("Claire")  # type: ignore[attr-defined]


def test_the_queue_is_told_a_few_times_a_second_and_at_the_end_as_it_is(world: World) -> None:
    world.claire.opens_page()
    world.forward(2)
    before = len([message for message in world.claire.messages if message["t"] == "queue"])
    for number in range(8):
        world.caller(f"+35262100020{number}").dials(cast.WEBER_LINE)
        world.forward(0.01)
    told = [message["waiting"] for message in world.claire.messages if message["t"] == "queue"][before:]
    assert told == [1]
    world.forward(1)
    told = [message["waiting"] for message in world.claire.messages if message["t"] == "queue"][before:]
    assert told == [1, 8]
