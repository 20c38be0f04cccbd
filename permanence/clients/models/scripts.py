# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the scripts: every version stays as it was written; what the doctor validated stays as he saw it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.clients.rules.approvals import REMARK_LIMIT
from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class Script(HouseModel):
    """One version of a client's script, as JSON text. Only `published_at` is ever set later, once.

    In force is the version published last; a version after it that is not published is the draft.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    version = models.PositiveIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("script"))
    author = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    author_name = models.CharField(_("written by"), max_length=120)
    written_at = models.DateTimeField(_("written at"))
    published_at = models.DateTimeField(_("published at"), null=True)
    published_by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")

    objects = ClientQuerySet["Script"].as_manager()

    class Meta:
        verbose_name = _("script")
        verbose_name_plural = _("scripts")
        ordering = ("client", "-version")
        constraints = (
            models.UniqueConstraint(fields=["client", "version"], name="clients_script_version"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="clients_script_counted"),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"


class RedFlagValidation(HouseModel):
    """A doctor validated a list of red flags, on a day. A row is never changed: the last one is in force."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    script = models.ForeignKey(Script, on_delete=models.PROTECT, related_name="+", verbose_name=_("script"))
    number = models.PositiveIntegerField()
    text = models.TextField(_("red flags"))
    doctor = models.ForeignKey(
        "clients.Recipient", on_delete=models.PROTECT, related_name="+", verbose_name=_("validated by")
    )
    doctor_name = models.CharField(max_length=120)
    validated_date = models.DateField(_("validated on"))
    recorded_by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    objects = ClientQuerySet["RedFlagValidation"].as_manager()

    class Meta:
        verbose_name = _("validation of red flags")
        verbose_name_plural = _("validations of red flags")
        ordering = ("client", "-number")
        constraints = (models.UniqueConstraint(fields=["client", "number"], name="clients_validation_number"),)

    def __str__(self) -> str:
        return f"{self.doctor_name}, {self.validated_date}"


class RedFlagRemark(HouseModel):
    """A doctor does not want a list of red flags as it is, and says why. Only the answer is written later, once.

    It waits for the house until that answers, until the list it is about is no longer shown, or is validated after it.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    script = models.ForeignKey(Script, on_delete=models.PROTECT, related_name="+", verbose_name=_("script"))
    text = models.TextField(_("red flags"))
    words = models.CharField(max_length=REMARK_LIMIT)
    author = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    author_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    answer = models.CharField(max_length=REMARK_LIMIT, blank=True, default="")
    answered_by_name = models.CharField(max_length=120, blank=True, default="")
    answered_at = models.DateTimeField(null=True)

    objects = ClientQuerySet["RedFlagRemark"].as_manager()

    class Meta:
        verbose_name = _("remark on red flags")
        verbose_name_plural = _("remarks on red flags")
        ordering = ("client", "-made_at", "-pk")
        indexes = (models.Index(fields=["client", "made_at"], name="clients_remark_made"),)

    def __str__(self) -> str:
        return f"{self.author_name}, {self.made_at}"
