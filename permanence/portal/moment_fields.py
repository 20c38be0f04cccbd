# SPDX-License-Identifier: AGPL-3.0-or-later
"""Day and hour as a browser's field writes them, on the client's clock."""

from datetime import datetime
from zoneinfo import ZoneInfo


def read_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment of "2026-11-24T14:00" on that clock; None for what is none. Of an hour that is twice, the first."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=zone) if found.tzinfo is None else None


def write_moment(moment: datetime | None, zone: ZoneInfo) -> str:
    """The inverse, to the minute; "" for None."""
    return "" if moment is None else moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
