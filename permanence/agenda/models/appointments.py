# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands in an agenda: holds, appointments, series, busy blocks, and what they occupy."""

from django.db import models

from permanence.agenda.models.setting import Agenda, Resource, VisitReason
from permanence.agenda.rules.states import AppointmentState
from permanence.foundation.no_overlap import NoOverlap
from permanence.foundation.tenancy import ClientQuerySet, HouseModel

KEY_LENGTH = 40
CALL_LENGTH = 64
CAUSE_LENGTH = 200
ALL_PLACES = 500
"""More than a group has: who takes them all is alone."""


def _forward(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name=name)


class AgendaRow(HouseModel):
    """A row that stands in one agenda of a client."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    agenda = models.ForeignKey(Agenda, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class VisitRow(AgendaRow):
    """A row that a visit makes in its agenda, and in the agenda `also` when it is a combined one.

    `site`: of the opening in which it begins; none where the opening says none, or the client has it no longer.
    """

    also = models.ForeignKey(Agenda, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    site = models.ForeignKey("clients.Site", on_delete=models.SET_NULL, null=True, db_index=False, related_name="+")

    class Meta:
        abstract = True


def _two_agendas(name: str) -> models.CheckConstraint:
    one = models.Q(also__isnull=True) | ~models.Q(also=models.F("agenda"))
    return models.CheckConstraint(condition=one, name=name)


def _in_the_other(name: str) -> models.Index:
    return models.Index(fields=["also", "starts_at"], name=name, condition=models.Q(also__isnull=False))


class SlotHold(VisitRow):
    """A slot kept for somebody until `expires_at`: the visit's own span, without buffers. `key`: the page's id.

    `held_for`: whom it is for at that door, so that he alone can book from it: the call's id, else the person's, else
    the door's own word. While `ended_at` is empty its occupancies stand.
    """

    key = models.CharField(max_length=KEY_LENGTH)
    reason = models.ForeignKey(VisitReason, on_delete=models.PROTECT, related_name="+")
    known = models.BooleanField(default=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    door = models.CharField(max_length=12)
    call = models.CharField(max_length=CALL_LENGTH, blank=True, default="")
    held_for = models.CharField(max_length=CALL_LENGTH)
    held_by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    held_by_name = models.CharField(max_length=120)
    held_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=12, blank=True, default="")

    objects = ClientQuerySet["SlotHold"].as_manager()

    class Meta:
        constraints = (
            _forward("agenda_hold_forward"),
            _two_agendas("agenda_hold_two"),
            models.UniqueConstraint(fields=["house", "key"], name="agenda_hold_key"),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(ended="")),
                name="agenda_hold_ended",
            ),
        )
        indexes = (
            models.Index(fields=["expires_at"], name="agenda_hold_due", condition=models.Q(ended_at__isnull=True)),
            models.Index(fields=["house", "call"], name="agenda_hold_call", condition=models.Q(ended_at__isnull=True)),
            models.Index(fields=["ended_at"], name="agenda_hold_over", condition=models.Q(ended_at__isnull=False)),
            _in_the_other("agenda_hold_also"),
        )

    def __str__(self) -> str:
        return f"hold {self.key}"


class Series(HouseModel):
    """Several appointments made in one act. What could not be made of it stands in `missing`, as the page was told."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH)
    patient = models.ForeignKey("callers.Patient", on_delete=models.PROTECT, related_name="+")
    reason = models.ForeignKey(VisitReason, on_delete=models.PROTECT, related_name="+")
    wanted = models.PositiveSmallIntegerField()
    missing = models.JSONField(default=list)
    made_by_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()

    objects = ClientQuerySet["Series"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["house", "key"], name="agenda_series_key"),)

    def __str__(self) -> str:
        return f"series {self.key}"


class Appointment(VisitRow):
    """One patient's appointment. `key` is the id made by the page that booked it: its name outside the house.

    `starts_at`, `ends_at`: the visit itself; buffers stand in its occupancies. `revision` counts what others have to
    be told: moved, cancelled. `confirmed_at`: since when the patient has confirmed it where it stands, whatever was
    said of it since. `overbook_cause`: why it was put where something stood; "" for an ordinary one.
    `sealed_answers`: what was asked and said before it was booked, "" for nothing.
    """

    key = models.CharField(max_length=KEY_LENGTH)
    patient = models.ForeignKey("callers.Patient", on_delete=models.PROTECT, related_name="+")
    known = models.BooleanField(default=True)
    reason = models.ForeignKey(VisitReason, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=12, default=AppointmentState.BOOKED.value)
    state_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    door = models.CharField(max_length=12)
    call = models.CharField(max_length=CALL_LENGTH, blank=True, default="")
    booked_by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    booked_by_name = models.CharField(max_length=120)
    booked_at = models.DateTimeField()
    revision = models.PositiveIntegerField(default=0)
    cancel_cause = models.CharField(max_length=16, blank=True, default="")
    cancel_words = models.CharField(max_length=CAUSE_LENGTH, blank=True, default="")
    cancelled_by_name = models.CharField(max_length=120, blank=True, default="")
    overbook_cause = models.CharField(max_length=CAUSE_LENGTH, blank=True, default="")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, null=True, related_name="+")
    position = models.PositiveSmallIntegerField(null=True)
    sealed_answers = models.TextField(blank=True, default="")

    objects = ClientQuerySet["Appointment"].as_manager()

    class Meta:
        constraints = (
            _forward("agenda_appointment_forward"),
            _two_agendas("agenda_appointment_two"),
            models.UniqueConstraint(fields=["house", "key"], name="agenda_appointment_key"),
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in AppointmentState]),
                name="agenda_appointment_state",
            ),
            models.CheckConstraint(
                condition=models.Q(state=AppointmentState.CANCELLED.value) & ~models.Q(cancel_cause="")
                | ~models.Q(state=AppointmentState.CANCELLED.value) & models.Q(cancel_cause=""),
                name="agenda_appointment_cause",
            ),
        )
        indexes = (
            models.Index(fields=["agenda", "starts_at"], name="agenda_appointment_when"),
            models.Index(fields=["patient", "starts_at"], name="agenda_appointment_patient"),
            models.Index(fields=["reason", "starts_at"], name="agenda_appointment_reason"),
            models.Index(fields=["house", "call"], name="agenda_appointment_call"),
            _in_the_other("agenda_appointment_also"),
        )

    def __str__(self) -> str:
        return f"appointment {self.key}"


