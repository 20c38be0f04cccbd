# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the post: the mails that tell a portal user that a change waits for a second person."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from django.conf import settings

from permanence.clients import approval_mail
from permanence.dispatch import post
from permanence.dispatch.channels.email.content import Addressed, compose_approval
from permanence.dispatch.channels.email.relay import Envelope, Relay, RelaySettings
from permanence.dispatch.post import RUN_LIMIT
from permanence.dispatch.rules import LEASE, Attempt, Outcome, ended
from permanence.dispatch.tasks import relay_settings


def run_approvals(
    *,
    at: datetime,
    relay: RelaySettings | None = None,
    limit: int = RUN_LIMIT,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send those that are due at `at`; gives how many were tried. Must not be called inside a transaction.

    In a house without mail server they stay due.
    """
    with Relay(relay or relay_settings()) as connection:
        if not connection.is_known:
            return 0

        def finish(taken: approval_mail.DueMail, attempt: Attempt) -> None:
            sent, again = ended(attempt, taken.attempt)
            approval_mail.finish(taken, at=at, sent=sent, again=again, why=attempt.why)

        return post.send_each(
            "approval",
            take=partial(approval_mail.take_due, at=at, lease=LEASE),
            send=lambda taken: _send(taken, connection, at=at),
            finish=finish,
            limit=limit,
            stop=stop,
        )


def _send(taken: approval_mail.DueMail, relay: Relay, *, at: datetime) -> Attempt:
    sender = settings.PERMANENCE.mail_from
    about = Addressed(
        key=taken.key,
        house=taken.house,
        house_name=taken.house_name,
        sender=sender,
        recipient=taken.email,
        language=taken.language,
    )
    link = f"{settings.PERMANENCE.web_url}/portal/approvals"
    try:
        mail = compose_approval(about, link=link, at=at.astimezone(ZoneInfo(taken.time_zone)))
    except (ValueError, IndexError) as error:  # an address that cannot stand in a header (RFC 5322)
        return Attempt(outcome=Outcome.REFUSED, why=f"{type(error).__name__}: {error}"[:200])
    return relay.send(mail, Envelope(sender=sender, recipient=taken.email, key=taken.key))
