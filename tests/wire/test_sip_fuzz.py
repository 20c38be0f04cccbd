# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mutated messages: no exception, bounded memory, and work that grows no faster than the message.

Seeded and bounded: the same messages in every run. Work is measured in the thread's own CPU time.
"""

import json
import random
from pathlib import Path

import pytest

from permanence.telephony.sip.events import InviteReceived
from permanence.telephony.sip.framing import BadFraming, Framer
from permanence.telephony.sip.settings import SipSettings
from tests.effort import thread_s
from tests.wire.carrier import Trunk, sdp

_TORTURE = sorted((Path(__file__).parent / "rfc4475").glob("*.dat"))
_LIMIT_S = 0.05
"""Thread time one message may take."""
_PATHOLOGICAL_LIMIT_S = 0.5
"""Thread time of one message with twenty thousand of what a carrier sends once."""


class Watched:
    """The user agent with the longest thread time that one message took; `longest` is compared with `_LIMIT_S`."""

    def __init__(self) -> None:
        self.longest = 0.0

    def receive(self, trunk: Trunk, data: bytes) -> None:
        self.longest = max(self.longest, thread_s(lambda: trunk.ua.receive(data, trunk.flow, trunk.now)))


def seeds() -> list[bytes]:
    trunk = Trunk()
    written = [
        trunk.request("INVITE", body=sdp(), headers=("Session-Expires: 90", "Supported: 100rel, timer")),
        trunk.request("INVITE", body=sdp(), to_tag="x", headers=("Record-Route: <sip:10.0.0.1;lr>",)),
        trunk.request("CANCEL", branch="z9hG4bK-1"),
        trunk.request("PRACK", to_tag="x", headers=("RAck: 1 1 INVITE",)),
        trunk.request("INFO", to_tag="x", body="Signal=1\r\n", headers=("Content-Type: application/dtmf-relay",)),
        trunk.request("INVITE", headers=('Diversion: <sip:+331@x>;reason="user-busy";counter=2', "Privacy: id")),
        trunk.request("INVITE", headers=("History-Info: <sip:1@x>;index=1, <sip:2@x?Reason=a>;index=1.1",)),
    ]
    return [text.encode() for text in written] + [path.read_bytes() for path in _TORTURE]


def mutated(source: bytes, chance: random.Random) -> bytes:
    data = bytearray(source)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(6)
        if kind == 0:
            data[at:at] = chance.randbytes(chance.randint(1, 8))
        elif kind == 1:
            del data[at : at + chance.randint(1, 40)]
        elif kind == 2:
            data[at:at] = chance.choice([b'"', b"<", b">", b";", b",", b"\r\n", b"\r\n\r\n", b"\\", b"@", b"\0", b"%"])
        elif kind == 3:
            data[at:at] = data[at : at + chance.randint(1, 60)] * chance.randint(1, 20)
        elif kind == 4 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        else:
            data[at:at] = chance.choice([b"9" * 30, b"-1", b"4294967296", b"\xff\xfe", "é".encode()])
    return bytes(data)


@pytest.mark.parametrize("seed", range(8))
def test_mutated_messages_never_raise_and_never_take_long(seed: int) -> None:
    chance = random.Random(seed)
    trunk = Trunk(settings=SipSettings(max_sessions=50), seed=seed)
    sources = seeds()
    watched = Watched()
    for _ in range(500):
        data = mutated(chance.choice(sources), chance)
        watched.receive(trunk, data)
        trunk.ua.drain_output()
        for event in trunk.ua.drain_events():
            if isinstance(event, InviteReceived):
                act = chance.randrange(4)
                if act == 0:
                    trunk.ua.accept(event.session, sdp(), now=trunk.now)
                elif act == 1:
                    trunk.ua.progress(event.session, sdp(), now=trunk.now)
                elif act == 2:
                    trunk.ua.reject(event.session, 486, now=trunk.now)
        trunk.now += 0.05
        trunk.ua.tick(trunk.now)
    assert watched.longest < _LIMIT_S
    assert trunk.ua.counters()["sessions"] <= 50


@pytest.mark.parametrize("seed", range(4))
def test_mutated_answers_to_our_call_never_raise(seed: int) -> None:
    chance = random.Random(seed)
    watched = Watched()
    for _ in range(60):
        trunk = Trunk(seed=seed)
        trunk.ua.dial("sip:+352@192.0.2.50", trunk.flow, "sip:h@192.0.2.1", sdp(), now=trunk.now)
        invite = trunk.collect()[0]
        for status in (100, 183, 401, 200, 200):
            extra = ("Require: 100rel", "RSeq: 5", "Record-Route: <sip:10.0.0.1;lr>", "Session-Expires: 90")
            answer = trunk.response(invite, status, headers=extra, body=sdp(), tag=f"t{chance.randrange(3)}")
            watched.receive(trunk, mutated(answer.encode(), chance))
            trunk.ua.drain_output()
        trunk.now += 200
        trunk.ua.tick(trunk.now)
        assert trunk.ua.counters()["transactions"] <= 4
    assert watched.longest < _LIMIT_S


@pytest.mark.parametrize("seed", range(6))
def test_mutated_requests_inside_a_call_never_raise(seed: int) -> None:
    chance = random.Random(seed)
    watched = Watched()
    for _ in range(20):
        trunk = Trunk(seed=seed)
        trunk.invite(headers=("Supported: timer, 100rel", "Session-Expires: 90"))
        session = trunk.took(InviteReceived)[0].session
        trunk.ua.accept(session, sdp(5000), now=trunk.now)
        tag = trunk.collect()[0].to.tag or ""
        trunk.say(trunk.request("ACK", to_tag=tag))
        for number in range(2, 22):
            method = chance.choice(["INVITE", "UPDATE", "INFO", "PRACK", "ACK", "OPTIONS", "BYE", "REFER"])
            body = chance.choice(["", sdp(4000, number), "Signal=1"])
            extra = ("RAck: 1 1 INVITE", "Session-Expires: 100;refresher=uas", "Supported: timer")
            text = trunk.request(method, cseq=number, to_tag=tag, body=body, headers=extra).encode()
            watched.receive(trunk, mutated(text, chance) if chance.random() < 0.7 else text)
            trunk.ua.drain_output()
            for _event in trunk.ua.drain_events():
                trunk.ua.answer_offer(session, sdp(5000, number), now=trunk.now)
        kept = trunk.ua.export(session)
        if kept is not None:
            other = Trunk(seed=seed + 1)
            assert other.ua.restore(json.loads(json.dumps(kept)), now=other.now) == session
        trunk.wait(300)
        assert trunk.ua.counters()["transactions"] == 0
    assert watched.longest < _LIMIT_S


def test_memory_after_a_flood_of_calls_is_bounded() -> None:
    trunk = Trunk(settings=SipSettings(max_sessions=100, invites_burst=10_000))
    for number in range(1000):
        trunk.say(trunk.request("INVITE", body=sdp(), call_id=f"call-{number}"))
    assert trunk.ua.counters()["sessions"] == 100
    for session in trunk.ua.sessions():
        trunk.ua.ring(session, now=trunk.now)
    trunk.wait(40)
    assert trunk.ua.counters()["transactions"] == 100  # only those that still ring


PATHOLOGICAL = {
    "quotes": lambda n: 'From: "' + "\\" * n + " <sip:a@b>;tag=1",
    "open quotes": lambda n: "From: " + '"' * n + "<sip:a@b>;tag=1",
    "params": lambda n: "From: <sip:a@b>" + ";a=" * n,
    "spaces": lambda n: "From: <sip:a@b>;tag=1" + " \t" * n + ";x",
    "brackets": lambda n: "From: " + "<" * n + ">" * n,
    "commas": lambda n: "Contact: " + "," * n,
    "via": lambda n: "Via: SIP/2.0/UDP h;" + "branch=" * n,
    "via spaces": lambda n: "Via: SIP " + " " * n + "/2.0",
    "folds": lambda n: "Subject: x" + "\r\n y" * n,
    "digits": lambda n: "CSeq: " + "1" * n + " INVITE",
    "challenge": lambda n: "Require: " + 'a="' * n,
    "headers": lambda n: "\r\n".join(["X: 1"] * n),
}


@pytest.mark.parametrize("name", sorted(PATHOLOGICAL))
def test_pathological_headers_take_linear_time(name: str) -> None:
    trunk = Trunk(settings=SipSettings(max_message=2_000_000, max_headers=1_000_000))

    def spent(size: int) -> float:
        text = trunk.request("INVITE", body=sdp(), headers=(PATHOLOGICAL[name](size),), call_id=f"{name}{size}")
        return min(thread_s(lambda: trunk.ua.receive(text.encode(), trunk.flow, trunk.now)) for _ in range(3))

    small, large = spent(2_000), spent(20_000)
    assert large < 100 * max(small, 0.0005)  # ten times the size: quadratic work would take a hundred times as long
    assert large < _PATHOLOGICAL_LIMIT_S


@pytest.mark.parametrize("seed", range(4))
def test_framer_survives_anything(seed: int) -> None:
    chance = random.Random(seed)
    sources = seeds()
    for _ in range(200):
        framer = Framer(5_000)
        stream = b"".join(mutated(chance.choice(sources), chance) for _ in range(3))
        try:
            while stream:
                size = chance.randint(1, 700)
                assert all(len(message) <= 5_000 for message in framer.feed(stream[:size]))
                stream = stream[size:]
        except BadFraming:
            continue
        assert framer.pending <= 5_000
