# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the entries for patients' calendars, called by the thread of the patients' post."""

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from zoneinfo import ZoneInfo

from permanence.dispatch import calendar_operations, patient_mails, post
from permanence.dispatch.calendar_operations import CalendarTaken
from permanence.dispatch.channels.email.calendar import compose_calendar
from permanence.dispatch.channels.email.content import Addressed
from permanence.dispatch.channels.email.relay import Relay, RelaySettings
from permanence.dispatch.post import RUN_LIMIT
from permanence.dispatch.rules import Attempt, Outcome
from permanence.dispatch.tasks import relay_settings


def run_calendar(
    *,
    at: datetime,
    relay: RelaySettings | None = None,
    limit: int = RUN_LIMIT,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send those that are due at `at`; gives how many were taken. Must not be called inside a transaction."""
    with Relay(relay or relay_settings()) as connection:
        return post.send_each(
            "calendar mail",
            take=partial(calendar_operations.take_due, at=at),
            send=lambda taken: _send(taken, connection, at=at),
            finish=partial(calendar_operations.finish, at=at),
            limit=limit,
            stop=stop,
        )


def _send(taken: CalendarTaken, relay: Relay, *, at: datetime) -> Attempt:
    """What is overtaken or reaches nobody was ended when it was taken: finishing it again changes nothing."""
    if not taken.address:
        return Attempt(outcome=Outcome.REFUSED, why="")

    def compose(about: Addressed, zone: ZoneInfo) -> EmailMessage:
        visit_at = taken.invitation.starts_at.astimezone(zone)
        return compose_calendar(about, taken.invitation, visit_at=visit_at, at=at.astimezone(zone))

    return patient_mails.send(taken, relay, compose=compose)
