# SPDX-License-Identifier: AGPL-3.0-or-later
"""The practitioner books on his telephone, the reasons only he may book too: the reason, who comes, a free time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.agenda.operations import appointments
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.operations.taking import holder_of
from permanence.agenda.queries import agendas, slots
from permanence.agenda.queries import appointments as booked
from permanence.agenda.queries.views import AgendaView, AppointmentView
from permanence.agenda.refusals import AppointmentUnknown, NotNow, PatientDeceased, SlotRefused
from permanence.agenda.rules.kinds import NOON, Asker, VisitReason
from permanence.agenda.rules.states import STANDING, CancelCause, Door
from permanence.agenda.rules.wishes import Wish
from permanence.agenda.why_words import sentences
from permanence.callers import operations as callers
from permanence.callers import queries as persons
from permanence.callers import search
from permanence.callers.queries import PatientUnknown, PatientView, today_of
from permanence.callers.rules.asked import LONGEST, NewPerson, newcomer
from permanence.callers.rules.birth import BirthDateUnfit, age_at
from permanence.callers.rules.form import NumberUnreadable, PatientForm
from permanence.callers.rules.identity import FieldUnfit
from permanence.callers.words import born_words
from permanence.clients import queries as clients
from permanence.clients.queries import ClientView
from permanence.foundation import dates, moments
from permanence.foundation.who import Who, portal_only
from permanence.kernel.ids import new_id
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.agenda import is_own, reached
from permanence.portal.days import last_day, read_day
from permanence.privacy.file_words import refusal_words
from permanence.reception.hours import moment_of

_CLOCK, _ENTROPY = SystemClock(), SystemEntropy()
DAYS_SEARCHED = 90
MOST_CAUSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the page is asked, read: nothing of it has to be there yet."""

    day: date
    words: str
    reason: VisitReason | None
    person: PatientView | None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def page(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """What he may book, for whom, when; posted, `step`: book, new (a person), back (what was just booked)."""
    by, view, found = reached(request, client, agenda)
    if not is_own(found, by=by):
        raise PermissionDenied("another practitioner's agenda")
    at = _CLOCK.now()
    asked = _read(request, by, view, at=at)
    if request.method != "POST":
        return _page(request, by, view, found, asked, at=at, failed=_too_far(request, today_of(view, at)))
    try:
        step = STEPS.get(request.POST.get("step", ""))
        if step is None:
            return _page(request, by, view, found, asked, at=at, failed=_("Choose a time."))
        return HttpResponseRedirect(step(request, by, found, asked, at), status=303)
    except Refusal as refusal:
        return _page(request, by, view, found, asked, at=at, failed=_why(refusal, by, found, asked, at=at))


def _why(refusal: Refusal, by: Who, found: AgendaView, asked: Asked, *, at: datetime) -> str:
    """Why it was not done, in words."""
    if isinstance(refusal, SlotRefused):
        reason = "" if asked.reason is None else asked.reason.id
        return "; ".join(sentences(by, found, refusal.causes, reason=reason, at=at)[:MOST_CAUSES])
    if isinstance(refusal, NumberUnreadable | BirthDateUnfit):
        return refusal_words(refusal)
    said = {
        FieldUnfit: _("This name or number cannot be kept: write it once more."),
        NotNow: _("That cannot be said of this appointment now."),
        PatientDeceased: _("This patient has died: nothing is booked for him."),
    }
    return said.get(type(refusal), _("It could not be saved. Look at it again."))


def _read(request: HttpRequest, by: Who, view: ClientView, *, at: datetime) -> Asked:
    """Raises Http404 for a person who is not of this client."""
    said, today = request.GET if request.method != "POST" else request.POST, today_of(view, at)
    typed = read_day(said.get("day", ""))
    day = typed if typed is not None and today < typed <= last_day(today) else today
    person = None
    if said.get("patient"):
        try:
            person = persons.standing(house=by.house, client=view.id, patient=said["patient"])
        except PatientUnknown as unknown:
            raise Http404(said["patient"][:20]) from unknown
    offered = _reasons(by, view.id)
    reason = next((each for each in offered if each.id == said.get("reason")), None)
    return Asked(day=day, words=said.get("q", "")[:LONGEST].strip(), reason=reason, person=person)


def _too_far(request: HttpRequest, today: date) -> str:
    typed, last = read_day(request.GET.get("day", "")), last_day(today)
    if typed is None or typed <= last:
        return ""
    return _("That day is too far away: choose one until %(last)s.") % {"last": dates.say(last, dates.Form.WHOLE)}


def _reasons(by: Who, client: str) -> list[VisitReason]:
    return [each for each in agendas.reasons(by=by, client=client) if Asker.DOCTOR in each.bookable_by]


def _address(found: AgendaView, asked: Asked, **more: str) -> str:
    said = {
        "day": asked.day.isoformat(),
        "reason": "" if asked.reason is None else asked.reason.id,
        "patient": "" if asked.person is None else asked.person.id,
    }
    return f"{reverse('portal_book', args=[found.client, found.id])}?{urlencode(said | more)}"


def _book(request: HttpRequest, by: Who, found: AgendaView, asked: Asked, at: datetime) -> str:
    starts, reason, person = _moment(request.POST.get("starts", "")), asked.reason, asked.person
    if starts is None or reason is None or person is None:
        raise NothingChosen("a reason, a person and a time are wanted")
    made = appointments.book(
        key=request.POST.get("key", ""),
        agenda=found.id,
        starts_at=starts,
        booking=Booking(patient=person.id, reason=reason.id, door=Door.PORTAL),
        by=by,
        at=at,
    )
    return _address(found, asked, done=made.appointment)


def _new(request: HttpRequest, by: Who, found: AgendaView, asked: Asked, at: datetime) -> str:
    """Keeps the person whom the words name; `key` is the id the page made: the same again adds nobody."""
    view = clients.client(house=by.house, client=found.client)
    today = today_of(view, at)
    made = newcomer(asked.words, country=view.country, on=today) or NewPerson()
    number = request.POST.get("number", "").strip()
    form = PatientForm(
        used_name=made.family_name,
        first_name=made.first_name,
        birth_date="" if made.birth is None else made.birth.iso,
        numbers=(number,) if number else (),
    )
    kept = callers.add_patient(client=found.client, patient=request.POST.get("key", ""), form=form, by=by, at=at)
    return _address(found, asked, patient=kept.id)


def _back(request: HttpRequest, by: Who, found: AgendaView, asked: Asked, at: datetime) -> str:
    visit = _visit(by, found, request.POST.get("done", ""))
    if visit is None:
        raise AppointmentUnknown("not of this agenda")
    appointments.cancel(
        key=new_id(at, _ENTROPY), appointment=visit.appointment, cause=CancelCause.MISTAKE, by=by, at=at
    )
    return _address(found, asked)


STEPS = {"book": _book, "new": _new, "back": _back}


class NothingChosen(Refusal):
    """Something of what a booking wants was not chosen."""

    code = "nothing_chosen"


def _moment(typed: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _visit(by: Who, found: AgendaView, appointment: str) -> AppointmentView | None:
    """What was booked just now, of this agenda."""
    try:
        visit = booked.appointment(by=by, appointment=appointment) if appointment else None
    except AppointmentUnknown:
        return None
    return visit if visit is not None and visit.agenda == found.id else None


def _wish(reason: VisitReason, person: PatientView, *, by: Who) -> Wish:
    return Wish(
        reason=reason.id,
        is_new=not person.known,
        born=person.born,
        asked_by=Asker.DOCTOR,
        holder=holder_of(holder="", call="", by=by),
    )


def _times(by: Who, found: AgendaView, asked: Asked, *, at: datetime) -> dict[str, object]:
    """What is free on the day, else why nothing is, and the next day on which something is."""
    if asked.reason is None or asked.person is None:
        return {}
    zone, wish = ZoneInfo(found.time_zone), _wish(asked.reason, asked.person, by=by)
    until = asked.day + timedelta(days=1)
    there = slots.free_days(by=by, agenda=found.id, wish=wish, first=asked.day, until=until, at=at)
    free, later, why = there.slots, "", ""
    if not free:
        noon = moment_of(asked.day, NOON, found.time_zone, fold=0)
        causes = [cause for _count, cause in there.counted] or slots.explain(
            by=by, agenda=found.id, wish=wish, starts=noon, at=at
        )
        why = next(iter(sentences(by, found, causes[:1], reason=wish.reason, at=at)), "")
        found_later = slots.next_free(
            by=by, agendas=[found.id], wish=wish, first=until, at=at, days=DAYS_SEARCHED, most=1
        )
        later = next((each.slot.starts.astimezone(zone).date().isoformat() for each in found_later.proposals), "")
    return {
        "times": [(each.starts.isoformat(), moments.hour(each.starts, zone)) for each in free],
        "why": why,
        "later": later,
        "later_words": dates.say(date.fromisoformat(later), dates.Form.NAMED) if later else "",
    }


def _page(
    request: HttpRequest, by: Who, view: ClientView, found: AgendaView, asked: Asked, *, at: datetime, failed: str = ""
) -> HttpResponse:
    zone, today = ZoneInfo(found.time_zone), today_of(view, at)
    done = _visit(by, found, request.GET.get("done", ""))
    hits = search.find(house=by.house, client=view.id, words=asked.words, at=at).found if asked.words else ()
    fresh, fault = None, ""
    try:
        fresh = newcomer(asked.words, country=view.country, on=today)
    except BirthDateUnfit as refusal:
        fault = refusal_words(refusal)
    context = {
        "client": view,
        "agenda": found,
        "tab": "agenda",
        "reasons": _reasons(by, view.id),
        "asked": asked,
        "day": asked.day.isoformat(),
        "day_words": dates.say(asked.day, dates.Form.NAMED),
        "today": today.isoformat(),
        "last": last_day(today).isoformat(),
        "fault": fault,
        "about": "" if asked.person is None else _born(asked.person, today),
        "rows": [(each.patient, _born(each.patient, today)) for each in hits if not each.patient.is_deceased],
        "new": " ".join(filter(None, (fresh.family_name.upper(), fresh.first_name))) if fresh else "",
        "new_born": born_words(fresh.birth, None if fresh.birth is None else age_at(fresh.birth, today))
        if fresh
        else "",
        "key": new_id(at, _ENTROPY),
        "done": done,
        "done_stands": done is not None and done.state in STANDING,
        "done_words": "" if done is None else moments.day_and_hour(done.starts_at, zone, now=at),
        "failed": failed,
        "number": request.POST.get("number", "")[:30],
        **_times(by, found, asked, at=at),
    }
    return render(request, "portal/book.html", context, status=422 if failed else 200)


def _born(person: PatientView, on: date) -> str:
    return born_words(person.birth, None if person.birth is None else age_at(person.birth, on))
