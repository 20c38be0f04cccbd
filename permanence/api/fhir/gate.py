# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may in: the token of a system, its scope, and how often. What it finds is its client's alone.

The counts stand in the memory of the process, so that looking writes nothing; each process of the web counts its own.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.utils.translation import gettext as _

from permanence.agenda.queries.interface import Access, bearer
from permanence.agenda.refusals import TokenUnknown
from permanence.agenda.rules.interface import Scope
from permanence.api.fhir.outcome import Failure
from permanence.kernel.clock import Clock
from permanence.kernel.system import SystemClock

A_MINUTE = 600
"""Requests of a token in a minute."""
EXPORTS_A_MINUTE = 1
"""Practices that a token takes out in a minute."""
WRONG_A_MINUTE = 30
"""Wrong tokens of an address in a minute."""
REMEMBERED = 4096
"""Tokens and addresses that are counted at a time; the one longest unseen is forgotten first."""


@dataclass(slots=True)
class Rate:
    """So many in a minute for each key: a bucket that fills again evenly."""

    most: int
    clock: Clock
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_s(self, key: str, *, take: bool = True) -> int:
        """Seconds until the next is let in, 0: now, and it is counted unless `take` is False."""
        with self._lock:
            now = self.clock.monotonic()
            left, at = self._left.pop(key, (float(self.most), now))
            left = min(self.most, left + (now - at) * self.most / 60)
            waits = 0 if left >= 1 else 1 + int((1 - left) * 60 / self.most)
            self._left[key] = (left - 1 if take and not waits else left, now)
            while len(self._left) > REMEMBERED:
                self._left.popitem(last=False)
            return waits


CLOCK = SystemClock()
REQUESTS = Rate(A_MINUTE, CLOCK)
EXPORTS = Rate(EXPORTS_A_MINUTE, CLOCK)
WRONG = Rate(WRONG_A_MINUTE, CLOCK)


def admit(request: HttpRequest, scope: Scope) -> Access:
    """The system that asks. Raises Failure: 401 without a good token, 403 without the scope, 429 when too often."""
    address = request.META.get("REMOTE_ADDR", "")
    _in_time(WRONG.wait_s(address, take=False))
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    try:
        if kind.lower() != "bearer":
            raise TokenUnknown
        access = bearer(token=token.strip(), at=CLOCK.now())
    except TokenUnknown as unknown:
        if kind:
            WRONG.wait_s(address)
        raise Failure(401, "login", unknown.code, _("A token of the house opens this door.")) from unknown
    _in_time(REQUESTS.wait_s(access.token))
    if scope not in access.scopes:
        raise Failure(403, "forbidden", "scope_missing", _("This token does not allow that."))
    return access


def spare(access: Access) -> None:
    """Raises Failure (429) for a token that takes its practice out too often."""
    _in_time(EXPORTS.wait_s(access.token))


def _in_time(waits: int) -> None:
    if waits:
        raise Failure(429, "throttled", "too_often", _("Too many requests: try again later."), retry_s=waits)
