# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration house: a living house to meet the product in. Never beside a real one in the same database.

Numbers come from ranges kept for fiction where the country has one (Ireland 020 91x xxxx; France 01 99 00 xx xx;
Luxembourg keeps none), addresses end in `.example` (RFC 2606).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from permanence.clients import operations as clients
from permanence.clients.operations import Opening
from permanence.clients.rules import ClientKind, RecipientKind, Sector
from permanence.foundation import operations, secrecy
from permanence.foundation.models import House
from permanence.foundation.rules import Role
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.kernel.refusals import Refusal
from permanence.project import demo_cast as cast
from permanence.project.demo_directory import add_directories
from permanence.staff import operations as staff
from permanence.switchboard import operations as switchboard

HOUSE = "demo"
MONDAY, FRIDAY, SATURDAY = 0, 4, 5


class NotADemonstration(Refusal):
    """The configuration does not say that this is the demonstration, or a real house lives in the database."""

    code = "not_a_demonstration"


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the parts of the house at one moment, in the system's name."""

    system: Who
    at: datetime

    def person(self, email: str, name: str, language: str, roles: Iterable[Role]) -> str:
        """Somebody with the password of the demonstration; gives the id."""
        return operations.add_person(
            email=email,
            name=name,
            language=language,
            roles=frozenset(roles),
            password=cast.PASSWORD,
            by=self.system,
            at=self.at,
        )

    def hours(self, client: str, week: Sequence[Opening]) -> None:
        """When the calls of a client are answered."""
        clients.set_hours(client=client, week=week, by=self.system, at=self.at)

    def greetings(self, client: str, **phrases: str) -> None:
        """The phrase to say in each language."""
        for language, text in phrases.items():
            clients.set_greeting(client=client, language=language, text=text, by=self.system, at=self.at)

    def reasons(self, client: str, labels: Mapping[str, str], *codes: str) -> None:
        """Some of the reasons for which people call."""
        for code in codes:
            clients.add_reason(client=client, code=code, label=labels[code], by=self.system, at=self.at)

    def instruction(
        self, client: str, author: str, text: str, *, age: timedelta, priority: int = 0, lasts: timedelta | None = None
    ) -> None:
        """What `author` wrote `age` ago; `lasts`: for how long from now on, None without end."""
        clients.write_instruction(
            client=client,
            author=author,
            text=text,
            priority=priority,
            ends_at=None if lasts is None else self.at + lasts,
            by=self.system,
            at=self.at - age,
        )

    def recipient(self, client: str, kind: RecipientKind, name: str, email: str) -> str:
        """Somebody for whom messages are; gives the id."""
        return clients.add_recipient(client=client, kind=kind, name=name, email=email, by=self.system, at=self.at)

    def portal_user(self, client: str, person: str, recipient: str | None) -> None:
        """Lets somebody into the portal of a client."""
        clients.add_portal_user(client=client, person=person, recipient=recipient, by=self.system, at=self.at)

    def line(self, client: str, number: str) -> None:
        """The number (E.164) on which his calls arrive."""
        clients.give_line(client=client, number=number, by=self.system, at=self.at)


@transaction.atomic
def load_demo_house(*, at: datetime, entropy: Entropy) -> None:
    """Make the demonstration house; does nothing when it is there. Raises NotADemonstration."""
    if not settings.DEMONSTRATION:
        raise NotADemonstration("the configuration does not say that this is the demonstration")
    if House.objects.filter(slug=HOUSE, demonstration=True).exists():
        return
    if House.objects.exists():
        raise NotADemonstration("a real house lives in this database")
    secrecy.make_key(HOUSE, entropy=entropy)
    system = operations.open_house(
        slug=HOUSE,
        name="Permanence du Kirchberg",
        language="fr",
        country="LU",
        time_zone="Europe/Luxembourg",
        demonstration=True,
        at=at,
    )
    make = Maker(system, at)
    _staff(make)
    switchboard.add_trunk(name="loopback", addresses=("127.0.0.1", "::1"), country="LU", by=system, at=at)
    _weber(make)
    _dupont(make)
    _atlas(make)
    add_directories(by=system, at=at)


