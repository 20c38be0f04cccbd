# SPDX-License-Identifier: AGPL-3.0-or-later
"""RFC 3261 as the calling side: INVITE, provisional answers, forks, CANCEL, digest (sections 9, 13, 17, 22)."""

import pytest

from permanence.telephony.sip.events import (
    AnswerReceived,
    DialFailed,
    OfferReceived,
    PingAnswered,
    ProgressReceived,
    SessionEnded,
)
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.grammar import BadSyntax
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.settings import Credentials, SipSettings
from tests.wire.carrier import Trunk, sdp

TARGET = "sip:+35226000009@192.0.2.50"
CHALLENGE = 'Digest realm="carrier", nonce="abc", algorithm=MD5, qop="auth"'


def dialled(offer: str | None = "", **options: object) -> tuple[Trunk, str, SipMessage]:
    trunk = Trunk()
    body = sdp(5000) if offer == "" else offer
    session = trunk.ua.dial(TARGET, trunk.flow, "sip:house@192.0.2.1", body, now=trunk.now, **options)  # type: ignore[arg-type]
    return trunk, session, trunk.collect()[0]


def test_8_1_1_the_invite_is_complete() -> None:
    _, _, invite = dialled(display='Cabinet "Dupont"', headers=(("P-Asserted-Identity", "<sip:+331@x.example>"),))
    assert (invite.method, invite.uri) == ("INVITE", TARGET)
    assert invite.via.branch.startswith("z9hG4bK")
    assert invite.sender.display == "Cabinet Dupont"
    assert invite.sender.tag
    assert invite.to.tag is None
    assert invite.get("Max-Forwards") == "70"
    assert invite.get("P-Asserted-Identity") == "<sip:+331@x.example>"
    assert invite.sdp == sdp(5000)


def test_17_1_1_invite_is_repeated_then_given_up_with_408() -> None:
    trunk, session, _ = dialled()
    assert [at for at, m in trunk.wait(31.6) if m.method == "INVITE"] == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    trunk.wait(1)
    assert trunk.took(DialFailed) == [DialFailed(session, 408, "Request Timeout")]
    assert trunk.ua.counters()["transactions"] == 0


def test_13_2_2_answer_is_acknowledged_and_so_is_its_repetition() -> None:
    trunk, session, invite = dialled()
    trunk.answer(invite, 100)
    trunk.answer(invite, 180)
    acks = trunk.answer(invite, 200, body=sdp(4000))
    assert [m.method for m in acks] == ["ACK"]
    assert acks[0].uri == "sip:callee@192.0.2.50:5060"
    assert acks[0].cseq == (invite.cseq[0], "ACK")
    assert acks[0].via.branch != invite.via.branch
    assert [m.method for m in trunk.answer(invite, 200, body=sdp(4000))] == ["ACK"]
    assert trunk.took(ProgressReceived) == [ProgressReceived(session, 180, None)]
    assert trunk.took(AnswerReceived) == [AnswerReceived(session, sdp(4000))]


def test_12_1_2_route_set_is_reversed() -> None:
    trunk, session, invite = dialled()
    routes = ("Record-Route: <sip:192.0.2.50:5060;lr>, <sip:10.0.0.2;lr>",)
    ack = trunk.answer(invite, 200, body=sdp(), headers=routes)[0]
    assert ack.all("Route") == ["<sip:10.0.0.2;lr>", "<sip:192.0.2.50:5060;lr>"]
    trunk.ua.end(session, now=trunk.now)
    assert trunk.collect()[0].all("Route") == ["<sip:10.0.0.2;lr>", "<sip:192.0.2.50:5060;lr>"]


def test_12_2_1_1_strict_router() -> None:
    trunk, _, invite = dialled()
    ack = trunk.answer(invite, 200, body=sdp(), headers=("Record-Route: <sip:192.0.2.50:5060>",))[0]
    assert ack.uri == "sip:192.0.2.50:5060"
    assert ack.all("Route") == ["<sip:callee@192.0.2.50:5060>"]


def test_17_1_1_3_refusal_is_acknowledged_in_its_transaction() -> None:
    trunk, session, invite = dialled()
    acks = trunk.answer(invite, 486, "Busy Here")
    assert [(m.method, m.via.branch, m.uri) for m in acks] == [("ACK", invite.via.branch, TARGET)]
    assert acks[0].to.tag == "them"
    assert [m.method for m in trunk.answer(invite, 486)] == ["ACK"]
    assert trunk.took(DialFailed) == [DialFailed(session, 486, "Busy Here")]


