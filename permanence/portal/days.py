# SPDX-License-Identifier: AGPL-3.0-or-later
"""The days that a page of the portal is asked for, and the way back to one."""

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from permanence.agenda.queries.views import AgendaView

DAYS_AHEAD = 3 * 366
"""Nobody books further ahead than that; who types 2206 means 2026."""


def last_day(today: date) -> date:
    """The last day on which a page books."""
    return today + timedelta(days=DAYS_AHEAD)


def read_day(text: str) -> date | None:
    """A day as a form sends it, None for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def address_of_day(found: AgendaView) -> str:
    """Of the agenda's present day."""
    return reverse("portal_day_of", args=[found.client, found.id])


def to_day(found: AgendaView) -> HttpResponse:
    """To the agenda's present day."""
    return HttpResponseRedirect(address_of_day(found), status=303)


def back_to_day(request: HttpRequest, found: AgendaView, day: date, *, part: str) -> HttpResponse:
    """Back to a day, after something was said there: at the `part` of the page (an id) where the page does not itself
    come back to where it was (`stays`).
    """
    at = "" if request.POST.get("stays") else f"#{part}"
    return HttpResponseRedirect(f"{address_of_day(found)}?day={day.isoformat()}{at}", status=303)
