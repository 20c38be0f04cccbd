# SPDX-License-Identifier: AGPL-3.0-or-later
"""SIP over TCP and TLS: listening, connecting, framing (RFC 3261 section 18, RFC 5626 keep-alive).

A connection is a flow. What must go to a flow whose connection is gone takes another connection to the same address
when there is one, else opens one (RFC 3261 section 18.2.2); when that fails, `on_lost` tells the endpoint.
"""

import asyncio
import itertools
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from permanence.telephony.shells.sip_udp import source_for
from permanence.telephony.sip.flow import Address, Flow
from permanence.telephony.sip.framing import KEEP_ALIVE, BadFraming, Framer

_log = logging.getLogger(__name__)
_MAX_CONNECTIONS = 1_000
_MAX_WAITING = 64
_MAX_UNSENT = 1 << 20
_CONNECT_TIMEOUT = 5.0
_PARTIAL_TIMEOUT = 30.0
"""A message begun must be whole after this: a slow sender does not hold a connection open."""

OnMessage = Callable[[bytes, Flow], None]
OnLost = Callable[[Flow], None]
Admit = Callable[[Flow], bool]
"""Whether a connection from this flow's remote address is taken at all."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom we mean to reach at an address: the name its certificate must bear, and who may have signed it."""

    name: str
    tls: ssl.SSLContext | None = None


@dataclass(slots=True)
class _Opening:
    task: "asyncio.Task[None]"
    waiting: list[tuple[bytes, Flow]] = field(default_factory=list)


