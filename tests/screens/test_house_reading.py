# SPDX-License-Identifier: AGPL-3.0-or-later
"""An instruction that must be read before the next call, in a whole house: what is read in a browser changes at whom
the next call rings."""

import asyncio
import sys

import pytest
from playwright.async_api import Browser, expect

from permanence.project import demo_cast as cast
from permanence.project.line_states import read_table
from permanence.reception.table import InstructionEntry
from tests.processes import until
from tests.screens.whole_house import REPOSITORY, WholeHouse, answered, at_seat, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORDS = "Nothing is put through before two o’clock."
WRITE = f"""
from permanence.clients import operations, queries
from permanence.foundation.models import House, Person
from permanence.foundation.who import system_of
from permanence.kernel.system import SystemClock
operations.write_instruction(
    client=queries.lines(house="demo")["{cast.WEBER_LINE}"], text="{WORDS}", priority=90, acknowledge=True,
    author=str(Person.objects.get(email="{cast.WEBER}").pk),
    by=system_of(House.objects.get(slug="demo")), at=SystemClock().now(),
)
"""


def held(house: WholeHouse) -> InstructionEntry | None:
    """The instruction as the exchange has it."""
    client = read_table(house.data).client_of(cast.WEBER_LINE)
    return next((each for each in client.instructions if each.text == WORDS), None) if client else None


def read_by(house: WholeHouse) -> tuple[str, ...] | None:
    """Who has read it, as far as the exchange knows."""
    entry = held(house)
    return None if entry is None else entry.readers


async def in_the_house(house: WholeHouse, code: str) -> None:
    settings = {"PERMANENCE_DATA": str(house.data), "PERMANENCE_DEMONSTRATION": "true"}
    shell = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "django", "shell", "--no-imports", "-c", code,
        env={**house.environment, **settings, "DJANGO_SETTINGS_MODULE": "permanence.project.settings"},
        cwd=REPOSITORY,
    )  # fmt: skip
    assert await shell.wait() == 0


async def test_what_she_reads_in_her_browser_brings_her_the_next_call(
    house: WholeHouse, speaking_browser: Browser
) -> None:
    await house.set_hours(cast.WEBER_LINE, always=True)
    key = house.secretary(cast.CLAIRE)
    async with (
        at_seat(speaking_browser, house, cast.CLAIRE) as claire,
        at_seat(speaking_browser, house, cast.AOIFE) as aoife,
    ):
        await in_the_house(house, WRITE)
        await until("the exchange has the instruction", lambda: read_by(house) == ())
        async with house.call(cast.WEBER_LINE, "--from", "+33639980121") as phone:
            await claire.shows("ringing")
            first = claire.page.locator("#ring-orders .order").first
            await expect(first).to_contain_text(WORDS)
            await expect(first.locator("kbd")).to_have_text("Alt L")
            await expect(claire.by_id("ring-why")).to_contain_text(
                "aucune personne qui l’a lu ne pouvait prendre l’appel"
            )
            await claire.shot("reading-fallen-back-1366-light")
            await answered(claire, phone)
            await claire.press("F9")
            assert await phone.over() == 0
        await claire.presence_is("wrap")
        await claire.choose("outcome", "information")
        await claire.press("F2")
        await expect(claire.by_id("dialog-read")).to_be_visible()
        await claire.press("Alt+l")
        await claire.presence_is("ready")
        await until("the exchange knows that she has read it", lambda: read_by(house) == (key,))
        async with house.call(cast.WEBER_LINE, "--from", "+33639980122") as phone:
            await claire.shows("ringing")
            await expect(claire.by_id("ring-why")).to_contain_text("d’autres personnes prêtes ne l’ont pas lu")
            await aoife.shows("idle")
            await claire.shot("reading-has-read-1366-light")
            phone.hang_up()
            assert await phone.over() == 1
        await claire.presence_is("ready")
    marc = await signed_in(
        speaking_browser, house, cast.MARC, "/supervision/calls?unread=1", viewport={"width": 1366, "height": 768}
    )
    rows = marc.locator(".calls__table tbody tr")
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text("N’avait pas lu les consignes")
    await marc.context.close()
