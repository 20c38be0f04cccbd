# SPDX-License-Identifier: AGPL-3.0-or-later
"""A ticket that was good once opens nothing after the seat was withdrawn, nor one of another house or of nobody."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.stories import cast
from tests.wire.line_house import RealHouse, running_house


async def turned_away(house: RealHouse, ticket: str) -> None:
    page = house.page()
    await page.connects()
    await page.hello(audio=False, ticket=ticket)
    assert (await page.shows("bye"))["code"] == 4401
    assert page.count("welcome") == 0


async def test_a_ticket_is_worth_nothing_once_the_seat_is_withdrawn(tmp_path: Path) -> None:
    async with running_house(tmp_path) as house:
        claire = house.page()
        await claire.connects()
        ticket = claire.ticket()
        await claire.hello(audio=False, ticket=ticket)
        await claire.shows("welcome")
        await house.command("revoke_seat", house=cast.HOUSE, secretary=cast.CLAIRE)
        assert (await claire.shows("bye"))["code"] == 4401
        await turned_away(house, ticket)
        await house.kill(house.exchange)
        await house.start_exchange()
        await turned_away(house, ticket)
        again = house.page()
        await again.connects()
        later = int(datetime.now(UTC).timestamp()) + 5
        await again.hello(audio=False, ticket=again.ticket(issued=later, expires=later + 600))
        await again.shows("welcome")


@pytest.mark.parametrize(
    "changes", [{"house": "other"}, {"secretary": "99"}, {"rights": ()}, {"issued": 1, "expires": 2}]
)
async def test_a_ticket_of_somebody_else_opens_nothing(tmp_path: Path, changes: dict[str, object]) -> None:
    async with running_house(tmp_path) as house:
        await turned_away(house, house.page().ticket(**changes))
