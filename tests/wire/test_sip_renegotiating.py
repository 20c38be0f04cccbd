# SPDX-License-Identifier: AGPL-3.0-or-later
"""Inside a call: re-INVITE and UPDATE both ways, glare, fax, reliable provisionals, session timers, DTMF.

RFC 3261 section 14, RFC 3262, RFC 3264, RFC 3311, RFC 4028.
"""

from permanence.telephony.sip.events import (
    DtmfInfo,
    InviteCancelled,
    InviteReceived,
    OfferAnswered,
    OfferReceived,
    OfferRefused,
    SessionEnded,
)
from tests.wire.carrier import Trunk, sdp

HOLD = sdp(4000, 2, "a=sendonly\r\n")


def answered(*headers: str) -> tuple[Trunk, str, str]:
    trunk = Trunk()
    trunk.invite(headers=headers)
    session = trunk.took(InviteReceived)[0].session
    trunk.ua.accept(session, sdp(5000), now=trunk.now)
    tag = trunk.collect()[0].to.tag or ""
    trunk.say(trunk.request("ACK", to_tag=tag))
    trunk.heard.clear()
    return trunk, session, tag


def early(*headers: str) -> tuple[Trunk, str]:
    trunk = Trunk()
    trunk.invite(headers=headers)
    trunk.heard.clear()
    return trunk, trunk.took(InviteReceived)[0].session


def test_14_2_hold_and_resume_by_re_invite() -> None:
    trunk, session, tag = answered()
    trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag, body=HOLD))
    assert trunk.took(OfferReceived) == [OfferReceived(session, HOLD)]
    assert trunk.ua.answer_offer(session, sdp(5000, 2, "a=recvonly\r\n"), now=trunk.now)
    answer = trunk.collect()[-1]
    assert (answer.status, answer.sdp) == (200, sdp(5000, 2, "a=recvonly\r\n"))
    assert [(at, m.status) for at, m in trunk.wait(1)] == [(0.5, 200)]
    trunk.say(trunk.request("ACK", cseq=2, to_tag=tag))
    assert trunk.wait(40) == []


def test_14_2_unchanged_re_invite_is_answered_at_once() -> None:
    trunk, _, tag = answered()
    said = trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag, body=sdp()))
    assert [(m.status, m.sdp) for m in said] == [(200, sdp(5000))]
    assert trunk.took(OfferReceived) == []


def test_14_2_re_invite_without_offer_gets_ours() -> None:
    trunk, session, tag = answered()
    trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag))
    assert trunk.took(OfferReceived) == [OfferReceived(session, None)]
    trunk.ua.answer_offer(session, sdp(5000, 2), now=trunk.now)
    trunk.collect()
    trunk.say(trunk.request("ACK", cseq=2, to_tag=tag, body=sdp(4100)))
    assert trunk.took(OfferAnswered) == [OfferAnswered(session, sdp(4100))]


def test_14_2_second_offer_while_one_is_open_is_500() -> None:
    trunk, _, tag = answered()
    trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag, body=HOLD))
    said = trunk.say(trunk.request("INVITE", cseq=3, to_tag=tag, body=HOLD))
    assert [m.status for m in said] == [500]
    assert 0 <= int(said[0].get("Retry-After") or "-1") <= 10


def test_14_2_offer_against_ours_is_491() -> None:
    trunk, session, tag = answered()
    trunk.ua.offer(session, sdp(5000, 2), now=trunk.now)
    trunk.collect()
    assert [m.status for m in trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag, body=HOLD))] == [491]
    assert [m.status for m in trunk.say(trunk.request("UPDATE", cseq=3, to_tag=tag, body=HOLD))] == [491]


