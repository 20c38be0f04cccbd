# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages about the people of the house, by keyboard and as they look: pools, training, invitation, place."""

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import LoginPage

KNOWN = """
from datetime import date
from permanence.calls.models import Familiarity
from permanence.clients import queries, training
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
from permanence.staff import membership, queries as staff
by, at = house_system(house="demo"), SystemClock().now()
first = staff.pools(house="demo")[0].id
membership.add_pool(name="Nuit et week-end", overflow=first, overflow_after_s=30, by=by, at=at)
people = {each.name: each.id for each in staff.secretaries(house="demo")}
for n, client in enumerate(queries.clients(house="demo")):
    training.train(client=client.id, secretary=people["Claire"], trained_date=date(2026, 3, 2 + n), by=by, at=at)
    Familiarity.objects.create(house_id=by.house_key, client_id=int(client.id), secretary_id=int(people["Claire"]),
        taken=3 + 40 * n, last_at=at)
    if n == 0:
        training.set_trained_only(client=client.id, seconds=20, by=by, at=at)
"""
LINK = """
from permanence.foundation import invitations
from permanence.foundation.models import Invitation
print(invitations.token_of(Invitation.objects.get(person__email="zoe@permanence.example")))
"""


async def signed_in(browser: Browser, site: Site, email: str, path: str, locale: str = "fr-FR") -> LoginPage:
    context = await browser.new_context(locale=locale, viewport={"width": 1366, "height": 768})
    login = LoginPage(await context.new_page(), site.url)
    await site.let_in(context, email)
    await login.open(path)
    await login.painted()
    return login


async def test_the_pages_of_pools_and_of_who_knows_whom(browser: Browser, site: Site) -> None:
    site.run(KNOWN)
    marc = await signed_in(browser, site, cast.MARC, "/backstage/staff/pool/")
    await expect(marc.page.locator("#result_list tbody tr")).to_have_count(2)
    await looks_right(marc, "pools", ("1366",))
    await marc.page.goto(f"{site.url}/backstage/staff/pool/1/change/")
    await looks_right(marc, "pool", ("1366",))
    await marc.page.goto(f"{site.url}/backstage/skills/")
    await expect(marc.page.locator(".skills tbody tr")).to_have_count(3)
    await looks_right(marc, "skills", ("1366", "390"))
    change = marc.page.locator(".skills tbody tr").nth(1).locator("a")
    await change.focus()
    await marc.press("Enter")
    await marc.page.wait_for_url("**/backstage/skills/*/")
    await looks_right(marc, "skills-client", ("1366", "390"))
    await marc.page.fill("#trained_only_s", "999")
    await marc.page.press("#trained_only_s", "Enter")
    await expect(marc.page.locator("[role=alert]")).to_contain_text("600")
    await marc.page.fill("#trained_only_s", "15")
    await marc.page.press("#trained_only_s", "Enter")
    await marc.page.wait_for_url("**/backstage/skills/")
    await expect(marc.page.locator(".skills tbody tr").nth(1)).to_contain_text("15 s")
    assert marc.complaints == []
    await marc.page.context.close()


async def test_a_person_is_invited_and_begins_by_keyboard(browser: Browser, site: Site) -> None:
    marc = await signed_in(browser, site, cast.MARC, "/backstage/foundation/person/add/")
    await looks_right(marc, "person-add", ("1366",))
    await marc.page.fill("#id_email", "zoe@permanence.example")
    await marc.page.check("#id_answers_calls")
    await marc.page.fill("#id_languages", "fr, en")
    await marc.page.press("#id_languages", "Enter")
    await marc.page.wait_for_url("**/backstage/foundation/person/")
    await marc.page.goto(f"{site.url}/backstage/foundation/person/?q=zoe")
    await marc.page.locator("#result_list tbody a").first.click()
    await expect(marc.page.locator("[formaction]")).to_have_count(2)
    await looks_right(marc, "person-invited", ("1366",))
    assert marc.complaints == []
    await marc.page.context.close()
    context = await browser.new_context(locale="fr-FR", viewport={"width": 1366, "height": 768})
    zoe = LoginPage(await context.new_page(), site.url)
    await zoe.open("/invitation/nothing")
    await looks_right(zoe, "join-no-good", ("1366", "390"))
    await zoe.open("/invitation/" + site.run(LINK))
    await looks_right(zoe, "join", ("1366", "390"))
    await zoe.page.fill("#name", "Zoé")
    await zoe.press("Tab")
    await zoe.page.keyboard.type("quatre mots bien longs")
    await zoe.press("Tab")
    await zoe.page.keyboard.type("quatre mots bien court")
    await zoe.press("Enter")
    await expect(zoe.fault).to_be_visible()
    await looks_right(zoe, "join-wrong", ("1366",))
    await zoe.page.fill("#password", "quatre mots bien longs")
    await zoe.page.fill("#again", "quatre mots bien longs")
    await zoe.page.press("#again", "Enter")
    await zoe.page.wait_for_url("**/console")
    assert zoe.complaints == []
    await context.close()


async def test_claire_tells_where_she_works(browser: Browser, site: Site) -> None:
    claire = await signed_in(browser, site, cast.CLAIRE, "/console")
    link = claire.page.locator("a[href='/console/place']")
    await expect(link).to_be_visible()
    await claire.shot("console-place-asked")
    await link.focus()
    await claire.press("Enter")
    await claire.page.wait_for_url("**/console/place")
    await looks_right(claire, "place", ("1366", "390"))
    await claire.page.fill("#address", "12 rue des Fleurs\n67000 Strasbourg")
    await claire.page.select_option("#country", "FR")
    await claire.page.press("#country", "Enter")
    await claire.page.locator(".btn--primary").click()
    await claire.page.wait_for_url("**/console")
    await expect(claire.page.locator(".checks")).to_contain_text("12 rue des Fleurs")
    await claire.shot("console-place-told")
    assert claire.complaints == []
    await claire.page.context.close()
