# SPDX-License-Identifier: AGPL-3.0-or-later
"""SIP messages: reading and writing bytes (RFC 3261 sections 7 and 20).

Theory of operation
-------------------
Reading a message is the largest single work of a call, so a message written as nearly all are (one header a line, no
folded line, no stray control character) is read by two patterns: `_START` and `_HEADERS`. They find exactly one header
for each line end, or the message is read again, line by line, by the reader that says what is wrong with it.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from permanence.telephony.sip.bodies import sdp_of
from permanence.telephony.sip.grammar import (
    WORD,
    WORD_CHARACTER,
    BadSyntax,
    NameAddr,
    Uri,
    Via,
    decimal,
    is_token,
    parse_cseq,
    split_list,
)

_COMPACT = {
    "i": "Call-ID",
    "m": "Contact",
    "e": "Content-Encoding",
    "l": "Content-Length",
    "c": "Content-Type",
    "f": "From",
    "s": "Subject",
    "k": "Supported",
    "t": "To",
    "v": "Via",
    "x": "Session-Expires",
    "r": "Refer-To",
    "b": "Referred-By",
    "o": "Event",
    "u": "Allow-Events",
    "y": "Identity",
}
_IRREGULAR = ("Call-ID", "CSeq", "Min-SE", "RAck", "RSeq", "WWW-Authenticate", "MIME-Version", "P-Called-Party-ID")
_NAMES = _COMPACT | {name.lower(): name for name in _IRREGULAR}
_LONGEST_KEPT_NAME = 64
"""A longer name is read line by line and its spelling not kept: strangers, too, may send any."""
# Both read a head in which every carriage return begins a line end: a value goes on to the next one.
_START = re.compile(rf"(?:({WORD}) ([^ \r]*+) SIP/2\.0|SIP/2\.0 ([1-6][0-9]{{2}}) ([^\r]*+))(?![^\r])")
_HEADERS = re.compile(rf"\r\n({WORD_CHARACTER}{{1,{_LONGEST_KEPT_NAME}}}+)[ \t]*+:[ \t]*+([^\r]*+)")
_ONCE = ("Call-ID", "CSeq", "From", "To")
_NEEDED = frozenset({*_ONCE, "Via"})
_AT_MOST_ONCE = ("Max-Forwards", "Content-Type", "Content-Length", "Session-Expires", "Min-SE", "RSeq", "RAck")
_MAX_FORWARDS = 255
_HOPS = frozenset(str(hops) for hops in range(_MAX_FORWARDS + 1))
_MAX_EXPIRES = 2**32 - 1
_NO_ADDRESS = frozenset({"*", ""})
_NO_TOKENS: frozenset[str] = frozenset()
_DIALOG_FORMING = frozenset({"INVITE", "SUBSCRIBE", "REFER"})
COOKIE = "z9hG4bK"
"""The beginning of every branch that follows RFC 3261 (section 8.1.1.7)."""


class BadMessage(ValueError):
    """Bytes that are no acceptable message. `partial` holds what could be read, for the refusal with `status`."""

    def __init__(self, status: int, why: str, partial: "SipMessage | None" = None) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.partial = partial


class SipMessage:
    """A request (`method`, `uri`) or a response (`status`, `reason`).

    Header names are canonical (`Call-ID`, `P-Asserted-Identity`); values of one name keep their order. What stands
    below `body` are parsed views, read by `parse_message` or when they are first asked for, and kept: change the
    headers before. They raise BadSyntax or KeyError on a message that `parse_message` did not check.
    """

    __slots__ = (
        "body",
        "call_id",
        "contact",
        "cseq",
        "echo",
        "headers",
        "method",
        "reason",
        "sdp",
        "sender",
        "status",
        "target",
        "to",
        "uri",
        "via",
    )
    method: str
    uri: str
    status: int
    reason: str
    headers: dict[str, list[str]]
    body: bytes
    via: Via
    """The topmost Via."""
    sender: NameAddr
    """From."""
    to: NameAddr
    """To."""
    cseq: tuple[int, str]
    """CSeq: number and method."""
    call_id: str
    """Call-ID."""
    target: Uri
    """The Request-URI."""
    contact: NameAddr | None
    """The first Contact, None when there is none or it is `*`."""
    sdp: str | None
    """The session description of the body, also inside a multipart (as SIP-I trunks send it)."""
    echo: tuple[str, str]
    """The header lines that every response to this request repeats: up to To, where a tag may follow, and the rest."""

    def __init__(self, method: str = "", uri: str = "", status: int = 0, reason: str = "") -> None:
        self.method = method
        self.uri = uri
        self.status = status
        self.reason = reason
        self.headers = {}
        self.body = b""

    if not TYPE_CHECKING:  # the type checker knows the views by their declarations, and must refuse any other name

        def __getattr__(self, name: str) -> object:
            """Reads a view that is not there yet."""
            reader = _VIEWS.get(name)
            if reader is None:
                raise AttributeError(name)
            value = reader(self)
            setattr(self, name, value)
            return value

    def add(self, name: str, value: str | int) -> "SipMessage":
        """Adds a value under a canonical name; returns the message, for chains."""
        self.headers.setdefault(name, []).append(str(value))
        return self

    def set_body(self, content_type: str, body: str) -> "SipMessage":
        """Puts a text body in."""
        self.body = body.encode("utf-8", "surrogateescape")
        return self.add("Content-Type", content_type)

    def get(self, name: str) -> str | None:
        """The first value, or None."""
        values = self.headers.get(name)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        """Every value, in order, as written in the lines."""
        return self.headers.get(name, [])

    def elements(self, name: str) -> list[str]:
        """Every element of a comma-separated header."""
        values = self.headers.get(name)
        if values is None:
            return []
        if len(values) == 1 and "," not in values[0]:
            part = values[0].strip()
            return [part] if part else []
        return [part for value in values for part in split_list(value) if part]

    def tokens(self, name: str) -> frozenset[str]:
        """The elements of a header of tokens (Supported, Require, Allow), lower case."""
        if name not in self.headers:
            return _NO_TOKENS
        return frozenset([part.lower() for part in self.elements(name)])

    @property
    def content_type(self) -> str:
        """The body's type without parameters, lower case; empty when there is none."""
        return (self.get("Content-Type") or "").partition(";")[0].strip().lower()

    def encode(self) -> bytes:
        """The message as bytes, with its Content-Length."""
        start = f"{self.method} {self.uri} SIP/2.0" if self.method else f"SIP/2.0 {self.status} {self.reason}"
        headers = self.headers.items()
        lines = [f"{name}: {value}\r\n" for name, values in headers if name != "Content-Length" for value in values]
        head = f"{start}\r\n{''.join(lines)}Content-Length: {len(self.body)}\r\n\r\n"
        return head.encode("utf-8", "surrogateescape") + self.body


