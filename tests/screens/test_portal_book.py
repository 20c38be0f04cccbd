# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor books on his telephone, from his day: the reason, who comes, a free time, and back."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.test_waiting_list import signed_in

STATES = "select state, door from agenda_appointment"


async def test_from_his_day_to_booked_and_back(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    doctor = await signed_in(browser, site, cast.WEBER, width=390, height=844, lands="portal")
    await doctor.page.goto(f"{site.url}/portal/agenda")
    await doctor.page.locator(".visits__head a").last.click()
    await doctor.page.get_by_role("link", name="Réserver").click()
    await doctor.page.locator("#book-reason").select_option(value=made.consultation)
    await doctor.page.locator("#book-q").fill("140361 hof")
    await doctor.page.locator("form[method=get] button").click()
    await expect(doctor.page.locator("#t-who")).to_be_visible()
    await looks_right(doctor, "portal-book-who", ("390",))
    await doctor.page.get_by_role("link", name="HOFFMANN Jeanne").click()
    await expect(doctor.page.locator("#book-person")).to_contain_text("HOFFMANN Jeanne")
    await looks_right(doctor, "portal-book-times", ("390", "1366"))
    await doctor.page.locator(".choice label").nth(3).click()
    await doctor.page.locator("form[method=post] .btn--primary").click()
    await expect(doctor.page.locator("#done")).to_contain_text("HOFFMANN Jeanne")
    assert site.rows(STATES) == [("booked", "portal")]
    await looks_right(doctor, "portal-book-done", ("390",))
    await doctor.page.locator("#done button").click()
    await expect(doctor.page.locator("#done")).to_have_count(0)
    assert [state for state, _door in site.rows(STATES)] == ["cancelled"]


async def test_what_is_booked_elsewhere_appears_in_his_open_day_and_nothing_he_types_is_lost(
    browser: Browser, site: Site
) -> None:
    made = agendas.make(site)
    his, other = [
        await signed_in(browser, site, cast.WEBER, width=390, height=844, lands="portal") for _number in range(2)
    ]
    for screen in (his, other):
        await screen.page.goto(f"{site.url}/portal/agenda")
        await screen.page.locator(".visits__head a").last.click()
    rows = his.page.locator("#list .visits__row")
    await expect(rows).to_have_count(0)
    await his.page.locator("#busy summary").click()
    await his.page.locator("#busy-words").fill("Réunion du cabinet")
    await other.page.get_by_role("link", name="Réserver").click()
    await other.page.locator("#book-reason").select_option(value=made.consultation)
    await other.page.locator("#book-q").fill("140361 hof")
    await other.page.locator("form[method=get] button").click()
    await other.page.get_by_role("link", name="HOFFMANN Jeanne").click()
    await other.page.locator(".choice label").nth(3).click()
    await other.page.locator("form[method=post] .btn--primary").click()
    await expect(other.page.locator("#done")).to_contain_text("HOFFMANN Jeanne")
    await expect(rows).to_contain_text("HOFFMANN Jeanne")
    await expect(his.page.locator("#busy-words")).to_have_value("Réunion du cabinet")
    await expect(his.page.locator("#busy-words")).to_be_focused()
    await other.page.locator("#done button").click()
    await expect(rows).to_have_count(0)
    await expect(his.page.locator("#busy-words")).to_have_value("Réunion du cabinet")
    assert his.complaints == other.complaints == []
