# SPDX-License-Identifier: AGPL-3.0-or-later
"""In a script a birth date is typed as people say it, and a reason is asked once: the form and the script agree."""

import random
from datetime import date
from typing import Any

from playwright.async_api import Browser, expect

from permanence.callers.rules.birth import read_birth
from permanence.kernel.refusals import Refusal
from tests.screens.desk import on_a_call
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.pages import ConsolePage
from tests.screens.test_console_script import asks, with_script

TODAY = date(2026, 11, 27)
ZONES = {"Europe/Luxembourg": "LU", "Europe/Paris": "FR", "Europe/Dublin": "IE"}
MONTHS = ("mars", "März", "February", "févr.", "déc", "Jänner", "août", "Sept", "x", "Mai")
SHAPES = ("{d}.{m}.{y}", "{d}/{m}/{s}", "{d:02}{m:02}{s}", "{d:02}{m:02}{y}", "{y}{m:02}{d:02}", "{y}-{m}-{d}",
          "{d} {n} {y}", "{d}th {n} {s}", "{d}er {n}, {y}", "{n} {d} {y}", "{m}/{y}", "{y}", "{d}-{m} - {y}",
          " {d} {m} {y} ", "{d}{m}", "{d}..{m}..{y}", "{d}.{n}{y}", "né le {d}.{m}.{y}", "{y}/{d}/{m}")  # fmt: skip
READ = """async ({ cases, today }) => {
  const { readBirth } = await import("/static/console/births.js");
  return cases.map(([text, zone]) => readBirth(text, { today, zone }));
}"""


def by_the_house(text: str, zone: str) -> str:
    """What the house's own reader makes of it, where the day is whole."""
    try:
        found = read_birth(text, country=ZONES[zone], on=TODAY)
    except Refusal:
        return ""
    return found.iso if found.is_whole else ""


async def test_the_browser_reads_birth_dates_as_the_house_does(browser: Browser, site: Site) -> None:
    chance = random.Random(1961)
    cases = [
        ("29022024", "Europe/Paris"),
        ("290223", "Europe/Paris"),
        ("28/11/26", "Europe/Paris"),
        ("", "Europe/Paris"),
    ]
    for _ in range(6000):
        year = chance.choice(
            (1880, 1899, 1900, 1904, 1961, 1984, 1999, 2000, 2019, 2020, 2026, 2027, chance.randint(1, 9999))
        )
        parts = {"d": chance.randint(0, 32), "m": chance.randint(0, 13), "y": f"{year:04}", "s": f"{year % 100:02}"}
        text = chance.choice(SHAPES).format(n=chance.choice(MONTHS), **parts)
        cases.append((text, chance.choice(list(ZONES))))
    page = await (await browser.new_context()).new_page()
    await page.goto(f"{site.url}/login")
    found: list[Any] = await page.evaluate(READ, {"cases": cases, "today": TODAY.isoformat()})
    expected = [by_the_house(*case) for case in cases]
    assert [each for each in zip(cases, expected, found, strict=True) if each[1] != each[2]] == []
    assert sum(map(bool, expected)) > 1500
    await page.context.close()


async def test_a_birth_date_is_typed_and_what_is_none_is_told_with_an_example(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    card, _doctor = with_script(site)
    await on_a_call(console, exchange, card)
    await console.press("Alt+s")
    for key in ("1", "4"):
        await console.press(key)
    await asks(console, "Que dois-je noter")
    for _ in range(2):
        await console.press("Enter")
    await asks(console, "date de naissance")
    field = console.by_id("script-input")
    await expect(field).to_have_attribute("type", "text")
    await expect(field).to_have_attribute("placeholder", "par exemple 14/03/1961 ou 140361")
    await console.type("31.02.1984")
    await console.press("Enter")
    await expect(console.by_id("script-error")).to_contain_text("140361")
    await field.fill("3 März 84")
    await console.press("Enter")
    await asks(console, "À quel numéro")
    await expect(console.by_id("script-asked")).to_contain_text("03/03/1984")
    await console.page.get_by_role("button", name="03/03/1984").click()
    await expect(field).to_have_value("03/03/1984")  # as it was said, to be corrected


async def test_the_reason_is_asked_once_by_the_script_or_by_the_form(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    card, _doctor = with_script(site)
    await on_a_call(console, exchange, card)
    await console.press("Alt+s")
    await console.press("1")
    await asks(console, "C’est à quel sujet")
    await console.press("4")
    assert (await console.fields())["reason"] == "results"
    await console.choose("reason", "advice")  # what she chooses after it stands
    await console.press("Alt+s")
    await console.type("analyse de lundi")
    await console.press("Enter")
    assert (await console.fields())["reason"] == "advice"
    await console.choose("reason", "appointment")
    await console.page.get_by_role("button", name="Résultats").first.click()  # taken up: the form's reason is offered
    await expect(console.by_id("script-answer").locator("[aria-pressed=true]")).to_contain_text("Résultats")
    await console.press("2")
    assert (await console.fields())["reason"] == "appointment"


async def test_a_reason_chosen_in_the_form_first_is_confirmed_by_enter(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    card, _doctor = with_script(site)
    await on_a_call(console, exchange, card)
    await console.choose("reason", "appointment")
    await console.press("Alt+s")
    await console.press("1")
    await asks(console, "C’est à quel sujet")
    chosen = console.by_id("script-answer").locator("[aria-pressed=true]")
    await expect(chosen).to_contain_text("Rendez-vous")
    await expect(chosen).to_be_focused()
    await console.press("Enter")
    await asks(console, "déjà venu")
    assert (await console.fields())["reason"] == "appointment"
