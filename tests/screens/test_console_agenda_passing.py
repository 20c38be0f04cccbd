# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said in passing while calls ring: never more than she can read, and what she has to tell is not lost."""

from playwright.async_api import expect

from tests.processes import until
from tests.screens.agenda_desk import (
    VISITS,
    answered_with_the_mouse,
    asks,
    between_calls,
    click_at,
    held_back,
    rings,
    slot,
)
from tests.screens.fakes import agendas
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import ConsolePage

ONE_A_DAY = "from permanence.agenda.models import VisitReason; VisitReason.objects.update(max_per_day=1)"
PART = "HOFFMANN Jeanne\u00a0: Consultation. Visites réservées\u00a0: 1 sur 2"


async def test_three_things_are_said_at_once_at_most_and_the_way_back_is_always_one_of_them(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await between_calls(console, exchange, site)
    await console.page.clock.install()
    await console.page.clock.pause_at(await console.page.evaluate("Date.now() + 30000"))
    await click_at(console, "Dr Weber", 660)
    await console.press("Enter")
    toasts = console.page.locator("#toasts .toast")
    await expect(toasts.last).to_contain_text("11:00, Dr Weber")
    questions = []
    for number, (key, minute, dialog) in enumerate(
        [("x", 605, "book-dialog"), ("s", 700, "book-series-dialog"), ("b", 700, "book-busy-dialog")]
    ):
        await asks(console, key, minute, dialog)
        questions.append(await console.page.locator(f"#{dialog} h2").first.text_content() or "")
        await rings(console, exchange, site, f"call-{number}")
        await expect(toasts.last).to_contain_text(questions[-1])
        await expect(toasts).to_have_count(min(number + 2, 3))
        await exchange.offer_ends("abandoned")
        await expect(console.by_id("view-book")).to_be_visible()
        await console.by_id("book-grid").focus()
    said = await toasts.all_text_contents()
    assert [question for question in questions if any(question in each for each in said)] == questions[1:]
    await expect(toasts.first.locator("button")).to_be_visible()
    await console.press("Control+z")
    await until("it is taken back", lambda: sorted(row[0] for row in site.rows(VISITS)) == ["booked", "cancelled"])
    assert console.complaints == []


async def reads_out_one_of_two(console: ConsolePage, made: agendas.Made) -> None:
    """Tomorrow Dr Weber has no time for another one: a week later he has."""
    await console.by_id("book-with").select_option(made.weber)
    await console.by_id("book-else").select_option("nobody")
    await asks(console, "s", 700, "book-series-dialog")
    await console.page.locator("#book-series-kinds input[value=regular]").focus()
    await console.press("2")
    await console.by_id("book-series-days").fill("0 7")
    await console.by_id("book-series-tolerance").fill("0")
    await expect(console.page.locator("#book-series-plan .session--missing")).to_contain_text("Déjà 1 ×")


async def test_of_a_series_of_which_part_found_no_time_a_call_leaves_said_how_many(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    made = await between_calls(console, exchange, site, setting=ONE_A_DAY)
    await reads_out_one_of_two(console, made)
    await console.press("Control+Enter")
    await expect(console.by_id("book-series-error")).to_contain_text("1 sur 2")
    await rings(console, exchange, site)
    toasts = console.by_id("toasts")
    await expect(toasts).to_contain_text(PART)
    await expect(toasts).not_to_contain_text("Fermé")
    assert [row[0] for row in site.rows(VISITS)] == ["booked", "booked"]
    assert console.complaints == []


async def test_of_a_series_that_is_booked_in_part_after_the_call_rang_it_is_said_too(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    made = await between_calls(console, exchange, site, setting=ONE_A_DAY)
    await reads_out_one_of_two(console, made)
    late = await held_back(console.page, "**/console/agenda/series", "Control+Enter")
    await rings(console, exchange, site)
    await answered_with_the_mouse(console)
    await late.continue_()
    toasts = console.by_id("toasts")
    await expect(toasts).to_contain_text(PART)
    await expect(toasts.locator(".toast:has(button)")).to_contain_text("1 sur 2")
    await expect(toasts).not_to_contain_text("Fermé")
    assert [row[0] for row in site.rows(VISITS)] == ["booked", "booked"]
    assert console.complaints == []


async def test_what_is_not_held_any_more_is_not_shown_as_held_after_the_call_that_rang_meanwhile(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await between_calls(console, exchange, site)
    await console.by_id("book-grid").focus()
    await slot(console.page, 1).click()
    held = console.page.locator("#book-slots .slot--mine")
    await expect(held).to_have_count(1)
    await console.by_id("book-grid").focus()
    late = await held_back(console.page, "**/console/agenda/book", "Enter")
    await rings(console, exchange, site)
    await late.fulfill(status=422, json={"code": "hold_over", "why": "Plus gardée", "causes": []})
    await expect(console.page.locator("#toasts .toast", has_text="Plus gardée")).to_be_visible()
    await exchange.offer_ends("abandoned")
    await expect(console.by_id("view-book")).to_be_visible()
    await expect(held).to_have_count(0)
