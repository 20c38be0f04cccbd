# SPDX-License-Identifier: AGPL-3.0-or-later
"""SDP (RFC 8866): bounded reading of any session description. What a trunk's audio offers and answers is `sdp_audio`,
what a browser's permanent line does is `sdp_browser`."""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

SDP_LIMIT = 32768
"""Longest description read, characters."""
_LINES_LIMIT = 1000
_MEDIA_LIMIT = 32
_FORMATS_LIMIT = 64
_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]{1,64}\Z")
_DIGITS = re.compile(r"[0-9]{1,20}\Z")
_PLAIN = re.compile(r"v=0(?:\n[A-Za-z]=[^\0\r\n]*+)*+\n?")
_ORIGIN = re.compile(r"\no=([^\n]*+)")
_ATTRIBUTES = re.compile(r"\na=([a-z0-9\-]++)(?::(\S(?:[^\n]*\S)?)?)?(?=\n|\Z)")
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


Attributes = tuple[tuple[str, str], ...]
"""`a=name:value` in order; the value is "" where there is none."""


class SdpError(ValueError):
    """Not a session description we can read: answer 400."""


class SdpRefused(SdpError):
    """A good description without audio we speak: answer 488."""


# The two below are made for every offer and answer. They are not frozen, which would cost a call into C for each field;
# nobody changes them.


@dataclass(slots=True, kw_only=True)
class Media:
    """One `m=` section, its words as they were written.

    `host` is its connection address (its own `c=` or the session's), "" where there is none."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    host: str
    attributes: Attributes = ()
    own_direction: str | None = None

    def attribute(self, name: str) -> str | None:
        """The value of the first `a=name:value` (or "" of `a=name`), None where there is none."""
        return _value(self.attributes, name)


@dataclass(slots=True, kw_only=True)
class SessionDescription:
    """A session description: what the protocols above need of it."""

    origin_id: str
    origin_version: int
    origin_host: str
    host: str
    attributes: Attributes
    media: tuple[Media, ...]

    def attribute(self, name: str) -> str | None:
        """The value of the first session level `a=name:value`, None where there is none."""
        return _value(self.attributes, name)

    def direction(self, media: Media) -> str:
        """The direction of a section: its own, else the session's, else sendrecv (RFC 8866 section 6.7)."""
        if media.own_direction is not None:
            return media.own_direction
        return _direction(self.attributes) or "sendrecv"


def parse_sdp(text: str) -> SessionDescription:
    """Read a description; lines may end with CRLF or LF. Raises SdpError; unknown lines and attributes are kept out."""
    if len(text) > SDP_LIMIT:
        raise SdpError("too long")
    text = text.replace("\r\n", "\n")
    if _PLAIN.fullmatch(text) is None or text.count("\n") >= _LINES_LIMIT:
        text = _checked(text)
    # Every line but the first, `v=0`, now follows a line end and is <letter>=<value>.
    session, *sections = text.split("\nm=")
    if len(sections) > _MEDIA_LIMIT:
        raise SdpError("too many media")
    found = _ORIGIN.search(session)
    origin = [] if found is None else found[1].split()
    if len(origin) != 6 or not _DIGITS.match(origin[2]):
        raise SdpError("o=")
    host = _connection(session, "")
    return SessionDescription(
        origin_id=origin[1],
        origin_version=int(origin[2]),
        origin_host=origin[5],
        host=host,
        attributes=_attributes(session),
        media=tuple([_media(section, host) for section in sections]),
    )


def _checked(text: str) -> str:
    """A description that is not plain: without its empty lines, or refused."""
    lines = [line for line in text.split("\n") if line]
    if len(lines) > _LINES_LIMIT or not lines or lines[0].rstrip() != "v=0":
        raise SdpError("no v=0")
    for line in lines:
        if len(line) < 2 or line[1] != "=" or not line[0].isalpha() or "\0" in line or "\r" in line:
            raise SdpError("a line is not <letter>=<value>")
    return "\n".join(lines)


@lru_cache(maxsize=256)
def connection_line(host: str) -> str:
    """The value of `c=` (and the end of `o=`) for an IP address: `IN IP4 192.0.2.1`. Raises ValueError on a name."""
    return f"IN IP{ipaddress.ip_address(host).version} {host}"


def _media(section: str, session_host: str) -> Media:
    words = section.partition("\n")[0].split()
    if len(words) < 4 or len(words) - 3 > _FORMATS_LIMIT or max(map(len, words)) > 64:
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
        own_direction=_direction(attributes),
    )


def _connection(section: str, otherwise: str) -> str:
    """The address of the first `c=`; a multicast suffix (/ttl) is refused, a host name is kept as it is."""
    begin = section.find("\nc=")
    if begin < 0:
        return otherwise
    words = section[begin + 3 :].partition("\n")[0].split()
    if len(words) != 3 or words[0].upper() != "IN" or words[1].upper() not in ("IP4", "IP6") or len(words[2]) > 255:
        raise SdpError("c=")
    return words[2]


def _attributes(section: str) -> Attributes:
    count = section.count("\na=")
    if not count:
        return ()
    found = _ATTRIBUTES.findall(section)
    if len(found) != count:  # one at least has spaces or capitals to be taken away
        pairs = [line[2:].partition(":") for line in section.split("\n")[1:] if line[:1] == "a"]
        found = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
    return tuple(found)


def _direction(attributes: Attributes) -> str | None:
    for name, _ in attributes:
        if name in DIRECTIONS:
            return name
    return None


def _value(attributes: Attributes, name: str) -> str | None:
    for key, value in attributes:
        if key == name:
            return value
    return None
