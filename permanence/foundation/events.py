# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the common ground announces."""

from dataclasses import dataclass

from permanence.kernel.events import Event, EventCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseChanged(Event):
    """The house's name, language or country was changed: its slice follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged(Event):
    """A person's name, language or right to sign in was changed: the house's slice follows."""

    person: str


FOUNDATION_EVENTS = EventCatalogue(HouseChanged, PersonChanged)
