# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every kind of due mail has in common: taken one by one, tried, written down; a failed try is logged.

A relay or a provider that refuses repeats whom it refuses ("550 <anna@example.org>: unknown"): that somebody is a
patient does not belong in a log, so addresses and numbers are left out of it. The row keeps the whole reason.
"""

import logging
import re
from collections.abc import Callable
from typing import Protocol

from permanence.dispatch.rules import Attempt

log = logging.getLogger(__name__)

RUN_LIMIT = 50
"""Tries of one kind in one run, so that the worker comes back to its other work."""
_PERSON = re.compile(r"[^\s<>@,;:'\"]+@[^\s<>@,;'\"]+|\+?\d(?:[ ./-]?\d){7,}")


class Due(Protocol):
    """What a worker took: it alone may send it until the lease ends."""

    @property
    def key(self) -> str:
        """Its id."""

    @property
    def attempt(self) -> int:
        """The number of the try, from 1."""


def impersonal(why: str) -> str:
    """The reason of a failure without the address or the number of a person."""
    return _PERSON.sub("(left out)", why)


def note_failure(what: str, taken: Due, why: str) -> None:
    """A line of the log about a try that failed; nothing when there is no reason."""
    if why:
        log.warning("%s %s, try %s: %s", what, taken.key, taken.attempt, impersonal(why))


def send_each[T: Due](
    what: str,
    *,
    take: Callable[[], T | None],
    send: Callable[[T], Attempt],
    finish: Callable[[T, Attempt], None],
    limit: int,
    stop: Callable[[], bool],
) -> int:
    """Try what is due, until nothing is, `limit` is reached or `stop` says so; gives how many were tried."""
    tried = 0
    while tried < limit and not stop() and (taken := take()) is not None:
        tried += 1
        attempt = send(taken)
        note_failure(what, taken, attempt.why)
        finish(taken, attempt)
    return tried
