# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the agendas, called by the worker: holds and offers that are over, rules of devices, other calendars,
sweeping.
"""

from collections.abc import Callable
from datetime import datetime

from permanence.agenda.interop import events, others
from permanence.agenda.operations import holds, knocks, public_mails, sweeping, waiting_list, waiting_offers
from permanence.kernel.clock import Clock, Entropy


def expire_holds(*, at: datetime) -> int:
    """Free what is held no longer; gives how many holds ended. Must not be called inside a transaction."""
    return holds.expire_due(at=at)


def offer_freed(*, at: datetime, entropy: Entropy) -> int:
    """Offer what is free to who waits, and end what was not answered; gives how many offers were made.

    Must not be called inside a transaction.
    """
    return waiting_offers.pursue_due(at=at, entropy=entropy)


def end_waiting(*, at: datetime) -> int:
    """End the waiting of who waited for an earlier visit than one whose hour is over; gives how many."""
    return waiting_list.end_over(at=at)


def look_at_calendars(*, clock: Clock, stop: Callable[[], bool]) -> int:
    """Look at the calendars of other products whose time has come; gives how many. Must not be called inside a
    transaction: each is spoken to as long as it takes, half a minute at most a question.
    """
    return others.look_due(clock=clock, guard=others.house_guard(), stop=stop)


def sweep_public(*, at: datetime) -> int:
    """Delete what public booking needed for a while only; gives how many rows."""
    return public_mails.sweep(at=at) + knocks.sweep(at=at)


def sweep_acts(*, at: datetime) -> dict[str, int]:
    """Delete the ids of acts and the holds that nobody can come back to; gives how many of each."""
    return sweeping.sweep(at=at)


def carry_on_events(*, at: datetime, entropy: Entropy) -> int:
    """Events of devices that repeat make busy to the horizon, which moves once a month; gives how many were behind."""
    count = 0
    while events.carry_on(at=at, entropy=entropy):
        count += 1
    return count
