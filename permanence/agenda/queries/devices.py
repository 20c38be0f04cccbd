# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who else could use the rooms and equipment that a visit gave up: the client's other agendas, where somebody waits.

An agenda needs a room because the reason of a visit does, or because its opening at that hour is in that room.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from permanence.agenda.models import Agenda, OpeningPattern, Resource, VisitReason, WaitingPlace
from permanence.agenda.queries.books import books
from permanence.agenda.rules.openings import open_spans
from permanence.agenda.rules.waiting import PlaceState
from permanence.foundation.who import Who

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """Rooms and equipment (ids) that a visit at that time of those agendas of the client has no more."""

    client: str
    agendas: Collection[str]
    resources: Collection[str]
    starts: datetime
    ends: datetime


def beside(given: GivenUp, *, by: Who) -> dict[str, tuple[str, ...]]:
    """Agenda -> the reasons that somebody waits for and that are possible there now, for the client's other agendas.

    No query where nothing was given up; few where nobody waits for what needs it and no opening is in such a room.
    """
    if not given.resources:
        return {}
    waiting = WaitingPlace.objects.for_house(by.house_key).filter(client=int(given.client))
    waiting = waiting.filter(state=PlaceState.WAITING.value)
    wanted = list(VisitReason.objects.filter(pk__in=waiting.values("reason"), retired_at=None).order_by("pk"))
    rows = Agenda.objects.for_house(by.house_key).filter(client=int(given.client), active=True).order_by("pk")
    others = {each.pk: each for each in rows.select_related("client", "house")}
    if not wanted or not others:
        return {}
    kinds = set(Resource.objects.filter(pk__in=[int(each) for each in given.resources]).values_list("kind", flat=True))
    needed = [each for each in wanted if _needs(each, given.resources, kinds - {""})]
    there = _in_room(others, given)
    found: dict[str, tuple[str, ...]] = {}
    for key in others:
        possible = chain(needed, _of(wanted, there.get(key, ())), _combined(wanted, there))
        if str(key) not in given.agendas and (reasons := tuple(dict.fromkeys(str(each.pk) for each in possible))):
            found[str(key)] = reasons
    return found


def _needs(reason: VisitReason, resources: Collection[str], kinds: Collection[str]) -> bool:
    return any(need["kind"] in kinds or not set(resources).isdisjoint(need["ids"]) for need in reason.needs)


def _in_room(rows: Mapping[int, Agenda], given: GivenUp) -> dict[int, list[tuple[str, ...]]]:
    """Agenda -> for which reasons (() for any) its openings at that time are that are in one of those rooms."""
    patterns = OpeningPattern.objects.filter(agenda__in=list(rows)).exclude(resources=[])
    named = {
        agenda
        for agenda, resources in patterns.values_list("agenda", "resources")
        if not set(given.resources).isdisjoint(resources)
    }
    found: dict[int, list[tuple[str, ...]]] = {}
    kept = books([rows[key] for key in sorted(named)], starts=given.starts, ends=given.ends, only_open=True)
    for key, book in kept.items():
        zone = ZoneInfo(book.agenda.zone)
        first, last = (each.astimezone(zone).date() for each in (given.starts, given.ends))
        for span in open_spans(book, first=first - _DAY, until=last + _DAY):
            in_room = not set(given.resources).isdisjoint(span.opening.resources)
            if in_room and span.starts < given.ends and given.starts < span.ends:
                found.setdefault(int(key), []).append(tuple(span.opening.reasons))
    return found


def _of(wanted: Iterable[VisitReason], openings: Collection[tuple[str, ...]]) -> list[VisitReason]:
    return [each for each in wanted if any(not named or str(each.pk) in named for named in openings)]


def _combined(wanted: Iterable[VisitReason], there: Collection[int]) -> list[VisitReason]:
    """The reasons that take an agenda too that is in that room; its openings' own reasons do not count for them."""
    return [each for each in wanted if each.also_id in there]
