# SPDX-License-Identifier: AGPL-3.0-or-later
"""The desk's rules, told as small stories."""

from dataclasses import replace
from datetime import timedelta

import pytest

from permanence.reception import decisions as decided
from permanence.reception import events, floor
from permanence.reception.presence import BREAK_REASONS, TRANSITIONS, Doing, Seat, Signal
from permanence.reception.refusals import (
    LineDown,
    NotPossibleNow,
    OfferGone,
    OutcomeMissing,
    UnknownBreak,
    UnknownSecretary,
)
from permanence.reception.table import InstructionEntry, OpeningHours, VoiceMessageConsent
from permanence.reception.waiting import Stage
from permanence.telephony.events import LineBack, LineLost, UnknownLineCalled
from tests.rules.reception.house import (
    AOIFE,
    ATLAS,
    CAST,
    CLAIRE,
    DUPONT,
    MAUD,
    START,
    WEBER,
    Desk,
    client,
    codes,
    house_slice,
)


def test_a_free_secretary_is_rung_while_the_caller_hears_only_ringing():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.rings("a")
    assert [type(each) for each in desk.last.decisions] == [decided.RingBack, decided.Offer, decided.PresenceIs]
    desk.forward(11.9)
    assert desk.last.decisions == ()
    answered = desk.do("answer", CLAIRE, "a")
    assert desk.named(decided.Connect)[0].seat == "seat-1"
    assert [event.waited_ms for event in answered.events if isinstance(event, events.CallAnswered)] == [11900]
    assert desk.state(CLAIRE) == "on_call"


def test_nobody_free_ringing_then_music_and_the_place():
    desk = Desk()
    desk.rings("a")
    assert [type(each) for each in desk.last.decisions] == [decided.RingBack, decided.QueueIs]
    assert desk.told(events.CallQueued)[0].place == 1
    desk.forward(9.9)
    assert desk.last.decisions == ()
    desk.forward(0.2)
    assert [type(each) for each in desk.last.decisions] == [decided.StartMusic, decided.AnnouncePlace]
    desk.forward(30)
    assert [each.place for each in desk.named(decided.AnnouncePlace)] == [1]


def test_the_place_moves_up():
    desk = Desk()
    for call in ("a", "b", "c"):
        desk.rings(call)
    desk.forward(10)
    assert [(each.call, each.place) for each in desk.named(decided.AnnouncePlace)] == [("a", 1), ("b", 2), ("c", 3)]
    desk.do("call_gone", "a")
    assert desk.told(events.CallAbandoned)[0].waited_ms == 10_000
    desk.forward(30)
    assert [(each.call, each.place) for each in desk.named(decided.AnnouncePlace)] == [("b", 1), ("c", 2)]


def test_longest_ready_first_among_those_who_speak():
    desk = Desk()
    desk.sits(MAUD)
    desk.forward(5)
    desk.sits(CLAIRE)
    desk.forward(5)
    desk.sits(AOIFE)
    desk.rings("fr", DUPONT)
    assert desk.offered(CLAIRE) == "fr"
    desk.rings("en", ATLAS)
    assert desk.offered(MAUD) == "en"
    desk.rings("en2", ATLAS)
    assert desk.offered(AOIFE) == "en2"
    assert codes(desk.named(decided.Offer)[0]) == ["only_ready", "speaks"]


def test_the_first_caller_she_can_answer_is_hers():
    desk = Desk()
    desk.rings("en", ATLAS)
    desk.rings("de", WEBER)
    desk.rings("fr", DUPONT)
    desk.sits(CLAIRE)
    assert desk.offered(CLAIRE) == "de"
    desk.sits(MAUD)
    assert desk.offered(MAUD) == "en"


