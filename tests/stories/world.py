# SPDX-License-Identifier: AGPL-3.0-or-later
"""The world of the stories: the real conductor, SIP core, reception and journal records; a simulated media gateway, a
carrier that speaks real SIP bytes, and a clock that is moved by hand."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from permanence.engine.exchange import takeover
from permanence.engine.exchange.conductor import Conductor
from permanence.engine.exchange.parts import ExchangeSettings
from permanence.engine.exchange.trunks import TrunkBook
from permanence.kernel.refusals import Refusal
from permanence.kernel.tickets import SeatTicket
from permanence.reception.table import ClientSlice, HouseSlice, RoutingTable
from permanence.telephony import commands
from permanence.telephony.gateways.simulated import SimulatedGateway
from permanence.telephony.media.control import MediaConnected, MediaEvent
from permanence.telephony.sip import events as sip
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.settings import SipSettings
from tests.stories import cast
from tests.stories.edges import MemoryJournal, MemoryPages, MemorySlices, MovableClock, SeededEntropy

OFFER = (
    "v=0\r\no=- 7 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
)
_STEP_S = 1.0


class World:
    """One house, its exchange, and everybody around it."""

    def __init__(
        self,
        at: datetime = cast.MONDAY_MORNING,
        clients: Iterable[ClientSlice] = (),
        house: HouseSlice | None = None,
    ) -> None:
        self.clock = MovableClock(at)
        self.journal = MemoryJournal()
        self.pages = MemoryPages()
        table = RoutingTable().put(house or cast.house())
        for client in tuple(clients) or (cast.weber(), cast.dupont(), cast.atlas()):
            table = table.put(client)
        self.slices = MemorySlices(table)
        self.gateway = SimulatedGateway()
        self.gateway.listen(self._media)
        self.carrier = SipEndpoint(SipSettings(), SeededEntropy("carrier"), lambda _flow: "exchange")
        self.carrier_flow = Flow("udp", cast.CARRIER, cast.EXCHANGE)
        self.exchange_flow = Flow("udp", cast.EXCHANGE, cast.CARRIER)
        self.callers: dict[str, Caller] = {}
        self.on_the_wire: list[bytes] = []
        self.called: list[sip.InviteReceived] = []
        self.lost_packets = 0
        self._page_count = 0
        self._starts = 0
        self.conductor = self._new_exchange()
        self.claire = Secretary(self, cast.CLAIRE, "Claire")
        self.aoife = Secretary(self, cast.AOIFE, "Aoife")

    def _new_exchange(self) -> Conductor:
        self._starts += 1
        trunks = TrunkBook()
        self.endpoint = SipEndpoint(SipSettings(), SeededEntropy(f"exchange-{self._starts}"), trunks.trust)
        return Conductor(
            ExchangeSettings(engine="story"),
            endpoint=self.endpoint,
            gateway=self.gateway,
            journal=self.journal,
            pages=self.pages,
            slices=self.slices,
            trunks=trunks,
            entropy=SeededEntropy(f"conductor-{self._starts}"),
        )

    # -- what a story does -----------------------------------------------------------------------------------------

    def caller(self, number: str = "+352621000147", **options: Any) -> "Caller":
        """Somebody with a telephone."""
        return Caller(self, number, **options)

    def forward(self, seconds: float) -> None:
        """Lets time go by, stopping at everything that is due."""
        end = self.clock.monotonic() + seconds
        while True:
            self.settle()
            now = self.clock.monotonic()
            due = (self.conductor.next_deadline(self.clock.moment), self.carrier.next_deadline())
            wanted = min([end, now + _STEP_S, *(max(at, now) for at in due if at is not None)])
            if wanted <= now and now >= end:
                break
            self.clock.move(wanted - now)
            if wanted > now:
                self.gateway.forward(wanted - now)
            self.conductor.tick(self.clock.moment)
            self.carrier.tick(self.clock.monotonic())
            if self.clock.monotonic() >= end:
                break
        self.settle()

    def settle(self) -> None:
        """Brings every packet and every event that waits."""
        for _ in range(100):
            self.gateway.settle()
            sent = self.endpoint.drain_output()
            back = self.carrier.drain_output()
            for data, _flow in sent:
                self.on_the_wire.append(data)
                self.carrier.receive(data, self.carrier_flow, self.clock.monotonic())
            for data, _flow in back:
                if self.lost_packets:
                    self.lost_packets -= 1
                    continue
                self.endpoint.receive(data, self.exchange_flow, self.clock.monotonic())
                self.conductor.sip_happened(self.clock.moment)
            self._carrier_events()
            if not sent and not back:
                return
        raise AssertionError("the world does not come to rest")

    def kill_exchange(self) -> None:
        """kill -9: only the journal is left."""
        for page in (self.claire.page, self.aoife.page):
            self.pages.closed.setdefault(page, 1006)
        self.endpoint = SipEndpoint(SipSettings(), SeededEntropy("dead"), lambda _flow: None)

    def start_exchange(self) -> dict[str, int]:
        """A new exchange on the journal the dead one left."""
        self.conductor = self._new_exchange()
        counts = takeover.restore(self.conductor, self.clock.moment)
        takeover.media_connected(self.conductor, self.gateway.living(), self.clock.moment)
        self.settle()
        return counts

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind that were journalled."""
        return [event for event in self.journal.events if event["type"] == kind]

    def new_page(self) -> str:
        """The name of the next page."""
        self._page_count += 1
        return f"page-{self._page_count}"

    def _media(self, event: MediaEvent) -> None:
        if isinstance(event, MediaConnected):
            takeover.media_connected(self.conductor, event.living, self.clock.moment)
        else:
            self.conductor.media_happened(event, self.clock.moment)

    def _carrier_events(self) -> None:
        for event in self.carrier.drain_events():
            if isinstance(event, sip.InviteReceived):
                self.called.append(event)
            caller = self.callers.get(event.session) if isinstance(event, sip.SessionEvent) else None
            if caller is not None:
                caller.notice(event)


