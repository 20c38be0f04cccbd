# SPDX-License-Identifier: AGPL-3.0-or-later
"""The database is locked, absent or stopped: calls are answered, their events wait and arrive once. Real processes."""

import asyncio
import contextlib
import json
import sqlite3
from pathlib import Path

from websockets.asyncio.client import connect

from permanence.project import demo_cast
from tests.wire.line_house import Page
from tests.wire.media_client_webrtc import tone
from tests.wire.postgres_cluster import running_cluster
from tests.wire.recorded_house import RecordedHouse, recorded_house, until

CALLS = "select call, answered_at is not null, outcome from calls_call where ended_at is not null order by id"
OFFERS = "select call_id, how from calls_calloffer order by id"
ASIDE = "select hearer, error from foundation_engineeventaside"
SECRETARY = """
select s.id from staff_secretary s join foundation_person p on p.id = s.person_id where p.email = ?
"""


async def claire_at_her_seat(house: RecordedHouse) -> Page:
    ((key,),) = house.rows(SECRETARY, demo_cast.CLAIRE)
    claire = house.page(str(key), "Claire")
    await claire.connects()
    await claire.hello()
    await claire.ready()
    return claire


async def answered_call(house: RecordedHouse, claire: Page) -> str:
    """A caller is answered, both hear each other, he hangs up, she wraps up; the call."""
    phone = house.phone()
    offers, ends = claire.count("offer"), claire.count("ended")
    await phone.dials(demo_cast.WEBER_LINE)
    await claire.until(lambda: claire.count("offer") > offers)
    call = str(claire.last("offer")["call"])
    assert (await claire.asks({"t": "answer", "call": call}))["ok"]
    await phone.until(lambda: phone.state == "answered")
    assert claire.browser is not None
    claire.browser.mouth.say(tone(1000))
    phone.rtp.mouth.say(tone(700))
    await asyncio.gather(phone.rtp.ear.until_tone(1000), claire.browser.ear.until_tone(700))
    phone.hangs_up()
    await claire.until(lambda: claire.count("ended") > ends)
    assert (await claire.asks({"t": "wrapup_done", "call": call, "outcome": "message"}))["ok"]
    await claire.until(lambda: claire.last("presence")["state"] == "ready")
    return call


async def recorded(house: RecordedHouse, calls: list[str]) -> None:
    """Waits until these calls, whole and no others, stand in the record, each once."""
    wanted = [(call, True, "message") for call in calls]

    def found() -> bool:
        return [(call, bool(answered), outcome) for call, answered, outcome in house.rows(CALLS)] == wanted

    await until(f"the record holds {len(calls)} calls", found)
    assert [how for _, how in house.rows(OFFERS)] == ["answered"] * len(calls)
    assert house.rows(ASIDE) == []


async def heard_again_changes_nothing(house: RecordedHouse, calls: list[str]) -> None:
    await house.kill(house.worker)
    await house.start_worker()
    await recorded(house, calls)


async def test_a_database_that_is_locked_is_waited_for(tmp_path: Path, demonstration: Path) -> None:
    async with recorded_house(tmp_path, demonstration) as house:
        claire = await claire_at_her_seat(house)
        with contextlib.closing(sqlite3.connect(tmp_path / "db.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            calls = [await answered_call(house, claire)]
            assert house.rows(CALLS) == []
            other.execute("ROLLBACK")
        await recorded(house, calls)
        calls.append(await answered_call(house, claire))
        await recorded(house, calls)


async def test_a_database_that_is_absent_is_waited_for_and_none_is_made_in_its_place(
    tmp_path: Path, demonstration: Path
) -> None:
    database, elsewhere = tmp_path / "db.sqlite3", tmp_path / "elsewhere.sqlite3"
    async with recorded_house(tmp_path, demonstration) as house:
        claire = await claire_at_her_seat(house)
        calls = [await answered_call(house, claire)]
        await recorded(house, calls)
        await house.kill(house.worker)
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.rename(elsewhere)
        await house.start_worker()
        calls.append(await answered_call(house, claire))
        calls.append(await answered_call(house, claire))
        assert not database.exists()
        elsewhere.rename(database)
        await recorded(house, calls)
        await heard_again_changes_nothing(house, calls)


async def test_the_whole_house_on_postgresql_which_stops_and_comes_back(tmp_path: Path, demonstration: Path) -> None:
    async with running_cluster() as cluster, recorded_house(tmp_path, demonstration, cluster.url, web=True) as house:
        claire = await claire_at_her_seat(house)
        marc = await house.browser(demo_cast.MARC)
        address = f"ws://localhost:{house.web_port}/live"
        headers = {"Cookie": marc.cookies}
        site = f"http://localhost:{house.web_port}"
        async with connect(address, origin=site, additional_headers=headers, proxy=None) as live:  # type: ignore[arg-type]
            calls = [await answered_call(house, claire)]
            await recorded(house, calls)
            async with asyncio.timeout(10):
                assert json.loads(await live.recv()) == {
                    "topic": "house/demo/calls"
                }  # LISTEN heard the worker's NOTIFY
        await cluster.stop()
        calls.append(await answered_call(house, claire))
        calls.append(await answered_call(house, claire))
        await cluster.start()
        await recorded(house, calls)
        await heard_again_changes_nothing(house, calls)
        assert (await (await house.browser(demo_cast.MARC)).get("/supervision/calls"))[0] == 200
