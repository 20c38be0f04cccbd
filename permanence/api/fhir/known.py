# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Patient that comes in with an id: what it says has to fit his file, for another system has ids of its own."""

from itertools import permutations

from django.utils.translation import gettext as _

from permanence.api.fhir import incoming
from permanence.api.fhir.outcome import Failure, Resource
from permanence.api.fhir.resources import identifier_system
from permanence.api.fhir.searches import Asked
from permanence.callers import queries as callers
from permanence.callers.queries import PatientView
from permanence.callers.rules.birth import BirthDate
from permanence.callers.rules.letters import fold, joined, split

KNOWN = incoming.PATIENT | {"identifier", "link"}
"""Elements of a Patient as it is read here."""
AT = "patient-resource"


def as_filed(said: Resource, asked: Asked) -> str:
    """The id of the patient, "" where none is said. His file, or the file of whoever stands for him, has to have the
    name and the birth date that are said; how he is reached is not compared. Raises Failure, PatientUnknown.
    """
    key = incoming.text(said, "id", at="Patient")
    if not key:
        return ""
    incoming.only(said, KNOWN, at="Patient")
    names, birth = incoming.every(said, "name", at="Patient"), incoming.text(said, "birthDate", at="Patient")
    for each in incoming.every(said, "identifier", at="Patient"):
        if (each.get("system"), each.get("value")) != (identifier_system("Patient"), key):
            raise _another()
    if not names and not birth:
        return key
    of = {"house": asked.access.by.house, "client": asked.practice.client.id}
    files = (callers.patient(patient=key, **of), callers.standing(patient=key, **of))
    if not any(_is_named(names, file) and _is_born(birth, file) for file in files):
        raise _another()
    return key


def _is_named(names: list[Resource], file: PatientView) -> bool:
    """Whether one of the names is in the file: another one may be what he is called elsewhere."""
    return not names or any(_is_called(each, file) for each in names)


def _is_called(name: Resource, file: PatientView) -> bool:
    families = {joined(each) for each in (file.birth_name, file.used_name) if each}
    given = name.get("given", [])
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise incoming.unreadable("Patient.name.given")
    family, whole = (incoming.text(name, each, at="Patient.name") for each in ("family", "text"))
    if not family and not given:
        return joined(whole) in {
            "".join(each) for one in families for each in permutations((one, joined(file.first_name)))
        }
    return (not family or joined(family) in families) and _is_first(" ".join(given), file.first_name)


def _is_first(said: str, kept: str) -> bool:
    """Whether these are first names of one person: one may say more of them than the other."""
    return all(
        one == two for one, two in zip(*([fold(each) for each in split(names)] for names in (said, kept)), strict=False)
    )


def _is_born(said: str, file: PatientView) -> bool:
    if not said or file.birth is None:
        return True
    try:
        return BirthDate.from_iso(said).agrees_with(file.birth)
    except (ValueError, TypeError) as error:
        raise incoming.unreadable("Patient.birthDate") from error


def _another() -> Failure:
    words = _("The patient of this id has another name or birth date here: leave out the id of another system.")
    return Failure(422, "invariant", "contradictory", words, at=AT)
