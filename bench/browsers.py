# SPDX-License-Identifier: AGPL-3.0-or-later
"""Browsers' ends without a browser: real ICE checks, DTLS and SRTP over sockets of their own, many in one thread.

The thread wakes every 4 ms, so that the packets meet the 5 ms ticks of media at every phase; each end speaks every
20 ms, as Chromium does with G.711, whether somebody listens or not.
"""

import select
import socket
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from OpenSSL import SSL
from pylibsrtp import Error as SrtpError

from bench.tap import FILLER, STAMP, Tap, receive, stamped
from permanence.engine.mediaplane.dtls import DtlsIdentity, datagrams, peer_fingerprint, srtp_sessions
from permanence.kernel.system import SystemEntropy
from permanence.telephony.media import stun
from permanence.telephony.media.rtp import HEADER, is_rtcp
from permanence.telephony.media.sdp import parse_sdp

TICK_S = 0.004
PTIME_TICKS = 5  # 20 ms
CONSENT_TICKS = 500  # 2 s
CHECK_TICKS = 15  # 60 ms
_ENTROPY = SystemEntropy()


@dataclass(frozen=True, slots=True)
class Far:
    """What the other side's description says."""

    address: tuple[str, int]
    ufrag: str
    password: str
    fingerprint: str


def read_far(sdp: str) -> Far:
    """The first IPv4 UDP candidate of a description, its credentials and fingerprint."""
    description = parse_sdp(sdp)
    media = description.media[0]
    candidates = [value.split() for name, value in media.attributes if name == "candidate"]
    words = next(one for one in candidates if one[2].lower() == "udp" and one[1] == "1" and ":" not in one[4])

    def either(name: str) -> str:
        return media.attribute(name) or description.attribute(name) or ""

    return Far((words[4], int(words[5])), either("ice-ufrag"), either("ice-pwd"), either("fingerprint").split()[1])


