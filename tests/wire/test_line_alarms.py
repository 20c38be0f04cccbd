# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the real exchange complains of in its `status`, and that it stops complaining when it is mended."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from permanence.reception.table import write_slice
from tests.stories import cast
from tests.wire.line_house import RealHouse, running_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RealHouse]:
    async with running_house(tmp_path) as found:
        yield found


async def codes(house: RealHouse) -> set[str]:
    status: dict[str, Any] = await house.command("status")
    return {alarm["code"] for alarm in status["alarms"]}


async def test_a_slice_that_cannot_be_read_is_an_alarm_until_it_is_sent_again(house: RealHouse) -> None:
    assert await codes(house) == set()
    await house.kill(house.exchange)
    table = house.folder / "table" / cast.HOUSE
    (table / f"client-{cast.DUPONT}.json").write_text("{torn")
    (table / "client-77.json").write_text("{torn")
    await house.start_exchange()
    lost = {f"slice:{cast.HOUSE}/client-{key}.json" for key in (cast.DUPONT, "77")}
    assert lost <= await codes(house)
    await house.command("publish", slice=write_slice(cast.dupont()))
    assert await codes(house) & lost == {f"slice:{cast.HOUSE}/client-77.json"}
    await house.command("withdraw", house=cast.HOUSE, client="77")
    assert await codes(house) & lost == set()


async def test_the_status_tells_faults_and_refused_sources(house: RealHouse) -> None:
    status = await house.command("status")
    assert status["faults"] == {"count": 0, "kind": "", "where": "", "at": None}
    assert status["refused"] == []
