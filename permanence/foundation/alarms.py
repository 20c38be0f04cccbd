# SPDX-License-Identifier: AGPL-3.0-or-later
"""Standing alarms: what is wrong now with a house or with the machine that serves it, as rows its screens read.

The worker looks (`project.watch`) and calls `keep`; a screen calls `standing` and hears `house/<house>/alarms`. What
concerns the whole machine is a row of every house, so no house reads another's. A worker that is silent for
`SILENT_FOR` is an alarm by itself: nobody else would say so, and nothing else that stands here can be believed then.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from permanence.foundation import live
from permanence.foundation.models import House, SignOfLife, StandingAlarm

WORKER = "worker"
SILENT_FOR = timedelta(seconds=60)
SIGN_EVERY = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One thing that is wrong. `code` names the kind, `about` the one of its kind ("": there is one only); `params` are
    what its words speak of (text and numbers); `since`: where it is known, else it is the moment it is first kept."""

    code: str
    about: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An alarm that stands; `since` is None where nobody knows."""

    code: str
    about: str
    params: Mapping[str, Any]
    since: datetime | None


def houses() -> dict[str, int]:
    """The houses of this machine: slug -> key. One query."""
    return dict(House.objects.order_by("slug").values_list("slug", "pk"))


def keep(found: Mapping[str, Iterable[Alarm]], *, keys: Mapping[str, int], at: datetime) -> frozenset[str]:
    """Make the rows of the houses named in `keys` (slug -> key) say what was `found` (slug -> alarms) at `at`.

    What stood already keeps its moment, what is not found any more is gone. The topic of each house that saw a change
    is touched; gives those houses. Nothing is written when nothing changed.
    """
    rows: dict[int, dict[tuple[str, str], StandingAlarm]] = {key: {} for key in keys.values()}
    for row in StandingAlarm.objects.filter(house__in=keys.values()):
        rows[row.house_id][row.code, row.about] = row
    return frozenset(slug for slug, key in keys.items() if _keep_house(slug, key, found.get(slug, ()), rows[key], at))


def _keep_house(
    slug: str, key: int, found: Iterable[Alarm], rows: dict[tuple[str, str], StandingAlarm], at: datetime
) -> bool:
    wanted = {(one.code[:40], one.about[:120]): one for one in found}
    gone = [row.pk for name, row in rows.items() if name not in wanted]
    new = [
        StandingAlarm(house_id=key, code=code, about=about, params=dict(one.params), since=one.since or at)
        for (code, about), one in wanted.items()
        if (code, about) not in rows
    ]
    other = [name for name, row in rows.items() if name in wanted and row.params != dict(wanted[name].params)]
    if not (gone or new or other):
        return False
    with transaction.atomic():
        StandingAlarm.objects.filter(pk__in=gone).delete()
        StandingAlarm.objects.bulk_create(new, ignore_conflicts=True)  # another worker may have seen it too
        for name in other:
            StandingAlarm.objects.filter(pk=rows[name].pk).update(params=dict(wanted[name].params))
        live.touch(f"house/{slug}/alarms", house_key=key, at=at)
    return True


def sign(*, at: datetime, process: str = WORKER) -> None:
    """The process works; a row is written every `SIGN_EVERY` at most."""
    if SignOfLife.objects.filter(process=process, at__gt=at - SIGN_EVERY, at__lte=at).exists():
        return
    SignOfLife.objects.update_or_create(process=process, defaults={"at": at})


def standing(*, house: str, at: datetime) -> tuple[Standing, ...]:
    """What is wrong now with a house, the longest first. Two queries."""
    last = SignOfLife.objects.filter(process=WORKER).values_list("at", flat=True).first()
    rows = StandingAlarm.objects.for_house(house).order_by("since", "code", "about")
    found = [Standing(code=row.code, about=row.about, params=row.params, since=row.since) for row in rows]
    if last is None or at - last > SILENT_FOR:
        found.insert(0, Standing(code=WORKER, about="", params={}, since=last))
    return tuple(found)
