# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one client of the exchange's control socket (docs/contracts.md): newline-delimited JSON.

Synchronous, one connection a command, each with a time limit. An exchange that is away raises `ExchangeAbsent`; one
that says no raises `ExchangeRefused` with its code. `subscribe` is the event bus.
"""

import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from permanence.kernel.refusals import Refusal
from permanence.reception.table import ClientSlice, HouseSlice, write_slice

COMMAND_LIMIT_S = 3.0
CONNECT_LIMIT_S = 1.0
LONGEST_LINE = 4 * 1024 * 1024


class ExchangeAbsent(Refusal):
    """Nobody answers on the control socket, or not in time. Try again later: the telephone does not need us."""

    code = "exchange_absent"


class ExchangeRefused(Refusal):
    """The exchange answered no; `code` is its own."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why or code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineMessage:
    """One event of the bus. `event` is the envelope of `reception.events.ENGINE_EVENTS` (its name under "type")."""

    engine: str
    sequence: int
    event: dict[str, Any]


class _Connection:
    """One connection: lines out, lines in."""

    def __init__(self, path: Path, *, limit_s: float | None) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._buffer = bytearray()
        try:
            self._socket.settimeout(CONNECT_LIMIT_S)
            self._socket.connect(str(path))
            self._socket.settimeout(limit_s)
        except OSError as error:
            self._socket.close()
            raise ExchangeAbsent(f"{path}: {error}") from error

    def send(self, message: dict[str, Any]) -> None:
        """One message. Raises ExchangeAbsent."""
        try:
            self._socket.sendall(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        except OSError as error:
            raise ExchangeAbsent(str(error)) from error

    def receive(self) -> dict[str, Any] | None:
        """The next message; None when the time limit passed without one. Raises ExchangeAbsent at the end."""
        while (end := self._buffer.find(b"\n")) < 0:
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                return None
            except OSError as error:
                raise ExchangeAbsent(str(error)) from error
            if not data or len(self._buffer) > LONGEST_LINE:
                raise ExchangeAbsent("the exchange closed the connection")
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ExchangeAbsent("not a message")
        return message

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


@dataclass(frozen=True, slots=True)
class Exchange:
    """The exchange behind a control socket."""

    path: Path

    def command(self, name: str, **fields: Any) -> Any:
        """The result of a command. Raises ExchangeAbsent or ExchangeRefused."""
        with contextlib.closing(_Connection(self.path, limit_s=COMMAND_LIMIT_S)) as connection:
            connection.send({"id": 1, "command": name, **fields})
            reply = connection.receive()
        if reply is None:
            raise ExchangeAbsent(f"no answer to {name} within {COMMAND_LIMIT_S:g} s")
        if not reply.get("ok"):
            raise ExchangeRefused(str(reply.get("code", "refused")), str(reply.get("why", "")))
        return reply.get("result")

    def publish(self, entry: HouseSlice | ClientSlice) -> None:
        """Give the exchange a slice of the routing table; it is on its disk when this returns."""
        self.command("publish", slice=write_slice(entry))

    def withdraw(self, *, house: str, client: str) -> None:
        """Take a client out of the routing table."""
        self.command("withdraw", house=house, client=client)

    def versions(self) -> dict[str, dict[str, int]]:
        """The versions it holds: house -> {"" for the house, client id for each client: version}."""
        result = self.command("versions")
        return {str(house): {str(key): int(value) for key, value in held.items()} for house, held in result.items()}

    def revoke_seat(self, *, house: str, secretary: str) -> None:
        """End the seat of a secretary: her right to answer was withdrawn."""
        self.command("revoke_seat", house=house, secretary=secretary)

    def status(self) -> dict[str, Any]:
        """Calls, seats, queue and trunks at this moment."""
        return dict(self.command("status") or {})

    def subscribe(self, *, after: int, idle_s: float = 1.0) -> Iterator[EngineMessage | None]:
        """The events of the engine after a sequence, from its journal and then live.

        Gives None every `idle_s` seconds without an event, so that the consumer can stop. An event is acknowledged when
        the consumer asks for the next one: apply and commit it before. Raises ExchangeAbsent when the connection ends.
        """
        with contextlib.closing(_Connection(self.path, limit_s=idle_s)) as connection:
            connection.send({"id": 1, "command": "subscribe", "after": after})
            while True:
                message = connection.receive()
                if message is None:
                    yield None
                elif "event" in message:
                    found = EngineMessage(
                        engine=str(message["engine"]), sequence=int(message["sequence"]), event=message["event"]
                    )
                    yield found
                    connection.send({"ack": found.sequence})
                elif message.get("ok") is False:
                    raise ExchangeRefused(str(message.get("code", "refused")), str(message.get("why", "")))
