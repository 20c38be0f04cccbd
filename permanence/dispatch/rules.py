# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decisions of transmission: who is written to, when a try is repeated, what the deliveries of a message add up to."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from permanence.agenda.rules.public import OVERTAKEN
from permanence.countries.quiet import heard_from, quiet_since

BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
"""Waits after the first, second, third, fourth and every further failed try."""
MAX_ATTEMPTS = 26
"""Tries before a delivery is given up: a little less than one day."""
FETCH_LATEST = timedelta(minutes=15)
"""The longest wait between two tries to fetch receipts from a mailbox that cannot be read."""
LEASE = timedelta(minutes=3)
"""How long a worker owns a row it took: longer than one try can last (see `channels.email.relay.TIMEOUT_S`)."""

LEAST_LATE, MOST_LATE = 5, 240
"""Minutes by which a practitioner is late: less is not told, more is an absence."""


class Channel(enum.StrEnum):
    """A way out."""

    EMAIL = "email"
    PORTAL = "portal"


class DeliveryState(enum.StrEnum):
    """Where one delivery stands. `bounced`: our relay took it, a receipt said later that it did not arrive."""

    PENDING = "pending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    BOUNCED = "bounced"


class ReplyOutcome(enum.StrEnum):
    """What a secretary made of an answer by SMS that nothing came of by itself. MOVED: she finds another time."""

    CONFIRMED = "confirmed"
    MOVED = "moved"
    CANCELLED = "cancelled"
    DONE = "done"


class UnreachedOutcome(enum.StrEnum):
    """What a secretary made of somebody who was not reached: told by telephone, or missed so too."""

    TOLD = "told"
    MISSED = "missed"


