# SPDX-License-Identifier: AGPL-3.0-or-later
"""The days of agendas as the grid draws them: lanes, and in each what stands where, in steps of five minutes.

Everything stands on its client's clock (the wall), from the step `first` of the day on; the style sheet turns the
steps into places, so that no element carries a style of its own. What begins before `first` is folded, and counted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from permanence.agenda.queries.shown import ShownDays
from permanence.agenda.rules.admission import WAYS
from permanence.agenda.rules.kinds import OpeningKind, Taken, Way
from permanence.agenda.rules.openings import OpenSpan
from permanence.console.agenda_groups import Group, groups_of
from permanence.console.agenda_item import Item, Items, markup
from permanence.console.agenda_wall import AGAIN, DAY, ONCE, REMEMBERED, STEP, Twice, Wall
from permanence.console.agenda_words import OPENINGS
from permanence.foundation import dates
from permanence.foundation.patterns import Markup, joined

HALF_HOUR = 30 // STEP
HOUR = 60 // STEP
KEPT_BEFORE = 90
"""Minutes before the present one that are shown though they are past."""
USUAL = (8 * HOUR, 18 * HOUR)
"""The hours of a day on which nothing is open."""
MOST_BESIDE = 8
"""So many visits at one time stand beside one another in a lane."""


class Ground(NamedTuple):
    """An opening or an absence: what lies under the visits. `words` stand in it; `site`: at which of several it is."""

    first: int
    span: int
    words: str
    kind: str
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One agenda on one local day. `past`: how many visits lie before what is shown. `twice`: the hour that comes twice
    that day. `was_open`: nothing is open in what is shown, but was before it. `name`: what stands at its head, in the
    week its day; `agenda_name`: whose it is.
    """

    agenda: str
    client: str
    client_name: str
    day: date
    day_name: str
    name: str
    agenda_name: str
    note: str
    initials: str
    colour: int
    today: bool
    step: int
    grounds: tuple[Ground, ...]
    items: tuple[Item, ...]
    groups: tuple[Group, ...] = ()
    past: int = 0
    twice: Twice | None = None
    was_open: bool = False

    @property
    def key(self) -> str:
        """What no other lane of the grid is called."""
        return f"{self.agenda}-{self.day.isoformat()}"

    @property
    def drawn(self) -> Markup:
        """Its markup: grounds, upon them the items, and what is said of groups. Written here for the reason of
        `agenda_item`.
        """
        return format_html(
            '<div class="lane" role="group" aria-label="{}, {}" data-lane="{}" data-agenda="{}" data-client-id="{}"'
            ' data-day="{}" data-step="{}" data-name="{}" data-note="{}"{}>{}{}{}{}</div>',
            self.agenda_name,
            self.day_name,
            self.key,
            self.agenda,
            self.client,
            self.day.isoformat(),
            self.step,
            self.agenda_name,
            self.note,
            format_html(' data-twice="{} {} {} {}"', *self.twice[:4]) if self.twice else "",
            joined(map(_ground, self.grounds))
            if self.grounds or self.was_open
            else _shut(pgettext("agenda", "closed")),
            _again(self.twice) if self.twice else "",
            markup(self.items),
            joined(map(_group, self.groups)),
        )


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


def lanes_of(found: ShownDays, made: Items, *, by_day: bool = False, late: int = 0) -> tuple[Lane, ...]:
    """The lanes of one agenda: one a day. `made`: by whom its items are made. `by_day`: a lane is called by its day.
    `late`: how many minutes he was said to run late today.
    """
    days = [found.first + timedelta(days=number) for number in range((found.until - found.first).days)]
    return tuple(_lane(found, day, made, by_day=by_day, late=late) for day in days)


def grid_of(lanes: Sequence[Lane], *, at: datetime, zone: ZoneInfo, show_past: bool) -> Grid:
    """The lanes side by side. Today's past hours are folded unless `show_past`. `zone`: the clock of the present."""
    first, last = _hours(lanes)
    lanes = [within(lane, first, last) for lane in lanes]
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


