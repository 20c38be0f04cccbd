# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a committed touch to the browser's websocket: who hears, who does not, who is sent away."""

import asyncio
import contextlib
import json
import socket
import sqlite3

import pytest
import uvicorn
from django.conf import settings
from django.test import Client as Browser
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from permanence.foundation import livesocket
from permanence.foundation.livesocket import LiveSocket, same_origin, session_key
from permanence.foundation.models import Person
from permanence.foundation.rules import Role
from permanence.foundation.watch import Watcher
from permanence.foundation.who import Who

TABLE = "CREATE TABLE foundation_livetouch (id integer PRIMARY KEY AUTOINCREMENT, topic text NOT NULL)"


@pytest.fixture
def database(tmp_path):
    """A database file with the table of touches, as another process writes it."""
    path = str(tmp_path / "live.sqlite3")
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute(TABLE)
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path}


@contextlib.asynccontextmanager
async def watching(database):
    watcher = Watcher(database)
    task = asyncio.create_task(watcher.run())
    try:
        async with asyncio.timeout(10):
            await watcher.watching.wait()
        yield watcher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def next_topics(listener):
    async with asyncio.timeout(10):
        return await listener.topics()


async def test_a_committed_touch_wakes_every_listener_with_its_topics(database):
    with contextlib.closing(sqlite3.connect(database["NAME"], isolation_level=None)) as other:
        other.execute("INSERT INTO foundation_livetouch (topic) VALUES ('before')")
        async with watching(database) as watcher:
            with watcher.listen() as one, watcher.listen() as two:
                other.execute("BEGIN")
                other.execute("INSERT INTO foundation_livetouch (topic) VALUES ('a')")
                other.execute("INSERT INTO foundation_livetouch (topic) VALUES ('b')")
                other.execute("INSERT INTO foundation_livetouch (topic) VALUES ('a')")
                other.execute("COMMIT")
                assert set(await next_topics(one)) == {"a", "b"}
                assert set(await next_topics(two)) == {"a", "b"}


async def test_what_is_undone_wakes_nobody(database):
    with contextlib.closing(sqlite3.connect(database["NAME"], isolation_level=None)) as other:
        async with watching(database) as watcher:
            with watcher.listen() as listener:
                other.execute("BEGIN")
                other.execute("INSERT INTO foundation_livetouch (topic) VALUES ('undone')")
                other.execute("ROLLBACK")
                other.execute("INSERT INTO foundation_livetouch (topic) VALUES ('kept')")
                assert await next_topics(listener) == ("kept",)


class Ears(LiveSocket):
    """The real endpoint, told who the session's person is without a database."""

    def __init__(self, watcher, people):
        super().__init__(watcher, clients_of=lambda who: frozenset({"1"}))
        self.people = people

    def _ear(self, key):
        roles = self.people.get(key)
        if roles is None:
            return None
        who = Who(person="1", name="X", house="demo", house_key=1, language="fr", roles=frozenset(roles))
        return livesocket.Ear(who, self._clients_of(who))


@contextlib.asynccontextmanager
async def site(database, people):
    """The endpoint under uvicorn on a free port of loopback; gives a function that opens a browser's socket."""
    async with watching(database) as watcher:
        app = Starlette(routes=[WebSocketRoute("/live", Ears(watcher, people).serve)])
        with socket.create_server(("127.0.0.1", 0)) as listening:
            host = f"127.0.0.1:{listening.getsockname()[1]}"
            config = uvicorn.Config(app, log_config=None, lifespan="off", ws="websockets-sansio")
            server = uvicorn.Server(config)
            task = asyncio.create_task(server.serve(sockets=[listening]))

            def browser(session, origin=f"http://{host}"):
                headers = {"cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}
                return connect(f"ws://{host}/live", origin=origin, additional_headers=headers, proxy=None)

            try:
                yield browser
            finally:
                server.should_exit = True
                await task


async def told(browser):
    async with asyncio.timeout(10):
        return json.loads(await browser.recv())


async def test_a_person_hears_her_topics_and_no_others(database):
    people = {"claire": {Role.SECRETARY}, "weber": {Role.PORTAL_USER}}
    async with site(database, people) as browser, browser("claire") as claire, browser("weber") as weber:
        topics = ("house/other/messages", "client/2/messages", "house/demo/messages", "client/1/messages")
        with contextlib.closing(sqlite3.connect(database["NAME"], isolation_level=None)) as other:
            for topic in topics:
                other.execute("INSERT INTO foundation_livetouch (topic) VALUES (?)", (topic,))
        assert await told(claire) == {"topic": "house/demo/messages"}
        assert await told(claire) == {"topic": "client/1/messages"}
        assert await told(weber) == {"topic": "client/1/messages"}


@pytest.mark.parametrize(
    ("session", "origin", "code"),
    [
        ("nobody", None, livesocket.NOBODY),
        ("claire", "http://elsewhere.example", livesocket.STRANGER),
        ("claire", "null", livesocket.STRANGER),
    ],
)
async def test_strangers_are_sent_away(database, session, origin, code):
    page = {} if origin is None else {"origin": origin}
    async with site(database, {"claire": {Role.SECRETARY}}) as browser, browser(session, **page) as live:
        with pytest.raises(ConnectionClosed):
            await told(live)
        assert live.close_code == code


async def test_a_session_that_ends_closes_the_socket(database, monkeypatch):
    monkeypatch.setattr(livesocket, "CHECK_S", 0.01)
    people = {"claire": {Role.SECRETARY}}
    async with site(database, people) as browser, browser("claire") as live:
        people.clear()
        with pytest.raises(ConnectionClosed):
            await told(live)
        assert live.close_code == livesocket.NOBODY


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("https://house.example", "house.example", True),
        ("http://localhost:8001", "localhost:8000", False),
        ("http://evil.example", "localhost:8000", False),
        ("null", "localhost:8000", False),
        ("", "", False),
    ],
)
def test_origin(origin, host, same):
    assert same_origin(origin, host) is same


def test_the_session_cookie_is_found_among_others():
    name = settings.SESSION_COOKIE_NAME
    assert session_key(f"a=b; {name}=abc; theme=dark") == "abc"
    assert session_key("a=b") == ""
    assert session_key("") == ""


def test_the_person_of_a_session_is_the_one_who_signed_in(cast):
    browser = Browser()
    browser.force_login(Person.objects.get(pk=cast.claire.person_key))
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert livesocket.person_of_session(key).name == "Claire"
    Person.objects.filter(pk=cast.claire.person_key).update(is_active=False)
    assert livesocket.person_of_session(key) is None
    assert livesocket.person_of_session("") is None
    assert livesocket.person_of_session("unknown") is None
