# SPDX-License-Identifier: AGPL-3.0-or-later
"""Secretaries whose exchange dies: they come back by themselves and go on with their calls. For `restart`.

A process of its own. Reads a `bench.seats.Shift` on stdin, prints `ready` when all are ready; then answers each line of
JSON with one: `"watch"` before the exchange dies; `"first"`: the first seat ends the call that it got back; `N`: the
others end theirs, one after the other, so that the N callers of the queue are offered one by one, then those are ended
too. Ends with its stdin. Moments are CLOCK_MONOTONIC nanoseconds.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bench.seats import Room, Seat, Shift

LIMIT_S = 8.0
"""Longer than anything takes that is not lost."""


class ReturningSeat(Seat):
    """A seat that connects anew the moment its socket is gone; its audio line is left alone, as the console does."""

    def __init__(self, room: "ReturningRoom", secretary: str) -> None:
        super().__init__(room, secretary)
        self._mine = room
        self._line_up = False
        self._end_request = 0
        self.call = ""
        self.caller = ""
        self.returned_ns = 0
        self.accepted_ns = 0

    async def ends_her_call(self) -> None:
        """Returns when the exchange has said that the command is kept; `accepted_ns` stays 0 when it does not."""
        self.accepted_ns, self._end_request = 0, self._request + 1
        await self._ask({"t": "end", "call": self.call})
        await self._mine.until(lambda: self.accepted_ns > 0)

    async def _read(self) -> None:
        while True:
            with contextlib.suppress(ConnectionClosed):
                await super()._read()
            await self._returns()

    async def _returns(self) -> None:
        """The listening socket outlives the exchange: whoever knocks waits for the next one to open."""
        self._line_up, self.call, self.returned_ns = False, "", 0
        shift = self._mine.shift
        address = f"ws://127.0.0.1:{shift.line_port}/line"
        self._socket = await connect(address, origin=shift.origin, compression=None)  # type: ignore[arg-type]
        hello = {"t": "hello", "protocol": 1, "ticket": self._ticket(), "page_host": "localhost"}
        await self._socket.send(json.dumps(hello))

    async def _happened(self, message: dict[str, Any]) -> None:
        await super()._happened(message)
        kind = message["t"]
        if kind == "offer":
            self._mine.offered.append(str(message["card"]["caller"]["number"]))
        elif kind == "call":
            self.call, self.caller = str(message["call"]), str(message["card"]["caller"]["number"])
        elif kind == "ended":
            self.call = ""
        elif kind == "line":
            self._line_up = message["state"] == "up"
        elif kind == "reply" and message["id"] == self._end_request:
            self.accepted_ns = time.monotonic_ns()
        if self.call and self._line_up and not self.returned_ns:
            self.returned_ns = time.monotonic_ns()
        self._mine.changed.set()


class ReturningRoom(Room):
    """All of them. `offered`: the callers' numbers, as consoles rang for them."""

    def __init__(self, shift: Shift) -> None:
        super().__init__(shift)
        self.offered: list[str] = []
        self.changed = asyncio.Event()
        self.returning: list[ReturningSeat] = []

    async def until(self, done: Callable[[], bool]) -> bool:
        """Whether it came to this within `LIMIT_S`; asked again after every message."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIMIT_S):
                while not done():
                    self.changed.clear()
                    await self.changed.wait()
        return done()

    async def opens(self) -> None:
        """From the door to ready, all of them."""
        self.browsers.start()
        self.returning = [ReturningSeat(self, secretary) for secretary in self.shift.secretaries]
        self.seats = list(self.returning)
        for at in range(0, len(self.seats), 20):
            await asyncio.gather(*(seat.sits_down() for seat in self.seats[at : at + 20]))

    async def does(self, order: Any) -> dict[str, Any]:
        """One order."""
        if order == "watch":
            self.offered.clear()
            self.begin({})
            return {"talking": [seat.caller for seat in self.returning if seat.call]}
        if order == "first":
            return await self._first_ends()
        return await self._all_end(int(order))

    async def _first_ends(self) -> dict[str, Any]:
        """`accepted_ns` 0: she did not get her call back, or could not end it."""
        seat = self.returning[0]
        caller = seat.caller
        if await self.until(lambda: seat.returned_ns > 0):
            await seat.ends_her_call()
        return {"caller": caller, "accepted_ns": seat.accepted_ns}

    async def _all_end(self, waiting: int) -> dict[str, Any]:
        """The moments at which the seats were back (0: never), and the callers offered to them then, in order."""
        await self.until(lambda: all(seat.returned_ns for seat in self.returning))
        back = [seat.returned_ns for seat in self.returning]
        for place, seat in enumerate(self.returning):
            if place and seat.call:  # the first one did so before
                await seat.ends_her_call()
            if place < waiting and not await self.until(lambda above=place: len(self.offered) > above):
                break
        await self.until(lambda: sum(bool(seat.call) for seat in self.returning) >= waiting)
        for seat in self.returning:
            if seat.call:
                await seat.ends_her_call()
        return {**self.end(), "back_ns": back, "offered": self.offered}


async def main() -> None:
    """Until stdin ends."""
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    room = ReturningRoom(Shift(**json.loads(await reader.readline())))
    await room.opens()
    print("ready", flush=True)
    while line := await reader.readline():
        print(json.dumps(await room.does(json.loads(line))), flush=True)
    await asyncio.gather(*(seat.leaves() for seat in room.seats), return_exceptions=True)
    room.browsers.stop()


if __name__ == "__main__":
    asyncio.run(main())