class Caller:
    """A telephone behind the carrier."""

    def __init__(self, world: World, number: str, display: str = "") -> None:
        self.world = world
        self.number = number
        self.display = display
        self.session = ""
        self.state = "idle"
        self.status = 0
        self.ended_by = ""
        self.answer: str | None = None
        self.heard_180 = False
        self.call = ""

    def dials(self, line: str, *, headers: tuple[tuple[str, str], ...] = (), offer: str | None = OFFER) -> "Caller":
        """Sends an INVITE."""
        before = set(self.world.conductor.parts.calls)
        self.session = self.world.carrier.dial(
            f"sip:{line}@192.0.2.1",
            self.world.carrier_flow,
            f"sip:{self.number}@192.0.2.10",
            offer,
            now=self.world.clock.monotonic(),
            display=self.display,
            headers=headers,
        )
        self.state = "dialling"
        self.world.callers[self.session] = self
        self.world.settle()
        self.call = next(iter(set(self.world.conductor.parts.calls) - before), "")
        return self

    def notice(self, event: sip.SessionEvent) -> None:
        """What his telephone shows."""
        if isinstance(event, sip.ProgressReceived):
            self.heard_180 = self.heard_180 or event.status == 180
        elif isinstance(event, sip.AnswerReceived):
            self.state, self.answer = "answered", event.sdp
        elif isinstance(event, sip.DialFailed):
            self.state, self.status = "refused", event.status
        elif isinstance(event, sip.SessionEnded):
            self.state, self.ended_by = "over", event.by
        elif isinstance(event, sip.OfferReceived):
            self.world.carrier.answer_offer(self.session, OFFER, now=self.world.clock.monotonic())

    def hears(self, what: str) -> bool:
        """Whether he hears it now: "ringing", "music", "silence", a secretary's name or a prompt's name."""
        return self.sound == what

    @property
    def sound(self) -> str:
        """What he hears."""
        if self.state == "dialling":
            return "ringing" if self.heard_180 else "silence"
        if self.state != "answered":
            return "silence"
        sound = self.world.gateway.hears(self.call)
        return {"demo/1": "Claire", "demo/2": "Aoife"}.get(sound, sound)

    def hangs_up(self) -> None:
        """BYE, or CANCEL while it rings."""
        self.world.carrier.end(self.session, now=self.world.clock.monotonic())
        self.world.settle()

    def offers_again(self, sdp: str) -> None:
        """A re-INVITE."""
        self.world.carrier.offer(self.session, sdp, now=self.world.clock.monotonic())
        self.world.settle()


