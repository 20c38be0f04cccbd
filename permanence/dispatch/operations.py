# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done with deliveries: made, taken by a worker, finished, confirmed by a receipt, tried again by a person.

Theory of operation. A due row is taken by an update filtered on the values it was read with: of any number of workers
one succeeds. It then holds a lease; sending happens outside every transaction; the result is written filtered on the
try's number. A worker killed between the relay's answer and that writing leaves a lease that ends: the mail goes out
once more, with the same Message-ID, and nothing worse.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from permanence.clients import queries as clients
from permanence.dispatch import patient_receipts
from permanence.dispatch.channels.email.receipts import Receipt, ReceiptAction
from permanence.dispatch.models import Delivery
from permanence.dispatch.rules import (
    LEASE,
    Attempt,
    Channel,
    DeliveryState,
    Outcome,
    Reader,
    Route,
    retry_in,
    routes_for,
    verdict,
)
from permanence.foundation import access, audit
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id
from permanence.kernel.refusals import Refusal
from permanence.messaging import operations as messaging
from permanence.messaging import queries as messages


class NoAddress(Refusal):
    """The recipient has neither an address nor a portal user now: there is no way to send anything."""

    code = "no_address"


class NoMailServer(Refusal):
    """The recipient is reached by e-mail alone, and the house has no mail server yet."""

    code = "no_mail_server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A delivery a worker took: it alone may send it until the lease ends. `attempt` counts from 1."""

    delivery: int
    attempt: int
    key: str
    house: str
    house_key: int
    house_name: str
    time_zone: str
    client: str
    message: str
    channel: Channel
    address: str
    language: str
    urgency: str


def prepare(*, house: str, house_key: int, message: str, at: datetime, entropy: Entropy) -> int:
    """Make the deliveries of a message and freeze where they go; gives how many. A second call makes none.

    A recipient without address or portal user is a failure that the secretary sees at once, and so is one without
    portal user in a house without mail server. Inside a transaction.
    """
    found = messages.message(house, message, at)
    if found is None or Delivery.objects.for_house(house).filter(message=message).exists():
        return 0
    routes = _routes(house, found)
    _create(routes, found, house_key=house_key, at=at, entropy=entropy)
    if not routes or not settings.PERMANENCE.mail_is_set:
        _report(house, message, at=at)
    return len(routes)


def _create(
    routes: tuple[Route, ...], found: messages.MessageView, *, house_key: int, at: datetime, entropy: Entropy
) -> None:
    made = [
        Delivery(
            house_id=house_key,
            client_id=int(found.client),
            message=found.message,
            key=new_id(at, entropy),
            channel=route.channel,
            address=route.address,
            language=route.language,
            urgency=found.urgency,
            created_at=at,
            next_attempt_at=at,
        )
        for route in routes
    ]
    Delivery.objects.bulk_create(made, ignore_conflicts=True)  # two who ask at once make each way once


def _routes(house: str, message: messages.MessageView) -> tuple[Route, ...]:
    client = clients.client(house=house, client=message.client)
    recipient = clients.recipient(house=house, client=message.client, recipient=message.recipient)
    readers = tuple(
        Reader(
            person=each.person,
            email=each.email,
            language=each.language,
            own=message.recipient_is_practice or (each.recipient is not None and each.recipient.id == recipient.id),
        )
        for each in clients.portal_users(house=house, client=message.client)
    )
    return routes_for(email=recipient.email, readers=readers, language=next(iter(client.languages), "fr"))


def take_due(*, at: datetime, mails: bool = True) -> Taken | None:
    """Take one due delivery, the longest due first; None when there is none. Without `mails` those stay as they are."""
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    due = Delivery.objects.filter(free, state=DeliveryState.PENDING, next_attempt_at__lte=at)
    if not mails:
        due = due.exclude(channel=Channel.EMAIL)
    for row in due.select_related("house").order_by("next_attempt_at", "pk")[:20]:
        mine = Delivery.objects.filter(
            free,
            pk=row.pk,
            key=row.key,
            state=DeliveryState.PENDING,
            attempts=row.attempts,
            next_attempt_at=row.next_attempt_at,
        ).update(leased_until=at + LEASE, attempts=row.attempts + 1)
        if mine:
            return Taken(
                delivery=row.pk,
                attempt=row.attempts + 1,
                key=row.key,
                house=row.house.slug,
                house_key=row.house_id,
                house_name=row.house.name,
                time_zone=row.house.time_zone,
                client=str(row.client_id),
                message=row.message,
                channel=Channel(row.channel),
                address=row.address,
                language=row.language,
                urgency=row.urgency,
            )
    return None


