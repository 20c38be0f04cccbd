# SPDX-License-Identifier: AGPL-3.0-or-later
"""What callers ask in the demonstration house: where its clients are, and whom the secretary may name or call."""

from datetime import datetime

from permanence.clients import directory_operations as directory
from permanence.clients import queries
from permanence.clients.directory_rules import NumberFor
from permanence.foundation.who import Who
from permanence.reception.table import ContactEntry, SiteEntry

SITES = {
    "Dr Weber": (
        SiteEntry(
            name="Cabinet",
            address="12, avenue Pasteur, L-2310 Luxembourg",
            access="Tram Theater, 3 min à pied\u202f; sonner à «\u00a0Weber\u00a0»",
            floor="1er étage",
            lift="no",
            parking="Parking Glacis, 5 min",
            hours="Sur rendez-vous ; sans rendez-vous le lundi de 8 h à 9 h",
        ),
    ),
    "Cabinet Dupont": (
        SiteEntry(
            name="Neudorf",
            address="41, rue du Lazaret, 67100 Strasbourg",
            access="Tram C, arrêt Neufeld ; entrée dans la cour",
            floor="Rez-de-chaussée",
            lift="no",
            parking="Trois places dans la cour",
        ),
        SiteEntry(
            name="Meinau",
            address="8, avenue de Normandie, 67100 Strasbourg",
            access="Bus 24, arrêt Normandie",
            floor="2e étage",
            lift="yes",
            hours="Dr Lemaire, le mercredi seulement",
        ),
    ),
    "Atlas": (
        SiteEntry(
            name="Repair workshop",
            address="Unit 7, Churchfield Business Park, Cork",
            access="Reception at the yellow door",
            floor="Ground floor",
            parking="In front of the workshop",
            hours="Monday to Friday, 9:00 to 17:00; parts counter until 16:00",
        ),
    ),
}
CONTACTS = {
    "Dr Weber": (
        ContactEntry(
            name="Dr Klein",
            function="remplaçante",
            numbers=("+352621000158",),
            number_for=NumberFor.PROFESSIONALS,
            may_say="Son nom à tous ; son numéro aux médecins et aux pharmacies.",
        ),
        ContactEntry(name="Dr Weber, mobile", numbers=("+352621000110",), may_say="Urgences du cabinet seulement."),
        ContactEntry(
            name="Laboratoire du Glacis",
            function="analyses",
            numbers=("+35220000140",),
            number_for=NumberFor.CALLERS,
        ),
    ),
    "Cabinet Dupont": (
        ContactEntry(
            name="Pharmacie du Lazaret",
            function="pharmacie",
            numbers=("+33199000041",),
            number_for=NumberFor.CALLERS,
        ),
        ContactEntry(
            name="Mme Roth", function="infirmière", numbers=("+33199000042",), number_for=NumberFor.PROFESSIONALS
        ),
    ),
    "Atlas": (
        ContactEntry(
            name="Duty technician",
            function="gas and electricity",
            numbers=("+353209100021",),
            may_say="Say that a technician calls back within the hour.",
        ),
    ),
}


def add_directories(*, by: Who, at: datetime) -> None:
    """Sites and contacts of the demonstration's clients."""
    keys = {each.name: each.id for each in queries.clients(house=by.house)}
    for name, sites in SITES.items():
        for site in sites:
            directory.put_site(client=keys[name], site=site, by=by, at=at)
    for name, contacts in CONTACTS.items():
        for contact in contacts:
            directory.put_contact(client=keys[name], contact=contact, by=by, at=at)
