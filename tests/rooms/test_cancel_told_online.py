# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who booked online hears by mail that the house cancels: the secretary reads that before she cancels."""

import pytest

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments
from permanence.agenda.queries.views import appointment_views
from permanence.agenda.rules.public import PublicMailKind
from permanence.agenda.rules.states import CancelCause
from permanence.dispatch.cancel_queries import ToldOfCancelling, told_of_cancelling
from tests.rooms.test_public_booking import cast, clock, jeanne, mails

__all__ = ["cast", "clock", "jeanne"]

pytestmark = pytest.mark.django_db


def test_who_booked_online_is_told_by_mail(jeanne, cast, clock, deliver_all):
    jeanne.book()
    mails(clock.at)
    [visit] = appointment_views(Appointment.objects.all())
    asked = {"by": cast.claire, "visits": [visit]}
    assert told_of_cancelling(**asked, at=clock.at) == {visit.appointment: ToldOfCancelling.MAIL}
    assert told_of_cancelling(**asked, at=visit.starts_at) == {visit.appointment: ToldOfCancelling.NOBODY}
    act = {"by": cast.claire, "at": clock.at}
    appointments.cancel(key=cast.key(), appointment=visit.appointment, cause=CancelCause.ABSENCE, **act)
    deliver_all(clock.at)
    assert [(taken.kind, mail["To"]) for taken, mail in mails(clock.at)] == [
        (PublicMailKind.CANCELLED, "jeanne@example.org")
    ]
