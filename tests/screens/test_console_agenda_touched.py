# SPDX-License-Identifier: AGPL-3.0-or-later
"""While others book beside her without end, a visit in hand still goes where she says; and what is late is nobody's."""

import asyncio

from playwright.async_api import APIResponse, Browser, Route, expect

from tests.screens.agenda_desk import COMING, book_at, click_at, day_of, on_a_call, opened, ready_to_book, slot
from tests.screens.fakes import agendas
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import PAINTED, ConsolePage, intercept
from tests.screens.test_console_agenda_in_hand import goes_to
from tests.screens.test_console_agenda_late import SLOTS

SETTING = "**/console/agenda/setting"
NO_WAIT = "() => { AbortSignal.timeout = () => new AbortController().signal; }"
"""The page waits as long as the test wants."""
OTHER = """
from permanence.agenda.operations import setting
from permanence.clients.models import Client, Recipient
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
from permanence.project import demo_cast
by, at = who_is(Person.objects.select_related("house").get(email=demo_cast.MARC)), SystemClock().now()
whose = Recipient.objects.exclude(client__name="Dr Weber").first()
made = setting.open_agenda(client=str(whose.client_id), recipient=str(whose.pk), name="Autre", by=by, at=at)
print(made.id)
"""
"""An agenda of another client of the house."""
TOUCHED = """
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo
from permanence.agenda.operations import blocks
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
by, at = house_system(house="demo"), SystemClock().now()
starts = datetime.fromisoformat(sys.argv[2]).replace(tzinfo=ZoneInfo("Europe/Luxembourg"))
ends, key = starts + timedelta(hours=1), f"busy-in-another-agenda-{starts:%H}"
blocks.block(key=key, agenda=sys.argv[1], starts_at=starts, ends_at=ends, by=by, at=at)
"""


async def test_what_is_in_hand_goes_to_a_free_time_though_others_book_faster_than_the_site_answers(
    browser: Browser, site: Site
) -> None:
    screen, made = await ready_to_book(browser, site)
    day = await day_of(screen)
    await book_at(screen, "Dr Weber", 600)
    await screen.by_id("book-with").select_option(made.weber)
    await screen.by_id("book-else").select_option("nobody")
    await click_at(screen, "Dr Weber", 605)
    await screen.press("m")
    await expect(slot(screen.page, 1)).to_have_attribute("data-hour", "07:00")
    await screen.page.evaluate(NO_WAIT)
    asked: asyncio.Queue[Route] = asyncio.Queue()
    await intercept(screen.page, SLOTS, asked.put)

    async def touched(hour: int) -> tuple[Route, APIResponse]:
        await asyncio.to_thread(agendas.busy, site, day, hour)
        route = await asyncio.wait_for(asked.get(), 20)
        return route, await route.fetch()

    first, its = await touched(7)
    await screen.press("n")
    second, newer = await touched(8)
    await first.fulfill(response=its)
    # It is newer than what stood there, though not the newest.
    await expect(slot(screen.page, 1)).to_have_attribute("data-hour", "08:00")
    third, _newest = await touched(15)
    await second.fulfill(response=newer)
    await expect(slot(screen.page, 1)).to_have_attribute("data-hour", "09:00")
    assert await goes_to(screen, 1) == "09:00"
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne déplacé")
    # What was asked for the visit in hand comes when none is in hand any more.
    await third.abort()


async def test_what_others_book_for_another_client_renews_no_free_times(browser: Browser, site: Site) -> None:
    other = site.run(OTHER).strip()
    screen, _made = await ready_to_book(browser, site)
    await book_at(screen, "Dr Weber", 600)
    await screen.by_id("book-client").select_option("")
    await expect(screen.page.locator(f'.lane[data-agenda="{other}"]')).to_be_attached()
    await expect(slot(screen.page, 1)).to_have_count(0)
    await click_at(screen, "Dr Weber", 605)
    await screen.press("m")
    await expect(slot(screen.page, 1)).to_be_visible()
    day, renewed = await day_of(screen), list[str]()
    blocks = screen.page.locator(f'.lane[data-agenda="{other}"] [data-kind=block]')
    for number in range(2):
        # The first is heard after all that was touched before it, her own booking too, and asked for after that.
        await asyncio.to_thread(site.run, TOUCHED, other, f"{day}T{9 + number:02d}:00")
        await expect(blocks).to_have_count(number + 1)
        await screen.page.evaluate(PAINTED)
        if number == 0:
            screen.page.on("request", lambda sent: renewed.append(sent.url) if "/agenda/slots?" in sent.url else None)
    assert renewed == []


async def test_what_v_finds_too_late_is_not_in_hand_for_the_next_caller(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    agendas.make(site)
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)
    await console.page.evaluate(NO_WAIT)
    coming: asyncio.Queue[Route] = asyncio.Queue()
    setting: asyncio.Queue[Route] = asyncio.Queue()
    await intercept(console.page, COMING, coming.put)
    await console.press("1")
    await console.press("Enter")
    await expect(console.by_id("toasts")).to_contain_text("HOFFMANN Jeanne")
    asked = await asyncio.wait_for(coming.get(), 20)
    for key in "vm":
        await console.press(key)
    await console.press("Alt+a")
    await expect(console.by_id("form")).to_be_visible()
    await intercept(console.page, SETTING, setting.put)
    await console.press("Alt+a")
    beginning = await asyncio.wait_for(setting.get(), 20)
    await console.page.unroute(COMING)
    for late in (asked, *(coming.get_nowait() for _ in range(coming.qsize()))):
        await late.fulfill(response=await late.fetch())
    await console.page.evaluate(PAINTED)
    await beginning.continue_()
    await expect(slot(console.page, 1)).to_be_visible()
    await console.page.evaluate(PAINTED)
    await expect(console.by_id("book-place")).not_to_contain_text("se déplace")
    await console.press("1")
    await expect(console.page.locator("#book-slots .slot--mine")).to_have_count(1)
    await expect(console.by_id("book-act")).to_contain_text("Réserver")


async def test_the_client_she_chooses_while_the_agenda_opens_stays_chosen(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    agendas.make(site)
    made = site.run(OTHER).strip()
    ((other,),) = [row[1:] for row in site.rows("select id, client_id from agenda_agenda") if str(row[0]) == made]
    await console.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await console.page.evaluate(NO_WAIT)
    setting: asyncio.Queue[Route] = asyncio.Queue()
    await intercept(console.page, SETTING, setting.put)
    await console.press("Alt+a")
    opening = await asyncio.wait_for(setting.get(), 20)
    async with console.page.expect_response(lambda told: f"/agenda/start?client={other}&" in told.url):
        await console.by_id("book-client").select_option(str(other))
    answer = await opening.fetch()
    told = await answer.json()
    came = {"id": "0", "name": "Venu", "initials": "V", "colour": 1, "agendas": []}
    await opening.fulfill(response=answer, json={**told, "clients": [*told["clients"], came]})
    await expect(console.page.locator("#book-client option", has_text="Venu")).to_be_attached()
    await console.page.evaluate(PAINTED)
    await expect(console.by_id("book-client")).to_have_value(str(other))
    await expect(console.page.locator("#book-grid.grid")).to_be_visible()
    await console.page.unroute(SETTING)
    for _again in range(2):  # opened anew it is the caller's
        await console.press("Alt+a")
    await expect(console.by_id("book-patient-known")).to_contain_text("HOFFMANN Jeanne")
