# SPDX-License-Identifier: AGPL-3.0-or-later
"""A secretary who is played, in a whole demonstration house: real sign-in, line, audio, callers. Nothing is played by
the test but the chance by which she decides."""

import asyncio
import contextlib
import functools
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from permanence.foundation.exchange import ExchangeAbsent
from permanence.kernel.system import SystemEntropy
from permanence.project import demo_cast as cast
from permanence.project import demo_command
from permanence.project.secretary.line import Line
from permanence.project.secretary.person import Secretary
from permanence.project.secretary.plan import MARK
from permanence.project.secretary.post import SeatTaken
from permanence.project.secretary.site import Site, SiteRefused
from tests.screens import voices
from tests.screens.whole_house import PhoneCall, WholeHouse, signed_in, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHANCE = SystemEntropy()
AOIFE = demo_command.SECRETARIES["aoife"]


class Median:
    """Every drawn fraction is one half, or nearly one while she is `slow`; keys and ids are real chance."""

    def __init__(self) -> None:
        self.slow = False

    def token(self, size: int) -> bytes:
        return (b"\xff" if self.slow else b"\x80") + bytes(5) if size == 6 else CHANCE.token(size)


class Played:
    """A secretary at work in this process, and what she said."""

    def __init__(self, house: WholeHouse, login: cast.Login = AOIFE, *, talk_s: float = 5.0) -> None:
        self.said: list[str] = []
        self.chance = Median()
        made = demo_command.played(login, house.status, house.data, talk_s, say=self.said.append, entropy=self.chance)
        self.secretary: Secretary = made

    async def says(self, words: str, times: int = 1) -> None:
        await until(f"she says {words!r}: {self.said}", lambda: sum(words in each for each in self.said) >= times)


@contextlib.asynccontextmanager
async def at_work(house: WholeHouse, *, talk_s: float = 5.0) -> AsyncIterator[Played]:
    """Aoife, ready; off duty when the block ends."""
    played = Played(house, talk_s=talk_s)
    await played.secretary.begin()
    working = asyncio.create_task(played.secretary.work())
    try:
        await played.says("Aoife: is ready")
        yield played
    finally:
        await played.secretary.leave()
        await working


def seat_of(house: WholeHouse, email: str) -> tuple[str, bool]:
    """(presence, whether a page of hers is open), as the exchange has it; ("", False) for nobody, or no exchange."""
    secretary = house.secretary(email)
    with contextlib.suppress(ExchangeAbsent):
        for seat in house.exchange.command("status")["seats"]:
            if seat["secretary"] == secretary:
                return seat["presence"], seat["connected"]
    return "", False


async def nobody_sits(house: WholeHouse) -> None:
    """Aoife is off duty and her page is closed."""
    await until("her post is free", lambda: seat_of(house, cast.AOIFE) in {("", False), ("off", False)})


async def test_she_answers_a_caller_speaks_with_him_and_notes_a_message(
    house: WholeHouse, speaking_browser: Browser, tmp_path: Path
) -> None:
    recording = tmp_path / "heard.wav"
    async with at_work(house) as aoife:
        caller = ("--from", "+33639980222", "--language", "en", "--record", str(recording))
        async with house.call(cast.ATLAS_LINE, *caller) as phone:
            await phone.says("a person speaks")
            await aoife.says("hears the caller speak")
            assert await phone.over() == 0
        await aoife.says("she ends the call after")
        await aoife.says("gives the outcome: message")
        await aoife.says("Aoife: is ready", 2)
        assert seat_of(house, cast.AOIFE) == ("ready", True)
    assert aoife.said[-1] == "  Aoife: goes off duty and signs out"
    await nobody_sits(house)
    summary = r"Aoife: calls that rang 1, answered 1 \(\d+ s each\), ended by her 1; messages noted 1\."
    assert re.fullmatch(summary, aoife.secretary.summary())
    end = voices.heard_in(recording)[-4 * voices.RATE :]
    secretary, other = voices.built_in("en/voice-secretary"), voices.caller("en")
    assert voices.likeness(end, secretary) > max(0.6, voices.likeness(end, other) + 0.1)

    kept = "select call, caller_name, key from messaging_message where caller_number = ?"
    ((call, name, key),) = house.rows(kept, "+33639980222")
    assert (name, key[:5]) == ("Joan Sample", "demo-")
    recorded = "select outcome from calls_call where call = ? and outcome != ''"
    assert await until("the call's outcome is recorded", lambda: house.rows(recorded, call)) == [("message",)]
    client = await signed_in(speaking_browser, house, cast.ATLAS, "/portal")
    await client.locator(f'a[href="/portal/messages/{key}"]').click()
    await expect(client.locator("main")).to_contain_text(MARK["en"])
    await client.context.close()
    marc = await signed_in(speaking_browser, house, cast.MARC, "/supervision/calls")
    await expect(marc.locator("main")).to_contain_text("Aoife")
    await marc.context.close()


