# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the house says when something is missing or wrong: no microphone, a page from elsewhere, an old ticket."""

import contextlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from permanence.kernel.system import SystemClock
from permanence.kernel.tickets import SeatTicket, sign_ticket
from permanence.project import demo_cast as cast
from tests.screens import voices
from tests.screens.pages import heard_at, stock_chromium
from tests.screens.whole_house import WholeHouse, answered, signed_in_seat, wrapped_up

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEAT = "0123456789abcdefghjkmnpqrs"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def refusing_browser() -> AsyncIterator[Browser]:
    """Stock Chromium whose person refuses the microphone."""
    async with stock_chromium(arguments=("--use-fake-device-for-media-stream", "--deny-permission-prompts")) as one:
        yield one


async def test_without_a_microphone_she_is_told_and_the_demonstration_speaks_with_a_generated_voice(
    house: WholeHouse, refusing_browser: Browser
) -> None:
    async with signed_in_seat(refusing_browser, house, cast.AOIFE) as aoife:
        await aoife.go_ready()
        await expect(aoife.by_id("mic-fault")).to_contain_text("microphone", ignore_case=True)
        await expect(aoife.by_id("go-ready")).to_be_disabled()
        await aoife.presence_is("off")
        await aoife.shot("console-no-microphone-1366-light")
        await aoife.by_id("go-voice").click()
        await aoife.presence_is("ready")
        await expect(aoife.by_id("banner-voice")).to_contain_text("generated voice")
        large = await aoife.page.evaluate(
            "parseFloat(getComputedStyle(document.querySelector('.banner-large')).fontSize)"
        )
        body = await aoife.page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
        assert large > body
        async with house.call(cast.ATLAS_LINE, "--language", "en") as phone:
            await answered(aoife, phone)
            heard = await heard_at(aoife.page, 6)
            assert voices.likeness(heard, voices.caller("en")) > 0.7
            await phone.says("a person speaks")
            await expect(aoife.by_id("banner-voice")).to_be_visible()
            await aoife.press("F9")
            assert await phone.over() == 0
        await wrapped_up(aoife)
        assert aoife.complaints == []


async def refused(house: WholeHouse, *, origin: str, ticket: str) -> tuple[int, list[dict[str, Any]]]:
    """Says hello as a page of `origin`; the code with which the line was closed, and everything that was told."""
    address = f"ws://127.0.0.1:{house.environment['PERMANENCE_LINE_PORT']}/line"
    told: list[dict[str, Any]] = []
    async with connect(address, origin=origin) as socket:  # type: ignore[arg-type]
        with contextlib.suppress(ConnectionClosed):
            await socket.send(json.dumps({"t": "hello", "protocol": 1, "ticket": ticket, "page_host": "127.0.0.1"}))
        with contextlib.suppress(ConnectionClosed):
            while True:
                told.append(json.loads(await socket.recv()))
        return socket.close_code or 0, told


def ticket_of(house: WholeHouse, *, age: timedelta, key: bytes | None = None) -> str:
    """Aoife's ticket as it was signed some time ago, with the house's key or another."""
    issued = int((SystemClock().now() - age).timestamp())
    ticket = SeatTicket(
        house="demo", secretary=house.secretary(cast.AOIFE), name="Aoife", seat=SEAT, rights=("answer",),
        issued=issued, expires=issued + 600,
    )  # fmt: skip
    return sign_ticket(ticket, key or (house.data / "keys" / "ticket.key").read_bytes())


async def test_a_page_from_elsewhere_is_refused_with_words_even_with_a_good_ticket(house: WholeHouse) -> None:
    ticket = ticket_of(house, age=timedelta(0))
    code, told = await refused(house, origin="https://elsewhere.example", ticket=ticket)
    assert code == 4403
    assert [each["t"] for each in told] == ["bye"]
    assert "https://elsewhere.example" in told[0]["why"]
    assert not seated(house)


@pytest.mark.parametrize(
    ("age", "key", "words"),
    [
        (timedelta(minutes=11), None, "out of date"),
        (timedelta(0), bytes(32), "the signature is not ours"),
    ],
    ids=["old", "forged"],
)
async def test_a_ticket_out_of_date_or_forged_is_refused_with_words(
    house: WholeHouse, age: timedelta, key: bytes | None, words: str
) -> None:
    code, told = await refused(house, origin=house.site, ticket=ticket_of(house, age=age, key=key))
    assert code == 4401
    assert [each["t"] for each in told] == ["bye"]
    assert words in told[0]["why"]
    assert not seated(house)


def seated(house: WholeHouse) -> bool:
    """Whether a page holds Aoife's seat."""
    key = house.secretary(cast.AOIFE)
    return any(each["secretary"] == key and each["connected"] for each in house.exchange.status()["seats"])
