# SPDX-License-Identifier: AGPL-3.0-or-later
"""SOS Glacis, the demonstration's doctor whose line is answered day and night, who sees patients until midnight.

Whoever meets the product in the evening finds a patient to book for: the other practices keep office hours.
"""

from datetime import timedelta

from permanence.clients import operations as clients
from permanence.clients.rules import ClientKind, RecipientKind, Sector
from permanence.project import demo_cast as cast
from permanence.project.demo_house import MEDICAL, Maker

NAME, DOCTOR = "SOS Glacis", "Dr Roth"


def add_night_practice(make: Maker) -> None:
    """The client with his line, phrases, instructions and portal."""
    client = clients.open_client(
        name=NAME,
        initials="SG",
        colour=5,
        kind=ClientKind.PRACTICE,
        sector=Sector.HEALTH,
        specialty="médecine générale, le soir et la nuit",
        place="Luxembourg, Glacis",
        country="LU",
        time_zone="Europe/Luxembourg",
        languages=("fr", "de", "en"),
        by=make.system,
        at=make.at,
    )
    make.line(client, cast.SOS_LINE)
    clients.set_hours(client=client, week=(), always=True, closed_on_holidays=False, by=make.system, at=make.at)
    make.greetings(
        client,
        fr="SOS Glacis, bonsoir. {name} à votre écoute.",
        de="SOS Glacis, guten Abend. Sie sprechen mit {name}.",
        en="SOS Glacis, good evening. {name} speaking.",
    )
    doctor = make.person(cast.ROTH, DOCTOR, "fr", ())
    recipient = make.recipient(client, RecipientKind.PRACTITIONER, DOCTOR, cast.ROTH)
    make.portal_user(client, doctor, recipient)
    make.instruction(
        client,
        doctor,
        "Douleur dans la poitrine, essoufflement, paralysie, perte de connaissance : "
        "« Raccrochez et composez le 112 tout de suite. »",
        age=timedelta(days=90),
        priority=2,
    )
    make.instruction(
        client,
        doctor,
        "Consultations chaque jour de 9 h à 12 h et de 18 h à minuit. "
        "Après minuit : message urgent, le docteur rappelle.",
        age=timedelta(days=30),
        priority=1,
    )
    make.reasons(client, MEDICAL, "appointment", "child", "advice", "results", "other")
