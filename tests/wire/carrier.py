# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two fake carriers for the tests of the SIP endpoint, without sockets and with a clock that is moved by hand.

`Trunk` speaks hand-written messages to one endpoint: what an RFC says goes in and comes out as text. `Network` joins
endpoints by wires that lose, repeat and reorder datagrams, and by a proxy that forks, all by a seeded chance.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.events import SipEvent
from permanence.telephony.sip.flow import Address, Flow
from permanence.telephony.sip.message import BadMessage, SipMessage, parse_message
from permanence.telephony.sip.settings import SipSettings

OURS: Address = ("192.0.2.1", 5060)
THEIRS: Address = ("192.0.2.50", 5060)


def sdp(port: int = 4000, version: int = 1, extra: str = "", media: str = "audio") -> str:
    return (
        f"v=0\r\no=- 7 {version} IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\n"
        f"m={media} {port} RTP/AVP 8\r\n{extra}"
    )


def read(data: bytes) -> SipMessage:
    """What the endpoint sent; a refusal of nonsense repeats the nonsense, so it need not be well-formed."""
    try:
        return parse_message(data)
    except BadMessage as bad:
        partial = bad.partial
    if partial is None or partial.status < 400:
        raise AssertionError(data)
    return partial


class SeededEntropy:
    """Chance that is the same in every run."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def token(self, size: int) -> bytes:
        return self._random.randbytes(size)


def trust_all(_flow: Flow) -> str | None:
    return "carrier"


@dataclass
class Trunk:
    """One carrier talking by hand to one endpoint. `heard` are the messages the endpoint sent, with their moments."""

    settings: SipSettings = field(default_factory=SipSettings)
    transport: str = "udp"
    trust: Callable[[Flow], str | None] = trust_all
    seed: int = 1

    def __post_init__(self) -> None:
        self.ua = SipEndpoint(self.settings, SeededEntropy(self.seed), self.trust)
        self.flow = Flow(self.transport, OURS, THEIRS, 0 if self.transport == "udp" else 1)
        self.now = 1000.0
        self.heard: list[tuple[float, SipMessage]] = []
        self.keep_alives: list[float] = []
        self.sent_to: list[Flow] = []
        self.events: list[SipEvent] = []
        self._number = 0

    # the carrier speaks

    def say(self, text: str | bytes, flow: Flow | None = None) -> list[SipMessage]:
        """Sends bytes; returns what the endpoint said to that."""
        data = text.encode() if isinstance(text, str) else text
        self.ua.receive(data, flow or self.flow, self.now)
        return self.collect()

    def request(
        self,
        method: str,
        *,
        headers: tuple[str, ...] = (),
        body: str = "",
        cseq: int = 1,
        branch: str = "",
        to_tag: str = "",
        from_tag: str = "carrier-tag",
        call_id: str = "call-1",
        uri: str = "sip:+35226000001@192.0.2.1",
        cseq_method: str = "",
        via: str = "",
    ) -> str:
        """The text of a request as a plain carrier writes it."""
        self._number += 1
        branch = branch or f"z9hG4bK-{self._number}"
        via = via or f"SIP/2.0/{self.transport.upper()} 192.0.2.50:5060;branch={branch}"
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: {via}",
            "Max-Forwards: 70",
            f"From: <sip:+33100000002@192.0.2.50>;tag={from_tag}",
            f"To: <sip:+35226000001@192.0.2.1>{';tag=' + to_tag if to_tag else ''}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {cseq_method or method}",
            "Contact: <sip:carrier@192.0.2.50:5060>",
            *headers,
        ]
        if body and not any(line.lower().startswith("content-type") for line in headers):
            lines.append("Content-Type: application/sdp")
        return "\r\n".join([*lines, f"Content-Length: {len(body.encode())}", "", body])

    def invite(self, *, body: str | None = None, **more: object) -> list[SipMessage]:
        """Sends an INVITE, with an offer unless `body` is empty."""
        return self.say(self.request("INVITE", body=sdp() if body is None else body, **more))  # type: ignore[arg-type]

    def answer(self, request: SipMessage, status: int, phrase: str = "X", **more: object) -> list[SipMessage]:
        """Answers a request of the endpoint."""
        return self.say(self.response(request, status, phrase, **more))  # type: ignore[arg-type]

    def response(
        self,
        request: SipMessage,
        status: int,
        phrase: str = "X",
        *,
        tag: str = "them",
        headers: tuple[str, ...] = (),
        body: str = "",
        contact: str = "<sip:callee@192.0.2.50:5060>",
    ) -> str:
        """The text of a response."""
        to = request.all("To")[0]
        if tag and ";tag=" not in to and status > 100:
            to += f";tag={tag}"
        lines = [
            f"SIP/2.0 {status} {phrase}",
            *(f"Via: {via}" for via in request.all("Via")),
            f"From: {request.all('From')[0]}",
            f"To: {to}",
            f"Call-ID: {request.call_id}",
            f"CSeq: {request.all('CSeq')[0]}",
            f"Contact: {contact}",
            *headers,
        ]
        if body:
            lines.append("Content-Type: application/sdp")
        return "\r\n".join([*lines, f"Content-Length: {len(body.encode())}", "", body])

    # time

    def collect(self) -> list[SipMessage]:
        said: list[SipMessage] = []
        for data, flow in self.ua.drain_output():
            if not data.strip():
                self.keep_alives.append(self.now)
                continue
            message = read(data)
            said.append(message)
            self.heard.append((self.now, message))
            self.sent_to.append(flow)
        self.events += self.ua.drain_events()
        return said

    def wait(self, seconds: float) -> list[tuple[float, SipMessage]]:
        """Lets time pass; what the endpoint said meanwhile, with the seconds since the call."""
        begun, first = self.now, len(self.heard)
        end = self.now + seconds
        while (due := self.ua.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.ua.tick(self.now)
            self.collect()
        self.now = end
        return [(round(at - begun, 3), message) for at, message in self.heard[first:]]

    # what came of it

    def took[E: SipEvent](self, kind: type[E]) -> list[E]:
        """The events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def said(self, *wanted: str | int) -> list[SipMessage]:
        """Every message of the endpoint with one of these methods or statuses."""
        return [message for _, message in self.heard if (message.method or message.status) in wanted]

    def statuses(self) -> list[int | str]:
        """What the endpoint said so far, in short."""
        return [message.method or message.status for _, message in self.heard]


