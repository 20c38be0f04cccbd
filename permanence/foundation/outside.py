# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one way to an address that somebody typed: HTTP with a guard, so that nobody reaches into the house's network.

Names are resolved once and what is connected to is the address that was looked at: a name that answers otherwise a
moment later changes nothing (DNS rebinding), and every redirection is looked at anew. Public addresses only by https;
networks that the installation calls its own (setting `house.own_networks`) also by http; what is link-local never, for
there the machines of a cloud keep their secrets. A login goes to the origin it was typed for and nowhere else.
"""

import base64
import contextlib
import functools
import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

from permanence.kernel.refusals import Refusal

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network
type Login = tuple[str, str]
type Resolve = Callable[[str, int], list[str]]

ADDRESS_LIMIT = 2_000
CONNECT_S = 10.0
TOTAL_S = 30.0
"""Seconds from the connection to the last octet, for each redirection anew."""
SIZE_LIMIT = 5 * 1024 * 1024
MOST_REDIRECTIONS = 3
_TYPED = re.compile(r"[!-~]+\Z")
_PORTS = {"http": 80, "https": 443}
_FOLLOWED = frozenset({301, 302, 307, 308})
_READS = frozenset({"GET", "PROPFIND", "REPORT"})
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class OutsideRefused(Refusal):
    """An address was not asked, or did not answer; `code` says why and `why` never holds the address.

    Of the address: address_malformed, address_login, address_not_https, address_port, address_private, name_unknown.
    Of the way: unreachable, tls_failed, too_slow, too_large, redirected, answer_malformed.

    `silent`: where it was too slow and not one octet of an answer came, the name of that host, else "". A host that
    answers slowly may do so for this one question.
    """

    def __init__(self, code: str, *, silent: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.silent = silent


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, in the order of the system. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def read_networks(value: object) -> tuple[Network, ...]:
    """The networks of a setting. Raises ValueError, which says what is expected."""
    parts = value if isinstance(value, list) else str(value).split(",")
    try:
        return tuple(ipaddress.ip_network(str(part).strip()) for part in parts if str(part).strip())
    except ValueError:
        raise ValueError("networks, as in 10.1.0.0/16,fd00:1::/64") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Which addresses may be asked: public ones, and those of the `own` networks of the installation."""

    own: tuple[Network, ...] = ()
    resolve: Resolve = resolve
    trust: ssl.SSLContext = field(default_factory=functools.cache(ssl.create_default_context))

    def is_own(self, address: Address) -> bool:
        """Whether the installation calls its network its own."""
        return any(address in network for network in self.own)

    def allows(self, address: Address) -> bool:
        """Whether it may be asked at all."""
        inner = _inner(address)
        if inner is not None:
            return self.allows(inner)
        if address.is_link_local or address.is_multicast or address.is_unspecified or _is_tunnel(address):
            return False
        return self.is_own(address) or (address.is_global and not address.is_reserved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `headers` by name in small letters; `url`: who gave it after redirections."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


def read_address(text: str, *, guard: Guard) -> SplitResult:
    """The address in what was typed, `webcal:` for `https:`. Nobody is asked. Raises OutsideRefused."""
    text = text.strip()
    if len(text) > ADDRESS_LIMIT or not _TYPED.match(text) or "\\" in text:
        raise OutsideRefused("address_malformed")
    scheme, colon, rest = text.partition(":")
    if scheme.lower() in {"webcal", "webcals"}:
        text = f"https{colon}{rest}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise OutsideRefused("address_malformed") from error
    if parts.scheme not in _PORTS or (parts.scheme == "http" and not guard.own):
        raise OutsideRefused("address_not_https")
    if "@" in parts.netloc:
        raise OutsideRefused("address_login")
    if not host or port == 0:
        raise OutsideRefused("address_malformed")
    return parts._replace(fragment="", path=parts.path or "/")


def ask(
    address: str,
    *,
    guard: Guard,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    login: Login | None = None,
    limit: int = SIZE_LIMIT,
    seconds: float = TOTAL_S,
) -> Answer:
    """The answer of an address, whatever its status; redirections of reading are followed. Raises OutsideRefused."""
    parts = read_address(address, guard=guard)
    origin = parts.scheme, parts.netloc
    for _turn in range(MOST_REDIRECTIONS + 1):
        sent = {"User-Agent": "Permanence", "Accept-Encoding": "identity", **(headers or {})}
        if login is not None and (parts.scheme, parts.netloc) == origin:
            sent["Authorization"] = _basic(login)
        answer = _once(_Question(parts, method, sent, body, limit), guard=guard, seconds=seconds)
        onward = answer.headers.get("location", "")
        if answer.status not in _FOLLOWED or method not in _READS or not onward:
            return answer
        before, parts = parts.scheme, _onward(answer, onward, guard=guard)
        if before == "https" and parts.scheme != "https":
            raise OutsideRefused("address_not_https")
    raise OutsideRefused("redirected")


@dataclass(frozen=True, slots=True)
class _Question:
    parts: SplitResult
    method: str
    headers: Mapping[str, str]
    body: bytes
    limit: int


class _Response(http.client.HTTPResponse):
    """Knows whether anything came."""

    heard: threading.Event

    def begin(self) -> None:
        if self.fp.peek(1):
            self.heard.set()
        super().begin()


def _once(question: _Question, *, guard: Guard, seconds: float) -> Answer:
    line, late, heard = _connected(question.parts, guard), threading.Event(), threading.Event()
    if question.parts.scheme == "https":
        host = question.parts.hostname
        line = guard.trust.wrap_socket(line, server_hostname=host, do_handshake_on_connect=False)

    def too_slow() -> OutsideRefused:
        return OutsideRefused("too_slow", silent="" if heard.is_set() else question.parts.hostname or "")

    def give_up() -> None:
        late.set()
        with contextlib.suppress(OSError):  # it was over already
            socket.socket.shutdown(line, socket.SHUT_RDWR)  # of the plain socket: TLS would wait for the other side

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        answer = _spoken(line, question, heard)
        if late.is_set():  # a line that was cut reads like one that ended
            raise OutsideRefused("too_slow")
        return answer
    except OutsideRefused as refused:  # less came than was announced
        raise (too_slow() if late.is_set() else refused) from None
    except TimeoutError as error:
        raise too_slow() from error
    except ssl.SSLError as error:
        raise (too_slow() if late.is_set() else OutsideRefused("tls_failed")) from error
    except http.client.HTTPException as error:
        raise (too_slow() if late.is_set() else OutsideRefused("answer_malformed")) from error
    except (OSError, ValueError) as error:
        raise (too_slow() if late.is_set() else OutsideRefused("unreachable")) from error
    finally:
        timer.cancel()
        line.close()


def _connected(parts: SplitResult, guard: Guard) -> socket.socket:
    """A connection to an address that was looked at. Raises OutsideRefused."""
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        found = [ipaddress.ip_address(each) for each in guard.resolve(host, port)]
    except (OSError, ValueError) as error:
        raise OutsideRefused("name_unknown") from error
    if not found:
        raise OutsideRefused("name_unknown")
    if not all(guard.allows(each) for each in found):
        raise OutsideRefused("address_private")
    own = all(guard.is_own(_inner(each) or each) for each in found)
    if parts.scheme == "http" and not own:
        raise OutsideRefused("address_not_https")
    if port < 1024 and port not in _PORTS.values() and not own:
        raise OutsideRefused("address_port")
    late = False
    for each in found:
        try:
            return socket.create_connection((str(each), port), timeout=CONNECT_S)
        except OSError as error:
            late = late or isinstance(error, TimeoutError)
    raise OutsideRefused("too_slow", silent=host) if late else OutsideRefused("unreachable")


def _spoken(line: socket.socket, question: _Question, heard: threading.Event) -> Answer:
    parts, host = question.parts, question.parts.hostname or ""
    if isinstance(line, ssl.SSLSocket):
        line.do_handshake()
    usual = _PORTS[parts.scheme]
    connection = http.client.HTTPConnection(host, parts.port or usual)
    connection.default_port, connection.sock = usual, line  # it speaks on our line, and says the port when it is odd
    connection.response_class = type("_Heard", (_Response,), {"heard": heard})
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request(question.method, target, question.body or None, dict(question.headers))
    with connection.getresponse() as response:
        answered = {name.lower(): value for name, value in response.getheaders()}
        if answered.get("content-encoding", "identity").lower() != "identity":
            raise OutsideRefused("answer_malformed")
        content = response.read(question.limit + 1)
        if len(content) > question.limit:
            raise OutsideRefused("too_large")
        if response.length:  # what was announced did not come
            raise OutsideRefused("unreachable")
    return Answer(status=response.status, headers=answered, body=content, url=parts.geturl())


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """The address of the old kind that stands in one of the new."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped


def _is_tunnel(address: Address) -> bool:
    """6to4 and Teredo: what is behind cannot be told, and nobody keeps a calendar there."""
    return isinstance(address, ipaddress.IPv6Address) and (address.sixtofour is not None or address.teredo is not None)


def _onward(answer: Answer, onward: str, *, guard: Guard) -> SplitResult:
    try:
        address = urljoin(answer.url, onward)
    except ValueError as error:
        raise OutsideRefused("address_malformed") from error
    return read_address(address, guard=guard)


def _basic(login: Login) -> str:
    return "Basic " + base64.b64encode(f"{login[0]}:{login[1]}".encode()).decode()
