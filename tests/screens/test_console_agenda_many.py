# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many practitioners side by side: what is touched at once is fetched as one grid, never lane by lane."""

import asyncio
import re
from collections import Counter

from playwright.async_api import Browser, Page, Request, expect

from tests.processes import until
from tests.screens.agenda_desk import beside, day_of, lane, slot, tomorrow
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.pages import PAINTED, ConsolePage

MORE = 18
KEPT_SOCKETS = """
const Kept = window.WebSocket;
window.WebSocket = class extends Kept {
  constructor(...of) {
    super(...of);
    window.lastSocket = this;
  }
};
"""
HEARD = """() => {
  window.heard = 0;
  window.lastSocket.addEventListener('message', () => { window.heard += 1; });
}"""
LISTENS = "() => window.lastSocket?.readyState === WebSocket.OPEN"
ABSENT = """
import sys
from django.db import transaction
from permanence.agenda.operations import acts
from permanence.kernel.system import SystemClock
with transaction.atomic():
    acts.renew(client=sys.argv[1], at=SystemClock().now())
"""
"""What an absence of the client does: each of his agendas is touched."""
FRAGMENT = re.compile(r"/console/fragments/(agenda(?:/\w+)?)\?")


async def practice(browser: Browser, site: Site) -> tuple[ConsolePage, agendas.Made]:
    """Twenty practitioners of one practice, tomorrow; Jeanne is who telephones, and the page listens."""
    made = agendas.make(site, MORE)
    screen = await beside(browser, site, query=f"?client={made.client}&patient={made.jeanne}")
    await screen.page.add_init_script(KEPT_SOCKETS)
    await screen.page.reload()
    await screen.page.wait_for_function(LISTENS)
    await expect(screen.by_id("book-patient-name")).to_have_text("HOFFMANN Jeanne")
    await expect(slot(screen.page, 1)).to_be_visible()
    await tomorrow(screen)
    return screen, made


class Asked:
    """The fragments of the agenda that a page asks for from now on, by name."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.times: Counter[str] = Counter()
        self.under_way: set[Request] = set()
        page.on("request", self.count)
        page.on("requestfinished", self.ended)
        page.on("requestfailed", self.ended)

    def count(self, sent: Request) -> None:
        if found := FRAGMENT.search(sent.url):
            self.times[found[1]] += 1
            self.under_way.add(sent)

    def ended(self, sent: Request) -> None:
        self.under_way.discard(sent)

    async def answered(self) -> None:
        """All is there that was asked for, and that was asked for because of it."""
        seen = -1
        while seen != self.times.total():
            seen = self.times.total()
            await until("what was asked for is there", lambda: not self.under_way)
            await self.page.evaluate(PAINTED)


async def test_a_page_that_listens_again_asks_once_for_what_it_may_have_missed(browser: Browser, site: Site) -> None:
    screen, _made = await practice(browser, site)
    asked = Asked(screen.page)
    async with screen.page.expect_response(re.compile("/fragments/agenda/slots")):
        await screen.page.evaluate("window.lastSocket.close()")
    await asked.answered()
    assert asked.times == {"agenda": 1, "agenda/slots": 1, "agenda/coming": 1}
    assert screen.complaints == []


async def test_an_absence_of_the_practice_is_not_asked_for_agenda_by_agenda(browser: Browser, site: Site) -> None:
    screen, made = await practice(browser, site)
    await screen.page.evaluate(HEARD)
    asked = Asked(screen.page)
    await asyncio.to_thread(site.run, ABSENT, made.client)
    await screen.page.wait_for_function(f"() => window.heard >= {MORE + 2}")
    await asked.answered()
    assert asked.times["agenda"] >= 1
    assert asked.times.total() < MORE
    assert screen.complaints == []


async def test_one_booking_among_many_practitioners_costs_lanes_alone(browser: Browser, site: Site) -> None:
    screen, _made = await practice(browser, site)
    asked = Asked(screen.page)
    await asyncio.to_thread(agendas.busy, site, await day_of(screen), 10)
    await expect(lane(screen, "Dr Weber").locator("[data-kind=busy], [data-kind=block]")).to_have_count(1)
    await asked.answered()
    assert (asked.times["agenda"], asked.times["agenda/lane"]) == (0, 1)
    assert screen.complaints == []
