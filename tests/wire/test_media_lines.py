# SPDX-License-Identifier: AGPL-3.0-or-later
"""The permanent line in the real media process: what makes it come, go, and come back."""

import asyncio
import ipaddress
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from permanence.telephony.media import control, stun
from permanence.telephony.media.living import Living
from permanence.telephony.media.sdp import parse_sdp
from tests.rules.media.test_fuzz import mutated
from tests.wire.media_client_webrtc import DEADLINE_S, BrowserLine, RtpCaller, tone
from tests.wire.media_process import Media, running_media
from tests.wire.test_media_calls import gapless, is_sound


@pytest.fixture
async def media(tmp_path: Path) -> AsyncIterator[Media]:
    async with running_media(tmp_path, "--host", "127.0.0.1", "::1") as one:
        yield one


async def talking(media: Media) -> tuple[BrowserLine, RtpCaller]:
    """A conversation: she says 1000 Hz, he says 700 Hz."""
    browser, caller = await media.browser("line"), await media.caller("leg")
    browser.mouth.say(tone(1000))
    caller.mouth.say(tone(700))
    media.gateway.plug("line", "leg")
    await asyncio.gather(caller.ear.until_tone(1000), browser.ear.until_tone(700))
    return browser, caller


async def test_reloaded_page_gets_its_call_back_and_the_caller_hears_music_meanwhile(media: Media) -> None:
    browser, caller = await talking(media)
    browser.hang_up()
    await media.event(control.LineLost(line="line"))
    await caller.ear.until(lambda: is_sound("music", caller.ear.audio(20)))
    again = await media.browser("line")
    again.mouth.say(tone(1500))
    await asyncio.gather(caller.ear.until_tone(1500), again.ear.until_tone(700))
    assert again.ear.packets[-1].ssrc == browser.ear.packets[-1].ssrc
    assert gapless(caller.ear.packets)
    assert gapless(again.ear.packets)


async def test_a_new_association_takes_over_from_one_that_lives(media: Media) -> None:
    browser, caller = await talking(media)
    again = await media.browser("line")
    again.mouth.say(tone(1500))
    await asyncio.gather(caller.ear.until_tone(1500), again.ear.until_tone(700))
    count = len(browser.ear.packets)
    await again.ear.until_tone(700)
    assert len(browser.ear.packets) == count
    assert control.LineLost(line="line") not in media.events


async def test_line_that_falls_silent_is_lost_and_comes_back_by_itself(media: Media) -> None:
    browser, caller = await talking(media)
    remote_transport = browser.transport
    browser.transport = None  # the network is gone: nothing goes out
    await media.event(control.LineLost(line="line"))
    await caller.ear.until(lambda: is_sound("music", caller.ear.audio(20)))
    browser.transport = remote_transport
    await media.event(control.LineUp(line="line"), 2)
    await asyncio.gather(caller.ear.until_tone(1000), browser.ear.until_tone(700))


async def test_change_of_network_moves_the_path(media: Media) -> None:
    browser, caller = await talking(media)
    before = browser.mapped
    await browser.rebind()
    browser.check_now()
    await asyncio.gather(caller.ear.until_tone(1000), browser.ear.until_tone(700))
    assert browser.mapped is not None
    assert browser.mapped != before
    assert control.LineLost(line="line") not in media.events


async def test_ice_restart_keeps_the_association(media: Media) -> None:
    browser, caller = await talking(media)
    browser.end.new_credentials()
    answer = await media.answer("line", browser.offer(), again=True)
    await browser.accept(answer)
    await browser.rebind()
    browser.check_now()
    await asyncio.gather(caller.ear.until_tone(1000), browser.ear.until_tone(700))
    assert parse_sdp(answer).origin_version == 2
    assert media.events.count(control.LineUp(line="line")) == 1


