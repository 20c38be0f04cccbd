# SPDX-License-Identifier: AGPL-3.0-or-later
"""The floor behind the desk: the calls, the seats, the indexes between them, and the steps that change them.

Every step notes what it decided; `Reception` (desk.py) strings steps together for one input and hands the notes out.
Invariant after every input: no waiting call fits a secretary who may be offered a call. So a step only looks for the
partner of the one call or the one seat that has just become free, through the indexes and never through a list.
"""

from bisect import bisect_left
from datetime import datetime, timedelta

from permanence.kernel.ids import new_id
from permanence.reception import decisions as decided
from permanence.reception import events, prompts
from permanence.reception.absence import closing_absence, open_until
from permanence.reception.arrival import start_limits
from permanence.reception.card import CallerShown, Card, build_card, milliseconds
from permanence.reception.closing import CLOSED, MAX_WAIT, Closing, closing_words, unknown_line_words
from permanence.reception.events import Reason
from permanence.reception.greeting import announcement_for
from permanence.reception.lists import Lists
from permanence.reception.moments import written
from permanence.reception.presence import Seat, Signal
from permanence.reception.showing import told, why_her
from permanence.reception.table import SecretaryEntry
from permanence.reception.waiting import Call, Stage

ANNOUNCE_EVERY_S = 30
"""How often a caller who hears the music is told his place."""

SEEN_LIMIT = 5000
"""Pairs of secretary and client whose last call is remembered: what the journal repeats in every segment."""


