# SPDX-License-Identifier: AGPL-3.0-or-later
"""The trunks' edge: the SIP sockets, the names behind trunks, the registrations at carriers."""

import asyncio
import contextlib
import logging
import socket
import ssl
from pathlib import Path

from permanence.engine.exchange.options import Options
from permanence.engine.exchange.trunks import HouseTrunk, TrunkBook, host_and_port
from permanence.telephony.shells.sip_runner import SipRunner
from permanence.telephony.shells.sip_stream import StreamTransport
from permanence.telephony.shells.sip_udp import UdpSocket
from permanence.telephony.sip.events import RegistrationChanged
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.grammar import BadSyntax
from permanence.telephony.sip.settings import Credentials

LOOK_EVERY_S = 60.0
_DEFAULT_PORT = {"udp": 5060, "tcp": 5060, "tls": 5061}
_log = logging.getLogger("permanence.exchange.trunks")


class TrunkEdge:
    """Keeps what the trunks need of the outside world. Everything runs in the exchange's loop."""

    def __init__(self, runner: SipRunner, trunks: TrunkBook, data: Path, alarms: dict[str, str]) -> None:
        """`data`: whose `keys/` holds the secrets of registered trunks. `alarms`: the exchange's."""
        self._runner = runner
        self._trunks = trunks
        self._keys = data / "keys"
        self._alarms = alarms
        self._udp: list[UdpSocket] = []
        self._streams: dict[str, StreamTransport] = {}
        self._registered: dict[str, tuple[HouseTrunk, str]] = {}

    async def listen(self, options: Options) -> None:
        """Opens the sockets, or takes the inherited ones. Raises OSError when one is taken."""

        def admit(flow: Flow) -> bool:
            return self._trunks.trust(flow) is not None

        self._streams["tcp"] = self._runner.open_streams("tcp", admit=admit)
        self._streams["tls"] = self._runner.open_streams("tls", admit=admit, client_tls=ssl.create_default_context())
        udp, tcp = options.fds.get("sip-udp", ()), options.fds.get("sip-tcp", ())
        for fd in udp:
            self._udp.append(await self._runner.listen_udp(fd=fd))
        for fd in tcp:
            await self._streams["tcp"].listen(fd=fd)
        if not udp:
            self._udp.append(await self._runner.listen_udp(host=options.sip_host, port=options.sip_port))
        if not udp and not tcp:
            await self._streams["tcp"].listen(host=options.sip_host, port=self._udp[0].address[1])

    async def run(self) -> None:
        """Looks at names and registrations until cancelled."""
        while True:
            await self._resolve()
            await self._register()
            await asyncio.sleep(LOOK_EVERY_S)

    def registration_changed(self, event: RegistrationChanged) -> None:
        """A carrier answered a REGISTER."""
        for key, (_, registration) in self._registered.items():
            if registration == event.registration:
                _log.info("registration", extra={"fields": {"trunk": key, "state": event.state, "why": event.status}})
                if event.state == "registered":
                    self._alarms.pop(f"trunk:{key}", None)
                elif event.state == "failed":
                    self._alarms[f"trunk:{key}"] = f"the carrier does not accept our registration ({event.status})"

    async def flow_to(self, trunk: HouseTrunk) -> Flow:
        """The way to the trunk's carrier. Raises OSError when there is none."""
        entry = trunk.entry
        named = entry.registrar or next(iter(entry.addresses), "")
        host, port = host_and_port(named.partition("/")[0])
        remote = (await self._addresses(host))[0], port or _DEFAULT_PORT.get(entry.transport, 5060)
        if entry.transport in self._streams:
            return await self._streams[entry.transport].connect(*remote, server_hostname=host)
        family = ":" in remote[0]
        bound = next((one for one in self._udp if (":" in one.address[0]) == family), None)
        if bound is None:
            raise OSError("no SIP socket of the carrier's address family")
        return bound.flow(remote)

    def password_of(self, trunk: HouseTrunk) -> str:
        """The secret of a registered trunk, from the keys folder. Raises ValueError or OSError."""
        secret = trunk.entry.secret
        if not secret or "/" in secret or secret.startswith("."):
            raise ValueError("the trunk names no secret of the keys folder")
        return (self._keys / secret).read_text(encoding="utf-8").strip()

    async def _resolve(self) -> None:
        found: dict[str, tuple[str, ...]] = {}
        for name in self._trunks.host_names():
            with contextlib.suppress(OSError):
                found[name] = await self._addresses(name)
        if found:
            self._trunks.resolved(found)

    async def _addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a host, IPv4 first. Raises OSError."""
        rows = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        return tuple(sorted({str(row[4][0]) for row in rows}, key=lambda address: (":" in address, address)))

    async def _register(self) -> None:
        """Brings the registrations to what the table wants."""
        wanted = {row.key: row for row in self._trunks.registered()}
        for key, (row, registration) in list(self._registered.items()):
            if wanted.get(key) != row:
                self._runner.endpoint.unregister(registration, now=self._runner.now())
                del self._registered[key]
                self._alarms.pop(f"trunk:{key}", None)
        for key in wanted.keys() - self._registered.keys():
            try:
                self._registered[key] = (wanted[key], await self._register_at(wanted[key]))
            except (OSError, TimeoutError, ValueError, BadSyntax) as error:
                self._alarms[f"trunk:{key}"] = f"we cannot register: {error}"
        self._runner.pump()

    async def _register_at(self, row: HouseTrunk) -> str:
        entry = row.entry
        password = self.password_of(row)
        flow = await self.flow_to(row)
        scheme = f"sip:{entry.user}@{entry.registrar}"
        return self._runner.endpoint.register(
            scheme, f"sip:{entry.registrar}", flow, Credentials(entry.user, password), now=self._runner.now()
        )
