# SPDX-License-Identifier: AGPL-3.0-or-later
"""A day of 200 practitioners, 30 visits each, on the screen of a secretary: the real site, the real page, Chromium.

`grid_200_ms`: from the answer to the picture, by the page's own modules when she turns to that day. The site's share
and the octets stand beside it. `python -m bench.agenda_grid` runs it alone.
"""

import argparse
import asyncio
import json
import statistics
import sys
from pathlib import Path

from playwright.async_api import Browser, Page

from bench.figures import Figures, cpu_seconds
from bench.house import folder_of_its_own
from bench.programs import told
from permanence.project import demo_cast as cast
from tests.screens.fakes import agendas
from tests.screens.fakes.forked import Forks, forks
from tests.screens.fakes.site import Site, environment, prepare, running_site
from tests.screens.pages import LoginPage, stock_chromium

MANY, FEW = 200, 100
ROUNDS = 7
ADDRESS = "/console/fragments/agenda"
TURN = """async (rounds) => {
  const frame = document.getElementById('book-frame');
  const day = () => frame.querySelector('.book__title')?.dataset.day;
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const turn = (button) => new Promise((done) => {
    const before = day();
    new MutationObserver((_, seen) => {
      if (day() === before) return;
      seen.disconnect();
      done();
    }).observe(frame, { childList: true, subtree: true });
    document.getElementById(button).click();
  });
  const took = [];
  await turn('book-after');
  for (let round = 0; round < rounds; round += 1) {
    await turn('book-before');
    await painted();
    performance.clearResourceTimings();
    const began = performance.now();
    await turn('book-after');
    await painted();
    const whole = performance.now() - began;
    const [asked] = performance.getEntriesByType('resource').filter((one) => one.name.includes('/fragments/agenda?'));
    const site = asked.responseEnd - asked.startTime;
    took.push({ site, drawn: whole - site, octets: asked.decodedBodySize });
  }
  await turn('book-before');
  return { took, lanes: frame.querySelectorAll('.lane').length };
}"""
"""The page turns from today to tomorrow and back, round by round, by its own buttons; timed is the way there."""
ASK = """async ([address, rounds]) => {
  const today = document.querySelector('#book-frame .book__title').dataset.day;
  const day = new Date(Date.parse(today) + 86400000).toISOString().slice(0, 10);
  let text = '';
  for (let round = 0; round < rounds; round += 1) text = await (await fetch(`${address}?day=${day}`)).text();
  const template = document.createElement('template');
  template.innerHTML = text;
  return template.content.querySelectorAll('.appt').length;
}"""
"""Tomorrow alone is asked for, so that the site's CPU is that of one such day. Today is what the page calls so."""


async def measured(many: int, few: int, runs: int) -> list[Figures]:
    """The figures of the runs."""
    with folder_of_its_own() as folder:
        prepare(folder / "prepared")
        told("grid: the house is there")
        with forks(environment(folder / "prepared")) as house:
            async with stock_chromium() as browser:
                halves = await _days(browser, folder, house, few, runs)
                told(f"grid: {few} practitioners measured")
                wholes = await _days(browser, folder, house, many, runs)
    return [_figures(half, whole, many) for half, whole in zip(halves, wholes, strict=True)]


def _figures(half: dict[str, float], whole: dict[str, float], many: int) -> Figures:
    return {
        "grid_200_ms": whole["drawn"] * MANY / many,
        "grid_site_ms": whole["site"],
        "grid_whole_ms": whole["site"] + whole["drawn"],
        "grid_site_cpu_ms": whole["cpu"],
        "grid_kib": whole["octets"] / 1024,
        "grid_lanes": whole["lanes"],
        "grid_visits": whole["visits"],
        "grid_growth": (whole["drawn"] + whole["cpu"]) / (half["drawn"] + half["cpu"]) * half["lanes"] / whole["lanes"],
    }


async def _days(browser: Browser, folder: Path, house: Forks, practitioners: int, runs: int) -> list[dict[str, float]]:
    """What a day of so many practitioners costs, run by run; one round before them warms up."""
    async with running_site(folder / "prepared", folder / f"house{practitioners}", house) as site:
        await asyncio.to_thread(agendas.make, site, practitioners)
        page = await _signed_in(browser, site)
        await page.evaluate(TURN, 1)
        found = [await _day(page, site.pid) for _ in range(runs)]
        await page.context.close()
    return found


async def _day(page: Page, pid: int) -> dict[str, float]:
    """Medians of the rounds of a run."""
    before = cpu_seconds(pid)
    visits = await page.evaluate(ASK, [ADDRESS, ROUNDS])
    cpu = (cpu_seconds(pid) - before) * 1000 / ROUNDS
    seen = await page.evaluate(TURN, ROUNDS)
    medians = {name: statistics.median(each[name] for each in seen["took"]) for name in ("site", "drawn", "octets")}
    return {**medians, "cpu": cpu, "lanes": seen["lanes"], "visits": visits}


async def _signed_in(browser: Browser, site: Site) -> Page:
    """The agenda's own page."""
    context = await browser.new_context(locale="fr-FR", viewport={"width": 1920, "height": 1080})
    page = await context.new_page()
    login = LoginPage(page, site.url)
    await login.open()
    await login.sign_in(cast.CLAIRE, cast.PASSWORD)
    await page.wait_for_url("**/console")
    await page.goto(f"{site.url}/console/agenda")
    await page.wait_for_selector("#book-grid")
    return page


def main(arguments: list[str]) -> int:
    """Measures and prints the figures of the runs."""
    parser = argparse.ArgumentParser(prog="python -m bench.agenda_grid", description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="small numbers, does it work?")
    given = parser.parse_args(arguments)
    many, few = (6, 3) if given.quick else (MANY, FEW)
    print(json.dumps(asyncio.run(measured(many, few, given.runs))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
