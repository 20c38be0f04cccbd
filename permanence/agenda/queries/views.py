# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands in agendas, as the screens and other rooms get it: frozen dataclasses, and how rows become them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from permanence.agenda.models import Agenda, Appointment, Block, Resource, SlotHold
from permanence.agenda.queries.books import agenda_of
from permanence.agenda.rules import kinds
from permanence.agenda.rules.openings import OpenSpan
from permanence.agenda.rules.states import AppointmentState, CancelCause, Door
from permanence.foundation.prepared import Prepared
from permanence.foundation.tenancy import ClientQuerySet


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaView:
    """An agenda as lists have it. `colour` is the client's, 1 to 8; `version` grows with everything that changes it."""

    id: str
    client: str
    client_name: str
    initials: str
    colour: int
    recipient: str
    recipient_name: str
    name: str
    time_zone: str
    active: bool
    version: int
    setting: kinds.Agenda


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceView:
    """A room or a piece of equipment. `kind` is a word of the client's, `site` an id or ""."""

    id: str
    client: str
    name: str
    kind: str
    site: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentView:
    """One appointment. `appointment` is its id; `patient_birth` ISO as far as it is known. Moments are UTC.

    `also`: the other agenda of a combined visit, with its recipient; "" of an ordinary one.

    `overbooked`: why it was put where something stood, "" for an ordinary one. `cancel_cause` is "" unless cancelled.
    `answered`: there are `appointments.answers`. `way`, `video_link`: its reason's; `site`: an id or "".
    """

    appointment: str
    client: str
    agenda: str
    recipient: str
    agenda_name: str
    also: str
    also_recipient: str
    also_name: str
    patient: str
    patient_name: str
    patient_birth: str
    known: bool
    reason: str
    reason_name: str
    starts_at: datetime
    ends_at: datetime
    state: AppointmentState
    state_at: datetime
    door: Door
    call: str
    booked_by: str
    booked_by_name: str
    booked_at: datetime
    revision: int
    cancel_cause: str
    cancel_words: str
    cancelled_by_name: str
    overbooked: str
    series: str
    position: int | None
    answered: bool
    way: kinds.Way
    video_link: str
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """A held slot. `ended` is "" while it stands; `held_by` (an id or "") keeps it, `call` for which call. `online`: a
    patient on the public page. `also`, `site` as of an appointment.
    """

    hold: str
    client: str
    agenda: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    held_for: str
    held_by: str
    held_by_name: str
    call: str
    expires_at: datetime
    ended: str
    online: bool = False
    also: str = ""
    site: str = ""

    def stands(self, at: datetime) -> bool:
        """Whether it keeps the slot at `at`."""
        return not self.ended and at < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockView:
    """Busy time without a patient."""

    block: str
    client: str
    agenda: str
    starts_at: datetime
    ends_at: datetime
    words: str
    door: Door
    made_by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysOf[Visit]:
    """Some days of one agenda: its openings (those not yet released too), who is away, and all that stands in it.

    What was cancelled is not among `appointments`. `exceptions`: what is otherwise on which of the days.
    """

    agenda: AgendaView
    first: date
    until: date
    openings: tuple[OpenSpan, ...]
    exceptions: tuple[kinds.OpeningException, ...]
    absences: tuple[kinds.Taken, ...]
    appointments: tuple[Visit, ...]
    holds: tuple[HoldView, ...]
    blocks: tuple[BlockView, ...]


type AgendaDays = DaysOf[AppointmentView]
"""With all that is known of each appointment."""

_COLUMNS = (
    "key", "client_id", "agenda_id", "agenda__recipient_id", "agenda__name", "also_id", "also__recipient_id",
    "also__name", "patient_id", "patient__used_name", "patient__birth_name", "patient__first_name",
    "patient__birth_date", "known", "reason_id", "reason__name", "starts_at", "ends_at", "state", "state_at", "door",
    "call", "booked_by_id", "booked_by_name", "booked_at", "revision", "cancel_cause", "cancel_words",
    "cancelled_by_name", "overbook_cause", "series__key", "position", "sealed_answers",
    "reason__way", "reason__video_link", "site_id",
)  # fmt: skip
"""What a view of an appointment is made of."""


def appointment_views(rows: ClientQuerySet[Appointment]) -> tuple[AppointmentView, ...]:
    """The rows as views, in their order. One query, of columns: a grid shows thousands."""
    return tuple(map(_appointment, rows.values(*_COLUMNS)))


@Prepared
def _of_key(house: int, key: str) -> QuerySet[Appointment, tuple[Any, ...]]:
    return Appointment.objects.for_house(house).filter(key=key).values_list(*_COLUMNS)


