# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the agendas, called by the worker's loop: holds whose time is over, what is swept."""

from datetime import datetime

from permanence.agenda.operations import holds, knocks, public_mails


def expire_holds(*, at: datetime) -> int:
    """Free what is held no longer; gives how many holds ended. Must not be called inside a transaction."""
    return holds.expire_due(at=at)


def sweep_public(*, at: datetime) -> int:
    """Delete what public booking needed for a while only; gives how many rows."""
    return public_mails.sweep(at=at) + knocks.sweep(at=at)
