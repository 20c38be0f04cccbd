# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where Enter, a move or a drag is refused, the nearest free times stand beside the reason, one key away."""

import asyncio

from playwright.async_api import Browser, Route, expect

from tests.screens.agenda_desk import (
    VISITS,
    book_at,
    click_at,
    day_of,
    jeanne_tomorrow,
    lane,
    point,
    ready_to_book,
    waits_long,
)
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage, intercept

NEAR = "**/console/agenda/nearest?*"
WHY = "**/console/agenda/why?*"
GONE = """() => {
  window.gone = [];
  const note = (all) => window.gone.push(...all.filter(({ target }) => target.hidden).map(({ target }) => target.id));
  for (const id of ["book-refusal", "book-near"])
    new MutationObserver(note).observe(document.getElementById(id), { attributes: true, attributeFilter: ["hidden"] });
}"""
"""From now on `window.gone` names what was taken away, if only for a moment."""


async def asked(screen: ConsolePage) -> list[str]:
    """What is asked for the nearest times, as it is asked."""
    heard: list[str] = []

    async def note(route: Route) -> None:
        heard.append(route.request.url)
        await route.continue_()

    await intercept(screen.page, NEAR, note)
    return heard


async def offers(screen: ConsolePage, *words: str) -> None:
    await expect(screen.page.locator("#book-near-list button")).to_have_text(list(words))


async def freed(other: ConsolePage, name: str, minute: int) -> None:
    """Another secretary cancels the visit that begins then."""
    visits = lane(other, name).locator(".appt")
    before = await visits.count()
    await click_at(other, name, minute + 5)
    await other.press("x")
    await expect(other.by_id("book-dialog")).to_be_visible()
    for key in ("1", "Control+Enter"):
        await other.press(key)
    # Her page may hear of it by the live topic before the site's own answer closes the dialog.
    await expect(other.by_id("book-dialog")).to_be_hidden()
    await expect(other.by_id("book-place")).to_contain_text("Rendez-vous annulé")
    await expect(visits).to_have_count(before - 1)


