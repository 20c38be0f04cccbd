# SPDX-License-Identifier: AGPL-3.0-or-later
"""A conflict refused and a gap told on the portal's pages; and what the client hears and links to.

In French and German, on a telephone and on a desk, in both themes.
"""

import pytest
from playwright.async_api import Browser, Page, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import PAINTED
from tests.screens.test_portal_approvals import language, signed_in

PHONE = ("390", "1366")
KNOWN = """
from datetime import timedelta
from permanence.clients import absences, announcement_operations, external_agendas, queries
from permanence.clients.models import Greeting
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
at, by = SystemClock().now(), who_is(Person.objects.select_related("house").get(email="marc@permanence.example"))
client = next(each for each in queries.clients(house=by.house) if each.name == "Cabinet Dupont").id
given = {"client": client, "by": by, "at": at}
one, two = [each.id for each in queries.recipients(house=by.house, client=client)][:2]
absences.announce_absence(**given, recipient=one, urgent_to=two, starts=at, ends=at + timedelta(days=3),
    words="Le Dr Dupont est en formation, retour lundi.", announced_by=by.person)
words = "Le cabinet est fermé. Pour une urgence, composez le 15."
shut = announcement_operations.add_announcement(**given, language="fr", text=words, audio=bytes(range(256)) * 200)
music = announcement_operations.add_announcement(**given, language="fr", text="Merci de patienter, une secrétaire "
    "va vous répondre.", audio=bytes(range(255, -1, -1)) * 100)
announcement_operations.add_announcement(**given, language="de", text="Frohe Weihnachten.", audio=bytes(8000))
greeting = Greeting.objects.filter(client=client, language="fr").order_by("pk")[0]
announcement_operations.set_uses(**given, announcement=shut, closing=True, unanswered=True, greetings=())
announcement_operations.set_uses(**given, announcement=music, closing=False, greetings=(str(greeting.pk),))
link = "https://www.doctolib.fr/cabinet-dupont"
external_agendas.put_agenda(**given, recipient="", product="Doctolib", link=link, remark="Code au portail : 1234B")
print(client)
"""


@pytest.fixture
def client(site: Site) -> str:
    """The id of a cabinet of which all this is known: somebody away, announcements heard, an agenda elsewhere."""
    return site.run(KNOWN)


async def check(page: Page) -> None:
    await page.evaluate(PAINTED)
    await page.locator("button[value=check]").first.press("Enter")
    await expect(page.locator("#shown")).to_be_visible()


@pytest.mark.parametrize("code", ["fr", "de"])
async def test_hours_that_contradict_themselves_are_refused_and_a_gap_is_told(
    browser: Browser, site: Site, code: str
) -> None:
    client, _recipients = site.client("Dr Weber")
    language(site, cast.WEBER, code)
    his = await signed_in(browser, site, cast.WEBER, f"/portal/line/{client}/hours")
    page = his.page
    await page.locator("#day_0").fill("20-6")
    await page.locator("#day_1").fill("5-12")
    await check(page)
    await expect(page.locator(".notice--danger")).to_be_in_viewport()
    await expect(page.locator("button[value=save]")).to_have_count(0)
    await looks_right(his, f"portal-hours-conflict-{code}", PHONE)
    for number in range(7):
        await page.locator(f"#day_{number}").fill("")
    await check(page)
    await expect(page.locator(".notice--warn")).to_be_visible()
    await expect(page.locator(".notice--danger")).to_have_count(0)
    await looks_right(his, f"portal-hours-gap-{code}", PHONE)
    await page.locator("button[value=save]").press("Enter")
    await page.wait_for_url("**saved=hours#t-page")
    assert his.complaints == []
    await page.context.close()


@pytest.mark.parametrize("code", ["fr", "de"])
async def test_a_replacement_who_goes_away_too_is_told_and_two_absences_at_once_are_refused(
    browser: Browser, site: Site, client: str, code: str
) -> None:
    language(site, cast.LEMAIRE, code)
    hers = await signed_in(browser, site, cast.LEMAIRE, f"/portal/line/{client}/absences/new")
    page, tomorrow = hers.page, {"fr": "demain", "de": "morgen"}[code]
    await page.locator("#words").fill("Le Dr Lemaire est souffrant.")
    await page.locator("#ends").fill(tomorrow)
    await check(page)
    await expect(page.locator(".notice--warn")).to_contain_text("Lemaire")
    await looks_right(hers, f"portal-absence-gap-{code}", PHONE)
    await page.locator("button[value=save]").press("Enter")
    await page.wait_for_url("**saved=absence#t-page")
    await page.goto(f"{site.url}/portal/line/{client}/absences/new")
    await hers.painted()
    await page.locator("#words").fill("Le Dr Lemaire est souffrant.")
    await page.locator("#ends").fill(tomorrow)
    await page.locator("button[value=check]").press("Enter")
    await expect(page.locator("#failed")).to_be_visible()
    await looks_right(hers, f"portal-absence-refused-{code}", PHONE)
    await page.goto(f"{site.url}/portal/line/{client}")
    await looks_right(hers, f"portal-line-away-{code}", PHONE)
    assert hers.complaints == []
    await page.context.close()


