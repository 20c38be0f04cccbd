# SPDX-License-Identifier: AGPL-3.0-or-later
"""How an agenda is read and written from outside: secret addresses, devices, and what a device wrote."""

from django.db import models

from permanence.agenda.models.appointments import AgendaRow
from permanence.foundation.tenancy import ClientQuerySet, HouseModel

LABEL_LENGTH = 60
DIGEST_LENGTH = 64
HOMES_WITH_NAMES = models.Q(homes=False) | models.Q(names=True)
"""Where a patient lives is told to nobody who is not told his name."""


class CalendarFeed(AgendaRow):
    """A secret address that gives an agenda as an iCalendar file. Only the SHA-256 of its secret is kept.

    `names`: whether patients' names stand in it; `homes`: the addresses of visits at home too. It is
    good until `revoked_at` is set, and while `person`, who made it, still may look at the agenda; None: the system made
    it.
    """

    person = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=DIGEST_LENGTH, unique=True)
    label = models.CharField(max_length=LABEL_LENGTH)
    names = models.BooleanField(default=False)
    homes = models.BooleanField(default=False)
    made_by_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects = ClientQuerySet["CalendarFeed"].as_manager()

    class Meta:
        constraints = (models.CheckConstraint(condition=HOMES_WITH_NAMES, name="agenda_feed_homes"),)
        ordering = ("made_at", "id")

    def __str__(self) -> str:
        return self.label


class CalendarDevice(HouseModel):
    """A password for one telephone or program of a client's person. Only its SHA-256 is kept.

    It opens that person's own agendas at this client, by CalDAV. `names`: whether it is told patients' names; `homes`:
    the addresses of visits at home too.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=DIGEST_LENGTH, unique=True)
    label = models.CharField(max_length=LABEL_LENGTH)
    names = models.BooleanField(default=False)
    homes = models.BooleanField(default=False)
    made_by_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects = ClientQuerySet["CalendarDevice"].as_manager()

    class Meta:
        constraints = (models.CheckConstraint(condition=HOMES_WITH_NAMES, name="agenda_device_homes"),)
        ordering = ("made_at", "id")

    def __str__(self) -> str:
        return self.label


class CalendarObject(AgendaRow):
    """An event that a device wrote, sealed as it came, and the busy time it became.

    `person` wrote it, and alone reads it again: to others its time is taken. `name`: its address in the agenda; `uid`:
    its own; `digest` of the text, what its ETag says. `blocks` are the ids of the blocks it is busy by; a rule without
    end has them until `known_until`. `cut`: [starts, ends] of the times, ISO, that the last writing took out of a rule.
    """

    person = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=160)
    uid = models.CharField(max_length=255)
    body = models.TextField()
    digest = models.CharField(max_length=DIGEST_LENGTH)
    blocks = models.JSONField(default=list)
    cut = models.JSONField(default=list)
    repeats = models.BooleanField(default=False)
    known_until = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = ClientQuerySet["CalendarObject"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["agenda", "name"], name="agenda_object_name"),
            models.UniqueConstraint(fields=["agenda", "uid"], name="agenda_object_uid"),
        )

    def __str__(self) -> str:
        return self.name


class CalendarState(AgendaRow):
    """What a device knew of an agenda when it was given this token: the ETag of each entry, so that it is told the
    difference alone. Old ones are dropped: who comes with one begins anew."""

    token = models.CharField(max_length=DIGEST_LENGTH)
    known = models.JSONField()
    at = models.DateTimeField(db_index=True)

    objects = ClientQuerySet["CalendarState"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["agenda", "token"], name="agenda_state_token"),)

    def __str__(self) -> str:
        return self.token
