# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which clients a person of the house answers for: all of them, unless some were chosen."""

from datetime import datetime

from django.db import transaction

from permanence.clients.models import Client
from permanence.clients.queries import ClientUnknown
from permanence.foundation import operations
from permanence.foundation.who import Who


@transaction.atomic
def choose_clients(*, person: str, clients: tuple[str, ...] | None, by: Who, at: datetime) -> None:
    """From now on she sees and is offered these clients only; None: all of the house, those to come included.

    Raises ClientUnknown, foundation's PersonUnknown, OwnerSeesAll.
    """
    if clients is not None:
        rows = Client.objects.for_house(by.house_key).values_list("pk", flat=True)
        unknown = set(clients) - {str(key) for key in rows}
        if unknown or not clients:
            raise ClientUnknown(", ".join(sorted(unknown)))
    operations.choose_clients(person=person, clients=clients, by=by, at=at)
