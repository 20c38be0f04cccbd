# SPDX-License-Identifier: AGPL-3.0-or-later
"""After any outage the exchange ends with the right versions. Database, worker, exchange and media are real processes;
`tests/rooms/test_changes_published.py` holds what is on the card of the next call."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from permanence.project import demo_cast
from permanence.project.line_states import read_table
from permanence.reception.table import ClientSlice
from tests.processes import until
from tests.wire.recorded_house import RecordedHouse, recorded_house

LINE = demo_cast.WEBER_LINE
NOTED = "select client_id, version from switchboard_sliceversion where client_id is not null"
CHANGES = """
import sys
import django
django.setup()
from permanence.clients import directory_operations, operations, queries
from permanence.foundation.models import House
from permanence.foundation.who import system_of
from permanence.kernel.system import SystemClock
from permanence.reception.table import ContactEntry, SiteEntry
from permanence.staff import membership

client = queries.lines(house="demo")["{line}"]
system = system_of(House.objects.get(slug="demo"))
acts = {{
    "contact": lambda made: directory_operations.put_contact(contact=ContactEntry(name="Mot d'annuaire"), **made),
    "site": lambda made: directory_operations.put_site(site=SiteEntry(name="Mot de lieu"), **made),
    "pool": lambda made: operations.set_pool(
        pool=membership.add_pool(name="Nuit", by=made["by"], at=made["at"]), **made
    ),
}}
print("ready", flush=True)
for word in sys.stdin:
    acts[word.strip()](dict(client=client, by=system, at=SystemClock().now()))
    print("done", flush=True)
"""


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


def held(house: RecordedHouse) -> ClientSlice:
    entry = read_table(house.folder).client_of(LINE)
    assert entry is not None
    return entry


@pytest.mark.parametrize("absent", ["worker", "exchange", "both"])
async def test_after_an_outage_the_exchange_ends_with_the_right_versions(tmp_path: Path, absent: str) -> None:
    async with recorded_house(tmp_path) as house, Hand.of(house) as hand:
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