def test_180_after_the_answer_changes_nothing() -> None:
    trunk, _, invite = dialled()
    trunk.answer(invite, 200, body=sdp())
    assert trunk.answer(invite, 180) == []
    assert trunk.took(ProgressReceived) == []


def test_13_2_2_4_second_fork_is_acknowledged_and_released() -> None:
    trunk, session, invite = dialled()
    trunk.answer(invite, 200, body=sdp(), tag="first")
    released = trunk.answer(invite, 200, body=sdp(), tag="second", contact="<sip:other@192.0.2.50:5060>")
    assert [(m.method, m.to.tag, m.uri) for m in released] == [
        ("ACK", "second", "sip:other@192.0.2.50:5060"),
        ("BYE", "second", "sip:other@192.0.2.50:5060"),
    ]
    assert [m.method for m in trunk.answer(invite, 200, body=sdp(), tag="second")] == ["ACK"]
    assert trunk.ua.sessions() == (session,)


def test_9_1_cancel_waits_for_a_provisional_answer() -> None:
    trunk, session, invite = dialled()
    assert trunk.ua.end(session, now=trunk.now)
    assert trunk.collect() == []
    cancels = trunk.answer(invite, 100)
    assert [(m.method, m.via.branch, m.cseq) for m in cancels] == [
        ("CANCEL", invite.via.branch, (invite.cseq[0], "CANCEL"))
    ]
    trunk.answer(cancels[0], 200)
    trunk.answer(invite, 487, "Request Terminated")
    assert trunk.took(DialFailed) == [DialFailed(session, 487, "Request Terminated")]


def test_9_1_answer_that_crosses_our_cancel_is_released() -> None:
    trunk, session, invite = dialled()
    trunk.answer(invite, 180)
    trunk.ua.end(session, now=trunk.now)
    trunk.collect()
    assert [m.method for m in trunk.answer(invite, 200, body=sdp())] == ["ACK", "BYE"]
    assert trunk.took(DialFailed) == [DialFailed(session, 487, "Request Terminated")]
    assert trunk.took(AnswerReceived) == []


def test_9_1_cancel_nobody_answers_ends_after_64_t1() -> None:
    trunk, session, invite = dialled()
    trunk.answer(invite, 180)
    trunk.ua.end(session, now=trunk.now)
    trunk.wait(33)
    assert trunk.took(DialFailed) == [DialFailed(session, 487, "Request Terminated")]
    assert trunk.ua.sessions() == ()


def test_call_nobody_answers_is_cancelled() -> None:
    trunk = Trunk(settings=SipSettings(no_answer=20))
    trunk.ua.dial(TARGET, trunk.flow, "sip:house@192.0.2.1", sdp(), now=trunk.now)
    trunk.answer(trunk.collect()[0], 180)
    assert [(at, m.method) for at, m in trunk.wait(20.1)] == [(20.0, "CANCEL")]


def test_early_media_then_answer_without_description() -> None:
    trunk, session, invite = dialled()
    trunk.answer(invite, 183, body=sdp(4000))
    trunk.answer(invite, 200)
    assert trunk.took(ProgressReceived) == [ProgressReceived(session, 183, sdp(4000))]
    assert trunk.took(AnswerReceived) == [AnswerReceived(session, sdp(4000))]


def test_3262_reliable_provisional_is_acknowledged_once_and_in_order() -> None:
    trunk, _session, invite = dialled()
    reliable = ("Require: 100rel", "RSeq: 7")
    pracks = trunk.answer(invite, 183, headers=reliable, body=sdp(4000))
    assert [(m.method, m.get("RAck")) for m in pracks] == [("PRACK", f"7 {invite.cseq[0]} INVITE")]
    assert trunk.answer(invite, 183, headers=reliable, body=sdp(4000)) == []
    assert trunk.answer(invite, 180, headers=("Require: 100rel", "RSeq: 9")) == []
    trunk.answer(invite, 180, headers=("Require: 100rel", "RSeq: 8"))
    assert [m.get("RAck") for m in trunk.said("PRACK")][1] == f"8 {invite.cseq[0]} INVITE"
    assert [event.status for event in trunk.took(ProgressReceived)] == [183, 180]


