# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two secretaries look at one day: how long until one sees what the other has just booked. The real site, Chromium.

`live_ms`: from her Enter to the visit in the other's picture, both on the clock of one machine; `live_own_ms`: to her
own. `python -m bench.agenda_live` runs it alone.
"""

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import expect

from bench.figures import Figures
from bench.house import folder_of_its_own
from permanence.project import demo_cast as cast
from tests.screens.agenda_desk import beside, click_at, jeanne_tomorrow, lane, tomorrow
from tests.screens.fakes import agendas
from tests.screens.fakes.forked import forks
from tests.screens.fakes.site import environment, prepare, running_site
from tests.screens.pages import ConsolePage, stock_chromium

WHOSE = "Dr Klein"
FIRST, LONG = 480, 20
"""Minute of the day at which the first visit begins; minutes of each."""
ROUNDS = 10
PRESSED = """() => addEventListener('keydown', (event) => {
  if (event.key === 'Enter') window.pressedAt = Date.now();
}, true)"""
WAITS = """([name, count]) => {
  window.seenAt = new Promise((done) => {
    const frame = document.getElementById('book-frame');
    const look = () => {
      if (frame.querySelectorAll(`.lane[data-name="${name}"] [data-state=booked]`).length < count) return;
      seen.disconnect();
      requestAnimationFrame(() => setTimeout(() => done(Date.now())));
    };
    const seen = new MutationObserver(look);
    seen.observe(frame, { childList: true, subtree: true });
    look();
  });
}"""
"""From now on it is waited for so many visits in a lane, until they are in the picture."""


async def measured(rounds: int, runs: int) -> list[Figures]:
    """The figures of the runs, each on a day of its own; one booking before the rounds of each warms up."""
    async with _two() as (hers, others):
        await hers.page.evaluate(PRESSED)
        found = []
        for run in range(runs):
            if run:
                for screen in (hers, others):
                    await tomorrow(screen)
            _, *took = [await _seen(hers, others, each) for each in range(rounds + 1)]
            own, live = zip(*took, strict=True)
            found.append(
                {
                    "live_ms": statistics.median(live),
                    "live_worst_ms": float(max(live)),
                    "live_own_ms": statistics.median(own),
                }
            )
    return found


async def _seen(hers: ConsolePage, others: ConsolePage, number: int) -> tuple[int, int]:
    """One more visit: from her Enter to her own picture and to the other's, ms."""
    await click_at(hers, WHOSE, FIRST + LONG * number)
    await expect(hers.by_id("book-act")).to_contain_text("Réserver")
    for screen in (hers, others):
        await screen.page.evaluate(WAITS, [WHOSE, number + 1])
    await hers.press("Enter")
    own, other = await asyncio.gather(*(screen.page.evaluate("window.seenAt") for screen in (hers, others)))
    pressed = await hers.page.evaluate("window.pressedAt")
    await expect(lane(hers, WHOSE).locator(".appt")).to_have_count(number + 1)
    return own - pressed, other - pressed


@asynccontextmanager
async def _two() -> AsyncIterator[tuple[ConsolePage, ConsolePage]]:
    """Tomorrow on the screens of Claire, with a patient in hand, and of Aoife."""
    with folder_of_its_own() as folder:
        prepare(folder / "prepared")
        with forks(environment(folder / "prepared")) as house:
            async with (
                stock_chromium() as browser,
                running_site(folder / "prepared", folder / "house", house) as site,
            ):
                made = await asyncio.to_thread(agendas.make, site)
                hers = await jeanne_tomorrow(browser, site, made)
                others = await beside(browser, site, cast.AOIFE, f"?client={made.client}")
                await tomorrow(others)
                yield hers, others


def main(arguments: list[str]) -> int:
    """Measures and prints the figures of the runs."""
    parser = argparse.ArgumentParser(prog="python -m bench.agenda_live", description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="small numbers, does it work?")
    given = parser.parse_args(arguments)
    print(json.dumps(asyncio.run(measured(2 if given.quick else ROUNDS, given.runs))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