class Floor(Lists):
    """The steps."""

    def drop_call(self, call: Call) -> None:
        """Forget a call that is over."""
        if call.stage is Stage.WAITING:
            self._leave_queue(call)
        self.calls.pop(call.call, None)
        self.touch(f"call/{call.call}", None)

    def drop_seat(self, seat: Seat) -> None:
        """Forget a seat that is off and not connected."""
        self.ready.take(seat.secretary)
        self.seats.pop(seat.secretary, None)
        seat.laid = None
        self.touch(f"seat/{seat.secretary}", None)

    def show(self, seat: Seat, *, at: datetime) -> None:
        """Announce her presence and put it on her screen."""
        shown = seat.shown()
        self.announce(
            events.PresenceChanged(
                house=self.house,
                at=at,
                secretary=seat.secretary,
                seat=seat.seat,
                state=shown.state,
                reason=shown.reason,
                why=shown.why,
            )
        )
        self.decide(shown)
        self.touch_seat(seat)
        if seat.on_duty is not (seat.secretary in self.duty):
            self.duty ^= {seat.secretary}
            self.duty_moved_at = at

    def notes(self) -> decided.Decided:
        """Hand out what was noted since the last time, with the queue when it is another one.

        Before that, who waits for those who have read is looked at again where somebody came on duty or went: once an
        input, when every call it freed has had its turn.
        """
        if self.duty_moved_at is not None:
            at, self.duty_moved_at = self.duty_moved_at, None
            for call in self.narrow_again():
                self.offer_again(call, at=at)
        if self.waiting.things or self._queue.waiting:
            queue = self.queue()
            if queue != self._queue:
                self._queue = queue
                self.decide(queue)
        return self.hand_out()

    # the queue ------------------------------------------------------------------------------------------------------

    def seek_secretary(self, call: Call, *, at: datetime, after: str = "") -> None:
        """Offer the call to the longest-ready secretary who fits, or let it wait. `after`: how the last offer ended."""
        self.aim(call, at=at)
        chosen = self.fitting(call)
        if chosen is not None:
            self.offer(call, self.seats[chosen], at=at)
            return
        self.wait(call)
        reason = self.roster.why_nobody(call, self.ready)
        why = (reason,) if not after else (Reason(code="offer_ended", detail=after), reason)
        self.announce(
            events.CallQueued(
                house=self.house, at=at, call=call.call, client=call.client, place=self.place_of(call), why=why
            )
        )
        if not call.music and call.music_at is not None and call.music_at <= at:
            self.start_music(call, at=at)

    def widen(self, call: Call, *, at: datetime) -> None:
        """More secretaries may be offered the call than before."""
        self.lift(call)
        self.seek_secretary(call, at=at)

    def offer_again(self, call: Call, *, at: datetime) -> None:
        """A secretary who is ready may fit him now."""
        chosen = self.fitting(call)
        if chosen is not None:
            self.offer(call, self.seats[chosen], at=at)

    def return_to_queue(self, call: Call, *, at: datetime) -> None:
        """His secretary is gone for good: he waits again at the place his INVITE gives him, limits counted anew."""
        call.move(Stage.WAITING)
        call.passed_by, call.passed_how = call.secretary, "seat_lost"
        call.offer = call.secretary = ""
        call.card = None
        start_limits(call, self.client_of(call), at=at)
        self.enter(call)
        self.decide(decided.StartMusic(call=call.call))
        self.say_place(call, at=at)
        self.seek_secretary(call, at=at, after="seat_lost")

    def seek_call(self, seat: Seat, *, at: datetime) -> None:
        """She is free: offer her the caller who came first among those she can answer, or let her be ready."""
        found = self.first_for(seat)
        if found is not None:
            self.offer(self.calls[found], seat, at=at, freed=True)
            return
        self.ready.put(seat.secretary, seat.ready_since or at, self.roster.labels_of(seat.secretary))

    def start_music(self, call: Call, *, at: datetime) -> None:
        """200, the client's recorded announcement if he has one, his place in the queue, music."""
        call.music, call.music_at = True, None
        self.decide(decided.StartMusic(call=call.call))
        client = self.client_of(call)
        rule = None
        if client is not None:
            rule = announcement_for(client, line=call.called_line, language=call.language, at=at)
        if rule is None:
            self.say_place(call, at=at)
        else:
            self.say_place(call, at=at, first=(rule.announcement,), lasts_s=rule.announcement_s)

    def say_place(self, call: Call, *, at: datetime, first: tuple[str, ...] = (), lasts_s: int = 0) -> None:
        """Tell him his place, now (unless a console rings for him) and again in `ANNOUNCE_EVERY_S`.

        `first` are heard before it; they last `lasts_s`, by which the next time is later, so that nothing cuts them.
        """
        if call.stage is Stage.WAITING:
            place = self.place_of(call)
            spoken = (*first, prompts.place_prompt(call.language, place))
            self.decide(decided.AnnouncePlace(call=call.call, place=place, prompts=spoken))
        call.place_at = at + timedelta(seconds=ANNOUNCE_EVERY_S + lasts_s)
        self.deadlines.lay(call)
        self.touch_call(call)

    # offers ---------------------------------------------------------------------------------------------------------

    def offer(self, call: Call, seat: Seat, *, at: datetime, freed: bool = False) -> None:
        """Ring at her console. `freed`: she became free while the call waited."""
        call.move(Stage.OFFERED)
        self.lift(call)
        self.ready.take(seat.secretary)
        passed = self.secretaries.get(call.passed_by)
        why = why_her(
            call,
            seat,
            spoken=self.roster.languages_of(seat.secretary),
            alone=self.fitting(call) is None,
            freed=freed,
            beside=self.why_beside(call, seat, at=at),
            passed_by="" if passed is None else passed.name,
            at=at,
        )
        card = self.card(call, seat.secretary, at=at, why=why)
        call.offer, call.secretary, call.why, call.card = new_id(at, self.entropy), seat.secretary, why, card
        call.until = at + timedelta(seconds=self.slice.offer_s)
        self.deadlines.lay(call)
        seat.apply(Signal.OFFERED, at=at)
        seat.call, seat.client = call.call, call.client
        self.announce(
            events.CallOffered(
                house=self.house,
                at=at,
                call=call.call,
                client=call.client,
                offer=call.offer,
                secretary=seat.secretary,
                seat=seat.seat,
                until_ms=milliseconds(call.until),
                why=why,
                **told(card, self.client_of(call)),
            )
        )
        self.decide(self.offer_of(call, seat))
        self.touch_call(call)
        self.show(seat, at=at)

    def offer_of(self, call: Call, seat: Seat) -> decided.Offer:
        """The running offer of a call as a decision, to be shown (again)."""
        until = call.until or call.arrived
        return decided.Offer(
            call=call.call,
            offer=call.offer,
            secretary=seat.secretary,
            seat=seat.seat,
            arrived=call.arrived,
            until=until,
            card=call.card or self.card(call, seat.secretary, at=until),
            why=call.why,
        )

    def end_offer(self, call: Call, how: str, *, at: datetime) -> Seat:
        """Stop ringing; the caller keeps his place. What becomes of her depends on `how`; she is not shown yet."""
        seat = self.seats[call.secretary]
        missed = how in {"missed", "declined"}
        seat.apply(Signal.MISSED if missed else Signal.WITHDRAWN, at=at, why=how if missed else "")
        seat.call = ""
        call.passed_by, call.passed_how = call.secretary, how
        self.announce(
            events.OfferEnded(
                house=self.house,
                at=at,
                call=call.call,
                client=call.client,
                offer=call.offer,
                secretary=call.secretary,
                how=how,
            )
        )
        self.decide(decided.WithdrawOffer(call=call.call, offer=call.offer, secretary=call.secretary, how=how))
        call.move(Stage.WAITING)
        self.forget_offer(call)
        return seat

    def answered(self, call: Call, seat: Seat, *, at: datetime) -> None:
        """She pressed answer: connect the two."""
        call.move(Stage.TALKING)
        self._leave_queue(call)
        seat.apply(Signal.ANSWERED, at=at)
        self.announce(
            events.CallAnswered(
                house=self.house,
                at=at,
                call=call.call,
                client=call.client,
                offer=call.offer,
                secretary=seat.secretary,
                seat=seat.seat,
                waited_ms=call.waited_ms(at),
            )
        )
        card = call.card or self.card(call, seat.secretary, at=at)
        self.decide(
            decided.Connect(call=call.call, secretary=seat.secretary, seat=seat.seat, arrived=call.arrived, card=card)
        )
        call.music = True
        self._remember(seat.secretary, call.client, at)
        self.touch_call(call)
        self.show(seat, at=at)

    def try_again(self, call: Call, how: str, *, at: datetime) -> None:
        """After an offer that came to nothing: the next secretary, or the closing words when he has waited enough."""
        if call.close_at is not None and call.close_at <= at:
            self.close(call, MAX_WAIT, at=at)
        else:
            self.seek_secretary(call, at=at, after=how)

    def close(self, call: Call, reason: str, *, at: datetime, why: tuple[Reason, ...] = ()) -> None:
        """The closing words, then perhaps a voice message."""
        call.move(Stage.CLOSING)
        self._leave_queue(call)
        closing = self._closing(call, reason, at)
        reasons = (*why, *closing.why)
        self.announce(
            events.CallClosed(
                house=self.house,
                at=at,
                call=call.call,
                client=call.client,
                reason=reason,
                voice_message=closing.voice_message,
                why=reasons,
            )
        )
        self.decide(
            decided.CloseCall(
                call=call.call, prompts=closing.prompts, voice_message=closing.voice_message, reason=reason, why=reasons
            )
        )
        self.touch_call(call)

    def card(self, call: Call, secretary: str, *, at: datetime, why: tuple[Reason, ...] = ()) -> Card:
        """What she sees of this call."""
        entry = self.secretaries.get(secretary) or SecretaryEntry(id=secretary, name="", languages=())
        seen = self.seen.get((secretary, call.client)) if call.client is not None else None
        client = self.client_of(call)
        closes = None
        if client is not None:
            opening = self.openings.of(client, at=at)
            closes = open_until(client, opening.changes_at, at=at) if opening.is_open else None
        return build_card(
            client,
            self.slice,
            entry,
            caller=CallerShown(number=call.caller, masked=call.masked, display=call.display),
            called_line=call.called_line,
            at=at,
            open_until=closes,
            seen_at=seen,
            why=why,
        )

    def _remember(self, secretary: str, client: str | None, at: datetime) -> None:
        """When she last answered for that client; the oldest is forgotten, and the next is as her first."""
        if client is None:
            return
        self.seen.pop((secretary, client), None)
        self.seen[secretary, client] = at
        self.touch(f"seen/{secretary}/{client}", written(at))
        if len(self.seen) > SEEN_LIMIT:
            oldest = next(iter(self.seen))
            del self.seen[oldest]
            self.touch(f"seen/{oldest[0]}/{oldest[1]}", None)

    # small steps ----------------------------------------------------------------------------------------------------

    def _closing(self, call: Call, reason: str, at: datetime) -> Closing:
        client = self.client_of(call)
        if client is not None:
            away = closing_absence(client, at=at) if reason == CLOSED else None
            return closing_words(client, reason=reason, language=call.language, on=at.date(), absence=away)
        countries = [trunk.country for trunk in self.slice.trunks if trunk.name == call.trunk]
        return unknown_line_words(countries, language=call.language, on=at.date())

    def forget_offer(self, call: Call) -> None:
        """Nothing is left of an offer that is over."""
        call.offer, call.secretary, call.until, call.why, call.card = "", "", None, (), None
        self.deadlines.lay(call)
        self.touch_call(call)

    def _leave_queue(self, call: Call) -> None:
        """He waits no longer: neither his place nor time matters to him."""
        self.lift(call)
        spot = bisect_left(self.line, (call.arrived, call.order))
        if spot < len(self.line) and self.line[spot] == (call.arrived, call.order):
            del self.line[spot]
        call.music_at = call.place_at = call.close_at = call.until = call.widen_at = call.laid = None
