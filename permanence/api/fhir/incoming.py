# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies that come in: small, JSON, of the type that is expected, with no element that would be passed over."""

from collections.abc import Iterable
from typing import Any

import orjson
from django.http import HttpRequest
from django.utils.translation import gettext as _

from permanence.api.fhir.ids import is_row
from permanence.api.fhir.outcome import Failure, Resource
from permanence.api.fhir.params import VALUE_LIMIT
from permanence.api.fhir.resources import IDENTIFIED, identifier_system
from permanence.callers.rules.form import PatientForm

LARGEST = 64 * 1024
"""Bytes of a body."""
MEDIA = frozenset({"application/fhir+json", "application/json"})
APPOINTMENT = frozenset(
    {
        "resourceType",
        "id",
        "meta",
        "contained",
        "status",
        "cancelationReason",
        "serviceType",
        "slot",
        "start",
        "end",
        "created",
        "participant",
    }
)
"""Elements of an appointment that this door gives and takes."""
PATIENT = frozenset({"resourceType", "id", "meta", "active", "name", "telecom", "gender", "birthDate"})
_VALUES = (
    "valueReference",
    "valueString",
    "valueUri",
    "valueCode",
    "valueDate",
    "valueDateTime",
    "valueInstant",
    "valueInteger",
    "valueBoolean",
)
_GENDERS = {"female": "f", "male": "m", "other": "i", "unknown": "", "": ""}


def body_of(request: HttpRequest, kind: str) -> Resource:
    """The resource in the body. Raises Failure: 413, 415, 400 for no JSON, 422 for a resource of another type."""
    if request.content_type not in MEDIA:
        raise Failure(415, "not-supported", "format_unknown", _("This is told in JSON alone."))
    length = request.META.get("CONTENT_LENGTH") or "0"
    data = b"" if not length.isdecimal() or int(length) > LARGEST else request.read(LARGEST + 1)
    if (length.isdecimal() and int(length) > LARGEST) or len(data) > LARGEST:
        raise Failure(413, "too-long", "too_large", _("This is too large."))
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Failure(400, "structure", "no_json", _("This is no JSON.")) from error
    return resource(found, kind, at=kind)


def resource(found: Any, kind: str, *, at: str) -> Resource:
    """A resource of that type. Raises Failure."""
    if not isinstance(found, dict) or found.get("resourceType") != kind:
        raise unreadable(at)
    return found


def parameters(body: Resource, *, known: Iterable[str]) -> dict[str, list[Any]]:
    """Values and resources by the name of the parameter; references as text. Raises Failure."""
    found: dict[str, list[Any]] = {}
    entries = body.get("parameter", [])
    if not isinstance(entries, list) or set(body) - {"resourceType", "id", "meta", "parameter"}:
        raise unreadable("Parameters")
    for each in entries:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str) or len(each) != 2:
            raise unreadable("Parameters.parameter")
        if name not in known:
            shown = "".join(letter for letter in name[:40] if letter.isprintable())
            raise Failure(400, "not-supported", "parameter_unknown", _("This parameter is not known here."), at=shown)
        value = next(iter(value for key, value in each.items() if key != "name"))
        if "resource" not in each:
            value = _text(each)
        found.setdefault(name, []).append(value)
    return found


def _text(entry: Resource) -> str:
    key = next((each for each in _VALUES if each in entry), "")
    value = entry.get(key)
    if key == "valueReference":
        value = referred(value, at="Parameters.parameter") if isinstance(value, dict) else None
    if key == "valueBoolean" and isinstance(value, bool):
        value = str(value).lower()
    if key == "valueInteger" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= VALUE_LIMIT or not value.isprintable():
        raise unreadable("Parameters.parameter")
    return value


def text(found: Resource, name: str, *, at: str) -> str:
    """A text of a resource, "" where it is not said. Raises Failure."""
    value = found.get(name, "")
    if not isinstance(value, str) or len(value) > VALUE_LIMIT or not value.isprintable():
        raise unreadable(f"{at}.{name}")
    return value


def referred(found: Resource, *, at: str) -> str:
    """A reference as text, "" where it is not said; an identifier of ours does instead. Raises Failure."""
    if "reference" in found or "identifier" not in found:
        return text(found, "reference", at=at)
    identifier = found["identifier"]
    said = [identifier.get(each) for each in ("system", "value")] if isinstance(identifier, dict) else []
    kind = next((each for each in IDENTIFIED if said[:1] == [identifier_system(each)]), "")
    if not kind or not isinstance(said[1], str) or not is_row(said[1]):
        words = _("This identifier is not known here: give the reference of a resource of this server.")
        raise Failure(422, "not-found", "identifier_unknown", words, at=at)
    return f"{kind}/{said[1]}"


def every(found: Resource, name: str, *, at: str) -> list[Resource]:
    """The parts of a resource of that name. Raises Failure."""
    value = found.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise unreadable(f"{at}.{name}")
    return value


def part(found: Resource, name: str, *, at: str) -> Resource:
    """One part, {} where it is not said. Raises Failure."""
    value = found.get(name, {})
    if not isinstance(value, dict):
        raise unreadable(f"{at}.{name}")
    return value


def only(found: Resource, elements: frozenset[str], *, at: str) -> None:
    """Raises Failure for an element that would not be kept."""
    for each in found:
        if each not in elements:
            shown = "".join(letter for letter in each[:40] if letter.isprintable())
            raise Failure(
                422, "not-supported", "element_unknown", _("This element is not kept here."), at=f"{at}.{shown}"
            )


def newcomer(found: Resource) -> PatientForm:
    """What a Patient says of somebody who is not known yet: name, birth date, how he is reached. Raises Failure."""
    only(found, PATIENT, at="Patient")
    names = every(found, "name", at="Patient")
    named = {text(each, "use", at="Patient.name") or "official": each for each in reversed(names)}
    official = named.get("official") or (names[0] if names else {})
    given = official.get("given", [])
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise unreadable("Patient.name.given")
    reached: dict[str, list[str]] = {"phone": [], "email": []}
    for each in every(found, "telecom", at="Patient"):
        system = text(each, "system", at="Patient.telecom")
        if system not in reached:
            raise unreadable("Patient.telecom.system")
        reached[system].append(text(each, "value", at="Patient.telecom"))
    gender = text(found, "gender", at="Patient")
    if gender not in _GENDERS:
        raise unreadable("Patient.gender")
    return PatientForm(
        birth_name=text(official, "family", at="Patient.name"),
        used_name=text(named.get("usual", {}), "family", at="Patient.name"),
        first_name=" ".join(given),
        birth_date=_born(text(found, "birthDate", at="Patient")),
        sex=_GENDERS[gender],
        numbers=tuple(reached["phone"]),
        mail=next(iter(reached["email"]), ""),
    )


def _born(said: str) -> str:
    """A date of FHIR as the house reads dates: day, month, year."""
    return ".".join(reversed(said.split("-"))) if said.count("-") == 2 else said


def unreadable(at: str) -> Failure:
    """What is there is not what FHIR has there."""
    return Failure(422, "structure", "structure_unfit", _("This is not what FHIR R4 has here."), at=at)
