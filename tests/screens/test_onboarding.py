# SPDX-License-Identifier: AGPL-3.0-or-later
"""Marc sets a client up beside the client's telephone: by keyboard, and what arrives stands there without a reload."""

from typing import Any

from playwright.async_api import Browser, Page, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import PAINTED, LoginPage

LINE, PUBLIC, MOBILE = "+35220000909", "+35226000001", "+352621000147"
NEW_CLIENT = """
from permanence.clients import operations
from permanence.clients.rules import ClientKind, ClientState, Sector
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
by, at = who_is(Person.objects.get(email="%s")), SystemClock().now()
client = operations.open_client(name="Dr Klein", initials="DK", kind=ClientKind.PRACTITIONER, sector=Sector.HEALTH,
    country="LU", time_zone="Europe/Luxembourg", languages=("fr", "de"), by=by, at=at)
operations.set_state(client=client, state=ClientState.PROSPECT, by=by, at=at)
"""
ARRIVES = """
from permanence.clients.models import Client
from permanence.kernel.system import SystemClock
from permanence.switchboard.handlers import apply_engine_event
from permanence.telephony.events import CallArrived
apply_engine_event("e1", {sequence}, CallArrived(house="demo", at=SystemClock().now(), call="c{sequence}", trunk="x",
    client=str(Client.objects.get(name="Dr Klein").pk), called_line="{called}", caller="{caller}",
    forwarded_by="{forwarded_by}"))
"""


async def types(page: Page, label: str, text: str) -> None:
    """By keyboard, in the field of that name."""
    field = page.get_by_label(label, exact=True)
    await page.evaluate(PAINTED)
    await field.focus()
    await page.keyboard.press("Control+a")
    await page.keyboard.type(text)


async def chooses(page: Page, group: str, words: str) -> None:
    await page.get_by_role("group", name=group).get_by_label(words).check()


async def signed_in(browser: Browser, site: Site, **options: Any) -> LoginPage:
    context = await browser.new_context(locale="fr-FR", reduced_motion="reduce", **options)
    page = await context.new_page()
    login = LoginPage(page, site.url)
    await site.let_in(context, cast.MARC)
    await login.open("/backstage/onboarding/")
    return login


async def test_a_client_is_set_up_by_keyboard_and_the_call_is_seen_to_arrive(browser: Browser, site: Site) -> None:
    site.run(NEW_CLIENT % cast.MARC)
    login = await signed_in(browser, site, viewport={"width": 390, "height": 844})
    page = login.page
    await looks_right(login, "onboarding-clients", ("1366", "390"))
    await page.get_by_role("link", name="Dr Klein").press("Enter")
    done = page.locator(".onboarding__steps .is-done")
    await expect(done).to_have_count(0)
    await looks_right(login, "onboarding-new", ("1366", "390"))
    await types(page, "Numéro de la maison pour ce client", "20 00 09 09")
    await page.keyboard.press("Enter")
    await expect(done).to_have_count(1)
    await chooses(page, "Quels appels viennent chez nous", "tous les appels, jour et nuit")
    await chooses(page, "Son téléphone", "mobile")
    await types(page, "Numéro que ses appelants composent", "20 00 01 01")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("un numéro de la maison")
    await looks_right(login, "onboarding-mistake", ("390",))
    await types(page, "Numéro que ses appelants composent", "26 00 00 01")
    await page.keyboard.press("Enter")
    await expect(page.locator(".onboarding__keys")).to_have_text("**21*+35220000909#")
    await types(page, "Français", "Cabinet du docteur Klein, {name}, bonjour.")
    async with page.expect_navigation():  # the same fields stand on the page before and on the one after
        await page.keyboard.press("Enter")
    await types(page, "lundi", "8-12, 14h-18h30")
    await page.keyboard.press("Enter")
    await expect(done).to_have_count(4)
    await login.painted()
    await page.get_by_role("button", name="Guetter mon appel").press("Enter")
    first = page.locator("[data-test]")
    await expect(first).to_have_attribute("data-test", "run")
    await looks_right(login, "onboarding-waiting", ("1366", "390"))
    site.run(ARRIVES.format(sequence=1, called=LINE, caller=MOBILE, forwarded_by=PUBLIC))
    await expect(first).to_have_attribute("data-test", "good")
    await expect(done).to_have_count(6)
    await page.get_by_label("Le téléphone d’où vous appelez").fill("621 000 147")
    await page.get_by_role("button", name="Guetter mon appel").press("Enter")
    await expect(first).to_have_attribute("data-test", "run")
    site.run(ARRIVES.format(sequence=2, called=cast.WEBER_LINE, caller=MOBILE, forwarded_by=PUBLIC))
    await expect(first).to_have_attribute("data-test", "bad")
    await expect(first).to_contain_text("+352 20 00 01 01")
    await expect(done).to_have_count(4)
    await looks_right(login, "onboarding-wrong-line", ("1366", "390"))
    await page.locator("#codes").get_by_role("button", name="Copier").press("Enter")
    assert await page.evaluate("() => getSelection().toString()") == "**21*+35220000909#"
    assert login.complaints == []
    await page.context.close()
