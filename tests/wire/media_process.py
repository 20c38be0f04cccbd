# SPDX-License-Identifier: AGPL-3.0-or-later
"""The real media process for the tests: started on free ports, driven through the real gateway."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from permanence.telephony.gateways.embedded import EmbeddedGateway
from permanence.telephony.media import control
from permanence.telephony.media.living import Living
from tests.processes import free_port
from tests.spool import make_keys
from tests.wire.media_client_webrtc import DEADLINE_S, BrowserLine, RtpCaller


class Media:
    """The gateway, and every event it told."""

    def __init__(self, gateway: EmbeddedGateway, data: Path, process: asyncio.subprocess.Process) -> None:
        self.gateway, self.data, self.process = gateway, data, process
        self.events: list[control.MediaEvent] = []
        self._changed = asyncio.Event()
        self._ends: list[BrowserLine | RtpCaller] = []
        self._task: asyncio.Task[None] | None = None
        gateway.listen(self._event)

    def _event(self, event: control.MediaEvent) -> None:
        self.events.append(event)
        self._changed.set()

    def connect(self) -> None:
        """Be connected from now on."""
        self._task = asyncio.create_task(self.gateway.run())

    async def disconnect(self) -> None:
        """Be an exchange that died."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def until(self, done: Callable[[], bool]) -> None:
        """Return when `done()`, asked again after every event, is true."""
        async with asyncio.timeout(DEADLINE_S):
            while not done():
                self._changed.clear()
                await self._changed.wait()

    async def event(self, wanted: control.MediaEvent, times: int = 1) -> None:
        """Wait for this event, at least so many times since the start."""
        await self.until(lambda: self.events.count(wanted) >= times)

    async def answer(self, line: str, offer: str, page_host: str = "localhost", again: bool = False) -> str:
        """Negotiate; raises AssertionError with the code when media refuses."""
        got: asyncio.Future[tuple[str | None, str]] = asyncio.get_running_loop().create_future()
        ask = self.gateway.renegotiate_line if again else self.gateway.open_line
        ask(line, offer, page_host, lambda answer, code: got.set_result((answer, code)))
        async with asyncio.timeout(DEADLINE_S):
            answer, code = await got
        assert answer is not None, code
        return answer

    async def refusal(self, line: str, offer: str, again: bool = False) -> str:
        """Negotiate in vain; gives the code."""
        got: asyncio.Future[tuple[str | None, str]] = asyncio.get_running_loop().create_future()
        ask = self.gateway.renegotiate_line if again else self.gateway.open_line
        ask(line, offer, "localhost", lambda answer, code: got.set_result((answer, code)))
        async with asyncio.timeout(DEADLINE_S):
            answer, code = await got
        assert answer is None
        return code

    async def browser(self, line: str, page_host: str = "localhost") -> BrowserLine:
        """A browser's line that is up."""
        browser = BrowserLine()
        self._ends.append(browser)
        before = self.events.count(control.LineUp(line=line))
        await browser.accept(await self.answer(line, browser.offer(), page_host))
        await browser.connected()
        await self.event(control.LineUp(line=line), before + 1)
        return browser

    async def caller(self, leg: str, *, kind: int = 8, host: str = "127.0.0.1", dtmf: int | None = 101) -> RtpCaller:
        """A caller whose leg is open; he has not spoken yet."""
        port = free_port(host)
        caller = await RtpCaller.make((host, port), kind=kind, host=host)
        self._ends.append(caller)
        self.gateway.open_leg(
            control.OpenLeg(
                leg=leg,
                port=port,
                host=host,
                remote_host=host,
                remote_port=caller.address[1],
                payload_type=kind,
                dtmf_payload_type=dtmf,
            )
        )
        return caller

    async def living(self) -> Living:
        got: asyncio.Future[Living | None] = asyncio.get_running_loop().create_future()
        self.gateway.status(got.set_result)
        async with asyncio.timeout(DEADLINE_S):
            living = await got
        assert living is not None
        return living

    def close(self) -> None:
        for end in self._ends:
            end.vanish() if isinstance(end, BrowserLine) else end.close()


@contextlib.asynccontextmanager
async def running_media(folder: Path, *arguments: str, fds: tuple[int, ...] = ()) -> AsyncIterator[Media]:
    """The media process, connected; ended at the end. A trace in its log fails the test."""
    data = folder / "data"
    make_keys(data)
    command = ["-m", "permanence.engine.mediaplane", "--data", str(data), "--run", str(folder), "--port", "0"]
    log = folder / "media.log"
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=written,
            start_new_session=True,
            pass_fds=fds,
        )
    assert process.stdout is not None
    gateway = EmbeddedGateway(folder / "media.sock")
    media = Media(gateway, data, process)
    try:
        async with asyncio.timeout(DEADLINE_S):
            assert await process.stdout.readline() == b"ready\n"
        media.connect()
        await media.until(lambda: any(isinstance(event, control.MediaConnected) for event in media.events))
        yield media
    finally:
        media.close()
        await media.disconnect()
        if process.returncode is None:
            process.terminate()
        await process.wait()
    assert "Traceback" not in log.read_text()
