# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the room announces: ids only. Rooms downstream let what they hold follow a merge, and its undoing."""

from dataclasses import dataclass

from permanence.kernel.events import Event, EventCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientAdded(Event):
    """A person is known to a client who was not before."""

    client: str
    patient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientChanged(Event):
    """Something of a person has changed: traits, numbers, consent, links, no-shows."""

    client: str
    patient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientsMerged(Event):
    """Two were one: what belongs to `merged` belongs to `kept` from now on. `merge` names the act, for its undoing."""

    client: str
    merge: str
    kept: str
    merged: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientsParted(Event):
    """A merge was undone: what came to `kept` through it belongs to `merged` again."""

    client: str
    merge: str
    kept: str
    merged: str


CALLERS_EVENTS = EventCatalogue(PatientAdded, PatientChanged, PatientsMerged, PatientsParted)
