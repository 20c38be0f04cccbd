# SPDX-License-Identifier: AGPL-3.0-or-later
"""Moments as the kept states hold them: RFC 3339 text."""

from datetime import datetime

import orjson


def written(moment: datetime) -> str:
    """What `isoformat` says of an aware moment, in a fifth of its time."""
    return orjson.dumps(moment)[1:-1].decode()


def read(text: str | None) -> datetime | None:
    """The inverse; None for None. Raises ValueError or TypeError."""
    return None if text is None else datetime.fromisoformat(text)
