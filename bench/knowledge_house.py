# SPDX-License-Identifier: AGPL-3.0-or-later
"""A large house in a database of its own, measured from within: the process of the bench `knowledge`.

`python -m bench.knowledge_house CLIENTS LINES INSTRUCTIONS READERS ROUNDS` with `PERMANENCE_DATA` an empty folder
prints one JSON object. CPU is that of this process (user and system), memory what the table holds by itself
(tracemalloc).
"""

import gc
import json
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permanence.project.settings")
django.setup()

# The rooms can be imported only once Django is set up.
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client as Browser  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from permanence.backstage.parts import PARTS  # noqa: E402
from permanence.clients import said  # noqa: E402
from permanence.clients.models import (  # noqa: E402
    Absence,
    Client,
    Contact,
    Greeting,
    HoursException,
    Instruction,
    InstructionAcknowledgement,
    Line,
    PortalUser,
    Reason,
    Recipient,
    RedFlagValidation,
    Script,
    Site,
    WeeklyOpening,
)
from permanence.clients.rules.script import plain  # noqa: E402
from permanence.clients.rules.script_templates import Beginning, template  # noqa: E402
from permanence.foundation import operations, secrecy  # noqa: E402
from permanence.foundation.models import Person  # noqa: E402
from permanence.foundation.rules import Role  # noqa: E402
from permanence.kernel.system import SystemClock, SystemEntropy  # noqa: E402
from permanence.project.config import read_configuration  # noqa: E402
from permanence.staff.models import Secretary  # noqa: E402
from permanence.switchboard import queries as switchboard  # noqa: E402

HOUSE = "bench"
BATCH = 1000
MIB = 1 << 20
WEEK = (("08:00", "12:00"), ("14:00", "18:00"))
TEXT = (
    "Pour un renouvellement d’ordonnance, demander le nom du médicament et la date de la dernière consultation, puis "
    "rappeler dans la journée. **Jamais de conseil au téléphone.** Consigne {number}."
)


@dataclass(frozen=True, slots=True)
class Size:
    """How large the house is."""

    clients: int
    lines: int
    instructions: int
    readers: int


def main(arguments: list[str]) -> int:
    """Makes the house and prints its figures."""
    *size, rounds = (int(each) for each in arguments)
    configuration = read_configuration(os.environ)
    configuration.database.touch(mode=0o600)
    call_command("migrate", interactive=False, verbosity=0)
    secrecy.make_key(HOUSE, entropy=SystemEntropy())
    at = SystemClock().now()
    with transaction.atomic():
        owner, doctor = _people(at)
        _Fill(Size(*size), owner, doctor, at).all()
    print(json.dumps(_measured(owner, doctor, at, rounds)))
    return 0


def _people(at: datetime) -> tuple[Person, Person]:
    system = operations.open_house(
        slug=HOUSE, name="Bench", language="fr", country="FR", time_zone="Europe/Paris", at=at
    )
    found = [
        operations.add_person(
            email=f"{name}@bench.example", name=name, language="fr", roles=frozenset(roles), by=system, at=at
        )
        for name, roles in (("Owner", {Role.OWNER, Role.SUPERVISOR}), ("Doctor", {Role.PORTAL_USER}))
    ]
    owner, doctor = (Person.objects.get(pk=int(key)) for key in found)
    return owner, doctor


