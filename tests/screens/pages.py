# SPDX-License-Identifier: AGPL-3.0-or-later
"""The screens as a person uses them, for every test in a browser: what is pressed, what is typed, what is seen."""

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
from axe_core_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Route, async_playwright, expect

from tests.screens.voices import Samples

UNPRIVILEGED = Path(__file__).with_name("unprivileged-chromium")
FAKE_DEVICE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Chromium drops the keys pressed before a new page's first picture: nobody presses what he does not see yet."""
PROBE = "**/intercepted"
THROUGH = """async (probe) => {
  for (let tries = 0; tries < 5000; tries += 1) if ((await fetch(probe).catch(() => null))?.status === 299) return;
  throw new Error("what the page asks for is not intercepted");
}"""
CAPTURE = """
const Peer = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Peer {
  constructor(...given) { super(...given);
    this.addEventListener("track", (event) => { window.heardTrack = event.track; }); }
};
"""
AXE = Axe().axe_script
FAULTS = """async () => {
  const { violations } = await axe.run({ resultTypes: ["violations"], iframes: false });
  return violations.flatMap(({ id, nodes }) => nodes.map(
    ({ html, failureSummary = "" }) => `${id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 200)}`));
}"""
"""What axe finds and no more: all that it has looked at takes as long to give as to find. Axe is not in the frames of a
page, and would wait for their answer."""
LISTEN = """async (seconds) => {
  const context = new AudioContext({ sampleRate: 8000 });
  const source = context.createMediaStreamSource(new MediaStream([window.heardTrack]));
  const tap = context.createScriptProcessor(1024, 1, 1);
  const parts = [];
  await new Promise((done) => {
    tap.onaudioprocess = (event) => {
      parts.push(...event.inputBuffer.getChannelData(0));
      if (parts.length >= seconds * 8000) done();
    };
    source.connect(tap); tap.connect(context.destination);
  });
  tap.onaudioprocess = null;
  await context.close();
  return parts;
}"""
SHOTS = os.environ.get("PERMANENCE_SHOTS", "")
"""A folder to keep pictures in, for whoever wants to look; nothing is kept without it."""


@contextlib.asynccontextmanager
async def stock_chromium(*, arguments: tuple[str, ...] = FAKE_DEVICE) -> AsyncIterator[Browser]:
    """Debian's Chromium with a fake microphone and its permission, nothing else changed; as an ordinary user."""
    with tempfile.TemporaryDirectory() as downloads:
        Path(downloads).chmod(0o777)  # the browser runs as another user
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=UNPRIVILEGED, chromium_sandbox=True, downloads_path=downloads, args=list(arguments)
            )
            try:
                yield browser
            finally:
                await browser.close()


async def comes_true(page: Page, fact: str, *, within_s: float = 30) -> None:
    """Waits until a function of JavaScript gives something true; the page itself looks, with each of its pictures.

    What Playwright waits for by an expression it evaluates again and again, which our content security policy refuses
    unless it is true at once.
    """
    came: bool = await page.evaluate(
        f"""(limit) => new Promise((done, failed) => {{
          const fact = {fact};
          const until = performance.now() + limit;
          const look = () => {{
            try {{
              if (fact()) done(true);
              else if (performance.now() > until) done(false);
              else requestAnimationFrame(look);
            }} catch (error) {{
              failed(error);
            }}
          }};
          look();
        }})""",
        within_s * 1000,
    )
    assert came, f"within {within_s:g} s it never came to this: {fact}"


async def intercept(
    page: Page, path: str, handler: Callable[[Route], Coroutine[Any, Any, None] | None], *, times: int | None = None
) -> None:
    """From now on what the page asks of `path` goes to `handler`, up to so many times.

    Playwright says so as soon as the browser knows; a page that is busy may go on asking the site for a while, and with
    a key that was pressed meanwhile. So the page asks for something that only a handler answers, until it is answered.
    """
    await page.route(PROBE, lambda route: route.fulfill(status=299))
    await page.route(path, handler, times=times)
    await page.evaluate(THROUGH, PROBE.removeprefix("**"))


