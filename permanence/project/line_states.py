# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which lines a house has and whether each is open now, by the routing table in its data folder."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from permanence.engine.exchange.slices import SliceStore
from permanence.reception.absence import closing_absence
from permanence.reception.hours import Openings
from permanence.reception.table import ANSWERED, ClientSlice, RoutingTable
from permanence.reception.treatment import why_shut


def read_table(data: Path) -> RoutingTable:
    """The routing table that the exchange of this data folder holds; empty where there is none."""
    folder = data / "table"
    return SliceStore(folder).table if folder.is_dir() else RoutingTable()


@dataclass(frozen=True, slots=True)
class LineState:
    """Whether calls of a client are answered at a moment; `until` when that is known to change (None: not), and `why`
    where it is not the week: the name of the day, an absence, the state of the account."""

    is_open: bool
    until: datetime | None = None
    why: str = ""


def line_state(client: ClientSlice, *, at: datetime) -> LineState:
    """The state of a client's lines, as the telephone judges it."""
    openings = Openings()
    shut = why_shut(client, openings, at=at)
    if shut is None:
        return LineState(is_open=True)
    absence = closing_absence(client, at=at)
    if client.state not in ANSWERED:
        return LineState(is_open=False, why=f"the account is {client.state}")
    if absence is not None:
        return LineState(is_open=False, until=absence.ends, why="an absence")
    opening = openings.of(client, at=at)
    why = opening.label if opening.because in {"holiday", "exception"} else ""
    return LineState(is_open=False, until=opening.changes_at, why=why)


def is_open(number: str, table: RoutingTable, *, at: datetime) -> bool:
    """Whether the line (E.164) is a client's and open at that moment."""
    owner = table.lines.get(number)
    return owner is not None and line_state(table.clients[owner], at=at).is_open


def state_of(number: str, table: RoutingTable, *, at: datetime) -> str:
    """`open now`, or until when the line (E.164) is closed, on its own clock; empty for no line of the table."""
    owner = table.lines.get(number)
    if owner is None:
        return ""
    client = table.clients[owner]
    found = line_state(client, at=at)
    if found.is_open:
        return "open now"
    if found.until is None:
        return "closed now"
    zone = ZoneInfo(client.time_zone)
    opens = found.until.astimezone(zone)
    today = at.astimezone(zone).date()
    return f"closed until {opens:%H:%M}" if opens.date() == today else f"closed until {opens:%A %d %B, %H:%M}"
