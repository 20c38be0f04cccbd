# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a client's script: begun from a template, tried while it is written, published."""

import json

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import LoginPage, Screen


async def owner_at(browser: Browser, site: Site, path: str) -> Screen:
    context = await browser.new_context(
        locale="fr-FR", viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    page = await context.new_page()
    login = LoginPage(page, site.url)
    await login.open()
    await login.sign_in(cast.MARC, cast.PASSWORD)
    await page.wait_for_url(lambda url: "/login" not in url)
    await page.goto(site.url + path)
    return Screen(page, site.url)


async def test_a_script_is_begun_tried_changed_and_published(browser: Browser, site: Site) -> None:
    client, _recipients = site.client("Dr Weber")
    owner = await owner_at(browser, site, f"/backstage/scripts/{client}/")
    page = owner.page
    await page.get_by_label("Partir d’un modèle").select_option("doctor")
    await page.get_by_role("button", name="Commencer").click()
    await expect(page.locator("#script-faults")).to_contain_text("Rien n’empêche de publier")
    await expect(page.locator("#script-preview")).to_contain_text("Vous appelez pour vous-même")
    await page.get_by_role("button", name="Le patient").click()
    await page.get_by_role("button", name="Ne va pas bien aujourd’hui").click()
    await page.locator("#script-preview input").fill("il a mal à la poitrine")
    await page.keyboard.press("Enter")
    await expect(page.locator("#script-preview .notice--alarm")).to_contain_text("composez le 112")
    await looks_right(owner, "backstage-script", ("1366", "1920"))
    text = await page.locator("#script-text").input_value()
    data = json.loads(text)
    data["routes"].pop()
    await page.locator("#script-text").fill(json.dumps(data, ensure_ascii=False))
    await expect(page.locator("#script-faults")).to_contain_text("Rien ne dit ce que devient l’appel")
    await page.locator("#script-text").fill("{")
    await expect(page.locator("#script-faults")).to_contain_text("ce n’est pas du JSON")
    await expect(page.locator("#script-preview")).to_contain_text("L’aperçu revient")
    await page.locator("#script-text").fill(text)
    await expect(page.locator("#script-faults")).to_contain_text("Rien n’empêche de publier")
    await page.locator("#script-form").get_by_role("button", name="Publier").click()
    await expect(page.locator(".messagelist")).to_contain_text("le prochain appel le suit")
    assert site.rows("select version from clients_script where published_at is not null") == [(1,)]
    await page.get_by_role("button", name="Le médecin a validé cette liste").click()
    await expect(page.locator(".messagelist")).to_contain_text("Les signes d’alerte sont en vigueur")
    await expect(page.get_by_role("button", name="Le médecin a validé cette liste")).to_have_count(0)
    await page.goto(f"{site.url}/backstage/scripts/?q=anticoagulants")
    await looks_right(owner, "backstage-scripts", ("1366",))
    assert owner.complaints == []
    await page.context.close()
