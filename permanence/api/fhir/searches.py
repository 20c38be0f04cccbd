# SPDX-License-Identifier: AGPL-3.0-or-later
"""Search and read of each type; what is of another client is not there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from permanence.agenda.interop.places import homes_of
from permanence.agenda.queries import appointments, interface, slots
from permanence.agenda.queries.interface import Access
from permanence.agenda.queries.views import AppointmentView, HoldView
from permanence.agenda.rules import answers
from permanence.agenda.rules.interface import Scope
from permanence.agenda.rules.kinds import Asker
from permanence.agenda.rules.why_not import WhyNot
from permanence.agenda.rules.wishes import Slot, Wish
from permanence.api.fhir import resources as fhir
from permanence.api.fhir.declared import CELLS, SPAN_DAYS
from permanence.api.fhir.ids import Start, is_row, key_of, start_of
from permanence.api.fhir.outcome import Failure, asked_first, softened
from permanence.api.fhir.params import Params, phone, unfit
from permanence.api.fhir.resources import Practice, Resource
from permanence.callers import queries as callers
from permanence.callers.by_traits import by_traits
from permanence.callers.rules.letters import fold, split
from permanence.clients.rules import RecipientKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks about what, when."""

    access: Access
    practice: Practice
    at: datetime

    @property
    def zone(self) -> str:
        """The clock of the practice."""
        return self.practice.client.time_zone


type Found = tuple[int, list[Resource]]
"""How many there are, and those of the page."""


def search(kind: str, params: Params, asked: Asked) -> Found:
    """The page of a search. Raises Failure and refusals of the rooms below."""
    if kind in _SEARCHES:
        return _SEARCHES[kind](params, asked)
    return _paged(_kept(kind, params, asked), params)


def read(kind: str, key: str, asked: Asked) -> Resource:
    """One resource. Raises Failure (404) and refusals of the rooms below."""
    if kind in _READS:
        found = _READS[kind](key, asked)
    else:
        found = next((each for each in all_of(kind, asked) if each["id"] == key), None)
    if found is None:
        raise missing()
    return found


def missing() -> Failure:
    """Not there, or not of this client: the two look alike."""
    return Failure(404, "not-found", "not_there", _("There is no such thing here."))


def all_of(kind: str, asked: Asked) -> list[Resource]:
    """All of a type of which a practice has few."""
    practice = asked.practice
    if kind == "Practitioner":
        people = [each for each in practice.recipients.values() if each.kind == RecipientKind.PRACTITIONER]
        return [fhir.practitioner(each) for each in people]
    if kind == "PractitionerRole":
        return [fhir.practitioner_role(each, practice) for each in practice.recipients.values()]
    if kind == "Location":
        return [fhir.location(each, practice) for each in practice.sites.values()]
    if kind == "HealthcareService":
        return [fhir.healthcare_service(each, practice) for each in practice.reasons.values()]
    return [fhir.schedule(each, practice) for each in practice.agendas.values()]


def _kept(kind: str, params: Params, asked: Asked) -> Iterable[Resource]:
    """Those of a type of which a practice has few, by the parameters that they share."""
    ids, active, name = params.tokens("_id"), params.tokens("active"), fold(params.one("name"))
    if active is not None and not set(active) <= {"true", "false"}:
        raise unfit("active")
    person = params.references("practitioner", "Practitioner")
    actor = params.references("actor", "Practitioner", "PractitionerRole")
    for each in all_of(kind, asked):
        if ids is not None and each["id"] not in ids:
            continue
        if active is not None and str(each["active"]).lower() not in active:
            continue
        if name and not _begins(each, name):
            continue
        if person is not None and each.get("practitioner", {}).get("reference") not in _under("Practitioner", person):
            continue
        if actor is not None and each["actor"][0]["reference"].partition("/")[2] not in actor:
            continue
        yield each


def _begins(resource: Resource, wanted: str) -> bool:
    """Whether the name, or a word of it, begins so; accents and capitals aside."""
    name = resource["name"]
    text = fold(name if isinstance(name, str) else name[0]["text"])
    return text.startswith(wanted) or any(word.startswith(wanted) for word in text.split())


def _under(kind: str, keys: Iterable[str]) -> set[str]:
    return {f"{kind}/{key}" for key in keys}


def _paged(found: Iterable[Resource], params: Params) -> Found:
    every, page = list(found), params.page()
    return len(every), every[page.first : page.first + page.most]


