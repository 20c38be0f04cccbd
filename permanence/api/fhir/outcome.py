# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every no of this door is an OperationOutcome: a code of FHIR, a code of ours, a sentence for whoever asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from permanence.agenda import refusals as agenda
from permanence.agenda.queries.slots import WishTooWide
from permanence.agenda.rules.why_not import WhyNot
from permanence.agenda.words import Names, public_sentence
from permanence.callers.acts import PatientMerged
from permanence.callers.queries import PatientUnknown
from permanence.clients.queries import ClientUnknown
from permanence.kernel.refusals import Refusal

CAUSES = "urn:permanence:why-not"
"""The system of our codes."""

type Resource = dict[str, Any]


class Failure(Exception):
    """A no with its status, the issue type of FHIR and our code. `at`: the element or parameter it is about."""

    def __init__(self, status: int, issue: str, code: str, text: str, *, at: str = "", retry_s: int = 0) -> None:
        super().__init__(text)
        self.status, self.issue, self.code, self.text, self.at, self.retry_s = status, issue, code, text, at, retry_s

    def resource(self) -> Resource:
        """The answer's body."""
        return outcome(issue(self.issue, self.code, self.text, at=self.at))


def issue(kind: str, code: str, text: str, *, at: str = "", severity: str = "error") -> Resource:
    """One issue."""
    details = {"coding": [{"system": CAUSES, "code": code}], "text": text}
    found = {"severity": severity, "code": kind, "details": details}
    return found | ({"expression": [at]} if at else {})


def outcome(*issues: Resource) -> Resource:
    """The resource."""
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def cause(why: WhyNot, *, zone: str, at: datetime, severity: str = "error") -> Resource:
    """A cause of the rules as an issue, in the words of the public: nothing about anybody else."""
    said = softened(why, zone=zone, at=at)
    return issue("business-rule", why.code if why.code in TOLD else "not_available", said, severity=severity)


def softened(why: WhyNot, *, zone: str, at: datetime) -> str:
    """A cause of the rules in the words of the public."""
    return public_sentence(why, names=Names(), zone=ZoneInfo(zone), at=at)


TOLD = frozenset(
    {
        "reason_unknown",
        "not_bookable",
        "age",
        "contra_indicated",
        "not_online_here",
        "past",
        "too_soon",
        "beyond_horizon",
        "closed",
        "walk_in",
        "not_released",
        "new_patients_not",
        "full",
        "max_per_day",
        "max_per_half_day",
        "max_new_per_day",
        "off_step",
    }
)
"""Codes that say nothing about anybody else; all others are `not_available`, as the sentence is."""


@dataclass(frozen=True, slots=True)
class _Said:
    status: int
    issue: str
    words: Callable[[], str]


def asked_first() -> str:
    """Why a visit before which something is asked is not booked here."""
    return _("Something is asked before this visit is booked: please call us to make this appointment.")


def _not_there() -> str:
    return _("There is no such thing here.")


_REFUSALS: dict[type[Refusal], _Said] = {
    agenda.AgendaUnknown: _Said(404, "not-found", _not_there),
    agenda.AppointmentUnknown: _Said(404, "not-found", _not_there),
    agenda.HoldUnknown: _Said(404, "not-found", _not_there),
    ClientUnknown: _Said(404, "not-found", _not_there),
    PatientUnknown: _Said(422, "not-found", lambda: _("This patient is not known here.")),
    PatientMerged: _Said(422, "not-found", lambda: _("This patient is not known here.")),
    agenda.PatientDeceased: _Said(
        422, "business-rule", lambda: _("Nothing can be booked for this patient: please call us.")
    ),
    agenda.HoldOver: _Said(409, "expired", lambda: _("The time for this slot is over: ask for it again.")),
    agenda.TooManyHolds: _Said(409, "too-costly", lambda: _("Too many slots are held at a time.")),
    agenda.NotNow: _Said(409, "conflict", lambda: _("This appointment can no longer be changed.")),
    agenda.ChangedMeanwhile: _Said(412, "conflict", lambda: _("It was changed meanwhile: read it again.")),
    agenda.NotByHimself: _Said(422, "business-rule", lambda: _("Please call us to make this appointment.")),
    agenda.QuestionsUnanswered: _Said(422, "business-rule", asked_first),
    agenda.AddressMissing: _Said(422, "business-rule", asked_first),
    agenda.ActKeyTaken: _Said(409, "duplicate", lambda: _("Another act came with this key before.")),
    agenda.ActKeyMalformed: _Said(400, "value", lambda: _("The key is 16 to 40 letters, digits, - or _.")),
    agenda.AgendaBusy: _Said(409, "lock-error", lambda: _("Others are writing: send the same again.")),
    agenda.SpanImpossible: _Said(422, "value", lambda: _("No agenda is kept for this moment.")),
    WishTooWide: _Said(400, "too-costly", lambda: _("This asks for too much at once: choose fewer days.")),
}
"""What becomes of the refusals of the rooms below; the slot's own have their causes."""


def refused(refusal: Refusal, *, zone: str, at: datetime) -> tuple[int, Resource]:
    """Status and body of a refusal of the rooms below; what is not listed is the form of what was sent (422)."""
    if isinstance(refusal, agenda.SlotRefused):
        taken = isinstance(refusal, agenda.SlotAlreadyTaken)
        first = [issue("conflict", "slot_already_taken", _("This time is not available"))] if taken else []
        causes = [] if taken else [cause(each, zone=zone, at=at) for each in refusal.causes]
        return (409 if taken else 422), outcome(*first, *causes)
    said = _REFUSALS.get(type(refusal))
    if said is None:
        return 422, outcome(issue("value", refusal.code, _("What was sent cannot be kept as it is.")))
    return said.status, outcome(issue(said.issue, refusal.code, said.words()))
