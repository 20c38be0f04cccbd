# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is taken back while she does not see the agenda: what was against it is said where she is, and tried again."""

import re

from playwright.async_api import Locator, Page, expect

from tests.processes import until
from tests.screens.agenda_desk import held_back, on_a_call, opened, slot
from tests.screens.fakes import agendas
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import ConsolePage, intercept

STATE = "select state from agenda_appointment"
WHERE = "select starts_at from agenda_appointment"
WHY = "Quelqu’un a changé ce rendez-vous entre-temps."


async def refused(page: Page, path: str) -> None:
    """The site refuses that act from now on."""
    await intercept(page, path, lambda route: route.fulfill(status=422, json={"code": "x", "why": WHY, "causes": []}))


async def with_the_agenda(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)


async def back_to_the_card(console: ConsolePage) -> Locator:
    """Gives what is said in passing that can be taken back."""
    await console.press("Alt+a")
    await expect(console.by_id("form")).to_be_visible()
    return console.page.locator("#toasts .toast:has(button)")


async def test_a_move_that_cannot_be_taken_back_is_said_on_the_card_and_tried_again(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await with_the_agenda(console, exchange, site)
    await console.press("1")
    await expect(slot(console.page, 1)).to_have_class(re.compile("slot--mine"))
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text("Réservé")
    await expect(console.page.locator("#book-frame [data-kind=appointment]")).to_have_count(1)
    [(first,)] = site.rows(WHERE)
    await refused(console.page, "**/console/agenda/move-back")
    await console.press("m")
    await expect(console.by_id("book-want")).to_have_class(re.compile("has-in-hand"))
    await console.press("n")
    await console.press("Enter")
    toast = console.page.locator("#toasts .toast:has(button)")
    await expect(toast).to_contain_text("déplacé")
    await back_to_the_card(console)
    await console.press("Control+z")
    await expect(toast).to_contain_text(WHY)
    await expect(toast).to_contain_text("HOFFMANN Jeanne")
    await console.page.unroute_all()
    await console.press("Control+z")
    await expect(toast).to_have_count(0)
    await until("the visit is where it was", lambda: site.rows(WHERE) == [(first,)])


async def test_a_way_back_that_is_refused_leaves_that_of_what_she_did_meanwhile(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await with_the_agenda(console, exchange, site)
    await console.press("1")
    await expect(slot(console.page, 1)).to_have_class(re.compile("slot--mine"))
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text("Réservé")
    await expect(console.page.locator("#book-frame [data-kind=appointment]")).to_have_count(1)
    await console.press("m")
    await expect(console.by_id("book-want")).to_have_class(re.compile("has-in-hand"))
    await console.press("n")
    await console.press("Enter")
    with_a_way_back = console.page.locator("#toasts .toast", has=console.page.locator("kbd"))
    await expect(with_a_way_back).to_contain_text("déplacé")
    late = await held_back(console.page, "**/console/agenda/move-back", "Control+z")
    await console.page.locator("[data-mark=confirmed]").click()
    await expect(with_a_way_back).to_contain_text("Confirmé")
    await late.fulfill(status=422, json={"code": "x", "why": WHY, "causes": []})
    refused = console.page.locator("#toasts .toast", has_text=WHY)
    await expect(refused).to_contain_text("HOFFMANN Jeanne")
    async with console.page.expect_response("**/console/agenda/mark"):
        await console.press("Control+z")  # before its ten seconds are over
    await expect(refused.get_by_role("button", name="Fermer")).to_be_visible()
    await until("it is not confirmed", lambda: site.rows(STATE) == [("booked",)])
    await expect(refused).to_be_visible()


async def test_a_delay_that_cannot_be_taken_back_or_was_told_already_is_said_on_the_card(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await with_the_agenda(console, exchange, site)
    await refused(console.page, "**/console/agenda/late-back")
    await console.by_id("book-grid").focus()
    await console.press("r")
    await expect(console.by_id("book-late-concerned").locator(".late__count")).to_be_visible()
    await console.press("Enter")
    await expect(console.by_id("book-late-dialog")).to_be_hidden()
    toast = await back_to_the_card(console)
    await expect(toast).to_contain_text("15")
    await console.press("Control+z")
    await expect(toast).to_contain_text(WHY)
    await console.page.unroute_all()
    told = {"told": 2}
    await intercept(console.page, "**/console/agenda/late-back", lambda route: route.fulfill(status=200, json=told))
    await console.press("Control+z")
    await expect(console.by_id("toasts")).to_contain_text(re.compile("déjà.*2"))
    await expect(toast).to_have_count(0)
