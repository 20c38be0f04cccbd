# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rows of transmission: one delivery is one way of one message. What it says was frozen when it was made."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from permanence.dispatch.rules import Channel, DeliveryState
from permanence.foundation.tenancy import ClientQuerySet, HouseModel


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
