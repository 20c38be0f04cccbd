# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calendars that the client keeps in another product: how they are reached, and when they make an agenda busy."""

from django.db import models

from permanence.agenda.models.appointments import AgendaRow, Appointment
from permanence.agenda.models.interop import DIGEST_LENGTH, HOMES_WITH_NAMES, LABEL_LENGTH, CalendarObject
from permanence.agenda.rules.calendars import READ
from permanence.foundation.tenancy import ClientQuerySet

MARK_LENGTH = 255
"""An ETag, a date as HTTP says it, a CTag."""


class OtherCalendar(AgendaRow):
    """A calendar of another product whose busy time is an agenda's too.

    `access`: address, user and password, sealed; `host` alone is shown. `writes`: whether bookings are written there,
    with patients' names if `names`, and the addresses of visits at home if `homes`. Looked at when `next_at` has come;
    `turn` counts the looks, so that one that comes back late changes nothing. `read_at`: the last look that brought
    what is known, `fault` why a later one did not; `etag`, `modified`, `digest`: of what was read last. `unread`:
    events that could not be understood. What is known reaches until `known_until`. With `removed_at` nothing of it
    counts, and `access` is empty.
    """

    kind = models.CharField(max_length=8)
    label = models.CharField(max_length=LABEL_LENGTH)
    host = models.CharField(max_length=253)
    access = models.TextField()
    writes = models.BooleanField(default=False)
    names = models.BooleanField(default=False)
    homes = models.BooleanField(default=False)
    made_by_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField()
    turn = models.PositiveIntegerField(default=0)
    looked_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    known_until = models.DateTimeField(null=True)
    fault = models.CharField(max_length=24, blank=True, default="")
    failures = models.PositiveSmallIntegerField(default=0)
    unread = models.PositiveSmallIntegerField(default=0)
    etag = models.CharField(max_length=MARK_LENGTH, blank=True, default="")
    modified = models.CharField(max_length=MARK_LENGTH, blank=True, default="")
    digest = models.CharField(max_length=DIGEST_LENGTH, blank=True, default="")

    objects = ClientQuerySet["OtherCalendar"].as_manager()

    class Meta:
        ordering = ("made_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind__in=sorted(each.value for each in READ)), name="agenda_other_kind"
            ),
            models.CheckConstraint(condition=HOMES_WITH_NAMES, name="agenda_other_homes"),
        )
        indexes = (
            models.Index(fields=["next_at"], name="agenda_other_due", condition=models.Q(removed_at__isnull=True)),
        )

    def __str__(self) -> str:
        return self.label


class OtherBusy(AgendaRow):
    """A time at which another calendar says that its owner is busy, to the minute. Those of one calendar do not meet.

    It hinders bookings as a block does; what was booked there before stays, and is told. `event`: what a device wrote
    came by its rule upon a booking and could not take its time; then there is no other calendar.
    """

    calendar = models.ForeignKey(OtherCalendar, on_delete=models.PROTECT, null=True, related_name="+")
    event = models.ForeignKey(CalendarObject, on_delete=models.CASCADE, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = ClientQuerySet["OtherBusy"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["calendar", "starts_at"], name="agenda_other_busy_once"),
            models.UniqueConstraint(fields=["event", "starts_at"], name="agenda_other_busy_event"),
            models.CheckConstraint(
                condition=models.Q(calendar__isnull=True, event__isnull=False)
                | models.Q(calendar__isnull=False, event__isnull=True),
                name="agenda_other_busy_whose",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="agenda_other_busy_forward"
            ),
        )
        indexes = (models.Index(fields=["agenda", "ends_at"], name="agenda_other_busy_when"),)

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%H:%M}"


class OtherEntry(AgendaRow):
    """A booking as it was written into another calendar.

    `name`: its address there, below the calendar's; `etag`: what the calendar called it then, "" where it did not say;
    `digest`: of what was written, "" when it could not be. `tried`: what was sent last and not answered, its digest and
    by what it is known again there; {} once it was answered. `conflict`: somebody changed it there, and it is left as
    it is until a person says otherwise.
    """

    calendar = models.ForeignKey(OtherCalendar, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=160)
    etag = models.CharField(max_length=MARK_LENGTH, blank=True, default="")
    digest = models.CharField(max_length=DIGEST_LENGTH, blank=True, default="")
    tried = models.JSONField(default=dict)
    conflict = models.BooleanField(default=False)
    written_at = models.DateTimeField()

    objects = ClientQuerySet["OtherEntry"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["calendar", "appointment"], name="agenda_other_entry_once"),)

    def __str__(self) -> str:
        return self.name