def test_14_1_our_offer_refused_with_491_is_tried_again_within_2_s() -> None:
    trunk, session, _ = answered()
    trunk.ua.offer(session, sdp(5000, 2), now=trunk.now)
    trunk.answer(trunk.collect()[0], 491)
    again = [m for at, m in trunk.wait(2.01) if m.method == "INVITE"]
    assert len(again) >= 1
    trunk.answer(again[0], 200, body=sdp(4100))
    assert [m.method for m in trunk.said("ACK")] == ["ACK", "ACK"]
    assert trunk.took(OfferAnswered) == [OfferAnswered(session, sdp(4100))]


def test_14_1_our_offer_refused_leaves_the_call_as_it_was() -> None:
    trunk, session, _ = answered()
    trunk.ua.offer(session, sdp(5000, 2), now=trunk.now)
    trunk.answer(trunk.collect()[0], 488)
    assert trunk.took(OfferRefused) == [OfferRefused(session, 488)]
    assert trunk.ua.sessions() == (session,)
    assert (trunk.ua.export(session) or {})["local_sdp"] == sdp(5000)


def test_12_2_1_2_our_request_answered_481_ends_the_call() -> None:
    trunk, session, _ = answered()
    trunk.ua.offer(session, sdp(5000, 2), now=trunk.now)
    trunk.answer(trunk.collect()[0], 481)
    assert trunk.took(SessionEnded) == [SessionEnded(session, "system", "gone")]


def test_fax_alone_is_488_and_the_audio_goes_on() -> None:
    trunk, session, tag = answered()
    fax = sdp(4200, 2, media="image").replace("RTP/AVP 8", "udptl t38")
    assert [m.status for m in trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag, body=fax))] == [488]
    trunk.say(trunk.request("ACK", cseq=2, to_tag=tag, branch=f"z9hG4bK-{trunk._number}"))
    assert trunk.took(OfferReceived) == []
    assert trunk.ua.sessions() == (session,)


def test_refused_offer_leaves_the_call_as_it_was() -> None:
    trunk, session, tag = answered()
    trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag, body=HOLD))
    assert trunk.ua.refuse_offer(session, now=trunk.now)
    assert trunk.collect()[-1].status == 488
    assert (trunk.ua.export(session) or {})["remote_sdp"] == sdp()


def test_offer_nobody_answers_is_refused_by_itself() -> None:
    trunk, session, tag = answered()
    trunk.say(trunk.request("UPDATE", cseq=2, to_tag=tag, body=HOLD))
    assert [(at, m.status) for at, m in trunk.wait(31)] == [(30.0, 500)]
    assert trunk.ua.answer_offer(session, sdp(), now=trunk.now) is False


def test_cancelled_re_invite_leaves_the_call() -> None:
    trunk, session, tag = answered()
    trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag, body=HOLD, branch="z9hG4bK-re"))
    said = trunk.say(trunk.request("CANCEL", cseq=2, to_tag=tag, branch="z9hG4bK-re"))
    assert sorted(m.status for m in said) == [200, 487]
    assert trunk.ua.sessions() == (session,)


def test_bye_answers_an_open_re_invite_with_487() -> None:
    trunk, session, tag = answered()
    trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag, body=HOLD))
    said = trunk.say(trunk.request("BYE", cseq=3, to_tag=tag))
    assert sorted(m.status for m in said) == [200, 487]
    assert trunk.took(SessionEnded) == [SessionEnded(session, "remote", "bye")]


def test_3311_update_changes_the_session() -> None:
    trunk, session, tag = answered()
    trunk.say(trunk.request("UPDATE", cseq=2, to_tag=tag, body=HOLD))
    trunk.ua.answer_offer(session, sdp(5000, 2), now=trunk.now)
    assert [(m.status, m.cseq[1]) for m in trunk.collect()] == [(200, "UPDATE")]
    assert trunk.wait(20) == []


def test_3311_update_without_body_refreshes_the_target() -> None:
    trunk, session, tag = answered()
    update = trunk.request("UPDATE", cseq=2, to_tag=tag).replace("carrier@192.0.2.50:5060>", "moved@192.0.2.50:5070>")
    assert [m.status for m in trunk.say(update)] == [200]
    trunk.ua.end(session, now=trunk.now)
    bye = trunk.collect()[0]
    assert bye.uri == "sip:moved@192.0.2.50:5070"
    assert trunk.sent_to[-1].remote == ("192.0.2.50", 5070)