async def test_wrong_fingerprint_is_refused(media: Media) -> None:
    browser, caller = BrowserLine(), await media.caller("leg")
    caller.mouth.say(tone(700))
    browser.end.fingerprint = "AA:" * 31 + "AA"
    await browser.accept(await media.answer("line", browser.offer()))
    media.gateway.plug("line", "leg")
    await media.event(control.LineFailed(line="line", why="fingerprint"))
    await caller.ear.until(lambda: is_sound("music", caller.ear.audio(20)))
    browser.mouth.say(tone(1000))
    await caller.ear.until(lambda: len(caller.ear.packets) > 60)
    assert is_sound("music", caller.ear.audio(20))
    assert browser.ear.packets == []
    assert control.LineUp(line="line") not in media.events
    browser.vanish()


async def test_failed_negotiation_leaves_the_call_alone(media: Media) -> None:
    browser, caller = await talking(media)
    intruder = BrowserLine()
    intruder.end.fingerprint = "AA:" * 31 + "AA"
    await intruder.accept(await media.answer("line", intruder.offer()))
    await media.event(control.LineFailed(line="line", why="fingerprint"))
    await asyncio.gather(caller.ear.until_tone(1000), browser.ear.until_tone(700))
    intruder.vanish()


async def test_handshake_survives_lost_packets(media: Media) -> None:
    browser = BrowserLine()
    browser.drop_dtls = 2
    await browser.accept(await media.answer("line", browser.offer()))
    await browser.connected()
    await media.event(control.LineUp(line="line"))
    assert browser.drop_dtls == 0
    browser.vanish()


async def test_line_over_tcp(media: Media) -> None:
    browser, caller = BrowserLine(), await media.caller("leg")
    await browser.accept(await media.answer("line", browser.offer()), tcp=True)
    await browser.connected()
    browser.mouth.say(tone(1000))
    caller.mouth.say(tone(700))
    media.gateway.plug("line", "leg")
    await asyncio.gather(caller.ear.until_tone(1000), browser.ear.until_tone(700))
    browser.vanish()


async def test_line_and_leg_over_ipv6(media: Media) -> None:
    browser, caller = await media.browser("line", "::1"), await media.caller("leg", host="::1")
    assert browser.mapped is not None
    assert browser.mapped[0] == "::1"
    browser.mouth.say(tone(1000))
    caller.mouth.say(tone(700))
    media.gateway.plug("line", "leg")
    await asyncio.gather(caller.ear.until_tone(1000), browser.ear.until_tone(700))


@pytest.mark.parametrize("page_host", ["192.0.2.1", "pbx.invalid", "", "[2001:db8::1]"])
async def test_loopback_is_offered_to_a_page_of_loopback_only(media: Media, page_host: str) -> None:
    def hosts(answer: str) -> list[str]:
        media_section = parse_sdp(answer).media[0]
        return [value.split()[4] for name, value in media_section.attributes if name == "candidate"]

    own = hosts(await media.answer("line", BrowserLine().offer(), "localhost"))
    assert {"127.0.0.1", "::1"} == set(own)
    other = hosts(await media.answer("line", BrowserLine().offer(), page_host))
    assert not any(ipaddress.ip_address(host).is_loopback for host in other)


async def test_offers_that_cannot_be_answered(media: Media) -> None:
    good = BrowserLine().offer()
    assert await media.refusal("line", "hello") == "bad_offer"
    assert await media.refusal("line", good.replace("111 8 126", "111 126")) == "no_pcma"
    assert await media.refusal("line", good.replace("sha-256", "sha-1")) == "bad_offer"
    assert await media.refusal("line", good, again=True) == "unknown"
    assert (await media.living()).lines == ()


async def test_browser_gets_sender_reports(media: Media) -> None:
    browser, _ = await talking(media)
    await browser.ear.until(lambda: len(browser.reports) > 0)
    assert browser.reports[0][1] == 200
    assert int.from_bytes(browser.reports[0][4:8], "big") == browser.ear.packets[-1].ssrc


async def test_killed_media_is_told_and_the_next_one_is_another(media: Media, tmp_path: Path) -> None:
    await media.caller("leg")
    instance = (await media.living()).instance
    os.kill(media.process.pid, signal.SIGKILL)
    await media.event(control.MediaLost())
    lost: list[Living | None] = []
    media.gateway.status(lost.append)
    media.gateway.plug("line", "leg")  # dropped, not raised
    other = tmp_path / "other"
    other.mkdir()
    async with running_media(other) as second:
        assert (await second.living()).instance != instance
    assert lost == [None]


