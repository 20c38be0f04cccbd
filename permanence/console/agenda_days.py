# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which days of which agendas a page of the agenda asks for, and what they are called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from permanence.agenda.queries import shown
from permanence.calls import queries as calls
from permanence.console.agenda_asked import agenda_asked, client_asked, day_of
from permanence.console.views import BadRequest
from permanence.foundation import dates
from permanence.foundation.who import Who

MOST_LANES = 250
"""Agendas side by side at most."""
VIEWS = ("day", "week", "list")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The days that are shown. `view` is one of `VIEWS`. `client`: whose alone are asked for, "" for all. `left_out`:
    that there are more agendas than stand side by side, in words; "" where all are shown.
    """

    view: str
    client: str
    day: date
    title: str
    found: tuple[shown.ShownDays, ...]
    left_out: str = ""


def shown_days(by: Who, asked: Mapping[str, str], *, at: datetime) -> Shown:
    """The agendas of a client (or all of them) on a day, one agenda for a week, or a day as a list. Closed ones are
    there as long as somebody is booked in them.

    Raises BadRequest, Http404, NotHers.
    """
    view = asked.get("view", "day")
    if view not in VIEWS:
        raise BadRequest(f"{view[:20]!r} is no view")
    client, one = asked.get("client", ""), asked.get("agenda", "")
    if client:
        client_asked(by, client)
    today = at.astimezone(calls.zone_of(house=by.house)).date()
    day = day_of(asked.get("day", ""), today)
    if view == "week" and one:
        agenda = agenda_asked(by, one)
        monday = day - timedelta(days=day.weekday())
        title = _("%(name)s, week of %(day)s") % {"name": agenda.name, "day": dates.say(monday, dates.Form.OF_MONTH)}
        week = shown.week(by=by, agenda=agenda.id, first=monday, at=at)
        return Shown(view=view, client=client, day=day, title=title, found=(week,))
    found = shown.every(by=by, client=client or None, day=day, at=at, most=MOST_LANES)
    title = dates.say(day, dates.Form.NAMED if day.year == today.year else dates.Form.NAMED_WHOLE)
    more = _left_out(by, client, found)
    return Shown(view=view, client=client, day=day, title=title, found=found, left_out=more)


def _left_out(by: Who, client: str, found: Sequence[shown.ShownDays]) -> str:
    # Counted only where the limit was reached, which few houses ever do.
    if sum(each.agenda.active for each in found) < MOST_LANES:
        return ""
    count = shown.left_out(by=by, client=client or None, most=MOST_LANES)
    if not count:
        return ""
    if client:
        words = ngettext(
            "%(count)s more agenda of this client is not shown here; its free times are searched all the same.",
            "%(count)s more agendas of this client are not shown here; their free times are searched all the same.",
            count,
        )
    else:
        words = ngettext(
            "%(count)s more agenda is not shown here. Choose a client on the left to see his.",
            "%(count)s more agendas are not shown here. Choose a client on the left to see his.",
            count,
        )
    return words % {"count": count}
