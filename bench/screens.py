# SPDX-License-Identifier: AGPL-3.0-or-later
"""`pop` and `talk`: how long a secretary waits for the card, and both sides for a voice, in stock Chromium.

The whole demonstration house runs as `./run` starts it (web, worker, exchange, media); the callers speak SIP and RTP.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Browser

from bench.figures import Figures, percentile, priority
from bench.house import CLONE, Worker, folder_of_its_own
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project import demo_cast as cast
from permanence.project.phone.sound import from_alaw, to_alaw
from permanence.telephony.media.sdp import parse_sdp
from permanence.telephony.media.sdp_audio import accept_answer, offer_audio
from permanence.telephony.shells.sip_runner import SipRunner
from permanence.telephony.shells.sip_udp import UdpSocket
from permanence.telephony.sip import events as sip
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.settings import SipSettings
from tests.screens import voices
from tests.screens.pages import FAKE_DEVICE, ConsolePage, LoginPage, stock_chromium
from tests.screens.whole_house import WholeHouse, whole_house
from tests.wire.media_client_webrtc import RtpCaller

SCREENS, PROTOCOL_SEATS = 2, 8
APART_S = 0.05
LIMIT_S = 15.0
LOUD = 500.0
"""Root mean square of 20 ms above which a voice is heard, of 32768."""
_PAGE = Path(__file__).with_name("page.js")


class Callers:
    """Telephones on one SIP socket."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._endpoint = SipEndpoint(SipSettings(), SystemEntropy(), lambda _flow: "house")
        self._runner = SipRunner(self._endpoint, self._event, SystemClock().monotonic)
        self._bound: UdpSocket
        self._ends: dict[str, RtpCaller] = {}
        self.speech = b""
        self.open: set[str] = set()
        self.closed = asyncio.Event()

    async def listen(self) -> None:
        """Before the first call."""
        self._bound = await self._runner.listen_udp()

    async def dial(self, line: str, number: str) -> tuple[str, RtpCaller, float]:
        """(session, audio, milliseconds since 1970 at which the INVITE left)."""
        audio = await RtpCaller.make(("127.0.0.1", 9))
        offer = offer_audio(host="127.0.0.1", port=audio.address[1], session_id=1)
        at = time.time() * 1000
        session = self._endpoint.dial(
            f"sip:{line}@127.0.0.1:{self._port}", self._bound.flow(("127.0.0.1", self._port)),
            f"sip:{number}@127.0.0.1", offer, now=self._runner.now(),
        )  # fmt: skip
        self._runner.pump()
        self._ends[session] = audio
        self.open.add(session)
        return session, audio, at

    async def hang_up(self) -> None:
        """All of them; waits until the exchange agreed."""
        self.closed.clear()
        for session in self.open:
            self._endpoint.end(session, now=self._runner.now())
        self._runner.pump()
        async with asyncio.timeout(LIMIT_S):
            while self.open:
                await self.closed.wait()
                self.closed.clear()

    def close(self) -> None:
        """No more calls."""
        self._runner.close()
        for audio in self._ends.values():
            audio.close()

    def _event(self, event: sip.SipEvent) -> None:
        if isinstance(event, sip.AnswerReceived):
            agreed = accept_answer(parse_sdp(event.sdp or ""))
            audio = self._ends[event.session]
            audio.to = (agreed.remote_host or "", agreed.remote_port or 0)
            if self.speech:
                audio.mouth.say(self.speech)
        elif isinstance(event, (sip.DialFailed, sip.SessionEnded)):
            self.open.discard(event.session)
            self._ends.pop(event.session).close()
            self.closed.set()


@contextlib.asynccontextmanager
async def _house_with_callers() -> AsyncIterator[tuple[WholeHouse, Callers]]:
    with folder_of_its_own() as folder:
        async with whole_house(folder / "demo") as house:
            callers = Callers(int(house.status["sip"]["port"]))
            await callers.listen()
            try:
                yield house, callers
            finally:
                callers.close()


