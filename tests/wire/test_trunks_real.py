# SPDX-License-Identifier: AGPL-3.0-or-later
"""Trunks through the real exchange and the real media process: registration, DNS, TLS, IPv6, Dial, keep-alive."""

import asyncio
import contextlib
import json
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project import trunk_test
from permanence.project.config import Configuration
from permanence.reception.table import TrunkEntry
from permanence.telephony.shells.sip_runner import SipRunner
from permanence.telephony.sip import events as sip
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.settings import SipSettings
from tests.stories import cast
from tests.wire.carrier import sdp
from tests.wire.echo_carrier import EchoCarrier
from tests.wire.line_house import RealHouse, running_house
from tests.wire.name_server import NameServer
from tests.wire.test_sip_sockets import contexts

ECHO = "+35220001000"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RealHouse]:
    async with running_house(tmp_path) as running:
        yield running


async def trunk(house: RealHouse, **fields: Any) -> None:
    entry = TrunkEntry(**{"name": "carrier", "addresses": ("127.0.0.1",), "country": "LU", **fields})
    await house.publish(replace(cast.house(), version=cast.house().version + 1, trunks=(entry,)))


async def dial(house: RealHouse, **changes: Any) -> list[dict[str, Any]]:
    """Calls the echo number; every event of the call, the last one a `DialEnded`, and the recording's where asked."""
    wanted = {"house": cast.HOUSE, "trunk": "carrier", "number": ECHO, "caller": cast.WEBER_LINE, "seconds": 1}
    reader, writer = await asyncio.open_unix_connection(house.folder / "exchange.sock", limit=1 << 20)
    writer.write(b'{"id":1,"command":"subscribe","after":0}\n')
    found: list[dict[str, Any]] = []
    begun = await house.command("dial", **{**wanted, **changes})
    last = "DialRecorded" if changes.get("record") else "DialEnded"
    async with asyncio.timeout(15):
        while not found or found[-1]["type"] not in {last, "DialEnded"} or (found[-1]["type"] != last):
            row = json.loads(await reader.readline())
            event = row.get("event", {})
            if event.get("dial") == begun["dial"]:
                found.append(event)
    writer.close()
    return found


