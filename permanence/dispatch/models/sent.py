# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rows of transmission: one delivery is one way of one message. What it says was frozen when it was made."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.rules import LEAST_LATE, MOST_LATE, Channel, DeliveryState, ReminderState, ReplyOutcome
from permanence.foundation.tenancy import ClientQuerySet, HouseModel, HouseQuerySet


class Delivery(HouseModel):
    """One way of one message. `message` is the message's id, `key` the id that travels (Message-ID, ENVID).

    A row is due when it is pending, `next_attempt_at` has come and nobody holds a lease on it.
    """

    CHANNELS = ((Channel.EMAIL.value, _("e-mail")), (Channel.PORTAL.value, _("portal")))
    STATES = (
        (DeliveryState.PENDING.value, _("pending")),
        (DeliveryState.SENT.value, _("sent")),
        (DeliveryState.DELIVERED.value, _("delivered")),
        (DeliveryState.FAILED.value, _("failed")),
        (DeliveryState.BOUNCED.value, _("came back")),
    )

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    message = models.CharField(max_length=40)
    key = models.CharField(max_length=40, unique=True)
    channel = models.CharField(_("channel"), max_length=12, choices=CHANNELS)
    address = models.CharField(_("address"), max_length=254)
    language = models.CharField(_("language"), max_length=2)
    urgency = models.CharField(_("urgency"), max_length=12)
    created_at = models.DateTimeField(_("made at"))
    state = models.CharField(_("state"), max_length=12, choices=STATES, default=DeliveryState.PENDING.value)
    attempts = models.PositiveIntegerField(_("tries"), default=0)
    next_attempt_at = models.DateTimeField(_("next try"))
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    why = models.CharField(_("last reason"), max_length=200, blank=True, default="")

    objects = ClientQuerySet["Delivery"].as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = (
            models.UniqueConstraint(fields=["house", "message", "channel", "address"], name="dispatch_delivery_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in DeliveryState]), name="dispatch_delivery_state"
            ),
        )
        indexes = (models.Index(fields=["next_attempt_at"], name="dispatch_due", condition=models.Q(state="pending")),)

    def __str__(self) -> str:
        return f"{self.channel} {self.key}"


class Sms(HouseModel):
    """One SMS to one person: a row for as long as the house keeps what it sent. `key` is the id that travels.

    `about` is the id of what it is about (an appointment, an offer), `number` E.164. `price_micros` are millionths of
    `currency`, all parts together, as the provider's description had it. `slot`: which digits answer it, None for one
    that asks nothing or is answered by its link alone. `answer`: "", yes or no. Not sent after `expires_at`.
    """

    KINDS = tuple((each.value, each.value) for each in SmsKind)

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("callers.Patient", on_delete=models.PROTECT, null=True, related_name="+")
    key = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=12, choices=KINDS)
    about = models.CharField(max_length=40, blank=True, default="")
    number = models.CharField(max_length=16)
    language = models.CharField(max_length=2)
    sealed_text = models.TextField()
    encoding = models.CharField(max_length=4)
    parts = models.PositiveSmallIntegerField()
    price_micros = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=Delivery.STATES, default=DeliveryState.PENDING.value)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=100, blank=True, default="")
    why = models.CharField(max_length=200, blank=True, default="")
    slot = models.PositiveSmallIntegerField(null=True)
    answer = models.CharField(max_length=8, blank=True, default="")
    answered_at = models.DateTimeField(null=True)

    objects = ClientQuerySet["Sms"].as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in DeliveryState]), name="dispatch_sms_state"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in SmsKind]), name="dispatch_sms_kind"
            ),
        )
        indexes = (
            models.Index(fields=["next_attempt_at"], name="dispatch_sms_due", condition=models.Q(state="pending")),
            models.Index(fields=["number", "-created_at"], name="dispatch_sms_number"),
            models.Index(fields=["provider_id"], name="dispatch_sms_provider"),
            models.Index(fields=["house", "about"], name="dispatch_sms_about"),
            models.Index(fields=["house", "-created_at"], name="dispatch_sms_made"),
        )

    def __str__(self) -> str:
        return f"SMS {self.key}"


