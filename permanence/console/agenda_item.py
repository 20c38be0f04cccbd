# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands in a lane of the agenda's grid: a visit, a hold, busy time; where it stands, and its markup.

A day of 200 practitioners has 6,000 of these, so that they are written here and not by a template, which would take
longer than all the rest of the page: what many have in common is worked out once (`Look`, `Hours`), its markup is a
pattern, and a visit puts in what is its own. Every word of others is escaped.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import NamedTuple

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext as _

from permanence.agenda.place_words import where
from permanence.agenda.queries.shown import ShownVisit
from permanence.agenda.queries.views import BlockView, HoldView
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.marks import UNKNOWN, Mark
from permanence.agenda.rules.states import AppointmentState, Door
from permanence.agenda.state_words import STATES
from permanence.console.agenda_wall import AGAIN, REMEMBERED, Hours, Wall
from permanence.foundation import dates, moments
from permanence.foundation.patterns import Markup, Pattern, joined, literal

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
ICONS = {"confirmed": "check", "done": "out", "no_show": "x", "held": "hold"}
"""By state, beside the code of the reason; who has arrived has a dot, what is only booked has none."""
OWN = {"appointment": "patient", "hold": "expires"}
"""What one kind alone has of its own."""
TIMES = ("", " is-once", " is-again")
"""By the half of `Hours`."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What many items have in common. `title`: what is said of one, a pattern of `starts`, `until` and `name`.

    `to_come`: on a later day than today. `freeable`: busy time of ours, which she may take away. `answered`: there is
    something to read of it. `tied`: of a combined visit, which stands in two agendas. `where`: at home, by video, or at
    which of several sites, and in which room.
    """

    kind: str
    title: str
    classes: str
    state: str
    state_words: str
    code: str = ""
    colour: int = 0
    note: str = ""
    reason: str = ""
    where: str = ""
    movable: bool = False
    to_come: bool = False
    answered: bool = False
    freeable: bool = False
    tied: bool = False

    @cached_property
    def sign(self) -> Markup:
        """What tells the state besides the colour."""
        if self.state in ICONS:
            return render_to_string("design/icon.html", {"name": ICONS[self.state]})
        return format_html('<span class="{}"></span>', "dot dot--here") if self.state == "arrived" else joined(())

    @cached_property
    def button(self) -> Pattern:
        """The markup of one of them, into which `_button` puts what is its own."""
        flags = " data-movable" * self.movable + " data-said" * self.answered + " data-to-come" * self.to_come
        flags += " data-freeable" * self.freeable
        own = OWN.get(self.kind)
        markup = format_html(
            '<button class="appt {} %(place)s" type="button" tabindex="-1" data-kind="{}" data-state="{}"{}{}'
            ' data-key="%(key)s" data-minute="%(minute)s"{} data-born="%(born)s"'
            ' aria-label="{}"><span class="appt__name">%(name)s</span>{}{}</button>',
            self.classes,
            self.kind,
            self.state,
            format_html(' data-reason="{}"', self.colour) if self.kind == "appointment" else "",
            flags,
            format_html(' data-{0}="%({0})s"', own) if own else "",
            self.title,
            literal(_sign(self)),
            literal(format_html('<span class="appt__note">{}</span>', self.note)) if self.note else "",
        )
        return Pattern(markup)


class Item(NamedTuple):
    """A visit, a hold or busy time. `wide` visits stand beside one another, this one is number `beside` from 0.

    `first`, `span`: the steps that are shown of its `hours`. `expires`: the ms since 1970 at which a hold ends, 0 for
    what is none. A tuple, which is made faster than a frozen dataclass.
    """

    look: Look
    hours: Hours
    first: int
    span: int
    key: str
    name: str
    patient: str = ""
    born: str = ""
    expires: int = 0
    wide: int = 1
    beside: int = 0

    @property
    def starts(self) -> str:
        """When it begins, in figures; of an hour that comes twice, whether it is the second one."""
        return moments.second_time(self.hours.starts) if self.hours.half == AGAIN else self.hours.starts

    @property
    def until(self) -> str:
        """When it is over, said in the same way."""
        return moments.second_time(self.hours.until) if self.hours.ends_again else self.hours.until

    @property
    def is_busy(self) -> bool:
        """Whether it is busy time."""
        return self.look.kind == "block"

    @property
    def time(self) -> str:
        """The class that tells which of two hours it has alone."""
        return TIMES[self.hours.half]

    @property
    def title(self) -> str:
        """What is said of it."""
        return self.look.title % {"starts": self.starts, "until": self.until, "name": self.name}


