# SPDX-License-Identifier: AGPL-3.0-or-later
"""Busy time by keyboard in the grid and on the doctor's telephone; the printed day with its answers and colours."""

import re

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.agenda_desk import click_at, for_a_scan, lane, ready_to_book, says_no
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.test_waiting_list import signed_in

BLOCKS = "select words, removed_at is null from agenda_block order by id"
INK = """() => {
  const visit = document.querySelector('.appt[data-reason]');
  const style = getComputedStyle(visit);
  return [style.borderInlineStartColor, style.borderInlineStartWidth, style.printColorAdjust];
}"""
PRINTS = """() => {
  window.paper = new Promise((done) => {
    window.print = () => done(document.getElementById('book-paper').innerHTML);
  });
}"""


async def test_busy_and_free_again_with_the_keyboard(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await click_at(screen, "Dr Weber", 720)
    await screen.press("b")
    await expect(screen.by_id("book-busy-title")).to_have_text("Temps bloqué à partir de 12:00, Dr Weber")
    await expect(screen.by_id("book-busy-words")).to_be_focused()
    await expect(screen.by_id("book-busy-until")).to_have_value("13:00")
    await screen.press("Enter")
    await expect(screen.by_id("book-busy-error")).to_have_text("Écrivez pourquoi.")
    await screen.type("Réunion")
    await screen.press("Tab")
    await screen.type("midi")
    await screen.press("Enter")
    await expect(screen.by_id("book-busy-error")).to_contain_text("17h30")
    await looks_right(screen, "agenda-busy", ("1366",))
    await screen.by_id("book-busy-until").fill("12h30")
    await screen.press("Enter")
    busy = lane(screen, "Dr Weber").locator(".appt--block")
    await expect(busy).to_have_count(1)
    await expect(screen.by_id("book-busy-dialog")).to_be_hidden()
    assert site.rows(BLOCKS) == [("Réunion", 1)]
    await screen.press("Control+z")
    await expect(busy).to_have_count(0)
    await click_at(screen, "Dr Weber", 720)
    await screen.press("b")
    await screen.type("Visite")
    await screen.by_id("book-busy-whole").check()
    await screen.press("Enter")
    # Her page may hear of it by the live topic before the site's own answer closes the dialog.
    await expect(screen.by_id("book-busy-dialog")).to_be_hidden()
    await expect(busy).to_have_count(1)
    await click_at(screen, "Dr Weber", 600)
    await expect(screen.by_id("book-unbusy")).to_be_visible()
    await screen.press("f")
    await expect(screen.by_id("book-busy-title")).to_have_text("Libérer : 00:00 à 24:00, Visite")
    await expect(screen.by_id("book-busy-fields")).to_be_hidden()
    await looks_right(screen, "agenda-free-again", ("1366",))
    await screen.press("Escape")
    assert site.rows(BLOCKS)[-1] == ("Visite", 1)
    await screen.press("f")
    await screen.press("Enter")
    await expect(screen.by_id("book-busy-dialog")).to_be_hidden()
    await expect(busy).to_have_count(0)
    assert [row[1] for row in site.rows(BLOCKS)] == [0, 0]
    # Freed has no way back of its own: the key does not speak of what was made busy before.
    await screen.press("Control+z")
    await expect(screen.by_id("toasts")).to_have_text(
        re.compile(r"De nouveau libre.*Visite.*\u00a0: bloquez à nouveau l’heure avec B\.$")
    )
    assert screen.complaints == []


async def test_what_is_booked_is_named_and_stays(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await click_at(screen, "Dr Weber", 540)
    await screen.press("Enter")
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(1)
    await click_at(screen, "Dr Weber", 510)
    await screen.press("b")
    await expect(screen.by_id("book-busy-until")).to_have_value("09:00")
    await screen.type("Réunion")
    await screen.by_id("book-busy-until").fill("10h")
    await screen.press("Enter")
    await expect(screen.by_id("book-busy-error")).to_contain_text("9 h 20")
    assert site.rows(BLOCKS) == []


async def test_on_paper_stand_the_answers_with_the_code_and_colour_of_the_reason(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    await for_a_scan(screen, made.scan)
    await says_no(screen)
    await click_at(screen, "Dr Weber", 540)
    await screen.press("Enter")
    await expect(lane(screen, "Dr Weber").locator(".appt[data-said]")).to_have_count(1)
    await screen.page.evaluate(PRINTS)
    await screen.press("Control+p")
    paper = str(await screen.page.evaluate("window.paper"))
    for part in ("IRM", "HOFFMANN Jeanne 14/03/1961", "stimulateur cardiaque ? <strong>Non</strong>", "data-reason="):
        assert part in paper, part
    await expect(screen.by_id("book-paper")).to_be_empty()
    await screen.page.emulate_media(media="print")
    colour, width, adjust = await screen.page.evaluate(INK)
    assert (width, adjust) == ("4px", "exact")
    assert colour not in {"rgb(0, 0, 0)", "rgb(255, 255, 255)"}
    await expect(lane(screen, "Dr Weber").locator(".appt__code")).to_contain_text("IRM")
    await screen.page.evaluate("paper => { document.getElementById('book-paper').innerHTML = paper; }", paper)
    await expect(screen.by_id("book-paper").locator("dd")).to_be_visible()
    await screen.shot("agenda-paper")


async def test_today_is_printed_with_its_past_hours(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site, today=True)
    tomorrow = await screen.by_id("book-title").text_content()
    await screen.press("t")
    await expect(screen.by_id("book-title")).not_to_have_text(tomorrow or "")
    await screen.page.evaluate(PRINTS)
    await screen.press("Control+p")
    paper = str(await screen.page.evaluate("window.paper"))
    assert '<span class="f84">07:00</span>' in paper
    assert screen.complaints == []


async def test_the_doctor_keeps_a_time_free_on_his_telephone(browser: Browser, site: Site) -> None:
    await ready_to_book(browser, site)
    doctor = await signed_in(browser, site, cast.WEBER, width=390, height=844, lands="portal")
    await doctor.page.goto(f"{site.url}/portal/agenda")
    await doctor.page.locator(".visits__head a").last.click()
    await doctor.page.locator("#busy summary").click()
    await doctor.page.locator("#busy-words").fill("Formation")
    await doctor.page.locator("#busy-from").fill("12h")
    await doctor.page.locator("#busy-until").fill("11h")
    await doctor.page.locator("#busy button").click()
    await expect(doctor.page.get_by_role("alert")).to_contain_text("12h30")
    await looks_right(doctor, "portal-busy", ("390", "1366"))
    await doctor.page.locator("#busy-until").fill("13h30")
    await doctor.page.locator("#busy button").click()
    await expect(doctor.page.locator(".visits__row")).to_contain_text("Formation")
    await doctor.page.get_by_role("button", name="Libérer").click()
    await expect(doctor.page.locator(".visits__row")).to_have_count(0)
    assert [row[1] for row in site.rows(BLOCKS)] == [0]
