# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole demonstration house as a newcomer starts it, on ports of its own; and its callers."""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, expect

from permanence.foundation.exchange import Exchange
from permanence.project import demo_cast as cast
from permanence.project.line_states import read_table
from tests.processes import port_settings, until
from tests.screens import voices
from tests.screens.pages import CAPTURE, ConsolePage, LoginPage

REPOSITORY = Path(__file__).resolve().parents[2]
READY = "Ctrl-C stops the house."
START_LIMIT_S = 180
"""From nothing all tables are made first: beside everything else on two cores that alone has taken 90."""
CALL_LIMIT_S = 60
HOURS = """
from permanence.clients import operations, queries
from permanence.foundation.models import House
from permanence.foundation.who import system_of
from permanence.kernel.system import SystemClock
client = queries.lines(house="demo")["{line}"]
operations.set_hours(
    client=client, week=(), always={always}, closed_on_holidays=False,
    by=system_of(House.objects.get(slug="demo")), at=SystemClock().now(),
)
"""


@dataclass(frozen=True)
class WholeHouse:
    """A running house; `status` is what its supervisor wrote for the other commands, `said` what it printed.

    `prefix` are the words before every command of this house, where it lives in a network of its own.
    """

    data: Path
    environment: dict[str, str]
    status: dict[str, Any]
    said: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()

    def command(self, *words: str) -> tuple[str, ...]:
        """`./run` with these words, where the house lives."""
        return (*self.prefix, sys.executable, "-P", "-m", "permanence.project.cli", *words)

    @property
    def site(self) -> str:
        return str(self.status["web"])

    def process_of(self, module: str) -> int:
        """The process number of one of the house's processes, by its module."""
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                line = (entry / "cmdline").read_bytes().split(b"\0")
                environ = (entry / "environ").read_bytes()
                if module.encode() in line and f"PERMANENCE_DATA={self.data}".encode() in environ:
                    return int(entry.name)
        raise AssertionError(f"{module} does not run")

    @property
    def exchange(self) -> Exchange:
        """The exchange, asked on its control socket."""
        return Exchange(Path(str(self.status["run"])) / "exchange.sock")

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database."""
        with contextlib.closing(sqlite3.connect(self.data / "db.sqlite3", timeout=10)) as connection:
            return connection.execute(question, values).fetchall()

    def secretary(self, email: str) -> str:
        """The id of the secretary with this address."""
        question = "select s.id from staff_secretary s join foundation_person p on p.id = s.person_id where p.email = ?"
        ((key,),) = self.rows(question, email)
        return str(key)

    async def set_hours(self, line: str, *, always: bool) -> None:
        """Opens the client of a line for every minute, or closes him for every one; the exchange knows it then."""

        def known() -> bool:
            client = read_table(self.data).client_of(line)
            return client is not None and client.hours.always is always and not client.hours.week

        if known():
            return
        shell = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "django", "shell", "--no-imports", "-c", HOURS.format(line=line, always=always),
            env={
                **self.environment, "PERMANENCE_DATA": str(self.data), "PERMANENCE_DEMONSTRATION": "true",
                "DJANGO_SETTINGS_MODULE": "permanence.project.settings",
            },
            cwd=REPOSITORY,
        )  # fmt: skip
        assert await shell.wait() == 0
        await until(f"the exchange holds the new hours of {line}", known)

    def kill(self, module: str) -> int:
        """`kill -9` of one of the house's processes; gives its number."""
        number = self.process_of(module)
        os.kill(number, signal.SIGKILL)
        return number

    def runs_again(self, module: str, before: int) -> bool:
        """Whether the supervisor has started that process anew."""
        try:
            return self.process_of(module) != before
        except AssertionError:
            return False

    @contextlib.asynccontextmanager
    async def call(self, number: str, *arguments: str) -> AsyncIterator["PhoneCall"]:
        """`./run phone NUMBER`, until the block ends."""
        process = await asyncio.create_subprocess_exec(
            *self.command("phone", number, "--data", str(self.data), *arguments),
            env=self.environment, cwd=REPOSITORY, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield PhoneCall(process)
        finally:
            if process.returncode is None:
                process.terminate()
                async with asyncio.timeout(CALL_LIMIT_S):
                    await process.wait()


class PhoneCall:
    """A telephone in use: what it printed, line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[str] = []
        self._answered_at = 0.0

    def seconds(self) -> float:
        """How long the call has been answered: where in its recording the present moment is."""
        return asyncio.get_running_loop().time() - self._answered_at

    async def says(self, words: str) -> str:
        """Waits for a line with these words; what was printed so far when the telephone ends without it."""
        assert self._process.stdout is not None
        async with asyncio.timeout(CALL_LIMIT_S):
            while line := (await self._process.stdout.readline()).decode():
                self.said.append(line.strip())
                if "connected" in line:
                    self._answered_at = asyncio.get_running_loop().time()
                if words in line:
                    return line.strip()
        raise AssertionError(f"the telephone never said {words!r}: {self.said}")

    def hang_up(self) -> None:
        """Ctrl-C."""
        self._process.terminate()

    async def over(self) -> int:
        """Waits for the end of the call; the exit status."""
        assert self._process.stdout is not None
        async with asyncio.timeout(CALL_LIMIT_S):
            self.said += (await self._process.stdout.read()).decode().splitlines()
            return await self._process.wait()


def own_ports() -> dict[str, str]:
    """An environment in which a house has ports of its own."""
    environment = {**os.environ, **port_settings(), "PYTHONPATH": str(REPOSITORY)}
    environment.pop("PERMANENCE_DATA", None)
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return environment


@contextlib.asynccontextmanager
async def whole_house(data: Path) -> AsyncIterator[WholeHouse]:
    """The demonstration house on free ports, ready, stopped in its own order at the end."""
    async with started(data, "--data", str(data), environment=own_ports()) as house:
        yield house


@contextlib.asynccontextmanager
async def started(
    data: Path, *arguments: str, environment: dict[str, str], prefix: tuple[str, ...] = ()
) -> AsyncIterator[WholeHouse]:
    """`./run` with these arguments, ready, stopped in its own order at the end."""
    process = await asyncio.create_subprocess_exec(
        *prefix, sys.executable, "-P", "-m", "permanence.project.cli", *arguments, env=environment, cwd=REPOSITORY,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said: list[str] = []
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_LIMIT_S):
            while line := (await process.stdout.readline()).decode():
                said.append(line)
                if READY in line:
                    break
        assert said, "the house said nothing"
        assert READY in said[-1], "".join(said)
        drained = asyncio.create_task(process.stdout.read())
        status = json.loads((data / "run" / "house.json").read_text())
        yield WholeHouse(data, environment, status, tuple(said), prefix)
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(START_LIMIT_S):
            await process.wait()
    assert "The house is closed." in (await drained).decode()


@contextlib.asynccontextmanager
async def at_seat(
    browser: Browser, house: WholeHouse, who: str, *, locale: str = "en-GB"
) -> AsyncIterator[ConsolePage]:
    """A secretary signed in, her microphone checked, ready; off duty when the block ends, however it ends."""
    async with signed_in_seat(browser, house, who, locale=locale) as console:
        await console.go_ready()
        await console.presence_is("ready")
        yield console
        assert console.complaints == []


@contextlib.asynccontextmanager
async def signed_in_seat(
    browser: Browser, house: WholeHouse, who: str, *, locale: str = "en-GB"
) -> AsyncIterator[ConsolePage]:
    """A secretary signed in at her console, off duty before and after."""
    context = await browser.new_context(locale=locale, viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    try:
        page = await context.new_page()
        await page.add_init_script(CAPTURE)
        login = LoginPage(page, house.site)
        await login.open()
        await login.painted()
        await login.sign_in(who, cast.PASSWORD)
        await page.wait_for_url("**/console")
        yield ConsolePage(page, house.site)
    finally:
        await context.close()
        house.exchange.revoke_seat(house="demo", secretary=house.secretary(who))


async def signed_in(browser: Browser, house: WholeHouse, who: str, path: str, **context: Any) -> Page:
    """Somebody's page, as wide as a telephone unless said otherwise."""
    options = {"locale": "en-GB", "viewport": {"width": 390, "height": 844}, "reduced_motion": "reduce", **context}
    page = await (await browser.new_context(**options)).new_page()
    login = LoginPage(page, house.site)
    await login.open(f"/login?next={path}")
    if context.get("java_script_enabled", True):
        await login.painted()
    await login.sign_in(who, cast.PASSWORD)
    await page.wait_for_url(f"**{path}")
    return page


def part(heard: voices.Samples, since: float, until_s: float) -> voices.Samples:
    """A stretch of a recording, in seconds since the answer."""
    return heard[int(since * voices.RATE) : int(until_s * voices.RATE)]


async def answered(console: ConsolePage, phone: PhoneCall) -> None:
    """She answers the call that rings."""
    await console.shows("ringing")
    await console.press("F2")
    await phone.says("connected")
    await console.shows("desk")


async def wrapped_up(console: ConsolePage, outcome: str = "information") -> None:
    """After the call: an outcome, ready again."""
    await expect(console.by_id("next")).to_be_visible()
    await console.choose("outcome", outcome)
    await console.press("F2")
    await console.presence_is("ready")
