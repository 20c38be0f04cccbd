# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a client's script: begun from a template, tried while it is written, published."""

import json
from typing import Any

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import Screen


async def owner_at(browser: Browser, site: Site, path: str) -> Screen:
    context = await browser.new_context(
        locale="fr-FR", viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    await site.let_in(context, cast.MARC)
    page = await context.new_page()
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
    await page.locator("#script-source summary").click()
    await expect(page.locator("#script-text")).to_be_visible()
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


async def test_a_script_is_changed_as_a_form_by_keyboard_and_the_text_follows(browser: Browser, site: Site) -> None:
    client, _recipients = site.client("Dr Weber")
    owner = await owner_at(browser, site, f"/backstage/scripts/{client}/")
    page = owner.page
    await page.get_by_role("button", name="Commencer").click()
    await expect(page.locator("#script-source")).not_to_have_attribute("open", "")

    async def script() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await page.locator("#script-text").input_value())
        return found

    before = await script()
    await page.get_by_role("button", name="Ajouter une question").click()
    await expect(page.locator("details[open] textarea").first).to_be_focused()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("Avez-vous une mutuelle ?")
    part = page.locator("details[open]").first
    await part.locator("label", has_text="Type de réponse").locator("select").select_option("choice")
    for _ in range(2):
        await part.get_by_role("button", name="Ajouter une réponse").click()
    await expect(page.locator("#script-faults")).to_contain_text("Rien n’empêche de publier")
    await part.get_by_role("button", name="Seulement si…").click()
    await part.locator(".outline__when label", has_text="Si").locator("select").select_option("reason")
    await part.get_by_label("Rendez-vous", exact=True).check()
    await page.get_by_role("button", name="Monter: Nouveau").click()
    await looks_right(owner, "backstage-outline", ("1366",))
    after = await script()
    assert len(after["questions"]) == len(before["questions"]) + 1
    new = after["questions"][-2]
    assert (new["ask"], new["kind"], len(new["choices"])) == ("Avez-vous une mutuelle ?", "choice", 2)
    assert new["when"] == [{"question": "reason", "one_of": ["unwell", "appointment"]}]
    await page.get_by_role("button", name="Retirer: Nouveau").click()
    assert [each["id"] for each in (await script())["questions"]] == [each["id"] for each in before["questions"]]
    await page.locator("summary", has_text="Résultats, ordonnance, papiers").click()
    await page.locator("details[open] label", has_text="Urgence").locator("select").select_option("urgent")
    await page.locator("#script-form").get_by_role("button", name="Publier").click()
    await expect(page.locator(".messagelist")).to_contain_text("le prochain appel le suit")
    assert (await script())["routes"][-1]["urgency"] == "urgent"
    assert owner.complaints == []
    await page.context.close()