class SmsReply(HouseModel):
    """An answer that came in, to whichever SMS it was: what was understood.

    Its words are sealed, for they can be of health. `digest` tells one that the provider brings twice. `asks`: nothing
    came of it by itself, so that a secretary reads it; while `done_at` is empty it stands on her list.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    sms = models.ForeignKey(Sms, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    sealed_text = models.TextField()
    meaning = models.CharField(max_length=8)
    at = models.DateTimeField()
    asks = models.BooleanField(default=False)
    done_at = models.DateTimeField(null=True)
    done_by_name = models.CharField(max_length=120, blank=True, default="")
    outcome = models.CharField(max_length=12, blank=True, default="")

    objects = ClientQuerySet["SmsReply"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["sms", "digest"], name="dispatch_reply_once"),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True, outcome="")
                | models.Q(done_at__isnull=False, outcome__in=[each.value for each in ReplyOutcome]),
                name="dispatch_reply_done",
            ),
        )
        indexes = (
            models.Index(
                fields=["house", "at"],
                name="dispatch_reply_asks",
                condition=models.Q(asks=True, done_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"reply to {self.sms_id}"


class SmsStop(HouseModel):
    """Who owns this number wants no SMS of this house any more."""

    number = models.CharField(max_length=16)
    at = models.DateTimeField()

    objects = HouseQuerySet["SmsStop"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["house", "number"], name="dispatch_stop_once"),)

    def __str__(self) -> str:
        return f"stop of house {self.house_id}"


class ContactRule(HouseModel):
    """How a client's patients are written to. Without a row: as with the defaults, which send nothing by themselves.

    `names_practice`: he agreed that his name stands in SMS and mails. `remind_hours`: how long before the visit its
    reminder goes out, 0 for none. `sends_calendar`: patients get their appointments as entries for their calendars.
    """

    client = models.OneToOneField("clients.Client", on_delete=models.PROTECT, related_name="+")
    names_practice = models.BooleanField(default=False)
    remind_hours = models.PositiveSmallIntegerField(default=0)
    sends_calendar = models.BooleanField(default=False)

    objects = ClientQuerySet["ContactRule"].as_manager()

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(remind_hours__lte=336), name="dispatch_remind_hours"),)

    def __str__(self) -> str:
        return f"contact rule of {self.client_id}"


class Reminder(HouseModel):
    """That a patient is reminded of an appointment, and what he answered. One row for each moment it was given.

    `key` is in the link and in the mail's Message-ID; `appointment` the appointment's id, `starts_at` as it was told.
    `channel`: sms, email, "" while it waits and where nobody could be reached (`why`).
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=40, unique=True)
    appointment = models.CharField(max_length=40)
    revision = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    state = models.CharField(max_length=12, default=ReminderState.PENDING.value)
    channel = models.CharField(max_length=12, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=8, blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True, default="")

    objects = ClientQuerySet["Reminder"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["house", "appointment", "revision"], name="dispatch_reminder_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in ReminderState]), name="dispatch_reminder_state"
            ),
        )
        indexes = (
            models.Index(fields=["next_attempt_at"], name="dispatch_reminder_due", condition=models.Q(state="pending")),
        )

    def __str__(self) -> str:
        return f"reminder {self.key}"


class CalendarMail(HouseModel):
    """That an appointment goes to its patient as an entry for his calendar: one row for each state of it.

    `key` makes the Message-ID; `appointment` is the appointment's id, `is_cancelled` whether it is to vanish there.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=40, unique=True)
    appointment = models.CharField(max_length=40)
    revision = models.PositiveIntegerField()
    is_cancelled = models.BooleanField()
    made_at = models.DateTimeField()
    state = models.CharField(max_length=12, default=ReminderState.PENDING.value)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True, default="")

    objects = ClientQuerySet["CalendarMail"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["house", "appointment", "revision"], name="dispatch_calendar_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in ReminderState]), name="dispatch_calendar_state"
            ),
        )
        indexes = (
            models.Index(fields=["next_attempt_at"], name="dispatch_calendar_due", condition=models.Q(state="pending")),
        )

    def __str__(self) -> str:
        return f"calendar mail {self.key}"


class OfferNotice(HouseModel):
    """How somebody who waits is told of the slot that is offered to him. `key` is in the mail's Message-ID.

    `offer` is the offer's id. `channel`: sms (then the SMS has its own row), email, "" where a secretary telephones.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=40, unique=True)
    offer = models.CharField(max_length=40)
    channel = models.CharField(max_length=12, blank=True, default="")
    address = models.CharField(max_length=254, blank=True, default="")
    language = models.CharField(max_length=2)
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, default=DeliveryState.PENDING.value)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True, default="")

    objects = ClientQuerySet["OfferNotice"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["house", "offer"], name="dispatch_offer_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in DeliveryState]), name="dispatch_offer_state"
            ),
        )
        indexes = (
            models.Index(fields=["next_attempt_at"], name="dispatch_offer_due", condition=models.Q(state="pending")),
        )

    def __str__(self) -> str:
        return f"offer notice {self.key}"


class LateNotice(HouseModel):
    """That a practitioner is late, told in one act to those who were still to come. `key` is the id the page made.

    `told`: the appointments whose patients got an SMS or a mail; `untold`: those who could be reached by neither.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    agenda = models.ForeignKey("agenda.Agenda", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=40)
    minutes = models.PositiveSmallIntegerField()
    told = models.JSONField(default=list)
    untold = models.JSONField(default=list)
    at = models.DateTimeField()
    by_name = models.CharField(max_length=120)

    objects = ClientQuerySet["LateNotice"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["house", "key"], name="dispatch_late_once"),
            models.CheckConstraint(
                condition=models.Q(minutes__gte=LEAST_LATE, minutes__lte=MOST_LATE), name="dispatch_late_minutes"
            ),
        )

    def __str__(self) -> str:
        return f"late {self.key}"


class LateMail(HouseModel):
    """The mail of a late notice to one whom no SMS reaches and who agreed to mails. `key` is in its Message-ID.

    `starts_at`: when his visit was to begin; not sent after `expires_at`.
    """

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    notice = models.ForeignKey(LateNotice, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=40, unique=True)
    appointment = models.CharField(max_length=40)
    address = models.CharField(max_length=254)
    language = models.CharField(max_length=2)
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, default=DeliveryState.PENDING.value)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True, default="")

    objects = ClientQuerySet["LateMail"].as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["notice", "appointment"], name="dispatch_late_mail_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in DeliveryState]), name="dispatch_late_mail_state"
            ),
        )
        indexes = (
            models.Index(fields=["next_attempt_at"], name="dispatch_late_due", condition=models.Q(state="pending")),
        )

    def __str__(self) -> str:
        return f"late mail {self.key}"