class BrowserEnd:
    """One end. `up` once SRTP may flow; `cipher`: the profile that was agreed."""

    def __init__(self, identity: DtlsIdentity, tap: Tap) -> None:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        self.socket = stamped(made)
        self.tap = tap
        self.up = False
        self.cipher = ""
        self._fingerprint = identity.fingerprint
        self._dtls = identity.connection(server=False)
        self.ufrag, self.password = _ENTROPY.token(4).hex(), _ENTROPY.token(12).hex()
        self._ssrc = int.from_bytes(_ENTROPY.token(4), "big")
        self._sequence = 0
        self._far: Far | None = None
        self._checked = False
        self._controlling = True
        self._sessions = srtp_sessions

    def describe(self, setup: str = "actpass") -> str:
        """An offer (`actpass`) or an answer (`active`) in the shape of a browser's."""
        port = self.socket.getsockname()[1]
        self._controlling = setup == "actpass"
        return "\r\n".join([
            "v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
            f"m=audio {port} UDP/TLS/RTP/SAVPF 8", "c=IN IP4 127.0.0.1", f"a=ice-ufrag:{self.ufrag}",
            f"a=ice-pwd:{self.password}", f"a=fingerprint:sha-256 {self._fingerprint}", f"a=setup:{setup}", "a=mid:0",
            "a=sendrecv", "a=rtcp-mux", "a=rtpmap:8 PCMA/8000", f"a=ssrc:{self._ssrc} cname:bench",
            f"a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host", "",
        ])  # fmt: skip

    def accept(self, sdp: str) -> None:
        """The other side's description: checks and handshake begin."""
        self._far = read_far(sdp)

    def tick(self, number: int, place: int) -> None:
        """4 ms went by. `place` spreads the ends over the 20 ms."""
        far = self._far
        if far is None:
            return
        if number % (CONSENT_TICKS if self.up else CHECK_TICKS) == place % CHECK_TICKS:
            self._check(far)
            if self._checked and not self.up and self._dtls.DTLSv1_handle_timeout():
                self._flush(far)
        if self.up and number % PTIME_TICKS == place % PTIME_TICKS:
            self._speak(far)

    def readable(self) -> None:
        """Read all that arrived."""
        while True:
            try:
                data, arrived, address = receive(self.socket)
            except OSError:
                return
            self._datagram(data, arrived, address)

    def _speak(self, far: Far) -> None:
        self._sequence += 1
        head = HEADER.pack(0x80, 8, self._sequence & 0xFFFF, self._sequence * 160 & 0xFFFFFFFF, self._ssrc)
        content = STAMP.pack(time.time_ns()) + FILLER
        self.tap.said(content)
        self._send(self._protect(head + content), far.address)

    def _datagram(self, data: bytes, arrived: int, address: tuple[str, int]) -> None:
        first = data[0]
        if first > 127:
            if self.up and not is_rtcp(data):
                try:
                    plain = self._unprotect(data)
                except SrtpError:
                    return
                self.tap.hears(plain[12:], arrived)
        elif first < 4:
            self._stun(data, address)
        elif self._far is not None:
            self._dtls.bio_write(data)
            self._handshake(self._far)

    def _check(self, far: Far) -> None:
        attributes = [
            (stun.USERNAME, f"{far.ufrag}:{self.ufrag}".encode()),
            (stun.PRIORITY, (1853817087).to_bytes(4, "big")),
        ]
        if self._controlling:  # the side that offered (RFC 8445 section 6.1.1), or any side of an ICE-lite agent
            attributes += [(stun.ICE_CONTROLLING, bytes(8)), (stun.USE_CANDIDATE, b"")]
        else:
            attributes.append((stun.ICE_CONTROLLED, bytes(8)))
        request = stun.build_stun(stun.BINDING_REQUEST, _ENTROPY.token(12), attributes, far.password.encode())
        self._send(request, far.address)

    def _stun(self, data: bytes, address: tuple[str, int]) -> None:
        message = stun.parse_stun(data)
        if message is None:
            return
        if message.kind == stun.BINDING_REQUEST:
            mapped = stun.xor_address(address[0], address[1], message.transaction)
            found = [(stun.XOR_MAPPED_ADDRESS, mapped)]
            answer = stun.build_stun(stun.BINDING_SUCCESS, message.transaction, found, self.password.encode())
            self._send(answer, address)
        elif message.kind == stun.BINDING_SUCCESS and not self._checked and self._far is not None:
            self._checked = True
            self._handshake(self._far)

    def _handshake(self, far: Far) -> None:
        if self.up:
            return
        try:
            self._dtls.do_handshake()
        except SSL.WantReadError:
            self._flush(far)
            return
        self._flush(far)
        if peer_fingerprint(self._dtls) != far.fingerprint.upper():
            raise RuntimeError("the other side's certificate is not the one of its description")
        self.cipher = self._dtls.get_selected_srtp_profile().decode()
        receiving, sending = self._sessions(self._dtls, server=False)
        self._unprotect, self._protect = receiving.unprotect, sending.protect
        self.up = True

    def _flush(self, far: Far) -> None:
        for datagram in datagrams(self._dtls):
            self._send(datagram, far.address)

    def _send(self, data: bytes, address: tuple[str, int]) -> None:
        try:
            self.socket.sendto(data, address)
        except OSError:
            return  # counted as lost at the receiver


class Browsers:
    """Many ends and the thread, or the process, that runs them. `call` is the door for another thread."""

    def __init__(self) -> None:
        self.tap = Tap()
        self.ends: list[BrowserEnd] = []
        self._identity = DtlsIdentity(datetime.now(UTC))
        self._poll = select.epoll()
        self._by_number: dict[int, BrowserEnd] = {}
        self._running = True
        self._thread: threading.Thread | None = None

    def add(self) -> BrowserEnd:
        """One more end."""
        end = BrowserEnd(self._identity, self.tap)
        self._by_number[end.socket.fileno()] = end
        self.ends.append(end)
        self._poll.register(end.socket.fileno(), select.EPOLLIN)
        return end

    def run(self) -> None:
        """Until `stop`."""
        began, number = time.monotonic(), 0
        while self._running:
            for ready, _ in self._poll.poll(0, 1024):
                self._by_number[ready].readable()
            for place, end in enumerate(list(self.ends)):
                end.tick(number, place)
            number += 1
            time.sleep(max(0.0, began + number * TICK_S - time.monotonic()))

    def start(self) -> None:
        """Runs in a thread."""
        self._thread = threading.Thread(target=self.run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._running = False
        if self._thread is not None:
            self._thread.join()
