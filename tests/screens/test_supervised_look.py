# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a supervisor reads of a client, and the instruction she writes: how it looks, by keyboard, without an axe
violation."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import LoginPage

VERA = "vera@permanence.example"
SUPERVISOR = f"""
from permanence.foundation import operations
from permanence.foundation.models import House
from permanence.foundation.rules import Role
from permanence.foundation.who import system_of
from permanence.kernel.system import SystemClock
system, at = system_of(House.objects.get(slug="demo")), SystemClock().now()
operations.add_person(email="{VERA}", name="Vera", language="fr", roles=frozenset({{Role.SUPERVISOR}}),
    password="{cast.PASSWORD}", by=system, at=at)
"""


async def test_a_supervisor_reads_a_client_and_writes_an_instruction(browser: Browser, site: Site) -> None:
    site.run(SUPERVISOR)
    context = await browser.new_context(locale="fr-FR", reduced_motion="reduce")
    screen = LoginPage(await context.new_page(), site.url)
    page = screen.page
    await site.let_in(context, VERA)
    await screen.open("/supervision/calls")
    client, _recipients = site.client("Dr Weber")
    pages = {
        "client": f"/backstage/clients/client/{client}/change/",
        "messages": f"/backstage/clients/client/{client}/change/?part=messages",
        "days": f"/backstage/clients/client/{client}/change/?part=days",
        "said": f"/backstage/clients/client/{client}/said/",
        "script": f"/backstage/scripts/{client}/",
        "uses": f"/backstage/accounts/{client}/people",
        "card": f"/backstage/accounts/{client}/",
        "list": "/backstage/accounts/",
        "persons": "/backstage/foundation/person/",
    }
    for name, path in pages.items():
        await page.goto(f"{site.url}{path}")
        await looks_right(screen, f"supervisor-{name}", ("1366",))
    for name in ("client", "messages"):
        await page.goto(f"{site.url}{pages[name]}")
        fields = page.locator("#client_form :is(input:not([type=hidden]), select, textarea)")
        for number in range(await fields.count()):
            await expect(fields.nth(number)).to_be_disabled()
    await page.goto(f"{site.url}/backstage/clients/instruction/add/?client={client}")
    await page.locator("#id_text").fill("Demander la date de naissance.")
    await looks_right(screen, "supervisor-instruction", ("1366",))
    await page.locator("#id_text").press("Tab")
    await page.locator("input[name=_check]").press("Enter")
    await expect(page.locator("#card-title")).to_be_visible()
    await looks_right(screen, "supervisor-instruction-looked-at", ("1366",))
    await page.locator("input[name=_save]").press("Enter")
    await page.wait_for_url("**/backstage/clients/instruction/")
    await expect(page.locator("#result_list")).to_contain_text("Demander la date de naissance.")
    assert screen.complaints == []
    await context.close()
