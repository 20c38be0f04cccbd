# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the staff, scoped to the house."""

from dataclasses import dataclass
from datetime import datetime

from permanence.kernel.refusals import Refusal
from permanence.staff.models import Pool, PoolMember, PresenceSpan, Secretary
from permanence.staff.rules import KeyChoice


class NotASecretary(Refusal):
    """The person does not answer calls, or not any more."""

    code = "not_a_secretary"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretaryView:
    """A secretary as screens and the switchboard see her. `id` is her id on every wire, `person` her login's.

    `clients`: the only ones she answers for, None for all. `sectors`: the trades she knows.
    """

    id: str
    person: str
    name: str
    languages: tuple[str, ...]
    active: bool
    clients: tuple[str, ...] | None = None
    sectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolView:
    """A pool, and the ids of the secretaries in it. `overflow` is the id of the pool that helps, "" for none."""

    id: str
    name: str
    overflow: str
    overflow_after_s: int
    secretaries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceView:
    """The running presence of a secretary."""

    secretary: str
    name: str
    state: str
    reason: str
    starts_at: datetime


def secretaries(*, house: str, active_only: bool = True) -> tuple[SecretaryView, ...]:
    """The secretaries of a house, by name. One query."""
    rows = Secretary.objects.for_house(house).select_related("person").order_by("person__name", "pk")
    if active_only:
        rows = rows.filter(active=True, person__is_active=True)
    return tuple(_view(row) for row in rows)


def pools(*, house: str) -> tuple[PoolView, ...]:
    """The pools of a house; the first answers for every client without another. Two queries."""
    members: dict[int, list[str]] = {}
    rows = PoolMember.objects.for_house(house).order_by("secretary_id")
    for pool, key in rows.values_list("pool_id", "secretary_id"):
        members.setdefault(pool, []).append(str(key))
    return tuple(
        PoolView(
            id=str(row.pk),
            name=row.name,
            overflow="" if row.overflow_id is None else str(row.overflow_id),
            overflow_after_s=row.overflow_after_s,
            secretaries=tuple(members.get(row.pk, ())),
        )
        for row in Pool.objects.for_house(house).order_by("position", "pk")
    )


def secretary_of(*, house: str, person: str) -> SecretaryView:
    """The secretary that a signed-in person is. Raises NotASecretary. One query."""
    row = Secretary.objects.for_house(house).select_related("person").filter(person_id=int(person), active=True).first()
    if row is None:
        raise NotASecretary(f"person {person} is not a secretary of {house}")
    return _view(row)


def key_choice(*, house: str, person: str) -> KeyChoice:
    """The keys that a signed-in secretary changed. Raises NotASecretary. One query."""
    kept = Secretary.objects.for_house(house).filter(person_id=int(person), active=True).values_list("keys", flat=True)
    found = kept.first()
    if found is None:
        raise NotASecretary(f"person {person} is not a secretary of {house}")
    return KeyChoice(chords=found.get("chords", {}), numbers=found.get("numbers", True))


def secretary_names(*, house: str) -> dict[str, str]:
    """The name of every secretary of a house, those who left included, by id: for lists of past calls. One query."""
    rows = Secretary.objects.for_house(house).values_list("pk", "person__name")
    return {str(key): name for key, name in rows}


def presences(*, house: str) -> tuple[PresenceView, ...]:
    """The running presence of every active secretary who has one. One query."""
    rows = PresenceSpan.objects.for_house(house).filter(ends_at__isnull=True, secretary__active=True)
    return tuple(
        PresenceView(
            secretary=str(row.secretary_id),
            name=row.secretary.person.name,
            state=row.state,
            reason=row.reason,
            starts_at=row.starts_at,
        )
        for row in rows.select_related("secretary__person").order_by("secretary__person__name")
    )


def _view(row: Secretary) -> SecretaryView:
    return SecretaryView(
        id=str(row.pk),
        person=str(row.person_id),
        name=row.person.name,
        languages=tuple(row.languages),
        active=row.active,
        sectors=tuple(row.sectors),
        clients=None if row.person.clients is None else tuple(sorted(row.person.clients, key=int)),
    )
