# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers that come late: what she did meanwhile counts, nothing moves under her hands, nothing old is shown as new."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta

from playwright.async_api import Browser, Page, Route, expect

from tests.screens.agenda_desk import HOLDS, beside, click_at, day_of, lane, ready_to_book, slot, tomorrow, waits_long
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.pages import PAINTED, ConsolePage, intercept

DAY = "**/console/fragments/agenda?*"
SLOTS = "**/console/fragments/agenda/slots?*"
HOLD = "**/console/agenda/hold"
START = "**/console/agenda/start?*"
RELEASE = "**/console/agenda/release"
MINE = re.compile("slot--mine")
BOOKED = "select agenda_id, substr(starts_at, 1, 10) from agenda_appointment"


@contextlib.asynccontextmanager
async def kept_back(page: Page, path: str) -> AsyncIterator[asyncio.Event]:
    """The site's answers are on their way to the page until the block ends; the event says that it has answered."""
    answered, arrives = asyncio.Event(), asyncio.Event()
    await waits_long(page)

    async def keep(route: Route) -> None:
        answer = await route.fetch()
        answered.set()
        await arrives.wait()
        await route.fulfill(response=answer)

    await intercept(page, path, keep)
    yield answered
    arrives.set()
    await page.unroute_all(behavior="wait")
    await page.evaluate(PAINTED)


async def days_away(browser: Browser, site: Site) -> tuple[ConsolePage, agendas.Made, date]:
    """A day is shown on which none of the next free times is."""
    screen, made = await ready_to_book(browser, site)
    for _ in range(3):
        await tomorrow(screen)
    shown = await day_of(screen)
    assert await slot(screen.page, 1).get_attribute("data-day") != shown.isoformat()
    return screen, made, shown


async def choose_paul(screen: ConsolePage) -> None:
    await screen.press("/")
    await screen.type("010280 mar")
    # Enter takes what was found for all that is typed, and nothing before that is there.
    found = screen.page.locator("#book-patient-list[data-words='010280 mar'] [aria-selected=true]")
    await expect(found).to_contain_text("MARTIN Paul")
    await screen.press("Enter")
    await expect(screen.by_id("book-patient-name")).to_have_text("MARTIN Paul")


async def test_the_day_of_what_is_held_does_not_come_under_her_hands(browser: Browser, site: Site) -> None:
    screen, _made, shown = await days_away(browser, site)
    async with kept_back(screen.page, DAY) as answered:
        await screen.press("1")
        await expect(slot(screen.page, 1)).to_have_class(MINE)
        await answered.wait()
        await click_at(screen, "Dr Klein", 600)
    assert await day_of(screen) == shown
    await expect(screen.by_id("book-act")).to_contain_text("10:00, Dr Klein")
    async with screen.page.expect_response(RELEASE):
        await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("10:00, Dr Klein")
    ((_agenda, day),) = site.rows(BOOKED)
    assert day == shown.isoformat()
    assert site.rows(HOLDS) == [("released", 0)]
    # The next day is the one after what is shown.
    await tomorrow(screen)
    assert await day_of(screen) == shown + timedelta(days=1)
    assert screen.complaints == []


async def test_another_reason_before_the_day_of_what_was_held_is_there(browser: Browser, site: Site) -> None:
    screen, made, shown = await days_away(browser, site)
    async with kept_back(screen.page, DAY) as answered:
        await screen.press("1")
        await expect(slot(screen.page, 1)).to_have_class(MINE)
        await answered.wait()
        async with screen.page.expect_response(RELEASE):
            await screen.by_id("book-reason").select_option(made.review)
        await expect(screen.page.locator(".slot--mine")).to_have_count(0)
    assert await day_of(screen) == shown
    await expect(screen.page.locator("#book-frame .appt--held")).to_have_count(0)
    assert site.rows(HOLDS) == [("released", 0)]
    assert screen.complaints == []


async def test_another_reason_before_the_hold_is_answered_gives_it_back(browser: Browser, site: Site) -> None:
    screen, made, shown = await days_away(browser, site)
    async with screen.page.expect_response(RELEASE), kept_back(screen.page, HOLD) as answered:
        await screen.press("1")
        await answered.wait()
        await screen.by_id("book-reason").select_option(made.review)
    await expect(screen.page.locator(".slot--mine")).to_have_count(0)
    assert await day_of(screen) == shown
    assert site.rows(HOLDS) == [("released", 0)]
    assert screen.complaints == []


async def test_what_is_booked_while_a_day_is_on_its_way_is_on_it(browser: Browser, site: Site) -> None:
    one, made = await ready_to_book(browser, site)
    other = await beside(browser, site, query=f"?client={made.client}")
    await tomorrow(other)
    await choose_paul(other)
    await tomorrow(one)
    async with kept_back(one.page, DAY) as answered:
        await one.by_id("book-before").click()
        await answered.wait()
        # The touch asks for free times too.
        async with one.page.expect_request(SLOTS):
            await click_at(other, "Dr Weber", 540)
            await other.press("Enter")
    await expect(lane(other, "Dr Weber").locator(".appt")).to_have_count(1)
    shown = one.page.locator("#book-frame .book__title")
    await expect(shown).to_have_attribute("data-day", (await day_of(other)).isoformat())
    await expect(lane(one, "Dr Weber").locator(".appt")).to_have_count(1)
    assert one.complaints == other.complaints == []


async def test_the_field_she_writes_in_keeps_the_keys_once_the_request_is_ready(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    screen = await beside(browser, site, query=f"?client={made.client}")
    async with kept_back(screen.page, START) as answered:
        await screen.page.reload(wait_until="commit")
        await answered.wait()
        await screen.page.evaluate(PAINTED)
        await screen.press("/")
        await screen.type("010280 mar")
    await expect(slot(screen.page, 1)).to_be_visible()
    await expect(screen.by_id("book-patient")).to_be_focused()
    await expect(screen.page.locator("#book-patient-list [aria-selected=true]")).to_contain_text("MARTIN Paul")
    assert screen.complaints == []


async def test_today_is_today_in_a_page_that_is_open_since_yesterday(browser: Browser, site: Site) -> None:
    agendas.make(site)
    screen = await beside(browser, site)
    today = await day_of(screen)

    async def as_yesterday(route: Route) -> None:
        answer = await route.fetch()
        told = {**(await answer.json()), "today": (today - timedelta(days=1)).isoformat()}
        await route.fulfill(response=answer, json=told)

    await intercept(screen.page, "**/console/agenda/setting", as_yesterday, times=1)
    await screen.reload()
    shown = screen.page.locator("#book-frame .book__title")
    await expect(shown).to_have_attribute("data-day", str(today - timedelta(days=1)))
    title = await screen.by_id("book-title").text_content()
    await screen.press("t")
    await expect(screen.by_id("book-title")).not_to_have_text(title or "")
    await expect(shown).to_have_attribute("data-day", str(today))
    assert screen.complaints == []
