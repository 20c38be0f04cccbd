# SPDX-License-Identifier: AGPL-3.0-or-later
"""The script beside the form: the browser's runner decides as Python's does, and a call is led by keyboard alone."""

import dataclasses
import json
import random
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from permanence.clients.rules.script import Script, plain
from permanence.clients.rules.script_run import progress
from permanence.clients.rules.script_templates import TEMPLATES, Beginning, template
from tests.rules.clients.scripts import TODAY
from tests.screens.desk import on_a_call
from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "script_cases.json").read_text(encoding="utf-8"))
RECIPIENTS = (("1", "practitioner"), ("2", "practitioner"), ("3", "practice"), ("4", "desk"))
ODD = (*" 9ẞ\u00a0", "", "1,5", "0", "39", "ça saigne beaucoup", "Atemnot", "chest pain", "2026-02-30", "+33 1 23")
RUN = """async ({ scripts, cases }) => {
  const { progress, readScript } = await import("/static/console/script.js");
  return cases.map((one) => progress(readScript(JSON.stringify(scripts[one.script])), one.answers, one));
}"""


async def in_browser(browser: Browser, site: Site, scripts: dict[str, Any], cases: list[dict[str, Any]]) -> list[Any]:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{site.url}/login")
    found: list[Any] = await page.evaluate(RUN, {"scripts": scripts, "cases": cases})
    await context.close()
    return found


async def test_the_browsers_runner_comes_to_what_every_case_says(browser: Browser, site: Site) -> None:
    cases = VECTORS["cases"]
    found = await in_browser(browser, site, VECTORS["scripts"], cases)
    assert len(found) == len(cases) > 100
    assert [(case, come) for case, come in zip(cases, found, strict=True) if come != case["expect"]] == []


def drawn_answers(script: Script, chance: random.Random) -> dict[str, str]:
    """Answers as they may come: some right, some odd, some none."""
    answers = {}
    for question in script.questions:
        fitting = [*(each.code for each in question.choices), "yes", "no", "3", "+352 621 000 147", "1984-03-12", "2"]
        if chance.random() < 0.85:
            answers[question.id] = chance.choice(fitting if chance.random() < 0.8 else ODD)
    return answers


async def test_both_runners_agree_on_answers_drawn_at_random(browser: Browser, site: Site) -> None:
    chance = random.Random(20261127)
    scripts, cases, expected = {}, [], []
    for code in TEMPLATES:
        for language in ("fr", "en", "de"):
            script = template(code, Beginning(language=language, country="FR", recipients=RECIPIENTS, on=TODAY))
            key = f"{code}-{language}"
            scripts[key] = plain(script)
            for _ in range(60):
                about = {
                    "heard": chance.choice(ODD),
                    "read": [each.id for each in script.questions if chance.random() < 0.2],
                    "recipients": ["1", "2"],
                }
                answers = drawn_answers(script, chance)
                cases.append({"script": key, "answers": answers, **about})
                expected.append(json.loads(json.dumps(dataclasses.asdict(progress(script, answers, **about)))))
    found = await in_browser(browser, site, scripts, cases)
    assert [pair for pair in zip(cases, expected, found, strict=True) if pair[1] != pair[2]] == []
    assert len({each["route"] for each in expected}) > 20


def with_script(site: Site, code: str = "doctor", *, flags: bool = True) -> tuple[dict[str, Any], str]:
    """Dr Weber's card with a script, as the exchange sends it; and the id of the doctor."""
    client, recipients = site.client("Dr Weber")
    own = [(key, "practitioner" if "Weber" in name else "practice") for key, name in recipients]
    script = template(code, Beginning(language="fr", country="LU", recipients=own, on=TODAY))
    shown = dataclasses.replace(script, samples=(), red_flags=script.red_flags if flags else ())
    entry = {"version": 4, "text": json.dumps(plain(shown)), "validated_date": "2026-11-20" if flags else ""}
    return {**cards.weber(client, recipients), "script": entry}, next(
        key for key, kind in own if kind == "practitioner"
    )


async def asks(console: ConsolePage, words: str) -> None:
    await expect(console.by_id("script-ask")).to_contain_text(words)


