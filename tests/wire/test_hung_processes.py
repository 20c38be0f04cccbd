# SPDX-License-Identifier: AGPL-3.0-or-later
"""The real supervisor over real processes that hang (SIGSTOP): killed, started again, and the calls go on."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from permanence.foundation.translations import compile_catalogues
from permanence.kernel.system import SystemClock
from permanence.project.supervisor import plan
from permanence.project.supervisor.children import Child
from permanence.project.supervisor.house import House
from permanence.project.supervisor.log import Log
from tests.migrated import migrated_file
from tests.processes import exchange_arguments, free_port, media_arguments, until
from tests.screens.fakes.site import ROOT, environment, prepare
from tests.wire.line_house import Changes, RealHouse
from tests.wire.media_client_webrtc import BrowserLine, tone
from tests.wire.test_line_mending import talking

HUNG_S = 60.0


class Supervised(Changes):
    """The media process and the exchange of a real house under the real supervisor."""

    def __init__(self, house: RealHouse) -> None:
        super().__init__()
        self.house = house
        self.said: list[str] = []
        arguments, fds = exchange_arguments(house.folder, "wire", house.rtp, house.sockets)
        media = ("-m", "permanence.engine.mediaplane", *media_arguments(house.folder, house.rtp))
        programs = [
            plan.Program("media", media, pulses=True),
            plan.Program(
                "exchange", ("-m", "permanence.engine.exchange", *arguments), fds=fds, after="media", pulses=True
            ),
        ]
        self.log = Log(house.folder / "permanence.log", SystemClock())
        clock = SystemClock()
        own = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.supervisor = House(programs, environment=own, log=self.log, clock=clock, say=self._say)

    def _say(self, sentence: str) -> None:
        self.said.append(sentence)
        self.changed()

    def pid(self, name: str) -> int:
        """The number of the process, as the log names it."""
        lines = [line for line in self.log.tail("house") if line.startswith(f"{name} is ready (process ")]
        return int(lines[-1].rpartition(" ")[2].rstrip(")"))


@asynccontextmanager
async def supervised(folder: Path) -> AsyncIterator[Supervised]:
    house = RealHouse(folder)
    found = Supervised(house)
    ready = asyncio.Event()
    running = asyncio.create_task(found.supervisor.run(ready.set))
    try:
        async with asyncio.timeout(HUNG_S):
            await ready.wait()
        await house.publish_demonstration()
        yield found
    finally:
        found.supervisor.stop()
        await asyncio.wait_for(running, HUNG_S)
        await house.close()


async def test_media_that_hangs_is_killed_and_the_caller_hears_again(tmp_path: Path) -> None:
    async with supervised(tmp_path) as found:
        claire, phone = await talking(found.house)
        hung = found.pid("media")
        os.kill(hung, signal.SIGSTOP)
        await claire.until(lambda: claire.last("line") == {"t": "line", "state": "down", "renew": True}, HUNG_S)
        assert found.said[0].startswith("media gives no sign of life (")
        assert found.said[1] == "media ended (signal SIGKILL); started again in 0 s"
        assert found.pid("media") != hung
        start = len(phone.rtp.ear.packets)
        await phone.rtp.ear.until(lambda: len(phone.rtp.ear.packets) > start + 20)  # the music of who waits
        assert phone.state == "answered"
        renewed = BrowserLine()
        await claire.send({"t": "sdp", "sdp": renewed.offer()})
        await claire.until(lambda: claire.count("sdp") == 2)
        await renewed.accept(claire.last("sdp")["sdp"])
        await renewed.connected()
        renewed.mouth.say(tone(1500))
        await asyncio.gather(phone.rtp.ear.until_tone(1500), renewed.ear.until_tone(700))
        renewed.vanish()


async def test_an_exchange_that_hangs_is_killed_and_its_calls_are_taken_over(tmp_path: Path) -> None:
    async with supervised(tmp_path) as found:
        claire, phone = await talking(found.house)
        hung = found.pid("exchange")
        os.kill(hung, signal.SIGSTOP)
        await found.until(lambda: any(one.startswith("exchange ended") for one in found.said), HUNG_S)
        assert found.said[0].startswith("exchange gives no sign of life (")
        assert claire.browser is not None
        await asyncio.gather(phone.rtp.ear.until_tone(1000), claire.browser.ear.until_tone(700))
        again = found.house.page()
        await again.connects()
        await again.hello(audio=False)
        assert (await again.shows("call"))["state"] == "talking"
        phone.hangs_up()
        assert (await again.shows("ended"))["by"] == "caller"


@pytest.mark.parametrize("module", ["web", "worker"])
async def test_site_and_worker_pulse(tmp_path: Path, pytestconfig: pytest.Config, module: str) -> None:
    compile_catalogues(ROOT / "locale")
    data = tmp_path / "house"
    prepare(data, migrated_file(pytestconfig.cache.mkdir("migrated")))
    program = plan.Program(module, ("-m", f"permanence.project.{module}"), pulses=True)
    child = await Child.start(
        program,
        {**environment(data, free_port(), free_port()), "PYTHONPATH": str(ROOT)},
        Log(tmp_path / "log", SystemClock()),
    )
    try:
        await asyncio.wait_for(child.ready.wait(), HUNG_S)
        for _ in range(2):
            await until(f"{module} pulses", child.pulsed)
    finally:
        await child.stop()
        await child.wait()
