# SPDX-License-Identifier: AGPL-3.0-or-later
"""A secretary's work at the console in stock Chromium: real site, real media process, an exchange the test plays."""

from typing import Any

from playwright.async_api import expect

from tests.processes import until
from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage, comes_true

SAID = "«\u00a0Cabinet du docteur Weber, bonjour. Claire à votre écoute.\u00a0»"
MESSAGES = "select caller_name, caller_number, reason_label, urgency, read_back from messaging_message order by id"
KEYS_AT_SITE = "() => !Object.keys(localStorage).some((key) => key.startsWith('permanence.keys.'))"


def card(site: Site, **caller: Any) -> dict[str, Any]:
    client, recipients = site.client("Dr Weber")
    return cards.weber(client, recipients, **caller)


async def ready(console: ConsolePage, exchange: FakeExchange) -> None:
    await console.go_ready()
    await exchange.command("ready")
    await console.presence_is("ready")


async def on_a_call(console: ConsolePage, exchange: FakeExchange, shown: dict[str, Any]) -> None:
    await ready(console, exchange)
    await exchange.ring(shown)
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")


async def test_a_whole_call_with_the_keyboard_alone(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    await ready(console, exchange)
    await exchange.ring(card(site))
    await console.shows("ringing")
    await expect(console.by_id("ring-say")).to_have_text(SAID)
    await expect(console.page).to_have_title("Appel\u00a0: Dr Weber")
    await expect(console.by_id("alert")).to_contain_text("Jeanne Hoffmann")
    await expect(console.by_id("ring-number")).to_have_text("+352 621 000 147")

    await console.press("F2")
    assert (await exchange.command("answer"))["call"] == "call-1"
    await console.shows("desk")
    await expect(console.by_id("bar-client")).to_have_text("Dr Weber")
    await console.press("2")
    await console.focus("read-back")
    await console.press("Space")
    await console.focus("text")
    await console.type("Demande ses résultats 3 et 4, joignable toute la journée.")
    await console.press("F4")
    await exchange.command("hold")
    await expect(console.by_id("bar-heard")).to_contain_text("musique")
    await console.press("F4")
    await exchange.command("resume")
    await console.press("F7")
    assert (await exchange.command("mute"))["on"] is True
    await expect(console.by_id("bar-heard")).to_contain_text("ne vous entend pas")
    await console.press("F7")
    assert (await exchange.command("mute", 2))["on"] is False
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("en route vers Dr Weber")
    assert site.rows(MESSAGES) == [("Jeanne Hoffmann", "+352621000147", "Résultats d’analyse", "today", 1)]

    await console.press("F9")
    await exchange.command("end")
    await console.presence_is("wrap")
    await console.press("F2")
    assert (await exchange.command("wrapup_done"))["outcome"] == "message"
    await console.shows("idle")
    await expect(console.messages("view-idle")).to_have_count(1)
    await expect(console.messages("view-idle")).to_contain_text("Jeanne Hoffmann")


async def test_escape_never_touches_a_call_and_loses_no_text(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await console.write("Ne rien perdre.")
    before = len(exchange.heard)
    for key in ("F1", "Escape", "Alt+p", "Escape", "Escape"):
        await console.press(key)
    await expect(console.page.locator("dialog[open]")).to_have_count(0)
    await expect(console.by_id("text")).to_have_value("Ne rien perdre.")
    assert exchange.heard[before:] == []


async def test_digits_typed_in_a_field_are_text(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    await on_a_call(console, exchange, card(site))
    await console.focus("text")
    await console.type("2")
    assert (await console.fields())["reason"] == ""
    await console.focus("save")
    await console.press("3")
    assert (await console.fields())["reason"] == "advice"


async def test_a_declined_call_asks_for_ready_again(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    await ready(console, exchange)
    await exchange.ring(card(site))
    await console.shows("ringing")
    await console.press("F9")
    await exchange.command("decline")
    await console.shows("idle")
    await expect(console.by_id("post-state")).to_have_text("Vous avez manqué un appel")
    await console.press("F2")
    await exchange.command("ready", 2)
    await console.presence_is("ready")


async def test_a_break_has_a_reason(console: ConsolePage, exchange: FakeExchange) -> None:
    await ready(console, exchange)
    await console.press("Alt+p")
    await console.press("1")
    assert (await exchange.command("break"))["reason"] == "lunch"
    await console.presence_is("break")
    await expect(console.by_id("post-why")).to_have_text("Déjeuner")
    await console.press("F2")
    await exchange.command("ready", 2)


async def test_wrap_up_is_not_left_without_an_outcome(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    await on_a_call(console, exchange, card(site))
    await exchange.caller_hangs_up()
    await expect(console.by_id("bar-heard")).to_contain_text("L’appelant a raccroché")
    await console.press("F2")
    await expect(console.by_id("outcome-error")).to_be_visible()
    await console.choose("outcome", "message")
    await console.press("F2")
    await expect(console.by_id("text-error")).to_be_visible()
    assert "wrapup_done" not in {each["t"] for each in exchange.heard}
    await console.choose("outcome", "wrong_number")
    await console.press("F2")
    assert (await exchange.command("wrapup_done"))["outcome"] == "wrong_number"


async def test_words_not_saved_hold_her_back_before_the_next_call(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await console.write("Pas encore enregistré.")
    await console.choose("outcome", "information")
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    await expect(console.by_id("banner-error")).to_contain_text("pas encore enregistré")
    assert "wrapup_done" not in {each["t"] for each in exchange.heard}


async def test_when_wrap_up_runs_out_the_draft_is_kept_and_can_be_sent(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    await console.write("Commencé trop tard.")
    await exchange.caller_hangs_up()
    await console.presence_is("wrap")
    await exchange.wrap_up_runs_out()
    await console.shows("idle")
    await expect(console.by_id("drafts")).to_contain_text("Jeanne Hoffmann")
    await console.by_id("drafts").get_by_role("button").first.click()
    await expect(console.by_id("text")).to_have_value("Commencé trop tard.")
    await console.press("Control+Enter")
    await console.shows("idle")
    await expect(console.by_id("drafts")).to_be_hidden()
    await until("the message is kept", lambda: len(site.rows(MESSAGES)) == 1)


async def test_a_masked_caller_has_no_number_and_no_history(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    asked: list[str] = []
    console.page.on("request", lambda request: asked.append(request.url))
    await on_a_call(console, exchange, card(site, masked=True, display="Hoffmann"))
    await expect(console.by_id("bar-caller")).to_have_text("Numéro masqué")
    assert (await console.fields())["number"] == ""
    assert (await console.fields())["name"] == ""
    await expect(console.page.locator("#side-history")).to_contain_text("Pas d’historique pour un numéro masqué")
    assert not [url for url in asked if "number=" in url]


async def test_the_history_is_of_this_client_only(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    dupont, recipients = site.client("Cabinet Dupont")
    await on_a_call(console, exchange, {**cards.weber(dupont, recipients), "name": "Cabinet Dupont"})
    await console.choose("recipient", recipients[0][0])
    await console.write("Pour le cabinet Dupont.")
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("Enregistré")
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    await console.presence_is("ready")
    await exchange.ring(card(site), call="call-2")
    await expect(console.page.locator("#view-ringing [data-fragment=contacts]")).to_contain_text("Premier appel")


async def test_who_called_before_stays_on_the_card_once_the_call_is_answered(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    before = console.page.locator("#desk-client [data-fragment=contacts]")
    await on_a_call(console, exchange, card(site))
    await expect(before).to_contain_text("Premier appel")
    await console.page.fill("#caller-name", "Jeanne Hoffmann")
    await console.write("Rappeler pour les résultats.")
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("Enregistré")  # the house has it, not the browser alone
    await console.press("F9")
    await console.presence_is("wrap")
    await expect(before).to_be_visible()  # she may still be writing
    await console.press("F2")
    await console.presence_is("ready")
    await exchange.ring(card(site), call="call-2")
    ringing = console.page.locator("#view-ringing [data-fragment=contacts]")
    await expect(ringing).to_contain_text("Peut-être Jeanne Hoffmann")
    told = await ringing.inner_text()
    await console.press("F2")
    await console.shows("desk")
    await expect(before).to_be_in_viewport(ratio=1)
    assert await before.inner_text() == told
    await looks_right(console, "called-before", ("1366", "390", "625"))
    await console.choose("outcome", "information")
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    await console.presence_is("ready")
    await exchange.ring(card(site, number=None, masked=True, display=""), call="call-3")
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await expect(before).to_be_hidden()


async def test_a_number_is_corrected_visibly(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    await on_a_call(console, exchange, card(site))
    await console.page.fill("#caller-number", "621 00.01-99")
    await console.press("Tab")
    await expect(console.by_id("caller-number")).to_have_value("+352 621 000 199")
    await expect(console.by_id("number-note")).to_have_text("Luxembourg, corrigé")
    await console.page.fill("#caller-number", "12")
    await console.press("Tab")
    await expect(console.by_id("number-error")).to_contain_text("ne peut pas exister")
    await expect(console.by_id("caller-number")).to_have_value("12")


async def test_a_line_of_no_client_says_so_and_sends_nothing(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    unknown = card(site) | {"client": None, "colour": 0, "initials": "?", "name": "Permanence", "greetings": []}
    unknown |= {"instructions": [], "unknown_line": True, "form": {"recipients": [], "reasons": []}, "place": ""}
    await ready(console, exchange)
    await exchange.ring(unknown)
    await expect(console.by_id("ring-place")).to_contain_text("+35220000101")
    await console.press("F2")
    await console.shows("desk")
    await expect(console.by_id("save")).to_be_disabled()
    await expect(console.by_id("plan")).to_contain_text("Prévenez la responsable")


CLOCKS = """() => {
  const read = (id) => document.getElementById(id).textContent.split(":").map(Number);
  const [house, there] = [read("clock"), read("ring-local")];
  return [(house[0] - there[0] + 24) % 24, house[1] - there[1]];
}"""


async def test_the_local_time_of_a_ringing_call_names_its_place(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    """Cork is an hour behind the house in Luxembourg; a line of no client has no place, so the house's clock stands."""
    client, recipients = site.client("Atlas")
    atlas = cards.weber(client, recipients) | {"name": "Atlas", "place": "Cork", "time_zone": "Europe/Dublin"}
    await ready(console, exchange)
    await exchange.ring(atlas)
    await expect(console.by_id("ring-local-where")).to_have_text("Heure locale, Cork")
    assert await console.page.evaluate(CLOCKS) == [1, 0]
    await exchange.offer_ends("withdrawn")
    await exchange.ring(atlas | {"place": ""}, call="call-2")
    await expect(console.by_id("ring-local-where")).to_have_text("Heure locale du client")
    await exchange.offer_ends("withdrawn")
    await exchange.ring(atlas | {"unknown_line": True, "client": None}, call="call-3")
    await expect(console.by_id("ring-local-where")).to_have_text("Heure de la maison")
    assert await console.page.evaluate(CLOCKS) == [0, 0]


async def test_who_missed_a_call_is_told_who_waits_and_what_to_press(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await ready(console, exchange)
    await exchange.ring(cards.weber(*site.client("Dr Weber")))
    await console.shows("ringing")
    await exchange.queue_is(1, exchange.since - 12000)
    await exchange.offer_ends("missed")
    await console.shows("idle")
    await expect(console.by_id("status")).to_have_text("Vous n’avez pas répondu\u00a0: l’appelant garde sa place.")
    await expect(console.by_id("post-why")).to_contain_text("Un appelant attend. Appuyez sur F2 pour reprendre")
    await exchange.queue_is(0, None)
    await expect(console.by_id("post-why")).to_contain_text("Personne n’attend")
    await expect(console.by_id("post-why")).to_contain_text("Appuyez sur F2 pour reprendre")


async def test_the_queue_is_shown(console: ConsolePage, exchange: FakeExchange) -> None:
    await exchange.queue_is(2, exchange.since - 38000)
    await expect(console.by_id("queue-waiting")).to_have_text("2")
    await expect(console.by_id("queue-longest")).not_to_be_empty()


async def test_every_key_can_be_changed_and_the_hints_follow(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await on_a_call(console, exchange, card(site))
    said = console.by_id("keys-said")
    await console.press("F1")
    await console.by_id("change-hold").click()
    await expect(said).to_contain_text("nouvelle touche")
    await console.press("h")
    await expect(said).to_contain_text("champs de texte")
    await console.press("F7")
    await expect(said).to_contain_text("micro coupé")
    await console.press("F5")
    await expect(said).to_contain_text("navigateur")
    await console.press("Alt+m")
    await expect(console.page.locator("#hold kbd")).to_have_text("Alt M")
    await expect(console.by_id("hold")).to_have_attribute("aria-keyshortcuts", "Alt+M")
    await expect(console.by_id("keys-now")).to_contain_text("Alt M")
    await console.by_id("change-forward").click()
    await console.press("F3")
    await comes_true(console.page, KEYS_AT_SITE)
    await console.by_id("keys-numbers").uncheck()
    await console.press("Escape")
    await comes_true(console.page, KEYS_AT_SITE)
    await console.reload()
    await console.shows("desk")
    await console.press("F4")
    await console.press("1")
    assert (await console.fields())["reason"] == ""
    await console.press("Alt+m")
    await exchange.command("hold")
    assert [each["t"] for each in exchange.heard].count("hold") == 1
    await expect(console.by_id("hold")).to_have_attribute("aria-pressed", "true")
    await console.press("Alt+m")
    await exchange.command("resume")
    await exchange.caller_hangs_up()
    await console.presence_is("wrap")
    await expect(console.by_id("bar-heard")).to_contain_text("puis F3")
    await console.press("F1")
    await console.by_id("keys-reset").click()
    await expect(console.page.locator("#next kbd")).to_have_text("F2")
    await console.press("Escape")
    await console.choose("outcome", "information")
    await console.press("F2")
    await exchange.command("wrapup_done")
