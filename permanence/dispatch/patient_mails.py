# SPDX-License-Identifier: AGPL-3.0-or-later
"""A mail to a patient, whatever it is about: from whom, to whom, in his language and his practice's time."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Protocol
from zoneinfo import ZoneInfo

from django.conf import settings

from permanence.dispatch.channels.email.content import Addressed
from permanence.dispatch.channels.email.relay import Envelope, Relay
from permanence.dispatch.rules import Attempt, Outcome


class ForPatient(Protocol):
    """What a worker took for a patient who is written to."""

    @property
    def key(self) -> str:
        """Its id; the mail's Message-ID is made of it."""

    @property
    def house(self) -> str:
        """The house that writes."""

    @property
    def house_name(self) -> str:
        """The name the mail comes from."""

    @property
    def address(self) -> str:
        """His address."""

    @property
    def language(self) -> str:
        """His language."""

    @property
    def time_zone(self) -> str:
        """The practice's zone, IANA."""


def send(taken: ForPatient, relay: Relay, *, compose: Callable[[Addressed, ZoneInfo], EmailMessage]) -> Attempt:
    """Write what `compose` makes and give it to the relay.

    An address that cannot stand in a header (RFC 5322) is refused for good, with the reason.
    """
    sender = settings.PERMANENCE.mail_from
    about = Addressed(
        key=taken.key,
        house=taken.house,
        house_name=taken.house_name,
        sender=sender,
        recipient=taken.address,
        language=taken.language,
    )
    try:
        mail = compose(about, ZoneInfo(taken.time_zone))
    except (ValueError, IndexError) as error:
        return Attempt(outcome=Outcome.REFUSED, why=f"{type(error).__name__}: {error}"[:200])
    return relay.send(mail, Envelope(sender=sender, recipient=taken.address, key=taken.key))
