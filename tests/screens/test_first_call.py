# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole way of one call, nothing played: a telephone, the house, stock Chromium, the mail, the doctor's portal."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from permanence.project import demo_cast as cast
from tests.screens import voices
from tests.screens.pages import heard_at
from tests.screens.whole_house import WholeHouse, at_seat, part, signed_in, signed_in_seat, whole_house

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WholeHouse]:
    """The house that a newcomer starts: nothing of it is there before."""
    async with whole_house(tmp_path_factory.mktemp("whole") / "demo") as one:
        yield one


async def test_a_caller_is_answered_and_the_client_acknowledges(
    house: WholeHouse, speaking_browser: Browser, tmp_path: Path
) -> None:
    recording = tmp_path / "caller.wav"
    async with at_seat(speaking_browser, house, cast.AOIFE) as aoife:
        async with house.call(cast.ATLAS_LINE, "--language", "en", "--record", str(recording)) as phone:
            await aoife.shows("ringing")
            await expect(aoife.by_id("ring-name")).to_have_text("Atlas")
            await expect(aoife.by_id("ring-say")).to_contain_text("Atlas")
            await aoife.press("F2")
            await phone.says("connected")
            await aoife.shows("desk")
            heard_by_aoife = await heard_at(aoife.page, 6)
            await aoife.page.fill("#caller-name", "Sean Murphy")
            await aoife.page.locator("input[name=recipient]").first.check(force=True)
            await aoife.page.locator("input[name=reason]").first.check(force=True)
            await aoife.write("Dishwasher leaks under the door.")
            until_s = phone.seconds()
            await aoife.press("F9")
            assert await phone.over() == 0
        heard_by_caller = voices.heard_in(recording)
        caller, secretary = voices.caller("en"), voices.built_in("en/voice-secretary")
        assert voices.likeness(heard_by_aoife, caller) > max(0.6, voices.likeness(heard_by_aoife, secretary) + 0.1)
        middle = part(heard_by_caller, 1, until_s)
        assert voices.likeness(middle, secretary) > max(0.5, voices.likeness(middle, caller) + 0.1)

        mail = await signed_in(speaking_browser, house, cast.ATLAS, "/demo/mail")
        await expect(mail.locator("main")).to_contain_text("No e-mail yet.")
        await aoife.press("Control+Enter")
        await expect(aoife.by_id("toasts")).to_contain_text("Message kept")
        await aoife.presence_is("wrap")
        await aoife.press("F2")
        await aoife.presence_is("ready")

        await mail.locator("main li a").click()  # it appears by itself, once it is there
        body = await mail.locator("main").inner_text()
        assert "Dishwasher" not in body
        assert "Murphy" not in body
        await mail.context.close()

        client = await signed_in(speaking_browser, house, cast.ATLAS, "/portal")
        await client.get_by_text("Sean Murphy").click()
        await expect(client.locator("main")).to_contain_text("Dishwasher leaks under the door.")
        await client.locator("form[action$=acknowledge] button").click()
        await expect(aoife.messages("view-idle").first).to_contain_text("Acknowledged by Niamh Byrne")
        await client.context.close()


async def test_a_reload_brings_the_same_conversation_back(house: WholeHouse, speaking_browser: Browser) -> None:
    async with at_seat(speaking_browser, house, cast.AOIFE) as aoife:
        async with house.call(cast.ATLAS_LINE, "--language", "en") as phone:
            await aoife.shows("ringing")
            await aoife.press("F2")
            await phone.says("connected")
            await aoife.shows("desk")
            await aoife.write("Half a sentence")
            await expect(aoife.by_id("draft-state")).to_have_text("Draft kept")
            await aoife.reload()
            await aoife.shows("desk")
            await expect(aoife.by_id("text")).to_have_value("Half a sentence")
            await expect(aoife.by_id("callbar")).to_have_class("callbar", timeout=20000)
            heard = await heard_at(aoife.page, 6)
            assert voices.likeness(heard, voices.caller("en")) > 0.6
            phone.hang_up()
            assert await phone.over() == 0
        await expect(aoife.by_id("next")).to_be_visible()


async def test_nothing_is_offered_to_her_before_the_page_can_do_it(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    async with signed_in_seat(speaking_browser, house, cast.AOIFE) as aoife:
        arrived, passes = asyncio.Event(), asyncio.Event()

        async def late(route: Route) -> None:
            arrived.set()
            await passes.wait()
            await route.continue_()

        await aoife.page.route("**/console/main.js", late)
        await aoife.page.reload(wait_until="commit")
        await arrived.wait()
        await expect(aoife.by_id("post-title")).to_be_visible()
        await expect(aoife.by_id("go-ready")).to_be_hidden()
        passes.set()
        await aoife.go_ready()
        await aoife.presence_is("ready")
