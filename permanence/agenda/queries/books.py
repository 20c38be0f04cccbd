# SPDX-License-Identifier: AGPL-3.0-or-later
"""From rows to the values the rules decide on: the books of agendas, for a span of time, in ten queries at most."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Q

from permanence.agenda.models import (
    Agenda,
    Occupancy,
    OpeningException,
    OpeningPattern,
    OtherBusy,
    Resource,
    VisitReason,
)
from permanence.agenda.refusals import SpanImpossible
from permanence.agenda.rules import kinds
from permanence.agenda.rules.openings import absences_of as away_from
from permanence.agenda.rules.wishes import Book
from permanence.clients.away import absences_of
from permanence.foundation.tenancy import ClientQuerySet

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Nobody keeps an agenda outside of these."""
AROUND = timedelta(days=1)
"""What lies so near to a span is known too: maxima of its days, buffers, the other side of midnight."""


def books(
    rows: Sequence[Agenda], *, starts: datetime, ends: datetime | None = None, only_open: bool = False
) -> dict[str, Book]:
    """By id the books of agendas of one house (their clients loaded), good for what lies in [starts, ends).

    Without `ends` for a day. `only_open`: of what is taken the absences alone. Raises SpanImpossible.
    """
    if not rows:
        return {}
    check_moment(starts)
    begin, end = around(starts, ends)
    clients = {row.client_id for row in rows}
    reasons = _reasons(clients)
    beside = [] if only_open else _beside(reasons, rows)
    found = _books([*rows, *beside], reasons, begin, end, only_open=only_open)
    return {str(row.pk): with_beside(found[str(row.pk)], found) for row in rows}


def with_beside(book: Book, known: Mapping[str, Book]) -> Book:
    """The book with those of the agendas that its visits take too."""
    others = dict.fromkeys(each.also for each in book.reasons if each.also and each.also != book.agenda.id)
    beside = tuple(replace(known[each], beside=()) for each in others if each in known)
    return replace(book, beside=beside) if beside or book.beside else book


def _books(
    rows: Sequence[Agenda],
    reasons: Mapping[int, Sequence[kinds.VisitReason]],
    begin: datetime,
    end: datetime,
    *,
    only_open: bool,
) -> dict[str, Book]:
    """Each agenda by itself."""
    clients = {row.client_id for row in rows}
    away = absences_of(house=rows[0].house.slug, clients=clients, at=begin)
    openings, exceptions = _openings(rows, begin, end)
    resources = _resources(clients)
    taken = {} if only_open else _taken(rows, begin, end)
    used = {} if only_open else used_of(clients, begin, end)
    found = {}
    for row in rows:
        agenda = agenda_of(row)
        found[agenda.id] = Book(
            agenda=agenda,
            openings=tuple(openings[row.pk]),
            exceptions=tuple(exceptions[row.pk]),
            reasons=tuple(reasons.get(row.client_id, ())),
            resources=tuple(resources[row.client_id]),
            taken=(
                *taken.get(row.pk, ()),
                *used.get(row.client_id, ()),
                *away_from(agenda, away.get(row.client_id, ())),
            ),
        )
    return found


def _beside(reasons: Mapping[int, Sequence[kinds.VisitReason]], rows: Sequence[Agenda]) -> list[Agenda]:
    """The agendas that combined visits in `rows` take too, where they are not among them. One query, or none."""
    named = {int(each.also) for some in reasons.values() for each in some if each.also} - {row.pk for row in rows}
    return list(Agenda.objects.filter(pk__in=named, active=True).select_related("client", "house")) if named else []


def taking(keys: Iterable[int]) -> Q:
    """Appointments and holds that take one of these agendas, as their own or as the other one of a combined visit."""
    wanted = list(keys)
    return Q(agenda__in=wanted) | Q(also__in=wanted)


def around(starts: datetime, ends: datetime | None = None) -> tuple[datetime, datetime]:
    """What books of [starts, ends) know; without `ends` of a day."""
    return starts - AROUND, (starts + AROUND if ends is None else ends) + AROUND


def check_moment(at: datetime) -> None:
    """Raises SpanImpossible for what is no moment of an agenda."""
    if at.tzinfo is None or not EARLIEST <= at <= LATEST:
        raise SpanImpossible(f"{at}")


