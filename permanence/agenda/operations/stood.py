# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a visit was where it stood: kept with the act that moved it, so that it can be so again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from permanence.agenda.models import Appointment, Occupancy
from permanence.agenda.models.appointments import ALL_PLACES
from permanence.agenda.rules.states import AppointmentState
from permanence.agenda.rules.wishes import Also, Slot

_MOMENTS = ("starts_at", "ends_at")
_COLUMNS = (
    "agenda_id", "resource_id", *_MOMENTS, "before", "after", "place_from", "place_until", "blocking", "shared_by_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """Where (`slot`, of which only place and time are known), in which state, confirmed since when; `cause`: why it was
    put where something stood. `rows`: what it took, as columns of `Occupancy`.
    """

    slot: Slot
    state: AppointmentState
    confirmed_at: datetime | None
    cause: str
    rows: tuple[dict[str, Any], ...]

    @property
    def in_group(self) -> bool:
        """Whether it had one of several places."""
        return any(each["agenda_id"] and each["place_until"] < ALL_PLACES for each in self.rows)

    @classmethod
    def of(cls, visit: Appointment) -> "Stood":
        """As it stands now. One query."""
        slot = Slot(
            agenda=str(visit.agenda_id),
            reason=str(visit.reason_id),
            starts=visit.starts_at,
            ends=visit.ends_at,
            site=str(visit.site_id or ""),
            also=Also(agenda=str(visit.also_id)) if visit.also_id else None,
        )
        rows = Occupancy.objects.filter(appointment=visit).order_by("pk").values(*_COLUMNS)
        return cls(
            slot=slot,
            state=AppointmentState(visit.state),
            confirmed_at=visit.confirmed_at,
            cause=visit.overbook_cause,
            rows=tuple(dict(each) for each in rows),
        )

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Stood":
        """What `told` gave."""
        slot = Slot(
            agenda=told["agenda"],
            reason=told["reason"],
            starts=datetime.fromisoformat(told["starts_at"]),
            ends=datetime.fromisoformat(told["ends_at"]),
            site=told["site"],
            also=Also(agenda=told["also"]) if told["also"] else None,
        )
        return cls(
            slot=slot,
            state=AppointmentState(told["state"]),
            confirmed_at=datetime.fromisoformat(told["confirmed_at"]) if told["confirmed_at"] else None,
            cause=told["cause"],
            rows=tuple(each | {one: datetime.fromisoformat(each[one]) for one in _MOMENTS} for each in told["rows"]),
        )

    @property
    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "agenda": self.slot.agenda,
            "reason": self.slot.reason,
            "starts_at": self.slot.starts.isoformat(),
            "ends_at": self.slot.ends.isoformat(),
            "site": self.slot.site,
            "also": self.slot.also.agenda if self.slot.also else "",
            "state": self.state.value,
            "confirmed_at": self.confirmed_at.isoformat() if self.confirmed_at else "",
            "cause": self.cause,
            "rows": [each | {one: each[one].isoformat() for one in _MOMENTS} for each in self.rows],
        }
