# SPDX-License-Identifier: AGPL-3.0-or-later
"""A browser's end of the permanent line without a browser and without a socket: SDP, ICE, DTLS and SRTP.

Theory of operation. The owner of the socket calls `check` every CHECK_S until `is_up` and every CONSENT_S from then on,
gives what comes in to `receive`, and sends what `send` is called with. The checks find the way (RFC 8445, this side
controls), the first answer begins the handshake as the DTLS client, the far certificate is compared with the
fingerprint of the far description, and SRTP flows. The tests and the benches use it too.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from OpenSSL import SSL
from pylibsrtp import Error as SrtpError
from pylibsrtp import Session

from permanence.engine.mediaplane.dtls import DtlsIdentity, datagrams, peer_fingerprint, srtp_sessions
from permanence.kernel.clock import Entropy
from permanence.telephony.media import stun
from permanence.telephony.media.rtp import is_rtcp
from permanence.telephony.media.sdp import parse_sdp

CHECK_S = 0.05
CONSENT_S = 2.0
CODECS = {"8": "PCMA/8000", "126": "telephone-event/8000"}
"""Payload types and names that the console's own page offers."""
_HOST_PRIORITY = 1853817087
_LATEST = 16


class NoCandidate(ValueError):
    """The far description names no address that can be used."""


@dataclass(frozen=True, slots=True)
class Far:
    """What the far description says: the chosen candidate's address, the ICE credentials, the fingerprint."""

    address: tuple[str, int]
    ufrag: str
    password: str
    fingerprint: str


def read_far(sdp: str, *, transport: str = "udp", usable: Callable[[str], bool] = lambda _: True) -> Far:
    """The first candidate of a description over `transport` whose host is `usable`. Raises NoCandidate, SdpError."""
    description = parse_sdp(sdp)
    media = description.media[0]
    candidates = [value.split() for name, value in media.attributes if name == "candidate"]
    words = next((one for one in candidates if one[1] == "1" and one[2].lower() == transport and usable(one[4])), None)
    if words is None:
        raise NoCandidate(f"no {transport} candidate that can be used")

    def either(name: str) -> str:
        return media.attribute(name) or description.attribute(name) or ""

    fingerprint = either("fingerprint").split()[-1].upper()
    return Far((words[4], int(words[5])), either("ice-ufrag"), either("ice-pwd"), fingerprint)


