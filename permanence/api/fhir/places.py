# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where an Appointment is, as FHIR R4 can say it: by a Location that takes part.

A site of the practice is one of its Locations. A visit by video or at a home has a contained one: R4 has no virtual
service (R5 has). It is said in codes, not in words, so that its version is the same in every language.
"""

from collections.abc import Mapping
from typing import Any

from permanence.agenda.rules.kinds import Way
from permanence.clients.directory_queries import Held
from permanence.reception.table import SiteEntry

ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
HERE = "place"
"""The id of a contained Location."""
VIDEO = "Video"


def place_of(
    way: Way, site: str, sites: Mapping[str, Held[SiteEntry]], *, link: str = "", home: str = ""
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The contained Locations, and the references to where it is; both empty where that is not known.

    `site`: an id, "" for the only one that there is; `link`: for who is booked by video; `home`: an address, for who
    is told where patients live.
    """
    if way is not Way.PRACTICE:
        return [_elsewhere(way, link=link, home=home)], [{"reference": f"#{HERE}"}]
    known = sites.get(site) or (next(iter(sites.values())) if len(sites) == 1 else None)
    return [], [] if known is None else [{"reference": f"Location/{known.id}", "display": known.entry.name}]


def _elsewhere(way: Way, *, link: str, home: str) -> dict[str, Any]:
    found: dict[str, Any] = {"resourceType": "Location", "id": HERE, "mode": "instance"}
    if way is Way.TELE:
        return found | {"name": VIDEO} | ({"telecom": [{"system": "url", "value": link}]} if link else {})
    found["type"] = [{"coding": [{"system": ROLES, "code": "PTRES", "display": "Patient's Residence"}]}]
    return found | ({"address": {"use": "home", "text": home}} if home else {})
