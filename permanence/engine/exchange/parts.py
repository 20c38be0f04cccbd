# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the parts of the conductor share: the ports to the outside, the calls, the seats, the desks."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from permanence.engine.exchange.call import SIP_PREFIX, Call
from permanence.engine.exchange.caller_side import CallerSide
from permanence.engine.exchange.house_desk import HouseDesk
from permanence.engine.exchange.moment import Moment
from permanence.engine.exchange.ports import PortPool
from permanence.engine.exchange.returns import Returns
from permanence.engine.exchange.seats import SeatBook
from permanence.engine.exchange.trunks import TrunkBook
from permanence.engine.exchange.turn import JournalPort, Turn
from permanence.kernel.clock import Entropy
from permanence.reception.table import RoutingTable
from permanence.telephony.gateways.port import MediaGateway
from permanence.telephony.sip.endpoint import SipEndpoint

MEDIA_AWAY_S = 3.0
"""A media process that is started again is back within a second: until then a call rings, and hears its music late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSettings:
    """`engine`: the name in the events. `media_host`: our address in SDP, "" for the one the INVITE came to."""

    engine: str
    media_host: str = ""
    first_rtp_port: int = 10_000
    last_rtp_port: int = 10_999


class SlicesPort(Protocol):
    """Keeps the slices of the routing table."""

    table: RoutingTable

    def publish(self, data: dict[str, object]) -> Any:
        """Keeps a slice. Raises Refusal."""
        ...

    def withdraw(self, house: str, client: str) -> None:
        """Drops a client. Raises Refusal."""
        ...


@dataclass(slots=True, kw_only=True)
class Parts:
    """The exchange's common ground. `alarms`: code -> what is wrong now, in a sentence.

    `closing`: the house goes down.
    """

    settings: ExchangeSettings
    endpoint: SipEndpoint
    gateway: MediaGateway
    journal: JournalPort
    slices: SlicesPort
    trunks: TrunkBook
    entropy: Entropy
    turn: Turn
    ports: PortPool
    callers: CallerSide
    calls: dict[str, Call] = field(default_factory=dict)
    sessions: dict[str, Call] = field(default_factory=dict)
    seats: SeatBook = field(default_factory=SeatBook)
    desks: dict[str, HouseDesk] = field(default_factory=dict)
    alarms: dict[str, str] = field(default_factory=dict)
    returns: Returns = field(default_factory=Returns)
    closing: bool = False
    media_away_at: float | None = None
    """The monotonic second since which nothing was heard of media; None while it is there."""

    def media_is_away(self, moment: Moment) -> bool:
        """Whether media has been away for so long that a new call would meet dead air."""
        return self.media_away_at is not None and moment.now - self.media_away_at >= MEDIA_AWAY_S

    def desk_of(self, call: Call) -> HouseDesk:
        """The desk that leads the call."""
        return self.desks[call.house]

    def add_call(self, call: Call) -> None:
        """A call begins, or is taken over."""
        self.calls[call.id] = call
        self.sessions[call.session] = call
        self.turn.touch(call)

    def rename_session(self, call: Call, session: str) -> None:
        """The SIP session of a call taken over has another id now."""
        self.turn.state(SIP_PREFIX + call.session, None)
        self.sessions.pop(call.session, None)
        call.session = session
        self.sessions[session] = call
