# SPDX-License-Identifier: AGPL-3.0-or-later
"""The line: the websocket `/line` between a secretary's browser and the exchange (docs/contracts.md, protocol 1).

This module opens the door and nothing more: Origin, ticket, sizes, rates, one JSON object a message. What a message
does is decided by the conductor; an ill-formed one is answered by `error` and changes nothing.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from websockets.http11 import Request

from permanence.engine.exchange.line_socket import LineSocket
from permanence.kernel.clock import Clock
from permanence.kernel.fast_json import decode, encode
from permanence.kernel.refusals import Refusal
from permanence.kernel.tickets import SeatTicket, read_ticket
from permanence.telephony.commands import (
    PROTOCOL,
    BadMessage,
    Hello,
    Ping,
    RenewTicket,
    SeatCommand,
    read_id,
    read_seat_command,
)

PATH = "/line"
MAX_MESSAGE = 64 << 10
HELLO_S = 10.0
RATE_PER_S = 40.0
RATE_BURST = 120.0
PING_EVERY_S = 10.0
PINGS_UNANSWERED = 2
MAX_SOCKETS = 2_000
CODE_TICKET, CODE_ORIGIN, CODE_TAKEN_OVER, CODE_GOING_DOWN = 4401, 4403, 4409, 4500
_CODE_TOO_FAST = 1008
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_log = logging.getLogger("permanence.exchange.line")


class Seats(Protocol):
    """What happens behind the door. `page` is the id of one open socket."""

    def page_opened(self, page: str, ticket: SeatTicket, hello: Hello) -> None:
        """A page said hello with a valid ticket. Raises Refusal to turn it away (4401)."""
        ...

    def page_renewed(self, page: str, ticket: SeatTicket) -> None:
        """The page brought a fresh valid ticket. Raises Refusal when it is somebody else's."""
        ...

    def page_command(self, page: str, command: SeatCommand, request: int | None) -> None:
        """Carries out a command. Raises Refusal."""
        ...

    def page_closed(self, page: str) -> None:
        """The socket is gone."""
        ...


@dataclass(slots=True, eq=False)
class _Page:
    """One open socket and its allowance. `hello_limit`: cuts short the wait for its hello."""

    name: str
    socket: LineSocket
    origin: str
    allowance: float = RATE_BURST
    counted_at: float = 0.0
    expires: int = 0
    warned: bool = False
    seated: bool = False
    closing: bool = False
    hello_limit: asyncio.TimerHandle | None = None

    def put(self, message: dict[str, Any]) -> None:
        """Sends a message."""
        self.socket.send(encode(message))

    def finish(self, code: int) -> None:
        """Closes after what was sent before."""
        self.closing = True
        self.socket.close(code)


