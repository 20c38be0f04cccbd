# SPDX-License-Identifier: AGPL-3.0-or-later
"""The waiting list: a patient is put on it from the agenda; who waits, who was offered what, what she does about it.

A slot that is offered to somebody whom nobody may write to, and a time that nobody took or that is too near, stand on
her work list (`follow_ups`), by the rows made here.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.agenda.operations import offer_answers, waiting_list
from permanence.agenda.operations.waiting_list import Waits
from permanence.agenda.queries import agendas, appointments, waiting
from permanence.agenda.queries.waiting import FreedView, NightView, PlaceView
from permanence.agenda.refusals import (
    AddressMissing,
    AgendaBusy,
    FreedUnknown,
    OfferOver,
    PatientDeceased,
    PlaceUnknown,
    QuestionsUnanswered,
    SlotRefused,
)
from permanence.agenda.rules.kinds import HalfDay, Way
from permanence.agenda.rules.states import STANDING
from permanence.agenda.rules.waiting import FreedState, PlaceState
from permanence.agenda.rules.why_not import ContraIndicated
from permanence.agenda.waiting_words import (
    HALVES,
    WEEKDAYS,
    WINDOWS,
    night_words,
    offer_words,
    state_words,
    wants_words,
)
from permanence.callers import operations as patients
from permanence.callers import queries as callers
from permanence.callers.queries import PatientView, today_of
from permanence.callers.rules.identity import ContactWay
from permanence.clients import queries as clients
from permanence.clients.directory_queries import told_sites
from permanence.console.agenda_asked import (
    HOUR,
    client_asked,
    day_of,
    offer_asked,
    place_asked,
    said_asked,
    says_why,
)
from permanence.console.agenda_words import REFUSED
from permanence.console.own_page import own_page_only
from permanence.console.views import BadRequest, json_body, text_of
from permanence.countries.numbers import spell_number
from permanence.foundation import access, dates, moments
from permanence.foundation.who import Who, secretary_only, who
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.system import SystemClock, SystemEntropy

_CLOCK, _ENTROPY = SystemClock(), SystemEntropy()
SHOWN_AFTER = timedelta(days=7)
"""How long who waits no more still stands on the list."""
SAID = "said-"
"""What the name of a field begins with that asks a question; the question's id follows."""
TOO_LATE: str | Promise = gettext_lazy(
    "That is no longer possible: somebody or the time was faster. Nothing was changed."
)


@never_cache
@require_safe
@secretary_only
def page(request: HttpRequest) -> HttpResponse:
    """Who waits, by client and in turn; below, who waits no more since a week."""
    by, at = who(request), _CLOCK.now()
    countries = _countries(by)
    rows = [_row(each, countries, at=at) for each in waiting.waiting_list(by=by, at=at, since=at - SHOWN_AFTER)]
    context: dict[str, Any] = {
        "rows": [each for each in rows if each["waits"]],
        "before": [each for each in rows if not each["waits"]],
    }
    context["many"] = waiting.how_many_wait(by=by, at=at)
    context["cut"] = waiting.LIST_LIMIT if context["many"] > waiting.LIST_LIMIT else 0
    context["night"] = [_night(each, at) for each in waiting.for_the_morning(by=by, at=at)]
    return render(request, "console/waiting.html", context)


