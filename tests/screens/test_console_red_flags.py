# SPDX-License-Identifier: AGPL-3.0-or-later
"""A red flag is dealt with before the form is left, whom it alerts has his message first, and the call keeps it."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.processes import until
from tests.screens.desk import on_a_call
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage, comes_true
from tests.screens.test_console_script import opened_text, with_script


async def after_a_call_with(console: ConsolePage, exchange: FakeExchange, card: dict[str, Any], words: str) -> None:
    """The call is over, and in it she wrote these words."""
    await on_a_call(console, exchange, card)
    await console.by_id("text").fill(words)
    await expect(console.page.locator(".red-flag")).to_have_count(1)
    await console.press("F9")
    await console.presence_is("wrap")


async def tries_to_leave(console: ConsolePage, why: str) -> None:
    await console.press("F2")
    await expect(console.page.get_by_text(why)).to_be_visible()
    await console.presence_is("wrap")
    await console.shows("desk")


NOTES = "select flag, what, cause from calls_redflagnote order by id"


async def noted(console: ConsolePage, site: Site, many: int = 2) -> list[tuple[object, ...]]:
    """What the call keeps, once there are so many notes of it and the browser has nothing left to tell."""
    await until(f"{many} notes are kept", lambda: len(site.rows(NOTES)) >= many)
    nothing = "() => !Object.keys(localStorage).some((key) => key.startsWith('permanence.unsent-flags.'))"
    await comes_true(console.page, nothing)
    return site.rows(NOTES)


async def leaves(console: ConsolePage) -> None:
    await console.press("F2")
    await console.shows("idle")


@pytest.mark.parametrize("outcome", ["information", "wrong_number", "no_words"])
async def test_no_outcome_and_no_erasing_of_the_words_leaves_a_red_flag_behind(
    console: ConsolePage, exchange: FakeExchange, site: Site, outcome: str
) -> None:
    """Ending the call is always hers; leaving the form is not, and the message to whom it alerts goes first."""
    card, doctor = with_script(site)
    await after_a_call_with(console, exchange, card, "il étouffe")
    await console.by_id("text").fill("")
    await expect(console.page.locator(".red-flag")).to_have_count(1)
    await console.choose("outcome", outcome)
    await tries_to_leave(console, "D’abord le signe d’alerte")
    await expect(console.page.get_by_role("button", name="Dit à l’appelant")).to_be_focused()
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).not_to_contain_text("en route")  # not even the message, before the words
    await console.page.get_by_role("button", name="N’a pas pu être dit").click()
    await expect(console.page.locator(".red-flag")).to_have_count(0)
    await console.choose("outcome", outcome)
    await tries_to_leave(console, "cet appel finit par un message")
    found = await console.fields()
    assert (found["outcome"], found["urgency"], found["recipient"] or doctor) == ("message", "urgent", doctor)
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("en route vers Dr Weber")
    await leaves(console)
    await expect(await opened_text(console)).to_contain_text("(rien n’a été dit)")
    assert await noted(console, site) == [("breathless", "heard", ""), ("breathless", "unsaid", "")]


async def test_a_false_alarm_says_why_and_gives_the_form_back(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    card, _doctor = with_script(site)
    await on_a_call(console, exchange, card)
    await console.choose("outcome", "information")
    await console.by_id("text").fill("il étouffe")
    await expect(console.page.locator(".red-flag")).to_have_count(1)
    assert (await console.fields())["outcome"] == "message"
    await console.press("Shift+F2")
    await expect(console.page.get_by_role("button", name="Demandé")).to_be_focused()
    await console.press("Escape")
    await expect(console.by_id("text")).to_be_focused()
    await expect(console.page.locator(".red-flag")).to_have_count(1)
    await console.press("Shift+F2")
    await console.press("2")
    await expect(console.page.locator(".red-flag")).to_have_count(0)
    assert (await console.fields())["outcome"] == "information"
    await console.by_id("text").fill("")
    await console.press("F9")
    await console.presence_is("wrap")
    await leaves(console)
    assert await noted(console, site) == [("breathless", "heard", ""), ("breathless", "dismissed", "meant")]


async def test_typing_on_may_show_that_a_word_was_another(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    """A flag is raised on whole words: what goes on to another word is none."""
    card, _doctor = with_script(site)
    text = card["script"]["text"]
    card = {**card, "script": {**card["script"], "text": text.replace('"serre dans la poitrine"', '"sang"')}}
    assert card["script"]["text"] != text
    await on_a_call(console, exchange, card)
    await console.by_id("text").focus()
    await console.type("sang")
    await expect(console.page.locator(".red-flag")).to_have_count(1)
    await console.type("ria")
    await expect(console.page.locator(".red-flag")).to_have_count(0)


async def test_said_while_the_site_is_away_it_is_kept_with_the_call_when_it_is_back(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    card, _doctor = with_script(site)
    await on_a_call(console, exchange, card)
    await site.kill()
    await console.by_id("text").fill("il étouffe")
    await expect(console.page.locator(".red-flag")).to_have_count(1)
    await console.press("F2")
    await expect(console.by_id("red-flags")).to_contain_text("dit à l’appelant")
    assert site.rows("select * from calls_redflagnote") == []
    await site.start()
    await console.reload()  # what was told nobody yet stands sealed in the browser
    await exchange.command("hello")
    await console.shows("desk")
    await expect(console.by_id("red-flags")).to_contain_text("dit à l’appelant")
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("en route vers Dr Weber")
    assert await noted(console, site) == [("breathless", "heard", ""), ("breathless", "said", "")]


async def test_what_was_left_at_her_post_is_not_thrown_away(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    """The limit of the wrap-up makes her ready; the form with its red flag stands at her post, and stays there."""
    card, _doctor = with_script(site)
    await after_a_call_with(console, exchange, card, "il étouffe")
    await exchange.wrap_up_runs_out()
    await console.shows("idle")
    await console.by_id("drafts").get_by_role("button", name="Jeter").click()
    await console.shows("desk")
    await expect(console.page.get_by_text("D’abord le signe d’alerte")).to_be_visible()
    await looks_right(console, "red-flag-left", ("1366",))
    await console.page.get_by_role("button", name="Dit à l’appelant").click()
    await console.press("Control+Enter")
    await console.shows("idle")
    await expect(console.by_id("drafts")).to_be_hidden()
    await expect(await opened_text(console)).to_contain_text("Difficulté à respirer (dit à l’appelant)")
