# SPDX-License-Identifier: AGPL-3.0-or-later
"""Patients whom a booking without a secretary made new, and whom the client may know already."""

from django.db import models

from permanence.agenda.models.appointments import AgendaRow, Appointment
from permanence.foundation.tenancy import ClientQuerySet


class Newcomer(AgendaRow):
    """The patient of an appointment was added by the booking itself, and looked like somebody whom the client has.

    A secretary compares the two: merged, moved or cancelled, he needs nobody any more. `done_at`: she said that they
    are two persons; while it is empty and the appointment is to come, he stands on her list.
    """

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("callers.Patient", on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by_name = models.CharField(max_length=120, blank=True, default="")

    objects = ClientQuerySet["Newcomer"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["appointment"], name="agenda_newcomer_once"),)
        indexes = (
            models.Index(fields=["house"], name="agenda_newcomer_open", condition=models.Q(done_at__isnull=True)),
        )

    def __str__(self) -> str:
        return f"newcomer {self.patient_id}"
