# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often somebody may ask: rows with moments, counted in every process alike. Kept as digests."""

from datetime import datetime

from django.utils.crypto import salted_hmac

from permanence.agenda.models import PublicKnock
from permanence.agenda.refusals import TooManyKnocks
from permanence.agenda.rules.public import KNOCKS_KEPT, LIMITS, Knock

SALT = "permanence.agenda.public.knock"


def knock(*, what: Knock, who: str, house: int, client: int, at: datetime, form: str = "") -> None:
    """Count one, of whoever `who` is (an address, a mail, a number); `form`: for which it is. Raises TooManyKnocks."""
    digest = salted_hmac(SALT, who.strip().casefold(), algorithm="sha256").hexdigest()
    mine = PublicKnock.objects.filter(digest=digest, what=what.value)
    for limit in LIMITS[what]:
        counted = mine.filter(client=client) if limit.each_client else mine
        if counted.filter(at__gt=at - limit.span).count() >= limit.most:
            raise TooManyKnocks(what.value)
    PublicKnock.objects.create(house_id=house, client_id=client, what=what.value, digest=digest, form=form, at=at)


def hand_on(*, house: int, form: str, to: str) -> None:
    """He chose another time: what was counted for the one form stands for the other. Inside a transaction."""
    PublicKnock.objects.filter(house=house, form=form).exclude(form="").update(form=to)


def forget(*, house: int, form: str) -> None:
    """The form became an appointment: what was counted for it counts no more. Inside a transaction."""
    PublicKnock.objects.filter(house=house, form=form).exclude(form="").delete()


def sweep(*, at: datetime) -> int:
    """Delete what counts no more; gives how many."""
    return PublicKnock.objects.filter(at__lte=at - KNOCKS_KEPT).delete()[0]
