# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a time was refused, what the agenda's page offers by itself: the nearest that are free."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from permanence.agenda.place_words import where
from permanence.agenda.queries import agendas
from permanence.agenda.queries.moving import minutes_of
from permanence.agenda.queries.nearest import nearest_free
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.wishes import Slot, Wish
from permanence.clients.directory_queries import told_sites
from permanence.console.agenda_asked import (
    agenda_asked,
    appointment_asked,
    moment_asked,
    patient_asked,
    says_why,
    wish_asked,
)
from permanence.console.own_page import own_page_only
from permanence.foundation import dates, moments
from permanence.foundation.who import Who, who
from permanence.kernel.system import SystemClock

AGENDAS = 12
"""Agendas whose day is looked at, the one that was asked for first."""
_CLOCK = SystemClock()


@never_cache
@require_safe
@own_page_only
@says_why
def nearest(request: HttpRequest) -> HttpResponse:
    """The free times nearest to one: `{"nearest": [{agenda, starts, day, minute, again, minutes, hour, name, words}]}`.

    Asked as `agenda_pages.why`; with `site` there alone; with `only` of that agenda alone, with `else` of that one and,
    where they are of its client, of the agendas of `with` and `else`. With `appointment`: for that visit, which is
    moved.
    """
    by, at, asked = who(request), _CLOCK.now(), request.GET.dict()
    agenda = agenda_asked(by, asked.get("agenda", ""))
    wish, moved = wish_there(by, agenda.client, asked)
    every = [agenda] if asked.get("only") == "1" else agendas.agendas(by=by, client=agenda.client)
    if asked.get("else"):
        named = {asked.get("with", ""), asked["else"]}
        every = [each for each in every if each.id in named] or every
    known = {agenda.id: agenda} | {each.id: each for each in every}
    starts = moment_asked(agenda, asked)
    found = nearest_free(
        by=by,
        agendas=list(known)[:AGENDAS],
        wish=wish,
        starts=starts,
        at=at,
        without=moved,
    )
    shown = starts.astimezone(ZoneInfo(agenda.time_zone))
    reasons = {each.id: each.way for each in agendas.reasons(by=by, client=agenda.client, retired=bool(moved))}
    sites = told_sites(house=by.house, clients=[agenda.client])
    way = reasons.get(wish.reason, Way.PRACTICE)
    told = [_told(each, known, agenda, shown, where(way, each.site, sites=sites), at=at) for each in found]
    return JsonResponse({"nearest": told})


def wish_there(by: Who, client: str, asked: Mapping[str, str], *, first: Iterable[str] = ()) -> tuple[Wish, str]:
    """What is to be put into an agenda of a client, `first` into those, and the id of the appointment that is moved
    there: then its reason and patient are what counts; "" for a booking.

    Raises BadRequest, Http404, NotHers, callers' PatientUnknown.
    """
    if not asked.get("appointment"):
        patient = patient_asked(by, client, asked.get("patient", ""))
        return wish_asked(by, asked, patient, agendas_of=first), ""
    moved = appointment_asked(by, asked["appointment"])
    if moved.client != client:
        raise Http404(moved.appointment)
    patient = patient_asked(by, client, moved.patient)
    stays = replace(patient, is_new=not moved.known)  # it stays as long as it was booked
    # What is answered in the panel is asked of the panel's reason.
    its = {**asked, "reason": moved.reason, "patient": moved.patient, "yes": ""}
    wish = wish_asked(by, its, stays, agendas_of=first)
    return replace(wish, minutes=minutes_of(moved)), moved.appointment


def day_words(moment: datetime, *, at: datetime) -> str:
    """Today, tomorrow, else the day by its name; `moment` on the clock it is said on."""
    days_off = (moment.date() - at.astimezone(moment.tzinfo).date()).days
    return (
        _("today") if days_off == 0 else _("tomorrow") if days_off == 1 else dates.say(moment, dates.Form.SHORT_NAMED)
    )


def _told(
    slot: Slot, known: dict[str, AgendaView], asked: AgendaView, shown: datetime, place: str, *, at: datetime
) -> dict[str, object]:
    """A time as the page takes it; of its day and agenda what is not those that were asked for stands in its words,
    and where it is.
    """
    agenda = known[slot.agenda]
    zone = ZoneInfo(agenda.time_zone)
    local, hour = slot.starts.astimezone(zone), moments.clock_chosen(slot.starts, zone)
    parts = [
        "" if local.date() == shown.date() else day_words(local, at=at),
        hour,
        "" if agenda.id == asked.id else agenda.name,
        place,
    ]
    return {
        "agenda": agenda.id,
        "starts": slot.starts.isoformat(),
        "day": local.date().isoformat(),
        "minute": local.hour * 60 + local.minute,
        "again": local.fold == 1,
        "minutes": int((slot.ends - slot.starts).total_seconds()) // 60,
        "hour": hour,
        "name": agenda.name,
        "words": ", ".join(filter(None, parts)),
    }
