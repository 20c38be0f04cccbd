# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one port of all lines: an ICE-lite agent (RFC 8445) over UDP, and over TCP where UDP is blocked (RFC 6544)."""

import socket
from collections.abc import Callable

from permanence.engine.mediaplane.transport import LineTransport, Send, SocketAddress
from permanence.telephony.media import stun

_DATAGRAM = 2048
_BATCH = 256
_BUFFER = 4 << 20
_FLOWS_LIMIT = 512
_FLOW_IDLE_S = 30.0
_FLOW_CHECK_S = 10.0  # a connection that brought no authentic check in this time is closed
_FLOW_BACKLOG = 65536

Ready = Callable[[float], None]
Watch = Callable[[socket.socket, Ready | None], None]
"""Asks the loop to call `ready(now)` when the socket can be read; None stops it."""


class IceServer:
    """Demultiplexes STUN, DTLS and SRTP (RFC 7983) to the transports. Only what passed a check gets further."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._by_ufrag: dict[str, LineTransport] = {}
        self._by_address: dict[SocketAddress, LineTransport] = {}
        self._flows: dict[SocketAddress, _TcpFlow] = {}

    def add_udp(self, udp: socket.socket) -> None:
        """Serve a bound UDP socket."""
        udp.setblocking(False)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        receive, send = udp.recvfrom, udp.sendto

        def ready(now: float) -> None:
            for _ in range(_BATCH):
                try:
                    data, address = receive(_DATAGRAM)
                except BlockingIOError:
                    return
                except OSError:
                    continue  # an ICMP error of an earlier packet
                self.datagram(data, address, send, now)

        self._watch(udp, ready)

    def add_tcp(self, listener: socket.socket) -> None:
        """Serve a listening TCP socket."""
        listener.setblocking(False)

        def ready(now: float) -> None:
            try:
                flow, address = listener.accept()
            except OSError:
                return
            if len(self._flows) >= _FLOWS_LIMIT:
                flow.close()
                return
            made = _TcpFlow(self, flow, address, self._watch, now)
            self._flows[made.address] = made

        self._watch(listener, ready)

    def add(self, transport: LineTransport) -> None:
        """Know the credentials of a transport, or its new ones after an ICE restart."""
        self._by_ufrag[transport.ufrag] = transport

    def remove(self, transport: LineTransport) -> None:
        """Forget a transport, its credentials and its addresses."""
        for ufrag in (transport.ufrag, transport.old_ufrag):
            if ufrag is not None:
                self._by_ufrag.pop(ufrag, None)
        for address in transport.known:
            if self._by_address.get(address) is transport:
                del self._by_address[address]

    def datagram(self, data: bytes, address: SocketAddress, send: Send, now: float) -> None:
        """One datagram, by its first byte (RFC 7983 section 7)."""
        if not data:
            return
        first = data[0]
        if first > 127:
            transport = self._by_address.get(address)
            if transport is not None and first < 192:
                transport.media(data, now)
        elif first < 4:
            self._check(data, address, send, now)
        elif 19 < first < 64:
            transport = self._by_address.get(address)
            if transport is not None:
                transport.dtls(data, now)

    def step(self, now: float) -> None:
        """Close the TCP connections that never spoke or fell silent."""
        for flow in list(self._flows.values()):
            if now - flow.heard > _FLOW_IDLE_S or (not flow.checked and now - flow.opened > _FLOW_CHECK_S):
                flow.close()

    def flow_closed(self, flow: "_TcpFlow") -> None:
        """A TCP connection is over."""
        self._flows.pop(flow.address, None)

    def _check(self, data: bytes, address: SocketAddress, send: Send, now: float) -> None:
        """A connectivity check: answered only under the credentials of a transport (no 401: nothing to reflect)."""
        message = stun.parse_stun(data)
        if message is None or message.kind != stun.BINDING_REQUEST:
            return
        ufrag = message.username.partition(":")[0]
        transport = self._by_ufrag.get(ufrag)
        if transport is None or transport.dead:
            return
        password = (transport.password if ufrag == transport.ufrag else transport.old_password).encode()
        if not stun.integrity_holds(message, password):
            return
        if ufrag == transport.ufrag and transport.old_ufrag is not None:
            self._by_ufrag.pop(transport.old_ufrag, None)
            transport.old_ufrag = None
        nominated = stun.USE_CANDIDATE in message.attributes
        for stale in transport.checked(address, send, now, nominated=nominated):
            self._by_address.pop(stale, None)
        self._by_address[address] = transport
        if address in self._flows:
            self._flows[address].checked = True
        host, port = address[-2:] if address[0] == "tcp" else address[:2]
        mapped = stun.xor_address(_plain(host), port, message.transaction)
        answer = stun.build_stun(
            stun.BINDING_SUCCESS, message.transaction, [(stun.XOR_MAPPED_ADDRESS, mapped)], password
        )
        try:
            send(answer, address)
        except OSError:
            return  # the browser asks again


class _TcpFlow:
    """One ICE-TCP connection: packets framed by a 16-bit length (RFC 4571)."""

    def __init__(
        self, server: IceServer, flow: socket.socket, address: SocketAddress, watch: Watch, now: float
    ) -> None:
        flow.setblocking(False)
        flow.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server, self._socket, self._watch = server, flow, watch
        self.address: SocketAddress = ("tcp", *address[:2])
        self.checked = False
        self.opened = now
        self._received = b""
        self._waiting = b""
        self.heard = now
        watch(flow, self._ready)

    def close(self) -> None:
        """Close the connection."""
        self._watch(self._socket, None)
        self._socket.close()
        self._server.flow_closed(self)

    def _ready(self, now: float) -> None:
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self.heard = now
        received = self._received + data
        at = 0
        while len(received) >= at + 2:
            end = at + 2 + (received[at] << 8 | received[at + 1])
            if end - at > _DATAGRAM:
                self.close()
                return
            if len(received) < end:
                break
            self._server.datagram(received[at + 2 : end], self.address, self._send, now)
            at = end
        self._received = received[at:]

    def _send(self, data: bytes, _address: SocketAddress) -> None:
        """A packet that does not fit is dropped whole, as UDP would; half a packet waits for the next one."""
        if len(self._waiting) > _FLOW_BACKLOG:
            return
        waiting = self._waiting + len(data).to_bytes(2, "big") + data
        try:
            sent = self._socket.send(waiting)
        except BlockingIOError:
            sent = 0
        self._waiting = waiting[sent:]


def _plain(host: str) -> str:
    """An IPv4 address that came in on an IPv6 socket, as IPv4."""
    return host.removeprefix("::ffff:") if host.startswith("::ffff:") and "." in host else host
