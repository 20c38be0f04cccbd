# SPDX-License-Identifier: AGPL-3.0-or-later
"""A caller's side: plain RTP on a port of its own."""

import ipaddress
import socket
from collections.abc import Callable

from permanence.engine.mediaplane.party import Party
from permanence.telephony.media.control import OpenLeg, UpdateLeg
from permanence.telephony.media.g711 import ALAW_TO_ULAW, ULAW_TO_ALAW
from permanence.telephony.media.latch import Latch
from permanence.telephony.media.rtp import HEADER, PCMA, PCMU, parse_rtp

_BATCH = 8
_DATAGRAM = 2048
_LOW_DELAY = 0xB8  # DSCP EF (RFC 4594)
_HEADER_SIZE = HEADER.size
SILENT_S = 10.0
"""Without RTP for so long a leg is silent, seconds."""

OnLeg = Callable[["Leg", str, float], None]
"""Called with the leg, "heard", "silent" or a digit, and the moment."""


class Leg(Party):
    """One RTP leg. Opening raises OSError when the port cannot be had, ValueError on a bad address."""

    def __init__(self, command: OpenLeg, default_host: str, seed: bytes, tell: OnLeg) -> None:
        super().__init__(command.leg, seed, buffer_frames=2)
        self.port = command.port
        self.heard = False
        self._tell = tell
        self._latch = Latch()
        self._last = 0.0
        self._sending = True
        self._target: tuple[str, int] | None = None
        host = command.host or default_host
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if family == socket.AF_INET6:
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _LOW_DELAY)
            else:
                self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _LOW_DELAY)
            self.socket.bind((host, command.port))
            self.point(command)
        except (OSError, ValueError, OverflowError):
            self.socket.close()
            raise
        self.socket.setblocking(False)

    def point(self, command: OpenLeg | UpdateLeg) -> None:
        """The far side's new description. Raises ValueError on an address that is none, or a codec that is not ours."""
        if command.payload_type not in (PCMA, PCMU):
            raise ValueError("payload_type")
        expected = None
        if command.remote_host is not None and command.remote_port:
            expected = (str(ipaddress.ip_address(command.remote_host)), command.remote_port)
        self._latch.point(expected, command.signalled_host)
        self._target = self._latch.target
        self.payload_type = command.payload_type
        self.dtmf_payload_type = command.dtmf_payload_type
        self._sending = command.sending

    def can_hear(self) -> bool:
        """Whether there is an address to send to and the far side wants to hear."""
        return self._sending and self._target is not None

    def emit(self, packet: bytes) -> None:
        """Send; A-law becomes mu-law where the leg speaks it."""
        target = self._target
        if target is None:
            return
        if packet[1] & 0x7F == PCMU:
            packet = packet[:_HEADER_SIZE] + packet[_HEADER_SIZE:].translate(ALAW_TO_ULAW)
        try:
            self.socket.sendto(packet, target)
        except OSError:
            return  # a full buffer or an ICMP error: this packet is lost, the next goes on

    def ready(self, now: float) -> None:
        """Read what arrived: at most 8 packets, so that a flood on one port takes nothing from the others."""
        receive = self.socket.recvfrom
        for _ in range(_BATCH):
            try:
                data, address = receive(_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                continue
            self._packet(data, address[:2], now)

    def step_silence(self, now: float) -> None:
        """Tell once when the caller has not been heard for SILENT_S."""
        if self.heard and now - self._last > SILENT_S:
            self.heard = False
            self._tell(self, "silent", now)

    def close(self) -> None:
        """Close the port; whoever was plugged in hears nothing."""
        self.leave()
        self.socket.close()

    def _packet(self, data: bytes, address: tuple[str, int], now: float) -> None:
        packet = parse_rtp(data)
        if packet is None:
            return
        kind, sequence, timestamp, ssrc, payload = packet
        if not self._latch.accept(address, ssrc, sequence, now):
            return
        self._target = address
        self._last = now
        if not self.heard:
            self.heard = True
            self._tell(self, "heard", now)
        if kind == PCMA:
            self.said(sequence, timestamp, ssrc, payload, now)
        elif kind == PCMU:
            self.said(sequence, timestamp, ssrc, payload.translate(ULAW_TO_ALAW), now)
        elif kind == self.dtmf_payload_type:
            digit = self.key_heard(timestamp, payload)
            if digit is not None:
                self._tell(self, digit, now)
