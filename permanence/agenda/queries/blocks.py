# SPDX-License-Identifier: AGPL-3.0-or-later
"""Busy time without a patient: one of it, and whose it is."""

from permanence.agenda.models import Block
from permanence.agenda.queries.agendas import clients_seen, known_key
from permanence.agenda.queries.views import BlockView, block_view
from permanence.agenda.refusals import BlockUnknown
from permanence.foundation.who import Who


def block(*, by: Who, block: str, removed: bool = False) -> BlockView:
    """Busy time that stands, with `removed` also one that was taken away. Raises BlockUnknown, for one of a client whom
    `by` does not see too.
    """
    rows = Block.objects.for_house(by.house_key).filter(key=known_key(block))
    row = (rows if removed else rows.filter(removed_at=None)).first()
    if row is None or not clients_seen(by, [row.client_id]):
        raise BlockUnknown(block[:40])
    return block_view(row)


def client_of(*, by: Who, block: str) -> str | None:
    """Whose it is, in the house of `by`; None for none there. For the wall alone: it says nothing else."""
    client = Block.objects.for_house(by.house_key).filter(key=known_key(block)).values_list("client", flat=True).first()
    return None if client is None else str(client)
