# SPDX-License-Identifier: AGPL-3.0-or-later
"""Seeded mutation of every input of the media: no exception but the refusals, no hang, the same at every run."""

import contextlib
import random
from collections.abc import Callable
from functools import partial

import pytest

from permanence.telephony.media.control_wire import ControlError, command_from_json, message_from_json
from permanence.telephony.media.dtmf import DtmfReceiver
from permanence.telephony.media.rtcp import build_block, build_report, parse_rtcp
from permanence.telephony.media.rtp import parse_rtp
from permanence.telephony.media.sdp import SdpError, parse_sdp
from permanence.telephony.media.sdp_audio import accept_answer, answer_audio
from permanence.telephony.media.sdp_browser import parse_browser_offer
from permanence.telephony.media.stun import (
    XOR_MAPPED_ADDRESS,
    integrity_holds,
    parse_stun,
    read_xor_address,
)
from tests.effort import thread_s
from tests.rules.media.test_rtp import packet
from tests.rules.media.test_sdp import OFFER as TRUNK_OFFER
from tests.rules.media.test_sdp_browser import OFFER as BROWSER_OFFER
from tests.rules.media.test_stun import REQUEST, RESPONSE_IPV4, RESPONSE_IPV6

ROUNDS = 400
THREAD_S = 0.050
"""Thread time that one input may take; a usual one takes a thousandth of it."""
PIECES = (b"\r\n", b"\0", b"\xff" * 8, b"=", b":", b"9" * 40, b"m=audio 1 RTP/AVP 8\r\n", b"-1", b"[", b'{"', b" " * 64)
COMMANDS = (
    b'{"command":"open_leg","leg":"a","port":10000,"remote_host":"192.0.2.1","remote_port":5,"payload_type":8}',
    b'{"command":"mix","mix":"m","parties":["a","b"],"matrix":[[0,1],[1,0]],"id":4}',
    b'{"command":"play","party":"a","prompts":["fr/place-1","music"],"loop":false,"tag":"x"}',
    b'{"event":"recorded","leg":"a","file":"f.alaw","seconds":3.5}',
    b'{"id":3,"ok":false,"code":"unknown","why":"unknown","result":{}}',
)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, cut out, doubled or put in."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(changed) + 1)
        end = min(len(changed), at + chance.randint(1, 20))
        match chance.randrange(5):
            case 0:
                changed[at:end] = chance.randbytes(end - at)
            case 1:
                del changed[at:end]
            case 2:
                changed[at:at] = changed[at:end] * chance.randint(1, 30)
            case 3:
                changed[at:at] = chance.choice(PIECES)
            case _:
                del changed[at:]
    return bytes(changed)


def read_stun(data: bytes) -> None:
    message = parse_stun(data)
    if message is not None:
        assert isinstance(message.username, str)
        integrity_holds(message, b"key")
        read_xor_address(message.attributes.get(XOR_MAPPED_ADDRESS, b""), message.transaction)


def read_rtp(data: bytes) -> None:
    parsed = parse_rtp(data)
    if parsed is not None:
        kind, sequence, timestamp, _, payload = parsed
        assert kind < 128
        assert sequence < 65536
        assert len(payload) <= len(data) - 12
        DtmfReceiver().packet(timestamp, payload)


def read_rtcp(data: bytes) -> None:
    reports = parse_rtcp(data)
    if reports is not None:
        assert len(reports.blocks) <= len(data) // 24


def read_sdp(data: bytes) -> None:
    with contextlib.suppress(SdpError):
        description = parse_sdp(data.decode("utf-8", "replace"))
        with contextlib.suppress(SdpError):
            text, _ = answer_audio(description, host="192.0.2.9", port=10000, session_id=1)
            assert len(parse_sdp(text).media) == len(description.media)
        accept_answer(description)


def read_browser(data: bytes) -> None:
    with contextlib.suppress(SdpError):
        parse_browser_offer(data.decode("utf-8", "replace"))


def read_control(data: bytes) -> None:
    with contextlib.suppress(ControlError):
        command_from_json(data)
    with contextlib.suppress(ControlError):
        message_from_json(data)


REPORT = build_report(
    ssrc=5,
    unix_seconds=1.5,
    timestamp=1,
    packets=2,
    octets=3,
    blocks=(build_block(ssrc=7, lost=0, lost_total=0, highest=9, jitter=0, ntp_middle=1, delay=0),),
    name="permanence",
)


@pytest.mark.parametrize(
    ("read", "seeds"),
    [
        (read_stun, (REQUEST, RESPONSE_IPV4, RESPONSE_IPV6)),
        (read_rtp, (packet(), packet(0xB2, b"audio\0\0\x03", b"cccc" * 2 + b"\xbe\xde\x00\x01eeee"))),
        (read_rtcp, (REPORT,)),
        (read_sdp, (TRUNK_OFFER.encode(), BROWSER_OFFER.encode())),
        (read_browser, (BROWSER_OFFER.encode(),)),
        (read_control, COMMANDS),
    ],
    ids=["stun", "rtp", "rtcp", "sdp", "browser", "control"],
)
def test_nothing_breaks_and_nothing_hangs(read: Callable[[bytes], None], seeds: tuple[bytes, ...]) -> None:
    chance = random.Random(20261124)
    for _ in range(ROUNDS):
        data = mutated(chance.choice(seeds), chance)
        assert thread_s(partial(read, data)) < THREAD_S, data


@pytest.mark.parametrize(
    "data",
    [
        b"v=0\n" + b"a=:\n" * 8000,
        b"v=0\no=- 1 1 IN IP4 1.2.3.4\n" + b"m=audio 1 RTP/AVP 8\n" * 31 + b"a=rtpmap:8 PCMA/8000\n" * 900,
        b"v=0\no=- 1 1 IN IP4 1.2.3.4\nm=audio 1 RTP/AVP 8\na=rtpmap:" + b" " * 30000,
        b"a" * 32000,
        b"=" * 32000,
        b"\n" * 32000,
    ],
)
def test_long_descriptions_do_not_hang(data: bytes) -> None:
    assert thread_s(lambda: (read_sdp(data), read_browser(data))) < THREAD_S
