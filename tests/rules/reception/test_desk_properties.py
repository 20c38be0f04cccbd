# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever happens, in whatever order: what must hold at the desk after every single input."""

import contextlib
import sys
from dataclasses import replace
from datetime import timedelta
from types import CodeType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.kernel.refusals import Refusal
from permanence.reception import decisions as decided
from permanence.reception import events
from permanence.reception.desk import Reception
from permanence.reception.presence import Doing
from permanence.reception.table import InstructionEntry, Interval, OpeningHours, PoolEntry, WeekdayHours
from permanence.reception.waiting import Call, Stage
from tests.rules.reception.house import HOUSE, START, Counter, Desk, client, house_slice, table

SECRETARIES = {"1": ("fr", "de"), "2": ("en", "fr"), "3": ("en",), "4": ("de", "en", "fr")}
CLIENTS = {"10": ("fr",), "11": ("de", "fr"), "12": ("en",), "13": (), "14": ("lb",)}
MEMBERS = {"1": ("7",), "2": ("7", "8"), "3": ("8",), "4": ("7", "8")}
LIMITED = {"2": ("11", "12", "13")}
POOLS = (PoolEntry(id="7", name="Day", overflow="8", overflow_after_s=13), PoolEntry(id="8", name="Night"))


def must_read(number: str, *readers: str, starts_s: int | None = None, ends_s: int | None = None) -> InstructionEntry:
    """An instruction that must be read, and who has; in force between these seconds of the script."""
    starts, ends = (None if each is None else START + timedelta(seconds=each) for each in (starts_s, ends_s))
    return InstructionEntry(
        id=number,
        version=1,
        text="t",
        author="Dr",
        written_at=START,
        acknowledge=True,
        readers=readers,
        starts=starts,
        ends=ends,
    )


ANSWERED = {
    "10": {"trained": ("4",), "trained_only_s": 5, "read_first_s": 13, "instructions": (must_read("1", "1", "4"),)},
    "11": {"trained": ("1", "2"), "trained_only_s": 31, "read_first_s": 20, "instructions": (must_read("2", "2"),)},
    "12": {
        "pool": "8",
        "read_first_s": 31,
        "instructions": (must_read("3", "3"), must_read("4", "3", "4", starts_s=9)),
    },
    "13": {"pool": "8", "trained_only_s": 2},
}
CHANGES = (
    {"pool": "8"},
    {"pool": "7"},
    {"pool": "gone"},
    {"trained": ("1", "3")},
    {"trained_only_s": 60},
    {"trained_only_s": 0},
    {"read_first_s": 0},
    {"read_first_s": 25, "instructions": (must_read("5"),)},
    {"read_first_s": 60, "instructions": (must_read("6", "1", "2", "3"), must_read("7", "2", "4", ends_s=70))},
    {"read_first_s": 60, "instructions": (must_read("8", "4", starts_s=30, ends_s=60),)},
    {"trained_only_s": 0, "read_first_s": 95, "instructions": (must_read("9", "1"),)},
    {"instructions": ()},
)

# Each input as often as it stands here; the number says who, which client or how long.
KINDS = (
    ["arrive"] * 8 + ["answer"] * 5 + ["gone"] * 3 + ["over"] * 3 + ["wrap"] * 4 + ["wait"] * 4 + ["sit"] * 4
    + ["ready"] * 4 + ["decline", "pause", "off", "lost", "line_down", "line_up", "revoke", "restart"]
    + ["client", "pools"]
)  # fmt: skip
WAITS = (0.5, 1, 2, 5, 13, 31, 95)
inputs = st.tuples(st.sampled_from(KINDS), st.integers(0, 11))
scripts = st.lists(inputs, min_size=30, max_size=60)


