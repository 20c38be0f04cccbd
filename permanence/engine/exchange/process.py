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
from permanence.kernel.clock import Clock, Entropy
from permanence.kernel.refusals import Refusal
from permanence.kernel.tickets import SeatTicket
from permanence.telephony.commands import Dial, Hello, HouseCommand, Publish, SeatCommand, Status
from permanence.telephony.gateways.embedded import EmbeddedGateway
from permanence.telephony.media.control import MediaConnected, MediaEvent
from permanence.telephony.shells.dns import NameService
from permanence.telephony.shells.sip_runner import SipRunner
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.events import PingAnswered, RegistrationChanged, SipEvent
from permanence.telephony.sip.settings import SipSettings

CONTROL_SOCKET, MEDIA_SOCKET, TICKET_KEY = "exchange.sock", "media.sock", "ticket.key"
HEALTHY_S = 10
RESTART = 70
CLOSE_S, CLOSE_LOOK_S = 1.5, 0.02
KEEP_SESSIONS_S = 10
TIMER_SLACK_S = 0.001
_TOLD = frozenset({"CallArrived", "UnknownLineCalled", "CallAnswered", "CallClosed", "CallEnded", "VoiceMessageKept"})
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


class LoggedJournal(Journal):
    """The journal, whose events also become lines of the log: those that begin, answer and end a call always."""

    tell: Tell = staticmethod(_tell_by_logging)

    def append(self, event: dict[str, Any]) -> int:
        """See `Journal`."""
        kind = event["type"]
        if kind in _TOLD:
            self.tell(self.clock.now().timestamp(), _log.name, kind, event_fields(event))
        elif _log.isEnabledFor(logging.DEBUG):
            _log.debug(kind, extra={"fields": event_fields(event)})
        return super().append(event)


