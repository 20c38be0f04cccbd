# SPDX-License-Identifier: AGPL-3.0-or-later
"""What this door says of itself: made of `declared`, by which it also acts."""

from permanence.api.fhir.declared import KINDS, PAGE, Kind
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
            }
        ],
    }


def _resource(name: str, kind: Kind) -> Resource:
    does = ["read", "search-type", *(["update"] if kind.update else [])]
    found: Resource = {
        "type": name,
        "interaction": [{"code": each} for each in does],
        "versioning": "versioned-update" if kind.update else "versioned",
        "searchParam": [{"name": param, "type": of} for param, of in (*kind.search, *PAGE)],
    }
    if kind.update:
        found |= {"updateCreate": False, "conditionalUpdate": False}
    if kind.operations:
        found["operation"] = [{"name": each, "definition": url} for each, url in kind.operations]
    return found