class _Fill:
    """The rows of the house, each table by bulk inserts. Client n has what every other has, with words of his own."""

    def __init__(self, size: Size, owner: Person, doctor: Person, at: datetime) -> None:
        self.size, self.owner, self.doctor, self.at = size, owner, doctor, at
        self.house = owner.house_id
        self.clients = [self._client(number) for number in range(size.clients)]

    def all(self) -> None:
        """Every table."""
        _insert(Client, iter(self.clients))
        lines = list(self._lines())
        _insert(Line, iter(lines))
        recipients = [
            Recipient(**self.of(each), kind="practitioner", name=f"Dr {letter}", position=place)
            for each in self.clients
            for place, letter in enumerate("AB")
        ]
        _insert(Recipient, iter(recipients))
        first = {each.client_id: each for each in reversed(recipients)}
        PortalUser.objects.create(**self.of(self.clients[0]), person=self.doctor, recipient=first[self.clients[0].pk])
        for table, rows in (
            (Reason, self._reasons()),
            (WeeklyOpening, self._week()),
            (HoursException, self._exceptions()),
            (Greeting, self._greetings(lines)),
            (Absence, self._absences(first)),
            (Site, self._sites()),
            (Contact, self._contacts()),
            (Instruction, self._instructions(first)),
        ):
            _insert(table, rows)
        self._scripts(first)
        _insert(InstructionAcknowledgement, self._readings())

    def of(self, client: Client) -> dict[str, Any]:
        """Whose a row is."""
        return {"house_id": self.house, "client": client}

    def _client(self, number: int) -> Client:
        return Client(
            house_id=self.house,
            name=f"Cabinet {number:04d}",
            initials="CA",
            colour=number % 8 + 1,
            kind="group_practice",
            sector="health",
            place="Strasbourg",
            country="FR",
            time_zone="Europe/Paris",
            languages=["fr", "de"],
            voice_message=True,
            voice_message_agreed_date=date(2026, 1, 1),
            duty_contact="Dr A",
        )

    def _lines(self) -> Iterator[Line]:
        for number in range(self.size.lines):
            client = self.clients[number % self.size.clients]
            public = f"+3338{number:07d}"
            yield Line(**self.of(client), number=f"+3339{number:07d}", public_number=public)

    def _reasons(self) -> Iterator[Reason]:
        for client in self.clients:
            for place, code in enumerate(("appointment", "prescription", "results", "other")):
                yield Reason(**self.of(client), code=code, label=code.capitalize(), position=place)

    def _week(self) -> Iterator[WeeklyOpening]:
        for client in self.clients:
            for weekday in range(5):
                for opens, until in WEEK:
                    yield WeeklyOpening(**self.of(client), weekday=weekday, opens=opens, until=until)

    def _exceptions(self) -> Iterator[HoursException]:
        for client in self.clients:
            for weeks in range(1, 5):
                day = (self.at + timedelta(weeks=weeks)).date()
                yield HoursException(**self.of(client), date=day, opens="09:00", until="11:00", label="Congrès")

    def _greetings(self, lines: list[Line]) -> Iterator[Greeting]:
        for client in self.clients:
            yield Greeting(**self.of(client), language="fr", text=f"{client.name}, {{name}}, bonjour.")
            yield Greeting(**self.of(client), language="de", text=f"{client.name}, {{name}}, guten Tag.")
            evening = {"day_type": "weekday", "opens": "17:00", "until": "20:00"}
            yield Greeting(**self.of(client), language="fr", text=f"{client.name}, bonsoir.", **evening)
        for line in lines[: self.size.clients]:
            yield Greeting(house_id=self.house, client=line.client, language="fr", text="Urgences, bonjour.", line=line)

    def _absences(self, first: dict[int, Recipient]) -> Iterator[Absence]:
        for client in self.clients:
            for months in (1, 4):
                starts = self.at + timedelta(days=30 * months)
                yield Absence(
                    **self.of(client),
                    recipient=first[client.pk],
                    starts_at=starts,
                    ends_at=starts + timedelta(days=7),
                    words="Le docteur est absent, son confrère reçoit les urgences.",
                    announced_by=self.owner,
                    announced_at=self.at,
                )

    def _sites(self) -> Iterator[Site]:
        for client in self.clients:
            yield Site(
                **self.of(client), name="Cabinet", address="12, rue des Orfèvres", parking="Gutenberg", lift="yes"
            )

    def _contacts(self) -> Iterator[Contact]:
        for client in self.clients:
            for place in range(4):
                numbers = [f"+3338800{place:04d}"]
                yield Contact(**self.of(client), name=f"Contact {place}", numbers=numbers, position=place)

    def _instructions(self, first: dict[int, Recipient]) -> Iterator[Instruction]:
        for number in range(self.size.instructions):
            client = self.clients[number % self.size.clients]
            kind = number // self.size.clients % 5
            yield Instruction(
                **self.of(client),
                text=TEXT.format(number=number),
                author=self.owner,
                written_at=self.at - timedelta(days=kind + 1),
                starts_at=None if kind else self.at - timedelta(days=1),
                ends_at=self.at + timedelta(days=20 * kind + 1) if kind == 1 else None,
                priority=kind % 3,
                recipient=first[client.pk] if kind == 2 else None,
                reason="prescription" if kind == 3 else "",
                acknowledge=number < self.size.clients,
            )

    def _readings(self) -> Iterator[InstructionAcknowledgement]:
        """One instruction of each client must be read, and every secretary has."""
        people = [
            Person(house_id=self.house, email=f"s{number}@bench.example", name=f"Secretary {number}", language="fr")
            for number in range(self.size.readers)
        ]
        _insert(Person, iter(people))
        secretaries = [Secretary(house_id=self.house, person=each, languages=["fr"]) for each in people]
        _insert(Secretary, iter(secretaries))
        for entry in Instruction.objects.filter(house=self.house, acknowledge=True).select_related("client"):
            for each in secretaries:
                yield InstructionAcknowledgement(**self.of(entry.client), instruction=entry, secretary=each, at=self.at)

    def _scripts(self, first: dict[int, Recipient]) -> None:
        """A script in every tenth client, each in words of his own, its red flags validated."""
        beginning = Beginning(language="fr", country="FR", recipients=(("1", "practitioner"),), on=self.at.date())
        whole = plain(template("doctor", beginning))
        flags = json.dumps(whole["red_flags"])
        made = [
            Script(
                **self.of(client),
                version=1,
                title=f"{whole['title']} {client.name}",
                text=json.dumps({**whole, "title": f"{whole['title']} {client.name}"}),
                author_name="Owner",
                written_at=self.at,
                published_at=self.at,
            )
            for client in self.clients[::10]
        ]
        _insert(Script, iter(made))
        valid = (
            RedFlagValidation(
                **self.of(each.client),
                script=each,
                number=1,
                text=flags,
                doctor=first[each.client_id],
                doctor_name="Dr A",
                validated_date=date(2026, 1, 1),
                recorded_at=self.at,
            )
            for each in made
        )
        _insert(RedFlagValidation, valid)


