# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the staff: the pool, the secretaries, the history of their presence."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.foundation.tenancy import HouseModel, HouseQuerySet


class Pool(HouseModel):
    """Secretaries who share one queue. One a house for now."""

    name = models.CharField(_("name"), max_length=80)

    objects = HouseQuerySet["Pool"].as_manager()

    class Meta:
        verbose_name = _("pool")
        verbose_name_plural = _("pools")
        constraints = (models.UniqueConstraint(fields=["house"], name="staff_pool_one_a_house"),)

    def __str__(self) -> str:
        return self.name


class Secretary(HouseModel):
    """A person who answers calls; her languages are her skills. Her primary key is her id on every wire."""

    person = models.OneToOneField("foundation.Person", on_delete=models.PROTECT, related_name="+")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="+")
    languages = models.JSONField(
        _("languages"), default=list, help_text=_('In order of ease, for instance ["fr", "de"].')
    )
    active = models.BooleanField(_("active"), default=True)
    keys = models.JSONField(default=dict)  # what she changed: {"chords": {act: key}, "numbers": bool}, {} is nothing

    objects = HouseQuerySet["Secretary"].as_manager()

    class Meta:
        verbose_name = _("secretary")
        verbose_name_plural = _("secretaries")

    def __str__(self) -> str:
        return f"secretary {self.pk}"


class PresenceSpan(HouseModel):
    """One stretch of a secretary's presence, half-open; the running one has no end. From the engine's events."""

    secretary = models.ForeignKey(Secretary, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20)
    reason = models.CharField(max_length=40, default="", blank=True)
    seat = models.CharField(max_length=80, default="", blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    objects = HouseQuerySet["PresenceSpan"].as_manager()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("history of presence")
        constraints = (
            models.UniqueConstraint(
                fields=["secretary"], condition=models.Q(ends_at__isnull=True), name="staff_presence_one_running"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gte=models.F("starts_at")),
                name="staff_presence_forward",
            ),
        )
        indexes = (models.Index(fields=["house", "starts_at"], name="staff_presence_when"),)

    def __str__(self) -> str:
        return f"{self.state} from {self.starts_at:%Y-%m-%d %H:%M}"
