# SPDX-License-Identifier: AGPL-3.0-or-later
"""TLS of the trunks: certificates renewed while running, carriers' authorities, our own certificate shown."""

import asyncio
import os
import shutil
import ssl
from pathlib import Path

import pytest

from permanence.engine.exchange.trunk_tls import TrunkTls
from permanence.reception.table import TrunkEntry
from tests.wire.test_sip_sockets import contexts


def entry(**fields: object) -> TrunkEntry:
    return TrunkEntry(**{"name": "a", "addresses": (), "country": "LU", **fields})  # type: ignore[arg-type]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    made.mkdir()
    return made


def issue(keys: Path, at: int) -> Path:
    """A new certificate of ours, written at that moment; the authority that signed it."""
    folder = keys.parent / f"issued-{at}"
    folder.mkdir()
    contexts(folder)
    for name in ("sip.crt", "sip.key"):
        shutil.copyfile(folder / "both.pem", keys / name)
        os.utime(keys / name, (at, at))
    return folder / "authority.pem"


def test_nothing_is_served_without_a_certificate(keys: Path) -> None:
    tls = TrunkTls(keys)
    assert not tls.has_certificate
    with pytest.raises(OSError, match="sip"):
        tls.server()
    assert not tls.renew()


def test_a_renewed_certificate_is_taken_once_and_a_broken_one_never(keys: Path) -> None:
    issue(keys, 1)
    tls = TrunkTls(keys)
    served = tls.server()
    assert not tls.renew()
    issue(keys, 2)
    assert tls.renew()
    assert not tls.renew()
    (keys / "sip.crt").write_text("half a cert")
    for _ in range(2):  # it stays wrong until it is mended
        with pytest.raises(ssl.SSLError):
            tls.renew()
    assert tls.server() is served


def test_a_context_per_authority_made_anew_when_the_file_changes(keys: Path) -> None:
    tls = TrunkTls(keys)
    for at in (1, 2):
        shutil.copyfile(issue(keys, at), keys / "ca.pem")
        os.utime(keys / "ca.pem", (at, at))
        context = tls.client(entry(ca_file="ca.pem"))
        assert tls.client(entry(ca_file="ca.pem")) is context
        assert len(context.get_ca_certs()) == 1
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
    assert tls.client(entry()) is not context


def test_an_authority_is_a_file_of_the_keys_folder(keys: Path) -> None:
    with pytest.raises(ValueError, match="keys folder"):
        TrunkTls(keys).client(entry(ca_file="../elsewhere.pem"))
    with pytest.raises(OSError, match="missing"):
        TrunkTls(keys).client(entry(ca_file="missing.pem"))


@pytest.mark.parametrize("shown", [False, True])
async def test_a_carrier_that_wants_our_certificate_gets_it_where_the_trunk_says_so(keys: Path, shown: bool) -> None:
    authority = issue(keys, 1)
    shutil.copyfile(authority, keys / "ca.pem")
    wants = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    wants.load_cert_chain(keys / "sip.crt", keys / "sip.key")
    wants.load_verify_locations(authority)
    wants.verify_mode = ssl.CERT_OPTIONAL
    seen: list[object] = []

    async def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peercert"))
        writer.write(b"x")
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=wants)
    context = TrunkTls(keys).client(entry(ca_file="ca.pem", client_certificate=shown))
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    assert await reader.readexactly(1) == b"x"
    writer.close()
    server.close()
    assert bool(seen[0]) is shown
