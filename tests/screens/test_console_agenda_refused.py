# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was refused is said until something is done or Escape takes it away, and nothing of it stays."""

import re

from playwright.async_api import Browser, expect

from tests.screens.agenda_desk import (
    VISITS,
    book_at,
    click_at,
    held_back,
    lane,
    on_a_call,
    opened,
    point,
    ready_to_book,
    rings,
    slot,
    weber,
)
from tests.screens.fakes import agendas
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import ConsolePage
from tests.screens.test_console_agenda_late import choose_paul, kept_back

MOVE = "**/console/agenda/move"
CLOSED = """
from permanence.agenda.models import Agenda
from permanence.agenda.operations import setting
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
by, at = house_system(house="demo"), SystemClock().now()
for agenda in Agenda.objects.all():
    setting.set_openings(agenda=str(agenda.pk), openings=(), by=by, at=at)
"""
"""No agenda has an opening any more."""


async def drag(screen: ConsolePage, minute: int, to: int) -> None:
    """From Dr Weber's lane into Dr Klein's."""
    mouse = screen.page.mouse
    await mouse.move(*await point(screen, "Dr Weber", minute))
    await mouse.down()
    await mouse.move(*await point(screen, "Dr Klein", to), steps=5)
    await mouse.up()


async def test_what_was_refused_goes_with_escape_and_with_what_is_done_after_it(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    refusal, hatched = screen.by_id("book-refusal"), screen.page.locator(".cursor--refused")
    await book_at(screen, "Dr Klein", 600)
    await book_at(screen, "Dr Weber", 540)
    await drag(screen, 540, 600)
    await expect(refusal).to_contain_text("Rien n’a changé")
    await expect(hatched).to_have_count(1)
    await screen.press("Escape")
    await expect(refusal).to_be_hidden()
    await expect(hatched).to_have_count(0)
    await book_at(screen, "Dr Weber", 660)
    await drag(screen, 540, 600)
    await expect(refusal).to_be_visible()  # its words are those of the first time until it is
    await expect(refusal).to_contain_text("Rien n’a changé")
    await screen.press("Control+z")
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(1)
    await expect(refusal).to_be_hidden()
    await expect(hatched).to_have_count(0)
    assert screen.complaints == []


async def test_after_a_refused_drop_the_cursor_is_on_the_visit_that_was_dragged(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    place, hatched = screen.by_id("book-place"), screen.page.locator(".cursor--refused")
    await book_at(screen, "Dr Weber", 540)
    await choose_paul(screen)
    await book_at(screen, "Dr Klein", 600)
    await drag(screen, 540, 600)
    await expect(screen.by_id("book-refusal-why")).to_contain_text("Pris jusqu’à 10 h 20")
    await expect(lane(screen, "Dr Klein").locator(".cursor--refused")).to_have_count(1)
    await expect(place).to_contain_text("09:00 à 09:20, HOFFMANN Jeanne")
    await screen.press("x")
    await expect(screen.by_id("book-dialog-title")).to_contain_text("HOFFMANN Jeanne")
    await screen.press("Escape")
    await screen.press("m")
    await expect(place).to_contain_text("HOFFMANN Jeanne se déplace")
    # In hand, what the cursor comes over is not meant either.
    await click_at(screen, "Dr Klein", 605)
    await screen.press("Enter")
    await expect(screen.by_id("book-refusal")).to_be_visible()  # its words are those of the first time until it is
    await expect(screen.by_id("book-refusal-why")).to_contain_text("Pris jusqu’à 10 h 20")
    for key in ("x", "m"):
        await screen.press(key)
        await expect(screen.by_id("book-error")).to_contain_text("HOFFMANN Jeanne se déplace")
        await expect(screen.by_id("book-dialog")).to_be_hidden()
        await expect(place).to_contain_text("HOFFMANN Jeanne se déplace")
    await screen.press("Escape")
    await screen.press("Escape")
    await expect(hatched).to_have_count(0)
    # Let go where it may be, the cursor goes with it.
    await drag(screen, 540, 660)
    await expect(place).to_contain_text("11:00 à 11:20, HOFFMANN Jeanne")
    await expect(screen.by_id("book-refusal")).to_be_hidden()
    assert screen.complaints == []


async def test_ctrl_z_after_its_ten_seconds_says_that_it_is_too_late_and_what_to_do(
    browser: Browser, site: Site
) -> None:
    screen, _made = await ready_to_book(browser, site)
    toasts = screen.by_id("toasts")
    await screen.page.clock.install()
    await screen.press("Control+z")
    await expect(toasts).to_be_empty()  # nothing was done yet
    await book_at(screen, "Dr Weber", 540)
    await screen.page.clock.fast_forward(11_000)
    await expect(toasts).to_be_empty()
    await screen.press("Control+z")
    await expect(toasts).to_contain_text(
        re.compile(r"HOFFMANN Jeanne, .*09:00, Dr Weber\. Trop tard .*\u00a0: annulez le rendez-vous avec X\.$")
    )
    await drag(screen, 540, 600)
    await expect(toasts).to_contain_text("HOFFMANN Jeanne déplacé")
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(1)
    await screen.page.clock.fast_forward(11_000)
    await expect(toasts).to_be_empty()
    await screen.press("Control+z")
    await expect(toasts).to_contain_text(
        re.compile(r"HOFFMANN Jeanne déplacé.*Dr Klein\. Trop tard .*\u00a0: déplacez le rendez-vous avec M\.$")
    )
    # What is typed is taken back by the browser, as ever.
    await screen.page.clock.fast_forward(11_000)
    await screen.press("/")
    await screen.press("Control+z")
    await expect(toasts).to_be_empty()
    assert screen.complaints == []


async def cancel(screen: ConsolePage, name: str, minute: int) -> None:
    """X on the visit there: the patient cancels."""
    await click_at(screen, name, minute)
    await screen.press("x")
    await screen.press("1")
    await screen.press("Control+Enter")
    await expect(screen.by_id("book-dialog")).to_be_hidden()
    await expect(screen.by_id("book-place")).to_contain_text("Rendez-vous annulé")


async def test_ctrl_z_after_a_cancellation_speaks_of_it_and_not_of_what_was_booked_before(
    browser: Browser, site: Site
) -> None:
    screen, _made = await ready_to_book(browser, site)
    toasts = screen.by_id("toasts")
    await screen.page.clock.install()
    await book_at(screen, "Dr Weber", 540)
    await choose_paul(screen)
    await book_at(screen, "Dr Klein", 600)
    # What is offered to be taken back is no longer the last: Ctrl Z would take back another's visit.
    await cancel(screen, "Dr Weber", 545)
    assert await toasts.inner_text() == ""
    await screen.press("Control+z")
    await expect(toasts).to_have_text(
        "Rendez-vous annulé\u00a0: HOFFMANN Jeanne. Une annulation ne se défait pas\u00a0: "
        "réservez à nouveau le rendez-vous."
    )
    assert [row[0] for row in site.rows(VISITS)] == ["cancelled", "booked"]
    await screen.page.clock.fast_forward(11_000)
    await expect(toasts).to_be_empty()
    await cancel(screen, "Dr Klein", 605)
    await screen.press("Control+z")
    await expect(toasts).to_contain_text("MARTIN Paul")
    await expect(toasts).not_to_contain_text("avec X")
    assert screen.complaints == []


async def test_while_a_visit_is_in_hand_another_one_is_not_dragged(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    place, toasts = screen.by_id("book-place"), screen.by_id("toasts")
    await book_at(screen, "Dr Weber", 540)
    await choose_paul(screen)
    await book_at(screen, "Dr Weber", 660)
    before = site.rows(VISITS)
    await click_at(screen, "Dr Weber", 545)
    await screen.press("m")
    await expect(place).to_contain_text("HOFFMANN Jeanne se déplace")
    await drag(screen, 660, 600)
    await expect(screen.by_id("book-error")).to_contain_text("HOFFMANN Jeanne se déplace")
    assert site.rows(VISITS) == before
    await click_at(screen, "Dr Klein", 660)
    await expect(screen.by_id("book-act")).to_contain_text(re.compile(r"Déplacer au .*11:00, Dr Klein"))
    await screen.press("Enter")
    await expect(toasts).to_contain_text("HOFFMANN Jeanne déplacé")
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(1)
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(1)
    assert len(site.rows(VISITS)) == len(before)
    assert screen.complaints == []


async def test_what_was_taken_in_hand_while_another_was_on_its_way_stays_in_hand(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    place = screen.by_id("book-place")
    await book_at(screen, "Dr Weber", 540)
    await choose_paul(screen)
    await book_at(screen, "Dr Weber", 660)
    async with kept_back(screen.page, MOVE) as answered:
        await drag(screen, 660, 600)
        await answered.wait()
        await click_at(screen, "Dr Weber", 545)
        await screen.press("m")
        await expect(place).to_contain_text("HOFFMANN Jeanne se déplace")
    await expect(screen.by_id("toasts")).to_contain_text("MARTIN Paul déplacé")
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(1)
    await expect(place).to_contain_text("HOFFMANN Jeanne se déplace")
    await click_at(screen, "Dr Klein", 660)
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne déplacé")
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(0)
    assert screen.complaints == []


async def take(console: ConsolePage, booked: int) -> None:
    """The first free time, and Enter: that is the `booked`th visit."""
    await console.by_id("book-grid").focus()
    await console.press("1")
    await expect(slot(console.page, 1)).to_have_class(re.compile("slot--mine"))
    hour = await slot(console.page, 1).get_attribute("data-hour")
    await console.press("Enter")
    # Her page may hear of it by the live topic before the site's own answer, which is the toast.
    await expect(console.by_id("toasts")).to_contain_text(re.compile(rf"HOFFMANN Jeanne, .*{hour}, "))
    await expect(console.page.locator("#book-coming .coming__visit")).to_have_count(booked)


async def test_the_call_has_the_outcome_of_what_still_stands_of_it(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    made = agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)
    await console.by_id("book-with").select_option(made.weber)
    await console.by_id("book-else").select_option("nobody")
    await expect(slot(console.page, 1)).to_be_visible()
    chosen, place = console.page.locator("#outcomes input:checked"), console.by_id("book-place")
    await take(console, 1)
    await take(console, 2)
    await console.press("Control+z")
    await expect(place).to_have_text("Défait")
    await expect(chosen).to_have_value("appointment_booked")
    await console.by_id("book-grid").focus()
    await console.press("v")
    await console.press("m")
    await expect(place).to_contain_text("Entrée l’y pose")
    await console.press("ArrowDown")
    await console.press("ArrowDown")
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text("HOFFMANN Jeanne déplacé")
    await expect(chosen).to_have_value("appointment_moved")
    await console.press("Control+z")
    await expect(chosen).to_have_value("appointment_booked")
    await console.press("Escape")
    await expect(console.by_id("form")).to_be_visible()
    await expect(console.page.locator("#outcomes input[value=appointment_booked]")).to_be_checked()
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    assert (await exchange.command("wrapup_done"))["outcome"] == "appointment_booked"
    assert [row[0] for row in site.rows(VISITS)] == ["booked", "cancelled"]


async def answers_the_next(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    """The caller hung up and the wrap-up is over; the next one is answered, and her agenda opened."""
    await exchange.caller_hangs_up()
    await console.presence_is("wrap")
    await exchange.wrap_up_runs_out()
    await console.presence_is("ready")
    await exchange.ring(weber(site), call="call-2")
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")


async def test_a_booking_refused_after_the_next_call_came_is_said_of_whom_it_was_and_stays_until_it_is_closed(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)
    await console.press("1")
    await expect(slot(console.page, 1)).to_have_class(re.compile("slot--mine"))
    late = await held_back(console.page, "**/console/agenda/book", "Enter")
    await answers_the_next(console, exchange, site)
    await console.press("Alt+a")
    await expect(console.by_id("book-patient-known")).to_contain_text("HOFFMANN Jeanne")
    await console.press("ArrowDown")
    await console.page.clock.install()
    await late.fulfill(status=422, json={"code": "slot_already_taken", "why": "Prise", "causes": ["L’heure est prise"]})
    said = console.page.locator("#toasts .toast", has_text="Non réservé")
    await expect(said).to_contain_text(
        re.compile(r"Non réservé\u00a0: HOFFMANN Jeanne, .*, Dr \w+\. L’heure est prise")
    )
    await expect(console.by_id("book-error")).to_be_hidden()
    await expect(console.by_id("book-refusal")).not_to_contain_text("L’heure est prise")
    await console.page.clock.run_for(60000)
    await expect(said).to_be_visible()
    await said.get_by_role("button", name="Fermer").click()
    await expect(said).to_have_count(0)
    assert site.rows(VISITS) == []


async def test_in_the_next_call_ctrl_z_says_nothing_of_what_was_done_in_the_one_before(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)
    toasts = console.by_id("toasts")
    await take(console, 1)
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    await exchange.command("wrapup_done")
    await expect(toasts).to_be_empty()
    await console.by_id("to-book").focus()
    await expect(console.by_id("to-book")).to_be_focused()
    await console.press("Control+z")
    await expect(toasts).to_contain_text("Trop tard")
    await expect(toasts).to_be_empty()
    await rings(console, exchange, site, "call-2")
    await console.press("F2")
    await console.shows("desk")
    await console.by_id("to-book").focus()
    await expect(console.by_id("to-book")).to_be_focused()
    await console.press("Control+z")
    assert await toasts.inner_text() == ""


async def test_what_was_refused_is_not_what_enter_books_though_it_was_held(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    act, refusal = screen.by_id("book-act"), screen.by_id("book-refusal")
    await screen.press("1")
    await expect(slot(screen.page, 1)).to_have_class(re.compile("slot--mine"))
    await expect(act).to_contain_text("Réserver")
    # The doctor closes meanwhile what she holds.
    site.run(CLOSED)
    await screen.press("Enter")
    await expect(refusal).to_contain_text("Rien n’a changé")
    await expect(act).to_be_disabled()
    await expect(act).not_to_contain_text("Réserver")
    await expect(screen.page.locator("#book-slots .slot--mine")).to_have_count(0)
    assert site.rows(VISITS) == []
    assert screen.complaints == []


async def test_over_a_taken_place_the_frame_looks_refused_while_it_is_dragged(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    mouse, frame = screen.page.mouse, lane(screen, "Dr Klein").locator(".cursor")
    await book_at(screen, "Dr Weber", 540)
    await book_at(screen, "Dr Klein", 600)
    await mouse.move(*await point(screen, "Dr Weber", 540))
    await mouse.down()
    for minute, taken in ((600, True), (620, False), (590, True), (580, False)):
        await mouse.move(*await point(screen, "Dr Klein", minute), steps=5)
        await expect(frame).to_have_text(f"{minute // 60:02d}:{minute % 60:02d}")
        await expect(frame).to_have_class(re.compile("cursor--refused" if taken else r"^(?!.*cursor--refused)"))
    # Over its own place it is not in its own way.
    await mouse.move(*await point(screen, "Dr Weber", 545), steps=5)
    frame = lane(screen, "Dr Weber").locator(".cursor")
    await expect(frame).to_have_text("09:05")
    await expect(frame).not_to_have_class(re.compile("cursor--refused"))
    await screen.press("Escape")
    await mouse.up()
    await expect(screen.page.locator(".cursor--refused")).to_have_count(0)
    assert len(site.rows(VISITS)) == 2
    assert screen.complaints == []
