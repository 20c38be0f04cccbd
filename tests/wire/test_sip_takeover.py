# SPDX-License-Identifier: AGPL-3.0-or-later
"""A restarted exchange takes its calls over from the journal: export, JSON, restore in a new endpoint."""

import json

from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.events import (
    AnswerReceived,
    DialFailed,
    InviteReceived,
    OfferReceived,
    SessionConfirmed,
    SessionEnded,
)
from tests.wire.carrier import SeededEntropy, Trunk, sdp


def restart(trunk: Trunk, session: str) -> None:
    """The process dies; another one begins with what the journal kept."""
    kept = json.dumps(trunk.ua.export(session))
    trunk.ua = SipEndpoint(trunk.settings, SeededEntropy(99), trunk.trust)
    trunk.now = 7.0  # another machine's monotonic clock
    trunk.events.clear()
    trunk.heard.clear()
    assert trunk.ua.restore(json.loads(kept), now=trunk.now) == session
    trunk.collect()


def test_ringing_call_is_answered_by_the_next_process() -> None:
    trunk = Trunk()
    trunk.invite()
    session = trunk.took(InviteReceived)[0].session
    trunk.ua.ring(session, now=trunk.now)
    tag = trunk.collect()[0].to.tag
    restart(trunk, session)
    assert trunk.ua.accept(session, sdp(5000), now=trunk.now)
    answer = trunk.collect()[0]
    assert (answer.status, answer.to.tag) == (200, tag)
    trunk.say(trunk.request("ACK", to_tag=tag or ""))
    assert trunk.took(SessionConfirmed) == [SessionConfirmed(session)]


def test_ringing_call_can_be_cancelled_after_the_restart() -> None:
    trunk = Trunk()
    text = trunk.request("INVITE", body=sdp(), branch="z9hG4bK-kept")
    trunk.say(text)
    session = trunk.took(InviteReceived)[0].session
    trunk.ua.ring(session, now=trunk.now)
    trunk.collect()
    restart(trunk, session)
    assert [m.status for m in trunk.say(text)] == [180]
    assert sorted(m.status for m in trunk.say(trunk.request("CANCEL", branch="z9hG4bK-kept"))) == [200, 487]


def test_answer_without_ack_is_repeated_by_the_next_process() -> None:
    trunk = Trunk()
    trunk.invite()
    session = trunk.took(InviteReceived)[0].session
    trunk.ua.accept(session, sdp(5000), now=trunk.now)
    tag = trunk.collect()[0].to.tag or ""
    restart(trunk, session)
    assert trunk.statuses() == [200]
    trunk.say(trunk.request("ACK", to_tag=tag))
    assert trunk.took(SessionConfirmed) == [SessionConfirmed(session)]
    assert trunk.wait(30) == []


def test_confirmed_call_goes_on() -> None:
    trunk = Trunk()
    trunk.invite(headers=("Record-Route: <sip:192.0.2.50;lr>", "Session-Expires: 90", "Supported: timer"))
    session = trunk.took(InviteReceived)[0].session
    trunk.ua.accept(session, sdp(5000), now=trunk.now)
    tag = trunk.collect()[0].to.tag or ""
    trunk.say(trunk.request("ACK", to_tag=tag))
    restart(trunk, session)
    hold = sdp(4000, 2, "a=sendonly\r\n")
    trunk.say(trunk.request("INVITE", cseq=2, to_tag=tag, body=hold))
    assert trunk.took(OfferReceived) == [OfferReceived(session, hold)]
    trunk.ua.answer_offer(session, sdp(5000, 2), now=trunk.now)
    trunk.collect()
    trunk.say(trunk.request("ACK", cseq=2, to_tag=tag))
    trunk.ua.end(session, now=trunk.now)
    bye = trunk.collect()[-1]
    assert (bye.method, bye.all("Route"), bye.sender.tag) == ("BYE", ["<sip:192.0.2.50;lr>"], tag)


def test_session_timer_goes_on() -> None:
    trunk = Trunk()
    trunk.invite(headers=("Session-Expires: 90", "Supported: timer"))
    session = trunk.took(InviteReceived)[0].session
    trunk.ua.accept(session, sdp(5000), now=trunk.now)
    trunk.say(trunk.request("ACK", to_tag=trunk.collect()[0].to.tag or ""))
    restart(trunk, session)
    trunk.wait(61)
    assert trunk.took(SessionEnded) == [SessionEnded(session, "system", "session_expired")]


