# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the reminders, called by the thread of the post."""

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from zoneinfo import ZoneInfo

from permanence.dispatch import patient_mails, post, reminder_operations
from permanence.dispatch.channels.email.content import Addressed
from permanence.dispatch.channels.email.relay import Relay, RelaySettings
from permanence.dispatch.channels.email.reminder import compose_reminder
from permanence.dispatch.post import RUN_LIMIT
from permanence.dispatch.reminder_operations import ReminderTaken, link_of
from permanence.dispatch.rules import Attempt, Outcome
from permanence.dispatch.tasks import relay_settings
from permanence.kernel.system import SystemEntropy


def run_reminders(
    *,
    at: datetime,
    relay: RelaySettings | None = None,
    limit: int = RUN_LIMIT,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send those that are due at `at`; gives how many were taken. Must not be called inside a transaction."""
    with Relay(relay or relay_settings()) as connection:
        return post.send_each(
            "reminder",
            take=partial(reminder_operations.take_due, at=at, entropy=SystemEntropy()),
            send=lambda taken: _send(taken, connection, at=at),
            finish=partial(reminder_operations.finish, at=at),
            limit=limit,
            stop=stop,
        )


def _send(taken: ReminderTaken, relay: Relay, *, at: datetime) -> Attempt:
    """What goes by SMS, is overtaken or reaches nobody was ended when it was taken: finishing it changes nothing."""
    if not taken.address:
        return Attempt(outcome=Outcome.REFUSED, why="")

    def compose(about: Addressed, zone: ZoneInfo) -> EmailMessage:
        visit_at, link = taken.starts_at.astimezone(zone), link_of(taken.key)
        return compose_reminder(about, practice=taken.practice, visit_at=visit_at, link=link, at=at.astimezone(zone))

    return patient_mails.send(taken, relay, compose=compose)
