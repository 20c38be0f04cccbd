# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the deliveries, scoped to the house."""

from dataclasses import dataclass
from datetime import datetime

from permanence.dispatch.models import Delivery
from permanence.dispatch.rules import Channel, DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One way of a message, as the supervisor's and the secretary's screens show it. `why`: the last reason."""

    message: str
    client: str
    channel: Channel
    address: str
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    why: str


def deliveries(house: str, message: str) -> list[DeliveryView]:
    """The ways of one message, e-mails first. One query."""
    rows = Delivery.objects.for_house(house).filter(message=message).order_by("channel", "pk")
    return [view(row) for row in rows]


def undelivered(house: str) -> list[DeliveryView]:
    """What failed for good or came back, newest first: a person must act. One query."""
    bad = [DeliveryState.FAILED, DeliveryState.BOUNCED]
    rows = Delivery.objects.for_house(house).filter(state__in=bad).order_by("-pk")[:200]
    return [view(row) for row in rows]


def next_due_at() -> datetime | None:
    """The moment at which the next delivery is due, of any house: until then the worker may sleep. One query."""
    rows = Delivery.objects.filter(state=DeliveryState.PENDING).order_by("next_attempt_at")
    return rows.values_list("next_attempt_at", flat=True).first()


def view(row: Delivery) -> DeliveryView:
    """The row as a frozen view."""
    state = DeliveryState(row.state)
    return DeliveryView(
        message=row.message,
        client=str(row.client_id),
        channel=Channel(row.channel),
        address=row.address,
        state=state,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at if state is DeliveryState.PENDING else None,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        why=row.why,
    )