@pytest.mark.parametrize("how", ["missed", "declined"])
def test_an_offer_not_taken_goes_on_and_she_gets_nothing_until_ready(how: str):
    desk = Desk()
    desk.sits(CLAIRE)
    desk.forward(1)
    desk.sits(AOIFE)
    desk.rings("a")
    if how == "missed":
        desk.forward(12)
    else:
        desk.do("decline", CLAIRE, "a")
    assert desk.told(events.OfferEnded)[0].how == how
    assert desk.named(decided.WithdrawOffer)[0].how == how
    assert (desk.state(CLAIRE), desk.shown(CLAIRE).why, desk.offered(AOIFE)) == ("missed", how, "a")
    desk.rings("b")
    assert desk.offered(CLAIRE) is None
    desk.do("ready", CLAIRE)
    assert desk.offered(CLAIRE) == "b"


def test_a_missed_offer_after_the_ring_time_starts_the_music_at_once():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.rings("a")
    desk.forward(12)
    assert [each.call for each in desk.named(decided.StartMusic)] == ["a"]
    assert desk.named(decided.AnnouncePlace)[0].place == 1


def test_a_withdrawn_offer_leaves_her_place_among_the_ready():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.forward(5)
    desk.sits(AOIFE)
    desk.rings("a")
    desk.forward(1)
    desk.do("call_gone", "a")
    assert desk.told(events.OfferEnded)[0].how == "abandoned"
    assert desk.told(events.CallAbandoned)
    assert desk.state(CLAIRE) == "ready"
    desk.forward(1)
    desk.rings("b")
    assert desk.offered(CLAIRE) == "b"


def test_wrap_up_needs_an_outcome_or_its_limit():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.rings("a")
    desk.do("answer", CLAIRE, "a")
    desk.do("call_gone", "a")
    assert desk.state(CLAIRE) == "wrap_up"
    assert desk.shown(CLAIRE).until == START + timedelta(seconds=90)
    with pytest.raises(OutcomeMissing):
        desk.do("wrap_up_done", CLAIRE, "a", " ")
    with pytest.raises(OutcomeMissing):
        desk.do("ready", CLAIRE)
    with pytest.raises(NotPossibleNow):
        desk.do("wrap_up_done", CLAIRE, "b", "message")
    desk.rings("b")
    assert desk.state(CLAIRE) == "wrap_up"
    desk.do("wrap_up_done", CLAIRE, "a", "message")
    ended = desk.told(events.WrapUpEnded)[0]
    assert (ended.call, ended.client, ended.outcome, desk.offered(CLAIRE)) == ("a", DUPONT, "message", "b")


def test_the_limit_of_the_wrap_up_leaves_the_outcome_empty():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.rings("a")
    desk.do("answer", CLAIRE, "a")
    desk.do("call_over", CLAIRE, "a")
    desk.forward(90)
    assert desk.told(events.WrapUpEnded)[0].outcome == ""
    assert (desk.state(CLAIRE), desk.shown(CLAIRE).why) == ("ready", "wrap_up_limit")


@pytest.mark.parametrize(("act", "args", "state"), [("pause", ("lunch",), "break"), ("off", (), "off")])
def test_a_break_asked_during_the_call_comes_after_the_wrap_up(act: str, args: tuple[str, ...], state: str):
    desk = Desk()
    desk.sits(CLAIRE)
    desk.rings("a")
    desk.do("answer", CLAIRE, "a")
    desk.do(act, CLAIRE, *args)
    assert (desk.state(CLAIRE), desk.shown(CLAIRE).pending) == ("on_call", state)
    desk.do("call_gone", "a")
    assert desk.state(CLAIRE) == "wrap_up"
    desk.rings("b")
    desk.do("wrap_up_done", CLAIRE, "a", "message")
    assert (desk.state(CLAIRE), desk.offered(CLAIRE)) == (state, None)
    assert desk.shown(CLAIRE).reason == (args[0] if args else "")


def test_ready_takes_back_the_break_asked_during_the_call():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.rings("a")
    desk.do("answer", CLAIRE, "a")
    desk.do("pause", CLAIRE, "lunch")
    desk.do("ready", CLAIRE)
    desk.do("call_gone", "a")
    desk.do("wrap_up_done", CLAIRE, "a", "message")
    assert desk.state(CLAIRE) == "ready"


