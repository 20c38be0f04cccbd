# SPDX-License-Identifier: AGPL-3.0-or-later
"""The act on one day that is not as every week: one transaction, noted and announced."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from permanence.clients.acts import account, changed
from permanence.clients.models import HoursException
from permanence.foundation.who import Who


@transaction.atomic
def set_day(
    *, client: str, day: date, openings: Sequence[tuple[str, str]] | None, label: str, by: Who, at: datetime
) -> None:
    """What holds on one day instead of the week, in place of what was written for it: openings as local "HH:MM" pairs,
    none for closed; None makes it a day like every week's. Raises ClientUnknown.
    """
    row = account(client, by=by)
    HoursException.objects.for_client(row).filter(date=day).delete()
    if openings is not None:
        HoursException.objects.bulk_create(
            HoursException(house_id=row.house_id, client=row, date=day, opens=opens, until=until, label=label)
            for opens, until in openings or (("", ""),)
        )
    changed(client=client, action="client.day_set", by=by, at=at, detail={"day": day.isoformat()})
