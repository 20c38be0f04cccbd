# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the interface reads: which system a token belongs to, and what stands in the agendas of its client.

Every read is given the `Who` of the system, whose only client is the wall.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from permanence.agenda.models import Appointment, Block, InterfaceToken, SlotHold
from permanence.agenda.queries.agendas import known_key, seen
from permanence.agenda.queries.asked import blocks_near, taking, visits_near
from permanence.agenda.queries.views import (
    AppointmentView,
    BlockView,
    HoldView,
    appointment_views,
    block_view,
    hold_view,
)
from permanence.agenda.refusals import AgendaUnknown, HoldUnknown, TokenUnknown
from permanence.agenda.rules.interface import Scope, digest_of
from permanence.agenda.rules.states import AppointmentState
from permanence.clients import queries as clients
from permanence.clients.rules import ClientState
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who

SERVED = frozenset({ClientState.TRIAL, ClientState.ACTIVE})
TOKEN_LIMIT = 200
"""Characters of a token that are looked at."""
CHUNK = 500
"""Rows that are read at a time where all are wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A token as lists show it. `state`: open, expired, revoked."""

    id: str
    client: str
    system: str
    hint: str
    scopes: tuple[Scope, ...]
    made_by_name: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by_name: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A system that showed its token: `by` is who acts, of one client alone."""

    token: str
    by: Who
    client: clients.ClientView
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """What takes time of some agendas, the earliest first: nothing that was cancelled, no hold that is over."""

    appointments: tuple[AppointmentView, ...]
    holds: tuple[HoldView, ...]
    blocks: tuple[BlockView, ...]


def tokens(*, by: Who, client: str, at: datetime) -> tuple[TokenView, ...]:
    """The tokens of a client of the house, the newest first; those that open nothing any more too."""
    rows = InterfaceToken.objects.for_house(by.house_key).for_client(row_key(client))
    return tuple(token_view(row, at=at) for row in rows)


def token_view(row: InterfaceToken, *, at: datetime) -> TokenView:
    """The row as a view."""
    state = "revoked" if row.revoked_at is not None else "expired" if row.expires_at <= at else "open"
    return TokenView(
        id=str(row.pk),
        client=str(row.client_id),
        system=row.system,
        hint=row.hint,
        scopes=tuple(Scope(each) for each in row.scopes),
        made_by_name=row.made_by_name,
        made_at=row.made_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        revoked_by_name=row.revoked_by_name,
        state=state,
    )


def bearer(*, token: str, at: datetime) -> Access:
    """Whose token it is. Raises TokenUnknown. Two queries."""
    if not 0 < len(token) <= TOKEN_LIMIT:
        raise TokenUnknown
    rows = InterfaceToken.objects.select_related("house", "client")
    row = rows.filter(digest=digest_of(token), revoked_at=None, expires_at__gt=at).first()
    if row is None or row.client.state not in SERVED:
        raise TokenUnknown
    client = str(row.client_id)
    return Access(
        token=str(row.pk),
        by=Who(
            person="",
            name=row.system,
            house=row.house.slug,
            house_key=row.house_id,
            language=row.house.language,
            roles=frozenset(),
            clients=frozenset({client}),
        ),
        client=clients.client_view(row.client),
        scopes=frozenset(Scope(each) for each in row.scopes),
    )


def appointments(
    *,
    by: Who,
    client: str,
    first: int,
    most: int,
    keys: Sequence[str] | None = None,
    agendas: Sequence[str] | None = None,
    patient: str | None = None,
    states: Sequence[AppointmentState] = (),
    since: datetime | None = None,
    before: datetime | None = None,
) -> tuple[int, tuple[AppointmentView, ...]]:
    """How many appointments of a client there are, and `most` of them after the `first` ones, by moment.

    `keys`: those of them that are called so.
    `since` and `before` bound the moment at which they begin, [since, before). Two queries.
    """
    rows = _appointments(by, client)
    if keys is not None:
        rows = rows.filter(key__in=map(known_key, keys))
    if agendas is not None:
        rows = rows.filter(taking(row_key(each) for each in agendas))
    if patient is not None:
        rows = rows.filter(patient=row_key(patient))
    if states:
        rows = rows.filter(state__in=[each.value for each in states])
    if since is not None:
        rows = rows.filter(starts_at__gte=since)
    if before is not None:
        rows = rows.filter(starts_at__lt=before)
    return rows.count(), appointment_views(rows.order_by("starts_at", "pk")[first : first + most])


def how_many(*, by: Who, client: str, since: datetime, before: datetime) -> int:
    """Appointments and busy times of a client that begin in [since, before). Two queries."""
    span = {"starts_at__gte": since, "starts_at__lt": before}
    return _appointments(by, client).filter(**span).count() + _blocks(by, client).filter(**span).count()


def every_appointment(
    *, by: Who, client: str, since: datetime, before: datetime
) -> Iterator[tuple[AppointmentView, ...]]:
    """The appointments of a client that begin in [since, before), cancelled ones too, as they were made; in chunks."""
    rows = _appointments(by, client).filter(starts_at__gte=since, starts_at__lt=before).order_by("pk")
    last = 0
    while keys := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
        yield appointment_views(rows.filter(pk__gt=last, pk__lte=keys[-1]))
        last = keys[-1]


def every_block(*, by: Who, client: str, since: datetime, before: datetime) -> Iterator[tuple[BlockView, ...]]:
    """The busy times of a client that begin in [since, before); in chunks."""
    rows = _blocks(by, client).filter(starts_at__gte=since, starts_at__lt=before).order_by("pk")
    last = 0
    while found := list(rows.filter(pk__gt=last)[:CHUNK]):
        yield tuple(block_view(row) for row in found)
        last = found[-1].pk


def busy(*, by: Who, agendas: Sequence[str], since: datetime, before: datetime, at: datetime) -> Busy:
    """What takes time of these agendas in [since, before). Raises AgendaUnknown. Four queries."""
    keys = [row.pk for row in seen(agendas, by=by)]
    near = visits_near(since, before)
    visits = Appointment.objects.filter(near, taking(keys)).exclude(state=AppointmentState.CANCELLED.value)
    holds = SlotHold.objects.filter(near, taking(keys), ended_at=None, expires_at__gt=at).order_by("starts_at", "pk")
    blocks = Block.objects.filter(blocks_near(since, before), agenda__in=keys, removed_at=None)
    return Busy(
        appointments=appointment_views(visits.order_by("starts_at", "pk")),
        holds=tuple(hold_view(row) for row in holds),
        blocks=tuple(block_view(row) for row in blocks.order_by("starts_at", "pk")),
    )


def hold(*, by: Who, client: str, hold: str) -> HoldView:
    """One hold of a client, over or not. Raises HoldUnknown."""
    row = _holds(by, client).filter(key=known_key(hold)).first()
    if row is None:
        raise HoldUnknown(hold[:40])
    return hold_view(row)


def holds_standing(*, by: Who, client: str, holder: str, at: datetime) -> int:
    """How many slots are kept at `at` for whoever's word begins so."""
    return _holds(by, client).filter(held_for__startswith=holder, ended_at=None, expires_at__gt=at).count()


def _appointments(by: Who, client: str) -> ClientQuerySet[Appointment]:
    _demand(by, client)
    return Appointment.objects.for_house(by.house_key).for_client(row_key(client))


def _holds(by: Who, client: str) -> ClientQuerySet[SlotHold]:
    _demand(by, client)
    return SlotHold.objects.for_house(by.house_key).for_client(row_key(client))


def _blocks(by: Who, client: str) -> ClientQuerySet[Block]:
    _demand(by, client)
    return Block.objects.for_house(by.house_key).for_client(row_key(client)).filter(removed_at=None)


def _demand(by: Who, client: str) -> None:
    if by.clients is None or client not in by.clients:
        raise AgendaUnknown(client[:40])


def block(*, by: Who, client: str, block: str) -> BlockView | None:
    """Busy time of a client; None where there is none, or none any more."""
    row = _blocks(by, client).filter(key=known_key(block)).first()
    return None if row is None else block_view(row)
