# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pieces of a header: URIs, addresses, Via, parameters (RFC 3261 section 25.1).

Every reader is linear in the length of its text: single passes, and patterns without nested quantifiers, since anybody
may send anything. What does not fit raises `BadSyntax`.

Every request brings a Via, two addresses and some URIs, nearly always in their plainest form: `_PLAIN_VIA`,
`_PLAIN_ADDRESS` and `_PLAIN_URI` read that form whole, by one match. They accept nothing that the general readers below
them would refuse, and read it alike; whatever they do not match goes to the general ones.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self
from urllib.parse import unquote

WORD_CHARACTER = r"[A-Za-z0-9\-.!%*_+`'~]"
WORD = f"{WORD_CHARACTER}++"
"""The pattern of a token of RFC 3261."""
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_TOKEN_ONLY = re.compile(WORD)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*+")
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9.\-_]++)(?::([0-9]{1,5}))?")
_PARAM = re.compile(rf'\s*+;\s*+({WORD})\s*+(?:=\s*+({_QUOTED}|\[[0-9A-Fa-f:.]++\]|[^\s;,"=]++)\s*+)?', re.DOTALL)
_VIA = re.compile(
    rf"SIP\s*+/\s*+2\.0\s*+/\s*+({WORD})\s++(\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9.\-_]++)\s*+(?::\s*+([0-9]{{1,5}}))?\s*+(;.*)?",
    re.IGNORECASE | re.DOTALL,
)
_PLAIN = r"(sips?):(?:([A-Za-z0-9+.\-_]++)@)?([A-Za-z0-9.\-]++)(?::([0-9]{1,5}))?"
_PLAIN_URI = re.compile(_PLAIN)
_PLAIN_ADDRESS = re.compile(rf'(?:"([^"\\]*+)"\s*+)?<(?:({_PLAIN})|([^<>"]++))>(?:;tag=({WORD}))?')
_PLAIN_VIA = re.compile(
    r"SIP/2\.0/(UDP|TCP|TLS) (\[[0-9a-f:.]++\]|[a-z0-9.\-_]++)(?::([1-9][0-9]{0,4}))?"
    rf"(;rport)?;branch=({WORD})(;rport)?"
)
_DISPLAY = re.compile(rf'\s*+(?:({_QUOTED})\s*+|([^"<>,]*+))<', re.DOTALL)
_CSEQ = re.compile(rf"([0-9]{{1,10}})\s++({WORD})")
_UNUSABLE_IN_URI = re.compile(r'[\s<>"]')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MAX_CSEQ = 2**31
_KEPT = 2_048
_KEPT_LENGTH = 256

Params = dict[str, str | None]
"""Parameters by lower-case name; None for one without value. Quoted values keep their quotes."""


class BadSyntax(ValueError):
    """The text does not follow the grammar; the message says what was wrong."""


def is_token(text: str) -> bool:
    """Whether `text` is a token of RFC 3261 (a method, a header name)."""
    return _TOKEN_ONLY.fullmatch(text) is not None