async def heard_at(page: Page, seconds: int) -> Samples:
    """What the secretary's earpiece gives in the next seconds, at 8 kHz."""
    await comes_true(page, "() => window.heardTrack !== undefined")
    return np.array(await page.evaluate(LISTEN, seconds), dtype=np.float64) * 32768


async def violations(page: Page) -> list[str]:
    """What axe finds, one line each; the animation of the answer key is let settle by reduced motion."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    found: list[str] = await page.evaluate(FAULTS)
    return found


class Screen:
    """Any page of ours. `complaints` holds errors of scripts and of the content security policy."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._console)

    def _console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "no words for" in message.text:
            self.complaints.append(message.text)

    async def shot(self, name: str) -> None:
        """A picture for whoever asked for pictures."""
        if SHOTS:
            await self.page.screenshot(path=Path(SHOTS) / f"{name}.png")

    async def press(self, key: str) -> None:
        await self.page.keyboard.press(key)

    async def painted(self) -> None:
        """Waits until the page that was opened is seen: the keys pressed from then on are heard."""
        await self.page.wait_for_load_state()
        await self.page.evaluate(PAINTED)

    async def reload(self) -> None:
        """The same page anew, and seen."""
        await self.page.reload()
        await self.painted()

    async def fits(self) -> bool:
        """Whether nothing scrolls sideways."""
        wide: bool = await self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        return wide


class LoginPage(Screen):
    """The sign-in page."""

    async def open(self, path: str = "/login") -> None:
        await self.page.goto(self.site + path)

    async def sign_in(self, email: str, password: str) -> None:
        """Fills the form and presses Enter."""
        await self.page.fill("#username", email)
        await self.page.fill("#password", password)
        await self.page.press("#password", "Enter")

    @property
    def fault(self) -> Locator:
        return self.page.locator("[role=alert]")


class ConsolePage(Screen):
    """The secretary's console."""

    async def open(self) -> None:
        await self.page.goto(self.site + "/console")
        await self.painted()

    def by_id(self, name: str) -> Locator:
        return self.page.locator(f"#{name}")

    async def shows(self, view: str) -> None:
        """Waits until the view (idle, ringing, desk) is the one shown."""
        await expect(self.by_id(f"view-{view}")).to_be_visible()
        for other in {"idle", "ringing", "desk"} - {view}:
            await expect(self.by_id(f"view-{other}")).to_be_hidden()

    async def go_ready(self) -> None:
        """F2 from the post: microphone, line, ready."""
        await expect(self.by_id("go-ready")).to_be_visible()
        await self.painted()
        await self.press("F2")

    async def presence_is(self, dot: str) -> None:
        """Waits for the shape of the presence: ready, call, wrap, break, off."""
        await expect(self.by_id("presence-dot")).to_have_class(f"dot dot--{dot}", timeout=20000)

    async def choose(self, name: str, value: str) -> None:
        """Picks an option of the form by its value."""
        await self.page.locator(f"input[name={name}][value={value!r}]").check(force=True)

    async def choose_first(self, name: str) -> None:
        """Picks the first option of the form."""
        await self.page.locator(f"input[name={name}]").first.check(force=True)

    async def focus(self, name: str) -> None:
        """Puts the focus on a field, as Tab would."""
        await self.by_id(name).focus()

    async def type(self, text: str) -> None:
        """Types into what has the focus."""
        await self.page.keyboard.type(text)

    def messages(self, view: str) -> Locator:
        """The rows of today's messages in a view."""
        return self.page.locator(f"#{view} .messages > li")

    async def write(self, text: str) -> None:
        await self.page.fill("#text", text)

    async def fields(self) -> dict[str, Any]:
        """What stands in the form."""
        found: dict[str, Any] = await self.page.evaluate(
            """() => ({
                name: document.querySelector('#caller-name').value,
                number: document.querySelector('#caller-number').value,
                text: document.querySelector('#text').value,
                readBack: document.querySelector('#read-back').checked,
                ...Object.fromEntries(['reason', 'recipient', 'urgency', 'outcome'].map(
                  name => [name, document.querySelector(`input[name=${name}]:checked`)?.value ?? '']))})"""
        )
        return found
