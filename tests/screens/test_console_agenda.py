# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agenda beside the call: from the card to booked with the keyboard alone, refused in words, live, and printed."""

import re
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, CDPSession, expect

from permanence.project import demo_cast as cast
from tests.processes import until
from tests.screens.agenda_desk import (
    COMING,
    FOUND,
    HOLDS,
    VISITS,
    beside,
    book_at,
    click_at,
    day_of,
    lane,
    on_a_call,
    opened,
    point,
    ready_to_book,
    slot,
    tomorrow,
)
from tests.screens.fakes import agendas
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import SHOTS, ConsolePage, intercept
from tests.screens.test_console_appointments import COUNT_KEYS

MOST_KEYS = 25
MOST_LAYOUTS = 100
"""Of a day of 200 practitioners that comes: one for each picture the browser has time for (6 to 18 were seen),
never one for each practitioner or each visit."""
FRAME = "#book-frame"
OFFERED = """() => {
  const said = [], act = document.getElementById('book-act');
  const hear = new MutationObserver(() => act.disabled || said.push(act.textContent));
  hear.observe(act, { attributes: true, childList: true, subtree: true, characterData: true });
  return said;
}"""
"""All that Enter ever offered."""


async def test_f1_tells_the_keys_of_the_agenda_while_it_is_open_and_not_before(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    keys, close = console.by_id("dialog-keys-agenda"), console.page.locator("#dialog-keys .dialog__foot .btn").first
    await console.go_ready()
    await console.press("F1")
    await expect(console.by_id("change-hold")).to_be_visible()
    await expect(keys).to_be_hidden()
    await console.press("Escape")
    await console.press("Alt+a")
    await expect(console.by_id("book-frame").locator(".book__title")).to_be_attached()
    await console.press("F1")
    await expect(keys).to_be_visible()
    told = await keys.locator("kbd").all_text_contents()
    assert {*"NCMXVPGRQSBFYEIAO?/TDWL", "Ctrl Z"} <= set(told)
    await expect(close).to_be_in_viewport(ratio=1)
    await console.by_id("change-pane").scroll_into_view_if_needed()
    await expect(close).to_be_in_viewport(ratio=1)
    await looks_right(console, "agenda-keys", ("1366", "390"))


async def test_from_the_card_to_booked_in_four_keys(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    made = agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await console.page.evaluate(COUNT_KEYS)
    await opened(console)
    await expect(console.by_id("callbar")).to_be_visible()
    await expect(console.by_id("end")).to_be_visible()
    await console.press("1")
    await expect(slot(console.page, 1)).to_have_class(re.compile("slot--mine"))
    await expect(console.page.locator(f"{FRAME} .appt--mine")).to_have_count(1)
    await expect(console.by_id("book-act")).to_contain_text("Réserver")
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text("HOFFMANN Jeanne")
    keys = await console.page.evaluate("window.keysPressed")
    assert keys == ["a", "k", "1", "Enter"]
    assert len(keys) <= MOST_KEYS
    ((state, agenda, call, _starts),) = site.rows(VISITS)
    assert (state, str(agenda) in {made.weber, made.klein}, call) == ("booked", True, "call-1")
    assert site.rows(HOLDS) == [("booked", 0)]
    await console.press("Escape")
    await expect(console.by_id("form")).to_be_visible()
    assert (await console.fields())["outcome"] == "appointment_booked"
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    assert (await exchange.command("wrapup_done"))["outcome"] == "appointment_booked"


async def test_moved_refused_and_cancelled_with_the_keyboard(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 540)
    await book_at(screen, "Dr Klein", 540)
    visit = lane(screen, "Dr Weber").locator(".appt")
    await click_at(screen, "Dr Weber", 545)
    await expect(screen.by_id("book-place")).to_contain_text("09:00 à 09:20, HOFFMANN Jeanne, Consultation, réservé")
    before = site.rows(VISITS)
    await screen.press("m")
    await expect(screen.by_id("book-place")).to_contain_text("Entrée l’y pose")
    await screen.press("ArrowLeft")
    await screen.press("Enter")
    await expect(screen.by_id("book-refusal-why")).to_contain_text("Pris jusqu’à 9 h 20")
    assert site.rows(VISITS) == before
    await screen.press("ArrowDown")
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne déplacé")
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(2)
    await expect(visit).to_have_count(0)
    assert [row[1] for row in before] == [int(made.weber), int(made.klein)]
    assert [row[1] for row in site.rows(VISITS)] == [int(made.klein), int(made.klein)]
    await screen.press("Control+z")
    await expect(visit).to_have_count(1)
    await click_at(screen, "Dr Weber", 545)
    await screen.press("x")
    await expect(screen.by_id("book-dialog-title")).to_contain_text("Annuler le rendez-vous")
    await screen.press("Control+Enter")
    await expect(screen.by_id("book-dialog-error")).to_have_text("Choisissez qui annule.")
    await screen.press("1")
    await looks_right(screen, "agenda-cancel", ("1366",))
    await screen.press("Control+Enter")
    await expect(screen.by_id("book-dialog")).to_be_hidden()
    await expect(visit).to_have_count(0)
    assert [row[0] for row in site.rows(VISITS)] == ["cancelled", "booked"]
    assert screen.complaints == []


async def test_why_not_in_words_beside_the_cursor(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    await click_at(screen, "Dr Weber", 585)
    await screen.press("?")
    await expect(screen.by_id("book-refusal-why")).to_contain_text("Il reste 15 min avant 10 h, il en faut 20")
    await expect(screen.page.locator(".cursor--refused")).to_have_count(1)
    await looks_right(screen, "agenda-refused", ("1366",))
    await screen.page.locator("#book-near-list button", has_text="10:20").click()
    await expect(screen.by_id("book-place")).to_contain_text("10:20")
    await screen.press("?")
    await expect(screen.by_id("book-refusal-what")).to_contain_text("10:20")
    await screen.press("Escape")
    await expect(screen.by_id("book-refusal")).to_be_hidden()
    assert screen.complaints == []


async def test_dragged_onto_another_it_stays_and_the_reason_is_said(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 540)
    await book_at(screen, "Dr Klein", 600)
    before = site.rows(VISITS)
    mouse = screen.page.mouse

    async def drag(minute: int) -> None:
        x, y = await point(screen, "Dr Weber", 540)
        await mouse.move(x, y)
        await mouse.down()
        await mouse.move(x + 20, y + 10, steps=3)
        x, y = await point(screen, "Dr Klein", minute)
        await mouse.move(x, y, steps=5)
        await mouse.up()

    await drag(600)
    await expect(screen.by_id("book-refusal-why")).to_contain_text("Pris jusqu’à 10 h 20")
    await expect(screen.by_id("book-refusal-what")).to_have_text("Rien n’a changé")
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(1)
    assert site.rows(VISITS) == before
    await screen.press("Escape")
    await expect(screen.by_id("book-refusal")).to_be_hidden()
    await drag(660)
    await expect(lane(screen, "Dr Klein").locator(".appt")).to_have_count(2)
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(0)
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne déplacé")
    assert screen.complaints == []


async def test_what_comes_before_or_after_the_hours_that_are_shown_gets_its_own(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    day, grid = await day_of(screen), screen.by_id("book-grid")
    await expect(grid).to_have_attribute("data-first", str(7 * 12))
    for hour, first, hours in ((21, 7, 15), (5, 5, 17)):
        agendas.busy(site, day, hour)
        await expect(grid).to_have_attribute("data-first", str(first * 12))
        await expect(grid).to_have_attribute("data-count", str(hours * 12))
    await expect(lane(screen, "Dr Weber").locator(".appt")).to_have_count(2)
    assert screen.complaints == []


async def test_another_secretary_s_booking_appears_by_itself(browser: Browser, site: Site) -> None:
    one, made = await ready_to_book(browser, site)
    other = await beside(browser, site, cast.AOIFE, f"?client={made.client}")
    await tomorrow(other)
    await book_at(one, "Dr Klein", 540)
    await expect(lane(other, "Dr Klein").locator("[data-state=booked]")).to_have_count(1)
    # Another's hold is shown with the name, and is gone when it is given back.
    await one.press("n")
    await expect(one.page.locator("#book-frame .appt--held")).to_have_count(1)
    await expect(other.page.locator("#book-frame .appt--held")).to_contain_text("Claire")
    await one.press("Escape")
    await expect(other.page.locator("#book-frame .appt--held")).to_have_count(0)
    assert site.rows(HOLDS) == [("released", 0)]
    assert one.complaints == other.complaints == []


async def test_what_is_held_for_a_call_is_free_when_she_leaves_or_the_call_ends(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)
    await console.press("2")
    await expect(console.page.locator(f"{FRAME} .appt--mine")).to_have_count(1)
    await looks_right(console, "agenda-call", ("1366", "1920", "625"))
    await console.by_id("book-grid").focus()
    await console.press("n")
    await expect(slot(console.page, 3)).to_have_class(re.compile("slot--mine"))
    await expect(console.page.locator(f"{FRAME} .appt--mine")).to_have_count(1)
    await console.press("F4")
    await exchange.command("hold")
    await expect(console.by_id("view-book")).to_be_visible()
    await console.press("Escape")
    await expect(console.by_id("form")).to_be_visible()
    await opened(console)
    await expect(console.page.locator(f"{FRAME} .appt--mine")).to_have_count(0)
    await console.press("1")
    await expect(console.page.locator(f"{FRAME} .appt--mine")).to_have_count(1)
    await console.press("F9")
    await console.presence_is("wrap")
    await expect(console.page.locator(f"{FRAME} .appt--mine")).to_have_count(0)
    await until("all three are given back", lambda: [row[0] for row in site.rows(HOLDS)] == ["released"] * 3)
    assert site.rows(VISITS) == []


async def test_what_is_held_after_the_call_ended_is_held_while_she_wraps_up(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await console.press("F9")
    await console.presence_is("wrap")
    await opened(console)
    await console.by_id("book-grid").focus()
    await console.press("1")
    await expect(slot(console.page, 1)).to_have_class(re.compile("slot--mine"))
    await exchange.queue_is(2, exchange.since - 38000)
    await expect(console.by_id("queue-waiting")).to_have_text("2")
    await expect(console.page.locator("#book-slots .slot--mine")).to_have_count(1)
    assert site.rows(HOLDS) == [("", 1)]
    assert console.complaints == []


async def test_every_view_in_every_size(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    for minute in (480, 500, 540):
        await book_at(screen, "Dr Weber", minute)
    await click_at(screen, "Dr Weber", 485)
    for state in ("arrived", "no_show"):  # it is tomorrow
        await expect(screen.page.locator(f"[data-mark={state}]")).to_be_hidden()
    await click_at(screen, "Dr Weber", 545)
    await screen.page.locator("[data-mark=confirmed]").click()
    await expect(lane(screen, "Dr Weber").locator("[data-state=confirmed]")).to_have_count(1)
    await looks_right(screen, "agenda-day", ("1366", "1920"))
    await screen.by_id("book-grid").focus()
    await screen.press("w")
    await expect(screen.page.locator(".lane")).to_have_count(7)
    await looks_right(screen, "agenda-week", ("1366",))
    await screen.by_id("book-grid").focus()
    await screen.press("l")
    await expect(screen.page.locator(".row-line")).to_have_count(3)
    await looks_right(screen, "agenda-list", ("1366",))
    await screen.by_id("book-grid").focus()
    await screen.press("d")
    await expect(screen.page.locator(".lane")).to_have_count(2)
    printed = await screen.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    if SHOTS:
        (Path(SHOTS) / "agenda.pdf").write_bytes(printed)
    await screen.press("t")
    assert screen.complaints == []


async def test_a_house_without_agendas_says_what_there_is_to_do(browser: Browser, site: Site) -> None:
    screen = await beside(browser, site)
    await expect(screen.page.locator(".book__empty")).to_contain_text("Aucun agenda")
    await looks_right(screen, "agenda-empty", ("1366",))


async def laid_out(developer: CDPSession) -> int:
    """How often the page was laid out so far."""
    told = await developer.send("Performance.getMetrics")
    return next(int(each["value"]) for each in told["metrics"] if each["name"] == "LayoutCount")


async def test_two_hundred_practitioners_are_drawn_at_once(browser: Browser, site: Site) -> None:
    agendas.make(site, 200)
    screen = await beside(browser, site, query="?client=0")
    text = await screen.page.evaluate(
        "async (day) => (await fetch(`/console/fragments/agenda?day=${day}`)).text()",
        (await day_of(screen) + timedelta(days=1)).isoformat(),
    )
    developer = await screen.page.context.new_cdp_session(screen.page)
    await developer.send("Performance.enable")
    before = await laid_out(developer)
    drawn = await screen.page.evaluate(
        """async (text) => {
          const made = document.createElement('template'), frame = document.getElementById('book-frame');
          made.innerHTML = text;
          frame.replaceChildren(made.content);
          // Before the page, which begins to listen, draws the day of its own again.
          const drawn = ['.lane', '.appt'].map((one) => frame.querySelectorAll(one).length);
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          return drawn;
        }""",
        text,
    )
    assert await laid_out(developer) - before <= MOST_LAYOUTS  # what it takes a quiet machine is a figure of the bench
    assert drawn == [202, 6000]


async def test_what_the_patient_has_before_him_is_turned_to_with_v_and_moved(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    coming = screen.page.locator("#book-coming [data-appointment]")
    await expect(coming).to_have_count(0)
    await screen.press("v")
    await expect(screen.by_id("book-error")).to_contain_text("Rien n’est réservé pour ce patient")
    await intercept(screen.page, COMING, lambda route: route.abort())
    await screen.by_id("book-patient-other").click()
    await screen.press("Escape")
    await screen.press("v")
    await expect(screen.by_id("book-error")).to_contain_text("patient")
    await screen.press("/")
    await screen.type("140361 hof")
    await expect(screen.page.locator(FOUND)).to_contain_text("HOFFMANN Jeanne")
    await screen.press("Enter")
    await screen.press("v")
    await expect(screen.by_id("book-error")).to_contain_text("ne peuvent pas être lus")
    await screen.page.unroute(COMING)
    day = await day_of(screen)
    await book_at(screen, "Dr Weber", 600)
    await expect(coming).to_have_count(1)
    await book_at(screen, "Dr Klein", 660)
    await expect(coming).to_have_count(2)
    await expect(coming.nth(1)).to_contain_text("11:00")
    for _press in range(3):
        await screen.press("g")
        await screen.type(f"{day + timedelta(days=21):%d/%m/%Y}")
        await screen.press("Enter")
        await expect(screen.page.locator("#book-frame .appt")).to_have_count(0)
        await screen.press("v")
        await expect(screen.by_id("book-place")).to_contain_text("HOFFMANN Jeanne")
        await expect(screen.by_id("book-act")).to_be_disabled()
    await looks_right(screen, "agenda-coming", ("1366", "625"))
    await screen.press("m")
    await screen.press("ArrowDown")
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne déplacé")
    await expect(coming.nth(0)).not_to_contain_text("10:00")
    assert screen.complaints == []


async def test_what_is_closed_is_not_offered_for_a_moment_and_enter_says_why(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    offered = await screen.page.evaluate_handle(OFFERED)
    await click_at(screen, "Dr Weber", 725)
    await expect(screen.by_id("book-place")).to_contain_text("pas libre")
    await screen.press("Enter")
    await expect(screen.by_id("book-refusal-why")).to_contain_text("Fermé à cette heure")
    assert [each for each in await offered.json_value() if "12:05" in each] == []
    assert site.rows(VISITS) == []
