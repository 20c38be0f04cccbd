# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on the pools: made, changed, removed, and which secretary is in which."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max, ProtectedError

from permanence.foundation import audit, outbox
from permanence.foundation.keys import row_key
from permanence.foundation.models import House
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.staff.events import PoolChanged
from permanence.staff.models import Pool, PoolMember, Secretary


class PoolUnknown(Refusal):
    """No such pool in this house."""

    code = "pool_unknown"


class PoolNameTaken(Refusal):
    """Another pool of the house has that name."""

    code = "pool_name_taken"


class PoolMissing(Refusal):
    """A secretary is in one pool at least: in none no call could be offered to her."""

    code = "pool_missing"


class PoolInUse(Refusal):
    """The pool has secretaries or clients, helps another, or is the only one of the house."""

    code = "pool_in_use"


class OverflowUnfit(Refusal):
    """A pool is helped by another one, after 0 to 3600 seconds."""

    code = "overflow_unfit"


LONGEST_OVERFLOW_S = 3600


@transaction.atomic
def add_pool(
    *, name: str, by: Who, at: datetime, overflow: str = "", overflow_after_s: int = 30, position: int | None = None
) -> str:
    """A new pool, the last of the list unless placed; gives its id.

    Raises PoolNameTaken, PoolUnknown (the helping one), OverflowUnfit.
    """
    rows = Pool.objects.for_house(by.house_key)
    if rows.filter(name=name).exists():
        raise PoolNameTaken(name)
    last = rows.aggregate(last=Max("position"))["last"]
    row = Pool(house_id=by.house_key, name=name, position=(-1 if last is None else last) + 1)
    if position is not None:
        row.position = position
    _help(row, overflow, overflow_after_s, by=by)
    row.save()
    _changed(row, "pool.added", by=by, at=at)
    return str(row.pk)


@transaction.atomic
def change_pool(
    *, pool: str, name: str, position: int, overflow: str, overflow_after_s: int, by: Who, at: datetime
) -> None:
    """Change its name, its place, and who helps it (`overflow`, a pool's id; "" for nobody) after how many seconds.

    Raises PoolUnknown, PoolNameTaken, OverflowUnfit.
    """
    row = _pool(pool, by=by)
    if Pool.objects.for_house(by.house_key).filter(name=name).exclude(pk=row.pk).exists():
        raise PoolNameTaken(name)
    row.name, row.position = name, position
    _help(row, overflow, overflow_after_s, by=by)
    row.save()
    _changed(row, "pool.changed", by=by, at=at)


@transaction.atomic
def remove_pool(*, pool: str, by: Who, at: datetime) -> None:
    """The pool is no more. Raises PoolUnknown, PoolInUse."""
    row = _pool(pool, by=by)
    if not Pool.objects.for_house(by.house_key).exclude(pk=row.pk).exists():
        raise PoolInUse(row.name)
    _changed(row, "pool.removed", by=by, at=at)
    try:
        row.delete()
    except ProtectedError as error:
        raise PoolInUse(row.name) from error


def first_pool(*, by: Who) -> tuple[str, ...]:
    """The id of the house's first pool, which is made where there is none. Inside a transaction."""
    row = Pool.objects.for_house(by.house_key).order_by("position", "pk").first()
    if row is None:
        house = House.objects.get(pk=by.house_key)
        row = Pool.objects.create(house=house, name=house.name[:80])
    return (str(row.pk),)


def join(secretary: Secretary, pools: tuple[str, ...], *, by: Who) -> None:
    """She is in these pools and in no other. Inside a transaction. Raises PoolMissing, PoolUnknown."""
    if not pools:
        raise PoolMissing(str(secretary.pk))
    wanted = {_pool(pool, by=by).pk for pool in pools}
    members = PoolMember.objects.for_house(by.house_key).filter(secretary=secretary)
    members.exclude(pool__in=wanted).delete()
    held = set(members.values_list("pool_id", flat=True))
    PoolMember.objects.bulk_create(
        PoolMember(house_id=by.house_key, secretary=secretary, pool_id=key) for key in sorted(wanted - held)
    )


def _help(row: Pool, overflow: str, after_s: int, *, by: Who) -> None:
    helping = _pool(overflow, by=by) if overflow else None
    if not 0 <= after_s <= LONGEST_OVERFLOW_S or (helping is not None and helping.pk == row.pk):
        raise OverflowUnfit(f"{overflow} after {after_s} s")
    row.overflow, row.overflow_after_s = helping, after_s


def _pool(pool: str, *, by: Who) -> Pool:
    key = row_key(pool)
    row = Pool.objects.for_house(by.house_key).select_for_update().filter(pk=key).first()
    if row is None:
        raise PoolUnknown(pool)
    return row


def _changed(row: Pool, action: str, *, by: Who, at: datetime) -> None:
    audit.note(by=by, at=at, action=action, subject=f"staff.pool:{row.pk}", detail={"name": row.name})
    outbox.announce(PoolChanged(house=by.house, at=at, pool=str(row.pk)))