def of(events: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(event for event in events if event["type"] == kind)


async def state(house: RealHouse, **wanted: Any) -> dict[str, Any]:
    """Waits until `status` shows the trunk so."""
    async with asyncio.timeout(15):
        while True:
            [found] = (await house.command("status"))["trunk_states"]
            if wanted.items() <= found.items():
                return found
            await asyncio.sleep(0.05)


async def test_rfc3261_10_registers_with_digest_and_is_called_at_its_contact(house: RealHouse) -> None:
    carrier = await EchoCarrier(password="secret").start()
    (house.folder / "keys" / "carrier.secret").write_text("secret\n")
    at = f"127.0.0.1:{carrier.port}"
    await trunk(house, registrar=at, user="house", secret="carrier.secret", number_from="to")
    await carrier.got("REGISTER", 2)
    await state(house, registration="registered", registration_status=200)
    assert carrier.contacts == [f"<sip:house@127.0.0.1:{house.sip_port}>"]
    assert carrier.refused_digests == 0
    assert await carrier.calls(cast.WEBER_LINE) == [100, 180, 200, 487]
    await carrier.close()


async def test_rfc3261_22_a_wrong_password_is_an_alarm(house: RealHouse) -> None:
    carrier = await EchoCarrier(password="another").start()
    (house.folder / "keys" / "carrier.secret").write_text("secret")
    await trunk(house, registrar=f"127.0.0.1:{carrier.port}", user="house", secret="carrier.secret")
    await state(house, registration="failed", registration_status=403)
    alarms = (await house.command("status"))["alarms"]
    assert [alarm["code"] for alarm in alarms] == [f"trunk:{cast.HOUSE}/carrier"]
    await carrier.close()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_dial_with_digest_early_media_echo_and_keys_both_ways(house: RealHouse, transport: str) -> None:
    carrier = await EchoCarrier(password="secret", early=True).start(transport)
    (house.folder / "keys" / "carrier.secret").write_text("secret")
    target = f"127.0.0.1:{carrier.port}"
    await trunk(house, target=target, user="house", secret="carrier.secret", transport=transport)
    events = await dial(house, digits="42#", record=True, prompt="fr/voice-caller", seconds=2)
    progress = [(one["status"], one["early_media"]) for one in events if one["type"] == "DialProgressed"]
    assert progress == [(183, True), (180, False)]
    answered = of(events, "DialAnswered")
    assert (answered["payload_type"], answered["telephone_event"]) == (8, True)
    assert "".join(one["digit"] for one in events if one["type"] == "DialDigit") == "42#"
    assert of(events, "DialEnded")["heard"]
    recorded = of(events, "DialRecorded")
    assert len((house.folder / "spool" / recorded["file"]).read_bytes()) > 8_000
    [_, invite] = carrier.took("INVITE")
    assert invite.uri == f"sip:{ECHO}@127.0.0.1"
    assert cast.WEBER_LINE in (invite.get("P-Asserted-Identity") or "")
    await carrier.got("BYE")
    await carrier.close()


async def test_dial_that_nobody_answers_can_be_given_up(house: RealHouse) -> None:
    carrier = await EchoCarrier(picks_up=False).start()
    await trunk(house, target=f"127.0.0.1:{carrier.port}")
    call = asyncio.create_task(dial(house, ring_seconds=1))
    await carrier.got("CANCEL")
    ended = of(await call, "DialEnded")
    assert (ended["status"], ended["answered_at_ms"]) == (487, None)
    await carrier.close()


async def test_rfc3261_8_1_3_4_a_redirection_is_followed_inside_the_trunk_only(house: RealHouse) -> None:
    second = await EchoCarrier().start()
    first = await EchoCarrier(redirect=f"<sip:{ECHO}@127.0.0.1:{second.port}>").start()
    await trunk(house, target=f"127.0.0.1:{first.port}")
    assert of(await dial(house), "DialEnded")["why"] == "done"
    first.redirect = "<sip:+1900@203.0.113.1>"
    ended = of(await dial(house), "DialEnded")
    assert ended["status"] == 302
    assert "203.0.113.1" in ended["why"]
    await first.close()
    await second.close()


async def test_rfc3261_18_1_1_a_large_request_reaches_a_carrier_that_has_no_tcp(house: RealHouse) -> None:
    carrier = await EchoCarrier(password="secret").start()
    (house.folder / "keys" / "carrier.secret").write_text("secret")
    await trunk(house, target=f"127.0.0.1:{carrier.port}", user="h" * 180, secret="carrier.secret")
    assert of(await dial(house), "DialEnded")["why"] == "done"
    assert any(len(one.encode()) > 1_300 and one.via.transport == "UDP" for one in carrier.took("INVITE"))
    await carrier.close()


async def test_a_carrier_over_tls_with_its_own_authority(house: RealHouse, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    server, _ = contexts(tmp_path / "theirs")
    carrier = await EchoCarrier().start("tls", server)
    (house.folder / "keys" / "carrier-ca.pem").write_bytes((tmp_path / "theirs" / "authority.pem").read_bytes())
    at = f"127.0.0.1:{carrier.port}"
    await trunk(house, target=at, transport="tls", ca_file="carrier-ca.pem", keep_alive_s=60)
    await state(house, alive=True, alive_status=200)
    events = await dial(house)
    assert of(events, "DialStarted")["remote"] == f"tls {at}"
    assert of(events, "DialEnded")["heard"]
    await carrier.close()


async def test_keep_alive_tells_a_living_carrier_from_a_dead_one(house: RealHouse) -> None:
    carrier = await EchoCarrier().start("tcp")
    await trunk(house, target=f"127.0.0.1:{carrier.port}", transport="tcp", keep_alive_s=1)
    await state(house, alive=True, alive_status=200)
    await carrier.close()
    await state(house, alive=False)
    assert [alarm["code"] for alarm in (await house.command("status"))["alarms"]] == [f"silent:{cast.HOUSE}/carrier"]


async def test_an_ipv6_trunk_end_to_end(tmp_path: Path) -> None:
    async with running_house(tmp_path, host="::1") as house:
        carrier = await EchoCarrier(host="::1").start()
        await trunk(house, addresses=("::1",), target=f"[::1]:{carrier.port}")
        events = await dial(house, record=True)
        assert of(events, "DialAnswered")["media_host"] == "::1"
        assert of(events, "DialEnded")["heard"]
        [invite] = carrier.took("INVITE")
        assert f"[::1]:{house.sip_port}" in (invite.get("Contact") or "")
        assert "c=IN IP6 ::1" in (invite.sdp or "")
        await carrier.close()


async def test_rfc3263_names_srv_and_the_next_target(tmp_path: Path) -> None:
    dead, living = await EchoCarrier(refuse=503).start(), await EchoCarrier().start()
    rows = (
        f"_sip._udp.carrier.example. 60 SRV 10 0 {dead.port} pop.carrier.example.",
        f"_sip._udp.carrier.example. 60 SRV 20 0 {living.port} pop.carrier.example.",
        "pop.carrier.example. 60 A 127.0.0.1",
    )
    async with NameServer(*rows) as names, running_house(tmp_path, name_server=names.address) as house:
        assert names.asked == []  # the demonstration's trunk is an address
        await trunk(house, addresses=(), target="carrier.example")
        assert of(await dial(house), "DialEnded")["why"] == "done"
        assert len(dead.took("INVITE")) == len(living.took("INVITE")) == 1
        assert "SRV _sip._udp.carrier.example" in names.asked
    await dead.close()
    await living.close()


@contextlib.asynccontextmanager
async def calling_over_tls(house: RealHouse, authority: Path) -> AsyncIterator[asyncio.Queue[sip.SipEvent]]:
    told: asyncio.Queue[sip.SipEvent] = asyncio.Queue()
    endpoint = SipEndpoint(SipSettings(), SystemEntropy(), lambda _flow: "house")
    runner = SipRunner(endpoint, told.put_nowait, SystemClock().monotonic)
    context = ssl.create_default_context(cafile=str(authority))
    try:
        flow = await runner.open_streams("tls", client_tls=context).connect("127.0.0.1", house.tls_port)
        line = f"sip:{cast.WEBER_LINE}@127.0.0.1"
        endpoint.dial(line, flow, "sip:+352621000147@127.0.0.1", sdp(), now=runner.now())
        runner.pump()
        yield told
    finally:
        runner.close()
        await asyncio.sleep(0)


async def test_calls_over_tls_and_a_renewed_certificate(house: RealHouse, tmp_path: Path) -> None:
    async def renew(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        contexts(folder)
        for file in ("sip.crt", "sip.key"):
            (house.folder / "keys" / file).write_bytes((folder / "both.pem").read_bytes())
            os.utime(house.folder / "keys" / file, (ord(name[0]), ord(name[0])))
        await house.publish(cast.house())  # anything published makes the exchange look at once
        return folder / "authority.pem"

    async def rings(authority: Path) -> None:
        async with asyncio.timeout(15):
            while True:
                with contextlib.suppress(OSError):
                    async with calling_over_tls(house, authority) as told:
                        event = await told.get()
                        assert isinstance(event, sip.ProgressReceived), event
                        return
                await asyncio.sleep(0.05)

    first = await renew("first")
    await rings(first)
    second = await renew("second")
    await rings(second)
    with pytest.raises(ssl.SSLCertVerificationError):
        async with calling_over_tls(house, first):
            raise AssertionError


async def test_the_trunk_test_reports_on_a_real_call(house: RealHouse) -> None:
    carrier = await EchoCarrier(early=True).start()
    await trunk(house, target=f"127.0.0.1:{carrier.port}")
    configuration = Configuration(data=house.folder, run=house.folder)
    call = trunk_test.Call(cast.HOUSE, "carrier", ECHO, cast.WEBER_LINE, 5)
    control, spool = house.folder / "exchange.sock", house.folder / "spool"
    lines, works = await asyncio.to_thread(trunk_test.examine, control, call, "fr/voice-caller", configuration)
    told = " ".join(lines)
    assert works
    assert "status 183 with sound of the carrier (early media)" in told
    assert "our own voice came back" in told, told
    assert "159# went as telephone-event (RFC 4733) and came back" in told
    assert f"the carrier reaches us at 127.0.0.1:{house.sip_port}" in told
    assert list(spool.iterdir()) == []
    carrier.echoes = False
    lines, works = await asyncio.to_thread(trunk_test.examine, control, call, "fr/voice-caller", configuration)
    assert not works
    assert "NO sound came back" in " ".join(lines)
    carrier.refuse = 486
    lines, works = await asyncio.to_thread(trunk_test.examine, control, call, "fr/voice-caller", configuration)
    assert not works
    assert "busy" in lines[-1]
    await carrier.close()


async def test_rfc3263_a_registration_follows_its_name_when_the_ttl_is_over(tmp_path: Path) -> None:
    first, second = await EchoCarrier().start(), await EchoCarrier().start()
    service = "_sip._udp.carrier.example. 1 SRV 10 0"
    rows = (f"{service} {first.port} pop.carrier.example.", "pop.carrier.example. 1 A 127.0.0.1")
    async with NameServer(*rows) as names, running_house(tmp_path, name_server=names.address) as house:
        (house.folder / "keys" / "carrier.secret").write_text("secret")
        await trunk(house, addresses=(), registrar="carrier.example", user="house", secret="carrier.secret")
        await first.got("REGISTER")
        names.put(f"{service} {second.port} pop.carrier.example.")
        [register, *_] = await second.got("REGISTER")
        assert register.uri == "sip:carrier.example"
        assert [one.get("Expires") for one in first.took("REGISTER")] == ["600", "0"]
    await first.close()
    await second.close()
