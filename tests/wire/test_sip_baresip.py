# SPDX-License-Identifier: AGPL-3.0-or-later
"""baresip, a telephone that is not ours, both ways over UDP, TCP and TLS of this machine."""

import asyncio
from pathlib import Path

import pytest

from permanence.telephony.shells.sip_stream import StreamTransport
from permanence.telephony.sip.events import AnswerReceived, InviteReceived, SessionConfirmed, SessionEnded
from permanence.telephony.sip.flow import Flow
from tests.processes import free_pair
from tests.wire.answerer import Answerer
from tests.wire.carrier import sdp
from tests.wire.test_sip_sockets import contexts

_CONFIG = """\
poll_method epoll
sip_listen 127.0.0.1:{port}
sip_trans_def {transport}
{tls}
audio_player aufile,{folder}/heard.wav
audio_source aufile,{folder}/said.wav
audio_alert aufile,{folder}/alert.wav
net_interface 127.0.0.1
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module_app account.so
module_app menu.so
"""
_SILENCE = b"RIFF" + (36 + 64_000).to_bytes(4, "little") + b"WAVEfmt " + bytes.fromhex(
    "10000000 0100 0100 401f0000 803e0000 0200 1000"
) + b"data" + (64_000).to_bytes(4, "little") + bytes(64_000)  # fmt: skip


async def telephone(folder: Path, transport: str, port: int, *arguments: str) -> asyncio.subprocess.Process:
    tls = f"sip_cafile {folder}/authority.pem\nsip_certificate {folder}/both.pem" if transport == "tls" else ""
    (folder / "config").write_text(_CONFIG.format(folder=folder, transport=transport, port=port, tls=tls))
    (folder / "accounts").write_text(f"<sip:phone@127.0.0.1;transport={transport}>;regint=0;answermode=auto\n")
    (folder / "contacts").write_text("")
    (folder / "said.wav").write_bytes(_SILENCE)
    (folder / "alert.wav").write_bytes(_SILENCE)
    return await asyncio.create_subprocess_exec(
        "baresip", "-4", "-f", str(folder), *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def hung_up(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_baresip_calls_us(transport: str, tmp_path: Path) -> None:
    house = Answerer(ring_s=0.1)
    if transport == "udp":
        address = (await house.runner.listen_udp()).address
    else:
        server = contexts(tmp_path)[0] if transport == "tls" else None
        address = await house.runner.open_streams(transport).listen(server_tls=server)
    target = f"sip:+35226000001@{address[0]}:{address[1]};transport={transport}"
    process = await telephone(tmp_path, transport, free_pair(), "-t", "3", "-e", f"/dial {target}")
    try:
        await house.until(SessionConfirmed)
        assert house.took(InviteReceived)[0].invite.request_user == "+35226000001"
        assert [event.by for event in await house.until(SessionEnded)] == ["remote"]
    finally:
        await hung_up(process)
        house.close()


async def test_we_call_baresip(tmp_path: Path) -> None:
    caller = Answerer()
    ours = await caller.runner.listen_udp()
    port = free_pair()
    process = await telephone(tmp_path, "udp", port)
    try:
        flow = ours.flow(("127.0.0.1", port))
        target = f"sip:phone@127.0.0.1:{port}"
        session = caller.endpoint.dial(target, flow, "sip:house@127.0.0.1", sdp(4000), now=caller.runner.now())
        caller.runner.pump()  # baresip may not listen yet: the INVITE is repeated until it does
        answer = (await caller.until(AnswerReceived))[0]
        assert answer.sdp is not None
        assert "m=audio" in answer.sdp
        caller.endpoint.end(session, now=caller.runner.now())
        caller.runner.pump()
        assert [event.by for event in caller.took(SessionEnded)] == ["local"]
    finally:
        await hung_up(process)
        caller.close()


async def test_we_call_baresip_over_tls(tmp_path: Path) -> None:
    _, known = contexts(tmp_path)
    caller = Answerer()
    streams = caller.runner.open_streams("tls", client_tls=known)
    port = free_pair()
    process = await telephone(tmp_path, "tls", port)
    try:
        flow = await connected(streams, port + 1)  # baresip listens for TLS one port above
        target = f"sip:phone@127.0.0.1:{port + 1};transport=tls"
        session = caller.endpoint.dial(target, flow, "sip:house@127.0.0.1", sdp(4000), now=caller.runner.now())
        caller.runner.pump()
        assert "m=audio" in ((await caller.until(AnswerReceived))[0].sdp or "")
        caller.endpoint.end(session, now=caller.runner.now())
        caller.runner.pump()
        assert [event.by for event in caller.took(SessionEnded)] == ["local"]
    finally:
        await hung_up(process)
        caller.close()
        await asyncio.sleep(0)


async def connected(streams: StreamTransport, port: int) -> Flow:
    """The connection, as soon as somebody listens."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await streams.connect("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
