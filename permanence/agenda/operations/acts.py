# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every act on an agenda begins and ends with: the wall, the lock, the id of the act, the version, the touch.

Locks are taken in one order, so that no two acts wait for each other: the agendas by key, with those that combined
visits of their clients take too, then the rooms and equipment of these clients by key. What stands in an agenda is
written only under its lock.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F

from permanence.agenda.models import Agenda, AgendaAct, Appointment, Block, Resource, Series
from permanence.agenda.queries import asked
from permanence.agenda.queries.agendas import KEY, seen
from permanence.agenda.refusals import ActKeyMalformed, ActKeyTaken, AgendaBusy, WordsTooLong
from permanence.foundation import audit, live, outbox
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who
from permanence.kernel.events import Event

BUSY = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL: serialization failure, deadlock, lock not available."""

type Result = dict[str, Any]


def reach(agenda: str, *, by: Who) -> Agenda:
    """The agenda with its client and house, not locked. Raises AgendaUnknown."""
    return seen([agenda], by=by)[0]


def locked(agendas: Iterable[int]) -> dict[int, Agenda]:
    """The agendas with client and house by key, and their clients' rooms and equipment, kept for this transaction.

    With them the agendas that combined visits of their clients take too: whoever acts on the one keeps the other.
    """
    found = {row.pk: row for row in asked.agendas_locked(tuple(sorted(set(agendas))))}
    if connection.vendor == "postgresql":  # SQLite has one writer at a time
        shared = Resource.objects.filter(client__in={row.client_id for row in found.values()}, active=True)
        list(shared.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    return found


def once(
    *,
    act: str,
    key: str,
    agendas: Iterable[Agenda],
    content: dict[str, Any],
    by: Who,
    at: datetime,
    do: Callable[[dict[int, Agenda]], Result],
    look: Callable[[], object] | None = None,
) -> Result:
    """Do an act under the lock of its agendas, once for each id; what it gave is given again to the same act.

    `look` is called before the lock is asked for: what it refuses waits for nobody and keeps nobody waiting. Under the
    lock only what has changed since is looked at again. `content`: what tells this act from another with the same id.
    Raises ActKeyMalformed, ActKeyTaken, AgendaBusy, and what `look` and `do` raise: then nothing was changed, and the
    id is free again.
    """
    if not KEY.match(key):
        raise ActKeyMalformed(f"{key[:50]!r}")
    wanted = list(agendas)
    digest = hashlib.sha256(json.dumps([act, content], sort_keys=True, default=str).encode()).hexdigest()
    try:
        if look is not None:
            before = _done(key, digest, by=by)
            if before is not None:
                return before
            look()
        with transaction.atomic():
            rows = locked(row.pk for row in wanted)
            if look is None or any(rows[row.pk].version != row.version for row in wanted):
                before = _done(key, digest, by=by)
                if before is not None:
                    return before
            result = do(rows)
            client = wanted[0].client_id
            AgendaAct.objects.create(
                house_id=by.house_key, client_id=client, key=key, act=act, digest=digest, result=result, at=at
            )
            return result
    except IntegrityError as error:
        before = _done(key, digest, by=by)  # the same id came at the same moment on another agenda
        if before is None and _names_a_row(key, by=by):
            raise ActKeyTaken(key) from error  # an act of long ago, whose id is swept and whose row is there
        if before is None:
            raise
        return before
    except OperationalError as error:
        raise busy(error) from error


@contextmanager
def busy_named() -> Iterator[None]:
    """What is done within it, or in a function so decorated: a database that cannot wait any longer is AgendaBusy."""
    try:
        yield
    except OperationalError as error:
        raise busy(error) from error


def busy(error: OperationalError) -> Exception:
    """AgendaBusy where the database could not wait any longer; else the error itself."""
    state = getattr(error.__cause__, "sqlstate", "")
    return AgendaBusy(str(error)[:80]) if state in BUSY or "locked" in str(error) else error


def changed(
    row: Agenda, *, action: str, subject: str, by: Who, at: datetime, event: Event | None, **detail: Any
) -> None:
    """Note and announce that an agenda was set otherwise, or may have been; who shows it fetches again."""
    _grow(Agenda.objects.filter(pk=row.pk), set_anew=True)
    _note(row, action, subject, event, by=by, at=at, detail=detail)


def filled(
    row: Agenda, *, action: str, subject: str, by: Who, at: datetime, event: Event | None, **detail: Any
) -> None:
    """As `changed`, of what stands in an agenda alone: it is open as it was, for the same reasons."""
    _grow(Agenda.objects.filter(pk=row.pk), set_anew=False)
    _note(row, action, subject, event, by=by, at=at, detail=detail)


def _note(
    row: Agenda, action: str, subject: str, event: Event | None, *, by: Who, at: datetime, detail: dict[str, Any]
) -> None:
    audit.note(by=by, at=at, action=action, subject=subject, client=row.client_id, detail=detail)
    if event is not None:
        outbox.announce(event, house_key=row.house_id)
    touch(row, at=at)


def renewed(row: Agenda, *, at: datetime) -> None:
    """What is free in it is something else now, though it is set as it was; who shows it fetches again."""
    _grow(Agenda.objects.filter(pk=row.pk), set_anew=False)
    touch(row, at=at)


def touch(row: Agenda, *, at: datetime) -> None:
    """The screens that show this agenda fetch again: the house's, and the client's own."""
    topics = f"house/{row.house.slug}/agenda/{row.pk}", f"client/{row.client_id}/agenda/{row.pk}"
    live.touch(*topics, house_key=row.house_id, at=at)


@transaction.atomic
def renew(*, client: str, at: datetime) -> None:
    """Something that decides what is free in all agendas of a client has changed elsewhere: an absence, a holiday."""
    for row in locked(Agenda.objects.filter(client=row_key(client)).values_list("pk", flat=True)).values():
        _grow(Agenda.objects.filter(pk=row.pk), set_anew=True)
        touch(row, at=at)


def _grow(rows: ClientQuerySet[Agenda], *, set_anew: bool) -> None:
    grown = {"set_version": F("set_version") + 1} if set_anew else {}
    rows.update(version=F("version") + 1, **grown)


def short(text: str, limit: int) -> str:
    """The words without needless blanks and unprintable characters. Raises WordsTooLong."""
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    if len(words) > limit:
        raise WordsTooLong(f"{len(words)} characters, {limit} at most")
    return words


def is_done(key: str, *, by: Who) -> bool:
    """Whether the act with this id was done."""
    return AgendaAct.objects.for_house(by.house_key).filter(key=key).exists()


def _names_a_row(key: str, *, by: Who) -> bool:
    return any(each.objects.for_house(by.house_key).filter(key=key).exists() for each in (Appointment, Block, Series))


def _done(key: str, digest: str, *, by: Who) -> Result | None:
    for known, result in asked.act_done(by.house_key, key):
        if known != digest:
            raise ActKeyTaken(key)
        return result
    return None
