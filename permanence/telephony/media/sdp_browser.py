# SPDX-License-Identifier: AGPL-3.0-or-later
"""The browser's side of the permanent line: one WebRTC audio section (RFC 8829), answered ICE-lite with PCMA only."""

import re
from dataclasses import dataclass

from permanence.telephony.media.sdp import Media, SdpError, SdpRefused, SessionDescription, connection_line, parse_sdp

_ICE = re.compile(r"[A-Za-z0-9+/]{4,256}\Z")
_FINGERPRINT = re.compile(r"(?i:sha-256) ((?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})\Z")
_MID = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]{1,32}\Z")
_PROFILES = ("UDP/TLS/RTP/SAVPF", "RTP/SAVPF", "TCP/DTLS/RTP/SAVPF")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserOffer:
    """What media needs of a browser's offer. `fingerprint`: SHA-256, upper case, with colons.

    `refused`: the offer's other media sections, (index, kind, protocol, formats, mid), answered with port 0.
    """

    ufrag: str
    fingerprint: str
    mid: str
    index: int
    refused: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One host candidate of ours (RFC 8445). `transport`: udp, or tcp (passive, RFC 6544)."""

    host: str
    port: int
    transport: str = "udp"


def parse_browser_offer(text: str) -> BrowserOffer:
    """Read a browser's offer. Raises SdpError on what is no offer, SdpRefused where it has no PCMA over DTLS-SRTP."""
    description = parse_sdp(text)
    index = next((at for at, media in enumerate(description.media) if _usable(media)), None)
    if index is None:
        raise SdpRefused("no_pcma")
    media = description.media[index]
    fingerprint = _FINGERPRINT.match(_either(description, media, "fingerprint"))
    ufrag, mid = _either(description, media, "ice-ufrag"), media.attribute("mid") or "0"
    if fingerprint is None or not _ICE.match(ufrag) or not _MID.match(mid):
        raise SdpError("bad_offer")
    return BrowserOffer(
        ufrag=ufrag,
        fingerprint=fingerprint[1].upper(),
        mid=mid,
        index=index,
        refused=tuple(other for at, other in enumerate(description.media) if at != index),
    )


def write_browser_answer(
    offer: BrowserOffer,
    *,
    session_id: int,
    version: int,
    ufrag: str,
    password: str,
    fingerprint: str,
    ssrc: int,
    candidates: tuple[Candidate, ...],
) -> str:
    """Our answer: ICE-lite, DTLS passive, PCMA alone, one SSRC, every candidate, no trickle."""
    audio = [
        "m=audio 9 UDP/TLS/RTP/SAVPF 8",
        f"c={connection_line('0.0.0.0')}",
        f"a=mid:{offer.mid}",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtpmap:8 PCMA/8000",
        "a=ptime:20",
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{password}",
        f"a=fingerprint:sha-256 {fingerprint}",
        "a=setup:passive",
        "a=msid:permanence line",
        f"a=ssrc:{ssrc} cname:permanence",
        *(_candidate(candidate, at) for at, candidate in enumerate(candidates)),
        "a=end-of-candidates",
    ]
    sections = [[f"m={other.kind} 0 {other.protocol} {' '.join(other.formats)}"] for other in offer.refused]
    for section, other in zip(sections, offer.refused, strict=True):
        mid = other.attribute("mid")
        section += [f"c={connection_line('0.0.0.0')}", *([f"a=mid:{mid}"] if mid and _MID.match(mid) else [])]
    sections.insert(offer.index, audio)
    lines = [
        "v=0",
        f"o=- {session_id} {version} {connection_line('127.0.0.1')}",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {offer.mid}",
        "a=msid-semantic: WMS permanence",
        *(line for section in sections for line in section),
    ]
    return "\r\n".join(lines) + "\r\n"


def _candidate(candidate: Candidate, at: int) -> str:
    """Priorities by RFC 8445 section 5.1.2: type preference 126 for UDP, 90 for TCP, local preference by order."""
    tcp = candidate.transport == "tcp"
    priority = ((90 if tcp else 126) << 24) + ((65535 - at) << 8) + 255
    end = " tcptype passive" if tcp else ""
    return f"a=candidate:{at + 1} 1 {candidate.transport} {priority} {candidate.host} {candidate.port} typ host{end}"


def _usable(media: Media) -> bool:
    return media.kind.lower() == "audio" and media.protocol.upper() in _PROFILES and "8" in media.formats


def _either(description: SessionDescription, media: Media, name: str) -> str:
    return media.attribute(name) or description.attribute(name) or ""
