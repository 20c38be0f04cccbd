# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an operation changes is on the card of the next call, and after any outage the exchange ends with the right
versions. Database, worker, exchange and media are real processes."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from permanence.project.line_states import read_table
from permanence.reception.table import ClientSlice
from tests.processes import until
from tests.wire.next_card import LINE, card_of_the_next_call, claire_at_her_seat, held
from tests.wire.recorded_house import RecordedHouse, recorded_house

NOTED = "select client_id, version from switchboard_sliceversion where client_id is not null"
CHANGES = """
import sys
from datetime import timedelta
import django
django.setup()
from permanence.clients import absences, directory_operations, forwarding, operations, queries
from permanence.clients import script_operations, training
from permanence.clients.rules import Scope
from permanence.clients.rules.spoken import GreetingWhen
from permanence.countries.forwarding import Access, ForwardingMode
from permanence.foundation.models import House, Person
from permanence.foundation.who import system_of
from permanence.kernel.system import SystemClock
from permanence.reception.table import ContactEntry, SiteEntry
from permanence.staff import membership
from permanence.staff import queries as staff

line = "{line}"
client = queries.lines(house="demo")[line]
system = system_of(House.objects.get(slug="demo"))
person = str(Person.objects.filter(house__slug="demo").order_by("pk").first().pk)
recipient = queries.recipients(house="demo", client=client)[0].id
secretary = staff.secretaries(house="demo")[0].id
day = GreetingWhen(line=line, day_type="chosen", weekdays=tuple(range(7)), opens="00:00", until="24:00")


def script(made):
    version = script_operations.begin_from_template(code="doctor", language="fr", after=1, **made)
    script_operations.publish(version=version, **made)


def forward(made):
    forwarding.set_forwarding(
        number=line, mode=ForwardingMode.ALL, public_number="+35226000001", access=Access.FIXED, operator="",
        seconds=None, **made
    )
    operations.set_waiting(ring_before_music_s=7, max_wait_s=77, **made)


acts = {{
    "greeting": lambda made: operations.set_greeting(language="fr", text="Mot de bienvenue.", when=day, **made),
    "absence": lambda made: absences.announce_absence(
        recipient=recipient, starts=made["at"], ends=made["at"] + timedelta(hours=1), words="Mot d'absence.",
        announced_by=person, **made
    ),
    "scope": lambda made: operations.write_instruction(
        text="Mot de consigne.", author=person, scope=Scope(line=line, recipient=recipient), **made
    ),
    "script": script,
    "contact": lambda made: directory_operations.put_contact(contact=ContactEntry(name="Mot d'annuaire"), **made),
    "site": lambda made: directory_operations.put_site(site=SiteEntry(name="Mot de lieu"), **made),
    "training": lambda made: training.train(secretary=secretary, trained_date=made["at"].date(), **made),
    "pool": lambda made: operations.set_pool(
        pool=membership.add_pool(name="Nuit", by=made["by"], at=made["at"]), **made
    ),
    "forwarding": forward,
}}
print("ready", flush=True)
for word in sys.stdin:
    acts[word.strip()](dict(client=client, by=system, at=SystemClock().now()))
    print("done", flush=True)
"""
ON_THE_CARD = {
    "greeting": "Mot de bienvenue.",
    "absence": "Mot d'absence.",
    "scope": "Mot de consigne.",
    "script": '"script": {"version": 2',
    "contact": "Mot d'annuaire",
    "site": "Mot de lieu",
}
IN_THE_TABLE: dict[str, Callable[[ClientSlice], object]] = {
    "training": lambda entry: entry.trained,
    "pool": lambda entry: entry.pool,
    "forwarding": lambda entry: entry.max_wait_s == 77,  # the rest of it stays with the database
}


class Hand:
    """Somebody who changes something: a process with the house's operations."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    @contextlib.asynccontextmanager
    async def of(cls, house: RecordedHouse) -> AsyncIterator["Hand"]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            CHANGES.format(line=LINE),
            env={**os.environ, **house.environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        hand = cls(process)
        try:
            await hand.says("ready")
            yield hand
        finally:
            await hand.close()

    async def changes(self, what: str) -> None:
        """Done when this returns, in the database alone."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n".encode())
        await self.says("done")

    async def says(self, word: str) -> None:
        assert self.process.stdout is not None
        assert (await self.process.stdout.readline()).decode().strip() == word

    async def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.process.wait()


async def test_what_was_changed_is_on_the_card_of_the_next_call(tmp_path: Path, demonstration: Path) -> None:
    async with recorded_house(tmp_path, demonstration) as house, Hand.of(house) as hand:
        claire = await claire_at_her_seat(house)
        for what, words in ON_THE_CARD.items():
            version = held(house).version
            assert words not in await card_of_the_next_call(house, claire)
            await hand.changes(what)
            await until(f"{what} is in the table", lambda: held(house).version > version, within_s=10)  # noqa: B023
            assert words in await card_of_the_next_call(house, claire), what
        assert held(house).script is not None
        for what, is_there in IN_THE_TABLE.items():
            assert not is_there(held(house)), what
            await hand.changes(what)
            await until(f"{what} is in the table", lambda: is_there(held(house)), within_s=10)  # noqa: B023


@pytest.mark.parametrize("absent", ["worker", "exchange", "both"])
async def test_after_an_outage_the_exchange_ends_with_the_right_versions(
    tmp_path: Path, demonstration: Path, absent: str
) -> None:
    async with recorded_house(tmp_path, demonstration) as house, Hand.of(house) as hand:
        await hand.changes("site")
        await until("the site is there", lambda: held(house).sites, within_s=10)
        if absent in {"worker", "both"}:
            await house.kill(house.worker)
        if absent in {"exchange", "both"}:
            await house.kill(house.exchange)
        await hand.changes("contact")
        await hand.changes("pool")
        if absent in {"exchange", "both"}:
            await house.start_exchange()
        if absent in {"worker", "both"}:
            await house.start_worker()

        def right() -> bool:
            noted = {str(client): version for client, version in house.rows(NOTED)}
            versions = {client: each for client, each in read_table(tmp_path).versions()["demo"].items() if client}
            entry = held(house)
            return (
                bool(entry.pool) and any(each.name == "Mot d'annuaire" for each in entry.contacts) and noted == versions
            )

        await until("the exchange holds what the database says", right, within_s=20)
