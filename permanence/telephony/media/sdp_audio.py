# SPDX-License-Identifier: AGPL-3.0-or-later
"""Offer and answer (RFC 3264) of a trunk's audio: G.711 at 20 ms, telephone-event (RFC 4733), and nothing else.

Every other media line (fax: T.38, video) is answered with port 0 in its place, so that the audio goes on. PCMA is
preferred because the browser's line is PCMA: nothing is transcoded then.
"""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from permanence.telephony.media.sdp import Media, SdpError, SdpRefused, SessionDescription, connection_line

_CODECS = {8: "PCMA", 0: "PCMU"}
_PREFERRED = tuple((str(number), number) for number in _CODECS)
_MIRROR = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_DIRECTION = {
    (True, True): "sendrecv",
    (True, False): "sendonly",
    (False, True): "recvonly",
    (False, False): "inactive",
}
"""By whether we send, and whether we receive."""
_PROFILES = ("RTP/AVP", "RTP/AVPF")


@dataclass(slots=True, kw_only=True)
class Negotiated:
    """What both sides agreed on for the audio, seen from us; nobody changes it.

    `remote_host` and `remote_port`: where to send, None where nothing is to be sent (c=0.0.0.0, port 0).
    `payload_type`: 8 or 0, sent and received. `direction`: ours, as written in our description. `held`: the far side
    does not want to hear us (hold: sendonly, inactive or a zero address). `ptime` in milliseconds.
    """

    remote_host: str | None
    remote_port: int | None
    payload_type: int
    dtmf_payload_type: int | None
    direction: str
    held: bool
    ptime: int


def answer_audio(
    offer: SessionDescription, *, host: str, port: int, session_id: int, version: int = 1, direction: str = "sendrecv"
) -> tuple[str, Negotiated]:
    """Answer an offer: the text and what was agreed. `host`, `port`: where we receive.

    `session_id` stays for the dialog, `version` grows by one with every changed description (RFC 3264 section 5).
    `direction` is what we want; the answer is what the offer allows of it. Raises SdpRefused without usable audio.
    """
    for chosen in offer.media:
        payload_type = _payload_type(chosen)
        if payload_type is not None:
            break
    else:
        raise SdpRefused("no G.711 audio over RTP/AVP")
    agreed = _agree(offer, chosen, payload_type, direction)
    text = _session(host, session_id, version)
    for media in offer.media:
        if media is chosen:
            text += _audio(media.protocol, port, (payload_type,), agreed.dtmf_payload_type, agreed.direction)
            mid = media.attribute("mid")
            if mid:
                text += f"a=mid:{mid}\r\n"
        else:
            text += f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}\r\n"
    return text, agreed


def offer_audio(
    *,
    host: str,
    port: int,
    session_id: int,
    version: int = 1,
    direction: str = "sendrecv",
    payload_types: tuple[int, ...] = (8, 0),
    dtmf_payload_type: int | None = 101,
) -> str:
    """Our own offer: for a late offer (INVITE without SDP), for `Dial` and for a re-INVITE."""
    audio = _audio("RTP/AVP", port, payload_types, dtmf_payload_type, direction)
    return _session(host, session_id, version) + audio


def accept_answer(answer: SessionDescription, *, direction: str = "sendrecv") -> Negotiated:
    """What an answer to our offer agreed on; `direction` is the one we offered. Raises SdpRefused without audio."""
    payload_type = _payload_type(answer.media[0]) if answer.media else None
    if payload_type is None:
        raise SdpRefused("the answer has no G.711 audio")
    return _agree(answer, answer.media[0], payload_type, direction)


def _agree(description: SessionDescription, media: Media, payload_type: int, wanted: str) -> Negotiated:
    theirs = description.direction(media)
    address = _address(media.host)
    zero = address is None
    ours = _MIRROR[theirs]
    if zero and ours in ("sendrecv", "sendonly"):  # RFC 3264 section 8.4: the old way to ask for hold
        ours = "recvonly" if ours == "sendrecv" else "inactive"
    send = "send" in ours and wanted in ("sendrecv", "sendonly")
    receive = ours in ("sendrecv", "recvonly") and wanted in ("sendrecv", "recvonly")
    return Negotiated(
        remote_host=address,
        remote_port=None if zero else media.port,
        payload_type=payload_type,
        dtmf_payload_type=_dtmf(media),
        direction=_DIRECTION[send, receive],
        held=zero or theirs in ("sendonly", "inactive"),
        ptime=_ptime(media),
    )


@lru_cache(maxsize=1_024)
def _address(host: str) -> str | None:
    """The connection address as it is written; None for the zero address. Raises SdpRefused for what is none."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise SdpRefused("the connection address is not an IP address") from None
    if address.is_multicast:
        raise SdpRefused("multicast")
    return None if address.is_unspecified else str(address)


def _payload_type(media: Media) -> int | None:
    """8 or 0, whichever we prefer of what the section offers; None where the section cannot be used."""
    if media.kind.lower() != "audio" or media.port == 0 or media.protocol.upper() not in _PROFILES:
        return None
    for written, number in _PREFERRED:
        if written in media.formats:
            return number
    return None


def _dtmf(media: Media) -> int | None:
    for name, value in media.attributes:
        number, _, encoding = value.partition(" ")
        if name == "rtpmap" and number in media.formats and encoding.strip().lower() == "telephone-event/8000":
            if not number.isdecimal() or not 0 <= int(number) <= 127:
                raise SdpError("rtpmap")
            return int(number)
    return None


def _ptime(media: Media) -> int:
    value = media.attribute("ptime") or "20"
    return int(value) if value.isdecimal() and value.isascii() and len(value) < 4 and 0 < int(value) <= 200 else 20


def _session(host: str, session_id: int, version: int) -> str:
    connection = connection_line(host)
    return f"v=0\r\no=- {session_id} {version} {connection}\r\ns=-\r\nc={connection}\r\nt=0 0\r\n"


def _audio(
    protocol: str, port: int, payload_types: tuple[int, ...], dtmf_payload_type: int | None, direction: str
) -> str:
    numbers, meanings = _formats(payload_types, dtmf_payload_type)
    return f"m=audio {port} {protocol} {numbers}\r\n{meanings}a=ptime:20\r\na={direction}\r\n"


@lru_cache(maxsize=256)
def _formats(payload_types: tuple[int, ...], dtmf_payload_type: int | None) -> tuple[str, str]:
    """The payload types of the m= line, and the lines that say what they mean."""
    numbers = [*payload_types, *([] if dtmf_payload_type is None else [dtmf_payload_type])]
    lines = [f"a=rtpmap:{number} {_CODECS[number]}/8000\r\n" for number in payload_types]
    if dtmf_payload_type is not None:
        lines.append(f"a=rtpmap:{dtmf_payload_type} telephone-event/8000\r\na=fmtp:{dtmf_payload_type} 0-16\r\n")
    return " ".join(map(str, numbers)), "".join(lines)
