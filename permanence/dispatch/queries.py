# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the deliveries that concern nobody's message in particular."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from permanence.dispatch.models import Delivery
from permanence.dispatch.rules import Channel, DeliveryState

TRIES = 2
"""One refusal is ordinary (a relay that greets strangers late); two in a row are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTrouble:
    """Mails of a house that the relay does not take: how many, and when the first of them was to leave."""

    house: str
    waiting: int
    since: datetime


def mail_trouble() -> tuple[MailTrouble, ...]:
    """The houses whose mails were tried in vain and are tried again. One query."""
    rows = Delivery.objects.filter(state=DeliveryState.PENDING, channel=Channel.EMAIL, attempts__gte=TRIES)
    found = rows.exclude(why="").values("house__slug").annotate(waiting=Count("pk"), since=Min("created_at"))
    return tuple(
        MailTrouble(house=each["house__slug"], waiting=each["waiting"], since=each["since"])
        for each in found.order_by("house__slug")
    )