def test_a_break_while_it_rings_declines():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.sits(AOIFE)
    desk.rings("a")
    desk.do("pause", CLAIRE, "pause")
    assert (desk.state(CLAIRE), desk.offered(AOIFE)) == ("break", "a")
    assert desk.told(events.OfferEnded)[0].how == "declined"


def test_refusals_change_nothing():
    desk = Desk()
    desk.do("seat_connected", CLAIRE, "seat-1")
    before = desk.reception.export()
    for refusal, act, args in (
        (LineDown, "ready", (CLAIRE,)),
        (UnknownSecretary, "ready", (AOIFE,)),
        (UnknownSecretary, "seat_connected", ("99", "seat-99")),
        (UnknownBreak, "pause", (CLAIRE, "holiday")),
        (OfferGone, "answer", (CLAIRE, "a")),
        (OfferGone, "decline", (CLAIRE, "a")),
        (NotPossibleNow, "call_over", (CLAIRE, "a")),
    ):
        with pytest.raises(refusal):
            desk.do(act, *args)
        assert desk.reception.export() == before
    assert desk.do("call_gone", "unknown").events == ()


def test_a_lost_seat_is_offered_nothing_and_comes_back_to_its_state():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.do("seat_lost", CLAIRE, "seat-1")
    assert desk.state(CLAIRE) == "reconnecting"
    desk.rings("a")
    assert desk.offered(CLAIRE) is None
    desk.forward(29)
    desk.do("seat_connected", CLAIRE, "seat-1")
    assert desk.offered(CLAIRE) == "a"


def test_a_lost_seat_that_stays_away_is_off_and_forgotten():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.do("line_state", CLAIRE, up=False)
    assert desk.state(CLAIRE) == "reconnecting"
    desk.do("seat_lost", CLAIRE, "seat-1")
    desk.forward(30)
    assert [event.state for event in desk.told(events.PresenceChanged)] == ["off"]
    assert desk.reception.presence(CLAIRE) is None


def test_the_offer_of_a_lost_seat_goes_on_without_her_being_missed():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.forward(1)
    desk.sits(AOIFE)
    desk.rings("a")
    desk.do("line_state", CLAIRE, up=False)
    assert (desk.state(CLAIRE), desk.offered(AOIFE)) == ("reconnecting", "a")
    assert desk.told(events.OfferEnded)[0].how == "seat_lost"
    desk.do("line_state", CLAIRE, up=True)
    assert desk.state(CLAIRE) == "ready"


def test_a_page_taken_over_does_not_lose_the_new_one():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.do("seat_connected", CLAIRE, "other")
    desk.do("seat_lost", CLAIRE, "seat-1")
    assert (desk.state(CLAIRE), desk.shown(CLAIRE).seat) == ("ready", "other")


def in_conversation(desk: Desk) -> None:
    desk.sits(CLAIRE)
    desk.rings("a")
    desk.do("answer", CLAIRE, "a")
    desk.forward(60)


def test_a_caller_is_kept_on_music_until_the_line_is_back():
    desk = Desk()
    in_conversation(desk)
    desk.do("line_state", CLAIRE, up=False)
    assert [type(each) for each in desk.last.decisions[:1]] == [decided.KeepCaller]
    assert (desk.state(CLAIRE), len(desk.told(LineLost))) == ("reconnecting", 1)
    desk.forward(29)
    desk.do("line_state", CLAIRE, up=True)
    assert (desk.named(decided.Replug)[0].call, len(desk.told(LineBack))) == ("a", 1)
    assert desk.state(CLAIRE) == "on_call"
    desk.forward(60)
    assert desk.state(CLAIRE) == "on_call"


def test_a_caller_whose_secretary_stays_away_waits_again_before_all_others():
    desk = Desk()
    in_conversation(desk)
    desk.rings("b")
    desk.do("line_state", CLAIRE, up=False)
    desk.forward(30)
    assert desk.reception.stage_of("a") is Stage.WAITING
    assert (desk.told(events.CallQueued)[0].call, desk.told(events.CallQueued)[0].place) == ("a", 1)
    desk.sits(AOIFE)
    assert desk.offered(AOIFE) == "a"
    desk.do("answer", AOIFE, "a")
    assert desk.told(events.CallAnswered)[0].waited_ms == 0


