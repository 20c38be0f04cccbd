# SPDX-License-Identifier: AGPL-3.0-or-later
"""One agenda in cells: what is taken of it as known at a moment, and where visits of a wish could begin.

Worked out from the same openings, admissions, needs and limits as `judge`; the tests hold the two against each other.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from permanence.agenda.rules.admission import same_site
from permanence.agenda.rules.cells import Flags, Window, counted, painted, runs
from permanence.agenda.rules.judge import Judge, Place, spans_around
from permanence.agenda.rules.kinds import CELL, NOON, HalfDay, Need, Taken, TakenKind, VisitReason
from permanence.agenda.rules.limits import Limits
from permanence.agenda.rules.openings import OpenSpan
from permanence.agenda.rules.resources import matched, shared
from permanence.agenda.rules.seconds import Pair, cells, whole
from permanence.agenda.rules.wishes import Book, Wish
from permanence.reception.hours import moment_of

FOREVER = 1 << 62


@dataclass(slots=True)
class _Known:
    """What is taken, as known from `since` until before `until` (seconds)."""

    since: float
    until: float
    others: list[Taken]
    visits: list[Taken]
    away: Flags
    blocks: Flags
    counts: NDArray[np.int32]
    busy: dict[tuple[str, str], Flags]


class Sheet:
    """One agenda over the cells of a window."""

    def __init__(self, window: Window, book: Book) -> None:
        self.window, self.book = window, book
        self.zone = ZoneInfo(book.agenda.zone)
        self.spans: list[OpenSpan] = spans_around(book, first=window.first, until=window.until)
        self._releases = sorted(each.released.timestamp() for each in self.spans if each.released is not None)
        self._known: _Known | None = None
        self._others: dict[str, Sheet] = {}

    def changed(self, book: Book) -> "Sheet":
        """The same for a newer book; openings are worked out anew only when they changed."""
        old = self.book
        if (old.agenda, old.openings, old.exceptions) != (book.agenda, book.openings, book.exceptions):
            return Sheet(self.window, book)
        self.book, self._known, self._others = book, None, {}
        return self

    def has_hold_of(self, holder: str) -> bool:
        """Whether something here, of its resources or of another agenda that its visits take, is held by him."""
        taken = chain(self.book.taken, *(each.taken for each in self.book.beside))
        return bool(holder) and any(each.holder == holder and each.kind is TakenKind.HOLD for each in taken)

    def starts(self, wish: Wish, *, at: datetime, site: str = "") -> tuple[Flags, float, float]:
        """Where a visit could begin, notice and horizon not looked at; from when until when that is so (seconds).

        Who may come (age, contra-indications, who asks) is not looked at either. `site` as in `Judge.starts`.
        """
        known = self._at(at) if not self.has_hold_of(wish.holder) else self._read(at, wish.holder)
        found = np.zeros(self.window.size, dtype=np.bool_)
        reason, until = self.book.reason(wish.reason), known.until
        if reason is not None:
            bare = replace(self.book, taken=())
            judge = Judge(bare, wish, first=self.window.first, until=self.window.until, at=at, spans=self.spans)
            for place in (each for each in judge.places if same_site(each.opening.site, site)):
                here = self._of_place(place, reason, judge.length // 60 // CELL, known)
                other = self._other(reason)
                if other is not None:
                    there, _, lasts = other.starts(wish, at=at, site=place.opening.site)
                    here, until = here & there, min(until, lasts)
                found |= here
            self._cut(found, reason, wish, judge, known)
        released = next((each for each in self._releases if each > at.timestamp()), FOREVER)
        return found, at.timestamp(), min(until, released)

    def _other(self, reason: VisitReason) -> "Sheet | None":
        """The other agenda of combined visits; None for an ordinary reason."""
        if reason.id not in self._others:
            book = self.book.other(reason)
            if book is None:
                return None
            self._others[reason.id] = Sheet(self.window, book)
        return self._others[reason.id]

    def _of_place(self, place: Place, reason: VisitReason, length: int, known: _Known) -> Flags:
        found = runs(painted(self.window, place.pairs), length=length)
        found &= runs(~known.away, length=length)
        free = ~known.blocks & (known.counts < place.opening.capacity)
        before, after = place.before // 60 // CELL, reason.after // CELL
        found &= runs(free, length=before + length + after, before=before)
        for need in place.needs:
            some = np.zeros(self.window.size, dtype=np.bool_)
            for resource in need.ids:
                some |= self._resource(resource, need, length, known)
            found &= some
        if _overlap(place.needs):
            self._match(found, place.needs, length, known)
        return found

    def _resource(self, resource: str, need: Need, length: int, known: _Known) -> Flags:
        key, before = (resource, need.shared_by), need.before // CELL
        if key not in known.busy:
            others = (each for each in known.others if each.subject == resource and not shared(each, need.shared_by))
            known.busy[key] = painted(self.window, map(whole, others))
        return runs(~known.busy[key], length=before + length + need.after // CELL, before=before)

    def _match(self, found: Flags, needs: tuple[Need, ...], length: int, known: _Known) -> None:
        """Where one resource can meet two needs, each start is matched by itself."""
        free = [[(each, self._resource(each, need, length, known)) for each in need.ids] for need in needs]
        for start in np.flatnonzero(found):
            found[start] = matched([[each for each, flags in row if flags[start]] for row in free]) is not None

    def _cut(self, found: Flags, reason: VisitReason, wish: Wish, judge: Judge, known: _Known) -> None:
        """Takes out what is off the step, outside the days, or in a half-day that bears no more."""
        window, agenda = self.window, self.book.agenda
        off = np.ones(window.size, dtype=np.bool_)
        off[:: agenda.step // CELL] = False  # the window begins with a midnight
        found[off] = False
        found[: max(window.cell(judge.begins), 0)] = False
        found[window.cell(judge.ends) :] = False
        limits = Limits(reason, known.visits, is_new=wish.is_new, zone=self.zone)
        for day, half in limits.reached():
            edges = (0, NOON) if half is HalfDay.MORNING else (NOON, 24 * 60)
            lo, hi = (int(moment_of(day, each, agenda.zone, fold=0).timestamp()) for each in edges)
            found[window.inside((lo, hi))] = False

    def _at(self, at: datetime) -> _Known:
        known = self._known
        if known is None or not known.since <= at.timestamp() < known.until:
            known = self._known = self._read(at, "")
        return known

    def _read(self, at: datetime, holder: str) -> _Known:
        window, agenda = self.window, self.book.agenda.id
        now = at.timestamp()
        taken = [each for each in self.book.taken if each.lasts and each.counts(at=at, holder=holder)]
        own = [each for each in taken if each.takes(agenda)]
        visits = [each for each in own if each.is_visit]
        lapses = [each.until.timestamp() for each in taken if each.kind is TakenKind.HOLD and each.until is not None]
        away: list[Pair] = [cells(each.starts, each.ends) for each in own if each.kind is TakenKind.ABSENCE]
        return _Known(
            since=now,
            until=min(lapses, default=FOREVER),
            others=[each for each in taken if not each.takes(agenda)],
            visits=visits,
            away=painted(window, away),
            blocks=painted(window, (whole(each) for each in own if each.kind is TakenKind.BLOCK)),
            counts=counted(window, (whole(each) for each in visits)),
            busy={},
        )


def _overlap(needs: tuple[Need, ...]) -> bool:
    ids = [each for need in needs for each in need.ids]
    return len(set(ids)) < len(ids)
