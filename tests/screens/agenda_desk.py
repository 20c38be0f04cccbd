# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agenda as a secretary uses it, beside a call, between calls or in a window of its own, for tests in a browser."""

import asyncio
from datetime import date
from typing import Any

from playwright.async_api import Browser, Locator, Page, Route, expect

from permanence.project import demo_cast as cast
from tests.screens import desk
from tests.screens.fakes import agendas, cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import PAINTED, ConsolePage, intercept

VISITS = "select state, agenda_id, call, starts_at from agenda_appointment order by id"
HOLDS = "select ended, ended_at is null from agenda_slothold order by id"
FOUND = "#book-patient-list[data-words='140361 hof'] [aria-selected=true]"
"""Enter takes what was found for all that is typed, and nothing before that is there."""
COMING = "**/console/fragments/agenda/coming?*"
IN_SIGHT = """async ([name, minute, across]) => {
  const picture = () => new Promise((done) => {
    new ResizeObserver((_, seen) => {
      seen.disconnect();
      done();
    }).observe(document.body);
  });
  for (let tries = 0, before = ''; ; tries += 1) {
    await picture();
    const lane = document.querySelector(`.lane[data-name="${name}"]`), grid = document.getElementById('book-grid');
    if (!lane) continue;
    const [first, count] = [Number(grid.dataset.first), Number(grid.dataset.count)];
    const [step, stride] = [minute / 5, Number(lane.dataset.step) / 5];
    const at = () => lane.getBoundingClientRect().top + (step - first) / count * lane.offsetHeight;
    grid.scrollTop += at() - grid.getBoundingClientRect().top - 200;
    const box = lane.getBoundingClientRect();
    const stands = [...lane.querySelectorAll('[data-key]')].map((one) => / f(\\d+) s(\\d+)/.exec(one.className));
    const spans = stands.map(([, begins, span]) => [Number(begins), Number(span)]);
    const begun = spans.filter(([begins, span]) => begins <= step && step < begins + span).map(([begins]) => begins);
    const there = [box.left + box.width * across, at() + 2, ...new Set([Math.floor(step / stride) * stride, ...begun])];
    const isStill = there.join() === before && lane.contains(document.elementFromPoint(there[0], there[1]));
    if (isStill || tries > 100) return there;
    before = there.join();
  }
}"""
"""Where it is once two pictures show it at the same place and nothing lies over it, as a hand would find it; a clock
that a test stops does not stop the pictures. All of one picture is measured in one go: a lane that is drawn anew
between two of them, as by the live topic, is nowhere on the screen.
"""
BEARS_THREE = """
from permanence.agenda.models import Agenda, VisitReason
Agenda.objects.update(overbookings_per_day=3)
VisitReason.objects.update(overbooking=True)
"""


def weber(site: Site) -> dict[str, Any]:
    """His card as the exchange rings with it."""
    return {**cards.weber(*site.client("Dr Weber")), "sector": "health"}


