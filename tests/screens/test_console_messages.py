# SPDX-License-Identifier: AGPL-3.0-or-later
"""Today's messages at the console: a row opened in place, the client's answer marked until it was seen, for whom."""

import asyncio
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

from permanence.project import demo_cast as cast
from tests.screens.desk import on_a_call
from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage

TEXT = "Demande si la prise de sang doit être refaite.\nJoignable toute la journée."
LIST = "**/console/fragments/messages"
TOUCHED = """
from permanence.foundation import live
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
live.touch("house/demo/messages", house_key=house_system(house="demo").house_key, at=SystemClock().now())
"""
DRAWN = "() => fetch('/console/fragments/messages').then(() => new Promise(requestAnimationFrame))"
TEXTS = "select r.name from messaging_message m join clients_recipient r on r.id = m.recipient_id"


def dupont(site: Site) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    client, recipients = site.client("Cabinet Dupont")
    shown = {**cards.weber(client, recipients), "name": "Cabinet Dupont", "initials": "CD", "place": "Strasbourg"}
    return shown, recipients


async def take_for_weber(console: ConsolePage, exchange: FakeExchange, site: Site) -> Locator:
    """A message for Dr Weber, taken and sent; gives its row of the idle view."""
    await on_a_call(console, exchange, cards.weber(*site.client("Dr Weber")))
    await console.choose("reason", "results")
    await console.focus("read-back")
    await console.press("Space")
    await console.write(TEXT)
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("en route vers Dr Weber")
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    await console.shows("idle")
    row = console.messages("view-idle")
    await expect(row).to_have_count(1)
    return row


async def portal_of_weber(browser: Browser, site: Site) -> Page:
    """The message, opened by Dr Weber in his portal, on a browser of his own."""
    context = await browser.new_context(locale="fr-FR")
    await site.let_in(context, cast.WEBER)
    page = await context.new_page()
    await page.goto(site.url + "/portal")
    await page.get_by_role("link", name="Jeanne Hoffmann").click()
    await expect(page.locator("#text")).to_be_visible()
    return page


async def answer(portal: Page, text: str) -> None:
    await portal.fill("#text", text)
    await portal.locator("#answer button").click()
    await expect(portal.locator("#answers")).to_contain_text(text)


async def test_a_row_opens_in_place_with_all_that_is_known_and_closes_again(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    row = await take_for_weber(console, exchange, site)
    opener, opened = row.locator("[data-open]"), row.locator("[data-opened]")
    await expect(opener).to_have_attribute("aria-expanded", "false")
    await expect(row).not_to_contain_text("prise de sang")
    await opener.focus()
    await console.press("Enter")
    await expect(opener).to_have_attribute("aria-expanded", "true")
    await expect(opened).to_be_visible()
    for words in ("aujourd’hui", "Claire", "Dr Weber", "621 000 147", "Relu à l’appelant", "Envoi en cours"):
        await expect(opened).to_contain_text(words)
    await expect(opened.locator(".opened__text")).to_have_text(TEXT, use_inner_text=True)
    await expect(opener).to_be_focused()
    await looks_right(console, "opened", ("1366", "390", "625"))
    await opener.focus()
    await console.press("Enter")
    await expect(opened).to_be_hidden()
    await expect(opener).to_have_attribute("aria-expanded", "false")
    await row.locator(".item__state").click()  # the whole row is the target
    await expect(opened).to_be_visible()


async def test_a_row_that_is_pressed_is_there_until_it_is_released(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    row = await take_for_weber(console, exchange, site)
    old = row.and_(console.page.locator("[data-old]"))
    box = await row.locator(".item__state").bounding_box()
    assert box is not None
    await row.evaluate("(row) => row.setAttribute('data-old', '')")
    await console.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await console.page.mouse.down()
    async with console.page.expect_response(LIST) as told:
        await asyncio.to_thread(site.run, TOUCHED)
    await (await told.value).finished()
    await console.page.evaluate(DRAWN)
    await expect(old).to_have_count(1)
    await console.page.mouse.up()
    await expect(row.locator("[data-opened]")).to_be_visible()
    await expect(old).to_have_count(0)
    assert console.complaints == []


async def test_a_row_that_cannot_be_opened_says_so_and_stays_closed(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    row = await take_for_weber(console, exchange, site)
    await site.kill()
    await row.locator("[data-open]").click()
    await expect(console.by_id("banner-error")).to_contain_text("ne s’ouvre pas")
    await expect(row.locator("[data-opened]")).to_be_hidden()
    await site.start()
    await console.by_id("banner-error-close").click()
    await row.locator("[data-open]").click()
    await expect(row.locator("[data-opened]")).to_contain_text("prise de sang")


async def test_the_doctors_answer_is_marked_at_once_until_its_row_was_opened(
    browser: Browser, console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    row = await take_for_weber(console, exchange, site)
    mark = row.locator("[data-new-answer]")
    await expect(mark).to_be_hidden()
    portal = await portal_of_weber(browser, site)
    await answer(portal, "Oui, lundi à jeun.")
    await expect(mark).to_be_visible()
    await expect(mark).to_have_text("Nouvelle réponse")
    await expect(row.locator(".item__answer")).to_contain_text("Oui, lundi à jeun.")
    await looks_right(console, "answered", ("1366", "390"))
    await row.locator("[data-open]").click()
    await expect(row.locator("[data-opened] .item__answer")).to_contain_text("Dr Weber")
    await expect(row.locator("[data-opened]")).to_contain_text("Lu par Dr Weber")
    await expect(mark).to_be_hidden()
    await looks_right(console, "answered-opened", ("1366", "390"))
    await console.reload()
    await expect(row).to_have_count(1)
    await expect(row.locator(".item__answer")).to_contain_text("Oui, lundi à jeun.")
    await expect(mark).to_be_hidden()  # what she has seen is seen after a reload too
    await answer(portal, "Et rien boire non plus.")
    await expect(mark).to_be_visible()
    await portal.context.close()


async def test_no_recipient_is_an_error_in_words_at_its_place_and_loses_nothing(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    shown, recipients = dupont(site)
    await on_a_call(console, exchange, shown)
    await console.write("Pour l’un des deux médecins.")
    await console.press("Control+Enter")
    fault = console.by_id("recipient-error")
    await expect(fault).to_be_visible()
    await expect(fault).to_have_text("Choisissez pour qui est le message.")
    await expect(fault).to_have_attribute("role", "alert")
    first = console.page.locator("input[name=recipient]").first
    await expect(first).to_be_focused()
    await expect(console.by_id("text")).to_have_value("Pour l’un des deux médecins.")
    assert site.rows(TEXTS) == []
    await looks_right(console, "no-recipient", ("1366", "390", "625"))
    await first.focus()
    await console.press("Space")
    await expect(fault).to_be_hidden()
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text(f"en route vers {recipients[0][1]}")
    assert site.rows(TEXTS) == [(recipients[0][1],)]


async def test_with_many_recipients_the_list_is_where_the_error_leads(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    shown, recipients = dupont(site)
    shown["form"]["recipients"] += [{"id": f"9{n}", "name": f"Dr Nouveau {n}"} for n in range(7)]
    await on_a_call(console, exchange, shown)
    await console.write("Pour qui ?")
    await console.press("Control+Enter")
    await expect(console.by_id("recipient-error")).to_be_visible()
    await expect(console.by_id("recipient-select")).to_be_focused()
    await console.by_id("recipient-select").select_option(recipients[1][0])
    await expect(console.by_id("recipient-error")).to_be_hidden()
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text(f"en route vers {recipients[1][1]}")
    assert site.rows(TEXTS) == [(recipients[1][1],)]
