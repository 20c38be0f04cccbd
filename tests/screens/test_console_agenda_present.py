# SPDX-License-Identifier: AGPL-3.0-or-later
"""A page of the agenda that stays open: its present goes on, and "tomorrow" is counted from the day that it is."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Request, expect

from tests.screens.agenda_desk import beside, day_of, tomorrow
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site

ZONE = "() => JSON.parse(document.getElementById('config').textContent).timeZone"
LINE = """() => {
  const [frame, line] = ['.grid__body', '.grid__now'].map((one) => document.querySelector(one).getBoundingClientRect());
  return Math.round(line.top - frame.top);
}"""


async def test_the_present_goes_on_and_after_midnight_tomorrow_is_another_day(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    screen = await beside(browser, site, query=f"?client={made.client}")
    await tomorrow(screen)
    day, zone = await day_of(screen), ZoneInfo(await screen.page.evaluate(ZONE))
    now = screen.page.locator(".grid__hours .is-now")
    await expect(now).to_have_count(0)
    asked: list[str] = []

    def told(sent: Request) -> None:
        """What a page that begins to listen asks for, lane by lane, is not for the present's sake."""
        if "/fragments/agenda?" in sent.url or "/agenda/setting" in sent.url:
            asked.append(sent.url)

    await screen.page.clock.install()
    screen.page.on("request", told)
    # She stays until the morning, the day before her as she left it.
    await screen.page.clock.pause_at(datetime.combine(day, time(10, 2, 30), tzinfo=zone))
    await expect(now).to_have_text("10:02")
    before = await screen.page.evaluate(LINE)
    await screen.page.clock.fast_forward(timedelta(hours=2) // timedelta(milliseconds=1))
    await expect(now).to_have_text("12:02")
    assert await screen.page.evaluate(LINE) > before
    assert asked == []
    assert await day_of(screen) == day
    await screen.press("g")
    await screen.type("demain")
    await screen.press("Enter")
    after = day + timedelta(days=1)
    await expect(screen.page.locator(f"#book-frame [data-lane][data-day='{after}']")).not_to_have_count(0)
    await expect(now).to_have_count(0)
    assert screen.complaints == []