class Secretary:
    """A secretary and her console: what the page would show, kept up to date by the messages."""

    def __init__(self, world: World, secretary: str, name: str) -> None:
        self.world = world
        self.id = secretary
        self.name = name
        self.seat = f"seat-{secretary}"
        self.page = ""
        self._request = 0

    @property
    def line(self) -> str:
        """Her line in media."""
        return f"{cast.HOUSE}/{self.id}"

    def ticket(self, **changes: Any) -> SeatTicket:
        """What web would sign now."""
        issued = int(self.world.clock.now().timestamp())
        values: dict[str, Any] = {
            "house": cast.HOUSE,
            "secretary": self.id,
            "name": self.name,
            "seat": self.seat,
            "rights": ("answer",),
            "issued": issued,
            "expires": issued + 600,
        }
        return SeatTicket(**{**values, **changes})

    def opens_page(self, *, offer: str | None = "a browser's offer") -> "Secretary":
        """Opens (or reloads) the console."""
        page = self.world.new_page()
        hello = commands.Hello(1, "", "localhost", offer)
        self.page = page
        self.world.conductor.page_opened(page, self.ticket(), hello, self.world.clock.moment)
        self.world.settle()
        return self

    def closes_page(self) -> None:
        """Closes the tab."""
        page, self.page = self.page, ""
        self.world.conductor.page_closed(page, self.world.clock.moment)
        self.world.settle()

    def reloads(self) -> None:
        """F5: the browser closes the old socket, then opens a new page."""
        self.closes_page()
        self.opens_page(offer="an offer of the reloaded page")

    def sits_down(self) -> "Secretary":
        """Opens the console and presses ready."""
        return self.opens_page().does(commands.GoReady())

    def does(self, command: commands.SeatCommand) -> "Secretary":
        """Sends a command; AssertionError when it is refused."""
        refusal = self.tries(command)
        assert refusal is None, refusal
        return self

    def tries(self, command: commands.SeatCommand) -> str | None:
        """Sends a command; the code of the refusal, None when it is accepted."""
        self._request += 1
        try:
            self.world.conductor.page_command(self.page, command, self._request, self.world.clock.moment)
        except Refusal as refusal:
            return refusal.code
        self.world.settle()
        return None

    def answers(self) -> None:
        """Takes the call that rings."""
        self.does(commands.AnswerCall(self.offered["call"]))

    def declines(self) -> None:
        """Lets it go to the next."""
        self.does(commands.DeclineCall(self.offered["call"]))

    def hangs_up(self) -> None:
        """Ends her call."""
        self.does(commands.EndCall(self.call["call"]))

    def wraps_up(self, outcome: str = "message") -> None:
        """Leaves wrap-up."""
        self.does(commands.CloseWrapUp(self.last("ended")["call"], outcome))

    # -- her screen --------------------------------------------------------------------------------------------------

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Everything her page got."""
        return self.world.pages.sent.get(self.page, [])

    def last(self, kind: str) -> dict[str, Any]:
        """The last message of a kind."""
        found = [message for message in self.messages if message["t"] == kind]
        assert found, f"{self.name} got no {kind}: {[message['t'] for message in self.messages]}"
        return found[-1]

    @property
    def offered(self) -> dict[str, Any]:
        """What rings at her console."""
        over = {message["offer"] for message in self.messages if message["t"] == "offer_ended"}
        running = [message for message in self.messages if message["t"] == "offer" and message["offer"] not in over]
        assert running, f"nothing rings at {self.name}"
        return running[-1]

    @property
    def rings(self) -> bool:
        """Whether a call rings at her console."""
        over = {message["offer"] for message in self.messages if message["t"] == "offer_ended"}
        return any(message["t"] == "offer" and message["offer"] not in over for message in self.messages)

    @property
    def call(self) -> dict[str, Any]:
        """The call on her screen."""
        return self.last("call")

    @property
    def presence(self) -> str:
        """Where she stands, as her screen shows it."""
        return str(self.last("presence")["state"])

    @property
    def hears(self) -> str:
        """What she hears: "caller" or what media plays."""
        sound = self.world.gateway.hears(self.line)
        return "caller" if sound in self.world.conductor.parts.calls else sound
