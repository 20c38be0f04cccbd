# SPDX-License-Identifier: AGPL-3.0-or-later
"""The real exchange on a disk that takes no more: calls that run go on, nothing is told as kept that is not."""

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.stories import cast
from tests.wire.line_house import RealHouse, running_house
from tests.wire.media_client_webrtc import tone
from tests.wire.test_line_mending import talking


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RealHouse]:
    async with running_house(tmp_path) as found:
        yield found


@contextlib.contextmanager
def full_disk(house: RealHouse) -> Iterator[None]:
    """No file of the exchange grows any more (setrlimit(2)): its journal cannot be written."""
    assert house.exchange is not None
    segment = max((house.folder / "journal").glob("*.journal"))
    before = resource.prlimit(house.exchange.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(house.exchange.pid, resource.RLIMIT_FSIZE, (segment.stat().st_size + 10, before[1]))
    try:
        yield
    finally:
        resource.prlimit(house.exchange.pid, resource.RLIMIT_FSIZE, before)


async def test_an_act_on_a_full_disk_is_done_and_said_to_be_unsafe_until_it_is_written(house: RealHouse) -> None:
    claire, phone = await talking(house)
    call = claire.last("call")["call"]
    with full_disk(house):
        await claire.send({"t": "hold", "id": 900, "call": call})
        await claire.until(lambda: claire.last("call")["state"] == "held")
        assert (await claire.shows("not_safe"))["id"] == 900
        await phone.rtp.ear.until(lambda: len(phone.rtp.ear.packets) > 0)
        assert [message for message in claire.messages if message["t"] == "reply" and message["id"] == 900] == []
        refused = house.phone()
        await refused.dials(cast.ATLAS_LINE, "+33612345678")
        await refused.until(lambda: refused.state == "refused")
        assert refused.statuses == [503]
        await claire.send({"t": "resume", "id": 901, "call": call})
        await claire.until(lambda: claire.last("call")["state"] == "talking")
    await claire.until(lambda: claire.last("reply") == {"t": "reply", "id": 901, "ok": True})
    replies = [message["id"] for message in claire.messages if message["t"] == "reply" and message["id"] >= 900]
    assert replies == [900, 901]
    assert (await house.event("CallResumed"))["call"] == call
    await house.kill(house.exchange)
    await house.start_exchange()
    assert [one["state"] for one in (await house.command("status"))["calls"]] == ["talking"]
    assert claire.browser is not None
    claire.browser.mouth.say(tone(1500))
    await asyncio.gather(phone.rtp.ear.until_tone(1500), claire.browser.ear.until_tone(700))
