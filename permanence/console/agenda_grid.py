# SPDX-License-Identifier: AGPL-3.0-or-later
"""The days of agendas as the grid draws them: lanes, and in each what stands where, in steps of five minutes.

Everything stands on its client's clock (the wall), from the step `first` of the day on; the style sheet turns the
steps into places, so that no element carries a style of its own. What begins before `first` is folded, and counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from permanence.agenda.queries.views import AgendaDays, AppointmentView, BlockView, HoldView
from permanence.agenda.rules.kinds import OpeningKind, Taken, VisitReason
from permanence.agenda.rules.openings import OpenSpan
from permanence.agenda.rules.states import AppointmentState
from permanence.console.agenda_words import OPENINGS, STATES

STEP = 5
"""Minutes of a step."""
DAY = 24 * 60 // STEP
HALF_HOUR = 30 // STEP
HOUR = 60 // STEP
KEPT_BEFORE = 90
"""Minutes before the present one that are shown though they are past."""
USUAL = (8 * HOUR, 18 * HOUR)
"""The hours of a day on which nothing is open."""
MOST_BESIDE = 8
"""So many visits at one time stand beside one another in a lane."""
TALL = 8
"""Steps from which a name may take two rows."""

CLASSES = {
    AppointmentState.BOOKED: "is-booked",
    AppointmentState.CONFIRMED: "is-confirmed",
    AppointmentState.ARRIVED: "is-arrived",
    AppointmentState.DONE: "is-seen",
    AppointmentState.NO_SHOW: "is-noshow",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a reason is told from the others: its colour (1 to 8) and a code of at most four characters."""

    colour: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """An opening or an absence: what lies under the visits. `words` stand in it."""

    first: int
    span: int
    words: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A visit, a hold or busy time. `wide` visits stand beside one another, this one is number `beside` from 0.

    `starts`, `until` as figures; `expires`: the ms since 1970 at which a hold ends, 0 for what is none.
    """

    kind: str
    key: str
    first: int
    span: int
    name: str
    title: str
    starts: str
    until: str
    classes: str = ""
    code: str = ""
    colour: int = 0
    note: str = ""
    state: str = ""
    state_words: str = ""
    expires: int = 0
    wide: int = 1
    beside: int = 0
    movable: bool = False
    patient: str = ""
    reason: str = ""
    born: str = ""
    minute: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One agenda on one local day. `past`: how many visits lie before what is shown."""

    agenda: str
    client: str
    client_name: str
    day: date
    name: str
    note: str
    initials: str
    colour: int
    today: bool
    step: int
    grounds: tuple[Ground, ...]
    items: tuple[Item, ...]
    past: int = 0

    @property
    def key(self) -> str:
        """What no other lane of the grid is called."""
        return f"{self.agenda}-{self.day.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The lanes and the steps that are shown: `count` of them from `first`. `now` is the present step, -1 elsewhere."""

    lanes: tuple[Lane, ...]
    first: int
    count: int
    now: int
    now_words: str
    hours: tuple[tuple[int, str], ...]
    folded_until: str
    folded_from: str
    past: int

    @property
    def booked(self) -> bool:
        """Whether anything stands in it."""
        return any(lane.items for lane in self.lanes)


def marks_of(reasons: Iterable[VisitReason]) -> dict[str, Mark]:
    """Colour and code of each reason of one client, in their order; no two codes are the same."""
    found: dict[str, Mark] = {}
    used: set[str] = set()
    for position, reason in enumerate(reasons):
        code = base = code_of(reason.name)
        number = 2
        while code in used:
            code = f"{base[:3]}{number}"
            number += 1
        used.add(code)
        found[reason.id] = Mark(colour=position % 8 + 1, code=code)
    return found


def code_of(name: str) -> str:
    """The short form of a reason's name: an abbreviation in it, initials of several words, else its beginning."""
    words = [each for each in "".join(one if one.isalnum() else " " for one in name).split() if each]
    short = next((each for each in words if 2 <= len(each) <= 4 and each.isupper()), "")
    if short:
        return short
    long = [each for each in words if len(each) > 2]
    if len(long) > 1:
        return "".join(each[0] for each in long[:3]).upper()
    return (words[0] if words else "?")[:3].upper()


def lanes_of(
    found: AgendaDays, *, marks: Mapping[str, Mark], person: str, at: datetime, by_day: bool = False
) -> tuple[Lane, ...]:
    """The lanes of one agenda: one a day. `person`: whose holds are hers. `by_day`: a lane is called by its day."""
    days = [found.first + timedelta(days=number) for number in range((found.until - found.first).days)]
    return tuple(_lane(found, day, marks=marks, person=person, at=at, by_day=by_day) for day in days)


