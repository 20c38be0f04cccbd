# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who has read what, for the supervisor in a card shown again and for the client; a house that has no trunk yet."""

from playwright.async_api import Browser, expect

from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.test_instructions_look import WRITTEN, marc_at
from tests.screens.test_portal_line import dr_weber

NO_TRUNK = """
from permanence.switchboard.models import Trunk
Trunk.objects.all().delete()
"""


async def test_a_card_says_who_had_read_and_leads_back_to_the_list_as_it_was(browser: Browser, site: Site) -> None:
    site.run(WRITTEN)
    login = await marc_at(browser, site, "/supervision/calls")
    page = login.page
    await page.select_option("#client", label="Dr Weber")
    await page.locator(".calls__filters .btn--primary").first.click()
    await page.wait_for_url("**client=**")
    listed = page.url
    await page.locator(".calls__table tbody a").first.click()
    await page.wait_for_url("**/supervision/calls/c1?client=*")
    orders = page.locator(".replay .order--new")
    await expect(orders.nth(0)).to_contain_text("pas encore lue par Aoife")
    await expect(orders.nth(1)).to_contain_text("lue par Claire, ")
    await looks_right(login, "replay-read", ("1366", "390"))
    await page.get_by_role("link", name="Liste des appels").click()
    await page.wait_for_url("**/supervision/calls?client=*")
    assert set(page.url.partition("?")[2].split("&")) <= set(listed.partition("?")[2].split("&"))
    await expect(page.locator("#client option:checked")).to_have_text("Dr Weber")
    assert login.complaints == []
    await page.context.close()


async def test_the_doctor_sees_on_his_telephone_who_has_read_his_instruction(browser: Browser, site: Site) -> None:
    site.run(WRITTEN)
    screen = await dr_weber(browser, site)
    page = screen.page
    await looks_right(screen, "portal-read-shut", ("390",))
    await page.get_by_role("link", name="Qui l’a lue").first.click()
    read = page.locator(".order__read")
    await expect(read.locator("summary")).to_contain_text("Lue par 1 secrétaire sur ")
    await expect(read.locator("dl")).to_contain_text("Claire")
    await looks_right(screen, "portal-read", ("390", "1366"))
    await page.context.close()


async def test_a_new_trunk_is_three_fields_and_without_one_the_page_of_a_client_leads_there(
    browser: Browser, site: Site
) -> None:
    login = await marc_at(browser, site, "/backstage/switchboard/trunk/add/")
    page = login.page
    await expect(page.locator("#id_addresses")).to_be_visible()
    for name in ("secret", "ca_file", "client_certificate", "keep_alive_s"):
        await expect(page.locator(f"#id_{name}")).to_be_hidden()
    await looks_right(login, "trunk-new", ("1366", "390"))
    await page.get_by_text("Transport, chiffrement (TLS)").click()
    await expect(page.locator("#id_ca_file")).to_be_visible()
    site.run(NO_TRUNK)
    await page.goto(f"{site.url}/backstage/onboarding")
    await page.get_by_role("link", name="Dr Weber").click()
    await expect(page.get_by_role("link", name="Ajouter la ligne opérateur")).to_be_visible()
    await looks_right(login, "onboarding-no-trunk", ("1366", "390"))
    await page.get_by_role("link", name="Ajouter la ligne opérateur").click()
    await page.wait_for_url("**/switchboard/trunk/add/")
    assert login.complaints == []
    await page.context.close()
