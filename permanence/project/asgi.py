# SPDX-License-Identifier: AGPL-3.0-or-later
"""The root of the site: the live websocket, a sign of life, and Django for everything else."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

import django
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permanence.project.settings")
django.setup()

# The rooms can be imported only once Django is set up.
from django.core.wsgi import get_wsgi_application  # noqa: E402

from permanence.clients.queries import clients_visible_to  # noqa: E402
from permanence.foundation.livesocket import LiveSocket  # noqa: E402
from permanence.foundation.watch import Watcher  # noqa: E402
from permanence.project.bridge import WsgiBridge  # noqa: E402


async def alive(_request: Request) -> PlainTextResponse:
    """A sign of life, without the database."""
    return PlainTextResponse("alive")


def site() -> Starlette:
    """The ASGI application."""
    watcher = Watcher()
    pages = WsgiBridge(get_wsgi_application())

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(watcher.run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.to_thread(pages.close)

    live = LiveSocket(watcher, clients_of=clients_visible_to)
    routes = [WebSocketRoute("/live", live.serve), Route("/alive", alive), Mount("/", pages)]
    return Starlette(routes=routes, lifespan=lifespan)


application = site()
