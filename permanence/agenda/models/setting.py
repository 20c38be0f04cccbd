# SPDX-License-Identifier: AGPL-3.0-or-later
"""How an agenda is set: its rooms and equipment, when it is open, and for which reasons patients come."""

from django.db import models

from permanence.agenda.rules.kinds import CODE_LIMIT, LINK_LIMIT, OpeningKind, Way
from permanence.foundation.tenancy import ClientQuerySet, HouseModel


class Agenda(HouseModel):
    """The agenda of one recipient of a client. Its colour is the client's, its zone and holidays too.

    `version` grows with everything that changes what is free: what is kept of an agenda holds for one version.
    `set_version` grows when it is set otherwise: openings, days that differ, reasons, rooms and equipment.
    `offer_minutes`: for how long a slot that got free is offered to one who waits, of `rules.waiting.OFFER_MINUTES`.
    `is_shared`: combined visits take it too, or did; every act on an agenda of the client locks it (`acts.locked`).
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey("clients.Recipient", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    step = models.PositiveSmallIntegerField(default=5)
    closed_on_holidays = models.BooleanField(default=True)
    overbookings_per_day = models.PositiveSmallIntegerField(default=0)
    offer_minutes = models.PositiveSmallIntegerField(default=60)
    is_shared = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    version = models.PositiveBigIntegerField(default=1)
    set_version = models.PositiveBigIntegerField(default=1)

    objects = ClientQuerySet["Agenda"].as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=["client", "name"], name="agenda_agenda_name"),)

    def __str__(self) -> str:
        return self.name


class Resource(HouseModel):
    """A room or a piece of equipment of a client. `kind` is a word of his: "room", "ecg"."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    site = models.ForeignKey("clients.Site", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    active = models.BooleanField(default=True)

    objects = ClientQuerySet["Resource"].as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=["client", "name"], name="agenda_resource_name"),)

    def __str__(self) -> str:
        return self.name


class VisitReason(HouseModel):
    """Why patients come to this client, and what follows from it; the fields are those of `rules.kinds.VisitReason`.

    A reason in use is not deleted: it is retired, and `replacement` says by which one. The lists are JSON: `needs` of
    {ids, kind, before, after}, `questions` and `contra_indications` of {id, text}, `documents` of texts, `sites` of
    ids. `also`: the agenda that each visit takes too. `colour` 0 and `code` "": as the grid has it.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    minutes = models.PositiveSmallIntegerField()
    minutes_new = models.PositiveSmallIntegerField(default=0)
    before = models.PositiveSmallIntegerField(default=0)
    after = models.PositiveSmallIntegerField(default=0)
    notice = models.PositiveIntegerField(default=0)
    horizon = models.PositiveSmallIntegerField(default=0)
    max_per_day = models.PositiveSmallIntegerField(default=0)
    max_per_half_day = models.PositiveSmallIntegerField(default=0)
    max_new_per_day = models.PositiveSmallIntegerField(default=0)
    bookable_by = models.JSONField(default=list)
    way = models.CharField(max_length=12, default=Way.PRACTICE.value)
    video_link = models.CharField(max_length=LINK_LIMIT, blank=True, default="")
    needs = models.JSONField(default=list, blank=True)
    also = models.ForeignKey(Agenda, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sites = models.JSONField(default=list, blank=True)
    questions = models.JSONField(default=list, blank=True)
    documents = models.JSONField(default=list, blank=True)
    youngest = models.PositiveSmallIntegerField(null=True, blank=True)
    oldest = models.PositiveSmallIntegerField(null=True, blank=True)
    contra_indications = models.JSONField(default=list, blank=True)
    overbooking = models.BooleanField(default=False)
    colour = models.PositiveSmallIntegerField(default=0)
    code = models.CharField(max_length=CODE_LIMIT, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)
    replacement = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ClientQuerySet["VisitReason"].as_manager()

    class Meta:
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["client", "name"], condition=models.Q(retired_at__isnull=True), name="agenda_reason_name"
            ),
            models.CheckConstraint(condition=models.Q(minutes__gt=0), name="agenda_reason_lasts"),
            models.CheckConstraint(
                condition=models.Q(replacement__isnull=True)
                | models.Q(retired_at__isnull=False) & ~models.Q(replacement=models.F("id")),
                name="agenda_reason_replaced",
            ),
        )

    def __str__(self) -> str:
        return self.name


class OpeningException(HouseModel):
    """What is otherwise on one day of an agenda; its openings are the patterns that name it."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    agenda = models.ForeignKey(Agenda, on_delete=models.PROTECT, related_name="+")
    date = models.DateField()
    kind = models.CharField(max_length=10)
    label = models.CharField(max_length=80, blank=True, default="")

    objects = ClientQuerySet["OpeningException"].as_manager()

    class Meta:
        ordering = ("date", "id")
        constraints = (models.UniqueConstraint(fields=["agenda", "date"], name="agenda_exception_day"),)

    def __str__(self) -> str:
        return f"{self.date} {self.kind}"


class OpeningPattern(HouseModel):
    """An opening of an agenda; the fields are those of `rules.kinds.Opening`. With `exception` it holds on that day
    alone. `reasons` and `resources` are lists of ids.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    agenda = models.ForeignKey(Agenda, on_delete=models.PROTECT, related_name="+")
    exception = models.ForeignKey(OpeningException, on_delete=models.CASCADE, null=True, related_name="+")
    weekday = models.PositiveSmallIntegerField(default=0)
    opens = models.CharField(max_length=5)
    until = models.CharField(max_length=5)
    every_weeks = models.PositiveSmallIntegerField(default=1)
    anchor = models.DateField(null=True, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    reasons = models.JSONField(default=list, blank=True)
    site = models.ForeignKey("clients.Site", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    resources = models.JSONField(default=list, blank=True)
    kind = models.CharField(max_length=12, default=OpeningKind.NORMAL.value)
    released_at = models.CharField(max_length=5, blank=True, default="")
    released_days = models.PositiveSmallIntegerField(default=0)
    travel = models.PositiveSmallIntegerField(default=0)
    capacity = models.PositiveSmallIntegerField(default=1)
    new_patients = models.BooleanField(default=True)
    online = models.BooleanField(default=True)
    on_holidays = models.BooleanField(default=False)

    objects = ClientQuerySet["OpeningPattern"].as_manager()

    class Meta:
        ordering = ("weekday", "opens", "id")
        constraints = (
            models.CheckConstraint(condition=models.Q(until__gt=models.F("opens")), name="agenda_pattern_forward"),
            models.CheckConstraint(
                condition=models.Q(weekday__lte=6, every_weeks__gte=1, capacity__gte=1), name="agenda_pattern_sane"
            ),
        )

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens}-{self.until}"
