# SPDX-License-Identifier: AGPL-3.0-or-later
"""IHE ITI Scheduling: find (ITI-115), hold (ITI-116), book (ITI-117), on the holds and operations of the console."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from permanence.agenda.operations import through_interface as acts
from permanence.agenda.operations.acts import is_done
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.queries import interface
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import AppointmentUnknown, PatientDeceased, QuestionsUnanswered
from permanence.agenda.rules import answers
from permanence.agenda.rules.kinds import Asker
from permanence.agenda.rules.states import AppointmentState, CancelCause, Door
from permanence.agenda.rules.wishes import Wish
from permanence.api.fhir import incoming, known, meant
from permanence.api.fhir import resources as fhir
from permanence.api.fhir.declared import SPAN_DAYS
from permanence.api.fhir.ids import Start, key_of, keyed, start_of
from permanence.api.fhir.meant import Proposal
from permanence.api.fhir.outcome import Failure, Resource, asked_first, cause, issue, outcome
from permanence.api.fhir.params import Params, moments, referred, unfit
from permanence.api.fhir.searches import Asked, booked, free, missing, visit
from permanence.callers import queries as callers
from permanence.callers.rules.form import PatientForm
from permanence.kernel.ids import new_id
from permanence.kernel.system import SystemEntropy

CHANCE = SystemEntropy()
BOOKED_SALT = "permanence.api.fhir.booked"
CAUSES_TOLD = 3
_CANCEL = {"pat": CancelCause.PATIENT, "prov": CancelCause.DOCTOR}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation found or made, and what it says beside. `of`: how many there are where these are a page."""

    found: list[Resource]
    beside: Resource | None = None
    of: int | None = None

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.found) if self.of is None else self.of

    def bundle(self, base: str) -> Resource:
        """As IHE has it: a searchset, an outcome beside the appointments where there is something to say."""
        entries = [
            {"fullUrl": f"{base}/Appointment/{each['id']}", "resource": each, "search": {"mode": "match"}}
            for each in self.found
        ]
        entries += [] if self.beside is None else [{"resource": self.beside, "search": {"mode": "outcome"}}]
        bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": self.total}
        return bundle | ({"entry": entries} if entries else {})


def find(params: Params, asked: Asked) -> Answer:
    """What could be booked, a page of it; where nothing can be, why not. What is said several times means either.

    Raises Failure.
    """
    since, before = _between(params, asked)
    people = params.references("practitioner", "Practitioner", "PractitionerRole", repeats=True)
    sites = params.references("location-reference", "Location", repeats=True)
    agendas = [each for each in asked.practice.agendas.values() if each.active]
    reasons = params.tokens("visit-type", system=fhir.REASONS, repeats=True)
    chosen = [each.id for each in agendas if people is None or each.recipient in people]
    whom = params.references("patient-reference", "Patient")
    is_new, born = (_first_visit(params), None) if whom is None else _who(whom, asked)
    wish = Wish(reason="", is_new=is_new, born=born, asked_by=Asker.ONLINE, sites=sites or ())
    found, against = free(chosen, reasons, wish, (since, before), asked)
    page = params.page()
    shown = found[page.first : page.first + page.most]
    causes = [cause(each, zone=asked.zone, at=asked.at, severity="information") for each in against[:CAUSES_TOLD]]
    named = _online(asked) if reasons is None else reasons
    causes += [_asked_first() for each in named if _is_asked_first(each, asked)]
    unique = list({each["details"]["text"]: each for each in causes}.values())
    told = outcome(*unique) if not found and unique else None
    proposals = [fhir.appointment_proposed(each, asked.practice, is_new=is_new) for each in shown]
    return Answer(proposals, told, of=len(found))


def _online(asked: Asked) -> list[str]:
    """What is looked for where no reason is named."""
    reasons = asked.practice.reasons
    return [key for key in asked.practice.offered if key in reasons and Asker.ONLINE in reasons[key].bookable_by]


def _is_asked_first(reason: str, asked: Asked) -> bool:
    practice = asked.practice
    return reason in practice.offered and answers.comes_first(practice.reasons[reason])


def _asked_first() -> Resource:
    return issue("business-rule", QuestionsUnanswered.code, asked_first(), severity="information")


def hold(given: dict[str, list[Any]], asked: Asked, base: str) -> Answer:
    """Keep a proposed slot for two minutes. Raises Failure and refusals of the agenda."""
    start = start_of(_reference(given, base))
    if start is None or start.reason not in asked.practice.reasons:
        raise missing()
    view = acts.hold(
        key=new_id(asked.at, CHANCE),
        agenda=start.agenda,
        reason=start.reason,
        starts_at=start.starts,
        is_new=start.is_new,
        system=_system(asked),
        by=asked.access.by,
        at=asked.at,
    )
    return Answer([fhir.appointment_held(view, asked.practice)])


