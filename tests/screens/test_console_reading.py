# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is to be read before the next call: the list at her post, one key, the question before ready; a caller first."""

from typing import Any

from playwright.async_api import expect

from permanence.kernel.events import to_plain
from permanence.reception.markup import blocks
from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage, comes_true

READ = """select p.name, count(*) from clients_instructionacknowledgement a
  join staff_secretary s on s.id = a.secretary_id join foundation_person p on p.id = s.person_id group by p.name"""
NOTHING_WAITS = "() => !Object.keys(localStorage).some((key) => key.startsWith('permanence.read.'))"
HOSTILE = "**Urgence** : <img src=x onerror=alert(1)>\n- le **15**\n- </li><script>alert(1)</script>"
LONG = """**À partir de lundi** : les résultats d’analyse sont lus au téléphone par le cabinet, jamais par nous.
- Prendre le nom et la date de naissance
- Dire : « on vous rappelle avant 18 h »"""


def asked(site: Site) -> list[str]:
    """Two of the house's instructions ask to be read; their ids, the more important first."""
    found = site.rows(
        "select id from clients_instruction where root_id is null order by priority desc, written_at, id limit 2"
    )
    keys = [str(key) for (key,) in found]
    site.change(f"update clients_instruction set acknowledge = 1 where id in ({', '.join(keys)})")  # noqa: S608
    site.change(f"update clients_instruction set priority = 90, text = '{LONG}' where id = {keys[0]}")  # noqa: S608
    return keys


async def at_her_post(console: ConsolePage, site: Site) -> list[str]:
    keys = asked(site)
    await console.reload()
    await expect(console.page.locator("#to-read-list .unread")).to_have_count(2)
    return keys


def card_with(site: Site, *entries: dict[str, Any]) -> dict[str, Any]:
    client, recipients = site.client("Dr Weber")
    made = cards.weber(client, recipients)
    return {**made, "instructions": [*entries, *made["instructions"]]}


def order(key: str, text: str, **more: Any) -> dict[str, Any]:
    return {**cards.instruction(key, text, 1_790_000_000_000), "blocks": to_plain(blocks(text)), **more}


