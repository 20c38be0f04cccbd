# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process *worker*: a thread that consumes the engine's bus, one for the outbox, ahead of a loop over due rows.

The loop: contracts that end, held slots, the comparison of the routing table, tests of the forwardings, alerts nobody
sent, the spool, sweeping, the proofs of the clients; and in threads of their own, since a mail relay, a calendar or an
exchange may keep silent for as long as it likes, deliveries with their receipts, calendars of other products and the
look at what is wrong. Each step fails alone: what one cannot do now the next turn tries again. Prints `ready` when it
works, logs to stderr, stops on SIGTERM after the step in hand.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permanence.project.settings")
django.setup()

# The rooms can be imported only once Django is set up.
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import close_old_connections, connections  # noqa: E402

from permanence.agenda import tasks as agenda  # noqa: E402
from permanence.clients import ending_operations  # noqa: E402
from permanence.dispatch import (  # noqa: E402
    approval_mails,
    calendar_tasks,
    late_tasks,
    offer_tasks,
    public_mails,
    reminder_tasks,
    sms_tasks,
)
from permanence.dispatch import tasks as dispatch  # noqa: E402
from permanence.engine.faults import count_faults  # noqa: E402
from permanence.foundation import live, outbox, wake  # noqa: E402
from permanence.foundation.exchange import Exchange  # noqa: E402
from permanence.kernel.clock import Clock  # noqa: E402
from permanence.kernel.faults import FaultBook  # noqa: E402
from permanence.kernel.pulse import PULSE_S, Pulse  # noqa: E402
from permanence.kernel.refusals import Refusal  # noqa: E402
from permanence.kernel.system import SystemClock, SystemEntropy  # noqa: E402
from permanence.messaging import tasks as messaging  # noqa: E402
from permanence.project.changes import Changes  # noqa: E402
from permanence.project.config import Configuration, read_configuration  # noqa: E402
from permanence.project.consumer import Consumer  # noqa: E402
from permanence.project.watch import LOOK_S, Watch  # noqa: E402
from permanence.project.wiring import ENGINE_HEARERS  # noqa: E402
from permanence.switchboard import forwarding  # noqa: E402
from permanence.switchboard import tasks as switchboard_tasks  # noqa: E402

log = logging.getLogger(__name__)

TURN_S = 0.2
"""Between two turns of the loop."""
OUTBOX_S = 0.5
"""Between two looks at the outbox, unless somebody wakes it: for what was committed on another machine, or failed."""
PATIENTS_S = 1.0
"""Between two looks at what goes to patients: nobody waits for it, and an idle house has its processor for itself."""
CALENDARS_S = 1.0
"""Between two questions whether a calendar of another product is to be looked at."""
SPOOL_EVERY = timedelta(minutes=1)
ALERTS_EVERY = timedelta(seconds=5)
EVENTS_EVERY = timedelta(hours=1)
SWEEP_EVERY = timedelta(minutes=10)
OUTBOX_KEPT = timedelta(days=30)
TESTS_EVERY = timedelta(seconds=1)
ENDINGS_EVERY = timedelta(seconds=1)
COVERAGE_EVERY = timedelta(seconds=1)


type Step = Callable[[datetime], object]


def take_turn(steps: Sequence[Step], clock: Clock) -> None:
    """Every step once, each failing alone."""
    for step in steps:
        try:
            step(clock.now())
        except Exception:  # one step's failure must not stop the others
            log.exception("a step of the worker failed; the next turn tries again")
            close_old_connections()


