# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is shown once is copied by a button: the doctor's secret address and his telephone's password."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes import agendas
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.test_waiting_list import signed_in

COPIED = "() => navigator.clipboard.readText()"
CHOSEN = "() => { const at = document.activeElement; return at.value.slice(at.selectionStart, at.selectionEnd); }"
DENIED = "() => { navigator.clipboard.writeText = async () => { throw new DOMException('', 'NotAllowedError'); }; }"


async def test_the_address_and_the_password_are_copied_by_a_button(browser: Browser, site: Site) -> None:
    made = agendas.make(site)
    doctor = await signed_in(browser, site, cast.WEBER, width=390, height=844, lands="portal")
    page = doctor.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(f"{site.url}/portal/line/{made.client}/calendars")
    await page.locator("#device").fill("iPhone du cabinet")
    await page.get_by_role("button", name="Créer un mot de passe").click()
    password = await page.locator("#password").input_value()
    await page.get_by_role("button", name="Copier").click()
    await expect(page.get_by_role("button", name="Copié")).to_be_visible()
    assert len(password) >= 20
    assert await page.evaluate(COPIED) == password

    await page.locator("#label").fill("Ordinateur")
    await page.locator("[name=names]").last.check()
    await page.get_by_role("button", name="Créer une adresse").click()
    await expect(page.locator("#address")).to_be_visible()
    await page.evaluate(DENIED)
    await page.get_by_role("button", name="Copier").click()
    await expect(page.locator("#address")).to_be_focused()
    assert await page.evaluate(CHOSEN) == await page.locator("#address").input_value()
    await expect(page.get_by_role("button", name="Copié")).to_have_count(0)
    await looks_right(doctor, "portal-calendars", ("390", "1366"))
