# SPDX-License-Identifier: AGPL-3.0-or-later
"""The console and the sign-in page as they look: no axe violation, nothing scrolls sideways, at every size."""

import contextlib
import sqlite3
from typing import Any

from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import ConsolePage, LoginPage

OTHERS: list[dict[str, Any]] = [
    {"caller_name": "Mme Colin", "urgency": "urgent", "reason_label": "Enfant malade", "taken_at": "2026-01-01 08:00"},
    {"caller_name": "Mr Byrne", "failed_at": "2026-01-01 08:00", "failure": "adresse refusée"},
    {"caller_name": "Pharmacie Colbert", "sent_at": "2026-01-01 08:00"},
    {"caller_name": "Laboratoire du Glacis", "sent_at": "2026-01-01 08:00", "delivered_at": "2026-01-01 08:01"},
]


def more_messages(site: Site) -> None:
    """Messages in other states, made from the one that was taken."""
    with contextlib.closing(sqlite3.connect(site.data / "db.sqlite3")) as database:
        database.row_factory = sqlite3.Row
        first = dict(database.execute("select * from messaging_message").fetchone())
        del first["id"]
        for n, changed in enumerate(OTHERS):
            moments = {name: first["taken_at"] for name, value in changed.items() if str(value).startswith("2026")}
            row = first | changed | moments | {"key": f"{first['key'][:-2]}{n:02d}"}
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            database.execute(f"insert into messaging_message ({names}) values ({marks})", list(row.values()))  # noqa: S608
        database.commit()


async def answer_key_is_in_sight(console: ConsolePage, name: str) -> bool:
    box = await console.by_id(name).bounding_box()
    return box is not None and box["y"] + box["height"] <= 625


async def test_every_state_of_the_console(console: ConsolePage, exchange: FakeExchange, site: Site) -> None:
    client, recipients = site.client("Dr Weber")
    card = cards.weber(client, recipients)
    await looks_right(console, "off")
    await console.go_ready()
    await exchange.command("ready")
    await exchange.ring(card)
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    await console.write("Renouvellement du traitement anticoagulant (boîte finie jeudi).")
    await console.press("Control+Enter")
    await expect(console.by_id("save")).to_be_disabled()
    await expect(console.by_id("toasts")).to_contain_text("Dr Weber")
    await console.press("F9")
    await console.presence_is("wrap")
    await console.press("F2")
    await console.presence_is("ready")
    more_messages(site)
    await console.reload()
    await expect(console.messages("view-idle")).to_have_count(1 + len(OTHERS))
    await console.presence_is("ready")
    await looks_right(console, "idle")

    await console.press("Alt+p")
    await expect(console.by_id("dialog-break")).to_be_visible()
    await looks_right(console, "break", ("1366", "390"))
    await console.press("Escape")
    await console.page.locator(".menu > summary").click()
    await looks_right(console, "menu", ("1366", "390"))
    await console.page.locator(".menu > summary").click()
    await console.page.locator(".adjust > summary").click()
    await looks_right(console, "sound", ("1366", "625"))

    exchange.offer_s = 600
    await exchange.ring(card, call="call-2")
    await console.shows("ringing")
    await looks_right(console, "ringing")
    await console.page.set_viewport_size({"width": 1366, "height": 625})
    assert await answer_key_is_in_sight(console, "answer")
    await console.press("F2")
    await console.shows("desk")
    await console.press("1")
    await console.write("Demande si la prise de sang doit être refaite avant. Joignable toute la journée.")
    await looks_right(console, "call")
    await console.page.set_viewport_size({"width": 1366, "height": 625})
    assert await answer_key_is_in_sight(console, "save")
    assert await answer_key_is_in_sight(console, "end")
    await console.press("F4")
    await expect(console.by_id("bar-heard")).to_contain_text("musique")
    await looks_right(console, "hold")
    await console.press("F4")
    await console.press("F1")
    await looks_right(console, "keys", ("1366", "390"))
    await console.press("Escape")
    await exchange.caller_hangs_up()
    await console.presence_is("wrap")
    await console.press("F2")
    await looks_right(console, "wrapup")


FORM = """() => {
  const foot = document.querySelector(".talk__foot").getBoundingClientRect();
  const within = (box) => box.top >= 0 && box.bottom <= foot.top + 1;
  const form = document.getElementById("form");
  const choices = [...document.querySelectorAll("#form .choice label")].filter((one) => one.offsetParent);
  return { scrolls: form.scrollHeight - form.clientHeight,
    hidden: choices.filter((one) => !within(one.getBoundingClientRect())).length,
    outcomes: [...document.querySelectorAll("#outcomes label")].filter((one) => one.offsetParent).length };
}"""


async def test_the_whole_form_is_seen_in_a_small_window_without_scrolling(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    client, recipients = site.client("Cabinet Dupont")
    card = {**cards.weber(client, recipients), "name": "Cabinet Dupont", "initials": "CD"}
    assert len(recipients) > 1
    await console.page.set_viewport_size({"width": 1366, "height": 625})
    await console.go_ready()
    await exchange.command("ready")
    await exchange.ring(card)
    await console.shows("ringing")
    await console.press("F2")
    await console.shows("desk")
    for language in ("fr", "de", "en"):
        if language != "fr":
            await console.page.locator(".menu > summary").click()
            await console.page.locator(f".menu button[value={language}]").click()
            await expect(console.page.locator("html")).to_have_attribute("lang", language)
            await console.shows("desk")
        await console.shot(f"small-{language}")
        assert await console.page.evaluate(FORM) == {"scrolls": 0, "hidden": 0, "outcomes": 4}, language
    await console.press("F9")
    await console.presence_is("wrap")
    await console.shot("small-wrap")
    assert await console.page.evaluate(FORM) == {"scrolls": 0, "hidden": 0, "outcomes": 4}


async def test_the_sign_in_page(browser: Browser, site: Site) -> None:
    page = await browser.new_page(locale="fr-FR")
    login = LoginPage(page, site.url)
    await login.open()
    await expect(page.locator("h1")).to_have_text("Se connecter")
    await looks_right(login, "login")
    await login.sign_in(cast.CLAIRE, "not her password")
    await expect(login.fault).to_contain_text("ne vont pas ensemble")
    await looks_right(login, "login-refused")
    assert login.complaints == []