async def lead_an_appointment(console: ConsolePage) -> None:
    """From the first question to the end, by keyboard alone."""
    await asks(console, "Vous appelez pour vous-même")
    await console.press("Alt+s")
    await console.press("1")
    await asks(console, "C’est à quel sujet")
    await console.press("2")
    await asks(console, "déjà venu")
    await console.press("1")
    await console.type("mardi matin")
    await console.press("Enter")
    await asks(console, "vos nom et prénom")
    await expect(console.by_id("script-input")).to_have_value("Jeanne Hoffmann")  # as the line shows it: Enter confirms
    await console.press("Enter")
    await asks(console, "date de naissance")
    await console.type("12.3.84")
    await console.press("Enter")
    await asks(console, "À quel numéro")
    await console.press("Enter")
    await expect(console.by_id("script-hint")).to_contain_text("Relisez-le")
    await console.press("Enter")
    await expect(console.by_id("script-route")).to_have_text("Rendez-vous à donner")


async def test_figures_are_heard_and_shown_by_the_part_she_is_in_alone(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, with_script(site)[0])
    await asks(console, "Vous appelez pour vous-même")
    script, reasons = (console.page.locator(f"{at} kbd").first for at in ("#script-answer", "#reasons"))
    await console.press("Alt+s")
    await expect(script).to_be_visible()
    await expect(reasons).to_be_hidden()
    last = await console.page.locator("#reasons kbd").count()
    assert last > await console.page.locator("#script-answer kbd").count()
    await console.press(str(last))
    await asks(console, "Vous appelez pour vous-même")
    assert (await console.fields())["reason"] == ""
    await looks_right(console, "script-figures", ("1366",))
    await console.by_id("outcomes").locator("input").first.focus()
    await expect(reasons).to_be_visible()
    await expect(script).to_be_hidden()
    await console.press(str(last))
    await expect(console.page.locator("#reasons input").last).to_be_checked()
    await asks(console, "Vous appelez pour vous-même")


async def opened_text(console: ConsolePage) -> Locator:
    row = console.messages("view-idle")
    await expect(row).to_have_count(1)
    await row.locator("[data-open]").click()
    return row.locator(".opened__text")


