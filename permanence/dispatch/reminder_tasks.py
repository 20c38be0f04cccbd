# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the reminders, called by the thread of the post."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from permanence.dispatch import reminder_operations
from permanence.dispatch.channels.email.content import Addressed
from permanence.dispatch.channels.email.relay import Envelope, Relay, RelaySettings
from permanence.dispatch.channels.email.reminder import compose_reminder
from permanence.dispatch.post import RUN_LIMIT, note_failure
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
    tried, entropy = 0, SystemEntropy()
    with Relay(relay or relay_settings()) as connection:
        while tried < limit and not stop() and (taken := reminder_operations.take_due(at=at, entropy=entropy)):
            tried += 1
            if not taken.address:
                continue
            attempt = _send(taken, connection, at=at)
            note_failure("reminder", taken, attempt.why)
            reminder_operations.finish(taken, attempt, at=at)
    return tried


def _send(taken: ReminderTaken, relay: Relay, *, at: datetime) -> Attempt:
    sender, zone = settings.PERMANENCE.mail_from, ZoneInfo(taken.time_zone)
    about = Addressed(
        key=taken.key,
        house=taken.house,
        house_name=taken.house_name,
        sender=sender,
        recipient=taken.address,
        language=taken.language,
    )
    visit_at = taken.starts_at.astimezone(zone)
    try:
        mail = compose_reminder(
            about, practice=taken.practice, visit_at=visit_at, link=link_of(taken.key), at=at.astimezone(zone)
        )
    except (ValueError, IndexError) as error:  # an address that cannot stand in a header (RFC 5322)
        return Attempt(outcome=Outcome.REFUSED, why=f"{type(error).__name__}: {error}"[:200])
    return relay.send(mail, Envelope(sender=sender, recipient=taken.address, key=taken.key))
