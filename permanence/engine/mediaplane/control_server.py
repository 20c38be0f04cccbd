# SPDX-License-Identifier: AGPL-3.0-or-later
"""The control socket of the media process: reads commands, prepares what needs files or names, hands them over."""

import asyncio
import dataclasses
import ipaddress
import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from permanence.engine.mediaplane.addresses import Address, candidates, machine_addresses
from permanence.engine.mediaplane.loop import MediaLoop
from permanence.engine.mediaplane.plane import CommandRefused, MediaPlane
from permanence.engine.mediaplane.player import Frames
from permanence.engine.mediaplane.prompts import PromptLibrary
from permanence.engine.mediaplane.recorder import is_file_name
from permanence.telephony.media import control
from permanence.telephony.media.control_wire import (
    MESSAGE_LIMIT,
    ControlError,
    command_from_json,
    event_to_json,
    matrix_is_square,
    reply_to_json,
)
from permanence.telephony.media.dtmf import are_digits
from permanence.telephony.media.sdp import SdpError, SdpRefused
from permanence.telephony.media.sdp_browser import BrowserOffer, Candidate, parse_browser_offer

_log = logging.getLogger(__name__)
_BACKLOG = 1000
_SLOW_READER = 4 << 20
_RESOLVE_S = 0.5
_RESOLVED_S = 300.0
_RESOLVED_LIMIT = 100

Work = Callable[[float], Mapping[str, Any] | None]
"""What a command does in the media thread: gives the reply's result."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where the lines' port can be reached: `public` is configured, `bound` the hosts it listens on."""

    port: int
    public: tuple[Address, ...]
    bound: tuple[Address, ...]
    udp: bool = True
    tcp: bool = True


