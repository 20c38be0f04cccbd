# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the floor knows: the table, the calls, the seats, and the indexes in which a call and a secretary are found."""

from bisect import bisect_left, insort
from datetime import datetime

from permanence.kernel.clock import Entropy
from permanence.reception import decisions as decided
from permanence.reception.deadlines import Deadlines
from permanence.reception.hours import Openings
from permanence.reception.notes import Notes
from permanence.reception.presence import Seat
from permanence.reception.roster import Roster
from permanence.reception.shelf import Shelf
from permanence.reception.table import ClientSlice, HouseSlice, RoutingTable, SecretaryEntry
from permanence.reception.waiting import Call

EVERYONE = "everyone"
"""The label under which every waiting call lies."""


class Lists(Notes):
    """Everything the desk knows. `house` is the id, `slice` what the table says of it."""

    def __init__(self, house: str, table: RoutingTable, entropy: Entropy) -> None:
        super().__init__()
        self.house = house
        self.table = table
        self.entropy = entropy
        self.calls: dict[str, Call] = {}
        self.seats: dict[str, Seat] = {}
        self.seen: dict[tuple[str, str], datetime] = {}
        self.waiting = Shelf()
        self.ready = Shelf()
        self.deadlines = Deadlines()
        self.openings = Openings()
        self.line: list[tuple[datetime, int]] = []
        self.order = 0
        self.restricted: dict[str, set[str]] = {}
        self.roster = Roster(None)
        self.read_table(table)
        self._queue = decided.QueueIs(waiting=0, longest=None)

    def read_table(self, table: RoutingTable) -> bool:
        """Take a table; whether the house's own slice is another one than before."""
        known = self.roster.secretaries
        before = self.table.houses.get(self.house) if known else None
        self.table = table
        self.openings.forget()
        house = table.houses.get(self.house)
        if house is before and known:
            return False
        self.roster = Roster(house)
        return True

    @property
    def secretaries(self) -> dict[str, SecretaryEntry]:
        """The secretaries of the house, by id."""
        return self.roster.secretaries

    @property
    def slice(self) -> HouseSlice:
        """The house's slice. Raises KeyError before the first one was published."""
        return self.table.houses[self.house]

    def client_of(self, call: Call) -> ClientSlice | None:
        """The client of a call as the table has him now."""
        return None if call.client is None else self.table.clients.get((self.house, call.client))

    def enter(self, call: Call) -> None:
        """A new or returning caller takes his place: by the moment of his INVITE, before all who came later."""
        insort(self.line, (call.arrived, call.order))

    def place_of(self, call: Call) -> int:
        """His place among the callers nobody has answered yet, counted from 1."""
        return bisect_left(self.line, (call.arrived, call.order)) + 1

    def wait(self, call: Call) -> None:
        """Lay the call down among those for whom no console rings."""
        self._lay_down(call)
        self.deadlines.lay(call)
        self.touch_call(call)

    def _lay_down(self, call: Call) -> None:
        labels = call.labels
        if call.trained_only and call.client is not None:
            labels = tuple([f"{call.client}!{label}" for label in labels])
            self.restricted.setdefault(call.client, set()).add(call.call)
        self.waiting.put(call.call, (call.arrived, call.order), (*labels, EVERYONE))

    def fitting(self, call: Call) -> str | None:
        """The longest-ready secretary who may be offered the call."""
        client = self.client_of(call)
        if call.trained_only and client is not None:
            return self.roster.trained_and_ready(call, client, self.ready)
        return self.ready.first(call.labels)

    def lift(self, call: Call) -> None:
        """He lies no longer among those for whom no console rings."""
        self.waiting.take(call.call)
        if call.trained_only and call.client in self.restricted:
            calls = self.restricted[call.client]
            calls.discard(call.call)
            if not calls:
                del self.restricted[call.client]

    def aim_again(self, *, at: datetime) -> list[Call]:
        """The table is another one: what every waiting caller waits for now; gives those for whom that changed, in
        their order. Those who want trained secretaries are among them: another one may be trained."""
        changed = []
        for call in [self.calls[name] for name in self.waiting.things]:
            before = (call.labels, call.widen_at, call.trained_only)
            self.lift(call)
            self.roster.aim(call, self.client_of(call), at=at)
            self._lay_down(call)
            self.deadlines.lay(call)
            if call.trained_only or (call.labels, call.widen_at, call.trained_only) != before:
                changed.append(call)
        return sorted(changed, key=lambda call: (call.arrived, call.order))

    def first_for(self, seat: Seat) -> str | None:
        """The caller who came first among those she may be offered."""
        labels = self.roster.labels_of(seat.secretary)
        return self.waiting.first((*labels, *self._trained_labels(seat, labels)) if self.restricted else labels)

    def _trained_labels(self, seat: Seat, labels: tuple[str, ...]) -> list[str]:
        """The labels of the callers who wait for trained secretaries, of whom she is one."""
        files = [self.table.clients.get((self.house, client)) for client in self.restricted]
        return [
            f"{file.client}!{label}"
            for file in files
            if file is not None and seat.secretary in file.trained
            for label in labels
        ]

    def queue(self) -> decided.QueueIs:
        """The callers for whom no console rings."""
        first = self.waiting.first((EVERYONE,))
        return decided.QueueIs(
            waiting=len(self.waiting.things), longest=None if first is None else self.calls[first].arrived
        )

    def notes(self) -> decided.Decided:
        """Hand out what was noted since the last time, with the queue when it is another one."""
        if self.waiting.things or self._queue.waiting:
            queue = self.queue()
            if queue != self._queue:
                self._queue = queue
                self.decide(queue)
        return self.hand_out()
