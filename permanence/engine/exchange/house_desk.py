# SPDX-License-Identifier: AGPL-3.0-or-later
"""One house at the exchange: its reception, and the carrying out of what the reception decides."""

from collections.abc import Callable
from functools import partial
from typing import Any

from permanence.engine.exchange import messages
from permanence.engine.exchange.call import CARD_PREFIX, Call
from permanence.engine.exchange.caller_side import CallerSide
from permanence.engine.exchange.moment import Moment, milliseconds
from permanence.engine.exchange.seats import Seat, SeatBook
from permanence.engine.exchange.turn import Turn
from permanence.kernel.clock import Entropy
from permanence.reception import decisions as decided
from permanence.reception.desk import Reception
from permanence.reception.events import CallOffered, CallQueued
from permanence.reception.table import HouseSlice, RoutingTable
from permanence.telephony.core.call import CallState, Trigger
from permanence.telephony.events import CallEnded, VoiceMessageKept
from permanence.telephony.gateways.port import MediaGateway

RECEPTION_PREFIX = "reception/"
QUEUE_EVERY_S = 0.25
"""The queue changes with every call; screens are told a few times a second at most,"""
QUEUE_EVERY_S_A_PAGE = 0.008
"""and less often where there are many, so that a call costs the same in a large house."""
_OFF = "off"
_TONE = "beep"
_KEEPS_AFTER_CALL = frozenset({"wrap_up", "reconnecting"})


