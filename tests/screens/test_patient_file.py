# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient's file by keyboard: found or added in one line, corrected, merged; how it looks with much on it."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import LoginPage
from tests.screens.test_accounts_look import run_in_site

FULL = """
from datetime import timedelta
from permanence.callers import operations as callers
from permanence.callers.rules.form import PatientForm
from permanence.callers.rules.no_show import Rule
from permanence.clients.models import Client
from permanence.foundation import operations as foundation
from permanence.kernel.system import SystemClock
by, at = foundation.house_system(house="demo"), SystemClock().now()
client = str(Client.objects.get(name="Cabinet Dupont").pk)
def add(key, **fields):
    return callers.add_patient(client=client, patient=key * 20, form=PatientForm(**fields), by=by, at=at).id
one = add("a", birth_name="Lefèvre-Schneidermann-Van den Broucke", used_name="Quetschenberger", first_name="Jeanne-Élisabeth",
          birth_date="140361", sex="f", numbers=("+33612345678", "+33142345678"), mail="jeanne.quetschenberger@example.org",
          address="12, rue des Hallebardes, 67000 Strasbourg", notes="Entend mal : parler lentement.\\nVient avec sa fille.")
add("b", birth_name="Lefevre-Schneidermann-Van den Broucke", first_name="Jeanne-Élisabeth", birth_date="140361", mail="j@example.org")
add("c", used_name="Quetschenberger", first_name="Zoé", birth_date="020399", numbers=("+33612345678",))
callers.set_no_show_rule(client=client, rule=Rule(warn_from=1, deposit_from=1, deposit_note="20 € à l’arrivée"), by=by, at=at)
callers.count_no_show(client=client, patient=one, act="visit-1", by=by, at=at)
for given in (False, True):
    callers.note_consent(client=client, patient=one, way="sms", given=given, by=by, at=at)
callers.link(client=client, patient=one, kind="guardian", name="Maître Bon", number="01 42 34 56 78", may_speak=True, by=by, at=at)
"""  # noqa: E501 - a script, as long as it is


async def test_a_patient_is_added_in_one_line_and_corrected_by_keyboard(browser: Browser, site: Site) -> None:
    context = await browser.new_context(locale="fr-FR", reduced_motion="reduce")
    screen = LoginPage(await context.new_page(), site.url)
    page = screen.page
    await screen.open("/login?next=/console/patients/find")
    await screen.sign_in(cast.CLAIRE, cast.PASSWORD)
    await page.wait_for_url("**/console/patients/find")
    await page.locator("#client").select_option(label="Cabinet Dupont")
    await page.locator("#words").fill("150361 Quetsch Jeanne")
    await screen.press("Enter")
    await page.wait_for_url("**words=*")
    await page.locator("h1").click()
    await screen.press("+")
    await expect(page.locator("h1")).to_have_text("QUETSCH Jeanne")
    await screen.press("e")
    await expect(page.locator("#f-birth_name")).to_be_focused()
    await page.locator("#f-birth_date").fill("14.03.1961")
    await screen.press("Control+Enter")
    await expect(page.locator(".notice--info")).to_contain_text("Le dossier est modifié.")
    await expect(page.locator(".file__about")).to_contain_text("14 mars 1961")
    assert screen.complaints == []
    await context.close()


async def test_a_full_file_fits_and_two_are_merged(browser: Browser, site: Site) -> None:
    run_in_site(site, FULL)
    context = await browser.new_context(locale="fr-FR", reduced_motion="reduce")
    screen = LoginPage(await context.new_page(), site.url)
    page = screen.page
    await screen.open("/login?next=/console/patients/find")
    await screen.sign_in(cast.CLAIRE, cast.PASSWORD)
    await page.wait_for_url("**/console/patients/find")
    await page.locator("#client").select_option(label="Cabinet Dupont")
    await page.locator("#words").fill("140361 quet")
    await screen.press("Enter")
    await page.wait_for_url("**words=*")
    await looks_right(screen, "patient-find", ("1366", "390"))
    await page.locator("h1").click()
    await screen.press("1")
    await expect(page.locator("h1")).to_contain_text("QUETSCHENBERGER")
    await expect(page.locator(".notice--warn")).to_contain_text("20 € à l’arrivée")
    await looks_right(screen, "patient-file")
    await page.locator("section[aria-labelledby=t-twins] .btn").first.click()
    await page.wait_for_url("**/beside/*")
    await looks_right(screen, "patient-compare", ("1366", "390"))
    await page.get_by_role("button", name="garder ce dossier").first.click()
    await expect(page.locator(".notice--info")).to_contain_text("n’en font plus qu’un")
    await expect(page.locator("section[aria-labelledby=t-merges]")).to_contain_text("repris")
    await page.get_by_role("button", name="Ce sont deux personnes").click()
    await expect(page.locator("section[aria-labelledby=t-twins]")).to_be_visible()
    assert screen.complaints == []
    await context.close()
