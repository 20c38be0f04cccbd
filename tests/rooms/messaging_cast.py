# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cast for the rooms of messages: Dr Weber, cabinet Dupont with two practitioners, and a second house."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from permanence.clients import operations as clients
from permanence.clients.rules import ClientKind, RecipientKind, Sector
from permanence.foundation import operations as foundation
from permanence.foundation.models import Person
from permanence.foundation.rules import Role
from permanence.foundation.who import Who, who_is
from permanence.messaging.rules import MessageForm
from tests.rooms.remembered import remembered

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
PASSWORD = "a long password of the tests"


@dataclass(frozen=True)
class Account:
    """A client with his recipients, by kind."""

    id: str
    doctor: str
    practice: str


@dataclass(frozen=True)
class Cast:
    """Everybody of the tests. `dupont` and `lemaire` are the two practitioners of one cabinet."""

    house: str
    claire: Who
    marc: Who
    weber: Account
    cabinet: Account
    lemaire_recipient: str
    dr_weber: Who
    dr_dupont: Who
    dr_lemaire: Who
    assistant: Who
    other_house: str
    other_secretary: Who
    other_doctor: Who
    other_client: Account


def person(email, name, roles, *, by, language="fr"):
    key = foundation.add_person(
        email=email, name=name, language=language, roles=frozenset(roles), by=by, at=NOON, password=PASSWORD
    )
    return who_is(Person.objects.select_related("house").get(pk=key))


def client(name, initials, country, *, by, email="", languages=("fr",), zone="Europe/Paris"):
    key = clients.open_client(
        name=name,
        initials=initials,
        kind=ClientKind.PRACTICE,
        sector=Sector.HEALTH,
        country=country,
        time_zone=zone,
        languages=languages,
        by=by,
        at=NOON,
    )
    doctor = recipient(key, RecipientKind.PRACTITIONER, f"Dr {name}", email, by=by)
    practice = recipient(key, RecipientKind.PRACTICE, "Le cabinet", "", by=by)
    clients.add_reason(client=key, code="renewal", label="Renouvellement", by=by, at=NOON)
    return Account(key, doctor, practice)


def recipient(key, kind, name, email, *, by):
    return clients.add_recipient(client=key, kind=kind, name=name, email=email, by=by, at=NOON)


def portal(account, who, recipient, *, by):
    clients.add_portal_user(client=account.id, person=who.person, recipient=recipient, by=by, at=NOON)


def house(slug, name):
    return foundation.open_house(
        slug=slug, name=name, language="fr", country="LU", time_zone="Europe/Luxembourg", at=NOON
    )


@remembered(replace)
def make_cast():
    by = house("centre", "Permanence du Centre")
    claire = person("claire@centre.example", "Claire", [Role.SECRETARY], by=by)
    marc = person("marc@centre.example", "Marc", [Role.SUPERVISOR], by=by)
    weber = client("Weber", "WE", "LU", by=by, email="weber@weber.example", zone="Europe/Luxembourg")
    cabinet = client("Dupont", "DU", "FR", by=by)
    lemaire_recipient = recipient(cabinet.id, RecipientKind.PRACTITIONER, "Dr Lemaire", "", by=by)
    users = [Role.PORTAL_USER]
    dr_weber = person("weber@weber.example", "Anne Weber", users, by=by, language="de")
    dr_dupont = person("dupont@dupont.example", "Paul Dupont", users, by=by)
    dr_lemaire = person("lemaire@dupont.example", "Zoé Lemaire", users, by=by)
    assistant = person("accueil@dupont.example", "Accueil Dupont", users, by=by)
    portal(weber, dr_weber, weber.doctor, by=by)
    portal(cabinet, dr_dupont, cabinet.doctor, by=by)
    portal(cabinet, dr_lemaire, lemaire_recipient, by=by)
    portal(cabinet, assistant, None, by=by)
    other = house("voisin", "Le Voisin")
    other_secretary = person("zita@voisin.example", "Zita", [Role.SECRETARY], by=other)
    other_client = client("Muller", "MU", "LU", by=other)
    other_doctor = person("muller@muller.example", "Jo Muller", users, by=other)
    portal(other_client, other_doctor, other_client.doctor, by=other)
    return Cast(
        house="centre",
        claire=claire,
        marc=marc,
        weber=weber,
        cabinet=cabinet,
        lemaire_recipient=lemaire_recipient,
        dr_weber=dr_weber,
        dr_dupont=dr_dupont,
        dr_lemaire=dr_lemaire,
        assistant=assistant,
        other_house="voisin",
        other_secretary=other_secretary,
        other_doctor=other_doctor,
        other_client=other_client,
    )


def form(recipient, *, key="m" * 20, **changes):
    fields = {
        "caller_name": "Jeanne Hoffmann",
        "caller_number": "621 000 147",
        "reason": "renewal",
        "urgency": "today",
        "text": "Renouvellement du traitement anticoagulant, joignable toute la journée.",
        "read_back": True,
    }
    return MessageForm(message=key, recipient=recipient, **{**fields, **changes})
