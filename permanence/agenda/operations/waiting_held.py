# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is held, and the times near it that got free: while it is held they may be nobody's, then they are looked at."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from permanence.agenda.models import Agenda, FreedTime, Occupancy, SlotHold
from permanence.agenda.queries.slots import HeldSlot
from permanence.agenda.rules.waiting import TAKEN_BACK, FreedState, Span
from permanence.foundation.operations import house_system

BESIDE = timedelta(hours=1)
"""So far beside what it takes a hold may be in the way: by buffers, and by the length of what does not begin there."""
_STILL_FREE = (FreedState.OFFERING.value, FreedState.NOBODY.value, FreedState.TOO_NEAR.value)


def look_again(
    *, house: str, client: str, agendas: Collection[str] | None, held: HeldSlot, at: datetime,
    since: datetime | None = None,
) -> dict[str, list[Span]]:  # fmt: skip
    """A hold is over: the times near it that got free before are looked at again, of these agendas of the client (None:
    of all); none that was taken, fits nobody or that a secretary is done with, and none for which openings were
    changed: those were looked at for everything that was free. With `since` one that got free from then on is looked
    at though it fitted nobody: it was filled meanwhile.

    Gives by agenda those that overlap what was held. Idempotent.
    """
    by = house_system(house=house)
    near = {"starts_at__lt": held.ends_at + BESIDE, "ends_at__gt": max(held.starts_at - BESIDE, at)}
    rows = FreedTime.objects.for_house(by.house_key).filter(client=int(client), done_at=None, **near)
    filled = Q() if since is None else Q(state=FreedState.OVER.value, freed_at__gte=since)
    rows = rows.filter(Q(state__in=_STILL_FREE) | filled).exclude(is_wide=True, reasons=[])
    if agendas is not None:
        rows = rows.filter(agenda__in=[int(each) for each in agendas])
    under = Q(starts_at__lt=held.ends_at, ends_at__gt=held.starts_at)
    # What is looked at soon is left: one that a move has freed is not offered before that can be taken back no more.
    rows.filter(Q(next_at=None) | Q(under, next_at__gt=at + TAKEN_BACK)).update(next_at=at)
    found: dict[str, list[Span]] = defaultdict(list)
    for agenda, starts, ends in rows.filter(under, reasons=[]).values_list("agenda", "starts_at", "ends_at"):
        found[str(agenda)].append(Span(starts=starts, ends=ends))
    return found


def is_held_near(row: Agenda, time: FreedTime, *, at: datetime) -> bool:
    """Whether something held may be in the way of a time of the agenda: there, in an agenda that combined visits take
    too, or in rooms and equipment, whatever needs them.
    """
    near = {"starts_at__lt": time.ends_at + BESIDE, "ends_at__gt": time.starts_at - BESIDE}
    rows = SlotHold.objects.filter(client=row.client_id, ended_at=None, expires_at__gt=at, **near)
    keys = list(rows.values_list("pk", flat=True))
    there = Occupancy.objects.filter(hold__in=keys)
    there = there.filter(Q(agenda=row) | Q(agenda__is_shared=True) | Q(resource__isnull=False))
    return bool(keys) and there.exists()
