# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who was not reached by what he was sent: the rows of a list that secretaries work off."""

from django.db import models

from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.rules import UnreachedOutcome
from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class Unreached(HouseModel):
    """A patient who was not told of his visit, or that the doctor is late: a secretary telephones.

    `key` is that of what did not reach him, or one of its own where nothing could be sent; `kind`: reminder or late;
    `appointment`: the visit's id, and `starts_at` when it was to begin then. Open while `done_at` is empty.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=12)
    appointment = models.CharField(max_length=40)
    starts_at = models.DateTimeField()
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by_name = models.CharField(max_length=120, blank=True, default="")
    outcome = models.CharField(max_length=12, blank=True, default="")

    objects = ClientQuerySet["Unreached"].as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=[SmsKind.REMINDER.value, SmsKind.LATE.value]),
                name="dispatch_unreached_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True, outcome="")
                | models.Q(done_at__isnull=False, outcome__in=[each.value for each in UnreachedOutcome]),
                name="dispatch_unreached_done",
            ),
        )
        indexes = (
            models.Index(
                fields=["house", "starts_at"], name="dispatch_unreached_open", condition=models.Q(done_at__isnull=True)
            ),
            models.Index(fields=["house", "appointment"], name="dispatch_unreached_visit"),
        )

    def __str__(self) -> str:
        return f"not reached: {self.key}"
