# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the test of a trunk found out, in plain words: statuses, times, codec, who hears whom, keys, addresses."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy

from permanence.telephony.media.g711 import SAMPLES_PER_SECOND

CODECS = {0: "G.711 mu-law", 8: "G.711 A-law"}
OUR_VOICE = 0.5
"""From this likeness on, what came back is what we said; another voice or noise stays below 0.3."""
_REFERENCE_S = 2.0

REFUSALS = {
    302: "the called number is diverted to a place outside this trunk, where we do not follow",
    401: "the carrier wants a user and a password, or does not accept ours",
    403: "the carrier does not let this account or this shown number call that number",
    404: "the carrier does not know the number as we write it (E.164 with +)",
    407: "the carrier wants a user and a password, or does not accept ours",
    408: "nobody answered our packets: wrong address or port, or a firewall in between",
    480: "the called telephone cannot be reached now",
    481: "the carrier lost the call",
    484: "the number is not complete",
    486: "the called number is busy",
    487: "we gave up, since nobody answered",
    488: "the carrier accepts none of our codecs (G.711 A-law and mu-law)",
    500: "a fault at the carrier",
    503: "the carrier's server is down or full, or the connection could not be made",
    603: "the called party declines",
    607: "the called party does not want our calls",
}
"""Refusals as a person would say them (RFC 3261 section 21, RFC 8197)."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What we said, found again in what we heard: `likeness` 0 to 1, and where in the recording it begins.

    That is not the delay of the way there and back: a recording begins with the first packet heard.
    """

    likeness: float
    begins_ms: int


def find_echo(said: "numpy.typing.NDArray[numpy.int16]", heard: "numpy.typing.NDArray[numpy.int16]") -> Echo:
    """Looks for the first two seconds of what we said (8 kHz) by normalised cross-correlation."""
    size = min(len(said), int(_REFERENCE_S * SAMPLES_PER_SECOND))
    reference = said[:size].astype(numpy.float64)
    sound = heard.astype(numpy.float64)
    if size == 0 or len(sound) < size or not reference.any():
        return Echo(0.0, 0)
    length = 1 << (len(sound) + size - 1).bit_length()
    spectrum = numpy.fft.rfft(sound, length) * numpy.conj(numpy.fft.rfft(reference, length))
    products = numpy.fft.irfft(spectrum, length)[: len(sound) - size + 1]
    energy = numpy.concatenate(([0.0], numpy.cumsum(sound * sound)))
    power = numpy.sqrt(numpy.maximum(energy[size:] - energy[:-size], 1.0) * float(reference @ reference))
    likeness = products / power
    at = int(numpy.argmax(likeness))
    return Echo(max(0.0, float(likeness[at])), round(at * 1000 / SAMPLES_PER_SECOND))


def report(
    events: Sequence[dict[str, Any]], *, shown: str, digits: str, public: str, echo: Echo | None
) -> tuple[list[str], bool]:
    """The sentences of the report, and whether the trunk carries a whole call.

    `events`: those of the call, the last a `DialEnded`. `shown`: our number. `digits`: the keys we pressed. `public`:
    the setting `public.address`. `echo`: what became of our voice, None where nothing was recorded.
    """
    by_type = {str(event["type"]): event for event in events}
    ended, answered = by_type["DialEnded"], by_type.get("DialAnswered")
    lines = [f"Before the answer: {_before(events)}."]
    if answered is None:
        lines.append(_refusal(ended))
        return lines, False
    waited = (_moment(answered) - _moment(events[0])).total_seconds()
    codec = CODECS.get(answered["payload_type"], answered["payload_type"])
    lines.append(f"Answered after {waited:.1f} s, codec {codec}.")
    lines.append(_hearing(ended, echo))
    lines.append(_keys(events, answered, digits))
    lines.append(f"Number shown: we gave {shown}; look at the called telephone whether the carrier lets it through.")
    lines += _addresses(answered, public)
    if ended["by"] != "system":
        lines.append(f"The carrier hung up first ({ended['why']}).")
    return lines, bool(ended["heard"])


def _before(events: Sequence[dict[str, Any]]) -> str:
    said = [event for event in events if event["type"] == "DialProgressed"]
    if not said:
        return "the carrier said nothing"
    words = []
    for event in said:
        after = (_moment(event) - _moment(events[0])).total_seconds()
        what = "it rings" if event["status"] == 180 else f"status {event['status']}"
        sound = " with sound of the carrier (early media)" if event["early_media"] else ""
        words.append(f"{what}{sound} after {after:.1f} s")
    return ", ".join(words)


def _refusal(ended: dict[str, Any]) -> str:
    status = int(ended["status"])
    if not status:
        return f"The call came to nothing: {ended['why']}."
    words = REFUSALS.get(status, "see the carrier's documentation of this status")
    return f"Not answered: {status} {ended['why']}. That means: {words}."


def _hearing(ended: dict[str, Any], echo: Echo | None) -> str:
    if not ended["heard"]:
        return (
            "NO sound came back: a firewall or router keeps the carrier's audio away. The UDP ports of `media.rtp` "
            "must be reachable, and `public.address` be the address the carrier sees."
        )
    if echo is None:
        return "Sound came back; whether it was ours is not known, since nothing was recorded."
    if echo.likeness >= OUR_VOICE:
        return (
            f"Both sides hear: our own voice came back (likeness {echo.likeness:.0%}), so the "
            "carrier hears us and we hear it."
        )
    return (
        f"We hear the carrier, but not our own voice (likeness {echo.likeness:.0%}): this is no echo number, or the "
        "carrier does not hear us."
    )


def _keys(events: Sequence[dict[str, Any]], answered: dict[str, Any], digits: str) -> str:
    way = "as telephone-event (RFC 4733)" if answered["telephone_event"] else "by INFO, the carrier offers nothing else"
    back = "".join(str(event["digit"]) for event in events if event["type"] == "DialDigit")
    if not digits:
        return f"Keys would go {way}."
    if back == digits:
        return f"Keys: {digits} went {way} and came back."
    came = f"{back} came back" if back else "none came back (not every echo number returns them)"
    return f"Keys: {digits} went {way}; {came}."


def _addresses(answered: dict[str, Any], public: str) -> list[str]:
    lines = [f"Addresses: the carrier reaches us at {answered['our_address']} and wants our audio at "]
    lines[0] += f"{answered['media_host']}."
    if _is_private(answered["media_host"]) and not _is_private(answered["our_address"].rpartition(":")[0].strip("[]")):
        lines.append(
            "The carrier stands behind a NAT of its own (a private address in its SDP): audio works only because we "
            "answer where its audio comes from."
        )
    if public and public not in answered["our_address"]:
        lines.append(f"`public.address` ({public}) was not used: this carrier is inside our own network.")
    return lines


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def _moment(event: dict[str, Any]) -> datetime:
    at = event["at"]
    return at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
