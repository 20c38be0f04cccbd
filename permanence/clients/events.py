# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the client accounts announce."""

from dataclasses import dataclass
from datetime import datetime

from permanence.kernel.events import Event, EventCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged(Event):
    """Something of a client that the telephone or a screen shows has changed. `client` is his id."""

    client: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceWithdrawn(Event):
    """An absence holds no longer. `recipient`: who was away, "" for all of the client; all are ids."""

    client: str
    absence: str
    recipient: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionAcknowledged(Event):
    """A secretary has read one version of an instruction that asks for it. All are ids."""

    client: str
    instruction: str
    instruction_version: int
    secretary: str


CLIENTS_EVENTS = EventCatalogue(ClientChanged, AbsenceWithdrawn, InstructionAcknowledged)
