# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which of a few clients a person sees: `queries.clients_visible_to` reads all those of a house."""

from collections.abc import Iterable

from permanence.clients import queries as clients
from permanence.clients.models import Client
from permanence.foundation.who import Who


def visible_among(who: Who, wanted: Iterable[int]) -> list[int]:
    """Those of these clients (their keys) whom a person sees, in their order. One query."""
    keys = list(wanted)
    if who.of_house:
        rows = Client.objects.for_house(who.house_key).filter(pk__in=keys).values_list("pk", flat=True)
        may = {key for key in rows if who.may_see(str(key))}
    else:
        may = {int(each) for each in clients.clients_visible_to(who)}
    return [each for each in keys if each in may]
