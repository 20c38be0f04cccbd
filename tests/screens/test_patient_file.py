# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient's file by keyboard: added in one line, corrected."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.pages import LoginPage


async def test_a_patient_is_added_in_one_line_and_corrected_by_keyboard(browser: Browser, site: Site) -> None:
    context = await browser.new_context(locale="fr-FR", reduced_motion="reduce")
    screen = LoginPage(await context.new_page(), site.url)
    page = screen.page
    await site.let_in(context, cast.CLAIRE)
    await screen.open("/console/patients/find")
    await screen.painted()
    await page.locator("#client").select_option(label="Cabinet Dupont")
    await page.locator("#words").fill("150361 Quetsch Jeanne")
    await screen.press("Enter")
    await page.wait_for_url("**words=*")
    await screen.painted()
    await page.locator("h1").click()
    await screen.press("+")
    await expect(page.locator("h1")).to_have_text("QUETSCH Jeanne")
    await screen.painted()  # her name is there before the page hears keys
    await screen.press("e")
    await expect(page.locator("#f-birth_name")).to_be_focused()
    await page.locator("#f-birth_date").fill("14.03.1961")
    await screen.press("Control+Enter")
    await expect(page.locator(".notice--info")).to_contain_text("Le dossier est modifié.")
    await expect(page.locator(".file__about")).to_contain_text("14 mars 1961")
    assert screen.complaints == []
    await context.close()
