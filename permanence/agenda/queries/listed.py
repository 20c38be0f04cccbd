# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the doctor reads beside a visit of his day: that it is on the secretaries' list, or what they said of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from permanence.agenda.models import FollowUp
from permanence.agenda.queries.agendas import of_seen
from permanence.agenda.queries.returns import over_by_now, unmoved
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.foundation.who import Who


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedVisit:
    """What is asked of a visit. `to_move`: the doctor wants it moved, in his `words` ("": none); `left_by`: the
    secretary who leaves it as it is though he wanted that; neither: it is on the list for an absence or because its
    agenda is closed.
    """

    to_move: bool = False
    words: str = ""
    left_by: str = ""

    @property
    def for_other(self) -> bool:
        """Whether it is there for an absence, or because its agenda is closed."""
        return not self.to_move and not self.left_by


def listed_visits(*, by: Who, appointments: Iterable[str]) -> dict[str, ListedVisit]:
    """Of these visits (ids) those that were not moved since, whatever else became of them, with what was said last. One
    query, one more where one is on the list for an absence.
    """
    rows = unmoved(FollowUp.objects.for_house(by.house_key).filter(Q(done_at=None) | Q(alone=True)))
    rows = rows.filter(appointment__key__in=list(appointments)).exclude(wanted=Wanted.STANDS.value)
    entries = list(of_seen(rows, by=by).select_related("appointment").order_by("done_at", "pk"))
    over = over_by_now(entries, house=by.house) if any(each.absence for each in entries) else set[int]()
    standing = [each for each in entries if each.pk not in over]
    last = {each.appointment.key: each for each in sorted(standing, key=lambda entry: entry.done_at is None)}
    return {key: told for key, each in last.items() if (told := _told(each)) is not None}


def _told(last: FollowUp) -> ListedVisit | None:
    if last.done_at is None:
        return ListedVisit(to_move=last.alone, words=last.words if last.alone else "")
    return ListedVisit(left_by=last.done_by_name) if last.outcome == Outcome.KEPT else None
