# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is in sight of the agenda on a small screen: the free times, and the place that was chosen."""

import re

from playwright.async_api import Browser, expect

from tests.screens.agenda_desk import VISITS, book_at, click_at, day_of, lane, on_a_call, opened, ready_to_book, slot
from tests.screens.fakes import agendas
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage, comes_true

IN_SIGHT = """() => {
  const frame = document.querySelector('.book__want .book__scroll').getBoundingClientRect();
  return [...document.querySelectorAll('#book-slots .slot')].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.top >= frame.top && box.bottom <= frame.bottom;
  }).length;
}"""
CURSOR = """() => {
  const cursor = document.querySelector('#book-frame .cursor').getBoundingClientRect();
  const frame = document.getElementById('book-grid').getBoundingClientRect();
  return cursor.top >= frame.top && cursor.bottom <= frame.bottom;
}"""
TO_THE_FOOT = """(visit) => {
  const grid = document.getElementById('book-grid');
  grid.scrollTop += visit.getBoundingClientRect().bottom - grid.getBoundingClientRect().bottom + 16;
  const box = visit.getBoundingClientRect();
  return [box.left + 20, box.top + 4];
}"""
"""Scrolls until it is the last that is seen, and gives where it is then."""
LEAST = 5


async def test_with_a_patient_and_a_practitioner_chosen_most_free_times_are_in_sight(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    made = agendas.make(site, many=1)
    await console.page.set_viewport_size({"width": 1366, "height": 768})
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)
    await console.by_id("book-with").select_option(made.weber)
    await expect(console.by_id("book-order")).to_contain_text("Dr Weber")
    await expect(slot(console.page, 1)).to_contain_text("Dr Weber")
    await console.by_id("book-grid").focus()
    await looks_right(console, "agenda-times-in-sight", ("1366",))
    assert await console.page.evaluate(IN_SIGHT) >= LEAST


async def test_from_the_list_back_to_the_day_the_place_is_the_same(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Klein", 540)
    await click_at(screen, "Dr Weber", 1110)
    await expect(screen.by_id("book-place")).to_contain_text("18:30, Dr Weber")
    await screen.press("l")
    await expect(screen.page.locator("#book-frame .row-line")).to_have_count(1)
    await screen.press("d")
    await expect(screen.page.locator("#book-grid.grid")).to_be_visible()
    await expect(screen.by_id("book-place")).to_contain_text("18:30, Dr Weber")
    await comes_true(screen.page, CURSOR)
    await expect(screen.by_id("book-act")).to_contain_text("18:30, Dr Weber")
    await screen.press("l")
    await expect(screen.page.locator("#book-frame .row-line")).to_have_count(1)
    await screen.press("ArrowDown")
    await screen.press("d")
    await expect(screen.page.locator("#book-grid.grid")).to_be_visible()
    await expect(screen.by_id("book-place")).to_contain_text("Dr Klein, 09:00")
    await comes_true(screen.page, CURSOR)
    assert screen.complaints == []


async def test_what_is_said_below_does_not_cover_the_place(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 900)
    await click_at(screen, "Dr Weber", 960)
    visit = lane(screen, "Dr Weber").locator(".appt")
    await screen.page.mouse.click(*await visit.evaluate(TO_THE_FOOT))
    await expect(screen.by_id("book-acts")).to_be_visible()
    await screen.shot("agenda-foot")
    await comes_true(screen.page, CURSOR)
    assert screen.complaints == []


async def test_what_is_about_to_be_done_and_what_was_done_names_its_day(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    day = await day_of(screen)
    names = {1: "1er"}.get(day.day, str(day.day))
    named = re.compile(rf"(lun|mar|mer|jeu|ven|sam|dim)\.\s{names}\s\S+\s10:00, Dr Weber")
    await click_at(screen, "Dr Weber", 600)
    await expect(screen.by_id("book-act")).to_contain_text(named)
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text(named)
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(1)
    await click_at(screen, "Dr Weber", 605)
    await screen.press("x")
    await expect(screen.by_id("book-dialog-title")).to_contain_text(re.compile(rf"\.\s{names}\s\S+, 10:00"))
    await screen.press("Escape")
    await screen.press("m")
    await click_at(screen, "Dr Klein", 660)
    await expect(screen.by_id("book-act")).to_contain_text(
        re.compile(rf"Déplacer au .*\s{names}\s\S+\s11:00, Dr Klein")
    )


async def test_while_a_time_is_held_enter_on_a_visit_books_nothing_and_leads_back_to_it(
    browser: Browser, site: Site
) -> None:
    screen, made = await ready_to_book(browser, site)
    act, error = screen.by_id("book-act"), screen.by_id("book-error")
    await book_at(screen, "Dr Weber", 600)
    day = await day_of(screen)
    await screen.by_id("book-with").select_option(made.weber)
    await screen.by_id("book-else").select_option("nobody")
    await expect(slot(screen.page, 1)).to_have_attribute("data-day", day.isoformat())
    await screen.by_id("book-grid").focus()
    await screen.press("1")
    await expect(slot(screen.page, 1)).to_have_class(re.compile("slot--mine"))
    held = await slot(screen.page, 1).get_attribute("data-hour") or ""
    await expect(act).to_contain_text(re.compile(rf"^Réserver .*{held}"))
    await expect(lane(screen, "Dr Weber").locator(".appt--mine")).to_have_count(1)
    await click_at(screen, "Dr Weber", 605)
    await expect(screen.by_id("book-place")).to_contain_text("HOFFMANN Jeanne, Consultation")
    await expect(act).to_contain_text(re.compile(rf"^Revenir au .*{held}.*tenu pour vous"))
    await screen.press("Enter")
    await expect(error).to_contain_text(re.compile(rf"^Rien n’a été réservé.*{held}.*Entrée le réserve"))
    await expect(act).to_contain_text(re.compile(rf"^Réserver .*{held}"))
    await expect(screen.by_id("book-place")).to_contain_text(held)
    assert len(site.rows(VISITS)) == 1
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text(held)
    await expect(error).to_be_hidden()
    assert [row[0] for row in site.rows(VISITS)] == ["booked", "booked"]
    assert screen.complaints == []


async def test_enter_where_somebody_stands_says_who_and_what_was_done_is_not_said_of_another_day(
    browser: Browser, site: Site
) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    await click_at(screen, "Dr Weber", 605)
    await screen.press("Enter")
    await expect(screen.by_id("book-error")).to_contain_text(
        "10:00, Dr Weber, pas libre\u00a0: 10:00 à 10:20, HOFFMANN"
    )
    await screen.press("x")
    await expect(screen.by_id("book-dialog")).to_be_visible()
    await screen.press("1")
    await screen.press("Control+Enter")
    await expect(screen.by_id("book-place")).to_contain_text("Rendez-vous annulé")
    await expect(screen.by_id("book-place")).to_contain_text(". Personne ne l’en avertit par écrit\u00a0: dites-le-lui")
    await screen.by_id("book-after").click()
    await expect(screen.by_id("book-place")).not_to_contain_text("annulé")
    assert screen.complaints == []