class Watched(Desk):
    """Does one input, then looks whether everything still holds."""

    def __init__(self) -> None:
        super().__init__(
            house_slice(SECRETARIES, members=MEMBERS, limited=LIMITED, pools=POOLS),
            *(client(number, spoken, **ANSWERED.get(number, {})) for number, spoken in CLIENTS.items()),
        )
        self.arrived = 0
        for secretary in SECRETARIES:
            self.sits(secretary)
            self.at += timedelta(seconds=1)
        self.finished: set[str] = set()

    @property
    def floor(self):
        return self.reception._floor

    def step(self, kind: str, number: int) -> None:
        with contextlib.suppress(Refusal):
            self._act(kind, number)
        self.check()

    def _act(self, kind: str, number: int) -> None:
        value = sorted(SECRETARIES)[number % len(SECRETARIES)]
        at_her = self.floor.seats[value].call if value in self.floor.seats else ""
        match kind:
            case "arrive":
                self.arrived += 1
                self.rings(f"c{self.arrived}", [*sorted(CLIENTS), None][number % (len(CLIENTS) + 1)])
            case "gone":
                if calls := self.reception.calls():
                    gone = calls[number % len(calls)]
                    self.finished.add(gone)
                    self.do("call_gone", gone)
            case "sit":
                self.sits(value)
            case "ready" | "off":
                self.do(kind, value)
            case "pause":
                self.do("pause", value, "lunch")
            case "answer" | "decline":
                self.do(kind, value, at_her)
            case "over":
                self.do("call_over", value, at_her)
                self.finished.add(at_her)
            case "wrap":
                self.do("wrap_up_done", value, at_her, "message")
            case "lost":
                self.do("seat_lost", value, f"seat-{value}")
            case "revoke":
                self.do("seat_revoked", value)
            case "line_up" | "line_down":
                self.do("line_state", value, up=kind == "line_up")
            case "wait":
                self.forward(WAITS[number % len(WAITS)])
            case "client" | "pools" | "restart":
                self._from_outside(kind, number)

    def _from_outside(self, kind: str, number: int) -> None:
        if kind == "restart":
            self.restart(after=1)
            self.forward(0)
            return
        if kind == "client":
            name = sorted(CLIENTS)[number % len(CLIENTS)]
            self.republish(lambda entry: replace(entry, **CHANGES[number % len(CHANGES)]), name)
            return
        held = self.table.houses[HOUSE]
        pools = (POOLS, POOLS[:1], POOLS[::-1])[number % 3]
        self.table = self.table.put(replace(held, version=held.version + 1, pools=pools))
        self.do("table_changed", self.table)

    def keep(self, decided_: decided.Decided) -> decided.Decided:
        # Who came to wait, or became ready, in the same input may have done so after the choice.
        moved = {event.call for event in decided_.events if isinstance(event, events.CallQueued)}
        moved |= {
            event.secretary
            for event in decided_.events
            if isinstance(event, events.PresenceChanged) and event.state == "ready"
        }
        for offer in decided_.decisions:
            if isinstance(offer, decided.Offer):
                self.check_choice(offer, moved)
        return super().keep(decided_)

    def fits(self, secretary: str, call: Call) -> bool:
        """The naive rule, from the table, the moment, how long he waits and who is on duty."""
        if not self.may_take(secretary, call):
            return False
        entry = None if call.client is None else self.table.clients[HOUSE, call.client]
        if entry is None:
            return True
        must = [
            each
            for each in entry.instructions
            if not (each.starts is not None and self.at < each.starts)
            and not (each.ends is not None and each.ends <= self.at)
        ]
        if all(secretary in each.readers for each in must):
            return True
        if (self.at - call.wait_from).total_seconds() >= min(entry.read_first_s, entry.max_wait_s // 2):
            return True
        at_work = {Doing.READY, Doing.OFFERED, Doing.ON_CALL, Doing.WRAP_UP}
        return not any(
            seat.doing in at_work
            and not seat.pending
            and all(seat.secretary in each.readers for each in must)
            and self.may_take(seat.secretary, call)
            for seat in self.floor.seats.values()
        )

    def may_take(self, secretary: str, call: Call) -> bool:
        """Whatever anybody has read."""
        if call.languages and not set(call.languages) & set(SECRETARIES[secretary]):
            return False
        if secretary in LIMITED and call.client not in LIMITED[secretary]:
            return False
        pools = {pool.id: pool for pool in self.table.houses[HOUSE].pools}
        entry = None if call.client is None else self.table.clients[HOUSE, call.client]
        pool = pools.get(entry.pool if entry else "") or next(iter(pools.values()))
        waits_s = (self.at - call.wait_from).total_seconds()
        asked = {pool.id}
        if pool.overflow in pools and waits_s >= pool.overflow_after_s:
            asked.add(pool.overflow)
        if not asked & set(MEMBERS[secretary]):
            return False
        if entry is None or secretary in entry.trained or not set(entry.trained) & set(SECRETARIES):
            return True
        return waits_s >= min(entry.trained_only_s, entry.max_wait_s // 2)

    def check_choice(self, offer: decided.Offer, moved: set[str]) -> None:
        """The naive choice: nobody fitting was ready longer, no caller she could answer came earlier."""
        call, seat = self.floor.calls.get(offer.call), self.floor.seats.get(offer.secretary)
        if call is None or seat is None or seat.call != offer.call or seat.doing is not Doing.OFFERED:
            return
        assert self.fits(offer.secretary, call)
        for other in self.floor.seats.values():
            if other.may_be_offered and other.secretary not in moved and self.fits(other.secretary, call):
                assert (other.ready_since, other.secretary) > (seat.ready_since, seat.secretary)
        for other in self.floor.calls.values():
            if other.stage is Stage.WAITING and other.call not in moved and self.fits(offer.secretary, other):
                assert (other.arrived, other.order) > (call.arrived, call.order)

    def check(self) -> None:
        floor = self.floor
        # Nobody is lost: a call is at the desk until it is over.
        assert {f"c{number}" for number in range(1, self.arrived + 1)} == set(floor.calls) | self.finished
        offered = [call for call in floor.calls.values() if call.stage is Stage.OFFERED]
        talking = [call for call in floor.calls.values() if call.stage in {Stage.TALKING, Stage.KEPT}]
        ringing = [seat for seat in floor.seats.values() if seat.doing is Doing.OFFERED]
        busy = [seat for seat in floor.seats.values() if seat.doing is Doing.ON_CALL]
        # One console a call, one call a console; only one who can be reached.
        assert sorted(call.secretary for call in offered) == sorted(seat.secretary for seat in ringing)
        assert sorted(call.secretary for call in talking) == sorted(seat.secretary for seat in busy)
        assert all(floor.calls[seat.call].secretary == seat.secretary for seat in [*ringing, *busy])
        assert all(seat.lost_since is None for seat in ringing)
        assert all((call.stage is Stage.KEPT) == (not floor.seats[call.secretary].line) for call in talking)
        # Nobody waits beside a free secretary who could answer.
        free = [seat for seat in floor.seats.values() if seat.may_be_offered]
        waiting = [call for call in floor.calls.values() if call.stage is Stage.WAITING]
        assert not any(self.fits(seat.secretary, call) for seat in free for call in waiting)
        # The indexes say what the records say.
        assert set(floor.narrowed) == {call.call for call in waiting if call.among is not None}
        assert set(floor.for_readers) == {call.call for call in waiting if call.readers is not None}
        assert floor.duty == {seat.secretary for seat in floor.seats.values() if seat.on_duty}
        assert set(floor.waiting.things) == {call.call for call in waiting}
        assert set(floor.ready.things) == {seat.secretary for seat in free}
        assert floor.line == sorted((call.arrived, call.order) for call in [*waiting, *offered])
        assert self.reception.queue().waiting == len(waiting)
        # Nothing overdue, and the named values handed out add up to the whole.
        due = self.reception.next_deadline()
        assert due is None or due > self.at
        pending = [
            next_ for each in [*floor.calls.values(), *floor.seats.values()] if (next_ := each.due()) is not None
        ]
        assert due == (min(pending)[0] if pending else None)
        assert self.states == self.reception.export()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scripts)
def test_everything_holds_after_every_input(script):
    desk = Watched()
    for kind, value in script:
        desk.step(kind, value)
    statuses = [event for event in desk.events if isinstance(event, events.PresenceChanged)]
    allowed = {*Doing, "reconnecting"}
    assert all(event.state in allowed for event in statuses)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(CLIENTS)[:4]), min_size=1, max_size=12))