def appointment_of_key(*, house_key: int, key: str) -> AppointmentView | None:
    """The appointment of a house with that id; None for none. One query."""
    return next((_appointment(dict(zip(_COLUMNS, row, strict=True))) for row in _of_key(house_key, key)), None)


def loaded(rows: ClientQuerySet[Appointment]) -> ClientQuerySet[Appointment]:
    """The rows with what a view needs of others."""
    return rows.select_related("agenda", "also", "reason", "patient", "series")


def agenda_view(row: Agenda) -> AgendaView:
    """The row (client and recipient loaded) as a view."""
    return AgendaView(
        id=str(row.pk),
        client=str(row.client_id),
        client_name=row.client.name,
        initials=row.client.initials,
        colour=row.client.colour,
        recipient=str(row.recipient_id),
        recipient_name=row.recipient.name,
        name=row.name,
        time_zone=row.client.time_zone,
        active=row.active,
        version=row.version,
        setting=agenda_of(row),
    )


def appointment_view(row: Appointment) -> AppointmentView:
    """The row (agendas, reason, patient and series loaded) as a view."""
    return _appointment({name: _column(row, name) for name in _COLUMNS})


def _column(row: Appointment, name: str) -> Any:
    """What stands in a column, one of another table by "table__column"; None where that table has no row."""
    of_other, _, own = name.rpartition("__")
    source = getattr(row, of_other) if of_other else row
    return None if source is None else getattr(source, own)


def called(used: str, birth: str, first: str) -> str:
    """What a patient is called wherever a day is shown: "HOFFMANN Jeanne"."""
    last = (used or birth).upper()
    return f"{last} {first}" if last and first else last or first


def _appointment(row: Mapping[str, Any]) -> AppointmentView:
    """What stands in `_COLUMNS` as a view."""
    return AppointmentView(
        appointment=row["key"],
        client=str(row["client_id"]),
        agenda=str(row["agenda_id"]),
        recipient=str(row["agenda__recipient_id"]),
        agenda_name=row["agenda__name"],
        also=str(row["also_id"] or ""),
        also_recipient=str(row["also__recipient_id"] or ""),
        also_name=row["also__name"] or "",
        patient=str(row["patient_id"]),
        patient_name=called(row["patient__used_name"], row["patient__birth_name"], row["patient__first_name"]),
        patient_birth=row["patient__birth_date"],
        known=row["known"],
        reason=str(row["reason_id"]),
        reason_name=row["reason__name"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        state=AppointmentState(row["state"]),
        state_at=row["state_at"],
        door=Door(row["door"]),
        call=row["call"],
        booked_by="" if row["booked_by_id"] is None else str(row["booked_by_id"]),
        booked_by_name=row["booked_by_name"],
        booked_at=row["booked_at"],
        revision=row["revision"],
        cancel_cause="" if not row["cancel_cause"] else CancelCause(row["cancel_cause"]).value,
        cancel_words=row["cancel_words"],
        cancelled_by_name=row["cancelled_by_name"],
        overbooked=row["overbook_cause"],
        series=row["series__key"] or "",
        position=row["position"],
        answered=row["sealed_answers"] != "",
        way=kinds.Way(row["reason__way"]),
        video_link=row["reason__video_link"],
        site=str(row["site_id"] or ""),
    )


def hold_view(row: SlotHold) -> HoldView:
    """The row as a view."""
    return HoldView(
        hold=row.key,
        client=str(row.client_id),
        agenda=str(row.agenda_id),
        reason=str(row.reason_id),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        held_for=row.held_for,
        held_by="" if row.held_by_id is None else str(row.held_by_id),
        held_by_name=row.held_by_name,
        call=row.call,
        expires_at=row.expires_at,
        ended=row.ended,
        online=row.door == Door.PUBLIC,
        also="" if row.also_id is None else str(row.also_id),
        site="" if row.site_id is None else str(row.site_id),
    )


def block_view(row: Block) -> BlockView:
    """The row as a view."""
    return BlockView(
        block=row.key,
        client=str(row.client_id),
        agenda=str(row.agenda_id),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        words=row.words,
        door=Door(row.door),
        made_by_name=row.made_by_name,
    )


def elsewhere_view(taken: kinds.Taken, *, client: str) -> BlockView:
    """Busy time of a calendar of another product, as a block. Its id is that of nothing that can be freed here."""
    return BlockView(
        block=taken.id,
        client=client,
        agenda=taken.agenda,
        starts_at=taken.starts,
        ends_at=taken.ends,
        words=taken.label,
        door=Door.CALENDAR,
        made_by_name=taken.label,
    )


def resource_view(row: Resource) -> ResourceView:
    """The row as a view."""
    return ResourceView(
        id=str(row.pk),
        client=str(row.client_id),
        name=row.name,
        kind=row.kind,
        site="" if row.site_id is None else str(row.site_id),
        active=row.active,
    )
