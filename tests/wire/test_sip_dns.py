# SPDX-License-Identifier: AGPL-3.0-or-later
"""Locating carriers by a real DNS server of our own on loopback (RFC 3263, RFC 2782)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from permanence.telephony.shells import dns as shell
from permanence.telephony.shells.dns import NameService
from permanence.telephony.sip.location import Place, Target
from tests.wire.carrier import SeededEntropy
from tests.wire.name_server import NameServer

ROWS = (
    "carrier.example. 60 A 127.0.0.1",
    "carrier.example. 60 AAAA ::1",
    "_sip._udp.served.example. 30 SRV 10 0 5070 one.carrier.example.",
    "_sip._udp.served.example. 30 SRV 20 0 5080 two.carrier.example.",
    "one.carrier.example. 300 A 127.0.0.11",
    "two.carrier.example. 300 A 127.0.0.12",
    'chosen.example. 60 NAPTR 10 10 "s" "SIP+D2T" "" _sip._tcp.chosen.example.',
    "_sip._tcp.chosen.example. 60 SRV 1 1 5062 one.carrier.example.",
)


class Hand:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    async with NameServer(*ROWS) as running:
        yield running


@pytest.fixture
def names(server: NameServer, clock: Hand, tmp_path: Path) -> NameService:
    return NameService(SeededEntropy(), clock, servers=[server.address], hosts=tmp_path / "hosts")


async def test_rfc3263_srv_and_addresses(names: NameService) -> None:
    found = await names.locate(Place("served.example", 0, "udp"))
    assert [(one.host, one.port) for one in found] == [("127.0.0.11", 5070), ("127.0.0.12", 5080)]


async def test_rfc3263_naptr(names: NameService, server: NameServer) -> None:
    assert await names.locate(Place("chosen.example")) == (Target("tcp", "127.0.0.11", 5062, "chosen.example"),)
    assert server.asked[:2] == ["NAPTR chosen.example", "SRV _sip._tcp.chosen.example"]


async def test_rfc3263_both_families(names: NameService) -> None:
    assert await names.addresses("carrier.example") == ("127.0.0.1", "::1")


async def test_an_answer_too_long_for_udp_is_asked_by_tcp(names: NameService, server: NameServer) -> None:
    server.truncate = True
    assert await names.addresses("carrier.example") == ("127.0.0.1", "::1")


async def test_a_literal_address_never_asks(names: NameService, server: NameServer) -> None:
    await names.locate(Place("127.0.0.1", 0, "udp"))
    await names.locate(Place("::1", 5070, "tls"))
    assert (names.asked, server.asked) == (0, [])


async def test_an_answer_lives_as_long_as_its_ttl(names: NameService, server: NameServer, clock: Hand) -> None:
    await names.addresses("carrier.example")
    server.put("carrier.example. 60 A 127.0.0.9")
    clock.now += 59
    assert (await names.addresses("carrier.example"))[0] == "127.0.0.1"
    clock.now += 2
    assert (await names.addresses("carrier.example"))[0] == "127.0.0.9"


async def test_a_dead_resolver_does_not_make_a_carrier_a_stranger(
    names: NameService, server: NameServer, clock: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "_LIFETIME_S", 0.05)
    await names.addresses("carrier.example")
    server.silent = True
    clock.now += 3_600
    assert await names.addresses("carrier.example") == ("127.0.0.1", "::1")
    with pytest.raises(OSError, match="never-heard-of"):
        await names.addresses("never-heard-of.example")


async def test_a_name_that_is_not_there(names: NameService) -> None:
    with pytest.raises(OSError, match="nowhere"):
        await names.locate(Place("nowhere.example", 0, "udp"))


async def test_the_hosts_file_goes_first(names: NameService, server: NameServer, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("127.0.0.7  PBX.example pbx # the one in the cellar\n")
    assert await names.addresses("pbx.example") == ("127.0.0.7",)
    assert server.asked == []