def test_callers_are_answered_in_the_order_of_their_invite(clients):
    desk = Desk(house_slice({"4": SECRETARIES["4"]}), *(client(n, spoken) for n, spoken in CLIENTS.items()))
    for number, each in enumerate(clients):
        desk.rings(f"c{number}", each)
        desk.at += timedelta(milliseconds=1)
    desk.sits("4")
    answered = []
    while (call := desk.offered("4")) is not None:
        answered.append(call)
        desk.do("answer", "4", call)
        desk.do("call_gone", call)
        desk.do("wrap_up_done", "4", call, "message")
    assert answered == [f"c{number}" for number in range(len(clients))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scripts)
def test_a_restart_loses_nothing(script):
    desk = Watched()
    for kind, value in script:
        desk.step(kind, value)
    kept = desk.reception.export()
    restored, _ = Reception.restore(HOUSE, desk.table, kept, entropy=Counter(), at=desk.at)
    assert set(restored.calls()) == set(desk.reception.calls())
    assert restored._floor.line == desk.floor.line
    assert [call for call in restored.calls() if restored.stage_of(call) is Stage.TALKING] == [
        call for call in desk.reception.calls() if desk.reception.stage_of(call) is Stage.TALKING
    ]


class Work:
    """Counts what the interpreter executes of any code but this file, in instructions."""

    TOOL = 4

    def __init__(self) -> None:
        self.done = 0

    def __enter__(self) -> "Work":
        watch = sys.monitoring
        watch.use_tool_id(self.TOOL, "work")
        watch.register_callback(self.TOOL, watch.events.INSTRUCTION, self._one)
        watch.set_events(self.TOOL, watch.events.INSTRUCTION)
        return self

    def __exit__(self, *_: object) -> None:
        sys.monitoring.set_events(self.TOOL, 0)
        sys.monitoring.free_tool_id(self.TOOL)

    def _one(self, code: CodeType, _offset: int) -> object:
        if code.co_filename == __file__:
            return sys.monitoring.DISABLE
        self.done += 1
        return None


