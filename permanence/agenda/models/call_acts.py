# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was done with appointments in a call."""

from django.db import models

from permanence.agenda.models.appointments import CALL_LENGTH, Appointment
from permanence.agenda.rules.elsewhere import ActElsewhere
from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class CallAct(HouseModel):
    """A person of the house booked, moved or cancelled an appointment in a call: each act, one undone later too.

    `starts_at`: when the visit takes place after it, or would have. `revision`: the appointment's then.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    call = models.CharField(max_length=CALL_LENGTH)
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField()
    act = models.CharField(max_length=12)
    starts_at = models.DateTimeField()
    at = models.DateTimeField()

    objects = ClientQuerySet["CallAct"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["appointment", "revision", "act"], name="agenda_call_act_once"),
            models.CheckConstraint(
                condition=models.Q(act__in=[each.value for each in ActElsewhere]), name="agenda_call_act_known"
            ),
        )
        indexes = (
            models.Index(fields=["house", "call"], name="agenda_call_act_call"),
            models.Index(fields=["client", "at"], name="agenda_call_act_when"),
        )

    def __str__(self) -> str:
        return f"{self.act} in {self.call}"
