# SPDX-License-Identifier: AGPL-3.0-or-later
"""What this door does, once: the CapabilityStatement says it, and the views do nothing that does not stand here."""

from dataclasses import dataclass, replace

PAGE = (("_count", "number"), ("_offset", "number"))
"""How much, and from where: every search has them."""
SPAN_DAYS = 62
"""Days about whose slots is asked at a time."""
CELLS = 3_000
"""Agendas times reasons times days that one question about slots may ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What an operation is given. `search`: how a text is read; `targets`: what a reference may lead to."""

    name: str
    type: str
    documentation: str
    min: int = 0
    max: str = "1"
    search: str = ""
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation: `id` of its OperationDefinition, the `code` behind the dollar, what it is given.

    `base`: the operation whose profile it is; `resource`: the type it belongs to, "" for the whole door.
    """

    id: str
    code: str
    name: str
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    affects_state: bool = True
    base: str = ""
    comment: str = ""
    resource: str = "Appointment"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(each.name for each in self.parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type of resource: its search parameters (name, type), whether it is updated, its operations.

    `documentation`: what a system has to know of it besides.
    """

    search: tuple[tuple[str, str], ...]
    update: bool = False
    operations: tuple[Operation, ...] = ()
    documentation: str = ""

    @property
    def names(self) -> frozenset[str]:
        """The parameters a search may have."""
        return frozenset(name for name, _type in (*self.search, *PAGE))


_ASKED_FIRST = (
    "Reasons with questions that may forbid the visit, and visits at the patient's home, are neither proposed nor held "
    "nor booked here: a person asks first. They are refused as questions_unanswered or address_missing"
)
_MOVED = (
    "It is moved to its new start, into the agenda it is in; to another practitioner's, who has one; into the one of "
    "the free Slot that it names, which goes together with start and participants. Where several agendas fit and no "
    "Slot is named it is refused as agenda_unclear, what does not go together as contradictory"
)
_IHE = "https://profiles.ihe.net/ITI/Scheduling/OperationDefinition/appointment-"
_R4 = "http://hl7.org/fhir/StructureDefinition/"
_PROPOSAL = Parameter(
    name="appointment-reference",
    type="Reference",
    min=1,
    targets=(f"{_R4}Appointment",),
    documentation="What $find proposed, by its id here",
)
FIND = Operation(
    id="appointment-find",
    code="find",
    name="FindAppointments",
    title="Find what can be booked",
    description="The visits that can be booked between two moments, the earliest first, page by page; total is how "
    "many there are. Where there is none, an OperationOutcome says why not",
    affects_state=False,
    base=f"{_IHE}find",
    comment="Of the parameters of IHE those that stand here; another one is refused (400, parameter_unknown), never "
    "passed over. first-visit is this server's own; _count and _offset are those of its searches, and the links of the "
    "Bundle lead through the pages, of an answer to POST too. What is said several times means either; the order is "
    "that of time, not of preference. Instead of a reference its identifier of this server does, in a body",
    parameters=(
        Parameter(
            name="start", type="dateTime", min=1, documentation="The day or the moment from which on; no day before it"
        ),
        Parameter(
            name="end",
            type="dateTime",
            min=1,
            documentation=f"The last day, or the moment: {SPAN_DAYS} days later at most",
        ),
        Parameter(
            name="visit-type",
            type="string",
            max="*",
            search="token",
            documentation="The id of a HealthcareService, alone or with the system urn:permanence:visit-reason",
        ),
        Parameter(
            name="practitioner",
            type="Reference",
            max="*",
            targets=(f"{_R4}Practitioner", f"{_R4}PractitionerRole"),
            documentation="With whom",
        ),
        Parameter(
            name="location-reference",
            type="Reference",
            max="*",
            targets=(f"{_R4}Location",),
            documentation="At which site",
        ),
        Parameter(
            name="patient-reference",
            type="Reference",
            targets=(f"{_R4}Patient",),
            documentation="For whom: his age counts, and whether he comes for the first time. One patient, no group",
        ),
        Parameter(
            name="first-visit",
            type="boolean",
            documentation="True: for who comes for the first time. Where patient-reference is given, that counts",
        ),
        Parameter(name="_count", type="integer", documentation="So many of them: 50 if it is not said, 200 at most"),
        Parameter(name="_offset", type="integer", documentation="After so many of them"),
    ),
)
HOLD = Operation(
    id="appointment-hold",
    code="hold",
    name="HoldAppointment",
    title="Hold what was proposed",
    description="Keeps a proposal for two minutes for the system that asks",
    base=f"{_IHE}hold",
    parameters=(_PROPOSAL,),
)
BOOK = Operation(
    id="appointment-book",
    code="book",
    name="BookAppointment",
    title="Book what was proposed or held; move or cancel what was booked",
    description="Books a proposal or a hold for a patient who is known or is added; with an Appointment that was "
    "booked moves or cancels it",
    base=f"{_IHE}book",
    comment="Either appointment-reference or appointment-resource. Of the parameters of IHE those that stand here; "
    "another one is refused (400, parameter_unknown), never passed over. A refusal is an OperationOutcome with its "
    "status",
    parameters=(
        replace(_PROPOSAL, min=0, documentation="What $find proposed, or $hold holds, by its id here"),
        Parameter(
            name="appointment-resource",
            type="Appointment",
            documentation="The same as a resource (proposed, pending), all that it says as it was proposed; or what "
            "was booked, with another start, other practitioner, other free slot, or cancelled; with meta.versionId "
            "only if it is still that version",
        ),
        Parameter(
            name="patient-resource",
            type="Patient",
            documentation="For whom: with the id of a Patient here, or somebody new, whose identity is provisional",
        ),
    ),
)
EXPORT_DAYS = 366
"""Days of appointments that are taken out at a time."""
EXPORT = Operation(
    id="export-practice",
    code="export-practice",
    name="ExportPractice",
    title="Export of a practice",
    description="One Bundle (collection): practitioners, roles, sites, visit reasons, agendas, the appointments and "
    "taken slots of a time, and every patient. It is noted in the trail of the house",
    resource="",
    parameters=(
        Parameter(
            name="start",
            type="dateTime",
            min=1,
            documentation="The first day of what is taken out, or the moment from which on",
        ),
        Parameter(
            name="end",
            type="dateTime",
            min=1,
            documentation=f"The last day, or the moment: {EXPORT_DAYS} days later at most",
        ),
    ),
)
OPERATIONS = {each.id: each for each in (FIND, HOLD, BOOK, EXPORT)}
"""Each by the id of its definition."""

