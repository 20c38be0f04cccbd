# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client's directory and sites beside the form: one key away, from the offer itself, also without the site."""

from typing import Any

from playwright.async_api import expect

from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage


def contact(name: str, function: str = "", *, number: str = "", number_for: str = "nobody", say: str = "") -> Any:
    numbers, shown = ([f"+352{number.replace(' ', '')}"], [number]) if number else ([], [])
    entry = {"name": name, "function": function, "numbers": numbers, "shown": shown}
    return {**entry, "number_for": number_for, "may_say": say}


SITE = {
    "name": "Cabinet",
    "address": "12, avenue Pasteur, L-2310 Luxembourg",
    "access": "Tram Theater, 3 min à pied\u202f; sonner à «\u00a0Weber\u00a0»",
    "parking": "Parking Glacis, 5 min",
    "lift": "no",
    "floor": "1er étage",
    "hours": "",
}
FEW = [
    contact("Dr Klein", "remplaçante", number="621 000 158", number_for="professionals", say="Son nom à tous."),
    contact("Dr Weber, mobile", number="621 000 110", say="Urgences du cabinet seulement."),
    contact("Laboratoire du Glacis", "analyses", number="20 00 01 40", number_for="callers"),
]
MANY = [*FEW, *(contact(f"Infirmière {n}", "soins à domicile", number=f"621 000 20{n}") for n in range(5))]


async def on_the_desk(console: ConsolePage, exchange: FakeExchange, card: dict[str, Any]) -> None:
    await console.go_ready()
    await exchange.command("ready")
    await exchange.ring(card)
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")


async def test_directory_and_sites_are_one_key_away(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    client, recipients = site.client("Dr Weber")
    card = {**cards.weber(client, recipients), "sites": [SITE], "contacts": FEW}
    await on_the_desk(console, exchange, card)
    await console.press("Alt+r")
    rows = console.page.locator("#directory > li")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(0)).to_contain_text("621 000 158")
    await expect(rows.nth(0)).to_contain_text("professionnels seulement")
    await expect(rows.nth(1)).to_contain_text("ne pas donner")
    await expect(console.by_id("directory-find-box")).to_be_hidden()
    await looks_right(console, "directory", ("1366", "390"))
    await console.press("Alt+i")
    await expect(console.by_id("directory")).to_be_hidden()
    await expect(console.by_id("sites")).to_contain_text("1er étage")
    await expect(console.page.locator("#sites dt")).to_have_text(
        ["Adresse", "Accès", "Étage", "Ascenseur", "Stationnement"]
    )
    await looks_right(console, "sites", ("1366", "390"))
    await console.press("ArrowLeft")
    await expect(console.by_id("tab-directory")).to_be_focused()
    await console.press("ArrowLeft")
    await console.press("ArrowLeft")
    await expect(console.by_id("side-today")).to_be_visible()


async def test_in_a_long_directory_one_types(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    client, recipients = site.client("Dr Weber")
    await on_the_desk(console, exchange, {**cards.weber(client, recipients), "contacts": MANY})
    await console.press("Alt+r")
    rows = console.page.locator("#directory > li")
    await expect(rows).to_have_count(len(MANY))
    for typed, found in (("infirmiere", 5), ("REMPLAÇ", 1), ("621 000-158", 1), ("+352621000158", 1), ("xyz", 0)):
        await console.by_id("directory-find").fill(typed)
        await expect(console.page.locator("#directory > li:has(strong)")).to_have_count(found)


async def test_a_card_of_an_older_exchange_has_neither(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    client, recipients = site.client("Dr Weber")
    await on_the_desk(console, exchange, cards.weber(client, recipients))
    await console.press("Alt+r")
    await expect(console.by_id("directory")).to_contain_text("vide")
    await console.press("Alt+i")
    await expect(console.by_id("sites")).to_contain_text("Rien n’est écrit")
