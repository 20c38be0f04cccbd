# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which lines a house has and whether each is open now, by the routing table in its data folder."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from permanence.engine.exchange.slices import SliceStore
from permanence.reception.hours import opening_at
from permanence.reception.table import RoutingTable


def read_table(data: Path) -> RoutingTable:
    """The routing table that the exchange of this data folder holds; empty where there is none."""
    folder = data / "table"
    return SliceStore(folder).table if folder.is_dir() else RoutingTable()


def is_open(number: str, table: RoutingTable, *, at: datetime) -> bool:
    """Whether the line (E.164) is a client's and open at that moment."""
    owner = table.lines.get(number)
    if owner is None:
        return False
    client = table.clients[owner]
    zone, country, region = client.time_zone, client.country, client.region
    return opening_at(client.hours, zone=zone, country=country, region=region, at=at).is_open


def state_of(number: str, table: RoutingTable, *, at: datetime) -> str:
    """`open now`, or until when the line (E.164) is closed, on its own clock; empty for no line of the table."""
    owner = table.lines.get(number)
    if owner is None:
        return ""
    client = table.clients[owner]
    zone, country, region = client.time_zone, client.country, client.region
    opening = opening_at(client.hours, zone=zone, country=country, region=region, at=at)
    if opening.is_open:
        return "open now"
    if opening.changes_at is None:
        return "closed now"
    opens = opening.changes_at.astimezone(ZoneInfo(zone))
    today = at.astimezone(ZoneInfo(zone)).date()
    return f"closed until {opens:%H:%M}" if opens.date() == today else f"closed until {opens:%A %d %B, %H:%M}"