@never_cache
@require_safe
@own_page_only
@says_why
def form(request: HttpRequest) -> HttpResponse:
    """What is asked of who is put on the list, filled in with the wishes of the agenda's panel."""
    by, at, asked = who(request), _CLOCK.now(), request.GET
    client = client_asked(by, asked.get("client", ""))
    person = callers.standing(house=by.house, client=client.id, patient=asked.get("patient", ""))
    reason = agendas.reason(by=by, client=client.id, reason=asked.get("reason", ""))
    coming = [
        each
        for each in reversed(appointments.of_patient(by=by, client=client.id, patient=person.id))
        if each.state in STANDING and each.starts_at > at
    ]
    zone = ZoneInfo(client.time_zone)
    named = {asked.get("with", ""), asked.get("else", "")} if asked.get("only") == "1" or asked.get("else") else set()
    out = _days(asked.get("out", ""))
    today = today_of(client, at)
    first = day_of(asked.get("from", ""), today)
    own = [each for each in coming if each.reason == reason.id]
    # From that day on nothing is earlier than a visit before it: it is given up only where that day is not kept.
    same = next((each for each in own if each.starts_at.astimezone(zone).date() >= first), None)
    sooner = own[0] if own and own[0] != same else None
    hour = asked.get("hour", "")
    sites = told_sites(house=by.house, clients=[client.id]) if reason.way is Way.PRACTICE else {}
    sundays = agendas.opens_on_sundays(by=by, client=client.id, today=today)
    weekdays = [each for each in WEEKDAYS if sundays or each[0] != agendas.SUNDAY]
    context = {
        "client": client,
        "person": person,
        "reason": reason,
        "windows": [(days, label, days == WINDOWS[1][0]) for days, label in WINDOWS],
        "first": first.isoformat() if first > today else "",
        "first_words": dates.say(first, _day_form(first, today)),
        "hour": hour if HOUR.fullmatch(hour) else "",
        "halves": [(each.value, label, each.value in asked.get("halves", "").split(",")) for each, label in HALVES],
        "weekdays": [(day, label, bool(out) and day not in out) for day, label in weekdays],
        "agendas": [(each.id, each.name, each.id in named) for each in agendas.agendas(by=by, client=client.id)],
        "sites": [(key, name, key == asked.get("site", "")) for key, name in sites.items()],
        "earlier": same is not None or first <= today,
        "later": same,
        "later_when": "" if same is None else moments.day_and_hour(same.starts_at, zone, now=at),
        "sooner": sooner,
        "sooner_when": "" if sooner is None else moments.day_and_hour(sooner.starts_at, zone, now=at),
        "numbers": _numbers(person, client.country),
    }
    return render(request, "console/waiting_form.html", context)


@require_POST
@own_page_only
@says_why
def add(request: HttpRequest) -> HttpResponse:
    """Puts a patient on the list: `{"place", "turn", "said"}`. What he says about SMS and mail is kept on his file."""
    by, at, data = who(request), _CLOCK.now(), json_body(request)
    client = client_asked(by, text_of(data, "client"))
    today, days = today_of(client, at), _whole(text_of(data, "days"))
    first = max(today, day_of(text_of(data, "from"), today))
    waits = Waits(
        patient=text_of(data, "patient"),
        reason=text_of(data, "reason"),
        from_date=first,
        until_date=first + timedelta(days=days),
        agendas=tuple(filter(None, text_of(data, "agendas").split(","))),
        sites=tuple(filter(None, text_of(data, "sites").split(","))),
        half_days=_halves(text_of(data, "halves")),
        weekdays=_days(text_of(data, "weekdays")),
        is_urgent=text_of(data, "urgent") == "1",
        instead_of=text_of(data, "instead_of"),
        said=said_asked(data),
    )
    try:
        made = waiting_list.put_on_list(key=text_of(data, "key"), client=client.id, waits=waits, by=by, at=at)
    except SlotRefused as refusal:
        return JsonResponse({"code": refusal.code, "why": _ruled_out(refusal), "causes": []}, status=422)
    for way in ContactWay:
        if text_of(data, way.value) == "1":
            patients.note_consent(client=client.id, patient=made.person.id, way=way.value, given=True, by=by, at=at)
    listed = waiting.waiting_list(by=by, at=at, client=client.id)
    turn = next((each.turn for each in listed if each.place == made.place), 0)
    if turn:
        said = _("%(patient)s is on the waiting list, number %(turn)d") % {"patient": made.person.name, "turn": turn}
    elif made.state is PlaceState.WAITING:
        said = _("%(patient)s is on the waiting list.") % {"patient": made.person.name}
    else:
        said = _("%(patient)s is on the waiting list no more.") % {"patient": made.person.name}
    return JsonResponse({"place": made.place, "turn": turn, "said": said}, status=201)


