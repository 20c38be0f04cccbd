# SPDX-License-Identifier: AGPL-3.0-or-later
"""`Dial`: one leg out over a trunk, for `./run trunk test`: what the carrier does with our call, told as events.

The called party hears a tone or a prompt, and keys; what is learned is the way of the statuses, the codec, whether
audio and keys come back, and, recorded, which audio.
"""

import re
from dataclasses import dataclass
from functools import partial

from permanence.engine.exchange.arrivals import local_host, told_host
from permanence.engine.exchange.moment import Moment
from permanence.engine.exchange.parts import Parts
from permanence.engine.exchange.returns import Expected
from permanence.engine.exchange.trunks import HouseTrunk, place_of
from permanence.kernel.ids import new_id
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal
from permanence.telephony import events
from permanence.telephony.commands import Dial
from permanence.telephony.media.control import LegHeard, OpenLeg, Recorded, RecordFailed
from permanence.telephony.media.sdp import SdpError, parse_sdp
from permanence.telephony.media.sdp_audio import Negotiated, accept_answer, offer_audio
from permanence.telephony.sip import events as sip
from permanence.telephony.sip.flow import Flow, host_in_uri
from permanence.telephony.sip.grammar import BadSyntax
from permanence.telephony.sip.settings import Credentials

DIAL_PREFIX = "dial/"
MAX_SECONDS = 120
MAX_RING_SECONDS = 180
_TONE = "offer-tone"
_DIGITS = re.compile(r"[0-9*#A-D]{0,32}\Z")
_ID = re.compile(r"[0-9a-z]{0,40}\Z")


class CannotDial(Refusal):
    """The call cannot be made: the trunk, the number, or the number shown is not ours to use."""

    code = "cannot_dial"


@dataclass(slots=True, kw_only=True)
class Dialled:
    """One call of ours. `ends_at`: monotonic seconds, once it was answered."""

    id: str
    session: str
    house: str
    trunk: str
    port: int
    bind_host: str | None
    seconds: int
    prompt: str = _TONE
    digits: str = ""
    record: bool = False
    telephone_event: bool = False
    digits_at: float | None = None
    give_up_at: float | None = None
    leg_open: bool = False
    heard: bool = False
    answered_ms: int | None = None
    ends_at: float | None = None


