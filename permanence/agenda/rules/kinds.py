# SPDX-License-Identifier: AGPL-3.0-or-later
"""The values an agenda is made of. Ids are `str`, lengths whole minutes, moments UTC, spans half-open.

**Walls.** Openings are written in local times of the agenda's zone, "HH:MM" ("24:00" ends the day). They become moments
as the opening hours of a line do (reception.hours.moment_of). The night clocks go forward, a time that does not exist
is the moment of the jump: 02:30 to 03:30 in Paris lasts from 03:00 to 03:30, and 02:00 to 02:30 does not take place.
The night they go back, a time that exists twice opens at its first and closes at its second occurrence: 02:30 to 03:30
lasts two hours, and its two 02:30 are two moments, hence two slots. In Dublin it is 01:30 to which that happens. What
is booked is a moment: it stays where it is whatever the wall shows.

**Cells.** Lengths and buffers are multiples of CELL, and visits begin on the agenda's step, counted from the full hour.

**Places.** A visit takes place within one opening, or within several that follow one another at the same place (site,
kind, resources, places). Its buffers before and after may lie outside. Between two visits both buffers count.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from permanence.kernel.refusals import Refusal
from permanence.reception.hours import minutes_of

CELL = 5
"""Minutes: everything that is booked begins and ends on a multiple of them."""

NOON = 13 * 60
"""Minutes after midnight at which the afternoon begins, for half-days."""

STEPS = (5, 10, 15, 20, 30, 60)
MOST_PLACES = 500
LONGEST_VISIT = 12 * 60
LONGEST_BLOCK = 31 * 24 * 60
"""Minutes, as `LONGEST_VISIT`: of busy time. Whoever reads some days looks no further back than these two."""
MOST_WEEKS = 53
COLOURS, CODE_LIMIT = 8, 4
LINK_LIMIT = 200


class OpeningImpossible(Refusal):
    """It ends before it begins, repeats every 0 weeks, is released at no hour, has no place."""

    code = "opening_impossible"


class VisitReasonImpossible(Refusal):
    """Its length is no multiple of five minutes or too long, or a limit is negative, or nobody may book it."""

    code = "visit_reason_impossible"


class AgendaImpossible(Refusal):
    """Its step is none of STEPS, or a limit is negative."""

    code = "agenda_impossible"


class Asker(StrEnum):
    """Who books."""

    SECRETARY = "secretary"
    ONLINE = "online"
    DOCTOR = "doctor"


class Way(StrEnum):
    """How a visit takes place."""

    PRACTICE = "practice"
    HOME = "home"
    TELE = "tele"


class OpeningKind(StrEnum):
    """What an opening is for. SAME_DAY is closed until it is released; in WALK_IN nothing is booked."""

    NORMAL = "normal"
    SAME_DAY = "same_day"
    WALK_IN = "walk_in"
    HOME_VISIT = "home_visit"
    TELE = "tele"


class ExceptionKind(StrEnum):
    """CLOSED and REPLACED take the week's openings of that day away; REPLACED and ONE_OFF bring their own."""

    CLOSED = "closed"
    ONE_OFF = "one_off"
    REPLACED = "replaced"


class TakenKind(StrEnum):
    """What occupies a span."""

    APPOINTMENT = "appointment"
    HOLD = "hold"
    BLOCK = "block"
    ABSENCE = "absence"