def _contact(message: SipMessage) -> NameAddr | None:
    values = message.elements("Contact")
    return NameAddr.parse(values[0]) if values and values[0] != "*" else None


def _echo(request: SipMessage) -> tuple[str, str]:
    headers = request.headers
    vias = "\r\nVia: ".join(headers["Via"])
    return (
        f"Via: {vias}\r\nFrom: {headers['From'][0]}\r\nTo: {headers['To'][0]}",
        f"\r\nCall-ID: {headers['Call-ID'][0]}\r\nCSeq: {headers['CSeq'][0]}\r\n",
    )


_VIEWS: dict[str, Callable[[SipMessage], object]] = {
    "via": lambda message: Via.parse(split_list(message.headers["Via"][0])[0]),
    "sender": lambda message: NameAddr.parse(message.headers["From"][0]),
    "to": lambda message: NameAddr.parse(message.headers["To"][0]),
    "cseq": lambda message: parse_cseq(message.headers["CSeq"][0]),
    "call_id": lambda message: message.headers["Call-ID"][0],
    "target": lambda message: Uri.parse(message.uri),
    "contact": _contact,
    "sdp": lambda message: sdp_of(message.get("Content-Type") or "", message.body),
    "echo": _echo,
}


@lru_cache(maxsize=1_024)
def canonical_name(name: str) -> str:
    """The one spelling of a (short) header name: compact forms written out, capitals as in the RFCs."""
    return _spelled(name)


def _spelled(name: str) -> str:
    lower = name.lower()
    return _NAMES.get(lower) or "-".join(part.capitalize() for part in lower.split("-"))


def parse_message(data: bytes, max_headers: int = 256) -> SipMessage:
    """Reads and checks one message. Raises BadMessage with the status that RFC 3261 and RFC 4475 name."""
    head, end, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    text = head.decode("utf-8", "surrogateescape")
    lines = text.count("\r\n")
    message = _read_plain(text, lines) if end and lines <= max_headers else None
    refusal = None
    if message is None:
        message, refusal = _read_lines(text.split("\r\n"), max_headers, ended=bool(end))
    try:
        if refusal is not None:
            raise refusal
        # Fewer names than lines: a name came twice, or a line was folded.
        _check(message, body, repeated=len(message.headers) != lines)
    except BadMessage as bad:
        bad.partial = message
        raise
    except BadSyntax as bad:
        raise BadMessage(400, str(bad), message) from bad
    return message


def _read_plain(text: str, lines: int) -> SipMessage | None:
    """A head without any irregularity; None for another one, which `_read_lines` reads. `lines`: its line ends."""
    start = _START.match(text)
    if start is None or text.count("\r") != lines:
        return None
    found = _HEADERS.findall(text, start.end())
    if len(found) != lines:
        return None
    method, uri, status, reason = start.groups()
    message = SipMessage(method, uri) if method else SipMessage("", "", int(status), reason)
    message.headers = {canonical_name(name): [value.strip()] for name, value in found}
    if len(message.headers) != lines:  # some names came twice
        headers: dict[str, list[str]] = {}
        message.headers = headers
        for name, value in found:
            headers.setdefault(canonical_name(name), []).append(value.strip())
    return message