def test_3311_update_with_an_offer_before_the_answer_is_500() -> None:
    trunk, session = early()
    trunk.ua.ring(session, now=trunk.now)
    tag = trunk.collect()[0].to.tag or ""
    said = trunk.say(trunk.request("UPDATE", cseq=2, to_tag=tag, body=HOLD))
    assert [m.status for m in said] == [500]


def test_14_2_second_invite_before_the_answer_is_500() -> None:
    trunk, session = early()
    trunk.ua.ring(session, now=trunk.now)
    tag = trunk.collect()[0].to.tag or ""
    assert [m.status for m in trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag, body=HOLD))] == [500]


def test_3262_ring_is_reliable_when_required_and_repeated_until_prack() -> None:
    trunk, session = early("Require: 100rel")
    trunk.ua.ring(session, now=trunk.now)
    ringing = trunk.collect()[0]
    assert (ringing.status, ringing.get("Require")) == (180, "100rel")
    assert [at for at, _ in trunk.wait(8)] == [0.5, 1.5, 3.5, 7.5]
    rack = f"RAck: {ringing.get('RSeq')} 1 INVITE"
    said = trunk.say(trunk.request("PRACK", cseq=2, to_tag=ringing.to.tag or "", headers=(rack,)))
    assert [m.status for m in said] == [200]
    assert trunk.wait(20) == []


def test_3262_next_provisional_waits_for_the_prack() -> None:
    trunk, session = early("Require: 100rel")
    trunk.ua.ring(session, now=trunk.now)
    ringing = trunk.collect()[0]
    trunk.ua.progress(session, sdp(5000), now=trunk.now)
    assert trunk.collect() == []
    rack = f"RAck: {ringing.get('RSeq')} 1 INVITE"
    said = trunk.say(trunk.request("PRACK", cseq=2, to_tag=ringing.to.tag or "", headers=(rack,)))
    assert [m.status for m in said] == [200, 183]
    assert int(said[1].get("RSeq") or 0) == int(ringing.get("RSeq") or 0) + 1


def test_3262_answer_waits_for_the_prack_of_a_description() -> None:
    trunk, session = early("Supported: 100rel")
    trunk.ua.progress(session, sdp(5000), now=trunk.now)
    progress = trunk.collect()[0]
    assert trunk.ua.accept(session, sdp(5000), now=trunk.now)
    assert trunk.collect() == []
    rack = f"RAck: {progress.get('RSeq')} 1 INVITE"
    said = trunk.say(trunk.request("PRACK", cseq=2, to_tag=progress.to.tag or "", headers=(rack,)))
    assert [(m.status, m.cseq[1], m.sdp is None) for m in said] == [(200, "PRACK", True), (200, "INVITE", True)]


def test_3262_wrong_rack_is_481() -> None:
    trunk, session = early("Require: 100rel")
    trunk.ua.ring(session, now=trunk.now)
    ringing = trunk.collect()[0]
    said = trunk.say(trunk.request("PRACK", cseq=2, to_tag=ringing.to.tag or "", headers=("RAck: 1 9 INVITE",)))
    assert [m.status for m in said] == [481]


def test_3262_without_prack_the_invite_is_refused_504() -> None:
    trunk, session = early("Require: 100rel")
    trunk.ua.ring(session, now=trunk.now)
    trunk.collect()
    assert 504 in [m.status for _, m in trunk.wait(33)]
    assert trunk.took(InviteCancelled) == [InviteCancelled(session, "unreliable")]


def test_4028_too_small_an_interval_is_422() -> None:
    said = Trunk().invite(headers=("Session-Expires: 30", "Supported: timer"))
    assert [(m.status, m.get("Min-SE")) for m in said] == [(422, "90")]


