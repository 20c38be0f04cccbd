# SPDX-License-Identifier: AGPL-3.0-or-later
"""The exchange as a process: the conductor with its sockets, its journal, its clock and its loop."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from permanence.engine.exchange import takeover
from permanence.engine.exchange.aside import note_healthy, open_journal, states_of
from permanence.engine.exchange.bus import ControlServer
from permanence.engine.exchange.closing import close_house, is_busy
from permanence.engine.exchange.conductor import Conductor
from permanence.engine.exchange.dialling import CannotDial
from permanence.engine.exchange.journal import Journal
from permanence.engine.exchange.line import LineServer
from permanence.engine.exchange.log import event_fields
from permanence.engine.exchange.moment import Moment
from permanence.engine.exchange.options import Options
from permanence.engine.exchange.parts import ExchangeSettings
from permanence.engine.exchange.rebuild import rebuild
from permanence.engine.exchange.slices import SliceStore
from permanence.engine.exchange.trunk_edge import TrunkEdge
from permanence.engine.exchange.trunks import TrunkBook
from permanence.engine.exchange.vigil import Vigil
from permanence.kernel.clock import Clock, Entropy
from permanence.kernel.events import Event
from permanence.kernel.faults import FaultBook
from permanence.kernel.pulse import PULSE_S, Pulse
from permanence.kernel.refusals import Refusal
from permanence.kernel.tickets import SeatTicket
from permanence.reception.events import CallAnswered, CallClosed
from permanence.telephony.commands import Dial, Hello, HouseCommand, Publish, SeatCommand, Status
from permanence.telephony.events import CallArrived, CallEnded, UnknownLineCalled, VoiceMessageKept
from permanence.telephony.gateways.embedded import EmbeddedGateway
from permanence.telephony.media.control import Fault, MediaConnected, MediaEvent, Recorded
from permanence.telephony.shells.dns import NameService
from permanence.telephony.shells.sip_runner import RINGS_LATE_S, SipRunner
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.events import (
    PingAnswered,
    RegistrationChanged,
    SessionConfirmed,
    SipEvent,
    SourceRefused,
)
from permanence.telephony.sip.settings import SipSettings

CONTROL_SOCKET, MEDIA_SOCKET, TICKET_KEY = "exchange.sock", "media.sock", "ticket.key"
HEALTHY_S = 10
RESTART = 70
CLOSE_S, CLOSE_LOOK_S = 1.5, 0.02
KEEP_SESSIONS_S = 10
TIMER_SLACK_S = 0.001
_TOLD = frozenset({CallArrived, UnknownLineCalled, CallAnswered, CallClosed, CallEnded, VoiceMessageKept})
_log = logging.getLogger("permanence.exchange")


class Faulty(Refusal):
    """A fault of ours."""

    code = "failed"


class CannotStart(Exception):
    """Said in one sentence to whoever started the process."""


Tell = Callable[[float, str, str, Mapping[str, Any]], None]
"""Writes one entry of the log: seconds since 1970, logger, event, fields (`log.Log.tell`)."""


def _tell_by_logging(_at: float, name: str, event: str, fields: Mapping[str, Any]) -> None:
    logging.getLogger(name).info(event, extra={"fields": fields})


class Exchange:
    """Composes the exchange and runs it on the current loop. Implements `Seats` and `HouseCommands` for its doors."""

    def __init__(
        self,
        options: Options,
        clock: Clock,
        entropy: Entropy,
        *,
        faults: FaultBook | None = None,
        tell: Tell = _tell_by_logging,
    ) -> None:
        """Reads the journal and the table and rebuilds what a dead exchange left. `faults`: where those of this process
        are counted. Raises CannotStart or OSError."""
        self._options = options
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._journal_folder = options.data / "journal"
        self._synced_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._loop.add_reader(self._synced_fd, self._synced)
        self._journal, aside = open_journal(self._journal_folder, clock, self._synced_in_thread, Journal)
        self._tell = tell
        self._tells_all = _log.isEnabledFor(logging.DEBUG)
        slices = self._slices = SliceStore(options.data / "table")
        self._trunks = TrunkBook()
        endpoint = SipEndpoint(SipSettings(public_host=options.public_address or None), entropy, self._trunks.trust)
        self._gateway = EmbeddedGateway(options.run / MEDIA_SOCKET)
        self._line = LineServer(self, clock, _ticket_key(options.data), options.origins)
        settings = ExchangeSettings(
            engine=options.engine,
            media_host=options.public_address,
            first_rtp_port=options.first_rtp_port,
            last_rtp_port=options.last_rtp_port,
        )
        self._conductor = Conductor(
            settings,
            endpoint=endpoint,
            gateway=self._gateway,
            journal=self._journal,
            pages=self._line,
            slices=slices,
            trunks=self._trunks,
            entropy=entropy,
        )
        self._sip = SipRunner(endpoint, self._sip_event, clock.monotonic)
        names = NameService(entropy, clock.monotonic, servers=options.name_servers)
        self._edge = TrunkEdge(self._sip, self._trunks, options.data, self._conductor.parts.alarms, names)
        self._control = ControlServer(options.run / CONTROL_SOCKET, options.engine, self._journal, self)
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._ticking = False
        self._alarms: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._conductor.parts.turn.tell = self._tell_event
        alarms = self._conductor.parts.alarms
        self._aside = aside
        if aside is not None:
            alarms["journal_aside"] = f"the journal crashed the exchange and was set aside ({aside.name})"
        self._vigil = Vigil(self._conductor.parts, self._journal, faults or FaultBook())

    async def start(self) -> None:
        """Takes over, then opens the doors. Raises OSError when one is taken."""
        counts = takeover.restore(self._conductor, self._moment())
        _log.info("restored", extra={"fields": {**counts, "torn_bytes": self._journal.torn_bytes}})
        if self._aside is not None:
            kept, ended = takeover.adopt(self._conductor, states_of(self._aside), self._moment())
            _log.warning("adopted", extra={"fields": {"conversations": kept, "ended": ended}})
        options = self._options
        await self._edge.listen(options)
        self._conductor.parts.media_away_at = self._clock.monotonic()  # until it is heard of
        self._gateway.listen(self._media_event)
        self._vigil.look(self._moment(), unreadable=self._slices.unreadable)
        await self._control.start()
        inherited = options.fds.get("line", ())
        sockets = [socket.socket(fileno=fd) for fd in inherited]
        await self._line.start(host=options.line_host, port=options.line_port, sockets=sockets)
        for work in (self._gateway.run, self._every_second, self._edge.run):
            self._tasks.append(asyncio.create_task(work()))
        self._after(self._moment())

    async def close(self) -> None:
        """The house goes down, media with it: every call is ended, new ones get 503. Waits, CLOSE_S at most, until the
        carriers have answered and the recordings are closed."""
        self._guarded(close_house, self._conductor)
        until = self._clock.monotonic() + CLOSE_S
        while is_busy(self._conductor) and self._clock.monotonic() < until:
            await asyncio.sleep(CLOSE_LOOK_S)

    async def stop(self) -> None:
        """Closes the doors and writes what is left. The calls stay in media, for the exchange that comes next."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._line.stop()
        await self._control.stop()
        if self._timer is not None:
            self._timer.cancel()
        self._sip.pump()
        self._sip.close()
        self._journal.close()
        self._loop.remove_reader(self._synced_fd)
        os.close(self._synced_fd)
        note_healthy(self._journal_folder)

    # -- Seats -----------------------------------------------------------------------------------------------------

    def page_opened(self, page: str, ticket: SeatTicket, hello: Hello) -> None:
        """See `line.Seats`."""
        self._asked(self._conductor.page_opened, page, ticket, hello)
        _log.info("page_opened", extra={"fields": {"page": page, "secretary": ticket.secretary, "seat": ticket.seat}})

    def page_renewed(self, page: str, ticket: SeatTicket) -> None:
        """See `line.Seats`."""
        self._conductor.page_renewed(page, ticket)

    def page_command(self, page: str, command: SeatCommand, request: int | None) -> None:
        """See `line.Seats`."""
        self._asked(self._conductor.page_command, page, command, request)

    def page_closed(self, page: str) -> None:
        """See `line.Seats`."""
        self._guarded(self._conductor.page_closed, page)
        _log.info("page_closed", extra={"fields": {"page": page}})

    # -- HouseCommands ---------------------------------------------------------------------------------------------

    def command(self, command: HouseCommand) -> Any:
        """See `bus.HouseCommands`."""
        if isinstance(command, Dial):
            return self._dial(command)
        if isinstance(command, Status):
            self._vigil.look(self._moment(), unreadable=self._slices.unreadable)
        result = self._asked(self._conductor.house_command, command)
        if isinstance(command, Publish):
            self._edge.wake()
        elif isinstance(command, Status):
            result["journal"]["sync_p99_ms"] = self._journal.sync_p99_ms
            result |= self._vigil.status(self._moment())
        return result

    async def _dial(self, command: Dial) -> dict[str, str]:
        trunk = self._trunks.named(f"{command.house}/{command.trunk}")
        if trunk is None:
            raise CannotDial("the house has no such trunk")
        try:
            flows = await self._edge.flows_to(trunk)
            password = self._edge.password_of(trunk) if trunk.entry.user else ""
        except (OSError, ValueError) as error:
            raise CannotDial(f"the carrier cannot be reached: {error}") from error
        found = self._asked(self._conductor.dial, command, trunk, flows, password)
        return {"dial": found}

    # -- what happens ----------------------------------------------------------------------------------------------

    def _sip_event(self, event: SipEvent) -> None:
        if isinstance(event, RegistrationChanged):
            self._edge.registration_changed(event)
            return
        if isinstance(event, PingAnswered):
            self._edge.ping_answered(event)
            return
        if isinstance(event, SessionConfirmed) and event.sdp is None:
            return  # an ACK that brings no description changes nothing
        if isinstance(event, SourceRefused):
            self._vigil.refused(event.source, event.count, self._moment())
        self._guarded(self._conductor.sip_event, event)

    def _media_event(self, event: MediaEvent) -> None:
        if isinstance(event, MediaConnected):
            _log.info("media_connected", extra={"fields": {"instance": event.living.instance}})
            self._guarded(takeover.media_connected, self._conductor, event.living)
        elif isinstance(event, Fault):
            self._vigil.faults.note(event.kind, event.where, self._clock.now())
        else:
            self._guarded(self._conductor.media_happened, event)
            if isinstance(event, Recorded):
                self._conductor.parts.alarms.pop("recording", None)

    def _tell_event(self, event: Event) -> None:
        """Events also become lines of the log: those that begin, answer and end a call always."""
        kind = type(event)
        if kind in _TOLD:
            self._tell(event.at.timestamp(), _log.name, kind.__name__, event_fields(event))
        elif self._tells_all:
            _log.debug(kind.__name__, extra={"fields": event_fields(event)})

    def _ring(self) -> None:
        self._timer = None
        self._tick()

    def _tick(self) -> None:
        self._ticking = True
        try:
            self._guarded(self._conductor.tick_desks)
        finally:
            self._ticking = False

    def _guarded[*Given](self, turn: Callable[[*Given, Moment], None], *given: *Given) -> None:
        """`turn(*given, moment)`. A fault in one turn is written down and costs that turn, not the telephone."""
        moment = Moment.read(self._clock)
        try:
            turn(*given, moment)
        except Exception:
            self._rebuild()
        self._after(moment)

    def _asked[*Given, T](self, turn: Callable[[*Given, Moment], T], *given: *Given) -> T:
        """A turn somebody asked for: a refusal is his answer, a fault too. Raises Refusal."""
        moment = Moment.read(self._clock)
        try:
            return turn(*given, moment)
        except Refusal:
            raise
        except Exception as error:
            self._rebuild()
            raise Faulty("the exchange could not carry it out") from error
        finally:
            self._after(moment)

    def _rebuild(self) -> None:
        """Memory may be ahead of the journal: it is made again from it. Where even that fails, the process dies as by
        kill -9: the next one takes over from the same journal."""
        _log.exception("turn_failed")
        try:
            rebuild(self._conductor, self._moment())
        except Exception:
            _log.exception("rebuild_failed")
            os._exit(RESTART)

    def _after(self, moment: Moment) -> None:
        """After each turn: what SIP has to send, the next timer, the alarms."""
        self._sip.pump()
        due = self._conductor.next_desk_deadline(moment)
        if due is not None and due <= moment.now and not self._ticking:
            self._tick()  # what a turn made due at once leaves with what the turn sends
            return
        # A timer that rings too early finds nothing due: cheaper than moving it after every turn.
        if due is not None and (self._timer is None or due < self._due - TIMER_SLACK_S):
            self._set_timer(due, moment)
        if self._conductor.parts.alarms != self._alarms:
            self._tell_alarms()

    def _set_timer(self, due: float, moment: Moment) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = self._loop.call_later(max(0.0, due - moment.now) + RINGS_LATE_S, self._ring)

    def _tell_alarms(self) -> None:
        current = self._conductor.parts.alarms
        if current == self._alarms:
            return
        for code, why in current.items():
            if self._alarms.get(code) != why:
                _log.error("alarm", extra={"fields": {"code": code, "why": why}})
        for code in self._alarms.keys() - current.keys():
            _log.info("alarm_over", extra={"fields": {"code": code}})
        self._alarms = dict(current)

    def _moment(self) -> Moment:
        return Moment.read(self._clock)

    def _synced_in_thread(self, _position: int) -> None:
        # Not `call_soon_threadsafe`: it wakes the loop while this thread still has the interpreter, so that for every
        # call the loop would wake twice, once only to wait.
        with contextlib.suppress(OSError):  # the exchange has stopped
            os.eventfd_write(self._synced_fd, 1)

    def _synced(self) -> None:
        os.eventfd_read(self._synced_fd)
        self._conductor.synced()
        self._control.wake()

    # -- beside the calls ------------------------------------------------------------------------------------------

    async def _every_second(self) -> None:
        seconds, pulse = 0, Pulse.inherited(os.environ)
        while True:
            await asyncio.sleep(PULSE_S)
            seconds += 1
            pulse.beat()
            try:
                self._second(seconds)
            except Exception:
                _log.exception("second_failed")

    def _second(self, seconds: int) -> None:
        self._journal.check_room()
        alarms = self._conductor.parts.alarms
        if self._journal.failure:
            alarms["journal"] = f"new calls are refused: {self._journal.failure}"
        else:
            alarms.pop("journal", None)
        self._vigil.look(self._moment(), unreadable=self._slices.unreadable)
        self._line.check_tickets()
        self._conductor.parts.turn.tell_waiting()
        self._tell_alarms()
        if seconds % KEEP_SESSIONS_S == 0:
            self._conductor.keep_sessions()
        if seconds == HEALTHY_S:
            note_healthy(self._journal_folder)


def _ticket_key(data: Path) -> bytes:
    path = data / "keys" / TICKET_KEY
    try:
        key = path.read_bytes()
    except OSError as error:
        raise CannotStart(f"the key of the seat tickets cannot be read: {path}: {error.strerror}") from error
    if len(key) != 32:
        raise CannotStart(f"the key of the seat tickets has to be 32 bytes: {path}")
    return key
