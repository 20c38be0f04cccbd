# SPDX-License-Identifier: AGPL-3.0-or-later
"""JSON of the telephone's hot paths (RFC 8259), UTF-8 bytes without spaces. orjson does the work.

orjson refuses text with a lone surrogate (octets of a carrier that are not UTF-8 are kept as such): then the standard
library writes it, escaped, which every reader understands.
"""

import dataclasses
import json
from datetime import datetime
from typing import Any

import orjson


class NotJson(ValueError):
    """The text is not JSON."""


def encode(value: Any) -> bytes:
    """`value` as JSON, moments in RFC 3339, dataclasses as objects.

    Raises TypeError or ValueError for what JSON cannot say.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> Any:
    """What orjson writes on its own and the standard library does not."""
    if isinstance(value, datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} is not JSON")


def decode(data: bytes | bytearray | memoryview | str) -> Any:
    """The value of a JSON text. Raises NotJson for anything else, however deep or long."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _decode_slowly(data)


def _decode_slowly(data: bytes | bytearray | memoryview | str) -> Any:
    """What orjson refuses: a lone surrogate as an escape is fine, everything else is not JSON."""
    try:
        text = data if isinstance(data, str) else bytes(data).decode()
        if "\\u" not in text:
            raise NotJson("not JSON")
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotJson("not JSON") from error
