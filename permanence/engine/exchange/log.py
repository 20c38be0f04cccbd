# SPDX-License-Identifier: AGPL-3.0-or-later
"""The exchange's log: one line an entry on stderr, `key=value`, without secrets, callers' numbers or what they said."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

_SHOWN = ("call", "client", "secretary", "seat", "state", "why", "by", "how", "reason", "place", "waited_ms", "trunk")


class LineFormatter(logging.Formatter):
    """`2026-11-24T10:00:00.000Z INFO permanence.exchange event key=value...`"""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback follows on lines of its own."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields: dict[str, Any] = getattr(record, "fields", {})
        words = [at, record.levelname, record.name, record.getMessage()]
        words += [f"{name}={_word(value)}" for name, value in fields.items()]
        line = " ".join(words)
        return line if not record.exc_info else f"{line}\n{self.formatException(record.exc_info)}"


def start_logging(level: int = logging.INFO) -> None:
    """Sends every logger of the process to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("permanence.exchange.websocket").setLevel(logging.WARNING)


def event_fields(event: dict[str, Any]) -> dict[str, Any]:
    """What of an engine event may stand in the log."""
    return {name: event[name] for name in _SHOWN if event.get(name) not in (None, "")}


def _word(value: Any) -> str:
    text = str(value)
    return repr(text) if not text or any(letter.isspace() or letter in "\"'=" for letter in text) else text