def _insert(table: Any, rows: Iterator[Any]) -> None:
    table.objects.bulk_create(rows, batch_size=BATCH)


def _measured(owner: Person, doctor: Person, at: datetime, rounds: int) -> dict[str, Any]:
    client = str(Client.objects.order_by("pk").values_list("pk", flat=True)[0])
    switchboard.client_slice(house=HOUSE, client=client, version=1, at=at)  # what is loaded once is not counted
    tables = [_cpu(lambda: switchboard.routing_table(at=at))[0] for _ in range(3)]
    with CaptureQueriesContext(connection) as asked:
        table = switchboard.routing_table(at=at)
    figures: dict[str, Any] = {
        "table_cpu_s": statistics.median(tables),
        "table_mib": _held(lambda: switchboard.routing_table(at=at)),
        "table_queries": len(asked),
        "clients": len(table.clients),
        "lines": len(table.lines),
        "instructions": sum(len(each.instructions) for each in table.clients.values()),
        "slice_cpu_ms": 1000
        * _median(lambda: switchboard.client_slice(house=HOUSE, client=client, version=1, at=at), rounds),
        "coverage_cpu_ms": 1000 * _median(lambda: said.proof_of(house=HOUSE, client=client, at=at), rounds),
    }
    pages = {
        "list": (owner, reverse("accounts:list")),
        "client": (owner, reverse("accounts:card", args=(client,))),
        **{
            f"edit {part}".strip(): (owner, f"{reverse('backstage:clients_client_change', args=(client,))}?part={part}")
            for part in PARTS
        },
        "said": (owner, reverse("backstage:clients_client_said", args=(client,))),
        "onboarding": (owner, reverse("onboarding:page", args=(client,))),
        "portal_line": (doctor, reverse("portal_line", args=(client,))),
    }
    return {**figures, "pages": {name: _page(*what, rounds) for name, what in pages.items()}}


def _page(person: Person, address: str, rounds: int) -> dict[str, float]:
    browser = Browser(headers={"host": "localhost"})
    browser.force_login(person)

    def get() -> None:
        answer = browser.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")

    get()
    with CaptureQueriesContext(connection) as asked:
        get()
    return {"queries": len(asked), "cpu_ms": round(1000 * _median(get, rounds), 2)}


def _cpu(act: Callable[[], object]) -> tuple[float, object]:
    gc.collect()
    before = time.process_time()
    kept = act()
    return time.process_time() - before, kept


def _median(act: Callable[[], object], rounds: int) -> float:
    """CPU seconds of one time, the median of `rounds`."""
    return statistics.median(_cpu(act)[0] for _ in range(rounds))


def _held(act: Callable[[], object]) -> float:
    """MiB that what `act` gives holds once it is there, without what making it needed."""
    gc.collect()
    tracemalloc.start()
    kept = act()
    gc.collect()
    size, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return size / MIB


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
