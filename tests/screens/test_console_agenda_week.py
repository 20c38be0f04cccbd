# SPDX-License-Identifier: AGPL-3.0-or-later
"""The week of one practitioner: of the client in hand, and what is said of it names him and the day."""

import re

from playwright.async_api import Browser, expect

from tests.screens.agenda_desk import beside, click_at, day_of, jeanne_tomorrow, tomorrow
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site

DUPONT = """
from permanence.agenda.operations import setting
from permanence.clients.models import Client, Recipient
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
by, at, client = house_system(house="demo"), SystemClock().now(), Client.objects.get(name="Cabinet Dupont")
whose = str(Recipient.objects.filter(client=client).first().pk)
setting.open_agenda(client=str(client.pk), recipient=whose, name="Dr Anne Dupont", by=by, at=at)
print(client.pk)
"""
GRID = "#book-frame .lane"
FAMILY = """() => [...document.querySelectorAll("#book-frame .lane .appt")].map((item) => {
  const name = item.querySelector(".appt__name");
  name.textContent = "ZELLMEISTER Apolline";
  const family = document.createRange();
  family.setStart(name.firstChild, 0);
  family.setEnd(name.firstChild, "ZELLMEISTER".length);
  return family.getBoundingClientRect().right <= name.getBoundingClientRect().right - 8;  // the dots are not on it
})"""


async def test_the_week_of_another_client_is_that_of_his_agenda(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    dupont = site.run(DUPONT).strip()
    screen = await beside(browser, site, query=f"?client={dupont}")
    await screen.by_id("book-grid").focus()
    await screen.press("w")
    await expect(screen.by_id("book-title")).to_contain_text("Dr Anne Dupont")
    await screen.by_id("book-client").select_option(made.client)
    await expect(screen.by_id("book-title")).to_contain_text("Dr Klein")
    await expect(screen.page.locator(f"{GRID}[data-agenda='{made.klein}']")).to_have_count(7)
    await screen.by_id("book-client").select_option(dupont)
    await expect(screen.by_id("book-title")).to_contain_text("Dr Anne Dupont")
    assert screen.complaints == []


async def test_in_a_week_on_a_small_screen_the_family_name_is_whole(browser: Browser, site: Site) -> None:
    made = agendas.make(site, 1)
    screen = await beside(browser, site, query=f"?client={made.client}")
    await tomorrow(screen)
    await expect(screen.page.locator(f"{GRID} .appt")).to_have_count(30)
    await screen.page.locator(f"{GRID} .appt").first.click()
    await screen.press("w")
    await expect(screen.page.locator("#book-frame .book__title[data-view='week']")).to_be_attached()
    await expect(screen.page.locator(f"{GRID} .appt").first).to_be_attached()
    seen: list[bool] = await screen.page.evaluate(FAMILY)
    assert seen
    assert all(seen)
    assert screen.complaints == []


async def test_what_is_done_in_the_week_names_the_practitioner_and_the_day(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    screen = await jeanne_tomorrow(browser, site, made)
    day = await day_of(screen)
    await click_at(screen, "Dr Weber", 540)
    await screen.press("w")
    here = f"{GRID}[data-day='{day.isoformat()}']"
    await expect(screen.page.locator(here)).to_have_count(1)
    await expect(screen.page.locator(here)).to_have_attribute("data-name", "Dr Weber")
    place, toast = screen.by_id("book-place"), screen.by_id("toasts")
    await expect(place).to_have_text(re.compile(rf"^09:00, Dr Weber, .*\s{day.day}"))
    await screen.press("Enter")
    await expect(toast).to_contain_text("09:00, Dr Weber")
    await expect(screen.page.locator(f"{here} .appt")).to_have_count(1)
    await expect(place).to_contain_text("Dr Weber, ")
    await screen.press("m")
    await screen.press("ArrowDown")
    await expect(screen.by_id("book-act")).to_contain_text("Dr Weber")
    await screen.press("Enter")
    await expect(toast).to_contain_text("HOFFMANN Jeanne déplacé")
    await expect(toast).to_contain_text(", Dr Weber. Personne ne l’en avertit par écrit\u00a0: dites-le-lui vous-même.")
    await screen.press("ArrowDown")
    await screen.press("ArrowDown")
    await screen.press("b")
    title = screen.by_id("book-busy-title")
    await expect(title).to_have_text(re.compile(rf"Dr Weber.*\s{day.day}"))
    await screen.by_id("book-busy-words").fill("Réunion")
    await screen.page.locator("#book-busy-form [type=submit]").click()
    await expect(screen.by_id("book-busy-dialog")).to_be_hidden()
    await expect(toast).to_contain_text("Réunion")
    assert screen.complaints == []


async def test_why_not_at_an_hour_is_not_said_over_another_day(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    screen = await jeanne_tomorrow(browser, site, made)
    refusal, head = screen.by_id("book-refusal"), "#book-frame .book__title"
    title = screen.by_id("book-title")
    await click_at(screen, "Dr Weber", 735)
    await expect(refusal).to_contain_text("12:15")
    await screen.press("w")
    await expect(screen.page.locator(f"{head}[data-view='week']")).to_be_attached()
    await expect(refusal).to_contain_text("12:15")  # the cursor is there still, and it is so
    week = await title.text_content()
    await screen.by_id("book-after").click()
    await expect(title).not_to_have_text(week or "")
    await expect(refusal).to_be_hidden()
    await screen.by_id("book-grid").focus()
    await screen.press("d")
    await expect(screen.page.locator(f"{head}[data-view='day']")).to_be_attached()
    await expect(refusal).to_be_hidden()
    assert screen.complaints == []


async def test_a_patient_is_looked_for_once_the_client_is_said(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    site.run(DUPONT)
    screen = await beside(browser, site)
    await expect(screen.by_id("book-client")).to_have_value("")
    await screen.by_id("book-grid").focus()
    await screen.press("/")
    await expect(screen.by_id("book-client")).to_be_focused()
    await expect(screen.by_id("book-error")).to_contain_text("Choisissez d’abord le client")
    await screen.by_id("book-client").select_option(made.client)
    await expect(screen.by_id("book-patient")).to_be_visible()
    await screen.by_id("book-grid").focus()
    await screen.press("/")
    await expect(screen.by_id("book-patient")).to_be_focused()
    assert screen.complaints == []
