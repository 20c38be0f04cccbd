# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of the house as resources of FHIR R4. What a resource needs stands in it and nothing else: no notes, no health
data but the reason of the visit, no number of who called.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from permanence.agenda.queries.views import AgendaView, AppointmentView, BlockView, HoldView
from permanence.agenda.rules.kinds import VisitReason
from permanence.agenda.rules.states import AppointmentState, CancelCause
from permanence.agenda.rules.wishes import Slot
from permanence.api.fhir.ids import Start, keyed
from permanence.api.fhir.places import place_of
from permanence.callers.queries import PatientView
from permanence.clients.directory_queries import Held
from permanence.clients.queries import ClientView, RecipientView
from permanence.clients.rules import RecipientKind
from permanence.reception.table import SiteEntry

type Resource = dict[str, Any]

REASONS = "urn:permanence:visit-reason"
"""The system of the codes of visit reasons; the code is the id of the HealthcareService."""
IDENTIFIED = ("Practitioner", "PractitionerRole", "Location", "Patient")
"""Types that others may name by an identifier."""
CANCELLED_BY = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
STATUS = {
    AppointmentState.BOOKED: "booked",
    AppointmentState.CONFIRMED: "booked",
    AppointmentState.ARRIVED: "arrived",
    AppointmentState.DONE: "fulfilled",
    AppointmentState.NO_SHOW: "noshow",
    AppointmentState.CANCELLED: "cancelled",
}
_CAUSES = {CancelCause.PATIENT: "pat", CancelCause.DOCTOR: "prov", CancelCause.ABSENCE: "prov"}
_GENDERS = {"f": "female", "m": "male", "i": "other"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """The client with what its resources name: recipients, reasons (retired ones too), sites, agendas, by id."""

    client: ClientView
    recipients: dict[str, RecipientView]
    reasons: dict[str, VisitReason]
    offered: frozenset[str]
    sites: dict[str, Held[SiteEntry]]
    agendas: dict[str, AgendaView]


def versioned(resource: Resource, *, revision: int = 0) -> Resource:
    """The resource with its version: what it says, hashed, so that it is another one whenever anything changed.

    `revision`: how often what has one was changed: what was moved away and back is not what it was.
    """
    told = orjson.dumps([revision, resource], option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(told).hexdigest()[:16]
    return {**resource, "meta": {"versionId": digest}}


def etag(resource: Resource) -> str:
    """The version as a header has it."""
    return f'W/"{resource["meta"]["versionId"]}"'


def instant(at: datetime) -> str:
    """A moment, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reference(kind: str, key: str, display: str = "") -> Resource:
    """A reference to another resource here."""
    return {"reference": f"{kind}/{key}"} | ({"display": display} if display else {})


def identifier_system(kind: str) -> str:
    """The system of the identifiers of a type: the value is the id it has here."""
    return f"urn:permanence:{kind.lower()}"


def _identified(kind: str, key: str) -> Resource:
    """Type and id of a resource, and the identifier by which others may name it."""
    named = {"system": identifier_system(kind), "value": key}
    return {"resourceType": kind, "id": key, "identifier": [named]}


def practitioner(row: RecipientView) -> Resource:
    """Somebody who receives patients."""
    return versioned(_identified("Practitioner", row.id) | {"active": row.active, "name": [{"text": row.name}]})


def practitioner_role(row: RecipientView, practice: Practice) -> Resource:
    """Who he is at this practice; a practice or a desk that has an agenda is a role without a person."""
    found = _identified("PractitionerRole", row.id) | {"active": row.active}
    if row.kind == RecipientKind.PRACTITIONER:
        found["practitioner"] = reference("Practitioner", row.id, row.name)
    else:
        found["code"] = [{"text": row.name}]
    found["organization"] = {"display": practice.client.name}
    return versioned(
        found
        | _some("location", [reference("Location", key, each.entry.name) for key, each in practice.sites.items()])
        | _some(
            "healthcareService",
            [reference("HealthcareService", key) for key in practice.reasons if key in practice.offered],
        )
    )


def location(row: Held[SiteEntry], practice: Practice) -> Resource:
    """A site."""
    found = _identified("Location", row.id) | {"status": "active", "mode": "instance"}
    found |= {"name": row.entry.name, "managingOrganization": {"display": practice.client.name}}
    return versioned(found | ({"address": {"text": row.entry.address}} if row.entry.address else {}))


def healthcare_service(row: VisitReason, practice: Practice) -> Resource:
    """A reason for which patients come."""
    sites = [reference("Location", each) for each in row.sites if each in practice.sites]
    return versioned(
        {
            "resourceType": "HealthcareService",
            "id": row.id,
            "active": row.id in practice.offered,
            "providedBy": {"display": practice.client.name},
            "type": [service_type(row)],
            "name": row.name,
            "appointmentRequired": True,
        }
        | _some("location", sites)
    )


def service_type(row: VisitReason) -> Resource:
    """A reason as a code."""
    return {"coding": [{"system": REASONS, "code": row.id, "display": row.name}], "text": row.name}


def schedule(row: AgendaView, practice: Practice) -> Resource:
    """An agenda."""
    actor = actor_of(row.recipient, practice)
    offered = [service_type(each) for key, each in practice.reasons.items() if key in practice.offered]
    return versioned(
        {"resourceType": "Schedule", "id": row.id, "active": row.active}
        | _some("serviceType", offered)
        | {"actor": [actor], "comment": row.name}
    )


def actor_of(recipient: str, practice: Practice) -> Resource:
    """Who receives: the practitioner, or the role of a practice."""
    row = practice.recipients[recipient]
    return reference("Practitioner" if row.kind == RecipientKind.PRACTITIONER else "PractitionerRole", row.id, row.name)


def slot_free(slot: Slot, practice: Practice, *, is_new: bool = False) -> Resource:
    """A moment that can be booked for a reason."""
    start = Start(slot.agenda, slot.reason, slot.starts, is_new)
    service = [service_type(practice.reasons[slot.reason])]
    return _slot(start.id("f"), slot.agenda, "free", (slot.starts, slot.ends), service)


def slot_gone(start: Start, ends: datetime, practice: Practice, *, why: str) -> Resource:
    """The same moment, which cannot be booked (any more); `why`: the main cause, in the words of the public."""
    service = [service_type(practice.reasons[start.reason])]
    return _slot(start.id("f"), start.agenda, "busy-unavailable", (start.starts, ends), service, comment=why)


def slot_busy(row: AppointmentView | HoldView | BlockView) -> Resource:
    """Time that is taken; not for whom, nor for what."""
    if isinstance(row, AppointmentView):
        return _slot(keyed("a", row.appointment), row.agenda, "busy", (row.starts_at, row.ends_at))
    if isinstance(row, HoldView):
        return _slot(keyed("h", row.hold), row.agenda, "busy-tentative", (row.starts_at, row.ends_at))
    return _slot(keyed("b", row.block), row.agenda, "busy-unavailable", (row.starts_at, row.ends_at))


def slot_beside(row: AppointmentView | HoldView) -> Resource:
    """The time that a combined visit takes of its other agenda."""
    if isinstance(row, AppointmentView):
        return _slot(keyed("c", row.appointment), row.also, "busy", (row.starts_at, row.ends_at))
    return _slot(keyed("i", row.hold), row.also, "busy-tentative", (row.starts_at, row.ends_at))


def _slot(
    key: str,
    agenda: str,
    status: str,
    span: tuple[datetime, datetime],
    service: Iterable[Resource] = (),
    *,
    comment: str = "",
) -> Resource:
    return versioned(
        {"resourceType": "Slot", "id": key}
        | _some("serviceType", list(service))
        | {
            "schedule": reference("Schedule", agenda),
            "status": status,
            "start": instant(span[0]),
            "end": instant(span[1]),
        }
        | ({"comment": comment} if comment else {})
    )


def appointment(row: AppointmentView, practice: Practice, *, home: str = "") -> Resource:
    """What was booked. `home`: where a visit at home is, for who is told."""
    status = STATUS[row.state]
    contained, places = place_of(row.way, row.site, practice.sites, link=row.video_link, home=home)
    found: Resource = {"resourceType": "Appointment", "id": keyed("a", row.appointment), "status": status}
    if row.state is AppointmentState.CANCELLED:
        code = _CAUSES.get(CancelCause(row.cancel_cause), "other")
        found["cancelationReason"] = {"coding": [{"system": CANCELLED_BY, "code": code}]}
        contained = places = []
    else:
        found["slot"] = [reference("Slot", keyed("a", row.appointment))]
    reason = practice.reasons.get(row.reason)
    answer = "declined" if status == "cancelled" else "accepted"
    actors = [actor_of(each, practice) for each in (row.recipient, row.also_recipient) if each]
    return versioned(
        found
        | _some("contained", contained)
        | _some("serviceType", [] if reason is None else [service_type(reason)])
        | {
            "start": instant(row.starts_at),
            "end": instant(row.ends_at),
            "created": instant(row.booked_at),
            "participant": [
                {"actor": reference("Patient", row.patient), "required": "required", "status": answer},
                *({"actor": each, "required": "required", "status": "accepted"} for each in (*actors, *places)),
            ],
        },
        revision=row.revision,
    )


def appointment_held(row: HoldView, practice: Practice) -> Resource:
    """What is kept for two minutes, as IHE has it."""
    span = {"start": instant(row.starts_at), "end": instant(row.ends_at)}
    key = keyed("h", row.hold)
    body = {"id": key, "status": "pending", **span, "slot": [reference("Slot", key)]}
    return _unbooked(body, (row.agenda, row.also), row.reason, row.site, practice)


def appointment_proposed(slot: Slot, practice: Practice, *, is_new: bool = False) -> Resource:
    """What could be booked, as IHE has it."""
    start = Start(slot.agenda, slot.reason, slot.starts, is_new)
    span = {"start": instant(slot.starts), "end": instant(slot.ends)}
    free = reference("Slot", start.id("f"))
    body = {"id": start.id("p"), "status": "proposed", **span, "slot": [free]}
    agendas = slot.agenda, "" if slot.also is None else slot.also.agenda
    return _unbooked(body, agendas, slot.reason, slot.site, practice)


def _unbooked(body: Resource, agendas: Iterable[str], reason: str, site: str, practice: Practice) -> Resource:
    contained, places = place_of(practice.reasons[reason].way, site, practice.sites)
    actors = [actor_of(practice.agendas[each].recipient, practice) for each in agendas if each]
    return versioned(
        {
            "resourceType": "Appointment",
            **body,
            "serviceType": [service_type(practice.reasons[reason])],
            "participant": [
                {"actor": each, "required": "required", "status": "needs-action"} for each in (*actors, *places)
            ],
        }
        | _some("contained", contained)
    )


def patient(row: PatientView) -> Resource:
    """A person known to the practice: who he is and how he is reached."""
    names = []
    for use, family in (("official", row.birth_name), ("usual", row.used_name)):
        if family:
            names.append({"use": use, "family": family} | _some("given", row.first_name.split()))
    telecom = [{"system": "phone", "value": each} for each in row.numbers]
    telecom += [{"system": "email", "value": row.mail}] if row.mail else []
    found = _identified("Patient", row.id) | {"active": not row.merged_into}
    found |= _some("name", names) | _some("telecom", telecom)
    found |= {"gender": _GENDERS[row.sex]} if row.sex else {}
    found |= {"birthDate": row.birth_date} if row.birth_date else {}
    if row.merged_into:
        found["link"] = [{"other": reference("Patient", row.merged_into), "type": "replaced-by"}]
    return versioned(found)


def _some(name: str, values: list[Any]) -> Resource:
    return {name: values} if values else {}
