# SPDX-License-Identifier: AGPL-3.0-or-later
"""What she must know or do, and who has read it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.clients.models.account import Client
from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class Instruction(HouseModel):
    """One version of one instruction. A row is never changed: what replaces it is a new row of the same `root`.

    What it is about, empty for everything: a recipient, a line, a reason (its code), a caller (his number), or all of
    these together. Line and reason are texts, since what was written stays when the number is given back.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    root = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(_("version"), default=1)
    text = models.TextField(_("instruction"))
    author = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(_("written at"))
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    priority = models.SmallIntegerField(_("priority"), default=0)
    recipient = models.ForeignKey(
        "clients.Recipient",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("only for this recipient"),
    )
    line = models.CharField(_("only on this line"), max_length=16, blank=True, default="")
    reason = models.CharField(_("only for this reason"), max_length=40, blank=True, default="")
    caller = models.CharField(_("only for this caller"), max_length=16, blank=True, default="")
    acknowledge = models.BooleanField(
        _("to be read by everybody"),
        default=False,
        help_text=_("Every secretary is asked to say that she has read it, before her next call."),
    )
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


class InstructionAcknowledgement(HouseModel):
    """A secretary said that she has read one version of an instruction."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    instruction = models.ForeignKey(Instruction, on_delete=models.PROTECT, related_name="+")
    secretary = models.ForeignKey("staff.Secretary", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("read at"))

    objects = ClientQuerySet["InstructionAcknowledgement"].as_manager()

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        constraints = (models.UniqueConstraint(fields=["instruction", "secretary"], name="clients_acknowledged_once"),)

    def __str__(self) -> str:
        return f"{self.instruction_id} {self.secretary_id}"
