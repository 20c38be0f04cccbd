# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public page of a practice of many on a telephone: all are seen within two screens, the rest is unfolded."""

from playwright.async_api import Browser, Locator, Page, expect

from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.test_public_booking import SIZES, phone

MANY = 8
TWO_SCREENS = 2 * 844
PRACTICE = f"""
from datetime import UTC, datetime
from permanence.agenda.operations import public_pages, reasons, setting
from permanence.agenda.rules import kinds
from permanence.clients import operations
from permanence.clients import queries as clients
from permanence.clients.rules import RecipientKind
from permanence.foundation.operations import house_system
by, at = house_system(house="demo"), datetime.now(UTC)
client = next(each for each in clients.clients(house="demo") if each.name == "Dr Weber").id
def add(name, minutes):
    wanted = kinds.VisitReason(id="", client=client, name=name, minutes=minutes)
    return reasons.set_reason(client=client, reason=wanted, by=by, at=at).id
offered = tuple(add(*each) for each in (("Consultation de suivi", 20), ("Vaccination", 10), ("Certificat", 10),
                                        ("Électrocardiogramme", 30), ("Petite chirurgie", 40)))
for number in range({MANY}):
    name = f"Dr Kremer-Hoffmann {{number}}"
    person = {{"kind": RecipientKind.PRACTITIONER, "name": name, "email": ""}}
    recipient = operations.add_recipient(client=client, by=by, at=at, **person)
    agenda = setting.open_agenda(client=client, recipient=recipient, name=name, by=by, at=at).id
    week = [kinds.Opening(id="", agenda=agenda, weekday=day, opens=opens, until=until, on_holidays=True)
            for day in range(7) for opens, until in (("08:00", "12:00"), ("14:00", "18:00"))]
    setting.set_openings(agenda=agenda, openings=week, by=by, at=at)
    public_pages.set_page(client=client, agenda=agenda, slug=f"kremer-{{number}}", active=True, reasons=offered, by=by,
                          at=at)
public_pages.set_page(client=client, agenda="", slug="practice", active=True, by=by, at=at, phone="27 00 00 10")
"""


async def bottom(seen: Locator) -> float:
    """Where on the page something ends, in pixels from its top."""
    found: float = await seen.evaluate("(each) => each.getBoundingClientRect().bottom + window.scrollY")
    return found


async def on_its_page(page: Page, site: Site) -> None:
    await page.goto(f"{site.url}/rdv/practice/")
    await expect(page.locator(".fold")).to_have_count(MANY)


async def test_all_practitioners_and_a_week_are_seen_within_two_screens(browser: Browser, site: Site) -> None:
    site.run(PRACTICE)
    his = await phone(browser, site, script=True)  # axe is a script of its own
    page = his.page
    await on_its_page(page, site)
    assert await bottom(page.locator(".fold summary").last) < TWO_SCREENS
    await looks_right(his, "practice-reason", SIZES)
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.locator("[name=for][value^=any-]").first.check()
    await page.locator("[name=new][value='0']").check()
    await page.get_by_role("button", name="Voir les horaires").click()
    await page.get_by_role("link", name="Semaine suivante").click()
    days = page.locator("fieldset.dayslots")
    await expect(days).to_have_count(7)
    assert await bottom(days.nth(4)) < TWO_SCREENS
    await looks_right(his, "practice-times", SIZES)
    await page.locator(".moretimes > summary").first.click()
    await looks_right(his, "practice-unfolded", SIZES)
    assert his.complaints == []


async def test_what_is_folded_is_reached_by_the_keyboard_alone_without_javascript(browser: Browser, site: Site) -> None:
    site.run(PRACTICE)
    his = await phone(browser, site, script=False)
    page = his.page
    await on_its_page(page, site)
    await page.screenshot()  # where scripts are off nothing else tells that the page is seen, and its keys are heard
    last = page.locator(".fold").last
    await last.locator("summary").focus()
    await his.press("Enter")
    await his.press("Tab")
    await his.press("Space")
    await expect(last.locator("input:checked")).to_have_count(1)
    await his.press("Tab")
    await his.press("Space")  # he has been here before
    await his.press("Tab")
    await his.press("Enter")
    await expect(page.locator("h1")).to_have_text("Choisissez une heure")
    await page.get_by_role("link", name="Semaine suivante").click()
    day = page.locator("fieldset.dayslots").first
    summary = day.get_by_text("autres horaires")
    await expect(day.get_by_label("17 h 40")).to_be_hidden()
    await page.screenshot()
    await summary.focus()
    await his.press("Enter")
    await day.get_by_label("17 h 40").focus()
    await his.press("Space")
    await page.get_by_role("button", name="Continuer").click()
    await expect(page.locator("h1")).to_have_text("Vos coordonnées")
    assert his.complaints == []
