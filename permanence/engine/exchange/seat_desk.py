# SPDX-License-Identifier: AGPL-3.0-or-later
"""The seats' side of the exchange: hello, one page at a time, the permanent line, the secretary's commands."""

from collections.abc import Callable
from functools import partial
from typing import Any

from permanence.engine.exchange import messages
from permanence.engine.exchange.call import Call
from permanence.engine.exchange.caller_side import CallerSide
from permanence.engine.exchange.house_desk import HouseDesk
from permanence.engine.exchange.moment import Moment
from permanence.engine.exchange.seats import Seat, SeatBook, fingerprint_of
from permanence.engine.exchange.turn import Turn
from permanence.kernel.refusals import Refusal
from permanence.kernel.tickets import SeatTicket, TicketRefused
from permanence.telephony import commands
from permanence.telephony.core.call import Trigger, accepts
from permanence.telephony.events import CallHeld, CallResumed
from permanence.telephony.gateways.port import MediaGateway
from permanence.telephony.media.control import LineFailed, LineLost, LineUp

REVOKED_PREFIX = "revoked/"
_ANSWER_RIGHT = "answer"
_TICKET, _TAKEN_OVER = 4401, 4409


class NotYourCall(Refusal):
    """The call is over, somebody else's, or not in a state in which this can be done."""

    code = "not_your_call"


class SeatGone(Refusal):
    """The page no longer holds the seat."""

    code = "seat_gone"


