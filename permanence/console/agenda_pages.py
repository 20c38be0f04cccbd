# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agenda as a secretary sees it: the page beside the console, its grid and lanes, what to propose, and why not.

The same grid stands inside the console during a call; nothing here changes anything.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from permanence.agenda import words
from permanence.agenda.place_words import where
from permanence.agenda.queries import agendas, appointments
from permanence.agenda.queries import shown as of_days
from permanence.agenda.queries import slots as free
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.marks import marks_of
from permanence.agenda.rules.search import Found, Proposal
from permanence.agenda.rules.wishes import Moving, Wish
from permanence.agenda.why_words import names_of, sentences
from permanence.callers import search
from permanence.callers.queries import PatientView, no_show_rule, standing, today_of
from permanence.callers.rules.birth import age_at
from permanence.callers.rules.no_show import NO_RULE, Rule
from permanence.callers.words import born_words, no_show_words
from permanence.calls import queries as calls
from permanence.clients import directory_queries
from permanence.clients.directory_queries import told_sites
from permanence.console import agenda_grid as drawn
from permanence.console.agenda_asked import (
    FREED_IN,
    agenda_asked,
    client_asked,
    day_of,
    minute_of,
    moment_asked,
    says_why,
    steps_of,
    wanted_of,
)
from permanence.console.agenda_days import shown_days
from permanence.console.agenda_lanes import lanes_of, legend_of
from permanence.console.agenda_near import day_words, wish_there
from permanence.console.agenda_told import reason_told
from permanence.console.agenda_wall import STEP
from permanence.console.agenda_words import causes
from permanence.console.own_page import own_page_only
from permanence.console.views import config_of
from permanence.console.words import catalogue
from permanence.foundation import moments
from permanence.foundation.who import Who, secretary_only, who
from permanence.kernel.system import SystemClock

PROPOSALS = 9
"""As many as there are numbers on the keyboard."""
DAYS_SEARCHED = 90
DAYS_COUNTED = 14
"""Days whose starts that are not proposed are counted."""
AGENDAS_COUNTED = 12
_CLOCK = SystemClock()


@never_cache
@require_safe
@ensure_csrf_cookie
@secretary_only
def page(request: HttpRequest) -> HttpResponse:
    """The agenda in a window of its own, beside the console."""
    context = {"config": config_of(request), "words": catalogue(), "causes": causes()}
    return render(request, "console/agenda.html", context)


@never_cache
@require_safe
@own_page_only
def setting(request: HttpRequest) -> HttpResponse:
    """Which clients have agendas here: `{"clients": [...], "today", "now_ms"}`, each with his agendas in order; which
    day it is on the house's clock, and which moment.
    """
    by, at = who(request), _CLOCK.now()
    found: dict[str, dict[str, object]] = {}
    lists: dict[str, list[dict[str, str]]] = {}
    for each in agendas.agendas(by=by):
        found.setdefault(
            each.client,
            {"id": each.client, "name": each.client_name, "initials": each.initials, "colour": each.colour},
        )
        lists.setdefault(each.client, []).append({"id": each.id, "name": each.name, "recipient": each.recipient})
    clients = [{**told, "agendas": lists[key]} for key, told in found.items()]
    today = at.astimezone(calls.zone_of(house=by.house)).date()
    return JsonResponse({"clients": clients, "today": today.isoformat(), "now_ms": round(at.timestamp() * 1000)})


@never_cache
@require_safe
@own_page_only
@says_why
def start(request: HttpRequest) -> HttpResponse:
    """With what the search begins for a client: reasons, sites, the patient, the reason for which he came last, whether
    it may find Sundays.

    `patient`: who was chosen already, null else. `may_be`: those who have the caller's `number` where nobody was; one
    is proposed like several, for whoever calls may telephone from another's. The reason is his of whom there is no
    other.
    """
    by, at = who(request), _CLOCK.now()
    client = client_asked(by, request.GET.get("client", ""))
    reasons = agendas.reasons(by=by, client=client.id)
    marks = marks_of(agendas.reasons(by=by, client=client.id, retired=True))
    today = today_of(client, at)
    chosen, number = request.GET.get("patient", ""), request.GET.get("number", "")[:20]
    one: PatientView | None = None
    maybe: list[PatientView] = []
    if chosen:
        one = standing(house=by.house, client=client.id, patient=chosen)
    elif number:
        found = search.find(house=by.house, client=client.id, words="", at=at, number=number).found
        maybe = [each.patient for each in found if not each.patient.is_deceased]
    rule = no_show_rule(house=by.house, client=client.id) if one or maybe else NO_RULE
    likeliest = one or (maybe[0] if len(maybe) == 1 else None)
    earlier = appointments.of_patient(by=by, client=client.id, patient=likeliest.id) if likeliest else ()
    offered = {each.id for each in reasons}
    last = next((each.reason for each in earlier if each.reason in offered), "")
    first = reasons[0].id if reasons else ""
    resources = {each.id: each.name for each in agendas.resources(by=by, client=client.id)}
    others = {each.id: each.name for each in agendas.agendas(by=by, client=client.id)}
    listed = [reason_told(each, marks[each.id], resources=resources, others=others) for each in reasons]
    sites = [
        {"id": key, "name": name}
        for key, name in directory_queries.site_names(house=by.house, client=int(client.id)).items()
    ]
    sundays = agendas.opens_on_sundays(by=by, client=client.id, today=today)
    told = {"reason": last or first, "reasons": listed, "sites": sites, "today": today.isoformat(), "sundays": sundays}
    persons = {"patient": one and _told_of(one, rule, today), "may_be": [_told_of(each, rule, today) for each in maybe]}
    return JsonResponse({**persons, **told})


