# SPDX-License-Identifier: AGPL-3.0-or-later
"""The waiting list as its screens show it: who waits, in turn; who was offered what; what a secretary is to do."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from permanence.agenda.models import Agenda, FreedTime, SlotOffer, WaitingPlace
from permanence.agenda.queries.agendas import clients_seen, known_key, of_seen, seen
from permanence.agenda.queries.filled import parts_left
from permanence.agenda.queries.first import first_kept
from permanence.agenda.queries.offers import VIEWED, OfferView, offer_view
from permanence.agenda.queries.place_answers import Unasked, unasked_of
from permanence.agenda.refusals import PlaceUnknown
from permanence.agenda.rules.kinds import HalfDay
from permanence.agenda.rules.waiting import FreedState, OfferState, OfferWay, PlaceState, Span
from permanence.agenda.rules.wishes import Preferences
from permanence.callers import queries as callers
from permanence.callers.queries import PatientView
from permanence.clients.directory_queries import told_sites
from permanence.clients.rules import ClientState
from permanence.countries.quiet import heard_from
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who

LIST_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """A place on the list. `until_date` is excluded. `agendas` and `sites` name those he would come to, () for any.

    `turn` counts from 1 among those of his client who wait, 0 for who waits no more and for whose days are over.
    `offers`: the last one first.
    `unasked`: what has to be asked before he is booked.
    """

    place: str
    client: str
    client_name: str
    time_zone: str
    person: PatientView
    reason: str
    reason_name: str
    agendas: tuple[str, ...]
    sites: tuple[str, ...]
    half_days: frozenset[HalfDay]
    weekdays: frozenset[int]
    from_date: date
    until_date: date
    is_urgent: bool
    instead_of: str
    asked_at: datetime
    asked_by_name: str
    silent: int
    state: PlaceState
    state_at: datetime
    state_by_name: str
    appointment: str
    turn: int
    offers: tuple[OfferView, ...]
    unasked: Unasked

    @property
    def open_offer(self) -> OfferView | None:
        """What is offered to him now."""
        return next((each for each in self.offers if each.state is OfferState.OPEN), None)

    def is_over(self, at: datetime) -> bool:
        """Whether the days he waits for are over."""
        return self.until_date <= at.astimezone(ZoneInfo(self.time_zone)).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What agendas (by key) and sites (by id, of clients that have several) are called."""

    agendas: dict[int, str]
    sites: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """Somebody whom a secretary may telephone for a time that is too near to be offered, and the slot for him."""

    person: PatientView
    place: str
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FreedView:
    """A time that is a secretary's: nobody took it, or it is too near. `starts_at`: from when on somebody can be booked
    in it. `offers`: who was asked, the first one first.
    """

    freed: str
    client: str
    client_name: str
    agenda: str
    agenda_name: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    freed_at: datetime
    state: FreedState
    suggested: tuple[Suggested, ...]
    offers: tuple[tuple[PatientView, OfferView], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NightView:
    """A time that got free at night and is offered from `from_at` on, when people may be written to again. `starts_at`:
    from when on somebody can be booked in it.
    """

    client_name: str
    agenda_name: str
    time_zone: str
    starts_at: datetime
    from_at: datetime


def waiting_list(
    *, by: Who, at: datetime, client: str | None = None, agenda: str | None = None, since: datetime | None = None
) -> tuple[PlaceView, ...]:
    """Who waits for the clients `by` sees, by client and in turn, `LIST_LIMIT` at most; behind them, as far as there is
    room, whose days are over at `at` and was not taken off, and with `since` who was booked or withdrawn from then on.
    Of `agenda`: those who would come to it. Raises AgendaUnknown.
    """
    rows = of_seen(WaitingPlace.objects.for_house(by.house_key), by=by)
    if agenda is not None:
        row = seen([agenda], by=by)[0]
        rows = rows.filter(client=row.client_id)
    rows = rows if client is None else rows.filter(client=row_key(client))
    order = "client__name", "-is_urgent", "silent", "asked_at", "pk"
    listed = _with_names(rows).order_by(*order)

    def would_come(some: list[WaitingPlace]) -> list[WaitingPlace]:
        return [each for each in some if _would_come(each, agenda)]

    waiting = listed.filter(state=PlaceState.WAITING.value)
    over = _over(waiting, at=at)
    found = first_kept(waiting.exclude(over), would_come, most=LIST_LIMIT)
    found += first_kept(waiting.filter(over), would_come, most=LIST_LIMIT - len(found))
    if since is not None:
        before = listed.filter(state_at__gte=since).exclude(state=PlaceState.WAITING.value)
        found += first_kept(before, would_come, most=LIST_LIMIT - len(found))
    return _views(found, house=by.house, at=at)


def how_many_wait(*, by: Who, at: datetime, agenda: str | None = None) -> int:
    """How many wait for the clients `by` sees, on the list or beyond its `LIST_LIMIT`, but those whose days are over at
    `at`; of `agenda`: those who would come to it. Two queries, and that of the agenda. Raises AgendaUnknown.
    """
    rows = of_seen(WaitingPlace.objects.for_house(by.house_key), by=by).filter(state=PlaceState.WAITING.value)
    rows = rows.exclude(_over(rows, at=at))
    if agenda is None:
        return rows.count()
    theirs = rows.filter(client=seen([agenda], by=by)[0].client_id)
    return sum(_would_come(each, agenda) for each in theirs.only("agendas"))


def _over(rows: ClientQuerySet[WaitingPlace], *, at: datetime) -> Q:
    """Those among the rows whose days are over on the clock of their client. One query, for the clocks."""
    over = Q(pk__in=[])
    for zone in rows.order_by().values_list("client__time_zone", flat=True).distinct():
        over |= Q(client__time_zone=zone, until_date__lte=at.astimezone(ZoneInfo(zone)).date())
    return over


def place(*, by: Who, place: str) -> PlaceView:
    """One place. Raises PlaceUnknown, for one of a client that `by` does not see too."""
    return _views([place_row(place, by=by)], house=by.house)[0]


def client_of_place(*, by: Who, place: str) -> str | None:
    """Whose place it is, in the house of `by`; None for none there. For the wall alone."""
    row = WaitingPlace.objects.for_house(by.house_key).filter(key=known_key(place)).first()
    return None if row is None else str(row.client_id)


def place_row(place: str, *, by: Who) -> WaitingPlace:
    """The row with its client and reason. Raises PlaceUnknown."""
    rows = WaitingPlace.objects.for_house(by.house_key).select_related("client", "reason")
    row = rows.filter(key=known_key(place)).first()
    if row is None or not clients_seen(by, [row.client_id]):
        raise PlaceUnknown(place[:40])
    return row


def preferences_of(row: WaitingPlace) -> Preferences:
    """What he would come to, as the rules know it."""
    return Preferences(
        half_days=frozenset(HalfDay(each) for each in row.half_days),
        weekdays_out=frozenset(range(7)) - frozenset(row.weekdays) if row.weekdays else frozenset(),
        agendas=tuple(row.agendas),
        from_date=row.from_date,
        until_date=row.until_date,
    )


def offer_minutes(*, by: Who, agenda: str) -> int:
    """For how many minutes a slot of the agenda is offered. Raises AgendaUnknown."""
    return seen([agenda], by=by)[0].offer_minutes


def to_telephone(*, by: Who, at: datetime) -> tuple[PlaceView, ...]:
    """Those to whom a slot is offered now, and whom nobody but a secretary can tell."""
    open_now = SlotOffer.objects.for_house(by.house_key).filter(state=OfferState.OPEN.value, expires_at__gt=at)
    places = open_now.filter(way=OfferWay.PHONE.value).order_by("expires_at").values_list("place", flat=True)
    rows = {each.pk: each for each in _with_names(WaitingPlace.objects.filter(pk__in=list(places)))}
    may = set(clients_seen(by, {each.client_id for each in rows.values()}))
    return _views([rows[key] for key in places if rows[key].client_id in may], house=by.house)


def freed_times(*, by: Who, at: datetime, client: str | None = None) -> tuple[FreedView, ...]:
    """The times that are a secretary's, the earliest first; one that has begun, or in which nobody can be booked any
    more, is not there.
    """
    rows = FreedTime.objects.for_house(by.house_key).filter(
        state__in=[FreedState.NOBODY.value, FreedState.TOO_NEAR.value], done_at=None, starts_at__gt=at
    )
    rows = rows if client is None else rows.filter(client=row_key(client))
    views = [_freed_view(each, parts) for each, parts in _unfilled(rows, by=by)]
    return tuple(sorted(views, key=lambda each: each.starts_at))


def for_the_morning(*, by: Who, at: datetime) -> tuple[NightView, ...]:
    """The times that are offered to nobody only because it is night where they are, the earliest first."""
    rows = FreedTime.objects.for_house(by.house_key).filter(
        state=FreedState.OFFERING.value, is_wide=False, next_at__isnull=False, starts_at__gt=at
    )
    rows = rows.exclude(client__state=ClientState.ENDED)
    asked = SlotOffer.objects.filter(state=OfferState.OPEN.value).values("freed")
    views = [
        NightView(
            client_name=each.client.name,
            agenda_name=each.agenda.name,
            time_zone=each.client.time_zone,
            starts_at=parts[0].starts,
            from_at=heard_from(at, country=each.client.country, time_zone=each.client.time_zone),
        )
        for each, parts in _unfilled(rows.exclude(pk__in=asked), by=by)
    ]
    return tuple(each for each in sorted(views, key=lambda each: each.starts_at) if at < each.from_at < each.starts_at)


def _unfilled(rows: ClientQuerySet[FreedTime], *, by: Who) -> list[tuple[FreedTime, tuple[Span, ...]]]:
    """Those of the clients `by` sees in which somebody can be booked still, with the parts of each, the earliest
    first.
    """

    def left(some: list[FreedTime]) -> list[tuple[FreedTime, tuple[Span, ...]]]:
        parts = parts_left(some)
        return [(each, parts[each.pk]) for each in some if each.pk in parts]

    listed = (
        of_seen(rows, by=by).select_related("client", "agenda__client", "agenda__house").order_by("starts_at", "pk")
    )
    return first_kept(listed, left, most=LIST_LIMIT)


def client_of_freed(*, by: Who, freed: str) -> str | None:
    """Whose time it is, in the house of `by`; None for none there. For the wall alone."""
    row = FreedTime.objects.for_house(by.house_key).filter(pk=row_key(freed)).first()
    return None if row is None else str(row.client_id)


def _would_come(row: WaitingPlace, agenda: str | None) -> bool:
    return agenda is None or not row.agendas or agenda in row.agendas


def _with_names(rows: ClientQuerySet[WaitingPlace]) -> ClientQuerySet[WaitingPlace]:
    return rows.select_related("client", "reason")


def _views(rows: Sequence[WaitingPlace], *, house: str, at: datetime | None = None) -> tuple[PlaceView, ...]:
    """The rows (client and reason loaded), in turn, as views; those whose days are over at `at` have none. Five
    queries, and one where sites are wished.
    """
    offers: dict[int, list[OfferView]] = defaultdict(list)
    made = SlotOffer.objects.filter(place__in=[each.pk for each in rows]).select_related(*VIEWED)
    for told in made.order_by("-offered_at", "-pk"):
        offers[told.place_id].append(offer_view(told))
    persons = _persons(rows)
    named = {agenda for each in rows for agenda in each.agendas}
    called = dict(Agenda.objects.filter(pk__in=[row_key(each) for each in named]).values_list("pk", "name"))
    names = _Names(agendas=called, sites=_sites(rows, house=house))
    turns: dict[int, int] = defaultdict(int)
    found = []
    for each in rows:
        waits = each.state == PlaceState.WAITING
        person, made_to_him = persons[_pair(each)], tuple(offers[each.pk])
        unasked = unasked_of(each, house=house, on_file=person.address) if waits else Unasked()
        view = _place_view(each, person, names, offers=made_to_him, unasked=unasked)
        if waits and (at is None or not view.is_over(at)):
            turns[each.client_id] += 1
            view = replace(view, turn=turns[each.client_id])
        found.append(view)
    return tuple(found)


def _place_view(
    row: WaitingPlace,
    person: PatientView,
    names: _Names,
    *,
    offers: tuple[OfferView, ...],
    unasked: Unasked,
) -> PlaceView:
    """Without his turn."""
    return PlaceView(
        place=row.key,
        client=str(row.client_id),
        client_name=row.client.name,
        time_zone=row.client.time_zone,
        person=person,
        reason=str(row.reason_id),
        reason_name=row.reason.name,
        agendas=tuple(names.agendas[int(agenda)] for agenda in row.agendas if int(agenda) in names.agendas),
        sites=tuple(names.sites[site] for site in row.sites if site in names.sites),
        half_days=frozenset(HalfDay(half) for half in row.half_days),
        weekdays=frozenset(row.weekdays),
        from_date=row.from_date,
        until_date=row.until_date,
        is_urgent=row.is_urgent,
        instead_of=row.instead_of,
        asked_at=row.asked_at,
        asked_by_name=row.asked_by_name,
        silent=row.silent,
        state=PlaceState(row.state),
        state_at=row.state_at,
        state_by_name=row.state_by_name,
        appointment=row.appointment,
        turn=0,
        offers=offers,
        unasked=unasked,
    )


def _sites(rows: Iterable[WaitingPlace], *, house: str) -> dict[str, str]:
    wished = {str(each.client_id) for each in rows if each.sites}
    return told_sites(house=house, clients=wished) if wished else {}


def _freed_view(row: FreedTime, parts: tuple[Span, ...]) -> FreedView:
    keys = [row_key(str(place)) for place, _starts in row.suggested]
    places = {each.pk: each for each in WaitingPlace.objects.filter(pk__in=keys, state=PlaceState.WAITING.value)}
    made = list(SlotOffer.objects.filter(freed=row).select_related(*VIEWED).order_by("offered_at", "pk"))
    persons = _persons([*places.values(), *(each.place for each in made)])
    return FreedView(
        freed=str(row.pk),
        client=str(row.client_id),
        client_name=row.client.name,
        agenda=str(row.agenda_id),
        agenda_name=row.agenda.name,
        time_zone=row.client.time_zone,
        starts_at=parts[0].starts,
        ends_at=row.ends_at,
        freed_at=row.freed_at,
        state=FreedState(row.state),
        suggested=tuple(
            Suggested(
                person=persons[_pair(places[key])],
                place=places[key].key,
                starts_at=_free_from(datetime.fromisoformat(starts), parts),
            )
            for key, (_place, starts) in zip(keys, row.suggested, strict=True)
            if key in places
        ),
        offers=tuple((persons[_pair(each.place)], offer_view(each)) for each in made),
    )


def _free_from(starts: datetime, parts: tuple[Span, ...]) -> datetime:
    """That moment, or where somebody was booked there meanwhile the beginning of what is left behind it."""
    behind = next((each for each in parts if starts < each.ends), parts[-1])
    return max(starts, behind.starts)


def _persons(rows: Iterable[WaitingPlace]) -> dict[tuple[str, str], PatientView]:
    return callers.standing_of(pairs={_pair(each) for each in rows})


def _pair(row: WaitingPlace) -> tuple[str, str]:
    return str(row.client_id), str(row.patient_id)
