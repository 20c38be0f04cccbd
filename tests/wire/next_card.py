# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the telephone holds of Dr Weber, and the card of the next call for him, at a seat of the recorded house."""

import json
from typing import Any

from permanence.project import demo_cast
from permanence.project.line_states import read_table
from permanence.reception.table import ClientSlice
from tests.wire.recorded_house import RecordedHouse

LINE = demo_cast.WEBER_LINE
SECRETARY = """
select s.id from staff_secretary s join foundation_person p on p.id = s.person_id where p.email = ?
"""


def held(house: RecordedHouse) -> ClientSlice:
    """The slice that the exchange holds of Dr Weber."""
    entry = read_table(house.folder).client_of(LINE)
    assert entry is not None
    return entry


async def claire_at_her_seat(house: RecordedHouse) -> Any:
    """Claire, ready."""
    ((key,),) = house.rows(SECRETARY, demo_cast.CLAIRE)
    claire = house.page(str(key), "Claire")
    await claire.connects()
    await claire.hello()
    await claire.ready()
    return claire


async def card_of_the_next_call(house: RecordedHouse, claire: Any) -> str:
    """Somebody calls, the card comes, he hangs up: the card as JSON."""
    phone = house.phone()
    offers = claire.count("offer")
    await phone.dials(LINE)
    await claire.until(lambda: claire.count("offer") > offers)
    offer = claire.last("offer")
    phone.hangs_up()
    await house.event("CallEnded", call=offer["call"])
    return json.dumps(offer["card"], ensure_ascii=False)
