# SPDX-License-Identifier: AGPL-3.0-or-later
"""One WebRTC association of a line: ICE credentials, DTLS, SRTP, and the path the browser chose."""

import contextlib
import hmac
from collections.abc import Callable
from typing import Any, Protocol

from OpenSSL import SSL
from pylibsrtp import Error as SrtpError
from pylibsrtp import Session

from permanence.engine.mediaplane.dtls import DtlsIdentity, datagrams, peer_fingerprint, srtp_sessions
from permanence.kernel.clock import Entropy
from permanence.telephony.media.rtp import RtpPacket, is_rtcp, parse_rtp
from permanence.telephony.media.sdp_browser import BrowserOffer, Candidate, write_browser_answer

SocketAddress = tuple[Any, ...]
Send = Callable[[bytes, SocketAddress], object]
SETUP_S = 15.0
"""How long a negotiation may take until it has failed, seconds."""
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_ADDRESSES_LIMIT = 16
_HANDSHAKE_STEP_S = 0.1


class TransportOwner(Protocol):
    """Who is told what happens on a transport: the line."""

    def transport_up(self, transport: "LineTransport", now: float) -> None:
        """The handshake is done and the fingerprint is the one of the offer."""

    def transport_failed(self, transport: "LineTransport", why: str, now: float) -> None:
        """The negotiation failed for good: fingerprint, handshake, unreachable."""

    def transport_closed(self, transport: "LineTransport", now: float) -> None:
        """The browser closed the association."""

    def transport_rtp(self, packet: RtpPacket, now: float) -> None:
        """An authentic RTP packet arrived."""

    def transport_rtcp(self, packet: bytes, now: float) -> None:
        """An authentic RTCP packet arrived."""


class LineTransport:
    """The state of one association. Moments are monotonic seconds."""

    def __init__(
        self, *, owner: TransportOwner, identity: DtlsIdentity, entropy: Entropy, offer: BrowserOffer, now: float
    ) -> None:
        self._owner = owner
        self._identity = identity
        self._entropy = entropy
        self.offer = offer
        self.ufrag, self.password = _credentials(entropy)
        self.old_ufrag: str | None = None
        self.old_password = ""
        self._version = 0
        self._session = int.from_bytes(entropy.token(7), "big")
        self.address: SocketAddress | None = None
        self.send: Send | None = None
        self.known: dict[SocketAddress, None] = {}
        self.heard = now
        self.up = False
        self.dead = False
        self.ice_done = False
        self._deadline = now + SETUP_S
        self._next_step = now
        self._dtls = identity.connection(server=True)
        self._receiving: Session | None = None
        self._sending: Session | None = None

    def answer(self, ssrc: int, candidates: tuple[Candidate, ...]) -> str:
        """The SDP answer of this negotiation; its version grows with every call."""
        self._version += 1
        return write_browser_answer(
            self.offer,
            session_id=self._session,
            version=self._version,
            ufrag=self.ufrag,
            password=self.password,
            fingerprint=self._identity.fingerprint,
            ssrc=ssrc,
            candidates=candidates,
        )

    def restart(self, offer: BrowserOffer) -> None:
        """ICE restart: new credentials on the same association; the old ones serve until a check uses the new."""
        self.offer = offer
        self.old_ufrag, self.old_password = self.ufrag, self.password
        self.ufrag, self.password = _credentials(self._entropy)

    def checked(self, address: SocketAddress, send: Send, now: float, *, nominated: bool) -> list[SocketAddress]:
        """An authentic connectivity check came by this path. Gives the addresses that are to be forgotten."""
        self.heard = now
        self.ice_done = True
        if address not in self.known:
            self.known[address] = None
        if self.address is None or (nominated and address != self.address):
            self.address, self.send = address, send
        if len(self.known) <= _ADDRESSES_LIMIT:
            return []
        stale = [known for known in self.known if known != self.address][:1]
        for known in stale:
            del self.known[known]
        return stale

    def dtls(self, data: bytes, now: float) -> None:
        """A DTLS datagram of a checked address."""
        if self.dead:
            return
        self._dtls.bio_write(data)
        if self.up:
            self._read_after_handshake(now)
        else:
            self._handshake(now)
        self._flush()

    def media(self, data: bytes, now: float) -> None:
        """An SRTP or SRTCP packet of a checked address; what is not authentic is dropped."""
        receiving = self._receiving
        if receiving is None or self.dead:
            return
        try:
            if is_rtcp(data):
                report = receiving.unprotect_rtcp(data)
                self.heard = now
                self._owner.transport_rtcp(report, now)
                return
            packet = parse_rtp(receiving.unprotect(data))
        except SrtpError:
            return
        if packet is not None:
            self.heard = now
            self._owner.transport_rtp(packet, now)

    def emit(self, packet: bytes) -> None:
        """Protect and send one RTP packet; dropped while the association is not up."""
        sending, send, address = self._sending, self.send, self.address
        if sending is None or send is None or address is None:
            return
        try:
            send(sending.protect(packet), address)
        except (SrtpError, OSError):
            return  # a sequence number that was used before, or a full socket: this packet is lost, the next goes on

    def emit_rtcp(self, packet: bytes) -> None:
        """Protect and send one RTCP packet."""
        if self._sending is not None and self.send is not None and self.address is not None:
            try:
                self.send(self._sending.protect_rtcp(packet), self.address)
            except (SrtpError, OSError):
                return

    def step(self, now: float) -> None:
        """Timers of a negotiation: DTLS retransmission and its end. Cheap once the association is up."""
        if self.up or self.dead or now < self._next_step:
            return
        self._next_step = now + _HANDSHAKE_STEP_S
        if now >= self._deadline:
            self._fail("handshake" if self.ice_done else "unreachable", now)
        elif self.address is not None:
            try:
                if self._dtls.DTLSv1_handle_timeout():
                    self._flush()
            except SSL.Error:  # it was sent again too often
                self._fail("handshake", now)

    def close(self) -> None:
        """Tell the browser (close_notify) and stop."""
        if not self.dead and self.up:
            with contextlib.suppress(SSL.Error):
                self._dtls.shutdown()
            self._flush()
        self.dead = True

    def _handshake(self, now: float) -> None:
        try:
            self._dtls.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error:
            self._flush()
            self._fail("handshake", now)
            return
        if not hmac.compare_digest(peer_fingerprint(self._dtls), self.offer.fingerprint):
            self._fail("fingerprint", now)
            return
        try:
            self._receiving, self._sending = srtp_sessions(self._dtls, server=True)
        except SSL.Error:
            self._fail("handshake", now)
            return
        self.up = True
        self._flush()
        self._owner.transport_up(self, now)

    def _read_after_handshake(self, now: float) -> None:
        try:
            self._dtls.recv(2048)
        except SSL.ZeroReturnError:
            self.dead = True
            self._owner.transport_closed(self, now)
        except SSL.Error:
            return

    def _fail(self, why: str, now: float) -> None:
        self.dead = True
        self._owner.transport_failed(self, why, now)

    def _flush(self) -> None:
        for datagram in datagrams(self._dtls):
            if self.send is not None and self.address is not None:
                try:
                    self.send(datagram, self.address)
                except OSError:
                    return  # DTLS sends again


def _credentials(entropy: Entropy) -> tuple[str, str]:
    """ice-ufrag and ice-pwd (RFC 8445 section 5.3): 48 and 144 bits of chance."""
    text = "".join(_ALPHABET[byte & 63] for byte in entropy.token(32))
    return text[:8], text[8:]
