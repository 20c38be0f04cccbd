# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rooms and equipment: which of them a visit would take, all at once, or which are in the way."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from permanence.agenda.rules.kinds import Need, Opening, Resource, Taken, Use, VisitReason
from permanence.agenda.rules.seconds import Forbidden, Near, whole
from permanence.agenda.rules.why_not import EquipmentMissing, EquipmentTaken, WhyNot

type Assigned = tuple[Use, ...]
"""One for each need."""


def needs_at(reason: VisitReason, opening: Opening) -> tuple[Need, ...]:
    """What a visit of `reason` in `opening` takes: each resource of the opening, which meets a need of the reason if it
    can, and one for each need that is left. A resource of the opening has the reason's buffers at least; the visits of
    a group take it together.
    """
    left, found = list(reason.needs), []
    shared_by = opening.agenda if opening.capacity > 1 else ""
    for resource in opening.resources:
        own = Need(ids=(resource,), before=reason.before, after=reason.after, shared_by=shared_by)
        met = next((each for each in left if resource in each.ids), None)
        if met is not None:
            left.remove(met)
            own = replace(own, before=max(own.before, met.before), after=max(own.after, met.after))
        found.append(own)
    return (*found, *left)


class Shelf:
    """The resources of a book and what takes them, for visits of `length` seconds."""

    def __init__(self, resources: Sequence[Resource], taken: Iterable[Taken], *, length: int) -> None:
        self._resources, self._length = resources, length
        self._taken: dict[str, list[Taken]] = {}
        for each in taken:
            self._taken.setdefault(each.subject, []).append(each)
        self._forbidden: dict[Use, Forbidden] = {}
        self._near: dict[tuple[str, str], Near[Taken]] = {}

    def concrete(self, reason: VisitReason, opening: Opening) -> tuple[Need, ...]:
        """The needs there, each with the ids of what can meet it: () when nothing at that site can."""
        known = replace(reason, needs=tuple(self._named(each, opening.site) for each in reason.needs))
        return needs_at(known, opening)

    def _named(self, need: Need, site: str) -> Need:
        if need.ids:
            return need
        same = (each for each in self._resources if each.kind == need.kind)
        ids = tuple(each.id for each in same if not site or each.site in {"", site})
        return replace(need, ids=ids)

    def assign(self, needs: Sequence[Need], start: int) -> Assigned | None:
        """A resource for each need, none twice, all free for a visit at `start`; None when there is no such choice."""
        chosen = matched([[each for each in need.ids if self._is_free(each, need, start)] for need in needs])
        if chosen is None:
            return None
        return tuple(_use(each, need) for each, need in zip(chosen, needs, strict=True))

    def causes(self, needs: Sequence[Need], start: int, site: str) -> tuple[WhyNot, ...]:
        """What is in the way of a visit at `start`; () when `assign` finds a choice."""
        if self.assign(needs, start) is not None:
            return ()
        found = list[WhyNot]()
        for need in needs:
            if not need.ids:
                found.append(EquipmentMissing(kind=need.kind, site=site))
            elif not any(self._is_free(each, need, start) for each in need.ids):
                found.append(min((self._cause(each, need, start) for each in need.ids), key=lambda each: each.until))
        if found:
            return tuple(found)
        busy = [
            self._cause(each, need, start)
            for need in needs
            for each in need.ids
            if not self._is_free(each, need, start)
        ]
        few = EquipmentMissing(kind=needs[0].kind or ", ".join(needs[0].ids), site=site)
        return (min(busy, key=lambda each: each.until) if busy else few,)

    def _in_the_way(self, use: Use) -> list[Taken]:
        return [each for each in self._taken.get(use.resource, ()) if not shared(each, use.shared_by)]

    def _is_free(self, resource: str, need: Need, start: int) -> bool:
        use = _use(resource, need)
        if use not in self._forbidden:
            busy, before, after = map(whole, self._in_the_way(use)), use.before * 60, use.after * 60
            self._forbidden[use] = Forbidden(busy, before=before, length=self._length, after=after)
        return self._forbidden[use].until(start) == start

    def _cause(self, resource: str, need: Need, start: int) -> EquipmentTaken:
        lo, hi = start - need.before * 60, start + self._length + need.after * 60
        key = resource, need.shared_by
        if key not in self._near:
            self._near[key] = Near((whole(each), each) for each in self._in_the_way(_use(resource, need)))
        meets = self._near[key].meeting(lo, hi)
        return EquipmentTaken(
            resource=resource,
            starts=min(each.from_buffer for each in meets),
            until=max(each.until_buffer for each in meets),
        )


def shared(taken: Taken, shared_by: str) -> bool:
    """Whether a resource that is taken is free all the same for visits of the group of this agenda, "" for none."""
    return shared_by != "" and taken.shared_by == shared_by


def together(one: Assigned, other: Assigned) -> Assigned:
    """What the two agendas of a combined visit take: a room in which both are is taken once, for as long as either, and
    shared with nobody.
    """
    found: dict[str, Use] = {}
    for use in (*one, *other):
        known = found.get(use.resource)
        both = known and Use(use.resource, max(known.before, use.before), max(known.after, use.after))
        found[use.resource] = both or use
    return tuple(found.values())


def _use(resource: str, need: Need) -> Use:
    return Use(resource, need.before, need.after, need.shared_by)


def matched(free: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """One of each row, none twice; None when there is no such choice."""
    met: dict[str, int] = {}
    if not all(_met(number, free, met, set()) for number in range(len(free))):
        return None
    return tuple(each for _, each in sorted((number, each) for each, number in met.items()))


def _met(number: int, free: Sequence[Sequence[str]], met: dict[str, int], tried: set[str]) -> bool:
    """Gives the need a resource; those that have one may have to take another (Kuhn's matching)."""
    for each in free[number]:
        if each in tried:
            continue
        tried.add(each)
        if each not in met or _met(met[each], free, met, tried):
            met[each] = number
            return True
    return False
