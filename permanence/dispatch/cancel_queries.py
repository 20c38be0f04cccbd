# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether anything is written to a patient whose appointment the house cancels: a secretary has to know it before."""

import enum
from collections.abc import Iterable
from datetime import datetime

from permanence.agenda.queries import told
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.states import Door
from permanence.callers import queries as callers
from permanence.dispatch.calendar_queries import LEFT, address_of
from permanence.dispatch.models import CalendarMail
from permanence.foundation.who import Who


class ToldOfCancelling(enum.StrEnum):
    """DECEASED: he has died, and nobody writes to him or telephones. MAIL: he booked on the public page and is told by
    mail. UNPROVED: so he is, but at an address that no code proved to be his. CALENDAR: the entry in his calendar is
    withdrawn by mail, and nothing else is written. NOBODY writes to him.
    """

    DECEASED = "deceased"
    MAIL = "mail"
    UNPROVED = "unproved"
    CALENDAR = "calendar"
    NOBODY = "nobody"

    @property
    def asks_a_call(self) -> bool:
        """Whether somebody has to telephone him."""
        return self not in {ToldOfCancelling.MAIL, ToldOfCancelling.DECEASED}


def told_of_cancelling(*, by: Who, visits: Iterable[AppointmentView], at: datetime) -> dict[str, ToldOfCancelling]:
    """By appointment (its id) how its patient would be told if it were cancelled at `at`. No SMS says that. Four
    queries.
    """
    asked = tuple(visits)
    to_come = {each.appointment: each for each in asked if each.starts_at > at}
    mailed = told.mailed(house_key=by.house_key, visits=to_come)
    sent = CalendarMail.objects.for_house(by.house_key).filter(LEFT, appointment__in=to_come)
    entered = [to_come[key] for key in set(sent.values_list("appointment", flat=True))]
    entered = [each for each in entered if each.door is not Door.PUBLIC]
    persons = callers.standing_of(pairs=[(each.client, each.patient) for each in asked])
    withdrawn = {
        each.appointment
        for each in entered
        if (person := persons.get((each.client, each.patient))) is not None and address_of(person)
    }
    found = {each.appointment: ToldOfCancelling.NOBODY for each in asked}
    found |= dict.fromkeys(withdrawn, ToldOfCancelling.CALENDAR)
    found |= {
        key: ToldOfCancelling.MAIL if is_proved else ToldOfCancelling.UNPROVED for key, is_proved in mailed.items()
    }
    died = {pair for pair, each in persons.items() if each.is_deceased}
    return found | {
        each.appointment: ToldOfCancelling.DECEASED for each in asked if (each.client, each.patient) in died
    }