class HouseDesk:
    """The reception of one house joined to the callers' side and to the seats' pages.

    `calls` is the exchange's own map of every call; the desk reads and ends those of its house.
    """

    def __init__(
        self,
        house: str,
        table: RoutingTable,
        *,
        entropy: Entropy,
        turn: Turn,
        callers: CallerSide,
        gateway: MediaGateway,
        calls: dict[str, Call],
        seats: SeatBook,
        forget: Callable[[Call], None],
        reception: Reception | None = None,
    ) -> None:
        """`forget` is called once for each call when nothing more is expected of it."""
        self.house = house
        self._prefix = f"{RECEPTION_PREFIX}{house}/"
        self.reception = reception or Reception(house, table, entropy=entropy)
        self._table = table
        self._turn = turn
        self._callers = callers
        self._gateway = gateway
        self._calls = calls
        self._seats = seats
        self._forget = forget
        self.queue_due: float | None = None
        """The monotonic second at which `tell_queue` is wanted."""
        self._queue_free_at = 0.0
        self._queue_told: messages.Message = {}
        self._execute: dict[type, Callable[[Any, Moment], None]] = {
            decided.RingBack: self._ring_back,
            decided.StartMusic: self._start_music,
            decided.AnnouncePlace: self._announce_place,
            decided.Offer: self._offer,
            decided.WithdrawOffer: self._withdraw_offer,
            decided.Connect: self._connect,
            decided.KeepCaller: self._keep_caller,
            decided.Replug: self._replug,
            decided.CloseCall: self._close_call,
            decided.PresenceIs: self._presence_is,
            decided.QueueIs: self._queue_is,
        }

    @property
    def slice(self) -> HouseSlice:
        """The house as the table has it."""
        return self._table.houses[self.house]

    def table_changed(self, table: RoutingTable, moment: Moment) -> None:
        """The house, or one of its clients, changed."""
        self._table = table
        self.apply(self.reception.table_changed(table, at=moment.at), moment)

    def apply(self, answer: decided.Decided, moment: Moment) -> None:
        """Notes the events and states, then carries the decisions out."""
        self._turn.note(answer.events, self._prefix, answer.states)
        for event in answer.events:
            if isinstance(event, (CallQueued, CallOffered)):
                self._leave_conversation(event.call, moment)
        execute = self._execute
        for decision in answer.decisions:
            execute[type(decision)](decision, moment)

    def end_call(self, call: Call, *, by: str, why: str, moment: Moment) -> None:
        """The call is over: by the caller, by the secretary or by the system. Does nothing for a call that is."""
        before, secretary = call.state, call.secretary
        trigger = Trigger.CALLER_LEFT if by == "caller" else Trigger.END
        conversed = call.in_conversation
        if not self._callers.advance(call, trigger, moment):
            return
        if by == "secretary":
            self.apply(self.reception.call_over(secretary, call.id, at=moment.at), moment)
        else:
            self.apply(self.reception.call_gone(call.id, at=moment.at), moment)
        call.gone_by, call.gone_why = by, why
        if conversed:
            self._show_ended(call, moment)
        if before is CallState.VOICE_MESSAGE and call.recording:
            return  # `Recorded` is still to come: the message is announced before the end of its call
        self.close_books(call, moment)

    def close_books(self, call: Call, moment: Moment) -> None:
        """Announces the end of a call that is over and forgets it."""
        self._turn.event(
            CallEnded(
                house=call.house,
                at=moment.at,
                call=call.id,
                client=call.client,
                by=call.gone_by,
                why=call.gone_why,
                arrived_at_ms=milliseconds(call.arrived_at),
                answered_at_ms=None if call.answered_at is None else milliseconds(call.answered_at),
                secretary=call.secretary or None,
            )
        )
        self._forget(call)

    def message_kept(self, call: Call, file: str, seconds: float, moment: Moment) -> None:
        """Announces the voice message of a call."""
        self._turn.event(
            VoiceMessageKept(
                house=call.house,
                at=moment.at,
                call=call.id,
                client=call.client,
                file=file,
                seconds=seconds,
                caller=call.caller,
            )
        )

    def show_everything(self, seat: Seat) -> None:
        """The full state for a page that has just said hello."""
        shown = self.reception.presence(seat.secretary)
        if shown is not None:
            self._turn.send(seat.page, messages.presence(shown))
        self._turn.send(seat.page, messages.queue(self.reception.queue()))
        self._turn.send(seat.page, messages.line_is(seat.line_up, renew=not seat.line_held))
        running = self.reception.offer_to(seat.secretary)
        if running is not None:
            self._turn.send(seat.page, messages.offer(running))
        current = self.conversation_of(seat)
        if current is not None:
            self._turn.send(seat.page, messages.call_is(current))
        for message in seat.after:
            self._turn.send(seat.page, message)

    def tell_queue(self, moment: Moment) -> None:
        """Tells every page the queue when it is another one than was told; not again before `queue_due`."""
        self.queue_due = None
        message = messages.queue(self.reception.queue())
        if message == self._queue_told:
            return
        self._queue_told = message
        pages = [seat.page for seat in self._seats.in_house(self.house)]
        self._queue_free_at = moment.now + max(QUEUE_EVERY_S, len(pages) * QUEUE_EVERY_S_A_PAGE)
        self._turn.broadcast(pages, message)

    def conversation_of(self, seat: Seat) -> Call | None:
        """The call she talks in."""
        call = self._calls.get(self.reception.call_of(seat.secretary) or "")
        return call if call is not None and call.in_conversation and call.secretary == seat.secretary else None

    # -- decisions -------------------------------------------------------------------------------------------------

    def _ring_back(self, decision: decided.RingBack, moment: Moment) -> None:
        self._advance(decision.call, Trigger.RING, moment)

    def _start_music(self, decision: decided.StartMusic, moment: Moment) -> None:
        self._advance(decision.call, Trigger.PLAY_MUSIC, moment)

    def _announce_place(self, decision: decided.AnnouncePlace, _moment: Moment) -> None:
        call = self._calls.get(decision.call)
        if call is not None:
            call.place = decision.place
            self._callers.say_place(call, decision.prompts)

    def _offer(self, decision: decided.Offer, _moment: Moment) -> None:
        call, seat = self._calls.get(decision.call), self._seats.of(self.house, decision.secretary)
        message = messages.offer(decision)
        if call is not None:
            call.offer, call.card = decision.offer, message["card"]
            self._turn.touch(call)
        if seat is not None:
            self._turn.send(seat.page, message)

    def _withdraw_offer(self, decision: decided.WithdrawOffer, _moment: Moment) -> None:
        self._offer_over(decision.call, decision.offer, decision.secretary, decision.how)

    def _offer_over(self, call: str, offer: str, secretary: str, how: str) -> None:
        seat = self._seats.of(self.house, secretary)
        if seat is not None:
            self._turn.send(seat.page, messages.offer_ended(call, offer, how))

    def _connect(self, decision: decided.Connect, moment: Moment) -> None:
        call = self._calls.get(decision.call)
        if call is None:
            return
        call.secretary, call.seat = decision.secretary, decision.seat
        call.card = call.card or decision.card.plain()
        self._turn.state(CARD_PREFIX + call.id, call.card)
        call.answered_at = call.answered_at or moment.at
        if not self._callers.advance(call, Trigger.ANSWER, moment):
            return
        seat = self._seats.of(self.house, decision.secretary)
        if seat is None:
            return
        if seat.muted:
            seat.muted = False
            self._callers.mute(call, False)
        self._offer_over(call.id, call.offer, seat.secretary, "answered")
        self._turn.send(seat.page, messages.call_is(call))

    def _keep_caller(self, decision: decided.KeepCaller, moment: Moment) -> None:
        self._advance(decision.call, Trigger.LINE_LOST, moment)

    def _replug(self, decision: decided.Replug, moment: Moment) -> None:
        call, seat = self._calls.get(decision.call), self._seats.of(self.house, decision.secretary)
        if call is None or not self._callers.advance(call, Trigger.LINE_BACK, moment):
            return
        if seat is not None:
            if call.muted:
                self._callers.mute(call, True)
            self._turn.send(seat.page, messages.call_is(call))

    def _close_call(self, decision: decided.CloseCall, moment: Moment) -> None:
        call = self._calls.get(decision.call)
        if call is None:
            return
        call.closing_prompts = (*decision.prompts, _TONE) if decision.voice_message else decision.prompts
        call.closing_reason = decision.reason
        call.voice_message = decision.voice_message
        self._callers.advance(call, Trigger.CLOSE, moment)

    def _presence_is(self, decision: decided.PresenceIs, _moment: Moment) -> None:
        seat = self._seats.of(self.house, decision.secretary)
        if seat is None:
            return
        if seat.after and decision.state not in _KEEPS_AFTER_CALL:
            seat.after = ()
            self._turn.state(seat.state_name, seat.to_plain())
        self._turn.send(seat.page, messages.presence(decision))
        if decision.state == _OFF and not seat.page:
            self._turn.act(partial(self._gateway.close_line, seat.line))
            self._turn.state(seat.state_name, None)
            self._seats.remove(seat)

    def _queue_is(self, _decision: decided.QueueIs, moment: Moment) -> None:
        if moment.now >= self._queue_free_at:
            self.tell_queue(moment)
        else:
            self.queue_due = self._queue_free_at

    # -- small ones ------------------------------------------------------------------------------------------------

    def _advance(self, call_id: str, trigger: Trigger, moment: Moment) -> None:
        call = self._calls.get(call_id)
        if call is not None:
            self._callers.advance(call, trigger, moment)

    def _leave_conversation(self, call_id: str, moment: Moment) -> None:
        """The secretary of the call is lost for good: it waits again, and she no longer has it."""
        call = self._calls.get(call_id)
        if call is None or not call.in_conversation:
            return
        self._callers.advance(call, Trigger.REQUEUE, moment)
        seat = self._seats.of(self.house, call.secretary)
        if seat is not None:
            over = messages.ended(call, by="system", why="line_lost", wrap_up_until_ms=None, ended_ms=moment.ms)
            self._turn.send(seat.page, over)
        call.secretary, call.seat, call.muted = "", "", False

    def _show_ended(self, call: Call, moment: Moment) -> None:
        """Her call is over: tells her, and keeps what a reloaded page needs to wrap it up."""
        seat = self._seats.of(self.house, call.secretary)
        if seat is None:
            return
        shown = self.reception.presence(call.secretary)
        until = None if shown is None or shown.until is None else milliseconds(shown.until)
        over = messages.ended(call, by=call.gone_by, why=call.gone_why, wrap_up_until_ms=until, ended_ms=moment.ms)
        if until is not None:
            seat.after = (messages.call_is(call), over)
            self._turn.state(seat.state_name, seat.to_plain())
        self._turn.send(seat.page, over)
