# SPDX-License-Identifier: AGPL-3.0-or-later
"""RFC 3261 as the called side: INVITE, answers, repetitions, CANCEL, BYE (sections 8.2, 9, 12, 13, 15, 17)."""

import pytest

from permanence.telephony.sip import receiver
from permanence.telephony.sip.events import InviteCancelled, InviteReceived, SessionConfirmed, SessionEnded
from permanence.telephony.sip.grammar import BadSyntax
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.settings import SipSettings
from tests.wire.carrier import Trunk, sdp


def called(**options: object) -> tuple[Trunk, str]:
    trunk = Trunk(**options)  # type: ignore[arg-type]
    trunk.invite()
    return trunk, trunk.took(InviteReceived)[0].session


def answered(**options: object) -> tuple[Trunk, str, str]:
    """A confirmed call: trunk, session, our tag."""
    trunk, session = called(**options)
    trunk.ua.accept(session, sdp(5000), now=trunk.now)
    tag = trunk.collect()[0].to.tag
    assert tag
    trunk.say(trunk.request("ACK", to_tag=tag))
    return trunk, session, tag


def test_8_2_6_100_at_once_without_tag() -> None:
    trunk, _ = called()
    assert trunk.statuses() == [100]
    assert trunk.said(100)[0].to.tag is None


def test_8_2_6_2_same_tag_in_every_response() -> None:
    trunk, session = called()
    trunk.ua.ring(session, now=trunk.now)
    trunk.ua.accept(session, sdp(), now=trunk.now)
    trunk.collect()
    assert trunk.statuses() == [100, 180, 200]
    tags = {message.to.tag for message in trunk.said(180, 200)}
    assert len(tags) == 1
    assert None not in tags


def test_12_1_1_record_route_and_contact_in_the_2xx() -> None:
    trunk = Trunk()
    trunk.invite(headers=("Record-Route: <sip:192.0.2.60;lr>, <sip:192.0.2.61;lr>",))
    session = trunk.took(InviteReceived)[0].session
    trunk.ua.accept(session, sdp(), now=trunk.now)
    answer = trunk.collect()[0]
    assert answer.elements("Record-Route") == ["<sip:192.0.2.60;lr>", "<sip:192.0.2.61;lr>"]
    assert answer.contact is not None
    assert answer.contact.uri.host == "192.0.2.1"


def test_17_2_1_repeated_invite_is_one_call_and_repeats_the_last_answer() -> None:
    trunk = Trunk()
    text = trunk.request("INVITE", body=sdp())
    trunk.say(text)
    trunk.ua.ring(trunk.took(InviteReceived)[0].session, now=trunk.now)
    trunk.collect()
    assert [m.status for m in trunk.say(text)] == [180]
    assert len(trunk.took(InviteReceived)) == 1


def test_17_2_1_refusal_is_repeated_until_its_ack() -> None:
    trunk, session = called()
    trunk.ua.reject(session, 486, now=trunk.now)
    trunk.collect()
    refusals = [at for at, message in trunk.wait(8) if message.status == 486]
    assert refusals == [0.5, 1.5, 3.5, 7.5]
    trunk.say(trunk.request("ACK", branch="z9hG4bK-1"))
    assert trunk.wait(60) == []


def test_17_2_1_refusal_without_ack_is_forgotten_after_64_t1() -> None:
    trunk, session = called()
    trunk.ua.reject(session, 486, now=trunk.now)
    trunk.wait(40)
    assert trunk.ua.counters()["transactions"] == 0


def test_17_2_1_refusal_on_a_stream_is_not_repeated() -> None:
    trunk, session = called(transport="tcp")
    trunk.ua.reject(session, 486, now=trunk.now)
    trunk.collect()
    assert trunk.wait(40) == []


def test_13_3_1_4_success_is_repeated_until_its_ack() -> None:
    trunk, session = called()
    trunk.ua.accept(session, sdp(), now=trunk.now)
    tag = trunk.collect()[0].to.tag or ""
    assert [at for at, _ in trunk.wait(12)] == [0.5, 1.5, 3.5, 7.5, 11.5]
    trunk.say(trunk.request("ACK", to_tag=tag))
    assert [event.session for event in trunk.took(SessionConfirmed)] == [session]
    assert trunk.wait(60) == []


def test_13_3_1_4_success_is_repeated_on_a_stream_too() -> None:
    trunk, session = called(transport="tcp")
    trunk.ua.accept(session, sdp(), now=trunk.now)
    trunk.collect()
    assert [at for at, _ in trunk.wait(4)] == [0.5, 1.5, 3.5]


