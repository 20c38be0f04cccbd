# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the post: the mails that tell a portal user that a change waits for a second person."""

import logging
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from permanence.clients import approval_mail
from permanence.dispatch.channels.email.content import Addressed, compose_approval
from permanence.dispatch.channels.email.relay import Envelope, Relay, RelaySettings
from permanence.dispatch.rules import LEASE, Attempt, Outcome, retry_in
from permanence.dispatch.tasks import RUN_LIMIT, relay_settings

log = logging.getLogger(__name__)


def run_approvals(
    *,
    at: datetime,
    relay: RelaySettings | None = None,
    limit: int = RUN_LIMIT,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send those that are due at `at`; gives how many were tried. Must not be called inside a transaction."""
    tried = 0
    with Relay(relay or relay_settings()) as connection:
        while tried < limit and not stop() and (taken := approval_mail.take_due(at=at, lease=LEASE)) is not None:
            tried += 1
            attempt = _send(taken, connection, at=at)
            if attempt.why:
                log.warning("approval %s, try %s: %s", taken.key, taken.attempt, attempt.why)
            again = retry_in(taken.attempt) if attempt.outcome is Outcome.RETRY else None
            sent = attempt.outcome is Outcome.SENT
            approval_mail.finish(taken, at=at, sent=sent, again=again, why=attempt.why)
    return tried


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
