# SPDX-License-Identifier: AGPL-3.0-or-later
"""When the client is open: the week, and the days that differ."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.clients.models.account import CLOCK, Client
from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class WeeklyOpening(HouseModel):
    """An opening of every week, local time of the client, half-open; `until` may be 24:00.

    An `until` before `opens` goes on into the next day and belongs to the day on which it began.
    """

    WEEKDAYS = (
        (0, _("Monday")),
        (1, _("Tuesday")),
        (2, _("Wednesday")),
        (3, _("Thursday")),
        (4, _("Friday")),
        (5, _("Saturday")),
        (6, _("Sunday")),
    )

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    weekday = models.PositiveSmallIntegerField(_("day"), choices=WEEKDAYS)
    opens = models.CharField(_("from"), max_length=5, validators=[CLOCK])
    until = models.CharField(_("until"), max_length=5, validators=[CLOCK])

    objects = ClientQuerySet["WeeklyOpening"].as_manager()

    class Meta:
        verbose_name = _("opening")
        verbose_name_plural = _("opening hours of the week")
        ordering = ("weekday", "opens")
        constraints = (
            models.CheckConstraint(condition=~models.Q(opens=models.F("until")), name="clients_opening_lasts"),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="clients_opening_weekday"),
        )

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens}-{self.until}"


class HoursException(HouseModel):
    """What holds on one day instead of the week: an interval, or closed when both times are empty."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    date = models.DateField(_("day"))
    opens = models.CharField(_("from"), max_length=5, blank=True, default="", validators=[CLOCK])
    until = models.CharField(_("until"), max_length=5, blank=True, default="", validators=[CLOCK])
    label = models.CharField(_("label"), max_length=80, blank=True, default="")

    objects = ClientQuerySet["HoursException"].as_manager()

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions to the opening hours")
        ordering = ("date", "opens")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(opens="", until="")
                | (~models.Q(opens="") & ~models.Q(until="") & ~models.Q(opens=models.F("until"))),
                name="clients_exception_lasts",
            ),
        )

    def __str__(self) -> str:
        return f"{self.date} {self.opens}-{self.until}"
