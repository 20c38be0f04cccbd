# SPDX-License-Identifier: AGPL-3.0-or-later
"""On his page of the day: whom the doctor's delay concerns, and whom it has reached so far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permanence.agenda.queries.follow_ups import delay
from permanence.agenda.queries.views import AgendaView
from permanence.dispatch import late_acts, late_operations
from permanence.dispatch.late_operations import Concerned
from permanence.dispatch.late_words import Coming, Line, coming_today
from permanence.dispatch.rules import NOT_DELIVERED, SentState, UnreachedOutcome
from permanence.dispatch.unreached_queries import LateReach, late_reach
from permanence.foundation import moments
from permanence.foundation.who import Who

FIRST = 3
"""How many names stand on a telephone before the rest is opened."""
STATES: Mapping[SentState, tuple[str | Promise, str]] = {
    SentState.WAITING: (gettext_lazy("on its way"), ""),
    SentState.AGAIN: (gettext_lazy("tried in vain, is tried again"), "warn"),
    SentState.SENT: (gettext_lazy("told"), "new"),
    SentState.DELIVERED: (gettext_lazy("told, delivered"), "new"),
    SentState.FAILED: (gettext_lazy("not reached, a secretary telephones"), "danger"),
    SentState.BOUNCED: (gettext_lazy("not reached, a secretary telephones"), "danger"),
    SentState.NO_WAY: (gettext_lazy("neither SMS nor e-mail, a secretary telephones"), "warn"),
    SentState.OVERTAKEN: (gettext_lazy("no longer needed"), ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One patient still to come: when, who, how far it came to him, and his number where he has yet to hear of it."""

    when: str
    name: str
    state: str
    tone: str
    number: str


def late_shown(found: AgendaView, *, day: date, is_today: bool, by: Who, at: datetime) -> dict[str, object]:
    """What the page of the day `day` says of his delay. `coming` is there on his own page (`is_today`) alone.

    Of a delay that was said: `listed` and `listed_more` are those of the consultation that is on and those who were
    told, `reached` and `reached_more` the same with how far it came, once he told somebody; `untold_now` and
    `untold_day` how many can be told and were not yet. On time again: `heard` how many of those still to come had been
    told that he is late. Raises AgendaUnknown.
    """
    late, zone = delay(by=by, agenda=found.id, day=day), ZoneInfo(found.time_zone)
    shown: dict[str, object] = {"late": late, "late_said": "" if late is None else moments.clock(late.said_at, zone)}
    if not is_today:
        return shown
    coming = coming_today(agenda=found.id, time_zone=found.time_zone, by=by, at=at)
    shown |= {"coming": coming, "back": late_acts.may_take_back(agenda=found.id, by=by, at=at)}
    if late is None:
        return shown | {"heard": _heard(found, coming, by=by, at=at)}
    told = late_operations.told_today(agenda=found.id, by=by, at=at) == late.minutes
    reach = late_reach(agenda=found.id, by=by, at=at) if told else {}
    now = {each.appointment for _when, each, _why in coming.now}
    listed = [line for line in coming.all_day if line[1].appointment in now | reach.keys()]
    untold = [line for line in coming.all_day if line[1].is_told and line[1].appointment not in reach]
    lines = _reached_lines(listed, reach)
    return shown | {
        "listed": listed[:FIRST],
        "listed_more": listed[FIRST:],
        "listed_count": len(listed),
        "told": told,
        "reached": lines[:FIRST],
        "reached_more": lines[FIRST:],
        "untold_now": sum(each.appointment in now for _when, each, _why in untold),
        "untold_day": len(untold),
    }


def _heard(found: AgendaView, coming: Coming, *, by: Who, at: datetime) -> int:
    """How many of those still to come know of a delay, by what was written to them or on the telephone."""
    still = {each.appointment for _when, each, _why in coming.all_day}
    reach = late_reach(agenda=found.id, by=by, at=at)
    told = (
        each.state in {SentState.SENT, SentState.DELIVERED} or each.outcome is UnreachedOutcome.TOLD
        for key, each in reach.items()
        if key in still
    )
    return sum(told)


def _reached_lines(coming: Iterable[Line], reach: Mapping[str, LateReach]) -> list[Reached]:
    return [_line(when, each, reach.get(each.appointment)) for when, each, _why in coming]


def _line(when: str, each: Concerned, reach: LateReach | None) -> Reached:
    if reach is None:
        return Reached(when=when, name=each.patient_name, state=_("not told yet"), tone="warn", number=each.number)
    state, tone = STATES[reach.state]
    number = each.number if reach.state in NOT_DELIVERED else ""
    if reach.outcome is UnreachedOutcome.TOLD:
        state, tone, number = _("told by telephone, %(name)s") % {"name": reach.by_name}, "new", ""
    elif reach.outcome is UnreachedOutcome.MISSED:
        state, tone = _("not reached by telephone either, %(name)s") % {"name": reach.by_name}, "danger"
    return Reached(when=when, name=each.patient_name, state=str(state), tone=tone, number=number)
