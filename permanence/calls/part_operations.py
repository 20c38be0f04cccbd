# SPDX-License-Identifier: AGPL-3.0-or-later
"""The parts of cards that no version names, kept before the telephone shows them."""

from datetime import datetime

from django.db import transaction

from permanence.calls.models import CardPart
from permanence.reception.showing import digest_of, part_texts
from permanence.reception.table import ClientSlice


@transaction.atomic
def keep_parts(*, house_key: int, entry: ClientSlice, at: datetime) -> None:
    """Keep the parts of the client's card, each text once; what is kept stays as it is. One query.

    Called in the transaction that gives the slice its version: no exchange has a card whose parts are not kept.
    """
    whose = {"house_id": house_key, "client_id": int(entry.client), "kept_at": at}
    rows = [CardPart(part=part, digest=digest_of(text), text=text, **whose) for part, text in part_texts(entry).items()]
    CardPart.objects.bulk_create(rows, ignore_conflicts=True)