class Outcome(enum.StrEnum):
    """How one try ended: taken over by the channel, to be tried again, or never to succeed."""

    SENT = "sent"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The result of one try. `why` is the channel's own reason, short, for the secretary to read."""

    outcome: Outcome
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A portal user of the client: `own` when he is one of the recipient's own persons."""

    person: str
    email: str
    language: str
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One delivery to be: by which channel, where to (an e-mail address, or a person's id), in which language."""

    channel: Channel
    address: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the deliveries of one message add up to, for the message's own state."""

    sent: bool
    delivered: bool
    failed: bool
    why: str = ""


def routes_for(*, email: str, readers: tuple[Reader, ...], language: str) -> tuple[Route, ...]:
    """Where a message goes: the recipient's address (else those of his own persons) and his own persons' portals.

    `email` is the recipient's address or ""; `language` the client's, for an address that is no portal user's.
    Empty when the recipient has neither address nor portal user.
    """
    own = tuple(reader for reader in readers if reader.own)
    by_email = {reader.email.casefold(): reader.language for reader in readers if reader.email}
    addresses = [email] if email else [reader.email for reader in own if reader.email]
    fallback = own[0].language if len({reader.language for reader in own}) == 1 else language
    mails = tuple(
        Route(channel=Channel.EMAIL, address=each, language=by_email.get(each.casefold(), fallback))
        for each in dict.fromkeys(addresses)
    )
    portals = tuple(Route(channel=Channel.PORTAL, address=reader.person, language=reader.language) for reader in own)
    return mails + portals


def retry_in(attempts: int) -> timedelta | None:
    """How long to wait after `attempts` failed tries (1 or more); None when it is given up."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return BACK_OFF[min(attempts, len(BACK_OFF)) - 1]


def ended(attempt: Attempt, number: int) -> tuple[bool, timedelta | None]:
    """Whether the try of that number sent it, and after which wait it is tried again; None for never."""
    return attempt.outcome is Outcome.SENT, retry_in(number) if attempt.outcome is Outcome.RETRY else None


def fetch_again_in(every: timedelta, failures: int) -> timedelta:
    """How long to wait before receipts are fetched again, after so many failures in a row: twice as long after each."""
    wait: timedelta = every * (1 << min(failures, 10))
    return min(wait, max(every, FETCH_LATEST))


def verdict(deliveries: tuple[tuple[Channel, DeliveryState, str], ...], *, mails: bool = True) -> Verdict:
    """The sum of a message's deliveries `(channel, state, why)`; `mails`: the house has a mail server.

    The e-mails decide; where there is none, the portal does: the message is on the pages of somebody who can sign in.
    One good way is enough; it failed when every way failed, or when there is none. Without a mail server it failed too
    where nobody reads it in the portal: the mail that waits for one reaches nobody.
    """
    deciding = [each for each in deliveries if each[0] is Channel.EMAIL] or list(deliveries)
    states = {state for _, state, _ in deciding}
    bad = {DeliveryState.FAILED, DeliveryState.BOUNCED}
    held = not mails and DeliveryState.PENDING in states and not any(each[0] is Channel.PORTAL for each in deliveries)
    failed = states <= bad or (held and states <= bad | {DeliveryState.PENDING})
    return Verdict(
        sent=bool(states & {DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.BOUNCED}),
        delivered=DeliveryState.DELIVERED in states,
        failed=failed,
        why=_why_failed(deciding, bad, held=held) if failed else "",
    )


def _why_failed(deciding: list[tuple[Channel, DeliveryState, str]], bad: set[DeliveryState], *, held: bool) -> str:
    if held:
        return "no_mail_server"
    return next((why for _, state, why in deciding if state in bad and why), "no_address")


class ReminderState(enum.StrEnum):
    """Where a reminder stands. `unreachable`: he agreed to no way; `overtaken`: the appointment is another one now."""

    PENDING = "pending"
    SENT = "sent"
    UNREACHABLE = "unreachable"
    OVERTAKEN = "overtaken"
    FAILED = "failed"


SOON = timedelta(hours=2)
"""A reminder is of no use so near to the visit: nobody takes the slot of who says no."""
EVENING = timedelta(minutes=15)
"""So long before the quiet hours goes out what they would make too late: a second try still comes before them."""


def remind_at(*, starts_at: datetime, booked_at: datetime, hours: int, country: str, time_zone: str) -> datetime | None:
    """When a visit's reminder goes out, outside the quiet hours; None where there is none, or where it was booked later
    than it would be due: he knows.

    Where the quiet hours are over less than two hours before the visit it goes out the evening before, if that is still
    to come as it is booked.
    """
    due = starts_at - timedelta(hours=hours)
    if not hours or due <= booked_at:
        return None
    heard = heard_from(due, country=country, time_zone=time_zone)
    evening = quiet_since(due, country=country, time_zone=time_zone) - EVENING
    return evening if heard > due and starts_at - heard < SOON and evening > booked_at else heard


TOO_LATE, STOPPED, NO_WAY = "too late", "stop", "no way he agreed to"
"""The house's own reasons for what was not sent, beside `OVERTAKEN`. Every other reason is a server's words."""


class SentKind(enum.StrEnum):
    """What a patient is told. BOOKED and OVER answer who wanted an offered time, DECLINED who does not, MOVE who wants
    another moment, CONFIRMED who comes, UNCLEAR whose answer a secretary reads; CALENDAR is for his calendar.
    """

    CODE = "code"
    REMINDER = "reminder"
    LATE = "late"
    OFFER = "offer"
    BOOKED = "booked"
    OVER = "over"
    MOVED = "moved"
    CANCELLED = "cancelled"
    MOVE = "move"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    UNCLEAR = "unclear"
    CALENDAR = "calendar"


class SentState(enum.StrEnum):
    """What became of it. AGAIN: tried in vain, and tried again; NO_WAY: he agreed to none; OVERTAKEN: useless now."""

    WAITING = "waiting"
    AGAIN = "again"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    BOUNCED = "bounced"
    NO_WAY = "no_way"
    OVERTAKEN = "overtaken"


NOT_DELIVERED = frozenset({SentState.FAILED, SentState.BOUNCED, SentState.NO_WAY})
"""He knows nothing of it."""


def sent_state(*, state: DeliveryState | ReminderState, attempts: int, why: str) -> SentState:
    """What became of it, by the row's state, its tries so far and its reason."""
    if state in {DeliveryState.PENDING, ReminderState.PENDING}:
        return SentState.AGAIN if attempts and why else SentState.WAITING
    if state in {DeliveryState.FAILED, ReminderState.FAILED} and why in {OVERTAKEN, NO_WAY}:
        return SentState.OVERTAKEN if why == OVERTAKEN else SentState.NO_WAY
    return SentState.NO_WAY if state is ReminderState.UNREACHABLE else SentState(state.value)
