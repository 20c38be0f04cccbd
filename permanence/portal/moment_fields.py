# SPDX-License-Identifier: AGPL-3.0-or-later
"""Day and hour as they are typed in the portal and written back, on the client's clock."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

from permanence.clients.rules.typed_moments import read_beginning, read_ending, read_typed

WRITTEN = {"de": "%d.%m.%Y %H:%M"}
"""How a language writes a moment into its field, where not day/month/year."""


def read_moment(text: str, zone: ZoneInfo, *, at: datetime) -> datetime | None:
    """The moment of "24/12 14h" on that clock; None for what is none. Of an hour that is twice, the first."""
    found = read_typed(text, now=at.astimezone(zone).replace(tzinfo=None))
    return None if found is None else found.replace(tzinfo=zone)


def read_begun(text: str, zone: ZoneInfo, *, at: datetime) -> datetime | None:
    """The same of a beginning: "24/12" is that day from its first hour on."""
    found = read_beginning(text, now=at.astimezone(zone).replace(tzinfo=None))
    return None if found is None else found.replace(tzinfo=zone)


def read_ended(text: str, zone: ZoneInfo, *, at: datetime) -> datetime | None:
    """The same of an end: "24/12" is over at the midnight after that day."""
    found = read_ending(text, now=at.astimezone(zone).replace(tzinfo=None))
    return None if found is None else found.replace(tzinfo=zone)


def write_moment(moment: datetime | None, zone: ZoneInfo) -> str:
    """The inverse, to the minute, as the page's language writes it; "" for None."""
    written = WRITTEN.get((get_language() or "")[:2], "%d/%m/%Y %H:%M")
    return "" if moment is None else moment.astimezone(zone).strftime(written)
