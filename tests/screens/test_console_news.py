# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is new on a card is told above it, seen without scrolling, and one key brings each new instruction into view."""

from typing import Any

from playwright.async_api import expect

from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage
from tests.screens.test_console_reading import card_with, order

WORDS = "\n".join(f"- point {number} de la consigne, que chacune doit savoir" for number in range(6))


def five_new(site: Site) -> dict[str, Any]:
    """A card on which only five long instructions are new."""
    made = card_with(site, *(order(str(910 + number), WORDS, is_new=True) for number in range(5)))
    made["instructions"] = [
        {**each, "is_new": each["id"].startswith("91") and len(each["id"]) == 3} for each in made["instructions"]
    ]
    return made


async def test_new_instructions_are_told_above_the_card_and_a_key_brings_each_into_view(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    exchange.offer_s = 600
    await console.go_ready()
    await exchange.command("ready")
    await exchange.ring(five_new(site))
    await console.shows("ringing")
    for view in ("ring", "desk"):
        line = console.page.locator(f"[data-news={view}-orders]")
        await expect(line).to_contain_text("5 nouvelles consignes")
        await expect(line.locator("kbd")).to_have_text("Alt C")
        await expect(line).to_be_in_viewport(ratio=1)
        rows = console.page.locator(f"#{view}-orders .order--new")
        await expect(rows).to_have_count(5)
        await expect(rows.last).not_to_be_in_viewport()
        if view == "desk":
            await console.by_id("text").focus()
        await looks_right(console, f"news-{view}", ("1366", "390"))
        await console.page.evaluate("document.querySelectorAll('[role=group]').forEach((one) => one.scrollTo(0, 0))")
        for _press in range(5):
            if await rows.last.evaluate("(row) => row.parentElement.dataset.brought === row.dataset.version"):
                break
            await console.press("Alt+c")
        await expect(rows.last).to_be_in_viewport()
        await expect(line).to_be_in_viewport(ratio=1)
        await console.press("Alt+c")
        await expect(rows.first).to_be_in_viewport()
        if view == "ring":
            await console.press("F2")
            await console.shows("desk")
    await expect(console.by_id("text")).to_be_focused()
    await expect(console.by_id("text")).to_have_value("")
    assert console.complaints == []


async def test_where_nothing_is_new_no_line_is_shown(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    made = five_new(site)
    made["instructions"] = [{**each, "is_new": False} for each in made["instructions"]]
    await console.go_ready()
    await exchange.command("ready")
    await exchange.ring(made)
    await console.shows("ringing")
    await expect(console.page.locator("[data-news=ring-orders]")).to_be_hidden()