@dataclass(frozen=True, slots=True)
class Items:
    """Makes the items of one client: his marks and the words of the language are looked up once. `person` sees hers.

    `sites`: id -> name of those that are told apart. `newcomers`: appointments of new patients who may be known.
    `rooms`: by appointment, the names of what it takes.
    """

    marks: Mapping[str, Mark]
    person: str
    at: datetime
    titles: tuple[str, str]
    states: Mapping[AppointmentState, str]
    sites: Mapping[str, str]
    between: str
    newcomers: frozenset[str] = frozenset()
    rooms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    looks: dict[tuple[object, ...], Look] = field(default_factory=dict)
    days: dict[date, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        marks: Mapping[str, Mark],
        *,
        sites: Mapping[str, str],
        person: str,
        at: datetime,
        newcomers: frozenset[str] = frozenset(),
        rooms: Mapping[str, tuple[str, ...]] | None = None,
    ) -> "Items":
        """In the language that is spoken now."""
        titles = (
            _("%(starts)s to %(until)s, %(patient)s, %(reason)s, %(state)s"),
            _("%(starts)s to %(until)s, %(held)s") % {"starts": "%(starts)s", "until": "%(until)s", "held": "%(name)s"},
        )
        states = {state: str(words) for state, words in STATES.items()}
        return cls(marks, person, at, titles, states, sites, dates.between_figures(), newcomers, rooms or {})

    def day_name(self, day: date) -> str:
        """ "mardi 1er décembre" """
        if day not in self.days:
            self.days[day] = dates.say(day, dates.Form.NAMED)
        return self.days[day]

    def visit(self, visit: ShownVisit, wall: Wall, *, agenda: str) -> Item:
        """An appointment in the lane of `agenda`; a combined one says with whom."""
        hours = wall.hours(visit.starts_at, visit.ends_at)
        other = "" if not visit.also else visit.also_name if agenda == visit.agenda else visit.agenda_name
        tall, past, to_come = hours.span >= TALL, visit.ends_at <= self.at, wall.day > wall.today
        alike = visit.appointment in self.newcomers
        rooms = self.rooms.get(visit.appointment, ())
        seen = (
            visit.reason, visit.state, visit.site, visit.overbooked, visit.position, visit.answered,
            other, tall, past, to_come, alike, rooms,
        )  # fmt: skip
        look = self.looks.get(seen)
        if look is None:
            look = self._look(visit, other, rooms, tall=tall, past=past, to_come=to_come, alike=alike)
            self.looks[seen] = look
        born = dates.iso_between(visit.patient_birth, self.between)
        key, name, patient = visit.appointment, visit.patient_name, visit.patient
        return Item(look, hours, hours.first, hours.span, key, name, patient, born)

    def _look(
        self,
        visit: ShownVisit,
        other: str,
        rooms: tuple[str, ...],
        *,
        tall: bool,
        past: bool,
        to_come: bool,
        alike: bool,
    ) -> Look:
        """How a visit looks, and every other of the same reason, state and rooms at such an hour. `other`: whose it is
        too.

        `alike`: the patient may be somebody whom the client knows.
        """
        mark, state = self.marks.get(visit.reason, UNKNOWN), self.states[visit.state]
        note, place = visit.overbooked, where(visit.way, visit.site, sites=self.sites)
        if not note and visit.position is not None:
            note = _("Session %(number)d") % {"number": visit.position}
        if other:
            note = " · ".join(filter(None, (_("with %(name)s") % {"name": other}, note)))
        said = {"reason": literal(visit.reason_name), "state": literal(state)}
        if alike:
            note = " · ".join(filter(None, (_("perhaps known already"), note)))
        title = self.titles[0] % {"starts": "%(starts)s", "until": "%(until)s", "patient": "%(name)s", **said}
        more = [literal(each) for each in (place, *rooms, note if other or alike else "") if each]
        note = note or (visit.reason_name if tall else "")
        # the lane says the site of its hours: only a visit with room for it says it again
        beside = place if tall or visit.way is not Way.PRACTICE else ""
        return Look(
            kind="appointment",
            title=", ".join([title, *more]),
            classes=CLASSES[visit.state] + " appt--tall" * tall + " is-past" * past + " appt--tied" * bool(other),
            code=mark.code,
            colour=mark.colour,
            note=" · ".join(filter(None, (beside, note))),
            where=", ".join(filter(None, (place, *rooms))),
            state=visit.state.value,
            state_words=state,
            movable=visit.state in MOVABLE,
            to_come=to_come,
            reason=visit.reason_name,
            answered=visit.answered or alike,
            tied=bool(other),
        )

    def hold(self, hold: HoldView, wall: Wall) -> Item:
        """A time that is kept for somebody."""
        mine = bool(self.person) and hold.held_by == self.person
        by = _("a patient online") if hold.online else hold.held_by_name or _("the waiting list")
        name = _("Held for you") if mine else _("Held by %(name)s") % {"name": by}
        hours = wall.hours(hold.starts_at, hold.ends_at)
        look = Look(
            kind="hold",
            title=self.titles[1],
            classes="appt--held" + " appt--mine" * mine + " appt--tied" * bool(hold.also),
            code=self.marks.get(hold.reason, UNKNOWN).code if mine else "",
            state="held",
            state_words=name,
            tied=bool(hold.also),
        )
        expires = int(hold.expires_at.timestamp() * 1000)
        return Item(
            look=look, hours=hours, first=hours.first, span=hours.span, key=hold.hold, name=name, expires=expires
        )

    def block(self, block: BlockView, wall: Wall) -> Item:
        """Busy time."""
        look = Look(
            kind="block",
            title=self.titles[1],
            classes="appt--block",
            state="block",
            state_words=_("Busy"),
            freeable=block.door is not Door.CALENDAR,
        )
        hours = wall.hours(block.starts_at, block.ends_at)
        return Item(
            look=look, hours=hours, first=hours.first, span=hours.span, key=block.block, name=block.words or _("Busy")
        )