def test_losing_only_the_socket_leaves_the_conversation_alone():
    desk = Desk()
    in_conversation(desk)
    desk.do("seat_lost", CLAIRE, "seat-1")
    assert desk.named(decided.KeepCaller) == []
    assert desk.state(CLAIRE) == "reconnecting"
    desk.forward(300)
    assert desk.reception.stage_of("a") is Stage.TALKING
    desk.do("call_gone", "a")
    desk.forward(30)
    assert desk.reception.presence(CLAIRE) is None
    assert [event.outcome for event in desk.told(events.WrapUpEnded)] == [""]


def test_the_longest_wait_ends_in_closing_words_but_never_cuts_an_offer():
    desk = Desk()
    desk.rings("a", ATLAS)
    desk.rings("b", ATLAS)
    desk.forward(175)
    desk.sits(MAUD)
    assert desk.offered(MAUD) == "a"
    desk.forward(5)
    assert [each.call for each in desk.named(decided.CloseCall)] == ["b"]
    assert desk.told(events.CallClosed)[0].reason == "max_wait"
    desk.forward(7)
    assert [each.call for each in desk.named(decided.CloseCall)] == ["a"]
    desk.do("call_gone", "a")
    assert desk.told(events.CallAbandoned) == []
    assert desk.reception.calls() == ("b",)


def test_a_closed_client_is_closed_at_once():
    desk = Desk(house_slice(CAST), client(DUPONT, hours=OpeningHours(), sector="health"))
    desk.sits(CLAIRE)
    desk.rings("a")
    assert desk.named(decided.RingBack) == []
    closed = desk.named(decided.CloseCall)[0]
    assert closed.prompts == ("fr/emergency-15-112", "fr/closed", "fr/call-again")
    assert (closed.reason, closed.voice_message) == ("closed", False)
    assert [reason.code for reason in closed.why] == ["closed_by_week", "voice_message_not_wanted"]


def test_a_suspended_client_is_not_answered():
    desk = Desk(house_slice(CAST), client(DUPONT, state="suspended"))
    desk.sits(CLAIRE)
    desk.rings("a")
    assert desk.told(events.CallClosed)[0].reason == "suspended"


def test_closing_time_does_not_send_away_who_is_already_waiting():
    desk = Desk()
    desk.rings("a")
    desk.republish(lambda entry: replace(entry, hours=OpeningHours()), DUPONT)
    desk.sits(CLAIRE)
    assert desk.offered(CLAIRE) == "a"


def test_an_unknown_line_rings_the_pool_with_an_alarm():
    desk = Desk()
    desk.sits(MAUD)
    desk.rings("a", None, called_line="+35299999", trunk="carrier", caller="+352621000147")
    assert desk.told(UnknownLineCalled)[0].called_line == "+35299999"
    offer = desk.named(decided.Offer)[0]
    assert (offer.card.unknown_line, offer.card.client, offer.secretary) == (True, None, MAUD)
    assert "unknown_line" in codes(offer)
    desk.do("decline", MAUD, "a")
    desk.forward(180)
    assert desk.named(decided.CloseCall)[0].prompts[0] == "fr/emergency-112"


def test_a_masked_number_reaches_no_card():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.rings("a", caller="+33199000000", masked=True, display="Jean")
    shown = desk.named(decided.Offer)[0].card.caller
    assert (shown.number, shown.masked, shown.display) == (None, True, "")


def test_a_revoked_seat_gives_its_caller_back():
    desk = Desk()
    in_conversation(desk)
    desk.sits(AOIFE)
    desk.do("seat_revoked", CLAIRE)
    assert desk.reception.presence(CLAIRE) is None
    assert desk.offered(AOIFE) == "a"


def test_new_languages_count_at_once_and_a_removed_secretary_is_off():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.rings("a", ATLAS)
    assert desk.offered(CLAIRE) is None
    desk.table = desk.table.put(replace(house_slice({CLAIRE: ("en",)}), version=2))
    desk.do("table_changed", desk.table)
    assert desk.offered(CLAIRE) == "a"
    desk.table = desk.table.put(replace(house_slice({AOIFE: ("en",)}), version=3))
    desk.do("table_changed", desk.table)
    assert desk.state(CLAIRE) == "off"
    assert desk.reception.stage_of("a") is Stage.WAITING