def _hours(lanes: Sequence[Lane]) -> tuple[int, int]:
    """From which step until which one something is open or booked in one of them, in whole hours.

    An absence makes no day longer. Busy time that came from the day before, or goes on, makes it longer only so far
    that an hour of it is seen.
    """
    spans = [(each.first, each.first + each.span) for lane in lanes for each in lane.grounds if each.kind == "open"]
    spans += [(each.first, each.first + each.span) for lane in lanes for each in lane.items if not each.is_busy]
    spans = spans or [USUAL]
    spans += [_seen(each) for lane in lanes for each in lane.items if each.is_busy and each.span < DAY]
    begins, ends = min(one for one, _ in spans), max(one for _, one in spans)
    return begins // HOUR * HOUR, min(-(-ends // HOUR) * HOUR, DAY)


def _seen(busy: Item) -> tuple[int, int]:
    begins, ends = busy.first, busy.first + busy.span
    if begins == 0:
        return max(ends - HOUR, 0), ends
    return begins, min(begins + HOUR, DAY) if ends == DAY else ends


def within(lane: Lane, first: int, last: int) -> Lane:
    """The lane with what it has of absences and busy time between these steps: their words stand in the middle.

    What is left outside makes the day longer: a page that sees it in a lane fetched again fetches the whole grid
    (`isOutside` in bookgrid.js).
    """
    away = [each for each in lane.grounds if each.kind == "absent"]
    grounds = [each for each in lane.grounds if each.kind != "absent"]
    return replace(
        lane,
        grounds=(*grounds, *(_between(each, first, last) for each in away if _meets(each, first, last))),
        items=tuple(
            _between(each, first, last) if each.is_busy and _is_seen(each, first, last) else each for each in lane.items
        ),
    )


def _is_seen(busy: Item, first: int, last: int) -> bool:
    """Whether as much of it is between these steps as a day is made longer for."""
    begins, ends = _seen(busy)
    return busy.span == DAY or (first <= begins and ends <= last)


def _meets(each: Item | Ground, first: int, last: int) -> bool:
    return each.first < last and first < each.first + each.span


def _between[T: (Item, Ground)](each: T, first: int, last: int) -> T:
    begins, ends = max(each.first, first), min(each.first + each.span, last)
    return each._replace(first=begins, span=ends - begins)


def folded(lane: Lane, first: int) -> Lane:
    """The lane from the step `first` on; what was over before it is counted."""
    kept = tuple(each for each in lane.items if each.first + each.span > first)
    grounds = tuple(_cut(each, first) for each in lane.grounds if each.first + each.span > first)
    over = _visits(lane.items) - _visits(kept)
    return replace(
        lane,
        items=tuple(_cut(each, first) for each in kept),
        grounds=grounds,
        was_open=bool(lane.grounds) and not grounds,
        groups=tuple(_cut(each, first) for each in lane.groups if each.first + each.span > first),
        past=over,
    )


def _visits(items: Sequence[Item]) -> int:
    return sum(each.look.kind == "appointment" for each in items)


def clock_of(step: int) -> str:
    """14:05 of a step."""
    minutes = step * STEP
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _cut[T: (Item, Ground, Group)](each: T, first: int) -> T:
    hidden = first - each.first
    return each if hidden <= 0 else each._replace(first=first, span=each.span - hidden)


