# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands in a lane of the agenda's grid: a visit, a hold, busy time; where it stands, and its markup.

A day of 200 practitioners has 6,000 of these, so that they are written here and not by a template, which would take
longer than all the rest of the page. Every word of others is escaped.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from html import escape
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from permanence.agenda.queries.views import AppointmentView, BlockView, HoldView
from permanence.agenda.rules.states import AppointmentState
from permanence.console.agenda_words import STATES

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
HERE = '<span class="dot dot--here"></span>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a reason is told from the others: its colour (1 to 8) and a code of at most four characters."""

    colour: int
    code: str


UNKNOWN = Mark(colour=8, code="?")


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


@dataclass(frozen=True, slots=True)
class Items:
    """Makes the items of one agenda: its marks and the words of the language are looked up once. `person` sees hers."""

    marks: Mapping[str, Mark]
    person: str
    at: datetime
    titles: tuple[str, str]
    states: Mapping[AppointmentState, str]

    @classmethod
    def of(cls, marks: Mapping[str, Mark], *, person: str, at: datetime) -> "Items":
        """In the language that is spoken now."""
        titles = (
            _("%(starts)s to %(until)s, %(patient)s, %(reason)s, %(state)s"),
            _("%(starts)s to %(until)s, %(held)s"),
        )
        return cls(marks, person, at, titles, {state: str(words) for state, words in STATES.items()})

    def visit(self, visit: AppointmentView, wall: Wall) -> Item:
        """An appointment."""
        first, span = wall.steps(visit.starts_at, visit.ends_at)
        mark = self.marks.get(visit.reason, UNKNOWN)
        starts, until, state = wall.clock(visit.starts_at), wall.clock(visit.ends_at), self.states[visit.state]
        names = {"starts": starts, "until": until, "patient": visit.patient_name, "reason": visit.reason_name}
        note = visit.overbooked
        if not note and visit.position is not None:
            note = _("Session %(number)d") % {"number": visit.position}
        tall, past = span >= TALL, visit.ends_at <= self.at
        return Item(
            kind="appointment",
            key=visit.appointment,
            first=first,
            span=span,
            name=visit.patient_name,
            title=self.titles[0] % {**names, "state": state},
            starts=starts,
            until=until,
            classes=CLASSES[visit.state] + (" appt--tall" if tall else "") + (" is-past" if past else ""),
            code=mark.code,
            colour=mark.colour,
            note=note or (visit.reason_name if tall else ""),
            state=visit.state.value,
            state_words=state,
            movable=visit.state in MOVABLE,
            patient=visit.patient,
            reason=visit.reason_name,
            born=visit.patient_birth,
            minute=wall.minute(visit.starts_at),
        )

    def hold(self, hold: HoldView, wall: Wall) -> Item:
        """A time that is kept for somebody."""
        first, span = wall.steps(hold.starts_at, hold.ends_at)
        mine = bool(self.person) and hold.held_by == self.person
        by = hold.held_by_name or _("a patient online")
        name = _("Held for you") if mine else _("Held by %(name)s") % {"name": by}
        starts, until = wall.clock(hold.starts_at), wall.clock(hold.ends_at)
        return Item(
            kind="hold",
            key=hold.hold,
            first=first,
            span=span,
            name=name,
            title=self.titles[1] % {"starts": starts, "until": until, "held": name},
            starts=starts,
            until=until,
            classes="appt--held" + (" appt--mine" if mine else ""),
            code=self.marks.get(hold.reason, UNKNOWN).code if mine else "",
            state="held",
            state_words=name,
            expires=int(hold.expires_at.timestamp() * 1000),
            minute=wall.minute(hold.starts_at),
        )

    def block(self, block: BlockView, wall: Wall) -> Item:
        """Busy time."""
        first, span = wall.steps(block.starts_at, block.ends_at)
        starts, until, words = wall.clock(block.starts_at), wall.clock(block.ends_at), block.words or _("Busy")
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
        )


def markup(items: Iterable[Item]) -> SafeString:
    """The items as buttons, one after the other."""
    return SafeString("".join(map(_button, items)))


def _button(item: Item) -> str:
    place = f"f{item.first} s{item.span}" + (f" w{item.wide} x{item.beside}" if item.wide > 1 else "")
    data = f'data-kind="{item.kind}" data-key="{escape(item.key)}" data-first="{item.first}" data-span="{item.span}"'
    data += f' data-minute="{item.minute}" data-state="{item.state}"'
    if item.kind == "appointment":
        data += f' data-reason="{item.colour}"' + (" data-movable" if item.movable else "")
    if item.expires:
        data += f' data-expires="{item.expires}"'
    name, title = escape(item.name), escape(item.title)
    note = f'<span class="appt__note">{escape(item.note)}</span>' if item.note else ""
    return (
        f'<button class="appt {item.classes} {place}" type="button" tabindex="-1" {data} data-name="{name}"'
        f' data-born="{escape(item.born)}" aria-label="{title}"><span class="appt__name">{name}</span>'
        f'<span class="appt__code">{_sign(item)}{escape(item.code)}</span>{note}</button>'
    )


def _sign(item: Item) -> str:
    """What tells the state besides the colour, and the place of a hold's countdown."""
    if item.kind == "hold":
        return f'{_icon(ICONS["held"])}<span class="appt__left"></span> '
    if item.state == "arrived":
        return HERE
    return _icon(ICONS[item.state]) if item.state in ICONS else ""


@cache
def _icon(name: str) -> str:
    return render_to_string("design/icon.html", {"name": name}).strip()
