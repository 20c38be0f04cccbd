# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a patient who is booked is received, as far as it has been said."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from permanence.agenda.models import FollowUp
from permanence.agenda.queries.returns import over_by_now, unmoved
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.clients import away
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.reception.table import AbsenceEntry


def is_received(*, by: Who, visit: AppointmentView) -> bool:
    """Whether he can come to a visit that stands: it is not on the secretaries' list, but to hear that it stands or
    since the doctor would like it moved, and of each absence that meets it somebody said that he comes all the same.
    Who was called because of one and is booked in it still is not received. Three queries at most.
    """
    return not unreceived(by=by, visits=[visit])


def unreceived(*, by: Who, visits: Collection[AppointmentView]) -> frozenset[str]:
    """Those of many visits that stand (ids of their appointments) whose patients are not received, as `is_received`
    asks it of one. Three queries at most, however many they are; none for no visit.
    """
    if not visits:
        return frozenset()
    clients = {row_key(each.client) for each in visits}
    away_there = away.absences_of(house=by.house, clients=clients, at=min(each.starts_at for each in visits))
    rows = FollowUp.objects.for_house(by.house_key).filter(appointment__key__in={each.appointment for each in visits})
    entries: dict[str, list[FollowUp]] = defaultdict(list)
    for entry in unmoved(rows).select_related("appointment"):
        entries[entry.appointment.key].append(entry)
    asked = [each for those in entries.values() for each in those if _asks(each)]
    over = over_by_now(asked, house=by.house)
    found = set()
    for visit in visits:
        known = entries[visit.appointment]
        kept = {each.absence for each in known if each.outcome == Outcome.KEPT}
        if not _met(visit, away_there.get(row_key(visit.client), ())) <= kept:
            found.add(visit.appointment)
        if any(_asks(each) and each.pk not in over for each in known):
            found.add(visit.appointment)
    return frozenset(found)


def _asks(entry: FollowUp) -> bool:
    return entry.done_at is None and entry.wanted != Wanted.STANDS and not entry.alone


def _met(visit: AppointmentView, absences: Iterable[AbsenceEntry]) -> set[str]:
    """Which absences (ids) of his client keep somebody away who would receive him."""
    who = {visit.recipient, visit.also_recipient}
    return keeping_away(absences, starts=visit.starts_at, ends=visit.ends_at, who=who)


def keeping_away(
    absences: Iterable[AbsenceEntry], *, starts: datetime, ends: datetime, who: Collection[str]
) -> set[str]:
    """Which absences (ids) of a client meet that span and keep away one of those recipients (ids), or all of him."""
    near = (each for each in absences if each.starts < ends and starts < each.ends)
    return {each.id for each in near if each.recipient in {"", *who}}
