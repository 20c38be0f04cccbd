# SPDX-License-Identifier: AGPL-3.0-or-later
"""What receipts say of the mails to patients: a reminder, an offer or a late notice that came back is a secretary's."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from permanence.dispatch import offer_operations, unreached_operations
from permanence.dispatch.channels.email.receipts import Receipt, ReceiptAction
from permanence.dispatch.models import LateMail, OfferNotice, Reminder
from permanence.dispatch.rules import DeliveryState, ReminderState
from permanence.foundation.tenancy import ClientQuerySet


def is_ours(key: str) -> bool:
    """Whether one of these mails went out under this key."""
    mails = Reminder.objects.filter(key=key, channel="email"), OfferNotice.objects.filter(key=key, channel="email")
    return any(each.exists() for each in (*mails, LateMail.objects.filter(key=key)))


def take(receipt: Receipt, *, at: datetime) -> bool:
    """What a receipt (`delivered` or `failed`) says of one of these mails; gives whether it was one and said something
    new. A reminder that was delivered stays sent.
    """
    failed = receipt.action is ReceiptAction.FAILED
    with transaction.atomic():
        return (
            (failed and _reminder(receipt, at=at))
            or _mail(receipt, OfferNotice.objects.filter(channel="email"), lambda row: _offer_failed(row, at=at))
            or _mail(receipt, LateMail.objects.all(), lambda row: unreached_operations.late_failed(row.pk, at=at))
        )


def _reminder(receipt: Receipt, *, at: datetime) -> bool:
    rows = Reminder.objects.filter(key=receipt.key, channel="email", state=ReminderState.SENT)
    found = rows.first()
    if found is None or not rows.update(state=ReminderState.FAILED, why=_why(receipt)):
        return False
    unreached_operations.reminder_failed(found.pk, at=at)
    return True


def _mail[Row: (OfferNotice, LateMail)](
    receipt: Receipt, rows: ClientQuerySet[Row], failed: Callable[[Row], None]
) -> bool:
    """What became of the mail of these rows that was sent under the receipt's key; `failed`: what follows where it
    came back.
    """
    sent = rows.filter(key=receipt.key, state=DeliveryState.SENT)
    found = sent.first()
    if found is None or not sent.update(state=_state(receipt), why=_why(receipt)):
        return False
    if receipt.action is ReceiptAction.FAILED:
        failed(found)
    return True


def _offer_failed(row: OfferNotice, *, at: datetime) -> None:
    offer_operations.not_reached(house=row.house.slug, offer=row.offer, at=at)


def _state(receipt: Receipt) -> DeliveryState:
    return DeliveryState.BOUNCED if receipt.action is ReceiptAction.FAILED else DeliveryState.DELIVERED


def _why(receipt: Receipt) -> str:
    return (receipt.why or "failed")[:200] if receipt.action is ReceiptAction.FAILED else ""
