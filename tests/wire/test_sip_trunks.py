# SPDX-License-Identifier: AGPL-3.0-or-later
"""Registration (RFC 3261 section 10), strangers and floods, messages that belong to nobody."""

import itertools

from permanence.telephony.sip.events import InviteReceived, RegistrationChanged, SourceRefused
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.settings import Credentials, SipSettings
from tests.wire.carrier import OURS, Trunk, sdp

CHALLENGE = 'WWW-Authenticate: Digest realm="carrier", nonce="abc", algorithm=SHA-256, qop="auth"'


def registering(settings: SipSettings | None = None) -> tuple[Trunk, str, SipMessage]:
    trunk = Trunk(settings=settings or SipSettings())
    account = Credentials("house", "secret")
    aor, registrar = "sip:house@carrier.example", "sip:carrier.example"
    registration = trunk.ua.register(aor, registrar, trunk.flow, account, now=trunk.now)
    return trunk, registration, trunk.collect()[0]


def granted(trunk: Trunk, register: SipMessage, seconds: int) -> list[SipMessage]:
    contact = register.all("Contact")[0]
    return trunk.answer(register, 200, contact=f"{contact};expires={seconds}")


def test_10_2_register_is_complete() -> None:
    _, _, register = registering()
    assert (register.method, register.uri) == ("REGISTER", "sip:carrier.example")
    assert register.all("To")[0] == "<sip:house@carrier.example>"
    assert register.get("Contact") == "<sip:house@192.0.2.1:5060>"
    assert register.get("Expires") == "600"


def test_10_2_4_binding_is_refreshed_before_it_ends() -> None:
    trunk, registration, register = registering()
    granted(trunk, register, 100)
    assert trunk.took(RegistrationChanged) == [RegistrationChanged(registration, "registered", 200, 100.0)]
    again = trunk.wait(86)
    assert [(at, m.method) for at, m in again] == [(85.0, "REGISTER"), (85.5, "REGISTER")]
    assert again[0][1].call_id == register.call_id
    assert again[0][1].cseq[0] == register.cseq[0] + 1


def test_22_challenge_of_the_registrar_is_answered() -> None:
    trunk, _registration, register = registering()
    again = trunk.answer(register, 401, headers=(CHALLENGE,))
    assert len(again) == 1
    assert "algorithm=SHA-256" in (again[0].get("Authorization") or "")
    granted(trunk, again[0], 60)
    assert [event.state for event in trunk.took(RegistrationChanged)] == ["registered"]


def test_22_wrong_password_is_not_tried_again_at_once() -> None:
    trunk, _registration, register = registering()
    again = trunk.answer(register, 401, headers=(CHALLENGE,))
    assert trunk.answer(again[0], 401, headers=(CHALLENGE,)) == []
    event = trunk.took(RegistrationChanged)[0]
    assert (event.state, event.status) == ("failed", 401)
    assert 15 <= event.retry_s <= 30
    assert len(trunk.wait(14)) == 0


def test_22_stale_nonce_is_answered_again() -> None:
    trunk, _, register = registering()
    again = trunk.answer(register, 401, headers=(CHALLENGE,))
    third = trunk.answer(again[0], 401, headers=(CHALLENGE.replace("abc", "def") + ", stale=true",))
    assert 'nonce="def"' in (third[0].get("Authorization") or "")


def test_10_2_8_interval_too_brief() -> None:
    trunk, _, register = registering()
    again = trunk.answer(register, 423, headers=("Min-Expires: 3600",))
    assert again[0].get("Expires") == "3600"


def test_5626_pauses_grow_and_end() -> None:
    trunk, _, register = registering()
    pauses = []
    for _ in range(8):
        trunk.answer(register, 503)
        pauses.append(trunk.took(RegistrationChanged)[-1].retry_s)
        register = next(m for _, m in trunk.wait(pauses[-1] + 0.1) if m.method == "REGISTER")
    assert all(15 * 2**n <= pause <= 30 * 2**n for n, pause in enumerate(pauses[:6]))
    assert 900 <= pauses[7] <= 1800


def test_20_33_retry_after_is_respected() -> None:
    trunk, _, register = registering()
    trunk.answer(register, 503, headers=("Retry-After: 300",))
    assert trunk.took(RegistrationChanged)[0].retry_s == 300


def test_registrar_that_is_silent_is_tried_again() -> None:
    trunk, registration, _ = registering()
    trunk.wait(33)
    event = trunk.took(RegistrationChanged)[0]
    assert (event.registration, event.state, event.status) == (registration, "failed", 408)


def test_10_2_2_unregister() -> None:
    trunk, registration, register = registering()
    granted(trunk, register, 100)
    assert trunk.ua.unregister(registration, now=trunk.now)
    last = trunk.collect()[0]
    assert last.get("Expires") == "0"
    trunk.answer(last, 200)
    assert trunk.took(RegistrationChanged)[-1].state == "unregistered"
    assert trunk.wait(2000) == []
    assert trunk.ua.unregister(registration, now=trunk.now) is False


def test_3581_behind_a_nat_the_outer_address_is_registered() -> None:
    trunk, _, register = registering()
    contact = register.all("Contact")[0]
    answer = trunk.response(register, 200, contact=f"{contact};expires=100")
    trunk.say(answer.replace(";rport;", ";rport=41000;received=203.0.113.7;"))
    again = trunk.wait(1.1)
    assert again[0][1].get("Contact") == "<sip:house@203.0.113.7:41000>"


def test_public_address_of_the_settings_stands_in_contact_and_via() -> None:
    _, _, register = registering(SipSettings(public_host="203.0.113.7", public_ports={"udp": 5070}))
    assert register.get("Contact") == "<sip:house@203.0.113.7:5070>"
    assert register.via.host == "203.0.113.7"


