# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on the staff."""

from datetime import datetime

from django.db import transaction

from permanence.foundation import audit, operations, outbox
from permanence.foundation.rules import Role
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.staff import membership
from permanence.staff.events import StaffChanged
from permanence.staff.models import Secretary
from permanence.staff.queries import NotASecretary
from permanence.staff.rules import KeyChoice, checked


class LanguagesMissing(Refusal):
    """A secretary speaks at least one language: without one no call could be offered to her."""

    code = "languages_missing"


class SecretaryUnknown(Refusal):
    """No such secretary in this house."""

    code = "secretary_unknown"


class AlreadyASecretary(Refusal):
    """The person answers calls already."""

    code = "already_a_secretary"


@transaction.atomic
def make_secretary(
    *,
    person: str,
    languages: tuple[str, ...],
    by: Who,
    at: datetime,
    pools: tuple[str, ...] = (),
    sectors: tuple[str, ...] = (),
) -> str:
    """A person begins to answer calls in these pools (the house's first where none is named); gives the secretary's id.

    Raises LanguagesMissing, AlreadyASecretary, PoolUnknown, foundation's PersonUnknown.
    """
    if not languages:
        raise LanguagesMissing(person)
    if Secretary.objects.filter(person_id=int(person)).exists():
        raise AlreadyASecretary(person)
    operations.grant(person=person, role=Role.SECRETARY, by=by, at=at)
    row = Secretary.objects.create(
        house_id=by.house_key,
        person_id=int(person),
        languages=list(languages),
        sectors=list(sectors),
        active=True,
    )
    membership.join(row, pools or membership.first_pool(by=by), by=by)
    changed(secretary=str(row.pk), action="secretary.made", by=by, at=at)
    return str(row.pk)


@transaction.atomic
def change_secretary(
    *,
    secretary: str,
    languages: tuple[str, ...],
    active: bool,
    by: Who,
    at: datetime,
    pools: tuple[str, ...] | None = None,
    sectors: tuple[str, ...] | None = None,
) -> None:
    """Change her languages, whether she answers calls, and (unless None) the pools she is in and the trades she knows.

    Raises LanguagesMissing, SecretaryUnknown, PoolUnknown, PoolMissing.
    """
    if not languages:
        raise LanguagesMissing(secretary)
    row = Secretary.objects.for_house(by.house_key).filter(pk=int(secretary)).first()
    if row is None:
        raise SecretaryUnknown(secretary)
    row.languages, row.active = list(languages), active
    if sectors is not None:
        row.sectors = list(sectors)
    row.save(update_fields=["languages", "active", "sectors"])
    if pools is not None:
        membership.join(row, pools, by=by)
    operations.grant(person=str(row.person_id), role=Role.SECRETARY, by=by, at=at, held=active)
    changed(secretary=secretary, action="secretary.changed", by=by, at=at)


def choose_keys(*, by: Who, choice: KeyChoice) -> None:
    """Keep the keys that `by` changed for her own screen; `KeyChoice()` gives back the usual ones.

    Raises KeyUnknown, KeyUnfit, KeyTaken, NotASecretary. Nobody else is concerned: nothing is noted or announced.
    """
    kept = checked(choice)
    rows = Secretary.objects.for_house(by.house_key).filter(person_id=int(by.person), active=True)
    if not rows.update(keys={"chords": dict(kept.chords), "numbers": kept.numbers}):
        raise NotASecretary(f"person {by.person} is not a secretary of {by.house}")


def changed(*, secretary: str, action: str, by: Who, at: datetime) -> None:
    """Note and announce that a secretary's row was changed. Called in the transaction of the change."""
    audit.note(by=by, at=at, action=action, subject=f"staff.secretary:{secretary}")
    outbox.announce(StaffChanged(house=by.house, at=at, secretary=secretary))