def _patients(params: Params, asked: Asked) -> Found:
    """By exact traits; the whole register is not given away page by page."""
    texts = {name: params.one(name) for name in ("family", "given", "name")}
    ids, born, number = params.tokens("_id"), params.one("birthdate"), params.one("phone")
    client = asked.practice.client
    if not (ids or born or number or split(texts["family"]) or split(texts["name"])):
        said = _("Say a birth date, a family name, a number or an id.")
        raise Failure(400, "too-costly", "traits_missing", said)
    if born:
        params.span("birthdate", asked.zone)
        born = born.removeprefix("eq")
        if not born[:4].isdecimal() or "T" in born:
            raise unfit("birthdate")
    page = params.page()
    total, rows = by_traits(
        house=asked.access.by.house,
        client=client.id,
        first=page.first,
        most=page.most,
        ids=ids or (),
        birth_date=born,
        number=phone(number, country=client.country, at="phone") if number else "",
        **texts,
    )
    return total, [fhir.patient(each) for each in rows]


def _patient(key: str, asked: Asked) -> Resource | None:
    if not is_row(key):
        return None
    found = callers.patients(house=asked.access.by.house, client=asked.practice.client.id, ids=[key])
    return fhir.patient(found[key]) if key in found else None


def _appointments(params: Params, asked: Asked) -> Found:
    page, practice = params.page(), asked.practice
    ids, agendas = params.tokens("_id"), None
    people = params.references("practitioner", "Practitioner", "PractitionerRole")
    if people is not None:
        agendas = [each.id for each in practice.agendas.values() if each.recipient in people]
    patients = params.references("patient", "Patient")
    if patients is not None and len(patients) > 1:
        raise unfit("patient")
    wanted = params.tokens("status", system="http://hl7.org/fhir/appointmentstatus")
    states = [state for state, status in fhir.STATUS.items() if wanted is None or status in wanted]
    since, before = params.span("date", asked.zone)
    if not states:
        return 0, []
    total, rows = interface.appointments(
        by=asked.access.by,
        client=practice.client.id,
        first=page.first,
        most=page.most,
        keys=None if ids is None else [kept for letter, kept in map(key_of, ids) if letter == "a"],
        agendas=agendas,
        patient=None if patients is None else patients[0],
        states=states,
        since=since,
        before=before,
    )
    return total, visits(rows, asked)


def _appointment(key: str, asked: Asked) -> Resource | None:
    letter, kept = key_of(key)
    by, client = asked.access.by, asked.practice.client.id
    if letter == "a":
        return visit(booked(kept, asked), asked)
    if letter == "h":
        view = interface.hold(by=by, client=client, hold=kept)
        return fhir.appointment_held(view, asked.practice) if view.stands(asked.at) else None
    return None


def visits(views: Sequence[AppointmentView], asked: Asked) -> list[Resource]:
    """Appointments for who asks: where a visit at home is learns who may read patients, or takes the practice out."""
    homes = homes_of(views, by=asked.access.by) if asked.access.scopes & {Scope.READ, Scope.EXPORT} else {}
    return [fhir.appointment(each, asked.practice, home=homes.get(each.appointment, "")) for each in views]


def visit(view: AppointmentView, asked: Asked) -> Resource:
    """One of them."""
    return visits([view], asked)[0]


def booked(key: str, asked: Asked) -> AppointmentView:
    """An appointment of the practice. Raises AppointmentUnknown."""
    return appointments.appointment(by=asked.access.by, appointment=key)


def _slots(params: Params, asked: Asked) -> Found:
    """Free and taken time from a day to another one, by moment."""
    since, before = span_of(params, asked)
    agendas = params.references("schedule", "Schedule")
    chosen = [each for each in _open(asked) if agendas is None or each in agendas]
    statuses = params.tokens("status", system="http://hl7.org/fhir/slotstatus")
    found: list[Resource] = []
    if statuses is None or "free" in statuses:
        reasons = params.tokens("service-type", system=fhir.REASONS)
        each_free, _against = free(chosen, reasons, Wish(reason="", asked_by=Asker.ONLINE), (since, before), asked)
        found += [fhir.slot_free(each, asked.practice) for each in each_free]
    taken = interface.busy(by=asked.access.by, agendas=chosen, since=since, before=before, at=asked.at)
    if params.one("service-type") == "":
        views: list[AppointmentView | HoldView] = [*taken.appointments, *taken.holds]
        found += [fhir.slot_busy(view) for view in views if view.agenda in chosen]
        found += [fhir.slot_beside(view) for view in views if view.also in chosen]
        found += [fhir.slot_busy(block) for block in taken.blocks]
    begins = {fhir.instant(since), fhir.instant(before)}
    kept = [
        each
        for each in found
        if (statuses is None or each["status"] in statuses) and min(begins) <= each["start"] < max(begins)
    ]
    return _paged(sorted(kept, key=lambda each: (each["start"], each["id"])), params)


