# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clients' pages as they look, by keyboard: no axe violation, nothing scrolls sideways."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import LoginPage

CLIENTS = """
from datetime import timedelta
from permanence.calls.models import Call
from permanence.clients.models import Client
from permanence.foundation.models import House
from permanence.kernel.system import SystemClock
house, at = House.objects.get(slug="demo"), SystemClock().now()
rows = Client.objects.bulk_create(
    Client(house=house, name=f"Cabinet {n:02d}", initials=f"C{n % 10}", colour=1 + n % 8, kind="practice",
           sector="health", country="LU", time_zone="Europe/Luxembourg", languages=["fr"], place="Esch-sur-Alzette",
           state=("prospect", "trial", "active", "suspended")[n % 4])
    for n in range(60)
)
for n, row in enumerate(rows[:20]):
    Call.objects.create(house=house, client=row, call=f"call-{n}", arrived_at=at - timedelta(hours=7 * n))
"""


async def test_the_list_is_searched_by_keyboard_and_read(browser: Browser, site: Site) -> None:
    site.run(CLIENTS)
    context = await browser.new_context(locale="fr-FR", reduced_motion="reduce")
    screen = LoginPage(await context.new_page(), site.url)
    await site.let_in(context, cast.MARC)
    await screen.open("/supervision/calls")
    await screen.page.locator("nav").get_by_role("link", name="Clients").click()
    await expect(screen.page.locator("tbody tr")).to_have_count(50)
    await looks_right(screen, "accounts", ("1366", "390"))
    await screen.page.locator("#q").fill("621 000 158")
    await screen.press("Enter")
    await expect(screen.page.locator("tbody tr")).to_have_count(1)
    await screen.page.get_by_role("link", name="Dr Weber").click()
    await expect(screen.page.locator("h1")).to_have_text("Dr Weber")
    await looks_right(screen, "account", ("1366", "390"))
    assert screen.complaints == []
    await context.close()


BAD = """name;kind;sector;lines;monday
Garage Roth;company;other;+352261234;8-12
Dr Weber;doctor;health;;
Notaire Faber;company;legal;+33 1 99 00 00 41;25-30
"""


async def test_a_file_is_checked_and_brought_in(browser: Browser, site: Site) -> None:
    context = await browser.new_context(locale="fr-FR", reduced_motion="reduce")
    screen = LoginPage(await context.new_page(), site.url)
    page = screen.page
    await site.let_in(context, cast.MARC)
    await screen.open("/backstage/accounts/transfers")
    await looks_right(screen, "transfer", ("1366", "390"))
    # Two faults, and of two new clients that no phrase is written for them; then the good line with that alone.
    for text, found in ((BAD, 4), (BAD.splitlines()[0] + "\n" + BAD.splitlines()[1], 1)):
        await page.set_input_files("#file", {"name": "x.csv", "mimeType": "text/csv", "buffer": text.encode()})
        await page.get_by_role("button", name="Vérifier").click()
        await expect(page.locator("tbody tr")).to_have_count(found)
        await looks_right(screen, f"transfer-{found}", ("1366", "390"))
    await page.locator("#import-now").focus()
    await screen.press("Enter")
    await expect(page.locator(".notice--info")).to_contain_text("Importé")
    assert site.rows("select state from clients_client where name = 'Garage Roth'") == [("prospect",)]
    assert screen.complaints == []
    await context.close()


async def test_a_contract_is_ended_and_its_numbers_rest(browser: Browser, site: Site) -> None:
    context = await browser.new_context(locale="de-DE", reduced_motion="reduce")
    screen = LoginPage(await context.new_page(), site.url)
    page = screen.page
    await site.let_in(context, cast.MARC)
    await screen.open("/backstage/accounts/")
    await page.get_by_role("link", name="Atlas").click()
    await looks_right(screen, "account-acts", ("1366", "390"))
    await page.locator("a[href$='/copy']").click()
    await looks_right(screen, "copy", ("1366", "390"))
    await page.go_back()
    await page.locator("a[href$='/end']").click()
    await page.locator("#id_meant").fill("Atlass")
    await screen.painted()
    await screen.press("Enter")
    await expect(page.locator("#id_meant-error")).to_be_visible()
    await looks_right(screen, "end", ("1366", "390"))
    await page.locator("#id_meant").fill("Atlas")
    await screen.press("Enter")
    await expect(page.locator(".notice--info")).to_contain_text("Atlas")
    await page.goto(f"{site.url}/backstage/accounts/quarantine")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await looks_right(screen, "quarantine", ("1366", "390"))
    assert site.rows("select state from clients_client where name = 'Atlas'") == [("ended",)]
    assert screen.complaints == []
    await context.close()
