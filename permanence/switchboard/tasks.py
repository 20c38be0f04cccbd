# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the switchboard, called by the worker's loop: the tests of the forwardings, the proofs of the clients.

No transaction is open while the exchange is spoken to.
"""

from datetime import datetime

from permanence.foundation.exchange import Exchange, ExchangeAbsent, ExchangeRefused
from permanence.kernel.clock import Entropy
from permanence.switchboard import coverage, forwarding
from permanence.switchboard.rules import Why


def run_forwarding_tests(*, at: datetime, exchange: Exchange, entropy: Entropy) -> int:
    """Make the daily tests that are due, dial one a house, end those nobody will end; gives how many were dialled."""
    forwarding.make_daily(at=at)
    forwarding.end_overdue(at=at)
    dialled = 0
    for test in forwarding.next_due():
        taken = forwarding.take_due(test, at=at, entropy=entropy)
        if taken is not None:
            dialled += _dial(taken, exchange, at=at)
    return dialled


def count_findings(*, at: datetime) -> int:
    """Prove some of the clients whose count of findings is not that of their slice or of this day; gives how many."""
    due = coverage.next_due(at=at)
    for key in due:
        coverage.count(key, at=at)
    return len(due)


def _dial(taken: forwarding.Taken, exchange: Exchange, *, at: datetime) -> bool:
    try:
        exchange.command(
            "dial",
            house=taken.house,
            trunk=taken.trunk,
            number=taken.called,
            caller=taken.shown,
            seconds=1,
            ring_seconds=taken.ring_seconds,
            dial=taken.dial,
            expect_line=taken.number,
        )
    except ExchangeAbsent:
        forwarding.fail(taken.key, why=Why.EXCHANGE_ABSENT, at=at)
        return False
    except ExchangeRefused as refusal:
        forwarding.fail(taken.key, why=Why.CANNOT_DIAL, detail=refusal.why, at=at)
        return False
    return True