def span_of(params: Params, asked: Asked, *, start: str = "start") -> tuple[datetime, datetime]:
    """The moments between which slots are asked for: both bounds, at most `SPAN_DAYS` apart. Raises Failure."""
    since, before = params.span(start, asked.zone)
    if since is None or before is None:
        raise Failure(400, "required", "span_missing", _("Say from when until when."), at=start)
    if before <= since or (before - since).days > SPAN_DAYS:
        raise unfit(start)
    return since, before


def _open(asked: Asked) -> list[str]:
    return [each.id for each in asked.practice.agendas.values() if each.active]


def free(
    agendas: Iterable[str], reasons: tuple[str, ...] | None, wish: Wish, span: tuple[datetime, datetime], asked: Asked
) -> tuple[list[Slot], list[WhyNot]]:
    """The slots of these agendas that whoever asks may book, by moment, and what hides others, the most frequent first.

    Not for reasons before which something is asked: a person asks that, no system.

    Raises Failure, refusals of the agenda.
    """
    practice, (since, before) = asked.practice, span
    known = [key for key in practice.reasons if key in practice.offered and (reasons is None or key in reasons)]
    known = [key for key in known if Asker.ONLINE in practice.reasons[key].bookable_by]
    known = [key for key in known if not answers.comes_first(practice.reasons[key])]
    chosen, since = list(agendas), max(since, asked.at)
    if len(known) * len(chosen) * ((before - since).days + 1) > CELLS:
        raise Failure(400, "too-costly", "too_wide", _("This asks for too much at once: choose fewer days."))
    wishes = [replace(wish, reason=each) for each in known]
    found = slots.free_for_any(
        by=asked.access.by, agendas=chosen, wishes=wishes, since=since, before=before, at=asked.at
    )
    ordered = sorted(found.slots, key=lambda each: (each.starts, int(each.agenda), int(each.reason)))
    return ordered, [why for _count, why in found.counted]


def _slot(key: str, asked: Asked) -> Resource | None:
    start = start_of(key)
    if start is not None and key.startswith("f."):
        return _start(start, asked)
    letter, kept = key_of(key)
    if letter in {"a", "c"}:
        view = booked(kept, asked)
        return _taken(view, beside=letter == "c") if fhir.STATUS[view.state] != "cancelled" else None
    if letter in {"h", "i"}:
        held = interface.hold(by=asked.access.by, client=asked.practice.client.id, hold=kept)
        return _taken(held, beside=letter == "i") if held.stands(asked.at) else None
    if letter == "b":
        block = interface.block(by=asked.access.by, client=asked.practice.client.id, block=kept)
        return None if block is None else fhir.slot_busy(block)
    return None


def _taken(view: AppointmentView | HoldView, *, beside: bool) -> Resource | None:
    """What it takes of its agenda, or of the one beside it."""
    if beside:
        return fhir.slot_beside(view) if view.also else None
    return fhir.slot_busy(view)


def _start(start: Start, asked: Asked) -> Resource | None:
    practice = asked.practice
    if start.agenda not in practice.agendas or start.reason not in practice.offered:
        return None
    reason = practice.reasons[start.reason]
    length = timedelta(minutes=reason.length(is_new=start.is_new))
    if answers.comes_first(reason):
        return fhir.slot_gone(start, start.starts + length, practice, why=asked_first())
    wish = Wish(reason=start.reason, is_new=start.is_new, asked_by=Asker.ONLINE)
    against = slots.explain(by=asked.access.by, agenda=start.agenda, wish=wish, starts=start.starts, at=asked.at)
    if against:
        why = softened(against[0], zone=asked.zone, at=asked.at)
        return fhir.slot_gone(start, start.starts + length, practice, why=why)
    slot = Slot(agenda=start.agenda, reason=start.reason, starts=start.starts, ends=start.starts + length)
    return fhir.slot_free(slot, practice, is_new=start.is_new)


_SEARCHES: Mapping[str, Callable[[Params, Asked], Found]] = {
    "Appointment": _appointments,
    "Patient": _patients,
    "Slot": _slots,
}
_READS: Mapping[str, Callable[[str, Asked], Resource | None]] = {
    "Appointment": _appointment,
    "Patient": _patient,
    "Slot": _slot,
}
