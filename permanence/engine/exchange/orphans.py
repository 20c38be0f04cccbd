# SPDX-License-Identifier: AGPL-3.0-or-later
"""Conversations whose journal was set aside: they stay plugged in media until one side ends them.

The journal crashed the exchange three times, so nothing of it is led again: no reception, no seat, no queue. Of each
conversation the SIP session alone is taken over, read-only, so that the caller's BYE is answered and ends the leg. The
caller's silence ends it too (`SILENCE_LIMIT_S`), and so does the secretary who presses ready: she has hung up.
Callers nobody had answered are told to go (BYE or 480): better than music without end.
"""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from permanence.engine.exchange.call import SIP_PREFIX, STATE_PREFIX, Call
from permanence.engine.exchange.moment import Moment, milliseconds
from permanence.engine.exchange.parts import Parts
from permanence.engine.exchange.seats import line_name
from permanence.telephony.events import CallEnded
from permanence.telephony.sip import events as sip

ORPHAN_PREFIX = "orphan/"
_BROKEN = (KeyError, ValueError, TypeError, IndexError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """One conversation. `call` is also the name of its leg; `sdp`: our description, for whoever offers again."""

    call: str
    house: str
    client: str | None
    session: str
    secretary: str
    port: int
    sdp: str
    arrived_ms: int
    answered_ms: int | None

    @property
    def line(self) -> str:
        """The line it is plugged into."""
        return line_name(self.house, self.secretary)


class Orphans:
    """Leads every such conversation to its end."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._by_call: dict[str, Orphan] = {}
        self._by_session: dict[str, Orphan] = {}

    def __contains__(self, leg: str) -> bool:
        return leg in self._by_call

    def __len__(self) -> int:
        return len(self._by_call)

    def adopt(self, states: dict[str, Any], moment: Moment) -> tuple[int, int]:
        """Takes the calls of a journal that was set aside; how many stay plugged, and how many were ended or lost."""
        kept = ended = 0
        for name, value in states.items():
            if not name.startswith(STATE_PREFIX):
                continue
            try:
                call = Call.from_plain(value)
                session = self._parts.endpoint.restore(states[SIP_PREFIX + call.session], now=moment.now)
            except _BROKEN:
                ended += 1
                continue
            orphan = _orphan_of(call, session)
            if call.in_conversation:
                kept += 1
                self._take(orphan)
                self._keep(orphan)
            else:
                ended += 1
                self._parts.endpoint.end(session, now=moment.now)
                self._over(orphan, by="system", why="exchange_lost", moment=moment)
        return kept, ended

    def restore(self, states: dict[str, Any], moment: Moment) -> None:
        """Takes over what an earlier exchange adopted."""
        for name, value in states.items():
            if not name.startswith(ORPHAN_PREFIX):
                continue
            try:
                session = self._parts.endpoint.restore(value["sip"], now=moment.now)
                orphan = Orphan(**{**value["orphan"], "session": session})
            except _BROKEN:
                self._parts.turn.state(name, None)
                continue
            self._take(orphan)

    def legs(self) -> frozenset[str]:
        """Their legs in media."""
        return frozenset(self._by_call)

    def sessions(self) -> frozenset[str]:
        """Their SIP sessions."""
        return frozenset(self._by_session)

    def lines(self) -> frozenset[str]:
        """The lines they are plugged into."""
        return frozenset(orphan.line for orphan in self._by_call.values())

    def sip_event(self, event: sip.SessionEvent, moment: Moment) -> bool:
        """Takes an event of one of the sessions; False when it is none of them."""
        orphan = self._by_session.get(event.session)
        if orphan is None:
            return False
        if isinstance(event, sip.SessionEnded):
            self._over(orphan, by="caller" if event.by == "remote" else "system", why=_WHY[event.by], moment=moment)
        elif isinstance(event, sip.OfferReceived):
            self._parts.endpoint.answer_offer(event.session, orphan.sdp, now=moment.now)
        return True

    def end(self, leg: str, why: str, moment: Moment) -> None:
        """The system ends a conversation."""
        orphan = self._by_call.get(leg)
        if orphan is not None:
            self._parts.endpoint.end(orphan.session, now=moment.now)
            self._over(orphan, by="system", why=why, moment=moment)

    def end_on(self, line: str, moment: Moment) -> None:
        """The secretary of that line takes calls again: she has hung up."""
        for orphan in tuple(self._by_call.values()):
            if orphan.line == line:
                self._parts.endpoint.end(orphan.session, now=moment.now)
                self._over(orphan, by="secretary", why="hang_up", moment=moment)

    def _take(self, orphan: Orphan) -> None:
        self._by_call[orphan.call] = self._by_session[orphan.session] = orphan
        self._parts.ports.claim(orphan.port)

    def _keep(self, orphan: Orphan) -> None:
        kept = {"orphan": asdict(orphan), "sip": self._parts.endpoint.export(orphan.session)}
        self._parts.turn.state(ORPHAN_PREFIX + orphan.call, kept)

    def _over(self, orphan: Orphan, *, by: str, why: str, moment: Moment) -> None:
        if self._by_call.pop(orphan.call, None) is not None:
            self._by_session.pop(orphan.session, None)
            self._parts.ports.give_back(orphan.port, moment.now)
        self._parts.turn.state(ORPHAN_PREFIX + orphan.call, None)
        self._parts.turn.act(partial(self._parts.gateway.close_leg, orphan.call))
        self._parts.turn.event(
            CallEnded(
                house=orphan.house,
                at=moment.at,
                call=orphan.call,
                client=orphan.client,
                by=by,
                why=why,
                arrived_at_ms=orphan.arrived_ms,
                answered_at_ms=orphan.answered_ms,
                secretary=orphan.secretary or None,
            )
        )


_WHY = {"remote": "hang_up", "local": "exchange_lost", "system": "gone"}


def _orphan_of(call: Call, session: str) -> Orphan:
    return Orphan(
        call=call.id,
        house=call.house,
        client=call.client,
        session=session,
        secretary=call.secretary,
        port=call.port,
        sdp=call.sdp,
        arrived_ms=milliseconds(call.arrived_at),
        answered_ms=None if call.answered_at is None else milliseconds(call.answered_at),
    )
