# SPDX-License-Identifier: AGPL-3.0-or-later
"""SIP over UDP: sockets in, sockets out; the endpoint decides everything."""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any, Self, cast

from permanence.telephony.sip.flow import Address, Flow

_log = logging.getLogger(__name__)
_RECEIVE_BUFFER = 4 << 20
_WILDCARDS = frozenset({"0.0.0.0", "::"})

OnMessage = Callable[[bytes, Flow], None]
"""Gets each datagram with the flow it came by."""


class UdpSocket(asyncio.DatagramProtocol):
    """One UDP socket. Where it listens on every address, a flow's `local` is the one the remote side sees."""

    def __init__(self, on_message: OnMessage) -> None:
        self._on_message = on_message
        self._transport: asyncio.DatagramTransport | None = None
        self._flows: dict[Any, Flow] = {}
        self.address: Address = ("", 0)
        self.errors = 0

    @classmethod
    async def open(
        cls, on_message: OnMessage, *, host: str = "127.0.0.1", port: int = 0, fd: int | None = None
    ) -> Self:
        """Opens `host:port` (0 takes a free one), or takes an inherited socket `fd`. Raises OSError."""
        ready = socket.socket(fileno=fd) if fd is not None else _bound(host, port)
        ready.setblocking(False)
        ready.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(lambda: cls(on_message), sock=ready)
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket is ready."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        name = transport.get_extra_info("sockname")
        self.address = (str(name[0]), int(name[1]))

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """asyncio: a datagram."""
        self._on_message(data, self.flow((addr[0], addr[1])))

    def error_received(self, exc: Exception) -> None:
        """asyncio: an ICMP error of an earlier datagram. The transaction's own timers decide what it means."""
        self.errors += 1
        _log.info("sip udp: %s", exc)

    def flow(self, remote: Address) -> Flow:
        """The flow to `remote` over this socket."""
        known = self._flows.get(remote)
        if known is None:
            if len(self._flows) > 20_000:
                self._flows.clear()
            local = (source_for(remote, self.address[0]), self.address[1])
            known = self._flows[remote] = Flow("udp", local, remote)
        return known

    def carries(self, flow: Flow) -> bool:
        """Whether `flow` is one of this socket's."""
        host, port = self.address
        same_family = (":" in host) == (":" in flow.remote[0])
        return port == flow.local[1] and same_family and (host == flow.local[0] or host in _WILDCARDS)

    def send(self, data: bytes, flow: Flow) -> None:
        """Sends a datagram; an address the system refuses is logged, never raised."""
        if self._transport is None or self._transport.is_closing():
            return
        try:
            self._transport.sendto(data, flow.remote)
        except (OSError, ValueError, OverflowError) as error:
            self.errors += 1
            _log.warning("sip udp to %s: %s", flow.remote, error)

    def close(self) -> None:
        """Closes the socket."""
        if self._transport is not None:
            self._transport.close()


def source_for(remote: Address, bound: str) -> str:
    """The address of this machine that `remote` sees: `bound`, or what the system would choose for a wildcard.

    Connecting a UDP socket sends nothing.
    """
    if bound not in _WILDCARDS:
        return bound
    family = socket.AF_INET6 if ":" in bound else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((remote[0], remote[1] or 9))
            return str(probe.getsockname()[0])
    except OSError:
        return bound


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((host, port))
    except OSError:
        opened.close()
        raise
    return opened
