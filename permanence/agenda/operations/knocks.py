# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often somebody may ask: rows with moments, counted in every process alike. Kept as digests."""

from datetime import datetime

from django.utils.crypto import salted_hmac

from permanence.agenda.models import PublicKnock
from permanence.agenda.refusals import TooManyKnocks
from permanence.agenda.rules.public import KNOCKS_KEPT, LIMITS, Knock

SALT = "permanence.agenda.public.knock"


def knock(*, what: Knock, who: str, house: int, client: int, at: datetime) -> None:
    """Count one, of whoever `who` is (an address, a mail, a number), on all pages together. Raises TooManyKnocks."""
    digest = salted_hmac(SALT, who.strip().casefold(), algorithm="sha256").hexdigest()
    mine = PublicKnock.objects.filter(digest=digest, what=what.value)
    if any(mine.filter(at__gt=at - limit.span).count() >= limit.most for limit in LIMITS[what]):
        raise TooManyKnocks(what.value)
    PublicKnock.objects.create(house_id=house, client_id=client, what=what.value, digest=digest, at=at)


def sweep(*, at: datetime) -> int:
    """Delete what counts no more; gives how many."""
    return PublicKnock.objects.filter(at__lte=at - KNOCKS_KEPT).delete()[0]
