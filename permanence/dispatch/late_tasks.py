# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the patients' post: the mails that say that a practitioner is late."""

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from zoneinfo import ZoneInfo

from permanence.dispatch import late_mails, patient_mails, post
from permanence.dispatch.channels.email.content import Addressed
from permanence.dispatch.channels.email.late import compose_late
from permanence.dispatch.channels.email.relay import Relay, RelaySettings
from permanence.dispatch.late_mails import LateMailTaken
from permanence.dispatch.post import RUN_LIMIT
from permanence.dispatch.rules import Attempt
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
    def compose(about: Addressed, zone: ZoneInfo) -> EmailMessage:
        return compose_late(
            about,
            practice=taken.practice,
            visit_at=taken.starts_at.astimezone(zone),
            minutes=taken.minutes,
            at=at.astimezone(zone),
        )

    return patient_mails.send(taken, relay, compose=compose)
