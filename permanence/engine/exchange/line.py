# SPDX-License-Identifier: AGPL-3.0-or-later
"""The line: the websocket `/line` between a secretary's browser and the exchange (docs/contracts.md, protocol 1).

This module opens the door and nothing more: Origin, ticket, sizes, rates, one JSON object a message. What a message
does is decided by the conductor; an ill-formed one is answered by `error` and changes nothing.
"""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from permanence.kernel.clock import Clock
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
MAX_QUEUED = 512
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


@dataclass(slots=True)
class _Page:
    """One open socket: its way out and its allowance."""

    name: str
    socket: ServerConnection
    outgoing: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(MAX_QUEUED))
    close_code: int = 1000
    allowance: float = RATE_BURST
    counted_at: float = 0.0
    expires: int = 0
    warned: bool = False
    seated: bool = False

    def put(self, message: dict[str, Any]) -> None:
        """Queues a message; a page that does not read is closed."""
        try:
            self.outgoing.put_nowait(json.dumps(message, separators=(",", ":"), ensure_ascii=False))
        except asyncio.QueueFull:
            self.socket.transport.abort()

    def finish(self, code: int) -> None:
        """Closes after what is queued went out."""
        self.close_code = code
        with contextlib.suppress(asyncio.QueueFull):
            self.outgoing.put_nowait(None)


class LineServer:
    """Serves the line on the running loop."""

    def __init__(self, seats: Seats, clock: Clock, ticket_key: bytes, origins: Iterable[str] = ()) -> None:
        """`origins`: the only ones let in (`https://host[:port]`); none given lets in pages of this machine."""
        self._seats = seats
        self._clock = clock
        self._key = ticket_key
        self._origins = frozenset(origin.rstrip("/") for origin in origins)
        self._pages: dict[str, _Page] = {}
        self._count = 0
        self._servers: list[Server] = []

    async def start(
        self, *, host: str = "127.0.0.1", port: int = 0, sockets: Sequence[socket.socket] = ()
    ) -> tuple[int, ...]:
        """Listens on `host` and `port`, or on the inherited `sockets`; returns the ports."""
        places: list[dict[str, Any]] = [{"sock": inherited} for inherited in sockets] or [{"host": host, "port": port}]
        for place in places:
            server = await serve(
                self._serve_page,
                process_request=self._check_request,
                max_size=MAX_MESSAGE,
                max_queue=32,
                compression=None,
                ping_interval=10,
                ping_timeout=20,
                close_timeout=2,
                server_header=None,
                logger=logging.getLogger("permanence.exchange.websocket"),
                **place,
            )
            self._servers.append(server)
        return tuple(int(one.getsockname()[1]) for server in self._servers for one in server.sockets)

    async def stop(self) -> None:
        """Says goodbye to every page and closes the door."""
        for name in list(self._pages):
            self.close(name, CODE_GOING_DOWN, "the telephone restarts")
        for server in self._servers:
            server.close(close_connections=False)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), 3)

    def send(self, page: str, message: dict[str, Any]) -> None:
        """Sends a message to a page; nothing happens when it is gone."""
        found = self._pages.get(page)
        if found is not None:
            found.put(message)

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

    # -- one socket ------------------------------------------------------------------------------------------------

    def _check_request(self, connection: ServerConnection, request: Request) -> Response | None:
        if urlsplit(request.path).path != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, "not here\n")
        if len(self._pages) >= MAX_SOCKETS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many pages\n")
        return None

    def _origin_allowed(self, origin: str) -> bool:
        if self._origins:
            return origin.rstrip("/") in self._origins
        return urlsplit(origin).hostname in _LOOPBACK

    async def _serve_page(self, connection: ServerConnection) -> None:
        self._count += 1
        page = _Page(f"page-{self._count}", connection, counted_at=self._clock.monotonic())
        self._pages[page.name] = page
        writer = asyncio.create_task(self._write(page))
        try:
            if await self._let_in(page):
                await self._read(page)
        except ConnectionClosed:
            pass
        finally:
            self._pages.pop(page.name, None)
            if page.seated:
                self._seats.page_closed(page.name)
            page.finish(page.close_code)
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                await asyncio.wait_for(writer, 2)

    async def _write(self, page: _Page) -> None:
        with contextlib.suppress(ConnectionClosed):
            while (text := await page.outgoing.get()) is not None:
                await page.socket.send(text)
            await page.socket.close(page.close_code)

    async def _let_in(self, page: _Page) -> bool:
        request = page.socket.request
        origin = request.headers.get("Origin", "") if request is not None else ""
        if not self._origin_allowed(origin):
            _log.warning("wrong_origin", extra={"fields": {"origin": origin[:200]}})
            return self._turn_away(page, CODE_ORIGIN, f"this page's address ({origin[:200]}) is not allowed here")
        try:
            command, _ = read_seat_command(_load(await asyncio.wait_for(page.socket.recv(), HELLO_S)))
        except TimeoutError:
            return self._turn_away(page, CODE_TICKET, "no hello came")
        except BadMessage as refusal:
            return self._turn_away(page, CODE_TICKET, refusal.why)
        if not isinstance(command, Hello) or command.protocol != PROTOCOL:
            return self._turn_away(page, CODE_TICKET, "the first message is hello, protocol 1")
        try:
            ticket = read_ticket(command.ticket, self._key, at=self._clock.now())
            page.seated = True
            page.expires = ticket.expires
            self._seats.page_opened(page.name, ticket, command)
        except Refusal as refusal:
            page.seated = False
            _log.warning("ticket_refused", extra={"fields": {"why": refusal.why}})
            return self._turn_away(page, CODE_TICKET, refusal.why)
        return True

    def _turn_away(self, page: _Page, code: int, why: str) -> bool:
        page.put({"t": "bye", "code": code, "why": why})
        page.finish(code)
        return False

    async def _read(self, page: _Page) -> None:
        async for raw in page.socket:
            if not self._within_rate(page):
                page.put({"t": "error", "code": "too_fast", "why": "too many messages"})
                page.finish(_CODE_TOO_FAST)
                return
            try:
                data = _load(raw)
            except BadMessage as refusal:
                page.put({"t": "error", "code": refusal.code, "why": refusal.why})
                continue
            self._handle(page, data)

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


def _load(raw: str | bytes) -> Any:
    """The JSON value of a text message. Raises BadMessage."""
    if not isinstance(raw, str):
        raise BadMessage("messages are text")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadMessage("not JSON") from error