def test_3262_prack_cseq_goes_on_counting_in_the_dialog() -> None:
    trunk, session, invite = dialled()
    prack = trunk.answer(invite, 183, headers=("Require: 100rel", "RSeq: 7"), body=sdp(4000))[0]
    trunk.answer(invite, 200)
    trunk.ua.end(session, now=trunk.now)
    bye = trunk.collect()[0]
    assert invite.cseq[0] < prack.cseq[0] < bye.cseq[0]


@pytest.mark.parametrize(("status", "asked", "given"), [
    (401, "WWW-Authenticate", "Authorization"),
    (407, "Proxy-Authenticate", "Proxy-Authorization"),
])  # fmt: skip
def test_22_challenge_is_answered_once(status: int, asked: str, given: str) -> None:
    trunk, session, invite = dialled(credentials=Credentials("house", "secret"))
    said = trunk.answer(invite, status, headers=(f"{asked}: {CHALLENGE}",))
    assert [m.method for m in said] == ["ACK", "INVITE"]
    again = said[1]
    assert again.cseq[0] == invite.cseq[0] + 1
    assert again.call_id == invite.call_id
    assert 'username="house"' in (again.get(given) or "")
    trunk.answer(again, status, headers=(f"{asked}: {CHALLENGE}",))
    trunk.answer(trunk.heard[-1][1], status, headers=(f"{asked}: {CHALLENGE}",))
    assert trunk.took(DialFailed) == [DialFailed(session, status, "X")]


def test_22_challenge_inside_the_call_is_answered() -> None:
    trunk, session, invite = dialled(credentials=Credentials("house", "secret"))
    trunk.answer(invite, 200, body=sdp())
    trunk.ua.end(session, now=trunk.now)
    bye = trunk.collect()[0]
    said = trunk.answer(bye, 407, headers=(f"Proxy-Authenticate: {CHALLENGE}",))
    assert [(m.method, m.get("Proxy-Authorization") is not None) for m in said] == [("BYE", True)]


def test_22_challenge_without_account_fails() -> None:
    trunk, session, invite = dialled()
    trunk.answer(invite, 401, headers=(f"WWW-Authenticate: {CHALLENGE}",))
    assert trunk.took(DialFailed) == [DialFailed(session, 401, "X")]


def test_4028_422_is_tried_again_with_their_minimum() -> None:
    trunk, _, invite = dialled()
    said = trunk.answer(invite, 422, headers=("Min-SE: 3600",))
    assert [(m.method, m.get("Session-Expires"), m.get("Min-SE")) for m in said[1:]] == [("INVITE", "3600", "3600")]


def test_4028_as_caller_we_refresh() -> None:
    trunk, _, invite = dialled()
    trunk.answer(invite, 200, body=sdp(), headers=("Session-Expires: 120;refresher=uac", "Allow: UPDATE"))
    assert [(at, m.method) for at, m in trunk.wait(60)] == [(60.0, "UPDATE")]


def test_4028_as_caller_we_end_what_is_not_refreshed() -> None:
    trunk, session, invite = dialled()
    trunk.answer(invite, 200, body=sdp(), headers=("Session-Expires: 120;refresher=uas",))
    trunk.wait(89)
    assert trunk.took(SessionEnded) == [SessionEnded(session, "system", "session_expired")]


def test_late_offer_of_the_called_side_is_answered_in_the_ack() -> None:
    trunk, session, invite = dialled(None)
    assert invite.body == b""
    assert trunk.answer(invite, 200, body=sdp(4000)) == []
    assert trunk.took(OfferReceived) == [OfferReceived(session, sdp(4000))]
    assert trunk.ua.answer_offer(session, sdp(5000), now=trunk.now)
    ack = trunk.collect()[0]
    assert (ack.method, ack.sdp) == ("ACK", sdp(5000))
    assert trunk.took(AnswerReceived) == [AnswerReceived(session, sdp(4000))]


def test_late_offer_refused_is_acknowledged_then_ended() -> None:
    trunk, session, invite = dialled(None)
    trunk.answer(invite, 200, body=sdp(4000))
    trunk.ua.refuse_offer(session, now=trunk.now)
    assert [m.method for m in trunk.collect()] == ["ACK", "BYE"]


def test_15_bye_of_the_called_side() -> None:
    trunk, session, invite = dialled()
    trunk.answer(invite, 200, body=sdp())
    bye = trunk.request("BYE", call_id=invite.call_id, from_tag="them", to_tag=invite.sender.tag or "")
    assert [m.status for m in trunk.say(bye)] == [200]
    assert trunk.took(SessionEnded) == [SessionEnded(session, "remote", "bye")]