KINDS: dict[str, Kind] = {
    "Appointment": Kind(
        search=(
            ("_id", "token"),
            ("date", "date"),
            ("patient", "reference"),
            ("practitioner", "reference"),
            ("status", "token"),
        ),
        update=True,
        operations=(FIND, HOLD, BOOK),
        documentation=f"{_ASKED_FIRST}. {_MOVED}",
    ),
    "HealthcareService": Kind(search=(("_id", "token"), ("active", "token"), ("name", "string"))),
    "Location": Kind(search=(("_id", "token"), ("name", "string"))),
    "Patient": Kind(
        search=(
            ("_id", "token"),
            ("birthdate", "date"),
            ("family", "string"),
            ("given", "string"),
            ("name", "string"),
            ("phone", "token"),
        ),
        documentation="birthdate is a day, or the year or month it lies in, and no prefix but eq: the whole register "
        "is not listed. A search says at least one of _id, birthdate, family, name and phone",
    ),
    "Practitioner": Kind(search=(("_id", "token"), ("active", "token"), ("name", "string"))),
    "PractitionerRole": Kind(search=(("_id", "token"), ("active", "token"), ("practitioner", "reference"))),
    "Schedule": Kind(search=(("_id", "token"), ("active", "token"), ("actor", "reference"))),
    "Slot": Kind(
        search=(("schedule", "reference"), ("service-type", "token"), ("start", "date"), ("status", "token")),
        documentation="A search says start, and with it both bounds: a day (2026-11-30), or ge or gt and lt or le, "
        f"{SPAN_DAYS} days apart at most; with less it is refused (400, span_missing). Agendas times visit reasons "
        f"times days are {CELLS} at most where free ones are asked for (400, too_wide): schedule and service-type "
        "make them fewer",
    ),
}
"""Type -> what can be done with it. All of them are read by id too."""
