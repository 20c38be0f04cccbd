# SPDX-License-Identifier: AGPL-3.0-or-later
"""The trunks' edge: the SIP sockets, the names behind trunks, the registrations at carriers, their signs of life."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path

from permanence.engine.exchange.options import Options
from permanence.engine.exchange.trunk_tls import TrunkTls
from permanence.engine.exchange.trunks import HouseTrunk, TrunkBook, place_of
from permanence.telephony.shells.dns import NameService
from permanence.telephony.shells.sip_runner import SipRunner
from permanence.telephony.shells.sip_stream import Peer, StreamTransport
from permanence.telephony.shells.sip_udp import UdpSocket
from permanence.telephony.sip.events import PingAnswered, RegistrationChanged
from permanence.telephony.sip.flow import Address, Flow, host_in_uri
from permanence.telephony.sip.grammar import BadSyntax
from permanence.telephony.sip.location import Target
from permanence.telephony.sip.settings import Credentials

LOOK_EVERY_S = 5.0
HOLD_OPEN_S = 20.0
"""After so long without an OPTIONS an empty message keeps the way open: with the look, 25 s at most, where a NAT of the
mean kind forgets a UDP binding after 30 s."""
RETRY_S = 60.0
"""After a registration that could not even be sent, and after a keep-alive nobody could be sent."""
_log = logging.getLogger("permanence.exchange.trunks")


@dataclass(frozen=True, slots=True)
class _Registered:
    row: HouseTrunk
    registration: str
    remotes: frozenset[Address]


class TrunkEdge:
    """Keeps what the trunks need of the outside world. Everything runs in the exchange's loop."""

    def __init__(
        self, runner: SipRunner, trunks: TrunkBook, data: Path, alarms: dict[str, str], names: NameService
    ) -> None:
        """`data`: whose `keys/` holds certificates and the secrets of registered trunks. `alarms`: the exchange's."""
        self._runner = runner
        self._trunks = trunks
        self._keys = data / "keys"
        self._alarms = alarms
        self._names = names
        self._tls = TrunkTls(self._keys)
        self._tls_at: list[tuple[str, int, int | None]] = []
        self._udp: list[UdpSocket] = []
        self._streams: dict[str, StreamTransport] = {}
        self._registered: dict[str, _Registered] = {}
        self._not_before: dict[str, float] = {}
        self._pinged: dict[str, str] = {}
        self._ping_at: dict[str, float] = {}
        self._ways: dict[str, tuple[Flow, float]] = {}
        """The way of each trunk that is asked for signs of life, and when something was last sent on it."""
        self._look_now = asyncio.Event()

    async def listen(self, options: Options) -> None:
        """Opens the sockets, or takes the inherited ones. Raises OSError when one is taken."""

        def admit(flow: Flow) -> bool:
            return self._trunks.trust(flow) is not None

        for transport in ("tcp", "tls"):
            self._streams[transport] = self._runner.open_streams(transport, admit=admit)
        udp, tcp = options.fds.get("sip-udp", ()), options.fds.get("sip-tcp", ())
        with self._runner.opening():
            for fd in udp:
                self._udp.append(await self._runner.listen_udp(fd=fd))
            for fd in tcp:
                await self._streams["tcp"].listen(fd=fd)
            for host in () if udp else options.sip_hosts:
                port = self._udp[0].address[1] if self._udp else options.sip_port
                self._udp.append(await self._runner.listen_udp(host=host, port=port))
            for host in () if udp or tcp else options.sip_hosts:
                await self._streams["tcp"].listen(host=host, port=self._udp[0].address[1])
        tls = options.fds.get("sip-tls", ())
        self._tls_at = [("", 0, fd) for fd in tls]
        if not tls:
            self._tls_at = [(host, options.sip_tls_port, None) for host in options.sip_hosts]
        await self._certificates()

    async def run(self) -> None:
        """Looks at names, certificates, registrations and signs of life until cancelled."""
        while True:
            await self.look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look_now.wait(), LOOK_EVERY_S)
                self._not_before.clear()
            self._look_now.clear()

    async def look(self) -> None:
        """One look at all of it: every `LOOK_EVERY_S`, and when the table changed."""
        for look in (self._certificates, self._resolve, self._register, self._ping, self._hold_open):
            try:
                await look()
            except Exception:
                _log.exception("look_failed")
        self._forget_the_gone()
        self._runner.pump()

    def _forget_the_gone(self) -> None:
        """A trunk that is no more has no alarm."""
        for code in list(self._alarms):
            kind, colon, key = code.partition(":")
            if colon and kind in {"trunk", "silent"} and self._trunks.named(key) is None:
                del self._alarms[code]

    def wake(self) -> None:
        """The table may have changed: looks at once."""
        self._look_now.set()

    # what the carriers say

    def registration_changed(self, event: RegistrationChanged) -> None:
        """A carrier answered a REGISTER."""
        for key, held in self._registered.items():
            if held.registration == event.registration:
                _log.info("registration", extra={"fields": {"trunk": key, "state": event.state, "why": event.status}})
                self._trunks.state_of(key).update(registration=event.state, registration_status=event.status)
                if event.state == "registered":
                    self._alarms.pop(f"trunk:{key}", None)
                elif event.state == "failed":
                    self._alarms[f"trunk:{key}"] = f"the carrier does not accept our registration ({event.status})"

    def ping_answered(self, event: PingAnswered) -> None:
        """A carrier answered an OPTIONS, or did not."""
        key = self._pinged.pop(event.ping, None)
        if key is None or self._trunks.named(key) is None:
            return
        alive = event.status not in {408, 503}
        self._trunks.state_of(key).update(alive=alive, alive_status=event.status)
        if alive:
            self._alarms.pop(f"silent:{key}", None)
        else:
            self._alarms[f"silent:{key}"] = f"the carrier does not answer our OPTIONS ({event.status})"

    # ways out

    async def flows_to(self, trunk: HouseTrunk) -> tuple[Flow, ...]:
        """The ways to the trunk's carrier, the first of them ready. Raises OSError or ValueError when there is none."""
        place = place_of(trunk.entry)
        if place is None:
            raise OSError("the trunk says nowhere where calls go")
        targets = list(await self._names.locate(place))
        failure: OSError = OSError("no way to the carrier")
        while targets:
            try:
                first = await self._reach(targets.pop(0), trunk)
            except OSError as error:
                failure = error
                continue
            return first, *self._expected(targets, trunk)
        raise failure

    async def _reach(self, target: Target, trunk: HouseTrunk) -> Flow:
        flow = self._way(target, trunk)
        if flow.reliable:
            return await self._streams[flow.transport].connect(*flow.remote)
        return flow

    def _expected(self, targets: list[Target], trunk: HouseTrunk) -> list[Flow]:
        """The flows of the targets that can be reached at all."""
        found = []
        for target in targets:
            with contextlib.suppress(OSError):
                found.append(self._way(target, trunk))
        return found

    def _way(self, target: Target, trunk: HouseTrunk) -> Flow:
        remote = target.host, target.port
        if target.transport in self._streams:
            tls = self._tls.client(trunk.entry) if target.transport == "tls" else None
            return self._streams[target.transport].expect(remote, Peer(target.name, tls))
        bound = next((one for one in self._udp if (":" in one.address[0]) == (":" in target.host)), None)
        if bound is None:
            raise OSError("no SIP socket of the carrier's address family")
        return bound.flow(remote)

    def password_of(self, trunk: HouseTrunk) -> str:
        """The secret of a registered trunk, from the keys folder. Raises ValueError or OSError."""
        secret = trunk.entry.secret
        if not secret or "/" in secret or secret.startswith("."):
            raise ValueError("the trunk names no secret of the keys folder")
        return (self._keys / secret).read_text(encoding="utf-8").strip()

    # looks

    async def _certificates(self) -> None:
        """Listens over TLS as soon as there is a certificate, and takes a renewed one."""
        if not self._tls.has_certificate:
            return
        try:
            if not self._tls_at and self._tls.renew():
                _log.info("certificate_renewed")
            while self._tls_at:
                context, (host, port, fd) = self._tls.server(), self._tls_at[0]
                await self._streams["tls"].listen(host=host, port=port, fd=fd, server_tls=context)
                del self._tls_at[0]
            self._alarms.pop("sip_tls", None)
        except OSError as error:
            self._alarms["sip_tls"] = f"no calls over TLS with the certificate in the keys folder: {error}"

    async def _resolve(self) -> None:
        """What the names of the trunks lead to: who is trusted."""
        found: dict[str, tuple[str, ...]] = {}
        for name, place in self._trunks.named_places().items():
            with contextlib.suppress(OSError):
                found[name] = tuple(target.host for target in await self._names.locate(place))
        self._trunks.resolved(found)

    async def _register(self) -> None:
        """Brings the registrations to what the table and the names want."""
        wanted = {row.key: row for row in self._trunks.registered()}
        for key, held in list(self._registered.items()):
            if wanted.get(key) != held.row or await self._moved(held):
                self._runner.endpoint.unregister(held.registration, now=self._runner.now())
                del self._registered[key]
                self._alarms.pop(f"trunk:{key}", None)
        now = self._runner.now()
        for key in wanted.keys() - self._registered.keys():
            if self._not_before.get(key, now) > now:
                continue
            try:
                self._registered[key] = await self._register_at(wanted[key])
            except (OSError, ValueError, BadSyntax) as error:
                self._not_before[key] = now + RETRY_S
                self._trunks.state_of(key).update(registration="failed", registration_status=0)
                self._alarms[f"trunk:{key}"] = f"we cannot register: {error}"

    async def _moved(self, held: _Registered) -> bool:
        """Whether the carrier's name leads elsewhere than when we registered."""
        place = place_of(held.row.entry)
        if place is None:
            return False
        try:
            targets = await self._names.locate(place)
        except OSError:
            return False
        return held.remotes.isdisjoint((target.host, target.port) for target in targets)

    async def _register_at(self, row: HouseTrunk) -> _Registered:
        entry = row.entry
        password = self.password_of(row)
        first, *others = await self.flows_to(row)
        registration = self._runner.endpoint.register(
            f"sip:{entry.user}@{entry.registrar}",
            f"sip:{entry.registrar}",
            first,
            Credentials(entry.user, password),
            now=self._runner.now(),
            others=tuple(others),
        )
        return _Registered(row, registration, frozenset(flow.remote for flow in (first, *others)))

    async def _ping(self) -> None:
        """OPTIONS to the trunks that want a sign of life, each in its own rhythm."""
        for row in self._trunks.rows():
            now, key = self._runner.now(), row.key
            if not row.entry.keep_alive_s or self._ping_at.get(key, now) > now or key in self._pinged.values():
                continue
            self._ping_at[key] = now + row.entry.keep_alive_s
            try:
                flow = (await self.flows_to(row))[0]
                uri = f"sip:{host_in_uri(flow.remote[0])}:{flow.remote[1]}"
                self._pinged[self._runner.endpoint.ping(uri, flow, now=self._runner.now())] = key
                self._ways[key] = flow, self._runner.now()
            except (OSError, ValueError, BadSyntax) as error:
                self._trunks.state_of(key).update(alive=False, alive_status=0)
                self._alarms[f"silent:{key}"] = f"the carrier cannot be reached: {error}"

    async def _hold_open(self) -> None:
        """Between two signs of life the ways are kept open through a NAT; a registration keeps its own."""
        now = self._runner.now()
        for key, (flow, sent_at) in list(self._ways.items()):
            row = self._trunks.named(key)
            if row is None or not row.entry.keep_alive_s:
                del self._ways[key]
            elif now - sent_at >= HOLD_OPEN_S:
                self._runner.endpoint.hold_open(flow, now=now)
                self._ways[key] = flow, now
