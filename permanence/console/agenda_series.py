# SPDX-License-Identifier: AGPL-3.0-or-later
"""Several visits as one act: what would be booked, booked, and what found no time, each session in words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.agenda.operations import series as acts
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.queries import agendas
from permanence.agenda.queries import slots as free
from permanence.agenda.queries.views import AgendaView, AppointmentView
from permanence.agenda.refusals import AppointmentUnknown
from permanence.agenda.rules.series import Session
from permanence.agenda.rules.wishes import SeriesWish, Slot
from permanence.agenda.why_words import sentences
from permanence.console.agenda_asked import (
    FREED_IN,
    client_asked,
    day_of,
    patient_asked,
    said_asked,
    says_why,
    texts_asked,
    wanted_of,
    wish_asked,
)
from permanence.console.agenda_words import REFUSED
from permanence.console.own_page import own_page_only
from permanence.console.views import BadRequest, json_body
from permanence.foundation import dates
from permanence.foundation.who import Who, who
from permanence.kernel.system import SystemClock

FIELDS = (
    "key",
    "client",
    "reason",
    "patient",
    "call",
    "with",
    "only",
    "else",
    "halves",
    "out",
    "hour",
    "site",
    "first",
    "days",
    "tolerance",
)
DAYS = re.compile(r"[0-9]{1,4}(?:,[0-9]{1,4}){0,59}")
"""As far as the form goes: what is too far ahead is refused as such."""
TOLERANCES = range(8)
MOST_CAUSES = 3
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One session: when (`starts`: the moment, as `_moment`) and with whom (`agenda`: the id), or `causes` in words and
    the nearest time `instead`, "" for none.
    """

    number: int
    day: str
    hour: str = ""
    name: str = ""
    agenda: str = ""
    starts: str = ""
    shifted: bool = False
    causes: tuple[str, ...] = ()
    instead: str = ""


@never_cache
@require_safe
@own_page_only
@says_why
def plan(request: HttpRequest) -> HttpResponse:
    """What a series would book; with `series` what it has booked and what it could not."""
    by, at, asked = who(request), _CLOCK.now(), request.GET.dict()
    client = client_asked(by, asked.get("client", ""))
    every = {each.id: each for each in agendas.agendas(by=by, client=client.id)}
    wanted = wanted_of(list(every.values()), asked)
    if asked.get("series"):
        lines = _booked_lines(by, asked["series"], wanted, every, at=at)
        return render(request, "console/agenda_series.html", {"lines": lines, "booked": True})
    wish = series_asked(by, asked, wanted, at=at)
    found = free.series_plan(by=by, agendas=[each.id for each in wanted], wish=wish, at=at)
    lines = [_line(by, each, wish.wish.reason, every, at=at) for each in found.sessions]
    return render(request, "console/agenda_series.html", {"lines": lines, "booked": False})


@require_POST
@own_page_only
@says_why
def book(request: HttpRequest) -> HttpResponse:
    """Books a series: `{"series", "booked", "wanted", "visits"}`, of each of these `{"agenda", "starts"}` as in the
    plan, and where it stands: `{"appointment", "day", "minute", "again"}`. Refused only when nothing of it is free.
    """
    by, at, data = who(request), _CLOCK.now(), json_body(request)
    asked = texts_asked(data, FIELDS)
    client = client_asked(by, asked["client"])
    every = agendas.agendas(by=by, client=client.id)
    wanted = wanted_of(every, asked)
    wish = series_asked(by, asked, wanted, at=at)
    pattern = acts.SeriesPattern(
        first=wish.first,
        days=wish.days,
        tolerance=wish.tolerance,
        preferences=wish.wish.preferences,
        sites=wish.wish.sites,
    )
    booking = Booking(patient=asked["patient"], reason=asked["reason"], call=asked["call"], said=said_asked(data))
    ids = [each.id for each in wanted]
    try:
        made = acts.book_series(key=asked["key"], agendas=ids, pattern=pattern, booking=booking, by=by, at=at)
    except acts.SeriesEmpty as refusal:
        return _empty(by, wanted[0], refusal, reason=asked["reason"], at=at)
    visits = [_told(each, ZoneInfo(client.time_zone)) for each in made.appointments]
    told = {"series": made.series, "booked": len(visits), "wanted": made.wanted}
    return JsonResponse({**told, "visits": visits}, status=201)


def _told(visit: AppointmentView, zone: ZoneInfo) -> dict[str, object]:
    local = visit.starts_at.astimezone(zone)
    return {
        "appointment": visit.appointment,
        "agenda": visit.agenda,
        "starts": _moment(visit.starts_at),
        "day": local.date().isoformat(),
        "minute": local.hour * 60 + local.minute,
        "again": local.fold == 1,
    }