def book(given: dict[str, list[Any]], asked: Asked, base: str) -> Answer:
    """Book what was proposed or held; or move or cancel what was booked. Raises Failure, refusals of the agenda."""
    if ("appointment-reference" in given) == ("appointment-resource" in given):
        raise incoming.unreadable("Parameters.parameter")
    wanted: Resource = {}
    if "appointment-resource" in given:
        wanted = incoming.resource(_single(given, "appointment-resource"), "Appointment", at="Appointment")
        incoming.only(wanted, incoming.APPOINTMENT, at="Appointment")
        key, status = (incoming.text(wanted, name, at="Appointment") for name in ("id", "status"))
        if key_of(key)[0] == "a":
            version = incoming.text(incoming.part(wanted, "meta", at="Appointment"), "versionId", at="Appointment.meta")
            return Answer([update(wanted, asked, base, version=version)])
        if status not in {"pending", "proposed"}:
            raise incoming.unreadable("Appointment.status")
    else:
        key = _reference(given, base)
    whom = patient, newcomer = _for_whom(given, wanted, asked, base)
    letter, kept = key_of(key)
    if letter == "h":
        view = _from_hold(kept, whom, wanted, asked, base)
    else:
        start = start_of(key)
        if start is None or not key.startswith("p."):
            raise missing()
        act, before = _from_proposal(start, whom, asked)
        if before is None:
            _as_start(wanted, start, asked, base)
        view = before or acts.book(
            key=act,
            agenda=start.agenda,
            starts_at=start.starts,
            booking=Booking(patient=patient, door=Door.API, reason=start.reason, holder=f"{_system(asked)}:"),
            newcomer=newcomer,
            by=asked.access.by,
            at=asked.at,
        )
    return Answer([visit(view, asked)])


def update(wanted: Resource, asked: Asked, base: str, *, version: str) -> Resource:
    """Cancel or move an appointment; nothing else of it can be changed. Raises Failure, refusals of the agenda.

    `version`: of what was read, "" for whatever it is now. The same change sent twice is done once.
    """
    incoming.only(wanted, incoming.APPOINTMENT, at="Appointment")
    key = key_of(incoming.text(wanted, "id", at="Appointment"))[1]
    now = booked(key, asked)
    there = visit(now, asked)
    status = incoming.text(wanted, "status", at="Appointment")
    to = _cancelled(wanted) if status == "cancelled" else meant.moved(wanted, now, there, asked, base)
    told = f"{key} {version or there['meta']['versionId']} {to}"
    act = hashlib.sha256(told.encode()).hexdigest()[:40]
    if to == (now.agenda, now.starts_at) and not is_done(act, by=asked.access.by):
        raise Failure(422, "business-rule", "nothing_changed", _("Nothing of this appointment would change."))
    view = acts.change(
        key=act,
        appointment=key,
        unchanged=lambda view: version in {"", _version(view, asked)},
        to=to,
        by=asked.access.by,
        at=asked.at,
    )
    return visit(view, asked)


def _version(view: AppointmentView, asked: Asked) -> str:
    found: str = visit(view, asked)["meta"]["versionId"]
    return found


def _cancelled(wanted: Resource) -> CancelCause:
    codes = incoming.every(incoming.part(wanted, "cancelationReason", at="Appointment"), "coding", at="Appointment")
    code = incoming.text(codes[0], "code", at="Appointment.cancelationReason") if codes else "pat"
    if code not in _CANCEL:
        raise incoming.unreadable("Appointment.cancelationReason")
    return _CANCEL[code]


def _as_start(wanted: Resource, start: Start, asked: Asked, base: str) -> None:
    """Raises Failure where it says something else than what was proposed; what is not known here, `book` refuses."""
    practice = asked.practice
    reason = practice.reasons.get(start.reason)
    if reason is None or start.agenda not in practice.agendas:
        return
    proposal = Proposal(
        slots=(start.id("f"),),
        agendas=tuple(each for each in (start.agenda, reason.also) if each),
        reason=start.reason,
        starts=start.starts,
        ends=start.starts + timedelta(minutes=reason.length(is_new=start.is_new)),
        site=lambda: _site_of(start, asked),
    )
    meant.as_proposed(wanted, proposal, asked, base)


def _site_of(start: Start, asked: Asked) -> str | None:
    """At which site the slot is, "" for none that is known; None where it is not free."""
    wish = Wish(reason="", is_new=start.is_new, asked_by=Asker.ONLINE)
    span = start.starts, start.starts + timedelta(minutes=1)
    return next((each.site for each in free([start.agenda], (start.reason,), wish, span, asked)[0]), None)


