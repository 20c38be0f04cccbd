# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the SMS, called by the thread of the post."""

from collections.abc import Callable
from datetime import datetime

from permanence.dispatch import sms_operations
from permanence.dispatch.channels.sms.http import give
from permanence.dispatch.post import RUN_LIMIT, note_failure
from permanence.dispatch.sms_provider import hook, usable_provider


def run_sms(*, at: datetime, limit: int = RUN_LIMIT, stop: Callable[[], bool] = lambda: False) -> int:
    """Give the provider what is due at `at`, until `stop` says so; gives how many were tried. 0 where SMS are off.

    Must not be called inside a transaction.
    """
    found, tried = usable_provider(), 0
    while found and tried < limit and not stop() and (taken := sms_operations.take_due(at=at)) is not None:
        tried += 1
        given = give(found, number=taken.number, text=taken.text, key=taken.key, hook=hook(found))
        note_failure("SMS", taken, given.attempt.why)
        sms_operations.finish(taken, given, at=at)
    return tried
