# SPDX-License-Identifier: AGPL-3.0-or-later
"""How an agenda is set, in words: openings, days that differ, what a change brings, and why it cannot be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby

from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from permanence.agenda.queries.effect import Effect
from permanence.agenda.rules.kinds import ExceptionKind, Opening, OpeningException, OpeningKind, VisitReason
from permanence.agenda.setting_forms import EVERY_CHOICES, KIND_WORDS, Choices
from permanence.agenda.words import Names, sentence
from permanence.foundation import dates, moments
from permanence.kernel.refusals import Refusal

_DAY = timedelta(days=1)
SHOWN = 40
"""Appointments that are listed at once; the others when somebody asks for them."""

REFUSALS: dict[str, str | Promise] = {
    "name_taken": gettext_lazy("There is one of this name already."),
    "setting_impossible": gettext_lazy("This cannot be kept so: look at the names, numbers and lists."),
    "opening_impossible": gettext_lazy("These hours cannot be: look at their beginning, end and repetition."),
    "visit_reason_impossible": gettext_lazy("This reason cannot be: lengths are multiples of five minutes."),
    "agenda_impossible": gettext_lazy("This agenda cannot be so."),
    "words_too_long": gettext_lazy("That is too long: say it in fewer words."),
    "changed_meanwhile": gettext_lazy("Somebody else has changed it meanwhile. Look at it again, then save."),
    "opening_unknown": gettext_lazy("Somebody else has taken these hours away meanwhile."),
    "replacement_needed": gettext_lazy("It is in use: choose the reason that takes its place."),
    "agenda_in_use": gettext_lazy("Say what becomes of those who are booked there, and of those who wait for it."),
    "replacement_impossible": gettext_lazy("Choose another reason that is offered."),
    "resource_in_use": gettext_lazy("Openings, reasons or appointments to come still need it."),
    "agenda_taken_too": gettext_lazy("Visits for one of the reasons take this agenda too: change the reason first."),
    "agenda_booked_too": gettext_lazy("Visits with a colleague take this agenda too. Move or cancel them first."),
    "agenda_unknown": gettext_lazy("This agenda is not kept any more: look at it again."),
    "agenda_busy": gettext_lazy("Others are booking at this moment: send it once more."),
    "visit_reason_unknown": gettext_lazy("One of the reasons is no longer offered: look at it again."),
    "resource_unknown": gettext_lazy("One of the rooms is no longer in use: look at it again."),
    "site_unknown": gettext_lazy("One of the sites is no longer there: look at it again."),
}


def refusal_words(refusal: Refusal) -> str:
    """What is said of a change that cannot be."""
    return str(REFUSALS.get(refusal.code, REFUSALS["setting_impossible"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningLine:
    """One opening as a list shows it: its hours, what it is for, and all that narrows it."""

    id: str
    hours: str
    kind: str
    more: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekDay:
    """One day of the week with its openings."""

    name: str
    lines: tuple[OpeningLine, ...]


def week_lines(openings: Sequence[Opening], *, choices: Choices) -> tuple[WeekDay, ...]:
    """The week, every day of it."""
    found = {day: list(group) for day, group in groupby(openings, key=lambda each: each.weekday)}
    return tuple(
        WeekDay(name=str(name), lines=tuple(opening_line(each, choices=choices) for each in found.get(day, ())))
        for day, name in WEEKDAYS.items()
    )


def opening_line(opening: Opening, *, choices: Choices) -> OpeningLine:
    """The opening in words."""
    more = list[str]()
    if opening.every_weeks > 1 and opening.anchor is not None:
        every = dict(EVERY_CHOICES).get(opening.every_weeks, _("every %(n)d weeks") % {"n": opening.every_weeks})
        monday = opening.anchor - timedelta(days=opening.anchor.weekday())
        more.append(_("%(every)s, as in the week of %(day)s") % {"every": every, "day": _day(monday)})
    if opening.kind is OpeningKind.SAME_DAY:
        more.append(_released(opening))
    if opening.travel:
        more.append(_("%(n)d min of travel") % {"n": opening.travel})
    if opening.capacity > 1:
        more.append(_("%(n)d patients at once") % {"n": opening.capacity})
    if opening.reasons:
        more.append(_("only: %(names)s") % {"names": _names(opening.reasons, choices.reasons)})
    if opening.resources:
        more.append(_names(opening.resources, choices.rooms))
    if opening.site:
        more.append(choices.sites.get(opening.site, opening.site))
    if opening.valid_from:
        more.append(_("from %(day)s") % {"day": _day(opening.valid_from)})
    if opening.valid_until:
        more.append(_("until %(day)s") % {"day": _day(opening.valid_until - _DAY)})
    booked = opening.kind is not OpeningKind.WALK_IN
    if booked and not opening.new_patients:
        more.append(_("no new patients"))
    if booked and not opening.online:
        more.append(_("not online"))
    if opening.on_holidays:
        more.append(_("on public holidays too"))
    kind = "" if opening.kind is OpeningKind.NORMAL else str(KIND_WORDS[opening.kind])
    return OpeningLine(id=opening.id, hours=f"{opening.opens}–{opening.until}", kind=kind, more=tuple(more))


def overlap_words(overlapped: Sequence[Opening], *, choices: Choices) -> str:
    """What is told of the standing openings over which new ones lie, "" for none."""
    if not overlapped:
        return ""
    hours = "; ".join(f"{WEEKDAYS[each.weekday]} {_hours(opening_line(each, choices=choices))}" for each in overlapped)
    return _(
        "These hours lie over others that stand: %(hours)s."
        " Both hold: a time is offered where either of them allows it."
    ) % {"hours": hours}


def _released(opening: Opening) -> str:
    if not opening.released_days:
        return _("released at %(hour)s of the day") % {"hour": opening.released_at}
    days = ngettext("%(n)d day before", "%(n)d days before", opening.released_days) % {"n": opening.released_days}
    return _("released at %(hour)s, %(days)s") % {"hour": opening.released_at, "days": days}


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """One day that differs."""

    date: date
    name: str
    words: str
    label: str


def day_lines(exceptions: Sequence[OpeningException], *, choices: Choices) -> tuple[DayLine, ...]:
    """The days that differ, in words."""
    return tuple(day_line(each, choices=choices) for each in exceptions)


def day_line(exception: OpeningException, *, choices: Choices) -> DayLine:
    """One day that differs, in words: its hours, and of each what it is for and what narrows it."""
    hours = "; ".join(_hours(opening_line(each, choices=choices)) for each in exception.openings)
    words = {
        ExceptionKind.CLOSED: _("closed"),
        ExceptionKind.REPLACED: _("%(hours)s instead") % {"hours": hours},
        ExceptionKind.ONE_OFF: _("%(hours)s besides") % {"hours": hours},
    }[exception.kind]
    name = dates.say(exception.date, dates.Form.WHOLE)
    return DayLine(date=exception.date, name=name, words=words, label=exception.label)


def _hours(line: OpeningLine) -> str:
    narrowed = ", ".join(each for each in (line.kind, *line.more) if each)
    return f"{line.hours} ({narrowed})" if narrowed else line.hours


def reason_line(reason: VisitReason) -> str:
    """How long it lasts, in a list."""
    if reason.minutes_new and reason.minutes_new != reason.minutes:
        return _("%(n)d min, new patients %(new)d min") % {"n": reason.minutes, "new": reason.minutes_new}
    return _("%(n)d min") % {"n": reason.minutes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Free places of one week, before and after; `tone`: more, less or same."""

    before: int
    after: int

    @property
    def tone(self) -> str:
        """Which way it goes."""
        if self.after == self.before:
            return "same"
        return "more" if self.after > self.before else "less"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """The counts of one reason of one agenda, a week each; `beside`: of another one, whose visits take this one too."""

    agenda: str
    reason: str
    counts: tuple[Count, ...]
    beside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideLine:
    """An appointment that would lie outside: when, who, for what, why."""

    when: str
    patient: str
    reason: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnEffect:
    """What a change brings, as both screens show it."""

    weeks: tuple[str, ...]
    rows: tuple[EffectRow, ...]
    same: int
    outside: tuple[OutsideLine, ...]
    more: tuple[OutsideLine, ...]

    @property
    def count(self) -> int:
        """How many appointments fall outside."""
        return len(self.outside) + len(self.more)


