# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the patients' post: the mails that say that a practitioner is late."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from django.conf import settings

from permanence.dispatch import late_mails, post
from permanence.dispatch.channels.email.content import Addressed
from permanence.dispatch.channels.email.late import compose_late
from permanence.dispatch.channels.email.relay import Envelope, Relay, RelaySettings
from permanence.dispatch.late_mails import LateMailTaken
from permanence.dispatch.post import RUN_LIMIT
from permanence.dispatch.rules import Attempt, Outcome
from permanence.dispatch.tasks import relay_settings


def run_late(
    *,
    at: datetime,
    relay: RelaySettings | None = None,
    limit: int = RUN_LIMIT,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send those that are due at `at`; gives how many were tried. Must not be called inside a transaction."""
    with Relay(relay or relay_settings()) as connection:
        return post.send_each(
            "late mail",
            take=partial(late_mails.take_due, at=at),
            send=lambda taken: _send(taken, connection, at=at),
            finish=partial(late_mails.finish, at=at),
            limit=limit,
            stop=stop,
        )


def _send(taken: LateMailTaken, relay: Relay, *, at: datetime) -> Attempt:
    sender, zone = settings.PERMANENCE.mail_from, ZoneInfo(taken.time_zone)
    about = Addressed(
        key=taken.key,
        house=taken.house,
        house_name=taken.house_name,
        sender=sender,
        recipient=taken.address,
        language=taken.language,
    )
    try:
        mail = compose_late(
            about,
            practice=taken.practice,
            visit_at=taken.starts_at.astimezone(zone),
            minutes=taken.minutes,
            at=at.astimezone(zone),
        )
    except (ValueError, IndexError) as error:  # an address that cannot stand in a header (RFC 5322)
        return Attempt(outcome=Outcome.REFUSED, why=f"{type(error).__name__}: {error}"[:200])
    return relay.send(mail, Envelope(sender=sender, recipient=taken.address, key=taken.key))