async def test_a_caller_who_hangs_up_ends_the_call_and_one_who_gives_up_is_missed_by_nobody(house: WholeHouse) -> None:
    async with at_work(house, talk_s=600.0) as aoife:
        async with house.call(cast.ATLAS_LINE, "--language", "en") as phone:
            await aoife.says("a call for Atlas rings")
            await aoife.says("answers for Atlas and speaks")
            await aoife.says("hears the caller speak")
            phone.hang_up()
            assert await phone.over() == 0
        await aoife.says("the caller hangs up after")
        await aoife.says("gives the outcome")
        await aoife.says("Aoife: is ready", 2)
        aoife.chance.slow = True  # he gives up before she answers, however long that takes him
        async with house.call(cast.ATLAS_LINE, "--language", "en") as phone:
            await aoife.says("a call for Atlas rings", 2)
            phone.hang_up()
            assert await phone.over() == 1
        await aoife.says("the caller hangs up before she answers")
        await aoife.says("Aoife: is ready", 3)
        assert aoife.secretary.tally.answered == 1


async def test_she_is_back_by_herself_when_exchange_and_media_die(house: WholeHouse) -> None:
    async with at_work(house, talk_s=600.0) as aoife:
        for module in ("permanence.engine.exchange", "permanence.engine.mediaplane"):
            before = house.kill(module)
            await until(f"{module} runs again", functools.partial(house.runs_again, module, before))
            await until("she is ready", lambda: seat_of(house, cast.AOIFE) == ("ready", True))
        async with house.call(cast.ATLAS_LINE, "--language", "en") as phone:
            await phone.says("a person speaks")
            await aoife.says("hears the caller speak")


async def test_nobody_is_pushed_off_her_post_and_she_leaves_hers_to_whoever_takes_it(house: WholeHouse) -> None:
    async with at_work(house) as aoife:
        second = Played(house)
        with pytest.raises(SeatTaken, match="at work already"):
            await second.secretary.begin()
        assert seat_of(house, cast.AOIFE) == ("ready", True)
        person = Site(house.site)
        await asyncio.to_thread(person.sign_in, cast.AOIFE, cast.PASSWORD)
        ticket = await asyncio.to_thread(person.ticket, "browser")
        line = await Line.open(str(house.status["line"]), origin=house.site, ticket=ticket, page_host="localhost")
        await aoife.says("leaves her post: somebody signed in as her")
        await line.close()


async def test_who_has_no_post_and_who_has_another_password_are_not_played(house: WholeHouse) -> None:
    for login in (cast.Login("Marc, supervisor", cast.MARC, cast.PASSWORD), AOIFE._replace(password="another")):
        with pytest.raises(SiteRefused):
            await Played(house, login).secretary.begin()


async def test_one_command_brings_callers_and_the_one_who_answers_them_until_ctrl_c(house: WholeHouse) -> None:
    words = ("demo", "--data", str(house.data), "--secretary", "--scale", "150", "--talk", "2")
    process = await asyncio.create_subprocess_exec(
        *house.command(*words), env=house.environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    demo = PhoneCall(process)
    for step in ("Aoife: is ready", "rings, from", "Aoife: answers for", "a secretary answers", "gives the outcome"):
        await demo.says(step)
    process.send_signal(signal.SIGINT)
    assert await demo.over() == 0
    assert any("Aoife: goes off duty and signs out" in line for line in demo.said)
    street, shift = demo.said[-2:]
    assert "answered by a secretary." in street
    assert shift.startswith("Aoife: ")
    await nobody_sits(house)