def _read_lines(lines: list[str], max_headers: int, *, ended: bool) -> tuple[SipMessage, BadMessage | None]:
    """Any head: what can be read of it, and what is wrong with it."""
    message, refusal = _start_line(lines[0])
    bad_line = _read_headers(message, lines[: max_headers + 1])
    if len(lines) > max_headers + 1:
        bad_line = "too many header lines"
    if refusal is None and (bad_line or not ended):
        refusal = BadMessage(400, bad_line or "no empty line after the headers")
    return message, refusal


def _start_line(line: str) -> tuple[SipMessage, BadMessage | None]:
    first, _, rest = line.partition(" ")
    if first.upper() == "SIP/2.0":
        code, _, phrase = rest.partition(" ")
        status = decimal(code, 699)
        if status is None or status < 100 or len(code) != 3:
            return SipMessage(status=999), BadMessage(400, "bad status")
        return SipMessage(status=status, reason=phrase), None
    parts = line.split(" ")
    if len(parts) != 3 or not is_token(parts[0]):
        return SipMessage(method="?", uri="?"), BadMessage(400, "bad start line")
    message = SipMessage(method=parts[0], uri=parts[1])
    if parts[2].upper() == "SIP/2.0":
        return message, None
    known = parts[2].upper().startswith("SIP/")
    return message, BadMessage(505, "version not supported") if known else BadMessage(400, "bad start line")


def _read_headers(message: SipMessage, lines: list[str]) -> str | None:
    """Fills the headers; returns what is wrong with the first bad line."""
    unfolded: list[list[str]] = []
    for line in lines[1:]:
        if line[:1] in {" ", "\t"} and unfolded:
            unfolded[-1].append(line.strip())
        else:
            unfolded.append([line])
    wrong = None
    for pieces in unfolded:
        name, colon, value = (" ".join(pieces) if len(pieces) > 1 else pieces[0]).partition(":")
        name = name.rstrip(" \t")
        if not colon or not is_token(name):
            wrong = wrong or "bad header line"
            continue
        spelled = canonical_name(name) if len(name) <= _LONGEST_KEPT_NAME else _spelled(name)
        message.headers.setdefault(spelled, []).append(value.strip())
    return wrong


def _check(message: SipMessage, body: bytes, *, repeated: bool) -> None:
    headers = message.headers
    if repeated or not headers.keys() >= _NEEDED:
        _check_counts(headers)
    length = headers.get("Content-Length")
    message.body = body if length is None or length[0] == str(len(body)) else _cut_body(length[0], body)
    message.call_id = headers["Call-ID"][0]
    if not message.call_id:
        raise BadMessage(400, "empty Call-ID")
    via = headers["Via"][0]
    message.via = Via.parse(split_list(via)[0] if "," in via else via)
    message.sender = NameAddr.parse(headers["From"][0])
    message.to = NameAddr.parse(headers["To"][0])
    message.cseq = parse_cseq(headers["CSeq"][0])
    if message.method:
        _check_request(message)


def _check_counts(headers: dict[str, list[str]]) -> None:
    for name in _ONCE:
        if name not in headers:
            raise BadMessage(400, f"missing {name}")
        if len(headers[name]) > 1:
            raise BadMessage(400, f"repeated {name}")
    for name in _AT_MOST_ONCE:
        if name in headers and len(headers[name]) > 1:
            raise BadMessage(400, f"repeated {name}")
    if "Via" not in headers:
        raise BadMessage(400, "missing Via")


def _cut_body(written: str, body: bytes) -> bytes:
    length = decimal(written, 2**31)
    if length is None:
        raise BadMessage(400, "bad Content-Length")
    if length > len(body):
        raise BadMessage(400, "body shorter than Content-Length")
    return body[:length]


def _check_request(message: SipMessage) -> None:
    headers, method = message.headers, message.method
    if message.cseq[1] != method:
        raise BadMessage(400, "CSeq names another method")
    message.target = Uri.parse(message.uri)
    if message.target.headers:
        raise BadMessage(400, "headers in the Request-URI")
    hops = headers.get("Max-Forwards")
    if hops is not None and hops[0] not in _HOPS and decimal(hops[0], _MAX_FORWARDS) is None:
        raise BadMessage(400, "bad Max-Forwards")
    if "Expires" in headers and decimal(headers["Expires"][0], _MAX_EXPIRES) is None:
        raise BadMessage(400, "bad Expires")
    if "Date" in headers and not headers["Date"][0].endswith("GMT"):
        raise BadMessage(400, "bad Date")
    written = headers.get("Contact")
    if written is not None and len(written) == 1 and "," not in written[0] and written[0] not in _NO_ADDRESS:
        message.contact = NameAddr.parse(written[0])  # one address, as usual
        return
    contacts = message.elements("Contact")
    addresses = [NameAddr.parse(value) for value in contacts if value != "*"]
    message.contact = addresses[0] if addresses and contacts[0] != "*" else None
    # RFC 2543 user agents (no magic cookie in the branch) could leave Contact out: RFC 4475 section 3.4.1.
    if not addresses and method in _DIALOG_FORMING and message.via.branch.startswith(COOKIE):
        raise BadMessage(400, "missing Contact")