def test_what_was_written_since_her_last_call_is_new_to_her():
    desk = Desk()
    in_conversation(desk)
    desk.do("call_gone", "a")
    desk.do("wrap_up_done", CLAIRE, "a", "message")
    assert desk.states[f"seen/{CLAIRE}/{DUPONT}"] == START.isoformat()
    for number, written in enumerate((START - timedelta(days=1), START + timedelta(seconds=1))):
        entry = InstructionEntry(id=str(number), version=1, text="t", author="Dr", written_at=written)
        desk.republish(lambda held, entry=entry: replace(held, instructions=(*held.instructions, entry)), DUPONT)
    desk.rings("b")
    card = desk.named(decided.Offer)[0].card
    shown = card.instructions
    assert not card.first_call
    assert {entry.id: entry.is_new for entry in shown} == {"0": False, "1": True}
    assert desk.told(events.CallOffered)[0].shown == ("1:1", "0:1")


def test_of_a_client_she_never_had_nothing_is_new_and_the_card_says_so_once():
    desk = Desk()
    entry = InstructionEntry(id="1", version=1, text="t", author="Dr", written_at=START)
    desk.republish(lambda held: replace(held, instructions=(entry,)), WEBER)
    in_conversation(desk)
    desk.do("call_gone", "a")
    desk.do("wrap_up_done", CLAIRE, "a", "message")
    desk.rings("b", WEBER)
    card = desk.named(decided.Offer)[0].card
    assert (card.first_call, [each.is_new for each in card.instructions]) == (True, [False])


def test_a_restart_keeps_places_conversations_and_limits():
    desk = Desk()
    in_conversation(desk)
    desk.rings("b")
    desk.forward(5)
    desk.rings("c")
    desk.restart(after=2)
    assert desk.reception.stage_of("a") is Stage.TALKING
    assert desk.state(CLAIRE) == "reconnecting"
    desk.forward(3)
    assert [each.call for each in desk.named(decided.StartMusic)] == ["b"]
    desk.do("seat_connected", CLAIRE, "seat-1")
    assert desk.state(CLAIRE) == "on_call"
    desk.do("call_over", CLAIRE, "a")
    desk.do("wrap_up_done", CLAIRE, "a", "message")
    assert desk.offered(CLAIRE) == "b"
    desk.forward(12)
    desk.do("ready", CLAIRE)
    assert desk.offered(CLAIRE) == "b"


def test_a_restart_while_a_console_rings_offers_again_when_she_is_back():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.rings("a")
    desk.restart(after=1)
    assert desk.told(events.OfferEnded)[0].how == "seat_lost"
    desk.do("seat_connected", CLAIRE, "seat-1")
    assert desk.offered(CLAIRE) == "a"


@pytest.mark.parametrize("lost", ["seat/1", "call/a"])
@pytest.mark.parametrize("answered", [False, True])
def test_a_restart_from_values_that_do_not_agree(lost: str, answered: bool):
    desk = Desk()
    desk.sits(CLAIRE)
    desk.rings("a")
    if answered:
        desk.do("answer", CLAIRE, "a")
    del desk.states[lost]
    desk.restart(after=1)
    if lost == "seat/1":
        assert desk.reception.stage_of("a") is Stage.WAITING
        assert len(desk.named(decided.StartMusic)) == answered
        desk.sits(AOIFE)
        assert desk.offered(AOIFE) == "a"
    else:
        desk.do("seat_connected", CLAIRE, "seat-1")
        assert desk.state(CLAIRE) == ("wrap_up" if answered else "ready")
    desk.forward(300)
    assert desk.states == desk.reception.export()


