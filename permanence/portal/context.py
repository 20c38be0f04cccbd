# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the tabs of every page of the portal ask: how much waits for the signed-in person's word."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from permanence.foundation.who import who
from permanence.kernel.system import SystemClock
from permanence.portal.waiting import count

_CLOCK = SystemClock()


def waiting(request: HttpRequest) -> dict[str, Any]:
    """`approvals_waiting`: a number, counted only where a page shows it."""
    return {"approvals_waiting": SimpleLazyObject(lambda: count(who(request), at=_CLOCK.now()))}
