# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the agenda's page asks, read: days, times, wishes and patients from the words of a request."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from permanence.agenda.operations.taking import holder_of
from permanence.agenda.queries import agendas, appointments, offers, waiting
from permanence.agenda.queries.offers import OfferView
from permanence.agenda.queries.views import AgendaView, AppointmentView
from permanence.agenda.queries.waiting import PlaceView
from permanence.agenda.refusals import AgendaUnknown, AppointmentUnknown, OfferUnknown, PlaceUnknown, SlotRefused
from permanence.agenda.rules.answers import WORDS_LIMIT
from permanence.agenda.rules.kinds import HalfDay
from permanence.agenda.rules.waiting import OfferWay
from permanence.agenda.rules.wishes import Preferences, Wish
from permanence.agenda.why_words import sentences
from permanence.callers import queries as callers
from permanence.clients import queries as clients
from permanence.console.agenda_wall import DAY
from permanence.console.agenda_words import REFUSED
from permanence.console.views import BadRequest, call_of, text_of
from permanence.foundation import access
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.reception.hours import moment_of

YEARS = range(2000, 2100)
NUMBER = re.compile(r"[0-9]{1,4}")
STEPS = re.compile(r"([0-9]{1,3})-([0-9]{1,3})")
HOUR = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
MOST_ANSWERS = 80
"""Questions of one reason, of both kinds."""
QUESTION_LIMIT = 40
FREED_IN: Mapping[str, str | Promise] = {OfferWay.PHONE: _("Late and absent"), "": _("Waiting list")}
"""The page on which a secretary frees what is offered to somebody who waits: whom she has to telephone stands on her
work list, of anybody else she takes the place off the list.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Whoever is to come, as the rules look at him."""

    id: str
    name: str
    is_new: bool
    born: tuple[date, date] | None


NOBODY = Patient(id="", name="", is_new=False, born=None)


def day_of(text: str, otherwise: date) -> date:
    """The day of "2026-11-30", `otherwise` for "". Raises BadRequest."""
    if not text:
        return otherwise
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise BadRequest(f"{text[:20]!r} is no day") from error
    if found.year not in YEARS:
        raise BadRequest(f"{found} is too far away")
    return found


def minute_of(text: str) -> int:
    """Minutes after midnight. Raises BadRequest."""
    if not NUMBER.fullmatch(text) or int(text) >= 24 * 60:
        raise BadRequest(f"{text[:20]!r} is no minute of a day")
    return int(text)


def steps_of(text: str) -> tuple[int, int]:
    """From which step of a day until which, of "96-216"; the whole day for "". Raises BadRequest."""
    if not text:
        return 0, DAY
    found = STEPS.fullmatch(text)
    if found is None or not int(found[1]) < int(found[2]) <= DAY:
        raise BadRequest(f"{text[:20]!r} is no part of a day")
    return int(found[1]), int(found[2])


def moment_asked(agenda: AgendaView, asked: Mapping[str, Any]) -> datetime:
    """The moment of `starts_at` (ISO, with its zone), else of `day` and `minute` on the client's clock.

    Raises BadRequest.
    """
    text = str(asked.get("starts_at") or "")
    if text:
        try:
            found = datetime.fromisoformat(text)
        except ValueError as error:
            raise BadRequest(f"{text[:40]!r} is no moment") from error
        if found.tzinfo is None or found.year not in YEARS:
            raise BadRequest(f"{text[:40]!r} is no moment of ours")
        return found.astimezone(UTC)
    day = day_of(str(asked.get("day") or ""), date.min)
    if day == date.min:
        raise BadRequest("no day")
    return moment_of(day, minute_of(str(asked.get("minute", ""))), agenda.time_zone, fold=0)


def agenda_asked(by: Who, agenda: str) -> AgendaView:
    """The agenda of an id. Raises Http404, and NotHers for one of a client that is not hers."""
    client = agendas.client_of(by=by, agenda=agenda)
    return _hers(by, client, f"agenda.agenda:{agenda[:40]}", lambda: agendas.agenda(by=by, agenda=agenda))


def appointment_asked(by: Who, appointment: str) -> AppointmentView:
    """The appointment of an id. Raises Http404, and NotHers for one of a client that is not hers."""
    client, subject = appointments.client_of(by=by, appointment=appointment), f"agenda.appointment:{appointment[:40]}"
    return _hers(by, client, subject, lambda: appointments.appointment(by=by, appointment=appointment))


def place_asked(by: Who, place: str) -> PlaceView:
    """The place on the waiting list of an id. Raises Http404, and NotHers for one of a client that is not hers."""
    client = waiting.client_of_place(by=by, place=place)
    return _hers(by, client, f"agenda.waitingplace:{place[:40]}", lambda: waiting.place(by=by, place=place))