def _staff(make: Maker) -> None:
    make.person(cast.MARC, "Marc", "fr", (Role.OWNER, Role.SUPERVISOR))
    for email, name, language, languages in (
        (cast.CLAIRE, "Claire", "fr", ("fr", "de")),
        (cast.AOIFE, "Aoife", "en", ("en", "fr")),
    ):
        person = make.person(email, name, language, ())
        staff.make_secretary(person=person, languages=languages, by=make.system, at=make.at)


def _week(days: Iterable[int], *times: tuple[str, str]) -> tuple[Opening, ...]:
    return tuple(Opening(weekday=day, opens=opens, until=until) for day in days for opens, until in times)


WORKING_DAYS = range(MONDAY, FRIDAY + 1)


MEDICAL = {
    "renewal": "Renouvellement d’ordonnance",
    "results": "Résultats d’analyse",
    "advice": "Demande de conseil",
    "appointment": "Rendez-vous",
    "certificate": "Certificat",
    "child": "Enfant malade",
    "administrative": "Question administrative",
    "other": "Autre",
}
"""Reasons for which patients call, of which each practice has some: code and label."""


def _weber(make: Maker) -> None:
    client = clients.open_client(
        name="Dr Weber",
        initials="WE",
        colour=7,
        kind=ClientKind.PRACTITIONER,
        sector=Sector.HEALTH,
        specialty="médecine générale",
        place="Luxembourg-Limpertsberg",
        country="LU",
        time_zone="Europe/Luxembourg",
        languages=("fr", "de", "en"),
        by=make.system,
        at=make.at,
    )
    make.line(client, cast.WEBER_LINE)
    make.hours(client, _week(WORKING_DAYS, ("08:00", "12:00"), ("14:00", "18:00")))
    make.greetings(
        client,
        fr="Cabinet du docteur Weber, bonjour. {name} à votre écoute.",
        de="Praxis Doktor Weber, guten Tag. Sie sprechen mit {name}.",
        en="Doctor Weber's practice, good morning. {name} speaking.",
    )
    doctor = make.person(cast.WEBER, "Dr Weber", "fr", ())
    recipient = make.recipient(client, RecipientKind.PRACTITIONER, "Dr Weber", cast.WEBER)
    make.portal_user(client, doctor, recipient)
    make.instruction(
        client,
        doctor,
        "Douleur dans la poitrine, essoufflement, paralysie, perte de connaissance : "
        "« Raccrochez et composez le 112 tout de suite. »",
        age=timedelta(days=15),
        priority=2,
    )
    make.instruction(
        client,
        doctor,
        "Renouvellement d’ordonnance : message, réponse avant 18 h. Ne rien promettre pour les anticoagulants.",
        age=timedelta(days=22),
        priority=1,
    )
    make.instruction(
        client, doctor, "Nouveaux patients : mardi et jeudi, 30 min.", age=timedelta(days=40), lasts=timedelta(days=37)
    )
    make.reasons(client, MEDICAL, "renewal", "results", "advice", "appointment", "certificate", "other")
    # Six months before the demonstration, so that the consent is always in the past.
    agreed = (make.at - timedelta(days=180)).date()
    clients.agree_to_voice_messages(
        client=client,
        agreed=date(agreed.year, agreed.month, 1),
        duty_contact="Dr Klein, +352 621 000 158",
        by=make.system,
        at=make.at,
    )


