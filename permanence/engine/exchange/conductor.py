# SPDX-License-Identifier: AGPL-3.0-or-later
"""The conductor: joins SIP, reception, media and the seats' pages. No I/O, no clock, no loop: the moment comes with
each input, so the whole exchange runs in a test with a clock that is moved by hand.

Each public method is one *turn*: it works out what follows from its input, writes that to the journal, then does it.
After each, the owner sends what `endpoint.drain_output()` holds and sets its timer to `next_deadline`.
"""

from typing import Any

from permanence.engine.exchange.arrivals import Arrivals
from permanence.engine.exchange.call import Call
from permanence.engine.exchange.caller_side import CLOSING_TAG, PLACE_TAG, CallerSide
from permanence.engine.exchange.dialling import Dialling
from permanence.engine.exchange.house_desk import HouseDesk
from permanence.engine.exchange.moment import Moment
from permanence.engine.exchange.orphans import Orphans
from permanence.engine.exchange.parts import MEDIA_AWAY_S, ExchangeSettings, Parts, SlicesPort
from permanence.engine.exchange.ports import PortPool
from permanence.engine.exchange.seat_desk import SeatDesk
from permanence.engine.exchange.status import status_of
from permanence.engine.exchange.trunks import HouseTrunk, TrunkBook
from permanence.engine.exchange.turn import JournalPort, PagesPort, Turn
from permanence.kernel.clock import Entropy
from permanence.kernel.refusals import Refusal
from permanence.kernel.tickets import SeatTicket
from permanence.telephony import commands
from permanence.telephony.core.call import CallState, Trigger
from permanence.telephony.events import TrunkRefused
from permanence.telephony.gateways.port import MediaGateway
from permanence.telephony.media import control as media
from permanence.telephony.sip import events as sip
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.flow import Flow

RECORDING_LIMIT_S = 10.0  # how long media may take to close a recording after the call
SILENCE_LIMIT_S = 120.0  # a leg without one packet for so long belongs to a call whose BYE was lost
MIN_VOICE_MESSAGE_S = 1.0
MAX_DESCRIPTIONS = 20  # of our side of one call, before a leg that fails again ends it
_END_OF_MESSAGE = "#"


