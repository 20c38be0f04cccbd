# SPDX-License-Identifier: AGPL-3.0-or-later
"""The control messages between the exchange and the media process (docs/contracts.md); `control_wire` is their JSON.

Commands go to media in order and need no answer; one that carries an `id` gets a `Reply`. Events come from media.
Wire form of a command: `{"command": "plug", "id": 7, "line": "...", "leg": "..."}`; of an event:
`{"event": "dtmf", "party": "...", "digit": "5"}`; of a reply: `{"id": 7, "ok": true, "result": {...}}` or
`{"id": 7, "ok": false, "code": "...", "why": "..."}`. Unknown keys are ignored, so that version n reads n+1.

`party` is the id of a leg or of a line; the exchange chooses ids, and no leg may have the id of a line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from permanence.kernel.record import record
from permanence.telephony.media.living import Living


@record
class MediaCommand:
    """What the exchange asks of media. `NAME` is its name on the wire."""

    NAME: ClassVar[str] = ""


@record
class OpenLine(MediaCommand):
    """Negotiate a secretary's permanent line from the browser's SDP offer; replied with `{"answer": sdp}`.

    A line id that already lives gets a new transport: its plug, its SSRC and what it plays stay, and the old
    transport goes on until the new one is up. `page_host` is the host the console page was opened on (name or
    address): it decides which candidates are offered.
    """

    NAME: ClassVar[str] = "open_line"
    line: str
    offer: str
    page_host: str


@record
class RenegotiateLine(MediaCommand):
    """ICE restart (RFC 8445 section 2.4) of a living line; DTLS and SRTP go on. Replied like `OpenLine`."""

    NAME: ClassVar[str] = "renegotiate_line"
    line: str
    offer: str
    page_host: str


@record
class CloseLine(MediaCommand):
    """Forget a line; a leg plugged into it hears the hold music."""

    NAME: ClassVar[str] = "close_line"
    line: str


@record
class OpenLeg(MediaCommand):
    """Bind an RTP port for a caller. `host` is the local address (the one written in the SDP), None for the default.

    `remote_*` come from the caller's SDP, None while it is unknown. `signalled_host` is the address his signalling
    came from: RTP from there is trusted before RTP from anywhere else (NAT). `payload_type`: 8 (PCMA) or 0 (PCMU).
    `dtmf_payload_type`: RFC 4733, None where not negotiated. `sending`: False while the caller asked not to be sent
    anything (hold). Opening a leg that lives re-points it.
    """

    NAME: ClassVar[str] = "open_leg"
    leg: str
    port: int
    host: str | None = None
    remote_host: str | None = None
    remote_port: int | None = None
    signalled_host: str | None = None
    payload_type: int = 8
    dtmf_payload_type: int | None = None
    sending: bool = True


@record
class UpdateLeg(MediaCommand):
    """The whole new state of a leg's far side after an answer, a re-INVITE or an UPDATE (fields as `OpenLeg`)."""

    NAME: ClassVar[str] = "update_leg"
    leg: str
    remote_host: str | None = None
    remote_port: int | None = None
    signalled_host: str | None = None
    payload_type: int = 8
    dtmf_payload_type: int | None = None
    sending: bool = True


@record
class CloseLeg(MediaCommand):
    """Close the port of a leg. A recording of it ends with `Recorded`."""

    NAME: ClassVar[str] = "close_leg"
    leg: str


@record
class Plug(MediaCommand):
    """Let line and leg hear each other from now on. Ends what either heard or played before."""

    NAME: ClassVar[str] = "plug"
    line: str
    leg: str


@record
class Unplug(MediaCommand):
    """Take the leg out of the line. Both stay open and hear nothing until told."""

    NAME: ClassVar[str] = "unplug"
    line: str


@record
class Mute(MediaCommand):
    """Replace what the line says by silence (`on`) or stop doing so.

    It outlives unplug and plug of the same leg; plugging another leg ends it, so that no new caller meets a silence.
    """

    NAME: ClassVar[str] = "mute"
    line: str
    on: bool


@record
class Play(MediaCommand):
    """Play prompts one after the other to a party, instead of what it heard; with `loop` for ever.

    A prompt is a built-in name (`music`, `ringback-fr`, `fr/place-1`...) or the sha256 of a file of DATA/prompts.
    An unknown prompt is skipped. `Played` with the `tag` follows the last one (never with `loop`, never after `Stop`
    or a newer `Play`, `Plug` or `Mix`).
    """

    NAME: ClassVar[str] = "play"
    party: str
    prompts: tuple[str, ...]
    loop: bool = False
    tag: str = ""


@record
class Stop(MediaCommand):
    """Stop what plays to a party."""

    NAME: ClassVar[str] = "stop"
    party: str


