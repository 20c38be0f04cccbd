# SPDX-License-Identifier: AGPL-3.0-or-later
"""The websocket `/live`: tells a signed-in person's browser which topics were touched, among those she may hear.

Messages of the server: `{"topic": "..."}`. The browser says nothing, and fetches everything once at every connection.
Closed with 4401 when nobody is signed in (any more), 4403 when the page is of another origin.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections
from django.http import HttpRequest
from starlette.websockets import WebSocket, WebSocketDisconnect

from permanence.foundation.models import Person
from permanence.foundation.rules import may_hear
from permanence.foundation.watch import Listener, Watcher
from permanence.foundation.who import Who, who_is

CHECK_S = 60.0
"""How often an open socket asks again who is signed in."""
NOBODY = 4401
STRANGER = 4403


@dataclass(frozen=True, slots=True)
class Ear:
    """Who listens, and the clients whose topics she may hear."""

    who: Who
    clients: frozenset[str]

    def hears(self, topic: str) -> bool:
        """Whether `topic` is for her."""
        return may_hear(topic, house=self.who.house, roles=self.who.roles, clients=self.clients)


class LiveSocket:
    """The endpoint. `clients_of` gives the ids of the clients a person may see (the room of the clients knows)."""

    def __init__(self, watcher: Watcher, *, clients_of: Callable[[Who], frozenset[str]]) -> None:
        self._watcher = watcher
        self._clients_of = clients_of

    async def serve(self, socket: WebSocket) -> None:
        """Serve one browser until it leaves or its session ends."""
        await socket.accept()
        if not same_origin(socket.headers.get("origin", ""), socket.headers.get("host", "")):
            await socket.close(STRANGER)
            return
        key = session_key(socket.headers.get("cookie", ""))
        # Listening begins before the question who it is, so that nothing falls between page and socket.
        with self._watcher.listen() as listener:
            ear = await asyncio.to_thread(self._ear, key)
            if ear is None:
                await socket.close(NOBODY)
                return
            tell = asyncio.ensure_future(self._tell(socket, listener, key, ear))
            leave = asyncio.ensure_future(_left(socket))
            done, pending = await asyncio.wait({tell, leave}, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            for task in done:
                with contextlib.suppress(WebSocketDisconnect):
                    task.result()

    async def _tell(self, socket: WebSocket, listener: Listener, key: str, ear: Ear) -> None:
        loop = asyncio.get_running_loop()
        check_at = loop.time() + CHECK_S
        while True:
            topics: tuple[str, ...] = ()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(check_at):
                    topics = await listener.topics()
            if loop.time() >= check_at:
                found = await asyncio.to_thread(self._ear, key)
                if found is None:
                    await socket.close(NOBODY)
                    return
                ear, check_at = found, loop.time() + CHECK_S
            for topic in filter(ear.hears, topics):
                await socket.send_json({"topic": topic})

    def _ear(self, key: str) -> Ear | None:
        try:
            person = person_of_session(key)
            if person is None:
                return None
            who = who_is(person)
            return Ear(who, self._clients_of(who))
        finally:
            close_old_connections()


async def _left(socket: WebSocket) -> None:
    """Ends when the browser does; what it says meanwhile means nothing."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def session_key(cookies: str) -> str:
    """The session's key in a Cookie header; "" when there is none."""
    try:
        found = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def person_of_session(key: str) -> Person | None:
    """The person signed in under a session's key; None when the session is over or she may not sign in any more."""
    if not key:
        return None
    request = HttpRequest()
    request.session = SessionStore(key)
    person = get_user(request)
    return person if isinstance(person, Person) and person.is_active else None


def same_origin(origin: str, host: str) -> bool:
    """Whether a page of `origin` may open our socket at `host`; a browser always sends both (RFC 6455, 10.2)."""
    return bool(host) and urlsplit(origin).netloc == host
