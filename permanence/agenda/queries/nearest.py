# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is offered where a time was refused: the nearest free ones, of that agenda and of those beside it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.queries.agendas import seen
from permanence.agenda.queries.appointments import appointment
from permanence.agenda.queries.books import check_day
from permanence.agenda.queries.slots import books_for, next_free
from permanence.agenda.rules.free import free_slots
from permanence.agenda.rules.wishes import Moving, Preferences, Slot, Wish
from permanence.foundation.who import Who

MOST = 3
"""Times that are offered at most."""
DAYS = 90
"""Days that are searched where that day has none."""


def nearest_free(
    *, by: Who, agendas: Sequence[str], wish: Wish, starts: datetime, at: datetime, without: str = ""
) -> tuple[Slot, ...]:
    """The free slots nearest to `starts`, `MOST` at most, preferences of `wish` not looked at.

    Of that local day: of the first of `agendas` the last one before and the first one after, the nearer first, and of
    the others the nearest one. Only where that day has none, the next of the days after it; of a time that is over,
    from today on. All `agendas` are of one client. `without`: the appointment that is to be moved, which
    hinders nothing and is not offered the place it has. Raises AgendaUnknown, AppointmentUnknown, SpanImpossible.
    """
    rows = seen(agendas, by=by)
    zone = ZoneInfo(rows[0].client.time_zone)
    wanted = max(starts, at)
    day = wanted.astimezone(zone).date()
    check_day(day)
    moving = _moving(without, by=by) if without else None
    following = day + timedelta(days=1)
    own, *others = (
        [each for each in free_slots(book, wish, first=day, until=following, at=at) if not _stands(moving, each)]
        for book in (each.without(without) if without else each for each in books_for(rows, first=day, until=following))
    )

    def near(slot: Slot) -> timedelta:
        return abs(slot.starts - wanted)

    around = [
        *[each for each in own if each.starts <= wanted][-1:],
        *[each for each in own if each.starts > wanted][:1],
    ]
    beside = sorted((each for slots in others for each in slots), key=near)[:1]
    found = [*sorted(around, key=near), *beside]
    if not found:
        bare = replace(wish, preferences=Preferences(agendas=tuple(agendas)))
        later = next_free(
            by=by, agendas=agendas, wish=bare, first=following, at=at, days=DAYS, most=MOST, moving=moving
        )
        found = [each.slot for each in later.proposals]
    return tuple(found[:MOST])


def _moving(key: str, *, by: Who) -> Moving:
    visit = appointment(by=by, appointment=key)
    return Moving(visit=visit.appointment, agenda=visit.agenda, starts=visit.starts_at)


def _stands(moving: Moving | None, slot: Slot) -> bool:
    return moving is not None and (slot.agenda, slot.starts) == (moving.agenda, moving.starts)
