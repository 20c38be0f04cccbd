# SPDX-License-Identifier: AGPL-3.0-or-later
"""What this door says of itself: made of `declared`, by which it also acts."""

from permanence.api.fhir.declared import EXPORT, KINDS, PAGE, Kind, Operation, Parameter
from permanence.api.fhir.outcome import Resource

DATED = "2026-11-28"


def capability(base: str) -> Resource:
    """The CapabilityStatement of this server."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": DATED,
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "implementation": {"description": "Permanence: agendas of a practice", "url": base},
        "rest": [
            {
                "mode": "server",
                "security": {
                    "cors": False,
                    "description": "Authorization: Bearer and a token that the house made for one practice",
                },
                "resource": [_resource(base, name, kind) for name, kind in KINDS.items()],
                "operation": [_named(base, EXPORT)],
            }
        ],
    }


def definition(base: str, operation: Operation) -> Resource:
    """The OperationDefinition at the address that the statement names."""
    found: Resource = {
        "resourceType": "OperationDefinition",
        "id": operation.id,
        "url": _address(base, operation),
        "name": operation.name,
        "title": operation.title,
        "status": "active",
        "kind": "operation",
        "date": DATED,
        "description": operation.description,
        "affectsState": operation.affects_state,
        "code": operation.code,
        "system": operation.resource == "",
        "type": operation.resource != "",
        "instance": False,
        "parameter": [
            *(_parameter(each) for each in operation.parameters),
            {"name": "return", "use": "out", "min": 1, "max": "1", "type": "Bundle"},
        ],
    }
    said = {"base": operation.base, "comment": operation.comment}
    found |= {name: text for name, text in said.items() if text}
    return found | ({"resource": [operation.resource]} if operation.resource else {})


def _parameter(given: Parameter) -> Resource:
    found: Resource = {"name": given.name, "use": "in", "min": given.min, "max": given.max}
    found |= {"documentation": given.documentation, "type": given.type}
    found |= {"searchType": given.search} if given.search else {}
    return found | ({"targetProfile": list(given.targets)} if given.targets else {})


def _address(base: str, operation: Operation) -> str:
    return f"{base}/OperationDefinition/{operation.id}"


def _named(base: str, operation: Operation) -> Resource:
    return {"name": operation.code, "definition": _address(base, operation)}


def _resource(base: str, name: str, kind: Kind) -> Resource:
    does = ["read", "search-type", *(["update"] if kind.update else [])]
    found: Resource = {
        "type": name,
        "interaction": [{"code": each} for each in does],
        "versioning": "versioned-update" if kind.update else "versioned",
        "searchParam": [{"name": param, "type": of} for param, of in (*kind.search, *PAGE)],
    }
    if kind.documentation:
        found["documentation"] = kind.documentation
    if kind.update:
        found |= {"updateCreate": False, "conditionalUpdate": False}
    if kind.operations:
        found["operation"] = [_named(base, each) for each in kind.operations]
    return found
