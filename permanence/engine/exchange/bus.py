# SPDX-License-Identifier: AGPL-3.0-or-later
"""The control socket: web and worker command the exchange, and one of them hears its events (docs/contracts.md).

A Unix socket of mode 0600; newline-delimited JSON. After `subscribe` a connection only carries events towards the
house and acknowledgements back. Events are told once they are on the disk, in the order of their sequence.
"""

import asyncio
import contextlib
import errno
import inspect
import logging
import os
import socket
from pathlib import Path
from typing import Any, Protocol

from permanence.engine.exchange.journal import Journal
from permanence.kernel.fast_json import decode, encode
from permanence.kernel.refusals import Refusal
from permanence.telephony.commands import BadMessage, HouseCommand, Subscribe, read_house_command, read_id

LINE_LIMIT = 4 << 20
BATCH = 200
_log = logging.getLogger("permanence.exchange.bus")


class HouseCommands(Protocol):
    """Carries out what the house asks."""

    def command(self, command: HouseCommand) -> Any:
        """Does it and returns what `json.dumps` accepts, or an awaitable of that. Raises Refusal."""
        ...


class ControlServer:
    """Serves the control socket on the running loop."""

    def __init__(self, path: Path, engine: str, journal: Journal, commands: HouseCommands) -> None:
        self._path = path
        self._engine = engine
        self._journal = journal
        self._commands = commands
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._durable = asyncio.Event()

    async def start(self) -> None:
        """Binds the socket. Raises OSError when another exchange serves it."""
        bound = _bind(self._path)
        self._server = await asyncio.start_unix_server(self._accept, sock=bound, limit=LINE_LIMIT)

    async def stop(self) -> None:
        """Closes every connection and removes the socket."""
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    def wake(self) -> None:
        """More of the journal is on the disk."""
        self._durable.set()
        self._durable = asyncio.Event()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a stream callback always runs in a task
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            pass  # the server stops
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await _read_line(reader):
            try:
                message = decode(line)
                command = read_house_command(message)
            except ValueError:
                _send(writer, {"id": None, "ok": False, "code": "bad_message", "why": "not JSON"})
                continue
            except BadMessage as refusal:
                _send(writer, {"id": read_id(message), "ok": False, "code": refusal.code, "why": refusal.why})
                continue
            if isinstance(command, Subscribe):
                _send(writer, {"id": read_id(message), "ok": True, "result": {"engine": self._engine}})
                await self._stream(reader, writer, command.after)
                return
            _send(writer, {"id": read_id(message), **(await self._answer(command))})
            await writer.drain()

    async def _answer(self, command: HouseCommand) -> dict[str, Any]:
        try:
            result = self._commands.command(command)
            return {"ok": True, "result": await result if inspect.isawaitable(result) else result}
        except Refusal as refusal:
            return {"ok": False, "code": refusal.code, "why": refusal.why}
        except Exception:
            _log.exception("command_failed", extra={"fields": {"command": type(command).__name__}})
            return {"ok": False, "code": "failed", "why": "the exchange could not carry it out"}

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: int) -> None:
        self._journal.skip_to(after + 1)  # a house that outlived our journal would take our next events for old ones
        engine = encode(self._engine)
        acknowledgements = asyncio.create_task(self._read_acknowledgements(reader))
        try:
            while not acknowledgements.done():
                durable, wait = self._journal.durable_sequence, self._durable.wait()
                batch = [pair for pair in self._journal.written_after(after, BATCH) if pair[0] <= durable]
                for sequence, event in batch:
                    writer.write(b'{"engine":%b,"sequence":%d,"event":%b}\n' % (engine, sequence, event))
                    after = sequence
                await writer.drain()
                if batch:
                    wait.close()
                    continue
                waiting = asyncio.ensure_future(wait)
                await asyncio.wait({waiting, acknowledgements}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        finally:
            acknowledgements.cancel()
            await asyncio.gather(acknowledgements, return_exceptions=True)

    async def _read_acknowledgements(self, reader: asyncio.StreamReader) -> None:
        while line := await _read_line(reader):
            try:
                sequence = decode(line).get("ack")
            except (ValueError, AttributeError):
                return
            if isinstance(sequence, int) and not isinstance(sequence, bool):
                self._journal.acknowledge(sequence)


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    """The next line, or nothing when the peer closed or sent more than LINE_LIMIT bytes without an end."""
    try:
        line = await reader.readline()
    except ValueError:
        return b""
    return line if line.endswith(b"\n") else b""


def _send(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    writer.write(encode(message) + b"\n")


def _bind(path: Path) -> socket.socket:
    """A listening Unix socket of mode 0600; a socket nobody serves any more is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise OSError(errno.EADDRINUSE, f"another exchange serves {path.name}")
        path.unlink()
    bound = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        bound.bind(str(path))
    finally:
        os.umask(before)
    return bound
