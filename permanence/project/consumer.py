# SPDX-License-Identifier: AGPL-3.0-or-later
"""The consumer of the engine's bus: applies every event, in order, and acknowledges it once all rooms have kept it.

An event that a room cannot apply is tried again a few times and then set aside, so that those after it are recorded; a
database that is away is no fault of the event and is waited for. The exchange being away is ordinary: its journal
waits for us.
"""

import logging
from collections.abc import Sequence
from threading import Event as Flag

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, close_old_connections

from permanence.foundation import bus
from permanence.foundation.exchange import EngineMessage, Exchange, ExchangeAbsent, ExchangeRefused
from permanence.kernel.clock import Clock
from permanence.kernel.events import Event
from permanence.project.wiring import EngineHearer
from permanence.reception.events import ENGINE_EVENTS

log = logging.getLogger(__name__)

AGAIN_S = 1.0
TRIES = 4


class Consumer:
    """Follows one engine until `stop` is set."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        engine: str,
        hearers: Sequence[tuple[str, EngineHearer]],
        clock: Clock,
        stop: Flag,
    ) -> None:
        self._exchange = exchange
        self._engine = engine
        self._hearers = tuple(hearers)
        self._clock = clock
        self._stop = stop

    def run(self) -> None:
        """The thread's body: subscribe, apply, and begin again when the exchange or the database goes away."""
        absent = away = False
        while not self._stop.is_set():
            try:
                self._follow()
                absent = away = False
            except (ExchangeAbsent, ExchangeRefused) as refusal:
                if not absent:
                    log.warning("the exchange's events wait in its journal: %s", refusal.why)
                absent = True
            except (DatabaseError, InterfaceError) as error:
                if not away:
                    log.error("the database is away; the events wait in the exchange's journal: %s", error)
                away = True
                close_old_connections()
            except Exception:  # the thread outlives every surprise: the record of the calls hangs on it
                log.exception("the engine's events could not be read; beginning again")
                close_old_connections()
            self._stop.wait(AGAIN_S)

    def _follow(self) -> None:
        after = bus.position(hearers=tuple(name for name, _ in self._hearers), engine=self._engine)
        for message in self._exchange.subscribe(after=after):
            if self._stop.is_set():
                return
            if message is not None and not self.apply(message):
                return

    def apply(self, message: EngineMessage) -> bool:
        """Give one event to every room; False when told to stop before all had kept it."""
        try:
            event = ENGINE_EVENTS.read(message.event)
        except (KeyError, TypeError, ValueError) as error:
            # An engine one version ahead of us may say what we do not know yet.
            log.warning("engine event %s is not understood: %s", message.sequence, error)
            for name, _ in self._hearers:
                self._aside(name, message, error)
            return True
        return all(self._give(name, hearer, message, event) for name, hearer in self._hearers)

    def _give(self, name: str, hearer: EngineHearer, message: EngineMessage, event: Event) -> bool:
        for attempt in range(1, TRIES + 1):
            try:
                hearer(message.engine, message.sequence, event)
            except (IntegrityError, DataError) as error:  # what it says does not fit: its own fault
                problem: Exception = error
            except (DatabaseError, InterfaceError):
                raise
            except Exception as error:  # whatever a room trips over must not stop the events after it
                problem = error
            else:
                return True
            log.error("%s could not apply event %s: %r", name, message.sequence, problem, exc_info=problem)
            if attempt < TRIES and self._stop.wait(0.1 * attempt):
                return False
        self._aside(name, message, problem)
        return True

    def _aside(self, name: str, message: EngineMessage, error: Exception) -> None:
        bus.set_aside(
            hearer=name,
            engine=message.engine,
            sequence=message.sequence,
            body=message.event,
            error=error,
            at=self._clock.now(),
        )
