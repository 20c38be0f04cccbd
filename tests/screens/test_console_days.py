# SPDX-License-Identifier: AGPL-3.0-or-later
"""The browser writes a day as the house does, on every day of a year and in each language."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation
from playwright.async_api import Browser

from permanence.foundation import dates
from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site

YEAR = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
SAY = """async (days) => {
  const { sayDay } = await import("/static/console/when.js");
  const { day } = await import("/static/console/words.js");
  return days.map((iso) => [sayDay(iso), day(Date.parse(iso), "UTC")]);
}"""


@pytest.mark.parametrize("language", ["fr", "en", "de"])
async def test_the_browser_writes_days_as_the_house_does(browser: Browser, site: Site, language: str) -> None:
    context = await browser.new_context(locale=language)
    await site.let_in(context, cast.CLAIRE)
    page = await context.new_page()
    await page.goto(site.url + "/console")
    await context.add_cookies([{"name": "django_language", "value": language, "url": site.url}])
    await page.reload()
    assert await page.evaluate("document.documentElement.lang") == language
    found: list[Any] = await page.evaluate(SAY, [each.isoformat() for each in YEAR])
    with translation.override(language):
        said = [[dates.say(each, dates.Form.NAMED_WHOLE), dates.say(each, dates.Form.OF_MONTH)] for each in YEAR]
    assert found == said
    await context.close()