@dataclass(slots=True)
class Loop:
    """The turns over due rows. `at` of every turn is read from `clock`; `announced` is called when mails may be due."""

    changes: Changes
    clock: Clock
    announced: Callable[[], None] = lambda: None
    spool_at: datetime | None = None
    alerts_at: datetime | None = None
    events_at: datetime | None = None
    sweep_at: datetime | None = None
    tests_at: datetime | None = None
    coverage_at: datetime | None = None
    endings_at: datetime | None = None
    turned_at: datetime | None = None
    steps: list[Step] = field(init=False)

    def __post_init__(self) -> None:
        self.steps = [self.endings, self.holds, self.changes.compare, self.tests]
        self.steps += [self.alerts, self.spool, self.events, self.sweep, self.coverage]

    def turn(self) -> None:
        """One turn."""
        take_turn(self.steps, self.clock)
        self.turned_at = self.clock.now()

    def endings(self, at: datetime) -> None:
        """End the contracts whose last day is over."""
        if self.endings_at is None or at >= self.endings_at:
            self.endings_at = at + ENDINGS_EVERY
            ending_operations.end_due_contracts(at=at)

    def holds(self, at: datetime) -> None:
        """Free the slots of the agendas that are held no longer, after what was offered went to the next who waits."""
        if agenda.offer_freed(at=at, entropy=SystemEntropy()):
            self.announced()
        agenda.expire_holds(at=at)

    def events(self, at: datetime) -> None:
        """Carry on the events of devices that repeat."""
        if self.events_at is None or at >= self.events_at:
            self.events_at = at + EVENTS_EVERY
            agenda.carry_on_events(at=at, entropy=SystemEntropy())

    def spool(self, at: datetime) -> None:
        """Take over the recordings whose engine did not live to tell of them."""
        if self.spool_at is None or at >= self.spool_at:
            self.spool_at = at + SPOOL_EVERY
            messaging.take_over_forgotten(at=at)

    def alerts(self, at: datetime) -> None:
        """Pass on the alerts of red flags whose message was not sent."""
        if self.alerts_at is None or at >= self.alerts_at:
            self.alerts_at = at + ALERTS_EVERY
            messaging.pass_on_alerts(at=at)

    def tests(self, at: datetime) -> None:
        """Make the tests of the forwardings that are due."""
        if self.tests_at is None or at >= self.tests_at:
            self.tests_at = at + TESTS_EVERY
            switchboard_tasks.run_forwarding_tests(at=at, exchange=self.changes.exchange, entropy=SystemEntropy())

    def coverage(self, at: datetime) -> None:
        """Count what is missing from what will be said of the clients who changed, and of all once a day."""
        if self.coverage_at is None or at >= self.coverage_at:
            self.coverage_at = at + COVERAGE_EVERY
            switchboard_tasks.count_findings(at=at)

    def sweep(self, at: datetime) -> None:
        """Delete what was only needed for a while, and end the waiting for what is over."""
        if self.sweep_at is None or at >= self.sweep_at:
            self.sweep_at = at + SWEEP_EVERY
            live.sweep(at=at)
            outbox.sweep(before=at - OUTBOX_KEPT)
            forwarding.sweep(at=at)
            agenda.sweep_public(at=at)
            agenda.end_waiting(at=at)
            swept = agenda.sweep_acts(at=at)
            if any(swept.values()):
                log.info("swept from the agendas: %s acts, %s holds", swept["acts"], swept["holds"])
            SessionStore.clear_expired()