@require_POST
@own_page_only
@says_why
def take_back(request: HttpRequest) -> HttpResponse:
    """It was a slip: he is on the list no more."""
    by = who(request)
    view = place_asked(by, text_of(json_body(request), "place"))
    waiting_list.withdraw(place=view.place, by=by, at=_CLOCK.now())
    return HttpResponse(status=204)


@never_cache
@require_POST
@secretary_only
def act(request: HttpRequest, place: str) -> HttpResponse:
    """He waits no more, is urgent, or is not urgent any more."""
    by, at = who(request), _CLOCK.now()
    view, what = place_asked(by, place), request.POST.get("act", "")
    try:
        if what == "withdraw":
            waiting_list.withdraw(place=place, by=by, at=at)
            said = _("%(patient)s is on the waiting list no more.")
        elif what in {"urgent", "calm"}:
            waiting_list.mark_urgent(place=place, is_urgent=what == "urgent", by=by, at=at)
            said = _("%(patient)s is asked first.") if what == "urgent" else _("%(patient)s is asked in turn.")
        else:
            return HttpResponse(status=422)
    except PlaceUnknown:
        messages.error(request, str(TOO_LATE))
        return redirect("console:waiting")
    except AgendaBusy as refusal:
        messages.error(request, str(REFUSED[refusal.code]))
        return redirect("console:waiting")
    messages.success(request, said % {"patient": view.person.name})
    return redirect("console:waiting")


@never_cache
@require_POST
@secretary_only
def answer(request: HttpRequest, offer: str) -> HttpResponse:
    """What he said on the telephone of the slot that is kept for him: taken, or declined."""
    by, at = who(request), _CLOCK.now()
    view, what = offer_asked(by, offer), request.POST.get("act", "")
    try:
        if what == "take":
            offer_answers.take(offer=view.offer, said=_said(request), by=by, at=at)
        elif what == "decline":
            offer_answers.decline(offer=view.offer, by=by, at=at)
        else:
            return HttpResponse(status=422)
    except BadRequest:
        return HttpResponse(status=422)
    except OfferOver:
        messages.error(request, str(TOO_LATE))
    except SlotRefused as refusal:
        messages.error(request, _ruled_out(refusal) or str(TOO_LATE))
    except (QuestionsUnanswered, AddressMissing, PatientDeceased, AgendaBusy) as refusal:
        messages.error(request, str(REFUSED[refusal.code]))
    else:
        done = _("The appointment is booked.") if what == "take" else _("Noted: whom the time suits next is asked.")
        messages.success(request, done)
    return redirect((request.POST.get("back") == "list" and "console:waiting") or "console:follow-ups")


@never_cache
@require_POST
@secretary_only
def freed_done(request: HttpRequest, freed: str) -> HttpResponse:
    """She has telephoned about a time, or left it free."""
    by, at = who(request), _CLOCK.now()
    client = waiting.client_of_freed(by=by, freed=freed)
    if client is not None:
        access.demand(by, client=client, subject=f"agenda.freedtime:{freed[:20]}")
    try:
        offer_answers.settle_freed(freed=freed, by=by, at=at)
    except FreedUnknown as refusal:
        if client is None:
            raise Http404 from refusal
        messages.error(request, str(TOO_LATE))
    return redirect("console:follow-ups")


def tasks(by: Who, *, at: datetime) -> dict[str, Any]:
    """What stands on her work list because of the waiting list: whom to telephone now, and times nobody has."""
    countries = _countries(by)
    places = waiting.to_telephone(by=by, at=at)
    sites = told_sites(house=by.house, clients={each.client for each in places}) if places else {}
    now = [{**_row(each, countries, at=at), "offer_where": _offer_where(each, sites)} for each in places]
    times = [_freed_row(each, countries, at=at) for each in waiting.freed_times(by=by, at=at)]
    return {"to_telephone": now, "freed_times": times}