def markup(items: Iterable[Item]) -> Markup:
    """The items as buttons, one after the other."""
    return joined(map(_button, items))


def _button(item: Item) -> Markup:
    hours = item.hours
    # On every other day no word more is looked up.
    starts, until = (item.starts, item.until) if hours.half or hours.ends_again else (hours.starts, hours.until)
    return item.look.button.fill(
        place=_place(item.first, item.span, item.wide, item.beside, hours.half),
        key=item.key,
        minute=hours.minute,
        expires=item.expires,
        patient=item.patient,
        name=item.name,
        born=item.born,
        starts=starts,
        until=until,
    )


@lru_cache(maxsize=REMEMBERED)
def _place(first: int, span: int, wide: int, beside: int, half: int) -> Markup:
    """Where it stands: the last of its classes, which the script reads too."""
    among = format_html(" w{} x{}", wide, beside) if wide > 1 else ""
    return format_html("f{} s{}{}{}", first, span, among, TIMES[half])


def _sign(look: Look) -> Markup:
    """The code, with what tells the state besides the colour, and the place of a hold's countdown."""
    left = format_html(' <span class="{}"></span>', "appt__left") if look.kind == "hold" else ""
    code = format_html('<span class="appt__reason">{}</span>', look.code) if look.code else ""
    return format_html('<span class="appt__code">{}{}{}</span>', look.sign, code, left)
