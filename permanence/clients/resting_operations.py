# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on numbers that rest: an owner gives one free before its day, for a reason that is kept."""

from datetime import datetime

from django.db import transaction

from permanence.clients.acts import account, changed
from permanence.clients.models import Quarantine
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class RestUnknown(Refusal):
    """No such number rests in the house, or not any more."""

    code = "rest_unknown"


class ReasonMissing(Refusal):
    """A number is given free for a reason."""

    code = "reason_missing"


@transaction.atomic
def lift_rest(*, number: str, reason: str, by: Who, at: datetime) -> None:
    """From today on the number (E.164) may be given to anybody; until it is, everything stays as it is.

    Raises RestUnknown, ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing(number)
    row = Quarantine.objects.for_house(by.house_key).select_for_update().filter(number=number[:16]).first()
    if row is None or row.until <= at.date():
        raise RestUnknown(number)
    client = str(account(str(row.client_id), by=by).pk)
    row.until, row.reason = at.date(), reason.strip()[:200]
    row.save(update_fields=["until", "reason"])
    changed(client=client, action="client.rest_lifted", by=by, at=at, detail={"number": number, "reason": row.reason})