def _said(request: HttpRequest) -> dict[str, str]:
    """What was asked on the telephone: question -> answer. Raises BadRequest."""
    given = {name.removeprefix(SAID): words for name, words in request.POST.items() if name.startswith(SAID)}
    return said_asked({"said": given})


def _ruled_out(refusal: SlotRefused) -> str:
    """The question that rules the visit out, in words; "" where something else is against it."""
    found = next((each for each in refusal.causes if isinstance(each, ContraIndicated)), None)
    words = _("A question that rules this visit out was answered by yes: %(question)s")
    return "" if found is None else words % {"question": found.text}


def _row(each: PlaceView, countries: Mapping[str, str], *, at: datetime) -> dict[str, Any]:
    zone = ZoneInfo(each.time_zone)
    offer = each.open_offer
    return {
        "place": each,
        "waits": each.state is PlaceState.WAITING,
        "wants": wants_words(each),
        "state": state_words(each, at=at),
        "since": moments.day_and_hour(each.asked_at, zone, now=at),
        "numbers": _numbers(each.person, countries.get(each.client, "XX")),
        "offers": [offer_words(one, zone, at=at) for one in each.offers if one is not offer],
        "offer": offer,
        "offer_words": None if offer is None else offer_words(offer, zone, at=at),
        "offer_when": "" if offer is None else moments.day_and_hour(offer.starts_at, zone, now=at),
        "offer_until": "" if offer is None else moments.day_and_hour(offer.expires_at, zone, now=at),
    }


def _offer_where(each: PlaceView, sites: Mapping[str, str]) -> str:
    """The site she has to tell him, "" where there is none to be told apart."""
    return "" if each.open_offer is None else sites.get(each.open_offer.site, "")


def _freed_row(each: FreedView, countries: Mapping[str, str], *, at: datetime) -> dict[str, Any]:
    zone, country = ZoneInfo(each.time_zone), countries.get(each.client, "XX")
    return {
        "time": each,
        "when": moments.day_and_hour(each.starts_at, zone, now=at),
        "too_near": each.state is FreedState.TOO_NEAR,
        "suggested": [
            (one.person.name, _numbers(one.person, country), moments.hour(one.starts_at, zone))
            for one in each.suggested
        ],
        "offers": [(person.name, offer_words(offer, zone, at=at)) for person, offer in each.offers],
    }


def _night(each: NightView, at: datetime) -> dict[str, Any]:
    zone = ZoneInfo(each.time_zone)
    when = moments.day_and_hour(each.starts_at, zone, now=at)
    return {"time": each, "when": when, "offered": night_words(each.from_at, zone)}


def _countries(by: Who) -> dict[str, str]:
    return {each.id: each.country for each in clients.clients(house=by.house)}


def _numbers(person: PatientView, country: str) -> list[str]:
    return [spell_number(PhoneNumber(number), country=country) for number in person.numbers]


def _day_form(day: date, today: date) -> dates.Form:
    """With the year where it is another one."""
    return dates.Form.OF_MONTH if day.year == today.year else dates.Form.WHOLE


def _whole(text: str) -> int:
    """A number of days. Raises BadRequest."""
    if not text.isascii() or not text.isdecimal() or len(text) > 3:
        raise BadRequest(f"{text[:20]!r} is no number of days")
    return int(text)


def _days(text: str) -> frozenset[int]:
    return frozenset(_whole(each) for each in text.split(",") if each)


def _halves(text: str) -> frozenset[HalfDay]:
    try:
        return frozenset(HalfDay(each) for each in text.split(",") if each)
    except ValueError as error:
        raise BadRequest(f"{text[:20]!r} is no half-day") from error