OFFICE_HOURS = OpeningHours(
    week=tuple(WeekdayHours(weekday=day, intervals=(Interval(opens="08:00", until="19:00"),)) for day in range(7))
)


def work_per_call(clients: int, secretaries: int, calls: int, *, pools: int = 1) -> float:
    """Instructions a call, secretaries answering at once, when every client had a call before."""
    names = tuple(str(900 + number) for number in range(pools))
    reception = Reception(
        HOUSE,
        table(
            house_slice(
                {str(number): ("fr", "en") for number in range(secretaries)},
                members={str(number): (names[number % pools],) for number in range(secretaries)},
                pools=tuple(PoolEntry(id=name, name=name) for name in names),
            ),
            *(
                client(
                    str(1000 + number),
                    ("fr",) if number % 2 else ("en",),
                    hours=OFFICE_HOURS,
                    pool=names[number % pools],
                )
                for number in range(clients)
            ),
        ),
        entropy=Counter(),
    )
    at = START
    for number in range(secretaries):
        reception.seat_connected(str(number), f"seat-{number}", at=at)
        reception.line_state(str(number), up=True, at=at)
        reception.ready(str(number), at=at)

    def some(first: int, count: int) -> None:
        nonlocal at
        for number in range(first, first + count):
            at += timedelta(milliseconds=20)
            arrived = reception.call_arrived(f"c{number}", client=str(1000 + number % clients), at=at)
            offers = [each for each in arrived.decisions if isinstance(each, decided.Offer)]
            assert len(offers) == 1
            reception.answer(offers[0].secretary, f"c{number}", at=at)
            reception.call_gone(f"c{number}", at=at)
            reception.wrap_up_done(offers[0].secretary, f"c{number}", "message", at=at)
            reception.tick(at=at)

    before = max(clients, calls)
    some(0, before)
    with Work() as work:
        some(before, calls)
    return work.done / calls


@pytest.mark.parametrize(("clients", "secretaries"), [(500, 50), (1, 200), (500, 200)])
def test_the_work_of_a_call_does_not_grow_with_the_house(clients: int, secretaries: int):
    assert work_per_call(clients, secretaries, 400) <= 1.1 * work_per_call(1, 50, 400)


def test_the_work_of_a_call_does_not_grow_with_the_pools():
    assert work_per_call(500, 200, 400, pools=20) <= 1.1 * work_per_call(500, 200, 400, pools=2)


def test_a_call_is_little_work():
    assert work_per_call(500, 200, 400) < 4_800
