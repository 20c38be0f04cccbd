# SPDX-License-Identifier: AGPL-3.0-or-later
"""The child of `bench.patients`: writes the patients, asks, and prints what it took. Run with Django set up."""

import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from bench.figures import Figures, percentile
from bench.programs import told
from permanence.callers import index, search
from permanence.callers.models import Patient, PatientNumber
from permanence.clients import operations as clients
from permanence.clients.rules import ClientKind, Sector
from permanence.foundation import operations as foundation
from permanence.foundation.who import Who

AT = datetime(2026, 11, 27, 10, tzinfo=UTC)
HOUSE = "bench"
BATCH = 5_000
SEED = 20261127
KINDS = 8
"""Ways of asking."""
SMALL = 60, 500
"""Clients beside the large one, and the patients of each, in the house where a server's plans are tried on both."""
_FAMILY = (
    "Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefèvre Leroy Roux David "
    "Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefebvre Mercier Faure "
    "André Blanc Guérin Boyer Garnier Chevalier François Legrand Gauthier Garcia Perrin Robin Clément Morin Nicolas "
    "Henry Roussel Mathieu Gautier Masson Marchand Duval Denis Dumont Marie Lemaire Noël Meyer Dufour Meunier Brun "
    "Weber Schmit Wagner Hoffmann Thill Kieffer Reuter Klein Braun Becker Krier Schroeder Theis Faber Pauly Lentz"
)
_FIRST = (
    "Marie Jean Pierre Jeanne Michel Françoise Anne Philippe Catherine Nathalie Isabelle Luc Claire Paul Louise Emma "
    "Hugo Léa Zoé Adam Inès Noah Camille Julien Thomas Nicolas Sophie Céline Aurélie Karim Fatima João Ana Sofia"
)
_PARTS = (
    "ba be bi bo bu ca cha che co da de di do fa fe fi fo ga go gra gri la le li lo lu ma me mi mo na ne ni no",
    "bar ber din dou gar lan lar lin mar nau net rel rin ron sel sin tar ton vin zel",
    "d t r n s x aud eau et ier ot on in ez",
)
FAMILY, FIRST = _FAMILY.split(), _FIRST.split()
PARTS = tuple(part.split() for part in _PARTS)


type Asked = tuple[str, list[Patient]]
"""A client, and those of his patients who are asked for."""


