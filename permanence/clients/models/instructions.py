# SPDX-License-Identifier: AGPL-3.0-or-later
"""What she must know or do."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.clients.models.account import Client
from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class Instruction(HouseModel):
    """One version of one instruction. A row is never changed: what replaces it is a new row of the same `root`."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    root = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(_("version"), default=1)
    text = models.TextField(_("instruction"))
    author = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("written at"))
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    priority = models.SmallIntegerField(_("priority"), default=0)
    retired = models.BooleanField(_("retired"), default=False)

    objects = ClientQuerySet["Instruction"].as_manager()

    class Meta:
        verbose_name = _("instruction")
        verbose_name_plural = _("instructions")
        ordering = ("-priority", "id")
        constraints = (
            models.UniqueConstraint(fields=["root", "version"], name="clients_instruction_version"),
            models.CheckConstraint(
                condition=models.Q(root__isnull=True, version=1) | models.Q(root__isnull=False, version__gt=1),
                name="clients_instruction_first",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(starts_at__isnull=True)
                | models.Q(ends_at__gte=models.F("starts_at")),
                name="clients_instruction_forward",
            ),
        )

    def __str__(self) -> str:
        return self.text