def finish(taken: Taken, attempt: Attempt, *, at: datetime) -> None:
    """Write how the try ended, and tell the message. Does nothing when the lease was lost to another worker."""
    wait = retry_in(taken.attempt) if attempt.outcome is Outcome.RETRY else None
    if attempt.outcome is Outcome.SENT:
        fields: dict[str, object] = {"state": DeliveryState.SENT, "sent_at": at, "why": ""}
    elif wait is not None:
        fields = {"next_attempt_at": at + wait, "why": attempt.why}
    else:
        fields = {"state": DeliveryState.FAILED, "why": attempt.why}
    with transaction.atomic():
        _lock(taken.house, taken.message)
        mine = {"pk": taken.delivery, "key": taken.key, "attempts": taken.attempt}
        rows = Delivery.objects.filter(**mine, state=DeliveryState.PENDING)
        if rows.update(leased_until=None, **fields):
            _report(taken.house, taken.message, at=at)


def is_ours(key: str) -> bool:
    """Whether one of our mails went out under this key."""
    return Delivery.objects.filter(key=key, channel=Channel.EMAIL).exists() or patient_receipts.is_ours(key)


def take_receipt(receipt: Receipt, *, at: datetime) -> bool:
    """What a receipt says about one of our mails; gives whether it was one of ours and said something new.

    Only `delivered` is a delivery (`relayed` and `expanded` leave it unknown), only `failed` a failure.
    """
    becomes = {ReceiptAction.DELIVERED: DeliveryState.DELIVERED, ReceiptAction.FAILED: DeliveryState.BOUNCED}
    state = becomes.get(receipt.action)
    if state is None:
        return False
    with transaction.atomic():
        rows = Delivery.objects.filter(key=receipt.key, channel=Channel.EMAIL, state=DeliveryState.SENT)
        row = rows.select_related("house").first()
        if row is None:
            return patient_receipts.take(receipt, at=at)
        _lock(row.house.slug, row.message)
        delivered = at if state is DeliveryState.DELIVERED else None
        changed = rows.update(state=state, delivered_at=delivered, why="" if delivered else receipt.why or "failed")
        if changed:
            _report(row.house.slug, row.message, at=at)
    return bool(changed)


def retry(*, house: str, message: str, by: Who, at: datetime, entropy: Entropy) -> int:
    """Send again what failed or came back, because a person of the house asks; gives how many deliveries are due now.

    The way is worked out anew: what failed is tried again where the recipient still has that address, and goes to the
    address that was corrected meanwhile; the row of the wrong one stays as it ended. What is sent again has another
    key: nobody takes it for the mail before, and a late receipt of that one says nothing of this. 0: nothing failed.
    Raises messaging's NoSuchMessage (also for another house's), foundation's NotHers, NoAddress and NoMailServer.
    """
    bad = [DeliveryState.FAILED, DeliveryState.BOUNCED]
    with transaction.atomic():
        _lock(house, message)
        found = messages.message(house, message, at)
        rows = Delivery.objects.for_house(house).filter(message=message)
        if found is None:
            raise messaging.NoSuchMessage(message)
        access.demand(by, client=found.client, subject=f"messaging.message:{message}")
        routes = _routes(house, found)
        if not settings.PERMANENCE.mail_is_set and routes and all(each.channel is Channel.EMAIL for each in routes):
            raise NoMailServer(found.recipient)
        if rows.exists() and not rows.filter(state__in=bad).exists():
            return 0
        if not routes:
            raise NoAddress(found.recipient)
        known = {(row.channel, row.address): row for row in rows}
        again = [known[way].pk for way in ((each.channel, each.address) for each in routes) if way in known]
        count = 0
        for row in again:  # another key: a mail server that has seen the Message-ID may drop the mail as a repetition
            count += rows.filter(pk=row, state__in=bad).update(
                key=new_id(at, entropy), state=DeliveryState.PENDING, attempts=0, next_attempt_at=at, leased_until=None
            )
        new = tuple(each for each in routes if (each.channel, each.address) not in known)
        _create(new, found, house_key=by.house_key, at=at, entropy=entropy)
        count += len(new)
        if count:
            audit.note(by=by, at=at, action="message.sent_again", subject=f"messaging.message:{message}")
            _report(house, message, at=at)
    return count


def _lock(house: str, message: str) -> None:
    """Take the rows of one message, always in the same order, so that what they add up to is told once and rightly."""
    list(Delivery.objects.for_house(house).filter(message=message).order_by("pk").select_for_update(of=("self",)))


def _report(house: str, message: str, *, at: datetime) -> None:
    """Tell the message what its deliveries add up to."""
    rows = Delivery.objects.for_house(house).filter(message=message).values_list("channel", "state", "why")
    ways = tuple((Channel(channel), DeliveryState(state), why) for channel, state, why in rows)
    sum_of = verdict(ways, mails=settings.PERMANENCE.mail_is_set)
    messaging.record_transmission(
        house=house,
        message=message,
        at=at,
        sent=sum_of.sent,
        delivered=sum_of.delivered,
        why=sum_of.why if sum_of.failed else None,
    )
