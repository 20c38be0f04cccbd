# SPDX-License-Identifier: AGPL-3.0-or-later
"""On a telephone: two doctors stand for one number, and for the red flags; the directory is changed and taken back."""

import asyncio

from playwright.async_api import Browser, Locator, Page, Route, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import PAINTED, LoginPage, intercept

PHONE = ("390", "1366")


async def signed_in(browser: Browser, site: Site, email: str, path: str) -> LoginPage:
    """A page as wide as a telephone."""
    context = await browser.new_context(locale="fr-FR", viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    login = LoginPage(await context.new_page(), site.url)
    await site.let_in(context, email)
    await login.open(path)
    await login.page.evaluate(PAINTED)
    return login


def language(site: Site, email: str, code: str) -> None:
    site.change(f"update foundation_person set language = '{code}' where email = '{email}'")  # noqa: S608 - a test's own


async def publish_script(browser: Browser, site: Site, client: str) -> None:
    """The owner begins a script from a template and publishes it; nobody has validated its red flags."""
    owner = await signed_in(browser, site, cast.MARC, f"/backstage/scripts/{client}/")
    page = owner.page
    await page.set_viewport_size({"width": 1366, "height": 768})
    await page.get_by_label("Partir d’un modèle").select_option("doctor")
    await page.get_by_role("button", name="Commencer").click()
    await expect(page.locator("#script-faults")).to_contain_text("Rien n’empêche de publier")
    await page.locator("#script-form").get_by_role("button", name="Publier").click()
    await expect(page.locator(".messagelist")).to_contain_text("le prochain appel le suit")
    await page.context.close()


async def by_key(page: Page, what: str | Locator) -> None:
    """Enter on a link or a button, and the page to which it leads is there."""
    async with page.expect_navigation():
        await (page.locator(what) if isinstance(what, str) else what).press("Enter")
    await page.evaluate(PAINTED)


async def test_red_flags_and_a_number_hold_once_a_second_doctor_approved_them(browser: Browser, site: Site) -> None:
    client, _recipients = site.client("Cabinet Dupont")
    await publish_script(browser, site, client)
    site.change(f"update clients_client set second_approval = 1 where id = {client}")  # noqa: S608 - a test's own
    language(site, cast.LEMAIRE, "de")
    his = await signed_in(browser, site, cast.DUPONT, "/portal")
    page = his.page
    await looks_right(his, "portal-awaited", PHONE)
    await by_key(page, "a[href$='/red-flags']")
    await expect(page.locator("h3").first).to_be_visible()
    await looks_right(his, "portal-red-flags", PHONE)
    await page.locator("summary", has_text="Pas comme cela").press("Enter")
    await page.get_by_label("Ce qui doit changer").focus()
    await page.keyboard.type("Dites plutôt : appelez le 15, et restez en ligne.")
    await looks_right(his, "portal-red-flags-remark", PHONE)
    await by_key(page, page.get_by_role("button", name="Envoyer à la permanence"))
    await expect(page.locator(".notice--info")).to_contain_text("Votre remarque est chez la permanence")
    await expect(page.locator("main")).to_contain_text("appelez le 15, et restez en ligne")
    await by_key(page, "form[action$='/red-flags'] .btn--primary")
    await page.wait_for_url("**said=waits#t-page")
    await page.goto(f"{site.url}/portal/line/{client}/contacts/new")
    await page.locator("#name").fill("Garde de nuit")
    await page.locator("input[name=numbers]").first.fill("01 99 00 00 77")
    await page.locator("input[value=callers]").check()
    await by_key(page, "button[value=check]")
    await expect(page.locator("#shown")).to_contain_text("01 99 00 00 77")
    await looks_right(his, "portal-contact", PHONE)
    await by_key(page, "button[value=save]")
    await page.wait_for_url("**saved=waits#t-page")
    hers = await signed_in(browser, site, cast.LEMAIRE, "/portal/approvals")
    await expect(hers.page.locator(".portal__tabs .badge")).to_contain_text("2")
    await looks_right(hers, "portal-approvals-de", PHONE)
    others = hers.page.locator("#t-others").locator("xpath=../..").get_by_role("link").first
    await by_key(hers.page, others)
    await looks_right(hers, "portal-approval-flags-de", PHONE)
    await by_key(hers.page, "form[action$='/approve'] button")
    await hers.page.wait_for_url("**said=approved#t-page")
    await hers.page.goto(f"{site.url}/portal/approvals")
    await by_key(hers.page, others)
    await looks_right(hers, "portal-approval-contact-de", PHONE)
    await hers.page.locator("#cause").fill("Die Nummer ist falsch.")
    await by_key(hers.page, "form[action$='/refuse'] button")
    await hers.page.wait_for_url("**said=refused#t-page")
    assert site.rows("select doctor_name from clients_redflagvalidation") != []
    assert site.rows(f"select 1 from clients_contact where client_id = {client} and name = 'Garde de nuit'") == []  # noqa: S608
    await page.goto(f"{site.url}/portal/approvals")
    await page.get_by_role("link", name="Garde de nuit").click()
    await expect(page.locator(".card").first).to_contain_text("Die Nummer ist falsch.")
    assert his.complaints == hers.complaints == []
    await page.context.close()
    await hers.page.context.close()


async def test_the_directory_and_the_sites_are_changed_and_taken_back(browser: Browser, site: Site) -> None:
    his = await signed_in(browser, site, cast.WEBER, "/portal/line")
    page = his.page
    await by_key(page, "a[href$='/directory']")
    await looks_right(his, "portal-directory", PHONE)
    await by_key(page, "a[href$='/sites/new']")
    await page.locator("#name").fill("Kirchberg")
    await page.locator("#address").fill("2 rue Erasme")
    await page.locator("#lift").select_option("yes")
    await by_key(page, "button[value=check]")
    await expect(page.locator("#shown")).to_contain_text("2 rue Erasme")
    await looks_right(his, "portal-site", PHONE)
    await by_key(page, "button[value=save]")
    await page.wait_for_url("**saved=saved#t-page")
    await looks_right(his, "portal-directory-changed", PHONE)
    await by_key(page, page.locator("form[action*='/undo/'] button").first)
    await page.wait_for_url("**saved=undone#t-page")
    assert site.rows("select 1 from clients_site where name = 'Kirchberg'") == []
    assert his.complaints == []
    await page.context.close()


async def test_the_house_sees_what_waits_and_may_be_the_second_person(browser: Browser, site: Site) -> None:
    client, _recipients = site.client("Dr Weber")
    site.change(f"update clients_client set second_approval = 1 where id = {client}")  # noqa: S608 - a test's own
    his = await signed_in(browser, site, cast.WEBER, f"/portal/line/{client}/instructions/new")
    await his.page.locator("#text").fill("Urgences : Dr Klein, jour et nuit.")
    await his.page.locator("input[name=urgent]").check()
    await by_key(his.page, "button[value=check]")
    await looks_right(his, "portal-urgent-instruction", PHONE)
    await by_key(his.page, "button[value=save]")
    await his.page.wait_for_url("**saved=waits#t-page")
    await his.page.context.close()
    language(site, cast.MARC, "en")
    house = await signed_in(browser, site, cast.MARC, f"/backstage/accounts/{client}/")
    await house.page.set_viewport_size({"width": 1366, "height": 768})
    await looks_right(house, "accounts-card-waiting", ("1366",))
    await by_key(house.page, house.page.get_by_role("link", name="Urgent instruction"))
    await looks_right(house, "accounts-approval", ("1366",))
    await by_key(house.page, "button[value=approve]")
    await expect(house.page.locator("[role=status]")).to_contain_text("It is approved")
    assert site.rows("select count(*) from clients_instruction where text like 'Urgences : Dr Klein%'") == [(1,)]
    assert house.complaints == []
    await house.page.context.close()


async def told_late(page: Page, chosen: Locator, old: str, new: str) -> None:
    """The list is asked for again, as when the page is shown; `chosen` gets the focus before the answer comes.

    In the answer stands `new` instead of `old`.
    """
    asked, chose = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await chose.wait()
        await route.fulfill(response=answer, body=(await answer.text()).replace(old, new))

    await intercept(page, "**?part=list", late)
    async with page.expect_response("**?part=list"):
        await page.evaluate("() => { document.dispatchEvent(new Event('visibilitychange')); }")
        await asked.wait()
        await chosen.focus()
        chose.set()
    await page.unroute_all(behavior="wait")  # one that the house itself asked for may be on its way


async def test_a_list_told_afresh_leaves_the_key_where_it_is(browser: Browser, site: Site) -> None:
    client, _recipients = site.client("Dr Weber")
    site.change(f"update clients_client set second_approval = 1 where id = {client}")  # noqa: S608 - a test's own
    his = await signed_in(browser, site, cast.WEBER, f"/portal/line/{client}/instructions/new")
    page = his.page
    await page.locator("#text").fill("Urgences : Dr Klein, jour et nuit.")
    await page.locator("input[name=urgent]").check()
    await by_key(page, "button[value=check]")
    await by_key(page, "button[value=save]")
    async with page.expect_response("**?part=list"):  # once more as soon as the page hears the house
        await page.goto(f"{site.url}/portal/approvals")
    link = page.locator("#list a").first
    mine = await link.element_handle()
    await told_late(page, link, "", "")
    await expect(link).to_be_focused()
    await page.evaluate(PAINTED)
    assert mine is not None
    assert await mine.evaluate("(one) => one.isConnected")
    await page.evaluate("() => document.activeElement.blur()")
    await told_late(page, link, "</ul>", "<li>Deuxième garde</li></ul>")
    await expect(page.get_by_text("Deuxième garde")).to_be_visible()
    await expect(link).to_be_focused()
    assert his.complaints == []
    await page.context.close()
