# SPDX-License-Identifier: AGPL-3.0-or-later
"""A secretary's permanent line: a party that outlives its WebRTC associations."""

from collections.abc import Callable

from permanence.engine.mediaplane.party import Party
from permanence.engine.mediaplane.transport import LineTransport
from permanence.telephony.media.rtcp import ReceptionCount, build_block, build_report, parse_rtcp
from permanence.telephony.media.rtp import PCMA, RtpPacket

LOST_S = 3.0
"""Without anything authentic from the browser for so long a line is lost, seconds. Chromium checks consent every
2.5 s and sends audio all the time, muted or not."""
_REPORT_S = 5.0
_CNAME = "permanence"

OnLine = Callable[["Line", str, str, float], None]
"""Called with the line, what happened (up, lost, failed), why, and the moment."""
OnTransportEnd = Callable[[LineTransport], None]


class Line(Party):
    """`transport` is the association in use; `pending` the one being negotiated, which replaces it once it is up."""

    def __init__(self, name: str, seed: bytes, tell: OnLine, forget: OnTransportEnd) -> None:
        super().__init__(name, seed, buffer_frames=3)
        self.transport: LineTransport | None = None
        self.pending: LineTransport | None = None
        self.state = "new"
        self.last_leg: str | None = None
        self._tell = tell
        self._forget = forget
        self._count: ReceptionCount | None = None
        self._count_ssrc = 0
        self._report_at = 0.0
        self._ntp_middle = 0
        self._ntp_heard = 0.0
        self.loss = 0.0

    def negotiate(self, transport: LineTransport) -> None:
        """Wait for this association; an older one that never came up is dropped."""
        if self.pending is not None:
            self._drop(self.pending)
        self.pending = transport

    def can_hear(self) -> bool:
        """Whether the line is up."""
        return self.state == "up"

    def emit(self, packet: bytes) -> None:
        """Send by the association in use."""
        if self.transport is not None:
            self.transport.emit(packet)

    def step_liveness(self, now: float, unix_seconds: float) -> None:
        """Timers: negotiation, loss and return of the line, reports."""
        if self.pending is not None:
            self.pending.step(now)
        transport = self.transport
        if transport is None or transport.dead:
            return
        silent = now - transport.heard
        if self.state == "up" and silent > LOST_S:
            self._change("lost", now)
        elif self.state == "lost" and silent < 0.5:
            self._change("up", now)
        if self.state == "up" and now >= self._report_at:
            self._report_at = now + _REPORT_S
            transport.emit_rtcp(self._report(now, unix_seconds))

    def close(self) -> None:
        """Drop every association."""
        for transport in (self.pending, self.transport):
            if transport is not None:
                self._drop(transport)
        self.pending = self.transport = None
        self.state = "lost"

    def transport_up(self, transport: LineTransport, now: float) -> None:
        """The association being negotiated takes over from the old one."""
        if transport is not self.pending:
            return
        old, self.transport, self.pending = self.transport, transport, None
        if old is not None:
            self._drop(old)
        self._count = None
        self._report_at = now
        self._change("up", now)

    def transport_failed(self, transport: LineTransport, why: str, now: float) -> None:
        """A negotiation that fails takes nothing from the association in use."""
        self._drop(transport)
        if transport is self.pending:
            self.pending = None
            self._tell(self, "failed", why, now)

    def transport_closed(self, transport: LineTransport, now: float) -> None:
        """The browser hung the association up (page closed or reloaded): lost at once."""
        self._drop(transport)
        if transport is self.transport:
            self.transport = None
            self._change("lost", now)

    def transport_rtp(self, packet: RtpPacket, now: float) -> None:
        """Audio of the browser."""
        kind, sequence, timestamp, ssrc, payload = packet
        if kind != PCMA:
            return
        if self._count is None or ssrc != self._count_ssrc:
            self._count, self._count_ssrc = ReceptionCount(sequence), ssrc
        self._count.packet(sequence)
        self.said(sequence, timestamp, ssrc, payload, now)

    def transport_rtcp(self, packet: bytes, now: float) -> None:
        """Reports of the browser: how much of ours is lost, and its clock for our own reports."""
        reports = parse_rtcp(packet)
        if reports is None:
            return
        if reports.ntp_middle:
            self._ntp_middle, self._ntp_heard = reports.ntp_middle, now
        for block in reports.blocks:
            if block.ssrc == self.out.ssrc:
                self.loss = block.lost

    def _report(self, now: float, unix_seconds: float) -> bytes:
        blocks: tuple[bytes, ...] = ()
        if self._count is not None:
            lost, total, highest = self._count.report()
            blocks = (
                build_block(
                    ssrc=self._count_ssrc,
                    lost=lost,
                    lost_total=total,
                    highest=highest,
                    jitter=0,
                    ntp_middle=self._ntp_middle,
                    delay=now - self._ntp_heard,
                ),
            )
        return build_report(
            ssrc=self.out.ssrc,
            unix_seconds=unix_seconds,
            timestamp=self.out.timestamp,
            packets=self.out.packets,
            octets=self.octets,
            blocks=blocks,
            name=_CNAME,
        )

    def _change(self, state: str, now: float) -> None:
        self.state = state
        self._tell(self, state, "", now)

    def _drop(self, transport: LineTransport) -> None:
        transport.close()
        self._forget(transport)
