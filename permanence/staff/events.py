# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the staff announces."""

from dataclasses import dataclass

from permanence.kernel.events import Event, EventCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChanged(Event):
    """A secretary came, left, or learned a language: the house's slice follows."""

    secretary: str


STAFF_EVENTS = EventCatalogue(StaffChanged)
