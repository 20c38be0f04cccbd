# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration house as real processes with its database: media, exchange, web and worker, and a mailbox."""

import asyncio
import contextlib
import http.cookiejar
import os
import shutil
import sqlite3
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg

from permanence.project import demo_cast
from permanence.project.line_states import read_table
from permanence.project.mail_sink import MailSink, start_mail_sink
from permanence.reception.table import ClientSlice
from tests.processes import free_port, until
from tests.wire.line_house import DEADLINE_S, RealHouse, start
from tests.wire.rows import sqlite_rows

PREPARE = """
from permanence.project.supervisor import prepare
assert prepare.main() == 0
from permanence.clients import operations, queries
from permanence.foundation.models import House
from permanence.foundation.who import system_of
from permanence.kernel.system import SystemClock
lines = queries.lines(house="demo")
made = dict(by=system_of(House.objects.get(slug="demo")), at=SystemClock().now())
operations.set_hours(client=lines["{open}"], week=(), always=True, closed_on_holidays=False, **made)
operations.set_waiting(client=lines["{open}"], ring_before_music_s=1, max_wait_s=2, **made)
operations.set_hours(client=lines["{closed}"], week=(), always=False, **made)
"""
"""The demonstration, in which Dr Weber's callers wait two seconds, and Dupont's is closed, at every hour of the day."""


class RecordedHouse(RealHouse):
    """`RealHouse` with the web side. `database_url` empty: SQLite in the folder."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        super().__init__(folder)
        (folder / "run").mkdir()
        self.database_url = database_url
        self.web: asyncio.subprocess.Process | None = None
        self.worker: asyncio.subprocess.Process | None = None
        self.mailbox: MailSink = start_mail_sink(folder, "127.0.0.1", 0)
        self.web_port = free_port()
        self.environment = {
            **os.environ,
            "PERMANENCE_DATA": str(folder),
            "PERMANENCE_RUN": str(folder),
            "PERMANENCE_DEMONSTRATION": "true",
            "PERMANENCE_ENGINE": "wire",
            "PERMANENCE_WEB_PORT": str(self.web_port),
            "PERMANENCE_MAIL_PORT": str(self.mailbox.port),
            "PERMANENCE_DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "permanence.project.settings",
        }

    async def prepare(self, demonstration: Path | None) -> None:
        """Makes the database; an embedded one of that of a prepared demonstration, with the key to its secrets."""
        if demonstration is not None and not self.database_url:
            for part in ("db.sqlite3", "keys/house-demo.key"):
                shutil.copy(demonstration / part, self.folder / part)
        code = PREPARE.format(open=demo_cast.WEBER_LINE, closed=demo_cast.DUPONT_LINE)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, env=self.environment, stdin=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 0

    async def start_worker(self) -> None:
        self.worker = await start("permanence.project.worker", [], environment=self.environment)

    async def start_web(self) -> None:
        self.web = await start("permanence.project.web", [], environment=self.environment)

    async def holds_the_table(self) -> None:
        """Waits until the exchange holds Dr Weber's slice."""

        def held() -> ClientSlice | None:
            return read_table(self.folder).client_of(demo_cast.WEBER_LINE)

        await until("the exchange holds the routing table", held)

    def rows(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        """What stands in the database."""
        if not self.database_url:
            return sqlite_rows(self.folder / "db.sqlite3", question, *values)
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(question.replace("?", "%s").encode(), values).fetchall()

    def change(self, act: str, *values: str) -> None:
        """Changes the embedded database: what time alone would have brought about."""
        with contextlib.closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=10)) as connection, connection:
            connection.execute(act, values)

    async def browser(self, email: str) -> "Browser":
        """Somebody signed in on the site."""
        found = Browser(f"http://localhost:{self.web_port}")
        await found.get("/login")
        await found.post("/login", username=email, password=demo_cast.PASSWORD)
        return found

    async def close(self) -> None:
        for process in (self.web, self.worker):
            if process is not None and process.returncode is None:
                process.terminate()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), DEADLINE_S)
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        await super().close()
        self.mailbox.stop()


class Browser:
    """A person's browser without a screen: cookies, forms with their token, redirects."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._cookies)
        )

    @property
    def cookies(self) -> str:
        """The Cookie header."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._cookies)

    async def get(self, path: str) -> tuple[int, bytes]:
        """The status and the body."""
        return await asyncio.to_thread(self._open, self._request(path))

    async def post(self, path: str, **fields: str) -> tuple[int, bytes]:
        """The same, after the redirect."""
        token = next(cookie.value or "" for cookie in self._cookies if cookie.name == "csrftoken")
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        return await asyncio.to_thread(self._open, self._request(path, body))

    async def upload(self, path: str, file: tuple[str, str, bytes], **fields: str) -> tuple[int, bytes]:
        """The same, with a file: the field, its name, what is in it (RFC 7578)."""
        token = next(cookie.value or "" for cookie in self._cookies if cookie.name == "csrftoken")
        field, name, data = file
        parts = [
            f'--part\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in {**fields, "csrfmiddlewaretoken": token}.items()
        ]
        head = f'--part\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
        body = b"".join((*parts, head.encode(), data, b"\r\n--part--\r\n"))
        request = self._request(path, body)
        request.add_header("Content-Type", "multipart/form-data; boundary=part")
        return await asyncio.to_thread(self._open, request)

    def _request(self, path: str, body: bytes | None = None) -> urllib.request.Request:
        return urllib.request.Request(self._site + path, data=body, headers={"Origin": self._site})  # noqa: S310 - ours

    def _open(self, request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with self._opener.open(request, timeout=DEADLINE_S) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@contextlib.asynccontextmanager
async def recorded_house(
    folder: Path, demonstration: Path | None, database_url: str = "", *, web: bool = False
) -> AsyncIterator[RecordedHouse]:
    """All of it, the routing table published by the worker. `demonstration`: the data folder of a prepared one,
    None where there is none."""
    house = RecordedHouse(folder, database_url)
    try:
        await house.prepare(demonstration)
        await house.start_media()
        await house.start_exchange()
        await house.start_worker()
        if web:
            await house.start_web()
        await house.holds_the_table()
        yield house
    finally:
        await house.close()
