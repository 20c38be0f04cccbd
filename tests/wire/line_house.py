# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real house for the tests: the exchange and media as processes on free ports of loopback, a telephone that speaks
SIP and RTP over UDP, a page that speaks the line's protocol and WebRTC."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.kernel.tickets import SeatTicket, sign_ticket
from permanence.reception.table import ClientSlice, HouseSlice, OpeningHours, TrunkEntry, write_slice
from permanence.telephony.media.sdp import parse_sdp
from permanence.telephony.media.sdp_audio import accept_answer, offer_audio
from permanence.telephony.shells.sip_runner import SipRunner
from permanence.telephony.sip import events as sip
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.settings import SipSettings
from tests.processes import KEY, ORIGIN, bound, exchange_arguments, free_range, media_arguments, new_folder
from tests.stories import cast
from tests.wire.media_client_webrtc import BrowserLine, RtpCaller

DEADLINE_S = 10.0


class Changes:
    """Waits for something to become true, asked again after every change."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def changed(self) -> None:
        self._changed.set()

    async def until(self, done: Callable[[], bool], seconds: float = DEADLINE_S) -> None:
        async with asyncio.timeout(seconds):
            while not done():
                self._changed.clear()
                await self._changed.wait()


class Phone(Changes):
    """A telephone behind the trunk: SIP and RTP over real sockets."""

    def __init__(self, house: "RealHouse") -> None:
        super().__init__()
        self.house = house
        self.statuses: list[int] = []
        self.state = "idle"
        self.session = ""
        self._runner: SipRunner
        self.rtp: RtpCaller

    async def dials(self, line: str, number: str = "+352621000147", *, tcp: bool = False) -> None:
        endpoint = SipEndpoint(SipSettings(), SystemEntropy(), lambda _flow: "house")
        self._runner = SipRunner(endpoint, self._event, SystemClock().monotonic)
        port = self.house.tcp_port if tcp else self.house.sip_port
        if tcp:
            flow = await self._runner.open_streams("tcp").connect("127.0.0.1", port)
        else:
            flow = (await self._runner.listen_udp()).flow(("127.0.0.1", port))
        self.rtp = await RtpCaller.make(("127.0.0.1", 9))
        offer = offer_audio(host="127.0.0.1", port=self.rtp.address[1], session_id=1)
        self.session = endpoint.dial(
            f"sip:{line}@127.0.0.1:{port}",
            flow,
            f"sip:{number}@127.0.0.1",
            offer,
            now=self._runner.now(),
        )
        self.state = "dialling"
        self._runner.pump()

    def _event(self, event: sip.SipEvent) -> None:
        if isinstance(event, sip.ProgressReceived):
            self.statuses.append(event.status)
        elif isinstance(event, sip.AnswerReceived):
            self.statuses.append(200)
            agreed = accept_answer(parse_sdp(event.sdp or ""))
            assert agreed.remote_host is not None
            assert agreed.remote_port is not None
            self.rtp.to = (agreed.remote_host, agreed.remote_port)
            self.state = "answered"
        elif isinstance(event, sip.DialFailed):
            self.statuses.append(event.status)
            self.state = "refused"
        elif isinstance(event, sip.SessionEnded):
            self.state = f"ended by {event.by}"
        self.changed()

    def hangs_up(self) -> None:
        self._runner.endpoint.end(self.session, now=self._runner.now())
        self._runner.pump()

    def close(self) -> None:
        if self.session:
            self._runner.close()
            self.rtp.close()


class Page(Changes):
    """A secretary's page: the websocket, and the browser's audio."""

    def __init__(self, house: "RealHouse", secretary: str, name: str) -> None:
        super().__init__()
        self.house = house
        self.secretary = secretary
        self.name = name
        self.messages: list[dict[str, Any]] = []
        self.browser: BrowserLine | None = None
        self.closed_with = 0
        self._socket: ClientConnection
        self._reading: asyncio.Task[None] | None = None
        self._request = 0

    def ticket(self, **changes: Any) -> str:
        issued = int(datetime.now(UTC).timestamp())
        found = SeatTicket(
            house=cast.HOUSE,
            secretary=self.secretary,
            name=self.name,
            seat=f"seat-{self.secretary}",
            rights=("answer",),
            issued=issued,
            expires=issued + 600,
        )
        return sign_ticket(replace(found, **changes), KEY)

    async def connects(self, *, origin: str = ORIGIN) -> None:
        address = f"ws://127.0.0.1:{self.house.line_port}/line"
        self._socket = await connect(address, origin=origin, compression=None)  # type: ignore[arg-type]
        self._reading = asyncio.create_task(self._read())

    async def hello(self, *, audio: bool = True, ticket: str | None = None) -> None:
        offer = None
        if audio:
            self.browser = BrowserLine()
            offer = self.browser.offer()
        hello = {"t": "hello", "protocol": 1, "ticket": ticket or self.ticket(), "page_host": "localhost"}
        await self.send({**hello, "offer": offer} if offer else hello)
        if self.browser is not None and audio:
            before = self.count("sdp")
            await self.until(lambda: self.count("sdp") > before)
            await self.browser.accept(self.last("sdp")["sdp"])
            await self.browser.connected()
            await self.until(lambda: self.last("line")["state"] == "up")

    async def ready(self) -> None:
        await self.asks({"t": "ready"})
        await self.until(lambda: self.last("presence")["state"] in ("ready", "offered"))

    async def send(self, message: dict[str, Any]) -> None:
        await self._socket.send(json.dumps(message))

    async def asks(self, message: dict[str, Any]) -> dict[str, Any]:
        """Sends a request and gives its reply."""
        self._request += 1
        number = self._request
        await self.send({**message, "id": number})
        found: list[dict[str, Any]] = []

        def replied() -> bool:
            found.extend(one for one in self.messages if one["t"] == "reply" and one["id"] == number)
            return bool(found)

        await self.until(replied)
        return found[0]

    async def shows(self, kind: str) -> dict[str, Any]:
        """Waits for a message of a kind."""
        await self.until(lambda: self.count(kind) > 0)
        return self.last(kind)

    def count(self, kind: str) -> int:
        return sum(message["t"] == kind for message in self.messages)

    def last(self, kind: str) -> dict[str, Any]:
        return next((message for message in reversed(self.messages) if message["t"] == kind), {"state": ""})

    async def _read(self) -> None:
        async for raw in self._socket:
            self.messages.append(json.loads(raw))
            self.changed()
        self.closed_with = self._socket.close_code or 0
        self.changed()

    async def closes(self) -> None:
        await self._socket.close()

    def drop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._socket.transport.abort()
        if self.browser is not None:
            self.browser.vanish()


class RealHouse:
    """The processes, and the sockets they inherit (as the supervisor hands them down)."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", name_server: tuple[str, int] | None = None) -> None:
        """`host`: where SIP and audio are. `name_server`: the exchange's DNS."""
        self.folder = folder
        self.host = host
        self.name_server = name_server
        self.sockets = {
            "line": bound(socket.SOCK_STREAM),
            "sip-udp": bound(socket.SOCK_DGRAM, host),
            "sip-tcp": bound(socket.SOCK_STREAM, host),
            "sip-tls": bound(socket.SOCK_STREAM, host),
        }
        ports = [one.getsockname()[1] for one in self.sockets.values()]
        self.line_port, self.sip_port, self.tcp_port, self.tls_port = ports
        self.rtp = free_range()
        self.exchange: asyncio.subprocess.Process | None = None
        self.media: asyncio.subprocess.Process | None = None
        self.ends: list[Phone | Page] = []
        new_folder(folder)

    async def start_media(self) -> None:
        arguments = media_arguments(self.folder, self.rtp)
        arguments += ["--host", "127.0.0.1", self.host] if self.host != "127.0.0.1" else []
        self.media = await start("permanence.engine.mediaplane", arguments)

    async def start_exchange(self) -> None:
        arguments, fds = exchange_arguments(self.folder, "wire", self.rtp, self.sockets)
        if self.name_server is not None:
            arguments += ["--name-server", f"{self.name_server[0]}:{self.name_server[1]}"]
        self.exchange = await start("permanence.engine.exchange", arguments, fds)

    async def kill(self, process: asyncio.subprocess.Process | None) -> None:
        """kill -9."""
        assert process is not None
        process.kill()
        await process.wait()

    async def command(self, command: str, **fields: Any) -> Any:
        """One command over the control socket."""
        reader, writer = await asyncio.open_unix_connection(self.folder / "exchange.sock", limit=1 << 20)
        writer.write(json.dumps({"id": 1, "command": command, **fields}).encode() + b"\n")
        reply = json.loads(await asyncio.wait_for(reader.readline(), DEADLINE_S))
        writer.close()
        assert reply["id"] == 1
        assert reply["ok"], reply
        return reply["result"]

    async def event(self, kind: str, seconds: float = DEADLINE_S, **fields: Any) -> dict[str, Any]:
        """Waits for the engine's first event of a kind, with these fields, since the beginning of its journal."""
        reader, writer = await asyncio.open_unix_connection(self.folder / "exchange.sock", limit=1 << 20)
        try:
            writer.write(b'{"id": 1, "command": "subscribe", "after": 0}\n')
            async with asyncio.timeout(seconds):
                await reader.readline()
                while True:
                    event: dict[str, Any] = json.loads(await reader.readline())["event"]
                    if event["type"] == kind and fields.items() <= event.items():
                        return event
        finally:
            writer.close()

    async def publish(self, *slices: HouseSlice | ClientSlice) -> None:
        for entry in slices:
            await self.command("publish", slice=write_slice(entry))

    async def publish_demonstration(self) -> None:
        trunk = TrunkEntry(name="carrier", addresses=("127.0.0.1",), country="LU")
        always = OpeningHours(always=True)
        await self.publish(
            replace(cast.house(), trunks=(trunk,)), replace(cast.weber(), hours=always), cast.dupont(), cast.atlas()
        )

    def phone(self) -> Phone:
        phone = Phone(self)
        self.ends.append(phone)
        return phone

    def page(self, secretary: str = cast.CLAIRE, name: str = "Claire") -> Page:
        page = Page(self, secretary, name)
        self.ends.append(page)
        return page

    async def close(self) -> None:
        for end in self.ends:
            end.close() if isinstance(end, Phone) else end.drop()
        for process in (self.exchange, self.media):
            if process is not None and process.returncode is None:
                process.terminate()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), DEADLINE_S)
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        for one in self.sockets.values():
            one.close()


@contextlib.asynccontextmanager
async def running_house(
    folder: Path, host: str = "127.0.0.1", name_server: tuple[str, int] | None = None
) -> AsyncIterator[RealHouse]:
    """Both processes, with the demonstration's slices."""
    house = RealHouse(folder, host, name_server)
    try:
        await house.start_media()
        await house.start_exchange()
        await house.publish_demonstration()
        yield house
    finally:
        await house.close()


async def start(
    module: str, arguments: list[str], fds: tuple[int, ...] = (), environment: dict[str, str] | None = None
) -> asyncio.subprocess.Process:
    """A process of the house that has said `ready`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        pass_fds=fds,
        env=environment,
        start_new_session=True,
    )
    assert process.stdout is not None
    async with asyncio.timeout(2 * DEADLINE_S):
        assert await process.stdout.readline() == b"ready\n"
    return process
