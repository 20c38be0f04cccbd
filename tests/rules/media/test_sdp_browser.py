# SPDX-License-Identifier: AGPL-3.0-or-later
"""The browser's offer and our answer; the candidates a page is given."""

import ipaddress
from pathlib import Path

import pytest

from permanence.engine.mediaplane.addresses import candidates, machine_addresses
from permanence.telephony.media.sdp import SdpError, SdpRefused, parse_sdp
from permanence.telephony.media.sdp_browser import Candidate, parse_browser_offer, write_browser_answer

FINGERPRINT = ":".join(f"{byte:02X}" for byte in range(32))
OFFER = f"""v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=msid-semantic: WMS
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 0b1c2d3e.local 50000 typ host generation 0
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=ice-options:trickle
a=fingerprint:sha-256 {FINGERPRINT.lower()}
a=setup:actpass
a=mid:0
a=sendrecv
a=rtcp-mux
a=rtpmap:8 PCMA/8000
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:1
"""


def test_reading_an_offer() -> None:
    offer = parse_browser_offer(OFFER)
    assert (offer.ufrag, offer.mid, offer.fingerprint, offer.index) == ("EsAw", "0", FINGERPRINT, 0)


def test_the_answer_is_ice_lite_pcma_and_nothing_else() -> None:
    text = write_browser_answer(
        parse_browser_offer(OFFER),
        session_id=5,
        version=2,
        ufrag="abcd",
        password="p" * 24,
        fingerprint=FINGERPRINT,
        ssrc=77,
        candidates=(Candidate(host="127.0.0.1", port=5080), Candidate(host="::1", port=5080, transport="tcp")),
    )
    answer = parse_sdp(text)
    audio, data = answer.media
    assert answer.attribute("ice-lite") == ""
    assert answer.origin_version == 2
    assert answer.attribute("group") == "BUNDLE 0"
    assert (audio.formats, audio.attribute("setup"), audio.attribute("mid")) == (("8",), "passive", "0")
    assert audio.attribute("extmap") is None
    assert (data.port, data.kind, data.attribute("mid")) == (0, "application", "1")
    offered = [value for name, value in audio.attributes if name == "candidate"]
    assert offered[0].split()[2:] == ["udp", "2130706431", "127.0.0.1", "5080", "typ", "host"]
    assert offered[1].endswith("typ host tcptype passive")
    assert int(offered[0].split()[3]) > int(offered[1].split()[3])


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("0 8 13", "0 13", SdpRefused),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP", SdpRefused),
        ("a=fingerprint:sha-256", "a=fingerprint:sha-512", SdpError),
        ("a=ice-ufrag:EsAw\n", "", SdpError),
        (FINGERPRINT.lower(), FINGERPRINT[:-3], SdpError),
        ("a=mid:0", "a=mid:0\u00e9 x", SdpError),
    ],
)
def test_offers_that_cannot_be_answered(old: str, new: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_browser_offer(OFFER.replace(old, new))


MACHINE = (ipaddress.ip_address("192.0.2.2"), ipaddress.ip_address("2001:db8::2"))
ANYWHERE = (ipaddress.ip_address("0.0.0.0"), ipaddress.ip_address("::"))


def hosts(page: str, bound: tuple[object, ...] = ANYWHERE, public: tuple[str, ...] = ()) -> list[str]:
    found = candidates(
        page=(ipaddress.ip_address(page),),
        machine=MACHINE,
        public=tuple(ipaddress.ip_address(one) for one in public),
        bound=bound,  # type: ignore[arg-type]
        port=5080,
        udp=True,
        tcp=False,
    )
    return [one.host for one in found]


def test_loopback_goes_to_a_page_of_loopback_only() -> None:
    assert hosts("127.0.0.1") == ["127.0.0.1", "::1", "192.0.2.2", "2001:db8::2"]
    assert hosts("::1") == ["::1", "127.0.0.1", "192.0.2.2", "2001:db8::2"]
    assert hosts("192.0.2.2") == ["192.0.2.2", "2001:db8::2"]


def test_the_address_of_the_page_comes_first_and_the_public_one_last() -> None:
    assert hosts("2001:db8::2", public=("203.0.113.9",)) == ["2001:db8::2", "192.0.2.2", "203.0.113.9"]
    assert hosts("198.51.100.77")[0] == "198.51.100.77"  # the far side of a port forwarding


def test_what_is_not_listened_on_is_not_offered() -> None:
    assert hosts("127.0.0.1", bound=(ipaddress.ip_address("127.0.0.1"),)) == ["127.0.0.1"]
    assert hosts("192.0.2.2", bound=(ipaddress.ip_address("0.0.0.0"),)) == ["192.0.2.2"]


def test_the_kernels_tables_are_read(tmp_path: Path) -> None:
    (tmp_path / "fib_trie").write_text(
        "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 127.0.0.1\n        /32 host LOCAL\n     |-- 192.0.2.2\n"
        "        /32 host LOCAL\n     |-- 192.0.2.255\n        /32 link BROADCAST\n"
        "Local:\n     |-- 192.0.2.2\n        /32 host LOCAL\n"
    )
    (tmp_path / "if_inet6").write_text(
        "00000000000000000000000000000001 01 80 10 80       lo\n"
        "fe8000000000000000fc00fffe000001 02 40 20 80     eth0\n"
        "20010db8000000000000000000000002 02 40 00 80     eth0\n"
    )
    assert machine_addresses(tmp_path) == MACHINE
    assert machine_addresses(tmp_path / "nowhere") == ()
