# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ports of a house, tried before anything starts; only the demonstration takes the next free one."""

import errno
from collections.abc import Sequence
from dataclasses import dataclass

from permanence.kernel.refusals import Refusal
from permanence.project.config import Configuration
from permanence.project.supervisor.ports import (
    Bound,
    PortBusy,
    Wanted,
    bind,
    open_socket,
    owner_of,
    socket_inodes,
    udp_ports_in_use,
)


class PortsBusy(Refusal):
    """Some ports cannot be had; `why` has one sentence a line."""

    code = "ports_busy"


@dataclass(frozen=True, slots=True)
class Sockets:
    """The listening sockets, and the configuration with the ports that were got. `notes` are sentences to print."""

    configuration: Configuration
    bound: tuple[Bound, ...]
    notes: tuple[str, ...]

    def fds(self) -> dict[str, tuple[int, ...]]:
        """The descriptors that the processes inherit, by the names of the contract (`web`, `line`, `sip-udp`...)."""
        found: dict[str, tuple[int, ...]] = {}
        for held in self.bound:
            kinds = held.wanted.kinds * len(held.wanted.hosts)
            for kind, opened in zip(kinds, held.sockets, strict=True):
                name = held.wanted.field.removesuffix("_port").replace("_", "-")
                named = f"{name}-{kind}" if len(held.wanted.kinds) > 1 else name
                found[named] = (*found.get(named, ()), opened.fileno())
        return found

    def close(self) -> None:
        """Lets every port go."""
        for held in self.bound:
            held.close()


def wanted_ports(configuration: Configuration) -> tuple[Wanted, ...]:
    """The ports of a house; the mailbox's is only tried, the mail sink opens it itself."""
    found = [
        Wanted("the site", "web_port", (configuration.web_host,), configuration.web_port, ("tcp",)),
        Wanted("the secretaries' line", "line_port", (configuration.line_host,), configuration.line_port, ("tcp",)),
        Wanted("SIP", "sip_port", configuration.sip_hosts, configuration.sip_port, ("udp", "tcp")),
        Wanted(
            "the secretaries' audio", "media_port", configuration.media_hosts, configuration.media_port, ("udp", "tcp")
        ),
    ]
    if (configuration.data / "keys" / "sip.crt").exists():
        tls = configuration.sip_tls_port
        found.append(Wanted("SIP over TLS", "sip_tls_port", configuration.sip_hosts, tls, ("tcp",)))
    if configuration.demonstration:
        found.append(Wanted("the mailbox", "mail_port", (configuration.mail_host,), configuration.mail_port, ("tcp",)))
    return tuple(found)


DOORS = (80, 443)
"""TCP: where Caddy listens, on every address."""
OTHER_CADDY = "Debian's own caddy.service is switched off by: sudo systemctl disable --now caddy"


def busy_doors(configuration: Configuration, doors: Sequence[int] = DOORS) -> list[str]:
    """With a public name: one sentence for each of Caddy's ports that another process holds, and what helps."""
    if not configuration.public_host:
        return []
    busy = [f"the doors: port {port} is taken by {_holder(port)}." for port in doors if _is_taken(port)]
    return [*busy, OTHER_CADDY] if busy else []


def _holder(port: int) -> str:
    return owner_of(port, "tcp") or "a process of another user"


def _is_taken(port: int) -> bool:
    """Tries the port. Who may not (Caddy itself may be allowed to) looks whether anybody listens on it."""
    for host in ("0.0.0.0", "::"):
        try:
            open_socket(host, port, "tcp").close()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            if error.errno == errno.EACCES and any(socket_inodes(port, "tcp")):
                return True
    return False


INSTEAD = (
    "Stop that program (a house: Ctrl-C where ./run was typed), or give this one other ports in permanence.toml or the "
    "environment: PERMANENCE_WEB_PORT, PERMANENCE_LINE_PORT, PERMANENCE_SIP_PORT, PERMANENCE_MEDIA_PORT, "
    "PERMANENCE_MEDIA_RTP."
)

TRIED_ONLY = frozenset({"mail_port"})


def take_ports(configuration: Configuration) -> Sockets:
    """Binds every port of the house. Raises PortsBusy with one sentence for each port that cannot be had."""
    got: list[Bound] = []
    busy = busy_doors(configuration)
    notes: list[str] = []
    for wanted in wanted_ports(configuration):
        try:
            held = bind(wanted, or_next=configuration.demonstration)
        except PortBusy as error:
            busy.append(error.why)
            continue
        if held.busy:
            notes.append(f"{held.busy} Taking {held.port}.")
        configuration = configuration.changed(**{wanted.field: held.port})
        got.append(held)
    used = udp_ports_in_use(configuration.media_rtp)
    if used * 2 > configuration.media_rtp.last - configuration.media_rtp.first:
        busy.append(f"callers' audio: {used} of the UDP ports {configuration.media_rtp} are taken.")
    for held in got:
        if busy or held.wanted.field in TRIED_ONLY:
            held.close()
    if busy:
        raise PortsBusy("\n".join([*busy, INSTEAD]))
    kept = tuple(held for held in got if held.wanted.field not in TRIED_ONLY)
    return Sockets(configuration, kept, tuple(notes))
