# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whom a message is about, from the keyboard alone: found by birth date and letters, or new from the same words."""

from typing import Any

from playwright.async_api import expect

from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage


async def on_the_desk(console: ConsolePage, exchange: FakeExchange, card: dict[str, Any], call: str) -> None:
    await exchange.ring(card, call=call)
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")


async def test_a_patient_is_added_found_and_sent_with_the_keyboard_alone(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    client, recipients = site.client("Dr Weber")
    card = {**cards.weber(client, recipients), "sector": "health"}
    await console.go_ready()
    await exchange.command("ready")
    await on_the_desk(console, exchange, card, "call-1")
    rows = console.page.locator("#patient-list [role=option]:not([aria-disabled])")
    field = console.by_id("patient")
    await console.by_id("form-title").click()
    await console.press("/")
    await expect(field).to_be_focused()
    await console.type("140361 hoffmann jeanne")
    await expect(rows).to_have_count(1)
    await expect(rows.nth(0)).to_contain_text("Hoffmann Jeanne")
    await expect(rows.nth(0)).to_contain_text("14 mars 1961")
    await expect(console.by_id("patient-count")).to_have_text("Personne n’a été trouvé")
    await console.press("Enter")  # nobody is added by Enter alone
    await expect(field).to_have_value("140361 hoffmann jeanne")
    await console.press("ArrowDown")
    await looks_right(console, "patient-list", ("1366", "390"))
    await field.focus()
    await expect(rows).to_have_count(1)
    await console.press("ArrowDown")
    await console.press("Enter")
    await expect(console.by_id("patient-name")).to_have_text("HOFFMANN Jeanne")
    await expect(console.by_id("text")).to_be_focused()
    await looks_right(console, "patient-chosen", ("1366", "390"))
    await console.by_id("patient-other").click()
    await console.type("140361 hof")
    await expect(console.by_id("patient-list")).to_have_attribute("data-words", "140361 hof")
    await expect(rows.nth(0)).to_have_attribute("aria-selected", "true")
    await expect(rows.nth(0)).to_contain_text("HOFFMANN Jeanne")
    await expect(console.by_id("patient-count")).to_have_text("Une personne trouvée")
    await console.press("Enter")
    await expect(console.by_id("patient-about")).to_contain_text("14 mars 1961")
    await console.type("Rappeler pour le traitement")
    await console.press("Control+Enter")
    await expect(console.by_id("patient-other")).to_be_hidden()
    await expect(console.by_id("patient-name")).to_have_text("HOFFMANN Jeanne")


async def test_without_the_site_the_words_of_the_message_stay(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    client, recipients = site.client("Dr Weber")
    await console.go_ready()
    await exchange.command("ready")
    await on_the_desk(console, exchange, cards.weber(client, recipients), "call-1")
    await site.kill()
    await console.by_id("patient").fill("140361 hof")
    await expect(console.by_id("patient-note")).to_contain_text("date de naissance")
    await console.write("Mme Hoffmann, 14.03.1961")
    await expect(console.by_id("text")).to_have_value("Mme Hoffmann, 14.03.1961")


async def test_a_company_is_asked_for_no_patient(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    client, recipients = site.client("Atlas")
    card = {**cards.weber(client, recipients), "sector": "after_sales"}
    await console.go_ready()
    await exchange.command("ready")
    await on_the_desk(console, exchange, card, "call-1")
    await expect(console.by_id("patient-field")).to_be_hidden()
