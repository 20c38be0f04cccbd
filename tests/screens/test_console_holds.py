# SPDX-License-Identifier: AGPL-3.0-or-later
"""The console when something breaks: reload, site killed, exchange gone, microphone refused. No word is lost."""

import asyncio
import base64
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from permanence.project import demo_cast as cast
from tests.screens.desk import on_a_call
from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import ConsolePage, comes_true, intercept, stock_chromium

TEXTS = "select count(*) from messaging_message"
TICKET = "**/console/ticket?*"


def card(site: Site) -> dict[str, Any]:
    client, recipients = site.client("Dr Weber")
    return cards.weber(client, recipients)


async def test_a_reload_brings_back_the_call_the_line_and_every_word(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await console.press("3")
    await console.write("Écrit avant le rechargement.")
    offers = len([each for each in exchange.heard if each["t"] == "sdp"])
    await console.reload()
    await console.shows("desk")
    await expect(console.by_id("text")).to_have_value("Écrit avant le rechargement.")
    assert (await console.fields())["reason"] == "advice"
    await exchange.command("sdp", offers + 1)
    await expect(console.by_id("callbar")).to_have_class("callbar")
    await console.press("F9")
    await exchange.command("end")


async def test_a_reload_after_the_call_still_asks_for_the_outcome(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await console.write("Écrit pendant l’appel.")
    await exchange.caller_hangs_up()
    await console.presence_is("wrap")
    await console.reload()
    await console.shows("desk")
    await expect(console.by_id("text")).to_have_value("Écrit pendant l’appel.")
    await console.choose("outcome", "message")
    await console.press("Control+Enter")
    await expect(console.by_id("save")).to_be_disabled()
    await console.press("F2")
    assert (await exchange.command("wrapup_done"))["outcome"] == "message"


async def test_web_killed_while_she_types_loses_nothing_and_sends_once(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await console.write("Écrit pendant la panne.")
    await site.kill()
    await console.press("Control+Enter")
    await expect(console.by_id("banner-site")).to_contain_text("Un message attend le site")
    await expect(console.by_id("plan")).to_contain_text("Gardé sur ce poste")
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    assert (await exchange.command("wrapup_done"))["outcome"] == "message"
    await exchange.ring(card(site), call="call-2")
    await expect(console.by_id("ring-say")).to_be_visible()
    await site.start()
    await expect(console.by_id("banner-site")).to_be_hidden(timeout=20000)
    assert site.rows(TEXTS) == [(1,)]


async def test_a_draft_survives_the_death_of_web_and_a_reload(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await site.kill()
    await console.write("Pas un mot perdu.")
    await expect(console.by_id("draft-state")).to_have_text("Gardé sur ce poste")
    await console.page.goto("about:blank")  # gone while the site is away: only this browser has the words
    await site.start()
    await console.open()
    await console.shows("desk")
    await expect(console.by_id("text")).to_have_value("Pas un mot perdu.")
    # Without another key stroke the site has them too.
    await comes_true(
        console.page, "() => !Object.keys(localStorage).some((key) => key.startsWith('permanence.unsent.'))"
    )
    assert site.rows("select count(*) from messaging_draft") == [(1,)]


KEPT = """async () => {
  const databases = await indexedDB.databases();
  const drafts = Object.entries(localStorage).filter(([key]) => key.startsWith("permanence.draft."));
  return { drafts: drafts.map(([, text]) => text), databases: databases.map((one) => one.name) };
}"""


async def test_what_is_kept_in_the_browser_is_sealed_and_gone_after_signing_out(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await console.write("Fièvre depuis trois jours.")
    await expect(console.by_id("draft-state")).to_have_text("Brouillon gardé")
    kept = await console.page.evaluate(KEPT)
    (draft,) = kept["drafts"]
    plain = base64.b64decode(draft)
    assert len(plain) > 500
    for word in ("Fièvre", "Jeanne", "352621000147", "Weber"):
        assert word.encode() not in plain
    assert kept["databases"] == ["permanence"]
    await console.page.locator(".menu summary").click()
    await console.page.locator("form[data-sign-out] button").click()
    await console.page.wait_for_url("**/login*")
    assert await console.page.evaluate(KEPT) == {"drafts": [], "databases": []}
    assert site.rows("select count(*) from messaging_draft") == [(1,)]


async def test_signing_out_waits_for_words_that_the_site_has_not_got(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await site.kill()
    await console.write("Pas encore arrivé.")
    await console.page.locator(".menu summary").click()
    await console.page.locator("form[data-sign-out] button").click()
    await expect(console.by_id("banner-error")).to_contain_text("vous restez connectée")
    assert len((await console.page.evaluate(KEPT))["drafts"]) == 1


async def test_a_draft_is_found_again_in_an_emptied_browser(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await console.write("Gardé aussi par le site.")
    await expect(console.by_id("draft-state")).to_have_text("Brouillon gardé")
    await exchange.caller_hangs_up()
    await exchange.wrap_up_runs_out()
    await console.page.evaluate("localStorage.clear()")
    await console.reload()
    await expect(console.by_id("drafts")).to_contain_text("Dr Weber")


async def test_the_exchange_gone_and_back_leaves_the_call_on_screen(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await console.write("Pendant la coupure.")
    await exchange.go_away()
    await expect(console.by_id("callbar")).to_have_class("callbar callbar--lost")
    await expect(console.by_id("bar-heard")).to_contain_text("vous vous entendez toujours")
    await console.press("F4")
    await expect(console.by_id("banner-error")).to_contain_text("rien n’a été fait")
    await exchange.__aenter__()
    await expect(console.by_id("callbar")).to_have_class("callbar")
    await expect(console.by_id("text")).to_have_value("Pendant la coupure.")
    assert [each["t"] for each in exchange.heard].count("hello") == 2


async def test_a_key_pressed_while_the_line_is_cut_is_done_when_it_is_back(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    # The page is back within half a second, but for the ticket that it asks for first.
    asked, pressed = asyncio.Event(), asyncio.Event()

    async def keep(route: Route) -> None:
        asked.set()
        await pressed.wait()
        await route.continue_()

    await intercept(console.page, TICKET, keep)
    await exchange.cut()
    await asyncio.wait_for(asked.wait(), 20)
    await expect(console.by_id("callbar")).to_have_class("callbar callbar--lost")
    # The key waits for two seconds: here they are as long as it takes.
    await console.page.clock.install()
    await console.page.clock.pause_at(await console.page.evaluate("Date.now() + 1000"))
    await console.press("F9")
    pressed.set()
    assert (await exchange.command("end"))["call"] == "call-1"
    assert [each["t"] for each in exchange.heard].count("hello") == 2
    await console.presence_is("wrap")
    await expect(console.by_id("banner-error")).to_be_hidden()


async def test_a_key_pressed_while_the_exchange_is_away_is_refused_in_words(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await exchange.go_away()
    await expect(console.by_id("callbar")).to_have_class("callbar callbar--lost")
    await console.press("F9")
    await expect(console.by_id("banner-error")).to_contain_text("rien n’a été fait")
    await console.by_id("banner-error-close").click()
    await console.reload()  # the page knows of no call now, the caller is still there
    await console.shows("idle")
    for key in ("F9", "F2", "F4", "F7"):
        await console.press(key)
        await expect(console.by_id("banner-error")).to_contain_text("rien n’a été fait")
        await console.by_id("banner-error-close").click()
    await exchange.__aenter__()
    await console.shows("desk")
    assert "end" not in [each["t"] for each in exchange.heard]
    await console.press("F9")
    await exchange.command("end")


async def test_a_message_that_failed_is_sent_again_from_its_line(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await console.write("À renvoyer.")
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("en route vers Dr Weber")
    site.change("update messaging_message set failed_at = taken_at, failure = '550 no such mailbox'")
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    await exchange.command("wrapup_done")
    await console.reload()
    await console.shows("idle")
    line = console.messages("view-idle")
    await expect(line).to_contain_text("550 no such mailbox")
    again = line.get_by_role("button", name="Renvoyer")
    await again.focus()
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text("de nouveau en route")
    await expect(again).to_have_count(0)
    await expect(line).to_contain_text("Envoi en cours")
    assert site.rows("select channel, state from dispatch_delivery order by channel") == [
        ("email", "pending"),
        ("portal", "pending"),
    ]
    assert console.page.url == f"{site.url}/console"
    await comes_true(console.page, "() => document.activeElement.matches('[data-pane]')")


async def test_a_post_opened_elsewhere_can_be_taken_back(console: ConsolePage, exchange: FakeExchange) -> None:
    await exchange.bye(4409, "the seat is open on another page")
    await expect(console.by_id("banner-link")).to_contain_text("ouvert dans une autre page")
    refused = console.by_id("banner-error")
    for key in ("F2", "F9"):
        await console.press(key)
        await expect(refused).to_contain_text("autre page\u00a0: reprenez-le ici d’abord.")
        await console.by_id("banner-error-close").click()
    await console.press("F2")
    await expect(refused).to_be_visible()
    await console.by_id("take-seat").click()
    await exchange.command("hello", 2)
    await expect(console.by_id("banner-link")).to_be_hidden()
    await expect(refused).to_be_hidden()


async def test_once_the_other_page_with_her_post_is_closed_this_one_says_so_and_offers_it(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    other = ConsolePage(await console.page.context.new_page(), site.url)
    await other.open()
    await exchange.command("hello", 2)
    banner, refused = console.by_id("banner-link"), console.by_id("banner-error")
    await expect(banner).to_contain_text("ouvert dans une autre page")
    await expect(other.by_id("go-ready")).to_be_visible()
    await expect(banner).to_contain_text("Les appels arrivent là-bas")
    await other.page.close()
    await expect(banner).to_contain_text("L’autre page est fermée")
    await expect(banner).not_to_contain_text("Les appels arrivent là-bas")
    await console.press("F2")
    await expect(refused).to_contain_text("Aucun appel n’arrive plus")
    await console.by_id("take-seat").click()
    await exchange.command("hello", 3)
    await expect(banner).to_be_hidden()
    await expect(refused).to_be_hidden()


async def test_a_page_that_lost_her_post_to_another_machine_is_not_taken_for_the_one_that_had_it_once_it_is_closed(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await console.page.clock.install()
    await console.reload()
    await exchange.command("hello", 2)
    other = ConsolePage(await console.page.context.new_page(), site.url)
    await other.open()
    await exchange.command("hello", 3)
    banner = console.by_id("banner-link")
    await expect(banner).to_contain_text("Les appels arrivent là-bas")
    await expect(other.by_id("go-ready")).to_be_visible()
    await exchange.bye(4409, "the seat is open on another page")
    await expect(other.by_id("banner-link")).to_contain_text("Les appels arrivent là-bas")
    for _ in range(10):
        await console.page.clock.run_for(1000)
    await expect(banner).to_contain_text("Les appels arrivent là-bas")
    await other.page.close()
    for _ in range(10):
        await console.page.clock.run_for(1000)
    await expect(banner).to_contain_text("Les appels arrivent là-bas")
    await expect(banner).not_to_contain_text("L’autre page est fermée")
    # What is closed is said of a page that has the post.
    third = ConsolePage(await console.page.context.new_page(), site.url)
    await third.open()
    await exchange.command("hello", 4)
    await expect(third.by_id("go-ready")).to_be_visible()
    await third.page.close()
    await expect(banner).to_contain_text("L’autre page est fermée")


async def test_an_act_that_is_not_on_the_disk_is_said_in_words_until_it_is(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    exchange.disk_is_full = True
    await console.press("F4")
    await exchange.command("hold")
    banner = console.by_id("banner-disk")
    await expect(banner).to_contain_text("pas encore enregistré")
    await expect(console.by_id("callbar")).to_have_class("callbar callbar--hold")  # the act itself went on
    await console.shot("not-safe-1366-light")
    await exchange.disk_has_room()
    await expect(banner).to_be_hidden()
    await expect(console.by_id("banner-error")).to_be_hidden()
    exchange.disk_is_full = True
    await console.press("F4")
    await expect(banner).to_be_visible()
    exchange.disk_is_full, exchange.unsafe = False, []
    await exchange.cut()  # another exchange, another journal: what it tells now is what there is
    await exchange.command("hello", 2)
    await expect(banner).to_be_hidden()


async def test_a_wrong_origin_is_said_in_words(console: ConsolePage, exchange: FakeExchange) -> None:
    await exchange.bye(4403, "this page's address is not allowed here")
    await expect(console.by_id("banner-link")).to_contain_text("l’adresse de cette page")


async def test_a_call_rings_in_title_icon_and_sound_for_whoever_looks_elsewhere(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await console.page.context.grant_permissions(["notifications", "microphone"], origin=site.url)
    await console.page.evaluate(
        """() => { window.shown = []; document.hasFocus = () => false;
             window.Notification = class { static permission = 'granted';
               constructor(title, options) { window.shown.push([title, options.body ?? '']); } close() {} }; }"""
    )
    await console.go_ready()
    await exchange.command("ready")
    await exchange.ring(card(site))
    await expect(console.page).to_have_title("Appel\u00a0: Dr Weber")
    assert "icon-ring" in str(await console.by_id("icon").get_attribute("href"))
    assert await console.page.evaluate("window.shown") == [["Dr Weber", ""]]
    await exchange.offer_ends("abandoned")
    await expect(console.page).to_have_title("Console – Permanence")
    await expect(console.by_id("status")).to_have_text("L’appelant a raccroché.")


@pytest_asyncio.fixture(loop_scope="session")
async def deaf_browser() -> Any:
    """A browser whose person refuses the microphone."""
    async with stock_chromium(arguments=("--use-fake-device-for-media-stream",)) as one:
        yield one


async def open_console(browser: Browser, site: Site) -> ConsolePage:
    context = await browser.new_context(locale="fr-FR", reduced_motion="reduce")
    await site.let_in(context, cast.CLAIRE)
    screen = ConsolePage(await context.new_page(), site.url)
    await screen.open()
    return screen


async def test_a_refused_microphone_is_said_in_words_and_the_demonstration_goes_on_with_a_voice(
    deaf_browser: Browser, exchange: FakeExchange, site: Site
) -> None:
    console = await open_console(deaf_browser, site)
    await console.go_ready()
    await expect(console.by_id("mic-fault")).to_contain_text("n’a pas le droit d’utiliser le micro")
    await expect(console.by_id("go-ready")).to_be_disabled()
    assert "ready" not in {each["t"] for each in exchange.heard}
    await console.by_id("go-voice").click()
    await exchange.command("ready")
    await console.presence_is("ready")
    await expect(console.by_id("banner-voice")).to_be_visible()
    await console.shot("voice-1366-light")
    await expect(console.by_id("check-mic")).to_have_text("voix générée")
