# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may be offered a call: the pools of the house, the secretaries in them, their languages, their training, and
what they have read.

Theory of operation. A call and a secretary meet under a label. `<pool>/<language>` is one for each pool and language of
a secretary, and `<pool>/*` for a call that every secretary of the pool can take. A secretary of some clients only lies
under `@<client>/<pool>/<language>` for each of them, where calls of those clients are looked for too. A call for some
of them alone (`Call.among`: the trained, those who have read) lies under no label: it is looked for by name, and such
calls are few.
What a call waits for widens with time, when its pool overflows and when the time of the trained ones, or of those who
have read, is over. It is worked out from the table and the moment (`aim`), never kept, so that a new table counts for
who waits already.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from permanence.reception import reading
from permanence.reception.events import Reason
from permanence.reception.shelf import Shelf
from permanence.reception.table import ClientSlice, HouseSlice, PoolEntry
from permanence.reception.waiting import ANYBODY, Call


class Roster:
    """What the slice of a house says of its people."""

    def __init__(self, house: HouseSlice | None) -> None:
        entries = () if house is None else house.secretaries
        self.secretaries = {entry.id: entry for entry in entries}
        self.pools: dict[str, PoolEntry] = {} if house is None else {pool.id: pool for pool in house.pools}
        self.default = next(iter(self.pools), "")
        """The pool that answers for who has no other: the first, or the one of a house that knows no pools."""
        self.limited = frozenset(client for entry in entries if entry.clients is not None for client in entry.clients)
        """The clients that some secretary answers for and for no other."""
        self._labels: dict[str, tuple[str, ...]] = {}
        for entry in entries:
            spoken = (*entry.languages, ANYBODY)
            plain = [f"{pool}/{language}" for pool in entry.pools or (self.default,) for language in spoken]
            if entry.clients is not None:
                plain = [f"@{client}/{label}" for client in entry.clients for label in plain]
            self._labels[entry.id] = tuple(plain)
        self._asked: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[str, ...]] = {}

    def languages_of(self, secretary: str) -> tuple[str, ...]:
        """Her languages; none when the table does not know her."""
        entry = self.secretaries.get(secretary)
        return () if entry is None else entry.languages

    def labels_of(self, secretary: str) -> tuple[str, ...]:
        """The labels under which she is found when she is ready; none when the table does not know her."""
        return self._labels.get(secretary, ())

    def aim(self, call: Call, client: ClientSlice | None, *, at: datetime) -> None:
        """What the call waits for at `at`, and the moment at which that widens."""
        pool = client.pool if client is not None and client.pool in self.pools else self.default
        call.pools, call.widen_at, call.trained_only, call.readers = (pool,), None, False, None
        entry = self.pools.get(pool)
        if entry is not None and entry.overflow in self.pools and entry.overflow != pool:
            over = call.wait_from + timedelta(seconds=entry.overflow_after_s)
            if over <= at:
                call.pools = (pool, entry.overflow)
            else:
                call.widen_at = over
        trained_s = self.trained_for_s(client)
        if trained_s:
            until = call.wait_from + timedelta(seconds=trained_s)
            if at < until:
                call.trained_only = True
                call.widen_at = _first(until, call.widen_at)
        if client is not None and client.read_first_s:
            self._aim_at_readers(call, client, at=at)
        key = (call.pools, call.languages)
        labels = self._asked.get(key)
        if labels is None:
            spoken = call.languages or (ANYBODY,)
            labels = self._asked[key] = tuple([f"{pool}/{language}" for pool in call.pools for language in spoken])
        if call.client in self.limited:
            labels = (*labels, *[f"@{call.client}/{label}" for label in labels])
        call.labels = labels

    def _aim_at_readers(self, call: Call, client: ClientSlice, *, at: datetime) -> None:
        """Who has read what must be read for the call, as long as it is for them."""
        asked = reading.asked_of(client, line=call.called_line, caller=call.caller)
        until = call.wait_from + timedelta(seconds=reading.read_first_for_s(client))
        if not asked or until <= at:
            return
        call.readers = reading.readers_of(asked, at=at)
        other = reading.next_change(asked, at=at, until=until)
        if call.readers is not None or other is not None:
            call.widen_at = _first(other or until, call.widen_at)

    def trained_for_s(self, client: ClientSlice | None) -> int:
        """How long a call of the client waits for trained secretaries alone, seconds; 0 where it does not.

        Never when none of them works in the house, and half of his longest wait at most: a caller is not sent to the
        closing words while somebody else could answer.
        """
        if client is None or not client.trained_only_s or self.secretaries.keys().isdisjoint(client.trained):
            return 0
        return min(client.trained_only_s, client.max_wait_s // 2)

    def may_take(self, secretary: str, call: Call) -> bool:
        """Whether she is under a label of the call: of its pool and language, or of his secretaries."""
        return not set(call.labels).isdisjoint(self.labels_of(secretary))

    def first_of(self, among: Iterable[str], call: Call, ready: Shelf) -> str | None:
        """The one who is ready longest among these who can take the call."""
        fitting = [ready.things[each] for each in among if each in ready.things and self.may_take(each, call)]
        return min(fitting)[1] if fitting else None

    def why_nobody(self, call: Call, ready: Shelf) -> Reason:
        """Why no console rings for a call for which no secretary was found."""
        if not ready.things:
            return Reason(code="nobody_ready")
        if len(self.pools) > 1 and ready.first([f"{pool}/{ANYBODY}" for pool in call.pools]) is None:
            return Reason(code="nobody_ready_in_pool", detail=self.pools[call.pools[-1]].name)
        if call.among is not None and ready.first(call.labels) is not None:
            return Reason(code="nobody_ready_read" if call.read_only else "nobody_ready_trained")
        return Reason(code="nobody_ready_speaks", detail=" ".join(call.languages))

    def why_of_pool(self, call: Call, client: ClientSlice | None, secretary: str) -> tuple[Reason, ...]:
        """What pools and training have to do with her getting the call: nothing in a house of one pool."""
        why = [self._why_pool(call, secretary)] if len(self.pools) > 1 else []
        trained_s = self.trained_for_s(client)
        if client is not None and trained_s:
            waited = Reason(code="not_trained", detail=str(trained_s))
            why.append(Reason(code="trained") if secretary in client.trained else waited)
        return tuple(why)

    def _why_pool(self, call: Call, secretary: str) -> Reason:
        first = call.pools[0]
        own = first in (self.secretaries[secretary].pools or (self.default,))
        return Reason(code="pool" if own else "overflow", detail=self.pools[first].name)


def _first(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else min(one, other)