def _empty(by: Who, agenda: AgendaView, refusal: acts.SeriesEmpty, *, reason: str, at: datetime) -> JsonResponse:
    """The answer where nothing of a series is free: why, in words."""
    causes = sentences(by, agenda, refusal.causes, reason=reason, at=at, pages=FREED_IN)[:MOST_CAUSES]
    why = str(REFUSED[refusal.code])
    if causes:
        why = _("None of these visits finds a time: %(causes)s") % {"causes": " · ".join(causes)}
    return JsonResponse({"code": refusal.code, "why": why, "causes": [why]}, status=422)


def series_asked(by: Who, asked: dict[str, str], wanted: Sequence[AgendaView], *, at: datetime) -> SeriesWish:
    """The series of a form: `first` day, `days` after it ("0,7,14"), `tolerance` in days. Raises BadRequest."""
    if not wanted or not DAYS.fullmatch(asked.get("days", "")):
        raise BadRequest("no such days")
    text = asked.get("tolerance") or "0"
    if not text.isascii() or not text.isdecimal() or int(text[:3]) not in TOLERANCES:
        raise BadRequest("no such tolerance")
    client = wanted[0].client
    patient = patient_asked(by, client, asked.get("patient", ""))
    first = day_of(asked.get("first", ""), at.astimezone(ZoneInfo(wanted[0].time_zone)).date())
    days = tuple(sorted({int(each) for each in asked["days"].split(",")}))
    wish = wish_asked(by, asked, patient, agendas_of=[each.id for each in wanted])
    return SeriesWish(wish=wish, first=first, days=days, tolerance=int(text[:3]))


def _booked_lines(
    by: Who, series: str, wanted: Sequence[AgendaView], every: dict[str, AgendaView], *, at: datetime
) -> list[Line]:
    """The sessions as they stand now, in their order, and why the others found no time."""
    made = acts.series_of(by=by, series=series)
    if not wanted or made.client != wanted[0].client or not made.appointments:
        raise AppointmentUnknown(series[:40])
    lines = [_visit_line(each, every[each.agenda]) for each in made.appointments if each.agenda in every]
    days = [date.fromisoformat(each["wanted"]) for each in made.missing]
    if days:
        reason = made.appointments[0].reason
        patient = patient_asked(by, made.client, made.patient)
        wish = wish_asked(by, {"reason": reason}, patient, agendas_of=[each.id for each in wanted])
        offsets = tuple((day - days[0]).days for day in days)
        found = free.series_plan(
            by=by, agendas=[each.id for each in wanted], wish=SeriesWish(wish=wish, first=days[0], days=offsets), at=at
        )
        for told, session in zip(made.missing, found.sessions, strict=True):
            lines.append(_missing_line(by, int(told["number"]), session, reason, every, at=at))
    return sorted(lines, key=lambda each: each.number)


def _line(by: Who, session: Session, reason: str, every: dict[str, AgendaView], *, at: datetime) -> Line:
    if session.slot is None:
        return _missing_line(by, session.number, session, reason, every, at=at)
    agenda = every[session.slot.agenda]
    return _placed(session.number, session.slot.starts, agenda, shifted=session.shift != 0)


def _visit_line(visit: AppointmentView, agenda: AgendaView) -> Line:
    return _placed(visit.position or 0, visit.starts_at, agenda)


def _placed(number: int, starts: datetime, agenda: AgendaView, *, shifted: bool = False) -> Line:
    day, hour = _when(starts, agenda)
    return Line(
        number=number,
        day=day,
        hour=hour,
        name=agenda.name,
        agenda=agenda.id,
        starts=_moment(starts),
        shifted=shifted,
    )


def _missing_line(
    by: Who, number: int, session: Session, reason: str, every: dict[str, AgendaView], *, at: datetime
) -> Line:
    """Why a session has no time, the most frequent cause first, and what is nearest."""
    some = next(iter(every.values()))
    why = [cause for _count, cause in session.why]
    causes = sentences(by, some, why, reason=reason, at=at, pages=FREED_IN)
    near = session.instead or session.slot
    return Line(
        number=number,
        day=dates.say(session.wanted, dates.Form.NAMED),
        causes=tuple(causes[:MOST_CAUSES]) or (_("Free at other hours only"),),
        instead="" if near is None else _instead(near, every[near.agenda]),
    )


def _instead(slot: Slot, agenda: AgendaView) -> str:
    day, hour = _when(slot.starts, agenda)
    return f"{day}, {hour}, {agenda.name}"


def _moment(at: datetime) -> str:
    """The same words for the same moment, in a plan and in what became of it."""
    return at.astimezone(UTC).isoformat()


def _when(at: datetime, agenda: AgendaView) -> tuple[str, str]:
    local = at.astimezone(ZoneInfo(agenda.time_zone))
    return dates.say(local, dates.Form.NAMED), f"{local:%H:%M}"
