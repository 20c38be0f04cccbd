# SPDX-License-Identifier: AGPL-3.0-or-later
"""The control socket, spoken to over a real Unix socket."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from permanence.engine.exchange.bus import ControlServer
from permanence.engine.exchange.journal import Journal
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.telephony.commands import HouseCommand, Publish, Status, Versions


class Told:
    """Remembers what it was told; refuses to publish."""

    def __init__(self) -> None:
        self.commands: list[HouseCommand] = []

    def command(self, command: HouseCommand) -> Any:
        self.commands.append(command)
        if isinstance(command, Publish):
            raise Refusal("no such slice")
        if isinstance(command, Status):
            raise ZeroDivisionError
        return {"demo": {"": 1}}


class House:
    """The control socket of one exchange, and its journal."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "exchange.sock"
        loop = asyncio.get_running_loop()
        self.journal = Journal(
            folder / "journal",
            SystemClock(),
            on_synced=lambda _position: loop.call_soon_threadsafe(self.wake),
            minimum_free_bytes=0,
        )
        self.told = Told()
        self.server = ControlServer(self.path, "e1", self.journal, self.told)

    def wake(self) -> None:
        self.server.wake()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(self.path)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    found = House(tmp_path)
    await found.server.start()
    yield found
    await found.server.stop()
    found.journal.close()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: Any) -> dict[str, Any]:
    writer.write(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")
    return await hear(reader)


async def hear(reader: asyncio.StreamReader) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await asyncio.wait_for(reader.readline(), 10))
    return found


async def test_only_the_owner_may_speak(house: House) -> None:
    assert stat.S_IMODE(house.path.stat().st_mode) == 0o600


async def test_commands_refusals_and_faults(house: House) -> None:
    reader, writer = await house.connect()
    assert await ask(reader, writer, {"id": 1, "command": "versions"}) == {
        "id": 1,
        "ok": True,
        "result": {"demo": {"": 1}},
    }
    assert await ask(reader, writer, {"id": 2, "command": "publish", "slice": {}}) == {
        "id": 2,
        "ok": False,
        "code": "refused",
        "why": "no such slice",
    }
    assert (await ask(reader, writer, {"id": 3, "command": "status"}))["code"] == "failed"
    assert (await ask(reader, writer, {"id": 4, "command": "fly"}))["code"] == "bad_message"
    assert (await ask(reader, writer, b"{{{\n"))["code"] == "bad_message"
    assert (await ask(reader, writer, {"id": 5, "command": "versions"}))["ok"]
    assert [type(command) for command in house.told.commands] == [Versions, Publish, Status, Versions]
    writer.close()


async def test_the_bus_replays_then_goes_on_live(house: House) -> None:
    house.journal.append({"type": "A"})
    house.journal.append({"type": "B"})
    reader, writer = await house.connect()
    assert (await ask(reader, writer, {"id": 1, "command": "subscribe", "after": 1}))["ok"]
    assert await hear(reader) == {"engine": "e1", "sequence": 2, "event": {"type": "B"}}
    house.journal.append({"type": "C"})
    assert await hear(reader) == {"engine": "e1", "sequence": 3, "event": {"type": "C"}}
    writer.write(b'{"ack":3}\n')
    again, other = await house.connect()
    await ask(again, other, {"id": 1, "command": "versions"})  # after the acknowledgement was read
    writer.close()
    other.close()
    assert house.journal.acknowledged == 3


async def test_a_thousand_events_arrive_once_in_order(house: House) -> None:
    for number in range(700):
        house.journal.append({"type": "A", "n": number})
    reader, writer = await house.connect()
    await ask(reader, writer, {"id": 1, "command": "subscribe", "after": 0})
    for number in range(700, 1000):
        house.journal.append({"type": "A", "n": number})
    heard = [await hear(reader) for _ in range(1000)]
    assert [one["sequence"] for one in heard] == list(range(1, 1001))
    assert [one["event"]["n"] for one in heard] == list(range(1000))
    writer.close()


async def test_a_second_exchange_does_not_take_the_socket(house: House) -> None:
    other = ControlServer(house.path, "e2", house.journal, house.told)
    with pytest.raises(OSError, match="another exchange"):
        await other.start()


async def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    first = House(tmp_path)
    await first.server.start()
    await first.server.stop()
    first.journal.close()
    first.path.touch()
    second = House(tmp_path)
    await second.server.start()
    reader, writer = await second.connect()
    assert (await ask(reader, writer, {"id": 1, "command": "versions"}))["ok"]
    writer.close()
    await second.server.stop()
    second.journal.close()
