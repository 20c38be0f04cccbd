# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two tabs of stock Chromium, one in front of the other, for what happens to the console in a tab that is not seen.

Playwright makes every page believe that it is seen and turns the throttling of hidden tabs off; so this speaks the
DevTools protocol itself, to a browser started with none of those switches.
"""

import asyncio
import base64
import contextlib
import itertools
import json
import re
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from permanence.project import demo_cast as cast
from tests.screens import voices
from tests.screens.pages import CAPTURE, FAKE_DEVICE, LISTEN, PAINTED, UNPRIVILEGED
from tests.screens.whole_house import WholeHouse, part

LIMIT_S = 30.0
POLL_S = 0.05
LOUD_RING = 0.01
"""The peak of the ring in the page's audio graph (1 is full scale); it is played at 0.12."""
WATCH = """
window.seen = { notifications: [], opened: 0, closed: 0, late: 0, resumed: 0 };
window.Notification = class extends window.Notification {
  constructor(title, options) { super(title, options);
    const one = { title, icon: options.icon, shown: false, closed: false };
    window.seen.notifications.push(one);
    this.addEventListener("show", () => { one.shown = true; });
    this.addEventListener("close", () => { one.closed = true; });
    this.addEventListener("error", () => { one.error = true; }); }
};
window.WebSocket = class extends window.WebSocket {
  constructor(...given) { super(...given);
    if (!String(given[0]).includes("/line")) return;
    window.seen.opened += 1;
    this.addEventListener("close", () => { window.seen.closed += 1; }); }
};
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to instanceof AudioDestinationNode && this instanceof GainNode) {
    const context = to.context;
    if (!context.tap) { context.tap = new AnalyserNode(context, { fftSize: 32768 }); window.tapped = context; }
    connect.call(this, context.tap);
  }
  return connect.call(this, to, ...rest);
};
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  window.seen.late = Math.max(window.seen.late, now - last - 1000);
  last = now;
}, 1000);
"""
RINGING = """() => {
  const tap = window.tapped?.tap;
  const samples = new Float32Array(tap?.fftSize ?? 0);
  tap?.getFloatTimeDomainData(samples);
  return { visible: document.visibilityState, title: document.title,
    icon: document.getElementById("icon").getAttribute("href"),
    card: document.getElementById("ring-name").textContent,
    ringing: !document.getElementById("view-ringing").hidden,
    sound: window.tapped?.state ?? "", peak: samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0),
    notification: window.seen.notifications.at(-1) ?? null };
}"""


class DevTools:
    """One connection to a browser; commands of any of its tabs."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for text in self._connection:
            message = json.loads(text)
            if waiting := self._waiting.pop(message.get("id", 0), None):
                waiting.set_result(message)

    async def ask(self, method: str, session: str = "", **fields: Any) -> dict[str, Any]:
        """The result of one command; AssertionError with the browser's own words when it refuses."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        head = {"id": number, "method": method, "params": fields}
        await self._connection.send(json.dumps({**head, **({"sessionId": session} if session else {})}))
        async with asyncio.timeout(LIMIT_S):
            message = await self._waiting[number]
        assert "error" not in message, f"{method}: {message}"
        result: dict[str, Any] = message["result"]
        return result

    def close(self) -> None:
        """Reads no more."""
        self._reader.cancel()


@dataclass(frozen=True)
class Tab:
    """One tab."""

    tools: DevTools
    target: str
    session: str

    async def value(self, function: str, *arguments: Any) -> Any:
        """What a function of JavaScript gives."""
        call = f"({function})({', '.join(json.dumps(one) for one in arguments)})"
        how = {"awaitPromise": True, "returnByValue": True}
        found = await self.tools.ask("Runtime.evaluate", self.session, expression=call, **how)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, fact: str, *, within_s: float = LIMIT_S) -> Any:
        """Waits for a function of JavaScript to give something true."""
        try:
            async with asyncio.timeout(within_s):
                while not (found := await self.value(fact)):
                    await asyncio.sleep(POLL_S)
                return found
        except TimeoutError:
            raise AssertionError(f"within {within_s:g} s it never came to this: {fact}") from None

    async def key(self, name: str, code: int) -> None:
        """Presses a key, as a person does. `code`: the Windows virtual key."""
        pressed = {"key": name, "code": name, "windowsVirtualKeyCode": code}
        for kind in ("rawKeyDown", "keyUp"):
            await self.tools.ask("Input.dispatchKeyEvent", self.session, type=kind, **pressed)

    async def to_front(self) -> None:
        """This tab is the one seen; the others of its window are hidden."""
        await self.tools.ask("Target.activateTarget", targetId=self.target)

    async def shot(self) -> bytes:
        """A picture."""
        return base64.b64decode((await self.tools.ask("Page.captureScreenshot", self.session))["data"])