def test_13_3_1_4_without_ack_bye_after_64_t1() -> None:
    trunk, session = called()
    trunk.ua.accept(session, sdp(), now=trunk.now)
    trunk.collect()
    said = trunk.wait(32)
    assert said[-1][0] == 32.0
    assert said[-1][1].method == "BYE"
    assert trunk.took(SessionEnded) == [SessionEnded(session, "system", "no_ack")]


def test_6026_repeated_invite_after_the_2xx_is_absorbed() -> None:
    trunk = Trunk()
    text = trunk.request("INVITE", body=sdp())
    trunk.say(text)
    trunk.ua.accept(trunk.took(InviteReceived)[0].session, sdp(), now=trunk.now)
    trunk.collect()
    assert trunk.say(text) == []
    assert len(trunk.took(InviteReceived)) == 1


def test_13_3_1_1_provisional_is_repeated_each_minute() -> None:
    trunk, session = called()
    trunk.ua.ring(session, now=trunk.now)
    trunk.collect()
    assert [(at, m.status) for at, m in trunk.wait(130)] == [(60.0, 180), (120.0, 180)]


def test_9_2_cancel_answers_200_and_487() -> None:
    trunk, session = called()
    trunk.ua.ring(session, now=trunk.now)
    trunk.collect()
    said = trunk.say(trunk.request("CANCEL", branch="z9hG4bK-1"))
    assert sorted((m.status, m.cseq[1]) for m in said) == [(200, "CANCEL"), (487, "INVITE")]
    assert len({m.to.tag for m in said}) == 1
    assert trunk.took(InviteCancelled) == [InviteCancelled(session, "cancel")]
    assert trunk.ua.accept(session, sdp(), now=trunk.now) is False
    assert trunk.collect() == []


def test_3326_reason_tells_answered_elsewhere() -> None:
    trunk, session = called()
    trunk.say(trunk.request("CANCEL", branch="z9hG4bK-1", headers=('Reason: SIP;cause=200;text="elsewhere"',)))
    assert trunk.took(InviteCancelled) == [InviteCancelled(session, "answered_elsewhere")]


def test_9_2_cancel_after_the_answer_changes_nothing() -> None:
    trunk, session = called()
    trunk.ua.accept(session, sdp(), now=trunk.now)
    trunk.collect()
    assert [m.status for m in trunk.say(trunk.request("CANCEL", branch="z9hG4bK-1"))] == [200]
    assert trunk.took(InviteCancelled) == []


def test_9_2_cancel_of_nothing_is_481() -> None:
    assert [m.status for m in Trunk().say(Trunk().request("CANCEL", branch="z9hG4bK-none"))] == [481]


def test_9_2_repeated_cancel_is_answered_again() -> None:
    trunk, _ = called()
    cancel = trunk.request("CANCEL", branch="z9hG4bK-1")
    trunk.say(cancel)
    assert [(m.status, m.cseq[1]) for m in trunk.say(cancel)] == [(200, "CANCEL")]
    assert len(trunk.took(InviteCancelled)) == 1


def test_15_1_2_bye_ends_the_call_once() -> None:
    trunk, session, tag = answered()
    bye = trunk.request("BYE", cseq=2, to_tag=tag)
    assert [m.status for m in trunk.say(bye)] == [200]
    assert [m.status for m in trunk.say(bye)] == [200]
    assert trunk.took(SessionEnded) == [SessionEnded(session, "remote", "bye")]


def test_15_1_2_bye_before_the_answer_ends_the_invite_with_487() -> None:
    trunk, session = called()
    trunk.ua.ring(session, now=trunk.now)
    tag = trunk.collect()[0].to.tag or ""
    said = trunk.say(trunk.request("BYE", cseq=2, to_tag=tag))
    assert sorted(m.status for m in said) == [200, 487]
    assert trunk.took(InviteCancelled) == [InviteCancelled(session, "bye")]


def test_15_1_1_our_bye() -> None:
    trunk, session, _ = answered()
    assert trunk.ua.end(session, "Q.850;cause=16", now=trunk.now)
    bye = trunk.collect()[0]
    assert (bye.method, bye.uri) == ("BYE", "sip:carrier@192.0.2.50:5060")
    assert bye.get("Reason") == "Q.850;cause=16"
    assert trunk.took(SessionEnded) == [SessionEnded(session, "local", "bye")]
    trunk.answer(bye, 200)
    assert trunk.wait(60) == []


def test_15_bye_waits_for_the_ack_of_our_200() -> None:
    trunk, session = called()
    trunk.ua.accept(session, sdp(), now=trunk.now)
    tag = trunk.collect()[0].to.tag or ""
    assert trunk.ua.end(session, now=trunk.now)
    assert trunk.collect() == []
    assert [m.method for m in trunk.say(trunk.request("ACK", to_tag=tag))] == ["BYE"]
    assert trunk.took(SessionEnded) == [SessionEnded(session, "local", "bye")]


