# SPDX-License-Identifier: AGPL-3.0-or-later
"""The real media process between real far ends: who hears whom."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from permanence.engine.mediaplane.prompts import SOUNDS
from permanence.telephony.media import control
from permanence.telephony.media.g711 import ALAW_TO_ULAW, ULAW_TO_ALAW
from permanence.telephony.media.living import LivingLine
from tests.spool import opened
from tests.wire.media_client_webrtc import Packet, frequencies, tone
from tests.wire.media_process import Media, running_media


@pytest.fixture
async def media(tmp_path: Path) -> AsyncIterator[Media]:
    async with running_media(tmp_path) as one:
        yield one


def gapless(packets: list[Packet]) -> bool:
    """One SSRC, every sequence number once and in order."""
    first = packets[0]
    return all(
        packet.ssrc == first.ssrc and packet.sequence == (first.sequence + at) & 0xFFFF
        for at, packet in enumerate(packets)
    )


async def test_caller_and_secretary_hear_each_other(media: Media) -> None:
    browser, caller = await media.browser("line"), await media.caller("leg")
    browser.mouth.say(tone(1000))
    caller.mouth.say(tone(700))
    await media.event(control.LegHeard(leg="leg"))
    media.gateway.plug("line", "leg")
    await asyncio.gather(caller.ear.until_tone(1000), browser.ear.until_tone(700))
    assert browser.mapped == browser.transport.get_extra_info("sockname")
    living = await media.living()
    assert living.lines == (LivingLine(line="line", state="up", leg="leg"),)
    assert [(leg.leg, leg.heard, leg.playing) for leg in living.legs] == [("leg", True, False)]


async def test_the_line_is_one_stream_whoever_speaks(media: Media) -> None:
    browser = await media.browser("line")
    first, second = await media.caller("first"), await media.caller("second")
    first.mouth.say(tone(700))
    second.mouth.say(tone(1200))
    media.gateway.plug("line", "first")
    await browser.ear.until_tone(700)
    media.gateway.unplug("line")
    media.gateway.play("line", ("offer-tone",), loop=True)
    await browser.ear.until_tone(650, 900)  # 660 and 880 Hz, to 50 Hz
    media.gateway.plug("line", "second")
    await browser.ear.until_tone(1200)
    packets = browser.ear.packets
    assert gapless(packets)
    steps = [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(packets)]
    assert all(step >= 160 and step % 160 == 0 for step in steps)
    ahead = sum(steps) / 8000 - (packets[-1].moment - packets[0].moment)
    assert abs(ahead) < 0.2  # the timestamps went with the time


async def test_unplugged_caller_hears_the_hold_music_and_comes_back(media: Media) -> None:
    browser, caller = await media.browser("line"), await media.caller("leg")
    browser.mouth.say(tone(1000))
    caller.mouth.say(tone(700))
    media.gateway.plug("line", "leg")
    await caller.ear.until_tone(1000)
    media.gateway.unplug("line")
    media.gateway.play("leg", ("music",), loop=True)
    await caller.ear.until(lambda: is_sound("music", caller.ear.audio(20)))
    media.gateway.plug("line", "leg")
    await caller.ear.until_tone(1000)
    assert gapless(caller.ear.packets)


async def test_prompts_follow_each_other_and_tell_their_end(media: Media) -> None:
    caller = await media.caller("leg")
    media.gateway.play("leg", ("beep", "no-such-prompt", "beep"), tag="greeting")
    await media.event(control.Played(party="leg", tag="greeting"))
    await caller.ear.until(lambda: len(caller.ear.packets) >= 40)
    heard = [packet.payload for packet in caller.ear.packets[:40]]
    assert heard[:20] == heard[20:]
    assert frequencies(b"".join(heard[2:18])) == {1000}


async def test_keys_both_ways(media: Media) -> None:
    browser, caller = await media.browser("line"), await media.caller("leg")
    browser.mouth.say(tone(1000))
    caller.mouth.say(tone(700))
    media.gateway.plug("line", "leg")
    await caller.ear.until_tone(1000)
    for step in range(8):
        end = 0x80 if step > 4 else 0
        payload = bytes([5, end | 10]) + (min(step + 1, 6) * 160).to_bytes(2, "big")
        caller.send(caller.mouth.packet(payload, kind=101, advance=0, marker=step == 0))
    await media.event(control.DtmfHeard(party="leg", digit="5"))
    media.gateway.dtmf("leg", "1#")
    await caller.ear.until(lambda: sum(packet.kind == 101 for packet in caller.ear.packets) >= 16)
    events = [packet for packet in caller.ear.packets if packet.kind == 101]
    keys = {packet.timestamp: packet.payload[0] for packet in events}
    assert list(keys.values()) == [1, 11]
    assert sum(packet.payload[1] & 0x80 > 0 for packet in events) == 6  # each end three times
    await caller.ear.until_tone(1000)
    assert media.events.count(control.DtmfHeard(party="leg", digit="5")) == 1
    assert gapless(caller.ear.packets)


async def test_a_stranger_neither_speaks_nor_hears(media: Media) -> None:
    browser, caller = await media.browser("line"), await media.caller("leg")
    stranger = await media.caller("other")
    stranger.to = caller.to
    stranger.mouth.say(tone(2000))  # quicker than the caller
    await media.event(control.LegHeard(leg="leg"))
    browser.mouth.say(tone(1000))
    caller.mouth.say(tone(700))
    media.gateway.plug("line", "leg")
    await asyncio.gather(caller.ear.until_tone(1000), browser.ear.until_tone(700))
    count = len(stranger.ear.packets)
    await browser.ear.until_tone(700, frames=30)
    assert len(stranger.ear.packets) == count


async def test_muted_secretary_is_not_heard_and_hears(media: Media) -> None:
    browser, caller = await media.browser("line"), await media.caller("leg")
    browser.mouth.say(tone(1000))
    caller.mouth.say(tone(700))
    media.gateway.plug("line", "leg")
    await caller.ear.until_tone(1000)
    media.gateway.mute("line", True)
    await asyncio.gather(caller.ear.until_tone(), browser.ear.until_tone(700))
    media.gateway.unplug("line")
    media.gateway.plug("line", "leg")
    await browser.ear.until_tone(700)
    assert (await media.living()).lines[0].muted
    media.gateway.mute("line", False)
    await caller.ear.until_tone(1000)
    media.gateway.mute("line", True)
    other = await media.caller("other")
    media.gateway.plug("line", "other")  # the next caller never meets the mute of the last
    await other.ear.until_tone(1000)


async def test_mu_law_caller_is_transcoded_both_ways(media: Media) -> None:
    browser, caller = await media.browser("line"), await media.caller("leg", kind=0)
    browser.mouth.say(tone(1000))
    caller.mouth.say(tone(700).translate(ALAW_TO_ULAW))
    media.gateway.plug("line", "leg")
    await browser.ear.until_tone(700)
    await caller.ear.until(
        lambda: (
            len(caller.ear.packets) > 20
            and frequencies(caller.ear.audio(10).translate(ULAW_TO_ALAW)) == {1000}
            and caller.ear.packets[-1].kind == 0
        )
    )


async def test_three_in_a_mix_hear_the_other_two(media: Media) -> None:
    browser = await media.browser("line")
    first, second = await media.caller("first"), await media.caller("second")
    browser.mouth.say(tone(1000, amplitude=6000))
    first.mouth.say(tone(600, amplitude=6000))
    second.mouth.say(tone(1700, amplitude=6000))
    media.gateway.mix("room", ("line", "first", "second"), ((0, 1, 1), (1, 0, 1), (1, 1, 0)))
    await asyncio.gather(
        browser.ear.until_tone(600, 1700), first.ear.until_tone(1000, 1700), second.ear.until_tone(600, 1000)
    )
    media.gateway.mix("room", ("line", "first", "second"), ((0, 1, 1), (0, 0, 1), (0, 1, 0)))  # she only listens
    await asyncio.gather(browser.ear.until_tone(600, 1700), first.ear.until_tone(1700), second.ear.until_tone(600))
    media.gateway.plug("line", "first")
    await asyncio.gather(browser.ear.until_tone(600), first.ear.until_tone(1000))


async def test_recording_holds_what_the_caller_said(media: Media) -> None:
    caller = await media.caller("leg")
    caller.mouth.say(tone(700))
    await media.event(control.LegHeard(leg="leg"))
    media.gateway.record("leg", "call-1.alaw", 1.0)
    await media.until(lambda: any(isinstance(event, control.Recorded) for event in media.events))
    recorded = next(event for event in media.events if isinstance(event, control.Recorded))
    audio = opened(media.data, "call-1.alaw")
    assert (recorded.leg, recorded.file) == ("leg", "call-1.alaw")
    assert len(audio) == round(recorded.seconds * 8000) <= 8000
    assert len(audio) > 7000
    assert frequencies(audio) == {700}


async def test_recording_outside_the_spool_is_refused(media: Media) -> None:
    await media.caller("leg")
    media.gateway.record("leg", "../outside.alaw", 1.0)
    assert (await media.living()).legs[0].recording is None


async def test_a_port_in_use_is_told(media: Media) -> None:
    caller = await media.caller("leg")
    media.gateway.open_leg(control.OpenLeg(leg="other", port=caller.to[1]))
    await media.event(control.LegFailed(leg="other", why="port_in_use"))


async def test_caller_who_holds_is_sent_nothing(media: Media) -> None:
    caller = await media.caller("leg")
    media.gateway.play("leg", ("music",), loop=True)
    await caller.ear.until(lambda: len(caller.ear.packets) > 5)
    host, port = caller.address
    media.gateway.update_leg(control.UpdateLeg(leg="leg", remote_host=host, remote_port=port, sending=False))
    await media.living()
    count = len(caller.ear.packets)
    caller.mouth.say(tone(700))
    await media.event(control.LegHeard(leg="leg"))
    assert len(caller.ear.packets) <= count + 1  # what was already in the socket
    media.gateway.update_leg(control.UpdateLeg(leg="leg", remote_host=host, remote_port=port))
    await caller.ear.until(lambda: len(caller.ear.packets) > count + 5)


def is_sound(name: str, audio: bytes) -> bool:
    """Whether what was heard is, byte for byte, a piece of a built-in sound."""
    sound = (SOUNDS / f"{name}.alaw").read_bytes()
    return len(audio) > 1600 and audio in sound + sound
