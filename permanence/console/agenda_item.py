# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands in a lane of the agenda's grid: a visit, a hold, busy time; where it stands, and its markup.

A day of 200 practitioners has 6,000 of these, so that they are written here and not by a template, which would take
longer than all the rest of the page. Every word of others is escaped.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils.html import escape, format_html, format_html_join
from django.utils.translation import gettext as _

from permanence.agenda.place_words import where
from permanence.agenda.queries.views import AppointmentView, BlockView, HoldView
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.marks import UNKNOWN, Mark
from permanence.agenda.rules.states import AppointmentState, Door
from permanence.agenda.state_words import STATES
from permanence.foundation import dates

STEP = 5
"""Minutes of a step."""
DAY = 24 * 60 // STEP
TALL = 8
"""Steps from which a name may take two rows."""

CLASSES = {
    AppointmentState.BOOKED: "is-booked",
    AppointmentState.CONFIRMED: "is-confirmed",
    AppointmentState.ARRIVED: "is-arrived",
    AppointmentState.DONE: "is-seen",
    AppointmentState.NO_SHOW: "is-noshow",
}
MOVABLE = frozenset({AppointmentState.BOOKED, AppointmentState.CONFIRMED})
ICONS = {"confirmed": "check", "no_show": "x", "held": "hold"}
"""By state, beside the code of the reason."""
REMEMBERED = 4096
"""Places, kinds and codes whose markup is remembered: there are few, and each stands in a grid many times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A visit, a hold or busy time. `wide` visits stand beside one another, this one is number `beside` from 0.

    `starts`, `until` as figures; `expires`: the ms since 1970 at which a hold ends, 0 for what is none.
    `to_come`: on a later day than today. `freeable`: busy time of ours, which she may take away. `tied`: of a combined
    visit, which stands in two agendas. `where`: at home, by video, or at which of several sites.
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
    to_come: bool = False
    patient: str = ""
    reason: str = ""
    born: str = ""
    minute: int = 0
    answered: bool = False
    freeable: bool = False
    tied: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class Wall:
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
        local = at.astimezone(self.zone)
        return f"{local.hour:02d}:{local.minute:02d}"

    def until(self, ends: datetime) -> str:
        """14:05; 24:00 for the midnight that ends the day."""
        midnight = datetime.combine(self.day + timedelta(days=1), time(), tzinfo=self.zone)
        return "24:00" if ends == midnight else self.clock(ends)


@dataclass(frozen=True, slots=True)
class Items:
    """Makes the items of one agenda: its marks and the words of the language are looked up once. `person` sees hers.

    `sites`: id -> name of those that are told apart.
    """

    marks: Mapping[str, Mark]
    person: str
    at: datetime
    titles: tuple[str, str]
    states: Mapping[AppointmentState, str]
    sites: Mapping[str, str]

    @classmethod
    def of(cls, marks: Mapping[str, Mark], *, sites: Mapping[str, str], person: str, at: datetime) -> "Items":
        """In the language that is spoken now."""
        titles = (
            _("%(starts)s to %(until)s, %(patient)s, %(reason)s, %(state)s"),
            _("%(starts)s to %(until)s, %(held)s"),
        )
        return cls(marks, person, at, titles, {state: str(words) for state, words in STATES.items()}, sites)

    def visit(self, visit: AppointmentView, wall: Wall, *, agenda: str) -> Item:
        """An appointment in the lane of `agenda`; a combined one says with whom."""
        first, span = wall.steps(visit.starts_at, visit.ends_at)
        mark = self.marks.get(visit.reason, UNKNOWN)
        starts, until, state = wall.clock(visit.starts_at), wall.until(visit.ends_at), self.states[visit.state]
        names = {"starts": starts, "until": until, "patient": visit.patient_name, "reason": visit.reason_name}
        note, place = visit.overbooked, where(visit.way, visit.site, sites=self.sites)
        if not note and visit.position is not None:
            note = _("Session %(number)d") % {"number": visit.position}
        if visit.also:
            other = visit.also_name if agenda == visit.agenda else visit.agenda_name
            note = " · ".join(filter(None, (_("with %(name)s") % {"name": other}, note)))
        tall, past = span >= TALL, visit.ends_at <= self.at
        more = [each for each in (place, note if visit.also else "") if each]
        note = note or (visit.reason_name if tall else "")
        # the lane says the site of its hours: only a visit with room for it says it again
        beside = place if tall or visit.way is not Way.PRACTICE else ""
        return Item(
            kind="appointment",
            key=visit.appointment,
            first=first,
            span=span,
            name=visit.patient_name,
            title=", ".join([self.titles[0] % {**names, "state": state}, *more]),
            starts=starts,
            until=until,
            classes=CLASSES[visit.state] + " appt--tall" * tall + " is-past" * past + " appt--tied" * bool(visit.also),
            code=mark.code,
            colour=mark.colour,
            note=" · ".join(filter(None, (beside, note))),
            where=place,
            state=visit.state.value,
            state_words=state,
            movable=visit.state in MOVABLE,
            to_come=wall.day > self.at.astimezone(wall.zone).date(),
            patient=visit.patient,
            reason=visit.reason_name,
            born=dates.iso_figures(visit.patient_birth),
            minute=wall.minute(visit.starts_at),
            answered=visit.answered,
            tied=bool(visit.also),
        )

    def hold(self, hold: HoldView, wall: Wall) -> Item:
        """A time that is kept for somebody."""
        first, span = wall.steps(hold.starts_at, hold.ends_at)
        mine = bool(self.person) and hold.held_by == self.person
        by = _("a patient online") if hold.online else hold.held_by_name or _("the waiting list")
        name = _("Held for you") if mine else _("Held by %(name)s") % {"name": by}
        starts, until = wall.clock(hold.starts_at), wall.until(hold.ends_at)
        return Item(
            kind="hold",
            key=hold.hold,
            first=first,
            span=span,
            name=name,
            title=self.titles[1] % {"starts": starts, "until": until, "held": name},
            starts=starts,
            until=until,
            classes="appt--held" + " appt--mine" * mine + " appt--tied" * bool(hold.also),
            code=self.marks.get(hold.reason, UNKNOWN).code if mine else "",
            state="held",
            state_words=name,
            tied=bool(hold.also),
            expires=int(hold.expires_at.timestamp() * 1000),
            minute=wall.minute(hold.starts_at),
        )

    def block(self, block: BlockView, wall: Wall) -> Item:
        """Busy time."""
        first, span = wall.steps(block.starts_at, block.ends_at)
        starts, until, words = wall.clock(block.starts_at), wall.until(block.ends_at), block.words or _("Busy")
        return Item(
            kind="block",
            key=block.block,
            first=first,
            span=span,
            name=words,
            title=self.titles[1] % {"starts": starts, "until": until, "held": words},
            starts=starts,
            until=until,
            classes="appt--block",
            state="block",
            state_words=_("Busy"),
            minute=wall.minute(block.starts_at),
            freeable=block.door is not Door.CALENDAR,
        )


def markup(items: Iterable[Item]) -> str:
    """The items as buttons, one after the other."""
    return format_html_join("", "{}", ((_button(each),) for each in items))


def _button(item: Item) -> str:
    name = escape(item.name)
    flags = " data-movable" * item.movable + " data-said" * item.answered + " data-to-come" * item.to_come
    flags += " data-freeable" * item.freeable
    return format_html(
        '<button {} type="button" tabindex="-1" {} data-key="{}" data-minute="{}"{}{} data-name="{}" data-born="{}"'
        ' aria-label="{}"><span class="appt__name">{}</span>{}{}</button>',
        _place(item.classes, item.first, item.span, item.wide, item.beside),
        _kind(item.kind, item.state, item.colour, flags),
        item.key,
        item.minute,
        format_html(' data-expires="{}"', item.expires) if item.expires else "",
        format_html(' data-patient="{}"', item.patient) if item.patient else "",
        name,
        item.born,
        item.title,
        name,
        _sign(item.kind, item.state, item.code),
        format_html('<span class="appt__note">{}</span>', item.note) if item.note else "",
    )


@lru_cache(maxsize=REMEMBERED)
def _place(classes: str, first: int, span: int, wide: int, beside: int) -> str:
    """Where it stands, and how it looks."""
    among = format_html(" w{} x{}", wide, beside) if wide > 1 else ""
    return format_html(
        'class="appt {} f{} s{}{}" data-first="{}" data-span="{}"', classes, first, span, among, first, span
    )


@lru_cache(maxsize=REMEMBERED)
def _kind(kind: str, state: str, colour: int, flags: str) -> str:
    """What it is, and what may be done with it."""
    reason = format_html(' data-reason="{}"', colour) if kind == "appointment" else ""
    return format_html('data-kind="{}" data-state="{}"{}{}', kind, state, reason, flags)


@lru_cache(maxsize=REMEMBERED)
def _sign(kind: str, state: str, code: str) -> str:
    """The code, with what tells the state besides the colour, and the place of a hold's countdown."""
    here = format_html('<span class="{}"></span>', "dot dot--here") if state == "arrived" else ""
    left = format_html(' <span class="{}"></span>', "appt__left") if kind == "hold" else ""
    sign = render_to_string("design/icon.html", {"name": ICONS[state]}) if state in ICONS else here
    return format_html('<span class="appt__code">{}{}{}</span>', sign, code, left)