def _from_proposal(
    start: Start, whom: tuple[str, PatientForm | None], asked: Asked
) -> tuple[str, AppointmentView | None]:
    """The id of the booking: the same request sent twice books once, and gives what stands there already by it. Was
    that cancelled or moved away since, the same request is another one.

    Under our key, for the id is shown to whoever reads the agenda, and of whom it is made is nobody's business.
    """
    said = f"{_system(asked)} {start.id('p')} {whom!r}"
    number = 0
    while True:
        act = salted_hmac(BOOKED_SALT, f"{said} {number}", algorithm="sha256").hexdigest()[:32]
        try:
            view = booked(act, asked)
        except AppointmentUnknown:
            return act, None
        there = (view.agenda, view.starts_at) == (start.agenda, start.starts)
        if there and view.state is not AppointmentState.CANCELLED:
            return act, view
        number += 1


def _from_hold(
    kept: str, whom: tuple[str, PatientForm | None], wanted: Resource, asked: Asked, base: str
) -> AppointmentView:
    """The hold's own booking has its id: the same request sent twice books once."""
    patient, newcomer = whom
    view = interface.hold(by=asked.access.by, client=asked.practice.client.id, hold=kept)
    if not view.held_for.startswith(f"{_system(asked)}:"):
        raise missing()
    proposal = Proposal(
        slots=tuple(keyed(letter, kept) for letter in "hi"),
        agendas=tuple(each for each in (view.agenda, view.also) if each),
        reason=view.reason,
        starts=view.starts_at,
        ends=view.ends_at,
        site=lambda: view.site,
    )
    meant.as_proposed(wanted, proposal, asked, base)
    return acts.book(
        key=f"{kept}-b",
        agenda=view.agenda,
        starts_at=view.starts_at,
        booking=Booking(patient=patient, door=Door.API, reason=view.reason, holder=view.held_for),
        hold=kept,
        newcomer=newcomer,
        by=asked.access.by,
        at=asked.at,
    )


def _for_whom(given: dict[str, list[Any]], wanted: Resource, asked: Asked, base: str) -> tuple[str, PatientForm | None]:
    """The id of a patient who is known, or what is said of one who is not."""
    named = [each.removeprefix(f"{base}/") for each in meant.actors(wanted)]
    patients = [each.partition("/")[2] for each in named if each.startswith("Patient/")]
    if "patient-resource" in given:
        said = incoming.resource(_single(given, "patient-resource"), "Patient", at="Patient")
        key = known.as_filed(said, asked)
        if set(patients) - {key}:
            raise meant.contradictory("Appointment.participant")
        return (key, None) if key else ("", incoming.newcomer(said))
    if len(patients) != 1:
        raise Failure(422, "required", "patient_missing", _("Say for whom it is booked."), at="patient-resource")
    return patients[0], None


def _who(whom: tuple[str, ...], asked: Asked) -> tuple[bool, tuple[date, date] | None]:
    """Whether he comes for the first time, and `Wish.born`. Raises Failure, PatientUnknown, PatientDeceased."""
    if len(whom) != 1:
        raise unfit("patient-reference")
    client = asked.practice.client.id
    view = callers.standing(house=asked.access.by.house, client=client, patient=whom[0])
    if view.is_deceased:
        raise PatientDeceased(view.id)
    return not view.known, view.born


def _first_visit(params: Params) -> bool:
    """Whether slots for somebody new are asked for. Raises Failure."""
    said = params.one("first-visit")
    if said not in {"", "true", "false"}:
        raise unfit("first-visit")
    return said == "true"


def _between(params: Params, asked: Asked) -> tuple[datetime, datetime]:
    texts = {name: params.one(name) for name in ("start", "end")}
    for name, text in texts.items():
        if not text:
            raise Failure(400, "required", "span_missing", _("Say from when until when."), at=name)
        if text[:1].isalpha():
            raise unfit(name)
    since = moments(texts["start"], zone=asked.zone, at="start")[1]
    low, high = moments(texts["end"], zone=asked.zone, at="end")[1:]
    before = low if "T" in texts["end"] else high
    if before <= since or (before - since).days > SPAN_DAYS:
        raise unfit("end")
    return since, before


def _reference(given: dict[str, list[Any]], base: str) -> str:
    value = _single(given, "appointment-reference")
    if not isinstance(value, str):
        raise incoming.unreadable("appointment-reference")
    return referred(value, "Appointment", base=base, at="appointment-reference")


def _single(given: dict[str, list[Any]], name: str) -> Any:
    found = given.get(name, [])
    if len(found) != 1:
        raise incoming.unreadable(name)
    return found[0]


def _system(asked: Asked) -> str:
    """The word under which a system holds slots."""
    return f"api:{asked.access.token}"