@record
class Record(MediaCommand):
    """Write what the leg says to `file` in the spool (A-law, 8 kHz, mono, no header), at most `max_s` seconds."""

    NAME: ClassVar[str] = "record"
    leg: str
    file: str
    max_s: float


@record
class StopRecord(MediaCommand):
    """End the recording of a leg; `Recorded` follows when the file is on the disk."""

    NAME: ClassVar[str] = "stop_record"
    leg: str


@record
class SendDtmf(MediaCommand):
    """Send digits (0-9 * # A-D, at most 64) to a party as RFC 4733 events, one after the other."""

    NAME: ClassVar[str] = "dtmf"
    party: str
    digits: str


@record
class Mix(MediaCommand):
    """Mix parties: `matrix[i][j]` is the gain (0 to 4) with which party i hears party j. At most 32 parties."""

    NAME: ClassVar[str] = "mix"
    mix: str
    parties: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]


@record
class Unmix(MediaCommand):
    """End a mix; its parties stay open and hear nothing."""

    NAME: ClassVar[str] = "unmix"
    mix: str


@record
class AskStatus(MediaCommand):
    """Ask what lives; replied with the JSON of `Living`."""

    NAME: ClassVar[str] = "status"


@record
class AskAlive(MediaCommand):
    """Ask for a sign of life; replied by way of the media thread, with nothing. Known where `Living.beats` is true."""

    NAME: ClassVar[str] = "alive"


@record
class MediaEvent:
    """What media tells. `NAME` is its name on the wire."""

    NAME: ClassVar[str] = ""


@record
class LineUp(MediaEvent):
    """The line's DTLS-SRTP is up (again): audio flows both ways."""

    NAME: ClassVar[str] = "line_up"
    line: str


@record
class LineLost(MediaEvent):
    """Nothing authentic came from the browser for 3 s, or it closed: the plugged leg hears the hold music."""

    NAME: ClassVar[str] = "line_lost"
    line: str


@record
class LineFailed(MediaEvent):
    """A negotiation failed for good. `why`: fingerprint, handshake, unreachable (no check arrived in time)."""

    NAME: ClassVar[str] = "line_failed"
    line: str
    why: str


@record
class LegFailed(MediaEvent):
    """The leg could not be opened. `why`: port_in_use, address (cannot be bound)."""

    NAME: ClassVar[str] = "leg_failed"
    leg: str
    why: str


@record
class LegHeard(MediaEvent):
    """The first RTP of a leg arrived, or the first after `LegSilent`."""

    NAME: ClassVar[str] = "leg_heard"
    leg: str


@record
class LegSilent(MediaEvent):
    """No RTP of a heard leg for 10 s."""

    NAME: ClassVar[str] = "leg_silent"
    leg: str


@record
class DtmfHeard(MediaEvent):
    """A party pressed a key (told once a key press)."""

    NAME: ClassVar[str] = "dtmf"
    party: str
    digit: str


@record
class Played(MediaEvent):
    """The last prompt of a `Play` went out whole."""

    NAME: ClassVar[str] = "played"
    party: str
    tag: str


@record
class Recorded(MediaEvent):
    """A recording ended and is on the disk, synced. `seconds`: of all the audio in the file."""

    NAME: ClassVar[str] = "recorded"
    leg: str
    file: str
    seconds: float


@record
class RecordFailed(MediaEvent):
    """A recording could not be written (disk full, no permission). What was written stays."""

    NAME: ClassVar[str] = "record_failed"
    leg: str
    file: str
    why: str


@record
class Fault(MediaEvent):
    """A fault inside media cost one step. `kind`: the class of the exception; `where`: the logger of its trace."""

    NAME: ClassVar[str] = "fault"
    kind: str
    where: str


@record
class MediaConnected(MediaEvent):
    """Made by the gateway, never on the wire: media is reachable (again); `living` tells what it still holds."""

    living: Living


@record
class MediaLost(MediaEvent):
    """Made by the gateway, never on the wire: the connection to media broke. Audio may still go on."""


@record
class MediaSilent(MediaEvent):
    """Made by the gateway, never on the wire: media holds the connection and gives no sign of life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to a command that carried an id. `code` and `why` where it is not `ok`."""

    id: int
    ok: bool
    result: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    why: str = ""


COMMANDS: tuple[type[MediaCommand], ...] = (
    OpenLine, RenegotiateLine, CloseLine, OpenLeg, UpdateLeg, CloseLeg, Plug, Unplug, Mute,
    Play, Stop, Record, StopRecord, SendDtmf, Mix, Unmix, AskStatus, AskAlive,
)  # fmt: skip
"""Every command."""
EVENTS: tuple[type[MediaEvent], ...] = (
    LineUp, LineLost, LineFailed, LegFailed, LegHeard, LegSilent, DtmfHeard, Played, Recorded, RecordFailed, Fault,
)  # fmt: skip
"""Every event that goes over the wire."""
