# SPDX-License-Identifier: AGPL-3.0-or-later
"""A house is copied during a call, put back elsewhere and started: whoever was there finds everything, and it goes on.

Both houses are whole: `./run`, its supervisor and all its processes. The second one stands at the addresses of the
first, as on the machine that takes a broken one's place.
"""

import asyncio
import contextlib
import json
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from permanence.kernel.system import SystemEntropy
from permanence.project import demo_cast
from permanence.project.line_states import read_table
from permanence.project.supervisor import folder
from tests.screens.whole_house import REPOSITORY, WholeHouse, own_ports, started
from tests.wire.line_house import Page, Phone
from tests.wire.media_client_webrtc import frequencies, tone
from tests.wire.postgres_cluster import running_cluster
from tests.wire.recorded_house import PREPARE, Browser, until
from tests.wire.rows import sqlite_rows

TEXT = "La fièvre de sa fille ne baisse pas depuis hier."
KEY = "restored-house-message"
VOICE = tone(700)
CALLS = "select call, ended_at is not null from calls_call order by id"
MESSAGES = "select key from messaging_message order by id"
HEARD = "select min(sequence) from foundation_engineposition"
ASIDE = "select hearer, error from foundation_engineeventaside"


class Place:
    """Where a house stands: its folder, its database, its ports. The telephones and pages of the tests ask here."""

    def __init__(self, data: Path, environment: dict[str, str], database_url: str = "") -> None:
        self.data = data
        self.environment = environment | {"PERMANENCE_DATABASE_URL": database_url}
        self.database_url = database_url
        self.sip_port = int(environment["PERMANENCE_SIP_PORT"])
        self.line_port = int(environment["PERMANENCE_LINE_PORT"])
        self.site = f"http://localhost:{environment['PERMANENCE_WEB_PORT']}"

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """What stands in the database."""
        if not self.database_url:
            return sqlite_rows(self.data / "db.sqlite3", question)
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(question.encode()).fetchall()

    async def does(self, *command: str, **changes: str) -> str:
        """One command of the house to its end, which is a good one; what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", *command, env=self.environment | changes, cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        printed = (await process.communicate())[0].decode()
        assert process.returncode == 0, printed
        return printed

    async def word(self, *words: str) -> str:
        """`./run` with these words."""
        return await self.does("-m", "permanence.project.cli", *words)

    async def prepare(self) -> None:
        """The demonstration in which Dr Weber's line is open at every hour and a caller waits two seconds."""
        folder.make_parts(self.data)
        folder.make_keys(self.data, SystemEntropy())
        code = PREPARE.format(open=demo_cast.WEBER_LINE, closed=demo_cast.DUPONT_LINE)
        settings = {"PERMANENCE_DATA": str(self.data), "PERMANENCE_DEMONSTRATION": "true"}
        await self.does("-c", code, **settings, DJANGO_SETTINGS_MODULE="permanence.project.settings")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[WholeHouse]:
        """`./run --data`, until the exchange holds Dr Weber's line."""
        async with started(self.data, "--data", str(self.data), environment=self.environment) as house:
            await until("the line is there", lambda: read_table(self.data).client_of(demo_cast.WEBER_LINE))
            yield house

    async def browser(self, email: str) -> Browser:
        """Somebody signed in."""
        found = Browser(self.site)
        await found.get("/login")
        await found.post("/login", username=email, password=demo_cast.PASSWORD)
        return found

    async def ends_recorded(self, calls: list[str]) -> None:
        """Waits until these calls and no others are in the record, each once, each ended."""
        wanted = [(call, True) for call in calls]
        await until("the record", lambda: [(call, bool(ended)) for call, ended in self.rows(CALLS)] == wanted)
        assert self.rows(ASIDE) == []

    def last_heard(self) -> int:
        """The event of the engine up to which every room has kept them."""
        ((sequence,),) = self.rows(HEARD)
        return int(sequence)


@contextlib.asynccontextmanager
async def places(kind: str, tmp_path: Path) -> AsyncIterator[tuple[Place, Place]]:
    """The house and the place for its copy."""
    environment = own_ports()
    async with contextlib.AsyncExitStack() as stack:
        first = second = ""
        if kind == "postgresql":
            cluster = await stack.enter_async_context(running_cluster())
            first, second = cluster.url, cluster.url.removesuffix("postgres") + "again"
            async with await psycopg.AsyncConnection.connect(first, autocommit=True) as connection:
                await connection.execute("CREATE DATABASE again")
        yield Place(tmp_path / "old", environment, first), Place(tmp_path / "new", environment, second)


@contextlib.asynccontextmanager
async def telephones(place: Place, count: int) -> AsyncIterator[list[Phone]]:
    """Callers' telephones behind the trunk."""
    phones = [Phone(place) for _ in range(count)]  # type: ignore[arg-type]
    try:
        yield phones
    finally:
        for phone in phones:
            phone.close()


@contextlib.asynccontextmanager
async def at_her_seat(place: Place, claire: Browser) -> AsyncIterator[Page]:
    """Claire's page, its line up."""
    page = Page(place, "", "Claire")  # type: ignore[arg-type]
    try:
        await page.connects(origin=place.site)
        ticket = json.loads((await claire.get("/console/ticket?seat=claire"))[1])["ticket"]
        await page.hello(ticket=ticket)
        yield page
    finally:
        page.drop()


