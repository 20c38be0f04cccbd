# SPDX-License-Identifier: AGPL-3.0-or-later
"""The exchange's log: one line an entry on stderr, `key=value`, without secrets, callers' numbers or what they said."""

import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

_PLAIN_WORD = re.compile(r"[^\s\"'=]+")
_SHOWN = ("call", "client", "secretary", "seat", "state", "why", "by", "how", "reason", "place", "waited_ms", "trunk")


class LineFormatter(logging.Formatter):
    """`2026-11-24T10:00:00.000Z INFO permanence.exchange event key=value...`"""

    _second = -1
    _spelled = ""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback follows on lines of its own."""
        at = self._at(record)
        fields: dict[str, Any] = getattr(record, "fields", {})
        words = [at, record.levelname, record.name, record.getMessage()]
        words += [f"{name}={_word(value)}" for name, value in fields.items()]
        line = " ".join(words)
        return line if not record.exc_info else f"{line}\n{self.formatException(record.exc_info)}"

    def _at(self, record: logging.LogRecord) -> str:
        second = int(record.created)
        if second != self._second:
            self._second = second
            self._spelled = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._spelled}.{int(record.msecs):03d}Z"


def start_logging(level: int = logging.INFO) -> None:
    """Sends every logger of the process to stderr."""
    # What no line of ours shows is not looked up for each (the logging HOWTO, "Optimization").
    logging._srcfile = None  # type: ignore[attr-defined]
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = logging.logAsyncioTasks = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("permanence.exchange.websocket").setLevel(logging.WARNING)


def event_fields(event: dict[str, Any]) -> dict[str, Any]:
    """What of an engine event may stand in the log."""
    return {name: event[name] for name in _SHOWN if event.get(name) not in (None, "")}


def _word(value: Any) -> str:
    text = str(value)
    return text if _PLAIN_WORD.fullmatch(text) else repr(text)
