# SPDX-License-Identifier: AGPL-3.0-or-later
"""What this door says of itself: made of `declared`, by which it also acts."""

from permanence.api.fhir.declared import EXPORT, EXPORT_DAYS, EXPORT_NAME, KINDS, PAGE, Kind
from permanence.api.fhir.outcome import Resource

DATED = "2026-11-27"


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
                "resource": [_resource(name, kind) for name, kind in KINDS.items()],
                "operation": [{"name": EXPORT_NAME, "definition": f"{base}/OperationDefinition/{EXPORT_NAME}"}],
            }
        ],
    }


def export_definition(base: str) -> Resource:
    """The OperationDefinition behind the address that the statement names."""
    said = {
        "start": "The first day of what is taken out, or the moment from which on",
        "end": f"The last day, or the moment: {EXPORT_DAYS} days later at most",
    }
    return {
        "resourceType": "OperationDefinition",
        "id": EXPORT_NAME,
        "url": f"{base}/OperationDefinition/{EXPORT_NAME}",
        "name": "ExportPractice",
        "title": "Export of a practice",
        "status": "active",
        "kind": "operation",
        "date": DATED,
        "description": "One Bundle (collection): practitioners, roles, sites, visit reasons, agendas, the appointments "
        "and taken slots of a time, and every patient. It is noted in the trail of the house",
        "affectsState": True,
        "code": EXPORT_NAME,
        "system": True,
        "type": False,
        "instance": False,
        "parameter": [
            *({"name": name, "use": "in", "min": 1, "max": "1", "documentation": said[name], "type": "dateTime"}
              for name in EXPORT),
            {"name": "return", "use": "out", "min": 1, "max": "1", "type": "Bundle"},
        ],
    }  # fmt: skip


def _resource(name: str, kind: Kind) -> Resource:
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
        found["operation"] = [{"name": each, "definition": url} for each, url in kind.operations]
    return found
