# SPDX-License-Identifier: AGPL-3.0-or-later
"""The small parts: digest, throttle, timers, framing, flows."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.telephony.sip.digest import DigestAccount, parse_challenge
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.events import PingAnswered
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.framing import BadFraming, Framer
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.settings import Credentials, SipSettings
from permanence.telephony.sip.throttle import RefusedSources, Throttle, source_of
from permanence.telephony.sip.timers import Timers
from tests.stories.edges import SeededEntropy

NONCE_7616 = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE_7616 = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def challenged(*values: str, status: int = 401) -> SipMessage:
    response = SipMessage(status=status)
    for value in values:
        response.add("WWW-Authenticate" if status == 401 else "Proxy-Authenticate", value)
    return response


def proof(challenge: str, account: DigestAccount, cnonce: str, uri: str = "/dir/index.html") -> str:
    answer = account.answer(challenged(challenge), SipMessage("GET", uri), cnonce)
    assert answer is not None
    found = re.search(r'response="([0-9a-f]+)"', answer[1])
    assert found
    return found[1]


@pytest.mark.parametrize(("algorithm", "expected"), [
    ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
])  # fmt: skip
def test_example_of_rfc_7616(algorithm: str, expected: str) -> None:
    challenge = (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="{NONCE_7616}"'
    )
    account = DigestAccount(Credentials("Mufasa", "Circle of Life"))
    assert proof(challenge, account, CNONCE_7616) == expected


def test_example_of_rfc_2617() -> None:
    challenge = 'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    account = DigestAccount(Credentials("Mufasa", "Circle Of Life"))
    assert proof(challenge, account, "0a4f113b") == "6629fae49393a05397450978507c4ef1"


def test_8760_the_first_algorithm_that_is_known_is_taken() -> None:
    account = DigestAccount(Credentials("u", "p"))
    offered = [f'Digest realm="r", nonce="n", algorithm={name}' for name in ("SHA-999", "SHA-256", "MD5")]
    answer = account.answer(challenged(*offered, status=407), SipMessage("INVITE", "sip:x"), "c")
    assert answer is not None
    assert answer[0] == "Proxy-Authorization"
    assert "algorithm=SHA-256" in answer[1]


def test_nonce_uses_are_counted() -> None:
    account = DigestAccount(Credentials("u", "p"))
    response, request = challenged('Digest realm="r", nonce="n", qop="auth"'), SipMessage("INVITE", "sip:x")
    counts = [re.search(r"nc=(\w+)", (account.answer(response, request, "c") or ("", ""))[1]) for _ in range(2)]
    assert [found and found[1] for found in counts] == ["00000001", "00000002"]


@pytest.mark.parametrize("value", ["Basic realm=x", "Digest", 'Digest realm="r"', "", 'Digest nonce="n", qop="odd"'])
def test_challenge_that_cannot_be_answered(value: str) -> None:
    account = DigestAccount(Credentials("u", "p"))
    assert account.answer(challenged(value), SipMessage("INVITE", "sip:x"), "c") is None


def test_quotes_in_a_challenge() -> None:
    assert parse_challenge('Digest realm="a \\"b\\", c", nonce="n"') == {"realm": 'a "b", c', "nonce": "n"}


# throttle


def test_throttle_gives_the_burst_then_the_rate() -> None:
    throttle = Throttle(2.0, 3)
    assert [throttle.allow("a", 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert [throttle.allow("a", 0.5), throttle.allow("a", 0.5)] == [True, False]
    assert throttle.allow("b", 0.5)


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 5))
def test_throttle_never_gives_more_than_rate_and_burst(gaps: list[float], burst: int) -> None:
    throttle, now, given_out = Throttle(1.0, burst), 0.0, 0
    for gap in gaps:
        now += gap
        given_out += throttle.allow("a", now)
    assert given_out <= burst + now + 1e-6


def test_throttle_remembers_a_bounded_number_of_sources() -> None:
    throttle, refused = Throttle(1.0, 1, capacity=100), RefusedSources(capacity=100)
    for number in range(1000):
        throttle.allow(str(number), 0.0)
        refused.count(str(number), 0.0)
    assert len(throttle) == 100


def test_refused_sources_are_told_once_a_minute() -> None:
    refused = RefusedSources()
    assert [refused.count("a", now) for now in (0.0, 1.0, 2.0, 61.0)] == [1, 0, 0, 3]


def test_one_ipv6_network_is_one_source() -> None:
    assert source_of("2001:db8:1:2:3:4:5:6") == source_of("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert source_of("192.0.2.7") == "192.0.2.7"


# timers


def test_timers_run_in_order_and_not_when_cancelled() -> None:
    timers, ran = Timers(), list[str]()
    timers.at(2.0, lambda: ran.append("second"))
    timers.at(1.0, lambda: ran.append("first"))
    dropped = timers.at(0.5, lambda: ran.append("never"))
    timers.at(2.0, lambda: ran.append("third"))
    dropped.cancel()
    assert timers.next_deadline() == 1.0
    assert timers.none_before(1.0)
    assert not timers.none_before(1.1)
    while (action := timers.pop_due(2.0)) is not None:
        action()
    assert ran == ["first", "second", "third"]
    assert timers.next_deadline() is None
    assert timers.none_before(0.0)


def test_cancelled_timers_are_forgotten() -> None:
    timers = Timers()
    for _ in range(10_000):
        timers.at(1e9, lambda: None).cancel()
    assert len(timers) <= 2_048


# framing

MESSAGE = b"OPTIONS sip:x SIP/2.0\r\nl: 3\r\n\r\nabc"


@given(st.integers(1, len(MESSAGE) * 2), st.sampled_from([b"", b"\r\n", b"\r\n\r\n"]))
def test_messages_come_whole_however_they_are_cut(size: int, between: bytes) -> None:
    stream, framer, messages = between + MESSAGE + between + MESSAGE, Framer(), list[bytes]()
    for start in range(0, len(stream), size):
        messages += framer.feed(stream[start : start + size])
    assert messages == [MESSAGE, MESSAGE]
    assert framer.pending == 0


@pytest.mark.parametrize(
    "data", [b"x\r\n\r\n", b"x\r\nContent-Length: -1\r\n\r\n", b"x\r\nl: 99999\r\n\r\n", b"y" * 70_000]
)
def test_stream_without_bounds_is_refused(data: bytes) -> None:
    with pytest.raises(BadFraming):
        Framer().feed(data)


def test_keep_alive_is_counted() -> None:
    framer = Framer()
    assert framer.feed(b"\r\n\r\n") == []
    assert framer.pings == 1


def test_a_keep_alive_in_pieces_is_counted_and_an_answer_to_ours_is_not() -> None:
    framer = Framer()
    for piece in (b"\r", b"\n", b"\r", b"\n", b"\r\n\r", b"\n\r\n", b"\r\n"):
        assert framer.feed(piece) == []
    assert framer.pings == 3
    framer.pings = 0
    assert framer.feed(b"\r\n" + MESSAGE + b"\r\n" + MESSAGE) == [MESSAGE, MESSAGE]
    for _ in range(3):
        framer.asked = True
        framer.feed(b"\r\n")
    assert framer.pings == 0
    framer.feed(b"\r\n\r\n" * 3)
    assert framer.pings == 3


def test_flow_comes_back_from_json_values() -> None:
    flow = Flow("tls", ("2001:db8::1", 5061), ("192.0.2.1", 40000), 9)
    assert Flow.from_plain(flow.to_plain()) == flow
    assert flow.reliable


@pytest.mark.parametrize(
    "told",
    [
        'received="203.0.113.7\nX-Evil: 1";rport=41000',
        "received=elsewhere.example;rport=41000",
        "received=fe80::1%a>b;rport=41000",
        "received=203.0.113.7;rport=0099999",
    ],
)
def test_an_address_of_ours_that_is_none_is_not_learned(told: str) -> None:
    flow = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.9", 5060))
    endpoint = SipEndpoint(SipSettings(), SeededEntropy("learns"), lambda _flow: "carrier")
    for now in (0.0, 1.0):
        endpoint.ping("sip:192.0.2.9", flow, now=now)
        [(request, _)] = endpoint.drain_output()
        assert b"Via: SIP/2.0/UDP 192.0.2.1:5060;rport;" in request
        head = request.decode().partition("\r\n\r\n")[0].partition("\r\n")[2]
        answer = "SIP/2.0 200 OK\r\n" + head.replace(";rport;", f";{told};", 1) + "\r\n\r\n"
        endpoint.receive(answer.encode(), flow, now)
        assert [event.status for event in endpoint.drain_events() if isinstance(event, PingAnswered)] == [200]


def test_our_address_is_learned_from_answers_to_our_requests_alone() -> None:
    """A datagram with the carrier's address on it is easily forged; the branch of a request of ours is not."""
    flow = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.9", 5060))
    endpoint = SipEndpoint(SipSettings(), SeededEntropy("forged"), lambda _flow: "carrier")
    forged = (
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport=5060;received=198.51.100.66;branch=z9hG4bKguess\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n"
    )
    endpoint.receive(forged.encode(), flow, 0.0)
    endpoint.ping("sip:192.0.2.9", flow, now=1.0)
    [(request, _)] = endpoint.drain_output()
    assert b"Via: SIP/2.0/UDP 192.0.2.1:5060;rport;" in request
