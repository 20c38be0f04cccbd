# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs a SIP endpoint on asyncio: sockets in and out, and one timer for the whole endpoint."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from permanence.kernel.system import SystemClock
from permanence.telephony.shells.sip_stream import Admit, StreamTransport
from permanence.telephony.shells.sip_udp import UdpSocket
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.events import SipEvent
from permanence.telephony.sip.flow import Address, Flow

_MONOTONIC = SystemClock().monotonic
_MAX_CARRIERS = 20_000
RINGS_LATE_S = 0.002
"""uvloop counts whole milliseconds and may ring one too early. The timer would then find nothing due, be set again to
what is left of the time, which is nothing, and ring dozens of times until the moment has come."""
_log = logging.getLogger(__name__)

OnEvent = Callable[[SipEvent], None]
Clock = Callable[[], float]


class SipRunner:
    """Owns the sockets of one endpoint.

    `on_event` gets every event, in order, from within the loop; it may call the endpoint's operations (with
    `now=runner.now()`); `pump()` afterwards is only needed for operations made outside of `on_event`.
    """

    def __init__(self, endpoint: SipEndpoint, on_event: OnEvent, clock: Clock = _MONOTONIC) -> None:
        self.endpoint = endpoint
        self.now = clock
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._udp: list[UdpSocket] = []
        self._carriers: dict[tuple[Address, Address], UdpSocket] = {}
        """The socket of each flow, as far as something was sent by it."""
        self._streams: list[StreamTransport] = []
        self._senders: dict[str, Callable[[bytes, Flow], None]] = {"udp": self._send_udp}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._pumping = False

    @contextmanager
    def opening(self) -> Iterator[None]:
        """While the sockets are opened, one after the other: what the endpoint has to send waits for all of them.

        An inherited socket brings what came meanwhile as soon as it is open, and what is sent then by a way that is
        not open yet would be lost.
        """
        self._pumping = True
        try:
            yield
        finally:
            self._pumping = False
        self.pump()

    async def listen_udp(self, *, host: str = "127.0.0.1", port: int = 0, fd: int | None = None) -> UdpSocket:
        """Opens a UDP socket (or takes an inherited one) and serves it. Raises OSError."""
        opened = await UdpSocket.open(self.receive, host=host, port=port, fd=fd)
        self._udp.append(opened)
        self._carriers.clear()
        return opened

    def open_streams(
        self, transport: str, *, admit: Admit = lambda _flow: True, client_tls: ssl.SSLContext | None = None
    ) -> StreamTransport:
        """Makes `tcp` or `tls` a way out, and in after its `listen`. `client_tls` holds the carriers' authorities."""
        streams = StreamTransport(transport, self.receive, self.flow_lost, admit=admit, client_tls=client_tls)
        self._streams.append(streams)
        self._senders[transport] = streams.send
        return streams

    def receive(self, data: bytes, flow: Flow) -> None:
        """A message came in."""
        self.endpoint.receive(data, flow, self.now())
        self.pump()

    def flow_lost(self, flow: Flow) -> None:
        """A connection is gone."""
        self.endpoint.flow_lost(flow, self.now())
        self.pump()

    def pump(self) -> None:
        """Sends what waits, tells what happened until nothing is left, sets the timer."""
        if self._pumping:
            return
        drain = self.endpoint.drain
        waiting = drain()
        if waiting is None:
            self._set_timer()
            return
        senders, tell = self._senders, self._on_event
        self._pumping = True
        try:
            while waiting is not None:
                output, events = waiting
                for data, flow in output:
                    sender = senders.get(flow.transport)
                    if sender is not None:
                        sender(data, flow)
                    else:
                        self.endpoint.flow_lost(flow, self.now())  # a transport we do not have is a way that is lost
                for event in events:
                    try:
                        tell(event)
                    except Exception:  # one that fails must not take the others, nor the socket, with it
                        _log.exception("sip: %s was not handled", type(event).__name__)
                waiting = drain()
        finally:
            self._pumping = False
        self._set_timer()

    def _send_udp(self, data: bytes, flow: Flow) -> None:
        way = flow.local, flow.remote
        opened = self._carriers.get(way)
        if opened is None:
            opened = self._carrier(flow)
            if opened is None:
                return
            if len(self._carriers) >= _MAX_CARRIERS:
                self._carriers.clear()
            self._carriers[way] = opened
        opened.send(data, flow)

    def _carrier(self, flow: Flow) -> UdpSocket | None:
        for opened in self._udp:
            if opened.carries(flow):
                return opened
        family = ":" in flow.remote[0]
        for opened in self._udp:
            if (":" in opened.address[0]) == family:
                return opened  # a session taken over from a process that listened elsewhere
        return None

    def _set_timer(self) -> None:
        if self._timer is not None:
            if self.endpoint.none_before(self._timer_at):
                return  # it rings too early, finds nothing due and is set again: cheaper than moving it at each message
            self._timer.cancel()
            self._timer = None
        due = self.endpoint.next_deadline()
        if due is not None:
            self._timer_at = due
            self._timer = self._loop.call_later(max(0.0, due - self.now()) + RINGS_LATE_S, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self.endpoint.tick(self.now())
        self.pump()

    def close(self) -> None:
        """Closes the sockets and stops the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for opened in self._udp:
            opened.close()
        for streams in self._streams:
            streams.close()
