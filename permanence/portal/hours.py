# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client changes his opening hours: the week, and days that are not as every week. Looked at, then saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from permanence.clients import days, operations
from permanence.clients import queries as clients
from permanence.clients.hours_words import overlap_said
from permanence.clients.opening_words import status
from permanence.clients.operations import Opening
from permanence.clients.proving import NotSeen, SaidContradicts, save_proved, save_seen, try_out
from permanence.clients.queries import ClientView
from permanence.clients.rules.compared import Compared
from permanence.clients.rules.week import HoursUnclear, read_day, write_day
from permanence.clients.said_words import ChangeWords, change_words
from permanence.foundation import dates
from permanence.foundation.who import Who, portal_only
from permanence.kernel.system import SystemClock
from permanence.portal.account import ChangedSince, back, basis, demand_basis, own
from permanence.portal.spoken_rows import coming, spoken_hours
from permanence.reception.table import DateHours, Interval, OpeningHours, WeekdayHours

_CLOCK = SystemClock()
_MONDAY = date(2024, 1, 1)
LABEL_LIMIT, DAY_LIMIT = 80, 120
MOST_DAYS_AHEAD = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class DayField:
    """One day of the week in the form."""

    name: str
    label: str
    typed: str
    failed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """A day to come that is not as every week."""

    date: date
    name: str
    hours: str
    label: str


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def edit(request: HttpRequest, client: str) -> HttpResponse:
    """The week. POST `step=check` shows what it brings; `step=save` saves it."""
    by, view = own(request, client)
    at = _CLOCK.now()
    kept = _kept(client, by=by, at=at)
    if request.method != "POST":
        return _page(request, view, kept, _fields(_typed(kept)))
    typed = {f"day_{number}": request.POST.get(f"day_{number}", "")[:DAY_LIMIT] for number in range(7)}
    fields = _fields(typed)
    wanted = replace(
        kept,
        always=request.POST.get("always") == "1",
        closed_on_holidays=request.POST.get("holidays") == "1",
        week=kept.week if any(each.failed for each in fields) else _week(typed),
    )
    if any(each.failed for each in fields):
        return _page(request, view, wanted, fields, status_code=422)
    saves, given = request.POST.get("step") == "save", request.POST.get("basis", "")
    try:
        found = _change_week(client, wanted, given, saves=saves, by=by, at=at)
    except ChangedSince:
        changed = _("Somebody else has changed the hours meanwhile. Look at both, then save yours or leave theirs.")
        now = _kept(client, by=by, at=at)
        return _page(request, view, wanted, fields, shown=True, now=now, changed=changed, status_code=409)
    except SaidContradicts as refusal:
        change = change_words(refusal.found)
        return _page(request, view, wanted, fields, shown=True, change=change, status_code=422)
    if saves:
        return back(client, "hours")
    return _page(request, view, wanted, fields, shown=True, change=change_words(found))


def _kept(client: str, *, by: Who, at: datetime) -> OpeningHours:
    return clients.client_file(house=by.house, client=client, at=at).hours


def _change_week(client: str, wanted: OpeningHours, given: str, *, saves: bool, by: Who, at: datetime) -> Compared:
    """The week in place of the one that `given` marks, or what it would bring. Raises SaidContradicts, ChangedSince."""
    week = [
        Opening(weekday=day.weekday, opens=each.opens, until=each.until)
        for day in wanted.week
        for each in day.intervals
    ]

    def change() -> None:
        demand_basis(given, _basis(_kept(client, by=by, at=at)))
        operations.set_hours(
            client=client,
            week=week,
            always=wanted.always,
            closed_on_holidays=wanted.closed_on_holidays,
            by=by,
            at=at,
        )

    return (save_proved if saves else try_out)(client=client, change=change, by=by, at=at)


@require_POST
@portal_only
def day(request: HttpRequest, client: str) -> HttpResponse:
    """One day that is not as every week; written without hours he is away. `remove=1`: as every week again."""
    by, view = own(request, client)
    at = _CLOCK.now()
    kept = _kept(client, by=by, at=at)
    try:
        when = date.fromisoformat(request.POST.get("date", "").strip())
    except ValueError:
        return _day_page(request, view, kept, failed=_("Choose the day."))
    today = at.astimezone(ZoneInfo(view.time_zone)).date()
    if not 0 <= (when - today).days <= MOST_DAYS_AHEAD:
        return _day_page(request, view, kept, failed=_("Choose a day from today on, within two years."))
    openings: Sequence[tuple[str, str]] | None = None
    label = ""
    if request.POST.get("remove") != "1":
        try:
            openings = read_day(request.POST.get("hours", "")[:DAY_LIMIT])
        except HoursUnclear as unclear:
            return _day_page(request, view, kept, failed=_unclear(unclear))
        label = request.POST.get("label", "").strip()[:LABEL_LIMIT]
    given = read_marks(request.POST.get("marks", "")).get(when.isoformat(), "")

    def change() -> None:
        demand_basis(given, day_marks(_kept(client, by=by, at=at)).get(when.isoformat(), ""))
        days.set_day(client=client, day=when, openings=openings, label=label, by=by, at=at)

    try:
        save_seen(client=client, change=change, seen=request.POST.get("seen", ""), by=by, at=at)
    except ChangedSince:
        return _day_page(request, view, _kept(client, by=by, at=at), changed=when)
    except (SaidContradicts, NotSeen) as told:
        return _day_page(request, view, kept, change=change_words(told.found))
    return back(client, "day")


