# SPDX-License-Identifier: AGPL-3.0-or-later
"""The real exchange with the real media: a telephone dials over UDP, a page answers over the websocket."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from permanence.kernel.system import SystemEntropy
from permanence.reception.table import TrunkEntry
from permanence.telephony.media.sdp_audio import offer_audio
from permanence.telephony.shells.sip_runner import SipRunner
from permanence.telephony.sip import events as sip
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.settings import SipSettings
from tests.stories import cast
from tests.wire.line_house import Phone, RealHouse, running_house
from tests.wire.media_client_webrtc import BrowserLine, frequencies, tone


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RealHouse]:
    async with running_house(tmp_path) as found:
        yield found


async def test_a_call_is_offered_answered_heard_and_ended(house: RealHouse) -> None:
    claire, phone = house.page(), house.phone()
    await claire.connects()
    await claire.hello()
    await claire.ready()
    await phone.dials(cast.WEBER_LINE)
    offer = await claire.shows("offer")
    assert offer["card"]["name"] == "Dr Weber"
    assert offer["card"]["caller"]["number"] == "+352621000147"
    await phone.until(lambda: 180 in phone.statuses)
    assert 200 not in phone.statuses
    assert (await claire.asks({"t": "answer", "call": offer["call"]}))["ok"]
    await phone.until(lambda: phone.state == "answered")
    assert claire.browser is not None
    claire.browser.mouth.say(tone(1000))
    phone.rtp.mouth.say(tone(700))
    await asyncio.gather(phone.rtp.ear.until_tone(1000), claire.browser.ear.until_tone(700))
    assert (await claire.asks({"t": "end", "call": offer["call"]}))["ok"]
    await phone.until(lambda: phone.state == "ended by remote")
    assert (await claire.shows("ended"))["by"] == "secretary"
    assert claire.last("presence")["state"] == "wrap_up"


async def test_the_exchange_is_killed_during_calls_and_takes_them_over(house: RealHouse) -> None:
    claire, phone, waiting = house.page(), house.phone(), house.phone()
    await claire.connects()
    await claire.hello()
    await claire.ready()
    await phone.dials(cast.WEBER_LINE)
    call = (await claire.shows("offer"))["call"]
    await claire.asks({"t": "answer", "call": call})
    await phone.until(lambda: phone.state == "answered")
    assert claire.browser is not None
    claire.browser.mouth.say(tone(1000))
    phone.rtp.mouth.say(tone(700))
    await phone.rtp.ear.until_tone(1000)
    await waiting.dials(cast.WEBER_LINE, "+33612345678")
    await waiting.until(lambda: 180 in waiting.statuses)

    await house.kill(house.exchange)
    await asyncio.gather(phone.rtp.ear.until_tone(1000), claire.browser.ear.until_tone(700))  # nobody hears it
    await house.start_exchange()
    again = house.page()
    await again.connects()
    await again.hello(audio=False)
    assert (await again.shows("call"))["call"] == call
    assert again.last("line")["state"] == "up"
    status = await house.command("status")
    assert sorted(one["state"] for one in status["calls"]) == ["ringing", "talking"]

    assert (await again.asks({"t": "hold", "call": call}))["ok"]
    await phone.rtp.ear.until(lambda: not tone_heard(phone, 1000))
    assert (await again.asks({"t": "resume", "call": call}))["ok"]
    await phone.rtp.ear.until_tone(1000)
    assert (await again.asks({"t": "end", "call": call}))["ok"]
    await phone.until(lambda: phone.state == "ended by remote")
    assert (await again.asks({"t": "wrapup_done", "call": call, "outcome": "message"}))["ok"]
    offer = await again.shows("offer")
    assert offer["card"]["name"] == "Dr Weber"
    assert (await again.asks({"t": "answer", "call": offer["call"]}))["ok"]
    await waiting.until(lambda: waiting.state == "answered")
    await waiting.rtp.ear.until_tone(1000)
    waiting.hangs_up()
    await again.until(lambda: again.count("ended") == 2)


async def test_media_is_killed_during_a_call_and_the_leg_is_rebuilt(house: RealHouse) -> None:
    claire, phone = house.page(), house.phone()
    await claire.connects()
    await claire.hello()
    await claire.ready()
    await phone.dials(cast.WEBER_LINE)
    call = (await claire.shows("offer"))["call"]
    await claire.asks({"t": "answer", "call": call})
    await phone.until(lambda: phone.state == "answered")
    phone.rtp.mouth.say(tone(700))
    await house.kill(house.media)
    await house.start_media()
    await claire.until(lambda: claire.last("line") == {"t": "line", "state": "down", "renew": True})
    heard = len(phone.rtp.ear.packets)
    await phone.rtp.ear.until(lambda: len(phone.rtp.ear.packets) > heard + 10)  # the music, on the same port
    renewed = BrowserLine()
    await claire.send({"t": "sdp", "sdp": renewed.offer()})
    await claire.until(lambda: claire.count("sdp") == 2)
    await renewed.accept(claire.last("sdp")["sdp"])
    await renewed.connected()
    renewed.mouth.say(tone(1500))
    await asyncio.gather(phone.rtp.ear.until_tone(1500), renewed.ear.until_tone(700))
    renewed.vanish()


async def test_events_reach_the_house_once_and_in_order(house: RealHouse) -> None:
    phone = house.phone()
    reader, writer = await asyncio.open_unix_connection(house.folder / "exchange.sock")
    writer.write(b'{"id":1,"command":"subscribe","after":0}\n')
    assert json.loads(await reader.readline())["ok"]
    await phone.dials(cast.WEBER_LINE)
    await phone.until(lambda: 180 in phone.statuses)
    phone.hangs_up()
    await phone.until(lambda: phone.state == "refused")
    heard: list[tuple[int, str]] = []
    async with asyncio.timeout(10):
        while not heard or heard[-1][1] != "CallEnded":
            message = json.loads(await reader.readline())
            assert message["engine"] == "wire"
            heard.append((message["sequence"], message["event"]["type"]))
    assert [sequence for sequence, _ in heard] == list(range(1, len(heard) + 1))
    assert [kind for _, kind in heard] == ["CallArrived", "CallQueued", "CallAbandoned", "CallEnded"]
    writer.write(json.dumps({"ack": 2}).encode() + b"\n")
    writer.close()
    again, other = await asyncio.open_unix_connection(house.folder / "exchange.sock")
    other.write(b'{"id":1,"command":"subscribe","after":2}\n')
    await again.readline()
    assert json.loads(await again.readline())["sequence"] == 3
    other.close()


async def test_a_call_over_tcp_survives_the_death_of_the_exchange(house: RealHouse) -> None:
    """The flow is gone with the exchange; the next one opens another to say goodbye (RFC 3261 section 18.2.2)."""
    claire, phone = house.page(), house.phone()
    await claire.connects()
    await claire.hello()
    await claire.ready()
    await phone.dials(cast.WEBER_LINE, tcp=True)
    call = (await claire.shows("offer"))["call"]
    await claire.asks({"t": "answer", "call": call})
    await phone.until(lambda: phone.state == "answered")
    assert claire.browser is not None
    claire.browser.mouth.say(tone(1000))
    phone.rtp.mouth.say(tone(700))
    await phone.rtp.ear.until_tone(1000)
    await house.kill(house.exchange)
    await house.start_exchange()
    status = await house.command("status")
    assert [one["state"] for one in status["calls"]] == ["talking"]
    await phone.rtp.ear.until_tone(1000)
    phone.hangs_up()
    await phone.until(lambda: phone.state.startswith("ended"))
    again = house.page()
    await again.connects()
    await again.hello(audio=False)
    await again.until(lambda: again.last("presence")["state"] == "wrap_up")


async def test_dial_calls_out_over_the_trunk(house: RealHouse) -> None:
    """`dial`: the carrier here is another SIP endpoint that answers and echoes nothing."""
    called: list[sip.InviteReceived] = []
    ended = asyncio.Event()

    def happened(event: sip.SipEvent) -> None:
        if isinstance(event, sip.InviteReceived):
            called.append(event)
            endpoint.ring(event.session, now=runner.now())
            answer = offer_audio(host="127.0.0.1", port=40_000, session_id=5)
            endpoint.accept(event.session, answer, now=runner.now())
        elif isinstance(event, sip.SessionEnded):
            ended.set()

    endpoint = SipEndpoint(SipSettings(), SystemEntropy(), lambda _flow: "house")
    runner = SipRunner(endpoint, happened)
    bound = await runner.listen_udp()
    trunk = TrunkEntry(name="out", addresses=("127.0.0.1",), country="LU", registrar=f"127.0.0.1:{bound.address[1]}")
    await house.publish(replace(cast.house(), version=3, trunks=(trunk,)))
    fields = {"house": cast.HOUSE, "trunk": "out", "number": "+35220001000", "caller": cast.WEBER_LINE, "seconds": 1}
    found = await house.command("dial", **fields)
    await asyncio.wait_for(ended.wait(), 10)
    [invite] = called
    assert invite.invite.request_user == "+35220001000"
    assert invite.invite.caller == cast.WEBER_LINE
    assert found["dial"]
    runner.close()


async def test_a_stranger_is_refused(house: RealHouse) -> None:
    trunk = TrunkEntry(name="carrier", addresses=("127.0.0.9",), country="LU")
    await house.publish(replace(cast.house(), version=2, trunks=(trunk,)))
    phone = house.phone()
    await phone.dials(cast.WEBER_LINE)
    await phone.until(lambda: phone.state == "refused")
    assert phone.statuses == [403]


def tone_heard(phone: Phone, frequency: int) -> bool:
    return frequencies(phone.rtp.ear.audio(10)) == {frequency}