def _lane(found: ShownDays, day: date, made: Items, *, by_day: bool, late: int) -> Lane:
    agenda = found.agenda
    zone = ZoneInfo(agenda.time_zone)
    wall = Wall(day, zone, today=made.at.astimezone(zone).date())
    items = [
        *(made.visit(each, wall, agenda=agenda.id) for each in found.appointments),
        *(made.hold(each, wall) for each in found.holds),
        *(made.block(each, wall) for each in found.blocks),
    ]
    absences = [each for each in found.absences if wall.touches(each.starts, each.ends)]
    opened = [_opening(each, wall, made.sites) for each in found.openings if wall.touches(each.starts, each.ends)]
    said = [each.label for each in found.exceptions if each.date == day and each.label]
    said = [*(_away(each, wall, opened) for each in absences if each.ends > made.at), *said]
    if not agenda.active:
        said = [pgettext("agenda", "closed"), *said]
    if late and day == wall.today:
        said = [_("%(n)s minutes late") % {"n": late}, *said]
    note = ", ".join(said) or (agenda.client_name if agenda.client_name != agenda.name else "")
    return Lane(
        agenda=agenda.id,
        client=agenda.client,
        client_name=agenda.client_name,
        day=day,
        day_name=made.day_name(day),
        name=dates.say(day, dates.Form.COLUMN) if by_day else agenda.name,
        agenda_name=agenda.name,
        note=(", ".join(said) if by_day else note),
        initials=agenda.initials,
        colour=agenda.colour,
        today=day == wall.today,
        step=agenda.setting.step,
        grounds=(*opened, *(_absence(each, wall) for each in absences)),
        items=tuple(_beside(sorted((each for each in items if each.span), key=lambda one: (one.first, one.key)))),
        groups=groups_of(found, wall, rooms=made.rooms),
        twice=wall.twice,
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
    return Ground(first=first, span=count, words=absence.label or _away_until(absence, wall), kind="absent")


def _away(absence: Taken, wall: Wall, opened: Sequence[Ground]) -> str:
    """An absence as the head of a lane says it: when it begins only where something is open that day before it."""
    first, count = wall.steps(absence.starts, absence.ends)
    if all(first <= each.first for each in opened):
        return _away_until(absence, wall)
    hours = {"starts": wall.clock(absence.starts), "until": wall.until(absence.ends)}
    if all(first + count >= each.first + each.span for each in opened):
        return _("Away from %(starts)s") % hours
    return _("Away from %(starts)s until %(until)s") % hours


def _away_until(absence: Taken, wall: Wall) -> str:
    last = (absence.ends - timedelta(microseconds=1)).astimezone(wall.zone).date()
    if last == wall.day:
        return _("Away until %(hour)s") % {"hour": wall.until(absence.ends)}
    return _("Away until %(day)s") % {"day": dates.say(last, dates.Form.SHORT_NAMED)}


def _shut(words: str) -> Markup:
    return format_html('<span class="lane__shut">{}</span>', words)


@lru_cache(maxsize=REMEMBERED)
def _ground(ground: Ground) -> Markup:
    site = format_html(' data-site="{}"', ground.site) if ground.site else ""
    return format_html(
        '<span class="lane__{} f{} s{}"{}>{}</span>', ground.kind, ground.first, ground.span, site, ground.words
    )


def _again(twice: Twice) -> Markup:
    """The half of a lane in which an hour stands that comes for the second time."""
    return format_html(
        '<span class="lane__again f{} s{} w2 x1">{}</span>',
        twice.first,
        twice.until - twice.first,
        pgettext("hour", "second time"),
    )


def _group(group: Group) -> Markup:
    return format_html('<span class="lane__group f{} s{}"><span>{}</span></span>', group.first, group.span, group.words)


def _beside(items: Iterable[Item]) -> list[Item]:
    """Those that overlap stand beside one another, in the order of their beginning; `items` by their first step.

    Of an hour that comes twice each time has its half of the lane, whatever stands in the other one.
    """
    return [each for group in _meeting(items) for each in _placed(group)]


def _placed(group: Sequence[Item]) -> Sequence[Item]:
    if all(each.hours.half for each in group):
        return _in_halves(group)
    return group if len(group) == 1 else _in_columns(group)


def _in_halves(group: Sequence[Item]) -> list[Item]:
    halves = [_in_columns([each for each in group if each.hours.half == half]) for half in (ONCE, AGAIN)]
    most = min(max(each.wide for half in halves for each in half), MOST_BESIDE // 2)
    return [
        each._replace(wide=2 * most, beside=min(each.beside, most - 1) + most * (each.hours.half == AGAIN))
        for half in halves
        for each in half
    ]


def _meeting(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Those that overlap one another, or by others between them."""
    group: list[Item] = []
    end = 0
    for each in items:
        if group and each.first >= end:
            yield group
            group = []
        group.append(each)
        end = max(end, each.first + each.span)
    if group:
        yield group


def _in_columns(group: Sequence[Item]) -> list[Item]:
    ends: list[int] = []
    columns: list[int] = []
    for each in group:
        column = next((number for number, end in enumerate(ends) if end <= each.first), len(ends))
        if column == len(ends):
            ends.append(0)
        ends[column] = each.first + each.span
        columns.append(column)
    wide = min(len(ends), MOST_BESIDE)
    return [each._replace(wide=wide, beside=min(column, wide - 1)) for each, column in zip(group, columns, strict=True)]
