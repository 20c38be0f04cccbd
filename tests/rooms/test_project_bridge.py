# SPDX-License-Identifier: AGPL-3.0-or-later
"""The bridge from ASGI to Django's WSGI handler: what a browser sends is what Django reads."""

import threading

import pytest

from permanence.project.bridge import BODY_LIMIT, DRAINED, IN_MEMORY, WsgiBridge, collected, environ


def scope(**changes):
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/portal/été",
        "query_string": b"q=%C3%A9",
        "headers": [(b"host", b"localhost:8000"), (b"content-type", b"text/plain"), (b"cookie", b"a=1")],
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 8000),
        **changes,
    }


def test_the_environment_is_that_of_pep_3333():
    found = environ(scope(), b"body")
    assert found["PATH_INFO"].encode("latin-1").decode() == "/portal/été"
    assert (found["QUERY_STRING"], found["CONTENT_TYPE"], found["CONTENT_LENGTH"]) == ("q=%C3%A9", "text/plain", "4")
    assert (found["HTTP_HOST"], found["HTTP_COOKIE"], found["REMOTE_ADDR"]) == ("localhost:8000", "a=1", "127.0.0.1")
    assert found["wsgi.input"].read() == b"body"


def test_headers_that_could_pass_for_others_are_dropped_and_repeated_ones_joined():
    headers = [
        (b"x_forwarded_proto", b"https"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"accept", b"x"),
        (b"accept", b"y"),
    ]
    found = environ(scope(headers=headers), b"")
    assert "HTTP_X_FORWARDED_PROTO" not in found
    assert (found["HTTP_COOKIE"], found["HTTP_ACCEPT"]) == ("a=1; b=2", "x,y")


async def answer(bridge, *messages):
    waiting, sent = list(messages), []

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    await bridge(scope(), receive, send)
    return sent


def part(body, more=False):
    return {"type": "http.request", "body": body, "more_body": more}


class Application:
    """A WSGI application that says what it read, and notes that it was closed."""

    def __init__(self):
        self.closed = 0
        self.threads = set()

    def __call__(self, environment, start_response):
        self.threads.add(threading.current_thread().name)
        start_response("201 Created", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        return Parts(self, [b"read ", environment["wsgi.input"].read()])


class Parts(list):
    def __init__(self, application, parts):
        super().__init__(parts)
        self._application = application

    def close(self):
        self._application.closed += 1


@pytest.fixture
def application():
    return Application()


@pytest.fixture
def bridge(application):
    found = WsgiBridge(application, threads=1)
    yield found
    found.close()


async def test_a_request_is_answered_in_a_thread_of_the_pool(bridge, application):
    start, body = await answer(bridge, part(b"a", more=True), part(b"b"))
    assert (start["status"], body["body"]) == (201, b"read ab")
    assert start["headers"].count((b"set-cookie", b"a=1")) == start["headers"].count((b"set-cookie", b"b=2")) == 1
    assert application.closed == 1
    assert all(name.startswith("page") for name in application.threads)


async def test_a_request_that_is_too_large_is_refused_before_django(bridge, application):
    """It is read to its end, so that the browser hears why, and not kept; in the three languages of the screens."""
    start, body = await answer(bridge, part(b"x" * BODY_LIMIT, more=True), part(b"x", more=True), part(b"x"))
    assert start["status"] == 413
    assert application.threads == set()
    said = body["body"].decode()
    assert all(words in said for words in ("trop volumineux", "too large", "zu groß"))
    assert (b"content-type", b"text/plain; charset=utf-8") in start["headers"]


async def test_a_request_without_end_is_not_read_on(bridge, application):
    megabyte = part(b"x" * 2**20, more=True)
    start, _body = await answer(bridge, *[megabyte] * (DRAINED // 2**20 + 1))
    assert start["status"] == 413
    assert application.threads == set()


async def test_a_browser_that_leaves_is_not_answered(bridge, application):
    assert await answer(bridge, part(b"a", more=True), {"type": "http.disconnect"}) == []
    assert application.threads == set()


async def test_a_large_answer_in_parts_is_sent_whole_and_waits_in_a_file(application):
    line, lines = b"x" * 1023 + b"\n", 3 * IN_MEMORY // 1024 + 7

    def many(_environment, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Parts(application, [line] * lines)

    bridge = WsgiBridge(many)
    _start, *bodies = await answer(bridge, part(b""))
    bridge.close()
    assert b"".join(each["body"] for each in bodies) == line * lines
    assert [each.get("more_body", False) for each in bodies] == [True] * (len(bodies) - 1) + [False]
    assert max(len(each["body"]) for each in bodies) <= IN_MEMORY
    assert application.closed == 1


def test_what_is_small_or_one_part_makes_no_file_and_a_fault_leaves_none():
    assert collected([b"a", b"b"]) == (b"ab", None)
    assert collected([b"x" * (IN_MEMORY + 1)]) == (b"x" * (IN_MEMORY + 1), None)
    rest, file = collected([b"x" * IN_MEMORY, b"y", b"z"])
    assert (rest, file.read()) == (b"z", b"x" * IN_MEMORY + b"y")
    file.close()

    def broken():
        yield b"x" * IN_MEMORY
        yield b"y"
        raise LookupError

    with pytest.raises(LookupError):
        collected(broken())