def main() -> None:
    """Prints the figures of the runs."""
    patients, asks, runs = (int(each) for each in sys.argv[1:])
    if connection.vendor == "sqlite":
        settings.PERMANENCE.database.touch()
    call_command("migrate", verbosity=0)
    chance = random.Random(SEED)
    by = foundation.open_house(slug=HOUSE, name="Bench", language="fr", country="FR", time_zone="Europe/Paris", at=AT)
    large = _client("Cabinet", patients, by, chance)
    _settle()
    told(f"patients: {patients} are there")
    _asked([large], asks // 4, chance)  # warms the pages of the database
    found = [_asked([large], asks, chance) for _ in range(runs)]
    many, each_has = SMALL
    small = [_client(f"Cabinet {number}", min(each_has, patients), by, chance) for number in range(many)]
    _settle()
    told(f"patients: {many} more clients are there")
    connection.close()  # a server's plans are of what this connection asks first: of small ones
    _asked(small, asks // 4, chance)
    for each in found:
        beside = {"small": _asked(small, asks // 4, chance), "large": _asked([large], asks // 4, chance)}
        each |= {f"patients_beside_{name}_p95_ms": of["patients_p95_ms"] for name, of in beside.items()}
    print(json.dumps(found))


def _settle() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as its own daemon does in a minute or two


def _client(name: str, patients: int, by: Who, chance: random.Random) -> Asked:
    """A client with so many patients: all of a house are the hardest case. Gives his id and some of the patients."""
    client = clients.open_client(
        name=name,
        initials="CA",
        kind=ClientKind.PRACTICE,
        sector=Sector.HEALTH,
        country="FR",
        time_zone="Europe/Paris",
        languages=("fr",),
        by=by,
        at=AT,
    )
    known: list[Patient] = []
    rows: list[Patient] = []
    for number in range(patients):
        rows.append(_patient(f"{client}-{number}", by.house_key, int(client), chance))
        if len(rows) == BATCH or number == patients - 1:
            known += _write(rows)[::50]
            rows = []
    return client, known


def _patient(key: str, house: int, client: int, chance: random.Random) -> Patient:
    born = date(1930, 1, 1) + timedelta(days=chance.randrange(94 * 365))
    return Patient(
        house_id=house,
        client_id=client,
        key=f"{key:>020}",
        birth_name=_family(chance),
        used_name=_family(chance) if chance.random() < 0.25 else "",
        first_name=chance.choice(FIRST) if chance.random() < 0.8 else f"{chance.choice(FIRST)}-{chance.choice(FIRST)}",
        birth_date=born.isoformat(),
        added_at=AT,
        changed_at=AT,
    )


def _family(chance: random.Random) -> str:
    """One in four has a name that thousands have, the others one of some tens of thousands."""
    if chance.random() < 0.25:
        return chance.choice(FAMILY)
    return "".join(chance.choice(part) for part in (PARTS[0], *PARTS)).capitalize()


def _write(rows: list[Patient]) -> list[Patient]:
    Patient.objects.bulk_create(rows, batch_size=500)
    index.write_words(rows)
    PatientNumber.objects.bulk_create(
        (
            PatientNumber(house_id=row.house_id, client_id=row.client_id, patient=row, number=_number(row.pk))
            for row in rows
        ),
        batch_size=500,
    )
    return rows


def _number(key: int) -> str:
    return f"+336{key * 7919 % 10**8:08d}"


def _questions(known: list[Patient], asks: int, chance: random.Random) -> Iterator[tuple[str, str, str]]:
    """(kind, words, the caller's number) as secretaries type them, in turn."""
    for turn in range(asks):
        row = chance.choice(known)
        day, month, year = row.birth_date[8:], row.birth_date[5:7], row.birth_date[:4]
        name, first = row.birth_name, row.first_name
        yield (
            ("birth_letters", f"{day}{month}{year} {name[:3]}", ""),
            ("birth", f"{day}/{month}/{year[2:]}", ""),
            ("name", f"{name} {first[:2]}", ""),
            ("letters", name[:3].lower(), _number(row.pk)),
            ("two_letters", f"{name[:3]} {first[:3]}", ""),
            ("sound", f"{name.replace('e', 'ai').replace('f', 'ph')} {first}", ""),
            ("number", "0" + _number(row.pk)[3:], ""),
            ("caller", "", _number(row.pk)),
        )[turn % KINDS]


def _asked(those: list[Asked], asks: int, chance: random.Random) -> Figures:
    """So many questions, shared among the clients."""
    took: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    missed = 0
    questions = [
        (client, *each) for client, known in those for each in _questions(known, max(asks // len(those), KINDS), chance)
    ]
    chance.shuffle(questions)
    for client, kind, words, number in questions:
        began, busy = time.perf_counter(), time.thread_time()
        found = search.find(house=HOUSE, client=client, words=words, at=AT, number=number)
        took.setdefault(kind, []).append((time.perf_counter() - began) * 1000)
        cpu.setdefault(kind, []).append((time.thread_time() - busy) * 1000)
        missed += not found.found
    everything = [each for kind in took.values() for each in kind]
    busy_ms = [each for kind in cpu.values() for each in kind]
    return {
        "database": connection.vendor,
        "patients": Patient.objects.count(),
        "patients_p95_ms": round(percentile(everything, 0.95), 2),
        "patients_p50_ms": round(percentile(everything, 0.5), 2),
        "patients_cpu_p95_ms": round(percentile(busy_ms, 0.95), 2),
        "patients_missed": missed,
        **{f"patients_{kind}_p95_ms": round(percentile(each, 0.95), 2) for kind, each in sorted(took.items())},
        **{f"patients_{kind}_cpu_p95_ms": round(percentile(each, 0.95), 2) for kind, each in sorted(cpu.items())},
    }
