# SPDX-License-Identifier: AGPL-3.0-or-later
"""By which way a request goes: large ones by TCP (RFC 3261 section 18.1.1), fail-over to the next target (RFC 3263
section 4.3), redirections (section 8.1.3.4), and which address of ours is told to whom (RFC 3581)."""

import pytest

from permanence.telephony.sip.events import AnswerReceived, DialFailed, RegistrationChanged
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.settings import Credentials, SipSettings
from tests.wire.carrier import OURS, THEIRS, Trunk, sdp

TARGET = "sip:+35226000009@192.0.2.50"
SECOND = Flow("udp", OURS, ("192.0.2.51", 5060))
CHALLENGE = 'WWW-Authenticate: Digest realm="carrier", nonce="abc", algorithm=MD5, qop="auth"'


def dial(trunk: Trunk, *, large: bool = False, others: tuple[Flow, ...] = ()) -> tuple[str, SipMessage]:
    headers = (("P-Asserted-Identity", f"<sip:{'9' * 900}@192.0.2.1>"),) if large else ()
    session = trunk.ua.dial(
        TARGET, trunk.flow, "sip:house@192.0.2.1", sdp(5000), now=trunk.now, headers=headers, others=others
    )
    return session, trunk.collect()[0]


# large requests


def test_18_1_1_a_request_above_1300_bytes_goes_by_tcp() -> None:
    trunk = Trunk()
    _, invite = dial(trunk, large=True)
    assert trunk.sent_to[-1].transport == "tcp"
    assert trunk.sent_to[-1].remote == THEIRS
    assert invite.all("Via")[0].startswith("SIP/2.0/TCP 192.0.2.1:5060;")
    assert [m.method for _, m in trunk.wait(20)] == []


def test_18_1_1_a_small_one_stays_on_udp() -> None:
    trunk = Trunk()
    _, invite = dial(trunk)
    assert trunk.sent_to[-1] == trunk.flow
    assert invite.via.transport == "UDP"


def test_18_1_1_when_tcp_is_refused_the_request_goes_by_udp_and_is_repeated_there() -> None:
    trunk = Trunk()
    session, _ = dial(trunk, large=True)
    trunk.ua.flow_lost(trunk.sent_to[-1], trunk.now)
    [invite] = trunk.collect()
    assert trunk.sent_to[-1] == trunk.flow
    assert invite.via.transport == "UDP"
    assert [at for at, m in trunk.wait(1.6) if m.method == "INVITE"] == [0.5, 1.5]
    trunk.answer(invite, 200, body=sdp())
    assert trunk.took(AnswerReceived)[0].session == session


def test_18_1_1_whoever_refused_tcp_is_not_asked_again_for_an_hour() -> None:
    trunk = Trunk()
    dial(trunk, large=True)
    trunk.ua.flow_lost(trunk.sent_to[-1], trunk.now)
    trunk.collect()
    dial(trunk, large=True)
    assert trunk.sent_to[-1] == trunk.flow
    trunk.wait(3_601)
    dial(trunk, large=True)
    assert trunk.sent_to[-1].transport == "tcp"


def test_18_1_1_a_tcp_that_breaks_later_is_no_reason_to_say_it_all_again() -> None:
    trunk = Trunk()
    session, invite = dial(trunk, large=True)
    trunk.answer(invite, 180)
    trunk.ua.flow_lost(trunk.sent_to[-1], trunk.now)
    assert trunk.collect() == []
    assert trunk.took(DialFailed) == [DialFailed(session, 503, "Service Unavailable")]


def test_9_1_the_cancel_goes_the_way_of_its_invite() -> None:
    trunk = Trunk()
    session, invite = dial(trunk, large=True)
    trunk.answer(invite, 180)
    trunk.ua.end(session, now=trunk.now)
    [cancel] = trunk.collect()
    assert (cancel.method, trunk.sent_to[-1].transport) == ("CANCEL", "tcp")
    assert cancel.all("Via") == invite.all("Via")


# fail-over


@pytest.mark.parametrize("after_trying", [False, True])
def test_rfc3263_4_3_after_503_the_next_target_is_tried(after_trying: bool) -> None:
    trunk = Trunk()
    session, invite = dial(trunk, others=(SECOND,))
    if after_trying:
        trunk.answer(invite, 100)
    said = trunk.answer(invite, 503)
    assert [m.method for m in said] == ["ACK", "INVITE"]
    assert trunk.sent_to[-1] == SECOND
    assert said[1].call_id == invite.call_id
    assert said[1].via.branch != invite.via.branch
    trunk.answer(said[1], 503)
    assert trunk.took(DialFailed) == [DialFailed(session, 503, "X")]


def test_rfc3263_4_3_silence_and_a_lost_way_lead_to_the_next_target_too() -> None:
    trunk = Trunk()
    dial(trunk, others=(SECOND,))
    trunk.wait(32.1)
    assert trunk.sent_to[-1] == SECOND
    trunk = Trunk(transport="tcp")
    dial(trunk, others=(SECOND,))
    trunk.ua.flow_lost(trunk.flow, trunk.now)
    trunk.collect()
    assert trunk.sent_to[-1] == SECOND


def test_rfc3263_4_3_a_busy_line_or_a_phone_that_rang_is_an_answer() -> None:
    for rings, status in ((False, 486), (True, 408), (True, 503)):
        trunk = Trunk()
        session, invite = dial(trunk, others=(SECOND,))
        if rings:
            trunk.answer(invite, 180)
        trunk.answer(invite, status)
        assert trunk.took(DialFailed) == [DialFailed(session, status, "X")]


