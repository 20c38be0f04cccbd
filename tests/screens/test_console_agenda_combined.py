# SPDX-License-Identifier: AGPL-3.0-or-later
"""A combined visit: one Enter books it, it stands in the lanes of both, and one cancelling frees both."""

import re

from playwright.async_api import Browser, expect

from tests.screens.agenda_desk import click_at, jeanne_tomorrow, lane, slot
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right

VISITS = "select state, agenda_id, also_id from agenda_appointment"
TAKEN = "select agenda_id from agenda_occupancy order by agenda_id"
TWIN = re.compile("is-twin")


async def test_one_enter_takes_both_and_one_cancelling_frees_both(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    reason = agendas.for_two(site, made)
    screen = await jeanne_tomorrow(browser, site, made)
    await screen.by_id("book-reason").select_option(reason)
    await expect(slot(screen.page, 1)).to_be_visible()
    his, hers = lane(screen, "Dr Weber").locator(".appt"), lane(screen, "Dr Klein").locator(".appt")
    await click_at(screen, "Dr Weber", 540)
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("09:00, Dr Weber")
    await expect(his).to_have_count(1)
    await expect(hers).to_have_count(1)
    await expect(his).to_have_attribute("aria-label", re.compile("09:00 à 09:20, HOFFMANN Jeanne.*avec Dr Klein"))
    await expect(hers).to_have_attribute("aria-label", re.compile("09:00 à 09:20, HOFFMANN Jeanne.*avec Dr Weber"))
    assert site.rows(VISITS) == [("booked", int(made.weber), int(made.klein))]
    assert site.rows(TAKEN) == [(int(made.weber),), (int(made.klein),)]
    await click_at(screen, "Dr Klein", 545)
    await expect(his).to_have_class(TWIN)
    await expect(hers).not_to_have_class(TWIN)
    await looks_right(screen, "agenda-combined", ("1366",))
    await screen.by_id("book-grid").focus()
    await screen.press("x")
    await expect(screen.by_id("book-dialog-title")).to_contain_text("Annuler le rendez-vous")
    await screen.press("1")
    await screen.press("Control+Enter")
    await expect(his).to_have_count(0)
    await expect(hers).to_have_count(0)
    assert [row[0] for row in site.rows(VISITS)] == ["cancelled"]
    assert site.rows(TAKEN) == []
    assert screen.complaints == []
