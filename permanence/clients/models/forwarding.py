# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a client's line comes to the house, and the house's own codes of the operators."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.countries.forwarding import Access, ForwardingKind, ForwardingMode
from permanence.foundation.tenancy import HouseModel, HouseQuerySet

E164 = RegexValidator(r"^\+[1-9][0-9]{4,14}$", _("Write the number with its country, for instance +35227000010."))
ACCESSES = (
    (Access.FIXED.value, _("fixed line")),
    (Access.MOBILE.value, _("mobile")),
)
MODES = (
    (ForwardingMode.ALL.value, _("all calls, day and night")),
    (ForwardingMode.HOURS.value, _("all calls, at hours the client switches on and off")),
    (ForwardingMode.OVERFLOW.value, _("when the client is busy or does not answer")),
    (ForwardingMode.NO_ANSWER.value, _("when the client does not answer")),
    (ForwardingMode.BUSY.value, _("when the client is busy")),
    (ForwardingMode.DIRECT.value, _("direct: callers dial the number of the house")),
)
KINDS = (
    (ForwardingKind.ALL.value, _("all calls")),
    (ForwardingKind.BUSY.value, _("when busy")),
    (ForwardingKind.NO_ANSWER.value, _("when nobody answers")),
    (ForwardingKind.UNREACHABLE.value, _("when out of reach")),
)


class ForwardedLine(models.Model):
    """What a line knows of the client's own telephone. `no_answer_s`: how long it rings there first, in seconds."""

    public_number = models.CharField(
        _("the client's public number"), max_length=16, blank=True, default="", validators=[E164]
    )
    forwarding = models.CharField(_("forwarding"), max_length=12, choices=MODES, default=ForwardingMode.ALL.value)
    access = models.CharField(_("kind of line"), max_length=8, choices=ACCESSES, default=Access.FIXED.value)
    operator = models.SlugField(_("operator"), max_length=40, blank=True, default="", db_index=False)
    no_answer_s = models.PositiveSmallIntegerField(
        _("seconds of ringing before it is forwarded"), null=True, blank=True
    )

    class Meta:
        abstract = True


class ForwardingCode(HouseModel):
    """A house's own keys for one kind of forwarding at one operator: they go before those the product brings."""

    country = models.CharField(_("country"), max_length=2)
    operator = models.SlugField(
        _("operator"),
        max_length=40,
        blank=True,
        default="",
        db_index=False,
        help_text=_("Its short name, as on the client's page: post, orange. Empty: every operator of the country."),
    )
    access = models.CharField(_("kind of line"), max_length=8, choices=ACCESSES, default=Access.FIXED.value)
    kind = models.CharField(_("when"), max_length=12, choices=KINDS, default=ForwardingKind.ALL.value)
    activate = models.CharField(
        _("keys that forward"),
        max_length=60,
        help_text=_("{number} stands for the number of the house, {seconds} for the seconds of ringing: *21*{number}#"),
    )
    deactivate = models.CharField(_("keys that end it"), max_length=32, blank=True, default="")
    query = models.CharField(_("keys that ask"), max_length=32, blank=True, default="")
    source = models.CharField(
        _("where this was read"),
        max_length=200,
        blank=True,
        default="",
        help_text=_("The operator's page and the day."),
    )

    objects = HouseQuerySet["ForwardingCode"].as_manager()

    class Meta:
        verbose_name = _("forwarding code")
        verbose_name_plural = _("forwarding codes of the operators")
        ordering = ("country", "operator", "access", "kind")
        constraints = (
            models.UniqueConstraint(
                fields=["house", "country", "operator", "access", "kind"], name="clients_forwarding_code_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.country} {self.operator} {self.kind}"
