# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the exchange knows of one call: enough to lead it, and, written to the journal, to lead it again after death."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from permanence.telephony.core.call import CONVERSATION_STATES, CallState
from permanence.telephony.media.control import OpenLeg, UpdateLeg
from permanence.telephony.media.sdp_audio import Negotiated

STATE_PREFIX = "call/"
SIP_PREFIX = "sip/"
CARD_PREFIX = "card/"


@dataclass(slots=True, kw_only=True)
class Call:
    """One call. `session` is its SIP session, its id is also the name of its media leg.

    `heard`: what plays to the caller now: "", music, place, closing. `sdp_version`: of our own description
    (RFC 3264 section 5). `late_offer`: the INVITE had no SDP, ours is the offer. `gone_by`, `gone_why`: set when the
    call is over but a recording of it is still being written.
    """

    id: str
    session: str
    house: str
    client: str | None
    trunk: str
    arrived_at: datetime
    called_line: str
    caller: str | None = None
    display: str = ""
    masked: bool = False
    state: CallState = CallState.ARRIVED
    port: int = 0
    host: str = ""
    bind_host: str | None = None
    signalled_host: str = ""
    sdp_id: int = 0
    sdp_version: int = 1
    sdp: str = ""
    late_offer: bool = False
    sip_answered: bool = False
    remote_host: str | None = None
    remote_port: int | None = None
    payload_type: int = 8
    dtmf_payload_type: int | None = None
    sending: bool = True
    offer: str = ""
    secretary: str = ""
    seat: str = ""
    answered_at: datetime | None = None
    muted: bool = False
    card: dict[str, Any] | None = None
    heard: str = ""
    place: int = 0
    closing_prompts: tuple[str, ...] = ()
    closing_reason: str = ""
    voice_message: bool = False
    recording: str = ""
    gone_by: str = ""
    gone_why: str = ""

    @property
    def in_conversation(self) -> bool:
        """Whether a secretary has the call."""
        return self.state in CONVERSATION_STATES

    def agree(self, negotiated: Negotiated) -> None:
        """Takes over what an offer and an answer settled."""
        self.remote_host = negotiated.remote_host
        self.remote_port = negotiated.remote_port
        self.payload_type = negotiated.payload_type
        self.dtmf_payload_type = negotiated.dtmf_payload_type
        self.sending = not negotiated.held

    def open_leg(self) -> OpenLeg:
        """The command that opens the call's leg."""
        return OpenLeg(
            leg=self.id,
            port=self.port,
            host=self.bind_host,
            remote_host=self.remote_host,
            remote_port=self.remote_port,
            signalled_host=self.signalled_host or None,
            payload_type=self.payload_type,
            dtmf_payload_type=self.dtmf_payload_type,
            sending=self.sending,
        )

    def update_leg(self) -> UpdateLeg:
        """The command that tells media the new far side of the leg."""
        return UpdateLeg(
            leg=self.id,
            remote_host=self.remote_host,
            remote_port=self.remote_port,
            signalled_host=self.signalled_host or None,
            payload_type=self.payload_type,
            dtmf_payload_type=self.dtmf_payload_type,
            sending=self.sending,
        )

    def to_plain(self) -> dict[str, Any]:
        """The call as `fast_json` writes it, without its card (which never changes and is kept on its own)."""
        return {
            "id": self.id,
            "session": self.session,
            "house": self.house,
            "client": self.client,
            "trunk": self.trunk,
            "arrived_at": self.arrived_at,
            "called_line": self.called_line,
            "caller": self.caller,
            "display": self.display,
            "masked": self.masked,
            "state": self.state,
            "port": self.port,
            "host": self.host,
            "bind_host": self.bind_host,
            "signalled_host": self.signalled_host,
            "sdp_id": self.sdp_id,
            "sdp_version": self.sdp_version,
            "sdp": self.sdp,
            "late_offer": self.late_offer,
            "sip_answered": self.sip_answered,
            "remote_host": self.remote_host,
            "remote_port": self.remote_port,
            "payload_type": self.payload_type,
            "dtmf_payload_type": self.dtmf_payload_type,
            "sending": self.sending,
            "offer": self.offer,
            "secretary": self.secretary,
            "seat": self.seat,
            "answered_at": self.answered_at,
            "muted": self.muted,
            "heard": self.heard,
            "place": self.place,
            "closing_prompts": self.closing_prompts,
            "closing_reason": self.closing_reason,
            "voice_message": self.voice_message,
            "recording": self.recording,
            "gone_by": self.gone_by,
            "gone_why": self.gone_why,
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_plain`; unknown keys are ignored. Raises ValueError, TypeError or KeyError."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in data.items() if name in known}
        values["state"] = CallState(values["state"])
        values["arrived_at"] = datetime.fromisoformat(values["arrived_at"])
        if values.get("answered_at") is not None:
            values["answered_at"] = datetime.fromisoformat(values["answered_at"])
        values["closing_prompts"] = tuple(values.get("closing_prompts", ()))
        return cls(**values)
