# SPDX-License-Identifier: AGPL-3.0-or-later
"""The end of a contract on a day to come."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class PlannedEnd(HouseModel):
    """The contract ends when the day `ends_on` begins on the client's clock; it can be taken back until then.

    `until` and `reason`: how long his numbers rest afterwards, and why.
    """

    client = models.OneToOneField(
        "clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client")
    )
    ends_on = models.DateField(_("contract until"))
    until = models.DateField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)
    planned_by = models.CharField(_("written by"), max_length=120)
    planned_at = models.DateTimeField(_("written on"))

    objects = ClientQuerySet["PlannedEnd"].as_manager()

    class Meta:
        verbose_name = _("planned end of a contract")
        verbose_name_plural = _("planned ends of contracts")
        ordering = ("ends_on", "id")

    def __str__(self) -> str:
        return f"{self.client_id}: {self.ends_on.isoformat()}"
