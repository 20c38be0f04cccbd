# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agendas that a client keeps on another house's site: where the secretary books by hand."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.clients.rules.agenda_links import LINK_LIMIT, PRODUCT_LIMIT, REMARK_LIMIT
from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class ExternalAgenda(HouseModel):
    """The agenda of one recipient, or of the whole client where `recipient` is None."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    recipient = models.ForeignKey(
        "clients.Recipient",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("whose"),
        help_text=_("Empty: of all of them."),
    )
    product = models.CharField(_("agenda"), max_length=PRODUCT_LIMIT)
    link = models.CharField(_("link"), max_length=LINK_LIMIT)
    remark = models.CharField(_("remark"), max_length=REMARK_LIMIT, blank=True, default="")

    objects = ClientQuerySet["ExternalAgenda"].as_manager()

    class Meta:
        verbose_name = _("external agenda")
        verbose_name_plural = _("external agendas")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["client"],
                condition=models.Q(recipient__isnull=True),
                name="clients_agenda_of_all",
                violation_error_message=_("The client has one agenda of all already."),
            ),
            models.UniqueConstraint(
                fields=["client", "recipient"],
                name="clients_agenda_of_recipient",
                violation_error_message=_("This recipient has an agenda already."),
            ),
            models.CheckConstraint(condition=models.Q(link__startswith="https://"), name="clients_agenda_https"),
        )

    def __str__(self) -> str:
        return self.product