class HalfDay(StrEnum):
    """Before NOON on the wall, or from NOON on."""

    MORNING = "morning"
    AFTERNOON = "afternoon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The agenda of one recipient (practitioner) of a client.

    `step`: visits begin on its multiples, minutes (one of STEPS). `overbookings_per_day`: how many visits a day may be
    put where the rules have no room, 0 for none. Raises AgendaImpossible.
    """

    id: str
    client: str
    recipient: str
    zone: str
    country: str
    region: str = ""
    step: int = CELL
    closed_on_holidays: bool = True
    overbookings_per_day: int = 0

    def __post_init__(self) -> None:
        if self.step not in STEPS or self.overbookings_per_day < 0:
            raise AgendaImpossible(f"step {self.step}, {self.overbookings_per_day} overbookings a day")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A room or a piece of equipment of a client. `kind`: free word of his ("room", "ecg")."""

    id: str
    client: str
    kind: str
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One resource that a visit takes: any of `ids`, or, without them, any of that `kind` at the site of the visit.

    `before` and `after`: minutes it is taken besides the visit (to prepare, to clean). `shared_by` as in `Use`.
    """

    ids: tuple[str, ...] = ()
    kind: str = ""
    before: int = 0
    after: int = 0
    shared_by: str = ""

    def __post_init__(self) -> None:
        if not (self.ids or self.kind) or not _in_cells(self.before, self.after):
            raise VisitReasonImpossible(f"need of {self.ids} {self.kind!r}, {self.before} and {self.after} min")


class Use(NamedTuple):
    """What a visit takes of a resource, `before` and `after` (minutes) included.

    `shared_by`: the agenda whose group has it together, "" where the visit has it to itself.
    """

    resource: str
    before: int = 0
    after: int = 0
    shared_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something to ask before booking. Among contra-indications a yes refuses the visit."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReason:
    """Why a patient comes, and what follows from it.

    `minutes` of a visit; `minutes_new` of a new patient's, 0 for the same. `before`, `after`: buffers of the doctor.
    `notice`: minutes between booking and visit at least. `horizon`: days after today in which it may be booked (1:
    until tomorrow), 0 for any. `max_*`: visits of this reason on one agenda, 0 for any (`max_new_per_day`: of new
    patients). A maximum counts appointments and holds by the local day on which they begin.
    `needs`: one resource each, all at once. `also`: the agenda that each visit takes too, "" for none: a combined
    visit, free where both are, and not booked in the agenda `also` itself. `sites`: only there; () everywhere.
    `youngest`, `oldest`: ages in years that may come, both included, None for any. `colour` (1 to COLOURS) and `code`
    tell it in the grid, 0 and "" leave it to the grid. `video_link`: where patients go for a visit by video (https),
    "" where the practice sends them a link itself. Raises VisitReasonImpossible.
    """

    id: str
    client: str
    name: str
    minutes: int
    minutes_new: int = 0
    before: int = 0
    after: int = 0
    notice: int = 0
    horizon: int = 0
    max_per_day: int = 0
    max_per_half_day: int = 0
    max_new_per_day: int = 0
    bookable_by: frozenset[Asker] = frozenset(Asker)
    way: Way = Way.PRACTICE
    video_link: str = ""
    needs: tuple[Need, ...] = ()
    also: str = ""
    sites: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    documents: tuple[str, ...] = ()
    youngest: int | None = None
    oldest: int | None = None
    contra_indications: tuple[Question, ...] = ()
    overbooking: bool = False
    colour: int = 0
    code: str = ""

    def __post_init__(self) -> None:
        lengths = self.minutes, self.minutes_new
        limits = self.notice, self.horizon, self.max_per_day, self.max_per_half_day, self.max_new_per_day
        if not _in_cells(*lengths, self.before, self.after) or not 0 < self.minutes <= LONGEST_VISIT:
            raise VisitReasonImpossible(f"lengths {lengths}, buffers {self.before} and {self.after} min")
        if self.minutes_new > LONGEST_VISIT or min(limits) < 0:
            raise VisitReasonImpossible(f"limits {limits}, {self.minutes_new} min for a new patient")
        if not self.bookable_by:
            raise VisitReasonImpossible("nobody may book it")
        if self.youngest is not None and self.oldest is not None and self.oldest < self.youngest:
            raise VisitReasonImpossible(f"from {self.youngest} to {self.oldest} years")
        if self.video_link and not _is_video(self.way, self.video_link):
            raise VisitReasonImpossible(f"{self.way}, a link of {len(self.video_link)} characters")
        if not 0 <= self.colour <= COLOURS or len(self.code) > CODE_LIMIT:
            raise VisitReasonImpossible(f"colour {self.colour}, code {self.code!r}")

    def length(self, *, is_new: bool) -> int:
        """Minutes of a visit."""
        return self.minutes_new if is_new and self.minutes_new else self.minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """When visits can take place on a `weekday` (0 is Monday), from `opens` to `until` of the same day.

    `every_weeks` n: in the week of `anchor` and every n-th one from it. `valid_from` (included), `valid_until`
    (excluded): None for ever. `reasons`: ids of those visited here, () for all. `resources`: ids taken by every visit
    here besides what its reason needs, by those of a group together. SAME_DAY: released at `released_at` ("HH:MM"),
    `released_days` days before its day. HOME_VISIT: `travel` minutes before each visit. `capacity`: visits at once (a
    group of an hour is an opening of an hour for a reason of an hour). `online`: also by patients themselves.
    `on_holidays`: on public holidays too. In an exception `weekday`, weeks and validity are not looked at. Raises
    OpeningImpossible.
    """

    id: str
    agenda: str
    opens: str
    until: str
    weekday: int = 0
    every_weeks: int = 1
    anchor: date | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    reasons: tuple[str, ...] = ()
    site: str = ""
    resources: tuple[str, ...] = ()
    kind: OpeningKind = OpeningKind.NORMAL
    released_at: str = ""
    released_days: int = 0
    travel: int = 0
    capacity: int = 1
    new_patients: bool = True
    online: bool = True
    on_holidays: bool = False

    def __post_init__(self) -> None:
        if clock(self.until) <= clock(self.opens) or not 0 <= self.weekday <= 6:
            raise OpeningImpossible(f"weekday {self.weekday}, from {self.opens} to {self.until}")
        if not 1 <= self.every_weeks <= MOST_WEEKS or (self.every_weeks > 1 and self.anchor is None):
            raise OpeningImpossible(f"every {self.every_weeks} weeks from {self.anchor}")
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise OpeningImpossible(f"valid from {self.valid_from} until {self.valid_until}")
        if (self.kind is OpeningKind.SAME_DAY) != bool(self.released_at) or self.released_days < 0:
            raise OpeningImpossible(f"{self.kind}, released at {self.released_at!r} {self.released_days} days before")
        if self.released_at and clock(self.released_at) >= 24 * 60:
            raise OpeningImpossible(f"released at {self.released_at}")
        if not 1 <= self.capacity <= MOST_PLACES:
            raise OpeningImpossible(f"{self.capacity} places")
        if not _in_cells(self.travel) or (self.travel and self.kind is not OpeningKind.HOME_VISIT):
            raise OpeningImpossible(f"{self.travel} min of travel, {self.kind}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningException:
    """What is otherwise on one local day. Several for one day hold together: any CLOSED or REPLACED takes the week's
    openings away, all `openings` of the others are added. They hold on public holidays too. Raises OpeningImpossible.
    """

    id: str
    agenda: str
    date: date
    kind: ExceptionKind
    label: str = ""
    openings: tuple[Opening, ...] = ()

    def __post_init__(self) -> None:
        if (self.kind is ExceptionKind.CLOSED) == bool(self.openings):
            raise OpeningImpossible(f"{self.kind} with {len(self.openings)} openings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A span in which `subject` (id of an agenda, or of a resource: `of_resource`) is occupied. The two are counted
    apart, so one id can be both.

    `starts`, `ends`: of the visit itself; `before`, `after`: its buffers, minutes. `agenda`: whose visit takes a
    resource, or another agenda; `shared_by` as in `Use`. HOLD: held by `by` (a name to show) for `holder` (the call,
    person or door whose own search it does not hinder) while the moment is before `until`. ABSENCE: `by` is the id of
    who is away, "" for the whole client. BLOCK: busy; `elsewhere`: in a calendar of another product, which is called
    `label`.
    """

    subject: str
    starts: datetime
    ends: datetime
    kind: TakenKind = TakenKind.APPOINTMENT
    id: str = ""
    agenda: str = ""
    reason: str = ""
    is_new: bool = False
    before: int = 0
    after: int = 0
    by: str = ""
    holder: str = ""
    until: datetime | None = None
    label: str = ""
    overbooked: bool = False
    of_resource: bool = False
    shared_by: str = ""
    elsewhere: bool = False

    def takes(self, agenda: str) -> bool:
        """Whether it is the agenda that it occupies, not a room or a device called the same."""
        return self.subject == agenda and not self.of_resource

    @property
    def from_buffer(self) -> datetime:
        """When it is occupied, the buffer before included."""
        return self.starts - timedelta(minutes=self.before)

    @property
    def until_buffer(self) -> datetime:
        """Until when it is occupied, the buffer after included."""
        return self.ends + timedelta(minutes=self.after)

    @property
    def lasts(self) -> bool:
        """Whether it occupies anything at all; what does not is as if it were not there, for maxima too."""
        return self.starts < self.ends or self.from_buffer < self.until_buffer

    @property
    def is_visit(self) -> bool:
        """Whether it takes one place only, and counts against a reason's maximum."""
        return self.kind in {TakenKind.APPOINTMENT, TakenKind.HOLD}

    def counts(self, *, at: datetime, holder: str = "") -> bool:
        """Whether it hinders `holder` at `at`: a hold that is over, or his own, does not."""
        if self.kind is not TakenKind.HOLD:
            return True
        return (self.until is None or at < self.until) and not (holder and self.holder == holder)


def clock(text: str) -> int:
    """Minutes after midnight of "HH:MM". Raises OpeningImpossible."""
    try:
        return minutes_of(text)
    except ValueError as fault:
        raise OpeningImpossible(str(fault)) from fault


def _is_video(way: Way, link: str) -> bool:
    """Whether a link is one for visits of this way: a whole https address, fit to stand in a calendar."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    plain = len(link) <= LINK_LIMIT and link.isprintable() and not any(each.isspace() for each in link)
    return way is Way.TELE and plain and parts.scheme == "https" and bool(parts.hostname)


def _in_cells(*minutes: int) -> bool:
    return all(each >= 0 and each % CELL == 0 for each in minutes)