Receive = Callable[[bytes, Flow, float], None]


@dataclass
class Party:
    """An endpoint on the network, and what it was told."""

    address: Address
    ua: SipEndpoint
    events: list[SipEvent] = field(default_factory=list)
    react: Callable[[SipEvent], None] = lambda _event: None

    def took[E: SipEvent](self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


class Network:
    """Wires between parties. Chances are per datagram; a repeated or delayed one comes up to 0.4 s later."""

    def __init__(self, seed: int, *, loss: float = 0.0, repeat: float = 0.0, reorder: float = 0.0) -> None:
        self._random = random.Random(seed)
        self._seed = seed
        self.loss, self.repeat, self.reorder = loss, repeat, reorder
        self.now = 0.0
        self.parties: dict[Address, Party] = {}
        self.forks: dict[Address, list[Address]] = {}
        self.carried = 0
        self._air: list[tuple[float, int, bytes, Flow]] = []

    def party(self, host: str, settings: SipSettings | None = None) -> Party:
        address = (host, 5060)
        entropy = SeededEntropy(self._seed * 100 + len(self.parties))
        party = Party(address, SipEndpoint(settings or SipSettings(), entropy, trust_all))
        self.parties[address] = party
        return party

    def way(self, sender: Party, to: Address) -> Flow:
        return Flow("udp", sender.address, to)

    def run(self, seconds: float) -> None:
        """Lets time pass for everybody."""
        end = self.now + seconds
        self._pump()
        while (due := self._next()) is not None and due <= end:
            self.now = max(self.now, due)
            while self._air and self._air[0][0] <= self.now:
                _, _, data, flow = heapq.heappop(self._air)
                self._deliver(data, flow)
            for party in self.parties.values():
                party.ua.tick(self.now)
            self._pump()
        self.now = end

    def _next(self) -> float | None:
        moments = [party.ua.next_deadline() for party in self.parties.values()]
        moments += [self._air[0][0]] if self._air else []
        return min((moment for moment in moments if moment is not None), default=None)

    def _deliver(self, data: bytes, flow: Flow) -> None:
        for address in self.forks.get(flow.remote, [flow.remote]):
            party = self.parties.get(address)
            if party is not None:
                party.ua.receive(data, Flow("udp", address, flow.local), self.now)

    def _pump(self) -> None:
        busy = True
        while busy:
            busy = False
            for party in self.parties.values():
                for event in party.ua.drain_events():
                    busy = True
                    party.events.append(event)
                    party.react(event)
                for data, flow in party.ua.drain_output():
                    busy = True
                    self._carry(data, flow)

    def _carry(self, data: bytes, flow: Flow) -> None:
        copies = 0 if self._random.random() < self.loss else 1 + (self._random.random() < self.repeat)
        for copy in range(copies):
            late = copy or self._random.random() < self.reorder
            delay = 0.02 + (0.4 * self._random.random() if late else 0.0)
            self.carried += 1
            heapq.heappush(self._air, (self.now + delay, self.carried, data, flow))
