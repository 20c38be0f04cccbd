# SPDX-License-Identifier: AGPL-3.0-or-later
"""The recorded announcements in a real browser: recorded, listened to, kept, put where callers hear them."""

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from permanence.project import demo_cast as cast
from permanence.project.phone.sound import from_alaw
from tests.screens import voices
from tests.screens.fakes.site import Site
from tests.screens.looks import looks_right
from tests.screens.pages import FAKE_DEVICE, LoginPage, comes_true, stock_chromium

WORDS = "Cabinet Dupont, bonjour, une secrétaire va vous répondre."


def rows(site: Site, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(site.data / "db.sqlite3", timeout=10)) as connection:
        return connection.execute(question).fetchall()


async def opened(browser: Browser, site: Site, *, before: str = "") -> tuple[LoginPage, Page]:
    """The owner's page of the cabinet Dupont."""
    context = await browser.new_context(locale="fr-FR", viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    if before:
        await page.add_init_script(before)
    ((client,),) = rows(site, "select id from clients_client where name = 'Cabinet Dupont'")
    login = LoginPage(page, site.url)
    await site.let_in(context, cast.MARC)
    await login.open(f"/backstage/accounts/{client}/announcements")
    return login, page


@pytest_asyncio.fixture(loop_scope="session")
async def speaking(tmp_path: Path) -> AsyncIterator[Browser]:
    """Stock Chromium whose microphone hears a voice."""
    voice = voices.write_wav(tmp_path / "voice.wav", voices.built_in("en/voice-secretary"), rate=48000)
    async with stock_chromium(arguments=(*FAKE_DEVICE, f"--use-file-for-fake-audio-capture={voice}")) as one:
        yield one


async def test_recorded_in_the_browser_kept_and_heard(speaking: Browser, site: Site) -> None:
    login, page = await opened(speaking, site)
    await page.locator("#text").fill(WORDS)
    await page.locator("#record").click()
    await expect(page.locator("#stop")).to_be_focused()
    await comes_true(page, "() => document.getElementById('level').value > -40")  # it shows the level
    await login.shot("announcements-recording-1366-light")
    await expect(page.locator("#time")).to_have_text(re.compile("^0:(0[6-9]|[1-5][0-9])$"), timeout=30_000)
    await page.locator("#stop").click()
    await expect(page.locator("#recorder-said")).to_contain_text("Écoutez")
    await comes_true(page, "() => document.getElementById('listen').duration > 5")
    assert await page.evaluate("document.getElementById('sound').files[0].name.endsWith('.wav')")
    await page.get_by_role("button", name="Garder").click()
    await expect(page.locator(".announce")).to_contain_text(WORDS)
    await expect(page.locator(".announce")).to_contain_text("Enregistrée par")
    ((audio,),) = rows(site, "select audio from clients_announcement where by_microphone = 1")
    assert isinstance(audio, bytes)
    spoken = voices.built_in("en/voice-secretary")
    assert voices.likeness(from_alaw(audio).astype(np.float64), spoken) > 0.8
    await comes_true(
        page, "() => { const one = document.querySelector('.announce audio'); one.load(); return one.readyState >= 0; }"
    )
    assert await page.evaluate(
        "async () => { const one = document.querySelector('.announce audio'); one.muted = true; await one.play();"
        " return one.duration > 4; }"
    )
    await page.get_by_label("Comme annonce de fermeture").check()
    await page.get_by_label("Avant la musique").first.check()
    await page.get_by_role("button", name="Enregistrer", exact=True).click()
    await expect(page.locator(".announce .badge--new")).to_have_count(2)
    await looks_right(login, "announcements")
    assert login.complaints == []
    await page.get_by_role("button", name="Retirer").click()
    await expect(page.locator(".announce")).to_have_count(0)
    await expect(page.locator(".announce__old summary")).to_contain_text("1 retirée")


async def test_a_file_that_cannot_be_used_is_said_beside_it(browser: Browser, site: Site) -> None:
    login, page = await opened(browser, site)
    await page.locator("#text").fill(WORDS)
    large = {"name": "x.wav", "mimeType": "audio/wav", "buffer": bytes(10_000_001)}
    await page.locator("#sound").set_input_files(large)  # type: ignore[arg-type]
    await expect(page.locator("#sound-said")).to_contain_text("10\u00a0Mo au plus")
    fake = {"name": "x.mp3", "mimeType": "audio/mpeg", "buffer": b"MZ" + bytes(5000)}
    await page.locator("#sound").set_input_files(fake)  # type: ignore[arg-type]
    await expect(page.locator("#sound-said")).to_be_hidden()
    await page.get_by_role("button", name="Garder").click()
    await expect(page.locator(".notice--danger")).to_contain_text("pas un fichier WAV, MP3 ou OGG")
    assert await page.locator("#text").input_value() == WORDS
    assert rows(site, "select id from clients_announcement") == []
    await login.shot("announcements-refused-1366-light")


async def test_a_microphone_that_is_refused_says_so(site: Site) -> None:
    denied = (FAKE_DEVICE[0], f"{FAKE_DEVICE[1]}=deny")
    async with stock_chromium(arguments=denied) as browser:
        _login, page = await opened(browser, site)
        await page.locator("#record").click()
        await expect(page.locator("#recorder-said")).to_contain_text("pas le droit d’utiliser le microphone")
        await expect(page.locator("#stop")).to_be_hidden()


async def test_an_address_without_https_says_so(browser: Browser, site: Site) -> None:
    insecure = "Object.defineProperty(window, 'isSecureContext', { value: false })"
    _login, page = await opened(browser, site, before=insecure)
    await page.locator("#record").click()
    await expect(page.locator("#recorder-said")).to_contain_text("https://")
