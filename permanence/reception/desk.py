# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reception desk of one house: who answers which call, in which order, and why. Deterministic, no input or output.

Theory of operation. A caller waits in the order of his INVITE; a free secretary is offered the first caller whose
client is answered by a pool of hers and speaks a language of hers, a new caller the secretary ready longest
among those who fit (roster.py: pools, training). Since every input leaves no waiting caller beside a fitting free
secretary, an input has at most one pair to look for per call or seat it frees, through indexes by pool and language.

    INVITE --> closed / suspended -> CLOSING (closing words, perhaps a voice message)
           `-> WAITING <-> OFFERED -> TALKING <-> KEPT     (table: waiting.STAGES)
                 `-> CLOSING after the longest wait, once no console rings

What the caller hears: 180 from the INVITE; while a console rings or `ring_before_music_s` has not passed, that is all.
Else 200, music, and his place at once and every 30 s. The longest wait never cuts a ringing offer: the closing words
come when that offer ends without an answer. A secretary's presence is the table `presence.TRANSITIONS`.

A conversation whose secretary's line is lost is KEPT: the caller hears music while her seat has `reconnect_s` to come
back; then she is off and he waits again, at the place his INVITE gives him (so before all who came later), his limits
counted anew from that moment. When only her console's socket is lost the two still hear each other, so the call goes
on for as long as her line lives, and she is put off after it. A restarted exchange takes all sockets as lost.

Every input takes `at`, aware, never going back, and returns a `Decided`. A no is a `Refusal` and changes nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from permanence.kernel.clock import Entropy
from permanence.reception import attendance, events, keeping
from permanence.reception.arrival import new_call
from permanence.reception.closing import MAX_WAIT
from permanence.reception.decisions import Decided, KeepCaller, Offer, PresenceIs, QueueIs, Replug, RingBack
from permanence.reception.floor import Floor
from permanence.reception.presence import BREAK_REASONS, BUSY, Doing, Seat, Signal
from permanence.reception.refusals import (
    LineDown,
    NotPossibleNow,
    OfferGone,
    OutcomeMissing,
    UnknownBreak,
    UnknownSecretary,
)
from permanence.reception.table import RoutingTable
from permanence.reception.treatment import why_shut
from permanence.reception.waiting import TOGETHER, Call, Stage
from permanence.telephony.events import LineBack, LineLost, UnknownLineCalled


