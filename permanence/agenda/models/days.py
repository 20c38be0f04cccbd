# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a doctor says of a day: that he is late; and of the booked whom his absence meets: what becomes of them."""

from django.db import models

from permanence.agenda.models.appointments import CAUSE_LENGTH, KEY_LENGTH, AgendaRow, Appointment
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.foundation.tenancy import ClientQuerySet


class Delay(AgendaRow):
    """How many minutes an agenda runs late on a local day, as was said last; 0 is on time again."""

    day = models.DateField()
    minutes = models.PositiveSmallIntegerField()
    said_at = models.DateTimeField()
    said_by_name = models.CharField(max_length=120)

    objects = ClientQuerySet["Delay"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["agenda", "day"], name="agenda_delay_day"),)

    def __str__(self) -> str:
        return f"{self.minutes} min on {self.day}"


class FollowUp(AgendaRow):
    """An appointment that cannot be kept, and what the doctor wants done with it: a secretary does it.

    `starts_at`: where the appointment stood; one that was moved or cancelled since needs nobody any more. `absence`:
    the id of the absence, "" where the agenda is closed, and where it is asked of this visit `alone`: that one can be
    kept, and stands until it is moved. While `done_at` is empty it stands on the list.
    """

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+")
    absence = models.CharField(max_length=KEY_LENGTH)
    alone = models.BooleanField(default=False)
    starts_at = models.DateTimeField()
    wanted = models.CharField(max_length=8)
    words = models.CharField(max_length=CAUSE_LENGTH, blank=True, default="")
    asked_at = models.DateTimeField()
    asked_by_name = models.CharField(max_length=120)
    done_at = models.DateTimeField(null=True)
    done_by_name = models.CharField(max_length=120, blank=True, default="")
    outcome = models.CharField(max_length=12, blank=True, default="")

    objects = ClientQuerySet["FollowUp"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["appointment"], condition=models.Q(done_at__isnull=True), name="agenda_follow_up_once"
            ),
            models.CheckConstraint(
                condition=models.Q(wanted__in=[each.value for each in Wanted]), name="agenda_follow_up_wanted"
            ),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True, outcome="")
                | models.Q(done_at__isnull=False, outcome__in=[each.value for each in Outcome]),
                name="agenda_follow_up_done",
            ),
        )
        indexes = (
            models.Index(
                fields=["house", "starts_at"], name="agenda_follow_up_open", condition=models.Q(done_at__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.wanted} {self.appointment_id}"
