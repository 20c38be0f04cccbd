# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the messages. Texts are sealed under the house's key; names, numbers and dates stay searchable."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.foundation.tenancy import ClientQuerySet, HouseModel, HouseQuerySet
from permanence.messaging.rules import NAME_LIMIT, NUMBER_LIMIT, Urgency

KEY_LENGTH = 40
CALL_LENGTH = 64


class Message(HouseModel):
    """One message. `key` is the id made by the secretary's page. What the transmission reports stands on the row.

    One that a caller spoke has `voice_seconds`, no text and nobody who took it; `recordings` holds what he said.
    """

    URGENCIES = (
        (Urgency.INFORMATION.value, _("information")),
        (Urgency.TODAY.value, _("today")),
        (Urgency.URGENT.value, _("urgent")),
    )

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    key = models.CharField(max_length=KEY_LENGTH)
    call = models.CharField(max_length=CALL_LENGTH, blank=True, default="")
    taken_by = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, null=True, related_name="+")
    taken_by_name = models.CharField(_("taken by"), max_length=120, blank=True, default="")
    taken_at = models.DateTimeField(_("taken at"))
    recipient = models.ForeignKey(
        "clients.Recipient", on_delete=models.PROTECT, related_name="+", verbose_name=_("recipient")
    )
    patient = models.ForeignKey("callers.Patient", on_delete=models.PROTECT, null=True, related_name="+")
    caller_name = models.CharField(_("caller"), max_length=NAME_LIMIT, blank=True, default="")
    caller_number = models.CharField(_("number"), max_length=16, blank=True, default="")
    caller_typed = models.CharField(_("number as typed"), max_length=NUMBER_LIMIT, blank=True, default="")
    reason = models.CharField(max_length=40, blank=True, default="")
    reason_label = models.CharField(_("reason"), max_length=80, blank=True, default="")
    urgency = models.CharField(_("urgency"), max_length=12, choices=URGENCIES)
    read_back = models.BooleanField(_("number read back"), default=False)
    sealed_text = models.TextField()
    voice_seconds = models.FloatField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True, default="")
    acknowledged_at = models.DateTimeField(null=True)

    objects = ClientQuerySet["Message"].as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = (
            models.UniqueConstraint(fields=["house", "key"], name="messaging_message_key"),
            models.CheckConstraint(
                condition=models.Q(urgency__in=[each.value for each in Urgency]), name="messaging_message_urgency"
            ),
            models.CheckConstraint(
                condition=models.Q(taken_by__isnull=False) | models.Q(voice_seconds__isnull=False),
                name="messaging_message_taken_or_spoken",
            ),
        )
        indexes = (
            models.Index(fields=["house", "-taken_at"], name="messaging_house_when"),
            models.Index(fields=["client", "-taken_at"], name="messaging_client_when"),
            models.Index(fields=["client", "caller_number"], name="messaging_client_caller"),
            models.Index(fields=["house", "call"], name="messaging_call"),
        )

    def __str__(self) -> str:
        return f"message {self.key}"


class PersonActModel(HouseModel):
    """What a person of the client did with a message, once. `stands`: one of the recipient's own persons, then."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    at = models.DateTimeField()
    stands = models.BooleanField()

    class Meta:
        abstract = True


class MessageRead(PersonActModel):
    """The message was shown to a signed-in person; his first opening."""

    objects = ClientQuerySet["MessageRead"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["message", "person"], name="messaging_read_once"),)

    def __str__(self) -> str:
        return f"{self.name} read {self.message_id}"


class MessageAcknowledged(PersonActModel):
    """A signed-in person pressed the button."""

    objects = ClientQuerySet["MessageAcknowledged"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["message", "person"], name="messaging_acknowledged_once"),)

    def __str__(self) -> str:
        return f"{self.name} acknowledged {self.message_id}"


class MessageAnswer(HouseModel):
    """What a person of the client wrote to the secretary about a message. `key` is the id made by his page."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH)
    person = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    at = models.DateTimeField()
    sealed_text = models.TextField()

    objects = ClientQuerySet["MessageAnswer"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["house", "key"], name="messaging_answer_key"),)

    def __str__(self) -> str:
        return f"answer {self.key}"


class Draft(HouseModel):
    """What a secretary has written for a call and not yet confirmed: the page's own JSON, sealed."""

    person = models.ForeignKey("foundation.Person", on_delete=models.PROTECT, related_name="+")
    call = models.CharField(max_length=CALL_LENGTH)
    sealed_body = models.TextField()
    saved_at = models.DateTimeField()

    objects = HouseQuerySet["Draft"].as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["house", "person", "call"], name="messaging_draft_once"),)

    def __str__(self) -> str:
        return f"draft {self.call}"