def test_the_memory_of_last_calls_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(floor, "SEEN_LIMIT", 1)
    desk = Desk()
    desk.sits(CLAIRE)
    for call, at_client in (("a", DUPONT), ("b", WEBER), ("c", DUPONT)):
        desk.rings(call, at_client)
        desk.do("answer", CLAIRE, call)
        desk.do("call_gone", call)
        desk.do("wrap_up_done", CLAIRE, call, "message")
        desk.forward(1)
    assert [name for name in desk.states if name.startswith("seen/")] == [f"seen/{CLAIRE}/{DUPONT}"]
    assert desk.states == desk.reception.export()


def test_every_pair_outside_the_presence_table_is_refused():
    for doing in Doing:
        for signal in Signal:
            seat = Seat(secretary=CLAIRE, seat="s", since=START, doing=doing)
            if (doing, signal) in TRANSITIONS:
                seat.apply(signal, at=START)
                assert seat.doing is TRANSITIONS[doing, signal]
            else:
                with pytest.raises(NotPossibleNow):
                    seat.apply(signal, at=START)
                assert seat.doing is doing


def test_every_doing_can_be_reached_and_left():
    reached = {target for (origin, _), target in TRANSITIONS.items() if origin is not target}
    left = {origin for (origin, _), target in TRANSITIONS.items() if origin is not target}
    assert reached == left == set(Doing)
    assert set(BREAK_REASONS) == {"lunch", "pause", "training", "other"}


def test_voice_messages_of_a_health_client_need_the_whole_consent():
    consent = VoiceMessageConsent(agreed_date="2026-03-01", duty_contact="Dr Roy, +33199000001")
    for given, allowed in (
        (None, False),
        (replace(consent, agreed_date=""), False),
        (replace(consent, duty_contact="  "), False),
        (consent, True),
    ):
        desk = Desk(
            house_slice(CAST),
            client(DUPONT, sector="health", hours=OpeningHours(), voice_message=True, voice_message_consent=given),
        )
        desk.rings("a")
        closed = desk.named(decided.CloseCall)[0]
        assert closed.voice_message is allowed
        assert closed.prompts[0] == "fr/emergency-15-112"
        assert (closed.prompts[-1] == "fr/leave-message") is allowed


def test_nothing_is_due_any_more_when_what_was_waited_for_is_over():
    desk = Desk()
    due = desk.reception.next_deadline
    desk.sits(CLAIRE)
    desk.rings("a")
    assert due() == START + timedelta(seconds=12)
    desk.do("answer", CLAIRE, "a")
    assert due() is None
    desk.do("call_gone", "a")
    assert due() == START + timedelta(seconds=90)
    desk.do("wrap_up_done", CLAIRE, "a", "message")
    assert due() is None
    desk.do("seat_lost", CLAIRE, "seat-1")
    assert due() == START + timedelta(seconds=30)
    desk.do("seat_connected", CLAIRE, "seat-1")
    assert due() is None
    desk.do("line_state", CLAIRE, up=False)
    desk.do("off", CLAIRE)
    assert due() is None
    desk.do("line_state", CLAIRE, up=True)
    desk.do("ready", CLAIRE)
    desk.do("line_state", CLAIRE, up=False)
    assert due() == START + timedelta(seconds=30)
    desk.do("seat_revoked", CLAIRE)
    assert due() is None
    desk.sits(AOIFE, ready=False)
    desk.do("ready", AOIFE)
    desk.do("line_state", AOIFE, up=False)
    desk.do("table_changed", desk.table.put(replace(house_slice({}), version=2)))
    assert (desk.state(AOIFE), due()) == ("off", None)
    desk.rings("b")
    assert due() == START + timedelta(seconds=10)
    desk.do("call_gone", "b")
    assert due() is None


def test_while_a_console_rings_only_the_end_of_the_offer_and_the_place_are_due():
    desk = Desk(house_slice(CAST, offer_s=20), client(DUPONT, max_wait_s=15))
    desk.rings("a")
    desk.forward(11)
    desk.sits(CLAIRE)
    assert desk.offered(CLAIRE) == "a"
    assert desk.reception.next_deadline() == START + timedelta(seconds=31)
    desk.do("decline", CLAIRE, "a")
    assert desk.reception.next_deadline() == START + timedelta(seconds=15)
