# SPDX-License-Identifier: AGPL-3.0-or-later
"""A SIP telephone over UDP: the product's own user agent (`telephony.sip`) as the caller of any number of calls."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from permanence.kernel.clock import Entropy
from permanence.project.phone.audio import Audio
from permanence.telephony.media.sdp import SdpError, parse_sdp
from permanence.telephony.media.sdp_audio import accept_answer, answer_audio, offer_audio
from permanence.telephony.sip import events
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.flow import Address, Flow, host_in_uri
from permanence.telephony.sip.settings import SipSettings

Progress = Callable[[str, str], None]
"""Told of each step of a call: `ringing`, `answered`, `hears` (a word of `Ear`), `ended`, `failed`, with its detail."""


@dataclass(slots=True)
class Call:
    """One call of this telephone. `answered` and `over` are set as it goes; `outcome` is the last word."""

    number: str
    audio: Audio
    progress: Progress
    session_id: int
    session: str = ""
    version: int = 1
    outcome: str = ""
    hung_up: bool = False
    ringing: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def finish(self, step: str, detail: str) -> None:
        """The call is over; told once."""
        if not self.over.is_set():
            self.outcome = f"{step}: {detail}"
            self.audio.close()
            self.over.set()
            self.progress(step, detail)


class Softphone(asyncio.DatagramProtocol):
    """Calls one house. `open` before the first call, `close` after the last."""

    def __init__(self, house: Address, entropy: Entropy, known: Mapping[bytes, str] | None = None) -> None:
        """`known`: the house's own sounds, as `sound.house_sounds` gives them."""
        self._house = house
        self._entropy = entropy
        self._known = known or {}
        self._endpoint = SipEndpoint(SipSettings(user_agent="Permanence phone"), entropy, self._trust)
        self._transport: asyncio.DatagramTransport | None = None
        self._local: Address = (house[0], 0)
        self._timer: asyncio.TimerHandle | None = None
        self._calls: dict[str, Call] = {}

    def _trust(self, flow: Flow) -> str | None:
        return "house" if flow.remote == self._house else None

    async def open(self) -> None:
        """Binds a free port on the address from which the house is reached. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(self._house[0], 0), remote_addr=self._house
        )
        name = self._transport.get_extra_info("sockname")
        self._local = (name[0], name[1])

    async def call(
        self,
        number: str,
        *,
        caller: str,
        display: str,
        anonymous: bool,
        frames: Iterator[bytes],
        progress: Progress,
        forwarded_from: str = "",
    ) -> Call:
        """Dials `number` (E.164) as `caller`; the call goes on by itself. `anonymous` asks for privacy (RFC 3323).

        `forwarded_from` (E.164): the number the caller dialled, whose line forwards all calls (RFC 5806).
        """
        audio = Audio(frames, self._entropy, lambda word: progress("hears", word), self._known)
        await audio.open(self._house[0])
        session_id = int.from_bytes(self._entropy.token(4), "big")
        call = Call(number, audio, progress, session_id)
        host = host_in_uri(self._house[0])
        sdp = offer_audio(host=self._local[0], port=audio.port, session_id=session_id)
        identity = f"sip:{caller}@{host}"
        headers = (("Privacy", "id"), ("P-Asserted-Identity", f"<{identity}>")) if anonymous else ()
        if forwarded_from:
            headers = (*headers, ("Diversion", f"<sip:{forwarded_from}@{host}>;reason=unconditional;counter=1"))
        call.session = self._endpoint.dial(
            f"sip:{number}@{host}:{self._house[1]}",
            Flow("udp", self._local, self._house),
            "sip:anonymous@anonymous.invalid" if anonymous else identity,
            sdp,
            now=self._now(),
            display="Anonymous" if anonymous else display,
            headers=headers,
        )
        self._calls[call.session] = call
        self._turn()
        return call

    def hang_up(self, call: Call) -> None:
        """Ends a call at any moment: CANCEL before the answer, BYE after it."""
        call.hung_up = True
        self._endpoint.end(call.session, now=self._now())
        self._turn()

    async def close(self) -> None:
        """Hangs up what is left and lets the port go, once the last answers came or after 2 s."""
        for call in list(self._calls.values()):
            self.hang_up(call)
        waiting = [asyncio.create_task(call.over.wait()) for call in self._calls.values()]
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=2.0)
            for task in late:
                task.cancel()
        if self._timer is not None:
            self._timer.cancel()
        for call in self._calls.values():
            call.audio.close()
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One SIP message."""
        self._endpoint.receive(data, Flow("udp", self._local, (addr[0], addr[1])), self._now())
        self._turn()

    def error_received(self, exc: Exception) -> None:
        """Nobody listens at the house's port (ICMP): every call that waits for it fails."""
        self._endpoint.flow_lost(Flow("udp", self._local, self._house), self._now())
        for call in list(self._calls.values()):
            if not call.answered.is_set():
                call.finish("failed", f"nothing listens at {self._house[0]}:{self._house[1]} ({exc})")
        self._turn()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _turn(self) -> None:
        """Sends what the endpoint has to send, tells what happened, and sets the one timer."""
        while True:
            output, happened = self._endpoint.drain_output(), self._endpoint.drain_events()
            if not output and not happened:
                break
            for data, _ in output:  # the socket is connected: an ICMP error reaches `error_received`
                if self._transport is not None and not self._transport.is_closing():
                    self._transport.sendto(data)
            for event in happened:
                self._hear(event)
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._endpoint.next_deadline()
        self._timer = None if deadline is None else asyncio.get_running_loop().call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._endpoint.tick(self._now())
        self._turn()

    def _hear(self, event: events.SipEvent) -> None:
        call = self._calls.get(event.session) if isinstance(event, events.SessionEvent) else None
        if call is None:
            return
        if isinstance(event, events.DialFailed | events.SessionEnded):
            del self._calls[event.session]
        match event:
            case events.ProgressReceived(status=status):
                if status in (180, 183) and not call.ringing:
                    call.ringing = True
                    call.progress("ringing", str(status))
            case events.AnswerReceived(sdp=sdp):
                self._answered(call, sdp)
            case events.OfferReceived(sdp=sdp):
                self._renegotiate(call, sdp)
            case events.DialFailed(status=status, reason=reason):
                if call.hung_up:
                    call.finish("ended", "you, before an answer")
                else:
                    call.finish("failed", f"{status} {reason}")
            case events.SessionEnded(by=by, why=why):
                call.finish("ended", {"remote": "the house", "local": "you"}.get(by, why))

    def _answered(self, call: Call, sdp: str | None) -> None:
        try:
            agreed = accept_answer(parse_sdp(sdp or ""))
        except SdpError as error:
            self.hang_up(call)
            call.finish("failed", f"the answer cannot be used: {error}")
            return
        call.answered.set()
        call.audio.speak(agreed)
        call.progress("answered", f"{agreed.remote_host}:{agreed.remote_port}")

    def _renegotiate(self, call: Call, sdp: str | None) -> None:
        """A re-INVITE of the house: answered as asked, with the same port."""
        call.version += 1
        host = self._local[0]
        if sdp is None:
            offer = offer_audio(host=host, port=call.audio.port, session_id=call.session_id, version=call.version)
            self._endpoint.answer_offer(call.session, offer, now=self._now())
            return
        try:
            text, agreed = answer_audio(
                parse_sdp(sdp), host=host, port=call.audio.port, session_id=call.session_id, version=call.version
            )
        except SdpError:
            self._endpoint.refuse_offer(call.session, now=self._now())
            return
        self._endpoint.answer_offer(call.session, text, now=self._now())
        call.audio.speak(agreed)