class Reception:
    """The queue of all callers of one house."""

    def __init__(self, house: str, table: RoutingTable, *, entropy: Entropy) -> None:
        """`entropy` makes the ids of offers. The table must hold the house's slice before the first call."""
        self._floor = Floor(house, table, entropy)

    # the house's data -----------------------------------------------------------------------------------------------

    def table_changed(self, table: RoutingTable, *, at: datetime) -> Decided:
        """A new routing table. Who is not in it any more is put off; new languages, pools, training count at once."""
        floor = self._floor
        house_changed = floor.read_table(table)
        moved = floor.aim_again(at=at)
        if not house_changed:
            for call in moved:
                floor.offer_again(call, at=at)
            return floor.notes()
        for seat in list(floor.seats.values()):
            if seat.secretary not in floor.secretaries:
                attendance.put_off(floor, seat, at=at, why="not_in_the_house")
            elif seat.may_be_offered:
                floor.ready.take(seat.secretary)
                floor.seek_call(seat, at=at)
        return floor.notes()

    # calls ----------------------------------------------------------------------------------------------------------

    def call_arrived(
        self,
        call: str,
        *,
        client: str | None,
        at: datetime,
        caller: str | None = None,
        masked: bool = False,
        display: str = "",
        called_line: str = "",
        trunk: str = "",
        languages: tuple[str, ...] = (),
    ) -> Decided:
        """An INVITE came at `at`. `client` None: a line nobody has (the pool rings, `UnknownLineCalled` is announced).

        `caller` in E.164 as it may be shown (None when `masked`); `languages`: what is known of the caller's, the best
        first: they choose the language of the prompts among the client's. A call already known: nothing happens.
        """
        floor = self._floor
        if call in floor.calls:
            return floor.notes()
        entry = None if client is None else floor.table.clients.get((floor.house, client))
        floor.order += 1
        made = new_call(call, client, entry, floor.slice, order=floor.order, hints=languages, at=at)
        made.caller, made.masked, made.display = (None if masked else caller), masked, ("" if masked else display)
        made.called_line, made.trunk = called_line, trunk
        floor.calls[call] = made
        floor.enter(made)
        if entry is not None:
            shut = why_shut(entry, floor.openings, at=at)
            if shut is not None:
                floor.close(made, shut[0], at=at, why=(shut[1],))
                return floor.notes()
        else:
            floor.announce(UnknownLineCalled(house=floor.house, at=at, call=call, trunk=trunk, called_line=called_line))
        floor.decide(RingBack(call=call))
        floor.seek_secretary(made, at=at)
        return floor.notes()

    def call_gone(self, call: str, *, at: datetime) -> Decided:
        """The caller hung up, or his leg failed, at whatever stage; for a call unknown or over nothing happens."""
        floor = self._floor
        gone = floor.calls.get(call)
        if gone is None:
            return floor.notes()
        if gone.stage in TOGETHER:
            return self.call_over(gone.secretary, call, at=at)
        freed = floor.end_offer(gone, "abandoned", at=at) if gone.stage is Stage.OFFERED else None
        if gone.stage is Stage.WAITING:
            floor.announce(
                events.CallAbandoned(
                    house=floor.house,
                    at=at,
                    call=call,
                    client=gone.client,
                    waited_ms=gone.waited_ms(at),
                    caller=gone.caller,
                )
            )
        floor.drop_call(gone)
        if freed is not None:
            attendance.resume(self._floor, freed, at=at)
        return floor.notes()

    def call_over(self, secretary: str, call: str, *, at: datetime) -> Decided:
        """The conversation is over, whoever ended it: her wrap-up begins. Raises NotPossibleNow when it is not hers."""
        floor = self._floor
        over, seat = floor.calls.get(call), floor.seats.get(secretary)
        if over is None or over.secretary != secretary or over.stage not in TOGETHER:
            raise NotPossibleNow(f"call {call} is not with {secretary}")
        floor.drop_call(over)
        if seat is not None and seat.doing is Doing.ON_CALL:
            seat.apply(Signal.CALL_OVER, at=at)
            seat.until = at + timedelta(seconds=floor.slice.wrap_up_s)
            floor.deadlines.lay(seat)
            if seat.lost_since is not None and seat.expires is None:
                attendance.expire_later(floor, seat, at=at)
            floor.show(seat, at=at)
        return floor.notes()

    # seats ----------------------------------------------------------------------------------------------------------

    def seat_connected(self, secretary: str, seat: str, *, at: datetime) -> Decided:
        """Her console's socket is up (the first time: presence off); another seat takes the place of the one before.

        It says nothing of her line: where `hello` brings a new SDP offer, `line_state(up=False)` comes before this and
        `line_state(up=True)` when media has it up. Raises UnknownSecretary.
        """
        floor = self._floor
        if secretary not in floor.secretaries:
            raise UnknownSecretary(secretary)
        held = floor.seats.get(secretary)
        if held is None:
            held = floor.seats[secretary] = Seat(secretary=secretary, seat=seat, since=at)
        held.seat, held.socket = seat, True
        attendance.check_reach(self._floor, held, at=at, always_show=True)
        return floor.notes()

    def seat_lost(self, secretary: str, seat: str, *, at: datetime) -> Decided:
        """Her console's socket closed. Ignored when another seat has taken its place meanwhile."""
        held = self._floor.seats.get(secretary)
        if held is not None and held.seat == seat and held.socket:
            held.socket = False
            attendance.check_reach(self._floor, held, at=at)
        return self._floor.notes()

    def seat_revoked(self, secretary: str, *, at: datetime) -> Decided:
        """Off at once, whatever she does; a caller she talks with or who rings goes back to his place in the queue."""
        held = self._floor.seats.get(secretary)
        if held is not None:
            held.socket = held.line = False
            attendance.put_off(self._floor, held, at=at, why="revoked")
        return self._floor.notes()

    def line_state(self, secretary: str, *, up: bool, at: datetime) -> Decided:
        """Her line as media sees it."""
        floor = self._floor
        held = floor.seats.get(secretary)
        if held is None or held.line is up:
            return floor.notes()
        held.line = up
        floor.touch_seat(held)
        call = floor.calls.get(held.call) if held.doing is Doing.ON_CALL else None
        if call is not None and up:
            call.move(Stage.TALKING)
            floor.announce(LineBack(house=floor.house, at=at, call=call.call, client=call.client, secretary=secretary))
            floor.decide(Replug(call=call.call, secretary=secretary, seat=held.seat))
            floor.touch_call(call)
        elif call is not None:
            call.move(Stage.KEPT)
            floor.announce(LineLost(house=floor.house, at=at, call=call.call, client=call.client, secretary=secretary))
            floor.decide(KeepCaller(call=call.call, secretary=secretary))
            floor.touch_call(call)
            attendance.expire_later(floor, held, at=at)
        attendance.check_reach(self._floor, held, at=at)
        return floor.notes()

    # her acts -------------------------------------------------------------------------------------------------------

    def ready(self, secretary: str, *, at: datetime) -> Decided:
        """She takes calls. During a call or wrap-up it takes back the break she asked for.

        Raises UnknownSecretary, LineDown, OutcomeMissing (in wrap-up, nothing to take back), NotPossibleNow.
        """
        seat = self._seat(secretary)
        if seat.doing in BUSY and seat.pending:
            seat.pending = seat.pending_reason = ""
            self._floor.show(seat, at=at)
            return self._floor.notes()
        if seat.doing is Doing.WRAP_UP:
            raise OutcomeMissing("wrap-up is left with an outcome")
        if not (seat.socket and seat.line):
            raise LineDown("the line is not up")
        if seat.doing is not Doing.READY:
            seat.apply(Signal.PRESSED_READY, at=at)
            self._floor.show(seat, at=at)
            self._floor.seek_call(seat, at=at)
        return self._floor.notes()

    def pause(self, secretary: str, reason: str, *, at: datetime) -> Decided:
        """A break, for one of BREAK_REASONS; while a call rings it declines it, during a call it waits for its end."""
        if reason not in BREAK_REASONS:
            raise UnknownBreak(reason[:40])
        attendance.leave(self._floor, self._seat(secretary), "break", reason, at=at)
        return self._floor.notes()

    def off(self, secretary: str, *, at: datetime) -> Decided:
        """The end of her shift; while a call rings it declines it, during a call it waits for the wrap-up's end."""
        seat = self._seat(secretary)
        if seat.doing is not Doing.OFF:
            attendance.leave(self._floor, seat, "off", "", at=at)
        return self._floor.notes()

    def answer(self, secretary: str, call: str, *, at: datetime) -> Decided:
        """She answers the call that rings at her console. Raises OfferGone, UnknownSecretary."""
        found, seat = self._offered(secretary, call)
        self._floor.answered(found, seat, at=at)
        return self._floor.notes()

    def decline(self, secretary: str, call: str, *, at: datetime) -> Decided:
        """She declines it: she is *missed* until she presses ready, the call goes on. Raises OfferGone."""
        found, _ = self._offered(secretary, call)
        attendance.not_taken(self._floor, found, "declined", at=at)
        return self._floor.notes()

    def wrap_up_done(self, secretary: str, call: str, outcome: str, *, at: datetime) -> Decided:
        """She leaves the wrap-up of that call with an outcome. Raises OutcomeMissing, NotPossibleNow."""
        seat = self._seat(secretary)
        if seat.doing is not Doing.WRAP_UP or seat.call != call:
            raise NotPossibleNow(f"no wrap-up of call {call}")
        if not outcome.strip():
            raise OutcomeMissing("wrap-up is left with an outcome")
        attendance.leave_wrap_up(self._floor, seat, outcome, at=at)
        return self._floor.notes()

    # time -----------------------------------------------------------------------------------------------------------

    def next_deadline(self) -> datetime | None:
        """The moment at which `tick` has something to do, None when nothing is pending."""
        first = self._floor.deadlines.first()
        return None if first is None else first[0][0]

    def tick(self, *, at: datetime) -> Decided:
        """Do all that was due until `at`, in the order in which it was due."""
        floor = self._floor
        while (first := floor.deadlines.first()) is not None and first[0][0] <= at:
            (_, what), who, _, timed = first
            self._due[what](self, who, at)
            floor.deadlines.lay(timed)
        return floor.notes()

    def _offer_due(self, call: str, at: datetime) -> None:
        attendance.not_taken(self._floor, self._floor.calls[call], "missed", at=at)

    def _music_due(self, call: str, at: datetime) -> None:
        self._floor.start_music(self._floor.calls[call], at=at)

    def _widen_due(self, call: str, at: datetime) -> None:
        self._floor.widen(self._floor.calls[call], at=at)

    def _place_due(self, call: str, at: datetime) -> None:
        self._floor.say_place(self._floor.calls[call], at=at)

    def _wait_due(self, call: str, at: datetime) -> None:
        self._floor.close(self._floor.calls[call], MAX_WAIT, at=at)

    def _wrap_due(self, secretary: str, at: datetime) -> None:
        attendance.leave_wrap_up(self._floor, self._floor.seats[secretary], "", at=at)

    def _lost_due(self, secretary: str, at: datetime) -> None:
        seat = self._floor.seats[secretary]
        seat.expires = None
        if seat.doing is Doing.ON_CALL and seat.line:
            self._floor.touch_seat(seat)
            return
        attendance.put_off(self._floor, seat, at=at, why="not_back")

    _due: ClassVar[dict[str, Callable[["Reception", str, datetime], None]]] = {
        "offer": _offer_due,
        "music": _music_due,
        "place": _place_due,
        "wait": _wait_due,
        "widen": _widen_due,
        "wrap": _wrap_due,
        "lost": _lost_due,
    }

    # reading --------------------------------------------------------------------------------------------------------

    def presence(self, secretary: str) -> PresenceIs | None:
        """Her presence, None when she has no seat."""
        seat = self._floor.seats.get(secretary)
        return None if seat is None else seat.shown()

    def presences(self) -> tuple[PresenceIs, ...]:
        """The presence of everyone who has a seat."""
        return tuple(seat.shown() for seat in self._floor.seats.values())

    def offer_to(self, secretary: str) -> Offer | None:
        """The call that rings at her console."""
        seat = self._floor.seats.get(secretary)
        if seat is None or seat.doing is not Doing.OFFERED:
            return None
        return self._floor.offer_of(self._floor.calls[seat.call], seat)

    def call_of(self, secretary: str) -> str | None:
        """The call she talks in, or wraps up."""
        seat = self._floor.seats.get(secretary)
        return seat.call or None if seat is not None and seat.doing in BUSY else None

    def stage_of(self, call: str) -> Stage | None:
        """Where a call stands, None when it is over or unknown."""
        found = self._floor.calls.get(call)
        return None if found is None else found.stage

    def calls(self) -> tuple[str, ...]:
        """Every call at the desk, in the order of their arrival here."""
        return tuple(self._floor.calls)

    def queue(self) -> QueueIs:
        """How many wait while no console rings for them, and since when the longest waiting one does."""
        return self._floor.queue()

    # restart --------------------------------------------------------------------------------------------------------

    def export(self) -> dict[str, Any]:
        """All named values: what the `states` of every `Decided` so far add up to."""
        return keeping.export(self._floor)

    @classmethod
    def restore(
        cls, house: str, table: RoutingTable, states: dict[str, Any], *, entropy: Entropy, at: datetime
    ) -> tuple[Self, Decided]:
        """The desk as the named values have it, and what its restart at `at` changes.

        All sockets are taken as lost (their seats have `reconnect_s` from `at`), lines as last known: say
        `line_state` and `call_gone` for what media no longer has. What was due meanwhile comes with the next `tick`.
        Raises KeyError, ValueError or TypeError for a value that is not one of ours.
        """
        desk = cls(house, table, entropy=entropy)
        keeping.load(desk._floor, states, at=at)
        return desk, desk._floor.notes()

    # the inputs' common part ----------------------------------------------------------------------------------------

    def _seat(self, secretary: str) -> Seat:
        seat = self._floor.seats.get(secretary)
        if seat is None:
            raise UnknownSecretary(secretary)
        return seat

    def _offered(self, secretary: str, call: str) -> tuple[Call, Seat]:
        seat, found = self._seat(secretary), self._floor.calls.get(call)
        if found is None or found.stage is not Stage.OFFERED or found.secretary != secretary:
            raise OfferGone(f"call {call} does not ring at {secretary}")
        return found, seat