class Exchange:
    """Composes the exchange and runs it on the current loop. Implements `Seats` and `HouseCommands` for its doors."""

    def __init__(self, options: Options, clock: Clock, entropy: Entropy, *, tell: Tell = _tell_by_logging) -> None:
        """Reads the journal and the table and rebuilds what a dead exchange left. Raises CannotStart or OSError."""
        self._options = options
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._journal_folder = options.data / "journal"
        self._journal, aside = open_journal(self._journal_folder, clock, self._synced_in_thread, LoggedJournal)
        self._journal.tell = tell
        slices = SliceStore(options.data / "table")
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
        alarms = self._conductor.parts.alarms
        self._aside = aside
        if aside is not None:
            alarms["journal_aside"] = f"the journal crashed the exchange and was set aside ({aside.name})"
        for name in slices.unreadable:
            alarms[f"slice:{name}"] = "this slice of the table cannot be read"

    async def start(self) -> None:
        """Takes over, then opens the doors. Raises OSError when one is taken."""
        counts = takeover.restore(self._conductor, self._moment())
        _log.info("restored", extra={"fields": {**counts, "torn_bytes": self._journal.torn_bytes}})
        if self._aside is not None:
            kept, ended = takeover.adopt(self._conductor, states_of(self._aside), self._moment())
            _log.warning("adopted", extra={"fields": {"conversations": kept, "ended": ended}})
        options = self._options
        await self._edge.listen(options)
        self._gateway.listen(self._media_event)
        await self._control.start()
        inherited = options.fds.get("line", ())
        sockets = [socket.socket(fileno=fd) for fd in inherited]
        await self._line.start(host=options.line_host, port=options.line_port, sockets=sockets)
        for work in (self._gateway.run, self._every_second, self._edge.run):
            self._tasks.append(asyncio.create_task(work()))
        self._after()

    async def close(self) -> None:
        """The house goes down, media with it: every call is ended, new ones get 503. Waits, CLOSE_S at most, until the
        carriers have answered and the recordings are closed."""
        self._guarded(lambda: close_house(self._conductor, self._moment()))
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
        note_healthy(self._journal_folder)

    # -- Seats -----------------------------------------------------------------------------------------------------

    def page_opened(self, page: str, ticket: SeatTicket, hello: Hello) -> None:
        """See `line.Seats`."""
        self._asked(lambda: self._conductor.page_opened(page, ticket, hello, self._moment()))
        _log.info("page_opened", extra={"fields": {"page": page, "secretary": ticket.secretary, "seat": ticket.seat}})

    def page_renewed(self, page: str, ticket: SeatTicket) -> None:
        """See `line.Seats`."""
        self._conductor.page_renewed(page, ticket)

    def page_command(self, page: str, command: SeatCommand, request: int | None) -> None:
        """See `line.Seats`."""
        self._asked(lambda: self._conductor.page_command(page, command, request, self._moment()))

    def page_closed(self, page: str) -> None:
        """See `line.Seats`."""
        self._guarded(lambda: self._conductor.page_closed(page, self._moment()))
        _log.info("page_closed", extra={"fields": {"page": page}})

    # -- HouseCommands ---------------------------------------------------------------------------------------------

    def command(self, command: HouseCommand) -> Any:
        """See `bus.HouseCommands`."""
        if isinstance(command, Dial):
            return self._dial(command)
        result = self._asked(lambda: self._conductor.house_command(command, self._moment()))
        if isinstance(command, Publish):
            self._edge.wake()
        elif isinstance(command, Status):
            result["journal"]["sync_p99_ms"] = self._journal.sync_p99_ms
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
        found = self._asked(lambda: self._conductor.dial(command, trunk, flows, password, self._moment()))
        return {"dial": found}

    # -- what happens ----------------------------------------------------------------------------------------------

    def _sip_event(self, event: SipEvent) -> None:
        if isinstance(event, RegistrationChanged):
            self._edge.registration_changed(event)
            return
        if isinstance(event, PingAnswered):
            self._edge.ping_answered(event)
            return
        self._guarded(lambda: self._conductor.sip_event(event, self._moment()))

    def _media_event(self, event: MediaEvent) -> None:
        if isinstance(event, MediaConnected):
            _log.info("media_connected", extra={"fields": {"instance": event.living.instance}})
            self._guarded(lambda: takeover.media_connected(self._conductor, event.living, self._moment()))
        else:
            self._guarded(lambda: self._conductor.media_happened(event, self._moment()))

    def _ring(self) -> None:
        self._timer = None
        self._tick()

    def _tick(self) -> None:
        self._ticking = True
        try:
            self._guarded(lambda: self._conductor.tick_desks(self._moment()))
        finally:
            self._ticking = False

    def _guarded(self, turn: Callable[[], None]) -> None:
        """A fault in one turn is written down and costs that turn, not the telephone."""
        try:
            turn()
        except Exception:
            self._rebuild()
        self._after()

    def _asked[T](self, turn: Callable[[], T]) -> T:
        """A turn somebody asked for: a refusal is his answer, a fault too. Raises Refusal."""
        try:
            return turn()
        except Refusal:
            raise
        except Exception as error:
            self._rebuild()
            raise Faulty("the exchange could not carry it out") from error
        finally:
            self._after()

    def _rebuild(self) -> None:
        """Memory may be ahead of the journal: it is made again from it. Where even that fails, the process dies as by
        kill -9: the next one takes over from the same journal."""
        _log.exception("turn_failed")
        try:
            rebuild(self._conductor, self._moment())
        except Exception:
            _log.exception("rebuild_failed")
            os._exit(RESTART)

    def _after(self) -> None:
        """After each turn: what SIP has to send, the next timer, the alarms."""
        self._sip.pump()
        moment = self._moment()
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
        self._timer = self._loop.call_later(max(0.0, due - moment.now), self._ring)

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
        with contextlib.suppress(RuntimeError):  # the loop is closing
            self._loop.call_soon_threadsafe(self._synced)

    def _synced(self) -> None:
        self._conductor.synced()
        self._control.wake()

    # -- beside the calls ------------------------------------------------------------------------------------------

    async def _every_second(self) -> None:
        seconds = 0
        while True:
            await asyncio.sleep(1)
            seconds += 1
            self._journal.check_room()
            alarms = self._conductor.parts.alarms
            if self._journal.failure:
                alarms["journal"] = f"new calls are refused: {self._journal.failure}"
            else:
                alarms.pop("journal", None)
            self._line.check_tickets()
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
