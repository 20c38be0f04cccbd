# SPDX-License-Identifier: AGPL-3.0-or-later
"""Changed keys follow the person to every machine and hold while the site is away; the headset's buttons."""

import json
from typing import Any

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage, comes_true

KEYS = "select s.keys from staff_secretary s join foundation_person p on p.id = s.person_id where p.name = 'Claire'"
HERE = "key => localStorage.getItem(Object.keys(localStorage).find((each) => each.startsWith(key)) ?? '')"


def kept(site: Site) -> Any:
    """What the site has of Claire's keys."""
    ((text,),) = site.rows(KEYS)
    return json.loads(str(text))


async def change_hold_to(console: ConsolePage, key: str) -> None:
    await console.press("F1")
    await console.by_id("change-hold").click()
    await console.press(key)


async def other_machine(browser: Browser, site: Site, login: str) -> ConsolePage:
    """A browser of another computer, signed in."""
    context = await browser.new_context(locale="fr-FR", reduced_motion="reduce")
    await site.let_in(context, login)
    screen = ConsolePage(await context.new_page(), site.url)
    await screen.open()
    return screen


async def test_changed_keys_follow_her_to_another_machine_and_nobody_else(
    browser: Browser, console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await change_hold_to(console, "Alt+m")
    await expect(console.by_id("keys-said")).to_contain_text("Alt M")
    await console.by_id("keys-numbers").uncheck()
    await comes_true(console.page, f"() => ({HERE})('permanence.keys.') === null")
    assert kept(site) == {"chords": {"hold": "Alt+m"}, "numbers": False}
    there = await other_machine(browser, site, cast.CLAIRE)
    await expect(there.page.locator("#hold kbd")).to_have_text("Alt M")
    await expect(there.by_id("keys-numbers")).not_to_be_checked()
    await there.press("F1")
    await there.by_id("keys-reset").click()
    await expect(there.by_id("keys-said")).to_have_text("Toutes les touches sont comme avant.")
    await expect(there.by_id("keys-numbers")).to_be_checked()
    await comes_true(there.page, f"() => ({HERE})('permanence.keys.') === null")
    assert kept(site) == {"chords": {}, "numbers": True}
    await console.reload()
    await expect(console.page.locator("#hold kbd")).to_have_text("F4")
    await change_hold_to(console, "Alt+m")
    await comes_true(console.page, f"() => ({HERE})('permanence.keys.') === null")
    aoife = await other_machine(browser, site, cast.AOIFE)
    await expect(aoife.page.locator("#hold kbd")).to_have_text("F4")
    assert there.complaints + aoife.complaints == []
    await there.page.context.close()
    await aoife.page.context.close()


async def test_a_key_changed_while_the_site_is_away_holds_at_once_and_reaches_it_later(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    client, recipients = site.client("Dr Weber")
    await console.go_ready()
    await exchange.command("ready")
    await exchange.ring(cards.weber(client, recipients))
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await site.kill()
    await change_hold_to(console, "Alt+m")
    await expect(console.by_id("keys-said")).to_contain_text("gardé sur ce poste en attendant")
    await looks_right(console, "keys-waiting", ("1366", "390"))
    await console.press("Escape")
    await console.press("Alt+m")
    await exchange.command("hold")
    await site.start()
    await expect(console.by_id("banner-site")).to_be_hidden(timeout=20000)
    await comes_true(console.page, f"() => ({HERE})('permanence.keys.') === null")
    assert kept(site) == {"chords": {"hold": "Alt+m"}, "numbers": True}
    await console.reload()
    await expect(console.page.locator("#hold kbd")).to_have_text("Alt M")


async def test_two_acts_on_one_key_are_refused_in_words_here_and_by_the_site(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await change_hold_to(console, "F9")
    await expect(console.by_id("keys-said")).to_contain_text("F9 sert déjà")
    await expect(console.by_id("keys-said")).to_contain_text("raccrocher")
    await console.press("Escape")
    await expect(console.by_id("change-hold")).to_be_focused()
    # A browser that kept, from another version of the page, what the site does not allow.
    bad = json.dumps({"chords": {"hold": "F9"}, "numbers": True})
    person = await console.page.evaluate("JSON.parse(document.getElementById('config').textContent).person")
    await console.page.evaluate("([key, text]) => localStorage.setItem(key, text)", [f"permanence.keys.{person}", bad])
    await console.reload()
    await expect(console.by_id("keys-said")).to_contain_text("Vos touches sont comme avant")
    await expect(console.page.locator("#hold kbd")).to_have_text("F4")
    assert await console.page.evaluate(HERE, "permanence.keys.") is None
    assert kept(site) == {}


HEADSET = """
  window.headset = {}; window.microphone = [];
  navigator.mediaSession.setActionHandler = (name, act) => { window.headset[name] = act; };
  navigator.mediaSession.setMicrophoneActive = (on) => { window.microphone.push(on); };
"""


async def test_the_headsets_buttons_mute_and_hang_up(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    """No browser presses a headset's button for a test: what the page gave to the browser is called instead."""
    await console.page.add_init_script(HEADSET)
    await console.reload()
    client, recipients = site.client("Dr Weber")
    await console.go_ready()
    await exchange.command("ready")
    assert sorted(await console.page.evaluate("Object.keys(window.headset)")) == ["hangup", "togglemicrophone"]
    await console.page.evaluate("window.headset.hangup()")  # nothing to hang up: nothing happens
    await exchange.ring(cards.weber(client, recipients))
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await console.page.evaluate("window.headset.togglemicrophone()")
    assert (await exchange.command("mute"))["on"] is True
    await expect(console.by_id("mute")).to_have_attribute("aria-pressed", "true")
    assert await console.page.evaluate("window.microphone.at(-1)") is False
    await console.page.evaluate("window.headset.togglemicrophone()")
    assert (await exchange.command("mute", 2))["on"] is False
    await console.page.evaluate("window.headset.hangup()")
    await exchange.command("end")
    await console.presence_is("wrap")
