# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a moment is not offered, in words: for the secretary and the doctor, and softened for the public.

The public never learns who is away or why, who else comes, what is held or what is broken: only what would help.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from permanence.agenda.rules.kinds import Asker, Way
from permanence.agenda.rules.why_not import Closed, WhyNot
from permanence.foundation import dates, moments

_MONDAY = date(2026, 1, 5)

_WAYS = {
    Way.PRACTICE: gettext_lazy("These hours are for visits at the practice"),
    Way.HOME: gettext_lazy("These hours are for home visits"),
    Way.TELE: gettext_lazy("These hours are for video consultations"),
}
_ASKERS = {
    Asker.SECRETARY: gettext_lazy("%(reason)s is not booked by secretaries"),
    Asker.ONLINE: gettext_lazy("%(reason)s is not booked online"),
    Asker.DOCTOR: gettext_lazy("%(reason)s is not booked by the doctor"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the ids in the causes are called, and the reason asked for. An id without a name stands as it is.

    `offered`: to whom of the waiting list what is held is offered and on which page it is freed, by the hold's id; for
    secretaries alone.
    """

    asked: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    recipients: Mapping[str, str] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)
    offered: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Teller:
    """The names, the clock on which moments are told, and the present."""

    names: Names
    zone: tzinfo
    at: datetime

    def hour(self, at: datetime) -> str:
        """The hour as a sentence says it."""
        return moments.hour(at, self.zone)

    def until(self, at: datetime) -> str:
        """The hour when it is today, else day and hour."""
        return self.hour(at) if self.is_today(at) else self.when(at)

    def when(self, at: datetime) -> str:
        """Day and hour."""
        return moments.day_and_hour(at, self.zone, now=self.at)

    def is_today(self, at: datetime) -> bool:
        """Whether it is on the day of the present."""
        return at.astimezone(self.zone).date() == self.at.astimezone(self.zone).date()


def sentence(why: WhyNot, *, names: Names, zone: tzinfo, at: datetime) -> str:
    """A cause for whoever books for others. `zone`: the agenda's; `at`: now."""
    return _SENTENCES[why.code](why, _Teller(names, zone, at))


def public_sentence(why: WhyNot, *, names: Names, zone: tzinfo, at: datetime, whole_day: bool = False) -> str:
    """A cause for the patient himself: what he can do, nothing about anybody else. `whole_day`: of all its times."""
    said = _PUBLIC.get(why.code)
    if said is not None:
        return said(why, _Teller(names, zone, at))
    return _("Nothing to book online on this day") if whole_day else _("This time is not available")


def _closed(why: Closed, _tell: _Teller) -> str:
    if why.because == "holiday":
        return _("Public holiday: %(label)s") % {"label": why.label}
    return _("Closed: %(label)s") % {"label": why.label} if why.label else _("Closed at this time")


def _age(why: Any, _tell: _Teller) -> str:
    ages = {"youngest": why.youngest, "oldest": why.oldest, "age": why.age}
    if why.oldest is None:
        return _("Minimum age %(youngest)d, the patient is %(age)d") % ages
    if why.youngest is None:
        return _("Maximum age %(oldest)d, the patient is %(age)d") % ages
    return _("Age %(youngest)d to %(oldest)d, the patient is %(age)d") % ages


def _absent(why: Any, tell: _Teller) -> str:
    if not why.who:
        return _("The practice is away, back %(when)s") % {"when": tell.until(why.until)}
    name = tell.names.recipients.get(why.who, why.who)
    return _("%(name)s is away, back %(when)s") % {"name": name, "when": tell.until(why.until)}


def _held(why: Any, tell: _Teller) -> str:
    if why.hold in tell.names.offered and why.until is not None:
        name, page = tell.names.offered[why.hold]
        filled = {"name": name, "when": tell.until(why.until), "page": page}
        return _("Offered to %(name)s of the waiting list, ends %(when)s: freed in “%(page)s”") % filled
    name = why.by or _("the waiting list")
    if why.until is None:
        return _("Held by %(name)s") % {"name": name}
    if tell.is_today(why.until):
        return _("Held by %(name)s until %(hour)s") % {"name": name, "hour": tell.hour(why.until)}
    return _("Held by %(name)s, ends %(when)s") % {"name": name, "when": tell.when(why.until)}


def _also(why: Any, tell: _Teller) -> str:
    name = tell.names.recipients.get(why.who, why.who)
    return _("%(name)s: %(cause)s") % {"name": name, "cause": _SENTENCES[why.why.code](why.why, tell)}


def _not_overbooked(why: Any, tell: _Teller) -> str:
    if why.by == "agenda":
        return _("%(name)s does not allow overbooking") % {"name": tell.names.recipients.get(why.who, why.who)}
    if why.by == "reason":
        return _("%(reason)s cannot be overbooked") % {"reason": tell.names.asked}
    return _("Overbooking is not allowed here")


def _blocked(why: Any, tell: _Teller) -> str:
    filled = {"hour": tell.until(why.until), "label": why.label}
    return _("Blocked: %(label)s, ends %(hour)s") % filled if why.label else _("Blocked, ends %(hour)s") % filled


def _elsewhere(why: Any, tell: _Teller) -> str:
    filled = {"hour": tell.until(why.until), "label": why.label}
    if not why.label:
        return _("Busy by what the doctor’s device says, ends %(hour)s") % filled
    return _("Busy in the doctor’s other calendar (%(label)s), ends %(hour)s") % filled


def _equipment(why: Any, tell: _Teller) -> str:
    name = tell.names.resources.get(why.resource, why.resource)
    filled = {"name": name, "starts": tell.hour(why.starts), "until": tell.hour(why.until)}
    return _("%(name)s is taken from %(starts)s to %(until)s") % filled


def _new_patients(why: Any, _tell: _Teller) -> str:
    if not why.weekdays:
        return _("No new patients")
    return _("New patients only on %(days)s") % {"days": _listed([_weekday(each) for each in why.weekdays])}


def _public_new_patients(why: Any, _tell: _Teller) -> str:
    if not why.weekdays:
        return _("No new patients at present")
    return _("First appointments only on %(days)s") % {"days": _listed([_weekday(each) for each in why.weekdays])}


def _site(why: Any, tell: _Teller) -> str:
    name = tell.names.sites.get(why.site, why.site)
    return _("At this time: %(site)s") % {"site": name} if name else _("At another site at this time")


def _max_new(why: Any, _tell: _Teller) -> str:
    most = {"most": why.most}
    return ngettext("Already %(most)d new patient that day", "Already %(most)d new patients that day", why.most) % most


def _reasons(why: Any, tell: _Teller) -> str:
    names = sorted(tell.names.reasons.get(each, each) for each in why.reasons)
    return _("Kept for %(reasons)s") % {"reasons": _listed(names)}


def _full_day(_why: Any, _tell: _Teller) -> str:
    return _("All places of that day are taken")


def _call_us(_why: Any, _tell: _Teller) -> str:
    return _("Please call us to book this appointment")


_SENTENCES: dict[str, Callable[[Any, _Teller], str]] = {
    "reason_unknown": lambda _why, tell: _("%(reason)s is not done here") % {"reason": tell.names.asked},
    "not_bookable": lambda why, tell: str(_ASKERS[why.asked_by]) % {"reason": tell.names.asked},
    "age": _age,
    "contra_indicated": lambda why, _tell: _("Yes to “%(question)s”: not possible") % {"question": why.text},
    "off_step": lambda why, _tell: _("Visits begin every %(step)d minutes") % {"step": why.step},
    "past": lambda _why, _tell: _("This time is over"),
    "too_soon": lambda why, tell: _("Too soon. At the earliest: %(when)s") % {"when": tell.until(why.earliest)},
    "beyond_horizon": lambda why, _tell: _("Booked until %(day)s at most") % {"day": _day(why.last)},
    "closed": _closed,
    "walk_in": lambda why, tell: _("Without an appointment until %(hour)s") % {"hour": tell.hour(why.until)},
    "other_way": lambda why, _tell: str(_WAYS[why.way]),
    "not_released": lambda why, tell: (
        _("Kept for the same day, released: %(when)s") % {"when": tell.when(why.released)}
    ),
    "not_this_reason": _reasons,
    "new_patients_not": _new_patients,
    "not_online_here": lambda _why, _tell: _("Not open to online booking at this time"),
    "other_site": _site,
    "absent": _absent,
    "taken": lambda why, tell: _("Taken until %(hour)s") % {"hour": tell.hour(why.until)},
    "held": _held,
    "blocked": _blocked,
    "busy_elsewhere": _elsewhere,
    "full": lambda why, _tell: _("All %(places)d places are taken") % {"places": why.places},
    "buffer": lambda _why, _tell: _("No time between this visit and its neighbour to prepare, tidy up or travel"),
    "equipment_taken": _equipment,
    "equipment_missing": lambda why, _tell: _("%(kind)s is not available at this site") % {"kind": why.kind},
    "too_short": lambda why, tell: (
        _("%(left)d min left until %(hour)s, %(needed)d min are needed")
        % {"left": why.left, "hour": tell.hour(why.until), "needed": why.needed}
    ),
    "max_per_day": lambda why, tell: (
        _("Already %(most)d × %(reason)s that day") % {"most": why.most, "reason": tell.names.asked}
    ),
    "max_per_half_day": lambda why, tell: (
        _("Already %(most)d × %(reason)s that half-day") % {"most": why.most, "reason": tell.names.asked}
    ),
    "max_new_per_day": _max_new,
    "also_refuses": _also,
    "overbooking_not": _not_overbooked,
    "overbooked_enough": lambda why, _tell: _("Already %(most)d × overbooked that day") % {"most": why.most},
    "cause_missing": lambda _why, _tell: _("Say why it is overbooked"),
}
"""The sentence of each code."""

_PUBLIC: dict[str, Callable[[Any, _Teller], str]] = {
    "reason_unknown": _call_us,
    "not_bookable": _call_us,
    "age": _call_us,
    "contra_indicated": _call_us,
    "not_online_here": _call_us,
    "past": _SENTENCES["past"],
    "too_soon": lambda _why, _tell: _("This time is too soon to be booked here. Please call us"),
    "beyond_horizon": lambda why, _tell: _("Appointments can be booked until %(day)s") % {"day": _day(why.last)},
    "closed": lambda _why, _tell: _("Closed at this time"),
    "walk_in": _SENTENCES["walk_in"],
    "not_released": lambda why, tell: _("Booking opens: %(when)s") % {"when": tell.when(why.released)},
    "new_patients_not": _public_new_patients,
    "full": lambda _why, _tell: _("All places are taken"),
    "max_per_day": _full_day,
    "max_per_half_day": _full_day,
    "max_new_per_day": _full_day,
}
"""The softened sentence of the codes about which a patient can do something; of all others: not available."""


def _day(day: date) -> str:
    return dates.say(day, dates.Form.WHOLE)


def _weekday(number: int) -> str:
    return dates.weekday(_MONDAY.replace(day=_MONDAY.day + number))


def _listed(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("%(some)s and %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}
