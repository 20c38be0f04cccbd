# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the calls. A row is written by the engine's events and, for the call-back, by a person of the house."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.foundation.tenancy import ClientQuerySet, HouseModel, HouseQuerySet

CALL_LENGTH = 40
FLAG_LENGTH = 80
LABEL_LENGTH = 600
"""Characters of a call's name, and of a red flag's name and label."""


class Call(HouseModel):
    """One call. `client` is empty on a line nobody has; `caller` when the number was masked or not sent.

    `wait_ms` counts from the INVITE to the first answer, or to the hanging up of who was not answered.
    """

    call = models.CharField(max_length=40)
    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, null=True, related_name="+")
    trunk = models.CharField(max_length=80, default="", blank=True)
    called_line = models.CharField(_("line"), max_length=80, default="", blank=True)
    caller = models.CharField(_("caller"), max_length=20, default="", blank=True)
    display = models.CharField(max_length=120, default="", blank=True)
    masked = models.BooleanField(_("masked number"), default=False)
    found_by = models.CharField(max_length=20, default="", blank=True)
    forwarded_by = models.CharField(max_length=80, default="", blank=True)
    forward_reason = models.CharField(max_length=40, default="", blank=True)
    arrived_at = models.DateTimeField(_("arrived"))
    answered_at = models.DateTimeField(_("answered"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    wait_ms = models.PositiveBigIntegerField(null=True)
    secretary = models.ForeignKey("staff.Secretary", on_delete=models.PROTECT, null=True, related_name="+")
    abandoned = models.BooleanField(_("abandoned"), default=False)
    closed_reason = models.CharField(max_length=20, default="", blank=True)
    close_why = models.JSONField(default=list, blank=True)
    ended_by = models.CharField(max_length=12, default="", blank=True)
    why = models.CharField(_("why it ended"), max_length=40, default="", blank=True)
    outcome = models.CharField(_("outcome"), max_length=40, default="", blank=True)
    voice_begun_at = models.DateTimeField(null=True)
    voice_file = models.CharField(max_length=120, default="", blank=True)
    voice_seconds = models.FloatField(null=True)
    called_back_at = models.DateTimeField(_("called back"), null=True)
    called_back_by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")

    objects = ClientQuerySet["Call"].as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        constraints = (
            models.UniqueConstraint(fields=["house", "call"], name="calls_call_once"),
            models.CheckConstraint(
                condition=models.Q(called_back_at__isnull=True, called_back_by__isnull=True)
                | models.Q(called_back_at__isnull=False, called_back_by__isnull=False),
                name="calls_called_back_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(masked=False) | models.Q(caller="", display=""), name="calls_masked_shows_nothing"
            ),
        )
        indexes = (
            models.Index(fields=["house", "-arrived_at", "-id"], name="calls_by_moment"),
            models.Index(fields=["client", "caller", "-arrived_at"], name="calls_by_caller"),
        )

    def __str__(self) -> str:
        return self.call


class Familiarity(HouseModel):
    """How many calls a secretary took for a client, and when the last: counted from the engine's events."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    secretary = models.ForeignKey("staff.Secretary", on_delete=models.PROTECT, related_name="+")
    taken = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    objects = ClientQuerySet["Familiarity"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["client", "secretary"], name="calls_familiarity_once"),)

    def __str__(self) -> str:
        return f"{self.secretary_id} took {self.taken} for {self.client_id}"


class WithheldNumber(HouseModel):
    """The number of a masked call, which the network may use and nobody may see: apart, and sealed (RFC 3325)."""

    call = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="+")
    sealed = models.TextField()

    objects = HouseQuerySet["WithheldNumber"].as_manager()

    def __str__(self) -> str:
        return f"withheld of call {self.call_id}"


class RedFlagNote(HouseModel):
    """A red flag in a call: that it was `heard`, and that it was `said`, could not be said (`unsaid`) or was
    `dismissed` for a `cause`. Once each. `call` is the telephone's name of it: its record may come later. `alerts`:
    whom the flag alerts, with `heard` alone."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    call = models.CharField(max_length=CALL_LENGTH)
    flag = models.CharField(max_length=FLAG_LENGTH)
    label = models.CharField(_("red flag"), max_length=LABEL_LENGTH)
    what = models.CharField(max_length=10)
    cause = models.CharField(max_length=10, default="", blank=True)
    alerts = models.ForeignKey("clients.Recipient", on_delete=models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ClientQuerySet["RedFlagNote"].as_manager()

    class Meta:
        verbose_name = _("red flag")
        verbose_name_plural = _("red flags")
        constraints = (
            models.UniqueConstraint(fields=["house", "call", "flag", "what"], name="calls_red_flag_once"),
            models.CheckConstraint(
                condition=(models.Q(what="dismissed") & ~models.Q(cause=""))
                | (~models.Q(what="dismissed") & models.Q(cause="")),
                name="calls_red_flag_dismissed_for_a_cause",
            ),
        )

    def __str__(self) -> str:
        return f"{self.call} {self.flag} {self.what}"


class CallOffer(HouseModel):
    """One console that rang for the call. `how`: answered, missed, declined, abandoned, withdrawn, seat_lost; empty
    while it rings. `why`: the reasons of the choice; `shown`: the instructions on her screen, as "id:version"; `card`:
    what else her screen showed (`reception.events.CallOffered`), empty for calls of an earlier release."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="+")
    offer = models.CharField(max_length=40)
    secretary = models.ForeignKey("staff.Secretary", on_delete=models.PROTECT, related_name="+")
    seat = models.CharField(max_length=80, default="", blank=True)
    offered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    how = models.CharField(max_length=12, default="", blank=True)
    why = models.JSONField(default=list, blank=True)
    greeting = models.TextField(default="", blank=True)
    shown = models.JSONField(default=list, blank=True)
    card = models.JSONField(default=dict, blank=True)

    objects = HouseQuerySet["CallOffer"].as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = (models.UniqueConstraint(fields=["house", "offer"], name="calls_offer_once"),)

    def __str__(self) -> str:
        return f"{self.offer} {self.how}"


class CardPart(HouseModel):
    """A part of a client's cards that no version names (`reception.parts.CardParts`), as JSON, once for all the calls
    that showed it. Never changed: the `digest` by which an offer names it is that of this text."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=12)
    digest = models.CharField(max_length=32)
    text = models.TextField()
    kept_at = models.DateTimeField()

    objects = ClientQuerySet["CardPart"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["client", "part", "digest"], name="calls_card_part_once"),)

    def __str__(self) -> str:
        return f"{self.client_id} {self.part} {self.digest}"
