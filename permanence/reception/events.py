# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the reception decides, each decision with its reason."""

from permanence.kernel.events import Event, EventCatalogue
from permanence.kernel.record import event, record
from permanence.reception.greeting import CardGreeting
from permanence.reception.parts import CardParts
from permanence.telephony.events import TELEPHONY_EVENTS, CallEvent


@record
class Reason:
    """Why: a stable `code` the screens translate, and the `detail` it speaks of (a number, a duration).

    `name`: the person it speaks of, as the screens call her.
    """

    code: str
    detail: str = ""
    name: str = ""


UNREAD_WAITED, UNREAD_NOBODY = "unread_waited", "unread_nobody"
"""Why an offer fell back to who has not read what must be read: those who have were taken for so many seconds, or none
of them could have taken the call."""
UNREAD = frozenset({UNREAD_WAITED, UNREAD_NOBODY})


@record
class ShownInstruction:
    """One instruction on a card: which, in which version, and what is not written in that version itself.

    `is_new`: marked as new to her. `recipient` and `reason`: the names under which it stood. `until_ms`: until when it
    held as far as was known then.
    """

    id: str
    version: int
    is_new: bool = False
    author: str = ""
    recipient: str = ""
    reason: str = ""
    until_ms: int | None = None


@record
class ShownAbsence:
    """One absence on a card, in the words shown (`reception.card.CardAbsence`)."""

    name: str
    starts_ms: int
    ends_ms: int
    words: str = ""
    by: str = ""
    urgent_name: str = ""
    urgent_away: bool = False


@record
class ShownScript:
    """The script on a card: its version, the day on which its red flags were validated ("": none are in force), and the
    `digest` of its text with them (`showing.digest_of`), by which it is known again."""

    version: int
    validated_date: str = ""
    digest: str = ""


@event
class CallQueued(CallEvent):
    """The call waits for a secretary. `place` counts from 1."""

    place: int
    why: tuple[Reason, ...] = ()


@event
class CallOffered(CallEvent):
    """A secretary's console rings. `shown` lists the instructions as "id:version", `greeting` the phrase shown.

    `name` and all after it: what the card showed, in its order, to be shown again. `open_until_ms`: since 1970, None
    while the line was closed or never closed; `parts`: None for an unknown line, and where the house kept none.
    """

    offer: str
    secretary: str
    seat: str
    until_ms: int
    why: tuple[Reason, ...] = ()
    greeting: str = ""
    shown: tuple[str, ...] = ()
    name: str = ""
    greetings: tuple[CardGreeting, ...] = ()
    instructions: tuple[ShownInstruction, ...] = ()
    absences: tuple[ShownAbsence, ...] = ()
    script: ShownScript | None = None
    place: str = ""
    time_zone: str = ""
    open_until_ms: int | None = None
    parts: CardParts | None = None


@event
class OfferEnded(CallEvent):
    """The ring at that secretary ended without her answer. `how`: missed, declined, abandoned, withdrawn, seat_lost."""

    offer: str
    secretary: str
    how: str


@event
class CallAnswered(CallEvent):
    """The secretary and the caller hear each other. `waited_ms` counts from the INVITE."""

    offer: str
    secretary: str
    seat: str
    waited_ms: int


@event
class CallAbandoned(CallEvent):
    """The caller hung up before an answer. `waited_ms` counts from the INVITE."""

    waited_ms: int
    caller: str | None = None


@event
class CallClosed(CallEvent):
    """The caller hears the closing words. `reason`: closed, max_wait, suspended. `voice_message`: may he speak one."""

    reason: str
    voice_message: bool
    why: tuple[Reason, ...] = ()


@event
class PresenceChanged(Event):
    """A secretary's presence: off, ready, offered, on_call, wrap_up, break, missed, reconnecting.

    `reason`: of a break.
    """

    secretary: str
    seat: str
    state: str
    reason: str = ""
    why: str = ""


@event
class WrapUpEnded(CallEvent):
    """The secretary left wrap-up. `outcome` is her code, or "" when the limit ended it (the draft is kept)."""

    secretary: str
    outcome: str


RECEPTION_EVENTS = EventCatalogue(
    CallQueued, CallOffered, OfferEnded, CallAnswered, CallAbandoned, CallClosed, PresenceChanged, WrapUpEnded
)
ENGINE_EVENTS = RECEPTION_EVENTS.union(TELEPHONY_EVENTS)
