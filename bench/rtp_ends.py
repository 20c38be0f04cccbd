# SPDX-License-Identifier: AGPL-3.0-or-later
"""Both kinds of ends of the `media` bench, each kind in a process of its own, driven by lines of JSON.

`python -m bench.rtp_ends callers|browsers`. Orders, each answered by one line:
`{"make": N}` -> callers: their ports, browsers: their offers (`"setup": "active"` for answers);
`{"far": [...]}` -> callers: (host, port) to send to, browsers: the other side's SDP; answered when all are up;
`{"measure": [since_ns, until_ns]}` -> counts of the packets stamped in that window, once it and its tail are over;
`{"forget": true}` -> the ends are dropped.
"""

import json
import select
import socket
import sys
import threading
import time
from typing import Any, Protocol

from bench.browsers import PTIME_TICKS, TICK_S, Browsers
from bench.figures import percentile
from bench.tap import FILLER, STAMP, Tap, receive, stamped
from permanence.telephony.media.rtp import HEADER

TAIL_S = 0.5
UP_S = 20.0


class Ends(Protocol):
    """Many ends of one kind and the thread that runs them."""

    tap: Tap

    def make(self, number: int, order: dict[str, Any]) -> list[Any]:
        """New ends; what the other side has to know of each."""

    def aim(self, far: list[Any]) -> dict[str, Any]:
        """What the other side said of each; gives facts once all are up."""

    def close(self) -> None:
        """Ends the thread."""


class CallerEnds:
    """Plain RTP: a socket each, one thread."""

    def __init__(self) -> None:
        self.tap = Tap()
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._far: list[tuple[socket.socket, tuple[str, int]]] = []
        self._running = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def make(self, number: int, order: dict[str, Any]) -> list[Any]:
        """See `Ends`: ports."""
        del order
        for _ in range(number):
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.bind(("127.0.0.1", 0))
            self._sockets[made.fileno()] = stamped(made)
            self._poll.register(made.fileno(), select.EPOLLIN)
        return [made.getsockname()[1] for made in self._sockets.values()]

    def aim(self, far: list[Any]) -> dict[str, Any]:
        """See `Ends`."""
        self._far = [
            (made, (str(host), int(port))) for made, (host, port) in zip(self._sockets.values(), far, strict=True)
        ]
        return {}

    def close(self) -> None:
        """See `Ends`."""
        self._running = False
        self._thread.join()
        for made in self._sockets.values():
            made.close()

    def _run(self) -> None:
        began, number = time.monotonic(), 0
        while self._running:
            for ready, _ in self._poll.poll(0, 1024):
                self._read(self._sockets[ready])
            for place in range(number % PTIME_TICKS, len(self._far), PTIME_TICKS):
                self._speak(place, number)
            number += 1
            time.sleep(max(0.0, began + number * TICK_S - time.monotonic()))

    def _read(self, made: socket.socket) -> None:
        while True:
            try:
                data, arrived, _ = receive(made)
            except OSError:
                return
            self.tap.hears(data[12:], arrived)

    def _speak(self, place: int, number: int) -> None:
        made, address = self._far[place]
        sequence = number // PTIME_TICKS
        content = STAMP.pack(time.time_ns()) + FILLER
        self.tap.said(content)
        try:
            made.sendto(
                HEADER.pack(0x80, 8, sequence & 0xFFFF, sequence * 160 & 0xFFFFFFFF, place + 1) + content, address
            )
        except OSError:
            return  # counted as lost at the receiver


class BrowserEnds:
    """DTLS-SRTP: see `bench.browsers`."""

    def __init__(self) -> None:
        self._browsers = Browsers()
        self.tap = self._browsers.tap
        self._browsers.start()

    def make(self, number: int, order: dict[str, Any]) -> list[Any]:
        """See `Ends`: descriptions."""
        setup = str(order.get("setup", "actpass"))
        return [self._browsers.add().describe(setup) for _ in range(number)]

    def aim(self, far: list[Any]) -> dict[str, Any]:
        """See `Ends`. In small groups: a handshake costs milliseconds. Raises TimeoutError."""
        limit = time.monotonic() + UP_S
        for at in range(0, len(far), 20):
            group = self._browsers.ends[at : at + 20]
            for end, sdp in zip(group, far[at : at + 20], strict=True):
                end.accept(sdp)
            while not all(end.up for end in group):
                if time.monotonic() > limit:
                    raise TimeoutError(f"{sum(not end.up for end in group)} ends did not come up")
                time.sleep(0.01)
        return {"cipher": self._browsers.ends[0].end.cipher}

    def close(self) -> None:
        """See `Ends`."""
        self._browsers.stop()
        for end in self._browsers.ends:
            end.socket.close()


def measure(ends: Ends, since: int, until: int) -> dict[str, Any]:
    """Waits for the window and its tail; the counts of this side."""
    ends.tap.open(since, until)
    time.sleep(max(0.0, (since - time.time_ns()) / 1e9))
    cpu = time.process_time()
    time.sleep(max(0.0, (until - time.time_ns()) / 1e9))
    cpu = time.process_time() - cpu
    time.sleep(TAIL_S)
    delays = ends.tap.delays_us
    return {
        "sent": ends.tap.sent,
        "heard": ends.tap.heard,
        "cpu_s": cpu,
        "delay_p50_ms": percentile(delays, 0.5) / 1000,
        "delay_p99_ms": percentile(delays, 0.99) / 1000,
    }


def main() -> None:
    """Until stdin ends."""
    kind = CallerEnds if sys.argv[1] == "callers" else BrowserEnds
    ends: Ends = kind()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        answer: Any = {}
        if "make" in order:
            answer = ends.make(order["make"], order)
        elif "far" in order:
            answer = ends.aim(order["far"])
        elif "measure" in order:
            answer = measure(ends, *order["measure"])
        elif "forget" in order:
            ends.close()
            ends = kind()
        print(json.dumps(answer), flush=True)
    ends.close()


if __name__ == "__main__":
    main()
