# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tabs beside the form stand in one row on the smallest desk, in every language."""

import pytest
from playwright.async_api import expect

from tests.screens.desk import on_a_call
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import ConsolePage
from tests.screens.test_console_script import with_script

ROWS = """(tabs) => {
  const row = tabs[0].parentElement;
  return [new Set(tabs.map((tab) => tab.offsetTop)).size, row.scrollWidth - row.clientWidth];
}"""


@pytest.mark.parametrize("language", ["fr", "de", "en"])
async def test_the_side_tabs_stand_in_one_row(
    console: ConsolePage, exchange: FakeExchange, site: Site, language: str
) -> None:
    page = console.page
    await page.set_viewport_size({"width": 1366, "height": 768})
    await page.context.add_cookies([{"name": "django_language", "value": language, "url": site.url}])
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", language)
    card, _doctor = with_script(site)
    await on_a_call(console, exchange, card)
    tabs = page.locator(".side-tabs .tab:visible")
    await expect(tabs).to_have_count(5)
    await console.shot(f"side-tabs-{language}")
    for tab in await tabs.all():
        await tab.click()
        assert await tabs.evaluate_all(ROWS) == [1, 0]
        assert await tab.get_attribute("title")
