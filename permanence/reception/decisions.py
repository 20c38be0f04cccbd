# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the reception asks the exchange to do: executed in the order given, after the events are journalled."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from permanence.kernel.events import Event
from permanence.kernel.record import record
from permanence.reception.card import Card
from permanence.reception.events import Reason


@record
class RingBack:
    """Send the caller 180 (only 180: no 183, no 200). Given once, at his arrival."""

    call: str


@record
class StartMusic:
    """Send 200 and let the caller hear the hold music. Given at most once a wait; comes before `AnnouncePlace`."""

    call: str


@record
class AnnouncePlace:
    """Interrupt the music, say `prompts` (a recorded announcement, the place in the queue), then the music again.

    `place` counts from 1.
    """

    call: str
    place: int
    prompts: tuple[str, ...]


@record
class Offer:
    """Ring at one secretary's console until `until`. `card` is what she sees before she answers."""

    call: str
    offer: str
    secretary: str
    seat: str
    arrived: datetime
    until: datetime
    card: Card
    why: tuple[Reason, ...]


@record
class WithdrawOffer:
    """Stop ringing at that secretary. `how`: missed, declined, abandoned, withdrawn, seat_lost (never answered)."""

    call: str
    offer: str
    secretary: str
    how: str


@record
class Connect:
    """Send 200 where not sent, stop what the caller hears, plug him into the secretary's line."""

    call: str
    secretary: str
    seat: str
    arrived: datetime
    card: Card


@record
class KeepCaller:
    """The secretary's line is lost during the conversation: the caller hears the hold music until it is back."""

    call: str
    secretary: str


@record
class Replug:
    """The secretary's line is back: plug the same caller into it again."""

    call: str
    secretary: str
    seat: str


@record
class CloseCall:
    """Send 200 where not sent, say `prompts`, then record a voice message when `voice_message`, then hang up.

    `reason` (closed, max_wait, suspended) is the `why` of `CallEnded`, whose `by` is "system" unless he hangs up.
    """

    call: str
    prompts: tuple[str, ...]
    voice_message: bool
    reason: str
    why: tuple[Reason, ...]


@record
class PresenceIs:
    """The presence of a secretary, for her screen. `until`: the end of her wrap-up, None otherwise.

    `pending`: "break" or "off" asked during a call, taking effect after the wrap-up.
    """

    secretary: str
    seat: str
    state: str
    since: datetime
    reason: str = ""
    why: str = ""
    until: datetime | None = None
    pending: str = ""


@record
class QueueIs:
    """How many callers wait while no console rings for them, and the INVITE's moment of the longest waiting one."""

    waiting: int
    longest: datetime | None


type Decision = (
    RingBack
    | StartMusic
    | AnnouncePlace
    | Offer
    | WithdrawOffer
    | Connect
    | KeepCaller
    | Replug
    | CloseCall
    | PresenceIs
    | QueueIs
)


@dataclass(slots=True)
class Decided:
    """The answer to one input of the reception.

    `events` go to the journal first, with `states`: named values (`call/<id>`, `seat/<secretary>`,
    `seen/<secretary>/<client>`; None removes the name) from which `Reception.restore` rebuilds the desk. Then
    `decisions` are executed.
    """

    decisions: tuple[Decision, ...] = ()
    events: tuple[Event, ...] = ()
    states: dict[str, Any] = field(default_factory=dict)
