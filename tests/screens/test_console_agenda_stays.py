# SPDX-License-Identifier: AGPL-3.0-or-later
"""A visit that is put down where it stands, or whose drag is given up, was not moved; a slip brings back what was."""

from playwright.async_api import Browser, Request, expect

from tests.screens.agenda_desk import VISITS, book_at, click_at, day_of, lane, point, ready_to_book
from tests.screens.fakes.site import Site
from tests.screens.pages import ConsolePage


async def confirmed_at_ten(browser: Browser, site: Site) -> tuple[ConsolePage, list[Request]]:
    """Jeanne comes at ten, which she has confirmed; and what is asked of the site to move her."""
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    await click_at(screen, "Dr Weber", 605)
    await screen.page.locator("[data-mark=confirmed]").click()
    await expect(lane(screen, "Dr Weber").locator(".appt.is-confirmed")).to_have_count(1)
    sent: list[Request] = []
    screen.page.on("request", lambda one: sent.append(one) if "/agenda/move" in one.url else None)
    return screen, sent


async def test_put_down_where_it_stands_or_given_up_it_was_not_moved(browser: Browser, site: Site) -> None:
    screen, sent = await confirmed_at_ten(browser, site)
    before, mouse = site.rows(VISITS), screen.page.mouse
    x, y = await point(screen, "Dr Weber", 600)
    await mouse.move(x, y)
    await mouse.down()
    await mouse.move(x + 30, y + 1, steps=3)
    await expect(screen.page.locator(".appt.is-moving")).to_have_count(1)
    await mouse.move(x + 8, y + 1, steps=3)
    await mouse.up()
    await expect(screen.page.locator(".appt.is-moving")).to_have_count(0)
    await mouse.move(x, y)
    await mouse.down()
    await mouse.move(*await point(screen, "Dr Klein", 660), steps=5)
    await expect(lane(screen, "Dr Klein").locator(".cursor__time")).to_have_text("11:00")
    await screen.press("Escape")
    await expect(screen.page.locator(".appt.is-moving")).to_have_count(0)
    await expect(lane(screen, "Dr Klein").locator(".cursor__time")).to_have_count(0)
    await mouse.up()
    await click_at(screen, "Dr Weber", 605)
    await screen.press("m")
    await expect(screen.by_id("book-place")).to_contain_text("se déplace")
    await screen.press("Enter")
    await expect(screen.by_id("book-place")).not_to_contain_text("se déplace")
    assert (sent, site.rows(VISITS)) == ([], before)
    assert [row[0] for row in before] == ["confirmed"]
    assert screen.complaints == []


async def test_ctrl_z_of_a_drag_brings_back_a_confirmed_visit(browser: Browser, site: Site) -> None:
    screen, sent = await confirmed_at_ten(browser, site)
    before, mouse = site.rows(VISITS), screen.page.mouse
    await mouse.move(*await point(screen, "Dr Weber", 600))
    await mouse.down()
    await mouse.move(*await point(screen, "Dr Klein", 660), steps=5)
    await mouse.up()
    await expect(lane(screen, "Dr Klein").locator(".appt.is-booked")).to_have_count(1)
    told = sent[0].post_data_json
    assert (told["was_day"], told["was_minute"]) == (str(await day_of(screen)), "600")
    assert told["was_agenda"] != told["agenda"]
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne déplacé")
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(0)
    await screen.press("Control+z")
    await expect(lane(screen, "Dr Weber").locator(".appt.is-confirmed")).to_have_count(1)
    assert site.rows(VISITS) == before
    assert screen.complaints == []


async def test_what_was_moved_while_she_said_why_is_not_cancelled(browser: Browser, site: Site) -> None:
    screen, _sent = await confirmed_at_ten(browser, site)
    await click_at(screen, "Dr Weber", 605)
    await screen.press("x")
    await expect(screen.by_id("book-dialog-title")).to_contain_text("Annuler le rendez-vous")
    site.change("update agenda_appointment set starts_at = ends_at, ends_at = datetime(ends_at, '+20 minutes')")
    for key in ("1", "Control+Enter"):
        await screen.press(key)
    await expect(screen.by_id("book-dialog-error")).to_contain_text("déplacé entre-temps")
    await expect(screen.by_id("book-dialog-error")).to_contain_text("10\u00a0h\u00a020, Dr Weber")
    assert [row[0] for row in site.rows(VISITS)] == ["confirmed"]
