# SPDX-License-Identifier: AGPL-3.0-or-later
"""Secretaries without a screen, in a process of their own: they speak the line's protocol and answer at once.

Reads a JSON object of `Shift` on stdin, prints `ready` when all are ready; then one line of stdin begins a count
(`{"end_after_s": S}`: she ends each call herself after S seconds; 0: the caller does) and the next line ends it: the
counts are printed as one JSON object. Ends with its stdin. Moments are CLOCK_MONOTONIC nanoseconds.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from bench.browsers import Browsers
from permanence.kernel.tickets import SeatTicket, sign_ticket

FLAT_OFFER = "v=0\r\na=fingerprint:sha-256 00\r\n"
WAITING_AT_LEAST = 5
"""With fewer in the queue somebody else may have taken the last one before she was free."""
_UP_LIMIT_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Who works. `key`: hexadecimal, signs the tickets. `media`: real ICE, DTLS and SRTP, or signalling only."""

    line_port: int
    origin: str
    house: str
    key: str
    secretaries: list[str]
    media: bool
    answers: bool = True


@dataclass
class Count:
    """What happened since the count began."""

    offered: dict[str, int] = field(default_factory=dict)
    answered: int = 0
    refusals: list[str] = field(default_factory=list)
    free_to_offer_us: list[int] = field(default_factory=list)
    reply_us: list[int] = field(default_factory=list)
    cpu_s: float = 0.0
    began_cpu_s: float = 0.0
    messages: int = 0


class Seat:
    """One secretary."""

    def __init__(self, room: "Room", secretary: str) -> None:
        self._room = room
        self._secretary = secretary
        self._up = asyncio.Event()
        self._socket: ClientConnection
        self._request = 1
        self._asked: dict[int, int] = {}
        self._freed = 0
        self._end = room.browsers.add() if room.shift.media else None
        self._reading: asyncio.Task[None] | None = None

    async def sits_down(self) -> None:
        """From the door to ready."""
        shift = self._room.shift
        address = f"ws://127.0.0.1:{shift.line_port}/line"
        self._socket = await connect(address, origin=shift.origin, compression=None)  # type: ignore[arg-type]
        self._reading = asyncio.create_task(self._read())
        offer = FLAT_OFFER if self._end is None else self._end.describe()
        hello = {"t": "hello", "protocol": 1, "ticket": self._ticket(), "page_host": "localhost", "offer": offer}
        await self._socket.send(json.dumps(hello))
        async with asyncio.timeout(_UP_LIMIT_S):
            await self._up.wait()
        await self._ask({"t": "ready"})

    async def leaves(self) -> None:
        """The page is closed."""
        if self._reading is not None:
            self._reading.cancel()
        await self._socket.close()

    def _ticket(self) -> str:
        issued = int(time.time())
        ticket = SeatTicket(
            house=self._room.shift.house, secretary=self._secretary, name=f"S{self._secretary}",
            seat=f"seat-{self._secretary}", rights=("answer",), issued=issued, expires=issued + 600,
        )  # fmt: skip
        return sign_ticket(ticket, bytes.fromhex(self._room.shift.key))

    async def _ask(self, message: dict[str, Any]) -> None:
        self._request += 1
        self._asked[self._request] = time.monotonic_ns()
        await self._socket.send(json.dumps({**message, "id": self._request}))

    async def _read(self) -> None:
        async for raw in self._socket:
            self._room.count.messages += 1
            if str(raw).startswith('{"t":"queue"'):  # everybody hears it: one reads it
                if self is self._room.seats[0]:
                    self._room.waiting = json.loads(raw)["waiting"]
                continue
            await self._happened(json.loads(raw))

    async def _happened(self, message: dict[str, Any]) -> None:
        kind, count = message["t"], self._room.count
        if kind == "offer":
            now = time.monotonic_ns()
            count.offered[message["card"]["caller"]["number"] or ""] = now
            if self._freed:
                count.free_to_offer_us.append((now - self._freed) // 1000)
                self._freed = 0
            if self._room.shift.answers:
                await self._ask({"t": "answer", "call": message["call"]})
        elif kind == "call":
            count.answered += 1
            if self._room.end_after_s:
                asyncio.get_running_loop().call_later(self._room.end_after_s, self._end_soon, message["call"])
        elif kind == "sdp" and self._end is not None:
            self._end.accept(message["sdp"])
        elif kind == "line" and message["state"] == "up":
            self._up.set()
        elif kind == "reply":
            self._replied(message)
        elif kind in ("error", "bye"):
            count.refusals.append(message["code"])

    def _end_soon(self, call: str) -> None:
        self._room.keep(self._ends(call))

    async def _ends(self, call: str) -> None:
        self._freed = time.monotonic_ns() if self._room.waiting >= WAITING_AT_LEAST else 0
        await self._ask({"t": "end", "call": call})

    def _replied(self, message: dict[str, Any]) -> None:
        asked = self._asked.pop(message["id"], 0)
        if asked:
            self._room.count.reply_us.append((time.monotonic_ns() - asked) // 1000)
        if not message["ok"]:
            self._room.count.refusals.append(message["code"])


class Room:
    """All of them."""

    def __init__(self, shift: Shift) -> None:
        self.shift = shift
        self.browsers = Browsers()
        self.count = Count()
        self.end_after_s = 0.0
        self.waiting = 0
        self.seats: list[Seat] = []
        self._work: set[asyncio.Task[None]] = set()

    def keep(self, work: Any) -> None:
        """A task that nobody waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def begin(self, order: dict[str, Any]) -> None:
        """A count begins."""
        self.end_after_s = float(order.get("end_after_s", 0.0))
        self.count = Count(began_cpu_s=time.process_time())

    def end(self) -> dict[str, Any]:
        """The counts."""
        self.count.cpu_s = time.process_time() - self.count.began_cpu_s
        return vars(self.count)


async def main() -> None:
    """Until stdin ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    room = Room(Shift(**json.loads(await reader.readline())))
    seats = room.seats = [Seat(room, secretary) for secretary in room.shift.secretaries]
    if room.shift.media:
        room.browsers.start()
    for at in range(0, len(seats), 20):
        await asyncio.gather(*(seat.sits_down() for seat in seats[at : at + 20]))
    print("ready", flush=True)
    while line := await reader.readline():
        room.begin(json.loads(line))
        await reader.readline()
        print(json.dumps(room.end()), flush=True)
    await asyncio.gather(*(seat.leaves() for seat in seats), return_exceptions=True)
    room.browsers.stop()


if __name__ == "__main__":
    asyncio.run(main())