def test_4028_caller_refreshes_else_the_call_ends() -> None:
    trunk, session, tag = answered("Session-Expires: 90;refresher=uac", "Supported: timer")
    trunk.wait(50)
    trunk.say(
        trunk.request("UPDATE", cseq=2, to_tag=tag, headers=("Session-Expires: 90;refresher=uac", "Supported: timer"))
    )
    assert trunk.wait(59) == []
    assert [m.method for _, m in trunk.wait(1.1)] == ["BYE"]
    assert trunk.took(SessionEnded) == [SessionEnded(session, "system", "session_expired")]


def test_4028_we_refresh_by_update_at_half_time() -> None:
    trunk, _, _ = answered("Session-Expires: 100;refresher=uas", "Supported: timer", "Allow: UPDATE, INVITE")
    said = trunk.wait(50)
    assert [(at, m.method, m.get("Session-Expires")) for at, m in said] == [(50.0, "UPDATE", "100;refresher=uac")]
    trunk.answer(said[0][1], 200, headers=("Session-Expires: 100;refresher=uac",))
    assert [m.method for _, m in trunk.wait(50)] == ["UPDATE"]
    assert trunk.took(SessionEnded) == []


def test_4028_we_refresh_by_re_invite_where_update_is_not_allowed() -> None:
    trunk, _, _ = answered("Session-Expires: 100;refresher=uas", "Supported: timer")
    said = trunk.wait(50)
    assert [(at, m.method, m.sdp) for at, m in said] == [(50.0, "INVITE", sdp(5000))]
    acks = trunk.answer(said[0][1], 200, headers=("Session-Expires: 100;refresher=uac",), body=sdp())
    assert [m.method for m in acks] == ["ACK"]
    assert trunk.took(OfferAnswered) == []


def test_4028_refresh_that_meets_nobody_ends_the_call() -> None:
    trunk, session, _ = answered("Session-Expires: 100;refresher=uas", "Supported: timer", "Allow: UPDATE")
    trunk.wait(100)
    assert trunk.took(SessionEnded) == [SessionEnded(session, "system", "gone")]


def test_info_brings_keys() -> None:
    trunk, session, tag = answered()
    relay = trunk.request(
        "INFO",
        cseq=2,
        to_tag=tag,
        body="Signal=5\r\nDuration=200\r\n",
        headers=("Content-Type: application/dtmf-relay",),
    )
    bare = trunk.request("INFO", cseq=3, to_tag=tag, body="#", headers=("Content-Type: application/dtmf",))
    assert [m.status for m in trunk.say(relay) + trunk.say(bare)] == [200, 200]
    assert trunk.took(DtmfInfo) == [DtmfInfo(session, "5", 200), DtmfInfo(session, "#")]
    assert trunk.ua.send_dtmf(session, "7", now=trunk.now)
    assert trunk.collect()[0].body == b"Signal=7\r\nDuration=160\r\n"


def test_in_dialog_options_and_unknown_methods() -> None:
    trunk, _, tag = answered()
    assert [m.status for m in trunk.say(trunk.request("OPTIONS", cseq=2, to_tag=tag))] == [200]
    assert [m.status for m in trunk.say(trunk.request("REFER", cseq=3, to_tag=tag))] == [405]
    said = trunk.say(trunk.request("INFO", cseq=4, to_tag=tag, headers=("Require: magic",)))
    assert [m.status for m in said] == [420]


def test_3262_offer_in_a_reliable_183_is_answered_by_the_prack() -> None:
    trunk = Trunk()
    trunk.invite(body="", headers=("Supported: 100rel",))
    session = trunk.took(InviteReceived)[0].session
    trunk.ua.progress(session, sdp(5000), now=trunk.now)
    progress = trunk.collect()[0]
    rack = f"RAck: {progress.get('RSeq')} 1 INVITE"
    prack = trunk.request("PRACK", cseq=2, to_tag=progress.to.tag or "", headers=(rack,), body=sdp(4100))
    assert [m.status for m in trunk.say(prack)] == [200]
    assert trunk.took(OfferAnswered) == [OfferAnswered(session, sdp(4100))]
    trunk.ua.accept(session, sdp(5000), now=trunk.now)
    assert trunk.collect()[0].sdp is None


