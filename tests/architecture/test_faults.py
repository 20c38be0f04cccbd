# SPDX-License-Identifier: AGPL-3.0-or-later
"""A place that catches every exception lets it go on or writes its trace, and what is written with its trace is counted
(`permanence.engine.faults`): no fault of ours is a line of the log alone."""

import ast
import logging
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from permanence.engine.faults import FaultHandler, count_faults
from permanence.engine.mediaplane.loop import MediaLoop
from permanence.kernel.faults import FaultBook

PACKAGE = Path(__file__).resolve().parents[2] / "permanence"
EVERYTHING = {"Exception", "BaseException"}
KEPT = {
    "permanence/engine/exchange/closing.py": "raised again when the other calls have been told",
    "permanence/project/consumer.py": "logged with its trace behind the handler, then set aside in a table",
}
"""Files with a place that does neither in the handler itself, and where the exception goes."""


def catches_everything(handler):
    names = [handler.type] if not isinstance(handler.type, ast.Tuple) else handler.type.elts
    return handler.type is None or any(isinstance(name, ast.Name) and name.id in EVERYTHING for name in names)


def is_told(handler):
    for node in ast.walk(handler):
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "exception" or any(word.arg == "exc_info" for word in node.keywords):
                return True
            if node.func.attr == "_rebuild":  # writes the trace first of all
                return True
    return False


def silent_places(text):
    handlers = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ExceptHandler)]
    return [handler.lineno for handler in handlers if catches_everything(handler) and not is_told(handler)]


def test_no_place_that_catches_everything_keeps_it_to_itself():
    found = {
        str(path.relative_to(PACKAGE.parent)): places
        for path in sorted(PACKAGE.rglob("*.py"))
        if (places := silent_places(path.read_text(encoding="utf-8")))
    }
    assert {name: len(places) for name, places in found.items()} == dict.fromkeys(KEPT, 1)


def test_a_silent_place_is_seen():
    silent = "try:\n    act()\nexcept (OSError, Exception):\n    log.warning('no')\n"
    assert silent_places(silent) == [3]
    assert silent_places(silent.replace("log.warning('no')", "log.exception('no')")) == []
    assert silent_places("try:\n    act()\nexcept:\n    pass\n") == [3]


@pytest.fixture
def book():
    book = FaultBook()
    handler = count_faults(book.note)
    yield book
    logging.getLogger().removeHandler(handler)


def test_what_is_written_with_its_trace_is_counted_without_its_words(book):
    log = logging.getLogger("permanence.exchange.bus")
    log.warning("the caller %s", "+352621000147")
    assert book.count == 0
    try:
        raise KeyError("+352621000147")
    except KeyError:
        log.exception("command_failed")
    assert (book.count, book.kind, book.where) == (1, "KeyError", "permanence.exchange.bus")
    assert book.is_standing(datetime.now(UTC))
    assert "621" not in repr(book)


def test_a_loop_that_is_closing_does_not_hear_and_costs_nothing():
    def closed(_kind, _where, _at):
        raise RuntimeError("Event loop is closed")

    record = logging.LogRecord("x", logging.ERROR, "f", 1, "m", (), (KeyError, KeyError(), None))
    heard = []
    FaultHandler(closed).emit(record)
    FaultHandler(lambda *told: heard.append(told)).emit(record)
    assert [(kind, where) for kind, where, _ in heard] == [("KeyError", "x")]


class Idle:
    idle = False

    def step(self, now):
        pass


def test_a_fault_in_the_media_thread_is_counted_and_stops_nothing(book):
    loop, gone_on = MediaLoop(), threading.Event()
    thread = loop.start(Idle())
    loop.call(lambda _now: {}.popitem())
    loop.call(lambda _now: gone_on.set())
    assert gone_on.wait(10)
    loop.stop()
    thread.join(10)
    assert loop.failures == 1
    assert (book.count, book.kind) == (1, "KeyError")
