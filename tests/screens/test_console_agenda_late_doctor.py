# SPDX-License-Identifier: AGPL-3.0-or-later
"""The practitioner telephones that he is late: told with the keyboard in one act, looked at first, taken back."""

import re

from playwright.async_api import Browser, Route, expect

from permanence.project import demo_cast as cast
from tests.processes import until
from tests.screens.agenda_desk import click_at, ready_to_book
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import intercept
from tests.screens.test_console_agenda_late import kept_back
from tests.screens.test_waiting_list import signed_in

DELAYS = "select minutes from agenda_delay"
CONCERNED = "**/console/fragments/agenda/late?*"
NOTICES = "select minutes from dispatch_latenotice"


async def test_forty_minutes_in_four_keys_and_back(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    await click_at(screen, "Dr Weber", 720)
    head = screen.page.locator('.grid__name:has(strong:text-is("Dr Weber"))')
    await screen.press("r")
    await expect(screen.by_id("book-late-dialog")).to_be_visible()
    await expect(screen.by_id("book-late-minutes")).to_be_focused()
    await expect(screen.by_id("book-late-agenda").locator("option:checked")).to_have_text("Dr Weber")
    await screen.type("40")
    await expect(screen.by_id("book-late-act")).to_contain_text("40 min de retard")
    await expect(screen.by_id("book-late-concerned").locator(".late__count")).to_be_visible()
    await looks_right(screen, "agenda-late-doctor", ("1366",))
    assert site.rows(DELAYS) == []
    await screen.press("Enter")
    await expect(screen.by_id("book-late-dialog")).to_be_hidden()
    await expect(screen.by_id("toasts")).to_contain_text("Dr Weber a 40 min de retard")
    assert (site.rows(DELAYS), site.rows(NOTICES)) == ([(40,)], [(40,)])
    await screen.press("t")
    await expect(head).to_contain_text("40 minutes de retard")
    await screen.press("Control+z")
    await expect(screen.by_id("book-place")).to_have_text("Défait")
    await expect(head).not_to_contain_text("retard")
    assert site.rows(DELAYS) == [(0,)]
    await screen.press("r")
    await screen.by_id("book-late-agenda").select_option(label="Dr Weber")
    await screen.by_id("book-late-minutes").focus()
    await screen.type("7")
    await screen.press("Enter")
    await expect(screen.by_id("book-late-error")).to_contain_text("de cinq en cinq")
    await screen.type("25")
    await screen.press("Enter")
    await expect(screen.by_id("book-late-dialog")).to_be_hidden()
    await expect(head).to_contain_text("25 minutes de retard")
    await screen.press("r")
    await screen.by_id("book-late-agenda").select_option(label="Dr Weber")
    await expect(screen.by_id("book-late-over")).to_be_visible()
    await screen.by_id("book-late-over").click()
    await expect(screen.by_id("book-place")).to_contain_text("de nouveau à l’heure")
    assert site.rows(DELAYS) == [(0,)]
    # The delay before it is over: the key does not take that back.
    await screen.press("Control+z")
    await expect(screen.by_id("toasts")).to_contain_text("de nouveau à l’heure. Ce geste ne se défait pas")
    assert site.rows(DELAYS) == [(0,)]
    assert screen.complaints == []


async def test_enter_before_it_is_shown_whom_it_concerns_means_nobody_who_was_shown_before(
    browser: Browser, site: Site
) -> None:
    """The hour of this morning's consultation, or of another doctor's, is not sent for the one of now."""
    screen, _made = await ready_to_book(browser, site)
    page, said = screen.page, []
    page.on("request", lambda sent: said.append(sent.post_data_json) if sent.url.endswith("/agenda/late") else None)

    async def of_this_morning(route: Route) -> None:
        """Until when the consultation ran that was on, whenever this test runs."""
        answer = await route.fetch()
        shown = re.sub(r'data-until="[^"]*"', 'data-until="2026-11-30T12:00:00+01:00"', await answer.text())
        await route.fulfill(response=answer, body=shown)

    async def looked_at() -> None:
        await intercept(page, CONCERNED, of_this_morning)
        await screen.press("r")
        await expect(screen.by_id("book-late-concerned").locator("[data-until]")).to_be_visible()
        await page.unroute(CONCERNED)

    await click_at(screen, "Dr Weber", 720)
    await looked_at()
    await screen.press("Escape")
    async with kept_back(page, CONCERNED):
        for key in ("r", "Enter"):
            await screen.press(key)
        await expect(screen.by_id("book-late-dialog")).to_be_hidden()
    await looked_at()
    async with kept_back(page, CONCERNED):
        await screen.by_id("book-late-agenda").select_option(label="Dr Klein")
        await screen.by_id("book-late-minutes").focus()
        await screen.press("Enter")
        await expect(screen.by_id("book-late-dialog")).to_be_hidden()
    await until("both were sent", lambda: len(said) == 2)
    assert [(each["tell"], each["until"]) for each in said] == [("now", "")] * 2
    assert said[0]["agenda"] != said[1]["agenda"]
    assert screen.complaints == []


async def test_the_doctor_says_it_in_two_taps_and_takes_it_back(browser: Browser, site: Site) -> None:
    await ready_to_book(browser, site)
    doctor = await signed_in(browser, site, cast.WEBER, width=390, height=844, lands="portal")
    await doctor.page.goto(f"{site.url}/portal/agenda")
    await doctor.page.locator("summary", has_text="J’ai du retard").click()
    await doctor.page.get_by_role("button", name="40 min").click()
    await expect(doctor.page.locator("#late")).to_contain_text("40")
    assert (site.rows(DELAYS), site.rows(NOTICES)) == ([(40,)], [])  # nobody is booked
    await looks_right(doctor, "portal-late", ("390",))
    await doctor.page.get_by_role("button", name="De nouveau à l’heure").click()
    await expect(doctor.page.locator("#late")).to_have_count(0)
    assert site.rows(DELAYS) == [(0,)]