def test_3262_offer_in_the_prack_is_answered_in_its_200() -> None:
    trunk, session = early("Supported: 100rel")
    trunk.ua.progress(session, sdp(5000), now=trunk.now)
    progress = trunk.collect()[0]
    rack = f"RAck: {progress.get('RSeq')} 1 INVITE"
    prack = trunk.request("PRACK", cseq=2, to_tag=progress.to.tag or "", headers=(rack,), body=sdp(4100, 2))
    assert trunk.say(prack) == []
    trunk.ua.answer_offer(session, sdp(5000, 2), now=trunk.now)
    assert [(m.status, m.cseq[1], m.sdp) for m in trunk.collect()] == [(200, "PRACK", sdp(5000, 2))]


def test_3262_nothing_is_rung_where_the_first_reliable_answer_would_need_an_offer() -> None:
    trunk = Trunk()
    trunk.invite(body="", headers=("Require: 100rel",))
    session = trunk.took(InviteReceived)[0].session
    trunk.heard.clear()
    assert trunk.ua.ring(session, now=trunk.now)
    trunk.ua.accept(session, sdp(5000), now=trunk.now)
    assert [m.status for m in trunk.collect()] == [200]


def test_14_2_re_invite_before_the_ack_that_brings_an_answer_is_491() -> None:
    trunk = Trunk()
    trunk.invite(body="")
    session = trunk.took(InviteReceived)[0].session
    trunk.ua.accept(session, sdp(5000), now=trunk.now)
    tag = trunk.collect()[0].to.tag or ""
    assert [m.status for m in trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag, body=HOLD))] == [491]


def test_re_invite_with_what_we_cannot_do() -> None:
    trunk, _, tag = answered()
    text = trunk.request("INVITE", cseq=2, to_tag=tag, body="x", headers=("Content-Type: text/plain",))
    assert [m.status for m in trunk.say(text)] == [415]
    brief = trunk.request("UPDATE", cseq=3, to_tag=tag, headers=("Session-Expires: 20",))
    assert [m.status for m in trunk.say(brief)] == [422]
    assert [m.status for m in trunk.say(trunk.request("PRACK", cseq=4, to_tag=tag, headers=("RAck: 1 1 INVITE",)))] == [
        481
    ]


def test_bye_held_for_an_ack_that_never_comes_is_sent_after_64_t1() -> None:
    trunk, session = early()
    trunk.ua.accept(session, sdp(5000), now=trunk.now)
    trunk.collect()
    trunk.ua.end(session, now=trunk.now)
    assert trunk.wait(32)[-1][1].method == "BYE"
    assert trunk.took(SessionEnded) == [SessionEnded(session, "local", "bye")]


def test_nothing_can_be_offered_before_the_answer_or_twice() -> None:
    trunk, session = early()
    assert trunk.ua.offer(session, sdp(5000), now=trunk.now) is False
    assert trunk.ua.send_dtmf(session, "1", now=trunk.now) is False
    assert trunk.ua.refuse_offer(session, now=trunk.now) is False
    trunk, session, _ = answered()
    assert trunk.ua.offer(session, sdp(5000, 2), now=trunk.now)
    assert trunk.ua.offer(session, sdp(5000, 3), now=trunk.now) is False


def test_lost_ack_of_a_re_invite_ends_the_call() -> None:
    trunk, session, tag = answered()
    trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag, body=HOLD))
    trunk.ua.answer_offer(session, sdp(5000, 2), now=trunk.now)
    trunk.wait(33)
    assert trunk.took(SessionEnded) == [SessionEnded(session, "system", "no_ack")]
