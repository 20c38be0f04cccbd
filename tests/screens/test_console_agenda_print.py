# SPDX-License-Identifier: AGPL-3.0-or-later
"""The day of many practitioners on paper: pages that are read, each with its own head and hours, nobody missing."""

import re
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.screens.agenda_desk import beside, tomorrow
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.pages import SHOTS
from tests.screens.test_console_agenda_busy import PRINTS

MANY, FULL_DAY = 20, 30
PAGE = {"width": 1062, "height": 733}
"""What the margins leave of A4 across, 281 by 194 mm, in pixels."""
NARROWEST, LOWEST = 140, 10
"""37 mm for a practitioner, and a visit of twenty minutes as high as a line of its letters."""
STATES = "update agenda_appointment set state = '{}' where id % 7 = {}"
PLACES = """() => [...document.querySelectorAll('.sheet')].map((sheet) => {
  const page = sheet.getBoundingClientRect();
  const body = sheet.querySelector('.grid__body').getBoundingClientRect();
  const across = (one, box) => one.left >= box.left - 1 && one.right <= box.right + 1;
  const within = (one, box) => across(one, box) && one.top >= box.top - 1 && one.bottom <= box.bottom + 1;
  const ground = (one) => getComputedStyle(one).backgroundColor;
  const cut = (all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).length;
  const names = [...sheet.querySelectorAll('.grid__name strong')];
  const shown = [...sheet.querySelectorAll('.appt')].map((one) => one.getBoundingClientRect());
  return {
    size: [page.width, page.height],
    names: names.map((one) => one.textContent),
    cut: cut(names) + cut([...sheet.querySelectorAll('.appt__name')]),
    tints: [...sheet.querySelectorAll('.appt__code, .appt__reason')].map(ground)
      .filter((one) => one !== 'rgba(0, 0, 0, 0)').length,
    lanes: [...sheet.querySelectorAll('.lane')].map((lane) => lane.getBoundingClientRect().width),
    hours: sheet.querySelectorAll('.grid__hours span').length,
    inside: shown.filter((one) => within(one, body) && within(one, page)).length,
    lowest: Math.min(...shown.map((one) => one.height)),
  };
})"""


async def test_a_day_of_twenty_practitioners_is_three_pages_with_all_their_visits(browser: Browser, site: Site) -> None:
    agendas.make(site, MANY)
    for number, state in enumerate(("confirmed", "arrived", "done", "no_show")):
        site.change(STATES.format(state, number))
    screen = await beside(browser, site, query="?client=0")
    await tomorrow(screen)
    await screen.page.evaluate(PRINTS)
    await screen.press("Control+p")
    paper = str(await screen.page.evaluate("window.paper"))
    await expect(screen.by_id("book-paper")).to_be_empty()
    await screen.page.evaluate("paper => { document.getElementById('book-paper').innerHTML = paper; }", paper)
    await screen.page.set_viewport_size(PAGE)
    await screen.page.emulate_media(media="print", color_scheme="dark")
    sheets = await screen.page.evaluate(PLACES)
    names = [name for each in sheets for name in each["names"]]
    assert names == [f"Praticien {number:03d}" for number in range(MANY)]
    assert [len(each["lanes"]) for each in sheets] == [6, 7, 7]
    for each in sheets:
        assert each["inside"] == FULL_DAY * len(each["names"]), each
        assert each["size"][0] <= PAGE["width"], each
        assert each["size"][1] <= PAGE["height"], each
        assert min(each["lanes"]) >= NARROWEST, each
        assert each["lowest"] >= LOWEST, each
        assert (each["cut"], each["tints"], each["hours"]) == (0, 0, 13), each
    await expect(screen.page.locator(".sheet__rest")).to_contain_text("Dr Klein, Dr Weber")
    printed = await screen.page.pdf(prefer_css_page_size=True)
    if SHOTS:
        (Path(SHOTS) / "agenda-all.pdf").write_bytes(printed)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == len(sheets)