class FollowedMerge(HouseModel):
    """An appointment that came to another patient because two persons were one; goes back when that is undone."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+")
    merge = models.CharField(max_length=KEY_LENGTH)

    objects = ClientQuerySet["FollowedMerge"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["appointment", "merge"], name="agenda_merge_once"),)

    def __str__(self) -> str:
        return f"{self.appointment_id} by merge {self.merge}"


class Block(AgendaRow):
    """Busy time without a patient. `words` are for who reads the agenda; `key` is the page's id."""

    key = models.CharField(max_length=KEY_LENGTH)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    words = models.CharField(max_length=CAUSE_LENGTH, blank=True, default="")
    door = models.CharField(max_length=12)
    made_by_name = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    objects = ClientQuerySet["Block"].as_manager()

    class Meta:
        constraints = (
            _forward("agenda_block_forward"),
            models.UniqueConstraint(fields=["house", "key"], name="agenda_block_key"),
        )
        indexes = (models.Index(fields=["agenda", "starts_at"], name="agenda_block_when"),)

    def __str__(self) -> str:
        return f"block {self.key}"


class Occupancy(HouseModel):
    """That an agenda, or a room or piece of equipment, is taken from one moment to another, buffers included.

    The one guarantee against taking anything twice: of those that block, no two of one agenda and one place overlap,
    nor two of one resource, unless both are `shared_by` the same agenda, whose group is there. A visit takes every
    place, `[0, ALL_PLACES)`, but for one of a group, which takes one of as many as the opening has: so there are never
    more than these at once. An overbooked appointment has one that does not
    block, also when nothing stands beside it any more: whoever writes looks at it under the lock. `before`, `after`:
    the buffers in it, minutes. Exactly one of the three says what takes it.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    agenda = models.ForeignKey(Agenda, on_delete=models.PROTECT, null=True, related_name="+")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    before = models.PositiveSmallIntegerField(default=0)
    after = models.PositiveSmallIntegerField(default=0)
    place_from = models.PositiveSmallIntegerField(default=0)
    place_until = models.PositiveSmallIntegerField(default=ALL_PLACES)
    blocking = models.BooleanField(default=True)
    shared_by = models.ForeignKey(Agenda, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    hold = models.ForeignKey(SlotHold, on_delete=models.PROTECT, null=True, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, null=True, related_name="+")
    block = models.ForeignKey(Block, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ClientQuerySet["Occupancy"].as_manager()

    class Meta:
        constraints = (
            _forward("agenda_occupancy_forward"),
            NoOverlap(
                name="agenda_occupancy_agenda",
                starts="starts_at",
                ends="ends_at",
                within=("agenda",),
                numbers=("place_from", "place_until"),
                only="blocking",
            ),
            NoOverlap(
                name="agenda_occupancy_resource",
                starts="starts_at",
                ends="ends_at",
                within=("resource",),
                only="blocking",
                shared="shared_by",
            ),
            models.CheckConstraint(
                condition=models.Q(agenda__isnull=True, resource__isnull=False)
                | models.Q(agenda__isnull=False, resource__isnull=True),
                name="agenda_occupancy_of_one",
            ),
            models.CheckConstraint(
                condition=models.Q(hold__isnull=False, appointment=None, block=None)
                | models.Q(hold=None, appointment__isnull=False, block=None)
                | models.Q(hold=None, appointment=None, block__isnull=False),
                name="agenda_occupancy_by_one",
            ),
            models.CheckConstraint(
                condition=models.Q(place_from__lt=models.F("place_until"), place_until__lte=ALL_PLACES),
                name="agenda_occupancy_places",
            ),
        )
        indexes = (
            models.Index(fields=["agenda", "ends_at"], name="agenda_occupancy_when"),
            models.Index(fields=["resource", "ends_at"], name="agenda_occupancy_used"),
        )

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%H:%M}"


class AgendaAct(HouseModel):
    """An act that was done, by the id its page made: the same again gives `result` again and does nothing.

    `digest` tells the same act from another one that came with a used id.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH)
    act = models.CharField(max_length=24)
    digest = models.CharField(max_length=64)
    result = models.JSONField(default=dict)
    at = models.DateTimeField(db_index=True)

    objects = ClientQuerySet["AgendaAct"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["house", "key"], name="agenda_act_key"),)

    def __str__(self) -> str:
        return f"{self.act} {self.key}"
