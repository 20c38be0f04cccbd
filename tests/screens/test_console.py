# SPDX-License-Identifier: AGPL-3.0-or-later
"""The console in stock Chromium: the real site, the real media process, and an exchange that does what the test tells it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from tests.screens.fakes import cards
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.site import Site, prepare, running_site
from tests.screens.pages import ConsolePage, LoginPage, stock_chromium, violations
from tests.wire.media_process import running_media


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "house"
    prepare(folder)
    return folder


@pytest.fixture
async def site(prepared: Path, tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(prepared, tmp_path / "house") as one:
        yield one


@pytest.fixture
async def exchange(site: Site, tmp_path: Path) -> AsyncIterator[FakeExchange]:
    folder = tmp_path / "m"
    folder.mkdir()
    async with running_media(folder) as media:
        fake = FakeExchange(site.key, media)
        fake.port = site.line_port
        async with fake:
            yield fake


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with stock_chromium() as one:
        yield one


@pytest.fixture
async def console(browser: Browser, site: Site, exchange: FakeExchange) -> AsyncIterator[ConsolePage]:
    context = await browser.new_context(
        locale="fr-FR", viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    page = await context.new_page()
    login = LoginPage(page, site.url)
    await login.open()
    await login.sign_in(cast.CLAIRE, cast.PASSWORD)
    await page.wait_for_url("**/console")
    one = ConsolePage(page, site.url)
    yield one
    assert one.complaints == []
    await context.close()


def card(site: Site, **caller: Any) -> dict[str, Any]:
    client, recipients = site.client("Dr Weber")
    return cards.weber(client, recipients, **caller)


async def test_a_call_from_ready_to_the_message_and_the_next(
    console: ConsolePage, exchange: FakeExchange, site: Site
) -> None:
    await console.go_ready()
    await exchange.command("ready")
    await console.presence_is("ready")
    await console.shot("01-idle")
    await exchange.ring(card(site))
    await console.shows("ringing")
    await expect(console.by_id("ring-say")).to_have_text("«\u00a0Cabinet du docteur Weber, bonjour. Claire à votre écoute.\u00a0»")
    await expect(console.page).to_have_title("Appel\u00a0: Dr Weber")
    await console.shot("02-ringing")
    await console.press("F2")
    await exchange.command("answer")
    await console.shows("desk")
    await expect(console.by_id("caller-number")).to_have_value("+352 621 000 147")
    await console.press("2")
    await console.write("Demande ses résultats, joignable toute la journée.")
    await console.shot("03-call")
    await console.press("Control+Enter")
    await expect(console.by_id("plan")).to_contain_text("Dr Weber")
    await expect(console.by_id("save")).to_be_disabled()
    assert site.rows("select caller_number, reason_label, urgency, read_back from messaging_message") == [
        ("+352621000147", "Résultats d’analyse", "today", 0)
    ]
    await console.press("F9")
    await exchange.command("end")
    await expect(console.by_id("next")).to_be_visible()
    await console.shot("04-wrapup")
    await console.press("F2")
    done = await exchange.command("wrapup_done")
    assert done["outcome"] == "message"
    await console.shows("idle")
    await console.shot("05-idle-after")
