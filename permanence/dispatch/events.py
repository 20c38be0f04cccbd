# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the room announces. No event carries a number, a name or a word of what was written."""

from dataclasses import dataclass

from permanence.kernel.events import Event, EventCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsAnswered(Event):
    """A person answered the SMS `sms`, which was of this `kind` and about `about`. `answer`: yes or no."""

    sms: str
    client: str
    kind: str
    about: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsFailed(Event):
    """The SMS `sms`, of this `kind` and about `about`, did not reach him: refused, given up, or sent back. By it a
    secretary hears of a reminder, a late notice, an offer and the link to another moment; of other kinds nobody does.
    """

    sms: str
    client: str
    kind: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsUnclear(Event):
    """A person answered, and nothing comes of it by itself: a secretary reads it. `sms`: the one it seems to be about;
    `open`: that is the one question that is open at his number.
    """

    sms: str
    client: str
    open: bool


DISPATCH_EVENTS = EventCatalogue(SmsAnswered, SmsFailed, SmsUnclear)
