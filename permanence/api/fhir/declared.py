# SPDX-License-Identifier: AGPL-3.0-or-later
"""What this door does, once: the CapabilityStatement says it, and the views do nothing that does not stand here."""

from dataclasses import dataclass

PAGE = (("_count", "number"), ("_offset", "number"))
"""How much, and from where: every search has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type of resource: its search parameters (name, type), whether it is updated, its operations (name, URL).

    `documentation`: what a system has to know of it besides.
    """

    search: tuple[tuple[str, str], ...]
    update: bool = False
    operations: tuple[tuple[str, str], ...] = ()
    documentation: str = ""

    @property
    def names(self) -> frozenset[str]:
        """The parameters a search may have."""
        return frozenset(name for name, _type in (*self.search, *PAGE))


_ASKED_FIRST = (
    "Reasons with questions that may forbid the visit, and visits at the patient's home, are neither proposed nor held "
    "nor booked here: a person asks first. They are refused as questions_unanswered or address_missing"
)
_IHE = "https://profiles.ihe.net/ITI/Scheduling/OperationDefinition/appointment-"

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
        operations=(("find", f"{_IHE}find"), ("hold", f"{_IHE}hold"), ("book", f"{_IHE}book")),
        documentation=_ASKED_FIRST,
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
        )
    ),
    "Practitioner": Kind(search=(("_id", "token"), ("active", "token"), ("name", "string"))),
    "PractitionerRole": Kind(search=(("_id", "token"), ("active", "token"), ("practitioner", "reference"))),
    "Schedule": Kind(search=(("_id", "token"), ("active", "token"), ("actor", "reference"))),
    "Slot": Kind(search=(("schedule", "reference"), ("service-type", "token"), ("start", "date"), ("status", "token"))),
}
"""Type -> what can be done with it. All of them are read by id too."""

FIND = (
    "start",
    "end",
    "visit-type",
    "practitioner",
    "location-reference",
    "patient-reference",
    "first-visit",
    "_count",
)
HOLD = ("appointment-reference",)
BOOK = ("appointment-reference", "appointment-resource", "patient-resource")
"""The parameters of the operations."""
EXPORT_NAME = "export-practice"
EXPORT = ("start", "end")
"""The operation of the whole door, and its parameters."""
EXPORT_DAYS = 366
"""Days of appointments that are taken out at a time."""