class Dialling:
    """Leads every call of ours."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._by_id: dict[str, Dialled] = {}
        self._by_session: dict[str, Dialled] = {}
        self._recording: dict[str, str] = {}

    def begin(self, command: Dial, trunk: HouseTrunk, flows: tuple[Flow, ...], password: str, moment: Moment) -> str:
        """Sends the INVITE by the first of the flows (the others stand by); the call's id. Raises CannotDial."""
        parts = self._parts
        number, shown = self._checked(command)
        flow, *others = flows
        port = parts.ports.take(moment.now)
        if port is None:
            raise CannotDial("every RTP port is in use")
        local, host = local_host(flow), told_host(parts.settings.media_host, flow)
        offer = offer_audio(
            host=host,
            port=port,
            session_id=int.from_bytes(parts.entropy.token(4), "big"),
        )
        entry = trunk.entry
        place = place_of(entry)
        domain = host_in_uri(flow.remote[0] if place is None else place.host)
        user = entry.user or shown
        try:
            session = parts.endpoint.dial(
                f"sip:{number}@{domain}",
                flow,
                f"sip:{user}@{domain}",
                offer,
                Credentials(entry.user, password) if entry.user else None,
                now=moment.now,
                others=tuple(others),
                headers=(("P-Asserted-Identity", f"<sip:{shown}@{domain}>"),),
            )
        except BadSyntax as error:
            parts.ports.give_back(port, moment.now)
            raise CannotDial("the trunk's registrar or user cannot stand in an address") from error
        dialled = Dialled(
            id=command.dial or new_id(moment.at, parts.entropy),
            session=session,
            house=command.house,
            trunk=entry.name,
            port=port,
            bind_host=local if host == local else None,
            seconds=min(max(command.seconds, 1), MAX_SECONDS),
            prompt=command.prompt or _TONE,
            digits=command.digits,
            record=command.record,
            give_up_at=moment.now + min(max(command.ring_seconds, 1), MAX_RING_SECONDS),
        )
        self._by_id[dialled.id] = self._by_session[session] = dialled
        self._keep(dialled)
        self._expect(command, dialled, moment)
        parts.turn.event(
            events.DialStarted(
                house=command.house,
                at=moment.at,
                dial=dialled.id,
                trunk=entry.name,
                number=number,
                remote=f"{flow.transport} {host_in_uri(flow.remote[0])}:{flow.remote[1]}",
            )
        )
        return dialled.id

    def _expect(self, command: Dial, dialled: Dialled, moment: Moment) -> None:
        if command.expect_line:
            expected = Expected(
                dial=dialled.id,
                house=command.house,
                shown=command.caller,
                line=command.expect_line,
                asked_at=moment.now,
            )
            self._parts.returns.expect(expected)

    def sip_event(self, event: sip.SessionEvent, moment: Moment) -> bool:
        """Takes an event of one of our calls; False when it is none of them."""
        dialled = self._by_session.get(event.session)
        if dialled is None:
            return False
        if isinstance(event, sip.ProgressReceived):
            self._hear(dialled, event.sdp)
            self._parts.turn.event(
                events.DialProgressed(
                    house=dialled.house,
                    at=moment.at,
                    dial=dialled.id,
                    status=event.status,
                    early_media=event.sdp is not None,
                )
            )
        elif isinstance(event, sip.AnswerReceived):
            self._answered(dialled, event.sdp, moment)
        elif isinstance(event, sip.DialFailed):
            self._over(dialled, by="carrier", why=event.reason or "refused", status=event.status, moment=moment)
        elif isinstance(event, sip.SessionEnded) and event.by != "local":
            self._over(dialled, by="carrier" if event.by == "remote" else "system", why=event.why, moment=moment)
        elif isinstance(event, sip.DtmfInfo):
            self._pressed(dialled, event.digit, moment)
        elif isinstance(event, sip.OfferReceived):
            self._parts.endpoint.refuse_offer(event.session, 488, now=moment.now)
        self._keep(dialled)
        return True

    def came_back(self, dial: str, moment: Moment) -> None:
        """A call of ours reached the house again: it has done what it was for, and is hung up."""
        dialled = self._by_id.get(dial)
        if dialled is None:
            return
        dialled.give_up_at = None
        self._parts.endpoint.end(dialled.session, now=moment.now)
        if dialled.answered_ms is not None:  # of one that only rang the end is told by the answer to our CANCEL
            self._over(dialled, by="system", why="returned", moment=moment)

    def leg_heard(self, event: LegHeard) -> None:
        """Audio comes back from the called party."""
        dialled = self._by_id.get(event.leg)
        if dialled is not None:
            dialled.heard = True

    def digit_heard(self, leg: str, digit: str, moment: Moment) -> None:
        """A key comes by RTP."""
        dialled = self._by_id.get(leg)
        if dialled is not None:
            self._pressed(dialled, digit, moment)

    def recorded(self, event: Recorded | RecordFailed, moment: Moment) -> bool:
        """A recording ended; False when it is none of ours."""
        house = self._recording.pop(event.leg, None)
        if house is not None and isinstance(event, Recorded):
            told = events.DialRecorded(
                house=house, at=moment.at, dial=event.leg, file=event.file, seconds=event.seconds
            )
            self._parts.turn.event(told)
        return house is not None

    def tick(self, moment: Moment) -> None:
        """Presses the keys when it is time; ends the calls that talked long enough."""
        for dialled in tuple(self._by_id.values()):
            if dialled.digits_at is not None and dialled.digits_at <= moment.now:
                dialled.digits_at = None
                self._press(dialled, moment)
            if dialled.give_up_at is not None and dialled.give_up_at <= moment.now:
                dialled.give_up_at = None
                self._parts.endpoint.end(dialled.session, now=moment.now)
            if dialled.ends_at is not None and dialled.ends_at <= moment.now:
                self._parts.endpoint.end(dialled.session, now=moment.now)
                self._over(dialled, by="system", why="done", moment=moment)

    def next_deadline(self) -> float | None:
        """When `tick` is wanted."""
        if not self._by_id:
            return None
        moments = (due for one in self._by_id.values() for due in (one.ends_at, one.digits_at, one.give_up_at))
        return min((due for due in moments if due is not None), default=None)

    def legs(self) -> frozenset[str]:
        """The media legs that are ours."""
        return frozenset(self._by_id)

    def sessions(self) -> frozenset[str]:
        """The SIP sessions that are ours."""
        return frozenset(self._by_session)

    def _checked(self, command: Dial) -> tuple[str, str]:
        try:
            number, shown = PhoneNumber(command.number).e164, PhoneNumber(command.caller).e164
        except ValueError as error:
            raise CannotDial("numbers are in E.164: a short number is never dialled") from error
        if _DIGITS.match(command.digits) is None:
            raise CannotDial("the keys are 0 to 9, *, # and A to D, at most 32")
        owner = self._parts.slices.table.client_of(shown)
        if owner is None or owner.house != command.house:
            raise CannotDial("the number to show is not a line of this house")
        if _ID.match(command.dial) is None or command.dial in self._by_id or self._parts.returns.knows(command.dial):
            raise CannotDial("the id is malformed or was used before")
        expected = self._parts.slices.table.client_of(command.expect_line) if command.expect_line else owner
        if expected is None or expected.house != command.house:
            raise CannotDial("the line where it is to come back is not one of this house")
        return number, shown

    def _answered(self, dialled: Dialled, answer: str | None, moment: Moment) -> None:
        agreed = self._hear(dialled, answer)
        if agreed is None:
            self._parts.endpoint.end(dialled.session, now=moment.now)
            self._over(dialled, by="system", why="no_audio", moment=moment)
            return
        dialled.answered_ms, dialled.give_up_at = moment.ms, None
        dialled.ends_at = moment.now + dialled.seconds
        dialled.digits_at = moment.now + dialled.seconds / 2 if dialled.digits else None
        dialled.telephone_event = agreed.dtmf_payload_type is not None
        turn, gateway = self._parts.turn, self._parts.gateway
        turn.act(partial(gateway.play, dialled.id, (dialled.prompt,), loop=True))
        if dialled.record:
            self._recording[dialled.id] = dialled.house
            turn.act(partial(gateway.record, dialled.id, f"{dialled.id}.alaw", float(MAX_SECONDS)))
        ours = self._parts.endpoint.told_address(dialled.session)
        turn.event(
            events.DialAnswered(
                house=dialled.house,
                at=moment.at,
                dial=dialled.id,
                payload_type=agreed.payload_type,
                media_host=agreed.remote_host or "",
                our_address="" if ours is None else f"{host_in_uri(ours[0])}:{ours[1]}",
                telephone_event=dialled.telephone_event,
            )
        )

    def _press(self, dialled: Dialled, moment: Moment) -> None:
        if dialled.telephone_event:
            self._parts.turn.act(partial(self._parts.gateway.dtmf, dialled.id, dialled.digits))
            return
        for digit in dialled.digits:
            self._parts.endpoint.send_dtmf(dialled.session, digit, now=moment.now)

    def _pressed(self, dialled: Dialled, digit: str, moment: Moment) -> None:
        self._parts.turn.event(events.DialDigit(house=dialled.house, at=moment.at, dial=dialled.id, digit=digit))

    def _hear(self, dialled: Dialled, answer: str | None) -> Negotiated | None:
        """Opens the leg towards where the answer says; None where it cannot be used."""
        if answer is None:
            return None
        try:
            agreed = accept_answer(parse_sdp(answer))
        except SdpError:
            return None
        dialled.leg_open = True
        leg = OpenLeg(
            leg=dialled.id,
            port=dialled.port,
            host=dialled.bind_host,
            remote_host=agreed.remote_host,
            remote_port=agreed.remote_port,
            payload_type=agreed.payload_type,
            dtmf_payload_type=agreed.dtmf_payload_type,
        )
        self._parts.turn.act(partial(self._parts.gateway.open_leg, leg))
        return agreed

    def _over(self, dialled: Dialled, *, by: str, why: str, moment: Moment, status: int = 0) -> None:
        self._by_id.pop(dialled.id, None)
        self._by_session.pop(dialled.session, None)
        self._parts.returns.over(dialled.id, moment.now)
        self._parts.ports.give_back(dialled.port, moment.now)
        self._keep(dialled)
        if dialled.leg_open:
            if dialled.id in self._recording:
                self._parts.turn.act(partial(self._parts.gateway.stop_record, dialled.id))
            self._parts.turn.act(partial(self._parts.gateway.close_leg, dialled.id))
        self._parts.turn.event(
            events.DialEnded(
                house=dialled.house,
                at=moment.at,
                dial=dialled.id,
                by=by,
                why=why,
                status=status,
                answered_at_ms=dialled.answered_ms,
                heard=dialled.heard,
            )
        )

    def _keep(self, dialled: Dialled) -> None:
        """What a next exchange needs to hang up: a test call is not taken over, it is ended."""
        alive = dialled.id in self._by_id
        state = {"house": dialled.house, "sip": self._parts.endpoint.export(dialled.session)} if alive else None
        self._parts.turn.state(DIAL_PREFIX + dialled.id, state)