def _told_of(one: PatientView, rule: Rule, today: date) -> dict[str, str]:
    """What the request shows of a person: name, birth date and age, what the client's rule says of him."""
    born = born_words(one.birth, None if one.birth is None else age_at(one.birth, today))
    return {"id": one.id, "name": one.name, "about": born, "warning": no_show_words(rule, one.no_shows)}


@never_cache
@require_safe
@own_page_only
@says_why
def grid(request: HttpRequest) -> HttpResponse:
    """The agendas of a client (or all of them) on a day, one agenda for a week, or a day as a list."""
    by, at, asked = who(request), _CLOCK.now(), request.GET
    zone, shown = calls.zone_of(house=by.house), shown_days(by, asked, at=at)
    view, is_list = shown.view, shown.view == "list"
    lanes, marks = lanes_of(by, shown.found, at=at, by_day=view == "week")
    made = drawn.grid_of(lanes, at=at, zone=zone, show_past=bool(asked.get("past")) or is_list)
    legend = legend_of(by, shown.found, marks)
    context = {"grid": made, "title": shown.title, "view": view, "day": shown.day, "legend": legend}
    context |= {"left_out": shown.left_out}
    return render(request, "console/agenda_list.html" if is_list else "console/agenda_grid.html", context)


@never_cache
@require_safe
@own_page_only
@says_why
def lane(request: HttpRequest) -> HttpResponse:
    """One agenda on one day, from the minute `first` on: what a grid fetches again when it was touched.

    `shown`: the steps that the grid has, as "96-216"; the whole day where that is not said.
    """
    by, at, asked = who(request), _CLOCK.now(), request.GET
    agenda = agenda_asked(by, asked.get("agenda", ""))
    day = day_of(asked.get("day", ""), at.astimezone(ZoneInfo(agenda.time_zone)).date())
    first = minute_of(asked.get("first", "0")) // STEP
    found = of_days.day(by=by, agendas=[agenda.id], day=day, at=at)
    ((one,), _marks) = lanes_of(by, found, at=at, by_day=asked.get("by_day") == "1")
    begins, ends = steps_of(asked.get("shown", ""))
    one = drawn.within(one, 0 if first else begins, ends)  # what is folded away makes the day no longer
    return HttpResponse(drawn.folded(one, first).drawn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A time to propose, in words. `given_up`: which preference it does not keep, "" for none.

    `where`: at home, by video, or at which of several sites. `again`: `minute` comes twice, this is the second one.
    """

    number: int
    agenda: str
    starts_at: str
    day: str
    minute: int
    again: bool
    minutes: int
    when: str
    hour: str
    name: str
    where: str
    given_up: str = ""


@never_cache
@require_safe
@own_page_only
@says_why
def slots(request: HttpRequest) -> HttpResponse:
    """What to propose for a reason, numbered; how many starts before it are set aside, for which cause.

    With `appointment` for that visit, which is moved: for its reason, as long as it was booked.
    """
    by, at, asked = who(request), _CLOCK.now(), request.GET.dict()
    client = client_asked(by, asked.get("client", ""))
    every = agendas.agendas(by=by, client=client.id)
    wanted = wanted_of(every, asked)
    wish, moved = wish_there(by, client.id, asked, first=[each.id for each in wanted])
    offered = {each.id: each for each in agendas.reasons(by=by, client=client.id, retired=bool(moved))}
    if not every or wish.reason not in offered:
        return render(request, "console/agenda_slots.html", {"asked": False, "agendas": every})
    today = today_of(client, at)
    first = max(today, day_of(asked.get("from", ""), today))
    found = free.next_free(
        by=by,
        agendas=[each.id for each in wanted],
        wish=wish,
        first=first,
        at=at,
        days=DAYS_SEARCHED,
        most=PROPOSALS,
        moving=_moving(by, moved) if moved else None,
    )
    reason, sites = offered[wish.reason], told_sites(house=by.house, clients=[client.id])
    offers = _offers(found, {each.id: each for each in every}, reason.way, sites, at=at)
    until = date.fromisoformat(offers[0].day) + timedelta(days=1) if offers else first + timedelta(days=DAYS_COUNTED)
    aside = _aside(
        by, wanted, wish, first=first, until=min(until, first + timedelta(days=DAYS_COUNTED)), at=at, without=moved
    )
    context = {
        "asked": True,
        "minutes": wish.length(reason),
        "its_own": wish.length(reason) != reason.length(is_new=wish.is_new),
        "usual": reason.minutes,
        "offers": offers,
        "aside": aside,
        "aside_count": sum(count for count, _words in aside),
        "until": offers[0].when if offers else "",
        "days": DAYS_SEARCHED,
    }
    return render(request, "console/agenda_slots.html", context)


@never_cache
@require_safe
@own_page_only
@says_why
def why(request: HttpRequest) -> HttpResponse:
    """All that is against a time, in words: `{"free", "causes", "next", "may_overbook", "over_not"}`.

    `next` is the nearest free start after it; `may_overbook`: the doctor bears what is against it, with a cause;
    `over_not`: why he does not, "" where nobody could. With `appointment` of that visit, which is moved there: then
    there is none of these.
    """
    by, at, asked = who(request), _CLOCK.now(), request.GET.dict()
    agenda = agenda_asked(by, asked.get("agenda", ""))
    wish, moved = wish_there(by, agenda.client, asked)
    starts = moment_asked(agenda, asked)
    against = free.explain(by=by, agenda=agenda.id, wish=wish, starts=starts, at=at, without=moved)
    told = sentences(by, agenda, against, reason=wish.reason, at=at, pages=FREED_IN)
    if moved:
        return JsonResponse({"free": not told, "causes": told, "next": None, "may_overbook": False, "over_not": ""})
    borne, later, over_not = False, None, list[str]()
    if told:
        borne, barred = free.may_overbook(by=by, agenda=agenda.id, wish=wish, starts=starts, at=at)
        over_not = sentences(by, agenda, barred, reason=wish.reason, at=at) if barred else []
        later = _next(by, agenda, wish, starts, at)
    said = f"{over_not[0]}." if over_not else ""
    return JsonResponse({"free": not told, "causes": told, "next": later, "may_overbook": borne, "over_not": said})


def _next(by: Who, agenda: AgendaView, wish: Wish, starts: datetime, at: datetime) -> dict[str, object] | None:
    """The first free start of that local day after `starts`."""
    zone = ZoneInfo(agenda.time_zone)
    day = starts.astimezone(zone).date()
    found = free.free_days(by=by, agenda=agenda.id, wish=wish, first=day, until=day + timedelta(days=1), at=at)
    later = next((each for each in found.slots if each.starts > starts), None)
    if later is None:
        return None
    local = later.starts.astimezone(zone)
    return {
        "starts_at": later.starts.isoformat(),
        "minute": local.hour * 60 + local.minute,
        "again": local.fold == 1,
        "hour": moments.clock_chosen(later.starts, zone),
    }


def _moving(by: Who, appointment: str) -> Moving:
    visit = appointments.appointment(by=by, appointment=appointment)
    return Moving(visit=visit.appointment, agenda=visit.agenda, starts=visit.starts_at)


def _offers(
    found: Found, known: dict[str, AgendaView], way: Way, sites: dict[str, str], *, at: datetime
) -> list[Offer]:
    given_up = {
        "time": _("at another hour"),
        "half_days": _("at another time of the day"),
        "weekdays_out": _("on another weekday"),
        "dates": _("on another day"),
        "agendas": _("with another practitioner"),
        "all": _("without these wishes"),
    }
    pairs = [(each, "") for each in found.proposals]
    pairs += [(each.proposal, given_up[each.dropped]) for each in found.alternatives]
    return [
        _offer(number, each, dropped, known, where(way, each.slot.site, sites=sites), at=at)
        for number, (each, dropped) in enumerate(pairs[:PROPOSALS], 1)
    ]


def _offer(
    number: int, each: Proposal, dropped: str, known: dict[str, AgendaView], place: str, *, at: datetime
) -> Offer:
    slot, agenda = each.slot, known[each.slot.agenda]
    zone = ZoneInfo(agenda.time_zone)
    local = slot.starts.astimezone(zone)
    return Offer(
        number=number,
        agenda=agenda.id,
        starts_at=slot.starts.isoformat(),
        day=local.date().isoformat(),
        minute=local.hour * 60 + local.minute,
        minutes=int((slot.ends - slot.starts).total_seconds()) // 60,
        when=day_words(local, at=at),
        again=local.fold == 1,
        hour=moments.clock_chosen(slot.starts, zone),
        name=agenda.name,
        where=place,
        given_up=dropped,
    )


def _aside(
    by: Who, wanted: Sequence[AgendaView], wish: Wish, *, first: date, until: date, at: datetime, without: str
) -> list[tuple[int, str]]:
    """How many starts of one client's agendas on those days are not free, for each cause in words, the most frequent
    first. `without`: the id of the appointment that is moved, which does not count.
    """
    counts: Counter[str] = Counter()
    bare = replace(wish, preferences=type(wish.preferences)())
    some = [each.id for each in wanted[:AGENDAS_COUNTED]]
    names, zone = names_of(by, wanted[0].client, reason=wish.reason), ZoneInfo(wanted[0].time_zone)
    days = {"first": first, "until": until}
    for counted in free.set_aside(by=by, agendas=some, wish=bare, **days, at=at, without=without).values():
        for count, cause in counted:
            counts[words.sentence(cause, names=names, zone=zone, at=at)] += count
    return [(count, said) for said, count in counts.most_common(6)]
