# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever is asked in the agenda, the caller is held and hung up with the mouse, and what was asked stays or goes."""

from playwright.async_api import expect

from tests.screens.agenda_desk import BEARS_THREE, HOLDS, VISITS, asks, book_at, on_a_call, opened, tomorrow, weber
from tests.screens.fakes import agendas
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import ConsolePage
from tests.screens.test_console_agenda_late import HOLD, RELEASE, kept_back

ASKED = [
    ("x", 605, "book-dialog"),
    ("o", 590, "book-over-dialog"),
    ("s", 700, "book-series-dialog"),
    ("r", 700, "book-late-dialog"),
    ("b", 700, "book-busy-dialog"),
    ("q", 700, "wait-dialog"),
]
"""The key of each question, where it is pressed, and in which dialog it is asked."""
IN_IT = "id => document.getElementById(id).contains(document.activeElement)"


async def in_the_agenda_on_a_call(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    """Jeanne on the line, chosen, and booked tomorrow at ten with Dr Weber."""
    agendas.make(site)
    site.run(BEARS_THREE)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)
    await tomorrow(console)
    await book_at(console, "Dr Weber", 600)


async def test_with_any_question_open_the_caller_is_held_with_the_mouse_and_the_question_stays(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await in_the_agenda_on_a_call(console, exchange, site)
    hold = console.by_id("hold")
    for number, (key, minute, dialog) in enumerate(ASKED, 1):
        await asks(console, key, minute, dialog)
        await console.shot(f"asked-{dialog}")
        await hold.click()
        await exchange.command("hold", times=number)
        await expect(hold).to_have_attribute("aria-pressed", "true")
        await expect(console.by_id(dialog)).to_be_visible()
        await hold.click()
        await exchange.command("resume", times=number)
        await expect(hold).to_have_attribute("aria-pressed", "false")
        await expect(console.by_id(dialog)).to_be_visible()
        assert await console.page.evaluate(IN_IT, dialog), dialog
        for _ in range(30):
            await console.press("Tab")
            assert not await console.page.evaluate("document.activeElement.closest('.book__day, .topbar')"), dialog
        await console.by_id(dialog).locator("button, input").first.focus()
        await console.press("Escape")
        await expect(console.by_id(dialog)).to_be_hidden()
        await expect(console.by_id("book-grid")).to_be_focused()
    await console.by_id("dial").click()
    await expect(console.by_id("dialog-dial")).to_be_visible()
    await hold.click()
    await exchange.command("hold", times=len(ASKED) + 1)
    await expect(console.by_id("dialog-dial")).to_be_visible()
    await console.press("Escape")
    await expect(console.by_id("dialog-dial")).to_be_hidden()
    await expect(console.by_id("dial")).to_be_focused()
    await expect(console.by_id("view-book")).to_be_visible()
    assert len(site.rows(VISITS)) == 1


async def test_the_keypad_over_a_question_gives_it_back(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await in_the_agenda_on_a_call(console, exchange, site)
    await asks(console, "x", 605, "book-dialog")
    await console.by_id("dial").click()
    await expect(console.by_id("dial-digits")).to_be_focused()
    await console.press("Escape")
    await expect(console.by_id("dialog-dial")).to_be_hidden()
    await expect(console.by_id("book-dialog")).to_be_visible()
    assert await console.page.evaluate(IN_IT, "book-dialog")
    await console.press("Escape")
    await expect(console.by_id("book-dialog")).to_be_hidden()
    await expect(console.by_id("view-book")).to_be_visible()


async def test_hanging_up_with_the_mouse_closes_what_is_asked_and_nothing_of_it_is_done(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await in_the_agenda_on_a_call(console, exchange, site)
    sent: list[str] = []
    console.page.on("request", lambda each: sent.append(each.url) if each.method == "POST" else None)
    for number, (key, minute, dialog) in enumerate(ASKED, 1):
        await asks(console, key, minute, dialog)
        if key == "o":
            await console.by_id("book-over-words").fill("Le docteur le veut")
        if key == "x":
            await console.press("1")
        question = await console.page.locator(f"#{dialog} h2").first.inner_text()
        sent.clear()
        await console.by_id("end").click()
        await exchange.command("end", times=number)
        await console.presence_is("wrap")
        await expect(console.page.locator("dialog[open]")).to_have_count(0)
        said = console.page.locator("#toasts .toast", has_text="vous avez raccroché").last
        await expect(said).to_contain_text(question)
        assert [url for url in sent if "/console/agenda/" in url and "/release" not in url] == []
        if number < len(ASKED):
            if number > 1:
                await console.press("Alt+a")
                await console.choose("outcome", "information")
            await console.press("F2")
            await exchange.command("wrapup_done", times=number)
            await exchange.ring(weber(site), call=f"call-{number + 1}")
            await console.shows("ringing")
            await console.press("F2")
            await console.shows("desk")
            await opened(console)
            await console.by_id("book-grid").focus()
    assert [row[0] for row in site.rows(VISITS)] == ["booked"]


async def test_a_time_that_was_asked_for_as_she_hung_up_is_given_back(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)
    async with console.page.expect_response(RELEASE), kept_back(console.page, HOLD) as answered:
        await console.press("1")
        await answered.wait()
        await console.press("F9")
        await console.presence_is("wrap")
    await expect(console.page.locator("#book-slots .slot--mine")).to_have_count(0)
    assert site.rows(HOLDS) == [("released", 0)]
    assert console.complaints == []