class BrowserEnd:
    """One end. `is_checked` once a check was answered, `is_up` once SRTP may flow, `fault` when the handshake failed.

    `mapped`: the address under which the far side sees this end; `cipher`: the SRTP profile that was agreed.
    """

    def __init__(
        self,
        identity: DtlsIdentity,
        entropy: Entropy,
        send: Callable[[bytes], object],
        *,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        """`send`: a datagram to the far side. `changed`: called when `is_checked` or `is_up` became true."""
        self.fingerprint = identity.fingerprint
        self.is_checked = False
        self.is_up = False
        self.fault = ""
        self.cipher = ""
        self.mapped: tuple[str, int] | None = None
        self.ufrag = self.password = ""
        self._entropy = entropy
        self._send = send
        self._changed = changed
        self._dtls = identity.connection(server=False)
        self._far: Far | None = None
        self._controls = True
        self._asked: deque[bytes] = deque(maxlen=_LATEST)
        self._receiving: Session | None = None
        self._sending: Session | None = None
        self.new_credentials()

    def new_credentials(self) -> None:
        """For the first description, and for an ICE restart."""
        self.ufrag, self.password = self._entropy.token(4).hex(), self._entropy.token(12).hex()

    def describe(self, *, ssrc: int, codecs: Mapping[str, str] = CODECS, setup: str = "actpass", port: int = 0) -> str:
        """An offer (`actpass`) or an answer (`active`) in the shape of a browser's, for a stream of this SSRC.

        `port`: that of loopback to name as the candidate; 0 names none, which is enough for an ICE-lite far side.
        """
        self._controls = setup == "actpass"
        way = [f"a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host"] if port else ["a=ice-options:trickle"]
        return "\r\n".join([
            "v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
            "a=msid-semantic: WMS", f"m=audio {port or 9} UDP/TLS/RTP/SAVPF {' '.join(codecs)}",
            f"c=IN IP4 {'127.0.0.1' if port else '0.0.0.0'}", f"a=ice-ufrag:{self.ufrag}", f"a=ice-pwd:{self.password}",
            f"a=fingerprint:sha-256 {self.fingerprint}", f"a=setup:{setup}", "a=mid:0", "a=sendrecv", "a=rtcp-mux",
            *(f"a=rtpmap:{kind} {codec}" for kind, codec in codecs.items()), f"a=ssrc:{ssrc} cname:permanence",
            *way, "",
        ])  # fmt: skip

    def accept(self, far: Far) -> None:
        """What the far side described; the checks may begin."""
        self._far = far

    def check(self) -> None:
        """One connectivity check (consent, RFC 7675, once the line is up); repeats the handshake where it is due."""
        if self._far is None:
            return
        transaction = self._entropy.token(12)
        self._asked.append(transaction)
        attributes = [
            (stun.USERNAME, f"{self._far.ufrag}:{self.ufrag}".encode()),
            (stun.PRIORITY, _HOST_PRIORITY.to_bytes(4, "big")),
        ]
        if self._controls:  # the side that offered (RFC 8445 section 6.1.1)
            attributes += [(stun.ICE_CONTROLLING, bytes(8)), (stun.USE_CANDIDATE, b"")]
        else:
            attributes.append((stun.ICE_CONTROLLED, bytes(8)))
        self._send(stun.build_stun(stun.BINDING_REQUEST, transaction, attributes, self._far.password.encode()))
        if self.is_checked and not self.is_up and self._dtls.DTLSv1_handle_timeout():
            self._flush()

    def check_anew(self) -> None:
        """The way may have changed (network, credentials): it counts as unchecked until the next answer."""
        self.is_checked = False

    def receive(self, data: bytes) -> bytes | None:
        """One datagram of the far side: the RTP or RTCP packet in it, None where it was something else or broken."""
        first = data[0] if data else 0
        if first > 127:
            return self._unprotect(data)
        if first < 4:
            self._answered(data)
        elif first >= 20:  # DTLS (RFC 7983)
            self._dtls.bio_write(data)
            self._handshake()
        return None

    def send_rtp(self, packet: bytes) -> None:
        """Sends one RTP packet; nothing before the line is up."""
        if self._sending is not None:
            self._send(self._sending.protect(packet))

    def close(self) -> None:
        """Says goodbye as a page does that is closed (close_notify)."""
        if self.is_up:
            self._dtls.shutdown()
            self._flush()

    def _unprotect(self, data: bytes) -> bytes | None:
        if self._receiving is None:
            return None
        try:
            return self._receiving.unprotect_rtcp(data) if is_rtcp(data) else self._receiving.unprotect(data)
        except SrtpError:  # late, doubled or not of this line
            return None

    def _answered(self, data: bytes) -> None:
        message = stun.parse_stun(data)
        if message is None or self._far is None or message.kind != stun.BINDING_SUCCESS:
            return
        if message.transaction not in self._asked or not stun.integrity_holds(message, self._far.password.encode()):
            return
        self.mapped = stun.read_xor_address(message.attributes.get(stun.XOR_MAPPED_ADDRESS, b""), message.transaction)
        if not self.is_checked:
            self.is_checked = True
            self._changed()
            if not self.is_up:
                self._handshake()

    def _handshake(self) -> None:
        if self.is_up:  # a repeated last flight, or the far side's goodbye
            with contextlib.suppress(SSL.Error):
                self._dtls.recv(2048)
            return
        try:
            self._dtls.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return
        except SSL.Error as error:
            self.fault = repr(error)
            return
        self._flush()
        if self._far is None or peer_fingerprint(self._dtls) != self._far.fingerprint:
            self.fault = "the far certificate is not the one of its description"
            return
        self.cipher = self._dtls.get_selected_srtp_profile().decode()
        self._receiving, self._sending = srtp_sessions(self._dtls, server=False)
        self.is_up = True
        self._changed()

    def _flush(self) -> None:
        for datagram in datagrams(self._dtls):
            self._send(datagram)
