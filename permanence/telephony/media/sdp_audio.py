# SPDX-License-Identifier: AGPL-3.0-or-later
"""Offer and answer (RFC 3264) of a trunk's audio: G.711 at 20 ms, telephone-event (RFC 4733), and nothing else.

Every other media line (fax: T.38, video) is answered with port 0 in its place, so that the audio goes on. PCMA is
preferred because the browser's line is PCMA: nothing is transcoded then.
"""

import ipaddress
from dataclasses import dataclass

from permanence.telephony.media.sdp import Media, SdpError, SdpRefused, SessionDescription, connection_line

_CODECS = {8: "PCMA", 0: "PCMU"}
_MIRROR = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_PROFILES = ("RTP/AVP", "RTP/AVPF")


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiated:
    """What both sides agreed on for the audio, seen from us.

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
    chosen = next((index for index, media in enumerate(offer.media) if _payload_type(media) is not None), None)
    if chosen is None:
        raise SdpRefused("no G.711 audio over RTP/AVP")
    agreed = _agree(offer, offer.media[chosen], direction)
    lines = _session(host, session_id, version)
    for index, media in enumerate(offer.media):
        if index == chosen:
            lines += _audio(media.protocol, port, (agreed.payload_type,), agreed.dtmf_payload_type, agreed.direction)
            mid = media.attribute("mid")
            lines += [f"a=mid:{mid}"] if mid else []
        else:
            lines.append(f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}")
    return _text(lines), agreed


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
    return _text(
        [
            *_session(host, session_id, version),
            *_audio("RTP/AVP", port, payload_types, dtmf_payload_type, direction),
        ]
    )


def accept_answer(answer: SessionDescription, *, direction: str = "sendrecv") -> Negotiated:
    """What an answer to our offer agreed on; `direction` is the one we offered. Raises SdpRefused without audio."""
    if not answer.media or _payload_type(answer.media[0]) is None:
        raise SdpRefused("the answer has no G.711 audio")
    return _agree(answer, answer.media[0], direction)


def _agree(description: SessionDescription, media: Media, wanted: str) -> Negotiated:
    payload_type = _payload_type(media)
    if payload_type is None:
        raise SdpRefused("no G.711 audio")
    theirs = description.direction(media)
    address = _address(media.host)
    zero = address.is_unspecified
    ours = _MIRROR[theirs]
    if zero and ours in ("sendrecv", "sendonly"):  # RFC 3264 section 8.4: the old way to ask for hold
        ours = "recvonly" if ours == "sendrecv" else "inactive"
    send = "send" in ours and wanted in ("sendrecv", "sendonly")
    receive = ours in ("sendrecv", "recvonly") and wanted in ("sendrecv", "recvonly")
    return Negotiated(
        remote_host=None if zero else str(address),
        remote_port=None if zero else media.port,
        payload_type=payload_type,
        dtmf_payload_type=_dtmf(media),
        direction={(True, True): "sendrecv", (True, False): "sendonly", (False, True): "recvonly"}.get(
            (send, receive), "inactive"
        ),
        held=zero or theirs in ("sendonly", "inactive"),
        ptime=_ptime(media),
    )


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise SdpRefused("the connection address is not an IP address") from None
    if address.is_multicast:
        raise SdpRefused("multicast")
    return address


def _payload_type(media: Media) -> int | None:
    """8 or 0, whichever we prefer of what the section offers; None where the section cannot be used."""
    if media.kind.lower() != "audio" or media.port == 0 or media.protocol.upper() not in _PROFILES:
        return None
    return next((number for number in _CODECS if str(number) in media.formats), None)


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


def _session(host: str, session_id: int, version: int) -> list[str]:
    connection = connection_line(host)
    return ["v=0", f"o=- {session_id} {version} {connection}", "s=-", f"c={connection}", "t=0 0"]


def _audio(
    protocol: str, port: int, payload_types: tuple[int, ...], dtmf_payload_type: int | None, direction: str
) -> list[str]:
    numbers = [*payload_types, *([] if dtmf_payload_type is None else [dtmf_payload_type])]
    lines = [f"m=audio {port} {protocol} {' '.join(map(str, numbers))}"]
    lines += [f"a=rtpmap:{number} {_CODECS[number]}/8000" for number in payload_types]
    if dtmf_payload_type is not None:
        lines += [f"a=rtpmap:{dtmf_payload_type} telephone-event/8000", f"a=fmtp:{dtmf_payload_type} 0-16"]
    return [*lines, "a=ptime:20", f"a={direction}"]


def _text(lines: list[str]) -> str:
    return "\r\n".join(lines) + "\r\n"
