# SPDX-License-Identifier: AGPL-3.0-or-later
"""Watches the table of live touches from the web process and wakes who listens.

SQLite: `PRAGMA data_version` says that another connection has committed; it is asked every 10 ms on a connection of our
own, and only while somebody listens. PostgreSQL: LISTEN on the channel that `foundation.live` notifies; the topic comes
with the notice, for rows that are numbered in one order and committed in another cannot be read by their number.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
from django.conf import settings

from permanence.foundation.live import CHANNEL

log = logging.getLogger(__name__)

POLL_S = 0.01
AGAIN_S = 1.0
NEWEST = "SELECT coalesce(max(id), 0) FROM foundation_livetouch"
SINCE = "SELECT id, topic FROM foundation_livetouch WHERE id > ? ORDER BY id"
RECENT = "SELECT DISTINCT topic FROM foundation_livetouch WHERE at > now() - interval '1 minute'"
"""What may have been touched between two connections; a topic told in vain costs a screen one fetch."""


class Listener:
    """One who listens: the topics touched since he last asked, each once."""

    def __init__(self) -> None:
        self._topics: dict[str, None] = {}
        self._woken = asyncio.Event()

    def add(self, topic: str) -> None:
        """A topic was touched."""
        self._topics[topic] = None
        self._woken.set()

    async def topics(self) -> tuple[str, ...]:
        """Wait until something was touched; gives the topics."""
        await self._woken.wait()
        self._woken.clear()
        found = tuple(self._topics)
        self._topics.clear()
        return found


class Watcher:
    """Follows the table and tells the listeners. `run` is the task of the process's lifespan."""

    def __init__(self, database: dict[str, Any] | None = None) -> None:
        self._database = settings.DATABASES["default"] if database is None else database
        self._listeners: set[Listener] = set()
        self._wanted = asyncio.Event()
        self._last: int | None = None
        self.watching = asyncio.Event()
        """Set once a touch committed from now on will be heard."""

    @contextlib.contextmanager
    def listen(self) -> Iterator[Listener]:
        """A listener, for as long as the block lasts."""
        listener = Listener()
        self._listeners.add(listener)
        self._wanted.set()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                self._wanted.clear()

    async def run(self) -> None:
        """Watch until cancelled; a database that goes away is watched again when it is back."""
        follow = self._sqlite if self._database["ENGINE"].endswith("sqlite3") else self._postgresql
        while True:
            try:
                async for topic in follow():
                    for listener in self._listeners:
                        listener.add(topic)
            except (sqlite3.Error, psycopg.Error):
                log.exception("the live topics cannot be watched; trying again")
            self.watching.clear()
            await asyncio.sleep(AGAIN_S)

    async def _sqlite(self) -> AsyncIterator[str]:
        with contextlib.closing(sqlite3.connect(self._database["NAME"], uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA query_only = ON")
            if self._last is None:
                self._last = connection.execute(NEWEST).fetchone()[0]
            seen = None  # touched while the database was away: looked for at once
            self.watching.set()
            while True:
                await self._wanted.wait()
                version = connection.execute("PRAGMA data_version").fetchone()[0]
                if version == seen:
                    await asyncio.sleep(POLL_S)
                    continue
                seen = version
                for key, topic in connection.execute(SINCE, (self._last,)).fetchall():
                    self._last = key
                    yield topic

    async def _postgresql(self) -> AsyncIterator[str]:
        fields = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
        given = {name: self._database[key] for key, name in fields.items() if self._database.get(key)}
        async with await psycopg.AsyncConnection.connect(autocommit=True, **given) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self.watching.set()
            for (topic,) in await (await connection.execute(RECENT)).fetchall():
                yield topic
            async for notice in connection.notifies():
                yield notice.payload
