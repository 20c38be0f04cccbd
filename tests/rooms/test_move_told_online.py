# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who booked online hears by mail that the house moves it: the secretary reads that, and whether the mail is his."""

import pytest

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments
from permanence.agenda.queries.views import appointment_views
from permanence.agenda.rules.public import PublicMailKind
from permanence.dispatch.move_queries import ToldOfMoving, told_of_moving
from tests.rooms.agenda_cast import after
from tests.rooms.public_cast import cast, clock, jeanne, mails
from tests.rooms.test_public_booking import provider, sent_by_sms

__all__ = ["cast", "clock", "jeanne", "provider"]

pytestmark = pytest.mark.django_db


def moved(cast, clock, deliver_all):
    """The house moves her visit by an hour: what the secretary reads, and what goes out."""
    mails(clock.at)
    made = appointments.move(
        key=cast.key(), appointment=Appointment.objects.get().key, agenda=cast.dupont, starts_at=after(60),
        by=cast.claire, at=clock.at,
    )  # fmt: skip
    [visit] = appointment_views(Appointment.objects.all())
    assert visit.revision == made.revision == 1
    told = told_of_moving(by=cast.claire, visit=visit, at=clock.at)
    deliver_all(clock.at)
    return told, [(taken.kind, taken.is_proved, mail["To"]) for taken, mail in mails(clock.at)]


def test_who_booked_online_is_told_by_mail(jeanne, cast, clock, deliver_all):
    jeanne.book()
    told, sent = moved(cast, clock, deliver_all)
    assert told is ToldOfMoving.MAIL
    assert sent == [(PublicMailKind.MOVED, True, "jeanne@example.org")]


def test_of_an_hour_that_has_begun_nothing_is_written(jeanne, cast):
    jeanne.book()
    [visit] = appointment_views(Appointment.objects.all())
    assert told_of_moving(by=cast.claire, visit=visit, at=visit.starts_at) is ToldOfMoving.NOBODY


def test_whose_mail_no_code_proved_is_to_be_told_all_the_same(jeanne, cast, clock, provider, deliver_all):
    jeanne.take()
    jeanne.tell(by="sms")
    jeanne.code(sent_by_sms(provider, clock.at)[0])
    told, sent = moved(cast, clock, deliver_all)
    assert told is ToldOfMoving.UNPROVED
    assert sent == [(PublicMailKind.MOVED, False, "jeanne@example.org")]
