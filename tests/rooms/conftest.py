# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cast: Claire and Aoife answer for Dr Weber, the cabinet Dupont and Atlas; Marc supervises and owns the house.

Dupont must never see Weber's; Nadia's house must see nothing of theirs.
"""

import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client as Browser
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from permanence.clients import operations as client_operations
from permanence.clients import queries as clients
from permanence.clients.rules import ClientKind, RecipientKind, Sector
from permanence.foundation import operations, outbox, secrecy
from permanence.foundation.models import Person
from permanence.foundation.rules import Role
from permanence.foundation.who import Who, who_is
from permanence.project import demo_cast, demo_house
from permanence.project.demo_house import load_demo_house
from permanence.project.demo_knowledge import load_demonstration
from permanence.project.wiring import WIRING
from permanence.staff import operations as staff
from permanence.staff import queries as staff_queries
from tests.migrated import migrated_file, migrated_template
from tests.rooms.remembered import remembered

NOW = datetime(2026, 11, 24, 13, 15, tzinfo=UTC)
"""A Tuesday, 14:15 in Luxembourg and Strasbourg, 13:15 in Cork: the cabinet Dupont and Dr Weber are open."""

CLUSTER = os.environ.get("PERMANENCE_DATABASE_URL", "")
"""The suite's own PostgreSQL, "" on SQLite. No test sees it in its environment."""
OTHER_HOUSE = "nadia"
OTHER_PASSWORD = "a long sentence to enter"


class SeededEntropy:
    """The same chance at every run."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def token(self, size: int) -> bytes:
        return self._random.randbytes(size)


@dataclass(frozen=True, slots=True)
class Cast:
    """The persons as `by=`, the ids of clients, recipients and secretaries. `house` and `other_house` are slugs."""

    house: str
    other_house: str
    claire: Who
    aoife: Who
    marc: Who
    dr_weber: Who
    dr_dupont: Who
    dr_lemaire: Who
    niamh: Who
    nadia: Who
    claire_secretary: str
    aoife_secretary: str
    weber: str
    dupont: str
    atlas: str
    other_client: str
    other_recipient: str
    recipients: dict[str, str]
    """Name of a recipient of the first house -> id."""

    @property
    def everybody(self) -> tuple[Who, ...]:
        return (self.claire, self.aoife, self.marc, self.dr_weber, self.dr_dupont, self.dr_lemaire, self.niamh)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, or one process would be at them when the others have nothing left."""
    items.sort(key=lambda item: item.path.name != "test_bench.py")


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def entropy() -> SeededEntropy:
    return SeededEntropy()


