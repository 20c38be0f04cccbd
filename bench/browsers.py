# SPDX-License-Identifier: AGPL-3.0-or-later
"""Browsers' ends without a browser: real ICE checks, DTLS and SRTP over sockets of their own, many in one thread.

The thread wakes every 4 ms, so that the packets meet the 5 ms ticks of media at every phase; each end speaks every
20 ms, as Chromium does with G.711, whether somebody listens or not.
"""

import select
import socket
import threading
import time
from datetime import UTC, datetime

from bench.tap import FILLER, STAMP, Tap, receive, stamped
from permanence.engine.mediaplane.dtls import DtlsIdentity
from permanence.kernel.system import SystemEntropy
from permanence.project.secretary.browser_end import BrowserEnd, read_far
from permanence.telephony.media import stun
from permanence.telephony.media.rtp import HEADER, is_rtcp

TICK_S = 0.004
PTIME_TICKS = 5  # 20 ms
CONSENT_TICKS = 500  # 2 s
CHECK_TICKS = 15  # 60 ms
_CODEC = {"8": "PCMA/8000"}
_ENTROPY = SystemEntropy()


class Browser:
    """The product's end on a socket of its own; it answers checks too, for a far side that makes them."""

    def __init__(self, identity: DtlsIdentity, tap: Tap) -> None:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        self.socket = stamped(made)
        self.tap = tap
        self.end = BrowserEnd(identity, _ENTROPY, self._send)
        self._ssrc = int.from_bytes(_ENTROPY.token(4), "big")
        self._sequence = 0
        self._address: tuple[str, int] | None = None

    @property
    def up(self) -> bool:
        """Whether SRTP may flow."""
        return self.end.is_up

    def describe(self, setup: str = "actpass") -> str:
        """An offer (`actpass`) or an answer (`active`) in the shape of a browser's."""
        return self.end.describe(ssrc=self._ssrc, codecs=_CODEC, setup=setup, port=self.socket.getsockname()[1])

    def accept(self, sdp: str) -> None:
        """The other side's description: checks and handshake begin."""
        far = read_far(sdp, usable=lambda host: ":" not in host)
        self.end.accept(far)
        self._address = far.address

    def tick(self, number: int, place: int) -> None:
        """4 ms went by. `place` spreads the ends over the 20 ms. Raises RuntimeError when the handshake failed."""
        if self._address is None:
            return
        if self.end.fault:
            raise RuntimeError(self.end.fault)
        if number % (CONSENT_TICKS if self.up else CHECK_TICKS) == place % CHECK_TICKS:
            self.end.check()
        if self.up and number % PTIME_TICKS == place % PTIME_TICKS:
            self._speak()

    def readable(self) -> None:
        """Read all that arrived."""
        while True:
            try:
                data, arrived, address = receive(self.socket)
            except OSError:
                return
            self._datagram(data, arrived, address)

    def _speak(self) -> None:
        self._sequence += 1
        head = HEADER.pack(0x80, 8, self._sequence & 0xFFFF, self._sequence * 160 & 0xFFFFFFFF, self._ssrc)
        content = STAMP.pack(time.time_ns()) + FILLER
        self.tap.said(content)
        self.end.send_rtp(head + content)

    def _datagram(self, data: bytes, arrived: int, address: tuple[str, int]) -> None:
        if data[0] < 4 and self._asked(data, address):
            return
        plain = self.end.receive(data)
        if plain is not None and not is_rtcp(plain):
            self.tap.hears(plain[12:], arrived)

    def _asked(self, data: bytes, address: tuple[str, int]) -> bool:
        message = stun.parse_stun(data)
        if message is None or message.kind != stun.BINDING_REQUEST:
            return False
        mapped = stun.xor_address(address[0], address[1], message.transaction)
        found = [(stun.XOR_MAPPED_ADDRESS, mapped)]
        answer = stun.build_stun(stun.BINDING_SUCCESS, message.transaction, found, self.end.password.encode())
        self._send_to(answer, address)
        return True

    def _send(self, data: bytes) -> None:
        if self._address is not None:
            self._send_to(data, self._address)

    def _send_to(self, data: bytes, address: tuple[str, int]) -> None:
        try:
            self.socket.sendto(data, address)
        except OSError:
            return  # counted as lost at the receiver


class Browsers:
    """Many ends and the thread, or the process, that runs them. `call` is the door for another thread."""

    def __init__(self) -> None:
        self.tap = Tap()
        self.ends: list[Browser] = []
        self._identity = DtlsIdentity(datetime.now(UTC))
        self._poll = select.epoll()
        self._by_number: dict[int, Browser] = {}
        self._running = True
        self._thread: threading.Thread | None = None

    def add(self) -> Browser:
        """One more end."""
        end = Browser(self._identity, self.tap)
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
