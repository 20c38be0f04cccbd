# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is away, on the console: seen at a glance, said, and for an urgent message suggested, never chosen for her."""

import re
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import expect

from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage
from tests.screens.test_console import on_a_call, ready


def card(site: Site, *absences: dict[str, Any]) -> dict[str, Any]:
    client, recipients = site.client("Cabinet Dupont")
    shown = {**cards.weber(client, recipients), "name": "Cabinet Dupont", "initials": "DU", "colour": 3}
    return {**shown, "absences": list(absences)}


def people(site: Site) -> tuple[tuple[str, str], tuple[str, str]]:
    anne, lemaire, *_ = site.client("Cabinet Dupont")[1]
    return anne, lemaire


async def test_who_is_away_is_seen_while_it_rings_and_beside_the_form(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    anne, lemaire = people(site)
    now = cards.absence("1", anne, urgent_to=lemaire[0], urgent_name=lemaire[1])
    soon = cards.absence("2", lemaire, words="")
    soon |= {"starts_ms": now["ends_ms"] + cards.HOUR_MS, "ends_ms": now["ends_ms"] + 40 * cards.HOUR_MS}
    await ready(console, exchange)
    await exchange.ring(card(site, soon, now))
    await console.shows("ringing")
    away = console.page.locator("#ring-absences .away")
    await expect(away).to_have_count(2)
    await expect(away.first).to_contain_text(f"Absence\u00a0: {anne[1]}, jusqu’")  # "au" once the day has changed
    await expect(away.first).to_contain_text("«\u00a0Le docteur est en visite jusqu’à 16 heures.\u00a0»")
    await expect(away.first).to_contain_text(f"Les urgences vont à {lemaire[1]}.")
    await expect(away.last).to_contain_text("Absence à venir")
    await looks_right(console, "ringing-away", ("1366", "625"))
    await console.press("F2")
    await console.shows("desk")
    await expect(console.page.locator("#desk-absences .away")).to_have_count(2)
    await looks_right(console, "desk-away", ("1366", "625"))


async def test_an_absence_of_whole_days_is_told_by_its_last_day(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    anne, _lemaire = people(site)
    now = cards.absence("1", anne)
    shown = card(site, now)
    last = datetime.fromtimestamp(now["starts_ms"] / 1000, ZoneInfo(shown["time_zone"])).date() + timedelta(days=3)
    ends = datetime.combine(last + timedelta(days=1), time(), ZoneInfo(shown["time_zone"]))
    now["ends_ms"] = round(ends.timestamp() * 1000)
    await ready(console, exchange)
    await exchange.ring(shown)
    await console.shows("ringing")
    day = "1er" if last.day == 1 else str(last.day)
    await expect(console.page.locator("#ring-absences .away")).to_contain_text(
        re.compile(rf"jusqu’au {day} \S+ inclus")
    )


async def test_an_urgent_message_for_somebody_away_is_only_suggested_to_his_replacement(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    anne, lemaire = people(site)
    now = cards.absence("1", anne, urgent_to=lemaire[0], urgent_name=lemaire[1])
    await on_a_call(console, exchange, card(site, now))
    note, chosen = console.by_id("away-note"), console.page.locator("input[name=recipient]:checked")
    await expect(note).to_be_hidden()
    await console.page.locator(f"input[name=recipient][value='{lemaire[0]}']").check(force=True)
    await expect(note).to_be_hidden()
    await console.page.locator(f"input[name=recipient][value='{anne[0]}']").check(force=True)
    await expect(note).to_contain_text(f"Absence\u00a0: {anne[1]}")
    await expect(console.page.locator("#instead")).to_have_count(0)
    await console.page.locator("input[name=urgency][value=urgent]").check(force=True)
    await expect(note).to_contain_text(f"Les urgences vont à {lemaire[1]}.")
    await expect(chosen).to_have_value(anne[0])
    await looks_right(console, "form-away", ("1366", "625"))
    await console.page.locator("#instead").focus()
    await console.press("Enter")
    await expect(chosen).to_have_value(lemaire[0])
    await expect(note).to_be_hidden()
    await expect(console.by_id("text-label")).to_contain_text(lemaire[1])
    await expect(console.page.locator("input[name=urgency]:checked")).to_have_value("urgent")


async def test_a_replacement_who_is_away_too_is_said_and_not_offered(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    anne, lemaire = people(site)
    now = cards.absence("1", anne, urgent_to=lemaire[0], urgent_name=lemaire[1], urgent_away=True)
    await on_a_call(console, exchange, card(site, now))
    await console.page.locator(f"input[name=recipient][value='{anne[0]}']").check(force=True)
    await console.page.locator("input[name=urgency][value=urgent]").check(force=True)
    await expect(console.by_id("away-note")).to_contain_text("est absent aussi")
    await expect(console.page.locator("#instead")).to_have_count(0)


async def test_while_the_whole_client_is_away_urgent_goes_to_the_one_named(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    anne, lemaire = people(site)
    whole = cards.absence("1", ("", ""), urgent_to=lemaire[0], urgent_name=lemaire[1])
    await on_a_call(console, exchange, card(site, whole))
    await expect(console.page.locator("#desk-absences .away")).to_contain_text("Absence\u00a0: Cabinet Dupont")
    await console.page.locator(f"input[name=recipient][value='{anne[0]}']").check(force=True)
    await console.page.locator("input[name=urgency][value=urgent]").check(force=True)
    await expect(console.page.locator("#instead")).to_contain_text(lemaire[1])


async def test_a_card_of_an_older_exchange_has_nobody_away(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    shown = card(site)
    del shown["absences"]
    await on_a_call(console, exchange, shown)
    await expect(console.by_id("desk-absences")).to_be_hidden()
    await expect(console.by_id("away-note")).to_be_hidden()