# strangers

STRANGER = Flow("udp", OURS, ("198.51.100.9", 5060))


def closed(**options: object) -> Trunk:
    def trust(flow: Flow) -> str | None:
        return "carrier" if flow.remote[0] == "192.0.2.50" else None

    return Trunk(trust=trust, **options)  # type: ignore[arg-type]


def test_stranger_is_refused_and_counted() -> None:
    trunk = closed()
    said = trunk.say(trunk.request("INVITE", body=sdp()), STRANGER)
    assert [m.status for m in said] == [403]
    assert trunk.took(InviteReceived) == []
    assert trunk.took(SourceRefused) == [SourceRefused("198.51.100.9", 1)]
    assert trunk.ua.counters()["refused"] == 1
    assert trunk.ua.counters()["transactions"] == 0


def test_flood_of_a_stranger_is_met_with_silence_and_one_event_a_minute() -> None:
    trunk = closed()
    for number in range(1000):
        trunk.say(trunk.request("REGISTER", call_id=f"flood-{number}"), STRANGER)
    assert len(trunk.said(403)) == trunk.settings.refused_burst
    assert len(trunk.took(SourceRefused)) == 1
    trunk.now += 61
    trunk.say(trunk.request("REGISTER"), STRANGER)
    assert [event.count for event in trunk.took(SourceRefused)] == [1, 1000]


def test_other_trunks_work_during_a_flood() -> None:
    trunk = closed()
    for number in range(200):
        trunk.say(trunk.request("REGISTER", call_id=f"flood-{number}"), STRANGER)
    assert [m.status for m in trunk.invite()] == [100]


def test_flood_of_a_trunk_is_503_and_another_source_is_served() -> None:
    trunk = Trunk(settings=SipSettings(invites_per_second=1, invites_burst=5))
    said = [trunk.invite(call_id=f"call-{number}")[0].status for number in range(10)]
    assert said == [100] * 5 + [503] * 5
    other = Flow("udp", OURS, ("192.0.2.51", 5060))
    assert [m.status for m in trunk.say(trunk.request("INVITE", body=sdp(), call_id="other"), other)] == [100]


def test_answer_to_our_request_may_come_from_another_address() -> None:
    trunk = closed()
    trunk.ua.ping("sip:192.0.2.50", trunk.flow, now=trunk.now)
    options = trunk.collect()[0]
    trunk.say(trunk.response(options, 200), STRANGER)
    assert len(trunk.events) == 1


def test_stray_messages_are_counted_and_nothing_else() -> None:
    trunk = Trunk()
    _, _, invite = registering()
    for stray in (trunk.response(invite, 200), trunk.request("ACK"), b"\r\n\r\n", b"\0", b""):
        assert trunk.say(stray) == []
    assert trunk.ua.counters()["stray"] == 1
    assert trunk.events == []


def test_message_beyond_the_limits_is_refused() -> None:
    trunk = Trunk(settings=SipSettings(max_message=4000, max_headers=40))
    assert trunk.say(trunk.request("OPTIONS", body="x" * 5000)) == []
    many = tuple(f"X-{number}: 1" for number in range(50))
    assert [m.status for m in trunk.say(trunk.request("OPTIONS", headers=many))] == [400]


def test_5626_lost_connection_of_a_registration_is_made_again() -> None:
    trunk, _, register = registering()
    granted(trunk, register, 1000)
    trunk.ua.flow_lost(trunk.flow, trunk.now)
    again = trunk.wait(5.1)
    assert again[0][1].method == "REGISTER"
    assert 1 <= again[0][0] <= 5


def test_answers_of_a_stranger_are_throttled() -> None:
    trunk = closed()
    trunk.ua.ping("sip:192.0.2.50", trunk.flow, now=trunk.now)
    answer = trunk.response(trunk.collect()[0], 200).replace("branch=", "branch=x")
    for _ in range(500):
        trunk.say(answer, STRANGER)
    assert trunk.ua.counters()["throttled"] == 300


def test_flood_from_forged_sources_is_answered_and_told_at_a_bounded_rate() -> None:
    trunk = closed()
    for number in range(2000):
        forged = Flow("udp", OURS, (f"198.51.{number // 250}.{number % 250}", 5060))
        trunk.say(trunk.request("REGISTER", call_id=f"flood-{number}"), forged)
    assert len(trunk.said(403)) == 50
    assert len(trunk.took(SourceRefused)) == 30
    assert trunk.ua.counters()["refused"] == 2000


def test_5626_way_of_a_registration_is_kept_open() -> None:
    trunk, registration, register = registering()
    granted(trunk, register, 1000)
    trunk.wait(101)
    gaps = [after - before for before, after in itertools.pairwise(trunk.keep_alives)]
    assert all(20 <= gap <= 25 for gap in gaps)
    assert 4 <= len(trunk.keep_alives) <= 5
    trunk.ua.unregister(registration, now=trunk.now)
    before = len(trunk.keep_alives)
    trunk.wait(60)
    assert len(trunk.keep_alives) == before


def test_5626_a_keep_alive_of_a_stranger_is_no_request_to_be_refused() -> None:
    trunk = closed()
    for data in (b"\r\n\r\n", b"\r\n", b"\0\0\0\0"):
        assert trunk.say(data) == []
    assert trunk.took(SourceRefused) == []
    assert trunk.ua.counters()["refused"] == 0


def test_no_keep_alive_where_none_is_wanted() -> None:
    trunk, _, register = registering(SipSettings(keep_alive=0))
    granted(trunk, register, 1000)
    trunk.wait(200)
    assert trunk.keep_alives == []
