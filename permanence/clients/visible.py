# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which of a few clients a person sees: `queries.clients_visible_to` reads all those of a house."""

from collections.abc import Iterable

from django.db.models import QuerySet

from permanence.clients import queries as clients
from permanence.clients.models import Client
from permanence.foundation.prepared import Prepared
from permanence.foundation.who import Who


def visible_among(who: Who, wanted: Iterable[int]) -> list[int]:
    """Those of these clients (their keys) whom a person sees, in their order. One query."""
    keys = list(wanted)
    if who.of_house:
        may = {key for (key,) in _of_house(who.house_key, tuple(keys)) if who.may_see(str(key))}
    else:
        may = {int(each) for each in clients.clients_visible_to(who)}
    return [each for each in keys if each in may]


@Prepared
def _of_house(house: int, keys: tuple[int, ...]) -> QuerySet[Client, tuple[int]]:
    return Client.objects.for_house(house).filter(pk__in=keys).values_list("pk")
