# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stock Chromium's side of the permanent line, with the production audio constraints, on a page opened on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest_asyncio
from playwright.async_api import Page, async_playwright

from permanence.telephony.media import control
from permanence.telephony.media.g711 import ALAW_TO_LINEAR
from tests.screens.pages import UNPRIVILEGED, comes_true
from tests.wire.media_client_webrtc import tone
from tests.wire.media_process import Media, running_media
from tests.wire.test_media_calls import is_sound

CONNECTED = "() => line && line.connectionState === 'connected'"
HEARS_THE_TONE = "() => analyser && Math.abs(heard() - 1000) < 30"
PAGE = b"""<!doctype html><title>line</title><button id=go>go</button><audio id=ear autoplay></audio><script>
const heard = () => {
  const bins = new Uint8Array(analyser.frequencyBinCount);
  analyser.getByteFrequencyData(bins);
  let best = 0;
  for (let i = 1; i < bins.length; i++) if (bins[i] > bins[best]) best = i;
  return bins[best] > 100 ? Math.round(best * audio.sampleRate / analyser.fftSize) : 0;
};
let audio, analyser, line, opened;
async function open_line() {
  audio = new AudioContext();
  const stream = await navigator.mediaDevices.getUserMedia({audio:
    {echoCancellation: true, noiseSuppression: true, autoGainControl: true}});
  line = new RTCPeerConnection();
  line.addTrack(stream.getTracks()[0], stream);
  line.ontrack = event => {
    ear.srcObject = event.streams[0];
    analyser = audio.createAnalyser();
    analyser.fftSize = 2048;
    audio.createMediaStreamSource(event.streams[0]).connect(analyser);
  };
  await line.setLocalDescription();
  const answer = await (await fetch('/answer', {method: 'POST', body: line.localDescription.sdp})).text();
  await line.setRemoteDescription({type: 'answer', sdp: answer});
}
go.onclick = () => { opened = open_line(); opened.catch(error => document.title = String(error)); };
</script>"""


async def serve(media: Media) -> asyncio.Server:
    """A page of one script, and its offer answered by media."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        body = PAGE
        if head.startswith("POST /answer"):
            size = next(int(row[15:]) for row in head.split("\r\n") if row.lower().startswith("content-length:"))
            body = (await media.answer("line", (await reader.readexactly(size)).decode())).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n")
        writer.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    return await asyncio.start_server(connection, "127.0.0.1", 0)


@pytest_asyncio.fixture(loop_scope="session")
async def media(tmp_path: Path) -> AsyncIterator[Media]:
    async with running_media(tmp_path) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=UNPRIVILEGED,
            chromium_sandbox=True,
            args=["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        )
        yield await browser.new_page()
        await browser.close()


async def test_stock_chromium_hears_and_is_heard(media: Media, page: Page) -> None:
    server = await serve(media)
    caller = await media.caller("leg")
    caller.mouth.say(tone(1000))
    await page.goto(f"http://localhost:{server.sockets[0].getsockname()[1]}/")
    await page.click("#go")
    await comes_true(page, CONNECTED)
    await media.event(control.LineUp(line="line"))
    media.gateway.plug("line", "leg")
    await comes_true(page, HEARS_THE_TONE)
    await caller.ear.until(lambda: loudest(caller.ear.audio(100)) > 500)
    report = json.loads(await page.evaluate("line.getStats().then(s => JSON.stringify([...s.values()]))"))
    sent = next(row for row in report if row["type"] == "outbound-rtp")
    codec = next(row for row in report if row["id"] == sent["codecId"])
    assert (codec["mimeType"], codec["payloadType"]) == ("audio/PCMA", 8)
    server.close()


async def test_reloaded_page_is_back_in_the_same_call(media: Media, page: Page) -> None:
    server = await serve(media)
    caller = await media.caller("leg")
    caller.mouth.say(tone(1000))
    await page.goto(f"http://localhost:{server.sockets[0].getsockname()[1]}/")
    await page.click("#go")
    await comes_true(page, CONNECTED)
    media.gateway.plug("line", "leg")
    await comes_true(page, HEARS_THE_TONE)
    await page.reload()
    await media.event(control.LineLost(line="line"))
    await caller.ear.until(lambda: is_sound("music", caller.ear.audio(20)))
    await page.click("#go")
    await comes_true(page, CONNECTED)
    await comes_true(page, HEARS_THE_TONE)
    await caller.ear.until(lambda: len(caller.ear.audio(20)) == 3200 and not is_sound("music", caller.ear.audio(20)))
    assert (await media.living()).lines[0].leg == "leg"
    server.close()


def loudest(audio: bytes) -> float:
    """The root mean square of the loudest 20 ms."""
    linear = np.array(ALAW_TO_LINEAR, np.float64)[np.frombuffer(audio, np.uint8)]
    frames = linear[: len(linear) // 160 * 160].reshape(-1, 160)
    return float(np.sqrt((frames**2).mean(axis=1)).max(initial=0))