def _dupont(make: Maker) -> None:
    client = clients.open_client(
        name="Cabinet Dupont",
        initials="DU",
        colour=3,
        kind=ClientKind.PRACTICE,
        sector=Sector.HEALTH,
        specialty="médecine générale, pédiatrie",
        place="Strasbourg, Neudorf",
        country="FR",
        region="Alsace-Moselle",
        time_zone="Europe/Paris",
        languages=("fr", "de"),
        by=make.system,
        at=make.at,
    )
    make.line(client, cast.DUPONT_LINE)
    week = _week(WORKING_DAYS, ("08:00", "12:30"), ("13:30", "19:00"))
    make.hours(client, (*week, *_week((SATURDAY,), ("08:30", "12:00"))))
    make.greetings(
        client,
        fr="Cabinet médical Dupont et Lemaire, bonjour. {name}, je vous écoute.",
        de="Arztpraxis Dupont und Lemaire, guten Tag. Mein Name ist {name}.",
    )
    anne = make.person(cast.DUPONT, "Dr Anne Dupont", "fr", ())
    marc = make.person(cast.LEMAIRE, "Dr Marc Lemaire", "fr", ())
    make.portal_user(client, anne, make.recipient(client, RecipientKind.PRACTITIONER, "Dr Anne Dupont", cast.DUPONT))
    make.portal_user(client, marc, make.recipient(client, RecipientKind.PRACTITIONER, "Dr Marc Lemaire", cast.LEMAIRE))
    make.recipient(client, RecipientKind.PRACTICE, "Le cabinet", "cabinet@dupont.example")
    make.instruction(
        client,
        anne,
        "Enfant de moins de 3 mois avec de la fièvre : « Composez le 15 tout de suite », puis prévenir le Dr Dupont.",
        age=timedelta(days=60),
        priority=2,
    )
    make.instruction(
        client,
        marc,
        "Le Dr Lemaire rappelle lui-même pour les résultats, entre 12 h 30 et 13 h 30. Prendre le numéro.",
        age=timedelta(days=9),
        priority=1,
    )
    make.instruction(
        client, anne, "Pas de certificat par téléphone : proposer un rendez-vous.", age=timedelta(days=120)
    )
    make.reasons(client, MEDICAL, "appointment", "results", "child", "renewal", "administrative", "other")


def _atlas(make: Maker) -> None:
    client = clients.open_client(
        name="Atlas",
        initials="AT",
        colour=2,
        kind=ClientKind.COMPANY,
        sector=Sector.AFTER_SALES,
        specialty="household appliances",
        place="Cork",
        country="IE",
        time_zone="Europe/Dublin",
        languages=("en",),
        by=make.system,
        at=make.at,
    )
    make.line(client, cast.ATLAS_LINE)
    clients.set_hours(client=client, week=(), always=True, closed_on_holidays=False, by=make.system, at=make.at)
    make.greetings(client, en="Atlas customer service, hello. This is {name}, how can I help?")
    person = make.person(cast.ATLAS, "Niamh Byrne", "en", ())
    desk = make.recipient(client, RecipientKind.DESK, "Repairs desk", cast.ATLAS)
    make.recipient(client, RecipientKind.DESK, "Orders and parts", "parts@atlas.example")
    make.portal_user(client, person, desk)
    make.instruction(
        client,
        person,
        "Smell of burning, smoke or water near a socket: “Please unplug it now, if you can do so safely”, then urgent.",
        age=timedelta(days=30),
        priority=2,
    )
    make.instruction(
        client,
        person,
        "Always take the model and the serial number: both are on the plate inside the door.",
        age=timedelta(days=200),
        priority=1,
    )
    make.instruction(
        client,
        person,
        "Dishwasher AX 40: spare pumps are back on 7 working days. Do not promise less.",
        age=timedelta(hours=2),
        lasts=timedelta(days=21),
    )
    labels = {
        "breakdown": "Breakdown",
        "repair": "Repair in progress",
        "parts": "Spare part",
        "warranty": "Warranty",
        "complaint": "Complaint",
        "other": "Other",
    }
    make.reasons(client, labels, *labels)
