# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who waits for an earlier visit, which times got free, and who was offered which slot, when and until when."""

from django.db import models
from django.db.models import F, Q

from permanence.agenda.models.appointments import KEY_LENGTH, AgendaRow, SlotHold
from permanence.agenda.models.setting import VisitReason
from permanence.agenda.rules.waiting import FreedState, OfferState, OfferWay, PlaceState
from permanence.foundation.tenancy import ClientQuerySet, HouseModel

NAME_LENGTH = 120


class WaitingPlace(HouseModel):
    """A patient's place on the waiting list of a client, for one reason. `key` is the id made by the page.

    From `from_date` on, to before `until_date`, local days. `agendas` and `sites` (ids), `half_days`, `weekdays` (0 is
    Monday): to those he would come, to all where the list is empty. `instead_of`: the id of the appointment he gives up
    for an earlier one, "" for none. `sealed_answers`: what he said to the questions of the reason when he was put on
    the list, "" where nobody asked. `silent`: offers he left without an answer. `appointment`: what it ended in.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH)
    patient = models.ForeignKey("callers.Patient", on_delete=models.PROTECT, related_name="+")
    reason = models.ForeignKey(VisitReason, on_delete=models.PROTECT, related_name="+")
    known = models.BooleanField(default=True)
    agendas = models.JSONField(default=list, blank=True)
    half_days = models.JSONField(default=list, blank=True)
    weekdays = models.JSONField(default=list, blank=True)
    sites = models.JSONField(default=list, blank=True)
    from_date = models.DateField()
    until_date = models.DateField()
    is_urgent = models.BooleanField(default=False)
    instead_of = models.CharField(max_length=KEY_LENGTH, blank=True, default="")
    sealed_answers = models.TextField(blank=True, default="")
    asked_at = models.DateTimeField()
    asked_by_name = models.CharField(max_length=NAME_LENGTH)
    silent = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=12, default=PlaceState.WAITING.value)
    state_at = models.DateTimeField()
    state_by_name = models.CharField(max_length=NAME_LENGTH)
    appointment = models.CharField(max_length=KEY_LENGTH, blank=True, default="")

    objects = ClientQuerySet["WaitingPlace"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["house", "key"], name="agenda_waiting_key"),
            models.UniqueConstraint(
                fields=["patient", "reason"], condition=Q(state=PlaceState.WAITING.value), name="agenda_waiting_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[each.value for each in PlaceState]), name="agenda_waiting_state"
            ),
            models.CheckConstraint(condition=Q(until_date__gt=F("from_date")), name="agenda_waiting_forward"),
        )
        indexes = (
            models.Index(
                fields=["client", "until_date"],
                name="agenda_waiting_now",
                condition=Q(state=PlaceState.WAITING.value),
            ),
        )

    def __str__(self) -> str:
        return f"waiting {self.key}"


class FreedTime(AgendaRow):
    """A time of an agenda that got free while somebody waited. `source`: the id of the event that told of it.

    `is_wide`: it is the whole time to come, for openings were changed: then nobody is telephoned for it in the end.
    `reasons`: the ids of those for which alone it is free now, as equipment is there; all where the list is empty.
    `next_at`: when it is looked at again, empty once it is settled and while what is held may be why it fits nobody.
    `suggested`: [place, start], in turn, of those whom a secretary may telephone because it is too near. `done_at`: a
    secretary has done what was hers.
    """

    source = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_wide = models.BooleanField(default=False)
    reasons = models.JSONField(default=list, blank=True)
    freed_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, default=FreedState.OFFERING.value)
    suggested = models.JSONField(default=list, blank=True)
    done_at = models.DateTimeField(null=True)
    done_by_name = models.CharField(max_length=NAME_LENGTH, blank=True, default="")

    objects = ClientQuerySet["FreedTime"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["house", "source"], name="agenda_freed_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="agenda_freed_forward"),
            models.CheckConstraint(
                condition=Q(state__in=[each.value for each in FreedState]), name="agenda_freed_state"
            ),
        )
        indexes = (
            models.Index(fields=["client", "ends_at"], name="agenda_freed_near"),
            models.Index(fields=["next_at"], name="agenda_freed_due", condition=Q(next_at__isnull=False)),
            models.Index(
                fields=["house", "starts_at"],
                name="agenda_freed_asked",
                condition=Q(done_at__isnull=True, state__in=[FreedState.NOBODY.value, FreedState.TOO_NEAR.value]),
            ),
        )

    def __str__(self) -> str:
        return f"freed {self.starts_at:%Y-%m-%d %H:%M}"


class SlotOffer(AgendaRow):
    """One slot, offered to one who waits, and held for him until `expires_at`. `key` is in the secret link.

    `way`: how he was told, "" as long as he was not.
    """

    key = models.CharField(max_length=KEY_LENGTH)
    place = models.ForeignKey(WaitingPlace, on_delete=models.PROTECT, related_name="+")
    freed = models.ForeignKey(FreedTime, on_delete=models.PROTECT, related_name="+")
    hold = models.ForeignKey(SlotHold, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    way = models.CharField(max_length=8, blank=True, default="")
    state = models.CharField(max_length=12, default=OfferState.OPEN.value)
    state_at = models.DateTimeField()
    state_by_name = models.CharField(max_length=NAME_LENGTH, blank=True, default="")

    objects = ClientQuerySet["SlotOffer"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["key"], name="agenda_offer_key"),
            models.UniqueConstraint(fields=["place", "agenda", "starts_at"], name="agenda_offer_hour_once"),
            models.UniqueConstraint(
                fields=["place"], condition=Q(state=OfferState.OPEN.value), name="agenda_offer_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[each.value for each in OfferState]), name="agenda_offer_state"
            ),
            models.CheckConstraint(
                condition=Q(way__in=["", *(each.value for each in OfferWay)]), name="agenda_offer_way"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="agenda_offer_forward"),
        )

    def __str__(self) -> str:
        return f"offer {self.key}"
