# SPDX-License-Identifier: AGPL-3.0-or-later
"""The telephone's processes tell nobody who called, what is kept in secret, or what a stranger sent them.

The journal holds the calls by design: it, and all else the exchange writes, is for its owner alone.
"""

import json
import socket
from pathlib import Path

import pytest

from permanence.engine.exchange.segments import segment_paths
from tests.stories import cast
from tests.wire.line_house import running_house

CALLER = "+352621000147"
CANARY = "canari7f3a"


def packets(house_port: int) -> list[bytes]:
    """What may come from the carrier: credentials, names and a body with a canary in each; one is no SIP at all."""
    start = f"INVITE sip:{CANARY}@127.0.0.1:{house_port} SIP/2.0\r\n"
    fields = (
        f'Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{CANARY}\r\nFrom: "{CANARY}" <sip:{CANARY}@x>;tag=1\r\n'
        f"To: <sip:{CANARY}@x>\r\nCall-ID: {CANARY}\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
        f'Authorization: Digest username="{CANARY}", realm="{CANARY}", nonce="1", uri="sip:x", response="{CANARY}"\r\n'
    )
    return [
        f"{start}{fields}Contact: <sip:{CANARY}@127.0.0.1>\r\nContent-Length: 0\r\n\r\n".encode(),
        f"{start}{fields}Content-Type: application/sdp\r\nContent-Length: 10\r\n\r\n{CANARY}".encode(),
        f"{start}{CANARY}: \x00\r\n\r\n".encode(),
        CANARY.encode(),
    ]


async def test_no_caller_no_secret_and_no_strangers_word_is_in_the_logs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with running_house(tmp_path) as house:
        claire, phone, thief = house.page(), house.phone(), house.page("1", CANARY)
        await claire.connects()
        ticket = claire.ticket()
        await claire.hello(ticket=ticket)
        await claire.ready()
        await thief.connects()
        await thief.hello(audio=False, ticket=f"{CANARY}.{CANARY}")
        assert (await thief.shows("bye"))["code"] == 4401
        await phone.dials(cast.WEBER_LINE, CALLER)
        call = (await claire.shows("offer"))["call"]
        assert not (await claire.asks({"t": "dtmf", "call": call, "digits": CANARY}))["ok"]
        assert (await claire.asks({"t": "answer", "call": call}))["ok"]
        await phone.until(lambda: phone.state == "answered")
        told = json.dumps(await house.command("status"))
        assert (await claire.asks({"t": "end", "call": call}))["ok"]
        await phone.until(lambda: phone.state == "ended by remote")
        await claire.asks({"t": "wrapup_done", "call": call, "outcome": CANARY})
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as carrier:
            for packet in packets(house.sip_port):
                carrier.sendto(packet, ("127.0.0.1", house.sip_port))
        await claire.until(lambda: claire.count("offer") == 2)  # the carrier's call to a line nobody has
        kept = [*segment_paths(tmp_path / "journal"), *tmp_path.glob("table/*/*")]
        assert {path.relative_to(tmp_path).parts[0] for path in kept} == {"journal", "table"}
        assert [path for path in kept if path.stat().st_mode & 0o077] == []
        assert [path for path in tmp_path.rglob("*.sock") if path.stat().st_mode & 0o077] == []
    said = "".join(capfd.readouterr())
    assert call in said
    for secret in (CALLER, CALLER.removeprefix("+"), CANARY, ticket, ticket.partition(".")[2]):
        assert secret not in said
        assert secret not in told
