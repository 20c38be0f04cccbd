# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whom the doctor's delay has reached so far: on his page of the day, once his patients were told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permanence.dispatch.late_operations import Concerned
from permanence.dispatch.rules import NOT_DELIVERED, SentState, UnreachedOutcome
from permanence.dispatch.unreached_queries import LateReach, late_reach
from permanence.foundation.who import Who

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


def reached_lines(coming: Iterable[tuple[str, Concerned, str]], *, agenda: str, by: Who, at: datetime) -> list[Reached]:
    """Those still to come, in their order, after the last notice of today."""
    found = late_reach(agenda=agenda, by=by, at=at)
    return [_line(when, each, found.get(each.appointment)) for when, each, _why in coming]


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
