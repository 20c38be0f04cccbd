# SPDX-License-Identifier: AGPL-3.0-or-later
"""Due work of the post: the mails that offer a slot to one who waits."""

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from zoneinfo import ZoneInfo

from permanence.agenda.queries.offers import link_of
from permanence.dispatch import offer_operations, patient_mails, post
from permanence.dispatch.channels.email.content import Addressed
from permanence.dispatch.channels.email.offer import compose_offer
from permanence.dispatch.channels.email.relay import Relay, RelaySettings
from permanence.dispatch.offer_operations import OfferMailTaken
from permanence.dispatch.post import RUN_LIMIT
from permanence.dispatch.rules import Attempt
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
    def compose(about: Addressed, zone: ZoneInfo) -> EmailMessage:
        return compose_offer(
            about,
            practice=taken.practice,
            visit_at=taken.starts_at.astimezone(zone),
            until=taken.expires_at.astimezone(zone),
            link=link_of(taken.offer),
            place_first=taken.place_first,
            at=at.astimezone(zone),
        )

    return patient_mails.send(taken, relay, compose=compose)
