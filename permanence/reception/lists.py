# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the floor knows: the table, the calls, the seats, and the indexes in which a call and a secretary are found."""

from bisect import bisect_left, insort
from datetime import datetime

from permanence.kernel.clock import Entropy
from permanence.reception import decisions as decided
from permanence.reception import reading
from permanence.reception.deadlines import Deadlines
from permanence.reception.events import UNREAD_NOBODY, UNREAD_WAITED, Reason
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
        self.narrowed: dict[str, Call] = {}
        """The waiting calls that some alone may be offered (`Call.among`)."""
        self.for_readers: dict[str, Call] = {}
        """The waiting calls that are for those who have read, while one of them is on duty."""
        self.duty: set[str] = set()
        """Who takes calls, now or after the one she has."""
        self.duty_moved_at: datetime | None = None
        """When somebody came on duty or went, in the input that is not handed out yet."""
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
        if call.among is not None:
            labels = ()
            self.narrowed[call.call] = call
        if call.readers is not None:
            self.for_readers[call.call] = call
        self.waiting.put(call.call, (call.arrived, call.order), (*labels, EVERYONE))

    def aim(self, call: Call, *, at: datetime) -> None:
        """What the call waits for at `at`, who alone may be offered it, and the moment at which that changes."""
        client = self.client_of(call)
        self.roster.aim(call, client, at=at)
        call.among, call.read_only = None, False
        if call.trained_only or call.readers is not None:
            self._narrow(call, client)

    def _narrow(self, call: Call, client: ClientSlice | None) -> None:
        """Who alone may be offered it: the trained, and of them those who have read while one of these is on duty."""
        call.among, call.read_only = None, False
        if call.trained_only and client is not None:
            call.among = frozenset(client.trained)
        if call.readers is not None:
            read = call.readers if call.among is None else call.readers & call.among
            if any(self.roster.may_take(each, call) for each in read & self.duty):
                call.among, call.read_only = read, True

    def fitting(self, call: Call) -> str | None:
        """The longest-ready secretary who may be offered the call."""
        first = self.ready.first(call.labels)
        if call.among is None or first is None or first in call.among:
            return first
        return self.roster.first_of(call.among, call, self.ready)

    def lift(self, call: Call) -> None:
        """He lies no longer among those for whom no console rings."""
        self.waiting.take(call.call)
        self.narrowed.pop(call.call, None)
        self.for_readers.pop(call.call, None)

    def aim_again(self, *, at: datetime) -> list[Call]:
        """The table is another one: what every waiting caller waits for now; gives those for whom that changed, in
        their order."""
        changed = []
        for call in [self.calls[name] for name in self.waiting.things]:
            before = (call.labels, call.widen_at, call.among)
            self.lift(call)
            self.aim(call, at=at)
            self._lay_down(call)
            self.deadlines.lay(call)
            if (call.labels, call.widen_at, call.among) != before:
                changed.append(call)
        return sorted(changed, key=_in_turn)

    def narrow_again(self) -> list[Call]:
        """Others are on duty than before: who alone may be offered the waiting calls that are for those who have read;
        gives those for which that changed, in their order."""
        changed = []
        for call in list(self.for_readers.values()):
            before = call.among
            self._narrow(call, self.client_of(call))
            if call.among != before:
                self.lift(call)
                self._lay_down(call)
                changed.append(call)
        return sorted(changed, key=_in_turn)

    def first_for(self, seat: Seat) -> str | None:
        """The caller who came first among those she may be offered."""
        first = self.waiting.first(self.roster.labels_of(seat.secretary))
        if not self.narrowed:
            return first
        hers = [
            self.waiting.things[call.call]
            for call in self.narrowed.values()
            if call.among is not None and seat.secretary in call.among and self.roster.may_take(seat.secretary, call)
        ]
        if first is not None:
            hers.append(self.waiting.things[first])
        return min(hers)[1] if hers else None

    def why_beside(self, call: Call, seat: Seat, *, at: datetime) -> tuple[Reason, ...]:
        """What her pool, her training and what she has read have to do with her getting the call."""
        client = self.client_of(call)
        beside = self.roster.why_of_pool(call, client, seat.secretary)
        if client is None or not client.read_first_s:
            return beside
        return (*beside, *self._why_reading(call, client, seat.secretary, at=at))

    def _why_reading(self, call: Call, client: ClientSlice, secretary: str, *, at: datetime) -> tuple[Reason, ...]:
        """Nothing where it made no difference who has read: nobody was passed over, and she has not either."""
        may_take = self.roster.may_take
        if call.read_only and call.among is not None:
            passed_over = any(may_take(each, call) for each in self.ready.things.keys() - call.among)
            return (Reason(code="has_read"),) if passed_over else ()
        asked = reading.asked_of(client, line=call.called_line, caller=call.caller)
        readers = reading.readers_of(asked, at=at)
        if readers is None or secretary in readers:
            return ()
        if call.among is not None:
            readers &= call.among
        if any(may_take(each, call) for each in readers & self.duty):
            return (Reason(code=UNREAD_WAITED, detail=str(reading.read_first_for_s(client))),)
        return (Reason(code=UNREAD_NOBODY),)

    def queue(self) -> decided.QueueIs:
        """The callers for whom no console rings."""
        first = self.waiting.first((EVERYONE,))
        return decided.QueueIs(
            waiting=len(self.waiting.things), longest=None if first is None else self.calls[first].arrived
        )


def _in_turn(call: Call) -> tuple[datetime, int]:
    return call.arrived, call.order
