# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django's WSGI handler under an ASGI root, in one thread hop a request (PEP 3333; ASGI specification, HTTP).

The body is read before the hop and the answer written after it, so a slow browser holds no thread. Threads are few and
kept, so each holds its database connection. An answer that comes in parts and grows large waits in a file without a
name, not in memory.
"""

import asyncio
import contextlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from starlette.types import Receive, Scope, Send

THREADS = 8
BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of a request's body; a larger one is answered with 413 and not kept."""
DRAINED = 64 * 1024 * 1024
"""Bytes that are read all the same, and dropped, so that the browser hears the answer instead of a broken line."""
IN_MEMORY = 1024 * 1024
"""Bytes of an answer that are kept in memory; what goes beyond goes to a file."""
PART = 256 * 1024
TOO_LARGE = (
    "Ce fichier est trop volumineux\u00a0: 10 Mo au plus. Revenez à la page précédente.\n"
    "This file is too large: at most 10 MB. Go back to the page before.\n"
    "Diese Datei ist zu groß: höchstens 10 MB. Gehen Sie zur vorigen Seite zurück.\n"
)
"""Said before anybody knows who asks, so in every language of the screens."""

type Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _TooLarge(Exception):
    """The body passed the limit."""


class _Gone(Exception):
    """The browser went away before its request was whole."""


class WsgiBridge:
    """An ASGI application that answers HTTP through a WSGI one."""

    def __init__(self, wsgi: Wsgi, *, threads: int = THREADS) -> None:
        self._wsgi = wsgi
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="page")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        status, headers, body = 413, [(b"content-type", b"text/plain; charset=utf-8")], TOO_LARGE.encode()
        file: IO[bytes] | None = None
        with contextlib.suppress(_TooLarge):
            try:
                request = await _read(receive)
            except _Gone:
                return
            loop = asyncio.get_running_loop()
            status, headers, body, file = await loop.run_in_executor(self._pool, self._answer, scope, request)
        with file or contextlib.nullcontext():
            await send({"type": "http.response.start", "status": status, "headers": headers})
            while file is not None and (part := await asyncio.to_thread(file.read, PART)):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": body})

    def close(self) -> None:
        """Let the requests in hand end."""
        self._pool.shutdown(wait=True)

    def _answer(self, scope: Scope, request: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes, IO[bytes] | None]:
        """Status, headers, body, and the file with what comes before the body, at its beginning."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            started[:] = [(status, headers)]

        parts = self._wsgi(environ(scope, request), start_response)
        try:
            body, file = collected(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        status, headers = started[0]
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return int(status[:3]), encoded, body, file


def collected(parts: Iterable[bytes]) -> tuple[bytes, IO[bytes] | None]:
    """All parts: in memory; what is too much for it first, in a file that is gone once it is closed."""
    held: list[bytes] = []
    size, file = 0, None
    try:
        for part in parts:
            held.append(part)
            size += len(part)
            if size > IN_MEMORY and len(held) > 1:
                file = file or tempfile.TemporaryFile()  # noqa: SIM115 - it outlives this function
                file.writelines(held)
                held.clear()
                size = 0
        if file is not None:
            file.seek(0)
    except BaseException:
        if file is not None:
            file.close()
        raise
    return b"".join(held), file


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part: bytes = message.get("body", b"")
        size += len(part)
        more = message.get("more_body", False)
        if size > DRAINED or (size > BODY_LIMIT and not more):
            raise _TooLarge
        if size > BODY_LIMIT:
            parts.clear()
            continue
        parts.append(part)
        if not more:
            return b"".join(parts)


def environ(scope: Scope, request: bytes) -> dict[str, Any]:
    """The WSGI environment of an ASGI request whose body was read."""
    host, port = scope.get("server") or ("localhost", 80)
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 80),
        "REMOTE_ADDR": (scope.get("client") or ("", 0))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(request),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").upper()
        if "_" in name:
            continue  # a header with an underscore could pass for another one's
        key = name.replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        value = raw_value.decode("latin-1")
        separator = "; " if key == "HTTP_COOKIE" else ","
        found[key] = f"{found[key]}{separator}{value}" if key in found else value
    found["CONTENT_LENGTH"] = str(len(request))
    return found
