# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was done by hand in a client's agenda that is not ours: recorded so that counts and bills see it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.agenda.rules.elsewhere import KEY_LIMIT, PATIENT_LIMIT, PRODUCT_LIMIT, ActElsewhere
from permanence.foundation.tenancy import ClientQuerySet, HouseModel

CALL_LENGTH = 64


class BookedElsewhere(HouseModel):
    """One act in an external agenda: an appointment booked, moved or cancelled there. `key` is the id the page made.

    `day` and `hour` stand on the client's clock, as the external agenda shows them; neither need be known, an hour
    has its day. `product` and `host` say which agenda it was, as it stood then ("" when the client had none). An act
    that was undone stays, with who undid it; `undone_at` tells it from those that count.
    """

    ACTS = (
        (ActElsewhere.BOOKED.value, _("appointment booked")),
        (ActElsewhere.MOVED.value, _("appointment moved")),
        (ActElsewhere.CANCELLED.value, _("appointment cancelled")),
    )

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    key = models.CharField(max_length=KEY_LIMIT)
    call = models.CharField(max_length=CALL_LENGTH, blank=True, default="")
    recipient = models.ForeignKey(
        "clients.Recipient", on_delete=models.PROTECT, related_name="+", verbose_name=_("recipient")
    )
    act = models.CharField(_("what was done"), max_length=12, choices=ACTS)
    day = models.DateField(_("day"), null=True)
    hour = models.TimeField(_("hour"), null=True)
    patient_name = models.CharField(_("patient"), max_length=PATIENT_LIMIT, blank=True, default="")
    caller_number = models.CharField(_("number"), max_length=16, blank=True, default="")
    product = models.CharField(_("agenda"), max_length=PRODUCT_LIMIT, blank=True, default="")
    host = models.CharField(max_length=253, blank=True, default="")
    recorded_by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, related_name="+")
    recorded_by_name = models.CharField(_("recorded by"), max_length=120)
    recorded_at = models.DateTimeField(_("recorded at"))
    corrected_at = models.DateTimeField(null=True)
    corrected_by_name = models.CharField(max_length=120, blank=True, default="")
    undone_at = models.DateTimeField(null=True)
    undone_by_name = models.CharField(max_length=120, blank=True, default="")

    objects = ClientQuerySet["BookedElsewhere"].as_manager()

    class Meta:
        verbose_name = _("appointment booked elsewhere")
        verbose_name_plural = _("appointments booked elsewhere")
        constraints = (
            models.UniqueConstraint(fields=["house", "key"], name="agenda_elsewhere_key"),
            models.CheckConstraint(
                condition=models.Q(act__in=[each.value for each in ActElsewhere]), name="agenda_elsewhere_act"
            ),
            models.CheckConstraint(
                condition=models.Q(hour__isnull=True) | models.Q(day__isnull=False),
                name="agenda_elsewhere_hour_has_day",
            ),
        )
        indexes = (
            models.Index(fields=["house", "-recorded_at"], name="agenda_elsewhere_when"),
            models.Index(fields=["client", "-recorded_at"], name="agenda_elsewhere_client"),
            models.Index(fields=["client", "caller_number"], name="agenda_elsewhere_caller"),
            models.Index(fields=["house", "call"], name="agenda_elsewhere_call"),
        )

    def __str__(self) -> str:
        return f"act elsewhere {self.key}"