class SeatDesk:
    """Leads every seat of every house."""

    def __init__(
        self,
        *,
        seats: SeatBook,
        desks: dict[str, HouseDesk],
        turn: Turn,
        callers: CallerSide,
        gateway: MediaGateway,
        calls: dict[str, Call],
        freed: Callable[[str, Moment], None],
    ) -> None:
        """`freed(line, moment)`: the secretary of the line takes calls again."""
        self._seats = seats
        self._desks = desks
        self._turn = turn
        self._callers = callers
        self._gateway = gateway
        self._calls = calls
        self._freed = freed
        self.revoked: dict[str, int] = {}
        self._commands: dict[type, Callable[[Seat, Any, Moment], None]] = {
            commands.NegotiateLine: self._negotiate,
            commands.GoReady: self._ready,
            commands.TakeBreak: self._break,
            commands.GoOff: self._off,
            commands.AnswerCall: self._answer,
            commands.DeclineCall: self._decline,
            commands.EndCall: self._end,
            commands.HoldCall: self._hold,
            commands.ResumeCall: self._resume,
            commands.MuteSeat: self._mute,
            commands.SendDigits: self._digits,
            commands.CloseWrapUp: self._wrap_up_done,
        }

    # -- pages -----------------------------------------------------------------------------------------------------

    def open_page(self, page: str, ticket: SeatTicket, hello: commands.Hello, moment: Moment) -> None:
        """Gives the secretary's seat to this page; another page that has it is told goodbye. Raises TicketRefused."""
        desk = self._check(ticket)
        seat = self._seats.of(ticket.house, ticket.secretary)
        if seat is None:
            seat = Seat(house=ticket.house, secretary=ticket.secretary, name=ticket.name, seat=ticket.seat)
            self._seats.put(seat)
        before = self._seats.attach(seat, page)
        if before:
            self._turn.close(before, _TAKEN_OVER, "the seat is open on another page")
        seat.name, seat.seat, seat.issued = ticket.name, ticket.seat, ticket.issued
        seat.page_host = hello.page_host
        self._turn.state(seat.state_name, seat.to_plain())
        if hello.offer is not None and seat.line_up:
            self.line_is(seat, False, moment)
        answer = desk.reception.seat_connected(seat.secretary, seat.seat, at=moment.at)
        shown = desk.reception.presence(seat.secretary)
        self._turn.send(
            page,
            messages.welcome(
                desk.slice,
                secretary=seat.secretary,
                name=seat.name,
                seat=seat.seat,
                presence="off" if shown is None else shown.state,
                server_ms=moment.ms,
            ),
        )
        desk.apply(answer, moment)
        desk.show_everything(seat)
        if hello.offer is not None:
            seat.fingerprint = ""
            self._negotiate(seat, commands.NegotiateLine(hello.offer, hello.page_host), moment)

    def renew(self, page: str, ticket: SeatTicket) -> None:
        """A fresh ticket of the same secretary. Raises TicketRefused."""
        seat = self._seats.at_page(page)
        if seat is None or (seat.house, seat.secretary) != (ticket.house, ticket.secretary):
            raise TicketRefused("the ticket is somebody else's")
        self._check(ticket)
        seat.issued = ticket.issued

    def close_page(self, page: str, moment: Moment) -> None:
        """The socket is gone: the seat is kept for a while. Nothing for a page that was taken over."""
        seat = self._seats.at_page(page)
        if seat is None:
            return
        self._seats.attach(seat, "")
        desk = self._desks[seat.house]
        desk.apply(desk.reception.seat_lost(seat.secretary, seat.seat, at=moment.at), moment)

    def revoke(self, house: str, secretary: str, moment: Moment) -> None:
        """The secretary may sit no longer; tickets issued until now are worth nothing."""
        key = f"{house}/{secretary}"
        self.revoked[key] = int(moment.at.timestamp())
        self._turn.state(REVOKED_PREFIX + key, self.revoked[key])
        seat, desk = self._seats.of(house, secretary), self._desks.get(house)
        if seat is None or desk is None:
            return
        desk.apply(desk.reception.seat_revoked(secretary, at=moment.at), moment)
        self._turn.close(seat.page, _TICKET, "the seat was withdrawn")
        self._turn.act(partial(self._gateway.close_line, seat.line))
        self._turn.state(seat.state_name, None)
        self._seats.remove(seat)

    def presence_of(self, seat: Seat) -> str:
        """Her presence as a word."""
        shown = self._desks[seat.house].reception.presence(seat.secretary)
        return "off" if shown is None else shown.state

    def _check(self, ticket: SeatTicket) -> HouseDesk:
        desk = self._desks.get(ticket.house)
        if desk is None:
            raise TicketRefused("the exchange does not know this house")
        if _ANSWER_RIGHT not in ticket.rights:
            raise TicketRefused("this ticket does not allow answering calls")
        if all(entry.id != ticket.secretary for entry in desk.slice.secretaries):
            raise TicketRefused("the exchange does not know this secretary")
        if ticket.issued <= self.revoked.get(f"{ticket.house}/{ticket.secretary}", -1):
            raise TicketRefused("the seat was withdrawn")
        return desk

    # -- her line --------------------------------------------------------------------------------------------------

    def line_event(self, event: LineUp | LineLost | LineFailed, moment: Moment) -> None:
        """What media tells of a line."""
        seat = self._seats.with_line(event.line)
        if seat is None:
            return
        if isinstance(event, LineFailed):
            self._turn.send(seat.page, messages.error("line_failed", event.why))
            seat.line_held = False
        self.line_is(seat, isinstance(event, LineUp), moment)

    def line_is(self, seat: Seat, up: bool, moment: Moment) -> None:
        """Her line is up or down, as media sees it."""
        seat.line_up = up
        seat.line_held = seat.line_held or up
        desk = self._desks[seat.house]
        self._turn.state(seat.state_name, seat.to_plain())
        self._turn.send(seat.page, messages.line_is(up, renew=not seat.line_held))
        desk.apply(desk.reception.line_state(seat.secretary, up=up, at=moment.at), moment)

    def lines_out_of_reach(self, moment: Moment) -> None:
        """Media is gone: every secretary whose line was up is told now, and gets no call. What lives on in media
        (its socket was lost, not the process) is found again when it is back."""
        for seat in self._seats:
            if seat.line_up:
                self.line_is(seat, False, moment)

    def _negotiate(self, seat: Seat, command: commands.NegotiateLine, moment: Moment) -> None:
        """A new browser transport, or an ICE restart of the one that lives (same DTLS fingerprint)."""
        fingerprint = fingerprint_of(command.sdp)
        again = seat.line_held and fingerprint != "" and fingerprint == seat.fingerprint
        seat.fingerprint = fingerprint
        seat.page_host = command.page_host or seat.page_host
        seat.line_held = True
        self._turn.state(seat.state_name, seat.to_plain())
        ask = self._gateway.renegotiate_line if again else self._gateway.open_line
        page = seat.page

        def answered(sdp: str | None, code: str) -> None:
            message = {"t": "sdp", "sdp": sdp} if sdp is not None else messages.error(code or "bad_offer", "no answer")
            if sdp is None:
                seat.line_held = False
            self._turn.send_now(page, message)

        self._turn.act(partial(ask, seat.line, command.sdp, seat.page_host, answered))
        if not again and seat.line_up:
            desk = self._desks[seat.house]
            seat.line_up = False
            desk.apply(desk.reception.line_state(seat.secretary, up=False, at=moment.at), moment)

    # -- her commands ----------------------------------------------------------------------------------------------

    def command(self, page: str, command: commands.SeatCommand, moment: Moment) -> None:
        """Carries out a command of the page. Raises Refusal."""
        seat = self._seats.at_page(page)
        if seat is None:
            raise SeatGone("this page no longer holds the seat")
        self._commands[type(command)](seat, command, moment)

    def _ready(self, seat: Seat, _command: commands.GoReady, moment: Moment) -> None:
        desk = self._desks[seat.house]
        desk.apply(desk.reception.ready(seat.secretary, at=moment.at), moment)
        self._freed(seat.line, moment)

    def _break(self, seat: Seat, command: commands.TakeBreak, moment: Moment) -> None:
        desk = self._desks[seat.house]
        desk.apply(desk.reception.pause(seat.secretary, command.reason, at=moment.at), moment)

    def _off(self, seat: Seat, _command: commands.GoOff, moment: Moment) -> None:
        desk = self._desks[seat.house]
        desk.apply(desk.reception.off(seat.secretary, at=moment.at), moment)

    def _answer(self, seat: Seat, command: commands.AnswerCall, moment: Moment) -> None:
        desk = self._desks[seat.house]
        desk.apply(desk.reception.answer(seat.secretary, command.call, at=moment.at), moment)

    def _decline(self, seat: Seat, command: commands.DeclineCall, moment: Moment) -> None:
        desk = self._desks[seat.house]
        desk.apply(desk.reception.decline(seat.secretary, command.call, at=moment.at), moment)

    def _wrap_up_done(self, seat: Seat, command: commands.CloseWrapUp, moment: Moment) -> None:
        desk = self._desks[seat.house]
        answer = desk.reception.wrap_up_done(seat.secretary, command.call, command.outcome, at=moment.at)
        desk.apply(answer, moment)

    def _end(self, seat: Seat, command: commands.EndCall, moment: Moment) -> None:
        call = self._her_call(seat, command.call)
        self._desks[seat.house].end_call(call, by="secretary", why="hang_up", moment=moment)

    def _hold(self, seat: Seat, command: commands.HoldCall, moment: Moment) -> None:
        call = self._her_call(seat, command.call, Trigger.HOLD)
        self._callers.advance(call, Trigger.HOLD, moment)
        held = CallHeld(house=call.house, at=moment.at, call=call.id, client=call.client, secretary=seat.secretary)
        self._turn.event(held)
        self._turn.send(seat.page, messages.call_is(call))

    def _resume(self, seat: Seat, command: commands.ResumeCall, moment: Moment) -> None:
        call = self._her_call(seat, command.call, Trigger.RESUME)
        self._callers.advance(call, Trigger.RESUME, moment)
        self._turn.event(
            CallResumed(house=call.house, at=moment.at, call=call.id, client=call.client, secretary=seat.secretary)
        )
        self._turn.send(seat.page, messages.call_is(call))

    def _mute(self, seat: Seat, command: commands.MuteSeat, _moment: Moment) -> None:
        call = self._desks[seat.house].conversation_of(seat)
        if call is None:
            raise NotYourCall("there is no call to mute")
        seat.muted = command.on
        self._callers.mute(call, command.on)
        self._turn.send(seat.page, messages.call_is(call))

    def _digits(self, seat: Seat, command: commands.SendDigits, moment: Moment) -> None:
        self._callers.digits(self._her_call(seat, command.call), command.digits, moment)

    def _her_call(self, seat: Seat, call_id: str, trigger: Trigger | None = None) -> Call:
        call = self._calls.get(call_id)
        if call is None or call.house != seat.house or call.secretary != seat.secretary or not call.in_conversation:
            raise NotYourCall("this call is over or not yours")
        if trigger is not None and not accepts(call.state, trigger):
            raise NotYourCall(f"{trigger.value} while {call.state.value}")
        return call