def test_call_we_dialled_is_answered_after_the_restart() -> None:
    trunk = Trunk()
    session = trunk.ua.dial("sip:+352@192.0.2.50", trunk.flow, "sip:h@192.0.2.1", sdp(5000), now=trunk.now)
    invite = trunk.collect()[0]
    trunk.answer(invite, 180)
    restart(trunk, session)
    assert [m.method for m in trunk.answer(invite, 200, body=sdp())] == ["ACK"]
    assert trunk.took(AnswerReceived) == [AnswerReceived(session, sdp())]
    restart(trunk, session)
    assert [m.method for m in trunk.answer(invite, 200, body=sdp())] == ["ACK"]
    trunk.ua.end(session, now=trunk.now)
    assert [m.method for m in trunk.collect()] == ["BYE"]


def test_call_we_dialled_can_be_cancelled_after_the_restart() -> None:
    trunk = Trunk()
    session = trunk.ua.dial("sip:+352@192.0.2.50", trunk.flow, "sip:h@192.0.2.1", sdp(5000), now=trunk.now)
    invite = trunk.collect()[0]
    trunk.answer(invite, 180)
    restart(trunk, session)
    assert trunk.ua.end(session, now=trunk.now)
    assert [(m.method, m.via.branch) for m in trunk.collect()] == [("CANCEL", invite.via.branch)]
    trunk.answer(invite, 487)
    assert [event.status for event in trunk.took(DialFailed)] == [487]


def test_nothing_is_exported_once_it_is_over() -> None:
    assert Trunk().ua.export("nobody") is None


def test_any_octet_of_the_carrier_survives_the_journal() -> None:
    trunk = Trunk()
    text = trunk.request("INVITE", body=sdp()).encode()
    text = text.replace(b"From: <sip:+33100000002@", b'From: "Ren\xe9 \xc3\xa9" <sip:+33100000002@')
    trunk.say(text)
    event = trunk.took(InviteReceived)[0]
    assert event.invite.display == "Ren? é"
    restart(trunk, event.session)
    trunk.ua.accept(event.session, sdp(), now=trunk.now)
    answer = trunk.ua.drain_output()[0][0]
    assert b'From: "Ren\xe9 \xc3\xa9" <sip:' in answer
    tag = answer.partition(b"\r\nTo: ")[2].partition(b"tag=")[2].partition(b"\r\n")[0].decode()
    trunk.say(trunk.request("ACK", to_tag=tag))
    trunk.ua.end(event.session, now=trunk.now)
    assert b'To: "Ren\xe9 \xc3\xa9" <sip:' in trunk.ua.drain_output()[0][0]


def test_our_numbers_go_on_above_those_the_journal_did_not_see() -> None:
    trunk = Trunk()
    trunk.invite(headers=("Session-Expires: 90;refresher=uas", "Supported: timer", "Allow: UPDATE"))
    session = trunk.took(InviteReceived)[0].session
    trunk.ua.accept(session, sdp(5000), now=trunk.now)
    trunk.say(trunk.request("ACK", to_tag=trunk.collect()[0].to.tag or ""))
    kept = trunk.ua.export(session)
    update = trunk.wait(45)[0][1]
    trunk.ua = SipEndpoint(trunk.settings, SeededEntropy(99), trunk.trust)
    trunk.ua.restore(kept or {}, now=trunk.now)
    trunk.ua.end(session, now=trunk.now)
    assert trunk.collect()[0].cseq[0] > update.cseq[0]


def test_reliable_ringing_and_the_answer_behind_it_go_on() -> None:
    trunk = Trunk()
    trunk.invite(headers=("Supported: 100rel",))
    session = trunk.took(InviteReceived)[0].session
    trunk.ua.progress(session, sdp(5000), now=trunk.now)
    progress = trunk.collect()[0]
    trunk.ua.accept(session, sdp(5000), now=trunk.now)
    restart(trunk, session)
    assert [m.status for _, m in trunk.wait(0.6)] == [183]
    rack = f"RAck: {progress.get('RSeq')} 1 INVITE"
    said = trunk.say(trunk.request("PRACK", cseq=2, to_tag=progress.to.tag or "", headers=(rack,)))
    assert [(m.status, m.cseq[1]) for m in said] == [(200, "PRACK"), (200, "INVITE")]
