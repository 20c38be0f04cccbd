# SPDX-License-Identifier: AGPL-3.0-or-later
"""SIP messages: reading bytes, writing bytes, building responses (RFC 3261 sections 7, 8.2.6 and 20)."""

from collections.abc import Callable
from functools import cached_property, lru_cache

from permanence.telephony.sip.bodies import sdp_of
from permanence.telephony.sip.grammar import BadSyntax, NameAddr, Uri, Via, decimal, is_token, parse_cseq, split_list
from permanence.telephony.sip.phrases import PHRASES

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
_ONCE = ("Call-ID", "CSeq", "From", "To")
_AT_MOST_ONCE = ("Max-Forwards", "Content-Type", "Content-Length", "Session-Expires", "Min-SE", "RSeq", "RAck")
_MAX_FORWARDS = 255
_MAX_EXPIRES = 2**32 - 1
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

    Header names are canonical (`Call-ID`, `P-Asserted-Identity`); values of one name keep their order. The parsed
    views (`via`, `sender`, `to`...) are read once: change the headers before looking at them. They raise BadSyntax on
    a message that `parse_message` did not check.
    """

    def __init__(self, method: str = "", uri: str = "", status: int = 0, reason: str = "") -> None:
        self.method = method
        self.uri = uri
        self.status = status
        self.reason = reason
        self.headers: dict[str, list[str]] = {}
        self.body = b""

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
        return [part for value in self.headers.get(name, ()) for part in split_list(value) if part]

    def tokens(self, name: str) -> frozenset[str]:
        """The elements of a header of tokens (Supported, Require, Allow), lower case."""
        return frozenset(part.lower() for part in self.elements(name))

    @cached_property
    def via(self) -> Via:
        """The topmost Via."""
        return Via.parse(split_list(self.headers["Via"][0])[0])

    @cached_property
    def sender(self) -> NameAddr:
        """From."""
        return NameAddr.parse(self.headers["From"][0])

    @cached_property
    def to(self) -> NameAddr:
        """To."""
        return NameAddr.parse(self.headers["To"][0])

    @cached_property
    def cseq(self) -> tuple[int, str]:
        """CSeq: number and method."""
        return parse_cseq(self.headers["CSeq"][0])

    @cached_property
    def contact(self) -> NameAddr | None:
        """The first Contact, None when there is none or it is `*`."""
        values = self.elements("Contact")
        return NameAddr.parse(values[0]) if values and values[0] != "*" else None

    @property
    def call_id(self) -> str:
        """Call-ID."""
        return self.headers["Call-ID"][0]

    @property
    def content_type(self) -> str:
        """The body's type without parameters, lower case; empty when there is none."""
        return (self.get("Content-Type") or "").partition(";")[0].strip().lower()

    @cached_property
    def sdp(self) -> str | None:
        """The session description of the body, also inside a multipart (as SIP-I trunks send it)."""
        return sdp_of(self.get("Content-Type") or "", self.body)

    def encode(self) -> bytes:
        """The message as bytes, with its Content-Length."""
        start = f"{self.method} {self.uri} SIP/2.0" if self.method else f"SIP/2.0 {self.status} {self.reason}"
        lines = [start]
        for name, values in self.headers.items():
            if name != "Content-Length":
                lines += [f"{name}: {value}" for value in values]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


@lru_cache(maxsize=1_024)
def canonical_name(name: str) -> str:
    """The one spelling of a header name: compact forms written out, capitals as in the RFCs."""
    lower = name.lower()
    return _NAMES.get(lower) or "-".join(part.capitalize() for part in lower.split("-"))


def parse_message(data: bytes, max_headers: int = 256) -> SipMessage:
    """Reads and checks one message. Raises BadMessage with the status that RFC 3261 and RFC 4475 name."""
    head, end, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    message, refusal = _start_line(lines[0])
    bad_line = _read_headers(message, lines[: max_headers + 1])
    if len(lines) > max_headers + 1:
        bad_line = "too many header lines"
    try:
        if refusal is not None:
            raise refusal
        if bad_line or not end:
            raise BadMessage(400, bad_line or "no empty line after the headers")
        _check(message, body)
    except BadMessage as bad:
        bad.partial = message
        raise
    except BadSyntax as bad:
        raise BadMessage(400, str(bad), message) from bad
    return message


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
        message.headers.setdefault(canonical_name(name), []).append(value.strip())
    return wrong


def _check(message: SipMessage, body: bytes) -> None:
    for name in _ONCE:
        if len(message.all(name)) != 1:
            raise BadMessage(400, f"{'repeated' if message.all(name) else 'missing'} {name}")
    for name in _AT_MOST_ONCE:
        if len(message.all(name)) > 1:
            raise BadMessage(400, f"repeated {name}")
    if not message.all("Via"):
        raise BadMessage(400, "missing Via")
    message.body = _cut_body(message, body)
    if not message.call_id:
        raise BadMessage(400, "empty Call-ID")
    _ = message.via, message.sender, message.to, message.cseq
    if message.method:
        _check_request(message)


def _cut_body(message: SipMessage, body: bytes) -> bytes:
    written = message.get("Content-Length")
    if written is None:
        return body
    length = decimal(written, 2**31)
    if length is None:
        raise BadMessage(400, "bad Content-Length")
    if length > len(body):
        raise BadMessage(400, "body shorter than Content-Length")
    return body[:length]


def _check_request(message: SipMessage) -> None:
    if message.cseq[1] != message.method:
        raise BadMessage(400, "CSeq names another method")
    if Uri.parse(message.uri).headers:
        raise BadMessage(400, "headers in the Request-URI")
    hops = message.get("Max-Forwards")
    if hops is not None and decimal(hops, _MAX_FORWARDS) is None:
        raise BadMessage(400, "bad Max-Forwards")
    expires = message.get("Expires")
    if expires is not None and decimal(expires, _MAX_EXPIRES) is None:
        raise BadMessage(400, "bad Expires")
    date = message.get("Date")
    if date is not None and not date.endswith("GMT"):
        raise BadMessage(400, "bad Date")
    contacts = [NameAddr.parse(value) for value in message.elements("Contact") if value != "*"]
    # RFC 2543 user agents (no magic cookie in the branch) could leave Contact out: RFC 4475 section 3.4.1.
    if not contacts and message.method in _DIALOG_FORMING and message.via.branch.startswith(COOKIE):
        raise BadMessage(400, "missing Contact")


def respond(request: SipMessage, status: int, tag: str | None = None, reason: str | None = None) -> SipMessage:
    """A response to `request` (RFC 3261 section 8.2.6); `tag` goes to To where it has none yet."""
    response = SipMessage(status=status, reason=reason or PHRASES.get(status, "Unnamed"))
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        values = request.headers.get(name)
        if values:
            response.headers[name] = list(values)
    if tag and status > 100 and response.headers.get("To") and not has_tag(request):
        response.headers["To"][0] += f";tag={tag}"
    return response


def has_tag(message: SipMessage) -> bool:
    """Whether To carries a tag; False when it cannot be read."""
    return _quietly(lambda: message.to.tag is not None)


def _quietly(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except (BadSyntax, KeyError):
        return False
