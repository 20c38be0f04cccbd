# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said of a visit has a way back: Ctrl Z at once, a button the same day."""

import asyncio
import re

from playwright.async_api import Browser, Page, Route, expect

from tests.screens.agenda_desk import book_at, click_at, lane, ready_to_book, tomorrow, waits_long
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import intercept
from tests.screens.test_console_agenda_many import Asked

LANE = re.compile("fragments/agenda/lane")
STATE = "select state from agenda_appointment order by id"
ARRIVED = "update agenda_appointment set state='arrived', state_at=datetime('now')"


def offered(page: Page, state: str) -> str:
    return f"#book-acts [data-mark={state}]"


async def test_each_mark_is_taken_back(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    page = screen.page
    await book_at(screen, "Dr Weber", 540)
    visit = lane(screen, "Dr Weber").locator(".appt")
    await click_at(screen, "Dr Weber", 545)
    await expect(page.locator(offered(page, "booked"))).to_be_hidden()
    await expect(page.locator(offered(page, "arrived"))).to_be_hidden()
    await page.locator(offered(page, "confirmed")).click()
    await expect(visit).to_have_attribute("data-state", "confirmed")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne: Confirmé")
    own = page.locator(offered(page, "booked"))
    await expect(own).to_have_text("Seulement réservé")
    await expect(screen.by_id("toasts").get_by_role("button")).to_contain_text("Défaire")
    await screen.press("Control+z")
    await expect(visit).to_have_attribute("data-state", "booked")
    assert site.rows(STATE) == [("booked",)]
    site.change(ARRIVED)
    address = page.url
    await page.goto("about:blank")  # no answer to what was asked before comes any more
    async with page.expect_response(LANE):  # once it listens, the page looks at what it may have missed
        await page.goto(address)
    await tomorrow(screen)
    await expect(visit).to_have_attribute("data-state", "arrived")
    await click_at(screen, "Dr Weber", 545)
    await expect(page.locator(offered(page, "booked"))).to_be_visible()
    await looks_right(screen, "agenda-take-back", ("1366",))
    await own.click()
    await expect(visit).to_have_attribute("data-state", "booked")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne: Seulement réservé")
    await expect(screen.by_id("book-move")).to_be_enabled()
    await screen.press("Control+z")
    await expect(visit).to_have_attribute("data-state", "arrived")
    await expect(screen.by_id("book-place")).to_have_text("Défait")
    assert screen.complaints == []


async def test_who_writes_before_the_site_has_marked_a_visit_goes_on_writing(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    page, field = screen.page, screen.by_id("book-patient")
    await book_at(screen, "Dr Weber", 540)
    await click_at(screen, "Dr Weber", 545)
    asked, arrives, fragments = asyncio.Event(), asyncio.Event(), Asked(page)

    async def keep(route: Route) -> None:
        asked.set()
        await arrives.wait()
        await route.continue_()

    await waits_long(page)
    await intercept(page, "**/console/agenda/mark", keep)
    await page.locator(offered(page, "confirmed")).click()
    await asyncio.wait_for(asked.wait(), 20)
    await screen.press("/")
    await screen.type("010280")
    arrives.set()
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne: Confirmé")
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_attribute("data-state", "confirmed")
    await expect(screen.by_id("book-coming")).to_contain_text("confirmé")
    await fragments.answered()
    await expect(field).to_be_focused()
    await screen.type(" mar")
    await expect(field).to_have_value("010280 mar")
    assert screen.complaints == []
