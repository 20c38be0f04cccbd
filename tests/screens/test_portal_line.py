# SPDX-License-Identifier: AGPL-3.0-or-later
"""Dr Weber changes his own line on his telephone, by keyboard, and sees what will be said before he saves it."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import LoginPage

PHONE = ("390", "1366")


async def dr_weber(browser: Browser, site: Site) -> LoginPage:
    """His line's page, as wide as a telephone."""
    context = await browser.new_context(locale="fr-FR", viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    login = LoginPage(await context.new_page(), site.url)
    await site.let_in(context, cast.WEBER)
    await login.open("/portal/line")
    await login.page.wait_for_url("**/portal/line/*")
    return login


async def test_an_instruction_is_written_seen_as_she_will_see_it_and_saved(browser: Browser, site: Site) -> None:
    his = await dr_weber(browser, site)
    page = his.page
    await looks_right(his, "portal-line", PHONE)
    await page.locator("a[href$='/instructions/new']").click()
    await expect(page.locator("#text")).to_be_visible()
    await his.painted()
    await page.locator("#text").press_sequentially("Partie en visite jusqu’à 16 h. Urgences : Dr Klein.")
    await page.locator("#text").press("Tab")
    await page.locator("button[value=check]").press("Enter")
    await expect(page.locator("#shown + .rows .order--new")).to_contain_text("Dr Klein")
    await looks_right(his, "portal-instruction", PHONE)
    await page.locator("button[value=save]").press("Enter")
    await page.wait_for_url("**saved=instruction#t-page")
    await expect(page.locator("[role=status]")).to_contain_text("La consigne est enregistrée.")
    await expect(page.locator(".order", has_text="Partie en visite")).to_have_count(1)
    assert his.complaints == []
    await page.context.close()


async def test_hours_are_corrected_until_they_can_be_read(browser: Browser, site: Site) -> None:
    his = await dr_weber(browser, site)
    page = his.page
    await page.locator("a[href$='/hours']").click()
    await page.locator("#day_2").fill("8-12, 11-14")
    await page.locator("button[value=check]").click()
    await expect(page.locator("#day_2-error")).to_be_visible()
    await looks_right(his, "portal-hours-refused", PHONE)
    await page.locator("#day_2").fill("8-12")
    await page.locator("button[value=check]").click()
    await expect(page.locator(".day").first).to_be_visible()
    await looks_right(his, "portal-hours", PHONE)
    await page.locator("button[value=save]").click()
    await page.wait_for_url("**saved=hours#t-page")
    assert his.complaints == []
    await page.context.close()


async def test_the_phrase_is_heard_before_it_is_saved(browser: Browser, site: Site) -> None:
    his = await dr_weber(browser, site)
    page = his.page
    await page.locator("a[href$='/greeting/fr']").click()
    await page.locator("#text").fill("Cabinet du docteur Weber, {name} à votre écoute.")
    await page.locator("button[value=check]").click()
    await expect(page.locator("#shown .say")).not_to_contain_text("{name}")
    await expect(page.locator("#shown .say")).to_contain_text("à votre écoute")
    await looks_right(his, "portal-phrase", PHONE)
    await page.locator("button[value=save]").click()
    await page.wait_for_url("**saved=greeting#t-page")
    assert his.complaints == []
    await page.context.close()


async def test_he_goes_on_his_visits_and_is_back(browser: Browser, site: Site) -> None:
    his = await dr_weber(browser, site)
    page = his.page
    await page.locator("a[href$='/absences/new']").click()
    await page.locator("#ends").fill("demain")
    await page.locator("#words").fill("Le docteur Weber est en visite. Est-ce urgent, ou puis-je prendre un message ?")
    await his.painted()
    await page.locator("button[value=check]").press("Enter")
    await expect(page.locator("#shown .say")).to_contain_text("en visite")
    await looks_right(his, "portal-absence", PHONE)
    await page.locator("button[value=save]").press("Enter")
    await page.wait_for_url("**saved=absence#t-page")
    await expect(page.locator("#t-away + a")).to_be_visible()
    await his.painted()
    await looks_right(his, "portal-away", PHONE)
    await page.locator("form[action$='/end'] button").first.press("Enter")
    await page.wait_for_url("**saved=back#t-page")
    assert his.complaints == []
    await page.context.close()