class StreamConnection(asyncio.Protocol):
    """One connection."""

    def __init__(self, owner: "StreamTransport", stream: int) -> None:
        self._owner = owner
        self._stream = stream
        self._framer = Framer(owner.max_message)
        self._transport: asyncio.Transport | None = None
        self._partial: asyncio.TimerHandle | None = None
        self.flow = Flow(owner.transport, ("", 0), ("", 0), stream)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: connected."""
        self._transport = cast("asyncio.Transport", transport)
        local, remote = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        port = self._owner.listening_port or int(local[1])
        there = (str(remote[0]), int(remote[1]))
        self.flow = Flow(self._owner.transport, (str(local[0]), port), there, self._stream)
        if not self._owner.welcome(self):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes came."""
        try:
            messages = self._framer.feed(data)
        except BadFraming as error:
            _log.info("sip %s from %s: %s", self.flow.transport, self.flow.remote, error)
            self.close()
            return
        self._answer_pings()
        self._watch_partial()
        for message in messages:
            self._owner.on_message(message, self.flow)

    def _answer_pings(self) -> None:
        if self._framer.pings and self._transport is not None:
            self._transport.write(b"\r\n" * self._framer.pings)
            self._framer.pings = 0

    def _watch_partial(self) -> None:
        if self._partial is not None:
            self._partial.cancel()
            self._partial = None
        if self._framer.pending:
            loop = asyncio.get_running_loop()
            self._partial = loop.call_later(_PARTIAL_TIMEOUT, self.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""
        if self._partial is not None:
            self._partial.cancel()
        self._owner.forget(self)
        _log.info("sip %s to %s closed: %s", self.flow.transport, self.flow.remote, exc or "end of stream")

    def write(self, data: bytes) -> None:
        """Sends; a peer that does not read is cut off."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > _MAX_UNSENT:
            self.close()
            return
        if data == KEEP_ALIVE:
            self._framer.asked = True
        self._transport.write(data)

    def close(self) -> None:
        """Cuts the connection."""
        if self._transport is not None:
            self._transport.abort()


class StreamTransport:
    """Every connection of one transport, `tcp` or `tls`."""

    def __init__(
        self,
        transport: str,
        on_message: OnMessage,
        on_lost: OnLost,
        *,
        admit: Admit = lambda _flow: True,
        client_tls: ssl.SSLContext | None = None,
        max_message: int = 65_535,
    ) -> None:
        self.transport = transport
        self.on_message = on_message
        self.max_message = max_message
        self.listening_port = 0
        self._on_lost = on_lost
        self._admit = admit
        self._client_tls = client_tls
        self._numbers = itertools.count(1)
        self._connections: dict[int, StreamConnection] = {}
        self._by_remote: dict[Address, StreamConnection] = {}
        self._peers: dict[Address, Peer] = {}
        self._opening: dict[Address, _Opening] = {}
        self._servers: list[asyncio.Server] = []

    async def listen(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        fd: int | None = None,
        server_tls: ssl.SSLContext | None = None,
    ) -> Address:
        """Listens at `host:port`, or on the inherited socket `fd`; the address it listens at. Raises OSError."""
        loop = asyncio.get_running_loop()
        if fd is not None:
            inherited = socket.socket(fileno=fd)
            server = await loop.create_server(self._accept, sock=inherited, ssl=server_tls, backlog=512)
        else:
            server = await loop.create_server(self._accept, host, port, ssl=server_tls, backlog=512)
        self._servers.append(server)
        name = server.sockets[0].getsockname()
        self.listening_port = int(name[1])
        return str(name[0]), int(name[1])

    def _accept(self) -> StreamConnection:
        return StreamConnection(self, next(self._numbers))

    def welcome(self, connection: StreamConnection) -> bool:
        """A connection is made: whether it may stay."""
        if len(self._connections) >= _MAX_CONNECTIONS or not self._admit(connection.flow):
            _log.warning("sip %s from %s refused", self.transport, connection.flow.remote)
            return False
        self._connections[connection.flow.stream] = connection
        self._by_remote[connection.flow.remote] = connection
        return True

    def forget(self, connection: StreamConnection) -> None:
        """A connection is gone."""
        if self._connections.pop(connection.flow.stream, None) is None:
            return
        if self._by_remote.get(connection.flow.remote) is connection:
            del self._by_remote[connection.flow.remote]
        self._on_lost(connection.flow)

    def expect(self, remote: Address, peer: Peer) -> Flow:
        """Says who is at an address before a connection is made; the flow that will make it when it is sent on."""
        self._peers[remote] = peer
        wildcard = "::" if ":" in remote[0] else "0.0.0.0"
        return Flow(self.transport, (source_for(remote, wildcard), self.listening_port or remote[1]), remote)

    async def connect(self, host: str, port: int, *, server_hostname: str | None = None) -> Flow:
        """The flow to an address: the connection that is open, or a new one. Raises OSError or ssl.SSLError.

        `server_hostname` is the name the certificate must bear (TLS); it is kept for when the connection has to be made
        again, as is what `expect` said.
        """
        if server_hostname is not None:
            self._peers[host, port] = Peer(server_hostname, self._peer(host, port).tls)
        known = self._by_remote.get((host, port))
        if known is not None:
            return known.flow
        loop = asyncio.get_running_loop()
        peer, secure = self._peer(host, port), self.transport == "tls"
        made = loop.create_connection(
            self._accept,
            host,
            port,
            ssl=(peer.tls or self._client_tls) if secure else None,
            server_hostname=peer.name if secure else None,
        )
        _, connection = await asyncio.wait_for(made, _CONNECT_TIMEOUT)
        return connection.flow

    def _peer(self, host: str, port: int) -> Peer:
        return self._peers.get((host, port)) or Peer(host)

    def send(self, data: bytes, flow: Flow) -> None:
        """Sends on the flow's connection, on another one to the same address, or on a new one."""
        connection = self._connections.get(flow.stream)
        if connection is None or connection.flow.remote != flow.remote:
            connection = self._by_remote.get(flow.remote)
        if connection is not None:
            connection.write(data)
            return
        opening = self._opening.get(flow.remote)
        if opening is None:
            task = asyncio.get_running_loop().create_task(self._open(flow.remote))
            opening = self._opening[flow.remote] = _Opening(task)
        if len(opening.waiting) < _MAX_WAITING:
            opening.waiting.append((data, flow))

    async def _open(self, remote: Address) -> None:
        try:
            flow = await self.connect(*remote)
        except (OSError, TimeoutError, ssl.SSLError) as error:
            _log.warning("sip %s to %s: %s", self.transport, remote, error)
            for lost in {flow for _, flow in self._opening.pop(remote).waiting}:
                self._on_lost(lost)
            return
        for data, _ in self._opening.pop(remote).waiting:
            self.send(data, flow)

    def connections(self) -> tuple[StreamConnection, ...]:
        """Those that are open."""
        return tuple(self._connections.values())

    def close(self) -> None:
        """Stops listening and cuts every connection."""
        for server in self._servers:
            server.close()
        for opening in self._opening.values():
            opening.task.cancel()
        for connection in self.connections():
            connection.close()
