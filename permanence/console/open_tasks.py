# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much stands on the secretaries' work list: the number beside its entry in the console's menu."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from permanence.agenda.queries import waiting
from permanence.agenda.queries.calendars import collisions
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.queries.kept_booked import still_booked
from permanence.agenda.queries.newcomers import open_newcomers
from permanence.console.left_booked import how_many_left
from permanence.console.own_page import own_page_only
from permanence.dispatch.reply_queries import count_open_replies
from permanence.dispatch.unreached_queries import open_unreached
from permanence.foundation.who import Who, who
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()


@never_cache
@require_safe
@own_page_only
def fragment(request: HttpRequest) -> HttpResponse:
    """The number as a badge; nothing where nothing is to be done."""
    return render(request, "console/open_tasks.html", {"tasks": open_tasks(who(request), at=_CLOCK.now())})


def open_tasks(by: Who, *, at: datetime) -> int:
    """How many entries of the work list wait for somebody to do something; who is only named there is not counted."""
    every = (
        open_follow_ups(by=by, at=at),
        [each for each in still_booked(by=by, at=at) if each.called],
        open_unreached(by=by, at=at),
        open_newcomers(by=by, at=at),
        collisions(by=by, at=at),
        waiting.to_telephone(by=by, at=at),
        waiting.freed_times(by=by, at=at),
    )
    return how_many_left(by, at=at) + count_open_replies(by=by) + sum(map(len, every))