class Conductor:
    """The exchange without its sockets."""

    def __init__(
        self,
        settings: ExchangeSettings,
        *,
        endpoint: SipEndpoint,
        gateway: MediaGateway,
        journal: JournalPort,
        pages: PagesPort,
        slices: SlicesPort,
        trunks: TrunkBook,
        entropy: Entropy,
    ) -> None:
        turn = Turn(journal, pages, endpoint.export)
        ports = PortPool(settings.first_rtp_port, settings.last_rtp_port)
        self.parts = Parts(
            settings=settings,
            endpoint=endpoint,
            gateway=gateway,
            journal=journal,
            slices=slices,
            trunks=trunks,
            entropy=entropy,
            turn=turn,
            ports=ports,
            callers=CallerSide(endpoint, gateway, ports, turn),
        )
        parts = self.parts
        self.orphans = Orphans(parts)
        self.seat_desk = SeatDesk(
            seats=parts.seats,
            desks=parts.desks,
            turn=turn,
            callers=parts.callers,
            gateway=gateway,
            calls=parts.calls,
            freed=self.orphans.end_on,
        )
        self.dialling = Dialling(parts)
        self._arrivals = Arrivals(parts, came_back=self.dialling.came_back)
        self._limits: dict[tuple[str, str], float] = {}
        trunks.table_changed(slices.table)
        for house in slices.table.houses:
            parts.desks[house] = self.new_desk(house)

    def new_desk(self, house: str, **options: Any) -> HouseDesk:
        """A desk for a house of the table."""
        return HouseDesk(
            house,
            self.parts.slices.table,
            entropy=self.parts.entropy,
            turn=self.parts.turn,
            callers=self.parts.callers,
            gateway=self.parts.gateway,
            calls=self.parts.calls,
            seats=self.parts.seats,
            forget=self._forget,
            **options,
        )

    # -- SIP -------------------------------------------------------------------------------------------------------

    def sip_happened(self, moment: Moment) -> None:
        """Takes what the endpoint announces. Call it after `receive`, `tick` and `flow_lost`."""
        for event in self.parts.endpoint.drain_events():
            self.sip_event(event, moment)

    def sip_event(self, event: sip.SipEvent, moment: Moment) -> None:
        """Takes one event of the endpoint."""
        with self.one_turn():
            self._sip_event(event, moment)

    def _sip_event(self, event: sip.SipEvent, moment: Moment) -> None:
        if isinstance(event, sip.InviteReceived):
            self._arrivals.invite(event, moment)
            return
        if isinstance(event, sip.SourceRefused):
            for house in self.parts.desks:
                self.parts.turn.event(TrunkRefused(house=house, at=moment.at, source=event.source, count=event.count))
            return
        if not isinstance(event, sip.SessionEvent):
            return
        if self.dialling.sip_event(event, moment) or self.orphans.sip_event(event, moment):
            return
        call = self.parts.sessions.get(event.session)
        if call is not None:
            self._call_event(call, event, moment)

    def _call_event(self, call: Call, event: sip.SessionEvent, moment: Moment) -> None:
        if not isinstance(event, sip.SessionConfirmed) or event.sdp is not None:
            # An ACK alone is not worth a write: a session taken over without it sends its 200 again and gets another.
            self.parts.turn.touch(call)
        if isinstance(event, sip.InviteCancelled):
            self.end_call(call, by="caller", why="abandoned", moment=moment)
        elif isinstance(event, sip.SessionEnded):
            if event.by == "remote":
                waited_in_vain = call.state is CallState.WAITING
                self.end_call(call, by="caller", why="abandoned" if waited_in_vain else "hang_up", moment=moment)
            elif event.by == "system":
                self.end_call(call, by="system", why=event.why, moment=moment)
        elif isinstance(event, (sip.SessionConfirmed, sip.OfferAnswered)):
            if not self.parts.callers.late_answer(call, event.sdp, moment):
                self.end_call(call, by="system", why="refused", moment=moment)
        elif isinstance(event, sip.OfferRefused):
            # We only offer again when the leg had to move: the caller sends to a port that is not ours.
            self.end_call(call, by="system", why="media_lost", moment=moment)
        elif isinstance(event, sip.OfferReceived):
            self.parts.callers.offered_again(call, event.sdp, moment)
        elif isinstance(event, sip.DtmfInfo):
            self._digit(call, event.digit)

    # -- media -----------------------------------------------------------------------------------------------------

    def media_happened(self, event: media.MediaEvent, moment: Moment) -> None:
        """Takes an event of the media gateway (except `MediaConnected`, see `takeover.media_connected`)."""
        with self.one_turn():
            self._media_event(event, moment)

    def _media_event(self, event: media.MediaEvent, moment: Moment) -> None:
        if isinstance(event, (media.LineUp, media.LineLost, media.LineFailed)):
            self.seat_desk.line_event(event, moment)
        elif isinstance(event, (media.LegFailed, media.LegHeard, media.LegSilent)):
            self._leg_event(event, moment)
        elif isinstance(event, media.DtmfHeard):
            self.dialling.digit_heard(event.party, event.digit, moment)
            call = self.parts.calls.get(event.party)
            if call is not None:
                self._digit(call, event.digit)
        elif isinstance(event, media.Played):
            self._played(event, moment)
        elif isinstance(event, (media.Recorded, media.RecordFailed)):
            self._recorded(event, moment)
        elif isinstance(event, (media.MediaLost, media.MediaSilent)):
            self._media_away(isinstance(event, media.MediaSilent), moment)

    def _media_away(self, silent: bool, moment: Moment) -> None:
        """The connection broke, or (`silent`) nobody answers at its other end and has not for some seconds."""
        parts = self.parts
        if silent:
            parts.media_away_at = moment.now - MEDIA_AWAY_S
        elif parts.media_away_at is None:
            parts.media_away_at = moment.now
        parts.alarms["media"] = (
            "the media process gives no sign of life" if silent else "the media process cannot be reached"
        )
        self.seat_desk.lines_out_of_reach(moment)

    def _leg_event(self, event: media.LegFailed | media.LegHeard | media.LegSilent, moment: Moment) -> None:
        if isinstance(event, media.LegHeard):
            self.dialling.leg_heard(event)
            self.parts.alarms.pop("leg", None)
            self._limits.pop(("silent", event.leg), None)
            return
        call = self.parts.calls.get(event.leg)
        if isinstance(event, media.LegFailed):
            if call is not None:
                self._leg_failed(call, event.why, moment)
            self.orphans.end(event.leg, "media_lost", moment)
        elif event.leg in self.orphans or (call is not None and call.sending):
            self._limits[("silent", event.leg)] = moment.now + SILENCE_LIMIT_S

    def _leg_failed(self, call: Call, why: str, moment: Moment) -> None:
        """Another port, unless it is the address that cannot be had or ports fail one after the other."""
        movable = why != "address" and call.sdp_version < MAX_DESCRIPTIONS
        if movable and self.parts.callers.move_leg(call, moment):
            return
        self.parts.alarms["leg"] = f"media cannot open the leg of a call on {call.bind_host or 'its address'}: {why}"
        self.end_call(call, by="system", why="media_lost", moment=moment)

    def _digit(self, call: Call, digit: str) -> None:
        if call.state is CallState.VOICE_MESSAGE and digit == _END_OF_MESSAGE:
            self.parts.turn.act(lambda: self.parts.gateway.stop_record(call.id))

    def _played(self, event: media.Played, moment: Moment) -> None:
        call = self.parts.calls.get(event.party)
        if call is None:
            return
        if event.tag == PLACE_TAG:
            self.parts.callers.music_again(call, moment)
        elif event.tag == CLOSING_TAG and call.state is CallState.CLOSING:
            if call.voice_message:
                self.parts.callers.advance(call, Trigger.SPEAK, moment)
            else:
                self.end_call(call, by="system", why=call.closing_reason, moment=moment)

    def _recorded(self, event: media.Recorded | media.RecordFailed, moment: Moment) -> None:
        call = self.parts.calls.get(event.leg)
        if self.dialling.recorded(event, moment) or call is None or event.file != call.recording:
            return
        if isinstance(event, media.Recorded):
            if event.seconds >= MIN_VOICE_MESSAGE_S:
                self.parts.desk_of(call).message_kept(call, event.file, event.seconds, moment)
        else:
            self.parts.alarms["recording"] = f"a voice message could not be written: {event.why}"
        call.recording = ""
        if call.state is CallState.ENDED:
            self.parts.desk_of(call).close_books(call, moment)
        else:
            self.end_call(call, by="system", why=call.closing_reason, moment=moment)

    # -- seats -----------------------------------------------------------------------------------------------------

    def page_opened(self, page: str, ticket: SeatTicket, hello: commands.Hello, moment: Moment) -> None:
        """A page said hello with a ticket that is good. Raises Refusal."""
        with self.one_turn():
            self.seat_desk.open_page(page, ticket, hello, moment)

    def page_renewed(self, page: str, ticket: SeatTicket) -> None:
        """The page brought a fresh ticket. Raises Refusal when it is not its own."""
        self.seat_desk.renew(page, ticket)

    def page_command(self, page: str, command: commands.SeatCommand, request: int | None, moment: Moment) -> None:
        """A command of a seat; its acceptance is told once the journal is on the disk. Raises Refusal."""
        with self.one_turn():
            self.seat_desk.command(page, command, moment)
            self.parts.turn.reply(page, request)

    def page_closed(self, page: str, moment: Moment) -> None:
        """The socket of a page is gone."""
        with self.one_turn():
            self.seat_desk.close_page(page, moment)

    # -- the house -------------------------------------------------------------------------------------------------

    def house_command(self, command: commands.HouseCommand, moment: Moment) -> Any:
        """What web and worker ask. Raises Refusal."""
        with self.one_turn():
            if isinstance(command, commands.Publish):
                self.parts.slices.publish(command.slice)
                self._table_changed(moment)
            elif isinstance(command, commands.Withdraw):
                self.parts.slices.withdraw(command.house, command.client)
                self._table_changed(moment)
            elif isinstance(command, commands.RevokeSeat):
                self.seat_desk.revoke(command.house, command.secretary, moment)
            elif isinstance(command, commands.Versions):
                return self.parts.slices.table.versions()
            elif isinstance(command, commands.Status):
                return status_of(self.parts, self.seat_desk, moment)
            else:
                raise Refusal("the exchange does not know this command")
            return None

    def dial(
        self, command: commands.Dial, trunk: HouseTrunk, flows: tuple[Flow, ...], password: str, moment: Moment
    ) -> str:
        """Calls out; the id of the call. Raises Refusal."""
        with self.one_turn():
            return self.dialling.begin(command, trunk, flows, password, moment)

    def _table_changed(self, moment: Moment) -> None:
        table = self.parts.slices.table
        self.parts.trunks.table_changed(table)
        for house in table.houses:
            if house in self.parts.desks:
                self.parts.desks[house].table_changed(table, moment)
            else:
                self.parts.desks[house] = self.new_desk(house)

    # -- time ------------------------------------------------------------------------------------------------------

    def tick(self, moment: Moment) -> None:
        """Does what is due, in the SIP endpoint too."""
        self.parts.endpoint.tick(moment.now)
        self.sip_happened(moment)
        self.tick_desks(moment)

    def tick_desks(self, moment: Moment) -> None:
        """Does what is due at the receptions and for the calls."""
        for desk in tuple(self.parts.desks.values()):
            due = desk.reception.next_deadline()
            if due is not None and due <= moment.at:
                with self.one_turn():
                    desk.apply(desk.reception.tick(at=moment.at), moment)
            if desk.queue_due is not None and desk.queue_due <= moment.now:
                with self.one_turn():
                    desk.tell_queue(moment)
        dial_due = self.dialling.next_deadline()
        if dial_due is not None and dial_due <= moment.now:
            with self.one_turn():
                self.dialling.tick(moment)
        for (kind, name), due_at in tuple(self._limits.items()):
            if due_at <= moment.now:
                del self._limits[(kind, name)]
                with self.one_turn():
                    self._limit_reached(kind, name, moment)

    def next_deadline(self, moment: Moment) -> float | None:
        """The monotonic second at which `tick` is wanted; None when nothing waits."""
        wanted = (self.parts.endpoint.next_deadline(), self.next_desk_deadline(moment))
        return min((due for due in wanted if due is not None), default=None)

    def next_desk_deadline(self, moment: Moment) -> float | None:
        """The monotonic second at which `tick_desks` is wanted; None when nothing waits."""
        wanted = min(self._limits.values()) if self._limits else None
        dial_due = self.dialling.next_deadline()
        if dial_due is not None and (wanted is None or dial_due < wanted):
            wanted = dial_due
        for desk in self.parts.desks.values():
            due = desk.reception.next_deadline()
            if due is not None:
                desk_due = moment.now + (due - moment.at).total_seconds()
                wanted = desk_due if wanted is None or desk_due < wanted else wanted
            if desk.queue_due is not None and (wanted is None or desk.queue_due < wanted):
                wanted = desk.queue_due
        return wanted

    def keep_sessions(self) -> None:
        """Writes what changed in the SIP sessions without an event (a refresh of ours moves CSeq: RFC 4028)."""
        with self.one_turn():
            for call in self.parts.calls.values():
                if call.sip_answered and call.state is not CallState.ENDED:
                    self.parts.turn.touch(call)

    def synced(self) -> None:
        """More of the journal is on the disk."""
        self.parts.turn.synced()

    def _limit_reached(self, kind: str, name: str, moment: Moment) -> None:
        call = self.parts.calls.get(name)
        if call is None:
            self.orphans.end(name, "media_lost", moment)
        elif kind == "recording":
            self.parts.desk_of(call).close_books(call, moment)
        else:
            self.end_call(call, by="system", why="media_lost", moment=moment)

    # -- shared with the parts ---------------------------------------------------------------------------------------

    def one_turn(self) -> Turn:
        """Inputs that are worked on together: written together, and when one is refused nothing behind it is done."""
        return self.parts.turn

    def other_sessions(self) -> frozenset[str]:
        """The SIP sessions that belong to none of the calls, and rightly so."""
        return self.dialling.sessions() | self.orphans.sessions()

    def end_call(self, call: Call, *, by: str, why: str, moment: Moment) -> None:
        """A call ends, whatever it was doing."""
        self.parts.desk_of(call).end_call(call, by=by, why=why, moment=moment)
        if call.id in self.parts.calls and call.state is CallState.ENDED:
            self.await_recording(call, moment)

    def await_recording(self, call: Call, moment: Moment) -> None:
        """The call is over but for its recording: it is not waited for without end."""
        self._limits[("recording", call.id)] = moment.now + RECORDING_LIMIT_S

    def _forget(self, call: Call) -> None:
        self.parts.calls.pop(call.id, None)
        self.parts.sessions.pop(call.session, None)
        self._limits.pop(("recording", call.id), None)
        self._limits.pop(("silent", call.id), None)
        self.parts.turn.forget(call)
