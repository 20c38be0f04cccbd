# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which days of which agendas a page of the agenda asks for, and what they are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils.translation import gettext as _

from permanence.agenda.queries import agendas, days
from permanence.agenda.queries.views import AgendaDays
from permanence.calls import queries as calls
from permanence.console.agenda_asked import agenda_asked, client_asked, day_of
from permanence.console.views import BadRequest
from permanence.foundation import dates
from permanence.foundation.who import Who

MOST_LANES = 250
"""Agendas side by side at most."""
ANYWHERE = timedelta(hours=14)
"""Between the day of the world's clock and that of a client's."""
VIEWS = ("day", "week", "list")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The days that are shown. `view` is one of `VIEWS`."""

    view: str
    day: date
    title: str
    found: tuple[AgendaDays, ...]


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
        shown = agenda_asked(by, one)
        monday = day - timedelta(days=day.weekday())
        title = _("%(name)s, week of %(day)s") % {"name": shown.name, "day": dates.say(monday, dates.Form.OF_MONTH)}
        week = days.week(by=by, agenda=shown.id, first=monday, at=at)
        return Shown(view=view, day=day, title=title, found=(week,))
    all_of = agendas.agendas(by=by, client=client or None)[:MOST_LANES]
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    span = {"starts": midnight - ANYWHERE, "ends": midnight + timedelta(days=1) + ANYWHERE}
    closed = agendas.closed_but_booked(by=by, client=client or None, **span)
    found = days.day(by=by, agendas=[each.id for each in (*all_of, *closed)], day=day, at=at)
    found = tuple(each for each in found if each.agenda.active or each.appointments)
    title = dates.say(day, dates.Form.NAMED if day.year == today.year else dates.Form.NAMED_WHOLE)
    return Shown(view=view, day=day, title=title, found=found)