class ControlServer:
    """Serves every exchange that connects; events that happen while none is connected wait (the last 1,000)."""

    def __init__(self, *, plane: MediaPlane, media: MediaLoop, prompts: PromptLibrary, reach: Reach) -> None:
        self._plane, self._media, self._prompts, self._reach = plane, media, prompts, reach
        self._writers: set[asyncio.StreamWriter] = set()
        self._waiting: deque[bytes] = deque(maxlen=_BACKLOG)
        self._resolved: dict[str, tuple[tuple[Address, ...], float]] = {}

    async def serve(self, path: Path) -> asyncio.Server:
        """Listen on a Unix socket of mode 0600, in place of one a dead process left."""
        path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(self._connection, path, limit=MESSAGE_LIMIT + 1)
        finally:
            os.umask(mask)

    def tell(self, event: control.MediaEvent) -> None:
        """Send an event to every exchange. The loop's thread only."""
        line = event_to_json(event)
        if not self._writers:
            self._waiting.append(line)
        for writer in list(self._writers):
            self._send(writer, line)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        while self._waiting:
            self._send(writer, self._waiting.popleft())
        try:
            while line := await reader.readline():
                await self._command(line, writer)
        except (ValueError, ConnectionError):
            _log.warning("control: a message is too long or the exchange went away; connection closed")
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _command(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            command, request = command_from_json(line)
        except ControlError as error:
            _log.warning("control: bad message: %s", error)
            return
        loop = asyncio.get_running_loop()

        def answer(result: Mapping[str, Any] | None, code: str) -> None:
            if code:
                _log.warning("control: %s refused: %s", command.NAME, code)
            if request is not None:
                reply = control.Reply(id=request, ok=not code, result=result or {}, code=code, why=code)
                self._send(writer, reply_to_json(reply))

        try:
            work = await self._prepare(command)
        except CommandRefused as refusal:
            answer(None, refusal.code)
            return

        def job(now: float) -> None:
            try:
                result, code = work(now), ""
            except CommandRefused as refusal:
                result, code = None, refusal.code
            except Exception:
                # One bad command must not stop everybody's audio; it is told and logged with its trace.
                _log.exception("control: %s failed", command.NAME)
                result, code = None, "failed"
            if code or request is not None:
                loop.call_soon_threadsafe(answer, result, code)

        self._media.call(job)

    async def _prepare(self, command: control.MediaCommand) -> Work:
        """What the command does, with everything read, resolved and checked that the media thread must not wait for."""
        plane = self._plane
        match command:
            case control.OpenLine() | control.RenegotiateLine():
                return await self._prepare_line(command)
            case control.Play():
                frames = self._frames(command.prompts)
                return lambda _: plane.play(command, frames)
            case control.Record():
                if not is_file_name(command.file) or not 0 < command.max_s <= 3600:
                    raise CommandRefused("file")
                return lambda _: plane.record(command)
            case control.SendDtmf():
                if not are_digits(command.digits):
                    raise CommandRefused("digits")
                return lambda _: plane.dtmf(command.party, command.digits)
            case control.Mix():
                if not matrix_is_square(command):
                    raise CommandRefused("matrix")
                return lambda _: plane.mix(command)
            case control.AskAlive():
                return lambda _: None  # the answer comes from the media thread: both threads are there
            case control.AskStatus():
                return lambda _: dataclasses.asdict(plane.living())
            case _:
                return self._simple(command)

    def _simple(self, command: control.MediaCommand) -> Work:
        plane = self._plane
        works: dict[type[control.MediaCommand], Callable[[Any], None]] = {
            control.CloseLine: lambda one: plane.close_line(one.line),
            control.OpenLeg: plane.open_leg,
            control.UpdateLeg: plane.update_leg,
            control.CloseLeg: lambda one: plane.close_leg(one.leg),
            control.Plug: lambda one: plane.plug(one.line, one.leg),
            control.Unplug: lambda one: plane.unplug(one.line),
            control.Mute: lambda one: plane.mute(one.line, one.on),
            control.Stop: lambda one: plane.stop(one.party),
            control.StopRecord: lambda one: plane.stop_record(one.leg),
            control.Unmix: lambda one: plane.unmix(one.mix),
        }
        work = works[type(command)]
        return lambda _: work(command)

    async def _prepare_line(self, command: control.OpenLine | control.RenegotiateLine) -> Work:
        try:
            offer = parse_browser_offer(command.offer)
        except SdpRefused:
            raise CommandRefused("no_pcma") from None
        except SdpError:
            raise CommandRefused("bad_offer") from None
        offered = await self._candidates(command.page_host)
        act = self._plane.open_line if isinstance(command, control.OpenLine) else self._plane.renegotiate_line
        return _answering(act, command.line, offer, offered)

    async def _candidates(self, page_host: str) -> tuple[Candidate, ...]:
        reach = self._reach
        return candidates(
            page=await self._addresses_of(page_host),
            machine=machine_addresses(),
            public=reach.public,
            bound=reach.bound,
            port=reach.port,
            udp=reach.udp,
            tcp=reach.tcp,
        )

    async def _addresses_of(self, host: str) -> tuple[Address, ...]:
        """The addresses of the host a page was opened on; what was found is kept for five minutes, failures too."""
        now = asyncio.get_running_loop().time()
        known = self._resolved.get(host)
        if known is None or known[1] < now:
            if len(self._resolved) >= _RESOLVED_LIMIT:
                self._resolved.clear()
            known = self._resolved[host] = (await _resolve(host), now + _RESOLVED_S)
        return known[0]

    def _frames(self, names: tuple[str, ...]) -> Frames:
        """The prompts one after the other; an unknown one is left out, so that a caller is never left in silence."""
        whole: list[bytes] = []
        for name in names:
            frames = self._prompts.frames(name)
            if frames is None:
                _log.warning("prompt %r is not there", name)
            whole += frames or ()
        return tuple(whole)

    def _send(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        if writer.is_closing():
            return
        if writer.transport.get_write_buffer_size() > _SLOW_READER:
            _log.warning("control: an exchange does not read; connection closed")
            writer.transport.abort()
            return
        writer.write(line)


def _answering(
    act: Callable[[str, BrowserOffer, tuple[Candidate, ...], float], str],
    line: str,
    offer: BrowserOffer,
    offered: tuple[Candidate, ...],
) -> Work:
    return lambda now: {"answer": act(line, offer, offered, now)}


async def _resolve(host: str) -> tuple[Address, ...]:
    """The addresses of the host a page was opened on; a name that does not resolve in time gives none."""
    name = host.strip("[]")
    try:
        return (ipaddress.ip_address(name),)
    except ValueError:
        pass
    if name == "localhost" or name.endswith(".localhost"):
        return (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))
    try:
        async with asyncio.timeout(_RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError, TimeoutError):
        return ()
    return tuple(dict.fromkeys(ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found))
