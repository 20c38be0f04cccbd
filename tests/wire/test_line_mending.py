# SPDX-License-Identifier: AGPL-3.0-or-later
"""The real exchange when things go wrong: three crashes on one journal, and the house that stops during calls."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stories import cast
from tests.wire.line_house import DEADLINE_S, Page, Phone, RealHouse, running_house
from tests.wire.media_client_webrtc import tone


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RealHouse]:
    async with running_house(tmp_path) as found:
        yield found


async def talking(house: RealHouse) -> tuple[Page, Phone]:
    """Claire and a caller, who hear each other."""
    claire, phone = house.page(), house.phone()
    await claire.connects()
    await claire.hello()
    await claire.ready()
    await phone.dials(cast.WEBER_LINE)
    await claire.asks({"t": "answer", "call": (await claire.shows("offer"))["call"]})
    await phone.until(lambda: phone.state == "answered")
    assert claire.browser is not None
    claire.browser.mouth.say(tone(1000))
    phone.rtp.mouth.say(tone(700))
    await asyncio.gather(phone.rtp.ear.until_tone(1000), claire.browser.ear.until_tone(700))
    return claire, phone


async def test_a_conversation_goes_on_when_the_journal_is_set_aside(house: RealHouse) -> None:
    claire, phone = await talking(house)
    for _ in range(3):
        await house.kill(house.exchange)
        await house.start_exchange()
    assert "journal_aside" in {alarm["code"] for alarm in (await house.command("status"))["alarms"]}
    assert claire.browser is not None
    await asyncio.gather(phone.rtp.ear.until_tone(1000), claire.browser.ear.until_tone(700))
    again = house.page()
    await again.connects()
    await again.hello(audio=False)
    assert (await again.shows("welcome"))["presence"] == "off"
    await asyncio.gather(phone.rtp.ear.until_tone(1000), claire.browser.ear.until_tone(700))
    phone.hangs_up()
    ended = await house.event("CallEnded")
    assert (ended["by"], ended["why"], ended["secretary"]) == ("caller", "hang_up", cast.CLAIRE)
    await phone.until(lambda: phone.state == "ended by local")


async def test_a_house_that_stops_tells_its_callers(house: RealHouse) -> None:
    _, phone = await talking(house)
    ringing = house.phone()
    await ringing.dials(cast.ATLAS_LINE, "+33612345678")
    await ringing.until(lambda: 180 in ringing.statuses)
    assert house.exchange is not None
    house.exchange.send_signal(signal.SIGINT)
    await asyncio.gather(
        phone.until(lambda: phone.state == "ended by remote", 2),
        ringing.until(lambda: ringing.state == "refused", 2),
    )
    assert ringing.statuses[-1] == 503
    assert await asyncio.wait_for(house.exchange.wait(), DEADLINE_S) == 0
    await house.start_exchange()
    assert (await house.command("status"))["calls"] == []


async def test_an_exchange_that_is_replaced_leaves_the_calls_alone(house: RealHouse) -> None:
    claire, phone = await talking(house)
    assert house.exchange is not None
    house.exchange.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(house.exchange.wait(), DEADLINE_S) == 0
    assert claire.browser is not None
    await asyncio.gather(phone.rtp.ear.until_tone(1000), claire.browser.ear.until_tone(700))
    await house.start_exchange()
    assert [one["state"] for one in (await house.command("status"))["calls"]] == ["talking"]
