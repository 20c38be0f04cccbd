# SPDX-License-Identifier: AGPL-3.0-or-later
"""The number beside the work list: asked for when it has more and when she is back, four times a minute at most."""

from playwright.async_api import expect

from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import PAINTED, ConsolePage

TASKS = "**/console/fragments/tasks"
LISTED = """
from permanence.foundation.live import touch_tasks
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
touch_tasks(by=house_system(house="demo"), at=SystemClock().now())
"""
BACK = "document.dispatchEvent(new Event('visibilitychange'))"


async def test_who_comes_back_to_the_page_often_asks_for_the_number_now_and_then(
    console: ConsolePage, exchange: FakeExchange
) -> None:
    await console.page.clock.install()
    await console.page.goto("about:blank")  # no answer to what was asked before comes any more
    async with console.page.expect_response(TASKS):
        await console.open()
    await expect(console.by_id("go-ready")).to_be_visible()
    await console.page.evaluate(PAINTED)
    asked: list[str] = []
    console.page.on("request", lambda sent: asked.append(sent.url) if sent.url.endswith("/fragments/tasks") else None)
    for _ in range(3):
        await console.page.evaluate(BACK)
    await console.page.evaluate(PAINTED)
    assert asked == []
    async with console.page.expect_response(TASKS):
        await console.page.clock.fast_forward(15_000)
    # Longer away than that: at once.
    await console.page.clock.fast_forward(16_000)
    async with console.page.expect_response(TASKS):
        await console.page.evaluate(BACK)
        await console.page.clock.run_for(10)
    assert len(asked) == 2
    assert console.complaints == []


async def test_what_comes_onto_the_list_is_counted_while_she_stays_on_the_page(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await console.page.clock.install()
    # It is asked first once the page hears what is touched.
    async with console.page.expect_response(TASKS):
        await console.page.reload()
    await expect(console.by_id("go-ready")).to_be_visible()
    await console.page.clock.fast_forward(16_000)
    async with console.page.expect_response(TASKS):
        site.run(LISTED)
    assert console.complaints == []
