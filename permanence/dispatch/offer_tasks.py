# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the post: the mails that offer a slot to one who waits."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from django.conf import settings

from permanence.agenda.queries.offers import link_of
from permanence.dispatch import offer_operations, post
from permanence.dispatch.channels.email.content import Addressed
from permanence.dispatch.channels.email.offer import compose_offer
from permanence.dispatch.channels.email.relay import Envelope, Relay, RelaySettings
from permanence.dispatch.offer_operations import OfferMailTaken
from permanence.dispatch.post import RUN_LIMIT
from permanence.dispatch.rules import Attempt, Outcome
from permanence.dispatch.tasks import relay_settings


def run_offers(
    *,
    at: datetime,
    relay: RelaySettings | None = None,
    limit: int = RUN_LIMIT,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send those that are due at `at`; gives how many were tried. Must not be called inside a transaction."""
    with Relay(relay or relay_settings()) as connection:
        return post.send_each(
            "offer",
            take=partial(offer_operations.take_due, at=at),
            send=lambda taken: _send(taken, connection, at=at),
            finish=partial(offer_operations.finish, at=at),
            limit=limit,
            stop=stop,
        )


def _send(taken: OfferMailTaken, relay: Relay, *, at: datetime) -> Attempt:
    sender, zone = settings.PERMANENCE.mail_from, ZoneInfo(taken.time_zone)
    about = Addressed(
        key=taken.key,
        house=taken.house,
        house_name=taken.house_name,
        sender=sender,
        recipient=taken.address,
        language=taken.language,
    )
    try:
        mail = compose_offer(
            about,
            practice=taken.practice,
            visit_at=taken.starts_at.astimezone(zone),
            until=taken.expires_at.astimezone(zone),
            link=link_of(taken.offer),
            at=at.astimezone(zone),
        )
    except (ValueError, IndexError) as error:  # an address that cannot stand in a header (RFC 5322)
        return Attempt(outcome=Outcome.REFUSED, why=f"{type(error).__name__}: {error}"[:200])
    return relay.send(mail, Envelope(sender=sender, recipient=taken.address, key=taken.key))