class Outbox:
    """The thread of the outbox: delivers when woken, and looks by itself every `OUTBOX_S`, until `stop` is set."""

    def __init__(self, changes: Changes, *, clock: Clock, stop: threading.Event, socket: Path) -> None:
        self._changes = changes
        self._clock = clock
        self._stop = stop
        self._socket = socket
        self._waiter = wake.Waiter(socket)
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self.turned_at: datetime | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Let the event in hand end."""
        wake.wake(self._socket)
        self._thread.join(timeout=seconds)

    def _run(self) -> None:
        with self._waiter:
            while not self._stop.is_set():
                take_turn([self._deliver], self._clock)
                self.turned_at = self._clock.now()
                self._waiter.wait(OUTBOX_S)
        connections.close_all()

    def _deliver(self, at: datetime) -> None:
        while self._changes.deliver(at, go_on=lambda: not self._stop.is_set()):
            self.turned_at = at = self._clock.now()


class Post:
    """A thread of the deliveries: sends what is due every `every_s`, at once when `announced`, until `stop` is set."""

    def __init__(
        self, name: str, steps: Sequence[Step], *, clock: Clock, stop: threading.Event, every_s: float = TURN_S
    ) -> None:
        self._clock = clock
        self._stop = stop
        self._every_s = every_s
        self._due = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.steps = list(steps)

    def announced(self) -> None:
        """Deliveries may be due."""
        self._due.set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Let the mail in hand go; a relay that stays silent longer finds a lease that ends by itself."""
        self._due.set()
        self._thread.join(timeout=seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            take_turn(self.steps, self._clock)
            self._due.wait(self._every_s)
            self._due.clear()
        connections.close_all()


def posts(*, clock: Clock, stop: threading.Event) -> tuple[Post, ...]:
    """What is sent, by threads of its own: nobody who hangs, a provider of SMS or the mail of patients, keeps a
    doctor's message waiting.
    """
    to_clients: list[Step] = [
        lambda at: dispatch.run_due(at=at, stop=stop.is_set),
        lambda at: dispatch.run_invitations(at=at, stop=stop.is_set),
        lambda at: approval_mails.run_approvals(at=at, stop=stop.is_set),
        lambda at: dispatch.take_receipts(at=at),
    ]
    to_patients: list[Step] = [
        lambda at: public_mails.run_public(at=at, stop=stop.is_set),
        lambda at: calendar_tasks.run_calendar(at=at, stop=stop.is_set),
        lambda at: offer_tasks.run_offers(at=at, stop=stop.is_set),
        lambda at: late_tasks.run_late(at=at, stop=stop.is_set),
        lambda at: reminder_tasks.run_reminders(at=at, stop=stop.is_set),
    ]
    by_sms: list[Step] = [lambda at: sms_tasks.run_sms(at=at, stop=stop.is_set)]
    named = (("post", to_clients, TURN_S), ("patients' post", to_patients, PATIENTS_S), ("SMS", by_sms, PATIENTS_S))
    return tuple(Post(name, steps, clock=clock, stop=stop, every_s=every) for name, steps, every in named)


class Calendars:
    """The thread that looks at calendars of other products: one that keeps silent holds up only those behind it."""

    def __init__(self, *, clock: Clock, stop: threading.Event) -> None:
        self._clock = clock
        self._stop = stop
        self._thread = threading.Thread(target=self._run, name="calendars", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Let the look in hand end; one that takes longer finds a lease that ends by itself."""
        self._thread.join(timeout=seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            take_turn([self._look], self._clock)
            self._stop.wait(CALENDARS_S)

    def _look(self, _at: datetime) -> None:
        # The clock is read for each look: a turn may take minutes, and what becomes due meanwhile is due in it.
        agenda.look_at_calendars(clock=self._clock, stop=self._stop.is_set)


class Lookout:
    """The thread that looks at what may be wrong, apart from the loop: an exchange that hangs holds up only this."""

    def __init__(self, watch: Watch, *, clock: Clock, stop: threading.Event) -> None:
        self._watch = watch
        self._clock = clock
        self._stop = stop
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Let the look in hand end."""
        self._thread.join(timeout=seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            take_turn([self._watch.look], self._clock)
            self._stop.wait(LOOK_S)


def work(configuration: Configuration, *, clock: Clock, stop: threading.Event) -> None:
    """Work until `stop` is set."""
    exchange = Exchange(configuration.exchange_socket)
    consumer = Consumer(exchange=exchange, engine=configuration.engine, hearers=ENGINE_HEARERS, clock=clock, stop=stop)
    thread = threading.Thread(target=consumer.run, name="bus", daemon=True)
    sending = posts(clock=clock, stop=stop)
    fetcher = dispatch.receipt_fetcher(clock=clock, stop=stop)
    changes = Changes(exchange=exchange, clock=clock, announced=sending[0].announced)
    told = Outbox(changes, clock=clock, stop=stop, socket=configuration.run / wake.SOCKET)
    loop = Loop(changes=changes, clock=clock, announced=sending[0].announced)
    faults = FaultBook()
    counting = count_faults(faults.note)
    watch = Watch(
        exchange=exchange,
        configuration=configuration,
        faults=faults,
        turned=lambda: earlier(loop.turned_at, told.turned_at),
    )
    lookout = Lookout(watch, clock=clock, stop=stop)
    calendars = Calendars(clock=clock, stop=stop)
    loop.turn()
    told.start()
    thread.start()
    for post in sending:
        post.start()
    if fetcher is not None:
        fetcher.start()
    lookout.start()
    calendars.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threading.Thread(target=_pulse, args=(stop,), name="pulse", daemon=True).start()
    while not stop.wait(TURN_S):
        loop.turn()
    told.join(3)
    thread.join(timeout=3)
    for post in sending:
        post.join(3)
    if fetcher is not None:
        fetcher.join(1)
    lookout.join(3)
    calendars.join(1)
    logging.getLogger().removeHandler(counting)


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """When both have come round; None until they have."""
    return None if one is None or other is None else min(one, other)


def _pulse(stop: threading.Event) -> None:
    """Signs of life of the process, in a thread of its own: a step that waits for a relay or a database is no hang, and
    what stays undone is an alarm of `watch`."""
    pulse = Pulse.inherited(os.environ)
    while not stop.wait(PULSE_S):
        pulse.beat()


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
