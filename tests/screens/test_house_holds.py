# SPDX-License-Identifier: AGPL-3.0-or-later
"""A whole house whose processes are killed in the middle of calls: nobody is cut off, no word and no call is lost."""

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens import voices
from tests.screens.pages import CAPTURE, ConsolePage, comes_true, heard_at
from tests.screens.whole_house import PhoneCall, WholeHouse, answered, at_seat, part, signed_in, until, wrapped_up

pytestmark = pytest.mark.asyncio(loop_scope="module")

WEB, WORKER = "permanence.project.web", "permanence.project.worker"
EXCHANGE, MEDIA = "permanence.engine.exchange", "permanence.engine.mediaplane"
WATCH_THE_BAR = """() => {
  const bar = document.getElementById("callbar");
  window.barWas = [];
  new MutationObserver(() => window.barWas.push(bar.className)).observe(bar, { attributeFilter: ["class"] });
}"""
CALLER, SECRETARY = voices.caller("en"), voices.built_in("en/voice-secretary")


async def killed(house: WholeHouse, module: str) -> int:
    """`kill -9` of a process; returns the number of the one that the supervisor starts in its place."""
    before = house.kill(module)
    await until(f"{module} is started again", lambda: house.runs_again(module, before))
    return house.process_of(module)


@contextlib.contextmanager
def stopped(process: int) -> Iterator[None]:
    """The process stands still while the block runs."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def states(house: WholeHouse) -> list[str]:
    """The states of the calls in the house; none while the exchange is away."""
    try:
        return [str(each["state"]) for each in house.exchange.status()["calls"]]
    except Exception:
        return []


async def speaks(phone: PhoneCall, seconds: float) -> float:
    """Lets the conversation go on for so long; where in the recording it is then."""
    until_s = phone.seconds() + seconds
    await until("the conversation goes on", lambda: phone.seconds() >= until_s)
    return phone.seconds()


async def test_not_one_word_is_lost_when_web_is_killed_while_she_types(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    async with at_seat(speaking_browser, house, cast.AOIFE) as aoife:
        async with house.call(cast.ATLAS_LINE, "--language", "en") as phone:
            await answered(aoife, phone)
            await aoife.focus("text")
            await aoife.type("Before the fall, ")
            web = await killed(house, WEB)
            with stopped(web):
                await aoife.type("and after it.")
                await expect(aoife.by_id("draft-state")).to_have_text("Kept on this computer", timeout=20000)
                await aoife.press("F4")
                await expect(aoife.by_id("callbar")).to_have_class("callbar callbar--hold")
                await aoife.press("F4")
                await expect(aoife.by_id("callbar")).to_have_class("callbar")
            await expect(aoife.by_id("draft-state")).to_have_text("Draft kept", timeout=20000)
            await aoife.reload()
            await aoife.shows("desk")
            await expect(aoife.by_id("text")).to_have_value("Before the fall, and after it.")
            await aoife.press("F9")
            assert await phone.over() == 0
        await aoife.choose_first("recipient")
        await aoife.press("Control+Enter")
        await expect(aoife.by_id("toasts")).to_contain_text("Message kept")
        await wrapped_up(aoife, "message")


async def test_a_call_is_answered_and_its_message_written_while_web_is_down(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    async with at_seat(speaking_browser, house, cast.AOIFE) as aoife:
        web = await killed(house, WEB)
        with stopped(web):
            async with house.call(cast.ATLAS_LINE, "--language", "en", "--from", "+33639980121") as phone:
                await aoife.shows("ringing")
                await expect(aoife.by_id("ring-orders")).to_contain_text("Dishwasher AX 40")
                await answered(aoife, phone)
                await aoife.choose_first("recipient")
                await aoife.write("Written while the site was down.")
                await aoife.press("Control+Enter")
                await expect(aoife.by_id("banner-site")).to_be_visible(timeout=20000)
                await aoife.press("F9")
                assert await phone.over() == 0
            await aoife.presence_is("wrap")
            await aoife.press("F2")
            await aoife.presence_is("ready")
        await expect(aoife.by_id("toasts")).to_contain_text("Message kept", timeout=30000)
        taken = "select count(*) from messaging_message where caller_number = ?"
        assert house.rows(taken, "+33639980121") == [(1,)]


async def test_a_conversation_does_not_notice_the_death_of_worker_and_exchange(
    house: WholeHouse, speaking_browser: Browser, tmp_path: Path
) -> None:
    recording = tmp_path / "caller.wav"
    async with at_seat(speaking_browser, house, cast.AOIFE) as aoife:
        first = house.call(cast.ATLAS_LINE, "--language", "en", "--record", str(recording))
        async with first as phone, contextlib.AsyncExitStack() as stack:
            await answered(aoife, phone)
            waiting = await stack.enter_async_context(house.call(cast.ATLAS_LINE, "--language", "en"))
            await waiting.says("ringing")
            await expect(aoife.by_id("queue-waiting")).to_have_text("1")
            listening = asyncio.create_task(heard_at(aoife.page, 6))
            since = phone.seconds()
            await killed(house, WORKER)
            await killed(house, EXCHANGE)
            heard_by_aoife = await listening
            until_s = phone.seconds()
            await until("the exchange leads both calls", lambda: sorted(states(house)) in TAKEN_OVER)
            await expect(aoife.by_id("callbar")).to_have_class("callbar", timeout=20000)
            await expect(aoife.by_id("queue-waiting")).to_have_text("1")
            await aoife.press("F4")
            await expect(aoife.by_id("callbar")).to_have_class("callbar callbar--hold")
            await aoife.press("F4")
            await expect(aoife.by_id("callbar")).to_have_class("callbar")
            await aoife.press("F9")
            assert await phone.over() == 0
            await aoife.presence_is("wrap")
            await aoife.choose("outcome", "information")
            await aoife.press("F2")
            await aoife.shows("ringing")
            await aoife.press("F2")
            await aoife.shows("desk")
            waiting.hang_up()
            assert await waiting.over() == 0
        await wrapped_up(aoife)
    across = part(voices.heard_in(recording), since, until_s)
    assert voices.likeness(across, SECRETARY) > 0.5
    assert voices.likeness(heard_by_aoife, CALLER) > 0.7


TAKEN_OVER = (["ringing", "talking"], ["talking", "waiting"])


async def test_when_media_dies_the_leg_is_rebuilt_and_both_hear_each_other_again(
    house: WholeHouse, speaking_browser: Browser, tmp_path: Path
) -> None:
    recording = tmp_path / "caller.wav"
    async with at_seat(speaking_browser, house, cast.AOIFE) as aoife:
        async with house.call(cast.ATLAS_LINE, "--language", "en", "--record", str(recording)) as phone:
            await answered(aoife, phone)
            await heard_at(aoife.page, 1)
            await aoife.page.evaluate(WATCH_THE_BAR)
            await killed(house, MEDIA)
            await comes_true(aoife.page, "() => window.barWas.includes('callbar callbar--lost')")
            await expect(aoife.by_id("callbar")).to_have_class("callbar", timeout=30000)
            since = phone.seconds()
            heard_by_aoife = await heard_at(aoife.page, 6)
            until_s = phone.seconds()
            await aoife.press("F9")
            assert await phone.over() == 0
        await wrapped_up(aoife)
    assert voices.likeness(part(voices.heard_in(recording), since + 1, until_s), SECRETARY) > 0.5
    assert voices.likeness(heard_by_aoife, CALLER) > 0.6


async def test_a_call_while_the_database_is_locked_is_recorded_once_afterwards(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    recorded = "select count(*), count(ended_at) from calls_call where caller = ?"
    marc = await signed_in(
        speaking_browser, house, cast.MARC, "/supervision/calls", viewport={"width": 1366, "height": 768}
    )
    async with at_seat(speaking_browser, house, cast.AOIFE) as aoife:
        worker = house.process_of(WORKER)
        with contextlib.closing(sqlite3.connect(house.data / "db.sqlite3", isolation_level=None)) as database:
            database.execute("begin immediate")
            async with house.call(cast.ATLAS_LINE, "--language", "en", "--from", "+33639980122") as phone:
                await answered(aoife, phone)
                assert voices.likeness(await heard_at(aoife.page, 6), CALLER) > 0.7
                await aoife.press("F9")
                assert await phone.over() == 0
            await wrapped_up(aoife)
            assert house.rows(recorded, "+33639980122") == [(0, 0)]
            os.kill(worker, signal.SIGKILL)
            database.execute("rollback")
        await until("the call is recorded, once", lambda: house.rows(recorded, "+33639980122") == [(1, 1)])
        row = marc.locator(".calls__table tbody tr").filter(has_text="+33 6 39 98 01 22")
        await expect(row).to_have_count(1)
        await expect(row).to_contain_text("Aoife")
    await marc.context.close()


async def test_the_page_closed_and_opened_again_has_the_same_call_and_music_meanwhile(
    house: WholeHouse, speaking_browser: Browser, tmp_path: Path
) -> None:
    recording = tmp_path / "caller.wav"
    async with (
        at_seat(speaking_browser, house, cast.AOIFE) as aoife,
        house.call(cast.ATLAS_LINE, "--language", "en", "--record", str(recording)) as phone,
    ):
        await answered(aoife, phone)
        await aoife.write("In the middle of")
        await expect(aoife.by_id("draft-state")).to_have_text("Draft kept")
        await aoife.page.close()
        await until("the exchange knows that her line is lost", lambda: states(house) == ["line_lost"])
        since = phone.seconds()
        until_s = await speaks(phone, 4)
        page = await aoife.page.context.new_page()
        await page.add_init_script(CAPTURE)
        again = ConsolePage(page, house.site)
        await again.open()
        await again.shows("desk")
        await expect(again.by_id("text")).to_have_value("In the middle of")
        await expect(again.by_id("callbar")).to_have_class("callbar", timeout=20000)
        assert voices.likeness(await heard_at(page, 6), CALLER) > 0.6
        await again.press("F9")
        assert await phone.over() == 0
        await expect(again.by_id("next")).to_be_visible()
    assert voices.likeness(part(voices.heard_in(recording), since + 0.5, until_s), voices.built_in("music")) > 0.8