def test_rfc3263_4_3_digest_begins_anew_at_the_next_target() -> None:
    trunk = Trunk()
    account = Credentials("house", "secret")
    trunk.ua.dial(TARGET, trunk.flow, "sip:house@192.0.2.1", sdp(), account, now=trunk.now, others=(SECOND,))
    [invite] = trunk.collect()
    again = trunk.answer(invite, 401, headers=(CHALLENGE,))[-1]
    third = trunk.answer(again, 503)[-1]
    assert third.get("Authorization") is None
    fourth = trunk.answer(third, 401, headers=(CHALLENGE,))[-1]
    assert fourth.get("Authorization") is not None


def test_9_1_no_cancel_before_the_next_target_said_anything() -> None:
    trunk = Trunk()
    session, invite = dial(trunk, others=(SECOND,))
    trunk.answer(invite, 100)
    second = trunk.answer(invite, 503)[-1]
    trunk.ua.end(session, now=trunk.now)
    assert trunk.collect() == []
    assert [m.method for m in trunk.answer(second, 100)] == ["CANCEL"]


def test_rfc3263_4_3_a_registration_goes_to_the_next_target_and_then_pauses() -> None:
    trunk = Trunk()
    account = Credentials("house", "secret")
    trunk.ua.register("sip:house@c.example", "sip:c.example", trunk.flow, account, now=trunk.now, others=(SECOND,))
    [first] = trunk.collect()
    [second] = trunk.answer(first, 503)
    assert trunk.sent_to[-1] == SECOND
    assert trunk.took(RegistrationChanged) == []
    assert trunk.answer(second, 503) == []
    assert [event.state for event in trunk.took(RegistrationChanged)] == ["failed"]
    assert [m.method for _, m in trunk.wait(31)][:1] == ["REGISTER"]
    assert trunk.sent_to[-1] == trunk.flow


# redirections


def redirecting(trunk: Trunk, request: SipMessage, contact: str) -> list[SipMessage]:
    return trunk.answer(request, 302, "Moved Temporarily", contact=contact)


def known_only(flow: Flow) -> str | None:
    return "carrier" if flow.remote[0].startswith("192.0.2.") else "other" if flow.remote[0] == "198.51.100.1" else None


def test_8_1_3_4_a_redirection_inside_the_trunk_is_followed() -> None:
    trunk = Trunk(trust=known_only)
    session, invite = dial(trunk)
    said = redirecting(trunk, invite, "<sip:+35226000010@192.0.2.77:5070>")
    assert [m.method for m in said] == ["ACK", "INVITE"]
    assert said[1].uri == "sip:+35226000010@192.0.2.77:5070"
    assert (said[1].all("To"), said[1].call_id) == (invite.all("To"), invite.call_id)
    assert trunk.sent_to[-1].remote == ("192.0.2.77", 5070)
    trunk.answer(said[1], 200, body=sdp())
    assert [event.session for event in trunk.took(AnswerReceived)] == [session]


@pytest.mark.parametrize(
    "contact",
    [
        "<sip:+1900@203.0.113.66>",
        "<sip:+1900@198.51.100.1>",
        "<sip:+1900@elsewhere.example>",
        "<tel:+1900>",
        "<sip:+1900@192.0.2.77;transport=sctp>",
    ],
)
def test_8_1_3_4_a_redirection_out_of_the_trunk_is_reported(contact: str) -> None:
    trunk = Trunk(trust=known_only)
    session, invite = dial(trunk)
    assert [m.method for m in redirecting(trunk, invite, contact)] == ["ACK"]
    [failed] = trunk.took(DialFailed)
    assert (failed.session, failed.status) == (session, 302)
    assert contact.strip("<>") in failed.reason


def test_8_1_3_4_at_most_five_redirections_and_never_twice_to_one_place() -> None:
    trunk = Trunk(trust=known_only)
    _, invite = dial(trunk)
    for number in range(5):
        invite = redirecting(trunk, invite, f"<sip:{number}@192.0.2.77>")[-1]
        assert invite.method == "INVITE"
    redirecting(trunk, invite, "<sip:5@192.0.2.77>")
    assert [event.status for event in trunk.took(DialFailed)] == [302]
    trunk = Trunk(trust=known_only)
    _, invite = dial(trunk)
    invite = redirecting(trunk, invite, "<sip:1@192.0.2.77>")[-1]
    redirecting(trunk, invite, "<sip:1@192.0.2.77>")
    assert [event.status for event in trunk.took(DialFailed)] == [302]


# our address


@pytest.mark.parametrize(
    ("remote", "told"),
    [
        ("198.51.100.50", "203.0.113.7"),
        ("192.168.1.1", "10.0.0.5"),
        ("127.0.0.1", "10.0.0.5"),
        ("2001:db8::50", "10.0.0.5"),
    ],
)
def test_the_public_address_is_for_trunks_outside_only(remote: str, told: str) -> None:
    trunk = Trunk(settings=SipSettings(public_host="203.0.113.7"))
    trunk.flow = Flow("udp", ("10.0.0.5", 5060), (remote, 5060))
    _, invite = dial(trunk)
    assert invite.via.host == told
    assert invite.get("Contact") == f"<sip:{told}:5060>"