async def test_a_call_is_led_by_keyboard_and_its_answers_are_in_the_message(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    card, _doctor = with_script(site)
    await on_a_call(console, exchange, card)
    await lead_an_appointment(console)
    found = await console.fields()
    assert (found["outcome"], found["readBack"], found["urgency"]) == ("message", True, "today")
    await looks_right(console, "script-end", ("1366", "390", "625"))
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("en route vers Dr Weber")
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    await console.shows("idle")
    text = await opened_text(console)
    for line in ("Motif\u00a0: Rendez-vous", "Disponibilités\u00a0: mardi matin", "Né(e) le\u00a0: 12/03/1984"):
        await expect(text).to_contain_text(line)
    await expect(text).not_to_contain_text("À rappeler au")  # it stands in the message's own field


@pytest.mark.parametrize("answered", [False, True])
async def test_the_script_of_a_saved_message_says_that_it_is_done_and_keeps_what_was_answered(
    console: ConsolePage, exchange: FakeExchange, site: Site, answered: bool
) -> None:
    card, doctor = with_script(site)
    await on_a_call(console, exchange, card)
    await asks(console, "Vous appelez pour vous-même")
    await expect(console.by_id("script-done")).to_be_hidden()
    if answered:
        await console.press("Alt+s")
        await console.press("1")
        await asks(console, "C’est à quel sujet")
    await console.choose("recipient", doctor)
    await console.write("Rappeler ce soir.")
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("en route vers Dr Weber")
    for presence in ("call", "wrap"):
        await console.presence_is(presence)
        await expect(console.by_id("script-done")).to_have_text("Message enregistré\u00a0: le script est terminé.")
        await expect(console.by_id("script-form")).to_be_hidden()
        await expect(console.page.locator("#script-asked .script__row")).to_have_count(int(answered))
        assert await console.page.locator("#side-script button:visible").count() == 0, "read only"
        if presence == "call":
            await console.press("F9")
    await looks_right(console, f"script-done-{answered}", ("1366",))
    await console.press("F2")
    await console.shows("idle")


async def test_the_answers_survive_a_reload_and_the_site_may_be_away(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    card, _doctor = with_script(site)
    await on_a_call(console, exchange, card)
    await site.kill()
    await console.press("Alt+s")
    await console.press("1")
    await asks(console, "C’est à quel sujet")
    await console.press("5")
    await asks(console, "Quel est le médicament")
    await console.type("Marcoumar")
    await console.press("Enter")
    await asks(console, "vos nom et prénom")
    await site.start()
    await console.reload()
    await exchange.command("hello")
    await console.shows("desk")
    await asks(console, "vos nom et prénom")
    await expect(console.by_id("script-asked")).to_contain_text("Marcoumar")


async def test_a_red_flag_is_above_the_form_takes_no_focus_and_tells_the_doctor(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    card, doctor = with_script(site)
    await on_a_call(console, exchange, card)
    await console.by_id("text").focus()
    await console.type("Il a mal à la poitrine")
    flag = console.page.locator(".red-flag")
    await expect(flag).to_have_count(1)
    await expect(flag).to_contain_text("Raccrochez et composez le 112")
    await expect(flag).to_contain_text("Validé par le médecin le 20 novembre 2026")
    await expect(console.by_id("text")).to_be_focused()
    await expect(console.by_id("text")).to_be_in_viewport()  # what came above it took no sight of what she writes
    found = await console.fields()
    assert (found["urgency"], found["recipient"] or doctor) == ("urgent", doctor)
    await looks_right(console, "red-flag", ("1366", "390", "625"))
    await console.press("Shift+F2")
    await expect(flag).to_contain_text("Pourquoi est-ce une fausse alerte")
    await looks_right(console, "red-flag-why", ("1366", "390", "625"))
    await console.press("4")
    await expect(flag).to_have_count(0)
    await expect(console.by_id("text")).to_be_focused()
    assert (await console.fields())["urgency"] == "today"
    await console.type(", du mal à respirer")
    await expect(flag).to_contain_text("Difficulté à respirer")
    await console.press("F2")
    await expect(flag).to_have_count(0)
    await expect(console.by_id("red-flags")).to_contain_text("dit à l’appelant")
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("en route vers Dr Weber")
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    await console.shows("idle")
    text = await opened_text(console)
    await expect(text).to_contain_text("Difficulté à respirer (dit à l’appelant)")
    await expect(text).to_contain_text("Douleur dans la poitrine (fausse alerte\u00a0: erreur de saisie)")


async def test_a_red_flag_for_somebody_who_left_leaves_the_recipient_whom_she_chose(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    card, doctor = with_script(site)
    form = {**card["form"], "recipients": [each for each in card["form"]["recipients"] if each["id"] != doctor]}
    other = {"id": "990", "name": "Le cabinet"}, {"id": "991", "name": "L’accueil"}
    form["recipients"] = [*form["recipients"], *other]
    await on_a_call(console, exchange, {**card, "form": form})
    await console.choose("recipient", "991")
    await console.by_id("text").fill("Il a mal à la poitrine")
    await expect(console.page.locator(".red-flag")).to_have_count(1)
    found = await console.fields()
    assert (found["urgency"], found["recipient"]) == ("urgent", "991")


async def test_an_answer_is_corrected_and_the_way_follows(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    card, _doctor = with_script(site)
    await on_a_call(console, exchange, card)
    await console.press("Alt+s")
    await console.press("2")
    await console.press("1")
    await asks(console, "Que se passe-t-il")
    await console.type("fatigue")
    await console.press("Enter")
    await console.type("beaucoup")
    await console.press("Enter")
    await expect(console.by_id("script-error")).to_contain_text("Ce ne peut pas être la réponse")
    await looks_right(console, "script-unreadable", ("1366", "625"))
    await console.by_id("script-input").fill("0")
    await console.press("Enter")
    await asks(console, "A-t-il de la fièvre")
    await console.press("1")
    await expect(console.page.locator(".red-flag")).to_contain_text("nourrisson")
    await console.page.get_by_role("button", name="Âge : 0. Modifier").click()
    await console.by_id("script-input").fill("40")
    await console.press("Enter")
    await asks(console, "vos nom et prénom")
    await expect(console.page.locator(".red-flag")).to_have_count(0)
    await expect(console.by_id("script-asked")).not_to_contain_text("Fièvre")


async def test_without_a_script_the_desk_is_as_it_was(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    await on_a_call(console, exchange, cards.weber(*site.client("Dr Weber")))
    await expect(console.by_id("tab-script")).to_be_hidden()
    await expect(console.by_id("side-history")).to_be_visible()
    await console.by_id("text").fill("mal à la poitrine")
    await expect(console.page.locator(".red-flag")).to_have_count(0)