def unquoted(value: str) -> str:
    """The content of a quoted string, or the text itself when it is none."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return _ESCAPED.sub(r"\1", value[1:-1])
    return value


def printable(text: str) -> str:
    """`text` as it may be shown and stored: octets that were no UTF-8 become `?`, control characters go."""
    if text.isascii() and text.isprintable():
        return text
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return clean if clean.isprintable() else "".join(char for char in clean if char.isprintable())


def split_list(value: str) -> list[str]:
    """The elements of a comma-separated header value; commas inside quotes or angle brackets do not part."""
    if "," not in value:
        return [value.strip()]
    parts: list[str] = []
    start = 0
    quoted = escaped = False
    depth = 0
    for position, char in enumerate(value):
        if escaped:
            escaped = False
        elif quoted:
            escaped = char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char == "<":
            depth += 1
        elif char == ">":
            depth -= 1
        elif char == "," and depth <= 0:
            parts.append(value[start:position].strip())
            start = position + 1
    parts.append(value[start:].strip())
    return parts


def parse_params(text: str) -> Params:
    """Parameters written `;name=value;name`. Raises BadSyntax, also for a repeated name (RFC 3261 section 7.3.1)."""
    params: Params = {}
    position = 0
    while position < len(text):
        found = _PARAM.match(text, position)
        if found is None:
            if text[position:].strip():
                raise BadSyntax("bad parameters")
            break
        name = found[1].lower()
        if name in params:
            raise BadSyntax("repeated parameter")
        params[name] = found[2]
        position = found.end()
    return params


def write_params(params: Params) -> str:
    """The inverse of `parse_params`."""
    return "".join([f";{name}" if value is None else f";{name}={value}" for name, value in params.items()])


# The three below are read several times a call. They are not frozen, which would cost a call into C for each field;
# nobody changes them, but for the parameters of a Via.


@dataclass(slots=True)
class Uri:
    """A URI. For a scheme other than sip and sips, `host` holds everything after the colon.

    `user` is as written (escaped); `headers` is what stands after the question mark.
    """

    scheme: str
    user: str | None
    host: str
    port: int | None
    params: Params
    headers: str
    text: str
    _number: str | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> "Uri":
        """Raises BadSyntax."""
        return _known_uri(text) if len(text) <= _KEPT_LENGTH else cls._parse(text)

    @classmethod
    def _parse(cls, text: str) -> Self:
        plain = _PLAIN_URI.fullmatch(text)
        if plain is not None:
            scheme, user, host, digits = plain.groups()
            return cls(scheme, user, host.lower(), _port(digits), {}, "", text)
        scheme, colon, rest = text.partition(":")
        if not colon or _SCHEME.fullmatch(scheme) is None or _UNUSABLE_IN_URI.search(rest):
            raise BadSyntax("bad URI")
        scheme = scheme.lower()
        if scheme not in {"sip", "sips"}:
            return cls(scheme, None, rest, None, {}, "", text)
        user, at, place = rest.rpartition("@")
        place, _, headers = place.partition("?")
        host_port, semicolon, tail = place.partition(";")
        found = _HOST_PORT.fullmatch(host_port)
        if found is None or (at and not user):
            raise BadSyntax("bad host in URI")
        port = _port(found[2])
        params = _uri_params(tail) if semicolon else {}
        return cls(scheme, user if at else None, found[1].lower(), port, params, headers, text)

    @property
    def number(self) -> str:
        """The user part unescaped, without password and parameters; for `tel:` the number itself (RFC 3966)."""
        if self._number is None:
            written = self.host if self.scheme == "tel" else (self.user or "")
            number = written.partition(";")[0].partition(":")[0]
            self._number = printable(unquote(number) if "%" in number else number)
        return self._number

    @property
    def transport(self) -> str:
        """The transport parameter, lower case; `tls` for sips, `udp` otherwise."""
        return (self.params.get("transport") or ("tls" if self.scheme == "sips" else "udp")).lower()


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    port = int(text)
    if not 0 < port < 65_536:
        raise BadSyntax("bad port")
    return port


def _uri_params(text: str) -> Params:
    params: Params = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        params[name.lower()] = value if equals else None
    return params


@dataclass(slots=True)
class NameAddr:
    """An address of From, To, Contact, Route and the like: display name, URI, header parameters, among them the tag."""

    display: str
    uri: Uri
    params: Params
    tag: str | None

    @classmethod
    def parse(cls, text: str) -> "NameAddr":
        """Raises BadSyntax. Without angle brackets, parameters belong to the header (RFC 3261 section 20.10)."""
        return _known_address(text) if len(text) <= _KEPT_LENGTH else cls._parse(text)

    @classmethod
    def _parse(cls, text: str) -> Self:
        plain = _PLAIN_ADDRESS.fullmatch(text)
        if plain is not None:
            name, written, scheme, user, host, digits, other, tag = plain.groups()
            known = Uri.parse(other) if other else Uri(scheme, user, host.lower(), _port(digits), {}, "", written)
            return cls(name or "", known, {} if tag is None else {"tag": tag}, tag)
        found = _DISPLAY.match(text)
        if found is None:
            return cls._bare(text)
        close = text.find(">", found.end())
        if close < 0:
            raise BadSyntax("unclosed angle bracket")
        display = unquoted(found[1]) if found[1] else found[2].strip()
        uri, params = Uri.parse(text[found.end() : close]), parse_params(text[close + 1 :])
        return cls(display, uri, params, params.get("tag"))

    @classmethod
    def _bare(cls, text: str) -> Self:
        written, semicolon, params = text.strip().partition(";")
        written = written.strip()
        if any(char in written for char in '<>",?'):
            raise BadSyntax("an address with these characters needs angle brackets")
        uri, read = Uri.parse(written), parse_params(semicolon + params)
        return cls("", uri, read, read.get("tag"))


# The messages of one call repeat their addresses: what was read is kept, few and short, and must not be changed.


@lru_cache(maxsize=_KEPT)
def _known_uri(text: str) -> Uri:
    return Uri._parse(text)


@lru_cache(maxsize=_KEPT)
def _known_address(text: str) -> NameAddr:
    return NameAddr._parse(text)


@dataclass(slots=True)
class Via:
    """One hop of the way back (RFC 3261 section 20.42). `branch` is that parameter, empty when absent; `plain` the text
    it was read from, where it stands as `str` would write it."""

    transport: str
    host: str
    port: int | None
    params: Params
    branch: str
    plain: str = field(default="", repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises BadSyntax."""
        plain = _PLAIN_VIA.fullmatch(text)
        params: Params
        if plain is not None and not (plain[4] and plain[6]):
            transport, host, digits, before, branch, after = plain.groups()
            params = {"rport": None, "branch": branch} if before else {"branch": branch}
            if after:
                params["rport"] = None
            return cls(transport, host, _port(digits), params, branch, text)
        found = _VIA.fullmatch(text.strip())
        if found is None:
            raise BadSyntax("bad Via")
        params = parse_params(found[4] or "")
        return cls(found[1].upper(), found[2].lower(), _port(found[3]), params, params.get("branch") or "")

    def stamp(self, host: str, port: int | None) -> str:
        """Notes where the message really came from; `port` where the sender asked for it (RFC 3261 section 18.2.1,
        RFC 3581 section 4). Returns the Via as it is written from now on."""
        plain, self.plain = self.plain, ""
        if port is not None:
            self.params["rport"] = str(port)
            plain = plain.replace(";rport", f";rport={port}") if ";rport" in plain else ""
        self.params["received"] = host
        return f"{plain};received={host}" if plain else str(self)

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"SIP/2.0/{self.transport} {self.host}{port}{write_params(self.params)}"


def parse_cseq(text: str) -> tuple[int, str]:
    """The number and the method. Raises BadSyntax, also for a number of 2**31 or more (RFC 3261 section 8.1.1.5)."""
    return known_cseq(text) if len(text) <= _KEPT_LENGTH else _parse_cseq(text)


@lru_cache(maxsize=512)
def known_cseq(text: str) -> tuple[int, str]:
    """The same for a short one, which is kept."""
    return _parse_cseq(text)


def _parse_cseq(text: str) -> tuple[int, str]:
    found = _CSEQ.fullmatch(text)
    if found is None or int(found[1]) >= _MAX_CSEQ:
        raise BadSyntax("bad CSeq")
    return int(found[1]), found[2]


def decimal(text: str | None, limit: int) -> int | None:
    """`text` as a number of ASCII digits not above `limit`; None when it is not one."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 12:
        return None
    value = int(text)
    return value if value <= limit else None