def test_8_1_3_1_lost_way_is_503() -> None:
    trunk, session, _ = dialled()
    trunk.ua.flow_lost(trunk.flow, trunk.now)
    trunk.collect()
    assert trunk.took(DialFailed) == [DialFailed(session, 503, "Service Unavailable")]


def test_dial_refuses_what_is_no_uri() -> None:
    trunk = Trunk()
    with pytest.raises(BadSyntax):
        trunk.ua.dial("no uri", trunk.flow, "sip:house@192.0.2.1", sdp(), now=trunk.now)


def test_ping_tells_what_came_back() -> None:
    trunk = Trunk()
    first = trunk.ua.ping("sip:192.0.2.50", trunk.flow, now=trunk.now)
    trunk.answer(trunk.collect()[0], 404)
    second = trunk.ua.ping("sip:192.0.2.50", trunk.flow, now=trunk.now)
    trunk.wait(33)
    assert trunk.took(PingAnswered) == [PingAnswered(first, 404), PingAnswered(second, 408)]


def test_3581_our_outer_address_is_learned_from_the_answer() -> None:
    trunk = Trunk()
    trunk.ua.ping("sip:192.0.2.50", trunk.flow, now=trunk.now)
    options = trunk.collect()[0]
    seen = trunk.response(options, 200).replace(";rport;", ";rport=41000;received=203.0.113.7;")
    trunk.say(seen)
    trunk.ua.dial(TARGET, trunk.flow, "sip:house@192.0.2.1", sdp(), now=trunk.now)
    invite = trunk.collect()[0]
    assert invite.contact is not None
    assert (invite.contact.uri.host, invite.contact.uri.port) == ("203.0.113.7", 41000)


def test_3311_update_of_a_ringing_fork_is_answered() -> None:
    trunk, session, invite = dialled()
    trunk.answer(invite, 183, headers=("Require: 100rel", "RSeq: 1"), body=sdp(4000))
    ours = invite.sender.tag or ""
    update = trunk.request("UPDATE", call_id=invite.call_id, from_tag="them", to_tag=ours, body=sdp(4002, 2))
    assert trunk.say(update) == []
    assert trunk.took(OfferReceived) == [OfferReceived(session, sdp(4002, 2))]
    trunk.ua.answer_offer(session, sdp(5000, 2), now=trunk.now)
    assert [(m.status, m.sdp) for m in trunk.collect()] == [(200, sdp(5000, 2))]
    stranger = trunk.request("UPDATE", cseq=2, call_id=invite.call_id, from_tag="nobody", to_tag=ours)
    assert [m.status for m in trunk.say(stranger)] == [481]


def test_16_12_cancel_takes_the_route_of_its_invite() -> None:
    trunk, session, invite = dialled(routes=("<sip:192.0.2.50:5060;lr>",))
    assert invite.all("Route") == ["<sip:192.0.2.50:5060;lr>"]
    trunk.answer(invite, 180)
    trunk.ua.end(session, 'SIP;cause=200;text="elsewhere"', now=trunk.now)
    cancel = trunk.collect()[0]
    assert (cancel.all("Route"), cancel.get("Reason")) == (invite.all("Route"), 'SIP;cause=200;text="elsewhere"')


def test_end_of_a_call_whose_late_offer_was_never_answered() -> None:
    trunk, session, invite = dialled(None)
    trunk.answer(invite, 200, body=sdp(4000))
    trunk.ua.end(session, now=trunk.now)
    assert [m.method for m in trunk.collect()] == ["ACK", "BYE"]


def test_requests_in_the_dialog_follow_a_literal_contact_of_a_trunk_only() -> None:
    def trust(flow: Flow) -> str | None:
        return "carrier" if flow.remote[0].startswith("192.0.2.") else None

    ways = {}
    for contact in ("<sip:x@192.0.2.77:5080>", "<sip:x@10.0.0.3:5080>", "<sip:x@inside.example>", "<tel:+1>"):
        trunk = Trunk(trust=trust)
        trunk.ua.dial(TARGET, trunk.flow, "sip:house@192.0.2.1", sdp(), now=trunk.now)
        trunk.answer(trunk.collect()[0], 200, body=sdp(), contact=contact)
        ways[contact] = trunk.sent_to[-1].remote
    assert list(ways.values()) == [("192.0.2.77", 5080)] + [("192.0.2.50", 5060)] * 3
