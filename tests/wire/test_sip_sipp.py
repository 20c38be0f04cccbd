# SPDX-License-Identifier: AGPL-3.0-or-later
"""sipp, a SIP implementation that is not ours, against the endpoint over UDP and TCP of this machine."""

import asyncio
from pathlib import Path

import pytest

from permanence.telephony.sip.events import AnswerReceived, InviteReceived, SessionConfirmed, SessionEnded
from tests.processes import free_port
from tests.wire.answerer import Answerer
from tests.wire.carrier import sdp

_SCENARIO = Path(__file__).resolve().parent / "sipp" / "caller.xml"
_CALLS = 20


async def sipp(folder: Path, *arguments: str, port: int) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        "sipp", *arguments, "-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", str(port), "-nostdin",
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(40):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode(errors="replace")


@pytest.mark.parametrize(("transport", "mode"), [("udp", "u1"), ("tcp", "t1")])
async def test_sipp_calls_us(transport: str, mode: str, tmp_path: Path) -> None:
    house = Answerer(ring_s=0.02)
    if transport == "udp":
        address = (await house.runner.listen_udp()).address
    else:
        address = await house.runner.open_streams("tcp").listen()
    target = f"{address[0]}:{address[1]}"
    scenario = ("-sf", str(_SCENARIO), "-t", mode, "-m", str(_CALLS), "-r", "20")
    code, output = await sipp(tmp_path, target, *scenario, port=free_port())
    assert code == 0, output[-2000:]
    assert len(house.took(InviteReceived)) == _CALLS
    assert len(await house.until(SessionConfirmed, _CALLS)) == _CALLS
    assert len(await house.until(SessionEnded, _CALLS)) == _CALLS
    assert house.took(InviteReceived)[0].invite.caller == "+33100000002"
    assert house.endpoint.counters()["malformed"] == 0
    house.close()


async def test_we_call_sipp(tmp_path: Path) -> None:
    caller = Answerer()
    ours = await caller.runner.listen_udp()
    port = free_port()
    served = asyncio.create_task(sipp(tmp_path, "-sn", "uas", "-m", "1", port=port))
    flow = ours.flow(("127.0.0.1", port))
    target = f"sip:service@127.0.0.1:{port}"
    session = caller.endpoint.dial(target, flow, "sip:house@127.0.0.1", sdp(4000), now=caller.runner.now())
    caller.runner.pump()  # sipp may not listen yet: the INVITE is repeated until it does
    await caller.until(AnswerReceived)
    caller.endpoint.end(session, now=caller.runner.now())
    caller.runner.pump()
    code, output = await served
    assert code == 0, output[-2000:]
    caller.close()