def test_17_1_2_bye_is_repeated_and_given_up() -> None:
    trunk, session, _ = answered()
    trunk.ua.end(session, now=trunk.now)
    trunk.collect()
    byes = [at for at, m in trunk.wait(40) if m.method == "BYE"]
    assert byes[:5] == [0.5, 1.5, 3.5, 7.5, 11.5]
    assert byes[-1] < 32
    assert trunk.ua.counters()["transactions"] == 0


def test_end_before_the_answer_refuses() -> None:
    trunk, session = called()
    trunk.ua.end(session, now=trunk.now)
    assert [m.status for m in trunk.collect()] == [480]


@pytest.mark.parametrize("act", ["ring", "accept", "reject", "progress", "end"])
def test_late_acts_do_nothing(act: str) -> None:
    trunk, session, tag = answered()
    trunk.say(trunk.request("BYE", cseq=2, to_tag=tag))
    arguments = {"accept": [sdp()], "progress": [sdp()], "reject": [486]}.get(act, [])
    assert getattr(trunk.ua, act)(session, *arguments, now=trunk.now) is False
    assert trunk.collect() == []


def test_12_2_2_out_of_order_request_is_500() -> None:
    trunk, _, tag = answered()
    assert [m.status for m in trunk.say(trunk.request("INFO", cseq=1, to_tag=tag))] == [500]


def test_12_2_2_unknown_dialog_is_481() -> None:
    trunk, _, _ = answered()
    assert [m.status for m in trunk.say(trunk.request("BYE", cseq=2, to_tag="nobody"))] == [481]


def test_12_2_2_stranger_with_our_tag_is_481() -> None:
    trunk, _, tag = answered()
    said = trunk.say(trunk.request("BYE", cseq=2, to_tag=tag, from_tag="stranger"))
    assert [m.status for m in said] == [481]
    assert trunk.took(SessionEnded) == []


def test_8_2_2_2_merged_request_is_482() -> None:
    trunk = Trunk()
    trunk.invite(branch="z9hG4bK-first")
    assert [m.status for m in trunk.invite(branch="z9hG4bK-second")] == [482]
    assert len(trunk.took(InviteReceived)) == 1


def test_8_2_2_1_unknown_scheme_is_416() -> None:
    assert [m.status for m in Trunk().invite(uri="foo:bar")] == [416]


def test_8_2_2_1_tel_uri_is_served() -> None:
    trunk = Trunk()
    trunk.invite(uri="tel:+352-26-000001;phone-context=+352")
    assert trunk.took(InviteReceived)[0].invite.request_user == "+352-26-000001"


def test_8_2_2_3_unknown_extension_is_420() -> None:
    said = Trunk().invite(headers=("Require: nothing",))
    assert [(m.status, m.get("Unsupported")) for m in said] == [(420, "nothing")]


def test_8_2_3_unknown_body_is_415() -> None:
    said = Trunk().invite(body="x", headers=("Content-Type: text/plain",))
    assert [(m.status, m.get("Accept")) for m in said] == [(415, "application/sdp")]


def test_8_2_3_unknown_encoding_is_415() -> None:
    said = Trunk().invite(headers=("Content-Encoding: gzip",))
    assert [m.status for m in said] == [415]


@pytest.mark.parametrize(("method", "status"), [("REGISTER", 405), ("SUBSCRIBE", 405), ("FOO", 501), ("BYE", 481)])
def test_8_2_1_methods(method: str, status: int) -> None:
    said = Trunk().say(Trunk().request(method))
    assert [m.status for m in said] == [status]


def test_11_2_options_tells_what_we_can() -> None:
    said = Trunk().say(Trunk().request("OPTIONS"))
    assert [m.status for m in said] == [200]
    assert "PRACK" in (said[0].get("Allow") or "")
    assert said[0].get("Accept") == "application/sdp"


def test_7_1_other_version_is_505() -> None:
    text = Trunk().request("OPTIONS").replace("SIP/2.0\r\n", "SIP/3.0\r\n", 1)
    assert [m.status for m in Trunk().say(text)] == [505]


def test_21_5_4_too_many_sessions_is_503() -> None:
    trunk = Trunk(settings=SipSettings(max_sessions=1))
    trunk.invite()
    said = trunk.invite(call_id="call-2")
    assert [(m.status, m.get("Retry-After")) for m in said] == [(503, "10")]


