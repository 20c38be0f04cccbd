# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the room announces. No event carries a patient's name or a caller's number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from permanence.kernel.events import Event, EventCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentBookedElsewhere(Event):
    """A secretary did something in a client's external agenda and recorded it. `act`: booked, moved or cancelled.

    `key` is the act's id. One that is corrected is announced again with the same key and `corrected` set, the whole of
    it as it stands now; a bill counts the last word by key.
    """

    key: str
    client: str
    recipient: str
    call: str
    act: str
    recorded_by: str
    corrected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentElsewhereUndone(Event):
    """What was recorded under `key` was a slip: it counts no more."""

    key: str
    client: str
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaChanged(Event):
    """How an agenda is set has changed: openings, exceptions, reasons, rooms. `agenda` is its id."""

    client: str
    agenda: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTaken(Event):
    """A slot is kept for somebody until `expires_at`. `hold` is the id made by the page."""

    hold: str
    client: str
    agenda: str
    call: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReleased(Event):
    """A hold is over. `ended`: booked, released, hung_up, expired. `also`: the other agenda of a combined visit.

    `resources`: the ids of the rooms and equipment that it took; none where it was booked, for the visit has them.
    """

    hold: str
    client: str
    agenda: str
    ended: str
    also: str = ""
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentEvent(Event):
    """Something happened to an appointment. `appointment` is the id made by the page that booked it, `call` "" where it
    was no call; `by` is a person's id, "" for the system and for patients. `revision` grows with each move and cancel.
    `also`: the other agenda of a combined visit.
    """

    appointment: str
    client: str
    agenda: str
    recipient: str
    starts_at: datetime
    ends_at: datetime
    revision: int
    by: str
    call: str = ""
    also: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentBooked(AppointmentEvent):
    """It was booked. `door`: by which it came in; `series`: the id of the series it is part of; `overbooked`."""

    door: str
    series: str = ""
    overbooked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentLeft(AppointmentEvent):
    """It takes place at another moment or in another agenda; `from_*` say where it was: that is free now. Announced as
    one of the next two. `from_resources`: the ids of the rooms and equipment that it took there.
    """

    from_agenda: str
    from_starts_at: datetime
    from_ends_at: datetime
    from_also: str = ""
    from_resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentMoved(AppointmentLeft):
    """It was moved. `door`: by which; one of the console can be taken back for a moment."""

    door: str = ""

    @classmethod
    def kind_of(cls, data: Mapping[str, Any], /) -> type[Event]:
        """A move that was taken back had this name before it had one of its own."""
        return AppointmentMovedBack if data.get("slip_at") is not None else cls


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentMovedBack(AppointmentLeft):
    """Its last move, made at `slip_at`, was a slip and is taken back: it stands again where and what it was before."""

    slip_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentCancelled(AppointmentEvent):
    """It does not take place; its span is free again. `cause`: patient, doctor, absence, mistake, other.

    `resources`: the ids of the rooms and equipment that it took.
    """

    cause: str
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentConfirmed(AppointmentEvent):
    """The patient said that he will come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientArrived(AppointmentEvent):
    """The patient is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentDone(AppointmentEvent):
    """The visit took place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDidNotCome(AppointmentEvent):
    """The patient did not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentMarkTakenBack(AppointmentEvent):
    """What was said of it last was a slip: that he came, did not come, or will. `state`: booked or confirmed again."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBlocked(Event):
    """An agenda is busy without a patient. `block` is the id made by the page."""

    block: str
    client: str
    agenda: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeUnblocked(Event):
    """The busy time is free again. `block` is "" of what was busy in a calendar kept elsewhere; `door` "caldav" where a
    device freed it, "" else.
    """

    block: str
    client: str
    agenda: str
    starts_at: datetime
    ends_at: datetime
    door: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotOffered(Event):
    """A slot that got free is kept until `expires_at` for one who waits. `offer` is the id in his link."""

    offer: str
    client: str
    agenda: str
    starts_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAnswered(Event):
    """What became of an offer. `answer`: taken, declined, lapsed, withdrawn; `appointment`: what it became, else ""."""

    offer: str
    client: str
    agenda: str
    answer: str
    appointment: str = ""


AGENDA_EVENTS = EventCatalogue(
    AppointmentBookedElsewhere,
    AppointmentElsewhereUndone,
    AgendaChanged,
    HoldTaken,
    HoldReleased,
    AppointmentBooked,
    AppointmentMoved,
    AppointmentMovedBack,
    AppointmentCancelled,
    AppointmentConfirmed,
    PatientArrived,
    AppointmentDone,
    PatientDidNotCome,
    AppointmentMarkTakenBack,
    TimeBlocked,
    TimeUnblocked,
    SlotOffered,
    OfferAnswered,
)
