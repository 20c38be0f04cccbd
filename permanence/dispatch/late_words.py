# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whom it concerns that a practitioner is late, in words, for whoever is about to tell them."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from permanence.dispatch import late_operations
from permanence.dispatch.late_operations import Concerned, StillToCome
from permanence.foundation import moments
from permanence.foundation.who import Who

WHY = {
    "sms_off": _("no SMS are sent from here"),
    "no_consent": _("has not agreed to SMS"),
    "no_mobile": _("no mobile number"),
}

type Line = tuple[str, Concerned, str]
"""The hour, who, and why no SMS reaches him ("" where one does)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """Who is still to come today: `all_day`, and of them `now`, those of the consultation that is on or comes next,
    with the hours `starts` of its first of them and `ends` of its end ("" where nobody is left of it); `until`: that
    end as a form carries it.
    """

    all_day: list[Line]
    now: list[Line]
    starts: str
    ends: str
    until: str

    @property
    def told(self) -> int:
        """How many of the whole day can be told by SMS or mail."""
        return sum(each.is_told for _when, each, _why in self.all_day)

    @property
    def told_now(self) -> int:
        """How many of that consultation can be."""
        return sum(each.is_told for _when, each, _why in self.now)

    @property
    def more(self) -> int:
        """How many come after it."""
        return len(self.all_day) - len(self.now)


def coming_today(*, agenda: str, time_zone: str, by: Who, at: datetime) -> Coming:
    """Who is still to come today, and how each is told. Raises agenda's AgendaUnknown."""
    zone = ZoneInfo(time_zone)
    found = late_operations.still_to_come(agenda=agenda, by=by, at=at)
    lines = [(moments.clock(each.starts_at, zone), each, str(WHY.get(each.why, ""))) for each in found.all_day]
    now = lines[: len(found.now)]
    until = found.until
    return Coming(
        all_day=lines,
        now=now,
        starts=now[0][0] if now else "",
        ends=moments.clock_until(until, zone) if until is not None else "",
        until=until.isoformat() if until is not None else "",
    )


def until_asked(*, tell: str, minutes: int, typed: str, agenda: str, by: Who, at: datetime) -> datetime | None:
    """Until when those come whom a form asks to tell: None for the whole rest of the day ("day") and where nobody is
    told, else the end it has shown, or where it has shown none, that of the consultation that is on by now.

    Raises agenda's AgendaUnknown.
    """
    if tell in {"", "day"} or minutes <= 0:
        return None
    try:
        shown = datetime.fromisoformat(typed)
    except ValueError:
        shown = None
    if shown is not None and shown.tzinfo is not None:
        return shown
    found: StillToCome = late_operations.still_to_come(agenda=agenda, by=by, at=at)
    return found.until or at