def drawn(found: Effect, *, choices: Choices, zone: tzinfo, at: datetime) -> DrawnEffect:
    """The effect in words: only the reasons for which something changes, if there are any."""
    differing = [each for each in found.rows if each.differs]
    heads = found.rows[0].weeks if found.rows else ()
    names = Names(
        reasons=choices.reasons,
        resources=choices.rooms,
        recipients={each.recipient: each.recipient_name for each in choices.agendas},
        sites=choices.sites,
    )
    lines = tuple(
        OutsideLine(
            when=moments.day_and_hour(each.visit.starts_at, zone, now=at),
            patient=each.visit.patient_name,
            reason=each.visit.reason_name,
            why=sentence(each.why, names=names, zone=zone, at=at),
        )
        for each in found.outside
    )
    return DrawnEffect(
        weeks=tuple(dates.say(each.first, dates.Form.SHORT_NAMED) for each in heads),
        rows=tuple(
            EffectRow(
                agenda=each.agenda_name,
                reason=each.reason_name,
                counts=tuple(Count(before=week.before, after=week.after) for week in each.weeks),
                beside=each.beside,
            )
            for each in differing
        ),
        same=len(found.rows) - len(differing),
        outside=lines[:SHOWN],
        more=lines[SHOWN:],
    )


def _names(keys: Sequence[str], known: object) -> str:
    return ", ".join(known.get(each, each) if isinstance(known, dict) else each for each in keys)


def _day(day: date) -> str:
    return dates.say(day, dates.Form.OF_MONTH)
