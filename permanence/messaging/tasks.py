# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the messages, called by the worker's loop: the recordings in the spool that nobody has taken over, and
the alerts that nobody has sent."""

import logging
from datetime import UTC, datetime, timedelta

from permanence.calls import operations as call_operations
from permanence.calls import queries as calls
from permanence.foundation.operations import house_system
from permanence.messaging import alert_operations, alerts, queries, recordings
from permanence.messaging.rules import ALERT_PASSED_ON_AFTER

log = logging.getLogger(__name__)

QUIET = timedelta(minutes=1)
"""So long after the last block and the end of its call a recording is held to have been forgotten by its engine."""
SHORTEST_S = 1.0
"""Less than this the engine keeps no message of, and neither do we."""


def take_over_forgotten(*, at: datetime) -> int:
    """Look after the spool; gives how many recordings were announced. Must not be called inside a transaction.

    A recording whose engine or media died before it could be told becomes a message all the same. One that is a message
    already (the worker died between the commit and the deletion), or that is no message, is deleted. One whose call is
    not recorded, or that a hearer is still at work on, stays.
    """
    return sum(
        _look(file, seconds, at=at)
        for file, seconds, written in recordings.spooled()
        if datetime.fromtimestamp(written, UTC) + QUIET <= at
    )


def pass_on_alerts(*, at: datetime) -> int:
    """Pass on the alerts of red flags that are due; gives how many. Each is a transaction of its own."""
    due = alerts.unsent_alerts(at=at, after=ALERT_PASSED_ON_AFTER)
    return sum(alert_operations.pass_on(alert=each, by=house_system(house=each.house), at=at) for each in due)


def _look(file: str, seconds: float, *, at: datetime) -> bool:
    name = file.removesuffix(".alaw")
    call = calls.spoken_call(name)
    if call is None or call.ended_at is None or call.ended_at + QUIET > at:
        return False
    if queries.is_spoken(house=call.house, call=name):
        recordings.forget_spool(file)
    elif not call.announced and seconds < SHORTEST_S:
        log.info("call %s: nothing was spoken, its recording is deleted", name)
        recordings.forget_spool(file)
    elif call_operations.find_voice_message(house=call.house, call=name, file=file, seconds=seconds, at=at):
        log.warning("call %s: a recording nobody told us of becomes a voice message", name)
        return True
    return False
