# SPDX-License-Identifier: AGPL-3.0-or-later
"""A house with a public name gets its certificate by ACME (RFC 8555) and serves under it.

The authority is a Caddy of its own on the other network: it is asked by the house's and comes back to the house by its
public name, as Let's Encrypt does.
"""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.processes import until
from tests.screens.networks import Network, two_networks
from tests.screens.whole_house import own_ports, started

NAME, AUTHORITY_NAME = "accueil.maison.example", "ca.example"
HOUSE, AUTHORITY = "10.78.0.1", "10.78.0.2"
AUTHORITYFILE = """\
{{
	admin off
	skip_install_trust
	storage file_system "{store}"
}}
{name} {{
	tls internal
	acme_server
}}
"""
ASK = """
import http.client, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
connection = http.client.HTTPSConnection(sys.argv[2], context=context, timeout=20)
connection.request("GET", "/login")
answer = connection.getresponse()
print(answer.status, connection.sock.getpeercert()["subjectAltName"][0][1])
"""


@contextlib.contextmanager
def known_names(network: Network) -> Iterator[None]:
    """Both names, for whatever runs in that network (ip-netns(8): /etc/netns/NAME/hosts)."""
    folder = Path("/etc/netns") / network.name
    folder.mkdir(parents=True)
    folder.joinpath("hosts").write_text(f"127.0.0.1 localhost\n{HOUSE} {NAME}\n{AUTHORITY} {AUTHORITY_NAME}\n")
    try:
        yield
    finally:
        shutil.rmtree(folder)


@contextlib.asynccontextmanager
async def authority(network: Network, folder: Path) -> AsyncIterator[Path]:
    """An ACME authority under AUTHORITY_NAME; gives its root certificate."""
    file = folder / "Caddyfile"
    file.write_text(AUTHORITYFILE.format(store=folder / "store", name=AUTHORITY_NAME))
    caddy = await asyncio.create_subprocess_exec(
        *network.prefix, "caddy", "run", "--config", str(file), "--adapter", "caddyfile",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    root = folder / "store" / "pki" / "authorities" / "local" / "root.crt"
    certificates = folder / "store" / "certificates" / "local"
    try:
        await until("the authority has its own certificate", lambda: bool(list(certificates.rglob("*.crt"))))
        yield root
    finally:
        caddy.terminate()
        await caddy.wait()


@pytest.fixture
def networks() -> Iterator[tuple[Network, Network]]:
    """The house's network and the world's."""
    with two_networks(HOUSE, AUTHORITY) as pair, known_names(pair[0]), known_names(pair[1]):
        yield pair


async def test_the_certificate_of_the_public_name_comes_by_acme(
    networks: tuple[Network, Network], tmp_path: Path
) -> None:
    here, there = networks
    (tmp_path / "ca").mkdir()
    async with authority(there, tmp_path / "ca") as root:
        environment = {
            **own_ports(), "PERMANENCE_PUBLIC_HOST": NAME,
            "PERMANENCE_PUBLIC_ACME_DIRECTORY": f"https://{AUTHORITY_NAME}/acme/local/directory",
            "PERMANENCE_PUBLIC_ACME_ROOT": str(root),
        }  # fmt: skip
        data = tmp_path / "house"
        words = ("--empty", str(data), "--owner-email", "odile@maison.example", "--country", "IE")
        async with started(data, *words, environment=environment, prefix=here.prefix) as house:
            store = data / "keys" / "caddy" / "certificates"
            await until("the authority has signed", lambda: bool(list(store.rglob(f"{NAME}.crt"))), within_s=60)
            assert house.site == f"https://{NAME}"
            asked = await asyncio.create_subprocess_exec(
                *there.prefix, sys.executable, "-c", ASK, str(root), NAME, stdout=asyncio.subprocess.PIPE
            )
            said, _ = await asked.communicate()
            assert said.decode().split() == ["200", NAME]