async def on_a_call(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    """A caller of Dr Weber's on the line, whose agendas can be opened."""
    await desk.on_a_call(console, exchange, weber(site))
    await expect(console.by_id("desk-book")).to_be_visible()


async def rings(console: ConsolePage, exchange: FakeExchange, site: Site, call: str = "call-1") -> None:
    """A caller of Dr Weber's rings."""
    await exchange.ring(weber(site), call=call)
    await console.shows("ringing")


async def missed(console: ConsolePage) -> None:
    """The call that she declined is another's: her agenda is before her, and F2 makes her ready again."""
    await expect(console.by_id("view-book")).to_be_visible()
    await console.presence_is("wrap")


async def answered_with_the_mouse(console: ConsolePage) -> None:
    """She answers without a key."""
    await console.by_id("answer").click()
    await console.shows("desk")


def slot(page: Page, number: int) -> Locator:
    """The free time of that number (from 1)."""
    return page.locator("#book-slots .slot").nth(number - 1)


async def opened(console: ConsolePage, *, known: bool = False) -> None:
    """Alt A: the agenda with free times and whoever may be calling, whom Alt K takes unless he is `known` already."""
    await console.press("Alt+a")
    if not known:
        await expect(console.by_id("book-patient-known")).to_contain_text("HOFFMANN Jeanne")
        await console.press("Alt+k")
    await expect(console.by_id("book-patient-name")).to_have_text("HOFFMANN Jeanne")
    await expect(slot(console.page, 1)).to_be_visible()
    await expect(console.page.locator("#book-grid.grid")).to_be_visible()


async def beside(browser: Browser, site: Site, email: str = cast.CLAIRE, query: str = "") -> ConsolePage:
    """The agenda in a window of its own, of whoever signs in."""
    context = await browser.new_context(
        locale="fr-FR", viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    await site.let_in(context, email)
    page = await context.new_page()
    screen = ConsolePage(page, site.url)
    await page.goto(f"{site.url}/console/agenda{query}")
    await expect(page.locator("#book-grid")).to_be_visible()
    await page.evaluate(PAINTED)
    return screen


async def tomorrow(screen: ConsolePage) -> None:
    """The day after today: nothing of it is past."""
    title = await screen.by_id("book-title").text_content()
    await screen.by_id("book-after").click()
    await expect(screen.by_id("book-title")).not_to_have_text(title or "", timeout=20000)
    await screen.by_id("book-grid").focus()


async def waits_long(page: Page) -> None:
    """The page waits for the site as long as it takes: what it does after too long, other tests look at."""
    await page.evaluate("() => { AbortSignal.timeout = () => new AbortController().signal; }")


async def held_back(page: Page, path: str, key: str) -> Route:
    """The act that a key sends; the site hears of it, or the page of its answer, when the test says so."""
    await waits_long(page)
    waiting: asyncio.Queue[Route] = asyncio.Queue()
    await intercept(page, path, waiting.put)
    await page.keyboard.press(key)
    return await asyncio.wait_for(waiting.get(), 20)


async def day_of(screen: ConsolePage) -> date:
    """The day that is shown."""
    shown = await screen.page.locator("#book-frame .book__title").get_attribute("data-day")
    return date.fromisoformat(shown or "")


def lane(screen: ConsolePage, name: str) -> Locator:
    """The column of a practitioner."""
    return screen.page.locator(f'.lane[data-name="{name}"]')


async def in_sight(
    screen: ConsolePage, name: str, minute: int, across: float = 0.5
) -> tuple[tuple[float, float], list[int]]:
    """Brings a time of a lane into sight: where it is on the screen, and at which steps of five minutes the cursor is
    after a click there: the time's own, or where what stands there begins.
    """
    await expect(lane(screen, name)).to_have_count(1)
    x, y, *steps = await screen.page.evaluate(IN_SIGHT, [name, minute, across])
    return (x, y), steps


async def point(screen: ConsolePage, name: str, minute: int, *, across: float = 0.5) -> tuple[float, float]:
    """Where a time of a lane is on the screen, brought into sight; `across`: which part of its width from the left."""
    at, _steps = await in_sight(screen, name, minute, across)
    return at


async def click_at(screen: ConsolePage, name: str, minute: int) -> None:
    """A click on that minute of his day, which the cursor follows."""
    at, steps = await in_sight(screen, name, minute)
    await screen.page.mouse.click(*at)
    there = ", ".join(f".cursor.f{step}:not(.cursor--barred)" for step in steps)
    await expect(lane(screen, name).locator(there)).to_have_count(1)


async def book_at(screen: ConsolePage, name: str, minute: int) -> None:
    """Clicks a free time and presses Enter; the visit stands there."""
    before = await lane(screen, name).locator(".appt").count()
    await click_at(screen, name, minute)
    await screen.press("Enter")
    # The visit may come by the live topic before the site's own answer: the toast is that answer.
    await expect(screen.by_id("toasts")).to_contain_text(f"{minute // 60:02d}:{minute % 60:02d}, {name}")
    await expect(lane(screen, name).locator(".appt")).to_have_count(before + 1)


async def ready_to_book(browser: Browser, site: Site, *, today: bool = False) -> tuple[ConsolePage, agendas.Made]:
    """The agendas of Dr Weber's practice, tomorrow, and Jeanne; `today` as in `agendas.make`."""
    made = agendas.make(site, today=today)
    return await jeanne_tomorrow(browser, site, made), made


async def jeanne_tomorrow(browser: Browser, site: Site, made: agendas.Made) -> ConsolePage:
    """Tomorrow of Dr Weber's practice, Jeanne chosen by birth date and letters."""
    screen = await beside(browser, site, query=f"?client={made.client}")
    await tomorrow(screen)
    await screen.press("/")
    await expect(screen.by_id("book-patient")).to_be_focused()
    await screen.type("140361 hof")
    await expect(screen.page.locator(FOUND)).to_contain_text("HOFFMANN Jeanne")
    await screen.press("Enter")
    await expect(screen.by_id("book-patient-name")).to_have_text("HOFFMANN Jeanne")
    return screen


async def between_calls(
    console: ConsolePage, exchange: FakeExchange, site: Site, *, setting: str = BEARS_THREE
) -> agendas.Made:
    """Ready, with nobody on the line: tomorrow of Dr Weber's practice, Jeanne chosen and booked at ten. `setting`: what
    the site runs before she opens the agendas.
    """
    made = agendas.make(site)
    site.run(setting)
    await console.reload()
    await exchange.command("hello", times=2)
    await console.go_ready()
    await exchange.command("ready")
    await console.press("Alt+a")
    # A client who is chosen before the agenda is open is shown a day that nobody can leave yet.
    await expect(console.by_id("book-grid")).to_be_visible()
    await console.by_id("book-client").select_option(made.client)
    await expect(console.by_id("book-patient-field")).to_be_visible()
    await tomorrow(console)
    await console.press("/")
    await expect(console.by_id("book-patient")).to_be_focused()
    await console.type("140361 hof")
    await expect(console.page.locator(FOUND)).to_contain_text("HOFFMANN Jeanne")
    await console.press("Enter")
    await expect(console.by_id("book-patient-name")).to_have_text("HOFFMANN Jeanne")
    await book_at(console, "Dr Weber", 600)
    return made


async def asks(console: ConsolePage, key: str, minute: int, dialog: str) -> None:
    """The cursor there, and the key that asks."""
    await click_at(console, "Dr Weber", minute)
    if key == "o":
        await expect(console.by_id("book-refusal-over")).to_be_visible()
    await console.press(key)
    await expect(console.by_id(dialog)).to_be_visible()


async def for_a_scan(screen: ConsolePage, scan: str) -> None:
    """The reason with questions is chosen."""
    await screen.by_id("book-reason").select_option(scan)
    await expect(screen.by_id("book-asked")).to_be_visible()
    await expect(slot(screen.page, 1)).to_be_visible()


async def says_no(screen: ConsolePage) -> None:
    """The question that may forbid it has the focus and gets a no."""
    await screen.by_id("book-grid").focus()
    await screen.press("a")
    await screen.press("Space")
