# SPDX-License-Identifier: AGPL-3.0-or-later
"""A media process that hangs without dying (SIGSTOP): the exchange notices, refuses rightly, and goes on with it."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from permanence.telephony.media import control
from permanence.telephony.shells.heartbeat import BEAT_S, MISSED_BEATS, Heartbeat
from tests.stories import cast
from tests.wire.line_house import RealHouse, running_house
from tests.wire.media_process import Media, running_media
from tests.wire.test_line_mending import talking

NOTICED_S = (MISSED_BEATS + 3) * BEAT_S


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RealHouse]:
    async with running_house(tmp_path) as found:
        yield found


@pytest.fixture
async def media(tmp_path: Path) -> AsyncIterator[Media]:
    async with running_media(tmp_path) as found:
        yield found


async def test_a_caller_meets_no_dead_air_while_media_hangs(house: RealHouse) -> None:
    claire, phone = await talking(house)
    assert house.media is not None
    house.media.send_signal(signal.SIGSTOP)
    await claire.until(lambda: claire.last("line")["state"] == "down", NOTICED_S)
    assert not claire.last("line")["renew"]
    assert "media" in {alarm["code"] for alarm in (await house.command("status"))["alarms"]}
    other = house.phone()
    await other.dials(cast.ATLAS_LINE, "+33612345678")
    await other.until(lambda: other.state == "refused")
    assert other.statuses == [503]
    assert phone.state == "answered"  # the conversation waits for what comes
    house.media.send_signal(signal.SIGCONT)
    await claire.until(lambda: claire.last("line")["state"] == "up")
    phone.rtp.ear.packets.clear()
    assert claire.browser is not None
    await asyncio.gather(phone.rtp.ear.until_tone(1000), claire.browser.ear.until_tone(700))
    assert "media" not in {alarm["code"] for alarm in (await house.command("status"))["alarms"]}
    again = house.phone()
    await again.dials(cast.ATLAS_LINE, "+33612345679")
    await again.until(lambda: 180 in again.statuses)


async def test_what_was_asked_while_media_hung_is_done_when_it_goes_on(media: Media) -> None:
    media.process.send_signal(signal.SIGSTOP)
    await media.event(control.MediaSilent())
    caller = await media.caller("leg")
    media.gateway.play("leg", ("music",), loop=True)
    connected = [event for event in media.events if isinstance(event, control.MediaConnected)]
    media.process.send_signal(signal.SIGCONT)
    await caller.ear.until(lambda: len(caller.ear.packets) > 10)
    await media.until(lambda: isinstance(media.events[-1], control.MediaConnected))
    assert media.events.count(control.MediaSilent()) == 1
    assert control.MediaLost() not in media.events
    [*_, last] = [event for event in media.events if isinstance(event, control.MediaConnected)]
    assert last.living.instance == connected[0].living.instance
    assert [leg.leg for leg in last.living.legs] == ["leg"]


async def test_only_looks_that_find_nothing_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was held up himself has missed nothing: what had come meanwhile is there at his first look."""
    monkeypatch.setattr("permanence.telephony.shells.heartbeat.BEAT_S", 0.0)
    told: list[str] = []
    asked: asyncio.Queue[object] = asyncio.Queue()
    heart = Heartbeat(asked.put_nowait, silent=lambda: told.append("silent"), back=lambda: told.append("back"))
    heart.start()
    heart.start()
    for _ in range(3 * MISSED_BEATS):  # each answered one look late
        answered = await asked.get()
        answered({})  # type: ignore[operator]
    assert told == []
    answered = await asked.get()
    async with asyncio.timeout(10):
        while not told:
            await asyncio.sleep(0)
    assert asked.empty()  # one question at a time
    answered({})  # type: ignore[operator]
    assert told == ["silent", "back"]
    lost = await asked.get()
    lost(None)  # type: ignore[operator]
    assert (await asked.get()) is not None  # asked again, and nothing is known by it
    heart.stop()
    assert told == ["silent", "back"]
