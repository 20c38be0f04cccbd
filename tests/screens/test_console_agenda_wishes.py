# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rarer wishes of the search behind one key, "in three months" as it is said, and the grid at a day that is typed."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Route, expect

from tests.screens.agenda_desk import click_at, jeanne_tomorrow, ready_to_book, slot, waits_long
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import intercept

CONSENTS = "select way, given, by_name from callers_patientconsent order by id"
WITH_ADDRESS = """
from permanence.callers.models import Patient
Patient.objects.filter(first_name="Jeanne").update(mail="jeanne@patients.example")
"""

READ = """async (typed) => {
  const { readAhead } = await import("/static/console/ahead.js");
  return typed.map(([text, today]) => readAhead(text, today));
}"""
PARIS = ZoneInfo("Europe/Paris")
TODAY = "2026-11-30"
SAID = {
    "3 mois": "2027-02-28",
    "dans 3 mois": "2027-02-28",
    "in 3 months": "2027-02-28",
    "3 Monate": "2027-02-28",
    "+2 sem.": "2026-12-14",
    "2 wochen": "2026-12-14",
    "10 j": "2026-12-10",
    "10 tage": "2026-12-10",
    "1 an": "2027-11-30",
    "1 année": "2027-11-30",
    "12/3": "2027-03-12",
    "": "",
    "3 chats": None,
    "9999 mois": None,
    "mois": None,
    "0 j": TODAY,
}
FIRST = """([day, hour]) => {
  const all = [...document.querySelectorAll('#book-slots .slot')].map((one) => one.dataset);
  return all.length > 0 && all[0].day === day && all.every((one) => one.hour >= hour);
}"""
"""The times shown are those of both wishes; the day alone is asked for as soon as it is typed."""
ONLY = """(wanted) => {
  const all = [...document.querySelectorAll('#book-slots .slot')].map((one) => one.dataset.agenda);
  return all[0] === wanted[0] && new Set(all).size === wanted.length && all.every((one) => wanted.includes(one));
}"""
"""The times shown are of these agendas, the first one's first, and each has one."""


async def test_who_presses_a_figure_before_the_times_she_wished_for_are_there_has_one_of_those(
    browser: Browser, site: Site
) -> None:
    screen, _made = await ready_to_book(browser, site)
    await expect(slot(screen.page, 1)).to_be_visible()
    soon = await slot(screen.page, 1).get_attribute("data-day")
    asked, here = asyncio.Event(), asyncio.Event()
    await waits_long(screen.page)

    async def keep(route: Route) -> None:
        asked.set()
        await here.wait()
        await route.continue_()

    await intercept(screen.page, "**/fragments/agenda/slots?*", keep)
    held: list[str] = []
    screen.page.on("request", lambda asked: held.append(asked.post_data or "") if "/agenda/hold" in asked.url else None)
    await screen.press("p")
    await screen.type("3 mois")
    await screen.press("Enter")
    await screen.by_id("book-grid").focus()
    await screen.press("1")
    await screen.press("Enter")
    await asyncio.wait_for(asked.wait(), 20)
    await expect(slot(screen.page, 1)).to_have_attribute("data-day", soon or "")
    assert held == []
    here.set()
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne")
    ((starts,),) = site.rows("select date(starts_at) from agenda_appointment where state = 'booked'")
    (wanted,) = await screen.page.evaluate(READ, [["3 mois", datetime.now(PARIS).date().isoformat()]])
    assert (len(held), starts >= wanted) == (1, True)
    assert screen.complaints == []


