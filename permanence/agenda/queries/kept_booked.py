# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is booked in an absence or a closed agenda and comes all the same, or was called; and who said so."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from permanence.agenda.models import FollowUp
from permanence.agenda.queries.agendas import of_seen
from permanence.agenda.queries.first import first_kept
from permanence.agenda.queries.returns import VISIT, standing, still_asked
from permanence.agenda.queries.views import AppointmentView, appointment_view
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who

LIST_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBooked:
    """A visit that stands in an absence (its id; "": in a closed agenda). `id`: of the entry by which it is put back on
    the list; `called`: the patient was called, and is booked there still; else he comes all the same.
    """

    id: str
    absence: str
    visit: AppointmentView
    client_name: str
    time_zone: str
    said_at: datetime
    said_by_name: str
    called: bool

    @property
    def closed(self) -> bool:
        """Whether his agenda is closed, else somebody is away."""
        return self.absence == ""


def kept_booked(*, by: Who, at: datetime, client: str | None = None) -> tuple[KeptBooked, ...]:
    """Those who come all the same. As `still_booked`."""
    return tuple(each for each in still_booked(by=by, at=at, client=client) if not each.called)


def still_booked(*, by: Who, at: datetime, client: str | None = None) -> tuple[KeptBooked, ...]:
    """Those to come who come all the same or were called, of the clients `by` sees, or of one of them, the earliest
    first, `LIST_LIMIT` at most; not who was moved or cancelled since, nor whose absence was withdrawn or whose agenda
    is in use again, nor who is on the list for something else. In one absence each once: who was called and comes all
    the same, comes. Five queries, and a few more where a list as long as that is cut.
    """
    rows = of_seen(FollowUp.objects.for_house(by.house_key).filter(said_of_booked(), starts_at__gt=at), by=by)
    rows = rows if client is None else rows.filter(client=row_key(client))
    loaded = standing(rows).select_related("client", *VISIT).order_by("starts_at", "pk")
    found = first_kept(loaded, lambda some: _not_listed(some, house=by.house), most=LIST_LIMIT)
    return tuple(
        KeptBooked(
            id=str(each.pk),
            absence=each.absence,
            visit=appointment_view(each.appointment),
            client_name=each.client.name,
            time_zone=each.client.time_zone,
            said_at=each.done_at,
            said_by_name=each.done_by_name,
            called=each.outcome == Outcome.CALLED,
        )
        for each in _last_said(found)
        if each.done_at is not None
    )


def _not_listed(entries: list[FollowUp], *, house: str) -> list[FollowUp]:
    """Without those whose absence was withdrawn, and whose visit is on the list for something else. Three queries."""
    open_now = FollowUp.objects.filter(appointment__in={each.appointment_id for each in entries}, done_at=None)
    asked = still_asked([*entries, *standing(open_now).select_related(*VISIT)], house=house)
    listed = {each.appointment_id for each in asked if each.done_at is None}
    return [each for each in asked if each.appointment_id not in listed]


def said_of_booked() -> Q:
    """The entries by which somebody comes all the same, or was called because of an absence or because his agenda is
    closed, and is in it still; not who was called to hear that his appointment stands.
    """
    closed = Q(absence="", agenda__active=False, agenda=F("appointment__agenda"))
    called = Q(outcome=Outcome.CALLED.value) & (~Q(absence="") | closed) & ~Q(wanted=Wanted.STANDS.value)
    return Q(alone=False) & (Q(outcome=Outcome.KEPT.value) | called)


def _last_said(entries: Iterable[FollowUp]) -> list[FollowUp]:
    """Of each visit in each absence what was said last; that he comes all the same goes before that he was called."""
    last: dict[tuple[int, str], FollowUp] = {}
    for each in sorted(entries, key=lambda entry: (entry.outcome == Outcome.KEPT, entry.pk)):
        last[each.appointment_id, each.absence] = each
    return sorted(last.values(), key=lambda entry: (entry.starts_at, entry.pk))
