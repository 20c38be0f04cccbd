# SPDX-License-Identifier: AGPL-3.0-or-later
"""Her post: signed in, her seat held, her headset open; it comes back by itself after a restart of the house."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from permanence.engine.mediaplane.dtls import DtlsIdentity
from permanence.kernel.clock import Clock, Entropy
from permanence.kernel.refusals import Refusal
from permanence.project.demo_cast import Login
from permanence.project.secretary.browser_end import NoCandidate
from permanence.project.secretary.headset import Headset
from permanence.project.secretary.line import NO_REPLY, Line, LineAway, Message
from permanence.project.secretary.site import NotHere, SignedOut, Site, SiteAway, loopback, secretary_in

RENEW_EVERY_S = 240.0
BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 3.0, 5.0)
NEGOTIATE_AGAIN_S = 3.0
_TICKET, _ORIGIN, _TAKEN_OVER = 4401, 4403, 4409
_FOR_GOOD = {
    _TICKET: "the house withdrew her seat",
    _ORIGIN: "the exchange refuses this site's address",
    _TAKEN_OVER: "somebody signed in as her and has her seat now",
}


class SeatTaken(Refusal):
    """Somebody sits at her post: nobody is pushed off it."""

    code = "seat_taken"


class Post:
    """`sit_down`, then `serve` until it returns why it is over; `told` hears every message that is about calls."""

    def __init__(
        self,
        site: Site,
        login: Login,
        *,
        clock: Clock,
        entropy: Entropy,
        told: Callable[[Message], None],
        heard: Callable[[str], None],
        runs: Callable[[], bool],
        seated: Callable[[str], bool],
    ) -> None:
        """`heard`: words of the caller's audio. `runs`: whether the house does. `seated`: whether the secretary of
        this id is at work somewhere."""
        self._site, self._login = site, login
        self._clock, self._entropy = clock, entropy
        self._told, self._heard, self._runs, self._seated = told, heard, runs, seated
        self._seat = entropy.token(16).hex()
        self._url = self._ticket = ""
        self._line: Line | None = None
        self._headset: Headset | None = None
        self._frames: Iterator[bytes] | None = None
        self._negotiating: asyncio.Task[None] | None = None
        self._leaving = False
        self.line_up = False

    async def sit_down(self) -> None:
        """Signs in and gets a ticket. Raises NotHere, SiteRefused, SiteAway, SeatTaken."""
        config = await asyncio.to_thread(self._site.sign_in, self._login.email, self._login.password)
        self._url = str(config["lineUrl"])
        loopback(self._url, "ws")
        self._ticket = await asyncio.to_thread(self._site.ticket, self._seat)
        if self._seated(secretary_in(self._ticket)):
            await asyncio.to_thread(self._site.sign_out)
            raise SeatTaken(f"{self._login.email} is at work already. Play somebody else, or sign out there first.")

    async def serve(self) -> str:
        """Holds the seat; why it is over, "" after `leave`. Raises NotHere when the exchange is no demonstration's."""
        attempt = 0
        while not self._leaving:
            try:
                self._line = await Line.open(
                    self._url, origin=self._site.url, ticket=self._ticket, page_host=self._site.host
                )
            except LineAway as away:
                if not self._runs():
                    return "the house is closed"
                if attempt >= len(BACK_OFF_S) * 4:
                    return away.why
            else:
                attempt = 0
                if self._leaving:  # she left while it opened
                    await self._line.close()
                code = await self._listen(self._line)
                if code in _FOR_GOOD:
                    return _FOR_GOOD[code]
            if not self._leaving:
                await asyncio.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
                attempt += 1
                await self._renew()
        return ""

    async def ask(self, kind: str, **fields: Any) -> Message:
        """A request to the exchange and its reply."""
        return NO_REPLY if self._line is None else await self._line.ask(kind, **fields)

    async def take_message(self, message: dict[str, Any]) -> None:
        """Keeps a message; signs in again where the session ran out. Raises SiteRefused, SiteAway."""
        await self._signed_in(lambda: asyncio.to_thread(self._site.take_message, message))

    def speak(self, frames: Iterator[bytes] | None) -> None:
        """What she says from now on; None: nothing."""
        self._frames = frames
        if self._headset is not None:
            self._headset.speak(frames) if frames is not None else self._headset.hush()

    async def leave(self) -> None:
        """The browser is closed: headset, socket, session."""
        self._leaving = True
        if self._negotiating is not None:
            self._negotiating.cancel()
        if self._headset is not None:
            self._headset.close()
        if self._line is not None:
            await self._line.close()
        try:
            await asyncio.to_thread(self._site.sign_out)
        except SiteAway:
            return  # the session ends by itself

    async def _listen(self, line: Line) -> int:
        """Hears one socket to its end; the code of the exchange's goodbye, 0 without one."""
        renewing = asyncio.create_task(self._keep_ticket())
        code = 0
        try:
            async for message in line.messages():
                if message["t"] == "bye":
                    code = int(message["code"])
                elif message["t"] == "welcome" and message["demonstration"] is not True:
                    await self.leave()
                    raise NotHere("The exchange says that it is no demonstration: nobody is played there.")
                else:
                    await self._handle(message)
        finally:
            renewing.cancel()
            self.line_up = False
        return code

    async def _handle(self, message: Message) -> None:
        kind = message["t"]
        if kind == "sdp":
            await self._answered(str(message["sdp"]))
            return
        if kind == "line":
            self.line_up = message["state"] == "up"
            if not self.line_up:
                self._negotiate()
        elif kind == "error" and self._negotiating is not None and not self.line_up:
            self._negotiate(NEGOTIATE_AGAIN_S)
        self._told(message)

    def _negotiate(self, after: float = 0.0) -> None:
        """A new headset on the line; one negotiation at a time."""
        if self._negotiating is not None:
            self._negotiating.cancel()
        self._negotiating = asyncio.create_task(self._offer(after))

    async def _offer(self, after: float) -> None:
        while True:
            await asyncio.sleep(after)
            if self._headset is not None:
                self._headset.close()
            # A new certificate each time: the same fingerprint would be an ICE restart of the session that is gone.
            self._headset = Headset(DtlsIdentity(self._clock.now()), self._entropy, self._heard)
            self.speak(self._frames)
            reply = await self.ask("sdp", sdp=self._headset.offer(), page_host=self._site.host)
            if reply["ok"]:
                return
            after = NEGOTIATE_AGAIN_S

    async def _answered(self, sdp: str) -> None:
        if self._headset is None:
            return
        try:
            await self._headset.accept(sdp)
        except NoCandidate:
            await self.leave()
            raise NotHere("The house's audio is not on this machine: nobody is played there.") from None

    async def _keep_ticket(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            await self._renew()
            await self.ask("ticket", ticket=self._ticket)

    async def _renew(self) -> None:
        """A fresh ticket; while the site is away the one she holds may still be good."""

        async def fresh() -> None:
            self._ticket = await asyncio.to_thread(self._site.ticket, self._seat)

        try:
            await self._signed_in(fresh)
        except Refusal:
            return

    async def _signed_in(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except SignedOut:
            await asyncio.to_thread(self._site.sign_in, self._login.email, self._login.password)
            await work()
