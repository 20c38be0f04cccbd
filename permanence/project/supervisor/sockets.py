# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ports of a house, tried before anything starts; only the demonstration takes the next free one."""

from dataclasses import dataclass

from permanence.kernel.refusals import Refusal
from permanence.project.config import Configuration
from permanence.project.supervisor.ports import Bound, PortBusy, Wanted, bind, udp_ports_in_use


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
        Wanted("SIP", "sip_port", (configuration.sip_host,), configuration.sip_port, ("udp", "tcp")),
        Wanted(
            "the secretaries' audio", "media_port", configuration.media_hosts, configuration.media_port, ("udp", "tcp")
        ),
    ]
    if (configuration.data / "keys" / "sip.crt").exists():
        tls = configuration.sip_tls_port
        found.append(Wanted("SIP over TLS", "sip_tls_port", (configuration.sip_host,), tls, ("tcp",)))
    if configuration.demonstration:
        found.append(Wanted("the mailbox", "mail_port", (configuration.mail_host,), configuration.mail_port, ("tcp",)))
    return tuple(found)


TRIED_ONLY = frozenset({"mail_port"})


def take_ports(configuration: Configuration) -> Sockets:
    """Binds every port of the house. Raises PortsBusy with one sentence for each port that cannot be had."""
    got: list[Bound] = []
    busy: list[str] = []
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
        raise PortsBusy("\n".join(busy))
    kept = tuple(held for held in got if held.wanted.field not in TRIED_ONLY)
    return Sockets(configuration, kept, tuple(notes))
