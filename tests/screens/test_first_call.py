# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole way of one call, nothing played: a telephone, the house, stock Chromium, the mail, the doctor's portal."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from permanence.project import demo_cast as cast
from tests.screens import voices
from tests.screens.pages import FAKE_DEVICE, ConsolePage, LoginPage, stock_chromium
from tests.screens.whole_house import WholeHouse, whole_house

ATLAS = dict(cast.NUMBERS)["Atlas"]
CAPTURE = """
const Peer = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Peer {
  constructor(...given) { super(...given);
    this.addEventListener("track", (event) => { window.heardTrack = event.track; }); }
};
"""
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WholeHouse]:
    """One house for the calls of this module."""
    async with whole_house(tmp_path_factory.mktemp("whole") / "demo") as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def speaking_browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Stock Chromium whose fake microphone hears the secretary's voice."""
    voice = voices.write_wav(
        tmp_path_factory.mktemp("voice") / "secretary.wav", voices.built_in("en/voice-secretary"), rate=48000
    )
    async with stock_chromium(arguments=(*FAKE_DEVICE, f"--use-file-for-fake-audio-capture={voice}")) as one:
        yield one


async def seat(browser: Browser, house: WholeHouse, who: str) -> ConsolePage:
    """A secretary signed in, her microphone checked, ready."""
    context = await browser.new_context(
        locale="en-GB", viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.add_init_script(CAPTURE)
    login = LoginPage(page, house.site)
    await login.open()
    await login.sign_in(who, cast.PASSWORD)
    console = ConsolePage(page, house.site)
    await console.go_ready()
    await console.presence_is("ready")
    return console


async def signed_in(browser: Browser, house: WholeHouse, who: str, path: str) -> Page:
    """Somebody's page on a telephone."""
    context = await browser.new_context(locale="en-GB", viewport={"width": 390, "height": 844})
    page = await context.new_page()
    login = LoginPage(page, house.site)
    await login.open(f"/login?next={path}")
    await login.sign_in(who, cast.PASSWORD)
    return page


@pytest.mark.asyncio(loop_scope="module")
async def test_a_caller_is_answered_and_the_client_acknowledges(
    house: WholeHouse, speaking_browser: Browser, tmp_path: Path
) -> None:
    aoife = await seat(speaking_browser, house, cast.AOIFE)
    recording = tmp_path / "caller.wav"
    async with house.call(ATLAS, "--language", "en", "--record", str(recording)) as phone:
        await aoife.shows("ringing")
        await expect(aoife.by_id("ring-name")).to_have_text("Atlas")
        await expect(aoife.by_id("ring-say")).to_contain_text("Atlas")
        await aoife.press("F2")
        await phone.says("answered")
        await aoife.shows("desk")
        heard_by_aoife = np.array(await aoife.page.evaluate(LISTEN, 6), dtype=np.float64) * 32768

        await aoife.page.fill("#caller-name", "Sean Murphy")
        await aoife.page.locator("input[name=recipient]").first.check(force=True)
        await aoife.page.locator("input[name=reason]").first.check(force=True)
        await aoife.write("Dishwasher leaks under the door.")
        await aoife.press("F9")
        assert await phone.over() == 0
    heard_by_caller = voices.heard_in(recording)
    caller, secretary = voices.built_in("en/voice-caller"), voices.built_in("en/voice-secretary")
    assert voices.likeness(heard_by_aoife, caller) > 0.7 > voices.likeness(heard_by_aoife, secretary) + 0.1
    middle = heard_by_caller[8000:40000]
    assert voices.likeness(middle, secretary) > 0.5 > voices.likeness(middle, caller) + 0.1

    await aoife.press("Control+Enter")
    await expect(aoife.by_id("toasts")).to_contain_text("Message kept")
    await aoife.press("F2")
    await aoife.presence_is("ready")

    mail = await signed_in(speaking_browser, house, "service@atlas.example", "/demo/mail")
    await mail.locator("main a").first.click()
    body = await mail.locator("main").inner_text()
    assert "Dishwasher" not in body
    assert "Murphy" not in body

    client = await signed_in(speaking_browser, house, "service@atlas.example", "/portal")
    await client.get_by_text("Sean Murphy").click()
    await expect(client.locator("main")).to_contain_text("Dishwasher leaks under the door.")
    await client.locator("form[action$=acknowledge] button").click()
    await expect(aoife.messages("view-idle").first).to_contain_text("Acknowledged by Niamh Byrne")
    assert aoife.complaints == []
    await aoife.page.context.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_reload_brings_the_same_conversation_back(house: WholeHouse, speaking_browser: Browser) -> None:
    aoife = await seat(speaking_browser, house, cast.AOIFE)
    async with house.call(ATLAS, "--language", "en") as phone:
        await aoife.shows("ringing")
        await aoife.press("F2")
        await phone.says("answered")
        await aoife.shows("desk")
        await aoife.write("Half a sentence")
        await expect(aoife.by_id("draft-state")).to_have_text("Draft kept")
        await aoife.page.reload()
        await aoife.shows("desk")
        await expect(aoife.by_id("text")).to_have_value("Half a sentence")
        await aoife.page.wait_for_function("window.heardTrack !== undefined")
        heard = np.array(await aoife.page.evaluate(LISTEN, 6), dtype=np.float64) * 32768
        assert voices.likeness(heard, voices.built_in("en/voice-caller")) > 0.6
        phone.hang_up()
        assert await phone.over() == 0
    await expect(aoife.by_id("next")).to_be_visible()
    await aoife.page.context.close()