class LineServer:
    """Serves the line on the running loop. Implements `line_socket.Owner`."""

    def __init__(self, seats: Seats, clock: Clock, ticket_key: bytes, origins: Iterable[str] = ()) -> None:
        """`origins`: the only ones let in (`https://host[:port]`); none given lets in pages of this machine."""
        self._seats = seats
        self._clock = clock
        self._key = ticket_key
        self._origins = frozenset(origin.rstrip("/") for origin in origins)
        self._pages: dict[str, _Page] = {}
        self._by_socket: dict[LineSocket, _Page] = {}
        self._count = 0
        self._servers: list[asyncio.Server] = []
        self._unwritten: list[LineSocket] = []
        self._loop = asyncio.get_running_loop()
        self._heart: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()

    async def start(
        self, *, host: str = "127.0.0.1", port: int = 0, sockets: Sequence[socket.socket] = ()
    ) -> tuple[int, ...]:
        """Listens on `host` and `port`, or on the inherited `sockets`; returns the ports."""
        places: list[dict[str, Any]] = [{"sock": inherited} for inherited in sockets] or [{"host": host, "port": port}]
        for place in places:
            server = await self._loop.create_server(lambda: LineSocket(self, MAX_MESSAGE), backlog=512, **place)
            self._servers.append(server)
        self._heart = self._loop.call_later(PING_EVERY_S, self._beat)
        return tuple(int(one.getsockname()[1]) for server in self._servers for one in server.sockets)

    async def stop(self) -> None:
        """Says goodbye to every page and closes the door."""
        if self._heart is not None:
            self._heart.cancel()
        for server in self._servers:
            server.close()
        for name in list(self._pages):
            self.close(name, CODE_GOING_DOWN, "the telephone restarts")
        if self._pages:
            self._empty.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), 3)

    def send(self, page: str, message: dict[str, Any]) -> None:
        """Sends a message to a page; nothing happens when it is gone."""
        found = self._pages.get(page)
        if found is not None:
            found.socket.send(encode(message))

    def send_all(self, pages: Iterable[str], message: dict[str, Any]) -> None:
        """Sends one message to many pages."""
        text = encode(message)
        for page in pages:
            found = self._pages.get(page)
            if found is not None:
                found.socket.send(text)

    def close(self, page: str, code: int, why: str) -> None:
        """Says `bye` and closes."""
        found = self._pages.get(page)
        if found is not None:
            found.put({"t": "bye", "code": code, "why": why})
            found.finish(code)

    def check_tickets(self) -> None:
        """Warns, once, every page whose ticket ran out; it keeps its seat (call it about once a minute)."""
        moment = self._clock.now().timestamp()
        for page in self._pages.values():
            if page.expires and page.expires < moment and not page.warned:
                page.warned = True
                page.put({"t": "error", "code": "ticket_expired", "why": "the ticket ran out; the seat stays"})

    # -- the sockets -----------------------------------------------------------------------------------------------

    def admit(self, request: Request) -> tuple[HTTPStatus, str] | None:
        """See `line_socket.Owner`."""
        if urlsplit(request.path).path != PATH:
            return HTTPStatus.NOT_FOUND, "not here\n"
        if len(self._pages) >= MAX_SOCKETS:
            return HTTPStatus.SERVICE_UNAVAILABLE, "too many pages\n"
        return None

    def opened(self, socket: LineSocket, origin: str) -> None:
        """See `line_socket.Owner`."""
        self._count += 1
        page = _Page(f"page-{self._count}", socket, origin, counted_at=self._clock.monotonic())
        self._pages[page.name] = self._by_socket[socket] = page
        if not self._origin_allowed(origin):
            _log.warning("wrong_origin", extra={"fields": {"origin": origin[:200]}})
            self._turn_away(page, CODE_ORIGIN, f"this page's address ({origin[:200]}) is not allowed here")
            return
        page.hello_limit = self._loop.call_later(HELLO_S, self._turn_away, page, CODE_TICKET, "no hello came")

    def received(self, socket: LineSocket, data: bytes, *, is_text: bool) -> None:
        """See `line_socket.Owner`."""
        page = self._by_socket.get(socket)
        if page is None or page.closing:
            return
        if page.hello_limit is not None:
            page.hello_limit.cancel()
            page.hello_limit = None
            self._let_in(page, data, is_text)
            return
        if not self._within_rate(page):
            page.put({"t": "error", "code": "too_fast", "why": "too many messages"})
            page.finish(_CODE_TOO_FAST)
            return
        try:
            message = _load(data, is_text)
        except BadMessage as refusal:
            page.put({"t": "error", "code": refusal.code, "why": refusal.why})
            return
        self._handle(page, message)

    def gone(self, socket: LineSocket) -> None:
        """See `line_socket.Owner`."""
        page = self._by_socket.pop(socket)
        del self._pages[page.name]
        if page.hello_limit is not None:
            page.hello_limit.cancel()
        if not self._pages:
            self._empty.set()
        if page.seated:
            self._seats.page_closed(page.name)

    def flush_soon(self, socket: LineSocket) -> None:
        """See `line_socket.Owner`."""
        if not self._unwritten:
            self._loop.call_soon(self._flush)
        self._unwritten.append(socket)

    def _flush(self) -> None:
        unwritten, self._unwritten = self._unwritten, []
        for one in unwritten:
            if one.waits:
                one.flush()

    def _beat(self) -> None:
        """A page behind a way that is dead tells nothing: it is asked, and cut off when it does not answer."""
        self._heart = self._loop.call_later(PING_EVERY_S, self._beat)
        for page in list(self._pages.values()):
            page.socket.ping(PINGS_UNANSWERED)

    def _origin_allowed(self, origin: str) -> bool:
        if self._origins:
            return origin.rstrip("/") in self._origins
        return urlsplit(origin).hostname in _LOOPBACK

    # -- one page --------------------------------------------------------------------------------------------------

    def _let_in(self, page: _Page, data: bytes, is_text: bool) -> None:
        try:
            command, _ = read_seat_command(_load(data, is_text))
        except BadMessage as refusal:
            self._turn_away(page, CODE_TICKET, refusal.why)
            return
        if not isinstance(command, Hello) or command.protocol != PROTOCOL:
            self._turn_away(page, CODE_TICKET, "the first message is hello, protocol 1")
            return
        try:
            ticket = read_ticket(command.ticket, self._key, at=self._clock.now())
            page.seated = True
            page.expires = ticket.expires
            self._seats.page_opened(page.name, ticket, command)
        except Refusal as refusal:
            page.seated = False
            _log.warning("ticket_refused", extra={"fields": {"why": refusal.why}})
            self._turn_away(page, CODE_TICKET, refusal.why)

    def _turn_away(self, page: _Page, code: int, why: str) -> None:
        page.put({"t": "bye", "code": code, "why": why})
        page.finish(code)

    def _handle(self, page: _Page, data: Any) -> None:
        request = read_id(data)
        try:
            command, request = read_seat_command(data)
            if isinstance(command, Ping):
                page.put({"t": "pong", "n": command.n})
            elif isinstance(command, RenewTicket):
                self._renew(page, command)
                if request is not None:
                    page.put({"t": "reply", "id": request, "ok": True})
            elif isinstance(command, Hello):
                raise BadMessage("hello was said")
            else:
                self._seats.page_command(page.name, command, request)
        except Refusal as refusal:
            if request is None:
                page.put({"t": "error", "code": refusal.code, "why": refusal.why})
            else:
                page.put({"t": "reply", "id": request, "ok": False, "code": refusal.code, "why": refusal.why})

    def _renew(self, page: _Page, command: RenewTicket) -> None:
        ticket = read_ticket(command.ticket, self._key, at=self._clock.now())
        self._seats.page_renewed(page.name, ticket)
        page.expires, page.warned = ticket.expires, False

    def _within_rate(self, page: _Page) -> bool:
        now = self._clock.monotonic()
        page.allowance = min(RATE_BURST, page.allowance + (now - page.counted_at) * RATE_PER_S)
        page.counted_at = now
        page.allowance -= 1
        return page.allowance >= 0


def _load(data: bytes, is_text: bool) -> Any:
    """The JSON value of a text message. Raises BadMessage."""
    if not is_text:
        raise BadMessage("messages are text")
    try:
        return decode(data)
    except ValueError as error:
        raise BadMessage("not JSON") from error
