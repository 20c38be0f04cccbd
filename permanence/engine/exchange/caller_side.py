# SPDX-License-Identifier: AGPL-3.0-or-later
"""The caller's side of a call: carries out the effects of `telephony.core.call` on SIP and on media."""

from collections.abc import Callable
from functools import partial

from permanence.engine.exchange.call import Call
from permanence.engine.exchange.moment import Moment
from permanence.engine.exchange.ports import PortPool
from permanence.engine.exchange.seats import line_name
from permanence.engine.exchange.turn import Turn
from permanence.telephony.core.call import CallState, Effect, Trigger, advance
from permanence.telephony.events import VoiceMessageBegun
from permanence.telephony.gateways.port import MediaGateway
from permanence.telephony.media.sdp import SdpError, parse_sdp
from permanence.telephony.media.sdp_audio import accept_answer, answer_audio, offer_audio
from permanence.telephony.sip.endpoint import SipEndpoint

MUSIC = ("music",)
MAX_VOICE_MESSAGE_S = 180.0
PLACE_TAG, CLOSING_TAG = "place", "closing"
_UNAVAILABLE = 480


class CallerSide:
    """Does to the caller what the reception decided. Media commands wait for the turn's commit."""

    def __init__(self, endpoint: SipEndpoint, gateway: MediaGateway, ports: PortPool, turn: Turn) -> None:
        self._endpoint = endpoint
        self._gateway = gateway
        self._ports = ports
        self._turn = turn
        self.refusal = _UNAVAILABLE
        """The status of a call that ends before it was answered."""
        self._do: dict[Effect, Callable[[Call, Moment], None]] = {
            Effect.SEND_RINGING: self._ring,
            Effect.SEND_ANSWER: self._answer,
            Effect.OPEN_LEG: self._open_leg,
            Effect.MUSIC: self._music,
            Effect.SILENCE: self._silence,
            Effect.PLUG: self._plug,
            Effect.UNPLUG: self._unplug,
            Effect.CLOSING_WORDS: self._closing_words,
            Effect.RECORD: self._record,
            Effect.STOP_RECORD: self._stop_record,
            Effect.CLOSE_LEG: self._close_leg,
            Effect.FINISH: self._finish,
        }

    def advance(self, call: Call, trigger: Trigger, moment: Moment) -> bool:
        """Moves the call on; False when the trigger came too late to mean anything."""
        step = advance(call.state, trigger)
        if step is None:
            return False
        call.state = step.state
        self._turn.touch(call)
        for effect in step.effects:
            self._do[effect](call, moment)
        return True

    # -- SDP -------------------------------------------------------------------------------------------------------

    def negotiate(self, call: Call, offer: str | None) -> None:
        """Settles the audio when the INVITE comes. Raises SdpError (400) or SdpRefused (488)."""
        call.late_offer = offer is None
        if offer is None:
            call.sdp = offer_audio(host=call.host, port=call.port, session_id=call.sdp_id)
            return
        call.sdp, agreed = answer_audio(parse_sdp(offer), host=call.host, port=call.port, session_id=call.sdp_id)
        call.agree(agreed)

    def late_answer(self, call: Call, answer: str | None, moment: Moment) -> bool:
        """The answer to an offer of ours: in the ACK of a late offer, or to a re-INVITE. False when unusable."""
        if answer is None:
            return True
        try:
            call.agree(accept_answer(parse_sdp(answer)))
        except SdpError:
            return False
        self._update_leg(call, moment)
        return True

    def offered_again(self, call: Call, offer: str | None, moment: Moment) -> None:
        """A re-INVITE or UPDATE of the caller's side: hold, resume, another address (RFC 3264 section 8)."""
        call.sdp_version += 1
        if offer is None:
            call.sdp = self._our_offer(call)
            self._turn.touch(call)
            self._endpoint.answer_offer(call.session, call.sdp, now=moment.now)
            return
        try:
            call.sdp, agreed = answer_audio(
                parse_sdp(offer), host=call.host, port=call.port, session_id=call.sdp_id, version=call.sdp_version
            )
        except SdpError:
            call.sdp_version -= 1
            self._endpoint.refuse_offer(call.session, 488, now=moment.now)
            return
        call.agree(agreed)
        self._update_leg(call, moment)
        self._endpoint.answer_offer(call.session, call.sdp, now=moment.now)

    def move_leg(self, call: Call, moment: Moment) -> bool:
        """The leg's port was somebody else's: another port, told to the caller. False when none is left."""
        self._ports.give_back(call.port, moment.now, faulty=True)
        port = self._ports.take(moment.now)
        if port is None:
            return False
        call.port = port
        call.sdp_version += 1
        call.sdp = _with_port(call.sdp, port)
        self._turn.touch(call)
        self.restate(call, moment)  # what was asked of the leg that could not be opened was refused with it
        if call.sip_answered:
            call.sdp = self._our_offer(call)
            self._endpoint.offer(call.session, call.sdp, now=moment.now)
        return True

    def _our_offer(self, call: Call) -> str:
        return offer_audio(
            host=call.host,
            port=call.port,
            session_id=call.sdp_id,
            version=call.sdp_version,
            payload_types=(call.payload_type,),
        )

    def _update_leg(self, call: Call, _moment: Moment) -> None:
        self._turn.touch(call)
        self._turn.act(partial(self._gateway.update_leg, call.update_leg()))

    # -- what he hears ---------------------------------------------------------------------------------------------

    def say_place(self, call: Call, prompts: tuple[str, ...]) -> None:
        """Says his place in the queue; the music comes back when `Played` tells that it was said."""
        if call.state is CallState.WAITING and prompts:
            call.heard = PLACE_TAG
            self._turn.touch(call)
            self._turn.act(partial(self._gateway.play, call.id, prompts, tag=PLACE_TAG))

    def music_again(self, call: Call, moment: Moment) -> None:
        """The place was said."""
        if call.state is CallState.WAITING:
            self._turn.touch(call)
            self._music(call, moment)

    def mute(self, call: Call, on: bool) -> None:
        """The caller does not hear her, or hears her again."""
        call.muted = on
        self._turn.touch(call)
        self._turn.act(partial(self._gateway.mute, self.line_of(call), on))

    def digits(self, call: Call, digits: str, moment: Moment) -> None:
        """Keys towards the caller: in the audio where he speaks RFC 4733, by INFO otherwise."""
        if call.dtmf_payload_type is not None:
            self._turn.act(partial(self._gateway.dtmf, call.id, digits))
            return
        for digit in digits:
            self._endpoint.send_dtmf(call.session, digit, now=moment.now)

    def restate(self, call: Call, moment: Moment) -> None:
        """Media has no such leg: opens it, on the port the call has now, and lets the caller hear what he should."""
        self._open_leg(call, moment)
        if call.state is CallState.TALKING:
            self._plug(call, moment)
            if call.muted:
                self.mute(call, True)
        elif call.state in (CallState.WAITING, CallState.HELD, CallState.LINE_LOST):
            self._music(call, moment)
        elif call.state is CallState.CLOSING:
            self._closing_words(call, moment)
        elif call.state is CallState.VOICE_MESSAGE:
            self._record(call, moment)

    # -- effects ---------------------------------------------------------------------------------------------------

    def _ring(self, call: Call, moment: Moment) -> None:
        self._endpoint.ring(call.session, now=moment.now)

    def _answer(self, call: Call, moment: Moment) -> None:
        if not call.sip_answered:
            call.sip_answered = True
            self._endpoint.accept(call.session, call.sdp, now=moment.now)

    def _open_leg(self, call: Call, _moment: Moment) -> None:
        self._turn.act(partial(self._gateway.open_leg, call.open_leg()))

    def _music(self, call: Call, _moment: Moment) -> None:
        call.heard = "music"
        self._turn.act(partial(self._gateway.play, call.id, MUSIC, loop=True))

    def _silence(self, call: Call, _moment: Moment) -> None:
        call.heard = ""
        self._turn.act(partial(self._gateway.stop, call.id))

    def _plug(self, call: Call, _moment: Moment) -> None:
        call.heard = ""
        self._turn.act(partial(self._gateway.plug, self.line_of(call), call.id))

    def _unplug(self, call: Call, _moment: Moment) -> None:
        self._turn.act(partial(self._gateway.unplug, self.line_of(call)))

    def _closing_words(self, call: Call, _moment: Moment) -> None:
        call.heard = CLOSING_TAG
        self._turn.act(partial(self._gateway.play, call.id, call.closing_prompts, tag=CLOSING_TAG))

    def _record(self, call: Call, moment: Moment) -> None:
        call.heard = ""
        call.recording = f"{call.id}.alaw"
        self._turn.event(VoiceMessageBegun(house=call.house, at=moment.at, call=call.id, client=call.client))
        self._turn.act(partial(self._gateway.record, call.id, call.recording, MAX_VOICE_MESSAGE_S))

    def _stop_record(self, call: Call, _moment: Moment) -> None:
        self._turn.act(partial(self._gateway.stop_record, call.id))

    def _close_leg(self, call: Call, moment: Moment) -> None:
        self._turn.act(partial(self._gateway.close_leg, call.id))
        self._ports.give_back(call.port, moment.now)

    def _finish(self, call: Call, moment: Moment) -> None:
        if call.sip_answered:
            self._endpoint.end(call.session, now=moment.now)
        else:
            self._endpoint.reject(call.session, self.refusal, now=moment.now)

    @staticmethod
    def line_of(call: Call) -> str:
        """The line in media of the secretary who has the call."""
        return line_name(call.house, call.secretary)


def _with_port(sdp: str, port: int) -> str:
    """Our description with another port in its living audio line."""
    lines = sdp.split("\r\n")
    for index, line in enumerate(lines):
        words = line.split(" ")
        if words[0] == "m=audio" and words[1] != "0":
            words[1] = str(port)
            lines[index] = " ".join(words)
            break
    return "\r\n".join(lines)