def check_day(day: date) -> None:
    """Raises SpanImpossible for what is no day of an agenda."""
    if not EARLIEST.date() <= day <= LATEST.date():
        raise SpanImpossible(f"{day}")


def agenda_of(row: Agenda) -> kinds.Agenda:
    """The row (its client loaded) as the rules know it."""
    return kinds.Agenda(
        id=str(row.pk),
        client=str(row.client_id),
        recipient=str(row.recipient_id),
        zone=row.client.time_zone,
        country=row.client.country,
        region=row.client.region,
        step=row.step,
        closed_on_holidays=row.closed_on_holidays,
        overbookings_per_day=row.overbookings_per_day,
    )


def reason_of(row: VisitReason) -> kinds.VisitReason:
    """The row as the rules know it."""
    return kinds.VisitReason(
        id=str(row.pk),
        client=str(row.client_id),
        name=row.name,
        minutes=row.minutes,
        minutes_new=row.minutes_new,
        before=row.before,
        after=row.after,
        notice=row.notice,
        horizon=row.horizon,
        max_per_day=row.max_per_day,
        max_per_half_day=row.max_per_half_day,
        max_new_per_day=row.max_new_per_day,
        bookable_by=frozenset(kinds.Asker(each) for each in row.bookable_by),
        way=kinds.Way(row.way),
        also="" if row.also_id is None else str(row.also_id),
        needs=tuple(
            kinds.Need(ids=tuple(each["ids"]), kind=each["kind"], before=each["before"], after=each["after"])
            for each in row.needs
        ),
        sites=tuple(row.sites),
        questions=_questions(row.questions),
        documents=tuple(row.documents),
        youngest=row.youngest,
        oldest=row.oldest,
        contra_indications=_questions(row.contra_indications),
        overbooking=row.overbooking,
        colour=row.colour,
        code=row.code,
    )


def opening_of(row: OpeningPattern) -> kinds.Opening:
    """The row as the rules know it."""
    return kinds.Opening(
        id=str(row.pk),
        agenda=str(row.agenda_id),
        opens=row.opens,
        until=row.until,
        weekday=row.weekday,
        every_weeks=row.every_weeks,
        anchor=row.anchor,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        reasons=tuple(row.reasons),
        site="" if row.site_id is None else str(row.site_id),
        resources=tuple(row.resources),
        kind=kinds.OpeningKind(row.kind),
        released_at=row.released_at,
        released_days=row.released_days,
        travel=row.travel,
        capacity=row.capacity,
        new_patients=row.new_patients,
        online=row.online,
        on_holidays=row.on_holidays,
    )


def taken_of(row: Occupancy) -> kinds.Taken:
    """The row (what takes it loaded) as the rules know it."""
    subject = row.resource_id if row.agenda_id is None else row.agenda_id
    starts = row.starts_at + timedelta(minutes=row.before)
    ends = row.ends_at - timedelta(minutes=row.after)
    span: dict[str, Any] = {
        "subject": str(subject),
        "starts": starts,
        "ends": ends,
        "before": row.before,
        "after": row.after,
        "of_resource": row.agenda_id is None,
    }
    if row.appointment is not None:
        visit = row.appointment
        return kinds.Taken(
            **span,
            kind=kinds.TakenKind.APPOINTMENT,
            id=visit.key,
            agenda=str(visit.agenda_id),
            reason=str(visit.reason_id),
            is_new=not visit.known,
            overbooked=bool(visit.overbook_cause) and row.agenda_id == visit.agenda_id,
        )
    if row.hold is not None:
        hold = row.hold
        return kinds.Taken(
            **span,
            kind=kinds.TakenKind.HOLD,
            id=hold.key,
            agenda=str(hold.agenda_id),
            reason=str(hold.reason_id),
            is_new=not hold.known,
            by=hold.held_by_name,
            holder=hold.held_for,
            until=hold.expires_at,
        )
    block = row.block
    if block is None:
        raise ValueError(f"occupancy {row.pk} is by nothing")
    return kinds.Taken(**span, kind=kinds.TakenKind.BLOCK, id=block.key, agenda=str(block.agenda_id), label=block.words)


def _questions(rows: Iterable[dict[str, str]]) -> tuple[kinds.Question, ...]:
    return tuple(kinds.Question(id=each["id"], text=each["text"]) for each in rows)


