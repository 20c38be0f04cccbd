# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whom the secretaries telephone because what was sent did not reach him, and how far a late notice came."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from permanence.agenda.queries import told
from permanence.agenda.queries.follow_ups import minutes_late
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.states import STANDING
from permanence.callers import queries as callers
from permanence.clients import queries as clients
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.late_queries import heard_today
from permanence.dispatch.models import LateMail, Sms, Unreached
from permanence.dispatch.rules import MOST_LATE, DeliveryState, SentState, UnreachedOutcome, sent_state
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who

LIST_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreachedView:
    """Somebody to be telephoned. `kind`: REMINDER, or LATE with the `minutes` of today; `numbers` E.164."""

    id: str
    kind: SmsKind
    client_name: str
    time_zone: str
    visit: AppointmentView
    minutes: int
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LateReach:
    """How far the last late notice of today came to one patient. `outcome`: what a secretary made of it, with `by_name`
    hers; None while nobody telephoned.
    """

    state: SentState
    outcome: UnreachedOutcome | None = None
    by_name: str = ""


def client_of_unreached(*, house_key: int, unreached: str) -> str | None:
    """Whose patient it is, done or not; None when the house has none with that id. One query."""
    rows = Unreached.objects.for_house(house_key).filter(pk=row_key(unreached))
    client = rows.values_list("client", flat=True).first()
    return None if client is None else str(client)


def open_unreached(*, by: Who, at: datetime) -> tuple[UnreachedView, ...]:
    """Who is to be telephoned for the clients `by` sees, the earliest visit first, `LIST_LIMIT` at most; each once.

    Not any more: who was moved, cancelled or has come, who has died, whose visit has begun, whose doctor is on time
    again. Seven queries.
    """
    seen = [row_key(each) for each in clients.clients_visible_to(by)]
    rows = Unreached.objects.for_house(by.house_key).filter(done_at=None, client__in=seen)
    near = rows.filter(starts_at__gt=at - timedelta(minutes=MOST_LATE)).select_related("client")
    found = list(near.order_by("starts_at", "-pk")[:LIST_LIMIT])
    visits = told.visits(house_key=by.house_key, appointments={each.appointment for each in found})
    taken = {key: [agenda for agenda in (each.agenda, each.also) if agenda] for key, each in visits.items()}
    late = minutes_late(agendas={agenda for both in taken.values() for agenda in both}, at=at)
    people = callers.standing_of(pairs={(each.client, each.patient) for each in visits.values()})
    views: dict[tuple[str, str], UnreachedView] = {}
    for row in found:
        visit = visits.get(row.appointment)
        if visit is None or visit.state not in STANDING or visit.starts_at != row.starts_at:
            continue
        delay = max(late.get(agenda, 0) for agenda in taken[row.appointment])  # it begins when both are there
        minutes = delay if row.kind == SmsKind.LATE else 0
        person = people.get((visit.client, visit.patient))
        is_over = at >= visit.starts_at + timedelta(minutes=minutes) or (row.kind == SmsKind.LATE and not minutes)
        if person is None or person.is_deceased or is_over:
            continue
        view = UnreachedView(
            id=str(row.pk),
            kind=SmsKind(row.kind),
            client_name=row.client.name,
            time_zone=row.client.time_zone,
            visit=visit,
            minutes=minutes,
            numbers=person.numbers,
        )
        views.setdefault((row.appointment, row.kind), view)
    return tuple(views.values())


def late_reach(*, agenda: str, by: Who, at: datetime) -> dict[str, LateReach]:
    """How far the minutes that were told last today, on the client's clock, came, by appointment, of those who have
    heard of no other since and whose visit was not moved since; {} where nobody was told any. Raises agenda's
    AgendaUnknown. Nine queries.
    """
    heard = heard_today(agenda=agenda, by=by, at=at)
    last = next(iter(heard.values()), None)
    if last is None:
        return {}
    visits = told.visits(house_key=by.house_key, appointments=heard.keys())
    hours = {key: each.starts_at for key, each in visits.items()}
    same = {key: each for key, each in heard.items() if each.notice.minutes == last.notice.minutes}
    of = {key: each.notice for key, each in same.items() if each.starts_at == hours.get(key)}
    states = {key: SentState.NO_WAY for key, row in of.items() if key in row.untold}
    sms = Sms.objects.for_house(by.house_key).filter(about__in=list(of), kind=SmsKind.LATE.value)
    for row in sms:
        if row.created_at == of[row.about].at:
            states[row.about] = sent_state(state=DeliveryState(row.state), attempts=row.attempts, why=row.why)
    for mail in LateMail.objects.filter(notice__in=[row.pk for row in of.values()]):
        if (notice := of.get(mail.appointment)) is not None and mail.notice_id == notice.pk:
            state = sent_state(state=DeliveryState(mail.state), attempts=mail.attempts, why=mail.why)
            states[mail.appointment] = state
    done = Unreached.objects.for_house(by.house_key).filter(kind=SmsKind.LATE.value, appointment__in=list(states))
    calls = {
        each.appointment: each
        for each in done.exclude(done_at=None).order_by("pk")
        if each.done_at is not None and each.done_at >= of[each.appointment].at
    }
    return {
        appointment: LateReach(
            state=state,
            outcome=UnreachedOutcome(calls[appointment].outcome) if appointment in calls else None,
            by_name=calls[appointment].done_by_name if appointment in calls else "",
        )
        for appointment, state in states.items()
    }