@contextlib.asynccontextmanager
async def two_tabs(site: str, microphone: Path) -> AsyncIterator[tuple[Tab, Tab]]:
    """The console's tab to be, and another; the microphone hears the WAV file again and again."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            str(UNPRIVILEGED), "--headless=new", "--no-first-run", "--remote-debugging-port=0", *FAKE_DEVICE,
            f"--use-file-for-fake-audio-capture={microphone}", f"--user-data-dir={profile}", "about:blank",
            stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            address = await _address(process)
            drained = asyncio.create_task(_drain(process))
            async with connect(address, max_size=None) as connection:
                tools = DevTools(connection)
                await tools.ask("Browser.grantPermissions", origin=site, permissions=["notifications", "audioCapture"])
                yield await _tab(tools), await _tab(tools)
                tools.close()
            drained.cancel()
        finally:
            process.terminate()
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async with asyncio.timeout(LIMIT_S):
        while line := (await process.stderr.readline()).decode(errors="replace"):
            if found := re.search(r"ws://\S+", line):
                return found[0]
    raise AssertionError("the browser did not start")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while await process.stderr.read(65536):
        pass


async def _tab(tools: DevTools) -> Tab:
    target = (await tools.ask("Target.createTarget", url="about:blank"))["targetId"]
    session = (await tools.ask("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
    return Tab(tools, target, session)


async def sit_down(console: Tab, site: str, email: str) -> None:
    """Signs in, and F2: ready for calls."""
    await console.to_front()
    await console.tools.ask("Page.enable", console.session)
    await console.tools.ask("Page.addScriptToEvaluateOnNewDocument", console.session, source=CAPTURE + WATCH)
    await console.tools.ask("Page.navigate", console.session, url=f"{site}/login?next=/console")
    await console.until("() => document.readyState === 'complete' && Boolean(document.getElementById('password'))")
    sign_in = """(email, password) => { document.getElementById("username").value = email;
      const field = document.getElementById("password"); field.value = password; field.form.requestSubmit(); }"""
    await console.value(sign_in, email, cast.PASSWORD)
    await console.until(
        "() => location.pathname === '/console' && document.getElementById('go-ready')?.hidden === false"
    )
    await console.value(PAINTED)
    await console.key("F2", 113)
    await console.until("() => document.getElementById('presence-dot').className === 'dot dot--ready'")


async def hidden_behind(console: Tab, other: Tab) -> None:
    """She works in the other tab."""
    await other.to_front()
    await console.until("() => document.visibilityState === 'hidden' && !document.hasFocus()")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a hidden console did when a call came. Likeness: correlation, -1 to 1."""

    rang: dict[str, Any]
    late_ms: float
    sockets_opened: int
    sockets_closed: int
    caller_heard: float
    secretary_heard: float

    def faults(self) -> list[str]:
        """What was not as it must be, one sentence each."""
        note = self.rang["notification"] or {}
        checks = {
            "the page was hidden while it rang": self.rang["visible"] == "hidden",
            "the card is shown": self.rang["ringing"] and self.rang["card"] == "Atlas",
            "the title names the client": "Atlas" in self.rang["title"],
            "the icon is the one that rings": "ring" in self.rang["icon"],
            "the ring is heard": self.rang["sound"] == "running" and self.rang["peak"] > LOUD_RING,
            "a notification names the client": note.get("title") == "Atlas" and "ring" in str(note.get("icon")),
            "the browser showed the notification": bool(note.get("shown")),
            "the socket to the exchange was never lost": self.sockets_opened == 1 and self.sockets_closed == 0,
            "the caller hears the secretary": self.caller_heard > 0.5,
            "the secretary hears the caller": self.secretary_heard > 0.6,
        }
        return [f"not so: {words}" for words, kept in checks.items() if not kept]


async def call_into_hidden(house: WholeHouse, console: Tab, recording: Path) -> Found:
    """A real call to Atlas while the console is hidden; she comes back to the tab, answers, and both are heard."""
    whole = f"now.ringing && now.peak > {LOUD_RING} && now.notification?.shown"
    rings = f"() => {{ const now = ({RINGING})(); return {whole} && now; }}"
    # He says it once, then listens: while both speak, the browser's echo canceller takes pieces out of her voice.
    words = ("--language", "en", "--once", "--record", str(recording))
    async with house.call(cast.ATLAS_LINE, *words) as phone:
        try:
            rang = await console.until(rings, within_s=10)
        except AssertionError:
            rang = await console.value(RINGING)
        seen = await console.value("() => window.seen")
        await console.to_front()
        await console.until("() => document.visibilityState === 'visible'")
        await console.key("F2", 113)
        await phone.says("connected")
        await console.until("() => window.heardTrack !== undefined && !document.getElementById('view-desk').hidden")
        since = phone.seconds()
        heard = np.array(await console.value(LISTEN, 12), dtype=np.float64) * 32768
        until = phone.seconds()
        await console.key("F9", 120)
        await phone.over()
    return Found(
        rang=rang, late_ms=float(seen["late"]), sockets_opened=int(seen["opened"]), sockets_closed=int(seen["closed"]),
        secretary_heard=voices.likeness(heard, voices.caller("en")),
        caller_heard=voices.likeness(
            part(voices.heard_in(recording), since, until), voices.built_in("en/voice-secretary")
        ),
    )  # fmt: skip
