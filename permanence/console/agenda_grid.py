# SPDX-License-Identifier: AGPL-3.0-or-later
"""The days of agendas as the grid draws them: lanes, and in each what stands where, in steps of five minutes.

Everything stands on its client's clock (the wall), from the step `first` of the day on; the style sheet turns the
steps into places, so that no element carries a style of its own. What begins before `first` is folded, and counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from permanence.agenda.queries.views import AgendaDays
from permanence.agenda.rules.admission import WAYS
from permanence.agenda.rules.kinds import OpeningKind, Taken, Way
from permanence.agenda.rules.marks import Mark
from permanence.agenda.rules.openings import OpenSpan
from permanence.console.agenda_item import DAY, STEP, Item, Items, Wall, markup
from permanence.console.agenda_words import OPENINGS
from permanence.foundation import dates

HALF_HOUR = 30 // STEP
HOUR = 60 // STEP
KEPT_BEFORE = 90
"""Minutes before the present one that are shown though they are past."""
USUAL = (8 * HOUR, 18 * HOUR)
"""The hours of a day on which nothing is open."""
NO_SITES: Mapping[str, str] = MappingProxyType({})
MOST_BESIDE = 8
"""So many visits at one time stand beside one another in a lane."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """An opening or an absence: what lies under the visits. `words` stand in it; `site`: at which of several it is."""

    first: int
    span: int
    words: str
    kind: str
    site: str = ""


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

    @property
    def drawn(self) -> str:
        """The markup of its items."""
        return markup(self.items)


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


def lanes_of(
    found: AgendaDays,
    *,
    marks: Mapping[str, Mark],
    person: str,
    at: datetime,
    by_day: bool = False,
    sites: Mapping[str, str] = NO_SITES,
) -> tuple[Lane, ...]:
    """The lanes of one agenda: one a day. `person`: whose holds are hers. `by_day`: a lane is called by its day.

    `sites`: id -> name of those that are told apart.
    """
    days = [found.first + timedelta(days=number) for number in range((found.until - found.first).days)]
    made = Items.of(marks, sites=sites, person=person, at=at)
    return tuple(_lane(found, day, made, by_day=by_day) for day in days)


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
    hidden = first - each.first
    return each if hidden <= 0 else replace(each, first=first, span=each.span - hidden)


def _lane(found: AgendaDays, day: date, made: Items, *, by_day: bool) -> Lane:
    agenda = found.agenda
    wall = Wall(day, ZoneInfo(agenda.time_zone))
    items = [
        *(
            made.visit(each, wall, agenda=agenda.id)
            for each in found.appointments
            if wall.touches(each.starts_at, each.ends_at)
        ),
        *(made.hold(each, wall) for each in found.holds if wall.touches(each.starts_at, each.ends_at)),
        *(made.block(each, wall) for each in found.blocks if wall.touches(each.starts_at, each.ends_at)),
    ]
    away = [_absence(each, wall) for each in found.absences if wall.touches(each.starts, each.ends)]
    said = [each.label for each in found.exceptions if each.date == day and each.label]
    if not agenda.active:
        said = [pgettext("agenda", "closed"), *said]
    note = ", ".join(said) or (agenda.client_name if agenda.client_name != agenda.name else "")
    return Lane(
        agenda=agenda.id,
        client=agenda.client,
        client_name=agenda.client_name,
        day=day,
        name=dates.say(day, dates.Form.COLUMN) if by_day else agenda.name,
        note=(", ".join(said) if by_day else note),
        initials=agenda.initials,
        colour=agenda.colour,
        today=day == made.at.astimezone(wall.zone).date(),
        step=agenda.setting.step,
        grounds=(
            *(_opening(each, wall, made.sites) for each in found.openings if wall.touches(each.starts, each.ends)),
            *away,
        ),
        items=tuple(_beside(sorted((each for each in items if each.span), key=lambda one: (one.first, one.key)))),
    )


def _opening(span: OpenSpan, wall: Wall, sites: Mapping[str, str]) -> Ground:
    first, count = wall.steps(span.starts, span.ends)
    kind = span.opening.kind
    words = str(OPENINGS[kind]) if kind is not OpeningKind.NORMAL else ""
    if span.opening.capacity > 1:
        words = _("%(places)d places") % {"places": span.opening.capacity}
    site = sites.get(span.opening.site, "") if WAYS.get(kind, Way.PRACTICE) is Way.PRACTICE else ""
    words = " · ".join(filter(None, (site, words)))
    return Ground(first=first, span=count, words=words, kind="open", site=site)


def _absence(absence: Taken, wall: Wall) -> Ground:
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
        done.extend(
            each if wide == 1 else replace(each, wide=wide, beside=min(column, wide - 1)) for each, column in group
        )
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
