# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run --listen ADDRESS`: the demonstration for others, once nobody in it has the printed password any more."""

import ipaddress
import subprocess
import sys
from collections.abc import Mapping

from permanence.kernel.refusals import Refusal
from permanence.project.config import Configuration

REAL_HOUSE = "For a house that others reach: ./run --empty DIR"
NO_LISTEN = "A real house listens where its permanence.toml says: set web.host, or better public.host, there."


class CannotListen(Refusal):
    """The demonstration may not be seen from elsewhere, or not at that address; `why` says what to do."""

    code = "cannot_listen"


def address_of(text: str) -> str:
    """One address of this machine, literal. Raises CannotListen: browsers are admitted by the address they name."""
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        address = None
    if address is None or address.is_unspecified:
        raise CannotListen(f"--listen takes one address of this machine, such as 192.0.2.7, not {text!r}.")
    return str(address)


def opened(configuration: Configuration, address: str) -> Configuration:
    """The same demonstration with its site, line and audio at `address`; SIP stays on this machine.

    With a public name the site and the line stay behind Caddy, and only the audio is at `address`.
    """
    if configuration.public_host:
        return configuration.changed(media_hosts=(address,))
    return configuration.changed(web_host=address, line_host=address, media_hosts=(address,))


def refuse_printed_passwords(configuration: Configuration, environment: Mapping[str, str]) -> None:
    """Raises CannotListen while a person of the house has the printed password, or while there is no house yet."""
    if not configuration.database_url and not configuration.database.exists():
        raise CannotListen(
            "The demonstration cannot listen outside this machine while its passwords are the printed ones. "
            f"Start it without --listen and give everybody another password in the back office. {REAL_HOUSE}"
        )
    command = [sys.executable, "-P", "-m", "permanence.project.supervisor.printed"]
    done = subprocess.run(  # noqa: S603 - our own module
        command, env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = (done.stderr.splitlines() or ["?"])[-1]
        raise CannotListen(f"The passwords of the demonstration cannot be looked at: {last}")
    if found := done.stdout.split():
        raise CannotListen(
            "The demonstration cannot listen outside this machine while its passwords are the printed ones. "
            f"Give another one in the back office to {', '.join(found)}. {REAL_HOUSE}"
        )
