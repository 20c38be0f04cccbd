# SPDX-License-Identifier: AGPL-3.0-or-later
"""What secretaries booked, moved or cancelled in the client's own agenda, as his portal lists it, on his clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from permanence.agenda import elsewhere_queries as queries
from permanence.agenda import elsewhere_words as words
from permanence.agenda.elsewhere_queries import ActRow
from permanence.clients import queries as clients
from permanence.foundation import moments
from permanence.foundation.who import Who


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnAct:
    """One act. `when` is the appointment, `recorded` the moment it was recorded."""

    row: ActRow
    what: str
    when: str
    recorded: str


def booked_for(by: Who, access: Iterable[clients.PortalAccess], *, at: datetime) -> tuple[DrawnAct, ...]:
    """Those of the person's clients, the newest first."""
    return tuple(
        DrawnAct(
            row=row,
            what=words.act_words(row),
            when=words.moment_words(row),
            recorded=moments.day_and_hour(row.recorded_at, ZoneInfo(row.time_zone), now=at),
        )
        for row in queries.acts_for_person(house=by.house, access=access, at=at)
    )
