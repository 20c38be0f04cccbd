# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is free for a visit that is moved: as long as it is, and where its patient moves it by himself in nobody's way,
nor the one too many of its day.
"""

from datetime import date, datetime, timedelta

from permanence.agenda.models import Occupancy
from permanence.agenda.models.appointments import ALL_PLACES
from permanence.agenda.queries import slots
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.kinds import CELL, LONGEST_VISIT, Asker
from permanence.agenda.rules.search import Found
from permanence.agenda.rules.wishes import Moving, Wish
from permanence.callers import queries as callers
from permanence.foundation.who import Who


def own_minutes(appointment: str, *, starts: datetime, ends: datetime) -> int:
    """How long the visit of that id is, for `Wish.minutes`: it is as long elsewhere, whatever its reason says by now.

    0, as its reason says, for one of a group (a session is as long as it is everywhere) and for a length that no visit
    can have. One query.
    """
    minutes, rest = divmod(ends - starts, timedelta(minutes=1))
    if rest or minutes % CELL or not 0 < minutes <= LONGEST_VISIT:
        return 0
    in_group = Occupancy.objects.filter(appointment__key=appointment, agenda__isnull=False, place_until__lt=ALL_PLACES)
    return 0 if in_group.exists() else minutes


def minutes_of(visit: AppointmentView) -> int:
    """As `own_minutes`."""
    return own_minutes(visit.appointment, starts=visit.starts_at, ends=visit.ends_at)


def wish_to_move(visit: AppointmentView, *, sites: tuple[str, ...] = (), by: Who) -> Wish:
    """The wish of who moves it, as the public may book: it stays as long as it was booked, and he is as old as he is.

    Raises callers' PatientUnknown.
    """
    person = callers.standing(house=by.house, client=visit.client, patient=visit.patient)
    return Wish(
        reason=visit.reason,
        is_new=not visit.known,
        born=person.born,
        asked_by=Asker.ONLINE,
        sites=sites,
        minutes=minutes_of(visit),
    )


def proposed(visit: AppointmentView, wish: Wish, *, by: Who, first: date, at: datetime, days: int, most: int) -> Found:
    """As `slots.next_free`, in its agenda, and nowhere it stands already. Raises AgendaUnknown, WishTooWide."""
    moving = Moving(visit=visit.appointment, agenda=visit.agenda, starts=visit.starts_at)
    return slots.next_free(
        by=by, agendas=[visit.agenda], wish=wish, first=first, at=at, days=days, most=most, moving=moving
    )
