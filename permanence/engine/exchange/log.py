# SPDX-License-Identifier: AGPL-3.0-or-later
"""The exchange's log: one line an entry on stderr, `key=value`, without secrets, callers' numbers or what they said."""

import contextlib
import dataclasses
import logging
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from permanence.kernel.events import Event

LATER_S = 0.05
_PLAIN_WORD = re.compile(r"[^\s\"'=]+")
_SHOWN_OF: dict[type[Event], tuple[str, ...]] = {}
_SHOWN = ("call", "client", "secretary", "seat", "state", "why", "by", "how", "reason", "place", "waited_ms", "trunk")


class LineFormatter(logging.Formatter):
    """`2026-11-24T10:00:00.000Z INFO permanence.exchange event key=value...`"""

    _second = -1
    _spelled = ""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback follows on lines of its own."""
        fields: dict[str, Any] = getattr(record, "fields", {})
        line = self.line(record.created, record.levelname, record.name, record.getMessage(), fields)
        return line if not record.exc_info else f"{line}\n{self.formatException(record.exc_info)}"

    def line(self, at: float, level: str, name: str, event: str, fields: Mapping[str, Any]) -> str:
        """The line of an entry; `at`: seconds since 1970."""
        second = int(at)
        if second != self._second:
            self._second = second
            self._spelled = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        words = "".join([f" {key}={value}" for key, value in fields.items()])
        if not _is_plain(words, len(fields)):
            words = "".join([f" {key}={_word(value)}" for key, value in fields.items()])
        return f"{self._spelled}.{int((at - second) * 1000):03d}Z {level} {name} {event}{words}"


class Log(logging.Handler):
    """Writes the lines. What is only information waits up to LATER_S for more of its kind, so that a call does not
    cost a write for each of its entries; a warning brings everything out at once."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines: list[str] = []
        self.setFormatter(_FORMATTER)
        self.later: Callable[[Callable[[], None]], object] | None = None
        """Calls something in LATER_S; None writes each line at once."""

    def emit(self, record: logging.LogRecord) -> None:
        """logging: one entry."""
        self._put(self.format(record))
        if record.levelno > logging.INFO:
            self.flush()

    def tell(self, at: float, name: str, event: str, fields: Mapping[str, Any]) -> None:
        """An entry of information, without the machinery. `at`: seconds since 1970."""
        self._put(_FORMATTER.line(at, "INFO", name, event, fields))

    def flush(self) -> None:
        """Writes what waits, or drops it: a full disk or a reader that is gone costs lines, not the telephone."""
        if self._lines:
            lines, self._lines = self._lines, []
            with contextlib.suppress(OSError):
                self._stream.write("".join(lines))
                self._stream.flush()

    def _put(self, line: str) -> None:
        if self.later is None:
            self._lines.append(line + "\n")
            self.flush()
            return
        if not self._lines:
            self.later(self.flush)
        self._lines.append(line + "\n")


def start_logging(level: int = logging.INFO) -> Log:
    """Sends every logger of the process to stderr."""
    # What no line of ours shows is not looked up for each (the logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = Log(sys.stderr)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("permanence.exchange.websocket").setLevel(logging.WARNING)
    return handler


def event_fields(event: Event) -> dict[str, Any]:
    """What of an engine event may stand in the log."""
    kind = type(event)
    names = _SHOWN_OF.get(kind)
    if names is None:
        own = {field.name for field in dataclasses.fields(event)}
        names = _SHOWN_OF[kind] = tuple(name for name in _SHOWN if name in own)
    return {name: value for name in names if (value := getattr(event, name)) is not None and value != ""}


def _is_plain(words: str, fields: int) -> bool:
    """Whether no value needs quotes: what stands in one passes neither for another field nor for its end. As many
    blanks and equals signs as fields, no other white space (none of it is printable), and no value is empty."""
    return (
        words.count("=") == words.count(" ") == fields
        and words.isprintable()
        and '"' not in words
        and "'" not in words
        and "= " not in words
        and not words.endswith("=")
    )


def _word(value: Any) -> str:
    text = value if type(value) is str else str(value)
    return text if _PLAIN_WORD.fullmatch(text) else repr(text)


_FORMATTER = LineFormatter()
