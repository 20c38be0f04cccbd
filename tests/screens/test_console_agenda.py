# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agenda beside the call: from the card to booked with the keyboard alone, refused in words, live, and printed."""

import re
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.screens.fakes import agendas, cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import ConsolePage
from tests.screens.test_console_appointments import COUNT_KEYS

MOST_KEYS = 25
MOST_MS = 20_000
VISITS = "select state, agenda_id, call, starts_at from agenda_appointment order by id"
HOLDS = "select ended, ended_at is null from agenda_slothold order by id"
FRAME = "#book-frame"
LIVE_MS = 500
DRAWN_MS = 300


def weber(site: Site) -> dict[str, Any]:
    return {**cards.weber(*site.client("Dr Weber")), "sector": "health"}


async def on_a_call(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    await console.go_ready()
    await exchange.command("ready")
    await exchange.ring(weber(site))
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await expect(console.by_id("desk-book")).to_be_visible()


def slot(page: Page, number: int) -> Locator:
    return page.locator("#book-slots .slot").nth(number - 1)


async def opened(console: ConsolePage) -> None:
    """Alt A: the agenda with the caller's file and free times."""
    await console.press("Alt+a")
    await expect(console.by_id("book-patient-name")).to_have_text("HOFFMANN Jeanne")
    await expect(slot(console.page, 1)).to_be_visible()
    await expect(console.page.locator("#book-grid.grid")).to_be_visible()


async def test_from_the_card_to_booked_in_four_keys(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    made = agendas.make(site)
    await console.page.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await console.page.evaluate(COUNT_KEYS)
    began = await console.page.evaluate("performance.now()")
    await opened(console)
    await expect(console.by_id("callbar")).to_be_visible()
    await expect(console.by_id("end")).to_be_visible()
    await console.press("1")
    await expect(slot(console.page, 1)).to_have_class(re.compile("slot--mine"))
    await expect(console.page.locator(f"{FRAME} .appt--mine")).to_have_count(1)
    await expect(console.by_id("book-act")).to_contain_text("Réserver")
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text("HOFFMANN Jeanne")
    took = await console.page.evaluate("performance.now()") - began
    keys = await console.page.evaluate("window.keysPressed")
    assert keys == ["a", "1", "Enter"]
    assert len(keys) <= MOST_KEYS
    assert took <= MOST_MS
    ((state, agenda, call, _starts),) = site.rows(VISITS)
    assert (state, str(agenda) in {made.weber, made.klein}, call) == ("booked", True, "call-1")
    assert site.rows(HOLDS) == [("booked", 0)]
    await console.press("Escape")
    await expect(console.by_id("form")).to_be_visible()
    assert (await console.fields())["outcome"] == "appointment_booked"
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    assert (await exchange.command("wrapup_done"))["outcome"] == "appointment_booked"
