# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a client's script: begun from a template, tried while it is written, published."""

import json
from typing import Any

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import Screen
from tests.screens.test_supervised_look import SUPERVISOR, VERA


async def owner_at(browser: Browser, site: Site, path: str, name: str = cast.MARC) -> Screen:
    context = await browser.new_context(
        locale="fr-FR", viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    await site.let_in(context, name)
    page = await context.new_page()
    await page.goto(site.url + path)
    screen = Screen(page, site.url)
    await screen.painted()
    return screen


async def test_a_script_is_begun_tried_changed_and_published(browser: Browser, site: Site) -> None:
    client, _recipients = site.client("Dr Weber")
    owner = await owner_at(browser, site, f"/backstage/scripts/{client}/")
    page = owner.page
    await page.get_by_label("Partir d’un modèle").select_option("doctor")
    await page.get_by_role("button", name="Commencer").click()
    await expect(page.locator("#script-faults")).to_contain_text("Rien n’empêche de publier")
    await expect(page.locator("#script-preview")).to_contain_text("Vous appelez pour vous-même")
    trial = page.locator("#script-preview")
    await trial.get_by_role("button", name="Le patient").click()
    await trial.get_by_role("button", name="Ne va pas bien aujourd’hui").click()
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
    await owner.painted()

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


async def press(screen: Screen, name: str) -> None:
    """By keyboard, whatever the order of the tabs."""
    button = screen.page.get_by_role("button", name=name, exact=True)
    await screen.painted()
    await button.focus()
    await screen.page.keyboard.press("Enter")


async def test_everything_of_a_script_is_done_by_form_and_keyboard_alone(browser: Browser, site: Site) -> None:
    client, _recipients = site.client("Dr Weber")
    owner = await owner_at(browser, site, f"/backstage/scripts/{client}/")
    page = owner.page
    await press(owner, "Commencer")
    faults, offer = page.locator("#script-faults"), page.locator("#script-offer")
    sound = "Rien n’empêche de publier"
    await expect(faults).to_contain_text(sound)
    await expect(page.locator("#script-text")).to_be_hidden()

    await press(owner, "Retirer: Rendez-vous à donner")
    await expect(offer).to_contain_text("Rendez-vous d’un patient connu")
    await expect(offer).to_contain_text("finit à : Rendez-vous à donner")
    await expect(offer).to_contain_text("finit à : Résultats, ordonnance, papiers")
    await expect(page.locator("[data-part='sample:0'] .badge")).to_have_text("finit autrement")
    await looks_right(owner, "backstage-script-offer", ("1366",))
    await press(owner, "Corriger les appels d’essai")
    await expect(faults).to_contain_text(sound)
    await expect(offer).to_be_hidden()

    await press(owner, "Retirer: Qui appelle")
    await expect(offer).to_contain_text("Ce qui dépend de ce changement")
    await press(owner, "Mettre tout cela en ordre")
    await expect(faults).to_contain_text(sound)

    flag = page.locator("[data-part='flag:0']")
    await flag.locator("summary").focus()
    await page.keyboard.press("Enter")
    words = flag.get_by_label("Entendu dans ces mots")
    await words.focus()
    await page.keyboard.press("Control+End")
    await page.keyboard.type("\nun poids ici")
    await flag.get_by_label("Alerte aussitôt").focus()
    await page.keyboard.press("Home")

    await press(owner, "Ajouter un appel d’essai")
    sample = page.locator("details[open][data-part^='sample:']")
    await expect(sample.locator("textarea").first).to_be_focused()
    await expect(sample.locator(".badge")).to_have_text("finit autrement")
    await sample.get_by_label("C’est à quel sujet").focus()
    await page.keyboard.type("Ne va pas bien")
    await sample.get_by_label("Que se passe-t-il").focus()
    await page.keyboard.type("j'ai un poids ici")
    await expect(sample.get_by_role("status")).to_contain_text("nulle part encore")
    await sample.get_by_label("Quel âge").focus()
    await page.keyboard.type("40")
    await expect(sample.get_by_label("Quel âge")).to_be_focused()
    await expect(sample.get_by_label("Quel âge")).to_have_value("40")
    await expect(offer).to_contain_text("Appel d’essai")
    await looks_right(owner, "backstage-script-sample", ("1366",))
    await page.locator("#script-offer button.btn--primary").focus()
    await page.keyboard.press("Enter")
    await expect(faults).to_contain_text(sound)
    await expect(sample.get_by_role("status")).to_contain_text("déclenche")

    title = page.get_by_label("Titre du script")
    await title.focus()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("Cabinet Weber")
    await press(owner, "Publier")
    await expect(page.locator(".messagelist")).to_contain_text("le prochain appel le suit")
    found = json.loads(await page.locator("#script-text").input_value())
    assert found["title"] == "Cabinet Weber"
    assert "un poids ici" in found["red_flags"][0]["words"]
    assert "alert" not in found["red_flags"][0]
    assert found["samples"][-1]["expect"]["red_flags"] == [found["red_flags"][0]["id"]]
    assert [each["id"] for each in found["questions"] if each["id"] == "caller"] == []
    assert owner.complaints == []
    await page.context.close()


async def test_a_supervisor_reads_the_form_and_neither_changes_it_nor_sees_json(browser: Browser, site: Site) -> None:
    client, _recipients = site.client("Dr Weber")
    path = f"/backstage/scripts/{client}/"
    owner = await owner_at(browser, site, path)
    await press(owner, "Commencer")
    await expect(owner.page.locator("#script-faults")).to_contain_text("Rien n’empêche de publier")
    await owner.page.context.close()
    site.run(SUPERVISOR)
    reader = await owner_at(browser, site, path, name=VERA)
    page = reader.page
    form = page.locator("#script-outline")
    await expect(form).to_contain_text("Quels sont vos nom et prénom")
    await expect(page.locator("#script-source")).to_be_hidden()
    await expect(form.locator("button")).to_have_count(0)
    flag = page.locator("[data-part='flag:0']")
    await flag.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(flag.get_by_label("Les mots à dire")).to_have_attribute("readonly", "")
    await looks_right(reader, "backstage-script-read", ("1366",))
    assert reader.complaints == []
    await page.context.close()