def day_marks(hours: OpeningHours) -> dict[str, str]:
    """A mark of what is written for each day that is not as every week, by its date."""
    return {each.date: basis((each.intervals, each.label)) for each in hours.exceptions}


def read_marks(text: str) -> dict[str, str]:
    """The marks as the form carried them: "2026-12-24:8f3a... 2026-12-25:..."; what is none is left out."""
    pairs = (each.partition(":") for each in text.split())
    return {day: mark for day, _colon, mark in pairs if mark}


def _page(
    request: HttpRequest,
    view: ClientView,
    hours: OpeningHours,
    fields: tuple[DayField, ...],
    *,
    shown: bool = False,
    now: OpeningHours | None = None,
    changed: str = "",
    status_code: int = 200,
    **more: Any,
) -> HttpResponse:
    """The form with what was typed; `shown`: and the days to come as they would be; `now`: what somebody else saved."""
    at = _CLOCK.now()
    basis_of = now if now is not None else clients.client_file(house=_house(request), client=view.id, at=at).hours
    is_open, sentence = status(hours, view, at=at)
    context = {
        "client": view,
        "tab": "line",
        "fields": fields,
        "always": hours.always,
        "holidays": hours.closed_on_holidays,
        "basis": _basis(basis_of),
        "shown": shown,
        "is_open": is_open,
        "sentence": sentence,
        "days": coming(hours, view, at=at) if shown else (),
        "now_fields": _fields(_typed(now)) if now is not None else (),
        "changed": changed,
        "specials": _specials(hours.exceptions, at.astimezone(ZoneInfo(view.time_zone)).date()),
        "marks": " ".join(f"{day}:{mark}" for day, mark in day_marks(basis_of).items()),
        **more,
    }
    return render(request, "portal/hours.html", context, status=status_code)


def _day_page(
    request: HttpRequest,
    view: ClientView,
    kept: OpeningHours,
    *,
    failed: str = "",
    change: ChangeWords | None = None,
    changed: date | None = None,
) -> HttpResponse:
    """The page with the day as it was typed, and why it is not saved or not yet; `changed`: by somebody else."""
    typed = {name: request.POST.get(name, "")[:DAY_LIMIT] for name in ("date", "hours", "label", "remove")}
    more: dict[str, Any] = {"day": typed, "day_failed": failed, "day_change": change}
    if changed is not None:
        stands = [each for each in _specials(kept.exceptions, changed) if each.date == changed]
        more |= {"day_changed": True, "day_now": stands[0] if stands else None}
    status_code = 409 if changed is not None else 422
    return _page(request, view, kept, _fields(_typed(kept)), status_code=status_code, **more)


def _house(request: HttpRequest) -> str:
    return own(request, request.resolver_match.kwargs["client"])[0].house if request.resolver_match else ""


def _basis(hours: OpeningHours) -> str:
    return basis((hours.always, hours.closed_on_holidays, hours.week))


def _typed(hours: OpeningHours) -> dict[str, str]:
    found = {f"day_{number}": "" for number in range(7)}
    for each in hours.week:
        found[f"day_{each.weekday}"] = write_day((span.opens, span.until) for span in each.intervals)
    return found


def _fields(typed: Mapping[str, str]) -> tuple[DayField, ...]:
    found = []
    for number in range(7):
        name = f"day_{number}"
        label = dates.weekday(_MONDAY.replace(day=1 + number)).capitalize()
        failed = ""
        try:
            read_day(typed[name])
        except HoursUnclear as unclear:
            failed = _unclear(unclear)
        found.append(DayField(name=name, label=label, typed=typed[name], failed=failed))
    return tuple(found)


def _unclear(unclear: HoursUnclear) -> str:
    return overlap_said(unclear) or _(
        "Write the hours as 8:00-12:00, 14:00-18:00 (24h: the whole day; empty: closed): “%(part)s”."
    ) % {"part": unclear.args[0]}


def _week(typed: Mapping[str, str]) -> tuple[WeekdayHours, ...]:
    days = ((number, read_day(typed[f"day_{number}"])) for number in range(7))
    return tuple(
        WeekdayHours(weekday=number, intervals=tuple(Interval(opens=opens, until=until) for opens, until in spans))
        for number, spans in days
        if spans
    )


def _specials(exceptions: tuple[DateHours, ...], today: date) -> tuple[Special, ...]:
    return tuple(
        Special(
            date=date.fromisoformat(each.date),
            name=dates.say(date.fromisoformat(each.date), dates.Form.NAMED_WHOLE),
            hours=spoken_hours(write_day((span.opens, span.until) for span in each.intervals)),
            label=each.label,
        )
        for each in exceptions
        if each.date >= today.isoformat()
    )
