# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the staff announces."""

from dataclasses import dataclass

from permanence.kernel.events import Event, EventCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChanged(Event):
    """A secretary came, left, learned a language or changed pools: the house's slice follows."""

    secretary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolChanged(Event):
    """A pool was made, changed or removed: the house's slice follows."""

    pool: str


STAFF_EVENTS = EventCatalogue(StaffChanged, PoolChanged)
