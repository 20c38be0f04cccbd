# SPDX-License-Identifier: AGPL-3.0-or-later
"""From rows to the values the rules decide on: the books of agendas, for a span of time, in ten queries at most."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

from permanence.agenda.models import (
    Agenda,
    Occupancy,
    OpeningException,
    OpeningPattern,
    VisitReason,
)
from permanence.agenda.queries import asked
from permanence.agenda.queries.kept import Kept, Setting
from permanence.agenda.refusals import SpanImpossible
from permanence.agenda.rules import kinds
from permanence.agenda.rules.decisive import decisive
from permanence.agenda.rules.openings import absences_of as away_from
from permanence.agenda.rules.wishes import Book, Wish
from permanence.clients.away import absences_of
from permanence.foundation.keys import NO_ROW
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
    since = _first_day(begin)
    settings = KEPT.of(rows, since=since)
    beside = [] if only_open else _beside(settings.values(), rows)
    settings |= KEPT.of(beside, since=since)
    found = _books([*rows, *beside], settings, begin, end, only_open=only_open)
    return {str(row.pk): with_beside(found[str(row.pk)], found) for row in rows}


def with_beside(book: Book, known: Mapping[str, Book]) -> Book:
    """The book with those of the agendas that its visits take too."""
    others = dict.fromkeys(each.also for each in book.reasons if each.also and each.also != book.agenda.id)
    beside = tuple(replace(known[each], beside=()) for each in others if each in known)
    return replace(book, beside=beside) if beside or book.beside else book


def _books(
    rows: Sequence[Agenda],
    settings: Mapping[int, Setting],
    begin: datetime,
    end: datetime,
    *,
    only_open: bool,
) -> dict[str, Book]:
    """Each agenda by itself."""
    clients = {row.client_id for row in rows}
    away = absences_of(house=rows[0].house.slug, clients=clients, at=begin)
    taken = {} if only_open else _taken(rows, begin, end)
    used = {} if only_open else used_of(clients, begin, end)
    found = {}
    for row in rows:
        book = _set_book(row, settings[row.pk], begin, end)
        own, shared = taken.get(row.pk, ()), used.get(row.client_id, ())
        absent = away_from(book.agenda, away.get(row.client_id, ()))
        found[book.agenda.id] = replace(book, taken=(*own, *shared, *absent))
    return found


def book_at(row: Agenda, wish: Wish, *, starts: datetime) -> Book:
    """What decides about one wish at one start, and no more: `free.slot_at` says the same as by a whole book.

    The agenda with its client and house loaded. Four queries, and four more when it is set otherwise than it was known
    to be; for a combined visit the whole books of both agendas. Raises SpanImpossible.
    """
    check_moment(starts)
    begin, end = around(starts)
    book = _set_book(row, KEPT.of([row], since=_first_day(begin))[row.pk], begin, end)
    if any(each.id == wish.reason and each.also for each in book.reasons):
        return books([row], starts=starts)[book.agenda.id]
    near = decisive(book, wish, starts=starts)
    if near is None:
        return book
    away = absences_of(house=row.house.slug, clients=[row.client_id], at=begin).get(row.client_id, ())
    taken = _taken([row], near.begins, near.ends).get(row.pk, ())
    used = used_of([row.client_id], near.begins, near.ends).get(row.client_id, ()) if near.resources else ()
    return replace(book, taken=(*taken, *used, *away_from(book.agenda, away)))


def _set_book(row: Agenda, setting: Setting, begin: datetime, end: datetime) -> Book:
    """The book of an agenda in which nothing is taken."""
    first, last = _first_day(begin), (end + AROUND).date()
    return Book(
        agenda=agenda_of(row),
        openings=setting.openings,
        exceptions=tuple(each for each in setting.exceptions if first <= each.date <= last),
        reasons=setting.reasons,
        resources=setting.resources,
    )


def _first_day(begin: datetime) -> date:
    """The first day whose exceptions are known in a book that begins then."""
    return (begin - AROUND).date()


def _beside(settings: Iterable[Setting], rows: Sequence[Agenda]) -> list[Agenda]:
    """The agendas that combined visits in `rows` take too, where they are not among them. One query, or none."""
    reasons = chain.from_iterable(each.reasons for each in settings)
    named = {int(each.also) for each in reasons if each.also} - {row.pk for row in rows}
    return asked.agendas_in_use(tuple(sorted(named))) if named else []


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
        video_link=row.video_link,
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


def taken_in(rows: ClientQuerySet[Occupancy]) -> Iterator[tuple[int, kinds.Taken]]:
    """The rows as the rules know them, the earliest first, each with the key of its client. One query, of columns."""
    return _takens(asked.taken_columns(rows))


def _takens(columns: Iterable[asked.Row]) -> Iterator[tuple[int, kinds.Taken]]:
    for client, agenda, resource, begins, ends, before, after, shared_by, *by in columns:
        yield (
            client,
            kinds.Taken(
                subject=str(resource if agenda is None else agenda),
                starts=begins + timedelta(minutes=before),
                ends=ends - timedelta(minutes=after),
                before=before,
                after=after,
                of_resource=agenda is None,
                shared_by="" if shared_by is None else str(shared_by),
                **_taken_by(agenda, by[:5], by[5:12], by[12:]),
            ),
        )


def _taken_by(taken: int | None, visit: Sequence[Any], hold: Sequence[Any], block: Sequence[Any]) -> dict[str, Any]:
    """Of `kinds.Taken` what says by whom, from `asked.taken_columns`; `taken`: the agenda that is.

    The other agenda of a combined visit, its rooms and equipment are not overbooked by it.
    """
    if visit[0] is not None:
        key, agenda, reason, known, cause = visit
        of = {"kind": kinds.TakenKind.APPOINTMENT, "reason": str(reason), "is_new": not known}
        return {**of, "id": key, "agenda": str(agenda), "overbooked": bool(cause) and taken == agenda}
    if hold[0] is not None:
        key, agenda, reason, known, by, holder, until = hold
        of = {"kind": kinds.TakenKind.HOLD, "reason": str(reason), "is_new": not known}
        return {**of, "id": key, "agenda": str(agenda), "by": by, "holder": holder, "until": until}
    key, agenda, words = block
    return {"kind": kinds.TakenKind.BLOCK, "id": key, "agenda": str(agenda), "label": words}


def _questions(rows: Iterable[dict[str, str]]) -> tuple[kinds.Question, ...]:
    return tuple(kinds.Question(id=each["id"], text=each["text"]) for each in rows)


def read_settings(rows: Sequence[Agenda], since: date) -> dict[int, Setting]:
    """By key how these agendas are set, the exceptions from `since` on. Four queries."""
    clients = {row.client_id for row in rows}
    openings, exceptions = _openings(rows, since)
    reasons, resources = _reasons(clients), _resources(clients)
    return {
        row.pk: Setting(
            openings=tuple(openings[row.pk]),
            exceptions=tuple(exceptions[row.pk]),
            reasons=tuple(reasons[row.client_id]),
            resources=tuple(resources[row.client_id]),
        )
        for row in rows
    }


KEPT = Kept(read_settings)
"""What this process keeps."""


def _openings(
    rows: Sequence[Agenda], since: date
) -> tuple[dict[int, list[kinds.Opening]], dict[int, list[kinds.OpeningException]]]:
    """By agenda the openings of the week, and the exceptions of the days with theirs; no hours of one that is closed.

    Two queries.
    """
    keys = tuple(row.pk for row in rows if row.active)
    found = asked.days_that_differ(keys, since)
    week: dict[int, list[kinds.Opening]] = defaultdict(list)
    own: dict[int, list[kinds.Opening]] = defaultdict(list)
    for row in asked.openings_of(keys, tuple(day.pk for day in found) or (NO_ROW,)):
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
    for row in asked.reasons_offered(tuple(clients)):
        found[row.client_id].append(reason_of(row))
    return found


def _resources(clients: Iterable[int]) -> dict[int, list[kinds.Resource]]:
    found: dict[int, list[kinds.Resource]] = defaultdict(list)
    for row in asked.resources_in_use(tuple(clients)):
        site = "" if row.site_id is None else str(row.site_id)
        found[row.client_id].append(kinds.Resource(id=str(row.pk), client=str(row.client_id), kind=row.kind, site=site))
    return found


def _taken(rows: Sequence[Agenda], begin: datetime, end: datetime) -> dict[int, list[kinds.Taken]]:
    """What is taken of the agendas, by key, here and in other calendars. Two queries."""
    found: dict[int, list[kinds.Taken]] = defaultdict(list)
    here = _takens(asked.taken_of_agendas(tuple(each.pk for each in rows), begin, end))
    for each in chain((taken for _, taken in here), elsewhere(rows, begin, end)):
        found[int(each.subject)].append(each)
    return found


def used_of(clients: Iterable[int], begin: datetime, end: datetime) -> dict[int, list[kinds.Taken]]:
    """What is taken of these clients' rooms and equipment, by client. One query."""
    found: dict[int, list[kinds.Taken]] = defaultdict(list)
    for client, taken in _takens(asked.taken_of_clients(tuple(clients), begin, end)):
        found[client].append(taken)
    return found


def elsewhere(rows: Sequence[Agenda], begin: datetime, end: datetime) -> Iterator[kinds.Taken]:
    """When calendars of other products make the agendas busy. One query."""
    found = asked.busy_elsewhere(tuple(row.pk for row in rows), begin, end)
    for key, agenda, starts, ends, label in found:
        yield kinds.Taken(
            subject=str(agenda),
            starts=starts,
            ends=ends,
            kind=kinds.TakenKind.BLOCK,
            id=f"elsewhere-{key}",
            agenda=str(agenda),
            label=label or "",
            elsewhere=True,
        )
