# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process *worker*: a thread that consumes the engine's bus, ahead of a loop over due rows.

The loop: outbox, deliveries, slices of the routing table, sweeping. Each step fails alone: what one cannot do now the
next turn tries again. Prints `ready` when it works, logs to stderr, stops on SIGTERM after the step in hand.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permanence.project.settings")
django.setup()

# The rooms can be imported only once Django is set up.
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import close_old_connections  # noqa: E402

from permanence.dispatch import tasks as dispatch  # noqa: E402
from permanence.foundation import live, outbox  # noqa: E402
from permanence.foundation.exchange import Exchange, ExchangeAbsent, ExchangeRefused  # noqa: E402
from permanence.kernel.clock import Clock  # noqa: E402
from permanence.kernel.refusals import Refusal  # noqa: E402
from permanence.kernel.system import SystemClock  # noqa: E402
from permanence.project.config import Configuration, read_configuration  # noqa: E402
from permanence.project.consumer import Consumer  # noqa: E402
from permanence.project.wiring import ENGINE_HEARERS, WIRING  # noqa: E402
from permanence.switchboard import operations as switchboard  # noqa: E402

log = logging.getLogger(__name__)

TURN_S = 0.2
"""Between two turns of the loop, unless an engine event wakes it."""
RECONCILE_EVERY = timedelta(seconds=30)
SWEEP_EVERY = timedelta(minutes=10)
OUTBOX_KEPT = timedelta(days=30)


@dataclass(slots=True)
class Loop:
    """The turns over due rows. `at` of every turn is read from `clock`."""

    exchange: Exchange
    clock: Clock
    reconcile_at: datetime | None = None
    sweep_at: datetime | None = None
    absent: bool = False
    steps: list[Callable[[datetime], object]] = field(init=False)

    def __post_init__(self) -> None:
        self.steps = [self.outbox, self.deliveries, self.receipts, self.slices, self.sweep]

    def turn(self) -> None:
        """One turn: every step once, each failing alone."""
        for step in self.steps:
            try:
                step(self.clock.now())
            except Exception:  # one step's failure must not stop the others
                log.exception("a step of the worker failed; the next turn tries again")
                close_old_connections()

    def outbox(self, at: datetime) -> None:
        """Deliver what rooms have announced; a changed slice is sent in the same turn."""
        if outbox.deliver_due(at=at, wiring=WIRING):
            self._exchange(lambda: switchboard.send_changed(at=at, exchange=self.exchange))
            self._exchange(lambda: switchboard.revoke_due(at=at, exchange=self.exchange))

    def deliveries(self, at: datetime) -> None:
        """Send what is due."""
        dispatch.run_due(at=at)

    def receipts(self, at: datetime) -> None:
        """Read the receipts of the mails."""
        dispatch.take_receipts(at=at)

    def slices(self, at: datetime) -> None:
        """Compare what the exchange holds with the database: at the start, then every 30 s."""
        if self.reconcile_at is not None and at < self.reconcile_at:
            return
        self.reconcile_at = at + RECONCILE_EVERY
        if not self._exchange(lambda: switchboard.reconcile(at=at, exchange=self.exchange)):
            self.reconcile_at = at + timedelta(seconds=1)
            return
        self._exchange(lambda: switchboard.revoke_due(at=at, exchange=self.exchange))

    def sweep(self, at: datetime) -> None:
        """Delete what was only needed for a while."""
        if self.sweep_at is None or at >= self.sweep_at:
            self.sweep_at = at + SWEEP_EVERY
            live.sweep(at=at)
            outbox.sweep(before=at - OUTBOX_KEPT)
            SessionStore.clear_expired()

    def _exchange(self, act: Callable[[], object]) -> bool:
        """Whether the exchange took it; its absence is said once and is no failure."""
        try:
            act()
        except (ExchangeAbsent, ExchangeRefused) as refusal:
            if not self.absent:
                log.warning("the exchange did not take the slices: %s", refusal.why)
            self.absent = True
            return False
        self.absent = False
        return True


def work(configuration: Configuration, *, clock: Clock, stop: threading.Event) -> None:
    """Work until `stop` is set."""
    exchange = Exchange(configuration.exchange_socket)
    applied = threading.Event()
    consumer = Consumer(
        exchange=exchange,
        engine=configuration.engine,
        hearers=ENGINE_HEARERS,
        clock=clock,
        stop=stop,
        applied=applied,
    )
    thread = threading.Thread(target=consumer.run, name="bus", daemon=True)
    loop = Loop(exchange=exchange, clock=clock)
    loop.turn()
    thread.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not stop.is_set():
        applied.wait(TURN_S)
        applied.clear()
        loop.turn()
    thread.join(timeout=3)


def main() -> int:
    """Read the configuration and work; a refusal is one sentence on stderr."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        work(read_configuration(os.environ), clock=SystemClock(), stop=stop)
    except Refusal as refusal:
        sys.stderr.write(f"{refusal.why}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
