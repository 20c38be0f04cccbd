# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stories of a call: from the INVITE to the end, as caller and secretary live it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from permanence.reception.table import VoiceMessageConsent
from permanence.telephony import commands
from permanence.telephony.media.control import LegFailed
from tests.stories import cast
from tests.stories.world import OFFER, World

SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_call_is_answered_and_both_hear_each_other(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    assert caller.hears("ringing")
    assert caller.answer is None
    world.forward(3)
    world.claire.answers()
    assert caller.hears("Claire")
    assert world.claire.hears == "caller"
    assert world.claire.presence == "on_call"
    assert "m=audio 10000 RTP/AVP 8 101" in (caller.answer or "")
    [answered] = world.events("CallAnswered")
    assert (answered["secretary"], answered["waited_ms"], answered["client"]) == (cast.CLAIRE, 3000, cast.WEBER)


def test_the_card_is_on_the_screen_before_the_answer(world: World) -> None:
    world.claire.sits_down()
    world.caller().dials(cast.WEBER_LINE)
    card = world.claire.offered["card"]
    assert card["name"] == "Dr Weber"
    assert card["greetings"][0]["text"] == "Cabinet du docteur Weber, Claire, bonjour."
    assert [entry["text"] for entry in card["instructions"]] == ["Pas de rendez-vous le jeudi."]
    assert card["caller"] == {"number": "+352621000147", "masked": False, "display": ""}
    [offered] = world.events("CallOffered")
    assert offered["shown"] == ["10:1"]


def test_the_secretary_ends_the_call_and_wraps_up(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    world.forward(40)
    world.claire.hangs_up()
    assert (caller.state, caller.ended_by) == ("over", "remote")
    assert world.claire.presence == "wrap_up"
    ended = world.claire.last("ended")
    assert (ended["by"], ended["wrap_up_until_ms"] > 0) == ("secretary", True)
    assert world.gateway.living().legs == ()
    [event] = world.events("CallEnded")
    assert (event["by"], event["why"], event["secretary"]) == ("secretary", "hang_up", cast.CLAIRE)
    world.claire.wraps_up()
    assert world.claire.presence == "ready"
    assert not [name for name in world.journal.states if name.startswith(("call/", "sip/"))]


def test_wrap_up_has_a_limit(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    caller.hangs_up()
    assert world.claire.presence == "wrap_up"
    world.forward(89)
    assert world.claire.presence == "wrap_up"
    world.forward(2)
    assert world.claire.presence == "ready"
    assert world.events("WrapUpEnded")[0]["outcome"] == ""


def test_nobody_free_rings_then_plays_music_and_says_the_place(world: World) -> None:
    first, second = world.caller().dials(cast.WEBER_LINE), world.caller("+352621000148").dials(cast.DUPONT_LINE)
    world.forward(9)
    assert first.hears("ringing")
    world.forward(1.5)
    assert first.state == "answered"
    assert first.hears("fr/place-1")
    assert second.hears("fr/place-2")
    world.forward(3)
    assert first.hears("music")
    world.claire.sits_down()
    assert world.claire.offered["call"] == first.call
    world.claire.answers()
    assert first.hears("Claire")
    world.forward(30)
    assert second.state == "answered"
    assert world.claire.last("queue")["waiting"] == 1


def test_a_missed_offer_goes_to_the_next_and_sets_missed(world: World) -> None:
    world.claire.sits_down()
    world.forward(1)
    world.aoife.sits_down()
    caller = world.caller().dials(cast.DUPONT_LINE)
    assert world.claire.rings
    assert not world.aoife.rings
    world.forward(12.5)
    assert not world.claire.rings
    assert world.claire.presence == "missed"
    assert world.claire.last("offer_ended")["how"] == "missed"
    assert world.aoife.rings
    world.aoife.answers()
    assert caller.hears("Aoife")
    other = world.caller("+352621000149").dials(cast.WEBER_LINE)
    assert not world.claire.rings
    world.claire.does(commands.GoReady())
    assert world.claire.offered["call"] == other.call


def test_a_declined_offer_goes_to_the_next(world: World) -> None:
    world.claire.sits_down()
    world.forward(1)
    world.aoife.sits_down()
    world.caller().dials(cast.DUPONT_LINE)
    world.claire.declines()
    assert world.claire.presence == "missed"
    assert world.aoife.rings
    assert [event["how"] for event in world.events("OfferEnded")] == ["declined"]


def test_the_caller_gives_up_while_it_rings(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.forward(4)
    caller.hangs_up()
    assert caller.status == 487
    assert not world.claire.rings
    assert world.claire.last("offer_ended")["how"] == "abandoned"
    assert world.claire.presence == "ready"
    [abandoned] = world.events("CallAbandoned") or [{}]
    [ended] = world.events("CallEnded")
    assert (ended["by"], ended["why"], ended["answered_at_ms"]) == ("caller", "abandoned", None)
    assert abandoned["waited_ms"] == 4000
    assert world.gateway.living().legs == ()


def test_the_caller_gives_up_during_the_music(world: World) -> None:
    caller = world.caller().dials(cast.WEBER_LINE)
    world.forward(20)
    assert caller.hears("music")
    caller.hangs_up()
    assert caller.state == "over"
    assert world.events("CallAbandoned")[0]["waited_ms"] == 20000
    assert world.events("CallEnded")[0]["why"] == "abandoned"


def test_hold_and_resume(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    call = world.claire.call["call"]
    world.claire.does(commands.HoldCall(call))
    assert caller.hears("music")
    assert (world.claire.call["state"], world.claire.call["held"]) == ("held", True)
    assert world.claire.tries(commands.HoldCall(call)) == "not_your_call"
    world.claire.does(commands.ResumeCall(call))
    assert caller.hears("Claire")
    assert [event["type"] for event in world.journal.events if event["type"] in ("CallHeld", "CallResumed")] == [
        "CallHeld",
        "CallResumed",
    ]


def test_mute_and_keys(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    world.claire.does(commands.MuteSeat(True))
    assert caller.hears("silence")
    assert world.claire.call["muted"]
    world.claire.does(commands.MuteSeat(False))
    assert caller.hears("Claire")
    world.claire.does(commands.SendDigits(caller.call, "12#"))
    assert world.gateway.keys_sent(caller.call) == "12#"


def test_the_callers_exchange_puts_us_on_hold(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    caller.offers_again(OFFER.replace("a=sendrecv", "a=sendonly").replace("o=- 7 1", "o=- 7 2"))
    leg = world.gateway.leg(caller.call)
    assert leg is not None
    assert not leg.sending
    caller.offers_again(OFFER.replace("40000", "40002").replace("o=- 7 1", "o=- 7 3"))
    leg = world.gateway.leg(caller.call)
    assert leg is not None
    assert (leg.sending, leg.remote_port) == (True, 40002)
    assert caller.hears("Claire")


def test_two_calls_go_to_the_longest_ready_first(world: World) -> None:
    world.claire.sits_down()
    world.forward(5)
    world.aoife.sits_down()
    first = world.caller().dials(cast.DUPONT_LINE)
    second = world.caller("+33612345678").dials(cast.DUPONT_LINE)
    assert world.claire.offered["call"] == first.call
    assert world.aoife.offered["call"] == second.call
    assert world.claire.offered["why"][0]["code"] == "longest_ready"


def test_the_language_of_the_client_counts(world: World) -> None:
    world.claire.sits_down()
    world.forward(5)
    world.aoife.sits_down()
    caller = world.caller("+353871234567").dials(cast.ATLAS_LINE)
    assert not world.claire.rings
    assert world.aoife.offered["call"] == caller.call


def test_a_closed_health_line_says_the_emergency_sentence_first() -> None:
    world = World(SUNDAY)
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    assert not world.claire.rings
    assert caller.state == "answered"
    assert caller.hears("fr/emergency-112")
    world.forward(60)
    assert caller.state == "over"
    [ended] = world.events("CallEnded")
    assert (ended["by"], ended["why"], ended["secretary"]) == ("system", "closed", None)
    assert world.events("CallClosed")[0]["voice_message"] is False


def test_the_longest_wait_ends_in_closing_words(world: World) -> None:
    caller = world.caller().dials(cast.WEBER_LINE)
    world.forward(179)
    assert caller.hears("music")
    world.forward(2)
    assert caller.hears("fr/emergency-112")
    world.forward(30)
    assert caller.state == "over"
    assert world.events("CallEnded")[0]["why"] == "max_wait"


def test_a_voice_message_where_the_doctor_agreed() -> None:
    world = World(SUNDAY)
    caller = world.caller("+33612345678").dials(cast.DUPONT_LINE)
    assert caller.hears("fr/emergency-15-112")
    world.forward(8)
    world.forward(20)
    caller.hangs_up()
    kinds = [event["type"] for event in world.journal.events]
    assert kinds == ["CallArrived", "CallClosed", "VoiceMessageBegun", "VoiceMessageKept", "CallEnded"]
    [kept] = world.events("VoiceMessageKept")
    assert kept["file"] == f"{caller.call}.alaw"
    assert 19 <= kept["seconds"] <= 21
    assert kept["caller"] == "+33612345678"
    assert world.events("CallEnded")[0]["by"] == "caller"


def test_a_voice_message_ends_with_the_hash_key() -> None:
    world = World(SUNDAY)
    caller = world.caller().dials(cast.DUPONT_LINE)
    world.forward(8)
    world.forward(5)
    world.gateway.press(caller.call, "#")
    world.settle()
    assert caller.state == "over"
    assert len(world.events("VoiceMessageKept")) == 1
    assert world.events("CallEnded")[0]["by"] == "system"


def test_an_empty_voice_message_is_not_kept() -> None:
    world = World(SUNDAY)
    caller = world.caller().dials(cast.DUPONT_LINE)
    world.forward(8)
    caller.hangs_up()
    assert world.events("VoiceMessageKept") == []
    assert len(world.events("CallEnded")) == 1


@pytest.mark.parametrize("consent", [None, VoiceMessageConsent(agreed_date="", duty_contact="")])
def test_no_voice_message_for_a_doctor_who_has_not_agreed(consent: VoiceMessageConsent | None) -> None:
    world = World(SUNDAY, clients=(replace(cast.dupont(), voice_message_consent=consent),))
    caller = world.caller().dials(cast.DUPONT_LINE)
    world.forward(60)
    assert caller.state == "over"
    assert world.events("CallClosed")[0]["voice_message"] is False
    assert world.events("VoiceMessageKept") == []


def test_an_unknown_line_rings_the_pool(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials("+35220999999")
    assert caller.hears("ringing")
    assert world.claire.offered["card"]["unknown_line"] is True
    assert world.events("UnknownLineCalled")[0]["called_line"] == "+35220999999"
    [arrived] = world.events("CallArrived")
    assert (arrived["found_by"], arrived["client"]) == ("unknown", None)
    world.claire.answers()
    assert caller.hears("Claire")


def test_a_masked_number_is_kept_apart(world: World) -> None:
    world.claire.sits_down()
    headers = (("P-Asserted-Identity", "<sip:+352621000147@192.0.2.10>"), ("Privacy", "id"))
    world.caller("anonymous").dials(cast.WEBER_LINE, headers=headers)
    assert world.claire.offered["card"]["caller"] == {"number": None, "masked": True, "display": ""}
    [arrived] = world.events("CallArrived")
    assert (arrived["caller"], arrived["masked"], arrived["withheld"]) == (None, True, "+352621000147")


def test_the_line_is_found_by_diversion_when_the_number_is_not_ours(world: World) -> None:
    world.claire.sits_down()
    headers = (("Diversion", f"<sip:{cast.DUPONT_LINE}@carrier.example>;reason=no-answer;counter=1"),)
    world.caller().dials("+35220999999", headers=headers)
    assert world.claire.offered["card"]["name"] == "Cabinet Dupont"
    assert world.events("CallArrived")[0]["found_by"] == "diversion"


def test_cancel_crosses_the_answer(world: World) -> None:
    """The carrier's CANCEL is on its way when she answers: the 200 wins, the caller's BYE ends the call."""
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    offer = world.claire.offered
    world.carrier.end(caller.session, now=world.clock.monotonic())
    answer = commands.AnswerCall(offer["call"])
    world.conductor.page_command(world.claire.page, answer, 99, world.clock.moment)
    world.settle()
    world.forward(40)
    assert caller.state in ("refused", "over")
    assert world.conductor.parts.calls == {}
    assert world.claire.presence in ("wrap_up", "ready")
    assert len(world.events("CallEnded")) == 1


def test_an_answer_after_the_cancel_is_too_late(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    offer = world.claire.offered
    caller.hangs_up()
    assert world.claire.tries(commands.AnswerCall(offer["call"])) == "offer_gone"
    assert world.claire.presence == "ready"
    assert len(world.events("CallEnded")) == 1


def test_a_late_offer_gets_ours_in_the_200(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE, offer=None)
    assert caller.hears("ringing")
    world.claire.answers()
    assert caller.state == "answered"
    leg = world.gateway.leg(caller.call)
    assert leg is not None
    assert leg.remote_port == 40000
    assert caller.hears("Claire")


def test_without_g711_the_call_gets_488(world: World) -> None:
    caller = world.caller().dials(cast.WEBER_LINE, offer=OFFER.replace("RTP/AVP 8 0 101", "RTP/AVP 18 101"))
    assert caller.status == 488
    assert world.journal.events == []
    assert world.conductor.parts.ports.used == 0


def test_a_call_that_goes_round_is_refused(world: World) -> None:
    round_and_round = (("Diversion", "<sip:+352200001@carrier.example>;reason=unconditional;counter=6"),)
    assert world.caller().dials(cast.WEBER_LINE, headers=round_and_round).status == 482
    itself = (("Diversion", f"<sip:{cast.WEBER_LINE}@carrier.example>;reason=unconditional;counter=1"),)
    assert world.caller().dials(cast.WEBER_LINE, headers=itself).status == 486
    assert world.journal.events == []


def test_a_full_disk_refuses_new_calls_and_keeps_the_running_one(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    world.journal.accepting = False
    assert world.caller("+352621000148").dials(cast.WEBER_LINE).status == 503
    assert "journal" in world.conductor.parts.alarms
    assert caller.hears("Claire")
    world.journal.accepting = True
    assert world.caller("+352621000149").dials(cast.WEBER_LINE).hears("ringing")
    assert world.conductor.parts.alarms == {}


def test_a_taken_rtp_port_is_left_for_another_before_the_answer(world: World) -> None:
    world.gateway.busy_ports = {10000}
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    assert "m=audio 10002 " in (caller.answer or "")
    assert caller.hears("Claire")


def test_a_taken_rtp_port_costs_a_closed_lines_caller_no_word() -> None:
    world = World(SUNDAY)
    world.gateway.busy_ports = {10000}
    caller = world.caller().dials(cast.WEBER_LINE)
    assert caller.hears("fr/emergency-112")
    world.forward(60)
    assert caller.state == "over"
    assert world.events("CallEnded")[0]["why"] == "closed"


def test_a_taken_rtp_port_costs_a_conversation_nothing_that_was_heard(world: World) -> None:
    """Media tells so late that the secretary has answered: she is plugged in again, on the other port."""
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    world.gateway.close_leg(caller.call)
    world.conductor.media_happened(LegFailed(leg=caller.call, why="port_in_use"), world.clock.moment)
    world.settle()
    assert caller.hears("Claire")


def test_the_secretary_hears_that_her_reply_is_kept_only_after_the_sync(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.journal.held_back = 1000
    world.claire.answers()
    assert caller.hears("Claire")
    asked = len([message for message in world.claire.messages if message["t"] == "reply"])
    world.journal.held_back = 0
    world.conductor.synced()
    assert len([message for message in world.claire.messages if message["t"] == "reply"]) == asked + 1


def test_the_secretary_is_told_once_that_what_she_did_is_not_safe_yet(world: World) -> None:
    def told(kind: str) -> list[int]:
        return [message["id"] for message in world.claire.messages if message["t"] == kind]

    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.conductor.parts.turn.tell_waiting()
    world.journal.held_back = 1000
    world.claire.answers()
    assert caller.hears("Claire")  # the act itself went on
    answered = told("reply")
    world.conductor.parts.turn.tell_waiting()
    assert told("not_safe") == []  # it may have been a moment ago
    world.conductor.parts.turn.tell_waiting()
    world.conductor.parts.turn.tell_waiting()
    [waiting] = told("not_safe")
    assert told("reply") == answered
    world.journal.held_back = 0
    world.conductor.synced()
    assert told("reply") == [*answered, waiting]
    world.conductor.parts.turn.tell_waiting()
    assert told("not_safe") == [waiting]


def test_an_address_media_cannot_have_ends_the_call_with_a_reason(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.conductor.media_happened(LegFailed(leg=caller.call, why="address"), world.clock.moment)
    world.settle()
    assert caller.status == 480
    assert world.events("CallEnded")[0]["why"] == "media_lost"
    assert "leg" in world.conductor.parts.alarms
    assert world.claire.presence == "ready"