async def test_a_refused_booking_offers_the_nearest_and_n_takes_them_in_turn(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    heard = await asked(screen)

    async def never(_route: Route) -> None:
        """What the cursor asks by itself is on its way when she presses Enter."""

    await intercept(screen.page, WHY, never)
    await click_at(screen, "Dr Weber", 585)
    await screen.press("Enter")
    await expect(screen.by_id("book-refusal-what")).to_have_text("Rien n’a changé")
    await expect(screen.by_id("book-place")).to_contain_text("09:45, Dr Weber, pas libre")
    await expect(screen.by_id("book-act")).to_be_disabled()
    await offers(screen, "N09:40", "10:20", "09:45, Dr Klein")
    await looks_right(screen, "agenda-nearest", ("1366",))
    await screen.press("n")
    await expect(screen.by_id("book-act")).to_contain_text("09:40, Dr Weber")
    await expect(screen.by_id("book-refusal")).to_be_hidden()
    await screen.press("n")
    await expect(screen.by_id("book-act")).to_contain_text("10:20, Dr Weber")
    await screen.press("n")
    await expect(screen.by_id("book-act")).to_contain_text("09:45, Dr Klein")
    await screen.press("Enter")
    await expect(lane(screen, "Dr Klein").locator(".appt:not(.appt--held)")).to_have_count(1)
    await expect(screen.by_id("toasts")).to_contain_text("09:45, Dr Klein")
    assert len(heard) == 1
    assert [row[0] for row in site.rows(VISITS)] == ["booked", "booked"]
    assert screen.complaints == []


async def test_enter_on_a_closed_time_offers_them_and_nothing_is_asked_of_who_goes_on(
    browser: Browser, site: Site
) -> None:
    screen, _made = await ready_to_book(browser, site)
    heard = await asked(screen)
    await click_at(screen, "Dr Weber", 730)
    await expect(screen.by_id("book-refusal-what")).to_contain_text("Pas à 12:10")
    assert heard == []
    await screen.press("Enter")
    await offers(screen, "N12:30", "11:40", "12:30, Dr Klein")
    assert len(heard) == 1
    # She wants none of them: she goes on as ever, to where it is free, and N is the next proposed time again.
    for _ in range(3):
        await screen.press("ArrowUp")
    await expect(screen.by_id("book-place")).to_have_text("11:30, Dr Weber, libre")
    await expect(screen.by_id("book-refusal")).to_be_hidden()
    await screen.press("n")
    await expect(screen.page.locator("#book-slots .slot--mine")).to_have_count(1)
    assert len(heard) == 1
    assert screen.complaints == []


async def test_what_is_said_stands_while_others_book_in_the_same_agenda(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    other = await jeanne_tomorrow(browser, site, made)
    await click_at(screen, "Dr Weber", 730)
    await expect(screen.by_id("book-refusal-what")).to_contain_text("Pas à 12:10")
    await screen.press("Enter")
    await offers(screen, "N12:30", "11:40", "12:30, Dr Klein")
    await screen.page.evaluate(GONE)
    await book_at(other, "Dr Weber", 750)
    await offers(screen, "N11:40", "12:50", "12:30, Dr Klein")
    await expect(screen.by_id("book-refusal")).to_be_visible()
    assert await screen.page.evaluate("window.gone") == []
    # Once the place is free nothing is said against it any more, also when she had asked for all of it.
    for asks in ((), ("?",)):
        await book_at(other, "Dr Weber", 840)
        await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(2)
        await click_at(screen, "Dr Weber", 830)
        await expect(screen.by_id("book-refusal-why")).to_contain_text("Il reste 10 min avant 14 h, il en faut 20")
        for key in asks:
            await screen.press(key)
            await expect(screen.page.locator("#book-near-list button")).to_have_count(3)
        await freed(other, "Dr Weber", 840)
        await expect(screen.by_id("book-act")).to_contain_text("13:50")
        await expect(screen.by_id("book-refusal")).to_be_hidden()
    assert screen.complaints == []


async def test_who_was_slower_keeps_the_reason_and_the_nearest_beside_the_visit_of_the_faster(
    browser: Browser, site: Site
) -> None:
    screen, made = await ready_to_book(browser, site)
    other = await jeanne_tomorrow(browser, site, made)
    await click_at(screen, "Dr Weber", 600)
    await expect(screen.by_id("book-act")).to_contain_text("10:00")
    asked, hears = asyncio.Event(), asyncio.Event()

    async def keep(route: Route) -> None:
        """Her page hears of the faster one only after her own Enter."""
        asked.set()
        await hears.wait()
        await route.continue_()

    await waits_long(screen.page)
    await intercept(screen.page, "**/fragments/agenda/lane?*", keep)
    await book_at(other, "Dr Weber", 600)
    await screen.press("Enter")
    await offers(screen, "N09:40", "10:20", "10:00, Dr Klein")
    await screen.page.evaluate(GONE)
    await asyncio.wait_for(asked.wait(), 20)
    async with screen.page.expect_response(NEAR):
        hears.set()
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(1)
    await offers(screen, "N09:40", "10:20", "10:00, Dr Klein")
    await expect(screen.by_id("book-refusal")).to_be_visible()
    assert await screen.page.evaluate("window.gone") == []
    await screen.press("n")
    await expect(screen.by_id("book-act")).to_contain_text("09:40")
    assert screen.complaints == []


async def test_what_is_moved_goes_to_the_nearest_by_two_keys_on_another_day_too(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 540)
    await book_at(screen, "Dr Klein", 540)
    before = site.rows(VISITS)
    await click_at(screen, "Dr Weber", 545)
    await screen.press("m")
    await screen.press("ArrowLeft")
    await screen.press("Enter")
    await expect(screen.by_id("book-refusal-why")).to_contain_text("Pris jusqu’à 9 h 20")
    await offers(screen, "N08:40", "09:20", "08:55, Dr Weber")
    await screen.press("Escape")
    await expect(screen.by_id("book-refusal")).to_be_hidden()
    await screen.press("Enter")
    await offers(screen, "N08:40", "09:20", "08:55, Dr Weber")
    await screen.press("n")
    await expect(screen.by_id("book-act")).to_contain_text("08:40")
    assert site.rows(VISITS) == before
    await screen.press("n")
    await expect(screen.by_id("book-act")).to_contain_text("09:20")
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne déplacé")
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(2)
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(0)
    assert [row[1] for row in site.rows(VISITS)] == [int(made.klein), int(made.klein)]
    # In hand it stays in hand while she turns to another day.
    day = await day_of(screen)
    await screen.press("m")
    await screen.by_id("book-after").click()
    await expect(screen.page.locator(f'#book-frame .book__title[data-day="{day}"]')).to_have_count(0)
    await screen.by_id("book-grid").focus()
    await click_at(screen, "Dr Weber", 610)
    await expect(screen.by_id("book-act")).to_contain_text("10:10")
    await screen.press("Enter")
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(1)
    assert [row[0] for row in site.rows(VISITS)] == ["booked", "booked"]
    assert screen.complaints == []


async def dragged(screen: ConsolePage) -> None:
    """The visit of 9 h with Dr Weber, onto 10 h with Dr Klein."""
    mouse = screen.page.mouse
    x, y = await point(screen, "Dr Weber", 540)
    await mouse.move(x, y)
    await mouse.down()
    await mouse.move(x + 20, y + 10, steps=3)
    await mouse.move(*await point(screen, "Dr Klein", 600), steps=5)
    await mouse.up()


async def test_dragged_onto_another_n_takes_it_in_hand(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 540)
    await book_at(screen, "Dr Klein", 600)
    await dragged(screen)
    await expect(screen.by_id("book-refusal-what")).to_have_text("Rien n’a changé")
    await offers(screen, "N09:40", "10:20", "10:00, Dr Weber")
    await screen.press("n")
    await expect(screen.by_id("book-act")).to_contain_text("09:40")
    await screen.press("Enter")
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(2)
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(0)
    assert [row[1] for row in site.rows(VISITS)] == [int(made.klein), int(made.klein)]
    assert screen.complaints == []


async def test_a_place_refused_to_a_move_is_asked_for_again_once_another_secretary_frees_it(
    browser: Browser, site: Site
) -> None:
    screen, made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 540)
    other = await jeanne_tomorrow(browser, site, made)
    await book_at(other, "Dr Klein", 600)
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(1)
    # Dragged there: it stays where it is, and what was said is taken back.
    await dragged(screen)
    await expect(screen.by_id("book-refusal-why")).to_contain_text("Pris jusqu’à 10 h 20")
    await offers(screen, "N09:40", "10:20", "10:00, Dr Weber")
    await freed(other, "Dr Klein", 600)
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(0)
    await expect(screen.by_id("book-refusal")).to_be_hidden()
    await expect(lane(other, "Dr Klein").locator(".appt")).to_have_count(0)
    # In hand: what is against it meanwhile is said, then that nothing is.
    await book_at(other, "Dr Klein", 600)
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(1)
    await click_at(screen, "Dr Weber", 545)
    await screen.press("m")
    await click_at(screen, "Dr Klein", 600)
    await screen.press("Enter")
    await expect(screen.by_id("book-refusal")).to_be_visible()  # its words are those of the first time until it is
    await expect(screen.by_id("book-refusal-why")).to_contain_text("Pris jusqu’à 10 h 20")
    await offers(screen, "N09:40", "10:20", "10:00, Dr Weber")
    await screen.page.evaluate(GONE)
    await book_at(other, "Dr Klein", 620)
    await offers(screen, "N09:40", "10:40", "10:00, Dr Weber")
    assert await screen.page.evaluate("window.gone") == []
    await freed(other, "Dr Klein", 620)
    await offers(screen, "N09:40", "10:20", "10:00, Dr Weber")
    await freed(other, "Dr Klein", 600)
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(0)
    await expect(screen.by_id("book-refusal")).to_be_hidden()
    await expect(screen.by_id("book-act")).to_contain_text("10:00")
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne déplacé")
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(1)
    assert screen.complaints == []
