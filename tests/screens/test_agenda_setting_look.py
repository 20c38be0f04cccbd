# SPDX-License-Identifier: AGPL-3.0-or-later
"""An owner sets an agenda: the pages as they look, and what a change brings before it is saved."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.test_staff_look import in_the_house, signed_in

AGENDAS = """
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
from permanence.project import demo_cast
from permanence.project.demo_agendas import add_agendas
add_agendas(by=who_is(Person.objects.select_related("house").get(email=demo_cast.CLAIRE)), at=SystemClock().now())
from permanence.agenda.models import Agenda
row = Agenda.objects.get(name="Dr Weber")
print(row.client_id, row.pk)
"""


async def test_an_owner_sets_an_agenda(browser: Browser, site: Site) -> None:
    client, agenda = in_the_house(site, AGENDAS).split()
    marc = await signed_in(browser, site, cast.MARC, f"/backstage/accounts/{client}/agendas")
    page = marc.page
    await expect(page.locator(".setting__week").first).to_be_visible()
    await looks_right(marc, "agendas", ("1366", "390"))
    await page.goto(f"{site.url}/backstage/accounts/{client}/agendas/{agenda}")
    await looks_right(marc, "agenda", ("1366",))
    await page.locator(".setting__day a").nth(2).click()
    await looks_right(marc, "agenda-opening", ("1366", "390"))
    await page.locator("#id_hours").fill("8-9")
    await page.locator("button[name=do][value=check]").click()
    await expect(page.locator("#effect")).to_be_visible()
    await looks_right(marc, "agenda-opening-effect", ("1366", "390"))
    await page.locator("button[name=do][value=save]").click()
    await expect(page.locator(".notice--info")).to_be_visible()
    await page.goto(f"{site.url}/backstage/accounts/{client}/agendas")
    await page.locator(".setting__list a").first.click()
    await looks_right(marc, "agenda-reason", ("1366", "390"))
    await page.locator("a[href$='/retire']").click()
    await looks_right(marc, "agenda-retire", ("1366",))