async def test_one_key_reads_the_first_and_the_house_knows_it_also_after_a_reload(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await at_her_post(console, site)
    await expect(console.by_id("to-read-count")).to_have_text("2 consignes, la plus importante d’abord")
    first = console.page.locator("#to-read-list .unread").first
    await expect(first.locator("strong").nth(1)).to_have_text("À partir de lundi")
    await expect(first.locator("li")).to_have_count(2)
    await expect(first.locator("kbd")).to_have_text("Alt L")
    await console.press("Alt+l")
    await expect(console.page.locator("#to-read-list .unread")).to_have_count(1)
    await expect(console.by_id("to-read-count")).to_have_text("Une consigne")
    await comes_true(console.page, NOTHING_WAITS)
    assert site.rows(READ) == [("Claire", 1)]
    await console.reload()
    await expect(console.page.locator("#to-read-list .unread")).to_have_count(1)
    await console.press("Alt+l")
    await expect(console.by_id("to-read")).to_be_hidden()
    await comes_true(console.page, NOTHING_WAITS)
    assert site.rows(READ) == [("Claire", 2)]


async def test_ready_asks_first_and_follows_by_itself_once_all_is_read(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await at_her_post(console, site)
    await console.go_ready()
    await expect(console.by_id("dialog-read")).to_be_visible()
    await looks_right(console, "read-dialog", ("1366", "390"))
    await console.press("Alt+l")
    await expect(console.page.locator("#dialog-read-list .unread")).to_have_count(1)
    assert [each for each in exchange.heard if each["t"] == "ready"] == []
    await console.press("Alt+l")
    await expect(console.by_id("dialog-read")).to_be_hidden()
    await exchange.command("ready")
    await console.presence_is("ready")


async def test_escape_leaves_her_where_she_was(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    await at_her_post(console, site)
    await console.go_ready()
    await expect(console.by_id("dialog-read")).to_be_visible()
    await console.press("Escape")
    await expect(console.by_id("dialog-read")).to_be_hidden()
    await console.press("Alt+l")
    await console.press("Alt+l")
    await expect(console.by_id("to-read")).to_be_hidden()
    assert [each for each in exchange.heard if each["t"] == "ready"] == []
    await console.press("F2")
    await exchange.command("ready")


async def test_pressing_ready_again_puts_it_off_until_the_next_break(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await at_her_post(console, site)
    await console.go_ready()
    await expect(console.by_id("dialog-read")).to_be_visible()
    await console.press("F2")
    await exchange.command("ready")
    await console.presence_is("ready")
    await expect(console.page.locator("#to-read-list .unread")).to_have_count(2)
    await looks_right(console, "read-post", ("1366", "625"))
    await exchange.ring(card_with(site))
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await console.press("F9")
    await console.presence_is("wrap")
    await console.choose("outcome", "information")
    await console.press("F2")
    await exchange.command("wrapup_done")
    await console.presence_is("ready")
    await console.press("Alt+p")
    await console.press("1")
    await console.presence_is("break")
    await console.press("F2")
    await expect(console.by_id("dialog-read")).to_be_visible()
    assert site.rows(READ) == []


async def test_a_caller_comes_first_whatever_is_to_be_read(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await console.go_ready()
    await exchange.command("ready")
    await exchange.ring(card_with(site))
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await console.press("F9")
    await console.presence_is("wrap")
    await at_her_post(console, site)
    await console.presence_is("wrap")
    await console.shows("desk")
    await console.choose("outcome", "information")
    await console.press("F2")
    await expect(console.by_id("dialog-read")).to_be_visible()
    await exchange.wrap_up_runs_out()
    await exchange.ring(card_with(site), call="call-2")
    await console.shows("ringing")
    await expect(console.by_id("dialog-read")).to_be_hidden()
    await console.press("F2")
    assert (await exchange.command("answer", 2))["call"] == "call-2"


async def test_what_does_not_stand_on_the_screen_is_not_read(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await at_her_post(console, site)
    await console.by_id("to-book").click()
    await expect(console.by_id("view-book")).to_be_visible()
    await expect(console.by_id("to-read")).to_be_hidden()
    await console.press("Alt+l")
    assert await console.page.evaluate(NOTHING_WAITS)
    assert site.rows(READ) == []
    assert console.complaints == []


async def test_what_she_has_read_while_the_site_was_away_reaches_it_later(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await at_her_post(console, site)
    await site.kill()
    await console.press("Alt+l")
    await expect(console.page.locator("#to-read-list .unread")).to_have_count(1)
    await site.start()
    await comes_true(console.page, NOTHING_WAITS, within_s=20)
    assert site.rows(READ) == [("Claire", 1)]


async def test_on_a_card_one_key_reads_what_asks_and_the_form_brings_forward_what_it_is_about(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    (key, _other) = await at_her_post(console, site)
    _client, recipients = site.client("Dr Weber")
    who = recipients[0]
    results = {"reason": "results", "reason_label": "Résultats d’analyse"}
    results |= {"recipient": who[0], "recipient_name": who[1]}
    made = card_with(
        site,
        order(key, LONG, acknowledge=True, is_new=True),
        order("901", HOSTILE, this_caller=True),
        order("902", "Toujours deux semaines.", reason="renewal", reason_label="Renouvellement d’ordonnance"),
        order(
            "903",
            "Résultats : jamais au téléphone.",
            reason="results",
            reason_label="Résultats d’analyse",
            recipient=who[0],
            recipient_name=who[1],
        ),
    )
    made["why"] = [
        {"code": "only_ready", "detail": "", "name": ""},
        {"code": "speaks", "detail": "fr", "name": ""},
        {"code": "offer_ended", "detail": "missed", "name": "Aoife"},
    ]
    exchange.offer_s = 600
    await console.go_ready()
    await expect(console.by_id("dialog-read")).to_be_visible()
    await console.press("F2")
    await exchange.command("ready")
    await exchange.ring(made)
    await console.shows("ringing")
    rows = console.page.locator("#ring-orders .order")
    await expect(rows).to_have_count(7)
    await expect(rows.nth(1)).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(rows.nth(1).locator("li")).to_have_text(["le 15", "</li><script>alert(1)</script>"])
    assert await console.page.locator("#ring-orders img, #ring-orders script").count() == 0
    await expect(rows.nth(1)).to_contain_text("Pour cet appelant")
    await expect(console.by_id("ring-why")).to_contain_text("Aoife n’a pas répondu avant vous.")
    await looks_right(console, "read-ring", ("1366", "625"))
    await expect(rows.first.locator("kbd")).to_have_text("Alt L")
    await console.press("Alt+l")
    await expect(rows.first.locator("kbd")).to_have_count(0)
    await console.press("F2")
    await console.shows("desk")
    desk = console.page.locator("#desk-orders .order")
    await expect(desk.first).to_contain_text("À partir de lundi")
    await expect(console.by_id("desk-why")).to_contain_text("Aucune autre personne prête")
    await console.choose("reason", "results")
    await expect(desk.nth(6)).to_contain_text("Toujours deux semaines.")
    await expect(desk.nth(6)).to_have_class("order order--aside")
    if len(recipients) > 1:
        await console.choose("recipient", who[0])
    await console.choose("reason", "renewal")
    await expect(desk.first).to_have_class("order order--chosen")
    await expect(desk.first).to_contain_text("Toujours deux semaines.")
    await looks_right(console, "read-desk", ("1366", "625"))
    await comes_true(console.page, NOTHING_WAITS)
    assert site.rows(READ) == [("Claire", 1)]


async def test_a_client_she_never_had_is_told_once_and_nothing_is_marked_as_new(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    made = cards.weber(*site.client("Dr Weber"))
    for each in made["instructions"]:
        each["is_new"] = False
    exchange.offer_s = 600
    await console.go_ready()
    await exchange.command("ready")
    await exchange.ring({**made, "first_call": True})
    await console.shows("ringing")
    first = console.page.locator("#ring-orders .orders__first")
    await expect(first).to_have_text("Votre premier appel pour ce client, ou le premier depuis longtemps.")
    await expect(console.page.locator("#ring-orders .order")).to_have_count(3)
    await expect(console.page.locator("#ring-orders .badge--new, #ring-orders .order--new")).to_have_count(0)
    await looks_right(console, "first-call-ring", ("1366", "625"))