async def test_in_three_months_after_five_not_on_saturday_by_keyboard(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    assert await screen.page.evaluate(READ, [[text, TODAY] for text in SAID]) == list(SAID.values())
    await expect(slot(screen.page, 1)).to_be_visible()
    (wanted,) = await screen.page.evaluate(READ, [["3 mois", datetime.now(PARIS).date().isoformat()]])
    await screen.by_id("book-grid").focus()
    await looks_right(screen, "agenda-wishes-closed", ("1366",))
    await screen.press("p")
    await expect(screen.by_id("book-from")).to_be_focused()
    await screen.type("bientôt")
    await screen.press("Enter")
    await expect(screen.by_id("book-more-error")).to_contain_text("3 mois")
    await screen.press("p")
    await screen.type("3 mois")
    await screen.press("Tab")
    await screen.type("17h")
    await screen.press("Enter")
    await expect(screen.by_id("book-more-said")).to_contain_text("après 17:00")
    await screen.page.wait_for_function(FIRST, arg=[wanted, "17:00"])
    await screen.by_id("book-out").locator("input[value='5']").check()
    await screen.by_id("book-out").locator("input[value='6']").check()
    await expect(screen.by_id("book-out").locator("input:checked")).to_have_count(2)
    first, last = [await screen.by_id("book-out").locator(f"input[value='{each}']").bounding_box() for each in (0, 6)]
    assert first
    assert last
    assert first["y"] == last["y"]  # the week stands in one line
    await expect(slot(screen.page, 1)).to_be_visible()
    await looks_right(screen, "agenda-wishes", ("1366", "625"))
    await screen.by_id("book-client").select_option(index=0)
    await expect(screen.by_id("book-from")).to_have_value("")
    assert screen.complaints == []


async def test_from_the_choice_of_the_practitioner_enter_n_and_a_figure_go_on_in_the_agenda(
    browser: Browser, site: Site
) -> None:
    made = agendas.make(site, many=1)
    screen = await jeanne_tomorrow(browser, site, made)
    mine = screen.page.locator("#book-slots .slot--mine")
    await screen.by_id("book-grid").focus()
    await screen.press("c")
    await screen.press("ArrowDown")
    await screen.press("Tab")
    await screen.press("ArrowDown")
    await expect(screen.by_id("book-else")).to_have_value("nobody")
    with_one = await screen.by_id("book-with").input_value()
    await screen.page.wait_for_function(ONLY, arg=[with_one])
    await screen.press("Enter")
    await expect(screen.by_id("book-grid")).to_be_focused()
    for key, place in (("n", 1), ("2", 2)):
        await screen.press("c")
        await screen.press("Tab")
        await screen.press("ArrowUp")
        await screen.press("ArrowDown")
        await expect(mine).to_have_count(0)
        await expect(screen.by_id("book-else")).to_have_value("nobody")
        await screen.press(key)
        await expect(mine).to_have_count(1)
        await expect(slot(screen.page, place)).to_contain_class("slot--mine")
        await expect(screen.by_id("book-else")).to_have_value("nobody")
    # A name is typed as ever, and its letters are not taken for keys.
    await screen.press("c")
    await screen.type("Praticien")
    await expect(screen.by_id("book-with").locator("option:checked")).to_have_text("Praticien 000")
    await expect(screen.by_id("book-with")).to_be_focused()
    assert screen.complaints == []


async def test_what_was_chosen_with_one_practitioner_is_not_booked_once_another_one_is_wished_for(
    browser: Browser, site: Site
) -> None:
    made = agendas.make(site, many=1)
    screen = await jeanne_tomorrow(browser, site, made)
    act = screen.by_id("book-act")
    await screen.by_id("book-with").select_option(made.weber)
    await screen.page.wait_for_function(
        "(id) => document.querySelector('#book-slots .slot')?.dataset.agenda === id", arg=made.weber
    )
    await screen.by_id("book-grid").focus()
    await screen.press("1")
    await expect(act).to_contain_text("Dr Weber")
    await screen.by_id("book-with").select_option(made.klein)
    await expect(act).to_be_disabled()
    # The cursor alone on a free time of who is not wished for any more is no choice either; of who is, it stays.
    await screen.by_id("book-with").select_option("")
    await click_at(screen, "Dr Weber", 840)
    await expect(act).to_contain_text("14:00, Dr Weber")
    await screen.by_id("book-with").select_option(made.weber)
    await expect(act).to_contain_text("14:00, Dr Weber")
    await screen.by_id("book-else").select_option("nobody")
    await expect(act).to_contain_text("14:00, Dr Weber")
    await screen.by_id("book-with").select_option(made.klein)
    await expect(act).to_be_disabled()
    assert screen.complaints == []


async def test_dr_weber_or_else_dr_klein_and_nobody_else_by_keyboard(browser: Browser, site: Site) -> None:
    made = agendas.make(site, many=1)
    screen = await jeanne_tomorrow(browser, site, made)
    await expect(screen.by_id("book-else-field")).to_be_hidden()
    await screen.by_id("book-grid").focus()
    await screen.press("c")
    await expect(screen.by_id("book-with")).to_be_focused()
    await screen.type("Dr K")
    await expect(screen.by_id("book-with")).to_have_value(made.klein)
    await screen.press("Tab")
    await expect(screen.by_id("book-else")).to_be_focused()
    assert await screen.by_id("book-else").locator("option").all_inner_texts() == [
        "N’importe qui", "Personne d’autre", "Dr Weber", "Praticien 000"
    ]  # fmt: skip
    await screen.type("Pers")
    await screen.page.wait_for_function(ONLY, arg=[made.klein])
    await screen.press("ArrowDown")
    await screen.page.wait_for_function(ONLY, arg=[made.klein, made.weber])
    await looks_right(screen, "agenda-or-else", ("1366", "625"))
    await screen.press("Escape")
    await screen.press("q")
    await expect(screen.by_id("wait-dialog").locator("input[name=agendas]:checked")).to_have_count(2)
    await screen.press("Escape")
    await screen.press("1")
    await screen.press("Enter")
    await expect(screen.by_id("toasts")).to_contain_text("HOFFMANN Jeanne")
    assert site.rows("select agenda_id from agenda_appointment where state = 'booked' order by id desc limit 1") == [
        (int(made.klein),)
    ]
    await screen.by_id("book-with").select_option(made.weber)
    await expect(screen.by_id("book-else")).to_have_value("")
    await screen.by_id("book-with").select_option("")
    await expect(screen.by_id("book-else-field")).to_be_hidden()
    assert screen.complaints == []


async def test_the_grid_goes_to_a_day_that_is_typed(browser: Browser, site: Site) -> None:
    screen, _made = await ready_to_book(browser, site)
    # The practice's day, which near midnight is another one than that of Greenwich.
    today = await screen.page.evaluate("new Date().toLocaleDateString('sv', { timeZone: 'Europe/Luxembourg' })")
    (wanted,) = await screen.page.evaluate(READ, [["2 sem", today]])
    await screen.by_id("book-grid").focus()
    await screen.press("g")
    await expect(screen.by_id("book-jump-day")).to_be_focused()
    await screen.type("hier ou demain")
    await screen.press("Enter")
    await expect(screen.by_id("book-jump-day")).to_have_attribute("aria-invalid", "true")
    await screen.by_id("book-jump-day").fill("2 sem")
    await looks_right(screen, "agenda-jump", ("1366",))
    await screen.by_id("book-jump-day").press("Enter")
    await expect(screen.page.locator(f"#book-frame [data-lane][data-day='{wanted}']")).not_to_have_count(0)
    await expect(screen.by_id("book-jump")).to_be_hidden()
    await screen.press("g")
    await screen.press("Escape")
    await expect(screen.by_id("book-jump")).to_be_hidden()
    assert screen.complaints == []


async def test_whether_he_may_be_written_to_is_asked_while_booking(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    site.run(WITH_ADDRESS)
    screen = await jeanne_tomorrow(browser, site, made)
    asked = screen.by_id("book-consent").locator("[data-consent=mail]")
    await expect(asked).to_contain_text("jeanne@patients.example")
    await screen.by_id("book-grid").focus()
    await looks_right(screen, "agenda-consent", ("1366",))
    await screen.press("Shift+E")
    await expect(asked.locator("[data-answer=no]")).to_have_attribute("aria-pressed", "true")
    await screen.press("e")
    await expect(asked.locator("[data-answer=yes]")).to_have_attribute("aria-pressed", "true")
    await expect(asked.locator("[data-answer=no]")).to_have_attribute("aria-pressed", "false")
    assert site.rows(CONSENTS) == [("mail", 0, "Claire"), ("mail", 1, "Claire")]
    assert screen.complaints == []


async def test_who_is_asked_for_first_is_said_to_be_first_on_each_day(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    order = screen.by_id("book-order")
    await expect(order).to_be_empty()
    await screen.by_id("book-with").select_option(made.weber)
    await expect(order).to_have_text("chaque jour Dr Weber d’abord")
    await screen.by_id("book-else").select_option("nobody")
    await expect(order).to_be_empty()
    await screen.by_id("book-else").select_option("")
    await expect(order).to_have_text("chaque jour Dr Weber d’abord")
    await screen.by_id("book-with").select_option("")
    await expect(order).to_be_empty()
    assert screen.complaints == []


async def test_the_reason_says_how_long_this_patient_takes(browser: Browser, site: Site) -> None:
    screen, made = await ready_to_book(browser, site)
    chosen, told = screen.by_id("book-reason").locator("option:checked"), screen.page.locator(".book__length")
    await screen.by_id("book-reason").select_option(made.review)
    await expect(told).to_have_text("Nouveau patient\u00a0: 30\u00a0min au lieu de 15")
    await expect(chosen).to_have_text("Bilan, 30\u00a0min")
    await screen.by_id("book-reason").select_option(made.consultation)
    await expect(told).to_have_count(0)
    await expect(chosen).to_have_text("Consultation, 20\u00a0min")
    await screen.by_id("book-reason").select_option(made.review)
    await expect(chosen).to_have_text("Bilan, 30\u00a0min")
    await screen.by_id("book-patient-other").click()
    await expect(told).to_have_count(0)
    await expect(chosen).to_have_text("Bilan, 15\u00a0min")
    assert screen.complaints == []