async def test_what_happens_while_no_exchange_is_there_is_told_to_the_next(media: Media, tmp_path: Path) -> None:
    caller = await media.caller("leg")
    media.gateway.play("leg", ("music",), loop=True)
    caller.mouth.say(tone(700))
    await media.event(control.LegHeard(leg="leg"))
    await media.disconnect()
    start = len(caller.ear.packets)
    for press in range(1, 51):  # a second of key presses: the first ones may meet a socket not yet seen closed
        heard = start + press
        await caller.ear.until(lambda: len(caller.ear.packets) >= heard)  # noqa: B023 - awaited within the round
        caller.send(caller.mouth.packet(bytes([press % 10, 10, 0, 160]), kind=101, advance=0, marker=True))
    media.gateway.stop("leg")  # dropped: nobody is connected
    media.connect()
    await media.event(control.DtmfHeard(party="leg", digit="0"))
    assert (await media.living()).legs[0].heard


async def test_garbage_on_the_control_socket_harms_nobody(media: Media, tmp_path: Path) -> None:
    _, writer = await asyncio.open_unix_connection(tmp_path / "media.sock")
    writer.write(b'{"command": "plug"}\n\xff\xfe\n[]\n{"command":"no","id":3}\n' + b"[" * 5000 + b"\n" + b"x" * 200000)
    await writer.drain()
    browser, caller = await talking(media)
    await asyncio.gather(caller.ear.until_tone(1000), browser.ear.until_tone(700))
    writer.close()


async def test_a_check_without_the_password_is_not_answered(media: Media) -> None:
    section = parse_sdp(await media.answer("line", BrowserLine().offer())).media[0]
    port = next(int(value.split()[5]) for name, value in section.attributes if name == "candidate")
    username, password = f"{section.attribute('ice-ufrag')}:x".encode(), (section.attribute("ice-pwd") or "").encode()
    answers: list[bytes] = []
    got = asyncio.Event()

    class Prober(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            answers.append(data[8:20])
            got.set()

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Prober, remote_addr=("127.0.0.1", port))
    keys = (None, b"wrong", password)
    for number, key in enumerate(keys):
        transport.sendto(stun.build_stun(stun.BINDING_REQUEST, bytes([number] * 12), [(stun.USERNAME, username)], key))
    async with asyncio.timeout(DEADLINE_S):
        await got.wait()
    assert answers == [bytes([2] * 12)]
    transport.close()


async def test_garbage_on_every_port_harms_nobody(media: Media) -> None:
    browser, caller = await talking(media)
    chance = random.Random(7)
    answer = parse_sdp(await media.answer("other", BrowserLine().offer())).media[0]
    line_port = next(int(value.split()[5]) for name, value in answer.attributes if name == "candidate")
    check = stun.build_stun(stun.BINDING_REQUEST, bytes(12), [(stun.USERNAME, b"\xff:x")], b"key")
    dtls = bytes.fromhex("16fefd0000000000000000") + b"\x00\x20" + bytes(32)
    seeds = (check, dtls, caller.mouth.packet(bytes(160)), b"\x80\xc8\x00\x06" + bytes(24), b"")
    for port in (line_port, caller.to[1]):
        thrower = await RtpCaller.make(("127.0.0.1", port))
        for _ in range(300):
            thrower.send(mutated(chance.choice(seeds), chance))
        thrower.close()
    # The two who talk are not spared either: garbage from their own addresses.
    for _ in range(100):
        caller.send(mutated(chance.choice(seeds), chance))
        browser.throw(mutated(chance.choice(seeds), chance))
    await asyncio.gather(caller.ear.until_tone(1000), browser.ear.until_tone(700))


async def test_socket_is_for_the_owner_alone(media: Media, tmp_path: Path) -> None:
    assert media.gateway.connected
    assert (tmp_path / "media.sock").stat().st_mode & 0o777 == 0o600