async def leaves_a_voice_message(house: WholeHouse, phone: Phone) -> str:
    """Nobody is there: he waits, hears the tone, speaks two seconds and hangs up; the call."""
    await phone.dials(demo_cast.WEBER_LINE)

    def recording() -> list[str]:
        return [str(call["call"]) for call in house.exchange.status()["calls"] if call["state"] == "voice_message"]

    await phone.until(lambda: phone.state == "answered", 15)
    phone.rtp.mouth.say(VOICE)
    (call,) = await until("the exchange records", recording)
    file = house.data / "spool" / f"{call}.alaw"
    await until("two seconds are on the disk", lambda: file.exists() and file.stat().st_size > 16000)
    phone.hangs_up()
    return call


async def talks(claire: Page, phone: Phone) -> dict[str, Any]:
    """A call is answered and both hear each other; the offer."""
    offers = claire.count("offer")
    await phone.dials(demo_cast.WEBER_LINE)
    await claire.until(lambda: claire.count("offer") > offers)
    offer = claire.last("offer")
    assert (await claire.asks({"t": "answer", "call": offer["call"]}))["ok"]
    await phone.until(lambda: phone.state == "answered")
    assert claire.browser is not None
    claire.browser.mouth.say(tone(1000))
    phone.rtp.mouth.say(VOICE)
    await asyncio.gather(phone.rtp.ear.until_tone(1000), claire.browser.ear.until_tone(700))
    return offer


async def wraps_up(claire: Page, call: str) -> None:
    """She is ready for the next one."""
    await claire.until(lambda: claire.last("ended").get("call") == call)
    assert (await claire.asks({"t": "wrapup_done", "call": call, "outcome": "message"}))["ok"]
    await claire.until(lambda: claire.last("presence")["state"] == "ready")


async def writes_a_message(place: Place, claire: Browser, offer: dict[str, Any]) -> None:
    """As the console's form does."""
    form = offer["card"]["form"]
    body = {
        "message": KEY, "call": offer["call"], "client": offer["card"]["client"],
        "recipient": form["recipients"][0]["id"], "reason": form["reasons"][0]["code"], "caller_name": "Mme Thill",
        "caller_number": "621 000 147", "urgency": "today", "text": TEXT,
    }  # fmt: skip
    token = claire.cookies.partition("csrftoken=")[2].partition(";")[0]
    headers = {"Cookie": claire.cookies, "X-CSRFToken": token, "Origin": place.site, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{place.site}/console/messages", json.dumps(body).encode(), headers)  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with await asyncio.to_thread(opener.open, request, timeout=10) as answer:
        assert answer.status == 201


@pytest.mark.parametrize(("kind", "with_voice"), [("sqlite", True), ("postgresql", False)])
async def test_a_house_that_is_copied_during_a_call_goes_on_from_its_copy(
    kind: str, with_voice: bool, tmp_path: Path
) -> None:
    """A voice message takes 14 s of listening, and its file is copied alike for both databases: one speaks."""
    async with places(kind, tmp_path) as (old, new), telephones(old, 4) as (speaker, writer, talker, later):
        await old.prepare()
        async with old.running() as house:
            doctor, claire = await old.browser(demo_cast.WEBER), await old.browser(demo_cast.CLAIRE)
            calls = [await leaves_a_voice_message(house, speaker)] if with_voice else []
            spoken = [f"voice-{call}" for call in calls]
            await until("the voice message is taken", lambda: old.rows(MESSAGES) == [(key,) for key in spoken])
            async with at_her_seat(old, claire) as page:
                await page.ready()
                offer = await talks(page, writer)
                await writes_a_message(old, claire, offer)
                writer.hangs_up()
                await wraps_up(page, offer["call"])
                running = (await talks(page, talker))["call"]
                calls += [offer["call"], running]
                await old.word("backup", str(tmp_path / "copies"), "--data", str(old.data))
            heard = old.last_heard()
        (copy,) = (tmp_path / "copies").iterdir()
        await new.word("restore", str(copy), "--data", str(new.data))

        async with new.running() as house:
            # The doctor's browser is still signed in; what was sealed opens.
            status, shown = await doctor.get(f"/portal/messages/{KEY}")
            assert (status, TEXT in shown.decode()) == (200, True)
            for key in spoken:
                status, audio = await doctor.get(f"/portal/messages/{key}/audio")
                assert status == 200
                assert frequencies(audio[-12000:-4000]) == {700}
            # The call that ran is taken up where it was: with her, who ends it.
            async with at_her_seat(new, claire) as page:
                assert (await page.shows("call"))["call"] == running
                assert (await page.asks({"t": "end", "call": running}))["ok"]
                await wraps_up(page, running)
                await new.ends_recorded(calls)
                # And the next one comes.
                offer = await talks(page, later)
                later.hangs_up()
                await wraps_up(page, offer["call"])
            await new.ends_recorded([*calls, offer["call"]])
            assert new.last_heard() > heard
            assert new.rows(MESSAGES) == [(key,) for key in (*spoken, KEY)]
            assert house.exchange.status()["alarms"] == []
