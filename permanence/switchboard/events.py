# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the switchboard announces."""

from dataclasses import dataclass

from permanence.kernel.events import Event, EventCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkChanged(Event):
    """A trunk was added, changed or removed: the house's slice follows."""

    trunk: str


SWITCHBOARD_EVENTS = EventCatalogue(TrunkChanged)
