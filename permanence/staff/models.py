# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the staff: the pools, the secretaries, the history of their presence."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.foundation.tenancy import HouseModel, HouseQuerySet


class Pool(HouseModel):
    """Secretaries who answer for the same clients. The first of a house answers for every client without another.

    A caller who waited `overflow_after_s` seconds is offered to the pool `overflow` too.
    """

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("place in the list"), default=0)
    overflow = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("helped by")
    )
    overflow_after_s = models.PositiveSmallIntegerField(
        _("after so many seconds"), default=30, validators=[MaxValueValidator(3600)]
    )

    objects = HouseQuerySet["Pool"].as_manager()

    class Meta:
        verbose_name = _("pool")
        verbose_name_plural = _("pools")
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(fields=["house", "name"], name="staff_pool_name"),
            models.CheckConstraint(
                condition=models.Q(overflow__isnull=True) | ~models.Q(overflow=models.F("id")),
                name="staff_pool_helped_by_another",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Secretary(HouseModel):
    """A person who answers calls. Her languages decide which calls she is offered, the trades she knows are to be read.

    Her primary key is her id on every wire.
    """

    person = models.OneToOneField("foundation.Person", on_delete=models.PROTECT, related_name="+")
    languages = models.JSONField(
        _("languages"), default=list, help_text=_('In order of ease, for instance ["fr", "de"].')
    )
    sectors = models.JSONField(_("knows the trades"), default=list)
    active = models.BooleanField(_("active"), default=True)
    keys = models.JSONField(default=dict)  # what she changed: {"chords": {act: key}, "numbers": bool}, {} is nothing

    objects = HouseQuerySet["Secretary"].as_manager()

    class Meta:
        verbose_name = _("secretary")
        verbose_name_plural = _("secretaries")

    def __str__(self) -> str:
        return f"secretary {self.pk}"


class SeatPlace(HouseModel):
    """Where a secretary works from `since` on, as she told: the last row holds."""

    secretary = models.ForeignKey(Secretary, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    since = models.DateTimeField()

    objects = HouseQuerySet["SeatPlace"].as_manager()

    def __str__(self) -> str:
        return f"place of {self.secretary_id}"


class PoolMember(HouseModel):
    """A secretary is in a pool; she is in one at least."""

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="+")
    secretary = models.ForeignKey(Secretary, on_delete=models.PROTECT, related_name="+")

    objects = HouseQuerySet["PoolMember"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["secretary", "pool"], name="staff_pool_member_once"),)

    def __str__(self) -> str:
        return f"{self.secretary_id} in {self.pool_id}"


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