def test_18_2_2_answer_goes_to_the_port_of_the_via() -> None:
    trunk = Trunk()
    trunk.invite(via="SIP/2.0/UDP 10.0.0.9:5066;branch=z9hG4bK-nat")
    assert trunk.sent_to[0].remote == ("192.0.2.50", 5066)
    assert trunk.said(100)[0].via.params["received"] == "192.0.2.50"


def test_3581_answer_goes_to_the_source_port_with_rport() -> None:
    trunk = Trunk()
    trunk.invite(via="SIP/2.0/UDP 10.0.0.9:5066;rport;branch=z9hG4bK-nat")
    assert trunk.sent_to[0].remote == ("192.0.2.50", 5060)
    assert trunk.said(100)[0].via.params["rport"] == "5060"


BROKEN = (
    "Contact: <sip:192.0.2.50",
    "Record-Route: <<sip:a>",
    "Require: ,,\x01",
    "Expires: never",
    "Session-Expires: x;refresher=y",
    "Replaces: ;;",
    "Min-SE: -1",
    "Content-Disposition: ;;",
    "Supported: \x02",
    "History-Info: <<<",
    "RAck: a b c",
    "Event: ;",
)


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "BYE", "CANCEL", "INFO", "UPDATE", "PRACK", "SUBSCRIBE"])
@pytest.mark.parametrize("header", BROKEN)
@pytest.mark.parametrize("inside", [False, True])
def test_3581_a_refusal_goes_to_the_source_port_with_rport_too(method: str, header: str, inside: bool) -> None:
    """Whatever is wrong with the request, and wherever it was found out."""
    trunk, _, tag = answered()
    before = len(trunk.sent_to)
    via = f"SIP/2.0/UDP 10.0.0.9:5066;rport;branch=z9hG4bK-{method}-broken"
    options = {"cseq": 3, "to_tag": tag} if inside else {"call_id": "call-broken"}
    said = trunk.say(trunk.request(method, via=via, headers=(header,), **options))  # type: ignore[arg-type]
    assert said
    assert {one.remote for one in trunk.sent_to[before:]} == {("192.0.2.50", 5060)}
    assert {message.via.params.get("rport") for message in said if message.status} == {"5060"}


def test_3581_a_refusal_found_late_goes_to_the_source_port_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Via was stamped before the fault was found: its rport has a value by then, which asks for nothing more."""

    def late(_request: SipMessage, _method: str) -> str:
        raise BadSyntax("found late")

    monkeypatch.setattr(receiver, "server_key", late)
    trunk = Trunk()
    said = trunk.invite(via="SIP/2.0/UDP 10.0.0.9:5066;rport;branch=z9hG4bK-nat")
    assert [(message.status, message.via.params.get("rport")) for message in said] == [(400, "5060")]
    assert [one.remote for one in trunk.sent_to] == [("192.0.2.50", 5060)]


def test_late_offer_the_ack_brings_the_answer() -> None:
    trunk = Trunk()
    trunk.invite(body="")
    event = trunk.took(InviteReceived)[0]
    assert event.invite.offer is None
    trunk.ua.accept(event.session, sdp(5000), now=trunk.now)
    answer = trunk.collect()[0]
    assert answer.sdp == sdp(5000)
    trunk.say(trunk.request("ACK", to_tag=answer.to.tag or "", body=sdp(4444)))
    assert trunk.took(SessionConfirmed) == [SessionConfirmed(event.session, sdp(4444))]


def test_memory_of_a_finished_call_is_given_back() -> None:
    trunk, _, tag = answered()
    trunk.say(trunk.request("BYE", cseq=2, to_tag=tag))
    trunk.wait(40)
    counters = trunk.ua.counters()
    assert (counters["sessions"], counters["transactions"], counters["timers"]) == (0, 0, 0)


def test_13_3_1_invite_with_a_time_of_its_own_ends_then() -> None:
    trunk = Trunk()
    trunk.invite(headers=("Expires: 20",))
    session = trunk.took(InviteReceived)[0].session
    trunk.ua.ring(session, now=trunk.now)
    trunk.collect()
    assert trunk.wait(19) == []
    assert 487 in [m.status for _, m in trunk.wait(1.1)]
    assert trunk.took(InviteCancelled) == [InviteCancelled(session, "expired")]


def test_invite_its_owner_does_nothing_about_is_refused() -> None:
    trunk, session = called()
    assert [m.status for at, m in trunk.wait(32.1)] == [500]
    assert trunk.took(InviteCancelled) == [InviteCancelled(session, "ignored")]


def test_ringing_has_no_end_of_its_own() -> None:
    trunk, session = called()
    trunk.ua.ring(session, now=trunk.now)
    trunk.wait(3_000)
    assert trunk.ua.sessions() == (session,)
    assert trunk.took(InviteCancelled) == []