async def _more_secretaries(house: WholeHouse, number: int) -> list[str]:
    """In the house's database; waits until the exchange knows them."""
    environment = {**house.environment, "PERMANENCE_DATA": str(house.data)}
    environment["DJANGO_SETTINGS_MODULE"] = "permanence.project.settings"
    command = f"from bench.more_secretaries import make; make({number})"
    arguments = [sys.executable, "-P", "-m", "django", "shell", "--no-imports", "-c", command]
    done = await asyncio.to_thread(
        subprocess.run, arguments, cwd=CLONE, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"no secretaries: {done.stderr[-800:]}")
    made: list[str] = json.loads(done.stdout.splitlines()[-1])
    table = house.data / "table" / "demo" / "house.json"
    async with asyncio.timeout(LIMIT_S):
        while not set(made) <= {entry["id"] for entry in json.loads(table.read_text())["secretaries"]}:
            await asyncio.sleep(0.1)
    return made


async def _seat(browser: Browser, house: WholeHouse, email: str) -> ConsolePage:
    """A secretary in Chromium, ready."""
    context = await browser.new_context(locale="en-GB", viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    await page.add_init_script(path=_PAGE)
    login = LoginPage(page, house.site)
    await login.open()
    await login.sign_in(email, cast.PASSWORD)
    console = ConsolePage(page, house.site)
    await console.go_ready()
    await console.presence_is("ready")
    return console


def _protocol_seats(house: WholeHouse, secretaries: list[str], folder: Path) -> Worker:
    seats = Worker("seats", "bench.seats", folder=folder)
    seats.told({
        "line_port": int(house.status["line"].rpartition(":")[2].partition("/")[0]), "origin": house.site,
        "house": "demo", "key": (house.data / "keys" / "ticket.key").read_bytes().hex(), "secretaries": secretaries,
        "media": True, "answers": False,
    })  # fmt: skip
    return seats


def _priorities(house: WholeHouse) -> str:
    modules = ("permanence.engine.exchange", "permanence.engine.mediaplane", "permanence.project.web")
    return "; ".join(f"{module.rpartition('.')[2]} {priority(house.process_of(module))}" for module in modules)


def pop(*, rounds: int, runs: int) -> tuple[list[Figures], str]:
    """INVITE to painted card."""
    return asyncio.run(_pop(rounds, runs))


async def _pop(rounds: int, runs: int) -> tuple[list[Figures], str]:
    async with _house_with_callers() as (house, callers), stock_chromium() as browser:
        made = await _more_secretaries(house, SCREENS + PROTOCOL_SEATS)
        with folder_of_its_own() as folder:
            seats = _protocol_seats(house, made[SCREENS:], folder)
            try:
                await asyncio.to_thread(seats.ready)
                consoles = [await _seat(browser, house, f"s{place + 1}@bench.example") for place in range(SCREENS)]
                await _ring_everywhere(callers, consoles, 0)  # warms up
                found = []
                for run in range(runs):
                    took: list[float] = []
                    for place in range(rounds):
                        took += await _ring_everywhere(callers, consoles, 100 * (run * rounds + place + 1))
                    found.append(_spent(took, missing=rounds * SCREENS - len(took)))
                return found, _priorities(house)
            finally:
                await asyncio.to_thread(seats.close)


def _spent(took: list[float], *, missing: int) -> Figures:
    return {
        "p50_ms": percentile(took, 0.5),
        "p95_ms": percentile(took, 0.95),
        "most_ms": max(took, default=0.0),
        "seats": SCREENS + PROTOCOL_SEATS,
        "samples": len(took),
        "failed": missing,
    }


async def _ring_everywhere(callers: Callers, consoles: list[ConsolePage], first: int) -> list[float]:
    """As many callers as seats, so that every seat rings; they hang up again. Milliseconds of each screen."""
    placed: dict[str, float] = {}
    for place in range(SCREENS + PROTOCOL_SEATS):
        number = f"+352621{first + place:06d}"
        _, _, placed[number] = await callers.dial(cast.ATLAS_LINE, number)
        await asyncio.sleep(APART_S)
    for console in consoles:
        await console.shows("ringing")
    took: list[float] = []
    for console in consoles:
        painted: list[list[Any]] = await console.page.evaluate("bench.painted.splice(0)")
        took += [moment - placed[number] for number, moment in painted if number in placed]
    await callers.hang_up()
    for console in consoles:
        await console.shows("idle")
        await console.presence_is("ready")
    return took


def talk(*, rounds: int, runs: int) -> tuple[list[Figures], str]:
    """Answer key to speech, on both sides."""
    return asyncio.run(_talk(rounds, runs))


async def _talk(rounds: int, runs: int) -> tuple[list[Figures], str]:
    with folder_of_its_own() as folder:
        voice = voices.write_wav(folder / "voice.wav", without_pauses("en/voice-secretary"), rate=48000)
        arguments = (*FAKE_DEVICE, f"--use-file-for-fake-audio-capture={voice}")
        async with _house_with_callers() as (house, callers), stock_chromium(arguments=arguments) as browser:
            callers.speech = to_alaw(without_pauses("en/voice-caller").astype(np.int16))
            console = await _seat(browser, house, cast.AOIFE)
            await console.page.evaluate("bench.listen()")
            await _one_talk(callers, console)  # warms up
            found = []
            for _ in range(runs):
                sides = [await _one_talk(callers, console) for _ in range(rounds)]
                found.append(_both([one for one, _ in sides], [other for _, other in sides]))
            return found, _priorities(house)


def _both(secretary: list[float], caller: list[float]) -> Figures:
    heard = [[one for one in side if one > 0] for side in (secretary, caller)]
    return {
        "p50_ms": max(percentile(side, 0.5) for side in heard),
        "p95_ms": max(percentile(side, 0.95) for side in heard),
        "secretary_hears_p50_ms": percentile(heard[0], 0.5),
        "secretary_hears_p95_ms": percentile(heard[0], 0.95),
        "caller_hears_p50_ms": percentile(heard[1], 0.5),
        "caller_hears_p95_ms": percentile(heard[1], 0.95),
        "samples": len(secretary),
        "failed": 2 * len(secretary) - len(heard[0]) - len(heard[1]),
    }


async def _one_talk(callers: Callers, console: ConsolePage) -> tuple[float, float]:
    """(the secretary hears, the caller hears), milliseconds after the key; 0 for a side that heard nothing."""
    async with asyncio.timeout(LIMIT_S):
        while not await console.page.evaluate("bench.quiet()"):  # nothing is left of the call before
            await asyncio.sleep(0.1)
    await console.page.evaluate("Object.assign(bench, { heard: 0, early: false })")
    _, audio, _ = await callers.dial(cast.ATLAS_LINE, "+352621000147")
    await console.shows("ringing")
    await console.press("F2")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LIMIT_S):
            while not await console.page.evaluate("bench.heard"):
                await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    pressed, heard = await console.page.evaluate("[bench.pressed, bench.early ? 0 : bench.heard]")
    offset = time.time() * 1000 - asyncio.get_running_loop().time() * 1000
    moments = [packet.moment * 1000 + offset for packet in audio.ear.packets if loud(packet.payload)]
    await callers.hang_up()
    await _next_call(console)
    caller = next((moment - pressed for moment in moments if moment >= pressed), 0.0)
    return (heard - pressed if heard else 0.0), caller


async def _next_call(console: ConsolePage) -> None:
    """Leaves the wrap-up as the page would, without the form: it is not what is measured."""
    await console.presence_is("wrap")
    await console.page.evaluate("""() => {
      bench.socket.send(JSON.stringify({ t: "wrapup_done", call: bench.call, outcome: "no_message" }));
    }""")
    await console.presence_is("ready")


def without_pauses(name: str) -> voices.Samples:
    """One of the product's voices, its silent frames taken out, so that any moment of it is loud."""
    samples = voices.built_in(name)
    frames = samples[: len(samples) // voices.FRAME * voices.FRAME].reshape(-1, voices.FRAME)
    kept = frames[np.sqrt((frames**2).mean(axis=1)) > 2 * LOUD]
    return np.asarray(kept.reshape(-1), dtype=np.float64)


def loud(payload: bytes) -> bool:
    """Whether 20 ms of A-law are a voice."""
    return float(np.sqrt((from_alaw(payload).astype(np.float64) ** 2).mean())) > LOUD
