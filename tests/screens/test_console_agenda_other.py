# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody else than the caller: who is booked is who was typed, and for as long as it takes; Q means one thing."""

import re

from playwright.async_api import Browser, expect

from tests.screens.agenda_desk import (
    beside,
    book_at,
    click_at,
    day_of,
    for_a_scan,
    lane,
    on_a_call,
    opened,
    ready_to_book,
    slot,
)
from tests.screens.fakes import agendas, cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage

HEIGHTS = "all => Object.fromEntries(all.map((each) => [each.id, each.getBoundingClientRect().height]))"
MIDDLES = """all => all.map((each) => {
  const { top, bottom } = each.getBoundingClientRect();
  return (top + bottom) / 2;
})"""
WHO = "select patient_id from agenda_appointment order by id"


async def top_of(screen: ConsolePage, key: str, *, bottom: bool = False) -> float:
    box = await screen.by_id(key).bounding_box()
    assert box is not None
    return box["y"] + (box["height"] if bottom else 0)


async def test_what_is_done_for_another_client_is_none_of_this_calls(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    made = agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await console.go_ready()
    await exchange.command("ready")
    card = cards.weber(*site.client("Cabinet Dupont"))
    await exchange.ring({**card, "name": "Cabinet Dupont", "initials": "CD", "sector": "health"})
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await expect(console.by_id("caller-number")).to_have_value("+352 621 000 147")
    before = await console.fields()
    await console.press("Alt+a")
    await expect(console.page.locator("#book-grid.grid")).to_be_visible()
    await expect(console.by_id("book-pick-client")).to_be_visible()
    await console.by_id("book-client").select_option(made.client)
    await console.by_id("book-reason").select_option(made.consultation)
    await expect(slot(console.page, 1)).to_be_visible()
    await expect(console.by_id("book-patient-known")).to_contain_text("HOFFMANN Jeanne")
    await console.press("Alt+k")
    await expect(console.by_id("book-patient-name")).to_have_text("HOFFMANN Jeanne")
    await console.by_id("book-grid").focus()
    await console.press("2")
    await expect(slot(console.page, 2)).to_have_class(re.compile("slot--mine"))
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text("HOFFMANN Jeanne")
    assert (await console.fields()) == before
    await expect(console.by_id("patient-name")).to_be_empty()
    assert console.complaints == []


async def test_during_a_call_somebody_else_is_booked_by_the_keyboard(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    made = agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)
    await console.by_id("book-with").select_option(made.weber)
    await console.by_id("book-else").select_option("nobody")
    await console.press("/")
    await expect(console.by_id("book-patient")).to_be_focused()
    await expect(console.by_id("book-patient-name")).to_be_visible()
    await console.press("Escape")
    await expect(console.by_id("book-patient")).to_be_hidden()
    await expect(console.by_id("book-patient-name")).to_have_text("HOFFMANN Jeanne")
    await console.press("/")
    await console.type("milox")
    await expect(console.by_id("book-patient")).to_have_value("milox")
    # The field is left with what was typed: nobody is meant, and no letter acts.
    await console.by_id("book-grid").focus()
    await console.press("1")
    await expect(slot(console.page, 1)).to_have_class(re.compile("slot--mine"))
    await console.press("Enter")
    await expect(console.by_id("book-error")).to_have_text("Choisissez d’abord le patient.")
    await expect(console.by_id("book-patient")).to_be_focused()
    await console.by_id("book-grid").focus()
    await console.press("l")
    await expect(console.by_id("book-patient")).to_have_value("miloxl")
    await expect(console.page.locator("#book-views [value=day]")).to_be_checked()
    assert site.rows(WHO) == []
    await console.by_id("book-patient").fill("010280 mar")
    await expect(console.page.locator("#book-patient-list [aria-selected=true]")).to_contain_text("MARTIN Paul")
    await looks_right(console, "agenda-somebody-else", ("1366",))
    await console.by_id("book-patient").focus()
    await expect(console.page.locator("#book-patient-list [aria-selected=true]")).to_contain_text("MARTIN Paul")
    await console.press("Enter")
    await expect(console.by_id("book-patient-name")).to_have_text("MARTIN Paul")
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text("MARTIN Paul")
    assert site.rows(WHO) == [(int(made.paul),)]


async def test_who_comes_that_day_already_is_said_before_enter(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    already = screen.by_id("book-already")
    await click_at(screen, "Dr Weber", 570)
    await expect(already).to_be_hidden()
    await book_at(screen, "Dr Weber", 570)
    await click_at(screen, "Dr Weber", 575)
    await expect(screen.by_id("book-cancel")).to_be_visible()
    assert await top_of(screen, "toasts", bottom=True) <= await top_of(screen, "book-here")
    await looks_right(screen, "agenda-visit", ("1366",))
    await click_at(screen, "Dr Weber", 660)
    await expect(already).to_have_text("HOFFMANN Jeanne a déjà 09:30 ce jour-là.")
    await looks_right(screen, "agenda-already", ("1366",))
    await click_at(screen, "Dr Klein", 660)
    await expect(already).to_be_hidden()
    await click_at(screen, "Dr Weber", 660)
    await screen.press("Enter")
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(2)
    assert screen.complaints == []


async def test_who_comes_that_day_already_is_said_before_enter_in_the_list_too(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 570)
    await screen.by_id("book-with").select_option(made.weber)
    await screen.by_id("book-else").select_option("nobody")
    await expect(slot(screen.page, 1)).to_have_attribute("data-day", (await day_of(screen)).isoformat())
    await screen.by_id("book-grid").focus()
    await screen.press("l")
    await expect(screen.page.locator(".row-line")).to_have_count(1)
    await screen.by_id("book-grid").focus()
    await screen.press("1")
    await expect(slot(screen.page, 1)).to_have_class(re.compile("slot--mine"))
    held = screen.page.locator(".row-line[data-kind=hold]")
    await expect(held).to_have_attribute("data-expires", re.compile(r"^\d{13}$"))
    await expect(screen.by_id("book-already")).to_have_text("HOFFMANN Jeanne a déjà 09:30 ce jour-là.")
    assert screen.complaints == []


async def test_q_is_the_waiting_list_and_a_the_questions(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    await for_a_scan(screen, made.scan)
    await expect(screen.by_id("wait-open")).to_be_in_viewport(ratio=1)
    await expect(screen.page.locator("#book-asked kbd")).to_have_text("A")
    await click_at(screen, "Dr Weber", 540)
    await screen.press("a")
    await expect(screen.page.locator("#book-asked input[value=no]")).to_be_focused()
    await screen.press("q")
    await expect(screen.by_id("wait-dialog")).to_be_hidden()
    await expect(screen.by_id("book-error")).to_contain_text("question")
    await screen.page.locator("#book-asked input[value=no]").check()
    for place in ("#book-grid", "#book-asked input[value=no]", "#book-today"):
        await screen.page.locator(place).focus()
        await screen.press("q")
        await expect(screen.by_id("wait-dialog")).to_be_visible()
        await expect(screen.by_id("wait-title")).to_contain_text("HOFFMANN Jeanne")
        await screen.press("Escape")
        await expect(screen.by_id("wait-dialog")).to_be_hidden()
    assert screen.complaints == []


async def test_a_time_held_is_looked_at_again_for_who_is_new(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    shown = await day_of(screen)
    await screen.by_id("book-reason").select_option(made.review)
    await screen.by_id("book-with").select_option(made.weber)
    await screen.by_id("book-else").select_option("nobody")
    first = slot(screen.page, 1)
    await expect(first).to_have_attribute("data-minutes", "30")
    await expect(first).to_have_attribute("data-day", shown.isoformat())
    await screen.by_id("book-grid").focus()
    await screen.press("1")
    await expect(first).to_have_class(re.compile("slot--mine"))
    await expect(screen.page.locator("#book-frame .appt--held")).to_have_count(1)
    minute = int(await first.get_attribute("data-minute") or "0")
    await screen.by_id("book-reason").select_option(made.consultation)
    await expect(screen.page.locator("#book-frame .appt--held")).to_have_count(0)
    await book_at(screen, "Dr Weber", minute + 15)
    await screen.by_id("book-reason").select_option(made.review)
    await screen.by_id("book-patient-other").click()
    await screen.press("Escape")
    await expect(first).to_have_attribute("data-minutes", "15")
    await screen.press("1")
    await expect(first).to_have_class(re.compile("slot--mine"))
    hour = f"{minute // 60:02d}:{minute % 60:02d}"
    await expect(screen.by_id("book-act")).to_contain_text(f"{hour}, Dr Weber, 15 min")
    await screen.press("/")
    await screen.type("020290 nouveau luc")
    chosen = screen.page.locator("#book-patient-list [aria-selected=true]")
    await expect(chosen).to_contain_text("Nouveau Luc")
    await looks_right(screen, "agenda-new-patient", ("1366",))
    await screen.by_id("book-patient").focus()
    await expect(chosen).to_contain_text("Nouveau Luc")
    await screen.press("Enter")
    await expect(screen.by_id("book-refusal-what")).to_contain_text(hour)
    await expect(screen.by_id("book-refusal-why")).to_contain_text("il en faut 30")
    await expect(screen.by_id("book-error")).to_be_hidden()
    await expect(screen.by_id("book-act")).to_be_disabled()
    box, wishes = await screen.by_id("book-refusal").bounding_box(), await screen.by_id("book-want").bounding_box()
    assert box is not None
    assert wishes is not None
    assert box["x"] >= wishes["x"] + wishes["width"]
    await looks_right(screen, "agenda-too-short", ("1366",))
    await screen.by_id("book-grid").focus()
    await screen.press("1")
    await expect(screen.by_id("book-act")).to_contain_text("Dr Weber, 30 min")
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("NOUVEAU Luc")


async def test_a_closed_time_is_said_to_be_closed_and_is_not_offered(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    act, place = screen.by_id("book-act"), screen.by_id("book-place")
    await click_at(screen, "Dr Weber", 735)
    await expect(screen.by_id("book-refusal-what")).to_contain_text("Pas à 12:15")
    await expect(place).to_contain_text("12:15, Dr Weber, pas libre")
    await expect(place).to_contain_text("Fermé")
    await expect(act).to_be_disabled()
    await screen.press("Escape")
    await screen.press("Enter")
    await expect(screen.by_id("book-refusal")).to_be_visible()
    await expect(screen.by_id("book-refusal-what")).to_contain_text("Pas à 12:15")
    assert site.rows(WHO) == []
    await looks_right(screen, "agenda-closed-time", ("1366",))
    await click_at(screen, "Dr Weber", 540)
    await expect(place).to_have_text("09:00, Dr Weber, libre")
    await expect(act).to_be_enabled()
    await screen.by_id("book-client").select_option("")
    await click_at(screen, "Dr Weber", 735)
    await expect(place).to_contain_text("12:15, Dr Weber, pas libre")
    assert screen.complaints == []


async def test_the_menu_says_where_she_is_and_the_way_back_stands_in_one_line(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    here = console.page.locator(".topbar nav [aria-current=page]")
    await expect(here).to_have_text("Console")
    await console.press("Alt+a")
    await expect(here).to_have_attribute("id", "to-book")
    for view in ("day", "week", "list"):
        await console.page.locator(f"#book-views input[value={view}]").check(force=True)
        for height in (768, 625):
            await console.page.set_viewport_size({"width": 1366, "height": height})
            await console.shot(f"agenda-back-{view}-{height}")
            high = await console.page.locator(".book__tools .btn:not([hidden])").evaluate_all(HEIGHTS)
            assert max(high.values()) <= 32, (view, high)
            middles = await console.page.locator(".book__tools > :not([hidden])").evaluate_all(MIDDLES)
            assert max(middles) - min(middles) < 12, f"{view}: one row of tools"
    await console.press("Escape")
    await expect(here).to_have_text("Console")


async def test_that_the_client_is_missing_is_said_until_he_is_chosen(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    screen = await beside(browser, site)
    await screen.by_id("book-grid").focus()
    await screen.press("n")
    await expect(screen.by_id("book-error")).to_have_text("Choisissez d’abord le client.")
    await screen.by_id("book-client").select_option(made.client)
    await expect(screen.by_id("book-error")).to_be_hidden()
    assert screen.complaints == []
