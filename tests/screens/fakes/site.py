# SPDX-License-Identifier: AGPL-3.0-or-later
"""The real web process on a data folder of its own, with the demonstration house in it."""

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import BrowserContext

from permanence.kernel.system import SystemEntropy
from permanence.project.supervisor.folder import make_keys, make_parts
from tests.processes import free_port
from tests.screens.fakes.forked import ROOT, Forked, Forks

SETTINGS = "permanence.project.settings"
START_WITHIN_S = 30
SIGNED_IN = """
import json
import sys
from django.conf import settings
from django.test import Client
from permanence.foundation.models import Person
person, browser = Person.objects.get(email=sys.argv[1]), Client()
browser.force_login(person)
kept = {name: each.value for name, each in browser.cookies.items()}
print(json.dumps({**kept, settings.LANGUAGE_COOKIE_NAME: person.language}))
"""


def environment(data: Path, web_port: int = 8000, line_port: int = 8001) -> dict[str, str]:
    """The environment of the house's processes."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "PERMANENCE_DATA": str(data),
        "PERMANENCE_DEMONSTRATION": "true",
        "PERMANENCE_WEB_PORT": str(web_port),
        "PERMANENCE_LINE_PORT": str(line_port),
    }


def prepare(data: Path, tables: Path | None = None) -> None:
    """A data folder with keys, tables and the demonstration house. `tables`: a file with the tables, to be copied."""
    data.mkdir(parents=True, exist_ok=True)
    make_parts(data)
    (data / "db.sqlite3").touch(mode=0o600)
    if tables is not None:
        shutil.copyfile(tables, data / "db.sqlite3")
    make_keys(data, SystemEntropy())
    for command in (["migrate", "--verbosity", "0"], ["load_demo_house", "--bare"])[tables is not None :]:
        subprocess.run([sys.executable, "-m", "django", *command], env=environment(data), cwd=ROOT, check=True)


class Site:
    """A running site. `port` and `line_port` stay the same when it is killed and started again."""

    def __init__(self, data: Path, forks: Forks) -> None:
        self.data = data
        self._forks = forks
        self.port, self.line_port = free_port(), free_port()
        self.url = f"http://localhost:{self.port}"
        self._process: Forked | None = None

    @property
    def key(self) -> bytes:
        return (self.data / "keys" / "ticket.key").read_bytes()

    @property
    def pid(self) -> int:
        """The number of web's process, which runs."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Starts web; returns when it serves."""
        self._process = self._forks.start(self._environment, "permanence.project.web")
        async with asyncio.timeout(START_WITHIN_S):
            assert await asyncio.to_thread(self._process.out.readline) == b"ready\n"

    async def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def run(self, text: str, *arguments: str) -> str:
        """What a program with the site's database prints, Django being set up for it."""
        return self._forks.run(self._environment, text, *arguments)

    async def let_in(self, context: BrowserContext, email: str) -> None:
        """Gives a browser what the sign-in page gives: a session of this person, and her language."""
        kept = json.loads(self.run(SIGNED_IN, email))
        await context.add_cookies([{"name": name, "value": value, "url": self.url} for name, value in kept.items()])

    @property
    def _environment(self) -> dict[str, str]:
        return environment(self.data, self.port, self.line_port)

    def rows(self, question: str) -> list[tuple[object, ...]]:
        """What stands in the database."""
        with contextlib.closing(sqlite3.connect(self.data / "db.sqlite3")) as connection:
            return connection.execute(question).fetchall()

    def change(self, order: str) -> None:
        """What another process wrote into the database meanwhile."""
        with contextlib.closing(sqlite3.connect(self.data / "db.sqlite3")) as connection, connection:
            connection.execute(order)

    def client(self, name: str) -> tuple[str, list[tuple[str, str]]]:
        """A client's id and his recipients (id, name)."""
        ((key,),) = self.rows(f"select id from clients_client where name = '{name}'")  # noqa: S608 - a test's own words
        found = self.rows(f"select id, name from clients_recipient where client_id = {key} order by position, id")  # noqa: S608
        return str(key), [(str(one), str(words)) for one, words in found]


@contextlib.asynccontextmanager
async def running_site(prepared: Path, folder: Path, forks: Forks) -> AsyncIterator[Site]:
    """The site on a copy of the prepared folder."""
    shutil.copytree(prepared, folder)
    site = Site(folder, forks)
    try:
        await site.start()
        yield site
    finally:
        await site.kill()
