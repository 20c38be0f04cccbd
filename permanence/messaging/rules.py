# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a message may hold, and what its state is: pure, the moment passed in.

The state of a message is derived, never stored: four boxes that fill from left to right, *Sent*, *Delivered*, *Read*,
*Acknowledged*. Sent: our relay accepted it. Delivered: a receipt said so, or the message was opened; otherwise it is
"sent, delivery unknown". Read: shown to a signed-in person. Acknowledged: that person pressed the button.
Only the acts of the recipient's own persons fill the boxes; those of others are shown beside them under their name.
"""

import enum
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from permanence.kernel.refusals import Refusal

TEXT_LIMIT = 4000
"""Characters of a message's text, and of an answer's."""
NAME_LIMIT = 120
"""Characters of a caller's name as typed."""
NUMBER_LIMIT = 40
"""Characters of a caller's number as typed."""
_MESSAGE_ID = re.compile(r"(?!voice-|alert-)[0-9A-Za-z_-]{16,40}\Z")
"""What a page may call a message; `voice-<call>` are those of voice messages, `alert-<call>` those of alerts that were
passed on, whose place nobody takes."""


class Urgency(enum.StrEnum):
    """How soon the client wants to know."""

    INFORMATION = "information"
    TODAY = "today"
    URGENT = "urgent"


class Box(enum.StrEnum):
    """One of the four steps of a message on its way, in order."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    ACKNOWLEDGED = "acknowledged"


class Fill(enum.StrEnum):
    """How a box is drawn."""

    EMPTY = "empty"
    DONE = "done"
    FAILED = "failed"


class AgeLevel(enum.StrEnum):
    """How the age of a message is drawn: grey, amber (the clock runs), red (overdue)."""

    CALM = "calm"
    LATE = "late"
    OVERDUE = "overdue"


BOXES = tuple(Box)
AGE_LIMITS: dict[Urgency, tuple[timedelta, timedelta]] = {
    Urgency.URGENT: (timedelta(minutes=5), timedelta(minutes=15)),
    Urgency.TODAY: (timedelta(hours=2), timedelta(hours=4)),
    Urgency.INFORMATION: (timedelta(hours=24), timedelta(hours=48)),
}
"""Age from which a message not acknowledged is late, and overdue."""
ALERT_TOLD_AFTER = timedelta(minutes=2)
"""So long after its call an alert that nobody has sent is told to the supervisors: the wrap-up is over by then."""
ALERT_PASSED_ON_AFTER, ALERT_WAITS_AT_MOST = AGE_LIMITS[Urgency.URGENT]
"""So long after its call it is passed on without her, while she writes not before the second: when what is urgent is
late, and overdue."""
STILL_WRITING = timedelta(minutes=1)
"""Words kept so lately: she writes."""


class MessageIdMalformed(Refusal):
    """The id made by the browser is not 16 to 40 letters, digits, `-` or `_`."""

    code = "message_id_malformed"


class TextMissing(Refusal):
    """A message or an answer says nothing."""

    code = "text_missing"


class TextTooLong(Refusal):
    """A field holds more characters than its limit."""

    code = "text_too_long"


class UrgencyUnknown(Refusal):
    """The urgency is not one of `Urgency`."""

    code = "urgency_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageForm:
    """The form as the secretary's page sends it.

    `message` is the id made by the page, the same at every retry. `recipient` is the id of a recipient of the client.
    `caller_number` is as typed (or as prefilled), "" when masked or not given. `reason` is the code of one of the
    client's reasons, or "". `urgency` is a value of `Urgency`. `read_back`: the number was read back to the caller.
    `patient` is the id of the person of the same client whom the message is about, or "".
    """

    message: str
    recipient: str
    caller_name: str = ""
    caller_number: str = ""
    reason: str = ""
    urgency: str = Urgency.TODAY.value
    text: str = ""
    read_back: bool = False
    patient: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAct:
    """A person read or acknowledged. `stands`: he is one of the recipient's own persons, so the act fills a box."""

    person: str
    name: str
    at: datetime
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmission:
    """What is known of the way out. `failure` is the reason as the relay or the receipt gave it."""

    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageState:
    """The four boxes and what is said beside them.

    `reached` is the last box filled, None while nothing left yet; `since` the moment it was (or the moment it was
    taken). `failed` is the struck box, `failure` why. `delivery_unknown`: sent, and nothing more is known.
    `read_by`, `acknowledged_by` hold every person, the recipient's own first; `age` counts from the moment it was
    taken, `step_age` from `since`.
    """

    boxes: tuple[tuple[Box, Fill], ...]
    reached: Box | None
    since: datetime
    failed: Box | None
    failure: str
    delivery_unknown: bool
    read_by: tuple[PersonAct, ...]
    acknowledged_by: tuple[PersonAct, ...]
    age: timedelta
    step_age: timedelta
    age_level: AgeLevel

    @property
    def is_acknowledged(self) -> bool:
        """One of the recipient's own persons acknowledged: nothing more is due."""
        return self.reached is Box.ACKNOWLEDGED

    @property
    def others_acknowledged(self) -> tuple[PersonAct, ...]:
        """Acknowledgements of persons for whom the message was not meant: shown as theirs."""
        return tuple(act for act in self.acknowledged_by if not act.stands)