def grid_of(lanes: Sequence[Lane], *, at: datetime, zone: ZoneInfo, show_past: bool) -> Grid:
    """The lanes side by side. Today's past hours are folded unless `show_past`. `zone`: the clock of the present."""
    spans = [(each.first, each.first + each.span) for lane in lanes for each in lane.grounds]
    spans += [(each.first, each.first + each.span) for lane in lanes for each in lane.items]
    begins, ends = min((one for one, _ in spans), default=USUAL[0]), max((one for _, one in spans), default=USUAL[1])
    first, last = begins // HOUR * HOUR, min(-(-ends // HOUR) * HOUR, DAY)
    local = at.astimezone(zone)
    today = any(lane.today for lane in lanes)
    now = (local.hour * 60 + local.minute) // STEP if today else -1
    fold = 0
    if today and not show_past and all(lane.today for lane in lanes):
        fold = max(now - KEPT_BEFORE // STEP, 0) // HALF_HOUR * HALF_HOUR
        fold = fold if first < fold < last - HOUR else 0
    shown = tuple(folded(lane, fold) for lane in lanes) if fold else tuple(lanes)
    start = fold or first
    return Grid(
        lanes=shown,
        first=start,
        count=last - start,
        now=now if start <= now < last else -1,
        now_words=f"{local:%H:%M}",
        hours=tuple((step, clock_of(step)) for step in range(-(-start // HOUR) * HOUR, last, HOUR)),
        folded_from=clock_of(first) if fold else "",
        folded_until=clock_of(fold) if fold else "",
        past=sum(lane.past for lane in shown),
    )


def folded(lane: Lane, first: int) -> Lane:
    """The lane from the step `first` on; what was over before it is counted."""
    kept = tuple(each for each in lane.items if each.first + each.span > first)
    over = sum(each.kind == "appointment" for each in lane.items) - sum(each.kind == "appointment" for each in kept)
    return replace(
        lane,
        items=tuple(_cut(each, first) for each in kept),
        grounds=tuple(_cut(each, first) for each in lane.grounds if each.first + each.span > first),
        past=over,
    )


def clock_of(step: int) -> str:
    """14:05 of a step."""
    minutes = step * STEP
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _cut[T: (Item, Ground)](each: T, first: int) -> T:
    hidden = max(first - each.first, 0)
    return replace(each, first=each.first + hidden, span=each.span - hidden)


@dataclass(frozen=True, slots=True)
class _Wall:
    """A local day on a client's clock."""

    day: date
    zone: ZoneInfo

    def minute(self, at: datetime) -> int:
        """Minutes after its midnight, 0 to 1440."""
        local = at.astimezone(self.zone)
        return min(max((local.date() - self.day).days * 1440 + local.hour * 60 + local.minute, 0), 1440)

    def steps(self, starts: datetime, ends: datetime) -> tuple[int, int]:
        """First step and how many; 0 where the day is not touched."""
        first, last = self.minute(starts) // STEP, -(-self.minute(ends) // STEP)
        if ends > starts and last <= first and self.touches(starts, ends):
            last = first + max(int((ends - starts).total_seconds()) // 60 // STEP, 1)  # the hour that came twice
        return first, max(min(last, DAY) - first, 0)

    def touches(self, starts: datetime, ends: datetime) -> bool:
        """Whether the span has something of this day."""
        begins, finishes = starts.astimezone(self.zone).date(), ends.astimezone(self.zone).date()
        return begins <= self.day <= finishes

    def clock(self, at: datetime) -> str:
        """14:05"""
        return f"{at.astimezone(self.zone):%H:%M}"


def _lane(found: AgendaDays, day: date, *, marks: Mapping[str, Mark], person: str, at: datetime, by_day: bool) -> Lane:
    agenda = found.agenda
    wall = _Wall(day, ZoneInfo(agenda.time_zone))
    items = [
        *(_visit(each, wall, marks, at) for each in found.appointments if wall.touches(each.starts_at, each.ends_at)),
        *(_hold(each, wall, marks, person) for each in found.holds if wall.touches(each.starts_at, each.ends_at)),
        *(_block(each, wall) for each in found.blocks if wall.touches(each.starts_at, each.ends_at)),
    ]
    away = [_absence(each, wall) for each in found.absences if wall.touches(each.starts, each.ends)]
    said = [each.label for each in found.exceptions if each.date == day and each.label]
    note = ", ".join(said) or (agenda.client_name if agenda.client_name != agenda.name else "")
    return Lane(
        agenda=agenda.id,
        client=agenda.client,
        client_name=agenda.client_name,
        day=day,
        name=date_format(day, "D j") if by_day else agenda.name,
        note=(", ".join(said) if by_day else note),
        initials=agenda.initials,
        colour=agenda.colour,
        today=day == at.astimezone(wall.zone).date(),
        step=agenda.setting.step,
        grounds=(*(_opening(each, wall) for each in found.openings if wall.touches(each.starts, each.ends)), *away),
        items=tuple(_beside(sorted((each for each in items if each.span), key=lambda one: (one.first, one.key)))),
    )


def _visit(visit: AppointmentView, wall: _Wall, marks: Mapping[str, Mark], at: datetime) -> Item:
    first, span = wall.steps(visit.starts_at, visit.ends_at)
    mark = marks.get(visit.reason, Mark(colour=8, code="?"))
    starts, until, state = wall.clock(visit.starts_at), wall.clock(visit.ends_at), str(STATES[visit.state])
    names = {"starts": starts, "until": until, "patient": visit.patient_name, "reason": visit.reason_name}
    note = visit.overbooked or (
        _("Session %(number)d") % {"number": visit.position + 1} if visit.position is not None else ""
    )
    return Item(
        kind="appointment",
        key=visit.appointment,
        first=first,
        span=span,
        name=visit.patient_name,
        title=_("%(starts)s to %(until)s, %(patient)s, %(reason)s, %(state)s") % {**names, "state": state},
        starts=starts,
        until=until,
        classes=CLASSES[visit.state]
        + (" appt--tall" if span >= TALL else "")
        + (" is-past" if visit.ends_at <= at else ""),
        code=mark.code,
        colour=mark.colour,
        note=note or (visit.reason_name if span >= TALL else ""),
        state=visit.state.value,
        state_words=state,
        movable=visit.state in {AppointmentState.BOOKED, AppointmentState.CONFIRMED},
        patient=visit.patient,
        reason=visit.reason_name,
        born=visit.patient_birth,
        minute=wall.minute(visit.starts_at),
    )


def _hold(hold: HoldView, wall: _Wall, marks: Mapping[str, Mark], person: str) -> Item:
    first, span = wall.steps(hold.starts_at, hold.ends_at)
    mine = bool(person) and hold.held_by == person
    name = _("Held for you") if mine else _("Held by %(name)s") % {"name": hold.held_by_name or _("the waiting list")}
    starts, until = wall.clock(hold.starts_at), wall.clock(hold.ends_at)
    mark = marks.get(hold.reason, Mark(colour=8, code="?"))
    return Item(
        kind="hold",
        key=hold.hold,
        first=first,
        span=span,
        name=name,
        title=_("%(starts)s to %(until)s, %(held)s") % {"starts": starts, "until": until, "held": name},
        starts=starts,
        until=until,
        classes="appt--held" + (" appt--mine" if mine else ""),
        code=mark.code if mine else "",
        state="held",
        state_words=name,
        expires=int(hold.expires_at.timestamp() * 1000),
        minute=wall.minute(hold.starts_at),
    )


def _block(block: BlockView, wall: _Wall) -> Item:
    first, span = wall.steps(block.starts_at, block.ends_at)
    starts, until, words = wall.clock(block.starts_at), wall.clock(block.ends_at), block.words or _("Busy")
    return Item(
        kind="block",
        key=block.block,
        first=first,
        span=span,
        name=words,
        title=_("%(starts)s to %(until)s, %(held)s") % {"starts": starts, "until": until, "held": words},
        starts=starts,
        until=until,
        classes="appt--block",
        state="block",
        state_words=_("Busy"),
        minute=wall.minute(block.starts_at),
    )


def _opening(span: OpenSpan, wall: _Wall) -> Ground:
    first, count = wall.steps(span.starts, span.ends)
    kind = span.opening.kind
    words = str(OPENINGS[kind]) if kind is not OpeningKind.NORMAL else ""
    if span.opening.capacity > 1:
        words = _("%(places)d places") % {"places": span.opening.capacity}
    return Ground(first=first, span=count, words=words, kind="open")


def _absence(absence: Taken, wall: _Wall) -> Ground:
    first, count = wall.steps(absence.starts, absence.ends)
    until = wall.clock(absence.ends)
    return Ground(
        first=first, span=count, words=absence.label or _("Away until %(hour)s") % {"hour": until}, kind="absent"
    )


def _beside(items: Sequence[Item]) -> list[Item]:
    """Those that overlap stand beside one another, in the order of their beginning; `items` by their first step."""
    done: list[Item] = []
    group: list[tuple[Item, int]] = []
    ends: list[int] = []

    def close() -> None:
        wide = min(max(len(ends), 1), MOST_BESIDE)
        done.extend(replace(each, wide=wide, beside=min(column, wide - 1)) for each, column in group)
        group.clear()
        ends.clear()

    for each in items:
        if group and each.first >= max(ends):
            close()
        column = next((number for number, end in enumerate(ends) if end <= each.first), len(ends))
        if column == len(ends):
            ends.append(0)
        ends[column] = each.first + each.span
        group.append((each, column))
    close()
    return done
