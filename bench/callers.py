# SPDX-License-Identifier: AGPL-3.0-or-later
"""The callers of the bench, in a process of their own: SIP over UDP from templates, and RTP where there is audio.

One thread that wakes every 5 ms. Requests are repeated as RFC 3261 says (T1 500 ms), since loopback too loses what a
full socket cannot take. The moments it notes are CLOCK_MONOTONIC nanoseconds, the same in every process.
Reads one JSON object of `Plan` on stdin for each run, prints one of `Done` on stdout; ends with its stdin.
"""

import dataclasses
import heapq
import json
import re
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.tap import receive, stamped

TICK_S = 0.005
PTIME_S = 0.020
T1_S = 0.5
RETRIES = 7
SETTLE_S = 20.0
RECEIVE_BUFFER = 8 << 20
_HEADER = struct.Struct("!BBHII")
_SDP = (
    "v=0\r\no=- {number} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n"
)
_STATUS = re.compile(rb"SIP/2\.0 (\d{3}) ")
_CALL_ID = re.compile(rb"\r\nCall-ID: ?([^\r]+)", re.IGNORECASE)
_CSEQ = re.compile(rb"\r\nCSeq: ?\d+ ([A-Z]+)", re.IGNORECASE)
_TO = re.compile(rb"\r\nTo: ?([^\r]+)", re.IGNORECASE)
_CONTACT = re.compile(rb"\r\nContact: ?<([^>]+)>", re.IGNORECASE)
_AUDIO = re.compile(rb"\r\nm=audio (\d+) ")
_COPIED = re.compile(rb"(?:^|\r\n)((?:Via|From|To|Call-ID|CSeq): ?[^\r]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run. `hold_s`: from the answer to the caller's BYE; 0: the secretary ends the call.

    `rtp`: send and receive audio. `late_every`: each so many a caller's RTP begins only after `late_s`.
    `listens`: the longest gap in the audio of the first so many callers to be answered is looked for.
    """

    sip_port: int
    lines: list[str]
    rate: float
    seconds: float
    hold_s: float
    rtp: bool
    first: int = 0
    late_every: int = 0
    late_s: float = 0.6
    listens: int = 0


@dataclass(kw_only=True)
class Done:
    """What came of a run. `placed`, `ended`: caller's number -> moment of his INVITE, of the exchange's BYE; `late`:
    those whose RTP came late; `longest_gap_ms`: between two packets that a caller heard, by the kernel's stamps."""

    calls: int = 0
    answered: int = 0
    failed: int = 0
    repeated: int = 0
    most_at_once: int = 0
    packets_sent: int = 0
    packets_heard: int = 0
    cpu_s: float = 0.0
    longest_gap_ms: float = 0.0
    placed: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """One call of ours."""

    number: int
    caller: str
    line: str
    state: str = "inviting"
    request: bytes = b""
    to: str = ""
    target: str = ""
    leg: tuple[str, int] = ("", 0)
    sequence: int = 0
    answered: bool = False


class Callers:
    """One run."""

    def __init__(self, plan: Plan, sip: socket.socket, rtp: socket.socket) -> None:
        self._plan, self._sip, self._rtp = plan, sip, rtp
        self._exchange = ("127.0.0.1", plan.sip_port)
        self._own, self._rtp_port = sip.getsockname()[1], rtp.getsockname()[1]
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._calls: dict[bytes, Call] = {}
        self._speaking: list[dict[int, Call]] = [{}, {}, {}, {}]
        self._heard_at: dict[tuple[str, int], int] = {}
        if plan.listens:
            stamped(rtp, RECEIVE_BUFFER)
        self.done = Done()

    def run(self) -> Done:
        """Places the calls, waits for their end."""
        plan, done = self._plan, self.done
        began, cpu = time.monotonic(), time.process_time()
        total = max(1, round(plan.rate * plan.seconds))
        placed = tick = 0
        limit = began + plan.seconds + plan.hold_s + SETTLE_S
        while placed < total or self._calls:
            now = time.monotonic()
            while placed < total and now >= began + placed / plan.rate:
                self._place(plan.first + placed)
                placed += 1
            self._read()
            while self._due and self._due[0][0] <= now:
                heapq.heappop(self._due)[2]()
            self._speak(tick)
            tick += 1
            done.most_at_once = max(done.most_at_once, sum(call.answered for call in self._calls.values()))
            if now > limit:
                for call in list(self._calls.values()):
                    self._over(call, f"still {call.state}")
            time.sleep(max(0.0, began + tick * TICK_S - time.monotonic()))
        done.cpu_s = time.process_time() - cpu
        return done

    # -- SIP -------------------------------------------------------------------------------------------------------

    def _place(self, number: int) -> None:
        plan = self._plan
        caller = f"+352621{number % 1_000_000:06d}"
        call = Call(number, caller, plan.lines[number % len(plan.lines)])
        call.to = f"<sip:{call.line}@127.0.0.1>"
        call.target = f"sip:{call.line}@127.0.0.1:{plan.sip_port}"
        self._calls[f"bench-{number}".encode()] = call
        self.done.calls += 1
        self.done.placed[caller] = time.monotonic_ns()
        body = _SDP.format(number=number, port=self._rtp_port)
        self._request(call, "INVITE", 1, body)

    def _text(self, call: Call, method: str, cseq: int, body: str = "") -> bytes:
        branch = f"z9hG4bK-{call.number}-{cseq}-{method}"
        return (
            f"{method} {call.target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self._own};branch={branch};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{call.caller}@127.0.0.1>;tag=f{call.number}\r\nTo: {call.to}\r\n"
            f"Call-ID: bench-{call.number}\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:{call.caller}@127.0.0.1:{self._own}>\r\n"
            + ("Content-Type: application/sdp\r\n" if body else "")
            + f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _request(self, call: Call, method: str, cseq: int, body: str = "") -> None:
        call.request = self._text(call, method, cseq, body)
        self._sip.sendto(call.request, self._exchange)
        self._repeat(call, call.request, T1_S, RETRIES)

    def _repeat(self, call: Call, request: bytes, after: float, left: int) -> None:
        def again() -> None:
            if call.request is not request:
                return
            if left == 0:
                self._over(call, f"no answer while {call.state}")
                return
            self.done.repeated += 1
            self._sip.sendto(request, self._exchange)
            self._repeat(call, request, after * 2, left - 1)

        self._later(after, again)

    def _read(self) -> None:
        while True:
            try:
                data, _ = self._sip.recvfrom(65536)
            except BlockingIOError:
                break
            self._message(data)
        if self._plan.listens:
            self._listen()
            return
        while True:
            try:
                self._rtp.recv(2048)
            except BlockingIOError:
                return
            self.done.packets_heard += 1

    def _listen(self) -> None:
        while True:
            try:
                _, arrived, leg = receive(self._rtp)
            except BlockingIOError:
                return
            self.done.packets_heard += 1
            if leg in self._heard_at:
                gap = (arrived - (self._heard_at[leg] or arrived)) / 1e6
                self.done.longest_gap_ms = max(self.done.longest_gap_ms, gap)
                self._heard_at[leg] = arrived

    def _message(self, data: bytes) -> None:
        identity = _CALL_ID.search(data)
        call = self._calls.get(identity[1]) if identity else None
        status = _STATUS.match(data)
        if status is None:
            self._asked(data, call)
        elif call is not None:
            method = _CSEQ.search(data)
            self._answered(call, int(status[1]), method[1] if method else b"", data)

    def _asked(self, data: bytes, call: Call | None) -> None:
        """A request of the exchange: BYE ends the call, and is answered even where it is over already."""
        if data.startswith(b"ACK"):
            return
        copied = b"\r\n".join(_COPIED.findall(data))
        self._sip.sendto(b"SIP/2.0 200 OK\r\n" + copied + b"\r\nContent-Length: 0\r\n\r\n", self._exchange)
        if call is not None and data.startswith(b"BYE"):
            self.done.ended[call.caller] = time.monotonic_ns()
            self._over(call, "" if call.answered else "ended by the exchange")

    def _answered(self, call: Call, status: int, method: bytes, data: bytes) -> None:
        if method == b"INVITE" and status >= 200:
            self._invite_answered(call, status, data)
        elif method == b"INVITE":
            call.request = b""  # provisional: the INVITE is not repeated any more
        elif method == b"BYE" and status >= 200:
            self._over(call, "" if status == 200 else f"BYE {status}")

    def _invite_answered(self, call: Call, status: int, data: bytes) -> None:
        to, contact = _TO.search(data), _CONTACT.search(data)
        call.to = to[1].decode() if to else call.to
        if status >= 300:
            self._sip.sendto(self._text(call, "ACK", 1), self._exchange)
            self._over(call, f"refused {status}")
            return
        call.target = contact[1].decode() if contact else call.target
        self._sip.sendto(self._text(call, "ACK", 1), self._exchange)
        if call.answered:
            return
        call.answered, call.state, call.request = True, "talking", b""
        self.done.answered += 1
        audio = _AUDIO.search(data)
        if self._plan.rtp and audio:
            call.leg = ("127.0.0.1", int(audio[1]))
            if len(self._heard_at) < self._plan.listens:
                self._heard_at[call.leg] = 0  # nothing yet
            late = self._plan.late_every and call.number % self._plan.late_every == 0
            if late:
                self.done.late.append(call.caller)
            self._later(self._plan.late_s if late else 0.0, lambda: self._speaks(call))
        if self._plan.hold_s:
            self._later(self._plan.hold_s, lambda: self._hang_up(call))

    def _hang_up(self, call: Call) -> None:
        if call.state == "talking":
            call.state = "ending"
            self._speaking[call.number % 4].pop(call.number, None)
            self._request(call, "BYE", 2)

    def _over(self, call: Call, fault: str) -> None:
        if self._calls.pop(f"bench-{call.number}".encode(), None) is None:
            return
        call.request, call.state = b"", "over"
        self._speaking[call.number % 4].pop(call.number, None)
        if fault:
            self.done.failed += 1
            self.done.reasons[fault] = self.done.reasons.get(fault, 0) + 1

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._due, (time.monotonic() + seconds, self._order, work))

    # -- RTP -------------------------------------------------------------------------------------------------------

    def _speaks(self, call: Call) -> None:
        if call.state == "talking":
            self._speaking[call.number % 4][call.number] = call

    def _speak(self, tick: int) -> None:
        """A quarter of the callers at every tick of 5 ms: each of them every 20 ms."""
        for call in self._speaking[tick % 4].values():
            call.sequence += 1
            head = _HEADER.pack(0x80, 8, call.sequence & 0xFFFF, call.sequence * 160 & 0xFFFFFFFF, call.number + 1)
            self._rtp.sendto(head + _SPEECH, call.leg)
            self.done.packets_sent += 1


_SPEECH = bytes((at * 37) & 0xFF for at in range(160))


def opened() -> socket.socket:
    """A UDP socket of loopback that does not block, with room for what comes between two ticks."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    return made


def main() -> None:
    """One run for each line of stdin."""
    sip, rtp = opened(), opened()
    print("ready", flush=True)
    for line in sys.stdin:
        given: dict[str, Any] = json.loads(line)
        done = Callers(Plan(**given), sip, rtp).run()
        print(json.dumps(dataclasses.asdict(done)), flush=True)


if __name__ == "__main__":
    main()
