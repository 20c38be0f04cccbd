# SPDX-License-Identifier: AGPL-3.0-or-later
"""SDP (RFC 8866): bounded reading of any session description. What a trunk's audio offers and answers is `sdp_audio`,
what a browser's permanent line does is `sdp_browser`."""

import ipaddress
import re
from dataclasses import dataclass
from itertools import pairwise

SDP_LIMIT = 32768
"""Longest description read, characters."""
_LINES_LIMIT = 1000
_MEDIA_LIMIT = 32
_FORMATS_LIMIT = 64
_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]{1,64}\Z")
_DIGITS = re.compile(r"[0-9]{1,20}\Z")
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


class SdpError(ValueError):
    """Not a session description we can read: answer 400."""


class SdpRefused(SdpError):
    """A good description without audio we speak: answer 488."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One `m=` section, its words as they were written.

    `host` is its connection address (its own `c=` or the session's), "" where there is none."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    host: str
    attributes: tuple[tuple[str, str], ...] = ()
    own_direction: str | None = None

    def attribute(self, name: str) -> str | None:
        """The value of the first `a=name:value` (or "" of `a=name`), None where there is none."""
        return next((value for key, value in self.attributes if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDescription:
    """A session description: what the protocols above need of it."""

    origin_id: str
    origin_version: int
    origin_host: str
    host: str
    attributes: tuple[tuple[str, str], ...]
    media: tuple[Media, ...]

    def attribute(self, name: str) -> str | None:
        """The value of the first session level `a=name:value`, None where there is none."""
        return next((value for key, value in self.attributes if key == name), None)

    def direction(self, media: Media) -> str:
        """The direction of a section: its own, else the session's, else sendrecv (RFC 8866 section 6.7)."""
        if media.own_direction is not None:
            return media.own_direction
        return next((name for name, _ in self.attributes if name in DIRECTIONS), "sendrecv")


def parse_sdp(text: str) -> SessionDescription:
    """Read a description; lines may end with CRLF or LF. Raises SdpError; unknown lines and attributes are kept out."""
    if len(text) > SDP_LIMIT:
        raise SdpError("too long")
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    if len(lines) > _LINES_LIMIT or not lines or lines[0].rstrip() != "v=0":
        raise SdpError("no v=0")
    for line in lines:
        if len(line) < 2 or line[1] != "=" or not line[0].isalpha() or "\0" in line or "\r" in line:
            raise SdpError("a line is not <letter>=<value>")
    starts = [index for index, line in enumerate(lines) if line[0] == "m"]
    if len(starts) > _MEDIA_LIMIT:
        raise SdpError("too many media")
    session = lines[: starts[0]] if starts else lines
    origin = next((line[2:].split() for line in session if line[0] == "o"), None)
    if origin is None or len(origin) != 6 or not _DIGITS.match(origin[2]):
        raise SdpError("o=")
    host = _connection(session, "")
    sections = [lines[start:end] for start, end in pairwise([*starts, len(lines)])]
    return SessionDescription(
        origin_id=origin[1],
        origin_version=int(origin[2]),
        origin_host=origin[5],
        host=host,
        attributes=_attributes(session),
        media=tuple(_media(section, host) for section in sections),
    )


def connection_line(host: str) -> str:
    """The value of `c=` (and the end of `o=`) for an IP address: `IN IP4 192.0.2.1`. Raises ValueError on a name."""
    return f"IN IP{ipaddress.ip_address(host).version} {host}"


def _media(section: list[str], session_host: str) -> Media:
    words = section[0][2:].split()
    if len(words) < 4 or len(words) - 3 > _FORMATS_LIMIT or not all(len(word) <= 64 for word in words):
        raise SdpError("m=")
    number, _, count = words[1].partition("/")
    if not _DIGITS.match(number) or int(number) > 65535 or (count and not _DIGITS.match(count)):
        raise SdpError("m= port")
    if not _TOKEN.match(words[0]):
        raise SdpError("m= media")
    attributes = _attributes(section)
    return Media(
        kind=words[0],
        port=int(number),
        protocol=words[2],
        formats=tuple(words[3:]),
        host=_connection(section, session_host),
        attributes=attributes,
        own_direction=next((name for name, _ in attributes if name in DIRECTIONS), None),
    )


def _connection(lines: list[str], otherwise: str) -> str:
    """The address of the first `c=`; a multicast suffix (/ttl) is refused, a host name is kept as it is."""
    line = next((line for line in lines if line[0] == "c"), None)
    if line is None:
        return otherwise
    words = line[2:].split()
    if len(words) != 3 or words[0].upper() != "IN" or words[1].upper() not in ("IP4", "IP6") or len(words[2]) > 255:
        raise SdpError("c=")
    return words[2]


def _attributes(lines: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = (line[2:].partition(":") for line in lines if line[0] == "a")
    return tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