@pytest.mark.parametrize("code", ["fr", "de"])
async def test_the_client_hears_his_announcements_and_changes_his_external_agendas(
    browser: Browser, site: Site, client: str, code: str
) -> None:
    language(site, cast.DUPONT, code)
    his = await signed_in(browser, site, cast.DUPONT, f"/portal/line/{client}")
    page = his.page
    await page.locator("a[href$='/announcements']").press("Enter")
    await expect(page.locator("audio")).to_have_count(3)
    await looks_right(his, f"portal-announcements-{code}", PHONE)
    assert await page.evaluate(
        "async () => { const one = document.querySelector('audio'); one.muted = true; await one.play();"
        " return one.duration > 2; }"
    )
    await page.goto(f"{site.url}/portal/line/{client}/elsewhere")
    await looks_right(his, f"portal-elsewhere-{code}", PHONE)
    await page.locator("a[href$='/elsewhere/new']").press("Enter")
    await page.locator("#product").fill("Doctena")
    await page.locator("#link").fill("https://www.doctena.lu/lemaire")
    await page.locator("#recipient").select_option(index=2)
    await check(page)
    await expect(page.locator("#shown")).to_contain_text("www.doctena.lu")
    await looks_right(his, f"portal-elsewhere-one-{code}", PHONE)
    await page.locator("button[value=save]").press("Enter")
    await page.wait_for_url("**said=saved#t-page")
    await expect(page.locator(".entry")).to_have_count(2)
    assert his.complaints == []
    await page.context.close()


@pytest.mark.parametrize("code", ["fr", "de"])
async def test_every_phrase_and_what_is_said_at_any_moment(
    browser: Browser, site: Site, client: str, code: str
) -> None:
    language(site, cast.DUPONT, code)
    his = await signed_in(browser, site, cast.DUPONT, f"/portal/line/{client}")
    page = his.page
    await page.locator("a[href$='/phrases']").press("Enter")
    await page.locator("#at").fill("2027-06-06 03:00")
    await page.evaluate(PAINTED)
    await page.locator("#at").press("Enter")
    await expect(page.locator(".heard .say")).to_contain_text("15")
    await looks_right(his, f"portal-phrases-{code}", PHONE)
    await page.locator("a[href$='/phrases/new']").press("Enter")
    await page.locator("#text").fill("Cabinet Dupont et Lemaire, bon dimanche.")
    await page.locator("#day_type").select_option("sunday")
    await check(page)
    await looks_right(his, f"portal-phrase-new-{code}", PHONE)
    assert his.complaints == []
    await page.context.close()


@pytest.mark.parametrize("code", ["fr", "de"])
async def test_the_end_of_an_absence_that_waits_is_seen_in_its_context(
    browser: Browser, site: Site, client: str, code: str
) -> None:
    site.change(f"update clients_client set second_approval = 1 where id = {client}")  # noqa: S608 - a test's own
    language(site, cast.LEMAIRE, code)
    his = await signed_in(browser, site, cast.DUPONT, f"/portal/line/{client}")
    await his.page.locator("form[action$='/end'] button").first.press("Enter")
    await his.page.wait_for_url("**saved=back_waits#t-page")
    await looks_right(his, f"portal-back-waits-{code}", PHONE)
    hers = await signed_in(browser, site, cast.LEMAIRE, "/portal/approvals")
    await hers.page.locator("#t-others").locator("xpath=../..").get_by_role("link").first.press("Enter")
    await expect(hers.page.locator(".side")).to_have_count(2)
    await looks_right(hers, f"portal-approval-absence-{code}", PHONE)
    await hers.page.locator("form[action$='/approve'] button").press("Enter")
    await hers.page.wait_for_url("**said=approved#t-page")
    assert his.complaints == hers.complaints == []
    await his.page.context.close()
    await hers.page.context.close()
