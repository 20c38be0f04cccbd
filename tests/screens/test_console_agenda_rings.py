# SPDX-License-Identifier: AGPL-3.0-or-later
"""A call rings while something is asked in the agenda: the caller comes first, and what was asked is nobody else's."""

import re

from playwright.async_api import Browser, Route, expect

from tests.processes import until
from tests.screens.agenda_desk import (
    VISITS,
    answered_with_the_mouse,
    asks,
    between_calls,
    book_at,
    click_at,
    held_back,
    lane,
    missed,
    on_a_call,
    opened,
    ready_to_book,
    rings,
)
from tests.screens.fakes import agendas
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import ConsolePage, intercept

CALLS = "select state, call from agenda_appointment order by id"


async def test_a_call_is_answered_with_the_mouse_whatever_is_asked_and_nothing_of_it_is_for_the_caller(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await between_calls(console, exchange, site)
    asking = console.page.locator("dialog[open]")
    sent: list[str] = []
    console.page.on("request", lambda each: sent.append(each.url) if each.method == "POST" else None)
    for number, (key, minute, dialog) in enumerate(
        [
            ("x", 605, "book-dialog"),
            ("s", 700, "book-series-dialog"),
            ("r", 700, "book-late-dialog"),
            ("b", 700, "book-busy-dialog"),
            ("q", 700, "wait-dialog"),
            ("F1", 700, "dialog-keys"),
        ]
    ):
        await asks(console, key, minute, dialog)
        await rings(console, exchange, site, f"call-{number}")
        await expect(asking).to_have_count(0)
        await console.by_id("decline").click()
        await exchange.command("decline", times=number + 1)
        await missed(console)
        await expect(asking).to_have_count(0)
        await console.press("F2")
        await exchange.command("ready", times=number + 2)
        await console.by_id("book-grid").focus()
    await asks(console, "o", 590, "book-over-dialog")
    await console.by_id("book-over-words").fill("Le docteur le veut")
    await rings(console, exchange, site, "call-9")
    await answered_with_the_mouse(console)
    await expect(asking).to_have_count(0)
    await expect(console.by_id("toasts")).to_contain_text("un appel sonne")
    await expect(console.by_id("toasts")).to_contain_text("HOFFMANN Jeanne, ")
    await opened(console)
    await expect(asking).to_have_count(0)
    sent.clear()
    await console.page.evaluate("""() => {
      for (const form of document.querySelectorAll('#book-over-form, #book-series-form, #book-cancel-form'))
        form.requestSubmit();
    }""")
    assert [url for url in sent if "/console/agenda/" in url] == []
    assert len(site.rows(VISITS)) == 1
    assert console.complaints == []


async def test_why_not_at_a_time_is_not_said_any_more_when_a_call_rings(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await between_calls(console, exchange, site)
    refusal, hatching = console.by_id("book-refusal"), console.page.locator(".cursor--refused")
    near = console.page.locator("#book-near-list button")
    await click_at(console, "Dr Weber", 590)
    await console.press("?")
    await expect(near).not_to_have_count(0)
    await expect(hatching).not_to_have_count(0)
    await rings(console, exchange, site, "call-1")
    await console.by_id("decline").click()
    await exchange.command("decline")
    await missed(console)
    await expect(refusal).to_be_hidden()
    await expect(near).to_have_count(0)
    await console.press("F2")
    await exchange.command("ready", times=2)
    await console.by_id("book-grid").focus()
    await console.press("?")
    await expect(near).not_to_have_count(0)
    late = await held_back(console.page, "**/console/agenda/why?*", "?")
    await rings(console, exchange, site, "call-2")
    async with console.page.expect_response(lambda told: "/console/agenda/why?" in told.url):
        await late.continue_()
    await console.page.unroute("**/console/agenda/why?*")
    await answered_with_the_mouse(console)
    await opened(console)
    await expect(refusal).to_be_hidden()
    await expect(near).to_have_count(0)
    await expect(hatching).to_have_count(0)
    assert console.complaints == []


async def test_a_click_beside_what_is_asked_leaves_her_where_she_types(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await between_calls(console, exchange, site)
    mouse, words = console.page.mouse, console.by_id("book-over-words")
    await asks(console, "o", 590, "book-over-dialog")
    await expect(words).to_be_focused()
    await mouse.click(8, 400)
    await console.type("Le docteur le veut")
    await expect(words).to_have_value("Le docteur le veut")
    await mouse.click(8, 400)
    await console.press("Enter")
    await expect(console.by_id("book-over-dialog")).to_be_hidden()
    await expect(console.by_id("toasts")).to_contain_text("09:50, Dr Weber")
    await expect(lane(console, "Dr Weber").locator(".appt")).to_have_count(2)
    await asks(console, "x", 605, "book-dialog")
    await console.press("1")
    await mouse.click(8, 400)
    await console.press("Control+Enter")
    await expect(console.by_id("book-dialog")).to_be_hidden()
    assert sorted(row[0] for row in site.rows(VISITS)) == ["booked", "cancelled"]
    assert console.complaints == []


async def test_what_was_put_there_before_the_call_rang_is_none_of_this_calls(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await between_calls(console, exchange, site)
    await asks(console, "o", 590, "book-over-dialog")
    await console.by_id("book-over-words").fill("Le docteur le veut")
    late = await held_back(console.page, "**/console/agenda/overbook", "Enter")
    await rings(console, exchange, site)
    await answered_with_the_mouse(console)
    await opened(console)
    await late.continue_()
    await expect(console.page.locator("#toasts .toast:has(button)")).to_contain_text("09:50, Dr Weber")
    await expect(console.by_id("toasts")).not_to_contain_text("un appel sonne")
    assert site.rows(CALLS) == [("booked", ""), ("booked", "")]
    await console.press("Escape")
    await expect(console.by_id("form")).to_be_visible()
    assert (await console.fields())["outcome"] == ""
    assert console.complaints == []


async def test_what_is_refused_after_its_question_went_away_is_said_where_she_is(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await between_calls(console, exchange, site)
    await asks(console, "x", 605, "book-dialog")
    await console.press("1")
    late = await held_back(console.page, "**/console/agenda/cancel", "Control+Enter")
    await rings(console, exchange, site)
    await answered_with_the_mouse(console)
    await late.fulfill(status=422, json={"code": "changed_meanwhile", "why": "Elle a été déplacée", "causes": []})
    await expect(console.by_id("toasts")).to_contain_text("Annuler le rendez-vous")
    await expect(console.by_id("toasts")).to_contain_text("Elle a été déplacée")
    assert [row[0] for row in site.rows(VISITS)] == ["booked"]
    assert console.complaints == []


async def reads_out_six(console: ConsolePage, site: Site, made: agendas.Made) -> None:
    """Six visits of a series stand before her; the first of these times is taken by somebody else meanwhile."""
    await asks(console, "s", 700, "book-series-dialog")
    sessions = console.page.locator("#book-series-plan .session")
    await expect(sessions).to_have_count(6)
    first = sessions.first
    agenda, starts = await first.get_attribute("data-agenda"), await first.get_attribute("data-starts")
    agendas.taken(site, made, agenda or "", starts or "")


OTHERWISE = (
    "HOFFMANN Jeanne\u00a0: Consultation. Visites réservées\u00a0: 6 sur 6. Ces heures n’étaient pas toutes affichées"
)


async def test_what_a_call_takes_from_her_sight_of_a_series_that_is_booked_is_said_and_not_that_it_was_closed(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    made = await between_calls(console, exchange, site)
    await reads_out_six(console, site, made)
    await console.press("Control+Enter")
    await expect(console.by_id("book-series-error")).to_contain_text("6 sur 6. Ces heures")
    await rings(console, exchange, site)
    toasts = console.by_id("toasts")
    await expect(toasts).to_contain_text(OTHERWISE)
    await expect(toasts).not_to_contain_text("Fermé")
    assert len(site.rows(VISITS)) == 8
    assert console.complaints == []


async def test_a_series_that_is_booked_at_other_hours_after_the_call_rang_says_so(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    made = await between_calls(console, exchange, site)
    await reads_out_six(console, site, made)
    late = await held_back(console.page, "**/console/agenda/series", "Control+Enter")
    await rings(console, exchange, site)
    await answered_with_the_mouse(console)
    await late.continue_()
    toasts = console.by_id("toasts")
    await expect(toasts).to_contain_text(OTHERWISE)
    await expect(toasts.locator(".toast:has(button)")).to_contain_text("6 sur 6")
    await expect(toasts).not_to_contain_text("Fermé")
    assert len(site.rows(VISITS)) == 8
    assert console.complaints == []


async def test_what_is_asked_too_late_is_not_asked_over_a_call_that_rings(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await between_calls(console, exchange, site)
    await click_at(console, "Dr Weber", 590)
    await expect(console.by_id("book-refusal-over")).to_be_visible()
    late = await held_back(console.page, "**/console/agenda/why?*", "o")
    await rings(console, exchange, site)
    async with console.page.expect_response(lambda told: "/console/agenda/why?" in told.url):
        await late.continue_()
    await console.painted()
    await expect(console.page.locator("dialog[open]")).to_have_count(0)
    await answered_with_the_mouse(console)
    assert console.complaints == []


async def test_of_a_series_that_is_taken_back_what_was_refused_can_be_taken_back_again(
    browser: Browser, site: Site
) -> None:
    screen, _ = await ready_to_book(browser, site)
    tried: list[str] = []

    async def second_busy(route: Route) -> None:
        tried.append(route.request.url)
        if len(tried) == 2:
            await route.fulfill(status=422, json={"code": "agenda_busy", "why": "D’abord les autres", "causes": []})
        else:
            await route.continue_()

    await intercept(screen.page, "**/console/agenda/cancel", second_busy)
    await screen.by_id("book-grid").focus()
    await screen.press("s")
    await expect(screen.page.locator("#book-series-plan .session")).to_have_count(6)
    await screen.by_id("book-series-sessions").fill("3")
    await expect(screen.page.locator("#book-series-plan .session")).to_have_count(3)
    await screen.press("Control+Enter")
    await expect(screen.by_id("toasts")).to_contain_text("3 sur 3")
    await screen.press("Control+z")
    toasts = screen.by_id("toasts")
    await expect(toasts).to_contain_text("Défait pour 2 rendez-vous sur 3", timeout=30000)
    await expect(toasts).to_contain_text("D’abord les autres")
    await expect(toasts).to_contain_text("Ctrl Z")
    await expect(screen.by_id("book-refusal")).to_be_hidden()
    assert sorted(row[0] for row in site.rows(VISITS)) == ["booked", "cancelled", "cancelled"]
    await screen.press("Control+z")
    await expect(screen.by_id("book-place")).to_have_text("Défait", timeout=30000)
    await until("none of them stands", lambda: {row[0] for row in site.rows(VISITS)} == {"cancelled"})
    assert screen.complaints == []


async def test_a_booking_that_cannot_be_taken_back_says_whose_it_is_and_is_not_ticked_as_done(
    browser: Browser, site: Site
) -> None:
    screen, _ = await ready_to_book(browser, site)

    async def busy(route: Route) -> None:
        await route.fulfill(status=422, json={"code": "agenda_busy", "why": "D’abord les autres", "causes": []})

    await intercept(screen.page, "**/console/agenda/cancel", busy)
    await book_at(screen, "Dr Weber", 600)
    await screen.press("Control+z")
    stands = screen.page.locator("#toasts .toast:has(button)")
    await expect(stands).to_contain_text("D’abord les autres", timeout=30000)
    await expect(stands).to_contain_text(
        re.compile(r"N’a pas été défait\u00a0: HOFFMANN Jeanne, .*10:00, Dr Weber\. D’abord les autres")
    )
    await expect(stands.locator("use")).to_have_attribute("href", "#i-alert")
    assert screen.complaints == []


async def test_what_was_refused_is_still_read_when_something_is_booked_after_it(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await between_calls(console, exchange, site)
    await asks(console, "x", 605, "book-dialog")
    await console.press("1")
    late = await held_back(console.page, "**/console/agenda/cancel", "Control+Enter")
    await rings(console, exchange, site)
    await console.by_id("decline").click()
    await expect(console.by_id("view-book")).to_be_visible()
    await console.page.clock.install()
    await console.page.clock.pause_at(await console.page.evaluate("Date.now() + 30000"))
    await late.fulfill(status=422, json={"code": "changed_meanwhile", "why": "Elle a été déplacée", "causes": []})
    toasts = console.by_id("toasts")
    await expect(toasts).to_contain_text("Elle a été déplacée")
    await click_at(console, "Dr Weber", 660)
    await console.press("Enter")
    await expect(toasts).to_contain_text("11:00, Dr Weber")
    await expect(toasts).to_contain_text("Elle a été déplacée")
    await expect(toasts.locator(".toast:has(button)")).to_have_count(1)
    assert console.complaints == []


async def test_a_message_that_is_kept_leaves_the_way_back_of_what_was_booked(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)
    await console.press("1")
    await expect(console.by_id("book-act")).to_contain_text("Réserver")
    await console.page.clock.install()
    await console.page.clock.pause_at(await console.page.evaluate("Date.now() + 30000"))
    await console.press("Enter")
    toasts = console.by_id("toasts")
    await expect(toasts).to_contain_text("HOFFMANN Jeanne")
    await console.press("Alt+a")
    await expect(console.by_id("view-book")).to_be_hidden()
    await console.write("Vient avec ses clichés.")
    await console.press("Control+Enter")
    await expect(toasts).to_contain_text("Message")
    await expect(toasts.locator(".toast:has(button)")).to_contain_text("HOFFMANN Jeanne")
    assert console.complaints == []
