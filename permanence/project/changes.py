# SPDX-License-Identifier: AGPL-3.0-or-later
"""What rooms announced goes to who hears it, and what changed of the routing table to the exchange.

A change is sent as soon as its hearers have heard it, whatever else waits in the outbox: a thousand appointments that
were read in do not keep an instruction from the telephone. `deliver` and `compare` may run at the same time in two
threads: which version a slice has is decided in a transaction, and one sends at a time (`switchboard.operations`).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from permanence.foundation import outbox
from permanence.foundation.exchange import Exchange, ExchangeAbsent, ExchangeRefused
from permanence.kernel.clock import Clock
from permanence.project.wiring import WIRING
from permanence.switchboard import operations as switchboard

log = logging.getLogger(__name__)

COMPARE_EVERY = timedelta(seconds=30)
AGAIN = timedelta(seconds=1)
PORTION = 10
"""Changes that are heard before they are sent and one looks for newer ones: what was just changed waits for no more."""


class Sending(Protocol):
    """An act of the switchboard that speaks to the exchange."""

    def __call__(self, *, at: datetime, exchange: Exchange) -> object:
        """Raises ExchangeAbsent or ExchangeRefused."""


@dataclass(slots=True)
class Changes:
    """The way of changes. `announced` is called when mails may be due; `absent`: the exchange did not answer last."""

    exchange: Exchange
    clock: Clock
    announced: Callable[[], None] = lambda: None
    compare_at: datetime | None = None
    absent: bool = False

    def deliver(self, at: datetime, *, go_on: Callable[[], bool] = lambda: True) -> int:
        """Deliver what is due; a changed slice is sent at once, else as soon as it can be. Ends when not to `go_on`.

        Gives how many were heard that are no changes: while there are any, more may wait.
        """

        def between() -> bool:
            self._send_changes(go_on)
            return go_on()

        self._send_changes(go_on)
        heard = outbox.deliver_due(at=at, wiring=WIRING, go_on=between)
        if heard:
            self.announced()
        return heard

    def compare(self, at: datetime) -> None:
        """Compare what the exchange holds with the database: at the start, then every 30 s."""
        if self.compare_at is not None and at < self.compare_at:
            return
        self.compare_at = at + COMPARE_EVERY
        if not self._exchange(switchboard.reconcile, at):
            self.compare_at = at + AGAIN

    def _send_changes(self, go_on: Callable[[], bool]) -> None:
        while go_on() and outbox.deliver_first(at=(at := self.clock.now()), wiring=WIRING, limit=PORTION):
            self._send(at)
            self.announced()

    def _send(self, at: datetime) -> None:
        if not self._exchange(switchboard.send_changed, at) and self.compare_at is not None:
            self.compare_at = min(self.compare_at, at + AGAIN)

    def _exchange(self, act: Sending, at: datetime) -> bool:
        """Whether the exchange took it, and the seats that are to end; its absence is said once and is no failure."""
        try:
            act(at=at, exchange=self.exchange)
            switchboard.revoke_due(at=at, exchange=self.exchange)
        except (ExchangeAbsent, ExchangeRefused) as refusal:
            if not self.absent:
                log.warning("the exchange did not take the slices: %s", refusal.why)
            self.absent = True
            return False
        self.absent = False
        return True
