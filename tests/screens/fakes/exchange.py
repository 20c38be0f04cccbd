# SPDX-License-Identifier: AGPL-3.0-or-later
"""The far end of the line for the console's tests: it speaks docs/contracts.md, "The line", and does what it is told.

The reception's decisions are the test's; the tickets are checked and the audio is the real media process's.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from permanence.kernel.system import SystemClock
from permanence.kernel.tickets import TicketRefused, read_ticket
from permanence.telephony.media.control import LineUp
from tests.wire.media_process import Media

Message = dict[str, Any]
LINE = "line"
WHY = [{"code": "longest_ready", "params": {"detail": "250"}}, {"code": "speaks", "params": {"detail": "fr"}}]


def now_ms() -> int:
    return int(time.time() * 1000)


class FakeExchange:
    """One house, one secretary. `heard` keeps every command but pings; `presence`, `call`, `offer` are its state."""

    def __init__(self, key: bytes, media: Media | None) -> None:
        self.key = key
        self.media = media
        self.page: ServerConnection | None = None
        self.heard: list[Message] = []
        self.presence = "off"
        self.since = now_ms()
        self.reason = ""
        self.why = ""
        self.queue: Message = {"t": "queue", "waiting": 0, "longest_ms": None}
        self.offer: Message | None = None
        self.call: Message | None = None
        self.ended: Message | None = None
        self.line_up = False
        self.offer_s = 12
        self.wrap_up_s = 90
        self.disk_is_full = False
        self.unsafe: list[int] = []
        self._changed = asyncio.Event()
        self._server: Server | None = None
        self.port = 0

    async def __aenter__(self) -> "FakeExchange":
        self._server = await serve(self._serve, "127.0.0.1", self.port, ping_interval=None)
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        if self.media is not None:
            self.media.gateway.listen(self._media_event)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.go_away()

    async def go_away(self) -> None:
        """The process dies: the socket is cut and nobody listens on the port."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def until(self, done: Callable[[], bool], what: str = "") -> None:
        """Return when `done()`, asked after every message of the page and of media."""
        try:
            async with asyncio.timeout(15):
                while not done():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"never happened: {what}; heard {self.heard[-5:]}") from None

    async def command(self, kind: str, times: int = 1) -> Message:
        """The last command of this kind, once it came so many times."""

        def came() -> list[Message]:
            return [each for each in self.heard if each["t"] == kind]

        await self.until(lambda: len(came()) >= times, f"{times} x {kind}")
        return came()[-1]

    # -- what a test makes happen ----------------------------------------------------------------------------------

    async def ring(self, card: Message, *, call: str = "call-1", why: list[Message] | None = None) -> None:
        """A call is offered."""
        self.offer = {
            "t": "offer",
            "call": call,
            "offer": f"offer-{call}",
            "until_ms": now_ms() + self.offer_s * 1000,
            "arrived_ms": now_ms() - 6000,
            "card": card,
            "why": why or WHY,
        }
        self._be("offered")
        await self._say(self.offer)
        await self._say_presence()

    async def offer_ends(self, how: str) -> None:
        assert self.offer is not None
        gone, self.offer = self.offer, None
        await self._say({"t": "offer_ended", "call": gone["call"], "offer": gone["offer"], "how": how})
        self._be("missed" if how in {"missed", "declined"} else "ready", why=how)
        await self._say_presence()

    async def caller_hangs_up(self) -> None:
        await self._end("caller", "hang_up")

    async def wrap_up_runs_out(self) -> None:
        self.ended = None
        self._be("ready", why="wrap_up_limit")
        await self._say_presence()

    async def line_falls(self) -> None:
        """Media lost her line."""
        self.line_up = False
        await self._say({"t": "line", "state": "down", "renew": False})

    async def queue_is(self, waiting: int, longest_ms: int | None) -> None:
        self.queue = {"t": "queue", "waiting": waiting, "longest_ms": longest_ms}
        await self._say(self.queue)

    async def cut(self) -> None:
        """The network between page and exchange breaks."""
        if self.page is not None:
            self.page.transport.abort()

    async def disk_has_room(self) -> None:
        """What waited is on the disk now."""
        self.disk_is_full = False
        while self.unsafe:
            await self._say({"t": "reply", "id": self.unsafe.pop(0), "ok": True})

    async def bye(self, code: int, why: str) -> None:
        assert self.page is not None
        await self._say({"t": "bye", "code": code, "why": why})
        await self.page.close(code, why)

    # -- one page --------------------------------------------------------------------------------------------------

    async def _serve(self, page: ServerConnection) -> None:
        try:
            hello = json.loads(await page.recv())
            self.heard.append(hello)
            try:
                ticket = read_ticket(hello["ticket"], self.key, at=SystemClock().now())
            except TicketRefused as refusal:
                await page.send(json.dumps({"t": "bye", "code": 4401, "why": refusal.why}))
                await page.close(4401)
                return
            before, self.page = self.page, page
            if before is not None:
                await before.close(4409)
            await self._welcome(ticket.secretary, ticket.name, ticket.seat)
            async for raw in page:
                await self._handle(json.loads(raw))
        except ConnectionClosed:
            pass
        finally:
            if self.page is page:
                self.page = None
            self._changed.set()

    async def _welcome(self, secretary: str, name: str, seat: str) -> None:
        config = {"offer_s": self.offer_s, "wrap_up_s": self.wrap_up_s}
        welcome = {"t": "welcome", "secretary": secretary, "name": name, "seat": seat, "house": "demo"}
        await self._say(
            {**welcome, "presence": self.presence, "server_ms": now_ms(), "config": config, "demonstration": True}
        )
        await self._say_presence()
        await self._say(self.queue)
        await self._say({"t": "line", "state": "up" if self.line_up else "down", "renew": not self.line_up})
        for message in (self.offer, self.call, self.ended):
            if message is not None:
                await self._say(message)

    async def _say(self, message: Message) -> None:
        if self.page is not None:
            with contextlib.suppress(ConnectionClosed):
                await self.page.send(json.dumps(message))
        self._changed.set()

    async def _say_presence(self) -> None:
        until = self.ended["wrap_up_until_ms"] if self.ended else None
        state = {"t": "presence", "state": self.presence, "since_ms": self.since, "reason": self.reason}
        await self._say({**state, "why": self.why, "until_ms": until, "pending": ""})

    def _be(self, presence: str, *, reason: str = "", why: str = "") -> None:
        self.presence, self.reason, self.why, self.since = presence, reason, why, now_ms()

    async def _handle(self, message: Message) -> None:
        kind = message["t"]
        if kind == "ping":
            return await self._say({"t": "pong", "n": message["n"]})
        self.heard.append(message)
        refusal = await getattr(self, f"_on_{kind}")(message)
        if "id" in message and self.disk_is_full:
            self.unsafe.append(message["id"])
            await self._say({"t": "not_safe", "id": message["id"]})
        elif "id" in message:
            reply = {"t": "reply", "id": message["id"], "ok": refusal is None}
            await self._say(reply if refusal is None else {**reply, "code": refusal, "why": refusal})
        return None

    async def _on_ticket(self, message: Message) -> str | None:
        read_ticket(message["ticket"], self.key, at=SystemClock().now())
        return None

    async def _on_sdp(self, message: Message) -> str | None:
        assert self.media is not None, "this test has no audio"
        await self._say({"t": "sdp", "sdp": await self.media.answer(LINE, message["sdp"])})
        return None

    async def _on_ready(self, _: Message) -> str | None:
        if not self.line_up:
            return "line_down"
        self._be("ready")
        await self._say_presence()
        return None

    async def _on_break(self, message: Message) -> str | None:
        self._be("break", reason=message["reason"])
        await self._say_presence()
        return None

    async def _on_off(self, _: Message) -> str | None:
        self._be("off")
        await self._say_presence()
        return None

    async def _on_answer(self, message: Message) -> str | None:
        if self.offer is None or self.offer["call"] != message["call"]:
            return "offer_gone"
        offer, self.offer = self.offer, None
        await self._say({"t": "offer_ended", "call": offer["call"], "offer": offer["offer"], "how": "answered"})
        self.call = {
            "t": "call",
            "call": offer["call"],
            "state": "talking",
            "answered_ms": now_ms(),
            "arrived_ms": offer["arrived_ms"],
            "held": False,
            "muted": False,
            "card": offer["card"],
        }
        self._be("on_call")
        await self._say(self.call)
        await self._say_presence()
        return None

    async def _on_decline(self, _: Message) -> str | None:
        await self.offer_ends("declined")
        return None

    async def _on_end(self, _: Message) -> str | None:
        await self._end("secretary", "hang_up")
        return None

    async def _on_hold(self, _: Message) -> str | None:
        return await self._call_is(state="held", held=True)

    async def _on_resume(self, _: Message) -> str | None:
        return await self._call_is(state="talking", held=False)

    async def _on_mute(self, message: Message) -> str | None:
        return await self._call_is(muted=message["on"])

    async def _on_dtmf(self, _: Message) -> str | None:
        return None

    async def _on_wrapup_done(self, message: Message) -> str | None:
        if not message["outcome"]:
            return "outcome_missing"
        self.ended = None
        self._be("ready")
        await self._say_presence()
        return None

    async def _call_is(self, **changed: Any) -> str | None:
        if self.call is None:
            return "not_your_call"
        self.call = {**self.call, **changed}
        await self._say(self.call)
        return None

    async def _end(self, by: str, why: str) -> None:
        assert self.call is not None
        call, self.call = self.call, None
        until = now_ms() + self.wrap_up_s * 1000
        self.ended = {"t": "ended", "call": call["call"], "by": by, "why": why, "wrap_up_until_ms": until}
        await self._say(self.ended)
        self.ended = {**self.ended, "card": call["card"], "answered_ms": call["answered_ms"]}
        self._be("wrap_up")
        await self._say_presence()

    def _media_event(self, event: object) -> None:
        if event == LineUp(line=LINE):
            self.line_up = True
            asyncio.get_running_loop().create_task(self._say({"t": "line", "state": "up", "renew": False}))
