# SPDX-License-Identifier: AGPL-3.0-or-later
"""The printed days: the sheets, and below them of each visit whose questions were answered, what was said."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from permanence.agenda.answer_words import answers_told
from permanence.agenda.queries import agendas, appointments
from permanence.agenda.queries.shown import ShownDays
from permanence.agenda.rules.marks import UNKNOWN, Mark, marks_of
from permanence.calls import queries as calls
from permanence.console.agenda_asked import says_why
from permanence.console.agenda_days import Shown, shown_days
from permanence.console.agenda_lanes import lanes_of, legend_of
from permanence.console.agenda_sheets import sheets_of
from permanence.console.own_page import own_page_only
from permanence.foundation import dates, moments
from permanence.foundation.who import Who, who
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A visit, and question and answer of what was asked before it was booked."""

    day: str
    hour: str
    name: str
    born: str
    reason: str
    mark: Mark
    said: tuple[tuple[str, str], ...]


@never_cache
@require_safe
@own_page_only
@says_why
def paper(request: HttpRequest) -> HttpResponse:
    """The days that the grid shows (the same `view`, `client`, `agenda`, `day`), and what was said by agenda.

    Of all clients only who has something on that day; a list is printed as it is shown, without sheets.
    """
    by, at, asked = who(request), _CLOCK.now(), request.GET
    shown = shown_days(by, asked, at=at)
    lists = [(each.agenda, _told(by, each)) for each in shown.found]
    told = {"lists": [(one, rows) for one, rows in lists if rows], "left_out": shown.left_out}
    return render(
        request, "console/agenda_paper.html", told if shown.view == "list" else {**told, **_drawn(by, shown, at=at)}
    )


def _drawn(by: Who, shown: Shown, *, at: datetime) -> dict[str, object]:
    is_week = shown.view == "week"
    lanes, marks = lanes_of(by, shown.found, at=at, by_day=is_week)
    sheets = sheets_of(lanes, every=is_week or shown.client != "", at=at, zone=calls.zone_of(house=by.house))
    return {"sheets": sheets, "title": shown.title, "legend": legend_of(by, shown.found, marks)}


def _told(by: Who, shown: ShownDays) -> list[Told]:
    visits = [each for each in shown.appointments if each.answered]
    if not visits:
        return []
    said = appointments.readable_answers_of(by=by, appointments=[each.appointment for each in visits])
    marks = marks_of(agendas.reasons(by=by, client=shown.agenda.client, retired=True))
    zone = ZoneInfo(shown.agenda.time_zone)
    return [
        Told(
            day=dates.say(each.starts_at.astimezone(zone).date(), dates.Form.NAMED),
            hour=moments.clock(each.starts_at, zone),
            name=each.patient_name,
            born=dates.iso_figures(each.patient_birth),
            reason=each.reason_name,
            mark=marks.get(each.reason, UNKNOWN),
            said=answers_told(said.get(each.appointment)),
        )
        for each in visits
    ]
