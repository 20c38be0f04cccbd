# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an Appointment that comes in means: which agenda, when. What it says has to go together, or it is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from permanence.agenda.queries.views import AppointmentView
from permanence.api.fhir import incoming
from permanence.api.fhir.ids import keyed, start_of
from permanence.api.fhir.outcome import Failure, Resource
from permanence.api.fhir.params import moment
from permanence.api.fhir.places import place_of
from permanence.api.fhir.resources import service_type
from permanence.api.fhir.searches import Asked, missing

PEOPLE = frozenset({"Practitioner", "PractitionerRole"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What was proposed or is held. `slots`: ids of its own; `agendas`: one, or the two of a combined visit.

    `site` as of a slot, asked for only where a place is named; None where nothing is free: what books says why.
    """

    slots: tuple[str, ...]
    agendas: tuple[str, ...]
    reason: str
    starts: datetime
    ends: datetime
    site: Callable[[], str | None]


def actors(wanted: Resource) -> list[str]:
    """Who and what takes part, as references. Raises Failure."""
    parts = incoming.every(wanted, "participant", at="Appointment")
    named = [incoming.part(each, "actor", at="Appointment.participant") for each in parts]
    return [incoming.referred(each, at="Appointment.participant.actor") for each in named]


def moved(wanted: Resource, now: AppointmentView, there: Resource, asked: Asked, base: str) -> tuple[str, datetime]:
    """Agenda and start to which it goes; everything else must be as it was. Raises Failure.

    The agenda is that of the free slot it names, else the one it is in, else the only one of whom it names anew.
    """
    if wanted.get("status") != "booked":
        raise incoming.unreadable("Appointment.status")
    starts = moment(incoming.text(wanted, "start", at="Appointment"), at="Appointment.start")
    length = now.ends_at - now.starts_at
    if "end" in wanted and moment(incoming.text(wanted, "end", at="Appointment"), at="end") != starts + length:
        raise incoming.unreadable("Appointment.end")
    for name in ("serviceType", "created", "contained"):
        if name in wanted and wanted[name] != there.get(name):
            raise incoming.unreadable(f"Appointment.{name}")
    for reference in actors(wanted):
        kind, _slash, key = reference.removeprefix(f"{base}/").rpartition("/")
        if (kind == "Patient" and key != now.patient) or (kind == "Location" and f"{kind}/{key}" not in actors(there)):
            raise incoming.unreadable("Appointment.participant")
    named = _people(wanted, base)
    anew = named - {now.recipient, now.also_recipient}
    own = {keyed(letter, now.appointment) for letter in "ac"}
    slots = _slots(wanted, base) - own
    if slots:
        agenda = _of_slot(slots, (now.reason, starts), asked, named=named, anew=anew)
        return agenda, starts
    return (_of_people(anew, asked) if anew else now.agenda), starts


def as_proposed(wanted: Resource, proposal: Proposal, asked: Asked, base: str) -> None:
    """Raises Failure for another slot, time, place or practitioner than was proposed: it would not be kept."""
    starts, ends = (
        moment(incoming.text(wanted, name, at="Appointment"), at=f"Appointment.{name}") if name in wanted else None
        for name in ("start", "end")
    )
    if starts not in {None, proposal.starts} or ends not in {None, proposal.ends}:
        raise contradictory("Appointment.start" if starts not in {None, proposal.starts} else "Appointment.end")
    if not _slots(wanted, base) <= set(proposal.slots):
        raise contradictory("Appointment.slot")
    practice = asked.practice
    if not _people(wanted, base) <= {practice.agendas[each].recipient for each in proposal.agendas}:
        raise contradictory("Appointment.participant")
    known = practice.reasons[proposal.reason]
    if "serviceType" in wanted and wanted["serviceType"] != [service_type(known)]:
        raise contradictory("Appointment.serviceType")
    if "contained" in wanted and wanted["contained"] != place_of(known.way, "", {})[0]:
        raise incoming.unreadable("Appointment.contained")
    named = [each.removeprefix(f"{base}/") for each in actors(wanted)]
    places = {each for each in named if each.startswith("#") or "/Location/" in f"/{each}"}
    there = proposal.site() if places else None
    if there is None:
        return
    if not places <= {each["reference"] for each in place_of(known.way, there, practice.sites)[1]}:
        raise incoming.unreadable("Appointment.participant")


def _of_slot(slots: set[str], visit: tuple[str, datetime], asked: Asked, *, named: set[str], anew: set[str]) -> str:
    """The agenda of the free slot that is named. `visit`: reason and start; `named`: practitioners, `anew`: those of
    them who were none before. Raises Failure.
    """
    start = start_of(next(iter(slots))) if len(slots) == 1 else None
    if start is None or not all(each.startswith("f.") for each in slots):
        words = _("It is moved to one free slot: name that, or none.")
        raise Failure(422, "business-rule", "slot_not_free", words, at="Appointment.slot")
    agenda = asked.practice.agendas.get(start.agenda)
    if agenda is None or not agenda.active:
        raise missing()
    if (start.reason, start.starts) != visit or anew - {agenda.recipient} or (named and agenda.recipient not in named):
        raise contradictory("Appointment.slot")
    return start.agenda


def _of_people(anew: set[str], asked: Asked) -> str:
    """The only agenda of whom is named anew. Raises Failure."""
    agendas = [each for each in asked.practice.agendas.values() if each.recipient in anew and each.active]
    if anew - {each.recipient for each in agendas}:
        raise missing()
    if len(agendas) > 1:
        words = _("Several agendas fit: say which one by a free slot of it.")
        raise Failure(422, "multiple-matches", "agenda_unclear", words, at="Appointment.slot")
    return agendas[0].id


def _slots(wanted: Resource, base: str) -> set[str]:
    """Ids of the slots it names. Raises Failure."""
    found = set()
    for each in incoming.every(wanted, "slot", at="Appointment"):
        reference = incoming.referred(each, at="Appointment.slot").removeprefix(f"{base}/")
        kind, _slash, key = reference.partition("/")
        if kind != "Slot" or not key:
            raise incoming.unreadable("Appointment.slot")
        found.add(key)
    return found


def _people(wanted: Resource, base: str) -> set[str]:
    """Ids of the practitioners it names. Raises Failure, also for one of another server."""
    found = set()
    for each in actors(wanted):
        server, _slash, kind = each.removeprefix(f"{base}/").rpartition("/")[0].rpartition("/")
        if kind in PEOPLE and server:
            raise incoming.unreadable("Appointment.participant")
        if kind in PEOPLE:
            found.add(each.rpartition("/")[2])
    return found


def contradictory(at: str) -> Failure:
    """What a resource says at `at` does not go together with the rest of the request: 422."""
    words = _("Slot, time and participants do not go together: name those of one free slot.")
    return Failure(422, "invariant", "contradictory", words, at=at)