@pytest.fixture(autouse=True)
def data_folder(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder for every test that touches keys, tickets or sockets; a house opened in a test keeps to itself."""
    monkeypatch.delenv("PERMANENCE_DATABASE_URL", raising=False)  # CLUSTER
    data = tmp_path / "data"
    settings.PERMANENCE = settings.PERMANENCE.changed(data=data, run=data / "run", demonstration=True)
    return data


def person(email: str) -> Who:
    return who_is(Person.objects.select_related("house").get(email=email))


def open_other_house() -> tuple[str, str]:
    """Nadia's house with one secretary (herself) and one client; gives the client's and the recipient's ids."""
    system = operations.open_house(
        slug=OTHER_HOUSE, name="Maison Nadia", language="fr", country="FR", time_zone="Europe/Paris", at=NOW
    )
    roles = frozenset({Role.OWNER, Role.SUPERVISOR})
    key = operations.add_person(
        email="nadia@nadia.example",
        name="Nadia",
        language="fr",
        roles=roles,
        password=OTHER_PASSWORD,
        by=system,
        at=NOW,
    )
    staff.make_secretary(person=key, languages=("fr",), by=system, at=NOW)
    client = client_operations.open_client(
        name="Dr Weber",
        initials="DW",
        kind=ClientKind.PRACTITIONER,
        sector=Sector.HEALTH,
        country="FR",
        time_zone="Europe/Paris",
        languages=("fr",),
        by=system,
        at=NOW,
    )
    recipient = client_operations.add_recipient(
        client=client, kind=RecipientKind.PRACTITIONER, name="Dr Weber", email="other@nadia.example", by=system, at=NOW
    )
    client_operations.give_line(client=client, number="+33199009999", by=system, at=NOW)
    return client, recipient


@pytest.fixture
def cast(db: None) -> Cast:
    """Both houses, in the test's transaction; the key of the first, in the test's folder."""
    secrecy.make_key("demo", entropy=SeededEntropy())
    return both_houses()


@remembered(replace)
def both_houses() -> Cast:
    """The demonstration's house, and Nadia's."""
    load_demo_house(at=NOW, entropy=SeededEntropy())
    other_client, other_recipient = open_other_house()
    by_name = {client.name: client.id for client in clients.clients(house="demo")}
    recipients = {
        each.name: each.id for client in by_name.values() for each in clients.recipients(house="demo", client=client)
    }
    claire, aoife = person(demo_cast.CLAIRE), person(demo_cast.AOIFE)
    return Cast(
        house="demo",
        other_house=OTHER_HOUSE,
        claire=claire,
        aoife=aoife,
        marc=person(demo_cast.MARC),
        dr_weber=person(demo_cast.WEBER),
        dr_dupont=person(demo_cast.DUPONT),
        dr_lemaire=person(demo_cast.LEMAIRE),
        niamh=person(demo_cast.ATLAS),
        nadia=person("nadia@nadia.example"),
        claire_secretary=staff_queries.secretary_of(house="demo", person=claire.person).id,
        aoife_secretary=staff_queries.secretary_of(house="demo", person=aoife.person).id,
        weber=by_name["Dr Weber"],
        dupont=by_name["Cabinet Dupont"],
        atlas=by_name["Atlas"],
        other_client=other_client,
        other_recipient=other_recipient,
        recipients=recipients,
    )


@remembered(str)
def _demonstration() -> str:
    load_demonstration(at=NOW, entropy=SeededEntropy())
    return demo_house.HOUSE


@pytest.fixture
def demonstration(db: None) -> str:
    """The demonstration's house as `./run` shows it, with all it knows; its slug, and its key in the test's folder."""
    secrecy.make_key(demo_house.HOUSE, entropy=SeededEntropy())
    return _demonstration()


@pytest.fixture
def browser_of() -> "type[SignedInBrowser]":
    """`browser_of(cast.claire)`: Django's test client, signed in as that person."""
    return SignedInBrowser


class SignedInBrowser(Browser):
    """A browser in which somebody has signed in."""

    def __init__(self, somebody: Who) -> None:
        super().__init__()
        self.force_login(Person.objects.get(pk=somebody.person_key))


@pytest.fixture
def deliver_all() -> Callable[[datetime], int]:
    """Deliver the whole outbox through the real wiring; gives how many events were heard."""

    def deliver(at: datetime) -> int:
        total = 0
        while heard := outbox.deliver_due(at=at, wiring=WIRING):
            total += heard
        return total

    return deliver


@pytest.fixture(scope="session")
def migrated(pytestconfig: pytest.Config) -> Iterator[None]:
    """The tables are there before Django makes the database of the tests: it finds nothing left to migrate."""
    folder = pytestconfig.cache.mkdir("migrated")
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated_template(folder, CLUSTER)
        yield
        return
    with (
        closing(sqlite3.connect(migrated_file(folder))) as kept,
        closing(sqlite3.connect(f"file:memorydb_{connection.alias}?mode=memory&cache=shared", uri=True)) as memory,
    ):
        kept.backup(memory)
        yield


@pytest.fixture(scope="session")
def django_db_setup(migrated: None, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """SQLite empties tables by DELETE after a test with real transactions, which the audit trail refuses.

    The trigger that refuses is taken away here (it must be there: DROP fails otherwise); its own test puts it back.
    """
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            assert connection.features.supports_json_field  # asked of the database once a process, by three queries
            connection.cursor().execute("DROP TRIGGER foundation_auditentry_no_delete")
