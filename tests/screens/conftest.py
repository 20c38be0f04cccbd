# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the screens' tests share: the browser, and the console before an exchange that the test plays."""

import shutil
from collections.abc import AsyncIterator, Iterator
from inspect import iscoroutinefunction
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from permanence.foundation.translations import compile_catalogues
from permanence.project import demo_cast as cast
from tests.demonstration import prepared_demonstration
from tests.migrated import migrated_file
from tests.screens import voices
from tests.screens.fakes.exchange import FakeExchange
from tests.screens.fakes.forked import ROOT, Forks, forks
from tests.screens.fakes.site import Site, environment, prepare, running_site
from tests.screens.pages import FAKE_DEVICE, ConsolePage, stock_chromium
from tests.screens.whole_house import WholeHouse, whole_house
from tests.wire.media_process import running_media

expect.set_options(timeout=15_000)
"""Milliseconds after which a fact on a screen is given up, as `FakeExchange.until` does: an agenda that opens on a
machine on which everything runs at once takes more than the five seconds of Playwright."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests share Chromium, so they share its loop; but for those that say which loop they want."""
    for item in items:
        ours = isinstance(item, pytest.Function) and Path(__file__).parent in item.path.parents
        if ours and iscoroutinefunction(item.function) and not item.get_closest_marker("asyncio").kwargs:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """The pages speak their languages."""
    compile_catalogues(ROOT / "locale")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """A data folder with the demonstration house, to be copied."""
    folder = tmp_path_factory.mktemp("prepared") / "house"
    prepare(folder, migrated_file(pytestconfig.cache.mkdir("migrated")))
    return folder


@pytest.fixture(scope="session")
def house_forks(prepared: Path) -> Iterator[Forks]:
    """What starts a site, or a program with its database, at once."""
    with forks(environment(prepared)) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def site(prepared: Path, house_forks: Forks, tmp_path: Path) -> AsyncIterator[Site]:
    """The real web process."""
    async with running_site(prepared, tmp_path / "house", house_forks) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def exchange(site: Site, tmp_path: Path) -> AsyncIterator[FakeExchange]:
    """The exchange that the test plays, with the real media process behind it."""
    folder = tmp_path / "m"
    folder.mkdir()
    async with running_media(folder) as media:
        fake = FakeExchange(site.key, media)
        fake.port = site.line_port
        async with fake:
            yield fake


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Stock Chromium with a fake microphone, started once."""
    async with stock_chromium() as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """Chromium in which nobody has done anything: what a test opened in it (its contexts) is closed after it."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def console(browser: Browser, site: Site, exchange: FakeExchange) -> AsyncIterator[ConsolePage]:
    """Claire's console, signed in, at her post."""
    context = await browser.new_context(
        locale="fr-FR", viewport={"width": 1366, "height": 768}, reduced_motion="reduce"
    )
    await site.let_in(context, cast.CLAIRE)
    one = ConsolePage(await context.new_page(), site.url)
    await one.open()
    await exchange.command("hello")
    yield one
    assert one.complaints == []
    await context.close()


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """The data folder of the demonstration, prepared, to be copied."""
    return prepared_demonstration(tmp_path_factory, pytestconfig)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(demonstration: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WholeHouse]:
    """One whole house for the calls of a module: its second start, as it were."""
    data = tmp_path_factory.mktemp("whole") / "demo"
    shutil.copytree(demonstration, data)
    async with whole_house(data) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def speaking_browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Stock Chromium whose fake microphone hears a secretary's voice, again and again."""
    voice = voices.write_wav(
        tmp_path_factory.mktemp("voice") / "secretary.wav", voices.built_in("en/voice-secretary"), rate=48000
    )
    async with stock_chromium(arguments=(*FAKE_DEVICE, f"--use-file-for-fake-audio-capture={voice}")) as one:
        yield one
