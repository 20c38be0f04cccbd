# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether anything is written to a patient whose appointment the house has moved: a secretary has to know it."""

import enum
from datetime import datetime

from permanence.agenda.queries import told
from permanence.agenda.queries.views import AppointmentView
from permanence.callers import queries as callers
from permanence.dispatch.calendar_queries import address_of, has_entries, is_told, last_entry
from permanence.dispatch.models import CalendarMail
from permanence.dispatch.reminder_queries import contact_rule
from permanence.foundation.who import Who


class ToldOfMoving(enum.StrEnum):
    """MAIL: a mail says the new hour, for he booked on the public page or gets his appointments for his calendar.
    UNPROVED: so it does, but to an address that no code proved to be his. NOBODY writes to him.
    """

    MAIL = "mail"
    UNPROVED = "unproved"
    NOBODY = "nobody"


def told_of_moving(*, by: Who, visit: AppointmentView, at: datetime) -> ToldOfMoving:
    """How its patient is told that `visit` was moved at `at` to where it stands now. No SMS says that; a reminder that
    comes later says the new hour, and not that it was another one.
    """
    if visit.starts_at <= at:
        return ToldOfMoving.NOBODY
    mailed = told.mailed(house_key=by.house_key, visits=[visit.appointment])
    if visit.appointment in mailed:
        return ToldOfMoving.MAIL if mailed[visit.appointment] else ToldOfMoving.UNPROVED
    return ToldOfMoving.MAIL if _is_entered(visit, by=by, at=at) else ToldOfMoving.NOBODY


def _is_entered(visit: AppointmentView, *, by: Who, at: datetime) -> bool:
    if not has_entries(visit, revision=visit.revision, at=at):
        return False
    rows = CalendarMail.objects.for_house(by.house_key).filter(appointment=visit.appointment)
    last = last_entry(rows.filter(revision__lt=visit.revision))
    if not is_told(visit, last, sends=contact_rule(house=by.house, client=visit.client).sends_calendar):
        return False
    return bool(address_of(callers.standing(house=by.house, client=visit.client, patient=visit.patient)))
