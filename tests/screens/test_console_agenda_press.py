# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a secretary presses the mouse on is not taken from under it, whatever comes from elsewhere meanwhile."""

import asyncio
from typing import Literal

import pytest
from playwright.async_api import Browser, Response, expect

from tests.screens.agenda_desk import book_at, click_at, day_of, lane, point, ready_to_book
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site

READ = "() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => setTimeout(done))))"
"""The page has made of an answer what it makes of it."""
BUSY_AT_RELEASE = """() => window.addEventListener('pointerup', () => {
  const until = performance.now() + 500;
  while (performance.now() < until);
}, { capture: true, once: true })"""
"""The second press is there before the page has come to what it does after the first."""


def of_a_lane(response: Response) -> bool:
    return "/console/fragments/agenda/lane" in response.url


async def test_a_visit_that_is_pressed_is_there_until_it_is_released(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    day = await day_of(screen)
    await click_at(screen, "Dr Klein", 540)
    await screen.page.mouse.move(*await point(screen, "Dr Weber", 600))
    async with screen.page.expect_response(of_a_lane) as asked:
        await screen.page.mouse.down()
        await asyncio.to_thread(agendas.busy, site, day, 15)
    await (await asked.value).finished()
    await screen.page.evaluate(READ)
    busy = lane(screen, "Dr Weber").locator("[data-kind=busy], [data-kind=block]")
    assert await busy.count() == 0
    await screen.page.mouse.up()
    await expect(screen.by_id("book-place")).to_contain_text("HOFFMANN Jeanne")
    await expect(busy).to_have_count(1)
    assert screen.complaints == []


async def test_what_is_pressed_twice_in_a_row_is_there_until_the_second_release(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    mouse = screen.page.mouse
    await book_at(screen, "Dr Weber", 600)
    day = await day_of(screen)
    await click_at(screen, "Dr Klein", 540)
    await mouse.move(*await point(screen, "Dr Weber", 600))
    await screen.page.evaluate(BUSY_AT_RELEASE)
    async with screen.page.expect_response(of_a_lane) as asked:
        await mouse.down()
        await asyncio.gather(mouse.up(), mouse.down())
        await asyncio.to_thread(agendas.busy, site, day, 15)
    await (await asked.value).finished()
    await screen.page.evaluate(READ)
    busy = lane(screen, "Dr Weber").locator("[data-kind=busy], [data-kind=block]")
    assert await busy.count() == 0
    await mouse.up()
    await expect(busy).to_have_count(1)
    assert screen.complaints == []


@pytest.mark.parametrize("button", ["right", "left"])
async def test_a_press_whose_release_nobody_hears_of_does_not_keep_back_what_comes(
    browser: Browser, site: Site, button: Literal["right", "left"]
) -> None:
    screen, _made = await ready_to_book(browser, site)
    day = await day_of(screen)
    await click_at(screen, "Dr Klein", 540)
    await screen.page.mouse.move(*await point(screen, "Dr Weber", 600))
    # The menu of the browser has the release of a right button; after another one she goes on by the keyboard.
    await screen.page.mouse.down(button=button)
    if button == "left":
        await screen.press("ArrowDown")
    await asyncio.to_thread(agendas.busy, site, day, 15)
    await expect(lane(screen, "Dr Weber").locator("[data-kind=busy], [data-kind=block]")).to_have_count(1)
    assert screen.complaints == []
