# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a moment is not offered: small values with a code and arguments, never a sentence.

Codes are stable and go over the wire (`as_fields`); the words for them stand in agenda.words. Moments are UTC.
"""

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar

from permanence.agenda.rules.kinds import Asker, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """One cause. `code` names its kind."""

    code: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonUnknown(WhyNot):
    """Nobody comes to this agenda for that."""

    code = "reason_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBookable(WhyNot):
    """Who asks may not book this reason; `by` may."""

    code = "not_bookable"
    asked_by: Asker
    by: tuple[Asker, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeOutside(WhyNot):
    """Too young or too old; both years are included, None for any."""

    code = "age"
    age: int
    youngest: int | None
    oldest: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContraIndicated(WhyNot):
    """A question that forbids the visit was answered by yes."""

    code = "contra_indicated"
    question: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OffStep(WhyNot):
    """Visits begin on multiples of `step` minutes."""

    code = "off_step"
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Past(WhyNot):
    """It is over."""

    code = "past"


@dataclass(frozen=True, slots=True, kw_only=True)
class TooSoon(WhyNot):
    """`notice` minutes are asked for; from `earliest` on."""

    code = "too_soon"
    notice: int
    earliest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BeyondHorizon(WhyNot):
    """Booked at most `days` days ahead, until `last` included."""

    code = "beyond_horizon"
    days: int
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(WhyNot):
    """No opening. `because`: week, holiday or exception, with its name."""

    code = "closed"
    because: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkIn(WhyNot):
    """Open without appointment; nothing is booked."""

    code = "walk_in"
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWay(WhyNot):
    """The hour is for visits of another way (at home, by video)."""

    code = "other_way"
    way: Way


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReleased(WhyNot):
    """Kept for the day itself: released at that moment."""

    code = "not_released"
    released: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotThisReason(WhyNot):
    """The hour is kept for `reasons` (ids)."""

    code = "not_this_reason"
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPatientsNot(WhyNot):
    """No new patients at that hour; `weekdays` (0 is Monday) on which there are hours for them, () for none."""

    code = "new_patients_not"
    weekdays: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOnlineHere(WhyNot):
    """The hour is not open to patients who book themselves."""

    code = "not_online_here"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSite(WhyNot):
    """He is at `site` then, where this is not done or not wanted; "" for a place without a name."""

    code = "other_site"
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent(WhyNot):
    """Away until then. `who`: the recipient's id, "" for the whole client."""

    code = "absent"
    who: str
    starts: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupied(WhyNot):
    """Another visit takes place; `starts` and `until` without its buffers."""

    code = "taken"
    starts: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(WhyNot):
    """Kept by somebody (a name to show, "" for the waiting list) for a call or a page that is going on, or for whom it
    is offered to; lapses at `until`. `hold`: its id.
    """

    code = "held"
    by: str
    until: datetime | None
    hold: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked(WhyNot):
    """Busy with something else."""

    code = "blocked"
    starts: datetime
    until: datetime
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyElsewhere(WhyNot):
    """Busy in another calendar of the doctor's, which is called `label`; "": on his own device."""

    code = "busy_elsewhere"
    starts: datetime
    until: datetime
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Full(WhyNot):
    """All places of a group are taken."""

    code = "full"
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer(WhyNot):
    """The time to prepare, tidy up or travel between this and a neighbour is missing; his ends with buffers."""

    code = "buffer"
    starts: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentTaken(WhyNot):
    """A room or a device is taken, its buffers included."""

    code = "equipment_taken"
    resource: str
    starts: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentMissing(WhyNot):
    """None of that kind stands at the site."""

    code = "equipment_missing"
    kind: str
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TooShort(WhyNot):
    """`left` minutes until `until`, where something begins (`then`: its code); `needed` are wanted."""

    code = "too_short"
    left: int
    needed: int
    until: datetime
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPerDay(WhyNot):
    """So many visits of the reason stand on that day, and no more may."""

    code = "max_per_day"
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPerHalfDay(WhyNot):
    """The same for the half-day."""

    code = "max_per_half_day"
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxNewPerDay(WhyNot):
    """The same for new patients."""

    code = "max_new_per_day"
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsoRefuses(WhyNot):
    """The other agenda of a combined visit refuses, for `why`. `who`: its recipient's id."""

    code = "also_refuses"
    who: str
    why: WhyNot


@dataclass(frozen=True, slots=True, kw_only=True)
class OverbookingNot(WhyNot):
    """Nothing may be overbooked: by the `agenda` (that of recipient `who`) or the `reason`; "" where it is for
    patients who book themselves.
    """

    code = "overbooking_not"
    by: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverbookedEnough(WhyNot):
    """So many visits of that day were put where there is no room, and no more may be."""

    code = "overbooked_enough"
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseMissing(WhyNot):
    """Overbooking wants a cause in words."""

    code = "cause_missing"


def innermost(why: WhyNot) -> WhyNot:
    """The cause itself, whichever agenda of a combined visit it is of."""
    return why.why if isinstance(why, AlsoRefuses) else why


def as_fields(why: WhyNot) -> dict[str, Any]:
    """Code and arguments as JSON has them: moments and days in ISO 8601."""
    return {"code": why.code, **{part.name: _plain(getattr(why, part.name)) for part in fields(why)}}


def _plain(value: Any) -> Any:
    if isinstance(value, WhyNot):
        return as_fields(value)
    if isinstance(value, date):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value