def check_form(form: MessageForm) -> Urgency:
    """The form's urgency, when the form may become a message.

    Raises MessageIdMalformed, TextMissing, TextTooLong or UrgencyUnknown.
    """
    if not _MESSAGE_ID.match(form.message):
        raise MessageIdMalformed(f"{form.message[:50]!r}")
    check_text(form.text)
    for value, limit in ((form.caller_name, NAME_LIMIT), (form.caller_number, NUMBER_LIMIT), (form.reason, 40)):
        if len(value) > limit:
            raise TextTooLong(f"{len(value)} characters, {limit} at most")
    try:
        return Urgency(form.urgency)
    except ValueError as error:
        raise UrgencyUnknown(form.urgency[:40]) from error


def check_text(text: str) -> str:
    """The text without the blanks around it. Raises TextMissing or TextTooLong."""
    text = text.strip()
    if not text:
        raise TextMissing
    if len(text) > TEXT_LIMIT:
        raise TextTooLong(f"{len(text)} characters, {TEXT_LIMIT} at most")
    return text


def state_of(
    *,
    urgency: Urgency,
    taken_at: datetime,
    transmission: Transmission,
    reads: tuple[PersonAct, ...],
    acknowledgements: tuple[PersonAct, ...],
    at: datetime,
) -> MessageState:
    """The state of a message at the moment `at`.

    A box further right fills those before it: a message that was read was delivered, whatever the relay said.
    """
    own_read = min((act.at for act in reads if act.stands), default=None)
    own_acknowledged = min((act.at for act in acknowledgements if act.stands), default=None)
    moments = {
        Box.SENT: transmission.sent_at,
        Box.DELIVERED: transmission.delivered_at,
        Box.READ: own_read,
        Box.ACKNOWLEDGED: own_acknowledged,
    }
    reached = next((box for box in reversed(BOXES) if moments[box] is not None), None)
    since = (moments[reached] if reached is not None else None) or taken_at
    failed = _failed_box(reached) if transmission.failed_at is not None else None
    return MessageState(
        boxes=tuple((box, _fill(box, reached, failed)) for box in BOXES),
        reached=reached,
        since=since,
        failed=failed,
        failure=transmission.failure if failed is not None else "",
        delivery_unknown=reached is Box.SENT and failed is None,
        read_by=_own_first(reads),
        acknowledged_by=_own_first(acknowledgements),
        age=at - taken_at,
        step_age=at - since,
        age_level=AgeLevel.CALM if reached is Box.ACKNOWLEDGED else age_level(urgency, at - taken_at),
    )


def passes_on(*, ended_at: datetime, saved_at: datetime | None, at: datetime) -> bool:
    """Whether an alert of a call that ended then is passed on at `at` without her who heard it.

    `saved_at`: when her words for that call were kept last, None where there are none.
    """
    writes = saved_at is not None and saved_at + STILL_WRITING > at
    return ended_at + (ALERT_WAITS_AT_MOST if writes else ALERT_PASSED_ON_AFTER) <= at


def age_level(urgency: Urgency, age: timedelta) -> AgeLevel:
    """How the age of a message that nobody acknowledged is drawn."""
    late, overdue = AGE_LIMITS[urgency]
    if age >= overdue:
        return AgeLevel.OVERDUE
    return AgeLevel.LATE if age >= late else AgeLevel.CALM


def _failed_box(reached: Box | None) -> Box | None:
    """Where a failure is drawn: the relay refused it, or a receipt said that it did not arrive; nowhere once read."""
    return {None: Box.SENT, Box.SENT: Box.DELIVERED}.get(reached)


def _fill(box: Box, reached: Box | None, failed: Box | None) -> Fill:
    if box is failed:
        return Fill.FAILED
    done = reached is not None and BOXES.index(box) <= BOXES.index(reached)
    return Fill.DONE if done else Fill.EMPTY


def _own_first(acts: tuple[PersonAct, ...]) -> tuple[PersonAct, ...]:
    return tuple(sorted(acts, key=lambda act: (not act.stands, act.at)))
