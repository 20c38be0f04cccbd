# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small real exchange for the wire tests: answers every call over real sockets, ends when it is told to."""

import asyncio
from dataclasses import dataclass, field

from permanence.kernel.system import SystemEntropy
from permanence.telephony.shells.sip_runner import SipRunner
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.events import InviteReceived, OfferReceived, SessionConfirmed, SessionEnded, SipEvent
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.settings import SipSettings
from tests.wire.carrier import sdp


def loopback_only(flow: Flow) -> str | None:
    return "loopback" if flow.remote[0] in {"127.0.0.1", "::1"} else None


@dataclass
class Answerer:
    """`ring_s` passes between 180 and 200. Every event is kept, and can be awaited by its kind."""

    ring_s: float = 0.0
    events: list[SipEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.endpoint = SipEndpoint(SipSettings(), SystemEntropy(), loopback_only)
        self.runner = SipRunner(self.endpoint, self._on_event)
        self._changed = asyncio.Event()

    def _on_event(self, event: SipEvent) -> None:
        self.events.append(event)
        self._changed.set()
        if isinstance(event, InviteReceived):
            self.endpoint.ring(event.session, now=self.runner.now())
            asyncio.get_running_loop().call_later(self.ring_s, self._accept, event.session)
        elif isinstance(event, OfferReceived):
            self.endpoint.answer_offer(event.session, sdp(5000, 2), now=self.runner.now())

    def _accept(self, session: str) -> None:
        self.endpoint.accept(session, sdp(5000), now=self.runner.now())
        self.runner.pump()

    def took[E: SipEvent](self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until[E: SipEvent](self, kind: type[E], count: int = 1) -> list[E]:
        """Waits until `count` events of a kind have come."""
        async with asyncio.timeout(20):
            while len(found := self.took(kind)) < count:
                self._changed.clear()
                await self._changed.wait()
        return found

    def close(self) -> None:
        self.runner.close()


__all__ = ["Answerer", "SessionConfirmed", "SessionEnded", "loopback_only"]
