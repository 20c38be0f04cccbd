# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether an entry for his calendar goes to a patient by mail: asked by what sends it, and by who says that it will."""

from datetime import datetime

from django.db.models import Q, QuerySet

from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.states import AppointmentState, Door
from permanence.callers.queries import PatientView
from permanence.dispatch.models import CalendarMail
from permanence.dispatch.rules import ReminderState

LEFT = Q(state=ReminderState.SENT) | Q(state=ReminderState.PENDING, leased_until__isnull=False)
"""What went out, or is on its way."""


def has_entries(visit: AppointmentView, *, revision: int, at: datetime) -> bool:
    """Whether its change to `revision` can be told so at all: not what was booked online, which has mails of its own,
    nothing that has begun, and what came in with a file only once it was changed here.
    """
    return visit.door is not Door.PUBLIC and visit.starts_at > at and (visit.door is not Door.IMPORT or revision > 0)


def last_entry(before: QuerySet[CalendarMail]) -> CalendarMail | None:
    """The last of these that went out, or is on its way."""
    return before.filter(LEFT).order_by("-revision").first()


def is_told(visit: AppointmentView, last: CalendarMail | None, *, sends: bool) -> bool:
    """Whether an entry is to say how `visit` stands, after the `last` one. A cancellation is told only where the
    appointment was; where the client `sends` them no more, only what stands in a calendar already is kept true.
    """
    if visit.state is AppointmentState.CANCELLED and last is None:
        return False
    return sends or (last is not None and not last.is_cancelled)


def address_of(person: PatientView) -> str:
    """Where his entries go; "" where he agreed to no mails, or has no address."""
    return person.mail if person.may_mail else ""
