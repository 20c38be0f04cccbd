# SPDX-License-Identifier: AGPL-3.0-or-later
"""The connection of an exchange to a media process: an asyncio client of its Unix socket that connects again."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from permanence.telephony.media.control import (
    AskAlive,
    AskStatus,
    MediaCommand,
    MediaConnected,
    MediaEvent,
    MediaLost,
    MediaSilent,
    Reply,
)
from permanence.telephony.media.control_wire import (
    MESSAGE_LIMIT,
    ControlError,
    command_to_json,
    living_from_result,
    message_from_json,
)
from permanence.telephony.shells.heartbeat import Heartbeat

_log = logging.getLogger(__name__)
_RETRY_S = 0.1
_REPLY_S = 5.0
_BACKLOG = 4 << 20

OnReply = Callable[[Reply | None], None]
"""Called once: with the reply, or None where the connection broke or nothing came in 5 s."""


class MediaClient:
    """Sends commands and tells events. Everything runs in the loop that runs `run`; commands sent while the connection
    is down are dropped (their reply is None)."""

    def __init__(self, path: Path, on_event: Callable[[MediaEvent], None]) -> None:
        """`path`: of `media.sock`. `on_event` also gets `MediaConnected`, `MediaSilent` and `MediaLost`."""
        self._path = path
        self._on_event = on_event
        self._writer: asyncio.StreamWriter | None = None
        self._replies: dict[int, tuple[OnReply, asyncio.TimerHandle]] = {}
        self._number = 0
        self._unwritten: list[bytes] = []
        self._heart = Heartbeat(
            lambda answered: self.send(AskAlive(), answered),
            silent=lambda: on_event(MediaSilent()),
            back=lambda: self.send(AskStatus(), self._first_status),
        )

    @property
    def connected(self) -> bool:
        """Whether commands reach media at the moment."""
        return self._writer is not None

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path, limit=4 * MESSAGE_LIMIT)
            except OSError:
                await asyncio.sleep(_RETRY_S)
                continue
            try:
                await self._serve(reader, writer)
            finally:
                self._writer = None
                self._heart.stop()
                writer.close()
                self._fail_replies()
            self._on_event(MediaLost())
            await asyncio.sleep(_RETRY_S)

    def send(self, command: MediaCommand, on_reply: OnReply | None = None) -> None:
        """Send a command; with `on_reply` its reply is awaited, and comes later, once."""
        loop = asyncio.get_running_loop()
        writer = self._writer
        if writer is None or writer.transport.get_write_buffer_size() > _BACKLOG:
            _log.warning("media is not reachable: %s dropped", command.NAME)
            if on_reply is not None:
                loop.call_soon(on_reply, None)
            return
        if on_reply is None:
            self._write(command_to_json(command))
            return
        self._number += 1
        number = self._number
        self._replies[number] = (on_reply, loop.call_later(_REPLY_S, self._give_up, number))
        self._write(command_to_json(command, number))

    def _write(self, line: bytes) -> None:
        """The commands of one turn of the loop leave in one write."""
        if not self._unwritten:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unwritten.append(line)

    def _flush(self) -> None:
        unwritten, self._unwritten = self._unwritten, []
        if self._writer is not None:
            self._writer.write(b"".join(unwritten))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.send(AskStatus(), self._first_status)
        with contextlib.suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                self._line(line)

    def _line(self, line: bytes) -> None:
        try:
            message = message_from_json(line)
        except ControlError as error:
            _log.warning("media sent a bad message: %s", error)
            return
        if isinstance(message, Reply):
            waiting = self._replies.pop(message.id, None)
            if waiting is not None:
                waiting[1].cancel()
                waiting[0](message)
        elif message is not None:
            self._on_event(message)

    def _first_status(self, reply: Reply | None) -> None:
        if reply is not None and reply.ok:
            living = living_from_result(reply.result)
            self._on_event(MediaConnected(living=living))
            if living.beats:
                self._heart.start()
        elif self._writer is not None:
            self._writer.close()

    def _give_up(self, number: int) -> None:
        waiting = self._replies.pop(number, None)
        if waiting is not None:
            waiting[0](None)

    def _fail_replies(self) -> None:
        replies, self._replies = self._replies, {}
        for on_reply, timer in replies.values():
            timer.cancel()
            on_reply(None)