def offer_asked(by: Who, offer: str) -> OfferView:
    """The offer of an id. Raises Http404, and NotHers for one of a client that is not hers."""
    client = offers.client_of_offer(by=by, offer=offer)
    return _hers(by, client, f"agenda.slotoffer:{offer[:40]}", lambda: offers.offer(by=by, offer=offer))


def _hers[T](by: Who, client: str | None, subject: str, read: Callable[[], T]) -> T:
    """What is read, of a client that is hers: another's is a security event, what does not exist is only not found."""
    if client is not None:
        access.demand(by, client=client, subject=subject)
    try:
        return read()
    except (AgendaUnknown, AppointmentUnknown, OfferUnknown, PlaceUnknown) as refusal:
        raise Http404 from refusal


def client_asked(by: Who, client: str) -> clients.ClientView:
    """The client of an id. Raises Http404, also for one that is not hers."""
    access.demand(by, client=client, subject=f"clients.client:{client[:20]}")
    try:
        return clients.client(house=by.house, client=client)
    except clients.ClientUnknown as refusal:
        raise Http404 from refusal


def patient_asked(by: Who, client: str, patient: str) -> Patient:
    """Who stands for that patient; NOBODY for "". Raises callers' PatientUnknown."""
    if not patient:
        return NOBODY
    found = callers.standing(house=by.house, client=client, patient=patient)
    return Patient(id=found.id, name=found.name, is_new=not found.known, born=found.born)


def wish_asked(by: Who, asked: Mapping[str, str], patient: Patient, *, agendas_of: Iterable[str] = ()) -> Wish:
    """The wish of a search panel: reason, for whom, and what he would like. Raises BadRequest."""
    try:
        halves = frozenset(HalfDay(each) for each in asked.get("halves", "").split(",") if each)
        out = frozenset(int(each) for each in asked.get("out", "").split(",") if each)
    except ValueError as error:
        raise BadRequest("no such wish") from error
    if not out <= set(range(7)):
        raise BadRequest("a week has seven days")
    hour, site = asked.get("hour", ""), asked.get("site", "")
    if hour and not HOUR.fullmatch(hour):
        raise BadRequest(f"{hour[:20]!r} is no hour")
    if len(site) > QUESTION_LIMIT:
        raise BadRequest("no such site")
    return Wish(
        reason=asked.get("reason", ""),
        is_new=patient.is_new,
        born=patient.born,
        holder=holder_of(holder="", call=asked.get("call", "")[:48], by=by),
        yes_to=frozenset(asked.get("yes", "").split(",")),
        sites=(site,) if site else (),
        preferences=Preferences(half_days=halves, weekdays_out=out, agendas=tuple(agendas_of), from_time=hour),
    )


def wanted_of(every: Sequence[AgendaView], asked: Mapping[str, str]) -> list[AgendaView]:
    """Of a client's agendas those that are wanted, the one of `with` first: then that of `else` and no other one; with
    `only` none; without either all the others. Raises BadRequest.
    """
    first, second = asked.get("with", ""), asked.get("else", "")
    if not first:
        return list(every)
    known = {each.id: each for each in every}
    named = [first, second] if second else [first]
    for each in named:
        if each not in known:
            raise BadRequest(f"{each[:20]!r} is no agenda of this client")
    alone = second or asked.get("only") == "1"
    return [known[each] for each in dict.fromkeys(named if alone else (first, *known))]


def texts_asked(data: dict[str, Any], names: Iterable[str]) -> dict[str, str]:
    """The texts of an act, `call` among them: the id of a call, or "". Raises BadRequest."""
    return {name: text_of(data, name) for name in names} | {"call": call_of(data)}


def said_asked(data: Mapping[str, Any]) -> dict[str, str]:
    """Question -> answer, as the page sends them in `said`. Raises BadRequest."""
    said = data.get("said") or {}
    if not isinstance(said, dict) or len(said) > MOST_ANSWERS:
        raise BadRequest("no answers")
    for question, words_said in said.items():
        if not isinstance(words_said, str) or len(question) > QUESTION_LIMIT or len(words_said) > WORDS_LIMIT:
            raise BadRequest("an answer is too long")
    return dict(said)


def says_why(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Turns a Refusal into `{"code", "why", "causes"}` in words with status 422.

    An act that meets the rules answers their causes itself (`refused_by_rules`).
    """

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except SlotRefused as refusal:
            return JsonResponse({"code": refusal.code, "why": "", "causes": []}, status=422)
        except Refusal as refusal:
            why = str(REFUSED.get(refusal.code, refusal.why))
            return JsonResponse({"code": refusal.code, "why": why, "causes": [why]}, status=422)

    return answered


def refused_by_rules(by: Who, agenda: AgendaView, refusal: SlotRefused, *, reason: str, at: datetime) -> JsonResponse:
    """The answer to an act that the rules do not allow: why, in words."""
    causes = sentences(by, agenda, refusal.causes, reason=reason, at=at, pages=FREED_IN)
    return JsonResponse({"code": refusal.code, "why": causes[0] if causes else "", "causes": causes}, status=422)
