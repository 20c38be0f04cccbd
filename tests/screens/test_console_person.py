# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody else signs in in another tab of the same browser: the open page keeps its words and saves nothing as her."""

from typing import Any

from playwright.async_api import Page, expect

from permanence.project import demo_cast as cast
from tests.screens.desk import on_a_call
from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage, LoginPage

TAKEN = "select p.name from messaging_message m join foundation_person p on p.id = m.taken_by_id"
DRAFTS = "select distinct p.name from messaging_draft d join foundation_person p on p.id = d.person_id"
KEPT = """async () => ({
  drafts: Object.keys(localStorage).filter((key) => key.startsWith("permanence.draft.")).length,
  databases: (await indexedDB.databases()).map((one) => one.name),
})"""
KEY_OWNERS = """() => new Promise((done) => {
  const opening = indexedDB.open("permanence", 1);
  opening.onsuccess = () => {
    const asked = opening.result.transaction("keys").objectStore("keys").getAllKeys();
    asked.onsuccess = () => { opening.result.close(); done(asked.result); };
  };
})"""


def card(site: Site) -> dict[str, Any]:
    return cards.weber(*site.client("Dr Weber"))


async def second_tab(console: ConsolePage, email: str) -> Page:
    """Another tab of the same browser, in which this person signs in."""
    page = await console.page.context.new_page()
    await sign_in(page, console.site, email)
    return page


async def sign_in(page: Page, site: str, email: str) -> None:
    login = LoginPage(page, site)
    await login.open("/login?next=/console")
    await login.painted()
    await login.sign_in(email, cast.PASSWORD)
    await page.wait_for_url("**/console")


async def sign_out(page: Page) -> None:
    await page.locator(".menu summary").click()
    await page.locator("form[data-sign-out] button").click()
    await page.wait_for_url("**/login*")


async def test_the_first_page_says_who_is_signed_in_saves_nothing_and_goes_on_when_she_is_back(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await console.write("Commencé par Claire.")
    await expect(console.by_id("draft-state")).to_have_text("Brouillon gardé")
    other = await second_tab(console, cast.AOIFE)
    await console.page.bring_to_front()
    await console.write("Commencé par Claire, fini par Claire.")
    banner = console.by_id("banner-link")
    await expect(banner).to_contain_text("maintenant à un autre nom\u00a0: Aoife")
    await expect(banner).to_contain_text("au nom de Claire")
    await expect(banner).to_contain_text("Rechargez la page")
    await expect(console.by_id("draft-state")).to_have_text("Gardé sur ce poste")
    await looks_right(console, "other-person", ("1366", "390", "625"))
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("Rien sous un autre nom")
    await expect(console.by_id("banner-site")).to_be_hidden()
    assert site.rows(TAKEN) == []
    assert site.rows(DRAFTS) == [("Claire",)]

    await other.bring_to_front()
    await sign_out(other)  # Aoife's leaving takes nothing of Claire's with it
    assert await other.evaluate(KEPT) == {"drafts": 1, "databases": ["permanence"]}
    claire = await console.page.evaluate("JSON.parse(document.getElementById('config').textContent).person")
    assert await other.evaluate(KEY_OWNERS) == [claire]
    await sign_in(other, site.url, cast.CLAIRE)
    await console.page.bring_to_front()
    await expect(banner).not_to_contain_text("Aoife", timeout=20000)
    await expect(console.by_id("plan")).to_contain_text("en route vers Dr Weber", timeout=20000)
    assert site.rows(TAKEN) == [("Claire",)]
    await other.bring_to_front()
    await sign_out(other)
    assert await other.evaluate(KEPT) == {"drafts": 0, "databases": []}


async def test_reloaded_the_page_is_the_others_and_the_words_wait_for_their_writer(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    other = await second_tab(console, cast.AOIFE)
    await other.close()
    await console.write("Seul Claire a écrit ceci.")
    await expect(console.by_id("banner-link")).to_contain_text("Aoife")
    exchange.call = None
    exchange.presence = "off"
    await console.by_id("reload-page").click()
    await expect(console.page.locator(".menu summary")).to_contain_text("Aoife")
    await console.shows("idle")
    await expect(console.by_id("banner-link")).to_be_hidden()
    await expect(console.by_id("drafts")).to_be_hidden()
    await sign_out(console.page)
    await sign_in(console.page, site.url, cast.CLAIRE)
    await expect(console.by_id("drafts")).to_contain_text("Jeanne Hoffmann")
    await console.by_id("drafts").get_by_role("button").first.click()
    await expect(console.by_id("text")).to_have_value("Seul Claire a écrit ceci.")
    assert site.rows(TAKEN) == []
    assert site.rows(
        "select count(*) from messaging_draft d join foundation_person p on p.id = d.person_id where p.name = 'Aoife'"
    ) == [(0,)]
