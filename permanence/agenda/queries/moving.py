# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is free for a visit that its patient moves by himself: in nobody's way, nor the one too many of its day."""

from datetime import date, datetime

from permanence.agenda.queries import slots
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.kinds import Asker
from permanence.agenda.rules.search import Found
from permanence.agenda.rules.wishes import Moving, Wish
from permanence.callers import queries as callers
from permanence.foundation.who import Who


def wish_to_move(visit: AppointmentView, *, sites: tuple[str, ...] = (), by: Who) -> Wish:
    """The wish of who moves it, as the public may book: it stays as long as it was booked, and he is as old as he is.

    Raises callers' PatientUnknown.
    """
    person = callers.standing(house=by.house, client=visit.client, patient=visit.patient)
    return Wish(reason=visit.reason, is_new=not visit.known, born=person.born, asked_by=Asker.ONLINE, sites=sites)


def proposed(visit: AppointmentView, wish: Wish, *, by: Who, first: date, at: datetime, days: int, most: int) -> Found:
    """As `slots.next_free`, in its agenda, and nowhere it stands already. Raises AgendaUnknown, WishTooWide."""
    moving = Moving(visit=visit.appointment, agenda=visit.agenda, starts=visit.starts_at)
    return slots.next_free(
        by=by, agendas=[visit.agenda], wish=wish, first=first, at=at, days=days, most=most, moving=moving
    )
