# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of transmission, called by the worker's loop: send what is due, read the receipts that came in."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from permanence.dispatch import operations, post
from permanence.dispatch.channels.email.content import Invited, Notice, compose, compose_invitation
from permanence.dispatch.channels.email.mailbox_url import read_mailbox_url
from permanence.dispatch.channels.email.receipts import read_receipts
from permanence.dispatch.channels.email.relay import Envelope, Relay, RelaySettings
from permanence.dispatch.channels.portal import channel as portal
from permanence.dispatch.fetching import CannotTell, Fetcher
from permanence.dispatch.operations import Taken
from permanence.dispatch.post import RUN_LIMIT
from permanence.dispatch.rules import LEASE, Attempt, Channel, Outcome, ended
from permanence.foundation import invitations
from permanence.kernel.clock import Clock

log = logging.getLogger(__name__)

RECEIPT_LIMIT = 512 * 1024
"""Bytes of a receipt that are read."""


def run_due(
    *,
    at: datetime,
    relay: RelaySettings | None = None,
    limit: int = RUN_LIMIT,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send what is due at `at`, until `stop` says so; gives how many deliveries were tried.

    In a house without mail server the mails stay due, untried, until it has one.
    Must not be called inside a transaction.
    """
    with Relay(relay or relay_settings()) as connection:

        def send(taken: Taken) -> Attempt:
            if taken.channel is Channel.PORTAL:
                return portal.show(client=taken.client, house_key=taken.house_key, at=at)
            return _mail(taken, connection, at=at)

        return post.send_each(
            "delivery",
            take=partial(operations.take_due, at=at, mails=connection.is_known),
            send=send,
            finish=partial(operations.finish, at=at),
            limit=limit,
            stop=stop,
        )


def run_invitations(
    *,
    at: datetime,
    relay: RelaySettings | None = None,
    limit: int = RUN_LIMIT,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send the invitations that are due at `at`; gives how many were tried. Must not be called inside a transaction.

    In a house without mail server they stay due.
    """
    with Relay(relay or relay_settings()) as connection:
        if not connection.is_known:
            return 0

        def finish(taken: invitations.DueInvitation, attempt: Attempt) -> None:
            sent, again = ended(attempt, taken.attempt)
            invitations.finish(taken, at=at, sent=sent, again=again, why=attempt.why)

        return post.send_each(
            "invitation",
            take=partial(invitations.take_due, at=at, lease=LEASE),
            send=lambda taken: _invite(taken, connection, at=at),
            finish=finish,
            limit=limit,
            stop=stop,
        )


def take_receipts(*, at: datetime, folder: Path | None = None) -> int:
    """Read the receipts in `folder` (by default `receipts` in the house's mail folder) and delete them.

    Gives how many said something new. Whatever is no receipt of ours is deleted too: the address is for receipts only.
    """
    place = folder or settings.PERMANENCE.mailbox / "receipts"
    news = 0
    for path in sorted(place.glob("*.eml")) if place.is_dir() else []:
        with path.open("rb") as file:
            data = file.read(RECEIPT_LIMIT)
        news += sum(operations.take_receipt(receipt, at=at) for receipt in read_receipts(data))
        path.unlink(missing_ok=True)
    return news


def receipt_fetcher(*, clock: Clock, stop: threading.Event) -> Fetcher | None:
    """What fetches the house's receipts once started, until `stop` is set; None where no mailbox is configured."""
    house = settings.PERMANENCE
    if not house.mail_receipts_url:
        return None
    address = read_mailbox_url(house.mail_receipts_url)

    def password() -> str:
        if house.mail_receipts_password_file:
            return (house.data / "keys" / house.mail_receipts_password_file).read_text(encoding="utf-8").strip("\r\n")
        return house.mail_receipts_password or address.password

    return Fetcher(
        address,
        password=password,
        every=timedelta(seconds=house.mail_receipts_every),
        mail=house.mailbox,
        is_ours=_is_ours,
        clock=clock,
        stop=stop,
    )


def _is_ours(key: str) -> bool:
    try:
        return operations.is_ours(key)
    except DatabaseError:
        close_old_connections()  # the thread's own: the next turn opens another
        raise CannotTell("the database does not answer") from None


def relay_settings() -> RelaySettings | None:
    """Our relay, as the house is configured; None where it was told of none."""
    house = settings.PERMANENCE
    if not house.mail_is_set:
        return None
    return RelaySettings(
        host=house.mail_host,
        port=house.mail_port,
        user=house.mail_user,
        password=house.mail_password,
        security=house.mail_security,
    )


def _invite(taken: invitations.DueInvitation, relay: Relay, *, at: datetime) -> Attempt:
    sender, zone = settings.PERMANENCE.mail_from, ZoneInfo(taken.time_zone)
    invited = Invited(
        key=taken.key,
        house=taken.house,
        house_name=taken.house_name,
        sender=sender,
        recipient=taken.email,
        language=taken.language,
        invited_by=taken.invited_by,
        link=f"{settings.PERMANENCE.web_url}/invitation/{taken.token}",
        expires_at=taken.expires_at.astimezone(zone),
    )
    try:
        with timezone.override(zone):
            mail = compose_invitation(invited, at=at.astimezone(zone))
    except (ValueError, IndexError) as error:  # an address that cannot stand in a header (RFC 5322)
        return Attempt(outcome=Outcome.REFUSED, why=f"{type(error).__name__}: {error}"[:200])
    return relay.send(mail, Envelope(sender=sender, recipient=taken.email, key=taken.key))


def _mail(taken: Taken, relay: Relay, *, at: datetime) -> Attempt:
    sender = settings.PERMANENCE.mail_from
    notice = Notice(
        key=taken.key,
        house=taken.house,
        house_name=taken.house_name,
        sender=sender,
        recipient=taken.address,
        language=taken.language,
        urgency=taken.urgency,
        link=f"{settings.PERMANENCE.web_url}/portal/messages/{taken.message}",
    )
    try:
        mail = compose(notice, at=at.astimezone(ZoneInfo(taken.time_zone)))
    except (ValueError, IndexError) as error:  # an address that cannot stand in a header (RFC 5322)
        return Attempt(outcome=Outcome.REFUSED, why=f"{type(error).__name__}: {error}"[:200])
    return relay.send(mail, Envelope(sender=sender, recipient=taken.address, key=taken.key))