def _openings(
    rows: Sequence[Agenda], begin: datetime, end: datetime
) -> tuple[dict[int, list[kinds.Opening]], dict[int, list[kinds.OpeningException]]]:
    """By agenda the openings of the week, and the exceptions of the days with theirs. Two queries."""
    keys = [row.pk for row in rows]
    days = OpeningException.objects.filter(
        agenda__in=keys, date__gte=(begin - AROUND).date(), date__lte=(end + AROUND).date()
    ).order_by("date", "pk")
    found = list(days)
    week: dict[int, list[kinds.Opening]] = defaultdict(list)
    own: dict[int, list[kinds.Opening]] = defaultdict(list)
    patterns = OpeningPattern.objects.filter(agenda__in=keys)
    patterns = patterns.filter(Q(exception=None) | Q(exception__in=[day.pk for day in found]))
    for row in patterns.order_by("weekday", "opens", "pk"):
        (week[row.agenda_id] if row.exception_id is None else own[row.exception_id]).append(opening_of(row))
    exceptions: dict[int, list[kinds.OpeningException]] = defaultdict(list)
    for day in found:
        exceptions[day.agenda_id].append(exception_of(day, own[day.pk]))
    return week, exceptions


def exception_of(row: OpeningException, openings: Iterable[kinds.Opening]) -> kinds.OpeningException:
    """The row with its openings as the rules know it."""
    return kinds.OpeningException(
        id=str(row.pk),
        agenda=str(row.agenda_id),
        date=row.date,
        kind=kinds.ExceptionKind(row.kind),
        label=row.label,
        openings=tuple(openings),
    )


def _reasons(clients: Iterable[int]) -> dict[int, list[kinds.VisitReason]]:
    found: dict[int, list[kinds.VisitReason]] = defaultdict(list)
    for row in VisitReason.objects.filter(client__in=clients, retired_at=None).order_by("position", "pk"):
        found[row.client_id].append(reason_of(row))
    return found


def _resources(clients: Iterable[int]) -> dict[int, list[kinds.Resource]]:
    found: dict[int, list[kinds.Resource]] = defaultdict(list)
    for row in Resource.objects.filter(client__in=clients, active=True).order_by("name", "pk"):
        site = "" if row.site_id is None else str(row.site_id)
        found[row.client_id].append(kinds.Resource(id=str(row.pk), client=str(row.client_id), kind=row.kind, site=site))
    return found


def _taken(rows: Sequence[Agenda], begin: datetime, end: datetime) -> dict[int, list[kinds.Taken]]:
    """What is taken of the agendas, by key, here and in other calendars. Two queries."""
    found: dict[int, list[kinds.Taken]] = defaultdict(list)
    for row in _near(begin, end).filter(agenda__in=[each.pk for each in rows]):
        if row.agenda_id is not None:
            found[row.agenda_id].append(taken_of(row))
    for busy in elsewhere(rows, begin, end):
        found[int(busy.subject)].append(busy)
    return found


def used_of(clients: Iterable[int], begin: datetime, end: datetime) -> dict[int, list[kinds.Taken]]:
    """What is taken of these clients' rooms and equipment, by client. One query."""
    found: dict[int, list[kinds.Taken]] = defaultdict(list)
    for row in _near(begin, end).filter(client__in=clients, resource__isnull=False):
        found[row.client_id].append(taken_of(row))
    return found


def _near(begin: datetime, end: datetime) -> ClientQuerySet[Occupancy]:
    rows = Occupancy.objects.filter(ends_at__gt=begin, starts_at__lt=end)
    return rows.select_related("appointment", "hold", "block").order_by("starts_at", "pk")


def elsewhere(rows: Sequence[Agenda], begin: datetime, end: datetime) -> Iterator[kinds.Taken]:
    """When calendars of other products make the agendas busy. One query."""
    near = OtherBusy.objects.filter(agenda__in=[row.pk for row in rows], ends_at__gt=begin, starts_at__lt=end)
    for busy in near.select_related("calendar").order_by("starts_at", "pk"):
        yield kinds.Taken(
            subject=str(busy.agenda_id),
            starts=busy.starts_at,
            ends=busy.ends_at,
            kind=kinds.TakenKind.BLOCK,
            id=f"elsewhere-{busy.pk}",
            agenda=str(busy.agenda_id),
            label=busy.calendar.label,
            elsewhere=True,
        )
