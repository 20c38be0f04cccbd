# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is in sight of the agenda on a small screen: the free times, the place that was chosen, the time that is held."""

from playwright.async_api import expect

from tests.screens.fakes import agendas
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage
from tests.screens.test_console_agenda import on_a_call, opened, slot

IN_SIGHT = """() => {
  const frame = document.querySelector('.book__want .book__scroll').getBoundingClientRect();
  return [...document.querySelectorAll('#book-slots .slot')].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.top >= frame.top && box.bottom <= frame.bottom;
  }).length;
}"""
LEAST = 5


async def test_with_a_patient_and_a_practitioner_chosen_most_free_times_are_in_sight(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    made = agendas.make(site, many=1)
    await console.page.set_viewport_size({"width": 1366, "height": 768})
    await console.page.reload()
    await exchange.command("hello", times=2)
    await on_a_call(console, exchange, site)
    await opened(console)
    await console.by_id("book-with").select_option(made.weber)
    await expect(console.by_id("book-order")).to_contain_text("Dr Weber")
    await expect(slot(console.page, 1)).to_contain_text("Dr Weber")
    await console.by_id("book-grid").focus()
    await looks_right(console, "agenda-times-in-sight", ("1366",))
    assert await console.page.evaluate(IN_SIGHT) >= LEAST
