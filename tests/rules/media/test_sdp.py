# SPDX-License-Identifier: AGPL-3.0-or-later
"""SDP: reading, and what a trunk's audio offers and answers (RFC 3264)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.telephony.media.sdp import SDP_LIMIT, SdpError, SdpRefused, parse_sdp
from permanence.telephony.media.sdp_audio import Negotiated, accept_answer, answer_audio, offer_audio

OFFER = """v=0
o=carrier 20518 3 IN IP4 198.51.100.1
s=-
c=IN IP4 198.51.100.1
t=0 0
m=audio 49170 RTP/AVP 0 8 18 96
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:18 G729/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-16
a=ptime:20
a=sendrecv
"""


def answer(offer: str, **more: str) -> tuple[list[str], Negotiated]:
    text, agreed = answer_audio(parse_sdp(offer), host="192.0.2.9", port=10000, session_id=42, **more)
    assert text.endswith("\r\n")
    return text.split("\r\n")[:-1], agreed


def test_reading() -> None:
    description = parse_sdp(OFFER)
    (media,) = description.media
    assert (description.origin_id, description.origin_version, description.origin_host) == ("20518", 3, "198.51.100.1")
    assert (media.kind, media.port, media.host, media.formats) == (
        "audio",
        49170,
        "198.51.100.1",
        ("0", "8", "18", "96"),
    )
    assert parse_sdp(OFFER.replace("\n", "\r\n")) == description


def test_spaces_capitals_and_empty_lines_change_nothing() -> None:
    assert parse_sdp(OFFER.replace("a=ptime:20", "a= Ptime : 20 ")) == parse_sdp(OFFER)
    assert parse_sdp(OFFER.replace("a=sendrecv", "\na=SENDRECV")) == parse_sdp(OFFER)
    assert parse_sdp(OFFER.replace("v=0", "\nv=0 ").removesuffix("\n")) == parse_sdp(OFFER)
    assert parse_sdp(OFFER.replace("s=-", "é=-")) == parse_sdp(OFFER)


@pytest.mark.parametrize("lines", [1_000, 1_001])
def test_a_thousand_lines_and_not_one_more(lines: int) -> None:
    text = OFFER + "b=X\n" * (lines - OFFER.count("\n"))
    if lines == 1_000:
        assert parse_sdp(text).media == parse_sdp(OFFER).media
        assert parse_sdp(text.removesuffix("\n")).media == parse_sdp(OFFER).media
    else:
        with pytest.raises(SdpError):
            parse_sdp(text)


def test_answer_takes_pcma_and_the_carriers_number_for_keys() -> None:
    lines, agreed = answer(OFFER)
    assert agreed == Negotiated(
        remote_host="198.51.100.1",
        remote_port=49170,
        payload_type=8,
        dtmf_payload_type=96,
        direction="sendrecv",
        held=False,
        ptime=20,
    )
    assert lines == [
        "v=0",
        "o=- 42 1 IN IP4 192.0.2.9",
        "s=-",
        "c=IN IP4 192.0.2.9",
        "t=0 0",
        "m=audio 10000 RTP/AVP 8 96",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:96 telephone-event/8000",
        "a=fmtp:96 0-16",
        "a=ptime:20",
        "a=sendrecv",
    ]


def test_pcmu_where_there_is_no_pcma_and_no_keys_where_none_are_offered() -> None:
    lines, agreed = answer(OFFER.replace(" 0 8 18 96", " 18 0"))
    assert (agreed.payload_type, agreed.dtmf_payload_type) == (0, None)
    assert "m=audio 10000 RTP/AVP 0" in lines
    assert not any("telephone-event" in line for line in lines)


def test_fax_and_video_are_refused_in_their_place_and_the_audio_goes_on() -> None:
    """T.38 beside audio: RFC 3264 section 6, ITU-T T.38 annex D."""
    fax = "m=image 49180 udptl t38\na=T38FaxVersion:0\n"
    video = "m=video 49190 RTP/AVP 99\na=rtpmap:99 H264/90000\n"
    head, audio = OFFER.split("m=audio")
    lines, agreed = answer(head + fax + "m=audio" + audio + video)
    assert [line for line in lines if line.startswith("m=")] == [
        "m=image 0 udptl t38",
        "m=audio 10000 RTP/AVP 8 96",
        "m=video 0 RTP/AVP 99",
    ]
    assert agreed.remote_port == 49170


@pytest.mark.parametrize(
    "change",
    [
        ("m=audio 49170 RTP/AVP 0 8 18 96", "m=image 49170 udptl t38"),
        ("m=audio 49170 RTP/AVP 0 8 18 96", "m=audio 49170 RTP/AVP 18 96"),
        ("m=audio 49170 RTP/AVP", "m=audio 0 RTP/AVP"),
        ("m=audio 49170 RTP/AVP", "m=audio 49170 RTP/SAVP"),
        ("c=IN IP4 198.51.100.1", "c=IN IP4 media.carrier.example"),
        ("c=IN IP4 198.51.100.1", "c=IN IP4 233.252.0.1"),
    ],
)
def test_good_descriptions_without_audio_we_speak(change: tuple[str, str]) -> None:
    with pytest.raises(SdpRefused):
        answer(OFFER.replace(*change))


@pytest.mark.parametrize(
    ("theirs", "ours", "held"),
    [
        ("sendrecv", "sendrecv", False),
        ("sendonly", "recvonly", True),
        ("recvonly", "sendonly", False),
        ("inactive", "inactive", True),
    ],
)
def test_hold_by_direction(theirs: str, ours: str, held: bool) -> None:
    lines, agreed = answer(OFFER.replace("a=sendrecv", f"a={theirs}"))
    assert (agreed.direction, agreed.held) == (ours, held)
    assert f"a={ours}" in lines
    at_session = OFFER.replace("a=sendrecv\n", "").replace("t=0 0\n", f"t=0 0\na={theirs}\n")
    assert answer(at_session)[1] == agreed


@pytest.mark.parametrize("zero", ["IP4 0.0.0.0", "IP6 ::"])
def test_hold_by_a_zero_address(zero: str) -> None:
    """RFC 3264 section 8.4."""
    _, agreed = answer(OFFER.replace("c=IN IP4 198.51.100.1", f"c=IN {zero}"))
    assert (agreed.held, agreed.remote_host, agreed.remote_port, agreed.direction) == (True, None, None, "recvonly")


def test_the_sections_own_address_wins_and_may_be_ipv6() -> None:
    _, agreed = answer(OFFER.replace("a=ptime:20", "c=IN IP6 2001:db8::7\na=ptime:20"))
    assert agreed.remote_host == "2001:db8::7"
    text, _ = answer_audio(parse_sdp(OFFER), host="2001:db8::1", port=2, session_id=1, version=9)
    assert "o=- 1 9 IN IP6 2001:db8::1" in text
    assert "c=IN IP6 2001:db8::1" in text


def test_we_may_want_less_than_the_offer_allows() -> None:
    assert answer(OFFER, direction="sendonly")[1].direction == "sendonly"
    assert answer(OFFER.replace("a=sendrecv", "a=sendonly"), direction="sendonly")[1].direction == "inactive"


def test_our_offer_and_its_answer() -> None:
    text = offer_audio(host="192.0.2.9", port=10002, session_id=7, version=3)
    offered = parse_sdp(text)
    assert offered.origin_version == 3
    assert offered.media[0].formats == ("8", "0", "101")
    reply, theirs = answer_audio(offered, host="198.51.100.1", port=5000, session_id=1)
    agreed = accept_answer(parse_sdp(reply))
    assert (agreed.remote_host, agreed.remote_port, agreed.payload_type, agreed.dtmf_payload_type) == (
        "198.51.100.1",
        5000,
        8,
        101,
    )
    assert (theirs.remote_host, theirs.remote_port) == ("192.0.2.9", 10002)
    with pytest.raises(SdpRefused):
        accept_answer(parse_sdp(reply.replace("m=audio 5000", "m=audio 0")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "v=1\no=- 1 1 IN IP4 1.2.3.4\n",
        "v=0\ns=-\n",
        "v=0\no=- x y IN IP4 1.2.3.4\n",
        OFFER.replace("49170", "99999"),
        OFFER.replace("49170", "-1"),
        OFFER.replace("c=IN IP4 198.51.100.1", "c=IN IP5 198.51.100.1"),
        OFFER.replace("c=IN IP4 198.51.100.1", "c=IN IP4 224.2.1.1 127"),
        OFFER.replace("m=audio 49170 RTP/AVP 0 8 18 96", "m=audio"),
        OFFER + "no equals sign\n",
        OFFER + "a=" + "x" * SDP_LIMIT,
        OFFER + "m=audio 1 RTP/AVP 8\n" * 40,
        OFFER + "m=audio 1 RTP/AVP" + " 8" * 100,
    ],
)
def test_what_is_no_description(text: str) -> None:
    with pytest.raises(SdpError):
        answer(text)


@given(
    st.integers(1, 65535),
    st.sampled_from(["192.0.2.1", "2001:db8::1"]),
    st.sampled_from([(8, 0), (0, 8), (0,), (8,)]),
    st.sampled_from([None, 96, 101, 127]),
    st.sampled_from(["sendrecv", "sendonly", "recvonly", "inactive"]),
)
def test_every_offer_of_ours_can_be_answered(
    port: int, host: str, kinds: tuple[int, ...], dtmf: int | None, direction: str
) -> None:
    offer = offer_audio(
        host=host, port=port, session_id=1, payload_types=kinds, dtmf_payload_type=dtmf, direction=direction
    )
    _, agreed = answer(offer)
    assert (agreed.remote_host, agreed.remote_port, agreed.dtmf_payload_type) == (host, port, dtmf)
    assert agreed.payload_type == (8 if 8 in kinds else 0)
    assert agreed.held == (direction in ("sendonly", "inactive"))
